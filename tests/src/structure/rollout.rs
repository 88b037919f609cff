//! Disruption budgets, times, schedules, and waiting for the right mark.

use super::{Rendering, items, text};
use crate::manifest::{Object, Pod};
use crate::text::is_schedule;
use serde_json::Value;

pub fn faults(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let own = |object: &&Object| !object.is_from(rendering.from_repositories);
    for deployment in rendering.kind("Deployment").filter(own) {
        let mut found = arithmetic(&deployment.value["spec"]);
        found.extend(budget(rendering, deployment));
        faults.extend(super::of(deployment, found));
    }
    faults.extend(rendering.each_own("StatefulSet", |rendering, set| {
        let spec = &set.value["spec"];
        let mut found = numbers(spec, &["minReadySeconds", "revisionHistoryLimit"]);
        if spec["updateStrategy"]["type"] != "RollingUpdate" {
            found.push("does not replace its pods".to_owned());
        }
        found.extend(grace(&spec["template"]["spec"]));
        found.extend(budget(rendering, set));
        found
    }));
    faults.extend(marks(rendering));
    for job in rendering.kind("Job") {
        faults.extend(super::of(job, job_faults(&job.value["spec"])));
    }
    for cron in rendering.kind("CronJob").filter(own) {
        faults.extend(super::of(cron, cron_faults(&cron.value["spec"])));
    }
    faults.extend(tests(rendering));
    for object in rendering.made_here() {
        faults.extend(super::of(object, hook(object)));
    }
    for kind in ["Deployment", "StatefulSet"] {
        faults.extend(rendering.each_own(kind, stale));
    }
    faults
}

/// Helm leaves out a hook of an event that it does not know, and takes a weight
/// that is no number for none.
fn hook(object: &Object) -> Vec<String> {
    const EVENTS: &[&str] = &[
        "pre-install",
        "post-install",
        "pre-delete",
        "post-delete",
        "pre-upgrade",
        "post-upgrade",
        "pre-rollback",
        "post-rollback",
        "test",
    ];
    let mut faults: Vec<String> = object
        .hooks()
        .into_iter()
        .filter(|event| !EVENTS.contains(event))
        .map(|event| format!("Helm knows no event {event}"))
        .collect();
    let weight = &object.value["metadata"]["annotations"]["helm.sh/hook-weight"];
    if !weight.is_null() && text(weight).parse::<i64>().is_err() {
        faults.push(format!("its weight {weight} is no number"));
    }
    faults
}

/// Pods that keep running although a ConfigMap or Secret of the release, which
/// they read when they start, is another one.
fn stale(rendering: &Rendering<'_>, object: &Object) -> Vec<String> {
    let Some(pod) = object.pod() else {
        return Vec::new();
    };
    let reads = |kind: &str| {
        super::references::named(&pod)
            .iter()
            .any(|one| one.kind == kind && rendering.find(kind, one.name).is_some())
    };
    [
        ("ConfigMap", "checksum/config"),
        ("Secret", "checksum/secret"),
    ]
    .into_iter()
    .filter(|(kind, mark)| reads(kind) && !pod.annotations[*mark].is_string())
    .map(|(kind, _)| format!("a new {kind} does not replace its pods"))
    .collect()
}

/// Pods wait for a mark that somebody of the rendering leaves.
fn marks(rendering: &Rendering<'_>) -> Vec<String> {
    let marks = |pod: &Pod<'_>, container: &str| -> Vec<String> {
        let variables = pod
            .containers()
            .into_iter()
            .filter(|found| found["name"] == container)
            .flat_map(|found| items(&found["env"]));
        variables
            .filter(|variable| variable["name"] == "MARK")
            .map(|variable| text(&variable["value"]).to_owned())
            .collect()
    };
    let pods = rendering.pods();
    let left: Vec<String> = pods.iter().flat_map(|pod| marks(pod, "record")).collect();
    let mut faults = Vec::new();
    for pod in &pods {
        faults.extend(
            marks(pod, "wait-for-migrations")
                .into_iter()
                .filter(|mark| mark.is_empty() || !left.contains(mark))
                .map(|mark| {
                    format!(
                        "{}: waits for the mark {mark}, which nobody leaves",
                        pod.object.id()
                    )
                }),
        );
    }
    faults
}

