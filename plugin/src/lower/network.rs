//! Peers of a specification as peers of a NetworkPolicy.

use super::schemas;
use crate::values::{Entry, branch, leaf};
use serde_json::{Map, Value, json};
use taskspec_spec::model::{Egress, Peer, PeerTable};
use taskspec_spec::span::Spanned;

/// Addresses that are not public: private networks, carrier-grade NAT,
/// link-local (with the clouds' metadata service) and loopback.
const NOT_PUBLIC: &[&str] = &[
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
];

/// The policy's part of a workload's values.
pub fn values(allow: &[Spanned<Peer>], egress: &[Spanned<Egress>], service: bool) -> Entry {
    let mut entries = Vec::new();
    if service {
        let peers: Vec<Value> = if allow.is_empty() {
            vec![peer(&Peer::Namespace)]
        } else {
            allow.iter().map(|stated| peer(&stated.value)).collect()
        };
        entries.push(leaf(
            "ingressFrom",
            json!(peers),
            schemas::objects(),
            "Who may connect, as NetworkPolicy peers; the chart's own components always may",
        ));
    }
    entries.push(leaf(
        "extraEgress",
        json!(rules(egress)),
        schemas::objects(),
        "Whom it may connect to beyond its dependencies and DNS, as NetworkPolicy egress rules",
    ));
    branch(
        "networkPolicy",
        "Who talks to the pods, and to whom they talk",
        entries,
    )
}

/// Egress rules as Kubernetes objects.
pub fn rules(egress: &[Spanned<Egress>]) -> Vec<Value> {
    egress
        .iter()
        .map(|stated| {
            let ports: Vec<Value> = stated
                .ports
                .iter()
                .map(|port| json!({ "port": port.value.0, "protocol": "TCP" }))
                .collect();
            let mut rule = Map::new();
            rule.insert("to".into(), json!([peer(&stated.to.value)]));
            if !ports.is_empty() {
                rule.insert("ports".into(), json!(ports));
            }
            Value::Object(rule)
        })
        .collect()
}

/// One peer. `release` cannot be told apart from the namespace in values, so
/// it becomes the namespace's pods; the templates add the chart's components.
fn peer(peer: &Peer) -> Value {
    match peer {
        Peer::Release | Peer::Namespace => json!({ "podSelector": {} }),
        Peer::Cluster => json!({ "namespaceSelector": {} }),
        Peer::Internet => json!({ "ipBlock": { "cidr": "0.0.0.0/0", "except": NOT_PUBLIC } }),
        Peer::Table(table) => table_peer(table),
    }
}

fn table_peer(table: &PeerTable) -> Value {
    if let Some(cidr) = &table.cidr {
        return json!({ "ipBlock": { "cidr": cidr.value.0 } });
    }
    let labels: Map<String, Value> = table
        .labels
        .iter()
        .map(|(key, value)| (key.value.clone(), json!(value.value.0)))
        .collect();
    let mut object = Map::new();
    if let Some(namespace) = &table.namespace {
        object.insert(
            "namespaceSelector".into(),
            json!({ "matchLabels": { "kubernetes.io/metadata.name": namespace.value.0 } }),
        );
    }
    if !labels.is_empty() || object.is_empty() {
        let selector = if labels.is_empty() {
            json!({})
        } else {
            json!({ "matchLabels": labels })
        };
        object.insert("podSelector".into(), selector);
    }
    Value::Object(object)
}
