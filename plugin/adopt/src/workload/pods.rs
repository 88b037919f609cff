//! Pods: how they start and end, as whom they run, where they go.

use crate::container::Place;
use crate::quantity;
use crate::sketch::{Scene, without_nulls};
use serde_json::{Map, Value, json};
use taskspec_manifest::{Object, fields, is_empty, items, number, rest, scalar, text};

/// Fields of a pod that have keys of their own, or that the chart decides.
pub(super) const POD: [&str; 18] = [
    "containers",
    "initContainers",
    "volumes",
    "securityContext",
    "serviceAccountName",
    "serviceAccount",
    "automountServiceAccountToken",
    "restartPolicy",
    "terminationGracePeriodSeconds",
    "nodeSelector",
    "tolerations",
    "affinity",
    "topologySpreadConstraints",
    "priorityClassName",
    "imagePullSecrets",
    "enableServiceLinks",
    "dnsPolicy",
    "schedulerName",
];

/// How a container starts and ends.
pub(super) fn life(
    scene: &mut Scene<'_>,
    place: &Place<'_>,
    object: &Object,
    spec: &Value,
    main: &Value,
) {
    let [_, name, ..] = place.at[..] else { return };
    let always = ["Deployment", "StatefulSet"].contains(&object.kind());
    let lifecycle = &main["lifecycle"];
    let stop: Vec<Value> = items(&lifecycle["preStop"]["exec"]["command"])
        .filter_map(scalar)
        .map(Value::String)
        .collect();
    if always && !stop.is_empty() {
        scene.set(&["workloads", name, "pre-stop"], Value::Array(stop));
    } else if let Some(pause) =
        quantity::seconds(&lifecycle["preStop"]["sleep"]["seconds"]).filter(|_| always)
    {
        scene.set(&["workloads", name, "drain"], json!(pause));
    } else if lifecycle["preStop"].is_object() {
        scene.omit(
            &place.at,
            &place.id,
            &format!("{}.lifecycle.preStop", place.path),
            "only a command or a pause can be said",
        );
    } else if scene.get(&["workloads", name, "kind"]) == Some(&json!("service")) {
        scene.set(&["workloads", name, "drain"], json!("0s"));
    }
    if lifecycle["postStart"].is_object() {
        scene.omit(
            &place.at,
            &place.id,
            &format!("{}.lifecycle.postStart", place.path),
            "use an init container, or a sidecar",
        );
    }
    let grace = number(&spec["terminationGracePeriodSeconds"]).unwrap_or(30);
    if grace != 30 || lifecycle["preStop"].is_object() {
        scene.set(
            &["workloads", name, "grace"],
            json!(quantity::seconds(&json!(grace))),
        );
    }
}

/// What holds for the pods.
pub(super) fn pods(scene: &mut Scene<'_>, place: &Place<'_>, path: &str, pod: &Value) {
    let [_, name, ..] = place.at[..] else { return };
    let spec = &pod["spec"];
    user(scene, place, path, spec);
    placement(scene, place, path, spec);
    let annotations: Map<String, Value> = fields(&pod["metadata"]["annotations"])
        .filter(|(key, _)| {
            !key.starts_with("checksum/") && !key.starts_with("kubectl.kubernetes.io/")
        })
        .filter_map(|(key, value)| Some((key.clone(), json!(scalar(value)?))))
        .collect();
    if !annotations.is_empty() {
        scene.set(
            &["workloads", name, "annotations"],
            Value::Object(annotations),
        );
    }
    for field in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"] {
        if spec[field] == true {
            let why =
                "a pod of a taskspec chart shares nothing with its node or between its containers";
            scene.decide(name, &format!("without {field}"), why);
            scene.omit(&place.at, &place.id, &format!("{path}.{field}"), why);
        }
    }
    let own = ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"];
    for (field, value) in rest(spec, &POD) {
        if !own.contains(&field.as_str()) {
            scene.set(
                &["workloads", name, "patch", "pod", &field],
                without_nulls(&value),
            );
        }
    }
    let (policy, scheduler) = (text(&spec["dnsPolicy"]), text(&spec["schedulerName"]));
    if !["", "ClusterFirst"].contains(&policy) {
        scene.set(
            &["workloads", name, "patch", "pod", "dnsPolicy"],
            json!(policy),
        );
    }
    if !["", "default-scheduler"].contains(&scheduler) {
        scene.set(
            &["workloads", name, "patch", "pod", "schedulerName"],
            json!(scheduler),
        );
    }
    let pull: Vec<Value> = items(&spec["imagePullSecrets"])
        .map(|one| json!({ "name": text(&one["name"]) }))
        .collect();
    if !pull.is_empty() {
        scene.set(&["values", "imagePullSecrets"], Value::Array(pull));
    }
}

