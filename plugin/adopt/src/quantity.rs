//! Amounts and times as the language writes them.

use serde_json::Value;
use taskspec_manifest::{number, scalar};

/// CPU such as `500m` or `2`, from what Kubernetes reads as CPU.
pub fn cpu(value: &Value) -> Option<String> {
    let cores = amount(value)?;
    let thousandths = (cores * 1000.0).ceil();
    if !(1.0..=1e9).contains(&thousandths) {
        return None;
    }
    Some(if thousandths % 1000.0 == 0.0 {
        format!("{}", thousandths / 1000.0)
    } else {
        format!("{thousandths}m")
    })
}

/// Memory such as `512Mi`, from what Kubernetes reads as bytes.
pub fn memory(value: &Value) -> Option<String> {
    const UNITS: [(&str, f64); 6] = [
        ("Ti", 1_099_511_627_776.0),
        ("Gi", 1_073_741_824.0),
        ("Mi", 1_048_576.0),
        ("M", 1e6),
        ("Ki", 1024.0),
        ("k", 1000.0),
    ];
    let bytes = amount(value)?;
    if !(1024.0..=1e18).contains(&bytes) {
        return None;
    }
    let exact = UNITS.iter().find(|(_, size)| bytes % size == 0.0);
    // What no unit divides is rounded up.
    let (unit, size) = exact.copied().unwrap_or(("Ki", 1024.0));
    Some(format!("{}{unit}", (bytes / size).ceil()))
}

/// Thousandths of what a quantity of Kubernetes says, to compare by.
pub fn amount(value: &Value) -> Option<f64> {
    const SUFFIXES: [(&str, f64); 16] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("Ei", 1_152_921_504_606_846_976.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
        ("", 1.0),
    ];
    let written = scalar(value)?;
    let written = written.trim();
    SUFFIXES.iter().find_map(|(suffix, size)| {
        let digits = written.strip_suffix(suffix)?;
        let number: f64 = digits.parse().ok()?;
        (number.is_finite() && number >= 0.0).then_some(number * size)
    })
}

/// A time in seconds, such as `30s`.
pub fn seconds(value: &Value) -> Option<String> {
    number(value).map(|seconds| match seconds {
        0 => "0s".to_owned(),
        _ if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        _ if seconds % 60 == 0 => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_are_written_as_the_language_reads_them() {
        for (given, expected) in [
            (json!("500m"), Some("500m")),
            (json!("0.5"), Some("500m")),
            (json!(2), Some("2")),
            (json!("1.5"), Some("1500m")),
            (json!("nonsense"), None),
            (json!(0), None),
        ] {
            assert_eq!(cpu(&given).as_deref(), expected, "{given}");
        }
        for (given, expected) in [
            (json!("512Mi"), Some("512Mi")),
            (json!("1024Mi"), Some("1Gi")),
            (json!("100M"), Some("100M")),
            (json!(134_217_728), Some("128Mi")),
            (json!("1e9"), Some("1000M")),
            (json!(5), None),
        ] {
            assert_eq!(memory(&given).as_deref(), expected, "{given}");
        }
        assert_eq!(seconds(&json!(90)).as_deref(), Some("90s"));
        assert_eq!(seconds(&json!("300")).as_deref(), Some("5m"));
        assert_eq!(seconds(&json!({})), None);
    }
}
