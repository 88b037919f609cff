//! Everything that the document says, in its order.

use crate::answers::{self, Hardening, Question, Task};
use crate::attention::{self, Item};
use crate::changes::Changes;
use crate::diagram::{self, Diagram};
use crate::sides::{self, Group};
use crate::site::{Decided, Site, items, text};
use crate::trace::{Excerpt, Lines, Trace, Traced};
use crate::{Choice, Review, words};
use serde::Serialize;
use serde_json::Value;
use taskspec_report::Verdict;

/// The document before it is arranged.
#[derive(Debug, Serialize)]
pub struct Page<'a> {
    /// Name of the chart.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Version of the application; empty if nobody said.
    pub app_version: String,
    /// What it does, in one line.
    pub summary: String,
    /// Further paragraphs.
    pub description: Vec<String>,
    /// Who maintains it.
    pub owners: Vec<String>,
    /// Name of the specification's file.
    pub spec_name: &'a str,
    /// What exactly is approved: what, digest.
    pub digests: Vec<(&'static str, &'a str)>,
    /// One line on how it ended.
    pub verdict: String,
    /// `holds` or `violated`.
    pub state: &'static str,
    /// Verdicts with their numbers.
    pub counts: Vec<(&'static str, usize)>,
    /// What to look at first.
    pub attention: Vec<Item>,
    /// What changed.
    pub changes: Option<Changes>,
    /// Pictures.
    pub diagrams: Vec<Diagram>,
    /// Names of the environments.
    pub environments: Vec<String>,
    /// What each environment is for; empty texts where nobody said.
    pub purposes: Vec<String>,
    /// Environments side by side.
    pub groups: Vec<Group>,
    /// Statements with their evidence.
    pub statements: Vec<Traced>,
    /// Decisions of the author.
    pub decisions: Vec<Decided>,
    /// What the author left out.
    pub non_goals: Vec<Decided>,
    /// Decisions of the compiler.
    pub choices: &'a [Choice],
    /// What a person decides.
    pub manual: Vec<Manual<'a>>,
    /// Questions with answers.
    pub questions: Vec<Question>,
    /// Hardening by topic.
    pub hardening: Vec<Hardening>,
    /// What to do before production.
    pub checklist: Vec<Task>,
    /// Environment that the list is about.
    pub production: String,
    /// Texts of objects.
    pub excerpts: Vec<Excerpt>,
    /// How many objects are named and not shown.
    pub hidden: usize,
    /// The specification.
    pub spec: Lines,
}

/// A statement that a person decides.
#[derive(Debug, Serialize)]
pub struct Manual<'a> {
    /// Identifier.
    pub id: &'a str,
    /// What it says.
    pub title: &'a str,
    /// What to do.
    pub how: String,
    /// Anchor of its row.
    pub anchor: String,
}

impl<'a> Page<'a> {
    /// Decides everything that the document says. A larger `share` leaves out more
    /// of the texts that are quoted.
    pub fn of(review: &'a Review, share: usize) -> Self {
        let site = Site::of(review);
        let intent = &site.tree["intent"];
        let trace = Trace::of(&site, share);
        let last_line = trace.spec.lines.last().map_or(0, |(number, _)| *number);
        let digests = &review.digests;
        let digests = [
            ("specification", digests.spec.as_str()),
            ("compiler", &digests.compiler),
            ("verifier", &digests.verifier),
            ("chart", &digests.chart),
        ];
        let report = &review.report;
        Self {
            name: &report.chart,
            version: &report.version,
            app_version: text(&intent["app-version"]).to_owned(),
            summary: text(&intent["summary"]).to_owned(),
            description: paragraphs(text(&intent["description"])),
            owners: items(&intent["owners"]).map(owner).collect(),
            spec_name: &review.spec_name,
            digests: digests
                .into_iter()
                .filter(|(_, digest)| !digest.is_empty())
                .collect(),
            verdict: verdict(review),
            state: if report.holds() { "holds" } else { "violated" },
            counts: vec![
                ("proven", report.tally.proven),
                ("violated", report.tally.violated),
                ("runtime", report.tally.runtime),
                ("manual", report.tally.manual),
            ],
            attention: attention::items(&site, last_line),
            changes: review.comparison.as_ref().map(Changes::of),
            diagrams: diagram::diagrams(&site, share),
            environments: review
                .landscapes
                .iter()
                .map(|one| words::environment(&one.environment).to_owned())
                .collect(),
            purposes: review
                .landscapes
                .iter()
                .map(|one| text(&site.tree["environments"][&one.environment]["summary"]).to_owned())
                .collect(),
            groups: sides::groups(&site),
            decisions: site.decisions.clone(),
            non_goals: site.non_goals.clone(),
            choices: &review.choices,
            manual: manual(review),
            questions: answers::questions(&site),
            hardening: answers::hardening(&site),
            checklist: answers::checklist(&site),
            production: site
                .last()
                .map(|last| words::environment(&last.environment).to_owned())
                .unwrap_or_default(),
            statements: trace.statements,
            excerpts: trace.excerpts,
            hidden: trace.hidden,
            spec: trace.spec,
        }
    }
}

/// Texts between blank lines.
fn paragraphs(text: &str) -> Vec<String> {
    let parts = text.split("\n\n").map(crate::site::one_line);
    parts.filter(|part| !part.is_empty()).collect()
}

fn owner(owner: &Value) -> String {
    match owner {
        Value::String(name) => name.clone(),
        table => {
            let email = text(&table["email"]);
            let name = text(&table["name"]);
            if email.is_empty() {
                name.to_owned()
            } else {
                format!("{name} ({email})")
            }
        }
    }
}

/// How it ended, in one line.
fn verdict(review: &Review) -> String {
    let tally = review.report.tally;
    let all = review.report.statements.len();
    if tally.violated > 0 {
        return format!(
            "{} of {all} statements {} violated: do not approve this chart as it is",
            tally.violated,
            if tally.violated == 1 { "is" } else { "are" }
        );
    }
    let mut open = Vec::new();
    if tally.runtime > 0 {
        let waits = if tally.runtime == 1 { "waits" } else { "wait" };
        open.push(format!("{} {waits} for helm test", tally.runtime));
    }
    if tally.manual > 0 {
        let waits = if tally.manual == 1 { "needs" } else { "need" };
        open.push(format!("{} {waits} a person", tally.manual));
    }
    let rest = if open.is_empty() {
        String::new()
    } else {
        format!("; {}", open.join(", "))
    };
    format!(
        "nothing is violated: {} of {all} statements are proven on the manifests{rest}",
        tally.proven
    )
}

fn manual(review: &Review) -> Vec<Manual<'_>> {
    let all = review.report.statements.iter().enumerate();
    all.filter_map(|(index, statement)| {
        let how = match statement.verdict {
            Verdict::Manual => crate::site::one_line(&statement.manual),
            Verdict::Runtime => {
                let releases = review
                    .landscapes
                    .iter()
                    .map(|one| format!("helm test {}", one.release));
                format!("run {}", words::few(&releases.collect::<Vec<_>>(), 4))
            }
            _ => return None,
        };
        Some(Manual {
            id: &statement.id,
            title: &statement.title,
            how: if how.is_empty() {
                "how is not stated".to_owned()
            } else {
                how
            },
            anchor: format!("s{}", index + 1),
        })
    })
    .collect()
}
