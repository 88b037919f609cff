//! The schema of SARIF 2.1.0.

use crate::tools::{said, workspace};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The schema that the crate `serde-sarif` is made from.
///
/// # Panics
/// If cargo does not know the crate.
pub fn schema() -> Value {
    let rustc = Command::new("rustc")
        .arg("-vV")
        .output()
        .expect("rustc starts");
    let about = String::from_utf8_lossy(&rustc.stdout);
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(workspace()).args([
        "metadata",
        "--format-version",
        "1",
        "--offline",
        "--locked",
        // Crates of other systems are not here.
        "--filter-platform",
        host.expect("rustc names its host"),
    ]);
    let output = command.output().expect("cargo knows the crate");
    let metadata: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    let packages = metadata["packages"]
        .as_array()
        .expect("cargo lists packages");
    let package = packages
        .iter()
        .find(|one| one["name"] == "serde-sarif")
        .expect("the crate is a dependency");
    let manifest = Path::new(package["manifest_path"].as_str().expect("a path"));
    let text = fs::read_to_string(manifest.with_file_name("src").join("schema.json"))
        .expect("the crate has it");
    let mut schema: Value = serde_json::from_str(&text).expect("it is JSON");
    // This pattern has a bracket too many, which not every reader takes.
    for owner in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][owner]["properties"]["language"];
        language
            .as_object_mut()
            .expect("it has the property")
            .remove("pattern");
    }
    schema
}
