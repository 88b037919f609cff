//! The one model of a chart's values: defaults, documentation and schema
//! together, so that `values.yaml`, `values.schema.json`, the README's table
//! and the environments' files cannot disagree.

use crate::yaml::Writer;
use serde_json::{Map, Value, json};

/// One key with its meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// What it means; the first sentence says it all.
    pub doc: String,
    /// What stands behind it.
    pub node: Node,
}

/// What stands behind a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Further keys. `open` is for maps that Helm or another chart extends.
    Branch {
        /// The keys.
        entries: Vec<Entry>,
        /// Whether unknown keys are accepted.
        open: bool,
        /// Keys that must be present in the merged values.
        required: Vec<String>,
    },
    /// A value.
    Leaf {
        /// The default.
        value: Value,
        /// JSON Schema (draft-07) of it.
        schema: Value,
    },
}

/// A value with its schema.
pub fn leaf(key: &str, value: impl Into<Value>, schema: Value, doc: impl Into<String>) -> Entry {
    Entry {
        key: key.to_owned(),
        doc: doc.into(),
        node: Node::Leaf {
            value: value.into(),
            schema,
        },
    }
}

/// Keys under a key; unknown ones are refused.
pub fn branch(key: &str, doc: impl Into<String>, entries: Vec<Entry>) -> Entry {
    let node = Node::Branch {
        entries,
        open: false,
        required: Vec::new(),
    };
    Entry {
        key: key.to_owned(),
        doc: doc.into(),
        node,
    }
}

/// Keys under a key; unknown ones are accepted.
pub fn open_branch(key: &str, doc: impl Into<String>, entries: Vec<Entry>) -> Entry {
    let node = Node::Branch {
        entries,
        open: true,
        required: Vec::new(),
    };
    Entry {
        key: key.to_owned(),
        doc: doc.into(),
        node,
    }
}

/// A row of the README's configuration table.
#[derive(Debug, Clone)]
pub struct Row {
    /// Dotted path.
    pub path: String,
    /// Default as JSON.
    pub default: String,
    /// Meaning.
    pub doc: String,
}

/// `values.yaml`.
pub fn yaml(entries: &[Entry], header: &str) -> String {
    let mut writer = Writer::default();
    writer.comment(0, "# ", header);
    for entry in entries {
        writer.blank();
        write(&mut writer, 0, entry);
    }
    writer.finish()
}

fn write(writer: &mut Writer, depth: usize, entry: &Entry) {
    match &entry.node {
        Node::Leaf { value, .. } => {
            writer.comment(depth, "# -- ", &entry.doc);
            writer.pair(depth, &entry.key, value);
        }
        Node::Branch { entries, .. } => {
            writer.comment(depth, "# ", &entry.doc);
            writer.open(depth, &entry.key);
            for inner in entries {
                write(writer, depth + 1, inner);
            }
        }
    }
}

/// What `other` changes in `base`, as the values of a further values file.
/// Both come from the same specification, so they have the same keys except
/// inside leaves that are maps.
pub fn difference(base: &[Entry], other: &[Entry]) -> Map<String, Value> {
    let mut changes = Map::new();
    for entry in other {
        let before = base.iter().find(|candidate| candidate.key == entry.key);
        let change = match (before.map(|before| &before.node), &entry.node) {
            (
                Some(Node::Branch {
                    entries: before, ..
                }),
                Node::Branch { entries, .. },
            ) => {
                let inner = difference(before, entries);
                (!inner.is_empty()).then_some(Value::Object(inner))
            }
            (Some(Node::Leaf { value: before, .. }), Node::Leaf { value, .. }) => {
                changed(before, value)
            }
            (_, node) => Some(plain(node)),
        };
        if let Some(change) = change {
            changes.insert(entry.key.clone(), change);
        }
    }
    changes
}

