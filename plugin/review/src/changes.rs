//! What changed since an older state, cut to what a person reads.

use crate::words;
use serde::Serialize;
use taskspec_report::{Change, Comparison, Difference, EnvironmentChange, ObjectChange};

const MOST_DIFFERENCES: usize = 30;
const MOST_OBJECTS: usize = 120;
const MOST_FACTS: usize = 200;

/// The part on changes.
#[derive(Debug, Serialize)]
pub struct Changes {
    /// What it was compared with.
    pub against: String,
    /// Versions, such as `1.0.0 to 1.1.0`.
    pub versions: String,
    /// Whether anything differs.
    pub any: bool,
    /// Statements and decisions.
    pub statements: Vec<Changed>,
    /// Facts.
    pub facts: Vec<Fact>,
    /// How many facts more there are.
    pub more_facts: usize,
    /// Manifests by environment.
    pub environments: Vec<Place>,
}

/// Something that changed.
#[derive(Debug, Serialize)]
pub struct Changed {
    /// What became of it.
    pub change: &'static str,
    /// What it is.
    pub what: String,
    /// What happens to those who upgrade: kind and words.
    pub effects: Vec<(&'static str, String)>,
    /// Where it differs.
    pub differences: Vec<Shown>,
    /// How many places more there are.
    pub more: usize,
}

/// A fact of the specification.
#[derive(Debug, Serialize)]
pub struct Fact {
    /// Environment, or `all`.
    pub environment: String,
    /// Where.
    #[serde(flatten)]
    pub shown: Shown,
}

/// A place that differs.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// Path.
    pub path: String,
    /// What stood there.
    pub old: String,
    /// What stands there.
    pub new: String,
}

/// An environment.
#[derive(Debug, Serialize)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// What happened, in one line.
    pub summary: String,
    /// What a reader must know first.
    pub notes: Vec<String>,
    /// Objects.
    pub objects: Vec<Changed>,
    /// How many more there are.
    pub more: usize,
}

impl Changes {
    /// Puts a comparison into words.
    pub fn of(comparison: &Comparison) -> Self {
        let statements = comparison.statements.iter().map(|one| Changed {
            change: one.change.name(),
            what: format!("{} {}: {}", one.kind, one.id, one.title),
            effects: Vec::new(),
            differences: one.differences.iter().map(shown).collect(),
            more: 0,
        });
        let facts = comparison.facts.iter().take(MOST_FACTS).map(|one| Fact {
            environment: match one.environment.as_str() {
                "" => "all".to_owned(),
                name => name.to_owned(),
            },
            shown: shown(&one.difference),
        });
        let environments = comparison.environments.iter().map(place);
        Self {
            against: comparison.against.clone(),
            versions: format!("{} to {}", comparison.old_version, comparison.new_version),
            any: !comparison.statements.is_empty()
                || !comparison.facts.is_empty()
                || comparison.environments.iter().any(|one| {
                    one.change != Change::Changed
                        || !one.objects.is_empty()
                        || !one.notes.is_empty()
                }),
            statements: statements.collect(),
            facts: facts.collect(),
            more_facts: comparison.facts.len().saturating_sub(MOST_FACTS),
            environments: environments.collect(),
        }
    }
}

fn shown(difference: &Difference) -> Shown {
    let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    Shown {
        path: difference.path.clone(),
        old: side(&difference.old),
        new: side(&difference.new),
    }
}

fn place(environment: &EnvironmentChange) -> Place {
    let count = |change: Change| {
        environment
            .objects
            .iter()
            .filter(|one| one.change == change)
            .count()
    };
    let summary = match environment.change {
        Change::Added => "a new environment".to_owned(),
        Change::Removed => "an environment that is gone".to_owned(),
        Change::Changed => {
            let mut parts = Vec::new();
            for (n, what) in [
                (count(Change::Added), "added"),
                (count(Change::Removed), "removed"),
                (count(Change::Changed), "changed"),
                (
                    environment.relabelled,
                    "with nothing but a new version in their labels",
                ),
                (environment.unchanged, "the same"),
            ] {
                if n > 0 {
                    parts.push(format!("{n} {what}"));
                }
            }
            format!("objects: {}", parts.join(", "))
        }
    };
    // What has consequences comes first.
    let mut objects: Vec<&ObjectChange> = environment.objects.iter().collect();
    objects.sort_by_key(|object| {
        object
            .effects
            .iter()
            .map(|one| one.kind)
            .min()
            .map_or(99, |kind| kind as u8)
    });
    Place {
        name: words::environment(&environment.environment).to_owned(),
        summary,
        notes: environment.notes.clone(),
        more: objects.len().saturating_sub(MOST_OBJECTS),
        objects: objects.into_iter().take(MOST_OBJECTS).map(object).collect(),
    }
}

fn object(object: &ObjectChange) -> Changed {
    let what = match object.replaces.as_str() {
        "" => object.id.clone(),
        old => format!("{} (in place of {old})", object.id),
    };
    let effects = object
        .effects
        .iter()
        .map(|one| (one.kind.name(), one.text.clone()));
    Changed {
        change: object.change.name(),
        what,
        effects: effects.collect(),
        differences: object
            .differences
            .iter()
            .take(MOST_DIFFERENCES)
            .map(shown)
            .collect(),
        more: object.differences.len().saturating_sub(MOST_DIFFERENCES),
    }
}
