//! Answers to the questions that a review asks, from facts of this chart.

mod coverage;
mod dependencies;
mod edge_cases;
mod failures;
mod gaps;
mod hardening;

use crate::point::Point;
use crate::site::Site;
use serde::Serialize;

pub use hardening::{Hardening, Task};

/// A question and what this chart answers.
#[derive(Debug, Serialize)]
pub struct Question {
    /// Anchor of its heading.
    pub id: &'static str,
    /// The question.
    pub title: &'static str,
    /// How the answer was found.
    pub how: &'static str,
    /// The answer.
    pub points: Vec<Point>,
    /// What is said if there is nothing to say.
    pub otherwise: &'static str,
}

/// Every question with its answer.
pub fn questions(site: &Site<'_>) -> Vec<Question> {
    vec![
        Question {
            id: "q-criteria",
            title: "Are the criteria complete?",
            how: "What no criterion, constraint or non-goal of the specification looks at. \
                  Rules that hold for every chart do not count.",
            points: coverage::points(site),
            otherwise: "Every workload, dependency, exposure, volume and environment is named by a statement.",
        },
        Question {
            id: "q-gaps",
            title: "What is missing for security and reliability?",
            how: "Read from the manifests. The last environment is taken as production.",
            points: gaps::points(site),
            otherwise: "Nothing of what is looked for is missing.",
        },
        Question {
            id: "q-dependencies",
            title: "Where do the servers run, and how is the schema brought up to date?",
            how: "Read from the manifests and from what the specification says of dependencies.",
            points: dependencies::points(site),
            otherwise: "The chart has no dependency.",
        },
        Question {
            id: "q-failures",
            title: "What happens when something is away?",
            how: "Read from checks, waits, budgets and numbers of pods. What the programs \
                  themselves do is not in a manifest.",
            points: failures::points(site),
            otherwise: "The chart has neither a dependency nor an exposure.",
        },
        Question {
            id: "q-edge",
            title: "What happens at the edges?",
            how: "Five cases that people ask about, answered for this chart.",
            points: edge_cases::points(site),
            otherwise: "No environment could be rendered.",
        },
    ]
}

/// The state of hardening, topic by topic.
pub fn hardening(site: &Site<'_>) -> Vec<Hardening> {
    hardening::topics(site)
}

/// What a person does or checks before production.
pub fn checklist(site: &Site<'_>) -> Vec<Task> {
    hardening::checklist(site)
}
