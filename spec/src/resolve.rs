//! From text to a checked model with every environment merged.

use crate::check;
use crate::codes;
use crate::decode::{Decode as _, Map};
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Document, Environment, Intent};
use crate::overlay;
use crate::span::{Span, Spanned};
use crate::syntax;
use crate::tree::{self, Node, Table, Value};

/// A specification without an error: what [`resolve`] proves.
#[derive(Debug)]
pub struct Resolved {
    /// What the chart is for.
    pub intent: Intent,
    /// The specification outside its environments.
    pub base: Document,
    /// The environments in the order of the text.
    pub environments: Vec<Merged>,
    /// The text as data, without what environments change.
    pub tree: Node,
}

/// One environment with its overrides applied.
#[derive(Debug)]
pub struct Merged {
    /// Its name.
    pub name: Spanned<String>,
    /// Its own keys.
    pub settings: Environment,
    /// The whole specification as it holds there.
    pub document: Document,
    /// The same as data, without defaults.
    pub tree: Node,
}

/// Reads and checks a specification. The model is absent if a diagnostic is an error.
pub fn resolve(text: &str) -> (Option<Resolved>, Vec<Diagnostic>) {
    let mut sink = Sink::default();
    let resolved = read(text, &mut sink);
    let complete = !sink.has_errors();
    let diagnostics = syntax::without_consequences(text, sink.into_sorted());
    (resolved.filter(|_| complete), diagnostics)
}

fn read(text: &str, sink: &mut Sink) -> Option<Resolved> {
    if text.len() > crate::MAX_BYTES {
        sink.push(
            Diagnostic::error(
                codes::TOO_LARGE,
                format!(
                    "the specification has {} bytes, more than {}",
                    text.len(),
                    crate::MAX_BYTES
                ),
            )
            .help("split it into several charts"),
        );
        return None;
    }
    let root = tree::parse(text, sink);
    let Value::Table(table) = &root.value else {
        return None;
    };
    if table.entries.is_empty() && !sink.has_errors() {
        sink.push(
            Diagnostic::error(codes::MISSING_KEY, "the specification is empty")
                .at(Span::default(), "")
                .help("`helm taskspec init` writes one to start from"),
        );
        return None;
    }
    let base = Document::decode(&root, sink)?;
    if text.len().saturating_mul(base.environments.len()) > crate::MAX_MERGED_BYTES {
        sink.push(
            Diagnostic::error(
                codes::TOO_LARGE,
                format!(
                    "{} environments of {} bytes are too much",
                    base.environments.len(),
                    text.len()
                ),
            )
            .help("keep only what is installed, or split the specification into several charts"),
        );
        return None;
    }
    let environments = merge_all(&base.environments, table, root.span, sink);
    check::all(&base, &environments, sink);
    let intent = base.intent.0.as_ref()?.value.clone();
    Some(Resolved {
        intent,
        base,
        environments,
        tree: root,
    })
}

fn merge_all(
    declared: &Map<crate::types::EnvironmentName, Spanned<Environment>>,
    root: &Table,
    span: Span,
    sink: &mut Sink,
) -> Vec<Merged> {
    let Some(Value::Table(sources)) = root.get("environments").map(|entry| &entry.node.value)
    else {
        return Vec::new();
    };
    let base = Table {
        entries: root
            .entries
            .iter()
            .filter(|entry| entry.key != "environments")
            .cloned()
            .collect(),
    };
    let mut merged = Vec::new();
    for (name, settings) in declared.iter() {
        let Some(Value::Table(source)) = sources.get(name).map(|entry| &entry.node.value) else {
            continue;
        };
        let table = overlay::merge(&base, source, name, sink);
        let node = Node {
            value: Value::Table(table),
            span,
        };
        if let Some(document) = Document::decode(&node, sink) {
            merged.push(Merged {
                name: name.clone(),
                settings: settings.value.clone(),
                document,
                tree: node,
            });
        }
    }
    merged
}
