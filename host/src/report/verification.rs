//! A verification in every form that it is printed in.

mod human;
mod junit;
mod markdown;
mod sarif;
mod strength;

use taskspec_report::{Check, Evidence, Fault, Kind, Report, Statement, Test, Verdict};

use super::{Source, counted};
use crate::cli::ReportFormat;
use crate::failure::Exit;

use human::human;
use junit::junit;
use markdown::markdown;
use sarif::sarif;

/// A specification that was verified.
#[derive(Debug, Clone, Copy)]
pub struct Verified<'a> {
    /// What came of it.
    pub report: &'a Report,
    /// Its text.
    pub source: &'a Source,
}

/// What was verified, in a form. Of several specifications a document says so
/// even if there is one: as a list in JSON, as suites of JUnit, as runs of SARIF.
pub(crate) fn report(
    format: ReportFormat,
    all: &[Verified<'_>],
    is_many: bool,
    evidence: bool,
    exit: Exit,
) -> String {
    match format {
        ReportFormat::Human => {
            let texts = all
                .iter()
                .map(|one| human(one.report, one.source, evidence));
            let texts: Vec<String> = texts.collect();
            texts.join("\n") + &total(all, is_many)
        }
        ReportFormat::Markdown => {
            let texts = all.iter().map(|one| markdown(one.report, one.source));
            texts.collect::<Vec<_>>().join("\n")
        }
        ReportFormat::Junit => junit(all),
        ReportFormat::Sarif => sarif(all),
        ReportFormat::Json => json(all, is_many, exit),
    }
}

/// One JSON document, with a line feed at its end.
fn json(all: &[Verified<'_>], is_many: bool, exit: Exit) -> String {
    // Strings, numbers and lists always have a JSON form.
    let text = match all {
        [one] if !is_many => serde_json::to_string_pretty(one.report),
        all => {
            let reports = all
                .iter()
                .map(|one| serde_json::json!({ "spec": one.source.name, "report": one.report }));
            serde_json::to_string_pretty(&serde_json::json!({
                "format": 1,
                "outcome": exit.name(),
                "reports": reports.collect::<Vec<_>>(),
            }))
        }
    };
    text.unwrap_or_default() + "\n"
}

/// The last line of several.
fn total(all: &[Verified<'_>], is_many: bool) -> String {
    if !is_many {
        return String::new();
    }
    let n_holding = all.iter().filter(|one| one.report.holds()).count();
    format!(
        "\n{}: {n_holding} met by their charts, {} not\n",
        counted(all.len(), "specification"),
        all.len() - n_holding
    )
}

/// Such as "24 proven, 1 by helm test, 2 by a person, 0 violated".
fn tally(report: &Report) -> String {
    let tally = &report.tally;
    let mut parts = vec![format!("{} proven", tally.proven)];
    if tally.runtime > 0 {
        parts.push(format!("{} by helm test", tally.runtime));
    }
    if tally.manual > 0 {
        parts.push(format!("{} by a person", tally.manual));
    }
    parts.push(format!("{} violated", tally.violated));
    parts.join(", ")
}

/// What was judged, such as "3 environments, 118 objects".
fn scope(report: &Report) -> String {
    let own: usize = report.renderings.iter().map(|one| one.own_objects).sum();
    let others: usize = report
        .renderings
        .iter()
        .map(|one| one.dependency_objects)
        .sum();
    let mut text = format!(
        "{}, {}",
        counted(report.renderings.len(), "environment"),
        counted(own + others, "object")
    );
    if report.dependencies_skipped {
        text += "; the dependencies' objects were skipped";
    }
    text
}

/// The environment of a check and its further values.
fn whereabouts(check: &Check) -> String {
    let environment = match check.environment.as_str() {
        "" => "all environments",
        name => name,
    };
    if check.values.is_null() {
        environment.to_owned()
    } else {
        format!("{environment} with {}", check.values)
    }
}

/// `Deployment/api spec.replicas`.
fn location(object: &str, path: &str) -> String {
    [object, path]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A fault in one line, without where it is.
fn fault(fault: &Fault) -> String {
    let mut text = fault.message.clone();
    let mut found = Vec::new();
    if !fault.found.is_empty() {
        found.push(format!("found {}", fault.found));
    }
    if !fault.expected.is_empty() {
        found.push(format!("expected {}", fault.expected));
    }
    if !found.is_empty() {
        text += &format!(" ({})", found.join(", "));
    }
    text
}

/// Evidence in one line.
fn evidence(evidence: &Evidence) -> String {
    let place = location(&evidence.object, &evidence.path);
    let mut text = evidence.that.clone();
    if !evidence.found.is_empty() {
        text += &format!(", found {}", evidence.found);
    }
    if place.is_empty() {
        text
    } else {
        format!("{place}: {text}")
    }
}

/// What a test does and what came of it.
fn test(test: &Test) -> String {
    let outcome = match test.passed {
        None => String::new(),
        Some(true) => format!(": {}", test.said),
        Some(false) => ": failed".to_owned(),
    };
    let reaches = test.reaches.join(", ");
    format!("helm test {} reaches {reaches}{outcome}", test.pod)
}

/// Statements of the specification, without the rules of every chart.
fn stated(report: &Report) -> impl Iterator<Item = &Statement> {
    report
        .statements
        .iter()
        .filter(|one| one.kind != Kind::Rule)
}

/// The rules of every chart.
fn rules(report: &Report) -> impl Iterator<Item = &Statement> {
    report
        .statements
        .iter()
        .filter(|one| one.kind == Kind::Rule)
}

/// How many rules of every chart are kept; none if there is none.
fn kept(report: &Report) -> Option<String> {
    let count = |verdict| rules(report).filter(|rule| rule.verdict == verdict).count();
    let n_rules = rules(report).count();
    let (n_kept, n_open) = (count(Verdict::Proven), count(Verdict::Manual));
    let open = match n_open {
        0 => String::new(),
        n_open => format!(", {n_open} could not be judged"),
    };
    (n_rules > 0).then(|| format!("{n_kept} of {n_rules} rules of every chart are kept{open}"))
}

/// The first line of a text.
fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default()
}

/// How a person would tell a verdict.
fn word(verdict: Verdict) -> &'static str {
    verdict.name()
}
