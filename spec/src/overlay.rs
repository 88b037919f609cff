//! Merging an environment's overrides into the specification's tree.
//!
//! An override names a fact by the same path as the base. It may replace a
//! value and add optional ones, but neither add workloads nor change what
//! shapes the chart's templates.

use crate::codes;
use crate::decode::unknown_key;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Document, Environment};
use crate::shape::{FieldShape, Shape, TableShape};
use crate::span::Span;
use crate::suggest;
use crate::tree::{Entry, Node, Table, Value};

/// The base tree with an environment's overrides.
pub fn merge(base: &Table, environment: &Table, name: &str, sink: &mut Sink) -> Table {
    let mut merged = base.clone();
    let mut merger = Merger {
        environment: name,
        sink,
    };
    for entry in &environment.entries {
        if Environment::SHAPE.field(&entry.key).is_some() {
            continue;
        }
        match Document::SHAPE.field(&entry.key) {
            // A Job is part of the templates: all environments have it or none.
            Some(_) if entry.key == "migrations" && base.get("migrations").is_none() => {
                merger.nothing_to_override(&entry.key, entry.key_span, None, std::iter::empty());
            }
            Some(field) => merger.field(&mut merged, entry, field),
            None => merger.sink.push(unknown_override(entry)),
        }
    }
    merged
}

fn unknown_override(entry: &Entry) -> Diagnostic {
    let own = Environment::SHAPE.fields.iter().map(|field| field.key);
    let sections = Document::SHAPE
        .fields
        .iter()
        .filter(|field| !field.fixed)
        .map(|field| field.key);
    let known: Vec<&str> = own.chain(sections).collect();
    let help = suggest::did_you_mean(&entry.key, known.iter().copied()).unwrap_or_else(|| {
        format!(
            "an environment has {}",
            suggest::list(known.iter().copied())
        )
    });
    Diagnostic::error(codes::UNKNOWN_KEY, format!("unknown key `{}`", entry.key))
        .at(entry.key_span, "nothing reads this key")
        .help(help)
}

fn lacks_nothing(table: &Table, shape: &Shape) -> bool {
    let Shape::Table(known) = shape else {
        return true;
    };
    known
        .fields
        .iter()
        .all(|field| !field.required || table.get(field.key).is_some())
}

/// Keys of which a table has one: another one replaces the base's.
const EITHER: &[(&str, &[&str])] = &[
    ("Probe", &["path", "command", "tcp", "grpc"]),
    ("Tls", &["issuer", "cluster-issuer", "controller"]),
    ("EnvSource", &["secret", "config"]),
];

fn replaced_ways(base: &mut Table, over: &Table, shape: &TableShape) {
    for (_, keys) in EITHER.iter().filter(|(name, _)| *name == shape.name) {
        if keys.iter().any(|key| over.get(key).is_some()) {
            base.entries.retain(|entry| {
                !keys.contains(&entry.key.as_str()) || over.get(&entry.key).is_some()
            });
        }
    }
}

/// Data without a shape is merged key by key, as Helm merges values.
fn merge_free(base: &mut Table, over: &Table) {
    for entry in &over.entries {
        match base.entries.iter_mut().find(|known| known.key == entry.key) {
            Some(known) => match (&mut known.node.value, &entry.node.value) {
                (Value::Table(target), Value::Table(source)) => merge_free(target, source),
                _ => known.node = entry.node.clone(),
            },
            None => base.entries.push(entry.clone()),
        }
    }
}

struct Merger<'a> {
    environment: &'a str,
    sink: &'a mut Sink,
}

