//! `audit` as people call it: a chart of ours is complete, and what is missing in
//! another one is listed, no more and no less.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use taskspec_tests::chart::copy;
use taskspec_tests::tools::{Helm, runner, said, workspace};
use tempfile::TempDir;

fn run(arguments: &[&str]) -> Output {
    Command::new(runner())
        .current_dir(workspace())
        .arg("audit")
        .args(arguments)
        .env("HELM_BIN", Helm::newest().program())
        .env_remove("HELM_NAMESPACE")
        .env_remove("HELM_PLUGIN_DIR")
        .output()
        .unwrap()
}

/// The answer and its exit code.
fn audit(chart: &Path, spec: &str, others: &[&str]) -> (Value, Option<i32>) {
    let chart = chart.display().to_string();
    let arguments = [
        &[chart.as_str(), "--spec", spec, "--format", "json"],
        others,
    ]
    .concat();
    let output = run(&arguments);
    let document = serde_json::from_slice(&output.stdout);
    let document = document.unwrap_or_else(|fault| panic!("{fault}: {}", said(&output)));
    (document, output.status.code())
}

/// What is not complete, in one line each.
fn gaps(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().unwrap();
    let open = findings.iter().filter(|one| one["status"] != "complete");
    open.map(|one| {
        let word = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        format!(
            "{} {} {} {}",
            word("status"),
            word("priority"),
            word("area"),
            word("item")
        )
    })
    .collect()
}

const SHOP: &str = "tests/charts-foreign/shop.toml";

#[test]
fn our_own_charts_are_complete() {
    for (name, others, code) in [
        ("trevor", &[][..], Some(0)),
        ("task-api-embedded", &[], Some(0)),
        ("ai-agent-connector", &[], Some(0)),
        // Statements about what is skipped are verify's affair.
        ("task-api", &["--skip-dependencies"], None),
        ("ape-2026", &["--skip-dependencies"], None),
    ] {
        let chart = workspace().join("chart-out").join(name);
        let spec = format!("spec/examples/{name}.toml");
        let (document, ended) = audit(&chart, &spec, others);
        assert_eq!(gaps(&document), [""; 0], "{name}");
        if code.is_some() {
            assert_eq!(ended, code, "{name}: {}", document["report"]["tally"]);
        }
    }
}

#[test]
fn gaps_of_another_chart_are_exactly_these() {
    let (document, code) = audit(&workspace().join("tests/charts-foreign/shop"), SHOP, &[]);
    assert_eq!(code, Some(1));
    let expected = [
        "missing high workload mailer",
        "incomplete high variables web",
        "incomplete high variables worker",
        "missing high dependency database",
        "missing high migrations database",
        "incomplete high exposure hosts",
        "missing high environment dev",
        "incomplete medium resources web",
        "incomplete medium resources worker",
        "incomplete medium probes web liveness",
        "missing medium probes web startup",
        "incomplete medium scaling web",
        "missing medium network web",
        "missing medium network worker",
        "missing medium security web",
        "missing medium security worker",
        "missing medium schema values.schema.json",
        "missing low documents README.md",
        "missing low documents templates/NOTES.txt",
    ];
    assert_eq!(gaps(&document), expected);
    let text = document.to_string();
    for said in [
        "it asks GET /healthz at 8080 instead of GET /alive at 8080",
        "maxReplicas 9 instead of 12",
        "DATABASE_URL is not set",
        "LOG_LEVEL is warn instead of info (prod)",
        "requests.cpu: 500m instead of 100m (prod)",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("hunter2") && !text.contains("not-to-be-copied"));
    let guessed = &document["values"];
    assert_eq!(guessed[0]["file"], Value::Null);
    assert_eq!(guessed[1]["file"], "values-prod.yaml");
    assert_eq!(guessed[1]["guessed"], true);
}

/// A chart built from a small specification, without its lock.
struct Place {
    folder: TempDir,
}

