//! Every rule of the library does what its examples say.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use taskspec_verifier::rules::{LIBRARY, Rule, example};

#[test]
fn the_library_is_the_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .file_name()
                .to_string_lossy()
                .replace(".toml", "")
        })
        .collect();
    let listed: BTreeSet<String> = LIBRARY.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, listed);
    assert!(LIBRARY.is_sorted_by_key(|(name, _)| *name));
}

#[test]
fn each_rule_has_examples_that_satisfy_and_violate_it() {
    let mut faults = Vec::new();
    for (name, text) in LIBRARY {
        let rule = Rule::read(name, text).unwrap_or_else(|fault| panic!("{}", fault.message));
        let holding = rule
            .data
            .example
            .iter()
            .filter(|example| example.holds)
            .count();
        if holding == 0 || holding == rule.data.example.len() {
            faults.push(format!(
                "{name} needs an example that holds and one that does not"
            ));
        }
        for example in &rule.data.example {
            let found = example::judge(&rule, example);
            if found.is_empty() != example.holds {
                faults.push(format!("{name}, {}: {found:#?}", example.title));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
