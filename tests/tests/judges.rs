//! What others judge: Kubernetes' schemas, yamllint, trivy and checkov, over
//! the examples and starters with their defaults and in every environment.
//! Each judge starts once and sees all renderings.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use taskspec_tests::chart::{Built, Case, Variant, temporary, write};
use taskspec_tests::manifest;
use taskspec_tests::parallel;
use taskspec_tests::tools::{Helm, program, said};

/// Failures that the specifications ask for: the pull policy is
/// `IfNotPresent`, no digest is stated and none is invented, connection URLs
/// are variables, task-api runs as user 1000, and a test pod has no probes.
/// The starter's worker states a liveness probe only: nobody connects to it.
const ASKED_FOR: &[&str] = &[
    "CKV_K8S_15",
    "CKV_K8S_43",
    "CKV_K8S_35",
    "CKV_K8S_40",
    "CKV_K8S_8",
    "CKV_K8S_9",
];

/// Renderings of the published specifications: the whole text in `all/`, the
/// objects that taskspec makes (without those of repositories) in `made/`.
fn renderings() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("renderings");
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("the last run's renderings can be removed");
        }
        let helm = Helm::newest();
        parallel::map(Case::published(), |case| {
            let chart = case.build();
            for variant in chart.variants() {
                save(&chart, &helm, &variant, &[], &folder, &variant.name);
            }
        });
        folder
    })
}

fn save(chart: &Built, helm: &Helm, variant: &Variant, more: &[&str], folder: &Path, name: &str) {
    let release = variant.release.as_deref().unwrap_or("agent");
    let text = chart
        .render(helm, release, variant, more)
        .unwrap_or_else(|fault| panic!("{fault}"));
    let objects = manifest::parse(&text).unwrap_or_else(|fault| panic!("{}: {fault}", chart.case));
    let repositories = chart.from_repositories();
    let made: Vec<&str> = objects
        .iter()
        .filter(|object| !object.is_from(&repositories))
        .map(|object| object.text.as_str())
        .collect();
    let file = format!("{}-{name}.yaml", chart.case.replace('/', "-"));
    write(&folder.join("all").join(&file), &text);
    write(
        &folder.join("made").join(&file),
        &format!("---\n{}", made.join("---\n")),
    );
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is readable");
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    assert!(files.len() > 12, "too few renderings: {files:?}");
    files
}

/// What kubernetes-validate says about files; nothing if they are valid.
fn against_schemas(version: &str, files: &[PathBuf]) -> String {
    let mut command = Command::new(program("judges/bin/kubernetes-validate"));
    let output = command
        .args(["--strict", "--quiet", "-k", version])
        .args(files)
        .output()
        .expect("kubernetes-validate starts");
    let said = said(&output);
    assert!(!output.status.success() || said.trim().is_empty(), "{said}");
    said.trim().to_owned()
}

#[test]
fn schemas_of_the_oldest_and_newest_kubernetes_know_every_field() {
    let files = files(&renderings().join("all"));
    for version in ["1.31", "1.37"] {
        assert_eq!(against_schemas(version, &files), "", "{version}");
    }
}

#[test]
fn no_line_offends_yamllint() {
    let folder = renderings();
    let rules = "{extends: relaxed, rules: {line-length: disable, key-duplicates: {forbid-duplicated-merge-keys: true}}}";
    let mut command = Command::new(program("judges/bin/yamllint"));
    command
        .args(["-d", rules, "--no-warnings"])
        .args(files(&folder.join("all")));
    let output = command.output().expect("yamllint starts");
    assert!(output.status.success(), "{}", said(&output));
    // The chart's own files are read by people too.
    let charts = temporary();
    for chart in Case::published().iter().map(Case::build) {
        for file in chart
            .chart
            .files
            .iter()
            .filter(|file| !file.path.contains("templates/") && file.path.ends_with(".yaml"))
        {
            write(
                &charts
                    .path()
                    .join(chart.case.replace('/', "-"))
                    .join(&file.path),
                &file.contents,
            );
        }
    }
    let output = Command::new(program("judges/bin/yamllint"))
        .args(["-d", rules, "--strict"])
        .arg(charts.path())
        .output();
    let output = output.expect("yamllint starts");
    assert!(output.status.success(), "{}", said(&output));
}

/// Number of passed checks of trivy, and its findings that are HIGH or CRITICAL.
fn trivy(folder: &Path) -> (usize, Vec<String>) {
    let mut command = Command::new(program("judges/bin/trivy"));
    command.args([
        "config",
        "--skip-check-update",
        "--disable-telemetry",
        "--skip-version-check",
        "--include-non-failures",
        "--format",
        "json",
    ]);
    let output = command.arg(folder).output().expect("trivy starts");
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    let (mut passed, mut severe) = (0, Vec::new());
    for result in report["Results"].as_array().into_iter().flatten() {
        for finding in result["Misconfigurations"].as_array().into_iter().flatten() {
            let severity = finding["Severity"].as_str().unwrap_or_default();
            if finding["Status"] == "PASS" {
                passed += 1;
            } else if matches!(severity, "HIGH" | "CRITICAL") {
                severe.push(format!(
                    "{}: {} {severity} {}",
                    result["Target"], finding["ID"], finding["Message"]
                ));
            }
        }
    }
    (passed, severe)
}

