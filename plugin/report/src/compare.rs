//! What changed between two states of a specification and of its renderings.

use serde::{Deserialize, Serialize};

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is not what it was.
    Changed,
}

impl Change {
    /// Its name in reviews.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// A place that holds something else now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Path, such as `spec.template.spec.containers[agent].image`.
    pub path: String,
    /// What stood there; none if nothing did.
    pub old: Option<String>,
    /// What stands there; none if nothing does.
    pub new: Option<String>,
}

/// A statement or decision of the specification that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementChange {
    /// Its identifier.
    pub id: String,
    /// `criterion`, `constraint`, `non-goal` or `decision`.
    pub kind: String,
    /// Its title, the new one if it has both.
    pub title: String,
    /// What became of it.
    pub change: Change,
    /// What is worded otherwise; empty if it is new or gone.
    pub differences: Vec<Difference>,
}

/// A fact of the specification that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactChange {
    /// Environment; empty where it holds in all of them.
    pub environment: String,
    /// What changed.
    #[serde(flatten)]
    pub difference: Difference,
}

/// What a change does to those who upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EffectKind {
    /// Data is lost, or nothing reads it any more.
    LosesData,
    /// The cluster refuses the upgrade.
    Immutable,
    /// More is reachable than before.
    Exposes,
    /// A protection is gone or weaker.
    Weakens,
    /// Pods are replaced.
    Restarts,
}

impl EffectKind {
    /// Its name in reviews.
    pub fn name(self) -> &'static str {
        match self {
            Self::LosesData => "loses data",
            Self::Immutable => "immutable",
            Self::Exposes => "exposes",
            Self::Weakens => "weakens",
            Self::Restarts => "restarts",
        }
    }
}

/// One effect.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Effect {
    /// What kind it is.
    pub kind: EffectKind,
    /// What happens, in one line.
    pub text: String,
}

/// An object of a rendering that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectChange {
    /// `Kind/name`, the new one if it has both.
    pub id: String,
    /// The one it replaces under another name; empty otherwise.
    pub replaces: String,
    /// What became of it.
    pub change: Change,
    /// Where it differs; empty if it is new or gone.
    pub differences: Vec<Difference>,
    /// What that does.
    pub effects: Vec<Effect>,
}

/// What changed in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentChange {
    /// Its name.
    pub environment: String,
    /// What became of it.
    pub change: Change,
    /// What a reader must know beforehand, such as another name of the release.
    pub notes: Vec<String>,
    /// Objects that changed, by kind and name.
    pub objects: Vec<ObjectChange>,
    /// Objects in which nothing but labels with the chart's version changed.
    pub relabelled: usize,
    /// Objects that are the same.
    pub unchanged: usize,
}

/// The difference between two states of a specification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// What it was compared with, in words; whoever asked for it sets it.
    #[serde(default)]
    pub against: String,
    /// Version of the chart then.
    pub old_version: String,
    /// Version of the chart now.
    pub new_version: String,
    /// Statements and decisions that changed.
    pub statements: Vec<StatementChange>,
    /// Facts that changed.
    pub facts: Vec<FactChange>,
    /// What changed in the manifests.
    pub environments: Vec<EnvironmentChange>,
}

impl Comparison {
    /// Effects of a kind with environment and object.
    pub fn effects(
        &self,
        kind: EffectKind,
    ) -> impl Iterator<Item = (&EnvironmentChange, &ObjectChange, &Effect)> {
        self.environments.iter().flat_map(move |environment| {
            environment.objects.iter().flat_map(move |object| {
                let effects = object.effects.iter().filter(move |one| one.kind == kind);
                effects.map(move |effect| (environment, object, effect))
            })
        })
    }
}
