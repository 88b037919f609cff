//! Charts that are built again and again: what `build`, `check`, `diff` and
//! `package` say and do when people, git and other machines were there in
//! between.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use taskspec_tests::chart::{Case, write};
use taskspec_tests::sarif;
use taskspec_tests::tools::{Helm, program, runner, said, workspace};
use tempfile::TempDir;

const SPEC: &str = r#"
spec = "taskspec/v1"

[intent]
name = "shop"
version = "1.0.0"
summary = "Sells"

[workloads.api]
kind = "service"
image = "example/api:1.2.3"
port = 8080
replicas = 2

[environments.prod]

[[criteria]]
id = "C1"
title = "Two pods"
[[criteria.check]]
that = "workload('api').replicas == 2"
"#;

/// A folder to work in.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    /// With a chart in `chart-out/shop`.
    fn built() -> Self {
        let place = Self::new();
        place.put("spec.toml", SPEC);
        let output = place.run(&["build", "spec.toml"]);
        assert!(output.status.success(), "{}", said(&output));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        write(&self.path(name), text);
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(runner());
        command
            .current_dir(self.folder.path())
            .args(arguments)
            .env("HELM_BIN", Helm::newest().program())
            .env_remove("HELM_PLUGIN_DIR")
            .env_remove("SOURCE_DATE_EPOCH");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs, and wants this exit code.
    fn ends(&self, code: i32, arguments: &[&str]) -> Output {
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            said(&output)
        );
        output
    }

    /// Runs another program.
    fn other(&self, name: &str, arguments: &[&str]) -> Output {
        let output = Command::new(name)
            .current_dir(self.folder.path())
            .args(arguments)
            .envs(GIT)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{name} {arguments:?}: {}",
            said(&output)
        );
        output
    }

    fn git(&self, arguments: &[&str]) -> Output {
        self.other("git", arguments)
    }

    /// Makes it a repository with one commit.
    fn commit(&self) {
        self.git(&["init", "--quiet", "--initial-branch=main"]);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message=one"]);
    }

    fn findings(&self, arguments: &[&str]) -> BTreeMap<String, Vec<String>> {
        let output = self.run(&[&["check", "--format", "json"], arguments].concat());
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = document["charts"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|chart| chart["findings"].as_array().unwrap());
        findings
            .map(|finding| {
                let reasons = finding["reasons"].as_array().unwrap().iter();
                let reasons = reasons.map(|one| one.as_str().unwrap().to_owned());
                (
                    finding["path"].as_str().unwrap().to_owned(),
                    reasons.collect(),
                )
            })
            .collect()
    }
}

