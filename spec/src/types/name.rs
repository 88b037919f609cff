//! Names: of workloads, variables, labels, database objects.

use super::text;
use crate::codes;
use crate::decode::{Fault, Key, Scalar};
use crate::shape::ScalarShape;
use crate::tree::Value;

/// Declares a validated piece of text.
macro_rules! word {
    ($(#[$meta:meta])* $Name:ident, $shape:expr, $check:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $Name(pub String);

        impl Scalar for $Name {
            const SHAPE: ScalarShape = $shape;
            fn read(value: &Value) -> Result<Self, Fault> {
                let text = text::<Self>(value)?;
                let check: fn(&str) -> Result<(), Fault> = $check;
                check(text).map(|()| Self(text.to_owned()))
            }
        }

        impl std::ops::Deref for $Name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        scalar!($Name);
    };
}
pub(crate) use word;

/// Lower-case letters, digits and dashes, first a letter, last no dash
/// (RFC 1035 label, which Service names must be).
fn dns_label(text: &str, longest: usize) -> bool {
    let bytes = text.as_bytes();
    (1..=longest).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && bytes[bytes.len() - 1] != b'-'
        && bytes
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

/// Words that readers of YAML 1.1, Helm's among them, take for something else.
const YAML_WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

fn name_fault(text: &str, what: &str, rule: &str) -> Fault {
    let start: String = text.chars().take(60).collect();
    let mut suggestion: String = start
        .to_lowercase()
        .chars()
        .map(|c| {
            if c.is_ascii_lowercase() || c.is_ascii_digit() {
                c
            } else {
                '-'
            }
        })
        .collect();
    suggestion = suggestion
        .trim_matches(|c: char| c == '-' || c.is_ascii_digit())
        .to_owned();
    while suggestion.contains("--") {
        suggestion = suggestion.replace("--", "-");
    }
    suggestion.truncate(30);
    let fault = Fault::new(codes::NAME, format!("`{text}` is not usable as {what}"));
    if dns_label(&suggestion, 30) && suggestion != text {
        fault.help(format!("{rule}, such as `{suggestion}`"))
    } else {
        fault.help(rule)
    }
}

word!(
    /// A name of a chart, workload or dependency: part of Kubernetes names, so
    /// at most 30 characters.
    Name,
    ScalarShape {
        name: "a name",
        hint: "such as \"task-api\"",
        json: r#"{"type":"string","pattern":"^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$"}"#,
    },
    |text| if YAML_WORDS.contains(&text) {
        Err(Fault::new(codes::NAME, format!("`{text}` is not usable as a name"))
            .help("choose another word")
            .note("YAML reads it as a truth value or as nothing"))
    } else if dns_label(text, 30) {
        Ok(())
    } else {
        Err(name_fault(
            text,
            "a name",
            "use lower-case letters, digits and dashes, starting with a letter, at most 30 characters",
        ))
    }
);

impl Key for Name {
    const OPEN: bool = false;
}

word!(
    /// A name of an environment: part of a file name.
    EnvironmentName,
    ScalarShape {
        name: "an environment's name",
        hint: "such as \"prod\"",
        json: r#"{"type":"string","pattern":"^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$"}"#,
    },
    |text| if dns_label(text, 30) {
        Ok(())
    } else {
        Err(name_fault(
            text,
            "an environment's name",
            "use lower-case letters, digits and dashes, starting with a letter, at most 30 characters",
        ))
    }
);

impl Key for EnvironmentName {
    const OPEN: bool = false;
}

word!(
    /// An identifier of a statement, such as `C1`.
    Identifier,
    ScalarShape {
        name: "an identifier",
        hint: "such as \"C1\"",
        json: r#"{"type":"string","pattern":"^[A-Za-z][A-Za-z0-9._-]{0,39}$"}"#,
    },
    |text| {
        let ok = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.len() <= 40
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if ok {
            Ok(())
        } else {
            Err(Fault::new(codes::NAME, format!("`{text}` is not usable as an identifier"))
                .help("use letters, digits, `.`, `_` and `-`, starting with a letter, at most 40 characters"))
        }
    }
);

word!(
    /// A name of an environment variable.
    EnvName,
    ScalarShape {
        name: "a variable's name",
        hint: "such as LOG_LEVEL",
        json: r#"{"type":"string","pattern":"^[A-Za-z_][A-Za-z0-9_]*$"}"#,
    },
    |text| {
        let ok = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && text.len() <= 253;
        if ok {
            Ok(())
        } else {
            Err(Fault::new(codes::ENV_NAME, format!("`{text}` is not an environment variable's name"))
                .help("use letters, digits and underscores, not starting with a digit"))
        }
    }
);

impl Key for EnvName {
    const OPEN: bool = true;
}

word!(
    /// A key of a Secret.
    SecretKey,
    ScalarShape {
        name: "a secret's key",
        hint: "such as \"openai-api-key\"",
        json: r#"{"type":"string","pattern":"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$"}"#,
    },
    |text| {
        let bytes = text.as_bytes();
        let ok = (1..=63).contains(&bytes.len())
            && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
            && bytes[0].is_ascii_lowercase()
            && bytes[bytes.len() - 1] != b'-'
            && !YAML_WORDS.contains(&text);
        if ok {
            Ok(())
        } else {
            Err(Fault::new(codes::NAME, format!("`{text}` is not usable as a secret's key"))
                .help("use lower-case letters, digits and dashes, starting with a letter, such as `openai-api-key`"))
        }
    }
);

impl Key for SecretKey {
    const OPEN: bool = false;
}

word!(
    /// A name of a database or of its user.
    SqlName,
    ScalarShape {
        name: "a database name",
        hint: "such as \"agent_db\"",
        json: r#"{"type":"string","pattern":"^[a-z_][a-z0-9_]{0,62}$"}"#,
    },
    |text| {
        let ok = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && text.len() <= 63
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if ok {
            Ok(())
        } else {
            Err(Fault::new(codes::NAME, format!("`{text}` is not usable as a database name"))
                .help("use lower-case letters, digits and underscores, not starting with a digit, at most 63 characters"))
        }
    }
);

fn label_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes[0].is_ascii_alphanumeric()
        && bytes[bytes.len() - 1].is_ascii_alphanumeric()
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// The prefix of a label's or an annotation's key; `None` if it is no such key.
fn qualified_name(text: &str) -> Option<Option<&str>> {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    let valid = |prefix: &str| {
        let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        prefix.len() <= 253
            && prefix
                .split('.')
                .all(|part| label_name(part) && part.bytes().all(lower))
    };
    (label_name(name) && prefix.is_none_or(valid)).then_some(prefix)
}

fn key_fault(text: &str, what: &str) -> Fault {
    Fault::new(codes::LABEL, format!("`{text}` is not {what}"))
        .help("use letters, digits, `-`, `_` and `.`, at most 63 characters, with an optional DNS prefix and `/`")
}

word!(
    /// A key of an annotation, or of a label of somebody else's objects.
    AnnotationKey,
    ScalarShape {
        name: "an annotation's key",
        hint: "such as \"example.com/owner\"",
        json: r#"{"type":"string","pattern":"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"}"#,
    },
    |text| qualified_name(text).map(|_| ()).ok_or_else(|| key_fault(text, "a key of a label or an annotation"))
);

impl Key for AnnotationKey {
    const OPEN: bool = true;
}

word!(
    /// A key of a label, with or without a prefix.
    LabelKey,
    ScalarShape {
        name: "a label's key",
        hint: "such as \"team\" or \"example.com/team\"",
        json: r#"{"type":"string","pattern":"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"}"#,
    },
    |text| {
        let prefix = qualified_name(text).ok_or_else(|| key_fault(text, "a label's key"))?;
        let Some(prefix) = prefix else { return Ok(()) };
        let fault = if matches!(prefix, "app.kubernetes.io" | "helm.sh") {
            format!("`{text}` is set by the chart itself")
        } else if [".kubernetes.io", ".k8s.io"].iter().any(|own| format!(".{prefix}").ends_with(own)) {
            format!("`{prefix}` belongs to Kubernetes")
        } else {
            return Ok(());
        };
        Err(Fault::new(codes::LABEL, fault).help("choose a key with a prefix of your own"))
    }
);

impl Key for LabelKey {
    const OPEN: bool = true;
}

word!(
    /// A value of a label.
    Label,
    ScalarShape {
        name: "a label's value",
        hint: "such as \"ai-platform\"",
        json: r#"{"type":"string","pattern":"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"}"#,
    },
    |text| if text.is_empty() || label_name(text) {
        Ok(())
    } else {
        Err(Fault::new(codes::LABEL, format!("`{text}` is not a label's value"))
            .help("use letters, digits, `-`, `_` and `.`, at most 63 characters, first and last a letter or digit"))
    }
);

word!(
    /// A name of a Secret, ConfigMap, class or the like (RFC 1123 subdomain).
    SecretName,
    ScalarShape {
        name: "a Secret's name",
        hint: "such as \"task-api-credentials\"",
        json: r#"{"type":"string","pattern":"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"}"#,
    },
    |text| {
        let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let valid = text.len() <= 253
            && text.starts_with(edge)
            && text.ends_with(edge)
            && text.chars().all(|c| edge(c) || matches!(c, '-' | '.'));
        if valid {
            Ok(())
        } else {
            Err(Fault::new(codes::NAME, format!("`{text}` is not a Secret's name"))
                .help("use lower-case letters, digits, `-` and `.`, such as \"task-api-credentials\""))
        }
    }
);
