//! Names, labels and namespaces within the limits of Kubernetes.

use super::{Rendering, items, text};
use crate::manifest::Object;
use serde_json::Value;
use std::collections::BTreeSet;

/// Kinds that belong to no namespace.
const CLUSTER_WIDE: &[&str] = &["ClusterRole", "ClusterRoleBinding", "PriorityClass"];

pub fn faults(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for object in rendering.objects {
        if !seen.insert((object.kind(), object.name())) {
            faults.push(format!("{}: made twice", object.id()));
        }
        let namespace = &object.value["metadata"]["namespace"];
        let cluster = CLUSTER_WIDE.contains(&object.kind());
        if cluster && !namespace.is_null() {
            faults.push(format!("{}: has a namespace", object.id()));
        }
        // Manifests of the chart's owner follow the release by themselves.
        if !cluster && namespace != "ns" && !object.is_extra() {
            faults.push(format!("{}: not in the release's namespace", object.id()));
        }
    }
    for object in rendering.made_here() {
        faults.extend(
            own(object)
                .into_iter()
                .map(|fault| format!("{}: {fault}", object.id())),
        );
    }
    faults
}

fn own(object: &Object) -> Vec<String> {
    let mut faults = Vec::new();
    // Names of pods and Jobs are made of these by adding to them.
    let longest = match object.kind() {
        "StatefulSet" | "CronJob" => 52,
        kind if CLUSTER_WIDE.contains(&kind) => 253,
        _ => 63,
    };
    if !label_name(object.name(), longest) {
        faults.push(format!(
            "name of {} characters is no name of at most {longest}",
            object.name().len()
        ));
    }
    // Another namespace may have a release of this name.
    if CLUSTER_WIDE.contains(&object.kind()) && !object.name().starts_with("ns-") {
        faults.push("its name does not begin with its namespace".to_owned());
    }
    let mut maps = vec![&object.value["metadata"]["labels"]];
    maps.extend(object.pod().map(|pod| pod.labels));
    if object.kind() == "CronJob" {
        maps.push(&object.value["spec"]["jobTemplate"]["metadata"]["labels"]);
    }
    maps.extend(
        items(&object.value["spec"]["volumeClaimTemplates"])
            .map(|claim| &claim["metadata"]["labels"]),
    );
    for labels in maps {
        faults.extend(label_faults(labels));
    }
    let mut annotations = vec![&object.value["metadata"]["annotations"]];
    annotations.extend(object.pod().map(|pod| pod.annotations));
    faults.extend(
        annotations
            .into_iter()
            .flat_map(not_text)
            .map(|key| format!("annotation {key} is no text")),
    );
    let standard = [
        "app.kubernetes.io/name",
        "app.kubernetes.io/instance",
        "app.kubernetes.io/component",
        "app.kubernetes.io/managed-by",
        "helm.sh/chart",
    ];
    let labels = &object.value["metadata"]["labels"];
    faults.extend(
        standard
            .iter()
            .filter(|key| labels[**key].is_null())
            .map(|key| format!("no label {key}")),
    );
    faults.extend(pod_names(object));
    faults
}

fn pod_names(object: &Object) -> Vec<String> {
    let Some(pod) = object.pod() else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    for container in pod.containers() {
        if !label_name(text(&container["name"]), 63) {
            faults.push(format!("container {} has no valid name", container["name"]));
        }
        for port in items(&container["ports"]) {
            let name = text(&port["name"]);
            // A name of digits only would be read as a number.
            let letter = name.bytes().any(|b| b.is_ascii_lowercase());
            if !label_name(name, 15) || !letter || name.contains("--") {
                faults.push(format!("port {} has no valid name", port["name"]));
            }
        }
    }
    let lists = [
        ("container", pod.containers()),
        ("volume", items(&pod.spec["volumes"]).collect()),
        (
            "volume claim",
            items(&object.value["spec"]["volumeClaimTemplates"])
                .map(|claim| &claim["metadata"])
                .collect(),
        ),
        (
            "port",
            pod.running()
                .into_iter()
                .flat_map(|container| items(&container["ports"]))
                .collect(),
        ),
    ];
    for (what, list) in lists {
        let names = list.into_iter().map(|one| text(&one["name"]));
        faults.extend(
            super::twice(names)
                .into_iter()
                .map(|name| format!("two {what}s are called {name}")),
        );
    }
    for volume in items(&pod.spec["volumes"]) {
        if !label_name(text(&volume["name"]), 63) {
            faults.push(format!("volume {} has no valid name", volume["name"]));
        }
    }
    faults
}

fn label_faults(labels: &Value) -> Vec<String> {
    let mut faults: Vec<String> = not_text(labels)
        .map(|key| format!("label {key} is no text"))
        .collect();
    for (key, value) in labels.as_object().into_iter().flatten() {
        if !label_value(text(value)) {
            faults.push(format!("label {key} has no valid value: {value}"));
        }
    }
    faults
}

/// Keys of a map whose value is no string.
fn not_text(map: &Value) -> impl Iterator<Item = &String> {
    map.as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_string())
        .map(|(key, _)| key)
}

/// Lower-case letters, digits and dashes, letters or digits at both ends.
fn label_name(name: &str, longest: usize) -> bool {
    let edge =
        |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = name.as_bytes();
    bytes.len() <= longest
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

/// Empty, or letters, digits, `-`, `_` and `.` within 63 characters.
fn label_value(value: &str) -> bool {
    let bytes = value.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
