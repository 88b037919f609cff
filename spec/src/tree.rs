//! TOML as a tree with spans, in the order of the text.
//!
//! Takes text, gives a tree and every syntax fault. Parsing never stops at the
//! first fault: what could be read is checked further.

use crate::codes;
use crate::diagnostic::{Diagnostic, Sink};
use crate::span::Span;
use crate::syntax;
use serde_json::Value as Json;
use toml::de::{DeTable, DeValue};

/// A value of TOML.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction; never NaN, may be infinite.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A date or time, as written.
    Datetime(String),
    /// A list.
    Array(Vec<Node>),
    /// A table.
    Table(Table),
}

impl Value {
    /// The type in the words of a message.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number with a fraction",
            Self::Boolean(_) => "true or false",
            Self::Datetime(_) => "a date",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub span: Span,
}

impl Node {
    /// As JSON; dates are text.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::String(text) | Value::Datetime(text) => Json::from(text.as_str()),
            Value::Integer(number) => Json::from(*number),
            Value::Float(number) => Json::from(*number),
            Value::Boolean(flag) => Json::from(*flag),
            Value::Array(items) => items.iter().map(Self::to_json).collect(),
            Value::Table(table) => table.to_json(),
        }
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// One key of a table with its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key without quotes.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// Its value.
    pub node: Node,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.node == other.node
    }
}

/// A table, its entries in the order of the text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// The entries.
    pub entries: Vec<Entry>,
}

impl Table {
    /// As a JSON object.
    pub fn to_json(&self) -> Json {
        let entries = self.entries.iter();
        entries
            .map(|entry| (entry.key.clone(), entry.node.to_json()))
            .collect()
    }

    /// The entry with a key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

/// Reads TOML. Every syntax fault goes to the sink; the tree holds what could be read.
pub fn parse(text: &str, sink: &mut Sink) -> Node {
    let (document, faults) = DeTable::parse_recoverable(text);
    let faults = faults
        .iter()
        .map(|fault| (fault.message(), fault.span().map(Span::from)));
    for diagnostic in syntax::faults(text, faults) {
        sink.push(diagnostic);
    }
    let span = Span::from(document.span());
    Node {
        value: Value::Table(table(document.into_inner(), sink)),
        span,
    }
}

fn table(source: DeTable<'_>, sink: &mut Sink) -> Table {
    let mut entries: Vec<Entry> = source
        .into_iter()
        .map(|(key, value)| Entry {
            key_span: Span::from(key.span()),
            key: key.into_inner().into_owned(),
            node: node(value, sink),
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_span.start);
    Table { entries }
}

fn node(source: toml::Spanned<DeValue<'_>>, sink: &mut Sink) -> Node {
    let span = Span::from(source.span());
    let value = match source.into_inner() {
        DeValue::String(text) => Value::String(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => {
                sink.push(
                    Diagnostic::error(codes::NUMBER, "this number does not fit 64 bits")
                        .at(span, "too large")
                        .help("put it in quotes if it is text"),
                );
                Value::Integer(0)
            }
        },
        DeValue::Float(number) => {
            let parsed: f64 = number.as_str().parse().unwrap_or(f64::INFINITY);
            if parsed.is_nan() {
                sink.push(
                    Diagnostic::error(codes::NUMBER, "`nan` is not a number a chart can hold")
                        .at(span, "not a number")
                        .help("put it in quotes if it is text"),
                );
            }
            Value::Float(if parsed.is_nan() { 0.0 } else { parsed })
        }
        DeValue::Boolean(flag) => Value::Boolean(flag),
        DeValue::Datetime(moment) => Value::Datetime(moment.to_string()),
        DeValue::Array(items) => {
            Value::Array(items.into_iter().map(|item| node(item, sink)).collect())
        }
        DeValue::Table(inner) => Value::Table(table(inner, sink)),
    };
    Node { value, span }
}
