//! The JSON Schema for editors: valid by its own metaschema, accepts every
//! specification of the repository, refuses what the compiler refuses.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn schema() -> Value {
    serde_json::from_str(&taskspec_plugin::schema()).expect("the schema is JSON")
}

fn instance(text: &str) -> Value {
    let table: toml::Table = text.parse().expect("the specification is TOML");
    serde_json::to_value(table).expect("TOML without dates is JSON")
}

fn specifications() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let flat = ["spec/examples", "plugin/starters"]
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).expect("a folder of specifications"))
        .map(|entry| entry.expect("an entry").path());
    let cases = fs::read_dir(root.join("tests/charts"))
        .expect("tests/charts")
        .map(|entry| entry.expect("an entry").path().join("spec.toml"))
        .filter(|path| path.is_file());
    flat.chain(cases).collect()
}

#[test]
fn the_schema_is_valid_by_its_metaschema() {
    assert!(jsonschema::meta::is_valid(&schema()));
}

#[test]
fn every_specification_is_accepted() {
    let validator = jsonschema::validator_for(&schema()).expect("the schema compiles");
    let all = specifications();
    assert!(all.len() >= 8, "only {} specifications found", all.len());
    for path in all {
        let text = fs::read_to_string(&path).expect("a readable specification");
        let faults: Vec<String> = validator
            .iter_errors(&instance(&text))
            .map(|fault| format!("{} at {}", fault, fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{}: {faults:#?}", path.display());
    }
}

#[test]
fn slips_are_refused() {
    let validator = jsonschema::validator_for(&schema()).expect("the schema compiles");
    let good = taskspec_plugin::starter("service").expect("the first starter");
    assert!(validator.is_valid(&instance(&good)));
    for (from, to) in [
        ("app-version", "appVersion"),
        ("kind = \"service\"", "kind = \"services\""),
        ("port = 8080", "port = \"8080\""),
        ("request = \"100m\"", "request = \"100 m\""),
        ("period = \"5s\"", "period = 5"),
        ("name = \"hello\"", "name = \"Hello\""),
        ("spec = \"taskspec/v1\"", "spec = \"taskspec/v9\""),
        (
            "workloads.web.replicas = 3",
            "workloads.web.kind = \"worker\"",
        ),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "`{from}` is not in the starter");
        assert!(!validator.is_valid(&instance(&bad)), "`{to}` is accepted");
    }
}