/// The part of a leaf that differs. Keys that disappear become null, which
/// Helm reads as "remove".
fn changed(before: &Value, after: &Value) -> Option<Value> {
    if before == after {
        return None;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        return Some(after.clone());
    };
    let mut changes = Map::new();
    for (key, value) in new {
        let change = match old.get(key) {
            Some(previous) => changed(previous, value),
            None => Some(value.clone()),
        };
        if let Some(change) = change {
            changes.insert(key.clone(), change);
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        changes.insert(key.clone(), Value::Null);
    }
    Some(Value::Object(changes))
}

/// The defaults without their meaning.
pub fn plain_all(entries: &[Entry]) -> Value {
    Value::Object(
        entries
            .iter()
            .map(|entry| (entry.key.clone(), plain(&entry.node)))
            .collect(),
    )
}

fn plain(node: &Node) -> Value {
    match node {
        Node::Leaf { value, .. } => value.clone(),
        Node::Branch { entries, .. } => plain_all(entries),
    }
}

/// As Helm merges values files: null removes.
pub fn merge(base: &mut Value, changes: &Value) {
    let (Value::Object(old), Value::Object(new)) = (&mut *base, changes) else {
        *base = changes.clone();
        return;
    };
    for (key, value) in new {
        if value.is_null() {
            old.shift_remove(key);
        } else {
            merge(old.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// The values file of an environment.
pub fn difference_yaml(changes: &Map<String, Value>, header: &str) -> String {
    let mut writer = Writer::default();
    writer.comment(0, "# ", header);
    if changes.is_empty() {
        writer.comment(0, "# ", "Nothing differs from values.yaml.");
    }
    writer.blank();
    for (key, value) in changes {
        writer.pair(0, key, value);
    }
    if changes.is_empty() {
        return writer.finish() + "{}\n";
    }
    writer.finish()
}

/// `values.schema.json` (draft-07, self-contained). `global` and `enabled`
/// stay open at the root, as Helm needs when the chart is a dependency.
pub fn schema(entries: &[Entry], title: &str) -> Value {
    let mut root = Map::new();
    root.insert(
        "$schema".into(),
        json!("http://json-schema.org/draft-07/schema#"),
    );
    root.insert("title".into(), json!(title));
    root.insert("type".into(), json!("object"));
    let mut properties = properties(entries);
    properties.insert(
        "enabled".into(),
        json!({
            "type": "boolean",
            "description": "Read by a parent chart's condition, never by this chart.",
        }),
    );
    root.insert("properties".into(), Value::Object(properties));
    root.insert("additionalProperties".into(), json!(false));
    Value::Object(root)
}

fn properties(entries: &[Entry]) -> Map<String, Value> {
    entries
        .iter()
        .map(|entry| (entry.key.clone(), entry_schema(entry)))
        .collect()
}

fn entry_schema(entry: &Entry) -> Value {
    let mut schema = Map::new();
    let doc = match entry.doc.as_str() {
        "" => format!("Values below {}", entry.key),
        doc => doc.to_owned(),
    };
    schema.insert("description".into(), json!(doc));
    match &entry.node {
        Node::Leaf { schema: own, .. } => {
            if let Value::Object(own) = own {
                schema.extend(own.clone());
            }
        }
        Node::Branch {
            entries,
            open,
            required,
        } => {
            schema.insert("type".into(), json!("object"));
            schema.insert("properties".into(), Value::Object(properties(entries)));
            if !required.is_empty() {
                schema.insert("required".into(), json!(required));
            }
            schema.insert("additionalProperties".into(), json!(open));
        }
    }
    Value::Object(schema)
}

/// Every value with its path, for the README.
pub fn rows(entries: &[Entry]) -> Vec<Row> {
    let mut rows = Vec::new();
    collect(entries, "", &mut rows);
    rows
}

fn collect(entries: &[Entry], prefix: &str, rows: &mut Vec<Row>) {
    for entry in entries {
        let path = if prefix.is_empty() {
            entry.key.clone()
        } else {
            format!("{prefix}.{}", entry.key)
        };
        match &entry.node {
            Node::Branch { entries, .. } => collect(entries, &path, rows),
            Node::Leaf { value, .. } => {
                rows.push(Row {
                    path,
                    default: value.to_string(),
                    doc: entry.doc.clone(),
                });
            }
        }
    }
}

/// Puts a value at a dotted path, making branches on the way.
pub fn insert(entries: &mut Vec<Entry>, path: &[&str], value: Value, schema: Value, doc: &str) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        entries.retain(|entry| entry.key != *first);
        entries.push(leaf(first, value, schema, doc));
        return;
    }
    let index = entries
        .iter()
        .position(|entry| entry.key == *first)
        .unwrap_or_else(|| {
            entries.push(open_branch(first, "", Vec::new()));
            entries.len() - 1
        });
    if let Node::Branch { entries: inner, .. } = &mut entries[index].node {
        insert(inner, rest, value, schema, doc);
    }
}
