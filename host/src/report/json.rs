//! The one JSON document of `build --message-format json`.
//!
//! The structures are the documentation of its form; `format` changes when a
//! key changes its meaning or goes away, not when one is added.

use std::path::Path;

use serde::Serialize;

use super::{LineIndex, Position, Source};
use crate::compiler::{Chart, Diagnostic, Label, Severity};
use crate::failure::{Exit, Failure};
use crate::output::{FileOutcome, OtherArchive, Written};

/// What is known about a build when it ends; a failed one knows less.
#[derive(Debug, Clone, Copy)]
pub struct BuildReport<'a> {
    /// How it ends.
    pub exit: Exit,
    /// The specification as the person named it.
    pub spec: &'a str,
    /// Its text, once read.
    pub source: Option<&'a Source>,
    /// What the compiler found.
    pub diagnostics: &'a [Diagnostic],
    /// The compiled chart.
    pub chart: Option<&'a Chart>,
    /// The chart's folder and what was done in it.
    pub written: Option<(&'a Path, &'a Written)>,
    /// Why it could not end well, where that is no diagnostic.
    pub failure: Option<&'a Failure>,
}

impl<'a> BuildReport<'a> {
    /// Nothing is known yet.
    pub fn new(exit: Exit, spec: &'a str) -> Self {
        Self {
            exit,
            spec,
            source: None,
            diagnostics: &[],
            chart: None,
            written: None,
            failure: None,
        }
    }
}

/// The document, with a line feed at its end.
pub fn build_report(report: &BuildReport<'_>) -> String {
    let document = Document::new(report);
    // Strings, numbers and lists always have a JSON form.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// The document of several builds: how all of them end, and each one's document
/// in `builds`.
pub fn build_reports(exit: Exit, reports: &[BuildReport<'_>]) -> String {
    #[derive(Serialize)]
    struct All<'a> {
        format: u32,
        outcome: &'static str,
        builds: Vec<Document<'a>>,
    }
    let all = All {
        format: 1,
        outcome: exit.name(),
        builds: reports.iter().map(Document::new).collect(),
    };
    serde_json::to_string_pretty(&all).unwrap_or_default() + "\n"
}

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    /// `done`, `findings`, `spec`, `world` or `bug`, for the exit codes 0, 1, 2, 3 and 70.
    outcome: &'static str,
    spec: &'a str,
    error: Option<ErrorJson<'a>>,
    diagnostics: Vec<DiagnosticJson<'a>>,
    chart: Option<ChartJson<'a>>,
    files: &'a [FileOutcome],
    /// Archives of dependencies that are not what the lock names.
    archives: &'a [OtherArchive],
    environments: Vec<EnvironmentJson<'a>>,
    decisions: Vec<DecisionJson<'a>>,
    next: &'a [String],
}

#[derive(Serialize)]
struct ErrorJson<'a> {
    message: &'a str,
    notes: &'a [String],
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct DiagnosticJson<'a> {
    code: &'a str,
    severity: &'static str,
    message: &'a str,
    labels: Vec<LabelJson<'a>>,
    notes: &'a [String],
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct LabelJson<'a> {
    primary: bool,
    text: &'a str,
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct ChartJson<'a> {
    name: &'a str,
    version: &'a str,
    /// Null when the chart was not written.
    folder: Option<String>,
}

#[derive(Serialize)]
struct EnvironmentJson<'a> {
    name: &'a str,
    values_file: &'a str,
    namespace: &'a str,
    summary: &'a str,
    install: &'a str,
}

#[derive(Serialize)]
struct DecisionJson<'a> {
    subject: &'a str,
    choice: &'a str,
    reason: &'a str,
}

impl<'a> Document<'a> {
    fn new(report: &BuildReport<'a>) -> Self {
        let chart = report.chart;
        Self {
            format: 1,
            outcome: report.exit.name(),
            spec: report.spec,
            error: report.failure.map(ErrorJson::new),
            diagnostics: diagnostics(report),
            chart: chart.map(|chart| ChartJson {
                name: &chart.name,
                version: &chart.version,
                folder: report
                    .written
                    .map(|(folder, _)| folder.display().to_string()),
            }),
            files: report.written.map_or(&[], |(_, written)| &written.files),
            archives: report.written.map_or(&[], |(_, written)| &written.archives),
            environments: chart.map_or_else(Vec::new, environments),
            decisions: chart.map_or_else(Vec::new, decisions),
            next: chart.map_or(&[], |chart| &chart.next),
        }
    }
}

