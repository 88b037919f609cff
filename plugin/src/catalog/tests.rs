use super::{Catalog, Kind};
use std::collections::BTreeSet;

/// Facts that the values of a subchart can take.
const FACTS: &[&str] = &[
    "database",
    "user",
    "secret",
    "secret-name",
    "alias",
    "chart-alias",
    "architecture",
    "replicas",
    "servers",
    "quorum",
    "persistence",
    "storage",
    "storage-class",
    "storage-mode",
    "retention",
    "retention-size",
    "resources",
    "metrics",
    "clients",
    "settings",
    "host",
    "port",
];

#[test]
fn every_entry_is_read_and_complete() {
    let catalog = Catalog::default();
    let mut names = BTreeSet::new();
    for name in catalog.names() {
        assert!(names.insert(name.to_owned()), "{name} is there twice");
        let entry = catalog.find(name).unwrap();
        assert_eq!(entry.name, name);
        assert!(catalog.engine(&entry).is_some(), "{name}: {}", entry.engine);
        for text in [&entry.title, &entry.summary, &entry.checked] {
            assert!(!text.is_empty(), "{name} lacks a text");
        }
        if entry.kind != Kind::External {
            assert!(
                !entry.chart.is_empty() && !entry.majors.is_empty() && !entry.host.is_empty(),
                "{name}"
            );
            assert!(entry.modes.contains_key("standalone"), "{name}");
        }
        for value in &entry.values {
            let purpose = value.fact.strip_prefix("key-");
            let known = match purpose {
                Some(purpose) => {
                    let derived = entry.credentials.derived.iter();
                    entry
                        .credentials
                        .passwords
                        .iter()
                        .any(|known| known == purpose)
                        || derived.into_iter().any(|known| known.purpose == purpose)
                }
                None => value.fact.is_empty() || FACTS.contains(&value.fact.as_str()),
            };
            assert!(known, "{name}: nothing gives the fact {}", value.fact);
            assert_ne!(
                value.fact.is_empty(),
                value.value.is_null(),
                "{name}: {}",
                value.path
            );
            for major in &value.majors {
                assert!(
                    entry.majors_of(*major).is_some(),
                    "{name}: {}: {major}",
                    value.path
                );
            }
            for mode in &value.modes {
                assert!(
                    entry.modes.contains_key(mode),
                    "{name}: {}: {mode}",
                    value.path
                );
            }
        }
    }
    assert!(names.len() >= 19, "only {} entries", names.len());
}

#[test]
fn pages_can_be_read_on_a_screen() {
    let catalog = Catalog::default();
    for name in catalog.names() {
        let page = catalog.page(name).unwrap();
        assert!(page.contains(&format!("from = \"{name}\"")), "{page}");
        assert!(
            page.lines().count() < 90,
            "{name}: {} lines",
            page.lines().count()
        );
        assert!(!page.contains("\n\n\n"), "{page}");
    }
}

#[test]
fn examples_of_pages_compile() {
    let catalog = Catalog::default();
    for name in catalog.names() {
        let page = catalog.page(name).unwrap();
        let example = page
            .split("```")
            .nth(1)
            .and_then(|text| text.strip_prefix("toml\n"))
            .unwrap();
        let called = example.split(['.', ']']).nth(1).unwrap();
        let spec = format!(
            "spec = \"taskspec/v1\"\n[intent]\nname = \"shop\"\nversion = \"1.0.0\"\nsummary = \"Takes orders\"\n\
             [workloads.api]\nkind = \"service\"\nimage = \"example/api\"\nport = 8000\nuses = [\"{called}\"]\n\
             [secrets]\nsource = \"existing\"\nname = \"shop-credentials\"\n{example}"
        );
        let compilation = crate::compile(&spec, &[]);
        assert!(
            compilation.chart.is_some(),
            "{name}: {:#?}\n{spec}",
            compilation.diagnostics
        );
    }
}
