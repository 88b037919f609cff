//! Judges the statements of a specification on rendered manifests.
//!
//! Takes the text of a specification and what `helm template` printed, gives a
//! verdict with evidence for every statement. Never reads a file, a clock, a
//! random number, an environment variable or the network: the same arguments
//! always give the same result.
//!
//! [`plan`] says what has to be rendered, [`verify`] judges it, and [`strength()`]
//! says what the statements would notice if it were broken.

mod alike;
mod amount;
mod compare;
mod data;
mod evaluate;
mod expected;
pub mod expression;
pub mod functions;
mod landscape;
mod network;
mod origin;
mod references;
pub mod rules;
mod secrets;
mod statements;
pub mod strength;
pub mod totals;
mod unseen;
mod verify;
pub mod world;
mod written;

pub use compare::compare;
pub use landscape::landscape;
pub use strength::strength;
pub use verify::{Refused, plan, verify};

use taskspec_report::RuleFile;

/// Every rule with what must be true, by name. Files that cannot be read are
/// left out; [`plan`] names their faults.
pub fn rules(own: &[RuleFile]) -> Vec<(String, String)> {
    let all = readable(own);
    all.iter()
        .map(|rule| (rule.name.clone(), rule.data.title.clone()))
        .collect()
}

/// The page of a rule in Markdown; none for an unknown name.
pub fn rule_page(name: &str, own: &[RuleFile]) -> Option<String> {
    readable(own).get(name).map(rules::Rule::page)
}

fn readable(own: &[RuleFile]) -> rules::Rules {
    let good = own
        .iter()
        .filter(|file| rules::Rule::read(&file.name, &file.text).is_ok());
    let good: Vec<RuleFile> = good.cloned().collect();
    rules::Rules::read(&good).unwrap_or_default()
}
