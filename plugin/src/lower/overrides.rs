//! Values that the specification states directly: defaults below keys that the
//! chart has, and values of the user's own templates below `custom`.

use super::Everywhere;
use super::context::Context;
use super::schemas;
use crate::values::{Entry, Node, leaf};
use serde_json::json;
use taskspec_spec::codes;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::Document;
use taskspec_spec::suggest;
use taskspec_spec::tree::{self, Table};

fn stated(document: &Document) -> Option<&Table> {
    match &document.values.as_ref()?.value.0.value {
        tree::Value::Table(table) => Some(table),
        _ => None,
    }
}

/// Whether some environment has values of the user's own.
pub fn has_custom(everywhere: &Everywhere<'_>) -> bool {
    everywhere.any(|document| stated(document).is_some_and(|table| table.get("custom").is_some()))
}

/// The values `custom` and `extraManifests`.
pub fn values(document: &Document, context: &Context) -> Vec<Entry> {
    let mut entries = Vec::new();
    if context.manifests {
        let manifests: Vec<_> = document
            .manifests
            .iter()
            .map(|manifest| manifest.value.0.to_json())
            .collect();
        entries.push(leaf(
            "extraManifests",
            json!(manifests),
            schemas::objects(),
            "Further Kubernetes objects, written as they are",
        ));
    }
    if context.custom {
        entries.push(leaf(
            "custom",
            json!({}),
            schemas::object(),
            "Values of the templates in templates/custom",
        ));
    }
    entries
}

/// Puts the stated values in place of the chart's defaults.
pub fn apply(entries: &mut Vec<Entry>, document: &Document, sink: &mut Sink) {
    let Some(free) = &document.values else { return };
    let Some(table) = stated(document) else {
        sink.push(
            Diagnostic::error(codes::WRONG_TYPE, "`values` is a table")
                .at(free.span, "expected a table")
                .help("write the values as values.yaml names them"),
        );
        return;
    };
    put(entries, table, false, sink);
}

fn put(entries: &mut Vec<Entry>, table: &Table, open: bool, sink: &mut Sink) {
    for item in &table.entries {
        let Some(known) = entries.iter_mut().find(|entry| entry.key == item.key) else {
            if open {
                entries.push(leaf(
                    &item.key,
                    item.node.to_json(),
                    json!({}),
                    "As the specification says",
                ));
                continue;
            }
            let names = entries.iter().map(|entry| entry.key.as_str());
            let help = suggest::did_you_mean(&item.key, names)
                .unwrap_or_else(|| "values of your own templates belong below `custom`".to_owned());
            sink.push(
                Diagnostic::error(
                    codes::UNKNOWN_KEY,
                    format!("the chart has no value `{}` here", item.key),
                )
                .at(item.key_span, "nothing reads this value")
                .help(help),
            );
            continue;
        };
        match (&mut known.node, &item.node.value) {
            (Node::Branch { entries, open, .. }, tree::Value::Table(inner)) => {
                put(entries, inner, *open, sink);
            }
            (Node::Branch { .. }, _) => sink.push(
                Diagnostic::error(
                    codes::WRONG_TYPE,
                    format!("`{}` has further keys", item.key),
                )
                .at(item.node.span, "expected a table")
                .help("write the keys below it"),
            ),
            (Node::Leaf { value, .. }, _) => *value = item.node.to_json(),
        }
    }
}
