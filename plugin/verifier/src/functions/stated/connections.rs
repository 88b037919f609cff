//! What is said of who connects to whom.

use super::peers::is_wide;
use super::{Facts, Stated};
use crate::data::to_json;
use crate::network;
use crate::world::is_made;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use taskspec_manifest::{Object, items, matches, text};

pub(super) fn closed(facts: &Facts<'_>) -> bool {
    facts.spec["network"]["enabled"] != false
}

/// The policy of a component.
pub(super) fn policy<'a>(facts: &Facts<'a>, component: &str) -> Option<&'a Object> {
    facts
        .of_component("NetworkPolicy", component)
        .into_iter()
        .next()
}

/// Names of workloads that one connects to: `calls` and references in variables.
pub(super) fn calls(stated: &Stated<'_>) -> BTreeSet<String> {
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

/// What one policy of the release lets through, the one at the other end does too.
pub(super) fn both_ends(facts: &mut Facts<'_>) {
    let policies = facts
        .objects
        .iter()
        .filter(|object| object.kind() == "NetworkPolicy" && is_made(object));
    for policy in policies.collect::<Vec<_>>() {
        let spec = &policy.value["spec"];
        let own = taken(facts, &spec["podSelector"]);
        for rule in items(&spec["egress"]) {
            for peer in items(&rule["to"]).filter(|peer| !is_wide(peer)) {
                let other = taken(facts, &peer["podSelector"]);
                for source in &own {
                    for target in &other {
                        asks(facts, policy, rule, (source, target));
                    }
                }
            }
        }
        for rule in items(&spec["ingress"]) {
            let peers = items(&rule["from"]).filter(|peer| names_component(peer));
            for peer in peers {
                for source in taken(facts, &peer["podSelector"]) {
                    is_let_in(facts, policy, rule, (source, &own));
                }
            }
        }
    }
}

/// Objects with pods that a selector takes.
pub(super) fn taken<'a>(facts: &Facts<'a>, selector: &Value) -> Vec<&'a Object> {
    let all = facts.objects.iter().filter(|object| {
        let pod = object.pod();
        pod.is_some_and(|pod| matches(selector, &pod["metadata"]["labels"]))
    });
    all.collect()
}

/// Whether a peer means pods by more than the labels that all of a release have.
fn names_component(peer: &Value) -> bool {
    let selector = &peer["podSelector"];
    let labels = selector["matchLabels"].as_object();
    let plain = ["app.kubernetes.io/name", "app.kubernetes.io/instance"];
    let is_all = labels.is_some_and(|labels| {
        labels.contains_key("app.kubernetes.io/name")
            && labels.keys().all(|key| plain.contains(&key.as_str()))
            && selector["matchExpressions"].is_null()
    });
    !is_wide(peer) && !is_all
}

/// Numbers of the TCP ports that a rule names in a pod.
pub(super) fn numbers(rule: &Value, pod: &Value) -> Vec<Value> {
    let containers = items(&pod["spec"]["containers"]);
    let all: Vec<&Value> = containers.flat_map(|one| items(&one["ports"])).collect();
    let ports = items(&rule["ports"]).filter(|port| port["protocol"] != "UDP");
    let number = |port: &Value| match &port["port"] {
        Value::String(name) => all
            .iter()
            .find(|one| one["name"] == **name)
            .map(|one| one["containerPort"].clone()),
        number => Some(number.clone()),
    };
    ports.filter_map(number).collect()
}

fn passes(facts: &Facts<'_>, from: &Object, to: &Object, port: &Value) -> bool {
    let (from, to) = (super::object_pod(from), super::object_pod(to));
    network::allowed(facts.world, from, to, port) == Ok(true)
}

/// Who is allowed to ask is let in.
fn asks(facts: &mut Facts<'_>, policy: &Object, rule: &Value, (from, to): (&Object, &Object)) {
    for port in numbers(rule, to.pod().unwrap_or(&Value::Null)) {
        if !passes(facts, from, to, &port) {
            let closed = format!("closed from {} to {}", from.id(), to.id());
            facts.add(
                policy,
                "spec.egress",
                &json!(closed),
                json!("open at both ends"),
            );
        }
    }
}

/// Who is let in by name may ask for something there.
fn is_let_in(
    facts: &mut Facts<'_>,
    policy: &Object,
    rule: &Value,
    (from, own): (&Object, &[&Object]),
) {
    let any = own.iter().any(|to| {
        let ports = numbers(rule, to.pod().unwrap_or(&Value::Null));
        ports.is_empty() || ports.iter().any(|port| passes(facts, from, to, port))
    });
    if !any && !own.is_empty() {
        let closed = format!("closed from {}", from.id());
        facts.add(
            policy,
            "spec.ingress",
            &json!(closed),
            json!("open at both ends"),
        );
    }
}