const GIT: [(&str, &str); 6] = [
    ("GIT_AUTHOR_NAME", "a"),
    ("GIT_AUTHOR_EMAIL", "a@example.com"),
    ("GIT_COMMITTER_NAME", "a"),
    ("GIT_COMMITTER_EMAIL", "a@example.com"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
];

#[test]
fn edits_are_kept_shown_and_merged() {
    let place = Place::built();
    let values = place.read("chart-out/shop/values.yaml");
    let edited = values.replace("replicaCount: 2", "replicaCount: 5");
    assert_ne!(values, edited);
    place.put("chart-out/shop/values.yaml", &edited);
    let output = place.ends(1, &["build", "spec.toml"]);
    let text = said(&output);
    for part in [
        "values.yaml`: it was edited",
        "-  replicaCount: 2",
        "+  replicaCount: 5",
        "--merge",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    assert_eq!(place.read("chart-out/shop/values.yaml"), edited);

    place.put("spec.toml", &SPEC.replace("port = 8080", "port = 9090"));
    place.ends(0, &["build", "spec.toml", "--merge"]);
    let merged = place.read("chart-out/shop/values.yaml");
    assert!(
        merged.contains("replicaCount: 5") && merged.contains("9090"),
        "{merged}"
    );
    assert!(!merged.contains("8080"), "{merged}");

    // Both sides changed the same line.
    place.put("spec.toml", &SPEC.replace("replicas = 2", "replicas = 3"));
    let output = place.ends(1, &["build", "spec.toml", "--merge"]);
    assert!(said(&output).contains("has conflicts"), "{}", said(&output));
    assert!(
        place
            .read("chart-out/shop/values.yaml")
            .contains("<<<<<<< edited by hand")
    );
    assert_eq!(place.read("chart-out/shop/values.yaml.orig"), merged);

    place.ends(0, &["build", "spec.toml", "--force"]);
    place.ends(0, &["check", "spec.toml"]);
}

/// What an edit started from is found in git where this machine did not build.
#[test]
fn edits_of_a_checkout_are_merged() {
    let place = Place::built();
    place.commit();
    let clone = Place::new();
    clone.git(&[
        "clone",
        "--quiet",
        &place.path("").display().to_string(),
        ".",
    ]);
    assert!(!clone.path("chart-out/shop/.taskspec").exists());
    let values = clone.read("chart-out/shop/values.yaml");
    let edited = values.replace("replicaCount: 2", "replicaCount: 5");
    clone.put("chart-out/shop/values.yaml", &edited);
    clone.put("spec.toml", &SPEC.replace("port = 8080", "port = 9090"));
    clone.ends(0, &["build", "spec.toml", "--merge"]);
    let merged = clone.read("chart-out/shop/values.yaml");
    assert!(
        merged.contains("replicaCount: 5") && merged.contains("9090"),
        "{merged}"
    );
    // Nothing of the runner is new to git.
    let status = clone.git(&["status", "--porcelain"]);
    assert!(!String::from_utf8_lossy(&status.stdout).contains(".taskspec"));
}

#[test]
fn line_endings_and_moved_folders_are_no_drift() {
    let place = Place::built();
    place.commit();
    let clone = Place::new();
    let source = place.path("").display().to_string();
    clone.git(&[
        "clone",
        "--quiet",
        "--config",
        "core.autocrlf=true",
        &source,
        ".",
    ]);
    assert!(clone.read("chart-out/shop/values.yaml").contains("\r\n"));
    assert!(clone.read("spec.toml").contains("\r\n"));
    clone.ends(0, &["check", "spec.toml"]);
    clone.ends(0, &["build", "spec.toml"]);
    let status = clone.git(&["status", "--porcelain"]);
    assert_eq!(String::from_utf8_lossy(&status.stdout), "");
    fs::rename(clone.path("chart-out/shop"), clone.path("elsewhere")).unwrap();
    clone.ends(0, &["check", "spec.toml", "-o", "elsewhere"]);
    // Packed, both are the same bytes.
    place.ends(0, &["package", "chart-out/shop", "-o", "dist"]);
    clone.ends(0, &["package", "elsewhere", "-o", "dist"]);
    let bytes = |place: &Place| fs::read(place.path("dist/shop-1.0.0.tgz")).unwrap();
    assert!(bytes(&place) == bytes(&clone));
}

#[test]
fn a_chart_that_is_a_work_tree_keeps_its_history() {
    let place = Place::new();
    place.put("spec.toml", SPEC);
    place.ends(0, &["build", "spec.toml", "-o", "chart"]);
    let chart = Place {
        folder: TempDir::new_in(place.path("")).unwrap(),
    };
    for (spec, code) in [(SPEC, 0), (&SPEC.replace("8080", "9090"), 0)] {
        place.put("spec.toml", spec);
        let folder = chart.path("").display().to_string();
        place.ends(code, &["build", "spec.toml", "-o", &folder]);
        if !chart.path(".git").exists() {
            chart.commit();
            chart.put("notes.txt", "mine\n");
        }
    }
    let changed = String::from_utf8(chart.git(&["status", "--porcelain"]).stdout).unwrap();
    assert!(
        changed.contains(" M values.yaml") && changed.contains("?? notes.txt"),
        "{changed}"
    );
}

#[test]
fn check_says_why_in_every_form() {
    let place = Place::built();
    place.ends(0, &["check", "spec.toml"]);
    let values = place.read("chart-out/shop/values.yaml") + "# mine\n";
    place.put("chart-out/shop/values.yaml", &values);
    place.put("chart-out/shop/templates/x.yaml", "kind: Mine\n");
    fs::remove_file(place.path("chart-out/shop/Chart.yaml")).unwrap();
    let found = place.findings(&["spec.toml"]);
    let expected = [
        ("Chart.yaml", "missing"),
        ("templates/x.yaml", "unknown"),
        ("values.yaml", "edited-by-hand"),
    ];
    let expected = expected.map(|(path, why)| (path.to_owned(), vec![why.to_owned()]));
    assert_eq!(found, BTreeMap::from(expected));

    let text = said(&place.ends(1, &["check", "spec.toml", "--diff"]));
    assert!(
        text.contains("+# mine") && text.contains("edited by hand"),
        "{text}"
    );
    let output = place.ends(1, &["check", "spec.toml", "--format", "github"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 3);
    assert!(
        text.contains("::error file=chart-out/shop/values.yaml,title=edited by hand::"),
        "{text}"
    );
    let output = place.ends(1, &["check", "spec.toml", "--format", "sarif"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let schema = sarif::schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(&document)
        .map(|fault| fault.to_string())
        .collect();
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(document["runs"][0]["results"].as_array().unwrap().len(), 3);

    place.put("spec.toml", &SPEC.replace("Sells", "Buys"));
    let found = place.findings(&["spec.toml"]);
    assert_eq!(found["README.md"], ["spec-changed"]);
    place.put("spec.toml", "spec = \"taskspec/v1\"\n[intent]\n");
    place.ends(2, &["check", "spec.toml"]);
}

/// Built by a component that is not this one.
#[test]
fn check_names_an_older_compiler() {
    let place = Place::built();
    let lock = place.read("chart-out/shop/taskspec.lock");
    let mut document: Value = serde_json::from_str(&lock).unwrap();
    document["component"] = "sha256:00".into();
    document["release"] = "0.0.9".into();
    let values = place.read("chart-out/shop/values.yaml") + "# as it was then\n";
    let listed = Command::new("sha256sum")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .and_then(|mut child| {
            use std::io::Write;
            child.stdin.take().unwrap().write_all(values.as_bytes())?;
            child.wait_with_output()
        })
        .unwrap();
    let digest = String::from_utf8(listed.stdout).unwrap();
    let digest = format!("sha256:{}", digest.split(' ').next().unwrap());
    document["files"]["values.yaml"] = digest.into();
    place.put("chart-out/shop/taskspec.lock", &document.to_string());
    place.put("chart-out/shop/values.yaml", &values);
    let text = said(&place.ends(1, &["check", "spec.toml"]));
    assert!(
        text.contains("compiler changed (it was that of 0.0.9)"),
        "{text}"
    );
    place.ends(0, &["build", "spec.toml"]);
    place.ends(0, &["check", "spec.toml"]);
}

fn spec(name: &str) -> String {
    SPEC.replace("\"shop\"", &format!("\"{name}\""))
}

#[test]
fn many_specifications_end_with_one_summary() {
    let place = Place::new();
    for n in 0..60 {
        place.put(
            &format!("specs/{n:02}/spec.toml"),
            &spec(&format!("shop-{n:02}")),
        );
    }
    place.put("specs/60/spec.toml", &spec("shop-00"));
    place.put(
        "specs/61/spec.toml",
        "spec = \"taskspec/v1\"\n[intent]\nname = 1\n",
    );
    place.put("specs/Cargo.toml", "[package]\n");
    let output = place.ends(2, &["build", "specs", "specs/*/spec.toml", "--into", "out"]);
    let text = said(&output);
    assert!(
        text.contains("62 specifications: 60 changed, 2 failed"),
        "{text}"
    );
    assert!(
        text.contains("out/shop-00` is the chart of `specs/00/spec.toml` already"),
        "{text}"
    );
    assert_eq!(fs::read_dir(place.path("out")).unwrap().count(), 60);
    let output = place.ends(2, &["check", "specs", "--into", "out"]);
    let text = said(&output);
    assert!(
        text.contains("60 as built") && text.contains("2 not checked"),
        "{text}"
    );

    fs::remove_dir_all(place.path("specs/60")).unwrap();
    fs::remove_dir_all(place.path("specs/61")).unwrap();
    let output = place.ends(
        0,
        &[
            "build",
            "specs",
            "--into",
            "out",
            "--message-format",
            "json",
        ],
    );
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let builds = document["builds"].as_array().unwrap();
    assert_eq!((builds.len(), &document["outcome"]), (60, &"done".into()));
    assert_eq!(builds[59]["chart"]["name"], "shop-59");
    assert!(
        builds
            .iter()
            .flat_map(|one| one["files"].as_array().unwrap())
            .all(|file| file["state"] == "unchanged")
    );
    place.ends(2, &["build", "specs", "-o", "one"]);
    let output = place.ends(0, &["verify", "specs/00", "specs/01/spec.toml"]);
    assert!(
        said(&output).contains("2 specifications: 2 met"),
        "{}",
        said(&output)
    );
}

#[test]
fn two_builds_at_once_do_not_mix() {
    let place = Place::built();
    let other = SPEC.replace("8080", "9090");
    place.put("other.toml", &other);
    let mut expected = Vec::new();
    for name in ["spec.toml", "other.toml"] {
        place.ends(0, &["build", name, "-o", &format!("as-{name}")]);
        expected.push(place.read(&format!("as-{name}/values.yaml")));
    }
    for _ in 0..20 {
        let children: Vec<_> = ["spec.toml", "other.toml"]
            .iter()
            .map(|name| {
                let mut command = place.command(&["build", "-q", name, "-o", "both"]);
                command.stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        let outputs: Vec<Output> = children
            .into_iter()
            .map(|child| child.wait_with_output().unwrap())
            .collect();
        for output in &outputs {
            let text = said(output);
            let waits = text.contains("another build is writing");
            assert!(output.status.success() || waits, "{text}");
        }
        assert!(outputs.iter().any(|output| output.status.success()));
        assert!(expected.contains(&place.read("both/values.yaml")));
        let matching = ["spec.toml", "other.toml"]
            .iter()
            .filter(|name| place.findings(&[name, "-o", "both"]).is_empty());
        assert_eq!(matching.count(), 1);
    }
}

#[test]
fn packages_are_the_same_everywhere_and_helm_takes_them() {
    let case = Case::example("task-api-embedded");
    let place = Place::new();
    place.put("spec.toml", &case.spec);
    place.ends(0, &["build", "spec.toml", "-o", "chart"]);
    place.ends(0, &["package", "chart", "-o", "dist"]);
    let archive = place.path("dist/task-api-1.0.0.tgz");
    let bytes = fs::read(&archive).unwrap();
    let elsewhere = Place::new();
    elsewhere.put("other name.toml", &case.spec);
    elsewhere.ends(0, &["build", "other name.toml", "-o", "größe/x y"]);
    let output = elsewhere
        .command(&["package", "größe/x y"])
        .env("TZ", "Asia/Tokyo")
        .env("LC_ALL", "tr_TR.UTF-8")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(bytes == fs::read(elsewhere.path("task-api-1.0.0.tgz")).unwrap());

    for helm in Helm::all() {
        let own = elsewhere.path(&format!("helm-{}", helm.version));
        let chart = place.path("chart");
        let packed = helm.run([
            "package".as_ref(),
            chart.as_os_str(),
            "--destination".as_ref(),
            own.as_os_str(),
        ]);
        assert!(packed.status.success(), "{}", said(&packed));
        let members = |path: &Path| {
            let path = path.display().to_string();
            let output = place.other("tar", &["--list", "--file", &path]);
            let text = String::from_utf8(output.stdout).unwrap();
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(members(&archive), members(&own.join("task-api-1.0.0.tgz")));
        let lint = helm.run(["lint".as_ref(), "--strict".as_ref(), archive.as_os_str()]);
        assert!(lint.status.success(), "{}", said(&lint));
        let render = |path: &Path| {
            let output = helm.run([
                "template".as_ref(),
                "x".as_ref(),
                path.as_os_str(),
                "--values".as_ref(),
                place.path("chart/values-prod.yaml").as_os_str(),
            ]);
            assert!(output.status.success(), "{}", said(&output));
            output.stdout
        };
        assert!(render(&archive) == render(&chart));
    }
}

#[test]
fn a_drifted_chart_is_not_packed() {
    let place = Place::built();
    let drifts: [(&str, &str); 3] = [
        ("chart-out/shop/values.yaml", "edited by hand"),
        ("chart-out/shop/templates/x.yaml", "unknown"),
        ("chart-out/shop/charts/x/Chart.yaml", "unknown"),
    ];
    for (path, why) in drifts {
        let before = fs::read_to_string(place.path(path)).ok();
        place.put(path, "a: 1\n");
        let text = said(&place.ends(1, &["package", "chart-out/shop"]));
        assert!(text.contains(why), "{text}");
        match before {
            Some(text) => place.put(path, &text),
            None => fs::remove_file(place.path(path)).unwrap(),
        }
    }
    fs::rename(
        place.path("chart-out/shop/README.md"),
        place.path("README.md"),
    )
    .unwrap();
    let text = said(&place.ends(1, &["package", "chart-out/shop"]));
    assert!(text.contains("missing"), "{text}");
    assert!(!place.path("shop-1.0.0.tgz").exists());

    let case = Case::example("task-api");
    place.put("spec.toml", &case.spec);
    place.ends(0, &["build", "spec.toml", "-o", "depending"]);
    let text = said(&place.ends(3, &["package", "depending"]));
    assert!(text.contains("helm dependency build depending"), "{text}");
}

/// Copies of edits are no templates, however many there are.
#[test]
fn saved_edits_are_not_rendered() {
    let place = Place::built();
    let render = || {
        let chart = place.path("chart-out/shop");
        let output = Helm::newest().run(["template".as_ref(), "x".as_ref(), chart.as_os_str()]);
        String::from_utf8(output.stdout).unwrap()
    };
    let before = render();
    for n in 0..3 {
        let path = "chart-out/shop/templates/service.yaml";
        let text = place.read(path) + &format!("# {n}\n---\nkind: Mine{n}\n");
        place.put(path, &text);
        place.ends(0, &["build", "spec.toml", "--force"]);
    }
    assert!(
        place
            .path("chart-out/shop/templates/service.yaml.orig.2")
            .exists()
    );
    assert_eq!(render(), before);
    place.ends(0, &["check", "spec.toml"]);
    place.ends(0, &["package", "chart-out/shop", "-o", "dist"]);
    let list = place.other("tar", &["--list", "--file", "dist/shop-1.0.0.tgz"]);
    assert!(!String::from_utf8_lossy(&list.stdout).contains(".orig"));
    place.ends(
        2,
        &["package", "chart-out/shop", "-o", "chart-out/shop/dist"],
    );
}

#[test]
fn two_charts_of_one_name_are_noticed_however_the_folder_is_named() {
    let place = Place::new();
    place.put("here/1.toml", &spec("same"));
    place.put("here/2.toml", &spec("other"));
    place.put("here/3.toml", &spec("same"));
    fs::create_dir_all(place.path("real")).unwrap();
    std::os::unix::fs::symlink("real", place.path("link")).unwrap();
    for into in ["here/../x", "./y", "link", "real/../link"] {
        let output = place.ends(2, &["build", "here", "--into", into]);
        assert!(said(&output).contains("is the chart of `here/1.toml` already"));
    }
    // What cannot be read is said, also in a folder.
    place.put("here/4.toml", "");
    fs::write(place.path("here/4.toml"), b"spec = \"\xff\"\n").unwrap();
    fs::write(place.path("here").join(odd_name()), "").unwrap();
    let output = place.ends(2, &["build", "here/[24].toml"]);
    assert!(
        said(&output).contains("4.toml` is not UTF-8"),
        "{}",
        said(&output)
    );
    // A chart without a specification is named.
    let output = place.run(&["check", "here/2.toml", "here/2.toml", "--into", "x"]);
    assert!(said(&output).contains("x/same` is the chart of no specification"));
}

/// A name that is no UTF-8.
fn odd_name() -> std::ffi::OsString {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(b"n\xff.txt".to_vec())
}

#[test]
fn diff_says_what_changes_in_words_and_files() {
    let place = Place::built();
    place.commit();
    place.put("spec.toml", &SPEC.replace("replicas = 2", "replicas = 3"));
    let output = place.ends(0, &["diff", "main", "spec.toml"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "`workloads.api.replicas`",
        "**violated** (was proven): C1 Two pods",
        "**changed** Deployment/shop",
        "## Files of the chart",
        "+  replicaCount: 3",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let output = place.ends(
        0,
        &["diff", "HEAD:spec.toml", "spec.toml", "--format", "json"],
    );
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["verdicts"][0]["after"], "violated");
    assert!(
        !document["comparison"]["environments"][0]["objects"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    place.ends(1, &["diff", "main", "spec.toml", "--brief", "--exit-code"]);
    place.ends(0, &["diff", "spec.toml", "spec.toml", "--exit-code"]);
    place.ends(3, &["diff", "nowhere", "spec.toml"]);
}

#[test]
fn a_saved_specification_is_built_again() {
    let place = Place::built();
    let mut child = place
        .command(&["build", "spec.toml", "--watch"])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (sender, lines) = mpsc::channel();
    let stderr = child.stderr.take().unwrap();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let wait = |part: &str| {
        let mut seen = String::new();
        loop {
            let line = lines
                .recv_timeout(Duration::from_secs(30))
                .unwrap_or_else(|_| panic!("no {part} in:\n{seen}"));
            seen += &format!("{line}\n");
            if line.contains(part) {
                return;
            }
        }
    };
    wait("watching 1 specification");
    // Half of it, then nothing, then all of it.
    place.put("spec.toml", &SPEC[..60]);
    wait("error");
    wait("watching");
    fs::remove_file(place.path("spec.toml")).unwrap();
    wait("cannot read");
    wait("watching");
    place.put("spec.toml~", &SPEC.replace("8080", "9191"));
    fs::rename(place.path("spec.toml~"), place.path("spec.toml")).unwrap();
    wait("watching");
    assert!(place.read("chart-out/shop/values.yaml").contains("9191"));
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A folder with Helm and the plugin, as people have them.
fn with_plugin(place: &Place, command: &mut Command) {
    let plugin = place.path("plugins/taskspec");
    write(
        &plugin.join("plugin.yaml"),
        &fs::read_to_string(workspace().join("plugin.yaml")).unwrap(),
    );
    fs::create_dir_all(plugin.join("bin")).unwrap();
    let program = plugin.join("bin/taskspec");
    if !program.exists() {
        symlink(runner(), program).unwrap();
    }
    let helm = Helm::newest();
    let path = std::env::var("PATH").unwrap();
    let folder = helm.program().parent().unwrap();
    command
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("HELM_PLUGINS", place.path("plugins"));
}

#[test]
fn pre_commit_runs_the_hook() {
    let place = Place::built();
    place.commit();
    let hooks = Place::new();
    hooks.put(
        ".pre-commit-hooks.yaml",
        &fs::read_to_string(workspace().join(".pre-commit-hooks.yaml")).unwrap(),
    );
    hooks.commit();
    let tools = Place::new();
    let run = || {
        let mut command = Command::new(program("judges/bin/pre-commit"));
        command
            .current_dir(place.path(""))
            .arg("try-repo")
            .arg(hooks.path(""))
            .args(["taskspec-check", "--verbose"])
            .env("PRE_COMMIT_HOME", tools.path("cache"))
            .envs(GIT);
        with_plugin(&tools, &mut command);
        command.output().unwrap()
    };
    let output = run();
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("1 as built"), "{}", said(&output));
    let values = place.read("chart-out/shop/values.yaml") + "# mine\n";
    place.put("chart-out/shop/values.yaml", &values);
    place.git(&["add", "--all"]);
    let output = run();
    assert!(!output.status.success());
    assert!(
        said(&output).contains("edited by hand"),
        "{}",
        said(&output)
    );
}

/// The steps of the example do what they say, in the shell that GitHub uses.
#[test]
fn the_workflow_of_the_documentation_runs() {
    let text = fs::read_to_string(workspace().join("docs/ci/github.yml")).unwrap();
    let workflow: Value = serde_yaml::from_str(&text).unwrap();
    let steps = workflow["jobs"]["charts"]["steps"].as_array().unwrap();
    let scripts: Vec<&str> = steps.iter().filter_map(|one| one["run"].as_str()).collect();
    assert_eq!(scripts.len(), 4, "{scripts:?}");
    let place = Place::built();
    place.put("ci/install.sh", "#!/bin/sh\nexec helm version\n");
    place.other("chmod", &["+x", "ci/install.sh"]);
    let tools = Place::new();
    for script in scripts {
        let mut command = Command::new("bash");
        command
            .current_dir(place.path(""))
            .args(["-e", "-o", "pipefail", "-c", script])
            .env("GITHUB_STEP_SUMMARY", place.path("summary.md"));
        with_plugin(&tools, &mut command);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{script}: {}", said(&output));
    }
    assert!(place.path("dist/shop-1.0.0.tgz").exists());
    assert!(place.read("summary.md").contains("C1 Two pods"));
}
