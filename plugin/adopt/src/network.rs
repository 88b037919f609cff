//! Network policies: who may talk to whom.

use crate::sketch::Scene;
use serde_json::{Map, Value, json};
use taskspec_manifest::{Object, fields, is_empty, items, matches, number, text};

/// Drafts the policies of workloads. Without any, the draft has none either.
pub fn draw(scene: &mut Scene<'_>) {
    let policies: Vec<usize> = scene.free("NetworkPolicy");
    if policies.is_empty() {
        scene.set(&["network", "enabled"], json!(false));
        scene.decide(
            "network",
            "it stays open",
            "the chart has no network policies; without `network.enabled = false` every workload talks only to those that the specification names",
        );
        return;
    }
    scene.set(&["network", "enabled"], json!(true));
    let mut closed = vec![(false, false); scene.workloads.len()];
    for index in policies {
        let object = scene.objects[index].clone();
        let selector = &object.value["spec"]["podSelector"];
        let about: Vec<usize> = (0..scene.workloads.len())
            .filter(|number| matches(selector, &scene.workloads[*number].labels))
            .collect();
        if about.is_empty() {
            // The tests of the new chart have a policy of their own.
            let mut tests = scene.objects.iter().filter(|one| one.is_test());
            let of_test = tests.any(|one| {
                !is_empty(selector) && matches(selector, &one.value["metadata"]["labels"])
            });
            if of_test {
                scene.assign(index, "", "test-policy");
            }
            continue;
        }
        // One that is about several belongs to the first, its facts to all.
        let owner = scene.workloads[about[0]].name.clone();
        for number in about {
            policy(scene, number, &object, &mut closed[number]);
        }
        scene.assign(index, &owner, "policy");
    }
    for (number, (inside, outside)) in closed.into_iter().enumerate() {
        open(scene, number, inside, outside);
    }
}

/// What no policy closes stays open.
fn open(scene: &mut Scene<'_>, number: usize, inside: bool, outside: bool) {
    let (name, has_port) = {
        let workload = &scene.workloads[number];
        (workload.name.clone(), !workload.ports.is_empty())
    };
    if !inside && has_port {
        scene.set(
            &["workloads", &name, "allow-from"],
            json!(["cluster", "internet"]),
        );
    }
    if !outside {
        let anybody = json!([{ "to": "cluster" }, { "to": { "cidr": "0.0.0.0/0" } }]);
        scene.set(&["workloads", &name, "egress"], anybody);
    }
}

fn policy(scene: &mut Scene<'_>, number: usize, object: &Object, closed: &mut (bool, bool)) {
    let spec = &object.value["spec"];
    let name = scene.workloads[number].name.clone();
    let types: Vec<&str> = items(&spec["policyTypes"]).map(text).collect();
    let about = |direction: &str| {
        types.contains(&direction)
            || types.is_empty() && (direction == "Ingress" || spec.get("egress").is_some())
    };
    if about("Ingress") {
        closed.0 = true;
        for (place, rule) in items(&spec["ingress"]).enumerate() {
            let path = format!("spec.ingress[{place}]");
            inward(scene, number, object, rule, &path);
        }
        if scene.get(&["workloads", &name, "allow-from"]).is_none()
            && !scene.workloads[number].ports.is_empty()
        {
            scene.omit(
                &["workloads", &name],
                &object.id(),
                "spec.ingress",
                "it lets nobody in; an empty `allow-from` would mean the usual callers",
            );
        }
    }
    if about("Egress") {
        closed.1 = true;
        for (place, rule) in items(&spec["egress"]).enumerate() {
            let path = format!("spec.egress[{place}]");
            outward(scene, &name, object, rule, &path);
        }
    }
}

fn push(scene: &mut Scene<'_>, name: &str, key: &str, value: Value) {
    let mut list = scene
        .get(&["workloads", name, key])
        .cloned()
        .unwrap_or_else(|| json!([]));
    if let Some(list) = list.as_array_mut()
        && !list.contains(&value)
    {
        list.push(value);
    }
    scene.set(&["workloads", name, key], list);
}

fn inward(scene: &mut Scene<'_>, number: usize, object: &Object, rule: &Value, path: &str) {
    let workload = scene.workloads[number].clone();
    if workload.ports.is_empty() {
        return;
    }
    let ports: Vec<Value> = items(&rule["ports"])
        .filter_map(|one| crate::container::port_of(&workload.ports, &one["port"]))
        .map(|port| json!(port.name))
        .collect();
    let services: Vec<Value> = workload
        .ports
        .iter()
        .filter(|port| port.service.is_some())
        .map(|port| json!(port.name))
        .collect();
    let peers: Vec<&Value> = items(&rule["from"]).collect();
    if peers.is_empty() {
        push(scene, &workload.name, "allow-from", json!("cluster"));
        push(scene, &workload.name, "allow-from", json!("internet"));
        return;
    }
    for one in peers {
        match peer(scene, one) {
            Ok(Value::Object(mut said)) => {
                if !ports.is_empty() && ports != services {
                    said.insert("ports".into(), Value::Array(ports.clone()));
                }
                push(scene, &workload.name, "allow-from", Value::Object(said));
            }
            Ok(word) => push(scene, &workload.name, "allow-from", word),
            Err(why) => scene.omit(
                &["workloads", &workload.name, "allow-from"],
                &object.id(),
                path,
                why,
            ),
        }
    }
}

