//! Autoscalers: they have a target that nobody else scales, limits in order,
//! and something to measure.

use super::{Rendering, items, text};
use crate::manifest::Object;
use crate::text::quantity;
use serde_json::Value;

/// Fewest and most pods.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Fewest.
    pub least: u64,
    /// Most.
    pub most: u64,
}

pub fn faults(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = rendering.each_own("HorizontalPodAutoscaler", autoscaler);
    faults.extend(rendering.each_own("ScaledObject", scaled));
    for kind in ["Deployment", "StatefulSet"] {
        faults.extend(rendering.each_own(kind, target));
    }
    faults
}

/// The autoscalers of a controller.
fn scalers<'a>(rendering: &'a Rendering<'_>, target: &Object) -> Vec<&'a Object> {
    rendering
        .objects
        .iter()
        .filter(|object| matches!(object.kind(), "HorizontalPodAutoscaler" | "ScaledObject"))
        .filter(|object| {
            let reference = &object.value["spec"]["scaleTargetRef"];
            reference["name"] == target.name() && reference["kind"] == target.kind()
        })
        .collect()
}

/// The limits that autoscalers keep a controller within.
pub fn bounds(rendering: &Rendering<'_>, target: &Object) -> Option<Bounds> {
    let scaler = *scalers(rendering, target).first()?;
    Some(limits(scaler))
}

fn limits(scaler: &Object) -> Bounds {
    let spec = &scaler.value["spec"];
    let (least, most) = match scaler.kind() {
        "ScaledObject" => ("minReplicaCount", "maxReplicaCount"),
        _ => ("minReplicas", "maxReplicas"),
    };
    Bounds {
        least: spec[least].as_u64().unwrap_or_default(),
        most: spec[most].as_u64().unwrap_or_default(),
    }
}

/// A controller has a number of pods, or an autoscaler that sets it.
fn target(rendering: &Rendering<'_>, object: &Object) -> Vec<String> {
    let replicas = &object.value["spec"]["replicas"];
    match scalers(rendering, object).as_slice() {
        [] if replicas.is_u64() => Vec::new(),
        [] => vec!["replicas is no number".to_owned()],
        [_] if replicas.is_null() => Vec::new(),
        [scaler] => vec![format!("has replicas, which {} sets", scaler.id())],
        several => vec![format!("has {} autoscalers", several.len())],
    }
}

/// Faults that both kinds of autoscalers can have.
fn common(rendering: &Rendering<'_>, scaler: &Object, fewest: u64) -> Vec<String> {
    let mut faults = Vec::new();
    let reference = &scaler.value["spec"]["scaleTargetRef"];
    let (kind, name) = (text(&reference["kind"]), text(&reference["name"]));
    if reference["apiVersion"] != "apps/v1" || rendering.find(kind, name).is_none() {
        faults.push(format!("scales {kind} {name}, which does not exist"));
    }
    let Bounds { least, most } = limits(scaler);
    if least < fewest || least > most || most == 0 {
        faults.push(format!("keeps between {least} and {most} pods"));
    }
    faults
}

fn autoscaler(rendering: &Rendering<'_>, scaler: &Object) -> Vec<String> {
    let mut faults = common(rendering, scaler, 1);
    let spec = &scaler.value["spec"];
    let metrics: Vec<&Value> = items(&spec["metrics"]).collect();
    if metrics.is_empty() {
        faults.push("has no metric".to_owned());
    }
    for metric in metrics {
        let kind = text(&metric["type"]);
        let mut letters = kind.chars();
        // The details of `ContainerResource` are in `containerResource`.
        let details: String = letters
            .next()
            .map(|first| first.to_ascii_lowercase())
            .into_iter()
            .chain(letters)
            .collect();
        if !aims(&metric[&details]["target"]) {
            faults.push(format!("a metric of type {kind:?} has no target"));
        }
        if kind == "Resource" {
            faults.extend(unrequested(
                rendering,
                scaler,
                text(&metric["resource"]["name"]),
            ));
        }
    }
    faults
}

/// Whether the target of a metric says how much of it is meant.
fn aims(target: &Value) -> bool {
    let key = match text(&target["type"]) {
        "Utilization" => "averageUtilization",
        "AverageValue" => "averageValue",
        "Value" => "value",
        _ => return false,
    };
    quantity(&target[key]).is_some_and(|amount| amount > 0.0)
}

/// Containers without a request, of which a utilization would be a share.
fn unrequested(rendering: &Rendering<'_>, scaler: &Object, resource: &str) -> Vec<String> {
    let reference = &scaler.value["spec"]["scaleTargetRef"];
    let target = rendering.find(text(&reference["kind"]), text(&reference["name"]));
    let Some(pod) = target.and_then(Object::pod) else {
        return Vec::new();
    };
    pod.running()
        .into_iter()
        .filter(|container| container["resources"]["requests"][resource].is_null())
        .map(|container| {
            format!(
                "measures {resource}, which container {} does not request",
                container["name"]
            )
        })
        .collect()
}

fn scaled(rendering: &Rendering<'_>, scaler: &Object) -> Vec<String> {
    let mut faults = common(rendering, scaler, 0);
    let spec = &scaler.value["spec"];
    let triggers: Vec<&Value> = items(&spec["triggers"]).collect();
    if triggers.is_empty() {
        faults.push("has no trigger".to_owned());
    }
    for trigger in &triggers {
        let metadata = trigger["metadata"].as_object();
        let stated =
            metadata.is_some_and(|all| !all.is_empty() && all.values().all(Value::is_string));
        if text(&trigger["type"]).is_empty() || !stated {
            faults.push(format!("a trigger has no type or no settings: {trigger}"));
        }
    }
    // CPU and memory of no pod say nothing, so they cannot wake the first one.
    let own = |trigger: &&Value| matches!(text(&trigger["type"]), "cpu" | "memory");
    if limits(scaler).least == 0 && !triggers.is_empty() && triggers.iter().all(own) {
        faults.push("would never start the first pod".to_owned());
    }
    faults
}
