//! `verify` as people and CI call it: with every Helm, in every form, and when
//! something is missing or wrong.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use taskspec_report::{Report, Verdict};
use taskspec_tests::chart::{Built, Case, copy};
use taskspec_tests::sarif;
use taskspec_tests::tools::{Helm, program, runner, said, script, workspace};
use taskspec_tests::verify::{examination, judge};
use tempfile::TempDir;

/// A folder with a specification in `spec.toml`.
struct Place {
    folder: TempDir,
    helm: Helm,
}

impl Place {
    fn new(spec: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("spec.toml"), spec).unwrap();
        let helm = Helm::all().pop().unwrap();
        Self { folder, helm }
    }

    /// With the chart in `chart-out`, its dependencies fetched.
    fn with_chart(case: &Case) -> (Self, Built) {
        let place = Self::new(&case.spec);
        let built = case.build();
        let target = place.path("chart-out").join(&built.chart.name);
        copy(&built.path(), &target);
        (place, built)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Builds the specification into `chart-out`.
    fn build(&self) {
        let mut build = Command::new(runner());
        build
            .current_dir(self.folder.path())
            .args(["build", "spec.toml"]);
        let output = build.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(runner());
        command
            .current_dir(self.folder.path())
            .args(["verify", "spec.toml"])
            .args(arguments)
            .env("HELM_BIN", self.helm.program())
            .env_remove("HELM_NAMESPACE")
            .env_remove("HELM_PLUGIN_DIR");
        command.output().unwrap()
    }

    fn report(&self, arguments: &[&str]) -> (Report, Value) {
        let output = self.run(&[&["--format", "json"], arguments].concat());
        let text = String::from_utf8_lossy(&output.stdout);
        let report = serde_json::from_str(&text);
        let report = report.unwrap_or_else(|fault| panic!("{fault}: {text} {}", said(&output)));
        (report, serde_json::from_str(&text).unwrap())
    }
}

const SMALL: &str = r#"
spec = "taskspec/v1"

[intent]
name = "shop"
version = "1.0.0"
summary = "Takes orders"

[workloads.api]
kind = "service"
image = "example/api:1.0.0"
port = 8000
replicas = 2
probes = { readiness = { path = "/ready" }, liveness = { tcp = true } }

[environments.dev]
workloads.api.replicas = 1

[environments.prod]

[[criteria]]
id = "C1"
title = "Two pods"
[[criteria.check]]
in = ["prod"]
that = "workload('api').replicas == 2"

[[criteria]]
id = "C2"
title = "It answers"
test = { from = "api", reaches = ["api"] }

[[criteria]]
id = "C3"
title = "Looks | good <b>"
manual = "Look at it."
"#;

/// The same with a criterion that does not hold.
fn violated() -> String {
    SMALL.replace("replicas == 2", "replicas == 3")
}

#[test]
fn examples_hold_with_every_helm_and_as_the_native_verifier_says() {
    for name in [
        "task-api",
        "task-api-embedded",
        "ai-agent-connector",
        "ape-2026",
        "trevor",
    ] {
        let case = Case::example(name);
        let (mut place, built) = Place::with_chart(&case);
        for helm in Helm::all() {
            place.helm = helm;
            let (report, _) = place.report(&[]);
            assert!(report.holds(), "{name}: {:#?}", report.tally);
            let native = judge(&examination(&built, &case.spec, &place.helm));
            let verdicts = |report: &Report| -> Vec<(String, Verdict)> {
                let all = report.statements.iter();
                all.map(|one| (one.id.clone(), one.verdict)).collect()
            };
            assert_eq!(verdicts(&report), verdicts(&native), "{name}");
        }
    }
}

