//! From a tree to typed values: the trait, the containers and the macro that
//! declares a table once for the decoder, the JSON Schema and the reference.

use crate::codes;
use crate::diagnostic::{Diagnostic, Sink};
use crate::shape::{ScalarShape, Shape, TableShape};
use crate::span::{Span, Spanned};
use crate::suggest;
use crate::tree::{Node, Table, Value};
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// A type that can be read from a tree.
pub trait Decode: Sized + 'static {
    /// What it may hold.
    fn shape() -> Shape;
    /// Reads it. Faults go to the sink; `None` means that a fault was reported.
    fn decode(node: &Node, sink: &mut Sink) -> Option<Self>;
}

/// A single value read from text or a number.
pub trait Scalar: Sized + 'static {
    /// What it is.
    const SHAPE: ScalarShape;
    /// Reads it from a value, or says what is wrong.
    fn read(value: &Value) -> Result<Self, Fault>;
}

/// Why a single value is not valid.
pub struct Fault {
    /// The code, [`codes::WRONG_TYPE`] unless the type is right.
    pub code: codes::Code,
    /// What is wrong.
    pub message: String,
    /// The remedy.
    pub help: Option<String>,
    /// Why it matters.
    pub note: Option<String>,
}

impl Fault {
    /// A fault of the value itself.
    pub fn new(code: codes::Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            help: None,
            note: None,
        }
    }

    /// Adds the remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the reason.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// A fault of the type.
    pub fn wrong_type(expected: &ScalarShape, found: &Value) -> Self {
        Self::new(
            codes::WRONG_TYPE,
            format!("expected {}, found {}", expected.name, found.kind()),
        )
        .help(format!("write {} {}", expected.name, expected.hint))
    }
}

/// Reads a scalar and reports its fault.
pub fn decode_scalar<T: Scalar>(node: &Node, sink: &mut Sink) -> Option<T> {
    match T::read(&node.value) {
        Ok(value) => Some(value),
        Err(fault) => {
            let empty = matches!(&node.value, Value::String(text) if text.is_empty());
            let message = if empty {
                fault.message.replace("``", "empty text")
            } else {
                fault.message
            };
            let mut diagnostic = Diagnostic::error(fault.code, message)
                .at(node.span, format!("expected {}", T::SHAPE.name))
                .maybe_help(fault.help);
            diagnostic.notes.extend(fault.note);
            sink.push(diagnostic);
            None
        }
    }
}

/// Reports that `node` is not a table of `shape`.
pub fn not_a_table(shape: &TableShape, node: &Node, sink: &mut Sink) {
    let required = shape.fields.iter().filter(|field| field.required);
    let keys: Vec<String> = required.map(|field| format!("{} = …", field.key)).collect();
    if keys.is_empty() {
        return wrong_type("a table", node, sink);
    }
    sink.push(
        Diagnostic::error(
            codes::WRONG_TYPE,
            format!("expected a table, found {}", node.value.kind()),
        )
        .at(node.span, "expected a table")
        .help(
            [
                "write { ",
                &keys.join(", "),
                " }, or a [header] with lines below it",
            ]
            .concat(),
        ),
    );
}

/// Reports that `node` is not what was expected.
pub fn wrong_type(expected: &str, node: &Node, sink: &mut Sink) {
    let help = match (expected, &node.value) {
        ("a list", Value::Table(_)) => {
            Some("put it in brackets, or write its header as [[…]]".to_owned())
        }
        ("a list", _) => Some("put it in brackets: [ … ]".to_owned()),
        ("a table", _) => Some(
            "write keys and values: { key = value }, or a [header] with lines below it".to_owned(),
        ),
        _ => None,
    };
    sink.push(
        Diagnostic::error(
            codes::WRONG_TYPE,
            format!("expected {expected}, found {}", node.value.kind()),
        )
        .at(node.span, format!("expected {expected}"))
        .maybe_help(help),
    );
}

/// A field of a table: says what its absence means.
pub trait Field: Sized {
    /// Whether it must be given.
    const REQUIRED: bool;
    /// What it holds.
    fn shape() -> Shape;
    /// The value when the key is absent; `None` if it is required.
    fn absent() -> Option<Self>;
    /// Reads it.
    fn decode(node: &Node, sink: &mut Sink) -> Option<Self>;
    /// The value after a fault was reported; `None` gives the whole table up.
    fn faulty() -> Option<Self> {
        None
    }
}

/// A required part whose fault does not keep the rest from being checked.
#[derive(Debug, Clone)]
pub struct Must<T>(pub Option<T>);

impl<T: Decode> Field for Must<T> {
    const REQUIRED: bool = true;
    fn shape() -> Shape {
        T::shape()
    }
    fn absent() -> Option<Self> {
        None
    }
    fn decode(node: &Node, sink: &mut Sink) -> Option<Self> {
        Some(Self(T::decode(node, sink)))
    }
    fn faulty() -> Option<Self> {
        Some(Self(None))
    }
}

