//! Ingresses and routes.

use crate::sketch::Scene;
use serde_json::{Map, Value, json};
use taskspec_manifest::{fields, items, number, scalar, text};

/// Drafts what exposes workloads to the outside.
pub fn draw(scene: &mut Scene<'_>) {
    let mut hosts = 0;
    for index in scene.free("Ingress") {
        let object = scene.objects[index].value.clone();
        let id = scene.objects[index].id();
        // One Ingress is said; what another one has beside it stays as it is.
        if hosts > 0 && differs(scene, &object) {
            continue;
        }
        match ingress(scene, &object, &id) {
            Some(count) => {
                hosts += count;
                scene.assign(index, "", "ingress");
            }
            None => {
                scene.omit(&[], &id, "spec.rules", "it leads to something that is no workload of the chart, or to any host: it stays as it is");
            }
        }
    }
    for index in scene.free("HTTPRoute") {
        let object = scene.objects[index].value.clone();
        if route(scene, &object).is_some() {
            scene.assign(index, "", "route");
        }
    }
}

/// Whether an Ingress needs settings of its own.
fn differs(scene: &Scene<'_>, object: &Value) -> bool {
    let known = scene.get(&["ingress"]).cloned().unwrap_or_default();
    known["class"] != object["spec"]["ingressClassName"]
        || known["annotations"] != Value::Object(annotations(object).0)
}

/// Annotations for the controller, and those of cert-manager.
fn annotations(object: &Value) -> (Map<String, Value>, Map<String, Value>) {
    let mut own = Map::new();
    let mut tls = Map::new();
    for (key, value) in fields(&object["metadata"]["annotations"]) {
        let Some(value) = scalar(value) else { continue };
        match key.as_str() {
            "cert-manager.io/cluster-issuer" => tls.insert("cluster-issuer".into(), json!(value)),
            "cert-manager.io/issuer" => tls.insert("issuer".into(), json!(value)),
            "kubernetes.io/ingress.class" => None,
            _ => own.insert(key.clone(), json!(value)),
        };
    }
    (own, tls)
}

fn ingress(scene: &mut Scene<'_>, object: &Value, id: &str) -> Option<usize> {
    let spec = &object["spec"];
    let mut hosts = Map::new();
    for rule in items(&spec["rules"]) {
        let host = text(&rule["host"]);
        if host.is_empty() || host.starts_with('*') {
            return None;
        }
        let mut paths = Map::new();
        let mut kinds = Vec::new();
        for path in items(&rule["http"]["paths"]) {
            let service = &path["backend"]["service"];
            let target = backend(scene, text(&service["name"]), &service["port"])?;
            let written = text(&path["path"]);
            paths.insert(
                if written.is_empty() { "/" } else { written }.to_owned(),
                json!(target),
            );
            kinds.push(text(&path["pathType"]));
        }
        let mut said = Map::new();
        said.insert("paths".into(), Value::Object(paths));
        if let Some(kind) = kinds.first().filter(|kind| !["", "Prefix"].contains(*kind)) {
            said.insert("path-type".into(), json!(kind));
        }
        if kinds.windows(2).any(|pair| pair[0] != pair[1]) {
            scene.omit(
                &["ingress", "hosts", host],
                id,
                "spec.rules",
                "the paths of a host match in one way",
            );
        }
        hosts.insert(host.to_owned(), Value::Object(said));
    }
    if hosts.is_empty() {
        return None;
    }
    let count = hosts.len();
    let (own, issuer) = annotations(object);
    certificates(scene, spec, &issuer, &mut hosts, id);
    let class = match spec.get("ingressClassName").and_then(Value::as_str) {
        Some(class) => Some(class),
        None => object["metadata"]["annotations"]["kubernetes.io/ingress.class"].as_str(),
    };
    if let Some(class) = class {
        scene.set(&["ingress", "class"], json!(class));
    }
    if !own.is_empty() {
        scene.set(&["ingress", "annotations"], Value::Object(own));
    }
    for (host, said) in hosts {
        scene.set(&["ingress", "hosts", &host], said);
    }
    Some(count)
}