/// What is no number.
fn numbers(spec: &Value, keys: &[&str]) -> Vec<String> {
    keys.iter()
        .filter(|key| spec[**key].as_u64().is_none())
        .map(|key| format!("{key} is no number"))
        .collect()
}

/// Seconds that the init containers of a pod may wait for others, all of whom
/// start at the same time as the pod.
fn waits(pod: &Value) -> u64 {
    items(&pod["initContainers"])
        .flat_map(|container| items(&container["env"]))
        .filter(|variable| variable["name"] == "WAIT_SECONDS")
        .filter_map(|variable| text(&variable["value"]).parse::<u64>().ok())
        .max()
        .unwrap_or(0)
}

/// The time to stop is longer than the time to drain.
fn grace(pod: &Value) -> Option<String> {
    let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap_or(0);
    let drain = items(&pod["containers"])
        .filter_map(|c| c["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64())
        .max();
    (grace <= drain.unwrap_or(0)).then(|| format!("grace of {grace} s is not more than its drain"))
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
    faults.extend(numbers(
        spec,
        &[
            "minReadySeconds",
            "progressDeadlineSeconds",
            "revisionHistoryLimit",
        ],
    ));
    if number(&spec["progressDeadlineSeconds"]) <= number(&spec["minReadySeconds"]) {
        faults.push("fails before a pod can be ready".to_owned());
    }
    let pod = &spec["template"]["spec"];
    faults.extend(grace(pod));
    let waits = waits(pod);
    if number(&spec["progressDeadlineSeconds"]).unwrap_or(0) <= waits {
        faults.push(format!(
            "fails while its pods may still wait {waits} s for others"
        ));
    }
    faults
}

/// More than one replica has a budget that lets a node drain; one has none. An
/// autoscaler's most counts: a budget must be there when the second pod comes.
fn budget(rendering: &Rendering<'_>, controller: &Object) -> Option<String> {
    let replicas = match super::scaling::bounds(rendering, controller) {
        Some(bounds) => bounds.most,
        None => controller.value["spec"]["replicas"].as_u64()?,
    };
    let pod = controller.pod()?;
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

fn job_faults(spec: &Value) -> Vec<String> {
    let mut faults = numbers(spec, &["backoffLimit", "activeDeadlineSeconds"]);
    let pod = &spec["template"]["spec"];
    if pod["restartPolicy"] != "Never" {
        faults.push("restarts in place, which hides the logs of a failure".to_owned());
    }
    let waits = waits(pod);
    if spec["activeDeadlineSeconds"].as_u64().unwrap_or(0) <= waits {
        faults.push(format!("ends while its pods may still wait {waits} s"));
    }
    faults
}

fn cron_faults(spec: &Value) -> Vec<String> {
    let mut faults = job_faults(&spec["jobTemplate"]["spec"]);
    faults.extend(numbers(
        spec,
        &[
            "startingDeadlineSeconds",
            "successfulJobsHistoryLimit",
            "failedJobsHistoryLimit",
        ],
    ));
    // Below ten seconds the controller may look too late every time.
    if spec["startingDeadlineSeconds"].as_u64().unwrap_or(0) < 10 {
        faults.push("has too little time to start".to_owned());
    }
    if !matches!(
        text(&spec["concurrencyPolicy"]),
        "Allow" | "Forbid" | "Replace"
    ) {
        faults.push("says nothing about runs at the same time".to_owned());
    }
    let schedule = text(&spec["schedule"]);
    if !is_schedule(schedule) {
        faults.push(format!("{schedule:?} is no schedule"));
    }
    if text(&spec["timeZone"]).is_empty() {
        faults.push("runs in whichever time zone".to_owned());
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
