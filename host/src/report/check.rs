//! What `check` found, for people, programs, code hosts and GitHub's log.

use std::path::Path;

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use serde_json::{Value, json};

use super::{clean, counted, note};
use crate::failure::Exit;
use crate::output::{Finding, Inspection, LOCK_NAME, Reason, unified};
use crate::report::sarif;

const HEADING: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For a person
    Human,
    /// For a program
    Json,
    /// For code hosts
    Sarif,
    /// Commands of GitHub's log, which shows them beside the files
    Github,
}

/// How to report.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// The form.
    pub format: CheckFormat,
    /// Whether to show what differs.
    pub diff: bool,
}

/// One specification and its chart.
#[derive(Debug, Clone, Copy)]
pub struct Checked<'a> {
    /// The specification as the person named it.
    pub spec: &'a str,
    /// How it ended.
    pub exit: Exit,
    /// The chart's folder and what it is like, if it got so far.
    pub chart: Option<(&'a Path, &'a Inspection)>,
    /// Why it did not.
    pub message: Option<&'a str>,
}

/// Collects what was found.
#[derive(Debug)]
pub struct Reporter {
    form: Form,
    documents: Vec<Value>,
    n_good: usize,
    n_differing: usize,
    n_failed: usize,
    reasons: Vec<Reason>,
}

impl Reporter {
    /// Nothing was found yet.
    pub fn new(form: Form) -> Self {
        Self {
            form,
            documents: Vec::new(),
            n_good: 0,
            n_differing: 0,
            n_failed: 0,
            reasons: Vec::new(),
        }
    }

    /// Adds a chart. Gives what can be printed at once.
    pub fn add(&mut self, checked: &Checked<'_>) -> String {
        match checked.chart {
            None => self.n_failed += 1,
            Some((_, inspection)) if inspection.findings.is_empty() => self.n_good += 1,
            Some(_) => self.n_differing += 1,
        }
        let all = checked.chart.iter().flat_map(|(_, one)| &one.findings);
        self.reasons.extend(all.flat_map(|one| &one.reasons));
        match (self.form.format, checked.chart) {
            (CheckFormat::Json, _) => self.documents.push(document(checked, self.form.diff)),
            (CheckFormat::Sarif, Some((folder, inspection))) => {
                let results = inspection.findings.iter();
                self.documents
                    .extend(results.map(|finding| result(folder, finding)));
            }
            (CheckFormat::Sarif, None) => self.documents.push(unchecked(checked)),
            (CheckFormat::Github, chart) => return github(checked, chart),
            (CheckFormat::Human, Some((folder, inspection))) => {
                return human(folder, inspection, self.form.diff);
            }
            (CheckFormat::Human, None) => {}
        }
        String::new()
    }

    /// The end of the report.
    pub fn finish(self, exit: Exit) -> String {
        let document = match self.form.format {
            CheckFormat::Human => return self.summary(),
            CheckFormat::Github => return String::new(),
            CheckFormat::Json => json!({
                "format": 1,
                "outcome": exit.name(),
                "charts": self.documents,
            }),
            CheckFormat::Sarif => sarif::document(vec![sarif::run(&rules(), &self.documents)]),
        };
        serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
    }

