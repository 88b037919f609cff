//! Drafts of several environments as one: what they share, and what differs.
//!
//! The language's own description says what may differ, so that the result is
//! one that the compiler takes.

use crate::sketch::without_nulls;
use serde_json::{Map, Value};
use taskspec_spec::decode::Decode as _;
use taskspec_spec::model::Document;
use taskspec_spec::shape::{FieldShape, Shape};

/// Facts of all environments, and for each environment what it overrides.
#[derive(Debug, Default)]
pub struct Merged {
    /// What holds everywhere.
    pub base: Map<String, Value>,
    /// Overrides, in the order of the environments.
    pub overrides: Vec<Map<String, Value>>,
    /// Paths of facts that differ although they cannot.
    pub conflicts: Vec<Vec<String>>,
}

/// Merges the facts of environments.
pub fn merge(drafts: &[Map<String, Value>]) -> Merged {
    let values: Vec<Value> = drafts
        .iter()
        .cloned()
        .map(|map| without_nulls(&Value::Object(map)))
        .collect();
    let present: Vec<Option<&Value>> = values.iter().map(Some).collect();
    let mut merged = Merged {
        overrides: vec![Map::new(); drafts.len()],
        ..Merged::default()
    };
    let mut path = Vec::new();
    if let Some(Value::Object(base)) =
        node(&present, &Document::shape(), false, &mut path, &mut merged)
    {
        merged.base = base;
    }
    merged
}

/// The shared part of a fact; what differs goes to the overrides.
fn node(
    present: &[Option<&Value>],
    shape: &Shape,
    fixed: bool,
    path: &mut Vec<String>,
    merged: &mut Merged,
) -> Option<Value> {
    let given: Vec<&Value> = present.iter().flatten().copied().collect();
    let first = *given.first()?;
    let everywhere = given.len() == present.len();
    if everywhere && given.iter().all(|value| *value == first) {
        return Some(first.clone());
    }
    let tables = given.iter().all(|value| value.is_object());
    if tables && matches!(shape, Shape::Table(_) | Shape::Map { .. }) {
        return table(present, shape, path, merged);
    }
    if fixed {
        if given.iter().any(|value| *value != first) {
            merged.conflicts.push(path.clone());
        }
        return Some(first.clone());
    }
    // Tables of different forms do not merge; neither does what some lack.
    let forms = |value: &Value| {
        value
            .as_object()
            .map(|map| map.keys().cloned().collect::<Vec<_>>())
    };
    let same_form = given.iter().all(|value| forms(value) == forms(first));
    let base = (everywhere && same_form).then(|| first.clone());
    for (number, value) in present.iter().enumerate() {
        if let Some(value) = value
            && base.as_ref() != Some(*value)
        {
            put(&mut merged.overrides[number], path, (*value).clone());
        }
    }
    base
}