fn outward(scene: &mut Scene<'_>, name: &str, object: &Object, rule: &Value, path: &str) {
    let mut said = Map::new();
    for (protocol, key) in [("TCP", "ports"), ("UDP", "udp-ports")] {
        let numbers: Vec<Value> = items(&rule["ports"])
            .filter(|one| {
                text(&one["protocol"]) == protocol
                    || text(&one["protocol"]).is_empty() && protocol == "TCP"
            })
            .filter_map(|one| number(&one["port"]).map(|number| json!(number)))
            .collect();
        if !numbers.is_empty() {
            said.insert(key.into(), Value::Array(numbers));
        }
    }
    let names: Vec<&str> = items(&rule["ports"])
        .map(|one| text(&one["port"]))
        .filter(|name| !name.is_empty() && name.parse::<u64>().is_err())
        .collect();
    if items(&rule["ports"]).any(|one| one.get("endPort").is_some()) {
        scene.omit(
            &["workloads", name, "egress"],
            &object.id(),
            &format!("{path}.ports"),
            "ranges of ports cannot be said: list the ports",
        );
    }
    let peers: Vec<&Value> = items(&rule["to"]).collect();
    if is_dns(rule) {
        return;
    }
    let all = [
        json!({ "namespaceSelector": {} }),
        json!({ "ipBlock": { "cidr": "0.0.0.0/0" } }),
    ];
    let peers: Vec<&Value> = if peers.is_empty() {
        all.iter().collect()
    } else {
        peers
    };
    for one in peers {
        match peer(scene, one) {
            Ok(to) => {
                let calls = to["workload"].as_str().map(str::to_owned);
                let mut entry = Map::new();
                entry.insert("to".into(), to);
                entry.extend(said.clone());
                if !names.is_empty() && calls.is_none() {
                    scene.omit(
                        &["workloads", name, "egress"],
                        &object.id(),
                        &format!("{path}.ports"),
                        format!(
                            "ports outside the chart are numbers, not {}",
                            names.join(", ")
                        ),
                    );
                }
                match calls {
                    // What a workload calls opens both ends.
                    Some(other) if other != name => push(scene, name, "calls", json!(other)),
                    _ => push(scene, name, "egress", Value::Object(entry)),
                }
            }
            Err(why) => scene.omit(&["workloads", name, "egress"], &object.id(), path, why),
        }
    }
}

/// Whether a rule opens nothing but the cluster's DNS, which is always open.
fn is_dns(rule: &Value) -> bool {
    let ports: Vec<u64> = items(&rule["ports"])
        .filter_map(|one| number(&one["port"]))
        .collect();
    !ports.is_empty() && ports.iter().all(|port| *port == 53)
}

/// A peer in the words of the language.
fn peer(scene: &Scene<'_>, peer: &Value) -> Result<Value, String> {
    if let Some(block) = peer.get("ipBlock") {
        let mut said = Map::new();
        said.insert("cidr".into(), block["cidr"].clone());
        if !is_empty(&block["except"]) {
            said.insert("except".into(), block["except"].clone());
        }
        return Ok(Value::Object(said));
    }
    let (pods, namespaces) = (peer.get("podSelector"), peer.get("namespaceSelector"));
    for selector in [pods, namespaces].into_iter().flatten() {
        if !is_empty(&selector["matchExpressions"]) {
            return Err("peers are selected by labels, not by expressions".to_owned());
        }
    }
    let pods = pods
        .map(|one| one["matchLabels"].clone())
        .filter(|labels| !is_empty(labels));
    let mut said = Map::new();
    match namespaces {
        None => {
            let Some(labels) = pods else {
                return Ok(json!("namespace"));
            };
            let everybody = scene
                .workloads
                .iter()
                .all(|one| fields(&labels).all(|(key, value)| one.labels[key] == *value));
            if everybody && fields(&labels).any(|(_, value)| *value == scene.release.as_str()) {
                return Ok(json!("release"));
            }
            if let Some(number) = scene.selected(&labels) {
                return Ok(json!({ "workload": scene.workloads[number].name }));
            }
            said.insert("labels".into(), labels);
        }
        Some(selector) => {
            let names = &selector["matchLabels"];
            let named = names["kubernetes.io/metadata.name"].as_str();
            match named {
                Some(name) if fields(names).count() == 1 => {
                    said.insert("namespace".into(), json!(name));
                }
                _ if is_empty(names) && pods.is_none() => return Ok(json!("cluster")),
                _ if is_empty(names) => {
                    return Err(
                        "pods of any namespace are selected with a namespace or its labels"
                            .to_owned(),
                    );
                }
                _ => {
                    said.insert("namespace-labels".into(), names.clone());
                }
            }
            if let Some(labels) = pods {
                said.insert("labels".into(), labels);
            }
        }
    }
    Ok(Value::Object(said))
}
