//! `adopt` as people call it: charts of other styles become specifications that
//! compile and make the same, and what they do not say is told.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use taskspec_adopt::audit::{Folder, Sides, audit};
use taskspec_adopt::{Chart, Rendered, draft, faithful};
use taskspec_tests::tools::{Helm, runner, said, workspace};
use tempfile::TempDir;

/// Texts that stand in secrets of the charts and must not be copied.
const SECRETS: [&str; 2] = ["not-to-be-copied", "hunter2"];

fn foreign(name: &str) -> PathBuf {
    workspace().join("tests/charts-foreign").join(name)
}

fn own(name: &str) -> PathBuf {
    workspace().join("chart-out").join(name)
}

/// Runs `adopt` on a chart; the draft is `spec.toml` in the folder.
fn adopt_with(helm: &Helm, folder: &Path, chart: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(runner());
    command
        .current_dir(folder)
        .arg("adopt")
        .arg(chart)
        .args(arguments)
        .env("HELM_BIN", helm.program())
        .env_remove("HELM_NAMESPACE")
        .env_remove("HELM_PLUGIN_DIR");
    command.output().unwrap()
}

fn adopt(folder: &Path, chart: &Path, arguments: &[&str]) -> Output {
    adopt_with(&Helm::newest(), folder, chart, arguments)
}

/// A draft with what `--format json` says of it.
struct Drafted {
    folder: TempDir,
    document: Value,
    text: String,
}

impl Drafted {
    fn new(helm: &Helm, chart: &Path, arguments: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let arguments = [&["--format", "json"], arguments].concat();
        let output = adopt_with(helm, folder.path(), chart, &arguments);
        assert!(
            output.status.success(),
            "{}: {}",
            chart.display(),
            said(&output)
        );
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = fs::read_to_string(folder.path().join("spec.toml")).unwrap();
        assert_eq!(document["spec"], text.as_str());
        let printed = String::from_utf8_lossy(&output.stdout);
        for secret in SECRETS {
            assert!(
                !printed.contains(secret),
                "{} shows a secret",
                chart.display()
            );
        }
        let drafted = Self {
            folder,
            document,
            text,
        };
        assert_eq!(
            drafted.document["refused"],
            Value::Array(vec![]),
            "{}",
            drafted.text
        );
        assert_eq!(drafted.document["not_compared"], Value::Null);
        drafted.builds();
        drafted
    }

