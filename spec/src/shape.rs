//! The language described as data: which keys a table has, what they mean,
//! which type they have and whether an environment may override them.
//!
//! One description serves the decoder, the merging of environments, the JSON
//! Schema and the reference pages, so that they cannot disagree.

/// What a place of a specification may hold.
pub enum Shape {
    /// A table with known keys.
    Table(&'static TableShape),
    /// A table whose keys are names given by the author.
    Map {
        /// What a key is.
        key: &'static ScalarShape,
        /// What stands behind a key.
        value: fn() -> Shape,
        /// Whether an environment may add keys (variables, labels) or only
        /// override what the base declares (workloads, dependencies).
        open: bool,
    },
    /// A list.
    List(fn() -> Shape),
    /// A single value.
    Scalar(&'static ScalarShape),
    /// One of several forms.
    Either(&'static [fn() -> Shape]),
    /// Anything: passed on as data.
    Free,
}

/// A table with known keys.
pub struct TableShape {
    /// Name of the type, such as `Workload`.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Its keys, in the order of the documentation.
    pub fields: &'static [FieldShape],
    /// Whether further keys are parameters kept as data.
    pub open: bool,
}

impl TableShape {
    /// The field with a key.
    pub fn field(&self, key: &str) -> Option<&FieldShape> {
        self.fields.iter().find(|field| field.key == key)
    }
}

/// A key of a table.
pub struct FieldShape {
    /// The key.
    pub key: &'static str,
    /// What it means, its unit, range and default.
    pub doc: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it is the same in every environment.
    pub fixed: bool,
    /// What it holds.
    pub shape: fn() -> Shape,
}

/// A single value.
pub struct ScalarShape {
    /// What it is in the words of a message, with an article: `a duration`.
    pub name: &'static str,
    /// What it looks like: `such as "30s" or "5m"`.
    pub hint: &'static str,
    /// JSON Schema of it, as JSON text.
    pub json: &'static str,
}
