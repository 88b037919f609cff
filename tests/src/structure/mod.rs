//! What must hold in every rendering and no other tool looks for. Each check
//! takes the objects and gives faults that name the object.

mod connections;
mod names;
mod pods;
mod references;
mod rollout;
mod secrets;
mod selectors;

pub use connections::Network;

use crate::manifest::{Object, Pod};
use serde_json::Value;

/// A rendering with what is known about it beforehand.
pub struct Rendering<'a> {
    /// Its objects.
    pub objects: &'a [Object],
    /// Charts that come from a repository: their inner names are not ours.
    pub from_repositories: &'a [String],
    /// A Secret that exists before the release, with its keys.
    pub existing_secret: Option<(String, Vec<String>)>,
}

impl Rendering<'_> {
    /// Every fault.
    pub fn faults(&self) -> Vec<String> {
        let checks: [fn(&Rendering<'_>) -> Vec<String>; 8] = [
            names::faults,
            pods::faults,
            references::faults,
            selectors::faults,
            secrets::faults,
            connections::faults,
            rollout::faults,
            nothings,
        ];
        checks.iter().flat_map(|check| check(self)).collect()
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

    /// Objects whose every name and text is up to taskspec.
    pub fn made_here(&self) -> impl Iterator<Item = &Object> {
        self.objects
            .iter()
            .filter(|object| !object.is_from(self.from_repositories))
    }
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

/// The items of a list; none if it is no list.
fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Text, empty if it is none.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
