//! What stands around workloads: Services, autoscalers, budgets, accounts.

use crate::quantity;
use crate::sketch::{Scene, without_nulls};
use crate::workload::is_usual;
use serde_json::{Map, Value, json};
use taskspec_manifest::{fields, is_empty, items, number, rest, scalar, text};

/// Services: the first of each workload is its own.
pub fn services(scene: &mut Scene<'_>) {
    let mut served: Vec<(String, &str)> = Vec::new();
    for index in scene.free("Service") {
        let object = scene.objects[index].clone();
        let spec = &object.value["spec"];
        let Some(number) = scene.selected(&spec["selector"]) else {
            continue;
        };
        let (name, kind) = {
            let workload = &scene.workloads[number];
            (workload.name.clone(), workload.kind)
        };
        if ["cron", "job"].contains(&kind) {
            continue;
        }
        let headless = text(&spec["clusterIP"]) == "None";
        let part = if headless && kind == "stateful" {
            "headless"
        } else {
            "service"
        };
        if served.contains(&(name.clone(), part)) {
            continue;
        }
        served.push((name.clone(), part));
        scene.assign(index, &name, part);
        if part == "service" {
            own_service(scene, &name, &object.id(), &object.value, headless);
        }
    }
}

fn own_service(scene: &mut Scene<'_>, name: &str, id: &str, object: &Value, headless: bool) {
    let spec = &object["spec"];
    let at = |key: &'static str| ["workloads", name, "service", key];
    match text(&spec["type"]) {
        "NodePort" | "LoadBalancer" => scene.set(&at("type"), spec["type"].clone()),
        "ExternalName" => scene.omit(
            &["workloads", name],
            id,
            "spec.type",
            "a Service leads to pods of the chart",
        ),
        _ if headless => scene.set(&at("type"), json!("headless")),
        _ => {}
    }
    if let Some(node) = items(&spec["ports"]).find_map(|port| number(&port["nodePort"])) {
        scene.set(&at("node-port"), json!(node));
    }
    if !text(&spec["loadBalancerClass"]).is_empty() {
        scene.set(
            &at("load-balancer-class"),
            spec["loadBalancerClass"].clone(),
        );
    }
    if !is_empty(&spec["loadBalancerSourceRanges"]) {
        scene.set(
            &at("source-ranges"),
            spec["loadBalancerSourceRanges"].clone(),
        );
    }
    if text(&spec["externalTrafficPolicy"]) == "Local" {
        scene.set(&at("traffic-policy"), json!("Local"));
    }
    let annotations: Map<String, Value> = fields(&object["metadata"]["annotations"])
        .filter_map(|(key, value)| Some((key.clone(), json!(scalar(value)?))))
        .collect();
    if !annotations.is_empty() {
        scene.set(&at("annotations"), Value::Object(annotations));
    }
    let known = [
        "type",
        "ports",
        "selector",
        "clusterIP",
        "loadBalancerClass",
        "loadBalancerSourceRanges",
        "externalTrafficPolicy",
    ];
    for (field, value) in rest(spec, &known) {
        let default = matches!(
            (field.as_str(), text(&value)),
            ("sessionAffinity", "None") | ("internalTrafficPolicy", "Cluster")
        );
        if !default {
            scene.set(
                &["workloads", name, "patch", "service", "spec", &field],
                without_nulls(&value),
            );
        }
    }
}

/// HorizontalPodAutoscalers.
pub fn autoscalers(scene: &mut Scene<'_>) {
    for index in scene.free("HorizontalPodAutoscaler") {
        let object = scene.objects[index].clone();
        let spec = &object.value["spec"];
        let target = &spec["scaleTargetRef"];
        let found = scene.find(text(&target["kind"]), text(&target["name"]));
        let workload = scene.workloads.iter().find(|one| Some(one.object) == found);
        let Some(name) = workload.map(|one| one.name.clone()) else {
            continue;
        };
        scene.assign(index, &name, "autoscaler");
        let mut said = Map::new();
        said.insert(
            "min".into(),
            json!(number(&spec["minReplicas"]).unwrap_or(1)),
        );
        said.insert(
            "max".into(),
            json!(number(&spec["maxReplicas"]).unwrap_or(1)),
        );
        if let Some(share) = number(&spec["targetCPUUtilizationPercentage"]) {
            said.insert("cpu".into(), json!(share));
        }
        let mut further = Vec::new();
        for metric in items(&spec["metrics"]) {
            match metric_of(metric) {
                Some((key, share)) if key == "cpu" || key == "memory" => {
                    said.insert(key, share);
                }
                Some((_, metric)) => further.push(metric),
                None => scene.omit(
                    &["workloads", &name, "scaling"],
                    &object.id(),
                    "spec.metrics",
                    format!(
                        "a metric of the type {} with such a target cannot be said",
                        text(&metric["type"])
                    ),
                ),
            }
        }
        if !said.contains_key("cpu") {
            said.insert("cpu".into(), json!("off"));
        }
        if !further.is_empty() {
            said.insert("metrics".into(), Value::Array(further));
        }
        for (field, key) in [("scaleUp", "up"), ("scaleDown", "down")] {
            let pace = pace(&spec["behavior"][field]);
            if !pace.is_empty() {
                said.insert(key.into(), Value::Object(pace));
            }
        }
        let most = said.get("max").and_then(Value::as_u64).unwrap_or_default();
        if most == 0 {
            scene.omit(
                &["workloads", &name],
                &object.id(),
                "spec.maxReplicas",
                "it allows no pod",
            );
            continue;
        }
        scene.set(&["workloads", &name, "scaling"], Value::Object(said));
    }
}

