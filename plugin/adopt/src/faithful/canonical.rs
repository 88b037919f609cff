//! Objects without what differs by design: where variables and files come from,
//! labels and selectors, what Kubernetes fills in.

use crate::container::has_password;
use crate::policy;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use taskspec_manifest::{Object, fields, is_empty, items, matches, number, scalar, text};
use taskspec_spec::check::secrets::looks_secret;

/// What stands in place of a secret value.
pub(super) const HIDDEN: &str = "(hidden)";

/// What Kubernetes fills in anyway.
pub(super) const DEFAULTS: [(&str, &str); 21] = [
    ("protocol", "TCP"),
    ("restartPolicy", "Always"),
    ("dnsPolicy", "ClusterFirst"),
    ("schedulerName", "default-scheduler"),
    ("scheme", "HTTP"),
    ("imagePullPolicy", "IfNotPresent"),
    ("terminationMessagePath", "/dev/termination-log"),
    ("terminationMessagePolicy", "File"),
    ("sessionAffinity", "None"),
    ("internalTrafficPolicy", "Cluster"),
    ("type", "ClusterIP"),
    ("type", "RollingUpdate"),
    ("failureThreshold", "3"),
    ("successThreshold", "1"),
    ("timeoutSeconds", "1"),
    ("periodSeconds", "10"),
    ("initialDelaySeconds", "0"),
    ("terminationGracePeriodSeconds", "30"),
    ("selectPolicy", "Max"),
    ("weight", "1"),
    ("apiGroup", "rbac.authorization.k8s.io"),
];

/// An object without what differs by design.
pub(super) fn canonical(object: &Object, all: &[Object], workloads: &[(Value, String)]) -> Object {
    let mut made = object.clone();
    let path = object.pod_path();
    if let Some(path) = path
        && let Some(pod) = made.value.pointer_mut(path).filter(|pod| pod.is_object())
    {
        pods(pod, all);
    }
    if let Some(metadata) = made.value["metadata"].as_object_mut() {
        metadata.retain(|key, _| key == "name" || key == "annotations");
    }
    let kind = object.kind().to_owned();
    if let Some(spec) = made.value["spec"].as_object_mut() {
        let selects = [
            "Deployment",
            "StatefulSet",
            "Service",
            "PodDisruptionBudget",
            "Job",
        ];
        if selects.contains(&kind.as_str()) {
            spec.shift_remove("selector");
        }
        if kind == "NetworkPolicy" {
            *spec = policy::flat(&object.value["spec"], all, workloads);
        }
        if kind == "PodDisruptionBudget" {
            budget(spec, &object.value["spec"]["selector"], all);
        }
        if autoscaler(object, all).is_some() {
            spec.shift_remove("replicas");
        }
        if kind == "Ingress" {
            numbered_backends(spec, all);
        }
        if kind == "StatefulSet" {
            // Labels of templates follow the chart's.
            for claim in spec
                .get_mut("volumeClaimTemplates")
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                if let Some(metadata) = claim.get_mut("metadata").and_then(Value::as_object_mut) {
                    metadata.retain(|key, _| key == "name");
                }
            }
        }
    }
    if kind == "Pod" && object.is_test() {
        // A test asks in its own way; that there is one is what counts.
        made.value =
            json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": object.name() } });
    }
    made.value = without_defaults(&made.value);
    hide(&mut made.value);
    made
}

/// Takes values of secrets out of what is shown.
pub(super) fn hide(value: &mut Value) {
    match value {
        Value::String(text) if has_password(text) => *text = HIDDEN.to_owned(),
        Value::Array(list) => list.iter_mut().for_each(hide),
        Value::Object(map) => {
            let secret = map.get("name").map(text).is_some_and(looks_secret);
            let written = map.get("value").and_then(scalar).unwrap_or_default();
            if secret
                && !written.is_empty()
                && written.parse::<f64>().is_err()
                && !written.starts_with("$(")
            {
                map.insert("value".into(), json!(HIDDEN));
            }
            map.values_mut().for_each(hide);
        }
        _ => {}
    }
}

