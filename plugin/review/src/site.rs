//! The specification as a review quotes it.

use crate::Review;
use serde::Serialize;
use serde_json::Value;
use taskspec_report::Landscape;

/// A decision of the specification's author, or a non-goal.
#[derive(Debug, Clone, Serialize)]
pub struct Decided {
    /// Identifier.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// `adopted`, `deferred` or `rejected`.
    pub status: String,
    /// Why.
    pub why: String,
}

impl Decided {
    /// "D3, deferred: No load figures yet."
    pub fn quoted(&self) -> String {
        let why = if self.why.is_empty() {
            &self.title
        } else {
            &self.why
        };
        format!("{}, {}: {}", self.id, self.status, one_line(why))
    }
}

/// The data of a review with the specification read.
pub struct Site<'a> {
    /// Everything that was given.
    pub review: &'a Review,
    /// The specification as data; null if it cannot be read.
    pub tree: Value,
    /// Decisions in the order of the text.
    pub decisions: Vec<Decided>,
    /// What the chart leaves out.
    pub non_goals: Vec<Decided>,
}

impl<'a> Site<'a> {
    /// Reads the specification.
    pub fn of(review: &'a Review) -> Self {
        let (resolved, _) = taskspec_spec::resolve(&review.spec);
        let tree = resolved.map_or(Value::Null, |resolved| resolved.tree.to_json());
        let entries = |key: &str, status: &str| {
            items(&tree[key])
                .map(|entry| Decided {
                    id: text(&entry["id"]).to_owned(),
                    title: text(&entry["title"]).to_owned(),
                    status: match text(&entry["status"]) {
                        "" => status.to_owned(),
                        stated => stated.to_owned(),
                    },
                    why: text(&entry["why"]).to_owned(),
                })
                .collect()
        };
        Self {
            decisions: entries("decisions", ""),
            non_goals: entries("non-goals", "left out"),
            tree,
            review,
        }
    }

    /// The last environment: environments ascend, so it stands for production.
    pub fn last(&self) -> Option<&'a Landscape> {
        self.review.landscapes.last()
    }

    /// Whether an environment is the last one.
    pub fn is_last(&self, landscape: &Landscape) -> bool {
        self.last()
            .is_some_and(|last| last.environment == landscape.environment)
    }

    /// The decision or non-goal whose title has one of these words.
    pub fn topic(&self, words: &[&str]) -> Option<&Decided> {
        let about = |decided: &&Decided| {
            let title = decided.title.to_lowercase();
            words.iter().any(|word| title.contains(word))
        };
        self.decisions
            .iter()
            .find(about)
            .or_else(|| self.non_goals.iter().find(about))
    }

    /// What was decided on a topic, as an addition to a sentence; empty for nothing.
    pub fn aside(&self, words: &[&str]) -> String {
        self.topic(words)
            .map_or_else(String::new, |decided| format!(" ({})", decided.quoted()))
    }

    /// A fact of the specification that every environment shares.
    pub fn fact(&self, path: &[&str]) -> &Value {
        path.iter().fold(&self.tree, |value, key| &value[*key])
    }
}

/// A text in one line.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The entries of a list; none for anything else.
pub fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text; empty for anything else.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
