use super::{Catalog, Kind};
use std::collections::BTreeSet;

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
                !entry.chart.is_empty()
                    && !entry.majors.is_empty()
                    && entry.host.is_empty() != entry.full.is_empty(),
                "{name}"
            );
            assert!(entry.modes.contains_key("standalone"), "{name}");
        }
        for value in &entry.values {
            assert!(
                entry.gives(&value.fact),
                "{name}: nothing gives the fact {}",
                value.fact
            );
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

const OWN: &str = r#"
engine = "tcp"
chart = "rabbitmq"
repository = "https://charts.example.com"
port = 5672
url = "amqp://{user}:{password}@{host}:{port}"
service = "-amqp"
credentials = { passwords = ["password"], user = "app" }
values = [
  { path = "auth.existingSecret", fact = "secret", doc = "Secret" },
  { path = "auth.key", fact = "key-password", doc = "Key" },
]
"#;

/// What is said about a specification that uses an entry of its own.
fn own(entry: &str, in_spec: bool) -> (Option<String>, Vec<&'static str>) {
    let table = |header: &str| format!("\n[{header}.\"acme/rabbitmq\"]\n{entry}");
    let spec = format!(
        "spec = \"taskspec/v1\"\n[intent]\nname = \"shop\"\nversion = \"1.0.0\"\nsummary = \"Takes orders\"\n\
         [workloads.api]\nkind = \"service\"\nimage = \"example/api\"\nport = 8000\nuses = [\"queue\"]\n\
         [dependencies.queue]\nfrom = \"acme/rabbitmq\"\nversion = \"1.2.3\"\n{}",
        if in_spec {
            table("catalog")
        } else {
            String::new()
        }
    );
    let settings = [("catalog".to_owned(), table("entries"))];
    let compilation = crate::compile(&spec, if in_spec { &[] } else { &settings });
    let codes = compilation.diagnostics.iter().map(|d| d.code).collect();
    let file = |chart: crate::Chart| {
        let mut files = chart.files.into_iter();
        files.find(|file| file.path == "templates/_dependencies.tpl")
    };
    let helpers = compilation.chart.and_then(file).map(|file| file.contents);
    (helpers, codes)
}

#[test]
fn an_entry_of_ones_own_is_wired_like_any_other() {
    for in_spec in [true, false] {
        let (helpers, codes) = own(OWN, in_spec);
        assert!(codes.is_empty(), "{codes:?}");
        let helpers = helpers.unwrap();
        for part in [
            "printf \"amqp://%s:%s@%s:%s\" $user $password $host $port",
            "$full }}-amqp",
            "key: queue-url",
        ] {
            assert!(helpers.contains(part), "{part} is not in\n{helpers}");
        }
    }
}

#[test]
fn a_faulty_entry_of_ones_own_is_refused() {
    let faults = [
        ("engine = \"tcp\"", "engine = \"tpc\"", "TS0026"),
        ("service = \"-amqp\"", "srvice = \"-amqp\"", "TS0026"),
        ("service = \"-amqp\"", "host = \"queue\"", "TS0026"),
        ("service = \"-amqp\"", "service = '\"-amqp'", "TS0026"),
        ("key-password", "key-pass", "TS0026"),
        ("auth.key", "auth.{{key}}", "TS0037"),
        ("amqp://{user}", "amqp://{users}", "TS0026"),
        ("amqp://", "amqp\\u0022://", "TS0026"),
        (", user = \"app\"", "", "TS0026"),
        ("chart = \"rabbitmq\"\n", "", "TS0026"),
    ];
    for (from, to, code) in faults {
        let entry = OWN.replacen(from, to, 1);
        assert_ne!(entry, OWN);
        for in_spec in [true, false] {
            let (helpers, codes) = own(&entry, in_spec);
            assert!(helpers.is_none(), "{from} -> {to} compiles");
            assert_eq!(codes, [code], "{from} -> {to}");
        }
    }
}
