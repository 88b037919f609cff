//! What is said of the number of pods.

use super::{Facts, Stated, duration};
use serde_json::{Value, json};
use taskspec_manifest::{Object, items, text};

/// Fewest and most pods.
pub fn bounds(stated: &Stated<'_>) -> (i64, i64) {
    match stated.scaling() {
        Some(scaling) => {
            let most = scaling["max"].as_i64().unwrap_or_default();
            (scaling["min"].as_i64().unwrap_or(2.min(most)), most)
        }
        None => {
            let replicas = stated.table["replicas"].as_i64().unwrap_or(1);
            (replicas, replicas)
        }
    }
}

pub fn replicas(facts: &mut Facts<'_>) {
    for (stated, object) in facts.found() {
        if !stated.stays() {
            continue;
        }
        let (least, most) = bounds(&stated);
        let expected = match stated.scaling() {
            Some(_) => Value::Null,
            None => json!(least),
        };
        facts.place(object, "spec.replicas", expected);
        let budgets = facts.of_component("PodDisruptionBudget", stated.name);
        match (budgets.as_slice(), most > 1) {
            ([], true) => facts.missing(&format!("PodDisruptionBudget of {}", stated.name)),
            ([budget], true) => {
                let stated = &stated.table["disruption"]["max-unavailable"];
                let expected = if stated.is_null() {
                    json!(1)
                } else {
                    stated.clone()
                };
                facts.place(budget, "spec.maxUnavailable", expected);
                facts.place(budget, "spec.minAvailable", Value::Null);
            }
            (budgets, _) => {
                for budget in budgets {
                    facts.add(budget, "", &json!("there"), json!("missing"));
                }
            }
        }
    }
}

pub fn autoscalers(facts: &mut Facts<'_>) {
    for (stated, object) in facts.found() {
        let keda = stated.table["scaling"]["by"] == "keda";
        for kind in ["HorizontalPodAutoscaler", "ScaledObject"] {
            let found = facts.of_component(kind, stated.name);
            let wanted = stated
                .scaling()
                .filter(|_| keda == (kind == "ScaledObject"));
            match (found.as_slice(), wanted) {
                ([], Some(_)) => facts.missing(&format!("{kind} of {}", stated.name)),
                ([one], Some(scaling)) => {
                    let target = json!([object.kind(), object.name()]);
                    let reference = &one.value["spec"]["scaleTargetRef"];
                    let found = json!([reference["kind"], reference["name"]]);
                    facts.add(one, "spec.scaleTargetRef", &found, target);
                    let (least, most) = bounds(&stated);
                    if keda {
                        scaled_object(facts, one, scaling, least, most);
                    } else {
                        autoscaler(facts, one, scaling, least, most);
                    }
                }
                (others, _) => {
                    for other in others {
                        facts.add(other, "", &json!("there"), json!("missing"));
                    }
                }
            }
        }
    }
}

/// CPU and memory in percent; CPU counts unless something else is stated.
fn shares(scaling: &Value) -> Vec<(&'static str, i64)> {
    let listed = |key: &str| items(&scaling[key]).next().is_some();
    let percent = |value: &Value| match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim_end_matches('%').parse().ok(),
        _ => None,
    };
    let memory = percent(&scaling["memory"]);
    let something = memory.is_some() || listed("metrics") || listed("triggers");
    let cpu = match &scaling["cpu"] {
        Value::Null if !something => Some(70),
        stated => percent(stated),
    };
    let all = [("cpu", cpu), ("memory", memory)].into_iter();
    all.filter_map(|(name, share)| Some((name, share?)))
        .collect()
}

