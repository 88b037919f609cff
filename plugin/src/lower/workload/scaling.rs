//! Values of autoscalers.

use crate::lower::schemas;
use crate::values::{Entry, branch, leaf};
use serde_json::{Map, Value, json};
use taskspec_spec::derived;
use taskspec_spec::model::{Metric, Pace, Scaling, Workload};
use taskspec_spec::span::Spanned;
use taskspec_spec::types::{ScalingTarget, SelectPolicy};

/// The values of the workload's autoscaler: of `hpa` or `keda`.
pub fn values(by: &str, workload: &Workload) -> Option<Entry> {
    let stated = workload.scaling.as_ref().map(|scaling| &scaling.value);
    match by {
        "hpa" => Some(hpa(workload, stated)),
        "keda" => Some(keda(workload, stated)),
        _ => None,
    }
}

fn common(workload: &Workload, stated: Option<&Scaling>, lowest: u32) -> Vec<Entry> {
    let on = derived::scaling(workload).is_some();
    let replicas = workload.replicas.as_ref().map_or(1, |replicas| replicas.0);
    let most = workload.max_replicas.as_ref().map_or(1000, |most| most.0);
    let (min, max) = stated.map_or((replicas, replicas.max(2)), |scaling| {
        (derived::scaling_min(scaling), scaling.max.0)
    });
    vec![
        leaf(
            "enabled",
            on,
            schemas::boolean(),
            "Scale the pods with the load; replicaCount is not used then",
        ),
        leaf(
            "minReplicas",
            min,
            schemas::integer(lowest, most),
            "Fewest pods",
        ),
        leaf("maxReplicas", max, schemas::integer(1, most), "Most pods"),
    ]
}

fn target(stated: Option<&Spanned<ScalingTarget>>) -> Value {
    match stated.map(|target| target.value) {
        Some(ScalingTarget::Percent(percent)) => json!(percent),
        Some(ScalingTarget::Off) | None => Value::Null,
    }
}

/// CPU counts unless something else is stated.
fn cpu(stated: Option<&Scaling>) -> Value {
    let Some(scaling) = stated else {
        return json!(70);
    };
    let by_memory = !target(scaling.memory.as_ref()).is_null();
    let something = by_memory || !scaling.metrics.is_empty() || !scaling.triggers.is_empty();
    match &scaling.cpu {
        None if !something => json!(70),
        stated => target(stated.as_ref()),
    }
}

fn percent() -> Value {
    json!({ "type": ["integer", "null"], "minimum": 1, "maximum": 1000 })
}

fn hpa(workload: &Workload, stated: Option<&Scaling>) -> Entry {
    let mut entries = common(workload, stated, 1);
    entries.extend([
        leaf(
            "targetCPUUtilizationPercentage",
            cpu(stated),
            percent(),
            "CPU in percent of the requests that pods should have on average; null for none",
        ),
        leaf(
            "targetMemoryUtilizationPercentage",
            target(stated.and_then(|scaling| scaling.memory.as_ref())),
            percent(),
            "Memory in percent of the requests; null for none",
        ),
        leaf(
            "metrics",
            json!(
                stated
                    .into_iter()
                    .flat_map(|scaling| &scaling.metrics)
                    .map(|one| metric(one))
                    .collect::<Vec<_>>()
            ),
            schemas::objects(),
            "Further metrics as Kubernetes objects",
        ),
        leaf(
            "behavior",
            behavior(stated),
            schemas::object(),
            "How fast the number of pods changes",
        ),
    ]);
    branch("autoscaling", "HorizontalPodAutoscaler", entries)
}

fn metric(metric: &Metric) -> Value {
    let labels: Map<String, Value> = metric
        .labels
        .iter()
        .map(|(key, value)| (key.value.clone(), json!(value.value.0)))
        .collect();
    let mut named = Map::from_iter([("name".to_owned(), json!(metric.name.value.0))]);
    if !labels.is_empty() {
        named.insert("selector".into(), json!({ "matchLabels": labels }));
    }
    let target = match (&metric.average, &metric.total) {
        (Some(average), _) => json!({ "type": "AverageValue", "averageValue": average.value.0 }),
        (None, Some(total)) => json!({ "type": "Value", "value": total.value.0 }),
        (None, None) => Value::Null,
    };
    match metric.from.value.0.as_str() {
        "pods" => json!({ "type": "Pods", "pods": { "metric": named, "target": target } }),
        "external" => {
            json!({ "type": "External", "external": { "metric": named, "target": target } })
        }
        object => {
            let (kind, name) = object.split_once('/').unwrap_or((object, ""));
            let version = match kind {
                "Ingress" => "networking.k8s.io/v1",
                "Deployment" | "StatefulSet" => "apps/v1",
                _ => "v1",
            };
            json!({ "type": "Object", "object": {
                "describedObject": { "apiVersion": version, "kind": kind, "name": name },
                "metric": named,
                "target": target,
            } })
        }
    }
}

