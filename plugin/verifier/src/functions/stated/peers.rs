//! Whom the policies of the chart let through, beside those who are stated.

use super::connections::{both_ends, calls, closed, numbers, policy, taken};
use super::{Facts, Stated};
use crate::data::to_json;
use crate::world::is_made;
use serde_json::{Map, Value, json};
use taskspec_manifest::{Object, items, matches, text};

/// Ranges that are not public.
const PRIVATE: [&str; 6] = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
];

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
    others(facts);
    both_ends(facts);
}

/// Policies of what is no workload of the specification: they may let through
/// whom some workload may.
fn others(facts: &mut Facts<'_>) {
    let stated: Vec<Stated<'_>> = facts
        .found()
        .into_iter()
        .map(|(stated, _)| stated)
        .collect();
    let workloads = stated.iter().map(|stated| stated.table);
    let others = facts.spec["dependencies"].as_object().into_iter().flatten();
    let others = others
        .map(|(_, table)| table)
        .chain([&facts.spec["migrations"]]);
    let egress = workloads
        .chain(others)
        .flat_map(|table| items(&table["egress"]))
        .filter_map(egress_rule);
    let mut out: Vec<String> = egress
        .flat_map(|rule| items(&rule["to"]).map(Value::to_string).collect::<Vec<_>>())
        .collect();
    out.extend(dns(facts.spec));
    let mut known: Vec<String> = stated
        .iter()
        .flat_map(|stated| callers(facts, stated))
        .collect();
    known.push(space(&facts.spec["monitoring"], "namespace").to_string());
    let mut all = facts.spec["dependencies"].as_object().into_iter().flatten();
    if all.any(|(_, table)| text(&table["from"]).starts_with("cnpg/")) {
        // The operator may be in any namespace.
        known.push(json!({ "namespaceSelector": {} }).to_string());
    }
    guarded(facts);
    let policies = facts.objects.iter().filter(|object| {
        let component = object.label("app.kubernetes.io/component");
        object.kind() == "NetworkPolicy"
            && is_made(object)
            && !stated.iter().any(|one| one.name == component)
    });
    for policy in policies.collect::<Vec<_>>() {
        strangers(facts, policy, "egress", "to", &out);
        strangers(facts, policy, "ingress", "from", &known);
        narrow(facts, policy);
    }
}

/// Nobody reaches the servers of the release but whom a policy names.
fn guarded(facts: &mut Facts<'_>) {
    let inside = facts.spec["dependencies"].as_object().into_iter().flatten();
    let inside = inside.filter(|(_, table)| {
        table["external"] != true && !text(&table["from"]).starts_with("external/")
    });
    let sources: Vec<String> = inside.map(|(name, _)| format!("/charts/{name}/")).collect();
    let servers = facts.objects.iter().filter(|object| {
        object.hooks().is_empty()
            && ["Deployment", "StatefulSet"].contains(&object.kind())
            && sources.iter().any(|one| object.source.contains(one))
    });
    for object in servers.collect::<Vec<_>>() {
        let view = to_json(&facts.world.view(object));
        let path = format!("{}.metadata.labels", super::pod_path(object));
        facts.add(object, &path, &view["closed"]["ingress"], json!(true));
    }
}

