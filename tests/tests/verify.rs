//! What the verifier says about charts that are right, and about damaged ones.

use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use taskspec_manifest::{self as manifest, Object};
use taskspec_report::{Examination, Rendering, Report, Verdict};
use taskspec_tests::chart::{Built, Case, Variant};
use taskspec_tests::parallel;
use taskspec_tests::text::written;
use taskspec_tests::tools::{Helm, workspace};
use taskspec_tests::verify::{examination, faults, judge};

/// `TASKSPEC_CASE=examples/task-api` looks at that one only.
fn wanted(name: &str) -> bool {
    name.contains(&std::env::var("TASKSPEC_CASE").unwrap_or_default())
}

#[test]
fn no_statement_of_a_built_chart_is_violated() {
    let helm = Helm::newest();
    let mut cases = Case::all();
    cases.retain(|case| wanted(&case.name));
    parallel::no_faults(cases, |case| {
        let report = judge(&examination(&case.build(), &case.spec, &helm));
        let faults = faults(&report).into_iter();
        faults
            .map(|fault| format!("{}: {fault}", case.name))
            .collect()
    });
}

/// What somebody else wrote, and what once raised a false alarm.
#[test]
fn specifications_of_others_raise_no_alarm() {
    let helm = Helm::newest();
    let entries = fs::read_dir(workspace().join("tests/alarms")).expect("tests/alarms is readable");
    let files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    assert!(!files.is_empty());
    parallel::no_faults(files, |file| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let case = Case::read(&name, &file);
        let report = judge(&examination(&case.build(), &case.spec, &helm));
        let faults = faults(&report).into_iter();
        faults.map(|fault| format!("{name}: {fault}")).collect()
    });
}

/// A rendering of one environment, ready to be damaged.
struct Good {
    examination: Examination,
    objects: Vec<Object>,
}

impl Good {
    /// Renders one environment, or the defaults, and judges it by a specification
    /// with no other environment and no statements: only rules of every chart count.
    fn new(name: &str, environment: Option<&str>, set: &str) -> Self {
        let case = match name.split_once('/') {
            Some(("examples", name)) => Case::example(name),
            Some((_, name)) => Case::own(name),
            None => panic!("{name} has no kind"),
        };
        let built = case.build();
        let spec = alone(&case.spec, environment, set);
        let plan = taskspec_verifier::plan(&spec, &[]).expect("the compiler takes it");
        assert_eq!(plan.faults, [], "{name}");
        let renderings = plan.cases.into_iter().map(|case| {
            let release = if case.longest_name {
                "r".repeat(53)
            } else {
                "agent".to_owned()
            };
            Rendering {
                manifests: render(&built, &release, environment, set),
                release,
                namespace: "ns".to_owned(),
                case,
            }
        });
        let examination = Examination {
            chart: built.chart.name.clone(),
            version: built.chart.version.clone(),
            renderings: renderings.collect(),
            spec,
            ..Examination::default()
        };
        let text = examination.renderings[0].manifests.clone();
        let examination = shortened(examination);
        let good = Self {
            objects: manifest::parse(&text.expect("Helm renders it"), &[]).expect("manifests"),
            examination,
        };
        assert_eq!(faults(&judge(&good.examination)), [""; 0], "{name}");
        good
    }

    /// Rules that are violated when the objects are these.
    fn violated(&self, objects: &[Object]) -> Vec<String> {
        let mut damaged = self.examination.clone();
        let texts = objects
            .iter()
            .map(|object| format!("---\n# Source: {}\n{}\n", object.source, object.value));
        damaged.renderings[0].manifests = Ok(texts.collect());
        violated(&judge(&damaged))
    }
}

/// Leaves one object of the renderings that are not damaged: reading them takes
/// most of the time.
fn shortened(mut examination: Examination) -> Examination {
    for rendering in examination.renderings.iter_mut().skip(1) {
        if let Ok(text) = &mut rendering.manifests {
            let first = text.split("\n---\n").next().unwrap_or_default();
            *text = first.to_owned();
        }
    }
    examination
}

fn violated(report: &Report) -> Vec<String> {
    let all = report.statements.iter();
    all.filter(|statement| statement.verdict == Verdict::Violated)
        .map(|statement| statement.id.clone())
        .collect()
}

