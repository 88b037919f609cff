//! What is said of who connects to whom.

use super::{Facts, Stated};
use crate::data::to_json;
use crate::manifest::{Object, items, text};
use crate::network;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Ranges that are not public.
const PRIVATE: [&str; 6] = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
];

fn closed(facts: &Facts<'_>) -> bool {
    facts.spec["network"]["enabled"] != false
}

/// The policy of a component.
fn policy<'a>(facts: &Facts<'a>, component: &str) -> Option<&'a Object> {
    facts
        .of_component("NetworkPolicy", component)
        .into_iter()
        .next()
}

/// Names of workloads that one connects to: `calls` and references in variables.
fn calls(stated: &Stated<'_>) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = stated
        .both("calls")
        .into_iter()
        .map(|name| text(name).to_owned())
        .collect();
    let inner = ["init", "sidecars"].into_iter().flat_map(|list| {
        stated.table[list]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, one)| one["env"].as_object().cloned())
    });
    for env in inner.chain([stated.merged("env")]) {
        all.extend(
            env.values()
                .filter_map(|value| value["workload"].as_str().map(str::to_owned)),
        );
    }
    all.remove(stated.name);
    all
}

/// Every connection that is stated can be made.
pub fn connections(facts: &mut Facts<'_>) {
    let found = facts.found();
    for (stated, object) in &found {
        for name in calls(stated) {
            let called = found.iter().find(|(other, _)| other.name == name);
            let Some((other, target)) = called else {
                continue;
            };
            let ports: Vec<i64> = other
                .ports()
                .iter()
                .filter(|port| port.exposed && port.protocol == "TCP")
                .map(|port| port.number)
                .collect();
            for port in ports {
                open(facts, object, target, port, &format!("to {name}:{port}"));
            }
        }
    }
    tested(facts);
    if closed(facts) {
        limited(facts);
    }
}

fn open(facts: &mut Facts<'_>, from: &Object, to: &Object, port: i64, what: &str) {
    let pods = |object: &Object| object.pod().cloned().unwrap_or_default();
    let through = network::allowed(facts.world, &pods(from), &pods(to), &json!(port));
    let found = match through {
        Ok(true) => format!("open {what}"),
        _ => format!("closed {what}"),
    };
    facts.add(from, "", &json!(found), json!(format!("open {what}")));
}

/// The pods of tests reach each workload that serves.
fn tested(facts: &mut Facts<'_>) {
    let tests: Vec<&Object> = facts
        .objects
        .iter()
        .filter(|object| {
            object.is_own() && object.kind() == "Pod" && object.hooks().contains(&"test")
        })
        .collect();
    for (stated, object) in facts.found() {
        let ports = stated.ports();
        let main = stated.main_port();
        let port = ports.iter().find(|port| Some(&port.name) == main.as_ref());
        let port = port.filter(|port| port.exposed && port.protocol == "TCP");
        let Some(port) = port.filter(|_| stated.kind() == "service") else {
            continue;
        };
        for test in &tests {
            open(
                facts,
                test,
                object,
                port.number,
                &format!("to {}:{}", stated.name, port.number),
            );
        }
    }
}

/// Every pod of the chart is closed in both directions.
fn limited(facts: &mut Facts<'_>) {
    let own = facts
        .objects
        .iter()
        .filter(|object| object.is_own() && object.pod().is_some());
    for object in own.filter(|object| !object.label("helm.sh/chart").is_empty()) {
        let view = to_json(&facts.world.view(object));
        let path = format!("{}.metadata.labels", super::pod_path(object));
        let expected = json!({ "ingress": true, "egress": true });
        facts.add(object, &path, &view["closed"], expected);
    }
}

