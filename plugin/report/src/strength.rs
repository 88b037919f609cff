//! What the verifier answers when manifests are damaged on purpose.

use crate::report::Kind;
use serde::{Deserialize, Serialize};

/// How many damages there were, and how many of them somebody noticed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Share {
    /// Damages that were done.
    pub applied: usize,
    /// Those that were noticed.
    pub noticed: usize,
    /// Percentage of those, rounded down: 100 means all. 0 without damages.
    pub percent: usize,
}

impl Share {
    /// The share of a number of damages.
    pub fn new(noticed: usize, applied: usize) -> Self {
        Self {
            applied,
            noticed,
            percent: (noticed * 100).checked_div(applied).unwrap_or(0),
        }
    }
}

/// A place where a damage was done and nobody noticed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unnoticed {
    /// Environment; empty for the defaults of a specification without environments.
    pub environment: String,
    /// Object, such as `Deployment/rel-task-api`.
    pub object: String,
    /// Path in the object; empty where the damage is about all of it.
    pub path: String,
    /// What stood there, in one line; empty if nothing did.
    pub before: String,
    /// What stands there then; empty if nothing does.
    pub after: String,
}

/// A kind of damage and who notices it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DamageKind {
    /// Its name: that of its file in the catalogue.
    pub name: String,
    /// What is done, in one line.
    pub title: String,
    /// Why it hurts.
    pub about: String,
    /// How much of it is noticed; nothing is applied where it fits nowhere.
    pub share: Share,
    /// How much of it the specification's own statements notice.
    pub own: Share,
    /// Statements that notice it at least once, in the order of the report.
    pub by: Vec<String>,
    /// Where nobody does.
    pub unnoticed: Vec<Unnoticed>,
}

/// A statement and what it notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Watch {
    /// Identifier; for rules of every chart their name.
    pub id: String,
    /// What kind of statement it is.
    pub kind: Kind,
    /// What it says, in one line.
    pub title: String,
    /// How much it notices of the damages in the renderings that it looks at.
    pub share: Share,
    /// How many damages nobody else notices.
    pub alone: usize,
    /// Whether it notices nothing although it looks at damaged renderings.
    pub weak: bool,
}

/// A statement that would notice what is not noticed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Suggestion {
    /// The statement in TOML, ready for the specification.
    pub toml: String,
    /// Kinds of damage that it notices, by name.
    pub kinds: Vec<String>,
    /// How many of the damages it is suggested for.
    pub notices: usize,
    /// Whether rules of every chart notice them, only no statement of the
    /// specification does. Otherwise nobody does.
    pub covered_by_rules: bool,
}

/// How much of what can go wrong with a chart its specification would notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Strength {
    /// Version of this form: [`crate::STRENGTH_FORMAT`].
    pub format: String,
    /// Name of the chart.
    pub chart: String,
    /// Version of the chart.
    pub version: String,
    /// Most places where a kind of damage is done in an environment.
    pub places: usize,
    /// What is noticed by anybody.
    pub all: Share,
    /// What the specification's own statements notice.
    pub own: Share,
    /// What rules of every chart notice.
    pub rules: Share,
    /// Every kind of damage, by name.
    pub kinds: Vec<DamageKind>,
    /// Every statement, in the order of the report.
    pub statements: Vec<Watch>,
    /// What to add: first for what nobody notices, then for what only rules of
    /// every chart do; what notices most comes first.
    pub suggestions: Vec<Suggestion>,
}

impl Strength {
    /// Statements that notice nothing.
    pub fn weak(&self) -> impl Iterator<Item = &Watch> {
        self.statements.iter().filter(|statement| statement.weak)
    }
}
