//! How often and how long a workload runs, and how its pods are replaced.

use crate::quantity;
use crate::sketch::{Scene, Workload, without_nulls};
use serde_json::{Value, json};
use taskspec_manifest::{Object, number, rest, text};

/// How often and how long it runs, and how it is replaced.
pub(super) fn run(scene: &mut Scene<'_>, workload: &Workload, object: &Object) {
    let name = workload.name.as_str();
    let spec = &object.value["spec"];
    let at = |key: &'static str| ["workloads", name, key];
    let known: &[&str] = match workload.kind {
        "cron" => {
            schedule(scene, name, object);
            ending(scene, name, &spec["jobTemplate"]["spec"]);
            restart(scene, name, object);
            &[
                "schedule",
                "timeZone",
                "concurrencyPolicy",
                "startingDeadlineSeconds",
                "suspend",
                "jobTemplate",
            ]
        }
        "job" => {
            ending(scene, name, spec);
            restart(scene, name, object);
            let on: Vec<Value> = object.hooks().into_iter().map(|hook| json!(hook)).collect();
            if !on.is_empty() {
                scene.set(&at("on"), Value::Array(on));
            }
            &[
                "template",
                "backoffLimit",
                "activeDeadlineSeconds",
                "parallelism",
                "completions",
                "selector",
            ]
        }
        _ => {
            if let Some(replicas) = number(&spec["replicas"]).filter(|number| *number > 0) {
                scene.set(&at("replicas"), json!(replicas));
            } else if spec["replicas"] == 0 {
                scene.omit(&["workloads", name], &object.id(), "spec.replicas", "a workload has at least one pod; `enabled = false` takes it out of an environment");
            }
            rollout(scene, workload, object);
            &[
                "replicas",
                "selector",
                "template",
                "strategy",
                "updateStrategy",
                "serviceName",
                "volumeClaimTemplates",
                "podManagementPolicy",
                "minReadySeconds",
                "progressDeadlineSeconds",
            ]
        }
    };
    for (field, value) in rest(spec, known) {
        scene.set(
            &["workloads", name, "patch", "object", "spec", &field],
            without_nulls(&value),
        );
    }
}

pub(super) fn schedule(scene: &mut Scene<'_>, name: &str, object: &Object) {
    let spec = &object.value["spec"];
    let at = |key: &'static str| ["workloads", name, key];
    scene.set(&at("schedule"), json!(text(&spec["schedule"])));
    if !text(&spec["timeZone"]).is_empty() {
        scene.set(&at("time-zone"), spec["timeZone"].clone());
    }
    let concurrency = match text(&spec["concurrencyPolicy"]) {
        "Forbid" => None,
        "Replace" => Some("replace"),
        _ => Some("allow"),
    };
    if let Some(concurrency) = concurrency {
        scene.set(&at("concurrency"), json!(concurrency));
    }
    if let Some(late) = quantity::seconds(&spec["startingDeadlineSeconds"]) {
        scene.set(&at("start-deadline"), json!(late));
    }
    if spec["suspend"] == true {
        scene.set(&at("suspend"), json!(true));
    }
    for (field, value) in rest(
        &spec["jobTemplate"]["spec"],
        &[
            "template",
            "backoffLimit",
            "activeDeadlineSeconds",
            "parallelism",
            "completions",
        ],
    ) {
        let path = [
            "workloads",
            name,
            "patch",
            "object",
            "spec",
            "jobTemplate",
            "spec",
            field.as_str(),
        ];
        scene.set(&path, without_nulls(&value));
    }
}

/// How a failed run starts again.
pub(super) fn restart(scene: &mut Scene<'_>, name: &str, object: &Object) {
    let policy = object
        .pod()
        .map_or("", |pod| text(&pod["spec"]["restartPolicy"]));
    if policy == "OnFailure" {
        scene.omit(
            &["workloads", name],
            &object.id(),
            "restartPolicy",
            "a failed run starts anew in a pod of its own",
        );
    }
}

/// What a run may take.
pub(super) fn ending(scene: &mut Scene<'_>, name: &str, job: &Value) {
    let at = |key: &'static str| ["workloads", name, key];
    let retries = number(&job["backoffLimit"]).unwrap_or(6);
    if retries != 3 {
        scene.set(&at("retries"), json!(retries));
    }
    match quantity::seconds(&job["activeDeadlineSeconds"]) {
        Some(time) => scene.set(&at("timeout"), json!(time)),
        None => scene.decide(
            name,
            "a run ends after an hour",
            "the chart lets it take any time; `timeout` says how long it may take",
        ),
    }
    for (field, key) in [
        ("parallelism", "parallelism"),
        ("completions", "completions"),
    ] {
        if let Some(count) = number(&job[field]).filter(|count| *count > 1) {
            scene.set(&at(key), json!(count));
        }
    }
}

pub(super) fn rollout(scene: &mut Scene<'_>, workload: &Workload, object: &Object) {
    let name = workload.name.as_str();
    let spec = &object.value["spec"];
    let at = |key: &'static str| ["workloads", name, "rollout", key];
    let strategy = &spec["strategy"];
    if text(&strategy["type"]) == "Recreate" {
        scene.set(&at("strategy"), json!("recreate"));
    }
    for (field, key) in [
        ("maxSurge", "max-surge"),
        ("maxUnavailable", "max-unavailable"),
    ] {
        let value = &strategy["rollingUpdate"][field];
        if !value.is_null() {
            scene.set(&at(key), value.clone());
        }
    }
    if let Some(ready) = quantity::seconds(&spec["minReadySeconds"]) {
        scene.set(&at("min-ready"), json!(ready));
    }
    if let Some(deadline) = quantity::seconds(&spec["progressDeadlineSeconds"]) {
        scene.set(&at("deadline"), json!(deadline));
    }
    if text(&spec["podManagementPolicy"]) == "Parallel" {
        scene.set(&at("parallel"), json!(true));
    }
    let update = &spec["updateStrategy"];
    if text(&update["type"]) == "OnDelete"
        || number(&update["rollingUpdate"]["partition"]).is_some_and(|number| number > 0)
    {
        scene.omit(
            &["workloads", name],
            &object.id(),
            "spec.updateStrategy",
            "pods are replaced one after another, from the last to the first",
        );
    }
}
