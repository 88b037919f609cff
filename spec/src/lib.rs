//! The taskspec language: source text with spans, parser, model, diagnostics
//! and JSON Schema.
//!
//! Takes the text of a specification, gives a model in which every environment
//! is merged, and every fault of the text at once. Never does I/O.
//!
//! The stages, each seeing only the previous one's type:
//! text -> [`tree::Table`] -> [`model::Document`] -> [`resolve::Resolved`] (checked).

#[macro_use]
pub mod decode;
pub mod check;
pub mod codes;
pub mod derived;
pub mod diagnostic;
pub mod jsonschema;
pub mod model;
pub mod overlay;
pub mod reference;
pub mod resolve;
pub mod shape;
pub mod span;
pub mod suggest;
mod syntax;
pub mod tree;
pub mod types;

pub use resolve::{Resolved, resolve};

/// The value of the `spec` key that this crate reads.
pub const LANGUAGE: &str = "taskspec/v1";

/// Largest specification that is read, in bytes. 1,000 workloads need about 400 KiB.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Largest product of a specification's size and its number of environments:
/// each environment is a specification of its own.
pub const MAX_MERGED_BYTES: usize = 64 * 1024 * 1024;
