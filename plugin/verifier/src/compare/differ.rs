//! Where two trees differ in meaning.

use crate::amount::amount;
use serde_json::Value;
use std::collections::BTreeSet;
use taskspec_report::Difference;

/// Longest value that is shown.
const LONGEST: usize = 160;

/// Fields by which entries of a list are told apart, the first that all have.
const IDENTITIES: &[&str] = &[
    "id",
    "name",
    "/metadata/name",
    "mountPath",
    "secretKey",
    "host",
    "topologyKey",
    "alert",
    "record",
    "secretName",
    "key",
    "path",
    "/secretRef/name",
    "/configMapRef/name",
    "containerPort",
    "port",
    "/resource/name",
    "type",
];

/// Lists whose order Kubernetes does not read.
const UNORDERED: &[&str] = &[
    "accessModes",
    "add",
    "apiGroups",
    "cidrs",
    "drop",
    "egress",
    "except",
    "finalizers",
    "from",
    "hostnames",
    "hosts",
    "ingress",
    "loadBalancerSourceRanges",
    "matchExpressions",
    "matchLabelKeys",
    "policyTypes",
    "resourceNames",
    "resources",
    "sources",
    "to",
    "tolerations",
    "values",
    "verbs",
];

/// Lists in which the order of named entries matters as well.
const ORDERED: &[&str] = &["initContainers"];

/// One place that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Path such as `spec.template.spec.containers[agent].image`.
    pub path: String,
    /// What stood there.
    pub old: Option<Value>,
    /// What stands there.
    pub new: Option<Value>,
}

impl Step {
    /// For readers: long texts are cut to what differs.
    pub fn shown(&self) -> Difference {
        if let (Some(Value::String(old)), Some(Value::String(new))) = (&self.old, &self.new)
            && (old.contains('\n') || new.contains('\n'))
        {
            return lines(&self.path, old, new);
        }
        let text = |value: &Option<Value>| value.as_ref().map(plain);
        let (mut old, mut new) = (text(&self.old), text(&self.new));
        if let (Some(before), Some(after)) = (&mut old, &mut new) {
            without_beginning(before, after);
        }
        Difference {
            path: self.path.clone(),
            old: old.as_deref().map(cut),
            new: new.as_deref().map(cut),
        }
    }
}

/// Of long texts that begin alike, leaves a few words before what differs.
fn without_beginning(old: &mut String, new: &mut String) {
    const KEPT: usize = 40;
    if old.chars().count().max(new.chars().count()) <= LONGEST {
        return;
    }
    let alike = old
        .chars()
        .zip(new.chars())
        .take_while(|(one, other)| one == other);
    let Some(skipped) = alike.count().checked_sub(KEPT).filter(|n| *n > 0) else {
        return;
    };
    for text in [old, new] {
        let rest: String = text.chars().skip(skipped).collect();
        *text = format!("…{rest}");
    }
}

/// The first line that differs.
fn lines(path: &str, old: &str, new: &str) -> Difference {
    let (mut before, mut after) = (old.lines(), new.lines());
    let mut number = 1;
    loop {
        let (one, other) = (before.next(), after.next());
        if one != other || one.is_none() {
            return Difference {
                path: format!("{path} (from line {number})"),
                old: one.map(cut),
                new: other.map(cut),
            };
        }
        number += 1;
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LONGEST).collect();
    short.push('…');
    short
}

/// Every place in which two trees differ, in the order of the first.
pub fn differences(old: &Value, new: &Value) -> Vec<Step> {
    let mut found = Vec::new();
    walk("", "", old, new, &mut found);
    found
}

/// Whether two trees mean the same.
pub fn same(old: &Value, new: &Value) -> bool {
    differences(old, new).is_empty()
}

