//! Places inside of data.

use crate::manifest::items;
use serde_json::Value;

/// What stands at a dotted path; null if there is nothing.
pub fn at(value: &Value, path: &str) -> Value {
    let mut here = value;
    for key in path.split('.') {
        here = &here[key];
    }
    here.clone()
}

/// Everything that stands at a dotted path, through each entry of the lists on
/// the way and of the one at its end.
pub fn every<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut here = spread(vec![value]);
    for key in path.split('.') {
        here = spread(here.into_iter().map(|one| &one[key]).collect());
    }
    here
}

fn spread(values: Vec<&Value>) -> Vec<&Value> {
    let mut all = Vec::new();
    for value in values {
        match value {
            Value::Null => {}
            Value::Array(_) => all.extend(items(value)),
            other => all.push(other),
        }
    }
    all
}

/// Values that a list holds more than once, each named once.
pub fn repeated(list: &[Value]) -> Vec<Value> {
    let mut found = Vec::new();
    for (index, value) in list.iter().enumerate() {
        if list[..index].contains(value) && !found.contains(value) {
            found.push(value.clone());
        }
    }
    found
}

/// Paths below which a key has no value.
pub fn nothings(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Null => found.push(path.to_owned()),
        Value::Object(fields) => {
            for (key, inner) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                nothings(inner, &format!("{path}{dot}{key}"), found);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                nothings(inner, &format!("{path}[{index}]"), found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_are_gone_through() {
        let value = json!({ "a": [{ "b": [1, 2] }, { "c": 3 }, { "b": 4 }], "d": { "e": null } });
        assert_eq!(every(&value, "a.b"), [&json!(1), &json!(2), &json!(4)]);
        assert!(every(&value, "d.e").is_empty());
        assert!(every(&value, "x.y").is_empty());
        assert_eq!(at(&value, "d.f"), Value::Null);
        assert_eq!(at(&value, "a")[1]["c"], 3);
    }

    #[test]
    fn what_stands_twice_is_named_once() {
        let list = [json!(1), json!("a"), json!(1), json!(1)];
        assert_eq!(repeated(&list), [json!(1)]);
    }

    #[test]
    fn keys_without_a_value_are_found() {
        let mut found = Vec::new();
        nothings(&json!({ "a": { "b": null }, "c": [1, null] }), "", &mut found);
        assert_eq!(found, ["a.b", "c[1]"]);
    }
}
