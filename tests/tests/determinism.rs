//! Same specification, same bytes; texts stay texts; the committed component
//! imports nothing.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use taskspec_tests::chart::{Built, Case, files, temporary, write};
use taskspec_tests::existing;
use taskspec_tests::manifest;
use taskspec_tests::parallel;
use taskspec_tests::tools::{Helm, runner, said, workspace};
use wasmparser::{Parser, Payload};

#[test]
fn the_same_specification_gives_the_same_bytes() {
    for case in Case::all() {
        let first = case.compile();
        assert_eq!(first, case.compile(), "{}: again", case.name);
        let other = thread::spawn({
            let case = case.clone();
            move || case.compile()
        });
        assert_eq!(
            first,
            other.join().expect("the thread compiles"),
            "{}: in another thread",
            case.name
        );
        let paths: Vec<&String> = first.files.iter().map(|file| &file.path).collect();
        assert!(
            paths.is_sorted_by(|a, b| a < b),
            "{}: files are not sorted",
            case.name
        );
        for file in &first.files {
            assert!(
                file.contents.ends_with('\n') && !file.contents.ends_with("\n\n"),
                "{}: {} ends badly",
                case.name,
                file.path
            );
            assert!(
                !file.contents.contains('\r'),
                "{}: {} has carriage returns",
                case.name,
                file.path
            );
        }
    }
}

/// The component in the runner and the compiler as native code are the same
/// program. `taskspec.lock` is the runner's own file.
#[test]
fn the_component_gives_the_same_bytes_as_the_native_compiler() {
    let runner = runner();
    parallel::no_faults(Case::all(), |case| {
        let folder = temporary();
        write(&folder.path().join("spec.toml"), &case.spec);
        let output = Command::new(&runner)
            .current_dir(folder.path())
            .args(["build", "spec.toml", "-o", "chart"])
            .output()
            .expect("the runner starts");
        if !output.status.success() {
            return vec![format!("{}: {}", case.name, said(&output))];
        }
        let mut built = files(&folder.path().join("chart"));
        built.retain(|path, _| path != "taskspec.lock" && !path.starts_with(".taskspec/"));
        let native = case.compile().files.into_iter();
        let native: BTreeMap<String, String> =
            native.map(|file| (file.path, file.contents)).collect();
        let paths: BTreeSet<&String> = built.keys().chain(native.keys()).collect();
        let other = paths
            .into_iter()
            .filter(|path| built.get(*path) != native.get(*path));
        other
            .map(|path| format!("{}: {path} differs", case.name))
            .collect()
    });
}

#[test]
fn every_yaml_and_json_file_parses_without_repeated_keys() {
    let mut faults = Vec::new();
    for chart in Case::all().iter().map(Case::build) {
        for file in &chart.chart.files {
            let path = Path::new(&file.path);
            let is = |ending: &str| {
                path.extension()
                    .is_some_and(|extension| extension == ending)
            };
            if file.path.contains("templates/") || !(is("yaml") || is("json") || is("lock")) {
                continue;
            }
            if let Err(fault) = manifest::yaml(&file.contents) {
                faults.push(format!("{}: {}: {fault}", chart.case, file.path));
            }
        }
    }
    parallel::report(faults);
}

/// What the specification says about plain variables, read by another reader.
fn stated(spec: &str, environment: Option<&str>) -> BTreeMap<String, BTreeMap<String, String>> {
    let document: toml::Table = spec.parse().expect("the specification is TOML");
    let layer = environment.and_then(|name| document.get("environments")?.get(name));
    let mut all = BTreeMap::new();
    for root in [
        document.get("workloads"),
        layer.and_then(|layer| layer.get("workloads")),
    ]
    .into_iter()
    .flatten()
    {
        for (workload, facts) in root.as_table().into_iter().flatten() {
            let variables: &mut BTreeMap<String, String> = all.entry(workload.clone()).or_default();
            for (name, value) in facts
                .get("env")
                .and_then(toml::Value::as_table)
                .into_iter()
                .flatten()
            {
                let text = match value {
                    toml::Value::String(text) => text.clone(),
                    toml::Value::Integer(number) => number.to_string(),
                    toml::Value::Boolean(flag) => flag.to_string(),
                    _ => continue,
                };
                variables.insert(name.clone(), text);
            }
        }
    }
    all
}

#[test]
fn variables_reach_values_files_and_config_maps_unchanged() {
    let mut jobs = Vec::new();
    for case in Case::all() {
        jobs.extend(Helm::all().into_iter().map(|helm| (case.clone(), helm)));
    }
    parallel::no_faults(jobs, |(case, helm)| {
        let chart = case.build();
        let mut faults = values_faults(&case, &chart);
        for variant in chart.variants() {
            let environment = (variant.name != "defaults").then_some(variant.name.as_str());
            let objects = chart
                .render(&helm, "agent", &variant, &[])
                .and_then(|text| manifest::parse(&text));
            let objects = match objects {
                Ok(objects) => objects,
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            };
            let values = existing::values(&chart, &variant);
            for (workload, variables) in stated(&case.spec, environment) {
                let key = taskspec_spec::check::names::values_key(&workload);
                if values[&key]["enabled"] == false {
                    continue;
                }
                let map = objects.iter().find(|object| {
                    object.kind() == "ConfigMap"
                        && object.value["metadata"]["labels"]["app.kubernetes.io/component"]
                            == *workload
                        && object.is_own()
                });
                let data = map.map_or(&Value::Null, |map| &map.value["data"]);
                for (name, text) in variables
                    .iter()
                    .filter(|(name, text)| data[name.as_str()] != **text)
                {
                    faults.push(format!(
                        "{} {} Helm {}: {workload} {name}: {text:?} became {}",
                        case.name,
                        variant.name,
                        helm.version,
                        data[name.as_str()]
                    ));
                }
            }
        }
        faults
    });
}