fn autoscaler(facts: &mut Facts<'_>, object: &Object, scaling: &Value, least: i64, most: i64) {
    facts.place(object, "spec.minReplicas", json!(least));
    facts.place(object, "spec.maxReplicas", json!(most));
    let metrics = &object.value["spec"]["metrics"];
    let found: Vec<Value> = items(metrics)
        .map(|metric| {
            let kind = text(&metric["type"]);
            if kind == "Resource" {
                let resource = &metric["resource"];
                return json!([
                    resource["name"],
                    resource["target"]["type"],
                    resource["target"]["averageUtilization"]
                ]);
            }
            let inner = &metric[kind.to_lowercase()];
            let target = &inner["target"];
            let name = &inner["metric"]["name"];
            json!([
                kind,
                name,
                target["averageValue"],
                target["value"],
                inner["metric"]["selector"]["matchLabels"],
                inner["describedObject"]["name"]
            ])
        })
        .collect();
    let mut expected: Vec<Value> = shares(scaling)
        .into_iter()
        .map(|(name, share)| json!([name, "Utilization", share]))
        .collect();
    for metric in items(&scaling["metrics"]) {
        let from = text(&metric["from"]);
        let (kind, name) = match from {
            "pods" => ("Pods", Value::Null),
            "external" => ("External", Value::Null),
            object => (
                "Object",
                json!(object.split_once('/').map_or("", |(_, name)| name)),
            ),
        };
        let total = if metric["average"].is_null() {
            &metric["total"]
        } else {
            &Value::Null
        };
        expected.push(json!([
            kind,
            metric["name"],
            metric["average"],
            total,
            metric["labels"],
            name
        ]));
    }
    facts.add(object, "spec.metrics", &json!(found), json!(expected));
    behaviour(facts, object, "spec.behavior", scaling);
}

fn scaled_object(facts: &mut Facts<'_>, object: &Object, scaling: &Value, least: i64, most: i64) {
    facts.place(object, "spec.minReplicaCount", json!(least));
    facts.place(object, "spec.maxReplicaCount", json!(most));
    for (key, path, default) in [
        ("poll", "spec.pollingInterval", 30),
        ("cooldown", "spec.cooldownPeriod", 300),
    ] {
        let expected = duration(&scaling[key]).unwrap_or(default);
        facts.place(object, path, json!(expected));
    }
    let found: Vec<Value> = items(&object.value["spec"]["triggers"])
        .map(|trigger| {
            json!([
                trigger["type"],
                trigger["metadata"],
                trigger["authenticationRef"]["name"]
            ])
        })
        .collect();
    let mut expected: Vec<Value> = shares(scaling)
        .into_iter()
        .map(|(name, share)| json!([name, { "value": share.to_string() }, null]))
        .collect();
    for trigger in items(&scaling["triggers"]) {
        let settings = match &trigger["settings"] {
            Value::Null => json!({}),
            stated => stated.clone(),
        };
        expected.push(json!([
            trigger["type"],
            settings,
            trigger["authentication"]
        ]));
    }
    facts.add(object, "spec.triggers", &json!(found), json!(expected));
    behaviour(
        facts,
        object,
        "spec.advanced.horizontalPodAutoscalerConfig.behavior",
        scaling,
    );
}

/// How fast pods come and go.
fn behaviour(facts: &mut Facts<'_>, object: &Object, path: &str, scaling: &Value) {
    for (key, name, window, percent, period) in [
        ("up", "scaleUp", 0, 100, 15),
        ("down", "scaleDown", 300, 50, 60),
    ] {
        let stated = &scaling[key];
        let expected = duration(&stated["window"]).unwrap_or(window);
        facts.place(
            object,
            &format!("{path}.{name}.stabilizationWindowSeconds"),
            json!(expected),
        );
        let select = match text(&stated["select"]) {
            "min" => "Min",
            "disabled" => "Disabled",
            _ => "Max",
        };
        facts.place(
            object,
            &format!("{path}.{name}.selectPolicy"),
            json!(select),
        );
        let steps: Vec<Value> = items(&stated["steps"])
            .map(|step| {
                let (kind, value) = match (&step["percent"], &step["pods"]) {
                    (Value::Null, pods) => ("Pods", pods),
                    (percent, _) => ("Percent", percent),
                };
                json!({ "type": kind, "value": value, "periodSeconds": duration(&step["period"]) })
            })
            .collect();
        let expected = if steps.is_empty() {
            json!([{ "type": "Percent", "value": percent, "periodSeconds": period }])
        } else {
            json!(steps)
        };
        facts.place(object, &format!("{path}.{name}.policies"), expected);
    }
}
