//! What a person or a program reads about a run: diagnostics with source
//! excerpts, failures, the summary of a build, and the same as JSON.
//!
//! Everything that comes from a specification is data here: control characters
//! are shown, never sent to the terminal.

pub mod check;
mod human;
mod json;
mod position;
mod sarif;
mod summary;
pub mod verification;

use std::fmt;

pub use human::{diagnostics, error, failure, note, warning};
pub use json::{BuildReport, build_report, build_reports};
pub use position::{LineIndex, Position};
pub use summary::{heading, summary};

use crate::compiler::{Diagnostic, Severity};

/// The text of a specification and what to call it.
#[derive(Debug, Clone)]
pub struct Source {
    /// The path as the person gave it.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// How many errors and warnings there are. Its text is "2 errors, 1 warning".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Diagnostics that prevent a chart.
    pub n_errors: usize,
    /// Diagnostics that somebody should look at.
    pub n_warnings: usize,
}

impl Tally {
    /// Counts.
    pub fn of(diagnostics: &[Diagnostic]) -> Self {
        let count = |severity| {
            diagnostics
                .iter()
                .filter(|d| d.severity == severity)
                .count()
        };
        Self {
            n_errors: count(Severity::Error),
            n_warnings: count(Severity::Warning),
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [(self.n_errors, "error"), (self.n_warnings, "warning")];
        let parts = parts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, noun)| counted(*n, noun));
        f.write_str(&parts.collect::<Vec<_>>().join(", "))
    }
}

/// "1 file", "2 files".
pub fn counted(n: usize, noun: &str) -> String {
    if n == 1 {
        format!("1 {noun}")
    } else {
        format!("{n} {noun}s")
    }
}

/// Text that is safe on a terminal: control characters and characters that
/// change the direction of writing become visible ones. Newlines stay.
pub fn clean(text: &str) -> String {
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| annotate_snippets::normalize_untrusted_str(line.trim_end_matches('\r')))
        .collect();
    without_c1(&lines.join("\n")).into_owned()
}

/// Replaces the control characters U+0080 to U+009F, which some terminals obey,
/// by a character of the same length in UTF-8, so that spans stay true.
fn without_c1(text: &str) -> std::borrow::Cow<'_, str> {
    let is_c1 = |c: char| ('\u{80}'..='\u{9f}').contains(&c);
    if text.contains(is_c1) {
        text.replace(is_c1, "·").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tallies_read_as_sentences() {
        let tally = |n_errors, n_warnings| {
            Tally {
                n_errors,
                n_warnings,
            }
            .to_string()
        };
        assert_eq!(tally(3, 1), "3 errors, 1 warning");
        assert_eq!(tally(1, 0), "1 error");
        assert_eq!(tally(0, 2), "2 warnings");
    }

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(clean("a\x1b[31m\u{9b}31m\r\nb\u{202e}"), "a␛[31m·31m\nb�");
    }
}
