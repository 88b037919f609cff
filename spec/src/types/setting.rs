//! Settings of a server: their names and values, and how long data is kept.

use super::text;
use crate::codes;
use crate::decode::{Fault, Key, Scalar};
use crate::diagnostic::reorders;
use crate::shape::ScalarShape;
use crate::tree::Value;

/// Name of a setting, such as `max_connections`, `maxmemory-policy` or
/// `server.memory.heap.max_size`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingName(pub String);

impl Scalar for SettingName {
    const SHAPE: ScalarShape = ScalarShape {
        name: "the name of a setting",
        hint: "such as \"max_connections\"",
        json: r#"{"type":"string","pattern":"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$"}"#,
    };

    fn read(value: &Value) -> Result<Self, Fault> {
        let name = text::<Self>(value)?;
        let valid = name.len() <= 100
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        if valid {
            Ok(Self(name.to_owned()))
        } else {
            Err(Fault::new(
                codes::TEXT,
                format!("`{name}` is not the name of a setting"),
            )
            .help("write it as the server's documentation does, such as `max_connections`"))
        }
    }
}

impl Key for SettingName {
    const OPEN: bool = true;
}

/// Value of a setting.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingValue {
    /// One line of text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// On or off.
    Boolean(bool),
}

impl Scalar for SettingValue {
    const SHAPE: ScalarShape = ScalarShape {
        name: "a setting's value",
        hint: "such as \"256MB\", 200 or true",
        json: r#"{"type":["string","number","boolean"]}"#,
    };

    fn read(value: &Value) -> Result<Self, Fault> {
        match value {
            Value::String(text) if text.chars().any(|c| c.is_control() || reorders(c)) => {
                Err(Fault::new(
                    codes::TEXT,
                    "a setting's value is one line of visible characters",
                )
                .help("remove the line break or the invisible character"))
            }
            Value::String(text) if text.contains("{{") => Err(Fault::new(
                codes::TEMPLATE_TEXT,
                "text of a specification cannot be template code",
            )
            .help("write the value itself")),
            Value::String(text) if text.len() > 1000 => Err(Fault::new(
                codes::TEXT,
                "a setting's value has at most 1000 characters",
            )),
            Value::String(text) => Ok(Self::Text(text.clone())),
            Value::Integer(number) => Ok(Self::Integer(*number)),
            Value::Float(number) if number.is_finite() => Ok(Self::Float(*number)),
            Value::Boolean(flag) => Ok(Self::Boolean(*flag)),
            other => Err(Fault::wrong_type(&Self::SHAPE, other)),
        }
    }
}

/// How long a server keeps its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// As written, such as `30d`.
    pub text: String,
}

impl Scalar for Retention {
    const SHAPE: ScalarShape = ScalarShape {
        name: "a time to keep data",
        hint: "such as \"15d\" or \"12h\"",
        json: r#"{"type":"string","pattern":"^[1-9][0-9]{0,4}[hdwy]$"}"#,
    };

    fn read(value: &Value) -> Result<Self, Fault> {
        let written = text::<Self>(value)?;
        let number = written.strip_suffix(['h', 'd', 'w', 'y']).unwrap_or("");
        let valid = (1..=5).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_digit())
            && !number.starts_with('0');
        if valid {
            Ok(Self {
                text: written.to_owned(),
            })
        } else {
            Err(Fault::new(
                codes::DURATION,
                format!("`{written}` is not a time to keep data"),
            )
            .help("write hours, days, weeks or years, such as \"12h\", \"15d\", \"4w\" or \"1y\""))
        }
    }
}

scalar!(SettingName, SettingValue, Retention);