/// The autoscaler of a workload.
pub(super) fn autoscaler<'a>(object: &Object, all: &'a [Object]) -> Option<&'a Object> {
    all.iter().find(|one| {
        let target = &one.value["spec"]["scaleTargetRef"];
        one.kind() == "HorizontalPodAutoscaler"
            && text(&target["kind"]) == object.kind()
            && text(&target["name"]) == object.name()
    })
}

/// Pods that must stay, as pods that may go.
pub(super) fn budget(spec: &mut Map<String, Value>, selector: &Value, all: &[Object]) {
    let Some(least) = spec.get("minAvailable").and_then(Value::as_u64) else {
        return;
    };
    let workload = all.iter().find(|one| {
        one.kind() != "Pod"
            && one
                .pod()
                .is_some_and(|pod| matches(selector, &pod["metadata"]["labels"]))
    });
    let pods = workload.map_or(1, |one| match autoscaler(one, all) {
        Some(scaler) => number(&scaler.value["spec"]["minReplicas"]).unwrap_or(1),
        None => number(&one.value["spec"]["replicas"]).unwrap_or(1),
    });
    if pods > least {
        spec.shift_remove("minAvailable");
        spec.insert("maxUnavailable".into(), json!(pods - least));
    }
}

/// Backends by the number of the Service's port.
pub(super) fn numbered_backends(spec: &mut Map<String, Value>, all: &[Object]) {
    let rules = spec.get_mut("rules").and_then(Value::as_array_mut);
    for rule in rules.into_iter().flatten() {
        let paths = rule
            .pointer_mut("/http/paths")
            .and_then(Value::as_array_mut);
        for path in paths.into_iter().flatten() {
            let service = &path["backend"]["service"];
            let own = all
                .iter()
                .find(|one| one.kind() == "Service" && one.name() == text(&service["name"]));
            let name = text(&service["port"]["name"]).to_owned();
            let ports = own.map_or(&Value::Null, |own| &own.value["spec"]["ports"]);
            let named = items(ports).find(|port| !name.is_empty() && text(&port["name"]) == name);
            if let Some(port) = named {
                path["backend"]["service"]["port"] = json!({ "number": port["port"] });
            }
        }
    }
}

pub(super) fn without_defaults(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut kept = Map::new();
            for (key, value) in map {
                let written = scalar(value).unwrap_or_default();
                let inner = without_defaults(value);
                if !is_empty(&inner) && !DEFAULTS.contains(&(key.as_str(), written.as_str())) {
                    kept.insert(key.clone(), inner);
                }
            }
            Value::Object(kept)
        }
        Value::Array(list) => Value::Array(list.iter().map(without_defaults).collect()),
        other => other.clone(),
    }
}

/// Pods by what their containers see.
pub(super) fn pods(pod: &mut Value, all: &[Object]) {
    if let Some(metadata) = pod["metadata"].as_object_mut() {
        metadata.shift_remove("labels");
        if let Some(annotations) = metadata
            .get_mut("annotations")
            .and_then(Value::as_object_mut)
        {
            annotations.retain(|key, _| {
                !key.starts_with("checksum/") && !key.starts_with("kubectl.kubernetes.io/")
            });
        }
    }
    let volumes = pod["spec"]["volumes"].clone();
    identity(pod);
    let Some(spec) = pod["spec"].as_object_mut() else {
        return;
    };
    spec.shift_remove("volumes");
    let early = spec.shift_remove("initContainers").unwrap_or_default();
    let mut before = Vec::new();
    let mut beside: Vec<Value> = items(&spec.get("containers").cloned().unwrap_or_default())
        .cloned()
        .collect();
    if let Some(first) = beside.first_mut().filter(|first| first.is_object()) {
        first["name"] = json!("main");
    }
    for container in items(&early) {
        if text(&container["restartPolicy"]) == "Always" {
            &mut beside
        } else {
            &mut before
        }
        .push(container.clone());
    }
    for container in before.iter_mut().chain(&mut beside) {
        sees(container, &volumes, all);
    }
    spec.insert("containers".into(), Value::Array(beside));
    spec.insert("initContainers".into(), Value::Array(before));
}

