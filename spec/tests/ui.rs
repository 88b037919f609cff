//! Bad specifications and what is said about them: `tests/ui/<case>/spec.toml`
//! beside `expected.txt`. `TASKSPEC_BLESS=1` rewrites the expectations; read
//! the difference before committing it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use taskspec_spec::diagnostic::{Diagnostic, Label, Severity};

#[test]
fn every_case_says_what_is_expected() {
    let bless = std::env::var_os("TASKSPEC_BLESS").is_some();
    let mut failures = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 45, "only {} cases found", cases.len());
    for case in cases {
        let text = std::fs::read_to_string(case.join("spec.toml")).unwrap();
        let found = render(&text);
        let expected = case.join("expected.txt");
        if bless {
            std::fs::write(&expected, &found).unwrap();
        } else if std::fs::read_to_string(&expected).ok().as_deref() != Some(&found) {
            failures.push(format!("{}:\n{found}", case.display()));
        }
    }
    assert!(
        failures.is_empty(),
        "{} cases differ (TASKSPEC_BLESS=1 rewrites them):\n\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/ui"));
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

/// The findings as plain text, each label with the text it points at.
fn render(text: &str) -> String {
    let (resolved, diagnostics) = taskspec_spec::resolve(text);
    let errors = diagnostics.iter().any(|d| d.severity == Severity::Error);
    assert_eq!(
        resolved.is_none(),
        errors,
        "the model is absent exactly if there is an error"
    );
    let mut out = String::new();
    for diagnostic in &diagnostics {
        finding(text, diagnostic, &mut out);
    }
    if diagnostics.is_empty() {
        out.push_str("no findings\n");
    }
    out
}

fn finding(text: &str, diagnostic: &Diagnostic, out: &mut String) {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let start = diagnostic
        .labels
        .first()
        .map(|label| format!(" {}", place(text, label)));
    let start = start.unwrap_or_default();
    writeln!(
        out,
        "{severity}[{}]{start} {}",
        diagnostic.code, diagnostic.message
    )
    .unwrap();
    for label in &diagnostic.labels {
        let mark = if label.primary { '^' } else { '-' };
        let at = &text[label.at.start as usize..label.at.end as usize];
        writeln!(
            out,
            "  {mark} {} {} {}",
            place(text, label),
            excerpt(at),
            label.text
        )
        .unwrap();
    }
    for note in &diagnostic.notes {
        writeln!(out, "  note: {note}").unwrap();
    }
    if let Some(help) = &diagnostic.help {
        writeln!(out, "  help: {help}").unwrap();
    }
}

/// Line and column in characters, both from 1.
fn place(text: &str, label: &Label) -> String {
    let before = &text[..label.at.start as usize];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    format!("{line}:{column}")
}

/// The text that a label points at, short enough for one line.
fn excerpt(text: &str) -> String {
    let short: String = text.chars().take(50).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{:?}{more}", short)
}