pub(super) fn user(scene: &mut Scene<'_>, place: &Place<'_>, path: &str, spec: &Value) {
    let [_, name, ..] = place.at[..] else { return };
    let (pod, own) = (
        &spec["securityContext"],
        &spec["containers"][0]["securityContext"],
    );
    let stated = |key: &str| number(&own[key]).or_else(|| number(&pod[key]));
    match stated("runAsUser") {
        Some(0) => {
            let why = "no pod of a taskspec chart runs as root";
            scene.decide(name, "it no longer runs as root", why);
            scene.omit(&place.at, &place.id, &format!("{path}.securityContext.runAsUser"), "no pod runs as root: let the image run as another user, and say it with `user`");
        }
        Some(user) => scene.set(&["workloads", name, "user"], json!(user)),
        None => scene.decide(
            name,
            "it runs as user 10001",
            "the chart leaves the user to the image; every pod of a taskspec chart has one that is not root, `user` says another",
        ),
    }
    let (group, files) = (stated("runAsGroup"), number(&pod["fsGroup"]));
    let group = group
        .filter(|group| *group != 0)
        .or(files.filter(|group| *group != 0));
    if let Some(group) = group.filter(|group| Some(*group) != stated("runAsUser")) {
        scene.set(&["workloads", name, "group"], json!(group));
    }
    if let Some(other) = files.filter(|other| Some(*other) != group) {
        scene.omit(
            &place.at,
            &place.id,
            &format!("{path}.securityContext.fsGroup"),
            format!("one group owns processes and volumes, not {other} beside it"),
        );
    }
    for key in [
        "supplementalGroups",
        "sysctls",
        "seLinuxOptions",
        "appArmorProfile",
    ] {
        if !is_empty(&pod[key]) {
            scene.omit(
                &place.at,
                &place.id,
                &format!("{path}.securityContext.{key}"),
                "the language has no key for it",
            );
        }
    }
}

pub(super) fn placement(scene: &mut Scene<'_>, place: &Place<'_>, path: &str, spec: &Value) {
    let [_, name, ..] = place.at[..] else { return };
    let at = |key: &'static str| ["workloads", name, "placement", key];
    if !is_empty(&spec["nodeSelector"]) {
        scene.set(&at("node-labels"), spec["nodeSelector"].clone());
    }
    if !is_empty(&spec["affinity"]) {
        scene.set(&at("affinity"), without_nulls(&spec["affinity"]));
    }
    if !text(&spec["priorityClassName"]).is_empty() {
        scene.set(&at("priority"), spec["priorityClassName"].clone());
    }
    let tolerations: Vec<Value> = items(&spec["tolerations"])
        .map(|one| {
            let mut said = Map::new();
            for key in ["key", "value", "effect"] {
                if !text(&one[key]).is_empty() {
                    said.insert(key.into(), one[key].clone());
                }
            }
            if let Some(stays) = quantity::seconds(&one["tolerationSeconds"]) {
                said.insert("stays".into(), json!(stays));
            }
            Value::Object(said)
        })
        .collect();
    if !tolerations.is_empty() {
        scene.set(&at("tolerations"), Value::Array(tolerations));
    }
    for spread in items(&spec["topologySpreadConstraints"]) {
        let key = match text(&spread["topologyKey"]) {
            "topology.kubernetes.io/zone" => "zones",
            "kubernetes.io/hostname" => "nodes",
            other => {
                scene.omit(
                    &place.at,
                    &place.id,
                    &format!("{path}.topologySpreadConstraints"),
                    format!("pods are spread over zones and nodes, not over {other}"),
                );
                continue;
            }
        };
        if text(&spread["whenUnsatisfiable"]) != "ScheduleAnyway" {
            scene.set(&at(key), json!("require"));
        }
    }
}
