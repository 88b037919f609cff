//! Every example of the language resolves without a finding it does not expect.

/// Warnings about what a document asks for.
const EXPECTED: [(&str, &str); 1] = [("ape-2026.toml", "TS0042")];

#[test]
fn examples_resolve() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (resolved, diagnostics) = taskspec_spec::resolve(&text);
        assert!(resolved.is_some(), "{}: {diagnostics:#?}", path.display());
        let name = path.file_name().unwrap().to_str().unwrap();
        let unexpected: Vec<_> = diagnostics
            .iter()
            .filter(|found| !EXPECTED.contains(&(name, found.code)))
            .collect();
        assert!(unexpected.is_empty(), "{name}: {unexpected:#?}");
        seen += 1;
    }
    assert!(seen >= 2, "no examples found in {folder}");
}

#[test]
fn scalar_schemas_are_json() {
    let schema = taskspec_spec::jsonschema::schema().to_string();
    assert!(schema.contains("Workload"));
    assert!(
        !schema.contains(r#""items":{}"#),
        "a scalar's JSON Schema did not parse"
    );
}