/// The same against `values.yaml` alone.
fn values_faults(case: &Case, chart: &Built) -> Vec<String> {
    let values = chart.data("values.yaml");
    let mut faults = Vec::new();
    for (workload, variables) in stated(&case.spec, None) {
        let key = taskspec_spec::check::names::values_key(&workload);
        for (name, text) in variables {
            // The main workload of a flat chart has its values at the top.
            let branch = if values[&key].is_object() {
                &values[&key]
            } else {
                &values
            };
            let found = &branch["env"][&name];
            if *found != text {
                faults.push(format!(
                    "{}: {workload} {name}: {text:?} is {found} in values.yaml",
                    case.name
                ));
            }
        }
    }
    faults
}

/// Chart text lives in template files.
#[test]
fn no_rust_file_holds_template_code() {
    let mut files = Vec::new();
    for folder in ["spec/src", "plugin/src", "plugin/component/src", "host/src"] {
        rust_files(&workspace().join(folder), &mut files);
    }
    assert!(files.len() > 30, "{files:?}");
    let mut faults = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("the file is readable");
        // In a format string a doubled brace stands for one; a template has a space or a dash there.
        for (number, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| line.contains("{{ ") || line.contains("{{-"))
        {
            faults.push(format!(
                "{}:{}: {}",
                file.display(),
                number + 1,
                line.trim()
            ));
        }
    }
    parallel::report(faults);
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_committed_component_imports_nothing() {
    let bytes = fs::read(workspace().join("plugin/taskspec-compiler.wasm"))
        .expect("the component is committed");
    let (mut depth, mut imports, mut exports) = (0, Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload.expect("the component is valid") {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                imports.extend(
                    section
                        .into_iter()
                        .map(|import| import.expect("a valid import").name.name.to_owned()),
                );
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                exports.extend(
                    section
                        .into_iter()
                        .map(|export| export.expect("a valid export").name.name.to_owned()),
                );
            }
            _ => {}
        }
    }
    assert_eq!(imports, Vec::<String>::new());
    assert_eq!(exports, ["taskspec:compiler/api@1.0.0"]);
    wasmparser::Validator::new()
        .validate_all(&bytes)
        .expect("the component is valid");
}

const NEIGHBOUR: &str = r#"
spec = "taskspec/v1"

[intent]
name = "other"
version = "1.0.0"
summary = "Works beside it"

[workloads.one]
kind = "worker"
image = "example/one:1"
"#;

/// A thousand times, under other locales, time zones, umasks, folders, orders and
/// numbers of processors.
#[test]
fn a_thousand_builds_give_one_digest() {
    let runner = runner();
    let case = Case::example("task-api-embedded");
    let jobs: Vec<usize> = (0..1000).collect();
    let locks: BTreeSet<String> = parallel::map(jobs, |n| {
        let folder = temporary();
        let place = folder.path().join(["a", "ä b", "x/y/z"][n % 3]);
        write(&place.join("spec.toml"), &case.spec);
        // A neighbour, before or after it, so that both are compiled at once.
        let name = ["a.toml", "z.toml"][n % 2];
        write(&place.join(name), NEIGHBOUR);
        let script = format!(
            "umask {}; exec \"$0\" build -q . --into out",
            ["022", "077", "002"][n % 3]
        );
        let mut command = Command::new("sh");
        if n % 4 == 0 {
            command = Command::new("taskset");
            command.args(["--cpu-list", "0", "sh"]);
        }
        let output = command
            .current_dir(&place)
            .args(["-c", &script])
            .arg(&runner)
            .env("TZ", ["UTC", "Asia/Kathmandu", "America/St_Johns"][n % 3])
            .env(
                "LC_ALL",
                ["C", "tr_TR.UTF-8", "de_DE.UTF-8", "nonsense"][n % 4],
            )
            .output()
            .expect("the shell starts");
        assert!(output.status.success(), "{}", said(&output));
        let chart = place.join("out/task-api");
        let lock = fs::read_to_string(chart.join("taskspec.lock")).expect("there is a lock");
        // The lock has the digests; they are of what is there.
        let document: Value = serde_json::from_str(&lock).expect("the lock is JSON");
        let mut found = files(&chart);
        found.retain(|path, _| path != "taskspec.lock" && !path.starts_with(".taskspec/"));
        let listed = document["files"].as_object().expect("it lists files");
        assert_eq!(found.len(), listed.len());
        lock
    })
    .into_iter()
    .collect();
    assert_eq!(locks.len(), 1);
}