/// Every peer that is stated has a rule, and no rule lets anybody else through.
pub fn peers(facts: &mut Facts<'_>) {
    if !closed(facts) {
        let made = facts.objects.iter().filter(|object| {
            object.kind() == "NetworkPolicy"
                && object.is_own()
                && !object.label("helm.sh/chart").is_empty()
        });
        for object in made.collect::<Vec<_>>() {
            facts.add(object, "", &json!("there"), json!("missing"));
        }
        return;
    }
    for (stated, _) in facts.found() {
        let Some(policy) = policy(facts, stated.name) else {
            facts.missing(&format!("NetworkPolicy of {}", stated.name));
            continue;
        };
        let mut egress: Vec<Value> = items(&stated.table["egress"])
            .filter_map(egress_rule)
            .collect();
        egress.sort_by_key(Value::to_string);
        for rule in &egress {
            let there = items(&policy.value["spec"]["egress"]).any(|one| plain(one, "to") == *rule);
            let found = if there {
                rule.clone()
            } else {
                json!("missing")
            };
            facts.add(policy, "spec.egress", &found, rule.clone());
        }
        let mut wide: Vec<String> = egress
            .iter()
            .flat_map(|rule| items(&rule["to"]))
            .filter(|one| is_wide(one))
            .map(Value::to_string)
            .collect();
        wide.extend(dns(facts.spec));
        strangers(facts, policy, "egress", "to", &wide);
        resolves(facts, policy);
        admitted(facts, &stated, policy);
    }
}

/// A rule as data that compares: peers, and ports by number.
fn plain(rule: &Value, peers: &str) -> Value {
    let mut ports: Vec<Value> = items(&rule["ports"])
        .map(|port| json!([port["port"], port["protocol"].as_str().unwrap_or("TCP")]))
        .collect();
    ports.sort_by_key(Value::to_string);
    json!({ peers: rule[peers], "ports": ports })
}

fn egress_rule(stated: &Value) -> Option<Value> {
    let mut ports: Vec<Value> = Vec::new();
    for (key, protocol) in [("ports", "TCP"), ("udp-ports", "UDP")] {
        ports.extend(items(&stated[key]).map(|port| json!([port, protocol])));
    }
    ports.sort_by_key(Value::to_string);
    Some(json!({ "to": [peer(&stated["to"])?], "ports": ports }))
}

/// A peer as policies name it; none for parts of the chart and the API server.
fn peer(stated: &Value) -> Option<Value> {
    match stated.as_str() {
        Some("namespace") => return Some(json!({ "podSelector": {} })),
        Some("cluster") => return Some(json!({ "namespaceSelector": {} })),
        Some("internet") => {
            return Some(json!({ "ipBlock": { "cidr": "0.0.0.0/0", "except": PRIVATE } }));
        }
        Some(_) => return None,
        None => {}
    }
    if !stated["workload"].is_null() {
        return None;
    }
    if stated["cidr"].is_string() {
        let mut block = Map::from_iter([("cidr".to_owned(), stated["cidr"].clone())]);
        if items(&stated["except"]).next().is_some() {
            block.insert("except".into(), stated["except"].clone());
        }
        return Some(json!({ "ipBlock": block }));
    }
    let mut spaces = stated["namespace-labels"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    if stated["namespace"].is_string() {
        spaces.insert(
            "kubernetes.io/metadata.name".into(),
            stated["namespace"].clone(),
        );
    }
    let labels = stated["labels"].as_object().cloned().unwrap_or_default();
    let mut found = Map::new();
    if !spaces.is_empty() {
        found.insert("namespaceSelector".into(), json!({ "matchLabels": spaces }));
    }
    if !labels.is_empty() {
        found.insert("podSelector".into(), json!({ "matchLabels": labels }));
    } else if found.is_empty() {
        found.insert("podSelector".into(), json!({}));
    }
    Some(Value::Object(found))
}

/// Whether a peer means somebody outside of the release.
fn is_wide(peer: &Value) -> bool {
    !peer["ipBlock"].is_null()
        || !peer["namespaceSelector"].is_null()
        || peer["podSelector"].as_object().is_some_and(Map::is_empty)
}

/// Peers that resolve names.
fn dns(spec: &Value) -> Vec<String> {
    let network = &spec["network"];
    let space = network["dns-namespace"].as_str().unwrap_or("kube-system");
    let labels = if network["dns-labels"].is_object() {
        network["dns-labels"].clone()
    } else {
        json!({ "k8s-app": "kube-dns" })
    };
    let pods = json!({
        "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": space } },
        "podSelector": { "matchLabels": labels },
    });
    let addresses = match &network["dns-addresses"] {
        Value::Array(list) if !list.is_empty() => list.clone(),
        _ => vec![json!("169.254.20.10/32")],
    };
    let blocks = addresses
        .iter()
        .map(|cidr| json!({ "ipBlock": { "cidr": cidr } }));
    blocks.chain([pods]).map(|peer| peer.to_string()).collect()
}

