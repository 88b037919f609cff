//! The summary of a build on standard output.

use std::fmt::Write;
use std::path::Path;

use anstyle::Style;

use super::{clean, counted};
use crate::compiler::{Chart, Decision, Environment};
use crate::output::{FileState, Written};

/// Columns that running text fills.
const WIDTH: usize = 80;

const HEADING: Style = Style::new().bold();

/// What was built, for which environments, what was decided, what to do next.
pub fn summary(chart: &Chart, folder: &Path, written: &Written) -> String {
    let mut text = heading(chart, folder, written);
    if !chart.environments.is_empty() {
        let _ = write!(
            text,
            "\n{HEADING}Environments{HEADING:#}\n{}",
            environments(&chart.environments)
        );
    }
    if !chart.decisions.is_empty() {
        let _ = writeln!(text, "\n{HEADING}Decided for you{HEADING:#}");
        text.extend(chart.decisions.iter().map(decision));
    }
    if !chart.next.is_empty() {
        let place = clean(&folder.display().to_string());
        let _ = writeln!(text, "\n{HEADING}Next, in {place}{HEADING:#}");
        for step in &chart.next {
            let _ = writeln!(text, "  {}", clean(step));
        }
    }
    text
}

/// The chart, its folder and what was done with its files, in one line.
pub fn heading(chart: &Chart, folder: &Path, written: &Written) -> String {
    let name = clean(&format!("{} {}", chart.name, chart.version));
    format!(
        "{HEADING}{name}{HEADING:#} in {}: {}\n",
        clean(&folder.display().to_string()),
        files(written)
    )
}

/// "31 files, 2 written, 29 unchanged".
fn files(written: &Written) -> String {
    let count = |state| {
        written
            .files
            .iter()
            .filter(|file| file.state == state)
            .count()
    };
    let n_removed = count(FileState::Removed);
    let n_obsolete = count(FileState::KeptObsolete);
    let mut parts = vec![counted(
        written.files.len() - n_removed - n_obsolete,
        "file",
    )];
    let counts = [
        (count(FileState::Written), "written"),
        (count(FileState::Unchanged), "unchanged"),
        (n_removed, "removed"),
        (count(FileState::Merged), "merged"),
        (count(FileState::Conflict), "with conflicts"),
        (
            count(FileState::KeptEdited) + count(FileState::KeptForeign) + n_obsolete,
            "kept",
        ),
    ];
    parts.extend(
        counts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{n} {what}")),
    );
    parts.join(", ")
}

fn environments(environments: &[Environment]) -> String {
    let width = |text: &str| clean(text).chars().count();
    let name_width = environments
        .iter()
        .map(|e| width(&e.name))
        .max()
        .unwrap_or_default();
    let file_width = environments
        .iter()
        .map(|e| width(&e.values_file))
        .max()
        .unwrap_or_default();
    let rows = environments.iter().map(|environment| {
        let (name, file) = (clean(&environment.name), clean(&environment.values_file));
        let row = format!(
            "  {name:name_width$}  {file:file_width$}  {}",
            clean(&environment.summary)
        );
        format!("{}\n", row.trim_end())
    });
    rows.collect()
}

fn decision(decision: &Decision) -> String {
    let text = format!(
        "{}: {} - {}",
        decision.subject, decision.choice, decision.reason
    );
    wrap(&clean(&text), "  ", "    ")
}

/// Breaks text between words. A word longer than the line stays whole, so that
/// commands and paths can be copied.
fn wrap(text: &str, first_indent: &str, indent: &str) -> String {
    let mut out = String::from(first_indent);
    let mut column = first_indent.len();
    let mut line_is_empty = true;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if !line_is_empty && column + 1 + width > WIDTH {
            out.push('\n');
            out.push_str(indent);
            column = indent.len();
            line_is_empty = true;
        }
        if !line_is_empty {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
        line_is_empty = false;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::FileOutcome;

    fn environment(name: &str, summary: &str) -> Environment {
        Environment {
            name: name.into(),
            values_file: format!("values-{name}.yaml"),
            release: String::new(),
            namespace: name.into(),
            summary: summary.into(),
            install: String::new(),
        }
    }

    #[test]
    fn a_summary_has_all_parts() {
        let chart = Chart {
            name: "task-api".into(),
            version: "1.0.0".into(),
            files: vec![],
            environments: vec![
                environment("dev", "1 replica"),
                environment("production", "3 replicas"),
            ],
            decisions: vec![Decision {
                subject: "migrations.strategy".into(),
                choice: "a hook after install".into(),
                reason: "the database is in the release, so nothing could answer before it".into(),
            }],
            next: vec!["helm lint chart-out/task-api".into()],
        };
        let file = |path: &str, state| FileOutcome::new(path, state);
        let files = vec![
            file("Chart.yaml", FileState::Written),
            file("old.yaml", FileState::Removed),
            file("values.yaml", FileState::Unchanged),
        ];
        let text = summary(
            &chart,
            Path::new("chart-out/task-api"),
            &Written {
                files,
                ..Written::default()
            },
        );
        let expected = "\
task-api 1.0.0 in chart-out/task-api: 2 files, 1 written, 1 unchanged, 1 removed

Environments
  dev         values-dev.yaml         1 replica
  production  values-production.yaml  3 replicas

Decided for you
  migrations.strategy: a hook after install - the database is in the release, so
    nothing could answer before it

Next, in chart-out/task-api
  helm lint chart-out/task-api
";
        assert_eq!(anstream::adapter::strip_str(&text).to_string(), expected);
    }

    #[test]
    fn long_words_stay_whole() {
        let word = "x".repeat(90);
        assert_eq!(
            wrap(&format!("a {word} b"), "", "  "),
            format!("a\n  {word}\n  b\n")
        );
        assert_eq!(wrap("", "  ", "  "), "  \n");
    }
}
