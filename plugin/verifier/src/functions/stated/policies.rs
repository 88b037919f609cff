//! How exactly the policies that the compiler writes name those who may connect.

use super::connections::{closed, policy};
use super::peers::{egress_rule, is_wide, peer, resolves};
use super::{Facts, Stated};
use crate::landscape::usual_port;
use crate::world::is_made;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use taskspec_manifest::{Object, items, matches, text};

const NAME: &str = "app.kubernetes.io/name";
const INSTANCE: &str = "app.kubernetes.io/instance";
const COMPONENT: &str = "app.kubernetes.io/component";

/// Policies name pods of this release by their component, with their ports, and
/// let through who asks for a server elsewhere.
pub fn policies(facts: &mut Facts<'_>) {
    if !closed(facts) {
        return;
    }
    let stated = peers_by_label(facts);
    let made = facts
        .objects
        .iter()
        .filter(|object| object.kind() == "NetworkPolicy" && is_made(object));
    for policy in made.collect::<Vec<_>>() {
        let component = policy.label(COMPONENT);
        let is_workload = !facts.spec["workloads"][component].is_null();
        let is_server = !is_workload && facts.spec["dependencies"][component].is_object();
        for (way, key) in [("ingress", "from"), ("egress", "to")] {
            for (index, rule) in items(&policy.value["spec"][way]).enumerate() {
                let mut inner = items(&rule[key])
                    .filter(|peer| !is_wide(peer) && !stated.contains(&peer.to_string()))
                    .peekable();
                let path = format!("spec.{way}[{index}]");
                let any = items(&rule["ports"]).next().is_none();
                if inner.peek().is_some() && any && way == "egress" && !is_server {
                    facts.add(policy, &path, &json!("any port"), json!("named ports"));
                }
                for peer in inner {
                    exact(facts, policy, &path, &peer["podSelector"]);
                }
            }
        }
        let limits_egress = items(&policy.value["spec"]["policyTypes"]).any(|way| way == "Egress");
        let is_client = !is_workload && ["connection-test", "migrate"].contains(&component);
        if policy.is_own() && limits_egress && (is_server || is_client) {
            resolves(facts, policy);
        }
    }
    elsewhere(facts);
}

/// Peers that the specification names by their labels alone.
fn peers_by_label(facts: &Facts<'_>) -> BTreeSet<String> {
    let workloads = facts.spec["workloads"].as_object().into_iter().flatten();
    let tables = workloads
        .map(|(_, table)| table)
        .chain([&facts.spec["migrations"]]);
    let mut all = BTreeSet::new();
    for table in tables {
        let egress = items(&table["egress"]).filter_map(egress_rule);
        all.extend(
            egress.flat_map(|rule| items(&rule["to"]).map(Value::to_string).collect::<Vec<_>>()),
        );
        let admitted = items(&table["allow-from"]).filter_map(peer);
        all.extend(admitted.map(|peer| peer.to_string()));
    }
    all
}

/// Whether a selector means pods of this release, and one component of them.
fn exact(facts: &mut Facts<'_>, policy: &Object, path: &str, selector: &Value) {
    let release = facts.world.release.as_str();
    let labels = &selector["matchLabels"];
    let is_ours = if labels[NAME].is_null() {
        let mut values = labels.as_object().into_iter().flatten();
        values.any(|(_, value)| text(value).contains(release))
    } else {
        labels[INSTANCE] == *release
    };
    if !is_ours {
        facts.add(
            policy,
            path,
            &json!("pods of any release"),
            json!("pods of this release"),
        );
    }
    let open = |stated: &Stated<'_>| {
        let mut all = items(&stated.table["allow-from"]);
        all.any(|peer| peer == "release")
    };
    let component = policy.label(COMPONENT);
    let is_open = facts
        .stated()
        .iter()
        .any(|stated| stated.name == component && open(stated));
    // A pod of the chart that nobody knows.
    let nobody = json!({ NAME: policy.label(NAME), INSTANCE: release, COMPONENT: "" });
    if !is_open && matches(selector, &nobody) {
        facts.add(
            policy,
            path,
            &json!("every pod of the release"),
            json!("named components"),
        );
    }
}

/// Who uses a server outside of the release may connect to its port.
fn elsewhere(facts: &mut Facts<'_>) {
    let all = facts.spec["dependencies"].as_object().into_iter().flatten();
    let mut outside = Vec::new();
    for (name, table) in all {
        let from = text(&table["from"]);
        if table["external"] != true && !from.starts_with("external/") {
            continue;
        }
        let port = table["port"].as_u64();
        let usual = || usual_port(from).map(u64::from);
        if let Some(port) = port.or_else(usual) {
            outside.push((name.as_str(), port));
        }
    }
    let mut users: Vec<(String, Vec<String>)> = facts
        .found()
        .iter()
        .map(|(stated, _)| {
            let uses = stated.both("uses").into_iter();
            let uses = uses.map(|name| text(name).to_owned()).collect();
            (stated.name.to_owned(), uses)
        })
        .collect();
    users.push((
        "connection-test".to_owned(),
        outside.iter().map(|(name, _)| (*name).to_owned()).collect(),
    ));
    let migrates = items(&facts.spec["migrations"]["uses"]);
    users.push((
        "migrate".to_owned(),
        migrates.map(|name| text(name).to_owned()).collect(),
    ));
    for (component, uses) in users {
        let Some(policy) = policy(facts, &component) else {
            continue;
        };
        for (name, port) in outside
            .iter()
            .filter(|(name, _)| uses.iter().any(|one| one == name))
        {
            let mut rules = items(&policy.value["spec"]["egress"]);
            let there = rules.any(|rule| {
                let open = rule["to"].is_null() || items(&rule["to"]).any(is_wide);
                open && items(&rule["ports"]).any(|one| one["port"] == *port)
            });
            let expected = json!(format!("open to {name}:{port}"));
            let found = if there {
                expected.clone()
            } else {
                json!("closed")
            };
            facts.add(policy, "spec.egress", &found, expected);
        }
    }
}
