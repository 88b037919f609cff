//! Every example of the language resolves without a finding it does not expect.

#[test]
fn examples_resolve() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (resolved, diagnostics) = taskspec_spec::resolve(&text);
        assert!(resolved.is_some(), "{}: {diagnostics:#?}", path.display());
        assert!(
            diagnostics.is_empty(),
            "{}: {diagnostics:#?}",
            path.display()
        );
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