/// What pods of the release ask for in so many words is not open to every namespace.
fn narrow(facts: &mut Facts<'_>, policy: &Object) {
    let own = taken(facts, &policy.value["spec"]["podSelector"]);
    let mut asked = Vec::new();
    let policies = facts
        .objects
        .iter()
        .filter(|object| object.kind() == "NetworkPolicy");
    for rule in policies.flat_map(|one| items(&one.value["spec"]["egress"])) {
        let mut peers = items(&rule["to"]).filter(|peer| !is_wide(peer));
        for object in &own {
            let pod = object.pod().unwrap_or(&Value::Null);
            if peers.any(|peer| matches(&peer["podSelector"], &pod["metadata"]["labels"])) {
                asked.extend(numbers(rule, pod));
            }
        }
    }
    for (index, rule) in items(&policy.value["spec"]["ingress"]).enumerate() {
        let open = items(&rule["from"]).any(|peer| *peer == json!({ "namespaceSelector": {} }));
        let main = own.iter().any(|object| {
            let ports = numbers(rule, object.pod().unwrap_or(&Value::Null));
            ports.iter().any(|port| asked.contains(port))
        });
        if open && main {
            let path = format!("spec.ingress[{index}].from");
            facts.add(policy, &path, &json!("anybody"), json!("named peers"));
        }
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

pub(super) fn egress_rule(stated: &Value) -> Option<Value> {
    let mut ports: Vec<Value> = Vec::new();
    for (key, protocol) in [("ports", "TCP"), ("udp-ports", "UDP")] {
        ports.extend(items(&stated[key]).map(|port| json!([port, protocol])));
    }
    ports.sort_by_key(Value::to_string);
    Some(json!({ "to": [peer(&stated["to"])?], "ports": ports }))
}

/// A peer as policies name it; none for parts of the chart and the API server.
pub(super) fn peer(stated: &Value) -> Option<Value> {
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
pub(super) fn is_wide(peer: &Value) -> bool {
    !peer["ipBlock"].is_null()
        || !peer["namespaceSelector"].is_null()
        || peer["podSelector"].as_object().is_some_and(Map::is_empty)
}

/// Peers that resolve names.
fn dns(spec: &Value) -> Vec<String> {
    let network = &spec["network"];
    let space = network["dns-namespace"].as_str().unwrap_or("kube-system");
    let stated = network["dns-labels"].as_object();
    let labels = if stated.is_some_and(|labels| !labels.is_empty()) {
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
pub(super) fn resolves(facts: &mut Facts<'_>, policy: &Object) {
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
        let nobody_named = items(&rule[peers]).next().is_none();
        if nobody_named && !(way == "egress" && api) {
            // A server outside may have any address.
            let mut ports = items(&rule["ports"]).peekable();
            let numbers = ports.peek().is_some() && ports.all(|one| one["port"].is_number());
            if !(moved && numbers) {
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
    }
    let known = callers(facts, stated);
    strangers(facts, policy, "ingress", "from", &known);
    from_outside(facts, stated, policy);
    if stated.kind() == "service" && stated.main_port().is_some() {
        from_tests(facts, policy);
    }
}

/// Where the specification names the namespace of the Ingress or gateway, that one
/// may connect to the port which is exposed.
fn from_outside(facts: &mut Facts<'_>, stated: &Stated<'_>, policy: &Object) {
    let peer = space(&facts.spec["ingress"], "namespace");
    let exposed = facts.objects.iter().any(|object| {
        let backend = format!("\"{}\"", policy.name());
        let spec = object.value["spec"].to_string();
        object.kind() == "Ingress" && object.is_own() && spec.contains(&backend)
    });
    if !exposed || peer == json!({ "namespaceSelector": {} }) {
        return;
    }
    let ports = stated.ports();
    let is_exposed = |port: &Value| {
        ports
            .iter()
            .any(|one| one.exposed && (port["port"] == one.number || port["port"] == *one.name))
    };
    let there = items(&policy.value["spec"]["ingress"]).any(|rule| {
        items(&rule["from"]).any(|found| *found == peer) && items(&rule["ports"]).any(is_exposed)
    });
    let found = if there {
        peer.clone()
    } else {
        json!("missing")
    };
    facts.add(policy, "spec.ingress", &found, peer);
}

/// Tests are let in by their labels, or with their whole namespace.
fn from_tests(facts: &mut Facts<'_>, policy: &Object) {
    let tests = facts
        .objects
        .iter()
        .filter(|object| object.is_own() && is_made(object) && object.hooks().contains(&"test"));
    let asked = |test: &&Object| {
        let own = taken(facts, &policy.value["spec"]["podSelector"]);
        let name = format!("\"{}\"", policy.name());
        !own.is_empty() && test.value.to_string().contains(&name)
    };
    for test in tests.filter(asked).collect::<Vec<_>>() {
        let labels = &test.pod().unwrap_or(&Value::Null)["metadata"]["labels"];
        let there = items(&policy.value["spec"]["ingress"]).any(|rule| {
            items(&rule["from"]).any(|peer| {
                peer["podSelector"].is_object()
                    && peer["namespaceSelector"].is_null()
                    && matches(&peer["podSelector"], labels)
            })
        });
        let found = if there { "named" } else { "missing" };
        facts.add(policy, "spec.ingress", &json!(found), json!("named"));
    }
}

/// The peer that means a namespace which a section names, or any.
fn space(table: &Value, key: &str) -> Value {
    let parent = &table["parents"][0]["namespace"];
    let space = if table[key].is_null() {
        parent
    } else {
        &table[key]
    };
    match space.as_str() {
        Some(name) => {
            json!({ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": name } } })
        }
        None => json!({ "namespaceSelector": {} }),
    }
}

/// Who outside of the release may connect to a workload.
fn callers(facts: &Facts<'_>, stated: &Stated<'_>) -> Vec<String> {
    let allowed = items(&stated.table["allow-from"]).filter_map(peer);
    let mut known: Vec<String> = allowed.map(|peer| peer.to_string()).collect();
    if is_unknown(facts, stated) {
        known.push(json!({ "podSelector": {} }).to_string());
    }
    for (section, key) in [
        ("ingress", "namespace"),
        ("gateway", "namespace"),
        ("monitoring", "namespace"),
    ] {
        let table = &facts.spec[section];
        let peer = space(table, key);
        if table.is_object() || section == "monitoring" && stated.table["metrics"].is_object() {
            known.push(peer.to_string());
            // Sections of other environments may let in what this one does not name.
            if section != "monitoring" && table[key].is_null() {
                known.push(json!({ "namespaceSelector": {} }).to_string());
            }
        }
    }
    known
}

/// Whether nobody is said to connect to a workload: it is open to its namespace then.
fn is_unknown(facts: &Facts<'_>, stated: &Stated<'_>) -> bool {
    let is_called = facts
        .stated()
        .iter()
        .any(|other| calls(other).contains(stated.name));
    let backend = policy(facts, stated.name).map(|policy| format!("\"{}\"", policy.name()));
    let is_exposed = facts.objects.iter().any(|object| {
        let spec = object.value["spec"].to_string();
        ["Ingress", "HTTPRoute"].contains(&object.kind())
            && object.is_own()
            && backend.as_ref().is_some_and(|name| spec.contains(name))
    });
    items(&stated.table["allow-from"]).next().is_none() && !is_called && !is_exposed
}
