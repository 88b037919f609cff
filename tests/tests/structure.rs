//! The checks of renderings notice what they are for: a good rendering has no
//! fault, and each damage of it has the fault that it was made for.
//!
//! The damages are data: each file of `tests/mutations` names a chart and, by
//! check and fault, what is done to one object of its rendering.

use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use taskspec_tests::chart::{Built, Case};
use taskspec_tests::manifest::{self, Object};
use taskspec_tests::structure::CHECKS;
use taskspec_tests::tools::{Helm, workspace};
use taskspec_tests::{existing, parallel};

/// A rendering, and what must be noticed when it is damaged.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutations {
    /// Such as `charts/kinds`.
    case: String,
    /// The environment whose values apply; without one the defaults.
    environment: Option<String>,
    /// What `--set` says.
    set: Option<String>,
    /// Damages by the check that must notice them and a part of what it says.
    noticed: BTreeMap<String, BTreeMap<String, Damages>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Damages {
    One(Damage),
    Several(Vec<Damage>),
}

/// What is done to one object. Places are JSON pointers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Damage {
    /// Its kind and the end of its name: `Deployment/worker`. The first counts.
    of: String,
    /// Values by their places.
    #[serde(default)]
    set: BTreeMap<String, Value>,
    /// Places that are taken away.
    #[serde(default)]
    remove: Vec<String>,
    /// Places that are left without a value.
    #[serde(default)]
    clear: Vec<String>,
    /// Whether the whole object is taken away.
    #[serde(default)]
    drop: bool,
    /// Whether a copy of the object is damaged, beside the object.
    #[serde(default)]
    copy: bool,
}

impl Damages {
    fn each(&self) -> &[Damage] {
        match self {
            Self::One(damage) => std::slice::from_ref(damage),
            Self::Several(damages) => damages,
        }
    }
}

impl Damage {
    /// The objects with the damage; what is not there if it cannot be done.
    fn apply(&self, good: &[Object]) -> Result<Vec<Object>, String> {
        let mut objects = good.to_vec();
        let (kind, end) = self.of.split_once('/').expect("a kind and a name");
        let place = objects
            .iter()
            .position(|object| object.kind() == kind && object.name().ends_with(end))
            .ok_or_else(|| format!("{} is not there", self.of))?;
        if self.drop {
            objects.remove(place);
            return Ok(objects);
        }
        if self.copy {
            objects.push(objects[place].clone());
        }
        let value = &mut objects[place].value;
        let missing = |pointer: &String| format!("{pointer} of {} is not there", self.of);
        for (pointer, new) in &self.set {
            set(value, pointer, new.clone()).ok_or_else(|| missing(pointer))?;
        }
        for pointer in &self.clear {
            set(value, pointer, Value::Null).ok_or_else(|| missing(pointer))?;
        }
        for pointer in &self.remove {
            remove(value, pointer).ok_or_else(|| missing(pointer))?;
        }
        Ok(objects)
    }
}

/// What holds a place, and the last part of the pointer.
fn parent<'a>(value: &'a mut Value, pointer: &str) -> Option<(&'a mut Value, String)> {
    let (above, key) = pointer.rsplit_once('/')?;
    Some((value.pointer_mut(above)?, key.replace("~1", "/")))
}

/// Sets a place; the one behind the last item of a list is new.
fn set(value: &mut Value, pointer: &str, new: Value) -> Option<()> {
    match parent(value, pointer)? {
        (Value::Array(list), key) => {
            let index: usize = key.parse().ok()?;
            if index == list.len() {
                list.push(new);
            } else {
                *list.get_mut(index)? = new;
            }
        }
        (Value::Object(map), key) => drop(map.insert(key, new)),
        _ => return None,
    }
    Some(())
}

fn remove(value: &mut Value, pointer: &str) -> Option<Value> {
    match parent(value, pointer)? {
        (Value::Array(list), key) => {
            let index: usize = key.parse().ok()?;
            (index < list.len()).then(|| list.remove(index))
        }
        (Value::Object(map), key) => map.remove(&key),
        _ => None,
    }
}

