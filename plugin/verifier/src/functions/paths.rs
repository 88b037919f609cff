//! Places inside of data.

use kube_cel::cel::Value as Cel;
use kube_cel::cel::objects::KeyRef;

fn field<'a>(value: &'a Cel, key: &str) -> &'a Cel {
    match value {
        Cel::Map(map) => map.get(&KeyRef::String(key)).unwrap_or(&Cel::Null),
        _ => &Cel::Null,
    }
}

/// What stands at a dotted path; null if there is nothing.
pub fn at(value: &Cel, path: &str) -> Cel {
    path.split('.').fold(value, field).clone()
}

/// Everything that stands at a dotted path, through each entry of the lists on
/// the way and of the one at its end.
pub fn every(value: &Cel, path: &str) -> Vec<Cel> {
    let mut here = Vec::new();
    spread(value, &mut here);
    for key in path.split('.') {
        let mut below = Vec::new();
        for one in here {
            spread(field(one, key), &mut below);
        }
        here = below;
    }
    here.into_iter().cloned().collect()
}

fn spread<'a>(value: &'a Cel, into: &mut Vec<&'a Cel>) {
    match value {
        Cel::Null => {}
        Cel::List(items) => into.extend(items.iter()),
        other => into.push(other),
    }
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
