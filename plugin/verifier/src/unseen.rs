//! Statements that nobody could judge, since what they are about was not
//! rendered: they are neither violated nor proven.

use crate::world::World;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use taskspec_manifest::text;
use taskspec_report::{Check, Examination, Fault, Kind, Statement, Verdict};
use taskspec_spec::Resolved;
use taskspec_spec::tree::Node;

/// The rule whose violation tells that an environment does not render.
const RENDERS: &str = "renders";

/// What was not rendered.
pub struct Unseen {
    /// Dependencies whose charts were left out.
    dependencies: Vec<String>,
    /// Environments that Helm does not render with their own values.
    environments: BTreeSet<String>,
}

impl Unseen {
    /// What is missing in renderings.
    pub fn of(examination: &Examination, resolved: &Resolved, worlds: &[Arc<World>]) -> Self {
        let refused = worlds
            .iter()
            .filter(|world| world.objects.is_err() && world.values.is_null());
        let usual = refused.filter(|world| !world.longest_name);
        Self {
            dependencies: match examination.dependencies_skipped {
                true => skipped(&resolved.tree),
                false => Vec::new(),
            },
            environments: usual.map(|world| world.environment.clone()).collect(),
        }
    }

    /// Leaves out of a statement that environments do not render, which is said
    /// once, and takes back its verdict where nothing else is wrong.
    pub fn spare_environments(&self, judged: &mut Statement) {
        if judged.verdict != Verdict::Violated || judged.rule == RENDERS {
            return;
        }
        let mut is_less = false;
        for check in &mut judged.checks {
            let (environment, values) = (check.environment.clone(), check.values.clone());
            let before = check.faults.len();
            check
                .faults
                .retain(|fault| !self.is_unrendered(&environment, &values, fault));
            is_less |= check.faults.len() < before;
        }
        if is_less && judged.faults().next().is_none() {
            let names: Vec<&str> = self.environments.iter().map(String::as_str).collect();
            let names = names.join(", ");
            judged.verdict = Verdict::Manual;
            let why = format!("Not judged, since Helm does not render {names}.");
            judged.manual = format!("{why} {}", judged.manual).trim().to_owned();
        }
    }

    /// Takes back the verdict of a statement that fails only for objects of
    /// dependencies that were left out.
    pub fn spare_dependencies(&self, judged: &mut Statement) {
        let is_theirs = |check: &Check, fault: &Fault| {
            // A search for an object of a dependency that found none says so
            // only in the expression.
            let is_search = judged.kind == Kind::Criterion && fault.object.is_empty();
            self.is_of_dependency(&fault.message)
                || self.is_of_dependency(&fault.object)
                || is_search && self.is_of_dependency(&check.that)
        };
        let spared = judged
            .faults()
            .all(|(check, fault)| is_theirs(check, fault));
        if judged.verdict == Verdict::Violated && spared {
            let first = judged.faults().next();
            let first = first.map_or_else(String::new, |(_, fault)| fault.message.clone());
            let why = "Not judged, since the objects of the dependencies were skipped";
            judged.manual = format!("{why}: {first}. {}", judged.manual)
                .trim()
                .to_owned();
            judged.verdict = Verdict::Manual;
        }
    }

    /// Whether a fault is only that an environment does not render. With values
    /// of a criterion's own, that is the criterion's matter.
    fn is_unrendered(&self, environment: &str, values: &Value, fault: &Fault) -> bool {
        let of_all = environment.is_empty() && World::is_refusal(&fault.message);
        let of_one = self.environments.contains(environment);
        !self.environments.is_empty() && values.is_null() && (of_all || of_one)
    }

    /// Whether a text names a dependency that was left out.
    fn is_of_dependency(&self, text: &str) -> bool {
        let part = |c: char| c.is_ascii_alphanumeric();
        self.dependencies.iter().any(|name| {
            text.match_indices(name.as_str()).any(|(at, _)| {
                !text[..at].chars().next_back().is_some_and(part)
                    && !text[at + name.len()..].chars().next().is_some_and(part)
            })
        })
    }
}

/// Names of dependencies whose charts may be missing.
fn skipped(tree: &Node) -> Vec<String> {
    let json = tree.to_json();
    let dependencies = json["dependencies"].as_object().into_iter().flatten();
    dependencies
        .filter(|(_, one)| {
            !["embedded/", "external/"]
                .iter()
                .any(|kind| text(&one["from"]).starts_with(kind))
        })
        .map(|(name, _)| name.clone())
        .collect()
}