impl Place {
    const SPEC: &str = r#"
spec = "taskspec/v1"

[intent]
name = "orders"
version = "1.0.0"
summary = "Takes orders"

[workloads.api]
kind = "service"
image = "example/api:1.0.0"
port = 8000
env = { LOG_LEVEL = "info" }
probes = { readiness = { path = "/ready" }, liveness = { tcp = true } }
scaling = { max = 4 }

[environments.dev]
workloads.api.env.LOG_LEVEL = "debug"

[environments.prod]

[[criteria]]
id = "C1"
title = "It answers"
test = { from = "api", reaches = ["api"] }
"#;

    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("spec.toml"), Self::SPEC).unwrap();
        let output = Command::new(runner())
            .current_dir(folder.path())
            .args(["build", "spec.toml", "-o", "chart"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        fs::remove_file(folder.path().join("chart/taskspec.lock")).unwrap();
        Self { folder }
    }

    fn chart(&self) -> PathBuf {
        self.folder.path().join("chart")
    }

    fn audit(&self, others: &[&str]) -> (Value, Option<i32>) {
        let spec = self.folder.path().join("spec.toml");
        audit(&self.chart(), &spec.display().to_string(), others)
    }
}

#[test]
fn what_is_taken_out_is_what_is_missing() {
    let cases: [(&str, &[&str]); 6] = [
        (
            "templates/networkpolicy.yaml",
            &["missing medium network api"],
        ),
        ("templates/hpa.yaml", &["missing medium scaling api"]),
        ("templates/pdb.yaml", &["missing medium disruption api"]),
        (
            "templates/tests/test-connection.yaml",
            &["missing medium tests helm test"],
        ),
        ("templates/service.yaml", &["missing high service api"]),
        ("README.md", &["missing low documents README.md"]),
    ];
    let whole = Place::new();
    let (document, code) = whole.audit(&[]);
    assert_eq!(gaps(&document), [""; 0]);
    assert_eq!(code, Some(0), "{document}");
    for (file, expected) in cases {
        let place = Place::new();
        fs::remove_file(place.chart().join(file)).unwrap_or_else(|fault| panic!("{file}: {fault}"));
        let (document, code) = place.audit(&[]);
        assert_eq!(gaps(&document), expected, "{file}");
        assert_eq!(code, Some(1), "{file}");
    }
}

#[test]
fn values_files_are_found_or_given() {
    let place = Place::new();
    let chart = place.chart();
    fs::create_dir(chart.join("values")).unwrap();
    fs::rename(chart.join("values-dev.yaml"), chart.join("values/dev.yaml")).unwrap();
    fs::rename(chart.join("values-prod.yaml"), chart.join("live.yaml")).unwrap();
    let (document, _) = place.audit(&[]);
    assert_eq!(document["values"][0]["file"], "values/dev.yaml");
    assert_eq!(gaps(&document), ["missing high environment prod"]);
    let (document, code) = place.audit(&["--environment", "prod=live.yaml"]);
    assert_eq!(document["values"][1]["guessed"], false);
    assert_eq!((gaps(&document), code), (vec![], Some(0)));
    let spec = place.folder.path().join("spec.toml").display().to_string();
    let chart = chart.display().to_string();
    let output = run(&[&chart, "--spec", &spec, "--environment", "stage=live.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("no environment `stage`"),
        "{}",
        said(&output)
    );
}

#[test]
fn reports_are_for_people_too() {
    let shop = "tests/charts-foreign/shop";
    let human = said(&run(&[shop, "--spec", SHOP]));
    assert!(
        human.contains("missing     high      workload     mailer"),
        "{human}"
    );
    assert!(
        human.contains("prod: values-prod.yaml (found by its name)"),
        "{human}"
    );
    assert!(human.contains("violated  specified-workloads"), "{human}");
    let markdown = said(&run(&[shop, "--spec", SHOP, "--format", "markdown"]));
    assert!(
        markdown.contains("| missing | high | workload | mailer |"),
        "{markdown}"
    );
}

#[test]
fn a_chart_that_does_not_render_lacks_everything() {
    let folder = TempDir::new().unwrap();
    let chart = folder.path().join("shop");
    copy(&workspace().join("tests/charts-foreign/shop"), &chart);
    fs::write(chart.join("templates/broken.yaml"), "{{ .Values.a.b }}").unwrap();
    let (document, code) = audit(&chart, SHOP, &[]);
    assert_eq!(code, Some(1));
    assert!(document.to_string().contains("Helm does not render it"));
    assert!(gaps(&document).contains(&"missing high workload web".to_owned()));
}