    /// The draft must compile, with no help.
    fn builds(&self) {
        let output = Command::new(runner())
            .current_dir(self.folder.path())
            .args(["build", "spec.toml", "-o", "chart", "--quiet"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}\n{}", said(&output), self.text);
    }

    /// Reproduced objects and all of them.
    fn figures(&self) -> (u64, usize) {
        let objects = self.document["comparison"]["objects"].as_array().unwrap();
        (self.document["reproduced"].as_u64().unwrap(), objects.len())
    }

    /// Objects that differ, with where.
    fn differing(&self) -> Vec<String> {
        let objects = self.document["comparison"]["objects"].as_array().unwrap();
        let differing = objects
            .iter()
            .filter(|one| one["differences"] != Value::Array(vec![]));
        differing
            .map(|one| format!("{} {}", one["object"], one["differences"]))
            .collect()
    }

    fn says(&self, texts: &[&str]) {
        // Comments are broken into lines.
        let whole = self.text.replace("\n#   ", " ");
        for text in texts {
            assert!(whole.contains(text), "`{text}` is not in\n{whole}");
        }
    }
}

fn environments(pairs: &[&str]) -> Vec<String> {
    let flags = pairs
        .iter()
        .flat_map(|pair| ["--environment".to_owned(), (*pair).to_owned()]);
    flags.collect()
}

fn drafted(chart: &Path, pairs: &[&str], others: &[&str]) -> Drafted {
    let flags = environments(pairs);
    let mut arguments: Vec<&str> = flags.iter().map(String::as_str).collect();
    arguments.extend(others);
    Drafted::new(&Helm::newest(), chart, &arguments)
}

#[test]
fn a_chart_of_helm_create_is_adopted_with_every_helm() {
    for helm in Helm::all() {
        let folder = TempDir::new().unwrap();
        let created = Command::new(helm.program())
            .current_dir(folder.path())
            .args(["create", "created"])
            .output()
            .unwrap();
        assert!(created.status.success(), "{}", said(&created));
        let chart = folder.path().join("created");
        let plain = Drafted::new(&helm, &chart, &[]);
        // The image listens on 80, and the account's token goes.
        assert_eq!(plain.figures(), (2, 4), "{:?}", plain.differing());
        plain.says(&[
            "port = 8080",
            "service = { port = 80 }",
            "port 80 is below",
            "test = { from = \"created\", reaches = [\"created\"] }",
        ]);
        let values = "replicaCount: 3\n\
            autoscaling: {enabled: true, minReplicas: 2, maxReplicas: 5, targetCPUUtilizationPercentage: 80}\n\
            ingress: {enabled: true, className: nginx, hosts: [{host: a.example.com, paths: [{path: /, pathType: Prefix}]}], tls: [{secretName: a, hosts: [a.example.com]}]}\n\
            resources: {limits: {cpu: 100m, memory: 128Mi}, requests: {cpu: 100m, memory: 128Mi}}\n\
            securityContext: {readOnlyRootFilesystem: true, runAsNonRoot: true, runAsUser: 1000}\n\
            serviceAccount: {create: true, automount: false}\n\
            service: {type: ClusterIP, port: 8080}\n";
        fs::write(chart.join("values-prod.yaml"), values).unwrap();
        let flags = ["--environment", "prod=values-prod.yaml"];
        let full = Drafted::new(&helm, &chart, &flags);
        assert_eq!(
            full.figures(),
            (6, 6),
            "{}: {:?}",
            helm.version,
            full.differing()
        );
        full.says(&[
            "scaling = { min = 2, max = 5, cpu = 80 }",
            "a.example.com",
            "user = 1000",
        ]);
    }
}

#[test]
fn a_chart_with_everything_in_one_file_is_adopted() {
    let drafted = drafted(
        &foreign("shop"),
        &["dev=values.yaml", "prod=values-prod.yaml"],
        &[],
    );
    // What differs is the variable whose value is a secret.
    assert_eq!(drafted.figures(), (18, 20), "{:?}", drafted.differing());
    assert!(
        drafted
            .differing()
            .iter()
            .all(|one| one.contains("STRIPE_TOKEN"))
    );
    drafted.says(&[
        "[workloads.shop]\nkind = \"service\"",
        "[workloads.shop-worker]\nkind = \"worker\"",
        "[workloads.shop-report]\nkind = \"cron\"",
        "schedule = \"30 2 * * *\"",
        "rollout = { strategy = \"recreate\" }",
        "GREETING = \"Grüß Gott: # willkommen\"",
        "\"note\": \"{{ stays }}\"",
        "STRIPE_TOKEN = { secret = \"stripe-token\" }",
        "is not copied",
        "POD_IP = { field = \"status.podIP\" }",
        "scaling = { min = 3, max = 9, cpu = 65 }",
        "[environments.prod.workloads.shop]",
        "tls = { cluster-issuer = \"letsencrypt\", secret = \"shop-tls\" }",
        "Selectors cannot change",
    ]);
    let withheld = drafted.document["comparison"]["withheld"]
        .as_array()
        .unwrap();
    assert_eq!(withheld.len(), 2);
}

#[test]
fn a_chart_of_many_kinds_is_adopted() {
    let drafted = drafted(
        &foreign("bookings"),
        &["test=values.yaml", "live=values/live.yaml"],
        &[],
    );
    assert_eq!(drafted.figures(), (16, 22), "{:?}", drafted.differing());
    drafted.says(&[
        "kind = \"stateful\"",
        "[workloads.store.init.prepare]",
        "[workloads.store.sidecars.shipper]",
        "[workloads.store.sidecars.exporter]",
        "mounts = [\"data\"]",
        "rules = [",
        "on = [\"post-install\"]",
        "{ workload = \"desk\", ports = [\"client\"] }",
        "except = [\"10.1.0.0/16\"]",
        "kind = \"DaemonSet\"",
        "\"helm.sh/hook\" = \"pre-install,pre-upgrade\"",
        "hostAliases = [",
        "the language has no volumes of the kind hostPath",
        "it no longer runs as root",
        "[labels]\nteam = \"travel\"",
        "volumes = { data = { size = \"80Gi\" } }",
    ]);
}

#[test]
fn a_chart_with_dependencies_and_routes_is_adopted() {
    let drafted = drafted(&foreign("notes"), &[], &["--skip-dependencies"]);
    assert_eq!(drafted.figures(), (6, 8), "{:?}", drafted.differing());
    drafted.says(&[
        "[dependencies.postgresql]\nfrom = \"bitnami/postgresql\"\nversion = \"12.12.10\"",
        "the catalog has no such chart",
        "crds/: no rendering shows it",
        "[gateway.hosts]",
        "env-from = [{ config = \"shared-settings\" }, { secret = \"shared-secrets\" }]",
        "devices = { \"nvidia.com/gpu\" = 1 }",
        "access = \"ReadWriteMany\"",
        "pre-stop = [\"sleep\", \"5\"]",
        "kind = \"job\"",
        "create = false\nname = \"outside\"",
        "text = \"héllo {{ world }}\"",
        "type = \"LoadBalancer\"",
        "volumes of the kind projected",
    ]);
}

#[test]
fn our_own_charts_come_back() {
    type Example<'a> = (&'a str, &'a [&'a str], &'a [&'a str], (u64, usize));
    let examples: [Example<'_>; 5] = [
        (
            "trevor",
            &["dev=values-dev.yaml", "prod=values-prod.yaml"],
            &[],
            (26, 28),
        ),
        (
            "task-api-embedded",
            &[
                "dev=values-dev.yaml",
                "staging=values-staging.yaml",
                "prod=values-prod.yaml",
            ],
            &[],
            (29, 29),
        ),
        (
            "task-api",
            &[
                "dev=values-dev.yaml",
                "staging=values-staging.yaml",
                "prod=values-prod.yaml",
            ],
            &["--skip-dependencies"],
            (29, 35),
        ),
        (
            "ai-agent-connector",
            &[
                "development=values-development.yaml",
                "production=values-production.yaml",
            ],
            &[],
            (22, 22),
        ),
        (
            "ape-2026",
            &["production=values-production.yaml"],
            &["--skip-dependencies"],
            (19, 23),
        ),
    ];
    for (name, pairs, others, figures) in examples {
        let drafted = drafted(&own(name), pairs, others);
        assert_eq!(
            drafted.figures(),
            figures,
            "{name}: {:?}",
            drafted.differing()
        );
    }
}

