//! Volumes that last: claims are mounted, and a volume for one node is never
//! asked for by two pods.

use super::{Rendering, items, text};
use crate::manifest::{Object, Pod};
use crate::text::quantity;
use serde_json::Value;

pub fn faults(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = rendering.each_own("PersistentVolumeClaim", claim);
    faults.extend(rendering.each_own("StatefulSet", |_, set| {
        let spec = &set.value["spec"];
        let mut found: Vec<String> = items(&spec["volumeClaimTemplates"])
            .flat_map(|claim| sized(&claim["spec"]))
            .collect();
        let retention = &spec["persistentVolumeClaimRetentionPolicy"];
        if items(&spec["volumeClaimTemplates"]).next().is_some()
            && retention["whenScaled"] != "Retain"
        {
            found.push("loses volumes when it scales down".to_owned());
        }
        found
    }));
    faults
}

fn claim(rendering: &Rendering<'_>, claim: &Object) -> Vec<String> {
    let spec = &claim.value["spec"];
    let mut faults = sized(spec);
    let pods = rendering.pods();
    let users: Vec<&Pod<'_>> = pods
        .iter()
        .filter(|pod| {
            items(&pod.spec["volumes"])
                .any(|volume| volume["persistentVolumeClaim"]["claimName"] == claim.name())
        })
        .collect();
    if users.is_empty() {
        faults.push("is mounted by no pod".to_owned());
    }
    let one_node = items(&spec["accessModes"]).any(|mode| text(mode).starts_with("ReadWriteOnce"));
    if one_node {
        let most: u64 = users.iter().map(|pod| most(rendering, pod.object)).sum();
        if most > 1 {
            faults.push(format!("is for one node, and up to {most} pods mount it"));
        }
    }
    faults
}

/// A claim says how, and how much.
fn sized(spec: &Value) -> Vec<String> {
    const MODES: &[&str] = &[
        "ReadWriteOnce",
        "ReadOnlyMany",
        "ReadWriteMany",
        "ReadWriteOncePod",
    ];
    let mut faults = Vec::new();
    let modes: Vec<&str> = items(&spec["accessModes"]).map(text).collect();
    if modes.len() != 1 || !MODES.contains(&modes[0]) {
        faults.push(format!("claims a volume for {modes:?}"));
    }
    if quantity(&spec["resources"]["requests"]["storage"]).is_none_or(|size| size <= 0.0) {
        faults.push("claims a volume without a size".to_owned());
    }
    // An empty class is not the cluster's usual one: nobody makes the volume.
    if spec["storageClassName"] == "" {
        faults.push("claims a volume of no class".to_owned());
    }
    faults
}

/// How many pods of a controller run at one time, at most.
fn most(rendering: &Rendering<'_>, object: &Object) -> u64 {
    let spec = &object.value["spec"];
    let number = |value: &Value| value.as_u64().unwrap_or(1);
    match object.kind() {
        "Deployment" => {
            let pods = super::scaling::bounds(rendering, object)
                .map_or(number(&spec["replicas"]), |bounds| bounds.most);
            // A rolling update starts pods beside those that serve.
            pods + u64::from(spec["strategy"]["type"] != "Recreate")
        }
        "StatefulSet" => super::scaling::bounds(rendering, object)
            .map_or(number(&spec["replicas"]), |bounds| bounds.most),
        "CronJob" => {
            let pods = number(&spec["jobTemplate"]["spec"]["parallelism"]);
            pods + u64::from(spec["concurrencyPolicy"] == "Allow")
        }
        _ => number(&spec["parallelism"]),
    }
}