/// A specification with one environment or none, and no statements.
fn alone(spec: &str, environment: Option<&str>, set: &str) -> String {
    let mut table: toml::Table = spec.parse().expect("the specification is TOML");
    for key in ["criteria", "constraints", "non-goals", "decisions"] {
        table.remove(key);
    }
    match (environment, table.get_mut("environments")) {
        (Some(kept), Some(toml::Value::Table(all))) => all.retain(|name, _| name == kept),
        _ => drop(table.remove("environments")),
    }
    if let Some((name, replicas)) = set.split_once(".replicaCount=") {
        table["workloads"][name]
            .as_table_mut()
            .expect("a workload")
            .insert(
                "replicas".to_owned(),
                replicas.parse::<i64>().expect("a number").into(),
            );
    }
    written(&table)
}

fn render(
    built: &Built,
    release: &str,
    environment: Option<&str>,
    set: &str,
) -> Result<String, String> {
    let all = built.variants();
    let name = environment.unwrap_or("defaults");
    let variant: &Variant = all
        .iter()
        .find(|one| one.name == name)
        .expect("an environment");
    let more: &[&str] = if set.is_empty() { &[] } else { &["--set", set] };
    built.render(&Helm::newest(), release, variant, more)
}

/// The damages of `tests/mutations`, as `tests/tests/structure.rs` describes them.
#[derive(Deserialize)]
struct Mutations {
    case: String,
    environment: Option<String>,
    #[serde(default)]
    set: String,
    noticed: BTreeMap<String, BTreeMap<String, Damages>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Damages {
    One(Damage),
    Several(Vec<Damage>),
}

#[derive(Deserialize)]
struct Damage {
    of: String,
    #[serde(default)]
    set: BTreeMap<String, Value>,
    #[serde(default)]
    remove: Vec<String>,
    #[serde(default)]
    clear: Vec<String>,
    #[serde(default)]
    drop: bool,
    #[serde(default)]
    copy: bool,
}

impl Damage {
    fn apply(&self, good: &[Object]) -> Vec<Object> {
        let mut objects = good.to_vec();
        let (kind, end) = self.of.split_once('/').expect("a kind and a name");
        let place = objects
            .iter()
            .position(|object| object.kind() == kind && object.name().ends_with(end))
            .unwrap_or_else(|| panic!("{} is not there", self.of));
        if self.drop {
            objects.remove(place);
            return objects;
        }
        if self.copy {
            objects.push(objects[place].clone());
        }
        let value = &mut objects[place].value;
        for (pointer, new) in &self.set {
            put(value, pointer, Some(new.clone()));
        }
        for pointer in &self.clear {
            put(value, pointer, Some(Value::Null));
        }
        for pointer in &self.remove {
            put(value, pointer, None);
        }
        objects
    }
}

/// Sets what stands at a JSON pointer, or removes it.
fn put(value: &mut Value, pointer: &str, new: Option<Value>) {
    let (above, key) = pointer.rsplit_once('/').expect("a pointer");
    let key = key.replace("~1", "/").replace("~0", "~");
    match (value.pointer_mut(above), new) {
        (Some(Value::Object(map)), Some(new)) => drop(map.insert(key, new)),
        (Some(Value::Object(map)), None) => drop(map.remove(&key)),
        (Some(Value::Array(list)), new) => {
            let index: usize = key.parse().expect("an index");
            match new {
                None => drop(list.remove(index)),
                Some(new) if index == list.len() => list.push(new),
                Some(new) => list[index] = new,
            }
        }
        _ => panic!("{pointer} is not there"),
    }
}

/// How many damages were noticed, and those that were not.
#[derive(Default)]
struct Outcome {
    noticed: usize,
    missed: Vec<String>,
    by: BTreeMap<String, usize>,
}

impl Outcome {
    fn add(&mut self, what: String, violated: &[String]) {
        if violated.is_empty() {
            println!("missed: {what}");
            self.missed.push(what);
            return;
        }
        self.noticed += 1;
        for rule in violated {
            *self.by.entry(rule.clone()).or_default() += 1;
        }
    }

    fn sum(all: Vec<Self>) -> Self {
        let mut sum = Self::default();
        for one in all {
            sum.noticed += one.noticed;
            sum.missed.extend(one.missed);
            for (rule, count) in one.by {
                *sum.by.entry(rule).or_default() += count;
            }
        }
        sum
    }

