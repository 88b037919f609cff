//! Small readers of text: base64, quantities, schedules, URLs, plain scalars of YAML;
//! and TOML written in lines.

use serde_json::{Value, json};

/// Standard base64 with padding; `None` for anything else.
pub fn base64(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let body = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - body.len() > 2 {
        return None;
    }
    let (mut out, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for byte in body.bytes() {
        let value = ALPHABET.iter().position(|&letter| letter == byte)?;
        bits = (bits << 6) | u32::try_from(value).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    Some(out)
}

/// A quantity of Kubernetes as a number: `250m`, `1`, `2Gi`.
pub fn quantity(value: &Value) -> Option<f64> {
    const UNITS: &[(&str, f64)] = &[
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("", 1.0),
    ];
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let (digits, unit) = text.split_at(text.trim_end_matches(char::is_alphabetic).len());
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    digits.parse::<f64>().ok().map(|number| number * factor)
}

/// Whether Kubernetes takes a text for the schedule of a CronJob.
pub fn is_schedule(text: &str) -> bool {
    const NAMED: &[&str] = &[
        "@yearly",
        "@annually",
        "@monthly",
        "@weekly",
        "@daily",
        "@midnight",
        "@hourly",
    ];
    const MONTHS: &[&str] = &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let [minute, hour, day, month, weekday] = text.split_whitespace().collect::<Vec<_>>()[..]
    else {
        return NAMED.contains(&text);
    };
    is_field(minute, 0, 59, &[])
        && is_field(hour, 0, 23, &[])
        && is_field(day, 1, 31, &[])
        && is_field(month, 1, 12, MONTHS)
        && is_field(weekday, 0, 6, DAYS)
}

/// Whether a field of a schedule lists numbers within bounds, or their names.
fn is_field(field: &str, least: usize, most: usize, names: &[&str]) -> bool {
    let number = |word: &str| {
        let named = names
            .iter()
            .position(|name| word.eq_ignore_ascii_case(name));
        let number = named.map(|place| place + least);
        number
            .or_else(|| word.parse().ok())
            .filter(|number| (least..=most).contains(number))
    };
    let within = |range: &str| match range.split_once('-') {
        Some((from, to)) => number(from).is_some() && number(to) >= number(from),
        None => matches!(range, "*" | "?") || number(range).is_some(),
    };
    field.split(',').all(|part| match part.split_once('/') {
        Some((range, step)) => within(range) && step.parse().is_ok_and(|step: usize| step > 0),
        None => within(part),
    })
}

/// A connection URL in parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Url {
    /// Such as `postgresql`.
    pub scheme: String,
    /// Percent-encoded.
    pub user: String,
    /// Percent-encoded.
    pub password: String,
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Database, without the slash.
    pub path: String,
}

/// Reads `scheme://user:password@host:port/path`; nothing else.
pub fn url(text: &str) -> Option<Url> {
    let (scheme, rest) = text.split_once("://")?;
    let (authority, path) = rest.split_once('/')?;
    let (credentials, server) = authority.split_once('@')?;
    let (user, password) = credentials.split_once(':')?;
    let (host, port) = server.rsplit_once(':')?;
    let plain = |part: &str| {
        part.bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'%'))
    };
    if host.is_empty() || ![user, password, host, path].into_iter().all(plain) {
        return None;
    }
    let owned = str::to_owned;
    Some(Url {
        scheme: owned(scheme),
        user: owned(user),
        password: owned(password),
        host: owned(host),
        port: port.parse().ok()?,
        path: owned(path),
    })
}

/// Lines whose plain scalar is no string to a reader of YAML 1.1, although it
/// stands where a name or a label does: `component: on`, `- name: no`, `key: 123`.
pub fn misread(manifest: &str) -> Vec<String> {
    const TYPED: &[&str] = &[
        "name",
        "key",
        "value",
        "namespace",
        "serviceAccountName",
        "secretName",
        "serviceName",
        "priorityClassName",
        "image",
        "path",
        "mountPath",
    ];
    let mut found = Vec::new();
    let mut above = "";
    for line in outside_blocks(manifest) {
        let entry = line.trim_start().trim_start_matches("- ");
        let (key, value) = entry.split_once(": ").unwrap_or(("", entry));
        let named = TYPED.contains(&key) || key.contains('/') || key.is_empty();
        // How much an autoscaler adds or removes is a number.
        let amount = key == "value" && matches!(above, "type: Percent" | "type: Pods");
        // The value of a PriorityClass stands at the first column.
        let priority = line.starts_with("value: ");
        if named && !amount && !priority && not_text(value.trim()) {
            found.push(line.trim().to_owned());
        }
        above = entry.trim_end();
    }
    found
}