/// The pace of scaling; unstated, pods come at once and leave slowly.
fn behavior(stated: Option<&Scaling>) -> Value {
    let up = stated.and_then(|scaling| scaling.up.as_ref());
    let down = stated.and_then(|scaling| scaling.down.as_ref());
    json!({
        "scaleDown": pace(down, 300, json!([{ "type": "Percent", "value": 50, "periodSeconds": 60 }])),
        "scaleUp": pace(up, 0, json!([{ "type": "Percent", "value": 100, "periodSeconds": 15 }])),
    })
}

fn pace(stated: Option<&Spanned<Pace>>, window: u32, default: Value) -> Value {
    let steps: Vec<Value> = stated
        .into_iter()
        .flat_map(|pace| &pace.steps)
        .map(|step| match (&step.percent, &step.pods) {
            (Some(percent), _) => {
                json!({ "type": "Percent", "value": percent.0, "periodSeconds": step.period.seconds })
            }
            (None, pods) => json!({
                "type": "Pods",
                "value": pods.as_ref().map_or(1, |pods| pods.0),
                "periodSeconds": step.period.seconds,
            }),
        })
        .collect();
    let mut value = Map::new();
    value.insert(
        "stabilizationWindowSeconds".into(),
        json!(
            stated
                .and_then(|pace| pace.window.as_ref())
                .map_or(window, |window| window.seconds)
        ),
    );
    let select = match stated
        .and_then(|pace| pace.select.as_ref())
        .map(|s| s.value)
    {
        None | Some(SelectPolicy::Max) => "Max",
        Some(SelectPolicy::Min) => "Min",
        Some(SelectPolicy::Disabled) => "Disabled",
    };
    value.insert("selectPolicy".into(), json!(select));
    value.insert(
        "policies".into(),
        if steps.is_empty() {
            default
        } else {
            json!(steps)
        },
    );
    Value::Object(value)
}

fn keda(workload: &Workload, stated: Option<&Scaling>) -> Entry {
    let mut entries = common(workload, stated, 0);
    let mut triggers: Vec<Value> = Vec::new();
    for (name, percent) in [
        ("cpu", cpu(stated)),
        (
            "memory",
            target(stated.and_then(|scaling| scaling.memory.as_ref())),
        ),
    ] {
        if !percent.is_null() {
            triggers.push(json!({
                "type": name,
                "metricType": "Utilization",
                "metadata": { "value": percent.to_string() },
            }));
        }
    }
    for trigger in stated.into_iter().flat_map(|scaling| &scaling.triggers) {
        let settings: Map<String, Value> = trigger
            .settings
            .iter()
            .map(|(key, value)| (key.value.clone(), json!(value.value.0)))
            .collect();
        let mut object = Map::from_iter([
            ("type".to_owned(), json!(trigger.r#type.value.0)),
            ("metadata".to_owned(), Value::Object(settings)),
        ]);
        if let Some(authentication) = &trigger.authentication {
            object.insert(
                "authenticationRef".into(),
                json!({ "name": authentication.value.0 }),
            );
        }
        triggers.push(Value::Object(object));
    }
    let seconds = |stated: Option<&Spanned<taskspec_spec::types::Duration>>, default: u32| {
        stated.map_or(default, |duration| duration.seconds)
    };
    entries.extend([
        leaf(
            "pollingInterval",
            seconds(stated.and_then(|scaling| scaling.poll.as_ref()), 30),
            schemas::integer(1, 86_400),
            "Seconds between looks at the triggers",
        ),
        leaf(
            "cooldownPeriod",
            seconds(stated.and_then(|scaling| scaling.cooldown.as_ref()), 300),
            schemas::integer(0, 604_800),
            "Seconds without work before the last pod goes",
        ),
        leaf(
            "triggers",
            json!(triggers),
            schemas::objects(),
            "Triggers as KEDA writes them",
        ),
        leaf(
            "behavior",
            behavior(stated),
            schemas::object(),
            "How fast the number of pods changes",
        ),
    ]);
    branch(
        "keda",
        "Autoscaling by KEDA, which must be installed in the cluster",
        entries,
    )
}
