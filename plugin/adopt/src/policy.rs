//! A network policy as what it opens, whatever its rules look like.

use serde_json::{Map, Value};
use taskspec_manifest::{Object, fields, is_empty, items, matches, number, text};

/// Everything that a policy opens: a table with one key for each peer and port.
/// `workloads` are labels of pods and names.
pub fn flat(spec: &Value, all: &[Object], workloads: &[(Value, String)]) -> Map<String, Value> {
    let mut opened = Map::new();
    for (direction, field) in [("ingress", "from"), ("egress", "to")] {
        let mut doors = Map::new();
        for rule in items(&spec[direction]) {
            for peer in peers(&rule[field], workloads) {
                for port in ports(&rule["ports"], &spec["podSelector"], direction, all) {
                    // Names are always resolved.
                    if port != "53" && port != "53/UDP" {
                        doors.insert(format!("{peer}, {port}"), Value::Bool(true));
                    }
                }
            }
        }
        opened.insert(direction.to_owned(), Value::Object(doors));
    }
    let types: Vec<Value> = items(&spec["policyTypes"]).cloned().collect();
    opened.insert("policyTypes".to_owned(), Value::Array(types));
    opened
}

fn peers(list: &Value, workloads: &[(Value, String)]) -> Vec<String> {
    if is_empty(list) {
        return vec!["cluster".to_owned(), "internet".to_owned()];
    }
    let mut found = Vec::new();
    for peer in items(list) {
        let (pods, namespaces) = (&peer["podSelector"], &peer["namespaceSelector"]);
        if let Some(block) = peer.get("ipBlock") {
            let cidr = text(&block["cidr"]);
            found.push(match cidr {
                "0.0.0.0/0" => "internet".to_owned(),
                cidr => format!(
                    "{cidr} without {}",
                    items(&block["except"])
                        .map(text)
                        .collect::<Vec<_>>()
                        .join(" ")
                ),
            });
        } else if namespaces.is_null() {
            let all = is_empty(pods);
            let selected = workloads
                .iter()
                .filter(|(labels, _)| !all && matches(pods, labels));
            let names: Vec<String> = selected.map(|(_, name)| name.clone()).collect();
            match (all, names.is_empty()) {
                (true, _) => found.push("namespace".to_owned()),
                (false, true) => found.push(format!("pods {}", labels(pods))),
                (false, false) => found.extend(names),
            }
        } else if is_empty(namespaces) && is_empty(pods) {
            found.push("cluster".to_owned());
        } else {
            found.push(format!(
                "namespaces {} pods {}",
                labels(namespaces),
                labels(pods)
            ));
        }
    }
    found
}

fn labels(selector: &Value) -> String {
    let mut said: Vec<String> = fields(&selector["matchLabels"])
        .map(|(key, value)| format!("{key}={}", text(value)))
        .collect();
    said.extend(items(&selector["matchExpressions"]).map(Value::to_string));
    said.sort();
    said.join(" ")
}

fn ports(list: &Value, selector: &Value, direction: &str, all: &[Object]) -> Vec<String> {
    if is_empty(list) {
        return vec!["all ports".to_owned()];
    }
    let own = all.iter().filter(|one| {
        direction == "egress"
            || one
                .pod()
                .is_some_and(|pod| matches(selector, &pod["metadata"]["labels"]))
    });
    let containers: Vec<&Value> = own
        .filter_map(Object::pod)
        .flat_map(|pod| {
            items(&pod["spec"]["initContainers"]).chain(items(&pod["spec"]["containers"]))
        })
        .flat_map(|one| items(&one["ports"]))
        .collect();
    items(list)
        .map(|port| {
            let named = containers
                .iter()
                .find(|one| !text(&port["port"]).is_empty() && one["name"] == port["port"]);
            let number = number(&port["port"])
                .or_else(|| named.and_then(|one| number(&one["containerPort"])));
            let said = number.map_or_else(
                || text(&port["port"]).to_owned(),
                |number| number.to_string(),
            );
            if text(&port["protocol"]) == "UDP" {
                format!("{said}/UDP")
            } else {
                said
            }
        })
        .collect()
}