#[test]
fn trivy_finds_nothing_high_or_critical() {
    let (passed, severe) = trivy(&renderings().join("made"));
    assert!(passed > 500, "trivy judged too little: {passed}");
    parallel::report(severe);
}

/// The judges are awake: each finds its fault in a broken rendering.
#[test]
fn a_broken_rendering_is_noticed() {
    let folder = temporary();
    let source = fs::read_to_string(renderings().join("made/examples-task-api-embedded-prod.yaml"))
        .expect("the rendering is there");
    let broken = source
        .replace("privileged: false", "privileged: true")
        .replace(
            "\n      restartPolicy: Never",
            "\n      restartPolicy: Never\n      backoffLimit: 3",
        );
    write(&folder.path().join("broken.yaml"), &broken);
    assert!(against_schemas("1.37", &[folder.path().join("broken.yaml")]).contains("backoffLimit"));
    let (_, severe) = trivy(folder.path());
    assert!(
        severe.iter().any(|finding| finding.contains("privileged")),
        "{severe:?}"
    );
    assert!(
        checkov(folder.path())
            .values()
            .flatten()
            .any(|(check, _)| check == "CKV_K8S_16")
    );
}

/// Failed checks of checkov by file, with the object.
fn checkov(folder: &Path) -> BTreeMap<String, Vec<(String, String)>> {
    let mut command = Command::new(program("checkov/bin/checkov"));
    command.args([
        "--framework",
        "kubernetes",
        "--compact",
        "--quiet",
        "--skip-download",
        "--output",
        "json",
        "--directory",
    ]);
    let output = command
        .arg(folder)
        .env("LOG_LEVEL", "ERROR")
        .output()
        .expect("checkov starts");
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    let passed = report["summary"]["passed"].as_u64().unwrap_or_default();
    assert!(
        passed > 300 && report["summary"]["parsing_errors"] == 0,
        "checkov judged too little: {}",
        report["summary"]
    );
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for failure in report["results"]["failed_checks"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let text = |key: &str| failure[key].as_str().unwrap_or_default().to_owned();
        found
            .entry(text("file_path"))
            .or_default()
            .push((text("check_id"), text("resource")));
    }
    found
}

#[test]
fn checkov_finds_only_what_was_asked_for() {
    let folder = renderings();
    let mut faults = Vec::new();
    for (file, failures) in checkov(&folder.join("made")) {
        for (check, object) in failures {
            let asked = ASKED_FOR.contains(&check.as_str());
            let user = check != "CKV_K8S_40" || file.contains("task-api");
            let worker = check == "CKV_K8S_9"
                && file.starts_with("/starters-worker")
                && object.ends_with("-worker");
            let probes = !matches!(check.as_str(), "CKV_K8S_8" | "CKV_K8S_9")
                || object.starts_with("Pod.")
                || worker;
            if !(asked && user && probes) {
                faults.push(format!("{file}: {check} {object}"));
            }
        }
    }
    parallel::report(faults);
}

/// Values that a hardened installation sets.
const HARDENED: &[&str] = &[
    "agent.image",
    "migration.image",
    "clients.http.image",
    "clients.postgresql.image",
    "clients.redis.image",
    "postgresql.image",
    "redis.image",
];

/// With digests, fresh pulls and a high user ID, what remains is counted: the
/// URLs as variables and the two probes that a test pod has no use for.
#[test]
fn a_hardened_installation_leaves_three_kinds_of_failures() {
    let folder = temporary();
    let chart = Case::example("task-api-embedded").build();
    let mut settings: Vec<String> = HARDENED
        .iter()
        .flat_map(|image| {
            [
                format!("{image}.digest=sha256:{}", "a".repeat(64)),
                format!("{image}.pullPolicy=Always"),
            ]
        })
        .collect();
    for pod in ["agent", "migration"] {
        settings.extend(
            ["runAsUser", "runAsGroup", "fsGroup"]
                .map(|key| format!("{pod}.podSecurity.{key}=10001")),
        );
    }
    let more = ["--set".to_owned(), settings.join(",")];
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    for variant in chart.variants() {
        save(
            &chart,
            &Helm::newest(),
            &variant,
            &more,
            folder.path(),
            &variant.name,
        );
    }
    for (file, failures) in checkov(&folder.path().join("made")) {
        let kinds: BTreeSet<&str> = failures.iter().map(|(check, _)| check.as_str()).collect();
        assert_eq!(
            kinds,
            BTreeSet::from(["CKV_K8S_35", "CKV_K8S_8", "CKV_K8S_9"]),
            "{file}: {failures:?}"
        );
        let others = failures
            .iter()
            .filter(|(check, _)| check != "CKV_K8S_35")
            .count();
        assert!(others <= 3 && failures.len() <= 5, "{file}: {failures:?}");
    }
}