/// The lines that are not content of a block scalar.
fn outside_blocks(manifest: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut block: Option<usize> = None;
    for line in manifest.lines() {
        let depth = line.len() - line.trim_start().len();
        if line.trim().is_empty() || block.is_some_and(|above| depth > above) {
            continue;
        }
        block = None;
        let header = line.trim_end().rsplit(' ').next().unwrap_or_default();
        if header.starts_with(['|', '>']) {
            // The content of `- |` may stand below the dash only.
            block = Some(depth);
        }
        lines.push(line);
    }
    lines
}

/// Whether a plain scalar is a boolean, null or number in YAML 1.1, which
/// Helm's and Kubernetes' reader knows.
pub fn not_text(scalar: &str) -> bool {
    const WORDS: &[&str] = &[
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "~",
    ];
    if WORDS.contains(&scalar.to_ascii_lowercase().as_str()) {
        return true;
    }
    let digits = scalar.trim_start_matches(['-', '+']).replace('_', "");
    let number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.parse::<f64>().is_ok();
    let based = |prefix: &str, base: u32| {
        digits
            .strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_digit(base)))
    };
    number || based("0x", 16) || based("0o", 8) || based("0b", 2)
}

/// A table as TOML, one line for each key.
pub fn written(table: &toml::Table) -> String {
    let lines = table
        .iter()
        .map(|(key, value)| format!("{} = {}\n", json!(key), inline(value)));
    lines.collect()
}

/// A value in one line of TOML.
fn inline(value: &toml::Value) -> String {
    match value {
        toml::Value::Table(table) => {
            let entries = table.iter();
            let all: Vec<String> = entries
                .map(|(key, value)| format!("{} = {}", json!(key), inline(value)))
                .collect();
            format!("{{ {} }}", all.join(", "))
        }
        toml::Value::Array(list) => {
            let all: Vec<String> = list.iter().map(inline).collect();
            format!("[{}]", all.join(", "))
        }
        other => json!(other).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_decodes_what_helm_encodes() {
        assert_eq!(base64("aGVsbG8=").as_deref(), Some(&b"hello"[..]));
        assert_eq!(base64("aGVsbA==").as_deref(), Some(&b"hell"[..]));
        assert_eq!(base64("aGVsbG8"), None);
        assert_eq!(base64("!!!!"), None);
    }

    #[test]
    fn quantities_are_compared_as_numbers() {
        let of = |text: &str| quantity(&Value::from(text));
        assert_eq!(of("250m"), Some(0.25));
        assert_eq!(of("1Ki"), Some(1024.0));
        assert_eq!(quantity(&Value::from(2)), Some(2.0));
        for wrong in ["", "much", "5 GB", "1Gb", "Gi"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
        assert_eq!(quantity(&Value::Null), None);
    }

    #[test]
    fn schedules_are_those_that_kubernetes_takes() {
        for right in ["@daily", "*/5 0-6/2 1,15 jan-MAR mon-fri", "0 0 31 12 ?"] {
            assert!(is_schedule(right), "{right}");
        }
        for wrong in [
            "",
            "@never",
            "* * * *",
            "60 * * * *",
            "* * 0 * *",
            "* * * * 7",
            "5-1 * * * *",
            "*/0 * * * *",
            ", * * * *",
            "1- * * * *",
            "mon * * * *",
        ] {
            assert!(!is_schedule(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_unescaped_password_is_no_url() {
        assert!(
            url("postgresql://u:p%40ss@h:5432/d")
                .is_some_and(|url| url.host == "h" && url.port == 5432)
        );
        for wrong in [
            "postgresql://u:p@ss@h:5432/d",
            "postgresql://u:p/w@h:5432/d",
            "redis://h:6379/0",
            "x://u:p@h:y/d",
        ] {
            assert_eq!(url(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_that_are_no_text_are_seen_outside_scripts_only() {
        let manifest = "a:\n  name: no\n  - name: 1e3\n  x/component: on\n  script: |\n    name: no\n  replicas: 3\n  name: \"no\"\n  name: web\n  value: 4\n  type: Percent\n  value: 50\n";
        assert_eq!(
            misread(manifest),
            ["name: no", "- name: 1e3", "x/component: on", "value: 4"]
        );
    }
}