    fn summary(mut self) -> String {
        let mut text = String::new();
        self.reasons.sort();
        self.reasons.dedup();
        let mut remedies: Vec<&str> = Vec::new();
        for reason in &self.reasons {
            if !remedies.contains(&reason.remedy()) {
                remedies.push(reason.remedy());
                text += &note(&format!("{}: {}", reason.words(), reason.remedy()));
            }
        }
        let parts = [
            (self.n_good, GOOD, "as built"),
            (self.n_differing, BAD, "not as built"),
            (self.n_failed, BAD, "not checked"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(n, ..)| *n > 0)
            .map(|(n, style, what)| format!("{style}{n} {what}{style:#}"))
            .collect();
        let n_all = self.n_good + self.n_differing + self.n_failed;
        text + &format!("{}: {}\n", counted(n_all, "chart"), parts.join(", "))
    }
}

fn human(folder: &Path, inspection: &Inspection, diff: bool) -> String {
    if inspection.findings.is_empty() {
        return String::new();
    }
    let place = clean(&folder.display().to_string());
    let mut text = format!("{HEADING}{place}{HEADING:#}\n");
    let width = inspection
        .findings
        .iter()
        .map(|one| one.path.chars().count());
    let width = width.max().unwrap_or_default();
    for finding in &inspection.findings {
        let path = clean(&finding.path);
        text += &format!("  {path:width$}  {}\n", clean(&why(finding, inspection)));
        if diff {
            text += &difference(finding, true);
        }
    }
    text + "\n"
}

/// The reasons in words, and more where more is known.
fn why(finding: &Finding, inspection: &Inspection) -> String {
    let words = finding.reasons.iter().map(|reason| match reason {
        Reason::CompilerChanged => match &inspection.release {
            Some(release) if release != env!("CARGO_PKG_VERSION") => {
                format!("compiler changed (it was that of {release})")
            }
            _ => reason.words().to_owned(),
        },
        _ => reason.words().to_owned(),
    });
    let mut text = words.collect::<Vec<_>>().join(", ");
    if let Some(note) = &finding.note {
        text += &format!("; {note}");
    }
    text
}

/// A hand edit from what was generated to what is there; else what a build would
/// change.
fn difference(finding: &Finding, color: bool) -> String {
    if finding.found.is_none() && finding.expected.is_none() {
        return String::new();
    }
    let [expected, found] = [&finding.expected, &finding.found].map(|text| {
        text.as_deref().map(|text| match color {
            true => clean(text),
            false => text.to_owned(),
        })
    });
    let is_theirs = |reason: &Reason| matches!(reason, Reason::EditedByHand | Reason::Unknown);
    let (before, after) = match finding.reasons.iter().any(is_theirs) {
        true => (expected, found),
        false => (found, expected),
    };
    unified(&finding.path, before.as_deref(), after.as_deref(), color)
}

fn document(checked: &Checked<'_>, diff: bool) -> Value {
    let empty = Inspection::default();
    let (folder, inspection) = match checked.chart {
        Some((folder, inspection)) => (Some(folder.display().to_string()), inspection),
        None => (None, &empty),
    };
    let findings = inspection.findings.iter().map(|finding| {
        let mut value = json!({
            "path": finding.path,
            "reasons": finding.reasons,
            "note": finding.note,
        });
        if diff {
            value["diff"] = json!(difference(finding, false));
        }
        value
    });
    json!({
        "spec": checked.spec,
        "outcome": checked.exit.name(),
        "message": checked.message,
        "folder": folder,
        "release": inspection.release,
        "findings": findings.collect::<Vec<_>>(),
        "others": inspection.others,
    })
}

const REASONS: [(&str, Reason); 9] = [
    ("edited-by-hand", Reason::EditedByHand),
    ("not-merged", Reason::NotMerged),
    ("spec-changed", Reason::SpecChanged),
    ("compiler-changed", Reason::CompilerChanged),
    ("catalog-changed", Reason::CatalogChanged),
    ("missing", Reason::Missing),
    ("unknown", Reason::Unknown),
    ("interrupted", Reason::Interrupted),
    ("archive-changed", Reason::ArchiveChanged),
];

fn rules() -> Vec<Value> {
    let rule = |(id, reason): &(&str, Reason)| {
        json!({
            "id": id,
            "shortDescription": { "text": reason.words() },
            "help": { "text": reason.remedy() },
        })
    };
    let mut rules: Vec<Value> = REASONS.iter().map(rule).collect();
    rules.push(json!({
        "id": UNCHECKED,
        "shortDescription": { "text": "not checked" },
        "help": { "text": "mend the specification; `build` shows its errors" },
    }));
    rules
}

/// The rule about specifications that could not be checked; the last one.
const UNCHECKED: &str = "not-checked";

fn unchecked(checked: &Checked<'_>) -> Value {
    json!({
        "ruleId": UNCHECKED,
        "ruleIndex": REASONS.len(),
        "level": "error",
        "message": { "text": checked.message.unwrap_or("not checked") },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": sarif::uri(checked.spec) },
        }}],
    })
}

fn result(folder: &Path, finding: &Finding) -> Value {
    let first = finding.reasons.first().copied().unwrap_or(Reason::Unknown);
    let index = REASONS.iter().position(|(_, reason)| *reason == first);
    let index = index.unwrap_or_default();
    let words: Vec<&str> = finding
        .reasons
        .iter()
        .map(|reason| reason.words())
        .collect();
    let text = format!("{}: {}", words.join(", "), first.remedy());
    // A file that is not there cannot be shown: the lock stands for it.
    let path = match first {
        Reason::Missing => folder.join(LOCK_NAME),
        _ => folder.join(&finding.path),
    };
    let text = format!("{}: {text}", finding.path);
    json!({
        "ruleId": REASONS[index].0,
        "ruleIndex": index,
        "level": "error",
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": sarif::uri(&path.display().to_string()) },
        }}],
    })
}

fn github(checked: &Checked<'_>, chart: Option<(&Path, &Inspection)>) -> String {
    let line = |file: &str, title: &str, message: &str| {
        format!(
            "::error file={},title={}::{}\n",
            escaped(file, true),
            escaped(title, true),
            escaped(message, false)
        )
    };
    let Some((folder, inspection)) = chart else {
        let message = checked.message.unwrap_or("the specification has errors");
        return line(checked.spec, "not checked", message);
    };
    let lines = inspection.findings.iter().map(|finding| {
        let first = finding.reasons.first().copied().unwrap_or(Reason::Unknown);
        let path = folder.join(&finding.path).display().to_string();
        line(&path, &why(finding, inspection), first.remedy())
    });
    lines.collect()
}

/// As GitHub's runner reads its commands.
fn escaped(text: &str, is_property: bool) -> String {
    let mut text = text
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    if is_property {
        text = text.replace(':', "%3A").replace(',', "%2C");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_reasons_are_those_of_json() {
        for (id, reason) in REASONS {
            assert_eq!(json!(reason), json!(id));
        }
    }

    #[test]
    fn what_would_end_a_command_is_escaped() {
        let inspection = Inspection {
            findings: vec![Finding {
                path: "a,b:c\n%.yaml".to_owned(),
                reasons: vec![Reason::EditedByHand, Reason::SpecChanged],
                found: None,
                expected: None,
                note: None,
            }],
            ..Inspection::default()
        };
        let checked = Checked {
            spec: "spec.toml",
            exit: Exit::Findings,
            chart: Some((Path::new("out"), &inspection)),
            message: None,
        };
        let text = github(&checked, checked.chart);
        let expected =
            "::error file=out/a%2Cb%3Ac%0A%25.yaml,title=edited by hand%2C spec changed::";
        assert!(text.starts_with(expected), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
}
