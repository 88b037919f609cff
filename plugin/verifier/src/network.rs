//! What network policies let through.

use crate::manifest::{Object, items, matches, text};
use crate::world::World;
use serde_json::Value;

/// Whether the policies at both ends let a pod connect to a port of another.
/// Both pods are in the release's namespace.
///
/// # Errors
/// If Helm refused to render the chart.
pub fn allowed(world: &World, from: &Value, to: &Value, port: &Value) -> Result<bool, String> {
    let (from, to) = (
        &from["metadata"]["labels"],
        Target {
            labels: &to["metadata"]["labels"],
            number: port,
            name: name_of(to, port),
        },
    );
    let policies: Vec<&Object> = world
        .all()?
        .iter()
        .filter(|object| object.kind() == "NetworkPolicy")
        .collect();
    Ok(open(&policies, from, "egress", "to", to.labels, &to)
        && open(&policies, to.labels, "ingress", "from", from, &to))
}

/// Ways that network policies limit for pods with these labels.
pub fn limits(policy: &Object, way: &str) -> bool {
    let spec = &policy.value["spec"];
    let stated = items(&spec["policyTypes"]).any(|kind| text(kind).to_lowercase() == way);
    // Without types a policy limits what comes in, and what goes out if it says so.
    let implied = spec["policyTypes"].is_null() && (way == "ingress" || !spec["egress"].is_null());
    policy.kind() == "NetworkPolicy" && (stated || implied)
}

struct Target<'a> {
    labels: &'a Value,
    number: &'a Value,
    name: String,
}

/// Whether the policies of one end let the other through.
fn open(
    policies: &[&Object],
    own: &Value,
    way: &str,
    peers: &str,
    other: &Value,
    target: &Target<'_>,
) -> bool {
    let mut limited = false;
    for policy in policies {
        let spec = &policy.value["spec"];
        if !limits(policy, way) || !matches(&spec["podSelector"], own) {
            continue;
        }
        limited = true;
        let through = items(&spec[way]).any(|rule| {
            let listed = rule[peers].as_array().is_some_and(|list| !list.is_empty());
            let peer = !listed || items(&rule[peers]).any(|peer| is_peer(peer, other));
            let ports = rule["ports"]
                .as_array()
                .is_some_and(|list| !list.is_empty());
            let port = !ports || items(&rule["ports"]).any(|port| is_port(port, target));
            peer && port
        });
        if through {
            return true;
        }
    }
    !limited
}

/// Whether a peer means pods with these labels in the release's namespace.
fn is_peer(peer: &Value, labels: &Value) -> bool {
    let namespaces = &peer["namespaceSelector"];
    // Labels of namespaces are unknown; an empty selector takes all of them.
    let here = namespaces.is_null() || namespaces.as_object().is_some_and(|map| map.is_empty());
    match (&peer["podSelector"], &peer["ipBlock"]) {
        (Value::Null, Value::Null) => here && !namespaces.is_null(),
        (Value::Null, block) => text(&block["cidr"]) == "0.0.0.0/0" && block["except"].is_null(),
        (pods, _) => here && matches(pods, labels),
    }
}

fn is_port(port: &Value, target: &Target<'_>) -> bool {
    if !matches!(text(&port["protocol"]), "" | "TCP") {
        return false;
    }
    let (Some(first), Some(wanted)) = (port["port"].as_i64(), target.number.as_i64()) else {
        return port["port"].is_null() || text(&port["port"]) == target.name;
    };
    let last = port["endPort"].as_i64().unwrap_or(first);
    (first..=last).contains(&wanted)
}

/// Name of a pod's port.
fn name_of(pod: &Value, number: &Value) -> String {
    let spec = &pod["spec"];
    let containers = items(&spec["containers"]).chain(items(&spec["initContainers"]));
    let mut ports = containers.flat_map(|container| items(&container["ports"]));
    let found = ports.find(|port| port["containerPort"] == *number);
    found.map_or_else(String::new, |port| text(&port["name"]).to_owned())
}
