//! Replicas, disruption budgets, times, and waiting for the right Job.

use super::{Rendering, items, text};
use crate::manifest::{Object, Pod};
use serde_json::Value;

pub fn faults(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let own = |object: &&Object| !object.is_from(rendering.from_repositories);
    for deployment in rendering.kind("Deployment").filter(own) {
        let mut found = arithmetic(&deployment.value["spec"]);
        found.extend(budget(rendering, deployment));
        faults.extend(
            found
                .into_iter()
                .map(|fault| format!("{}: {fault}", deployment.id())),
        );
    }
    faults.extend(marks(rendering));
    for job in rendering.kind("Job") {
        faults.extend(
            job_faults(job)
                .into_iter()
                .map(|fault| format!("{}: {fault}", job.id())),
        );
    }
    faults.extend(tests(rendering));
    faults
}

/// Pods wait for a mark that a Job of the rendering leaves.
fn marks(rendering: &Rendering<'_>) -> Vec<String> {
    let mark = |pod: &Pod<'_>| {
        let variables = pod
            .containers()
            .into_iter()
            .flat_map(|container| items(&container["env"]));
        variables
            .filter(|variable| variable["name"] == "MARK")
            .map(|variable| text(&variable["value"]).to_owned())
            .next()
    };
    let left: Vec<String> = rendering
        .kind("Job")
        .filter_map(Object::pod)
        .filter_map(|pod| mark(&pod))
        .collect();
    let waiting = rendering.kind("Deployment").filter_map(Object::pod);
    waiting
        .filter_map(|pod| Some((pod.object.id(), mark(&pod)?)))
        .filter(|(_, mark)| mark.is_empty() || !left.contains(mark))
        .map(|(id, mark)| format!("{id}: waits for the mark {mark}, which no Job leaves"))
        .collect()
}

fn arithmetic(spec: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let number = |value: &Value| value.as_u64();
    let rolling = &spec["strategy"]["rollingUpdate"];
    let none = |value: &Value| number(value) == Some(0) || text(value) == "0%";
    let is_rolling = spec["strategy"]["type"] == "RollingUpdate";
    if is_rolling
        && (none(&rolling["maxSurge"]) && none(&rolling["maxUnavailable"]) || rolling.is_null())
    {
        faults.push("no pod could be replaced".to_owned());
    }
    if !is_rolling && (spec["strategy"]["type"] != "Recreate" || !rolling.is_null()) {
        faults.push("has no strategy".to_owned());
    }
    for key in [
        "replicas",
        "minReadySeconds",
        "progressDeadlineSeconds",
        "revisionHistoryLimit",
    ] {
        if number(&spec[key]).is_none() {
            faults.push(format!("{key} is no number"));
        }
    }
    if number(&spec["progressDeadlineSeconds"]) <= number(&spec["minReadySeconds"]) {
        faults.push("fails before a pod can be ready".to_owned());
    }
    let pod = &spec["template"]["spec"];
    let grace = number(&pod["terminationGracePeriodSeconds"]).unwrap_or(0);
    let drain = items(&pod["containers"])
        .filter_map(|c| number(&c["lifecycle"]["preStop"]["sleep"]["seconds"]))
        .max();
    if grace <= drain.unwrap_or(0) {
        faults.push(format!("grace of {grace} s is not more than its drain"));
    }
    let waits = items(&pod["initContainers"])
        .flat_map(|container| items(&container["env"]))
        .find(|v| v["name"] == "WAIT_SECONDS");
    let waits = waits
        .and_then(|variable| text(&variable["value"]).parse::<u64>().ok())
        .unwrap_or(0);
    if number(&spec["progressDeadlineSeconds"]).unwrap_or(0) <= waits {
        faults.push(format!(
            "fails while its pods may still wait {waits} s for the migrations"
        ));
    }
    faults
}

/// More than one replica has a budget that lets a node drain; one has none.
fn budget(rendering: &Rendering<'_>, deployment: &Object) -> Option<String> {
    let replicas = deployment.value["spec"]["replicas"].as_u64()?;
    let pod = deployment.pod()?;
    let budget = rendering
        .kind("PodDisruptionBudget")
        .find(|budget| pod.matches(&budget.value["spec"]["selector"]));
    match (budget, replicas) {
        (None, 2..) => Some(format!("{replicas} replicas without a disruption budget")),
        (Some(_), 0 | 1) => Some("a disruption budget for one replica".to_owned()),
        (Some(budget), _) => {
            let most = &budget.value["spec"]["maxUnavailable"];
            let allows = most
                .as_u64()
                .is_some_and(|most| most >= 1 && most <= replicas)
                || most.as_str().is_some_and(|share| share != "0%");
            (!allows).then(|| format!("a disruption budget of {most} for {replicas} replicas"))
        }
        (None, _) => None,
    }
}

fn job_faults(job: &Object) -> Vec<String> {
    let spec = &job.value["spec"];
    let mut faults = Vec::new();
    for key in ["backoffLimit", "activeDeadlineSeconds"] {
        if spec[key].as_u64().is_none() {
            faults.push(format!("{key} is no number"));
        }
    }
    if spec["template"]["spec"]["restartPolicy"] != "Never" {
        faults.push("restarts in place, which hides the logs of a failure".to_owned());
    }
    faults
}

/// Tests end by themselves, once.
fn tests(rendering: &Rendering<'_>) -> Vec<String> {
    let pods = rendering.kind("Pod").filter(|pod| {
        pod.value["spec"]["activeDeadlineSeconds"]
            .as_u64()
            .is_none()
            || pod.value["spec"]["restartPolicy"] != "Never"
    });
    pods.map(|pod| {
        format!(
            "{}: a bare pod without a deadline or with restarts",
            pod.id()
        )
    })
    .collect()
}
