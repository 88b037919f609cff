//! Markdown, for pull requests and wikis.

use taskspec_report::{Report, Statement, Verdict};

use super::strength::strength;
use super::{evidence, fault, kept, location, rules, scope, stated, tally, test, whereabouts};
use crate::report::Source;

/// Pieces of evidence that a table's row holds.
const N_EVIDENCE_MAX: usize = 3;

/// The report as a table, and what is violated below it.
pub(super) fn markdown(report: &Report, source: &Source) -> String {
    let mut text = format!(
        "# {} {}\n\n{} in {}: {}.\n\n",
        inline(&report.chart),
        inline(&report.version),
        inline(&source.name),
        scope(report),
        tally(report)
    );
    text += "| statement | verdict | evidence |\n|---|---|---|\n";
    for statement in stated(report) {
        text += &row(statement);
    }
    for rule in rules(report).filter(|rule| rule.verdict == Verdict::Violated) {
        text += &row(rule);
    }
    if let Some(kept) = kept(report) {
        text += &format!("\n{kept}.\n");
    }
    for statement in &report.statements {
        if statement.verdict == Verdict::Violated {
            text += &violation(statement, source);
        }
    }
    if let Some(found) = &report.strength {
        let said = strength(found).replace("```", "` ` `");
        text += &format!("\n## Strength\n\n```text\n{}\n```\n", said.trim());
    }
    text
}

fn row(statement: &Statement) -> String {
    let verdict = match statement.verdict {
        Verdict::Violated => "**violated**".to_owned(),
        other => other.name().to_owned(),
    };
    let mut proof: Vec<String> = match statement.verdict {
        Verdict::Violated => vec!["see below".to_owned()],
        Verdict::Manual => vec![cell(&statement.manual)],
        Verdict::Runtime => statement.tests.iter().map(|one| cell(&test(one))).collect(),
        Verdict::Proven => statement
            .checks
            .iter()
            .flat_map(|check| check.evidence.iter().map(|one| code(&evidence(one))))
            .collect(),
    };
    proof.dedup();
    let n_more = proof.len().saturating_sub(N_EVIDENCE_MAX);
    proof.truncate(N_EVIDENCE_MAX);
    if n_more > 0 {
        proof.push(format!("and {n_more} more"));
    }
    format!(
        "| {} {} | {verdict} | {} |\n",
        cell(&statement.id),
        cell(&statement.title),
        proof.join("<br>")
    )
}

fn violation(statement: &Statement, source: &Source) -> String {
    let mut text = format!(
        "\n## {} {}\n\n",
        inline(&statement.id),
        inline(&statement.title)
    );
    if let Some(place) = statement.place {
        text += &format!("{}, line {}.\n\n", inline(&source.name), place.line);
    }
    for (check, found) in statement.faults() {
        let place = location(&found.object, &found.path);
        let place = if place.is_empty() {
            place
        } else {
            format!(" {}", code(&place))
        };
        text += &format!(
            "- {}{place}: {}\n",
            inline(&whereabouts(check)),
            inline(&fault(found))
        );
    }
    for failed in statement
        .tests
        .iter()
        .filter(|one| one.passed == Some(false))
    {
        text += &format!("- {}\n", inline(&test(failed)));
    }
    text += &format!(
        "\nRemedy: {}.\n",
        inline(statement.remedy.trim_end_matches('.'))
    );
    text
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    inline(text)
}

/// Text in which nothing is markup.
fn inline(text: &str) -> String {
    let mut plain = String::new();
    for c in text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
    {
        if c.is_control() {
            continue;
        }
        if "\\`*_{}[]<>#|~&!".contains(c) {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}

/// Text as code, in as many backticks as it needs.
fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    // A bar would end the cell, also inside of code.
    format!("{fence} {} {fence}", text.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_texts_stays_text() {
        assert_eq!(inline("a|b *c* <d>\n`e`"), "a\\|b \\*c\\* \\<d\\> \\`e\\`");
        assert_eq!(code("a ``b|"), "``` a ``b\\| ```");
    }
}