fn certificates(
    scene: &mut Scene<'_>,
    spec: &Value,
    issuer: &Map<String, Value>,
    hosts: &mut Map<String, Value>,
    id: &str,
) {
    for entry in items(&spec["tls"]) {
        let secret = text(&entry["secretName"]);
        for host in items(&entry["hosts"]).map(text) {
            let mut tls = issuer.clone();
            if !secret.is_empty() {
                tls.insert("secret".into(), json!(secret));
            } else if tls.is_empty() {
                tls.insert("controller".into(), json!(true));
            }
            match hosts.get_mut(host) {
                Some(said) => said["tls"] = Value::Object(tls),
                None => scene.omit(
                    &["ingress"],
                    id,
                    "spec.tls",
                    format!("a certificate for {host}, which no rule has"),
                ),
            }
        }
    }
}

/// The workload that a Service's port leads to, as `api` or `api:metrics`.
fn backend(scene: &Scene<'_>, service: &str, port: &Value) -> Option<String> {
    let index = scene.find("Service", service)?;
    let spec = &scene.objects[index].value["spec"];
    let workload = &scene.workloads[scene.selected(&spec["selector"])?];
    // An Ingress names the port in a table, a route by its number.
    let asked = if port.is_object() {
        if port["name"].is_null() {
            &port["number"]
        } else {
            &port["name"]
        }
    } else {
        port
    };
    let found = items(&spec["ports"]).find(|one| match number(asked) {
        Some(number) => one["port"].as_u64() == Some(number),
        None => text(&one["name"]) == text(asked),
    });
    let target = found.map(|one| {
        if one["targetPort"].is_null() {
            &one["port"]
        } else {
            &one["targetPort"]
        }
    });
    let own = target.and_then(|target| crate::container::port_of(&workload.ports, target));
    let own = own.or(workload.ports.first())?;
    let main = workload
        .ports
        .first()
        .is_some_and(|first| first.name == own.name);
    Some(if main {
        workload.name.clone()
    } else {
        format!("{}:{}", workload.name, own.name)
    })
}

fn route(scene: &mut Scene<'_>, object: &Value) -> Option<()> {
    let spec = &object["spec"];
    let mut parents = Vec::new();
    for parent in items(&spec["parentRefs"]) {
        let mut said = Map::new();
        said.insert("name".into(), json!(text(&parent["name"])));
        for (field, key) in [("namespace", "namespace"), ("sectionName", "listener")] {
            if !text(&parent[field]).is_empty() {
                said.insert(key.into(), parent[field].clone());
            }
        }
        parents.push(Value::Object(said));
    }
    let mut paths = Map::new();
    for rule in items(&spec["rules"]) {
        let targets: Vec<&Value> = items(&rule["backendRefs"]).collect();
        // What a route does beyond leading somewhere has no key.
        if rule.get("filters").is_some() || targets.len() != 1 {
            return None;
        }
        let target = backend(scene, text(&targets[0]["name"]), &targets[0]["port"])?;
        let mut matches: Vec<&str> = Vec::new();
        for one in items(&rule["matches"]) {
            let kind = text(&one["path"]["type"]);
            if !["", "PathPrefix"].contains(&kind)
                || one.get("headers").is_some()
                || one.get("method").is_some()
            {
                return None;
            }
            matches.push(text(&one["path"]["value"]));
        }
        if matches.is_empty() {
            matches.push("/");
        }
        for path in matches {
            paths.insert(
                if path.is_empty() { "/" } else { path }.to_owned(),
                json!(target),
            );
        }
    }
    let hosts: Vec<&str> = items(&spec["hostnames"]).map(text).collect();
    if hosts.is_empty() || hosts.iter().any(|host| host.starts_with('*')) || parents.is_empty() {
        return None;
    }
    scene.set(&["gateway", "parents"], Value::Array(parents));
    let (own, _) = annotations(object);
    if !own.is_empty() {
        scene.set(&["gateway", "annotations"], Value::Object(own));
    }
    for host in hosts {
        let known = scene.get(&["gateway", "hosts", host, "paths"]).cloned();
        let mut merged = known
            .and_then(|known| known.as_object().cloned())
            .unwrap_or_default();
        merged.extend(paths.clone());
        scene.set(&["gateway", "hosts", host, "paths"], Value::Object(merged));
    }
    Some(())
}
