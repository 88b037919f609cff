//! Data between JSON and the expression language.

use kube_cel::cel::Value as Cel;
use kube_cel::cel::objects::{Key, Map};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// JSON for expressions. Whole numbers are integers, so that `== 3` is true of a 3.
pub fn to_cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(flag) => Cel::Bool(*flag),
        Value::Number(number) => number
            .as_i64()
            .map_or_else(|| Cel::Float(number.as_f64().unwrap_or_default()), Cel::Int),
        Value::String(text) => Cel::String(Arc::new(text.clone())),
        Value::Array(items) => Cel::List(Arc::new(items.iter().map(to_cel).collect())),
        Value::Object(fields) => {
            let map: HashMap<Key, Cel> = fields
                .iter()
                .map(|(key, value)| (Key::String(Arc::new(key.clone())), to_cel(value)))
                .collect();
            Cel::Map(Map { map: Arc::new(map) })
        }
    }
}

/// A value of an expression as JSON, with sorted keys; text for what JSON has not.
pub fn to_json(value: &Cel) -> Value {
    match value {
        Cel::Null => Value::Null,
        Cel::Bool(flag) => Value::Bool(*flag),
        Cel::Int(number) => Value::from(*number),
        Cel::UInt(number) => Value::from(*number),
        Cel::Float(number) => Value::from(*number),
        Cel::String(text) => Value::String(text.to_string()),
        Cel::List(items) => Value::Array(items.iter().map(to_json).collect()),
        Cel::Map(map) => {
            let mut fields: Vec<(String, Value)> = map
                .map
                .iter()
                .map(|(key, value)| (key.to_string(), to_json(value)))
                .collect();
            fields.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(fields.into_iter().collect())
        }
        other => Value::String(format!("{other:?}")),
    }
}

/// A value in one line, at most about 120 characters.
pub fn shown(value: &Cel) -> String {
    const LONGEST: usize = 120;
    let text = match value {
        Cel::String(text) => format!("\"{text}\""),
        other => {
            let mut text = String::new();
            // Each character has at most four bytes; what follows is cut anyway.
            write(other, &mut text, 4 * (LONGEST + 1));
            text
        }
    };
    if text.chars().count() <= LONGEST {
        return text;
    }
    let mut cut: String = text.chars().take(LONGEST).collect();
    cut.push('…');
    cut
}

/// Writes JSON with sorted keys, and stops when there are enough bytes.
fn write(value: &Cel, text: &mut String, enough: usize) {
    match value {
        Cel::List(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if text.len() > enough {
                    return;
                }
                text.push_str(if index > 0 { "," } else { "" });
                write(item, text, enough);
            }
            text.push(']');
        }
        Cel::Map(map) => {
            let mut fields: Vec<(String, &Cel)> = map
                .map
                .iter()
                .map(|(key, value)| (key.to_string(), value))
                .collect();
            fields.sort_by(|one, other| one.0.cmp(&other.0));
            text.push('{');
            for (index, (key, value)) in fields.into_iter().enumerate() {
                if text.len() > enough {
                    return;
                }
                text.push_str(if index > 0 { "," } else { "" });
                text.push_str(&Value::String(key).to_string());
                text.push(':');
                write(value, text, enough);
            }
            text.push('}');
        }
        other => text.push_str(&to_json(other).to_string()),
    }
}

/// The entries of a map as maps with `key` and `value`, by key.
pub fn entries(map: &Map) -> Vec<Cel> {
    let mut all: Vec<(&Key, &Cel)> = map.map.iter().collect();
    all.sort_by_key(|(key, _)| key.to_string());
    let name = |text: &str| Key::String(Arc::new(text.to_owned()));
    all.into_iter()
        .map(|(key, value)| {
            let key = Cel::String(Arc::new(key.to_string()));
            let entry = HashMap::from([(name("key"), key), (name("value"), value.clone())]);
            Cel::Map(Map {
                map: Arc::new(entry),
            })
        })
        .collect()
}
