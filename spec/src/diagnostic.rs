//! Findings about a specification.

use crate::span::Span;

/// How much a diagnostic weighs. Only [`Severity::Error`] prevents a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// No chart is made.
    Error,
    /// A chart is made; somebody should look.
    Warning,
    /// Worth knowing.
    Note,
}

/// A remark on a place of the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub at: Span,
    /// What is to be said about it; may be empty.
    pub text: String,
    /// Whether this is the place of the fault itself.
    pub primary: bool,
}

/// A finding about the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its weight.
    pub severity: Severity,
    /// Stable code such as `TS0012`.
    pub code: &'static str,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Places; the first is primary. Empty when the finding has no place.
    pub labels: Vec<Label>,
    /// Why it matters, and facts that help.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
}