impl Merger<'_> {
    fn field(&mut self, base: &mut Table, over: &Entry, field: &FieldShape) {
        if field.fixed {
            self.sink.push(
                Diagnostic::error(
                    codes::FIXED_KEY,
                    format!("`{}` cannot differ between environments", over.key),
                )
                .at(
                    over.key_span,
                    format!("overridden in `{}`", self.environment),
                )
                .help(if over.key == "from" {
                    "state it once; where the server runs elsewhere, write external = true and host = \"…\""
                } else {
                    "state it once, outside the environments"
                })
                .note("environments become values files: one set of templates serves all of them"),
            );
            return;
        }
        let index = base.entries.iter().position(|entry| entry.key == over.key);
        match index {
            Some(index) => {
                let target = &mut base.entries[index];
                let span = target.key_span;
                self.value(&mut target.node, over, span, &(field.shape)());
            }
            None => self.added(base, over, &(field.shape)()),
        }
    }

    /// A key that the base does not have: checked key by key, then taken over.
    fn added(&mut self, base: &mut Table, over: &Entry, shape: &Shape) {
        let mut entry = over.clone();
        if let (Value::Table(table), Shape::Table(_) | Shape::Map { .. }) =
            (&over.node.value, shape)
        {
            let mut empty = Table::default();
            self.table(&mut empty, table, over.key_span, shape);
            entry.node.value = Value::Table(empty);
        }
        base.entries.push(entry);
    }

    fn value(&mut self, base: &mut Node, over: &Entry, base_key: Span, shape: &Shape) {
        let descend = matches!(shape, Shape::Table(_) | Shape::Map { .. });
        if let (true, Value::Table(target), Value::Table(source)) =
            (descend, &mut base.value, &over.node.value)
        {
            // What the base lacks is a fault of the base, in whichever environment it is met.
            let complete = lacks_nothing(target, shape);
            self.table(target, source, base_key, shape);
            if complete && !source.entries.is_empty() {
                base.span = over.node.span;
            }
            return;
        }
        if matches!(shape, Shape::Free)
            && let (Value::Table(target), Value::Table(source)) =
                (&mut base.value, &over.node.value)
        {
            merge_free(target, source);
            return;
        }
        if base.value == over.node.value {
            self.sink.push(
                Diagnostic::warning(
                    codes::REPEATED_FACT,
                    format!(
                        "`{}` says in `{}` what the base says already",
                        over.key, self.environment
                    ),
                )
                .at(over.node.span, "changes nothing")
                .at(base.span, "stated here first")
                .help("remove it: an environment holds only what differs"),
            );
        }
        *base = over.node.clone();
    }

    fn table(&mut self, base: &mut Table, over: &Table, base_key: Span, shape: &Shape) {
        match shape {
            Shape::Table(known) => self.known(base, over, known),
            Shape::Map { value, open, .. } => {
                for entry in &over.entries {
                    self.mapped(base, entry, base_key, &value(), *open);
                }
            }
            Shape::List(_) | Shape::Scalar(_) | Shape::Either(_) | Shape::Free => {}
        }
    }

    fn known(&mut self, base: &mut Table, over: &Table, shape: &TableShape) {
        replaced_ways(base, over, shape);
        for entry in &over.entries {
            match shape.field(&entry.key) {
                Some(field) => self.field(base, entry, field),
                None => self
                    .sink
                    .push(unknown_key(&entry.key, entry.key_span, shape)),
            }
        }
    }

    fn mapped(
        &mut self,
        base: &mut Table,
        over: &Entry,
        base_key: Span,
        value: &Shape,
        open: bool,
    ) {
        if let Some(target) = base.entries.iter_mut().find(|entry| entry.key == over.key) {
            let span = target.key_span;
            self.value(&mut target.node, over, span, value);
        } else if open {
            base.entries.push(over.clone());
        } else {
            let names = base.entries.iter().map(|entry| entry.key.as_str());
            let beside = (!base.entries.is_empty()).then_some(base_key);
            self.nothing_to_override(&over.key, over.key_span, beside, names);
        }
    }

    fn nothing_to_override<'n>(
        &mut self,
        key: &str,
        at: Span,
        beside: Option<Span>,
        names: impl Iterator<Item = &'n str>,
    ) {
        let help = suggest::did_you_mean(key, names)
            .unwrap_or_else(|| format!("declare `{key}` outside the environments first"));
        let diagnostic = Diagnostic::error(
            codes::NOTHING_TO_OVERRIDE,
            format!(
                "`{}` overrides `{key}`, which does not exist",
                self.environment
            ),
        )
        .at(at, "nothing of this name to override")
        .help(help);
        self.sink.push(match beside {
            Some(beside) => diagnostic.at(beside, "it is not among these"),
            None => diagnostic,
        });
    }
}