    /// Prints what nobody noticed, and demands a share in percent.
    fn demand(&self, percent: usize) {
        let all = self.noticed + self.missed.len();
        println!("{} of {all} damages are noticed", self.noticed);
        for (rule, count) in &self.by {
            println!("{count:6} by {rule}");
        }
        assert!(self.noticed * 100 >= all * percent);
    }
}

#[test]
fn damages_are_noticed() {
    let folder = workspace().join("tests/mutations");
    let entries = fs::read_dir(&folder).expect("tests/mutations is readable");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.retain(|file| wanted(&file.display().to_string()));
    let outcomes = parallel::map(files, |file| damaged(&file));
    Outcome::sum(outcomes).demand(95);
}

fn damaged(file: &Path) -> Outcome {
    let text = fs::read_to_string(file).expect("a file of tests/mutations");
    let mutations: Mutations = toml::from_str(&text).expect("mutations");
    let good = Good::new(
        &mutations.case,
        mutations.environment.as_deref(),
        &mutations.set,
    );
    let mut outcome = Outcome::default();
    for (check, noticed) in &mutations.noticed {
        for (fault, damages) in noticed {
            let damages = match damages {
                Damages::One(one) => std::slice::from_ref(one),
                Damages::Several(all) => all,
            };
            for damage in damages {
                let violated = good.violated(&damage.apply(&good.objects));
                let what = format!("{}: {}: {check}: {fault}", mutations.case, damage.of);
                outcome.add(what, &violated);
            }
        }
    }
    outcome
}

/// Every `TASKSPEC_STRIDE`th place of the objects that the compiler made in the
/// last environment of four examples, changed and removed: 23 unless told.
/// `--nocapture` shows where nobody looks.
#[test]
fn changed_places_are_noticed() {
    let stride = std::env::var("TASKSPEC_STRIDE").ok();
    let stride = stride.and_then(|text| text.parse().ok()).unwrap_or(23);
    let examples = [
        ("examples/task-api", "prod"),
        ("examples/ai-agent-connector", "production"),
        ("examples/ape-2026", "production"),
        ("examples/trevor", "prod"),
    ];
    let mut cases = examples.to_vec();
    cases.retain(|(name, _)| wanted(name));
    let outcomes = parallel::map(cases, |(name, environment)| {
        let good = Good::new(name, Some(environment), "");
        let mut outcome = Outcome::default();
        for (what, objects) in changes(&good.objects).into_iter().step_by(stride) {
            outcome.add(format!("{name}: {what}"), &good.violated(&objects));
        }
        outcome
    });
    Outcome::sum(outcomes).demand(95);
}

/// Each object that the compiler made with one place changed or removed.
fn changes(good: &[Object]) -> Vec<(String, Vec<Object>)> {
    let mut all = Vec::new();
    for (index, object) in good.iter().enumerate().filter(|(_, object)| object.made) {
        let mut places = Vec::new();
        walk(&object.value, "", &mut places);
        for (pointer, leaf) in places {
            for new in [leaf.as_ref().map(|leaf| Some(other(leaf))), Some(None)] {
                let Some(new) = new else { continue };
                let verb = if new.is_some() { "changed" } else { "removed" };
                let mut objects = good.to_vec();
                put(&mut objects[index].value, &pointer, new);
                all.push((format!("{} {pointer} {verb}", object.id()), objects));
            }
        }
    }
    all
}

/// Every place of a value; with what stands there if it is a leaf. Kind and name
/// are what objects are found by.
fn walk(value: &Value, pointer: &str, places: &mut Vec<(String, Option<Value>)>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        leaf => return places.push((pointer.to_owned(), Some(leaf.clone()))),
    };
    if !pointer.is_empty() && pointer != "/metadata" {
        places.push((pointer.to_owned(), None));
    }
    for (key, value) in inner {
        let below = format!("{pointer}/{key}");
        if !["/kind", "/metadata/name"].contains(&below.as_str()) {
            walk(value, &below, places);
        }
    }
}

/// Another value of the same type.
fn other(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => json!(!flag),
        Value::Number(number) => json!(number.as_i64().unwrap_or(0) * 2 + 1),
        Value::String(text) => match text.find(|c: char| c.is_ascii_digit()) {
            Some(0) => json!(format!("1{text}")),
            _ => json!(format!("{text}x")),
        },
        other => other.clone(),
    }
}