fn walk(path: &str, key: &str, old: &Value, new: &Value, found: &mut Vec<Step>) {
    match (old, new) {
        (Value::Object(before), Value::Object(after)) => {
            let more = after.keys().filter(|key| !before.contains_key(*key));
            for key in before.keys().chain(more) {
                let below = joined(path, key);
                walk(&below, key, &old[key], &new[key], found);
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            if let Some(identity) = identity(before, after) {
                named(path, key, identity, before, after, found);
            } else if UNORDERED.contains(&key) {
                unordered(path, key, before, after, found);
            } else if before.len() == after.len()
                && before.iter().chain(after).all(Value::is_object)
            {
                for (index, (one, other)) in before.iter().zip(after).enumerate() {
                    walk(&format!("{path}[{index}]"), "", one, other, found);
                }
            } else if old != new {
                push(path, old, new, found);
            }
        }
        _ if old == new || equal(path, old, new) => {}
        _ => push(path, old, new, found),
    }
}

/// A table that is new or gone is shown field by field, so that no JSON is read.
fn push(path: &str, old: &Value, new: &Value, found: &mut Vec<Step>) {
    let empty = Value::Object(serde_json::Map::new());
    let whole = |value: &Value| value.as_object().is_some_and(|map| !map.is_empty());
    match (old, new) {
        (Value::Null, value) if whole(value) => return walk(path, "", &empty, value, found),
        (value, Value::Null) if whole(value) => return walk(path, "", value, &empty, found),
        _ => {}
    }
    let stated = |value: &Value| Some(value.clone()).filter(|value| !value.is_null());
    found.push(Step {
        path: path.to_owned(),
        old: stated(old),
        new: stated(new),
    });
}

fn joined(path: &str, key: &str) -> String {
    let plain = key
        .chars()
        .all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    match (path.is_empty(), plain) {
        (true, _) => key.to_owned(),
        (false, true) => format!("{path}.{key}"),
        (false, false) => format!("{path}[{key}]"),
    }
}

/// The field that tells all entries of both lists apart.
fn identity(old: &[Value], new: &[Value]) -> Option<&'static str> {
    let tells = |field: &&&str| {
        [old, new].into_iter().all(|list| {
            let names: BTreeSet<String> =
                list.iter().filter_map(|one| value_of(one, field)).collect();
            names.len() == list.len()
        })
    };
    let any = !old.is_empty() || !new.is_empty();
    IDENTITIES.iter().filter(|_| any).find(tells).copied()
}

fn value_of(entry: &Value, field: &str) -> Option<String> {
    let value = if field.starts_with('/') {
        entry.pointer(field)?
    } else {
        entry.get(field)?
    };
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn named(
    path: &str,
    key: &str,
    identity: &str,
    old: &[Value],
    new: &[Value],
    found: &mut Vec<Step>,
) {
    let find = |list: &[Value], name: &str| {
        let entry = list
            .iter()
            .find(|one| value_of(one, identity).as_deref() == Some(name));
        entry.cloned().unwrap_or_default()
    };
    let names = |list: &[Value]| -> Vec<String> {
        list.iter()
            .filter_map(|one| value_of(one, identity))
            .collect()
    };
    let (before, after) = (names(old), names(new));
    let more = after.iter().filter(|name| !before.contains(name));
    for name in before.iter().chain(more) {
        let below = format!("{path}[{name}]");
        walk(&below, "", &find(old, name), &find(new, name), found);
    }
    let kept = |list: &[String], other: &[String]| -> Vec<String> {
        list.iter()
            .filter(|one| other.contains(one))
            .cloned()
            .collect()
    };
    let (was, is) = (kept(&before, &after), kept(&after, &before));
    if ORDERED.contains(&key) && was != is {
        let joined = |names: Vec<String>| Value::String(names.join(", "));
        push(&format!("{path} (order)"), &joined(was), &joined(is), found);
    }
}

fn unordered(path: &str, key: &str, old: &[Value], new: &[Value], found: &mut Vec<Step>) {
    let mut gone: Vec<&Value> = Vec::new();
    let mut left: Vec<&Value> = new.iter().collect();
    for entry in old {
        match left.iter().position(|other| same(entry, other)) {
            Some(index) => {
                left.remove(index);
            }
            None => gone.push(entry),
        }
    }
    // One entry that changed is easier to read field by field.
    if let ([before], [after]) = (gone.as_slice(), left.as_slice())
        && before.is_object()
    {
        return walk(&format!("{path}[]"), key, before, after, found);
    }
    for entry in gone {
        found.push(Step {
            path: format!("{path}[]"),
            old: Some(entry.clone()),
            new: None,
        });
    }
    for entry in left {
        found.push(Step {
            path: format!("{path}[]"),
            old: None,
            new: Some(entry.clone()),
        });
    }
}

/// Whether two texts are the same quantity where a quantity stands, or nothing
/// and an empty value.
fn equal(path: &str, old: &Value, new: &Value) -> bool {
    let nothing = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    // An empty selector or an empty policy means something else than none.
    let means = ["elector", "ingress", "egress", "emptyDir"];
    let last = path.rsplit('.').next().unwrap_or_default();
    if nothing(old) && nothing(new) && !means.iter().any(|word| last.contains(word)) {
        return true;
    }
    if !is_quantity(path) {
        return false;
    }
    let number = |value: &Value| match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => amount(text).ok(),
        _ => None,
    };
    number(old).is_some() && number(old) == number(new)
}

