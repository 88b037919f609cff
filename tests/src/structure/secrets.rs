//! Secret values stay in Secrets, and each Secret has one creator.

use super::{Rendering, items, text};
use crate::manifest::Object;
use crate::text::base64;
use serde_json::Value;

/// The ExternalSecret that makes the Secret of a name.
pub fn external<'a>(rendering: &'a Rendering<'_>, name: &str) -> Option<&'a Object> {
    rendering
        .kind("ExternalSecret")
        .find(|object| object.value["spec"]["target"]["name"] == name)
}

/// Keys of the Secret that an ExternalSecret makes: fetched, or composed.
pub fn external_keys(object: &Object) -> Vec<&str> {
    let spec = &object.value["spec"];
    let composed = spec["target"]["template"]["data"].as_object();
    items(&spec["data"])
        .map(|entry| text(&entry["secretKey"]))
        .chain(composed.into_iter().flatten().map(|(key, _)| key.as_str()))
        .collect()
}

fn external_faults(rendering: &Rendering<'_>, object: &Object) -> Vec<String> {
    let spec = &object.value["spec"];
    let name = text(&spec["target"]["name"]);
    let mut faults = Vec::new();
    let twin = rendering.kind("ExternalSecret").any(|other| {
        other.name() != object.name() && other.value["spec"]["target"]["name"] == name
    });
    let made = rendering.find("Secret", name).is_some();
    if made || twin || rendering.known("Secret", name).is_some() {
        faults.push(format!("Secret {name} has another creator"));
    }
    if spec["target"]["creationPolicy"] != "Owner" {
        faults.push(format!("Secret {name} would stay behind"));
    }
    let whole = rendering
        .objects
        .iter()
        .filter(|other| other.pod().is_some());
    if !whole
        .map(|other| other.value.to_string())
        .any(|text| text.contains(&format!("\"{name}\"")))
    {
        faults.push(format!("no pod reads Secret {name}"));
    }
    let store = &spec["secretStoreRef"];
    if text(&store["name"]).is_empty()
        || !matches!(text(&store["kind"]), "SecretStore" | "ClusterSecretStore")
    {
        faults.push(format!("reads no store: {store}"));
    }
    for entry in items(&spec["data"]) {
        if text(&entry["remoteRef"]["key"]).is_empty() {
            faults.push(format!("{} comes from nowhere", entry["secretKey"]));
        }
    }
    let interval = text(&spec["refreshInterval"]);
    if !super::monitoring::duration(interval) {
        faults.push(format!("refreshes every {interval:?}"));
    }
    faults.extend(unfetched(spec));
    faults.extend(key_faults(&external_keys(object)));
    faults
}

/// Values that texts are composed of and nobody fetches.
fn unfetched(spec: &Value) -> Vec<String> {
    let fetched: Vec<&str> = items(&spec["data"])
        .map(|entry| text(&entry["secretKey"]))
        .collect();
    let composed = spec["target"]["template"]["data"].as_object();
    let mut faults = Vec::new();
    for (key, value) in composed.into_iter().flatten() {
        let asked = text(value)
            .split("index . \"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        faults.extend(
            asked
                .filter(|name| !fetched.contains(name))
                .map(|name| format!("{key} is made of {name}, which nobody fetches")),
        );
    }
    faults
}

fn key_faults(keys: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    if keys.is_empty() {
        faults.push("has no key".to_owned());
    }
    let valid = |key: &str| {
        !key.is_empty()
            && key
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    faults.extend(
        keys.iter()
            .filter(|key| !valid(key))
            .map(|key| format!("{key:?} is no key")),
    );
    faults.extend(
        super::twice(keys)
            .into_iter()
            .map(|key| format!("makes {key} twice")),
    );
    faults
}

pub fn faults(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = rendering.each_own("ExternalSecret", external_faults);
    let mut values = Vec::new();
    for secret in rendering.kind("Secret") {
        for (key, value) in secret.value["data"].as_object().into_iter().flatten() {
            match base64(text(value)).and_then(|bytes| String::from_utf8(bytes).ok()) {
                Some(plain) if plain.is_empty() => {
                    faults.push(format!("{}: {key} is empty", secret.id()))
                }
                Some(plain) => values.push((secret.name(), key, plain)),
                None => faults.push(format!("{}: {key} is no base64 of text", secret.id())),
            }
        }
    }
    for object in rendering
        .objects
        .iter()
        .filter(|object| object.kind() != "Secret")
    {
        let whole = object.value.to_string();
        for (secret, key, plain) in values.iter().filter(|(_, _, plain)| plain.len() >= 10) {
            if whole.contains(plain.as_str()) {
                faults.push(format!("{}: holds {key} of Secret {secret}", object.id()));
            }
        }
    }
    faults
}
