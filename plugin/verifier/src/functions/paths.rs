//! Places inside of data.

use kube_cel::cel::Value as Cel;
use kube_cel::cel::objects::Key;
use std::sync::Arc;

fn field(value: &Cel, key: &Key) -> Cel {
    match value {
        Cel::Map(map) => map.map.get(key).cloned().unwrap_or(Cel::Null),
        _ => Cel::Null,
    }
}

fn keys(path: &str) -> impl Iterator<Item = Key> {
    path.split('.')
        .map(|key| Key::String(Arc::new(key.to_owned())))
}

/// What stands at a dotted path; null if there is nothing.
pub fn at(value: &Cel, path: &str) -> Cel {
    keys(path).fold(value.clone(), |here, key| field(&here, &key))
}

/// Everything that stands at a dotted path, through each entry of the lists on
/// the way and of the one at its end.
pub fn every(value: &Cel, path: &str) -> Vec<Cel> {
    let start = spread(vec![value.clone()]);
    keys(path).fold(start, |here, key| {
        spread(here.iter().map(|one| field(one, &key)).collect())
    })
}

fn spread(values: Vec<Cel>) -> Vec<Cel> {
    let mut all = Vec::new();
    for value in values {
        match value {
            Cel::Null => {}
            Cel::List(items) => all.extend(items.iter().cloned()),
            other => all.push(other),
        }
    }
    all
}

/// Values that a list holds more than once, each named once.
pub fn repeated(list: &[Cel]) -> Vec<Cel> {
    let mut found: Vec<Cel> = Vec::new();
    for (index, value) in list.iter().enumerate() {
        if list[..index].contains(value) && !found.contains(value) {
            found.push(value.clone());
        }
    }
    found
}

/// Paths below which a key has no value.
pub fn nothings(value: &Cel, path: &str, found: &mut Vec<String>) {
    match value {
        Cel::Null => found.push(path.to_owned()),
        Cel::Map(fields) => {
            for (key, inner) in fields.map.iter() {
                let dot = if path.is_empty() { "" } else { "." };
                nothings(inner, &format!("{path}{dot}{key}"), found);
            }
        }
        Cel::List(list) => {
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
    use crate::data::{to_cel, to_json};
    use serde_json::{Value, json};

    fn plain(values: &[Cel]) -> Vec<Value> {
        values.iter().map(to_json).collect()
    }

    #[test]
    fn lists_are_gone_through() {
        let value = json!({ "a": [{ "b": [1, 2] }, { "c": 3 }, { "b": 4 }], "d": { "e": null } });
        let value = to_cel(&value);
        assert_eq!(plain(&every(&value, "a.b")), [1, 2, 4]);
        assert!(every(&value, "d.e").is_empty());
        assert!(every(&value, "x.y").is_empty());
        assert_eq!(at(&value, "d.f"), Cel::Null);
        assert_eq!(to_json(&at(&value, "a"))[1]["c"], 3);
    }

    #[test]
    fn what_stands_twice_is_named_once() {
        let list = [json!(1), json!("a"), json!(1), json!(1)];
        let list: Vec<Cel> = list.iter().map(to_cel).collect();
        assert_eq!(plain(&repeated(&list)), [1]);
    }

    #[test]
    fn keys_without_a_value_are_found() {
        let mut found = Vec::new();
        let value = json!({ "a": { "b": null }, "c": [1, null] });
        nothings(&to_cel(&value), "", &mut found);
        found.sort();
        assert_eq!(found, ["a.b", "c[1]"]);
    }
}
