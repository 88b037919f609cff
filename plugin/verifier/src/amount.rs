//! Quantities, durations and shares as numbers that compare.

use serde_json::Value;
use taskspec_spec::decode::Scalar as _;
use taskspec_spec::tree::Value as Node;
use taskspec_spec::types::Duration;

/// A quantity such as `250m`, `1.5Gi` or `2` in its unit: cores or bytes.
///
/// # Errors
/// If the text is no quantity.
pub fn amount(text: &str) -> Result<f64, String> {
    let fault = || format!("`{text}` is no quantity of Kubernetes");
    let end = text
        .find(|c: char| !c.is_ascii_digit() && !"+-.".contains(c))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    // `1e3` is a number as a whole.
    if let Some(exponent) = suffix.strip_prefix(['e', 'E'])
        && exponent.parse::<i32>().is_ok()
    {
        return text.parse().map_err(|_| fault());
    }
    let number: f64 = number.parse().map_err(|_| fault())?;
    let unit = match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => f64::from(1 << 20),
        "Gi" => f64::from(1 << 30),
        "Ti" => f64::from(1 << 20) * f64::from(1 << 20),
        "Pi" => f64::from(1 << 30) * f64::from(1 << 20),
        "Ei" => f64::from(1 << 30) * f64::from(1 << 30),
        _ => return Err(fault()),
    };
    Ok(number * unit)
}

/// A duration such as `1h30m` in seconds.
///
/// # Errors
/// If the text is no duration.
pub fn seconds(text: &str) -> Result<i64, String> {
    let value = Node::String(text.to_owned());
    Duration::read(&value)
        .map(|duration| i64::from(duration.seconds))
        .map_err(|_| format!("`{text}` is no duration such as 90s or 5m"))
}

/// How many of `of` pods a number or a percentage means. Parts of a pod count as
/// one if `up`, else as none, as Kubernetes does for surge and unavailability.
///
/// # Errors
/// If it is neither.
pub fn share(value: &Value, of: i64, up: bool) -> Result<i64, String> {
    if let Some(number) = value.as_i64() {
        return Ok(number);
    }
    let percentage = value.as_str().and_then(|text| text.strip_suffix('%'));
    let percentage: i64 = percentage
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| format!("{value} is neither a number nor a percentage"))?;
    let hundredths = percentage * of;
    Ok(if up {
        (hundredths + 99) / 100
    } else {
        hundredths / 100
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn quantities_compare() {
        for (text, expected) in [
            ("250m", 0.25),
            ("1", 1.0),
            ("1.5", 1.5),
            ("512Mi", 536_870_912.0),
            ("1e3", 1000.0),
            ("2E", 2e18),
        ] {
            assert_eq!(amount(text), Ok(expected), "{text}");
        }
        assert!(amount("1Gi").unwrap() > amount("1G").unwrap());
        for text in ["", "Mi", "1 Gi", "1gb", "x"] {
            assert!(amount(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_are_rounded_as_kubernetes_does() {
        assert_eq!(share(&json!("25%"), 3, true), Ok(1));
        assert_eq!(share(&json!("25%"), 3, false), Ok(0));
        assert_eq!(share(&json!(2), 3, false), Ok(2));
        assert!(share(&json!("2"), 3, false).is_err());
    }

    #[test]
    fn durations_are_seconds() {
        assert_eq!(seconds("1h30m"), Ok(5400));
        assert_eq!(seconds("90s"), Ok(90));
        assert!(seconds("soon").is_err());
    }
}
