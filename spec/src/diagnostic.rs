//! Findings about a specification, and the sink that collects them.

use crate::codes::Code;
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

impl Diagnostic {
    fn new(severity: Severity, code: Code, message: impl Into<String>) -> Self {
        Self {
            severity,
            code: code.id,
            message: message.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// A fault that prevents the chart.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A finding that somebody should look at.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// Adds a place: the first one is primary, later ones explain it.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        let primary = self.labels.is_empty();
        self.labels.push(Label { at: span, text: text.into(), primary });
        self
    }

    /// Adds the remedy.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Adds the remedy when there is one.
    #[must_use]
    pub fn maybe_help(mut self, text: Option<String>) -> Self {
        self.help = text.or(self.help);
        self
    }

    /// Adds the reason, or a fact that helps.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    fn place(&self) -> (u32, u32, &'static str) {
        let at = self.labels.first().map_or(Span { start: u32::MAX, end: u32::MAX }, |l| l.at);
        (at.start, at.end, self.code)
    }
}

/// Collects diagnostics.
#[derive(Debug, Default)]
pub struct Sink {
    diagnostics: Vec<Diagnostic>,
}

impl Sink {
    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Whether any finding prevents the chart.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }

    /// The findings in the order of the text, each once: environments are
    /// decoded separately, so that a fault of the base is met several times.
    pub fn into_sorted(self) -> Vec<Diagnostic> {
        let mut all = self.diagnostics;
        all.sort_by_key(Diagnostic::place);
        let mut unique: Vec<Diagnostic> = Vec::with_capacity(all.len());
        for diagnostic in all {
            let place = diagnostic.place();
            let twin = unique
                .iter()
                .rev()
                .take_while(|d| d.place().0 == place.0)
                .any(|d| d.place() == place && d.message == diagnostic.message);
            if !twin {
                unique.push(diagnostic);
            }
        }
        unique
    }
}
