//! The review of a specification: one document for whoever approves it.
//!
//! Takes a specification, what the verifier found and what the compiler chose,
//! gives Markdown or a page of HTML that needs nothing else. Never reads a file,
//! a clock or the network, and never says what neither the specification nor a
//! manifest shows: where they are silent, the document says `not stated`.
//!
//! The stages: [`Review`] (data) -> `page::Page` (everything decided and put
//! into words) -> the templates in `templates/`, which only arrange it.

mod answers;
mod attention;
mod changes;
mod diagram;
mod page;
mod point;
mod sides;
mod site;
mod trace;
mod words;
mod write;

use serde::{Deserialize, Serialize};
use taskspec_report::{Comparison, Landscape, Report};

/// How much a remark of the compiler matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Something breaks or is lost.
    High,
    /// Somebody should look at it.
    Medium,
    /// Good to know.
    Low,
}

impl Weight {
    /// Its name in the document.
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// A remark of the compiler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Code such as `TS0042`; empty for none.
    pub code: String,
    /// How much it matters.
    pub weight: Weight,
    /// What it says.
    pub message: String,
    /// Line of the specification, from 1.
    pub line: Option<u32>,
    /// What to do; empty for nothing.
    pub help: String,
}

/// Something that the compiler chose because the specification left it open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What it is about.
    pub subject: String,
    /// What was chosen.
    pub choice: String,
    /// Why.
    pub reason: String,
}

/// What exactly is approved. Each is a SHA-256 in hexadecimal digits; empty where unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// Of the specification's text.
    pub spec: String,
    /// Of the compiler.
    pub compiler: String,
    /// Of the verifier.
    pub verifier: String,
    /// Of the chart's files.
    pub chart: String,
}

/// Everything that a review is written from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Name of the specification's file.
    pub spec_name: String,
    /// Its text.
    pub spec: String,
    /// Every statement and how it ended.
    pub report: Report,
    /// Each environment, in the order of the specification.
    pub landscapes: Vec<Landscape>,
    /// What the compiler chose.
    pub choices: Vec<Choice>,
    /// What it remarked.
    pub warnings: Vec<Warning>,
    /// What exactly is approved.
    pub digests: Digests,
    /// What changed since an older state, if somebody asked.
    pub comparison: Option<Comparison>,
}

/// Bytes that a document should not have more of: mailboxes and code hosts cut longer ones.
const MOST_BYTES: usize = 480_000;

/// The review as Markdown, for terminals and code hosts.
pub fn markdown(review: &Review) -> String {
    shortened(review, write::markdown)
}

/// The review as a page of HTML that loads nothing.
pub fn html(review: &Review) -> String {
    shortened(review, write::html)
}

/// What changed between two states, as Markdown: the review's part on that.
pub fn changes(comparison: &Comparison) -> String {
    write::changes(&changes::Changes::of(comparison))
}

/// Writes the review, with fewer excerpts the longer it gets.
fn shortened(review: &Review, write: fn(&page::Page<'_>) -> String) -> String {
    let mut text = String::new();
    for share in [1, 2, 4, 8, 64] {
        text = write(&page::Page::of(review, share));
        if text.len() <= MOST_BYTES {
            break;
        }
    }
    text
}