/// A chart with nothing but what is given.
fn chart(folder: &Path, name: &str, metadata: &str, template: &str) -> PathBuf {
    let chart = folder.join(name);
    fs::create_dir_all(chart.join("templates")).unwrap();
    fs::write(
        chart.join("Chart.yaml"),
        format!("apiVersion: v2\nname: {name}\nversion: 0.1.0\n{metadata}"),
    )
    .unwrap();
    fs::write(chart.join("templates/a.yaml"), template).unwrap();
    chart
}

#[test]
fn what_cannot_be_adopted_is_refused_with_a_remedy() {
    let folder = TempDir::new().unwrap();
    let cases = [
        ("empty", "", "", "renders no object of its own"),
        ("library", "type: library\n", "", "is a library chart"),
        ("broken", "", "{{ .Values.a.b }}", "Helm cannot render"),
        (
            "nothing",
            "",
            "kind: ConfigMap\nmetadata: {name: x}\n",
            "renders nothing that runs",
        ),
        (
            "lacking",
            "dependencies: [{name: other, version: 1.0.0, repository: \"https://charts.example.com\"}]\n",
            "kind: A\n",
            "dependencies are not here",
        ),
    ];
    for (name, metadata, template, expected) in cases {
        let output = adopt(
            folder.path(),
            &chart(folder.path(), name, metadata, template),
            &[],
        );
        assert_eq!(output.status.code(), Some(3), "{name}");
        assert!(
            said(&output).contains(expected),
            "{name}: {}",
            said(&output)
        );
        assert!(said(&output).contains("help:"), "{name}: {}", said(&output));
        assert!(!folder.path().join("spec.toml").exists());
    }
    let shop = foreign("shop");
    for (arguments, code, expected) in [
        (
            &["--environment", "prod=absent.yaml"][..],
            3,
            "there is no `absent.yaml`",
        ),
        (
            &["--environment", "Prod_1=values.yaml"],
            2,
            "not usable as an environment's name",
        ),
        (&["--release", "No Name"], 2, "is not usable"),
        (
            &[
                "--environment",
                "a=values.yaml",
                "--environment",
                "a=values.yaml",
            ],
            2,
            "given twice",
        ),
        (&["--environment", "values.yaml"], 2, "write NAME=FILE"),
    ] {
        let output = adopt(folder.path(), &shop, arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            said(&output)
        );
        assert!(said(&output).contains(expected), "{}", said(&output));
    }
}