#[test]
fn what_is_violated_is_named_with_its_line_and_its_object() {
    let output = Place::new(&violated()).run(&[]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout);
    for part in [
        "violated  C1",
        "spec.toml:26:8",
        "prod Deployment/shop-prod spec.replicas: workload('api').replicas == 3 (found 2, expected 3)",
        "remedy: ",
        "runtime   C2",
        "manual    C3",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn json_is_what_its_schema_says() {
    let schema = fs::read_to_string(workspace().join("docs/report.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for spec in [SMALL.to_owned(), violated()] {
        let (report, document) = Place::new(&spec).report(&[]);
        let faults: Vec<String> = validator
            .iter_errors(&document)
            .map(|one| one.to_string())
            .collect();
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(report.format, taskspec_report::FORMAT);
        let proof = report
            .statements
            .iter()
            .filter(|one| one.verdict == Verdict::Proven);
        for statement in proof {
            let evidence = statement
                .checks
                .iter()
                .map(|check| check.evidence.len())
                .sum::<usize>();
            assert!(evidence > 0, "{} is proven by nothing", statement.id);
        }
    }
    let broken = serde_json::json!({ "format": 1 });
    assert!(!validator.is_valid(&broken), "the schema accepts anything");
}

#[test]
fn sarif_is_what_its_schema_says() {
    let schema = sarif::schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (spec, failures) in [(SMALL.to_owned(), 0), (violated(), 1)] {
        let output = Place::new(&spec).run(&["--format", "sarif"]);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&document)
            .map(|one| one.to_string())
            .collect();
        assert_eq!(faults, Vec::<String>::new());
        let results = document["runs"][0]["results"].as_array().unwrap();
        let failed: Vec<&Value> = results.iter().filter(|one| one["kind"] == "fail").collect();
        assert_eq!(failed.len(), failures);
        for result in failed {
            assert_eq!(result["level"], "error");
            assert_eq!(result["ruleId"], "C1");
            let region = &result["locations"][0]["physicalLocation"]["region"];
            assert_eq!(region["startLine"], 26);
        }
    }
}

#[test]
fn junit_is_read_by_a_consumer() {
    let place = Place::new(&violated());
    let output = place.run(&["--format", "junit", "-o", "report.xml"]);
    assert_eq!(output.status.code(), Some(1));
    let script = "import sys\nfrom junitparser import JUnitXml, Failure, Skipped\n\
        xml = JUnitXml.fromfile(sys.argv[1])\nfor suite in xml:\n  suite.update_statistics()\n  \
        for case in suite:\n    print(case.name, [type(r).__name__ for r in case.result])\n  \
        print(suite.tests, suite.failures, suite.skipped)";
    let mut command = Command::new(program("judges/bin/python"));
    command.args(["-c", script]).arg(place.path("report.xml"));
    let read = command.output().unwrap();
    let text = String::from_utf8_lossy(&read.stdout);
    assert!(read.status.success(), "{}", said(&read));
    assert!(text.contains("C1 Two pods ['Failure']"), "{text}");
    assert!(text.contains("C2 It answers ['Skipped']"), "{text}");
    assert!(text.contains("C3 Looks | good <b> ['Skipped']"), "{text}");
}

#[test]
fn markdown_is_a_table_without_markup_from_texts() {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    let output = Place::new(&violated()).run(&["--format", "markdown"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let events: Vec<Event<'_>> = Parser::new_ext(&text, Options::ENABLE_TABLES).collect();
    let rows = events
        .iter()
        .filter(|one| matches!(one, Event::Start(Tag::TableRow)))
        .count();
    assert!(rows >= 3, "{text}");
    let html: Vec<&Event<'_>> = events
        .iter()
        .filter(|one| matches!(one, Event::Html(html) | Event::InlineHtml(html) if html.as_ref() != "<br>"))
        .collect();
    assert!(html.is_empty(), "{html:?}");
    let shown: String = events
        .iter()
        .map(|one| match one {
            Event::Text(text) | Event::Code(text) => text.as_ref(),
            _ => "",
        })
        .collect();
    assert!(shown.contains("C3 Looks | good <b>"), "{shown}");
}

#[test]
fn missing_dependencies_are_named_with_what_to_do() {
    let case = Case::example("task-api");
    let place = Place::new(&case.spec);
    let output = place.run(&[]);
    assert_eq!(output.status.code(), Some(3));
    let text = said(&output);
    for part in [
        "postgresql 12.12.10",
        "--update-dependencies",
        "--skip-dependencies",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let ape = Case::example("ape-2026");
    let all = Helm::all().into_iter().map(|helm| (helm, &case));
    for (helm, case) in all.chain([(Helm::newest(), &ape)]) {
        let mut place = Place::new(&case.spec);
        place.helm = helm;
        let (report, _) = place.report(&["--skip-dependencies"]);
        assert!(
            report.dependencies_skipped && report.holds(),
            "{:?}",
            report.tally
        );
        let first = report.statements.iter().find(|one| one.id == "C1").unwrap();
        assert_eq!(first.verdict, Verdict::Manual, "nobody looked");
        assert!(
            report
                .renderings
                .iter()
                .all(|one| one.dependency_objects == 0)
        );
    }
}

#[test]
fn a_chart_in_a_folder_is_compared_with_what_the_specification_compiles_to() {
    let case = Case::example("task-api");
    let place = Place::new(&case.spec);
    place.build();
    let built = case.build();
    let chart = format!("chart-out/{}", built.chart.name);
    copy(
        &built.path().join("charts"),
        &place.path(&chart).join("charts"),
    );
    let (report, _) = place.report(&["--chart", &chart]);
    assert!(report.holds());
    assert!(report.statements.iter().any(|one| one.id == "as-compiled"));
    let file = place.path(&chart).join("templates/deployment.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text.replace("revisionHistoryLimit: ", "revisionHistoryLimit: 1"),
    )
    .unwrap();
    let output = place.run(&["--chart", &chart]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("spec.revisionHistoryLimit"), "{text}");
}

#[test]
fn what_is_no_object_is_a_violation_and_hides_nothing() {
    let place = Place::new(SMALL);
    place.build();
    let chart = place.path("chart-out/shop");
    let own = "kind: List\napiVersion: v1\nitems:\n\
               - {apiVersion: v1, kind: ConfigMap, metadata: {name: listed}}\n";
    fs::write(chart.join("templates/own.yaml"), own).unwrap();
    let chart = chart.display().to_string();
    let (report, _) = place.report(&["--chart", &chart]);
    assert!(report.statements.iter().all(|one| one.id != "readable"));
    let nameless = format!("{own}---\napiVersion: v1\nkind: Secret\n");
    fs::write(place.path("chart-out/shop/templates/own.yaml"), nameless).unwrap();
    let (report, _) = place.report(&["--chart", &chart]);
    let named = |id: &str| {
        let found = report.statements.iter().find(|one| one.id == id);
        found.unwrap_or_else(|| panic!("no {id}")).verdict
    };
    assert_eq!(named("readable"), Verdict::Violated);
    assert_eq!(named("C1"), Verdict::Proven);
}

/// One environment that does not render is one violation, with all that Helm
/// says; statements about it are open.
#[test]
fn an_environment_that_does_not_render_is_said_once() {
    let place = Place::new(SMALL);
    place.build();
    let own = place.path("chart-out/shop/templates/own.yaml");
    fs::write(
        own,
        "{{ if eq (int .Values.api.replicaCount) 2 }}{{ fail \"two are\\ntoo many\" }}{{ end }}",
    )
    .unwrap();
    let (report, _) = place.report(&["--chart", "chart-out/shop"]);
    let violated: Vec<&str> = report
        .statements
        .iter()
        .filter(|one| one.verdict == Verdict::Violated)
        .map(|one| one.id.as_str())
        .collect();
    assert_eq!(violated, ["renders"]);
    let of = |id: &str| report.statements.iter().find(|one| one.id == id).unwrap();
    let faults: Vec<_> = of("renders").faults().collect();
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].0.environment, "prod");
    assert!(
        faults[0].1.message.contains("own.yaml") && faults[0].1.message.ends_with("too many"),
        "{}",
        faults[0].1.message
    );
    assert_eq!(of("restricted-pods").verdict, Verdict::Manual);
    assert_eq!(
        of("restricted-pods").manual,
        "Not judged, since Helm does not render prod."
    );
    let text = place.run(&["--chart", "chart-out/shop"]);
    assert_eq!(text.status.code(), Some(1));
    let text = String::from_utf8_lossy(&text.stdout);
    assert!(text.contains("could not be judged"), "{text}");
}

#[test]
fn faults_of_statements_point_into_the_expression() {
    let spec = SMALL.replace(
        "workload('api').replicas == 2",
        "workload('api').replicas = 2",
    );
    let output = Place::new(&spec).run(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("TS0050"), "{}", said(&output));
    assert!(
        said(&output).contains("spec.toml:26:34"),
        "{}",
        said(&output)
    );
}

#[test]
fn rules_of_an_organisation_are_added() {
    let rule = r#"
title = "Every object says who owns it"
about = "The label `team`."
always = true
remedy = "state commonLabels"
[[judge]]
each = "workloads()"
as = "w"
that = "has(w.object.metadata.labels.team)"
says = "{w.name} says nothing of its team"
"#;
    let place = Place::new(SMALL);
    fs::create_dir(place.path("rules")).unwrap();
    let empty = place.run(&["--rules", "rules"]);
    assert_eq!(empty.status.code(), Some(2), "{}", said(&empty));
    fs::write(place.path("rules/team.toml"), rule).unwrap();
    let output = place.run(&["--rules", "rules"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("shop-prod says nothing of its team"),
        "{text}"
    );
    fs::write(
        place.path("rules/team.toml"),
        rule.replace("w.object", "v.object"),
    )
    .unwrap();
    let output = place.run(&["--rules", "rules"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("rule `team`: nobody knows `v`"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_helm_that_is_missing_or_old_is_named() {
    let place = Place::new(SMALL);
    let run = |helm: &Path| {
        let mut command = Command::new(runner());
        command
            .current_dir(place.folder.path())
            .args(["verify", "spec.toml"])
            .env("HELM_BIN", helm);
        command.output().unwrap()
    };
    let missing = run(&place.path("no-helm"));
    assert_eq!(missing.status.code(), Some(3));
    assert!(said(&missing).contains("HELM_BIN"), "{}", said(&missing));
    let old = script(&place.path("old-helm"), "echo v3.9.0");
    let refused = run(&old);
    assert_eq!(refused.status.code(), Some(3));
    assert!(said(&refused).contains("3.17"), "{}", said(&refused));
}

/// A release cannot be had without a cluster: what Helm says of its tests is
/// written down here as Helm 3 and 4 print it.
#[test]
fn results_of_helm_test_are_folded_in() {
    let mut place = Place::new(SMALL);
    let real = place.helm.program().display().to_string();
    // The other environment's test did not run.
    for (phase, exit, verdict) in [
        ("Succeeded", 0, Verdict::Runtime),
        ("Failed", 1, Verdict::Violated),
    ] {
        let line = format!(
            "if [ \"$1\" = test ]; then echo \"$@\" > asked; printf 'NAME: shop-prod\\nTEST SUITE:     \
             shop-prod-connection-test\\nPhase:          {phase}\\n'; exit {exit}; fi\nexec {real} \"$@\""
        );
        let fake = script(&place.path("helm"), &line);
        place.helm = place.helm.clone().with_program(fake);
        let (report, _) = place.report(&["--release", "shop-prod"]);
        let statement = report.statements.iter().find(|one| one.id == "C2").unwrap();
        assert_eq!(statement.verdict, verdict);
        let tests = statement.tests.iter();
        let passed: Vec<_> = tests
            .map(|test| (test.environment.as_str(), test.passed))
            .collect();
        assert_eq!(passed, [("dev", None), ("prod", Some(exit == 0))]);
        let asked = fs::read_to_string(place.path("asked")).unwrap();
        assert_eq!(asked.trim(), "test shop-prod --namespace prod");
    }
    let unknown = place.run(&["--release", "other"]);
    assert_eq!(unknown.status.code(), Some(2), "{}", said(&unknown));
    assert!(said(&unknown).contains("--environment"));
}

/// The namespace and release that the README of a chart names.
#[test]
fn nothing_is_left_behind() {
    let place = Place::new(SMALL);
    place.run(&[]);
    let left: Vec<_> = fs::read_dir(place.folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