fn table(
    present: &[Option<&Value>],
    shape: &Shape,
    path: &mut Vec<String>,
    merged: &mut Merged,
) -> Option<Value> {
    let mut keys: Vec<&String> = Vec::new();
    for value in present.iter().flatten() {
        for key in value.as_object().into_iter().flat_map(Map::keys) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    let mut base = Map::new();
    for key in keys {
        let inner: Vec<Option<&Value>> = present
            .iter()
            .map(|value| value.and_then(|value| value.get(key)))
            .collect();
        let Some((child, fixed)) = child(shape, key) else {
            continue;
        };
        path.push(key.clone());
        let absent: Vec<usize> = (0..inner.len())
            .filter(|number| inner[*number].is_none() && present[*number].is_some())
            .collect();
        let closed = matches!(shape, Shape::Map { open: false, .. });
        let switch = switchable(&child);
        let stays = fixed || closed || switch || holds_fixed(&inner, &child);
        let shared = if !absent.is_empty() && !stays {
            // Stated only where it is.
            for (number, value) in inner.iter().enumerate() {
                if let Some(value) = value {
                    put(&mut merged.overrides[number], path, (*value).clone());
                }
            }
            None
        } else if absent.is_empty() {
            node(&inner, &child, fixed, path, merged)
        } else {
            // What only some have is stated for all, and switched off for the others.
            let known: Vec<Option<&Value>> = inner.clone();
            let shared = whole(&known, &child, fixed, path, merged);
            if switch {
                for number in &absent {
                    let mut off = path.clone();
                    off.push("enabled".to_owned());
                    put(&mut merged.overrides[*number], &off, Value::Bool(false));
                }
            } else if !closed {
                merged.conflicts.push(path.clone());
            }
            shared
        };
        path.pop();
        if let Some(shared) = shared {
            base.insert(key.clone(), shared);
        }
    }
    (!base.is_empty()).then_some(Value::Object(base))
}

/// Merges those that have a fact, as if the others agreed with the first.
fn whole(
    inner: &[Option<&Value>],
    shape: &Shape,
    fixed: bool,
    path: &mut Vec<String>,
    merged: &mut Merged,
) -> Option<Value> {
    let first = inner.iter().flatten().next().copied();
    let filled: Vec<Option<&Value>> = inner.iter().map(|value| value.or(first)).collect();
    node(&filled, shape, fixed, path, merged)
}

/// The shape of a key, and whether it is the same everywhere.
fn child(shape: &Shape, key: &str) -> Option<(Shape, bool)> {
    match shape {
        Shape::Table(known) => {
            let field: Option<&FieldShape> = known.field(key);
            field.map_or(known.open.then_some((Shape::Free, false)), |field| {
                Some(((field.shape)(), field.fixed))
            })
        }
        Shape::Map { value, .. } => Some((value(), false)),
        _ => None,
    }
}

/// Whether a table can be switched off.
fn switchable(shape: &Shape) -> bool {
    matches!(shape, Shape::Table(known) if known.field("enabled").is_some_and(|field| !field.fixed))
}

/// Whether some value has a key that cannot differ.
fn holds_fixed(inner: &[Option<&Value>], shape: &Shape) -> bool {
    let (Shape::Table(_) | Shape::Map { .. }) = shape else {
        return false;
    };
    inner.iter().flatten().any(|value| {
        value.as_object().into_iter().flatten().any(|(key, value)| {
            child(shape, key)
                .is_some_and(|(shape, fixed)| fixed || holds_fixed(&[Some(value)], &shape))
        })
    })
}

/// Facts in the order of the language's description.
pub fn ordered(facts: &Map<String, Value>) -> Map<String, Value> {
    match order(&Value::Object(facts.clone()), &Document::shape()) {
        Value::Object(map) => map,
        _ => facts.clone(),
    }
}

fn order(value: &Value, shape: &Shape) -> Value {
    let Value::Object(map) = value else {
        return value.clone();
    };
    let mut made = Map::new();
    if let Shape::Table(known) = shape {
        for field in known.fields {
            if let Some(value) = map.get(field.key) {
                made.insert(field.key.to_owned(), order(value, &(field.shape)()));
            }
        }
    }
    for (key, value) in map {
        if made.contains_key(key) {
            continue;
        }
        let inner = match shape {
            Shape::Map { value, .. } => value(),
            // An environment has the keys of the whole.
            Shape::Table(known) if known.open => match Document::shape() {
                Shape::Table(whole) => whole
                    .field(key)
                    .map_or(Shape::Free, |field| (field.shape)()),
                other => other,
            },
            _ => Shape::Free,
        };
        made.insert(key.clone(), order(value, &inner));
    }
    Value::Object(made)
}

fn put(table: &mut Map<String, Value>, path: &[String], value: Value) {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    crate::sketch::set(table, &path, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn merged(drafts: &[Value]) -> Merged {
        let drafts: Vec<Map<String, Value>> = drafts
            .iter()
            .filter_map(|one| one.as_object().cloned())
            .collect();
        merge(&drafts)
    }

    #[test]
    fn what_differs_is_an_override() {
        let one = json!({ "workloads": { "web": { "kind": "service", "replicas": 1, "env": { "A": "1", "B": "x" } } } });
        let two = json!({ "workloads": { "web": { "kind": "service", "replicas": 3, "env": { "A": "1" } } } });
        let merged = merged(&[one, two]);
        assert_eq!(
            Value::Object(merged.base),
            json!({ "workloads": { "web": { "kind": "service", "replicas": 1, "env": { "A": "1" } } } })
        );
        assert_eq!(
            Value::Object(merged.overrides[0].clone()),
            json!({ "workloads": { "web": { "env": { "B": "x" } } } })
        );
        assert_eq!(
            Value::Object(merged.overrides[1].clone()),
            json!({ "workloads": { "web": { "replicas": 3 } } })
        );
    }

    #[test]
    fn what_only_some_have_is_switched_off_elsewhere() {
        let one = json!({ "workloads": { "web": { "kind": "service" } } });
        let two = json!({ "workloads": { "web": { "kind": "service", "scaling": { "max": 4 } }, "job": { "kind": "cron" } } });
        let merged = merged(&[one, two]);
        assert_eq!(
            merged.base["workloads"]["web"]["scaling"],
            json!({ "max": 4 })
        );
        assert_eq!(
            Value::Object(merged.overrides[0].clone()),
            json!({ "workloads": { "web": { "scaling": { "enabled": false } }, "job": { "enabled": false } } })
        );
        assert!(merged.overrides[1].is_empty());
    }
}
