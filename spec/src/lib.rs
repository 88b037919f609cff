//! The taskspec language: source text with spans, parser, model, diagnostics
//! and JSON Schema. Takes text, gives a checked model and every fault of it at
//! once; never does I/O.

pub mod diagnostic;
pub mod span;