impl<T: Decode> Field for Spanned<T> {
    const REQUIRED: bool = true;
    fn shape() -> Shape {
        T::shape()
    }
    fn absent() -> Option<Self> {
        None
    }
    fn decode(node: &Node, sink: &mut Sink) -> Option<Self> {
        Decode::decode(node, sink)
    }
}

impl<T: Decode> Field for Option<T> {
    const REQUIRED: bool = false;
    fn shape() -> Shape {
        T::shape()
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
    fn decode(node: &Node, sink: &mut Sink) -> Option<Self> {
        // A faulty optional value counts as absent, so that its table is checked further.
        Some(T::decode(node, sink))
    }
}

impl<T: Decode> Field for Vec<T> {
    const REQUIRED: bool = false;
    fn shape() -> Shape {
        Shape::List(T::shape)
    }
    fn absent() -> Option<Self> {
        Some(Vec::new())
    }
    fn decode(node: &Node, sink: &mut Sink) -> Option<Self> {
        let Value::Array(items) = &node.value else {
            wrong_type("a list", node, sink);
            return Some(Vec::new());
        };
        Some(
            items
                .iter()
                .filter_map(|item| T::decode(item, sink))
                .collect(),
        )
    }
}

impl<K: Key, V: Decode> Field for Map<K, V> {
    const REQUIRED: bool = false;
    fn shape() -> Shape {
        Shape::Map {
            key: &K::SHAPE,
            value: V::shape,
            open: K::OPEN,
        }
    }
    fn absent() -> Option<Self> {
        Some(Self::default())
    }
    fn decode(node: &Node, sink: &mut Sink) -> Option<Self> {
        let Value::Table(table) = &node.value else {
            wrong_type("a table", node, sink);
            return Some(Self {
                faulty: true,
                ..Self::default()
            });
        };
        let mut map = Self::default();
        for entry in &table.entries {
            map.names.insert(entry.key.clone(), usize::MAX);
            let key = Node {
                value: Value::String(entry.key.clone()),
                span: entry.key_span,
            };
            let name: Option<K> = decode_scalar(&key, sink);
            let value = V::decode(&entry.node, sink);
            if let (Some(_), Some(value)) = (name, value) {
                map.names.insert(entry.key.clone(), map.entries.len());
                map.entries
                    .push((Spanned::new(entry.key.clone(), entry.key_span), value));
            }
        }
        Some(map)
    }
}

impl<T: Decode> Decode for Spanned<T> {
    fn shape() -> Shape {
        T::shape()
    }
    fn decode(node: &Node, sink: &mut Sink) -> Option<Self> {
        T::decode(node, sink).map(|value| Spanned::new(value, node.span))
    }
}

/// A type of key.
pub trait Key: Scalar {
    /// Whether an environment may add keys.
    const OPEN: bool;
}

/// A table whose keys the author chose, in the order of the text.
#[derive(Debug, Clone)]
pub struct Map<K, V> {
    entries: Vec<(Spanned<String>, V)>,
    /// Position of each name; `usize::MAX` for one whose value was faulty, so
    /// that a reference to it is not reported as dangling too.
    names: BTreeMap<String, usize>,
    /// Whether the text has something else than a table here: any name may have been meant.
    faulty: bool,
    key: PhantomData<K>,
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            names: BTreeMap::new(),
            faulty: false,
            key: PhantomData,
        }
    }
}