/// Names can be resolved, by both protocols.
fn resolves(facts: &mut Facts<'_>, policy: &Object) {
    let peers = dns(facts.spec);
    let ports = match &facts.spec["network"]["dns-ports"] {
        Value::Array(list) if !list.is_empty() => list.clone(),
        _ => vec![json!(53)],
    };
    let there = items(&policy.value["spec"]["egress"]).any(|rule| {
        let found: Vec<String> = items(&rule["to"]).map(Value::to_string).collect();
        let has = |port: &Value, protocol: &str| {
            let mut all = items(&rule["ports"]);
            all.any(|one| one["port"] == *port && one["protocol"] == protocol)
        };
        peers.iter().all(|peer| found.contains(peer))
            && ports
                .iter()
                .all(|port| has(port, "UDP") && has(port, "TCP"))
    });
    let found = if there {
        "names are resolved"
    } else {
        "no names are resolved"
    };
    facts.add(
        policy,
        "spec.egress",
        &json!(found),
        json!("names are resolved"),
    );
}

/// Peers outside of the release that nobody stated.
fn strangers(facts: &mut Facts<'_>, policy: &Object, way: &str, peers: &str, known: &[String]) {
    let outside = |stated: &Value| {
        stated["external"] == true
            || text(&stated["from"]).starts_with("external/")
            || text(&stated["from"]).starts_with("cnpg/")
    };
    let moved = facts.spec["dependencies"]
        .as_object()
        .into_iter()
        .flatten()
        .any(|(_, one)| outside(one));
    let list = items(&policy.value["spec"][way]);
    for (index, rule) in list.enumerate() {
        let path = format!("spec.{way}[{index}]");
        let api = items(&rule["ports"]).count() > 0
            && items(&rule["ports"]).all(|port| port["port"] == 443 || port["port"] == 6443);
        if rule[peers].is_null() && !(way == "egress" && api) {
            // A server outside may have any address.
            let ports = items(&rule["ports"]).count() > 0;
            if !(moved && ports) {
                facts.add(policy, &path, &json!("anybody"), json!("named peers"));
            }
        }
        for peer in items(&rule[peers]).filter(|peer| is_wide(peer)) {
            let server = moved && way == "egress" && items(&rule["ports"]).count() > 0;
            if !known.contains(&peer.to_string()) && !server {
                facts.add(policy, &path, peer, json!("a peer that is stated"));
            }
        }
    }
}

/// Who may connect.
fn admitted(facts: &mut Facts<'_>, stated: &Stated<'_>, policy: &Object) {
    let mut known = Vec::new();
    for one in items(&stated.table["allow-from"]) {
        let Some(peer) = peer(one) else { continue };
        let there = items(&policy.value["spec"]["ingress"])
            .any(|rule| items(&rule["from"]).any(|found| *found == peer));
        let found = if there {
            peer.clone()
        } else {
            json!("missing")
        };
        facts.add(policy, "spec.ingress", &found, peer.clone());
        known.push(peer.to_string());
    }
    // Without callers a workload is open to its namespace.
    known.push(json!({ "podSelector": {} }).to_string());
    for (section, key) in [
        ("ingress", "namespace"),
        ("gateway", "namespace"),
        ("monitoring", "namespace"),
    ] {
        let table = &facts.spec[section];
        let parent = &table["parents"][0]["namespace"];
        let space = if table[key].is_null() {
            parent
        } else {
            &table[key]
        };
        let peer = match space.as_str() {
            Some(name) => {
                json!({ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": name } } })
            }
            None => json!({ "namespaceSelector": {} }),
        };
        if table.is_object() || section == "monitoring" && stated.table["metrics"].is_object() {
            known.push(peer.to_string());
            // Sections of other environments may let in what this one does not name.
            if section != "monitoring" {
                known.push(json!({ "namespaceSelector": {} }).to_string());
            }
        }
    }
    strangers(facts, policy, "ingress", "from", &known);
}
