//! The taskspec verifier as a WebAssembly component.
//!
//! Takes what a host passes through `plugin/verifier/wit/verifier.wit`, gives
//! what `taskspec_verifier` answers. Converts between JSON and types and does
//! nothing else.

#[cfg(target_arch = "wasm32")]
#[path = "../../../component/src/panic_note.rs"]
mod panic_note;
#[cfg(not(target_arch = "wasm32"))]
mod panic_note {
    //! Natively the usual hook prints the message.
    pub fn install() {}
}

mod bindings {
    //! What `wit-bindgen` makes of the contract.

    wit_bindgen::generate!({
        path: "../wit",
        world: "verifier",
    });

    #[cfg(target_arch = "wasm32")]
    use crate::Verifier;
    #[cfg(target_arch = "wasm32")]
    export!(Verifier);

    pub use exports::taskspec::verifier::api;
}

use bindings::api;
use taskspec_report::{Examination, RuleFile};
use taskspec_verifier::Refused;

/// The exported interface.
pub struct Verifier;

impl api::Guest for Verifier {
    fn plan(spec: String, rules: Vec<api::RuleFile>) -> Result<String, String> {
        panic_note::install();
        written(&taskspec_verifier::plan(&spec, &files(rules))?)
    }

    fn verify(examination: String) -> Result<String, String> {
        panic_note::install();
        let report = taskspec_verifier::verify(&read(&examination)?);
        written(&report.map_err(message)?)
    }

    fn strength(examination: String) -> Result<String, String> {
        panic_note::install();
        let strength = taskspec_verifier::strength(&read(&examination)?);
        written(&strength.map_err(message)?)
    }

    fn landscape(examination: String) -> Result<String, String> {
        panic_note::install();
        written(&taskspec_verifier::landscape(&read(&examination)?)?)
    }

    fn compare(old: String, new: String) -> Result<String, String> {
        panic_note::install();
        written(&taskspec_verifier::compare(&read(&old)?, &read(&new)?)?)
    }

    fn rules(rules: Vec<api::RuleFile>) -> Vec<api::Entry> {
        panic_note::install();
        let entries = taskspec_verifier::rules(&files(rules)).into_iter();
        entries
            .map(|(name, summary)| api::Entry { name, summary })
            .collect()
    }

    fn rule_page(name: String, rules: Vec<api::RuleFile>) -> Option<String> {
        panic_note::install();
        taskspec_verifier::rule_page(&name, &files(rules))
    }
}

fn read(examination: &str) -> Result<Examination, String> {
    serde_json::from_str(examination).map_err(|fault| fault.to_string())
}

fn message(refused: Refused) -> String {
    match refused {
        Refused::Input(message) => message,
        Refused::Faults(faults) => {
            let messages = faults.into_iter().map(|fault| fault.message);
            messages.collect::<Vec<_>>().join("\n")
        }
    }
}

fn files(rules: Vec<api::RuleFile>) -> Vec<RuleFile> {
    let rules = rules.into_iter().map(|file| {
        let api::RuleFile { name, text } = file;
        RuleFile { name, text }
    });
    rules.collect()
}

fn written(answer: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string(answer).map_err(|fault| fault.to_string())
}
