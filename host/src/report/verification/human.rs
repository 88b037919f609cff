//! For a person at a terminal.

use anstyle::{AnsiColor, Style};
use taskspec_report::{Report, Statement, Verdict};

use super::strength::strength;
use super::{
    evidence, fault, first_line, kept, location, rules, scope, stated, tally, test, whereabouts,
    word,
};
use crate::report::{Source, clean};

/// Faults that are shown of one statement.
const N_FAULTS_MAX: usize = 20;

/// Every statement with its verdict; of those that are violated, why. With
/// `all`, also what proves the others.
pub(super) fn human(report: &Report, source: &Source, all: bool) -> String {
    let shown: Vec<&Statement> = stated(report)
        .chain(rules(report).filter(|rule| all || rule.verdict == Verdict::Violated))
        .collect();
    let width = shown
        .iter()
        .map(|one| one.id.chars().count())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for statement in shown {
        let style = style(statement.verdict);
        let verdict = format!("{style}{:9}{style:#}", word(statement.verdict));
        let id = format!("{:width$}", clean(&statement.id));
        text += &format!("{verdict} {id}  {}\n", clean(&statement.title));
        details(statement, source, all, &mut text);
    }
    if !all && let Some(kept) = kept(report) {
        text += &format!("{kept}\n");
    }
    text += &format!(
        "\n{} {}: {} ({})\n",
        clean(&report.chart),
        clean(&report.version),
        tally(report),
        scope(report)
    );
    if let Some(found) = &report.strength {
        text += &strength(found);
    }
    text
}

fn style(verdict: Verdict) -> Style {
    let color = match verdict {
        Verdict::Proven => AnsiColor::Green,
        Verdict::Violated => AnsiColor::Red,
        Verdict::Runtime => AnsiColor::Cyan,
        Verdict::Manual => AnsiColor::Yellow,
    };
    Style::new().bold().fg_color(Some(color.into()))
}

fn details(statement: &Statement, source: &Source, all: bool, into: &mut String) {
    let mut line = |text: String| *into += &format!("            {}\n", clean(&text));
    if statement.verdict == Verdict::Violated {
        let mut place = String::new();
        let faults: Vec<_> = statement.faults().collect();
        for (check, found) in faults.iter().take(N_FAULTS_MAX) {
            if let Some(at) = check.place.or(statement.place) {
                let here = format!("{}:{}:{}", source.name, at.line, at.column);
                if here != place {
                    line(here.clone());
                    place = here;
                }
            }
            let wherever = location(&found.object, &found.path);
            let wherever = if wherever.is_empty() {
                wherever
            } else {
                format!(" {wherever}")
            };
            line(format!(
                "  {}{wherever}: {}",
                whereabouts(check),
                fault(found)
            ));
        }
        if faults.len() > N_FAULTS_MAX {
            line(format!(
                "  and {} more; `--format json` has all",
                faults.len() - N_FAULTS_MAX
            ));
        }
        for failed in statement
            .tests
            .iter()
            .filter(|one| one.passed == Some(false))
        {
            line(format!("  {} {}", failed.environment, test(failed)));
            for said in failed.said.lines() {
                line(format!("    {said}"));
            }
        }
        line(format!("remedy: {}", statement.remedy));
    }
    if statement.verdict == Verdict::Manual && !statement.manual.is_empty() {
        line(first_line(&statement.manual).to_owned());
    }
    if statement.verdict == Verdict::Runtime {
        let mut seen = Vec::new();
        for one in &statement.tests {
            let text = test(one);
            if !seen.contains(&text) {
                line(text.clone());
                seen.push(text);
            }
        }
    }
    if all {
        for check in &statement.checks {
            for proof in &check.evidence {
                line(format!("{}: {}", whereabouts(check), evidence(proof)));
            }
        }
    }
}
