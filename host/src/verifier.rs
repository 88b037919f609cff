//! The verifier component and its calls.
//!
//! Takes and gives the types of `taskspec-report`, which cross the border as JSON.

use serde::de::DeserializeOwned;
use taskspec_report::{Comparison, Examination, Landscape, Plan, Report, RuleFile, Strength};

use crate::compiler::Entry;
use crate::failure::Failure;
use crate::guest::{self, Guest};
use crate::limits::Limits;

/// What the build script found out about the embedded component.
pub mod component {
    /// Digest of the component's bytes, in hexadecimal.
    pub const SHA256: &str = env!("TASKSPEC_VERIFIER_SHA256");
    /// Size of the component in bytes, in decimal.
    pub const SIZE: &str = env!("TASKSPEC_VERIFIER_SIZE");
}

#[allow(
    missing_docs,
    reason = "generated; the interface file has the documentation"
)]
mod bindings {
    wasmtime::component::bindgen!({ path: "../plugin/verifier/wit", world: "verifier" });
}

use bindings::exports::taskspec::verifier::api;

/// The instantiated verifier. Its clock runs from [`Verifier::load`] until it is
/// dropped.
pub struct Verifier {
    guest: Guest,
    bindings: bindings::Verifier,
}

impl Verifier {
    /// Loads the embedded component. When the time is over, `expired` runs on
    /// another thread; it reports the failure and ends the process.
    ///
    /// # Errors
    ///
    /// When this processor or system cannot run it.
    pub fn load(
        limits: Limits,
        expired: impl FnOnce(Failure) + Send + 'static,
    ) -> Result<Self, Failure> {
        let mut guest = Guest::load(guest::VERIFIER, "verifier", limits, expired)?;
        let bindings = guest.instantiate(|store, component, linker| {
            bindings::Verifier::instantiate(store, component, linker)
        })?;
        Ok(Self { guest, bindings })
    }

    /// What the component imports; empty unless something is very wrong.
    pub fn imports(&self) -> Vec<String> {
        self.guest.imports()
    }

    /// What has to be rendered to judge a specification.
    ///
    /// # Errors
    ///
    /// When the verifier exceeds a limit or breaks, or the specification is one
    /// that the compiler refuses.
    pub fn plan(&mut self, spec: &str, rules: &[RuleFile]) -> Result<Plan, Failure> {
        let answer = self.bindings.taskspec_verifier_api().call_plan(
            &mut self.guest.store,
            spec,
            &files(rules),
        );
        let answer = answer.map_err(|error| self.guest.broke_over_spec(&error))?;
        read(&answer.map_err(Failure::spec)?)
    }

    /// Judges every statement.
    ///
    /// # Errors
    ///
    /// When the verifier exceeds a limit or breaks, or a rendering is no manifest.
    pub fn verify(&mut self, examination: &Examination) -> Result<Report, Failure> {
        let question = written(examination)?;
        let api = self.bindings.taskspec_verifier_api();
        let answer = api.call_verify(&mut self.guest.store, &question);
        let answer = answer.map_err(|error| self.guest.broke_over_spec(&error))?;
        read(&answer.map_err(Failure::world)?)
    }

    /// Breaks the renderings on purpose and tells which statements notice.
    ///
    /// # Errors
    ///
    /// When the verifier exceeds a limit or breaks.
    pub fn strength(&mut self, examination: &Examination) -> Result<Strength, Failure> {
        let question = written(examination)?;
        let api = self.bindings.taskspec_verifier_api();
        let answer = api.call_strength(&mut self.guest.store, &question);
        let answer = answer.map_err(|error| self.guest.broke_over_spec(&error))?;
        read(&answer.map_err(Failure::world)?)
    }

    /// What runs in each environment and who talks to whom.
    ///
    /// # Errors
    ///
    /// When the verifier exceeds a limit or breaks.
    pub fn landscape(&mut self, examination: &Examination) -> Result<Vec<Landscape>, Failure> {
        let question = written(examination)?;
        let api = self.bindings.taskspec_verifier_api();
        let answer = api.call_landscape(&mut self.guest.store, &question);
        let answer = answer.map_err(|error| self.guest.broke_over_spec(&error))?;
        read(&answer.map_err(Failure::world)?)
    }

    /// What a change changes.
    ///
    /// # Errors
    ///
    /// When the verifier exceeds a limit or breaks.
    pub fn compare(&mut self, old: &Examination, new: &Examination) -> Result<Comparison, Failure> {
        let (old, new) = (written(old)?, written(new)?);
        let api = self.bindings.taskspec_verifier_api();
        let answer = api.call_compare(&mut self.guest.store, &old, &new);
        let answer = answer.map_err(|error| self.guest.broke_over_spec(&error))?;
        read(&answer.map_err(Failure::world)?)
    }

    /// Every rule with what must be true.
    ///
    /// # Errors
    ///
    /// When the verifier breaks.
    pub fn rules(&mut self, rules: &[RuleFile]) -> Result<Vec<Entry>, Failure> {
        let api = self.bindings.taskspec_verifier_api();
        let answer = api.call_rules(&mut self.guest.store, &files(rules));
        let entries = answer.map_err(|error| self.guest.broke(&error))?;
        let entries = entries.into_iter().map(|entry| Entry {
            name: entry.name,
            summary: entry.summary,
        });
        Ok(entries.collect())
    }

    /// The page of a rule; none for an unknown name.
    ///
    /// # Errors
    ///
    /// When the verifier breaks.
    pub fn rule_page(&mut self, name: &str, rules: &[RuleFile]) -> Result<Option<String>, Failure> {
        let api = self.bindings.taskspec_verifier_api();
        let answer = api.call_rule_page(&mut self.guest.store, name, &files(rules));
        answer.map_err(|error| self.guest.broke(&error))
    }
}

fn files(rules: &[RuleFile]) -> Vec<api::RuleFile> {
    let rules = rules.iter().map(|file| api::RuleFile {
        name: file.name.clone(),
        text: file.text.clone(),
    });
    rules.collect()
}

fn written(question: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string(question)
        .map_err(|error| Failure::bug(format!("cannot ask the verifier: {error}")))
}

fn read<T: DeserializeOwned>(answer: &str) -> Result<T, Failure> {
    serde_json::from_str(answer)
        .map_err(|error| Failure::bug(format!("cannot read the verifier's answer: {error}")))
}