impl<'a> ErrorJson<'a> {
    fn new(failure: &'a Failure) -> Self {
        Self {
            message: &failure.message,
            notes: &failure.notes,
            help: failure.help.as_deref(),
        }
    }
}

fn diagnostics<'a>(report: &BuildReport<'a>) -> Vec<DiagnosticJson<'a>> {
    let index = LineIndex::new(report.source.map_or("", |source| &source.text));
    let all = report.diagnostics.iter().map(|diagnostic| DiagnosticJson {
        code: &diagnostic.code,
        severity: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        message: &diagnostic.message,
        labels: diagnostic
            .labels
            .iter()
            .map(|label| LabelJson::new(&index, label))
            .collect(),
        notes: &diagnostic.notes,
        help: diagnostic.help.as_deref(),
    });
    all.collect()
}

impl<'a> LabelJson<'a> {
    fn new(index: &LineIndex<'_>, label: &'a Label) -> Self {
        let position = |offset: u32| index.position(usize::try_from(offset).unwrap_or(usize::MAX));
        Self {
            primary: label.primary,
            text: &label.text,
            start: position(label.at.start),
            end: position(label.at.end),
        }
    }
}

fn environments(chart: &Chart) -> Vec<EnvironmentJson<'_>> {
    let all = chart
        .environments
        .iter()
        .map(|environment| EnvironmentJson {
            name: &environment.name,
            values_file: &environment.values_file,
            namespace: &environment.namespace,
            summary: &environment.summary,
            install: &environment.install,
        });
    all.collect()
}

fn decisions(chart: &Chart) -> Vec<DecisionJson<'_>> {
    let all = chart.decisions.iter().map(|decision| DecisionJson {
        subject: &decision.subject,
        choice: &decision.choice,
        reason: &decision.reason,
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::compiler::Span;

    #[test]
    fn places_are_offsets_lines_and_columns_in_characters() {
        let text = "# größe\r\nname = \"日本\"\r\n".to_owned();
        let start = text.find('本').unwrap();
        let at = |n: usize| u32::try_from(n).unwrap();
        let diagnostics = [Diagnostic {
            severity: Severity::Warning,
            code: "TS0042".into(),
            message: "m".into(),
            labels: vec![Label {
                at: Span {
                    start: at(start),
                    end: at(start + 3),
                },
                text: "here".into(),
                primary: true,
            }],
            notes: vec![],
            help: None,
        }];
        let source = Source {
            name: "spec.toml".into(),
            text,
        };
        let report = BuildReport {
            source: Some(&source),
            diagnostics: &diagnostics,
            ..BuildReport::new(Exit::Done, "spec.toml")
        };
        let document: Value = serde_json::from_str(&build_report(&report)).unwrap();
        let expected = json!({
            "code": "TS0042", "severity": "warning", "message": "m", "notes": [], "help": null,
            "labels": [{
                "primary": true, "text": "here",
                "start": { "offset": 22, "line": 2, "column": 10 },
                "end": { "offset": 25, "line": 2, "column": 11 },
            }],
        });
        assert_eq!(document["diagnostics"], json!([expected]));
    }

    #[test]
    fn a_failed_build_has_the_same_keys_as_a_good_one() {
        let failure = Failure::world("no such file").help("check the path");
        let report = BuildReport {
            failure: Some(&failure),
            ..BuildReport::new(Exit::World, "x")
        };
        let document: Value = serde_json::from_str(&build_report(&report)).unwrap();
        let expected = json!({
            "format": 1, "outcome": "world", "spec": "x",
            "error": { "message": "no such file", "notes": [], "help": "check the path" },
            "diagnostics": [], "chart": null, "files": [], "archives": [],
            "environments": [], "decisions": [], "next": [],
        });
        assert_eq!(document, expected);
    }
}
