//! What must hold in every rendering and no other tool looks for. Each check
//! takes the objects and gives faults that name the object.

mod access;
mod connections;
mod exposure;
mod monitoring;
mod names;
mod pods;
mod references;
mod rollout;
mod scaling;
mod secrets;
mod selectors;
mod storage;

pub use connections::Network;

use crate::existing::Existing;
use crate::manifest::{Object, Pod};
use serde_json::Value;

/// A rendering with what is known about it beforehand.
pub struct Rendering<'a> {
    /// Its objects.
    pub objects: &'a [Object],
    /// Charts that come from a repository: their inner names are not ours.
    pub from_repositories: &'a [String],
    /// What exists before the release.
    pub existing: Vec<Existing>,
    /// Keys of the values whose components are switched off.
    pub off: Vec<String>,
}

type Check = fn(&Rendering<'_>) -> Vec<String>;

/// Every check, by the name of its file.
pub const CHECKS: &[(&str, Check)] = &[
    ("names", names::faults),
    ("pods", pods::faults),
    ("access", access::faults),
    ("references", references::faults),
    ("storage", storage::faults),
    ("selectors", selectors::faults),
    ("secrets", secrets::faults),
    ("connections", connections::faults),
    ("exposure", exposure::faults),
    ("monitoring", monitoring::faults),
    ("rollout", rollout::faults),
    ("scaling", scaling::faults),
    ("nothings", nothings),
];

impl Rendering<'_> {
    /// Every fault, with the name of the check that found it.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let judged = |(name, check): &(&'static str, Check)| {
            let faults = check(self);
            let name = *name;
            faults.into_iter().map(move |fault| (name, fault))
        };
        CHECKS.iter().flat_map(judged).collect()
    }

    /// Objects of a kind.
    pub fn kind<'b>(&'b self, kind: &'b str) -> impl Iterator<Item = &'b Object> {
        self.objects
            .iter()
            .filter(move |object| object.kind() == kind)
    }

    /// The object of a kind and name.
    pub fn find(&self, kind: &str, name: &str) -> Option<&Object> {
        self.objects
            .iter()
            .find(|object| object.kind() == kind && object.name() == name)
    }

    /// Every pod.
    pub fn pods(&self) -> Vec<Pod<'_>> {
        self.objects.iter().filter_map(Object::pod).collect()
    }

    /// What exists before the release, by kind and name.
    pub fn known(&self, kind: &str, name: &str) -> Option<&Existing> {
        self.existing
            .iter()
            .find(|one| one.kind == kind && one.name == name)
    }

    /// Whether the values switch a component off.
    pub fn is_off(&self, component: &str) -> bool {
        let key = match component {
            "connection-test" => "tests".to_owned(),
            "migrate" => "migration".to_owned(),
            name => taskspec_spec::check::names::values_key(name),
        };
        self.off.contains(&key)
    }

    /// Objects whose every name and text is up to taskspec.
    pub fn made_here(&self) -> impl Iterator<Item = &Object> {
        self.objects
            .iter()
            .filter(|object| !object.is_from(self.from_repositories) && !object.is_extra())
    }

    /// Objects of a kind that the chart itself makes.
    pub fn own<'b>(&'b self, kind: &'b str) -> impl Iterator<Item = &'b Object> {
        self.kind(kind)
            .filter(|object| object.is_own() && !object.is_extra())
    }

    /// The faults of each object of a kind that the chart itself makes.
    fn each_own(&self, kind: &str, check: impl Fn(&Self, &Object) -> Vec<String>) -> Vec<String> {
        let mut faults = Vec::new();
        for object in self.own(kind) {
            faults.extend(of(object, check(self, object)));
        }
        faults
    }
}

/// Faults with the object that has them.
fn of(object: &Object, faults: impl IntoIterator<Item = String>) -> impl Iterator<Item = String> {
    let id = object.id();
    faults
        .into_iter()
        .map(move |fault| format!("{id}: {fault}"))
}

/// Keys without a value: a template that printed a key and then nothing.
fn nothings(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for object in rendering.made_here() {
        let mut found = Vec::new();
        nulls(&object.value, "", &mut found);
        faults.extend(
            found
                .into_iter()
                .map(|path| format!("{}: nothing at {path}", object.id())),
        );
    }
    faults
}

fn nulls(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Null => found.push(path.to_owned()),
        Value::Object(map) => map
            .iter()
            .for_each(|(key, inner)| nulls(inner, &format!("{path}/{key}"), found)),
        Value::Array(list) => list.iter().for_each(|inner| nulls(inner, path, found)),
        _ => {}
    }
}

/// The selector of a Service, without labels that pods only get when they run.
fn service_selector(service: &Object) -> Value {
    const AT_RUN_TIME: &[&str] = &["isMaster", "statefulset.kubernetes.io/pod-name"];
    let labels = service.value["spec"]["selector"].as_object();
    let lasting: serde_json::Map<String, Value> = labels
        .into_iter()
        .flatten()
        .filter(|(key, _)| !AT_RUN_TIME.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    serde_json::json!({ "matchLabels": lasting })
}

/// What stands twice.
fn twice<T: Ord + Clone>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = std::collections::BTreeSet::new();
    all.into_iter()
        .filter(|one| !seen.insert(one.clone()))
        .collect()
}

/// The items of a list; none if it is no list.
fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Text, empty if it is none.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