/// A chart with a rendering without faults.
struct Good {
    chart: Built,
    values: Value,
    objects: Vec<Object>,
}

impl Good {
    fn new(mutations: &Mutations) -> Self {
        let (kind, name) = mutations.case.split_once('/').expect("a kind of case");
        let chart = match kind {
            "examples" => Case::example(name),
            _ => Case::own(name),
        }
        .build();
        let environment = mutations.environment.as_deref().unwrap_or("defaults");
        let variants = chart.variants();
        let variant = variants
            .iter()
            .find(|variant| variant.name == environment)
            .unwrap_or_else(|| panic!("{} has no environment {environment}", mutations.case));
        let settings = mutations.set.as_deref().unwrap_or_default();
        let more: &[&str] = if settings.is_empty() {
            &[]
        } else {
            &["--set", settings]
        };
        let text = chart
            .render(&Helm::newest(), "agent", variant, more)
            .unwrap_or_else(|fault| panic!("{fault}"));
        Self {
            values: existing::set(existing::values(&chart, variant), settings),
            objects: manifest::parse(&text).expect("the objects are YAML"),
            chart,
        }
    }

    fn judged(&self, objects: &[Object]) -> Vec<(&'static str, String)> {
        self.chart.judged(&self.values, objects)
    }
}

/// What the damages of one file show.
#[derive(Default)]
struct Outcome {
    missed: Vec<String>,
    /// Checks that noticed a damage that no other noticed.
    needed: BTreeSet<&'static str>,
}

fn judge(file: &Path) -> Outcome {
    let name = file.display();
    let text = fs::read_to_string(file).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    let mutations: Mutations =
        toml::from_str(&text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    let good = Good::new(&mutations);
    let mut outcome = Outcome::default();
    let unprovoked = good.judged(&good.objects).into_iter();
    outcome
        .missed
        .extend(unprovoked.map(|(check, fault)| format!("{name}: undamaged: {check}: {fault}")));
    for (check, noticed) in &mutations.noticed {
        for (fault, damages) in noticed {
            for damage in damages.each() {
                let place = format!("{name}: {}: {check}: `{fault}`", damage.of);
                match damage.apply(&good.objects) {
                    Ok(objects) => outcome.add(&place, (check, fault), &good.judged(&objects)),
                    Err(missing) => outcome.missed.push(format!("{place}: {missing}")),
                }
            }
        }
    }
    outcome
}

impl Outcome {
    /// What the checks found in a damaged rendering, and who had to say what.
    fn add(&mut self, place: &str, wanted: (&str, &str), found: &[(&'static str, String)]) {
        let (check, fault) = wanted;
        let said = |(by, said): &(&str, String)| *by == check && said.contains(fault);
        if !found.iter().any(said) {
            self.missed.push(format!("{place} is not said: {found:?}"));
        }
        self.needed.extend(alone(found));
    }
}

/// The check that found everything that was found.
fn alone(found: &[(&'static str, String)]) -> Option<&'static str> {
    let (first, _) = found.first()?;
    found.iter().all(|(by, _)| by == first).then_some(*first)
}

#[test]
fn every_damage_is_noticed_and_every_check_is_needed() {
    let folder = workspace().join("tests/mutations");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("tests/mutations is readable")
        .map(|entry| entry.expect("tests/mutations is readable").path())
        .collect();
    files.sort();
    let outcomes = parallel::map(files, |file| judge(&file));
    let needed: BTreeSet<&str> = outcomes
        .iter()
        .flat_map(|outcome| outcome.needed.iter().copied())
        .collect();
    let mut missed: Vec<String> = CHECKS
        .iter()
        .filter(|(check, _)| !needed.contains(check))
        .map(|(check, _)| format!("no damage is noticed by {check} alone"))
        .collect();
    missed.extend(outcomes.into_iter().flat_map(|outcome| outcome.missed));
    parallel::report(missed);
}