impl<K, V> Map<K, V> {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.names
            .get(name)
            .and_then(|at| self.entries.get(*at))
            .map(|(_, value)| value)
    }

    /// Whether the text declares the name, even if its value is faulty.
    pub fn declares(&self, name: &str) -> bool {
        self.faulty || self.names.contains_key(name)
    }

    /// Whether the text declares nothing at all.
    pub fn declares_nothing(&self) -> bool {
        !self.faulty && self.names.is_empty()
    }

    /// Every declared name.
    pub fn declared(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Names and values in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = (&Spanned<String>, &V)> {
        self.entries.iter().map(|(name, value)| (name, value))
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Reports the keys of `table` that `shape` does not know.
pub fn unknown_keys(table: &Table, shape: &TableShape, sink: &mut Sink) {
    if shape.open {
        return;
    }
    for entry in &table.entries {
        if shape.field(&entry.key).is_none() && !sink.is_full() {
            sink.push(unknown_key(&entry.key, entry.key_span, shape));
        }
    }
}

/// The diagnostic of a key that nothing reads.
pub fn unknown_key(key: &str, span: Span, shape: &TableShape) -> Diagnostic {
    let known = shape.fields.iter().map(|field| field.key);
    let help = suggest::other_name(key, known.clone())
        .or_else(|| suggest::did_you_mean(key, known.clone()))
        .unwrap_or_else(|| match shape.fields {
            [only] => format!("the only key here is `{}`", only.key),
            _ => format!("the keys here are {}", suggest::list(known)),
        });
    Diagnostic::error(codes::UNKNOWN_KEY, format!("unknown key `{key}`"))
        .at(span, "nothing reads this key")
        .help(help)
}

/// Reports a required key that is absent.
pub fn missing_key(key: &str, table_span: Span, shape: &TableShape, sink: &mut Sink) {
    if key == "spec" {
        sink.push(
            Diagnostic::error(
                codes::LANGUAGE,
                "the specification does not say which language it is written in",
            )
            .at(Span::default(), "")
            .help(format!(
                "write spec = \"{}\" in the first line",
                crate::LANGUAGE
            )),
        );
        return;
    }
    let doc = shape.field(key).map_or("", |field| field.doc).trim();
    let first_line = doc.lines().next().unwrap_or("").trim();
    sink.push(
        Diagnostic::error(codes::MISSING_KEY, format!("missing key `{key}`"))
            .at(table_span, format!("needs `{key}`"))
            .help(format!("`{key}`: {first_line}")),
    );
}

/// Declares a table of the language: the struct, its decoder and its shape.
///
/// Each field is `name: Type = "key" [fixed];` with a doc comment that becomes
/// the reference and the JSON Schema. The type says whether the key is required
/// (`Spanned<T>`) or may be absent (`Option<T>`, `Vec<T>`, `Map<K, V>`).
macro_rules! table {
    (
        $(#[doc = $doc:literal])+
        pub struct $Name:ident $(($open:ident))? {
            $(
                $(#[doc = $field_doc:literal])+
                $field:ident : $ty:ty = $key:literal $($fixed:ident)?;
            )+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone)]
        pub struct $Name {
            $( $(#[doc = $field_doc])+ pub $field: $ty, )+
            /// Keys beyond the known ones; empty unless the table takes parameters.
            pub parameters: Vec<crate::tree::Entry>,
            /// Keys whose values have faults of their own: they are not absent.
            pub faulty: Vec<&'static str>,
        }

        impl $Name {
            /// Whether the text gives one of the keys with a fault that is already reported.
            pub fn has_fault_in(&self, keys: &[&str]) -> bool {
                self.faulty.iter().any(|key| keys.contains(key))
            }

            /// The table as data.
            pub const SHAPE: crate::shape::TableShape = crate::shape::TableShape {
                name: stringify!($Name),
                doc: concat!($($doc, "\n"),+),
                open: table!(@open $($open)?),
                fields: &[$(
                    crate::shape::FieldShape {
                        key: $key,
                        doc: concat!($($field_doc, "\n"),+),
                        required: <$ty as crate::decode::Field>::REQUIRED,
                        fixed: table!(@fixed $($fixed)?),
                        shape: <$ty as crate::decode::Field>::shape,
                    }
                ),+],
            };
        }

        impl crate::decode::Decode for $Name {
            fn shape() -> crate::shape::Shape {
                crate::shape::Shape::Table(&Self::SHAPE)
            }

            fn decode(node: &crate::tree::Node, sink: &mut crate::diagnostic::Sink) -> Option<Self> {
                let crate::tree::Value::Table(table) = &node.value else {
                    crate::decode::not_a_table(&Self::SHAPE, node, sink);
                    return None;
                };
                crate::decode::unknown_keys(table, &Self::SHAPE, sink);
                let mut faulty = Vec::new();
                $(
                    let $field: Option<$ty> = match table.get($key) {
                        Some(entry) => {
                            let before = sink.errors();
                            let value = <$ty as crate::decode::Field>::decode(&entry.node, sink);
                            if sink.errors() > before {
                                faulty.push($key);
                            }
                            value
                        }
                        None => <$ty as crate::decode::Field>::absent().or_else(|| {
                            crate::decode::missing_key($key, node.span, &Self::SHAPE, sink);
                            <$ty as crate::decode::Field>::faulty()
                        }),
                    };
                )+
                let parameters = table
                    .entries
                    .iter()
                    .filter(|entry| Self::SHAPE.field(&entry.key).is_none())
                    .cloned()
                    .collect();
                Some(Self { $( $field: $field?, )+ parameters, faulty })
            }
        }
    };
    (@open) => { false };
    (@open open) => { true };
    (@fixed) => { false };
    (@fixed fixed) => { true };
}

/// Makes a [`Scalar`] readable wherever a [`Decode`] is.
macro_rules! scalar {
    ($($Type:ty),+ $(,)?) => { $(
        impl crate::decode::Decode for $Type {
            fn shape() -> crate::shape::Shape {
                crate::shape::Shape::Scalar(&<$Type as crate::decode::Scalar>::SHAPE)
            }
            fn decode(
                node: &crate::tree::Node,
                sink: &mut crate::diagnostic::Sink,
            ) -> Option<Self> {
                crate::decode::decode_scalar(node, sink)
            }
        }
    )+ };
}