fn metric_of(metric: &Value) -> Option<(String, Value)> {
    let kind = text(&metric["type"]);
    if kind == "Resource" {
        let name = text(&metric["resource"]["name"]);
        let target = &metric["resource"]["target"]["averageUtilization"];
        // The form before autoscaling/v2.
        let share =
            number(target).or_else(|| number(&metric["resource"]["targetAverageUtilization"]))?;
        return ["cpu", "memory"]
            .contains(&name)
            .then(|| (name.to_owned(), json!(share)));
    }
    let (source, from) = match kind {
        "Pods" => (&metric["pods"], "pods".to_owned()),
        "External" => (&metric["external"], "external".to_owned()),
        "Object" => {
            let object = &metric["object"]["describedObject"];
            (
                &metric["object"],
                format!("{}/{}", text(&object["kind"]), text(&object["name"])),
            )
        }
        _ => return None,
    };
    let mut said = Map::new();
    said.insert("from".into(), json!(from));
    said.insert("name".into(), json!(text(&source["metric"]["name"])));
    if !is_empty(&source["metric"]["selector"]["matchLabels"]) {
        said.insert(
            "labels".into(),
            source["metric"]["selector"]["matchLabels"].clone(),
        );
    }
    let average = scalar(&source["target"]["averageValue"]);
    let total = scalar(&source["target"]["value"]);
    match (average, total) {
        (Some(average), _) => said.insert("average".into(), json!(average)),
        (_, Some(total)) => said.insert("total".into(), json!(total)),
        _ => return None,
    };
    Some(("metrics".to_owned(), Value::Object(said)))
}

fn pace(rules: &Value) -> Map<String, Value> {
    let mut said = Map::new();
    if let Some(window) = quantity::seconds(&rules["stabilizationWindowSeconds"]) {
        said.insert("window".into(), json!(window));
    }
    let steps: Vec<Value> = items(&rules["policies"])
        .filter_map(|policy| {
            let unit = if text(&policy["type"]) == "Percent" {
                "percent"
            } else {
                "pods"
            };
            let period = quantity::seconds(&policy["periodSeconds"])?;
            Some(json!({ unit: number(&policy["value"])?, "period": period }))
        })
        .collect();
    if !steps.is_empty() {
        said.insert("steps".into(), Value::Array(steps));
    }
    let select = text(&rules["selectPolicy"]).to_lowercase();
    if !select.is_empty() && select != "max" {
        said.insert("select".into(), json!(select));
    }
    said
}

/// PodDisruptionBudgets.
pub fn budgets(scene: &mut Scene<'_>) {
    for index in scene.free("PodDisruptionBudget") {
        let object = scene.objects[index].clone();
        let spec = &object.value["spec"];
        let Some(number) = scene.selected(&spec["selector"]["matchLabels"]) else {
            continue;
        };
        let name = scene.workloads[number].name.clone();
        let at = ["workloads", name.as_str(), "disruption", "max-unavailable"];
        let (most, least) = (&spec["maxUnavailable"], &spec["minAvailable"]);
        if most.as_u64() == Some(0) || least == "100%" {
            scene.omit(&["workloads", &name], &object.id(), "spec", "a budget that allows nothing stops every node drain; at least one pod may be missing");
            scene.assign(index, &name, "budget");
            continue;
        }
        if !most.is_null() {
            scene.set(&at, most.clone());
            scene.assign(index, &name, "budget");
            continue;
        }
        let pods = fewest(scene, &name);
        let said = match taskspec_manifest::number(least) {
            Some(least) if pods > least => Some(json!(pods - least)),
            Some(_) => None,
            None => text(least)
                .strip_suffix('%')
                .and_then(|share| share.parse::<u64>().ok())
                .filter(|share| *share < 100)
                .map(|share| json!(format!("{}%", 100 - share))),
        };
        scene.assign(index, &name, "budget");
        match said {
            Some(said) => scene.set(&at, said),
            None => scene.omit(&["workloads", &name], &object.id(), "spec.minAvailable", format!("with {pods} pod(s) it lets none be taken away, so no node could be drained; taskspec makes a budget from two pods on")),
        }
    }
}

/// Fewest pods that a workload has.
fn fewest(scene: &Scene<'_>, name: &str) -> u64 {
    let stated = |path: &[&str]| {
        let whole: Vec<&str> = ["workloads", name].iter().chain(path).copied().collect();
        scene.get(&whole).and_then(Value::as_u64)
    };
    stated(&["scaling", "min"])
        .or_else(|| stated(&["replicas"]))
        .unwrap_or(1)
}