#[test]
fn a_file_that_exists_is_kept() {
    let folder = TempDir::new().unwrap();
    let spec = folder.path().join("spec.toml");
    fs::write(&spec, "mine").unwrap();
    let output = adopt(folder.path(), &foreign("shop"), &[]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(fs::read_to_string(&spec).unwrap(), "mine");
    let output = adopt(folder.path(), &foreign("shop"), &["--force"]);
    assert!(output.status.success(), "{}", said(&output));
    let hint = "values-prod.yaml is not read; `--environment prod=values-prod.yaml`";
    assert!(said(&output).contains(hint), "{}", said(&output));
    assert_eq!(
        fs::read_to_string(folder.path().join("spec.toml.orig")).unwrap(),
        "mine"
    );
    let output = adopt(
        folder.path(),
        &foreign("shop"),
        &["-o", "-", "--release", "rel"],
    );
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("# Drafted by"), "{text}");
}

#[test]
fn what_the_compiler_does_not_take_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    let output = adopt(folder.path(), &foreign("odd"), &[]);
    assert!(output.status.success(), "{}", said(&output));
    let text = fs::read_to_string(folder.path().join("spec.toml")).unwrap();
    for secret in SECRETS {
        assert!(!text.contains(secret) && !said(&output).contains(secret));
    }
    // An image that no registry has, a schedule that the language has no form for.
    for kept in [
        "REGISTRY.example.com:5000/Team/App:V1",
        "@every 90m",
        "\"+e\"",
    ] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    let built = Command::new(runner())
        .current_dir(folder.path())
        .args(["build", "spec.toml", "-o", "chart", "--quiet"])
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", said(&built));
}

/// Every value of a manifest that can be replaced, as pointers.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                places(inner, &format!("{path}/{key}"), found);
            }
        }
        Value::Array(list) => {
            for (number, inner) in list.iter().enumerate() {
                places(inner, &format!("{path}/{number}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn no_manifest_makes_it_panic() {
    let odd = [
        Value::Null,
        Value::Bool(true),
        serde_json::json!(-7),
        serde_json::json!("é{{ x }}\u{7}"),
        serde_json::json!([[]]),
        serde_json::json!({ "": { "name": 1 } }),
    ];
    for name in ["shop", "bookings", "notes"] {
        let helm = Helm::newest();
        let mut command = helm.command();
        let folder = TempDir::new().unwrap();
        // Without the dependencies, which nobody fetched.
        let copy = folder.path().join(name);
        taskspec_tests::chart::copy(&foreign(name), &copy);
        let metadata = fs::read_to_string(copy.join("Chart.yaml")).unwrap();
        let alone = metadata
            .split("dependencies:")
            .next()
            .unwrap_or_default()
            .to_owned();
        fs::write(copy.join("Chart.yaml"), alone).unwrap();
        let output = command
            .args(["template", "rel"])
            .arg(&copy)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let manifests = String::from_utf8(output.stdout).unwrap();
        let (objects, _) = taskspec_manifest::read(&manifests, &[]);
        let chart: Chart = serde_yaml::from_str(&metadata).unwrap();
        for number in 0..objects.len() {
            let mut all = Vec::new();
            places(&objects[number].value, "", &mut all);
            for (count, place) in all.iter().enumerate().skip(1) {
                let mut damaged = objects.clone();
                if let Some(value) = damaged[number].value.pointer_mut(place) {
                    *value = odd[count % odd.len()].clone();
                }
                let text = taskspec_manifest::written(&damaged);
                if count % 4 == 0 {
                    let side = Sides {
                        environment: String::new(),
                        values: None,
                        release: "rel".to_owned(),
                        expected: manifests.clone(),
                        actual: Ok(text.clone()),
                    };
                    let other = Sides {
                        expected: text.clone(),
                        actual: Ok(manifests.clone()),
                        ..side.clone()
                    };
                    audit(name, &[side, other], &Folder::default());
                }
                let rendered = Rendered {
                    environment: String::new(),
                    release: "rel".to_owned(),
                    manifests: text.clone(),
                };
                if let Ok(draft) = draft(&chart, &[rendered]) {
                    let spec = draft.text(&[]);
                    assert!(spec.parse::<toml::Table>().is_ok(), "{place}: {spec}");
                    faithful::align(&draft.roles, "", &text, &manifests);
                    faithful::align(&draft.roles, "", &manifests, &text);
                }
            }
        }
    }
}
