//! What others judge: Kubernetes' schemas, yamllint, trivy and checkov, over
//! every specification with its defaults and in every environment; checkov, the
//! slowest, over the examples and starters. Each judge starts once.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use taskspec_tests::chart::{Built, Case, Variant, temporary, write};
use taskspec_tests::manifest::{self, Object};
use taskspec_tests::parallel;
use taskspec_tests::tools::{Helm, program, said};

/// Failures that the specifications ask for: the pull policy is
/// `IfNotPresent`, no digest is stated and none is invented, connection URLs
/// are variables, two systems run as user 1000, and a test pod has no probes.
/// Workers state a liveness probe only: nobody connects to them. Trevor's network
/// is open except in production.
const ASKED_FOR: &[&str] = &[
    "CKV_K8S_15",
    "CKV_K8S_43",
    "CKV_K8S_35",
    "CKV_K8S_40",
    "CKV_K8S_8",
    "CKV_K8S_9",
    "CKV2_K8S_6",
];

/// Kinds of operators: no release of Kubernetes has their schemas.
const FROM_OPERATORS: &[(&str, &str)] = &[
    ("external-secrets.io/v1", "ExternalSecret"),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("k8s.mariadb.com/v1alpha1", "MariaDB"),
    ("keda.sh/v1alpha1", "ScaledObject"),
    ("monitoring.coreos.com/v1", "PodMonitor"),
    ("monitoring.coreos.com/v1", "PrometheusRule"),
    ("monitoring.coreos.com/v1", "ServiceMonitor"),
    ("postgresql.cnpg.io/v1", "Cluster"),
    ("traefik.io/v1alpha1", "Middleware"),
];

/// Renderings of all specifications: the whole text in `all/`, the objects whose
/// kinds Kubernetes has in `native/`, those that taskspec makes (without those of
/// repositories) in `made/`, or in `cases/` if it is one of the tests' own.
fn renderings() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("renderings");
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("the last run's renderings can be removed");
        }
        let helm = Helm::newest();
        parallel::map(Case::all(), |case| {
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
    let file = format!("{}-{name}.yaml", chart.case.replace('/', "-"));
    let some = |kind: &str, keep: &dyn Fn(&Object) -> bool| {
        let kept = objects.iter().filter(|object| keep(object));
        let kept: Vec<&str> = kept.map(|object| object.text.as_str()).collect();
        let path = folder.join(kind).join(&file);
        write(&path, &format!("---\n{}", kept.join("---\n")));
    };
    write(&folder.join("all").join(&file), &text);
    some("native", &|object| {
        let version = object.value["apiVersion"].as_str().unwrap_or_default();
        !FROM_OPERATORS.contains(&(version, object.kind()))
    });
    let own = chart.case.starts_with("charts/");
    some(if own { "cases" } else { "made" }, &|object| {
        !object.is_from(&repositories)
    });
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
    let mut files = files(&renderings().join("native"));
    // PyYAML cannot read the plain text `<<`, which Helm prints for a variable.
    files.retain(|file| !file.to_string_lossy().contains("yaml-words"));
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
        .args(files(&folder.join("made")))
        .args(files(&folder.join("cases")).iter().filter(|file| {
            // Its text has spaces at the ends of lines, and keeps them.
            !file.to_string_lossy().contains("hostile-text")
        }));
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
    let mut all = Vec::new();
    for folder in ["made", "cases"] {
        let (passed, severe) = trivy(&renderings().join(folder));
        assert!(passed > 500, "trivy judged too little: {passed}");
        all.extend(severe.into_iter().filter(|fault| {
            // Cases that state `read-only-root = false` and a plain variable with such a name.
            let writable = fault.contains("KSV-0014")
                && (fault.contains("charts-kinds") || fault.contains("charts-worker-only"));
            let plain = fault.contains("KSV-0109") && fault.contains("NOT_A_TOKEN");
            !writable && !plain
        }));
    }
    parallel::report(all);
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
            let user =
                check != "CKV_K8S_40" || file.contains("task-api") || file.contains("ape-2026");
            let open =
                check != "CKV2_K8S_6" || file.contains("trevor") && !file.ends_with("-prod.yaml");
            let worker = check == "CKV_K8S_9"
                && object.starts_with("Deployment.")
                && object.ends_with("-worker");
            let probes = !matches!(check.as_str(), "CKV_K8S_8" | "CKV_K8S_9")
                || object.starts_with("Pod.")
                || worker;
            if !(asked && user && open && probes) {
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
