//! Findings about a specification, and the sink that collects them.

use crate::codes::{Code, NUMBER};
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
        self.labels.push(Label {
            at: span,
            text: text.into(),
            primary,
        });
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
        let at = self.labels.first().map_or(
            Span {
                start: u32::MAX,
                end: u32::MAX,
            },
            |l| l.at,
        );
        (at.start, at.end, self.code)
    }
}

/// Most findings that are kept, counting one for each environment that meets it.
const MOST: usize = 10_000;

/// Longest message, in characters.
const LONGEST_MESSAGE: usize = 300;

/// Longest text of a label, a note or a remedy, in characters.
const LONGEST_REMARK: usize = 2_000;

/// Text of a finding may quote the specification: here it becomes one line
/// that no terminal takes for a command and no reader sees in another order.
fn shown(text: &str, longest: usize) -> String {
    let mut line = String::with_capacity(text.len().min(longest));
    for (count, c) in text.chars().enumerate() {
        if count == longest {
            line.push('…');
            break;
        }
        if c.is_control() || reorders(c) {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// Whether a character is invisible or changes the order in which text is read.
pub(crate) fn reorders(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Collects diagnostics.
#[derive(Debug, Default)]
pub struct Sink {
    diagnostics: Vec<Diagnostic>,
    errors: usize,
    environment: Option<String>,
}

impl Sink {
    /// Adds a finding. It counts, but is not kept, if there are [`MOST`] already.
    pub fn push(&mut self, mut diagnostic: Diagnostic) {
        if diagnostic.severity == Severity::Error {
            self.errors += 1;
        }
        if self.is_full() {
            return;
        }
        diagnostic.notes.extend(
            self.environment
                .iter()
                .map(|name| format!("in environment `{name}`")),
        );
        diagnostic.message = shown(&diagnostic.message, LONGEST_MESSAGE);
        let labels = diagnostic.labels.iter_mut().map(|label| &mut label.text);
        for text in labels
            .chain(&mut diagnostic.notes)
            .chain(&mut diagnostic.help)
        {
            *text = shown(text, LONGEST_REMARK);
        }
        self.diagnostics.push(diagnostic);
    }

    /// Says which environment the next findings are about; `None`: about the base.
    pub fn about(&mut self, environment: Option<&str>) {
        self.environment = environment.map(str::to_owned);
    }

    /// Whether further findings would not be kept.
    pub fn is_full(&self) -> bool {
        self.diagnostics.len() >= MOST
    }

    /// Number of findings so far that prevent the chart.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// Whether any finding prevents the chart.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// The findings in the order of the text, each once: environments are
    /// decoded separately, so that a fault of the base is met several times.
    /// Of several findings about one number the first says enough.
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
                .any(|d| {
                    d.place() == place && (d.message == diagnostic.message || d.code == NUMBER.id)
                });
            if !twin {
                unique.push(diagnostic);
            }
        }
        unique
    }
}