/// Service accounts with their rights.
pub fn accounts(scene: &mut Scene<'_>) {
    let mut plain: Vec<String> = Vec::new();
    for number in 0..scene.workloads.len() {
        let workload = &scene.workloads[number];
        let object = scene.objects[workload.object].clone();
        let name = workload.name.clone();
        let spec = object.pod().map_or(Value::Null, |pod| pod["spec"].clone());
        let stated = [
            text(&spec["serviceAccountName"]),
            text(&spec["serviceAccount"]),
        ];
        let Some(account) = stated
            .into_iter()
            .find(|name| !["", "default"].contains(name))
        else {
            continue;
        };
        let own = scene.find("ServiceAccount", account);
        let rules = rules(scene, account, &name);
        let annotations = own.map_or(Value::Null, |index| {
            scene.objects[index].value["metadata"]["annotations"].clone()
        });
        let annotations: Map<String, Value> = fields(&annotations)
            .filter(|(key, _)| !key.starts_with("helm.sh/"))
            .filter_map(|(key, value)| Some((key.clone(), json!(scalar(value)?))))
            .collect();
        for (key, value) in &rules {
            scene.set(&["workloads", &name, "account", key], value.clone());
        }
        if let Some(index) = own {
            scene.assign(index, if rules.is_empty() { "" } else { &name }, "account");
        }
        if rules.is_empty() && spec["automountServiceAccountToken"] != false {
            scene.decide(
                &name,
                "no token of the cluster's API",
                "its account has no rights; `account.token = true` brings the token back",
            );
        }
        if rules.is_empty() {
            match own {
                None => {
                    scene.set(&["account", "create"], json!(false));
                    scene.set(&["account", "name"], json!(account));
                }
                Some(_) if !annotations.is_empty() => {
                    scene.set(&["account", "annotations"], Value::Object(annotations));
                }
                Some(_) => {}
            }
            if !plain.contains(&account.to_owned()) {
                plain.push(account.to_owned());
            }
        } else if !annotations.is_empty() {
            scene.set(
                &["workloads", &name, "account", "annotations"],
                Value::Object(annotations),
            );
        }
    }
    if plain.len() > 1 {
        scene.omit(
            &["account"],
            "",
            "",
            format!(
                "workloads without rights share one account: {} become one",
                plain.join(", ")
            ),
        );
    }
}

/// What an account may do, with the roles taken.
fn rules(scene: &mut Scene<'_>, account: &str, workload: &str) -> Map<String, Value> {
    let mut found = Map::new();
    for (binding, key) in [
        ("RoleBinding", "rules"),
        ("ClusterRoleBinding", "cluster-rules"),
    ] {
        for index in 0..scene.objects.len() {
            let object = scene.objects[index].clone();
            let bound = object.kind() == binding
                && items(&object.value["subjects"]).any(|one| {
                    text(&one["kind"]) == "ServiceAccount" && text(&one["name"]) == account
                });
            if !bound {
                continue;
            }
            let reference = &object.value["roleRef"];
            let Some(role) = scene.find(text(&reference["kind"]), text(&reference["name"])) else {
                // A role that the cluster has: only the binding itself says it.
                continue;
            };
            if text(&reference["kind"]) == "ClusterRole" && binding == "RoleBinding" {
                continue;
            }
            let stated: Vec<Value> = items(&scene.objects[role].value["rules"])
                .filter_map(right)
                .collect();
            scene.assign(index, workload, "binding");
            scene.assign(role, workload, "role");
            let list = found.entry(key).or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.extend(stated);
            }
        }
    }
    found.retain(|_, list| !is_empty(list));
    found
}

fn right(rule: &Value) -> Option<Value> {
    let mut said = Map::new();
    let groups: Vec<&Value> = items(&rule["apiGroups"]).collect();
    if groups.iter().any(|group| **group != "") {
        said.insert("groups".into(), rule["apiGroups"].clone());
    }
    said.insert("resources".into(), rule.get("resources")?.clone());
    said.insert("verbs".into(), rule.get("verbs")?.clone());
    if !is_empty(&rule["resourceNames"]) {
        said.insert("names".into(), rule["resourceNames"].clone());
    }
    Some(Value::Object(said))
}

/// Labels that every object has: those of the chart as a whole.
pub fn labels(scene: &mut Scene<'_>) {
    let all: Vec<&Value> = scene
        .workloads
        .iter()
        .map(|one| &scene.objects[one.object])
        .filter(|object| object.hooks().is_empty())
        .map(|object| &object.value["metadata"]["labels"])
        .collect();
    let Some((first, others)) = all.split_first() else {
        return;
    };
    let common: Map<String, Value> = fields(first)
        .filter(|(key, value)| {
            !is_usual(key) && others.iter().all(|labels| labels[key.as_str()] == **value)
        })
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if !common.is_empty() {
        scene.set(&["labels"], Value::Object(common));
    }
}