/// Whom the main container runs as, said of the pod.
pub(super) fn identity(pod: &mut Value) {
    let Some(own) = pod.pointer_mut("/spec/containers/0/securityContext") else {
        return;
    };
    let Some(own) = own.as_object_mut() else {
        return;
    };
    let keys = ["runAsUser", "runAsGroup", "runAsNonRoot", "seccompProfile"];
    let taken: Vec<(String, Value)> = keys
        .iter()
        .filter_map(|key| own.shift_remove_entry(*key))
        .collect();
    if let Some(spec) = pod["spec"].as_object_mut() {
        let whole = spec.entry("securityContext").or_insert_with(|| json!({}));
        if let Some(whole) = whole.as_object_mut() {
            whole.extend(taken);
        }
    }
}

/// A container with its variables and files in place of where they come from.
pub(super) fn sees(container: &mut Value, volumes: &Value, all: &[Object]) {
    let config = |name: &str| {
        let found = all
            .iter()
            .find(|one| one.kind() == "ConfigMap" && one.name() == name);
        found.map(|one| one.value["data"].clone())
    };
    let image = text(&container["image"]);
    if !image.is_empty()
        && !image
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .contains([':', '@'])
    {
        container["image"] = json!(format!("{image}:latest"));
    }
    let mut variables: BTreeMap<String, Value> = BTreeMap::new();
    let mut sources = Vec::new();
    for source in items(&container["envFrom"]) {
        match config(text(&source["configMapRef"]["name"])) {
            Some(data) => {
                for (key, value) in fields(&data) {
                    variables.insert(key.clone(), json!({ "name": key, "value": value }));
                }
            }
            None => sources.push(source.clone()),
        }
    }
    for variable in items(&container["env"]) {
        let name = text(&variable["name"]).to_owned();
        let reference = &variable["valueFrom"]["configMapKeyRef"];
        let known =
            config(text(&reference["name"])).map(|data| data[text(&reference["key"])].clone());
        let mut said = match known {
            Some(value) => json!({ "name": name, "value": value }),
            None => variable.clone(),
        };
        if let Some(field) = said
            .pointer_mut("/valueFrom/fieldRef")
            .and_then(Value::as_object_mut)
        {
            field.shift_remove("apiVersion");
        }
        variables.insert(name, said);
    }
    let mut mounts = Map::new();
    for mount in items(&container["volumeMounts"]) {
        let name = text(&mount["name"]);
        let volume = items(volumes).find(|one| text(&one["name"]) == name);
        let path = text(&mount["mountPath"]).trim_end_matches('/');
        let part = text(&mount["subPath"]);
        let (kind, source) = volume
            .and_then(|volume| fields(volume).find(|(key, _)| *key != "name"))
            .map_or(("claim", Value::Null), |(key, value)| {
                (key.as_str(), value.clone())
            });
        let data = if kind == "configMap" {
            config(text(&source["name"]))
        } else {
            None
        };
        match data {
            Some(data) => {
                let listed: Vec<(&str, &str)> = items(&source["items"])
                    .map(|one| (text(&one["path"]), text(&one["key"])))
                    .collect();
                for (key, value) in fields(&data) {
                    let file = match listed.iter().find(|(_, from)| from == key) {
                        Some((file, _)) => file,
                        None if listed.is_empty() => key.as_str(),
                        None => continue,
                    };
                    if part.is_empty() {
                        mounts.insert(format!("{path}/{file}"), value.clone());
                    } else if part == file {
                        mounts.insert(path.to_owned(), value.clone());
                    }
                }
            }
            None => {
                let mut said = Map::new();
                said.insert("kind".into(), json!(kind));
                for key in ["secretName", "name", "claimName", "medium"] {
                    if let Some(value) = source.get(key) {
                        said.insert(key.into(), value.clone());
                    }
                }
                let size = source.get("sizeLimit").filter(|_| kind == "emptyDir");
                said.extend(size.map(|size| ("sizeLimit".to_owned(), size.clone())));
                if !part.is_empty() {
                    said.insert("subPath".into(), json!(part));
                }
                mounts.insert(path.to_owned(), Value::Object(said));
            }
        }
    }
    if let Some(table) = container.as_object_mut() {
        table.insert("env".into(), variables.into_values().collect());
        table.insert("envFrom".into(), Value::Array(sources));
        table.shift_remove("volumeMounts");
        table.insert("mounts".into(), Value::Object(mounts));
        table
            .shift_remove("restartPolicy")
            .filter(|policy| policy != "Always");
    }
}