fn is_quantity(path: &str) -> bool {
    let mut parts = path.rsplit('.');
    let last = parts.next().unwrap_or_default();
    let above = parts.next().unwrap_or_default();
    [
        "requests",
        "limits",
        "capacity",
        "resources",
        "cpu",
        "memory",
    ]
    .contains(&above)
        || [
            "storage",
            "sizeLimit",
            "size",
            "averageValue",
            "request",
            "limit",
        ]
        .contains(&last)
}

#[cfg(test)]
mod tests {
    use super::{differences, same};
    use serde_json::json;

    fn paths(old: &serde_json::Value, new: &serde_json::Value) -> Vec<String> {
        let shown = differences(old, new);
        shown.into_iter().map(|step| step.path).collect()
    }

    #[test]
    fn entries_are_matched_by_their_names() {
        let env = |names: &[(&str, &str)]| {
            let all: Vec<_> = names
                .iter()
                .map(|(name, value)| json!({ "name": name, "value": value }))
                .collect();
            json!({ "env": all })
        };
        let old = env(&[("A", "1"), ("B", "2")]);
        assert!(same(&old, &env(&[("B", "2"), ("A", "1")])));
        assert_eq!(
            paths(&old, &env(&[("B", "3"), ("A", "1")])),
            ["env[B].value"]
        );
        assert_eq!(
            paths(&old, &env(&[("A", "1"), ("C", "1")])),
            ["env[B].name", "env[B].value", "env[C].name", "env[C].value"]
        );
    }

    #[test]
    fn order_counts_where_it_is_read() {
        let command = |words: [&str; 2]| json!({ "command": words });
        assert!(!same(&command(["a", "b"]), &command(["b", "a"])));
        let drop = |words: [&str; 2]| json!({ "drop": words });
        assert!(same(&drop(["a", "b"]), &drop(["b", "a"])));
        let init = |names: [&str; 2]| json!({ "initContainers": [{ "name": names[0] }, { "name": names[1] }] });
        assert_eq!(
            paths(&init(["a", "b"]), &init(["b", "a"])),
            ["initContainers (order)"]
        );
    }

    #[test]
    fn quantities_are_values() {
        let memory = |text: &str| json!({ "limits": { "memory": text } });
        assert!(same(&memory("1Gi"), &memory("1024Mi")));
        assert!(!same(&memory("1Gi"), &memory("1G")));
        assert!(!same(&json!({ "LEVEL": "1" }), &json!({ "LEVEL": "1.0" })));
    }

    #[test]
    fn nothing_and_an_empty_selector_differ() {
        assert!(!same(&json!({}), &json!({ "podSelector": {} })));
        assert!(same(&json!({}), &json!({ "annotations": {} })));
    }

    #[test]
    fn long_texts_show_what_differs() {
        let old = json!({ "script": "a\nb\nc" });
        let steps = differences(&old, &json!({ "script": "a\nx\nc" }));
        let shown = steps[0].shown();
        assert_eq!(shown.path, "script (from line 2)");
        assert_eq!(
            (shown.old.as_deref(), shown.new.as_deref()),
            (Some("b"), Some("x"))
        );
    }
}
