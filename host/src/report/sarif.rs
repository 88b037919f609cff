//! What every report in SARIF 2.1.0 has.

use serde_json::{Value, json};

/// A document with some runs.
pub(super) fn document(runs: Vec<Value>) -> Value {
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": runs,
    })
}

/// A run of taskspec.
pub(super) fn run(rules: &[Value], results: &[Value]) -> Value {
    json!({
        "tool": { "driver": {
            "name": "taskspec",
            "version": env!("CARGO_PKG_VERSION"),
            "informationUri": env!("CARGO_PKG_REPOSITORY"),
            "rules": rules,
        }},
        "columnKind": "unicodeCodePoints",
        "results": results,
    })
}

/// A path as a relative reference: what is no plain character is encoded.
pub(super) fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri += &format!("%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_are_references() {
        assert_eq!(uri("a b/é.toml"), "a%20b/%C3%A9.toml");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }
}
