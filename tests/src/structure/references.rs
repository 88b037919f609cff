//! What pods name: service accounts, ConfigMaps, Secrets, claims, volumes.
//! A hook before the installation may only name what is there by then.

use super::{Rendering, items, text};
use crate::manifest::{Object, Pod};
use serde_json::Value;

pub fn faults(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for pod in rendering.pods() {
        let found = pod_faults(rendering, &pod);
        faults.extend(
            found
                .into_iter()
                .map(|fault| format!("{}: {fault}", pod.object.id())),
        );
    }
    faults
}

fn pod_faults(rendering: &Rendering<'_>, pod: &Pod<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let account = text(&pod.spec["serviceAccountName"]);
    if account != "default" {
        faults.extend(present(
            rendering,
            pod.object,
            "ServiceAccount",
            account,
            None,
        ));
    }
    for reference in named(pod) {
        if reference.optional {
            continue;
        }
        faults.extend(present(
            rendering,
            pod.object,
            reference.kind,
            reference.name,
            reference.key,
        ));
    }
    faults.extend(volumes(pod));
    faults.extend(parts(rendering, pod));
    faults
}

/// What a pod names.
pub struct Reference<'a> {
    /// Such as `Secret`.
    pub kind: &'static str,
    /// Its name.
    pub name: &'a str,
    key: Option<&'a str>,
    optional: bool,
}

/// Every ConfigMap, Secret and claim that a pod names.
pub fn named<'a>(pod: &Pod<'a>) -> Vec<Reference<'a>> {
    let mut found = Vec::new();
    let mut add = |kind, object: &'a Value, name: &str, key: Option<&'a Value>| {
        if !object.is_null() {
            let optional = object["optional"] == true;
            found.push(Reference {
                kind,
                name: text(&object[name]),
                key: key.map(text),
                optional,
            });
        }
    };
    for container in pod.containers() {
        for variable in items(&container["env"]) {
            let from = &variable["valueFrom"];
            add(
                "Secret",
                &from["secretKeyRef"],
                "name",
                Some(&from["secretKeyRef"]["key"]),
            );
            add(
                "ConfigMap",
                &from["configMapKeyRef"],
                "name",
                Some(&from["configMapKeyRef"]["key"]),
            );
        }
        for source in items(&container["envFrom"]) {
            add("Secret", &source["secretRef"], "name", None);
            add("ConfigMap", &source["configMapRef"], "name", None);
        }
    }
    for volume in items(&pod.spec["volumes"]) {
        for (kind, key, name) in [
            ("Secret", "secret", "secretName"),
            ("ConfigMap", "configMap", "name"),
            (
                "PersistentVolumeClaim",
                "persistentVolumeClaim",
                "claimName",
            ),
        ] {
            add(kind, &volume[key], name, None);
            for item in items(&volume[key]["items"]) {
                add(kind, &volume[key], name, Some(&item["key"]));
            }
        }
    }
    found
}

/// Faults of naming an object, and perhaps a key in it.
fn present(
    rendering: &Rendering<'_>,
    user: &Object,
    kind: &str,
    name: &str,
    key: Option<&str>,
) -> Option<String> {
    let what = format!("{kind} {name}");
    if let Some(existing) = rendering.known(kind, name) {
        let missing = key.filter(|key| !existing.keys.iter().any(|known| known == key))?;
        return Some(format!(
            "key {missing} of the existing {what} is not in the README"
        ));
    }
    if kind == "Secret"
        && let Some(external) = super::secrets::external(rendering, name)
    {
        return from_store(user, external, &what, key);
    }
    let Some(object) = rendering.find(kind, name) else {
        return Some(format!("{what} does not exist"));
    };
    if too_early(object, user) {
        return Some(format!("{what} does not exist yet when the hook runs"));
    }
    let key = key?;
    let holds = ["data", "stringData", "binaryData"]
        .iter()
        .any(|part| !object.value[*part][key].is_null());
    (!holds).then(|| format!("{what} has no key {key}"))
}

/// Faults of naming a Secret that an operator makes of an ExternalSecret.
fn from_store(user: &Object, external: &Object, what: &str, key: Option<&str>) -> Option<String> {
    if too_early(external, user) {
        return Some(format!(
            "{what} does not exist yet when the hook runs: its ExternalSecret comes later"
        ));
    }
    let key = key.filter(|key| !super::secrets::external_keys(external).contains(key))?;
    Some(format!("{what} gets no key {key} from its ExternalSecret"))
}

/// Whether an object is made only after a hook that needs it.
fn too_early(object: &Object, user: &Object) -> bool {
    let first = ["pre-install", "pre-upgrade"];
    user.hooks().iter().any(|hook| first.contains(hook)) && !before(object, user)
}

/// Whether Helm makes the object before the hook.
fn before(object: &Object, hook: &Object) -> bool {
    let shared = hook
        .hooks()
        .iter()
        .all(|event| object.hooks().contains(event));
    shared && object.weight() < hook.weight()
}

/// Mounts of one file out of a volume that does not have it. A folder would
/// stand in its place.
fn parts(rendering: &Rendering<'_>, pod: &Pod<'_>) -> Vec<String> {
    let volume = |name: &Value| items(&pod.spec["volumes"]).find(|volume| volume["name"] == *name);
    let mut faults = Vec::new();
    for mount in pod
        .containers()
        .into_iter()
        .flat_map(|container| items(&container["volumeMounts"]))
    {
        let part = text(&mount["subPath"]);
        let Some(volume) = volume(&mount["name"]).filter(|_| !part.is_empty()) else {
            continue;
        };
        let source = [&volume["configMap"], &volume["secret"]]
            .into_iter()
            .find(|source| !source.is_null());
        let Some(source) = source else { continue };
        let listed = items(&source["items"]).any(|item| item["path"] == part);
        let map = rendering.find("ConfigMap", text(&source["name"]));
        let held = source["items"].is_null()
            && map.is_some_and(|map| {
                !map.value["data"][part].is_null() || !map.value["binaryData"][part].is_null()
            });
        if !listed && !held {
            faults.push(format!("volume {} has no file {part}", mount["name"]));
        }
    }
    faults
}

/// Mounts of volumes that are not there, volumes that nothing mounts.
fn volumes(pod: &Pod<'_>) -> Vec<String> {
    let mut there: Vec<&str> = items(&pod.spec["volumes"])
        .map(|volume| text(&volume["name"]))
        .collect();
    there.extend(
        items(&pod.object.value["spec"]["volumeClaimTemplates"])
            .map(|claim| text(&claim["metadata"]["name"])),
    );
    let mounted: Vec<&str> = pod
        .containers()
        .iter()
        .flat_map(|container| items(&container["volumeMounts"]))
        .map(|mount| text(&mount["name"]))
        .collect();
    let missing = mounted
        .iter()
        .filter(|name| !there.contains(name))
        .map(|name| format!("volume {name} is mounted but not there"));
    let unused = there
        .iter()
        .filter(|name| !mounted.contains(name))
        .map(|name| format!("volume {name} is mounted nowhere"));
    missing.chain(unused).collect()
}
