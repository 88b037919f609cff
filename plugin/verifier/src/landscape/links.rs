//! Who opens connections to whom.

use super::Drawing;
use crate::network::limits;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use taskspec_manifest::{Object, items, text};
use taskspec_report::{EdgeKind, NodeKind};

/// Ports of name servers: every pod asks them, so they are in no picture.
const DNS: [u64; 2] = [53, 5353];

/// Where a host that a variable names leads to.
struct Host {
    name: String,
    node: String,
    port: Option<u16>,
}

impl Drawing<'_> {
    /// Edges that policies, the specification and variables show.
    pub(super) fn connections(&mut self) {
        self.by_policies();
        self.by_specification();
        self.by_variables();
    }

    fn by_policies(&mut self) {
        let objects = self.objects;
        for policy in objects {
            for (way, peers) in [("egress", "to"), ("ingress", "from")] {
                if !limits(policy, way) {
                    continue;
                }
                let owners = self.selected(&policy.value["spec"]["podSelector"]);
                for rule in items(&policy.value["spec"][way]) {
                    for owner in &owners {
                        self.by_rule(policy, owner, way, &rule[peers], rule);
                    }
                }
            }
        }
    }

    fn by_rule(&mut self, policy: &Object, owner: &str, way: &str, peers: &Value, rule: &Value) {
        let stated: Vec<&Value> = items(&rule["ports"]).collect();
        let is_dns = |port: &&Value| port["port"].as_u64().is_some_and(|one| DNS.contains(&one));
        if !stated.is_empty() && stated.iter().all(is_dns) {
            return;
        }
        let because = policy.id();
        if items(peers).next().is_none() {
            self.without_peers(owner, way, &stated, &because);
            return;
        }
        for peer in items(peers) {
            if peer["namespaceSelector"].is_null() && peer["ipBlock"].is_null() {
                // Within the release only the side that connects counts: the other
                // one lets through more than what is used.
                let found = self.selected(&peer["podSelector"]);
                if !found.is_empty() {
                    if way == "egress" {
                        for target in found {
                            for port in self.numbers(&target, &stated) {
                                self.link(owner, &target, EdgeKind::Connects, &port, &because);
                            }
                        }
                    }
                    continue;
                }
                // A part of the release that this environment does not have.
                let labels = &peer["podSelector"]["matchLabels"];
                if labels["app.kubernetes.io/instance"] == self.world.release.as_str() {
                    continue;
                }
            }
            let (label, facts) = named(peer);
            // A peer at both ends of a picture would be drawn twice.
            let id = match way {
                "egress" => format!("peer/to/{label}"),
                _ => format!("peer/from/{label}"),
            };
            let node = self.add(&id, NodeKind::Peer, &label);
            for fact in facts {
                if !node.facts.contains(&fact) {
                    node.facts.push(fact);
                }
            }
            if way == "egress" {
                for port in shown(&stated) {
                    self.link(owner, &id, EdgeKind::Connects, &port, &because);
                }
            } else {
                for port in self.numbers(owner, &stated) {
                    self.link(&id, owner, EdgeKind::Connects, &port, &because);
                }
            }
        }
    }

    /// A rule that lets every address through.
    fn without_peers(&mut self, owner: &str, way: &str, stated: &[&Value], because: &str) {
        if way == "ingress" {
            self.add("peer/from/anywhere", NodeKind::Peer, "anywhere");
            for port in self.numbers(owner, stated) {
                self.link(
                    "peer/from/anywhere",
                    owner,
                    EdgeKind::Connects,
                    &port,
                    because,
                );
            }
            return;
        }
        for port in shown(stated) {
            // The address of a server outside is unknown to policies; its port is not.
            let number: Option<u16> = port.parse().ok();
            let meant: Vec<String> = self
                .nodes
                .values()
                .filter(|node| node.kind == NodeKind::External)
                .filter(|node| node.ports.iter().any(|one| Some(one.number) == number))
                .map(|node| node.id.clone())
                .collect();
            if meant.is_empty() {
                self.add("peer/to/anywhere", NodeKind::Peer, "anywhere");
                self.link(
                    owner,
                    "peer/to/anywhere",
                    EdgeKind::Connects,
                    &port,
                    because,
                );
            }
            for target in meant {
                self.link(owner, &target, EdgeKind::Connects, &port, because);
            }
        }
    }

    /// Numbers of ports, which a policy may name.
    fn numbers(&self, target: &str, stated: &[&Value]) -> Vec<String> {
        let ports: BTreeMap<String, u16> = self
            .nodes
            .get(target)
            .into_iter()
            .flat_map(|node| &node.pods)
            .flat_map(|pods| &pods.containers)
            .flat_map(|container| &container.ports)
            .map(|port| (port.name.clone(), port.number))
            .collect();
        let of = |port: &&Value| match port["port"].as_str() {
            Some(name) => ports
                .get(name)
                .map_or_else(|| name.to_owned(), u16::to_string),
            None => one(port),
        };
        let all: Vec<String> = stated.iter().map(of).collect();
        if all.is_empty() {
            vec![String::new()]
        } else {
            all
        }
    }

    /// What workloads and migrations say that they use and call.
    fn by_specification(&mut self) {
        let workloads = self.spec["workloads"].as_object();
        for (name, stated) in workloads.into_iter().flatten() {
            let from = self.labelled(&[NodeKind::Workload, NodeKind::Job, NodeKind::Hook], name);
            let Some(from) = from else { continue };
            let like = &self.spec["workloads"][text(&stated["like"])];
            let both = |key: &str| {
                let all: BTreeSet<String> = items(&stated[key])
                    .chain(items(&like[key]))
                    .map(|one| text(one).to_owned())
                    .collect();
                all
            };
            for dependency in both("uses") {
                self.link_dependency(&from, &dependency);
            }
            for called in both("calls") {
                let to = self.labelled(&[NodeKind::Workload], &called);
                if let Some(to) = to {
                    let port = self.main_port(&to);
                    self.link(&from, &to, EdgeKind::Connects, &port, "calls");
                }
            }
        }
        for dependency in items(&self.spec["migrations"]["uses"]) {
            if let Some(from) = self.labelled(&[NodeKind::Migration], "migrate") {
                self.link_dependency(&from, text(dependency));
            }
        }
    }

    fn link_dependency(&mut self, from: &str, name: &str) {
        for kind in ["dependency", "external"] {
            let to = format!("{kind}/{name}");
            if self.nodes.contains_key(&to) {
                // A policy's port is the better witness; this one only fills the gap.
                let known = (from.to_owned(), to.clone(), EdgeKind::Connects);
                let port = match self.edges.get(&known) {
                    Some(why) if !why.ports.is_empty() => String::new(),
                    _ => self.main_port(&to),
                };
                self.link(from, &to, EdgeKind::Connects, &port, "uses");
            }
        }
    }

    fn labelled(&self, kinds: &[NodeKind], label: &str) -> Option<String> {
        let found = self
            .nodes
            .values()
            .find(|node| kinds.contains(&node.kind) && node.label == label);
        found.map(|node| node.id.clone())
    }

    fn main_port(&self, id: &str) -> String {
        let node = self.nodes.get(id);
        let first = node.and_then(|node| node.ports.first());
        first.map_or_else(String::new, |port| port.number.to_string())
    }

    /// Hosts in the texts of variables.
    fn by_variables(&mut self) {
        let hosts = self.hosts();
        let own: BTreeSet<String> = self
            .nodes
            .values()
            .filter(|node| node.kind == NodeKind::Exposure)
            .map(|node| node.label.clone())
            .collect();
        let mut found = Vec::new();
        for node in self.nodes.values() {
            for container in node.pods.iter().flat_map(|pods| &pods.containers) {
                for variable in &container.variables {
                    found.push((
                        node.id.clone(),
                        variable.name.clone(),
                        variable.value.clone(),
                    ));
                }
            }
        }
        for (from, name, value) in found {
            for host in &hosts {
                if let Some(port) = mentions(&value, &host.name) {
                    let known = (from.clone(), host.node.clone(), EdgeKind::Connects);
                    let is_new = self
                        .edges
                        .get(&known)
                        .is_none_or(|why| why.ports.is_empty());
                    let port = port.or(host.port.map(|one| one.to_string()));
                    let port = port.filter(|_| is_new).unwrap_or_default();
                    self.link(&from, &host.node, EdgeKind::Connects, &port, &name);
                }
            }
            if let Some((host, port)) = elsewhere(&name, &value) {
                let known = hosts.iter().any(|one| mentions(&host, &one.name).is_some());
                if !known && !own.contains(&host) {
                    self.link_host(&from, &name, &host, &port);
                }
            }
        }
    }

    /// An edge to a host outside the release that a variable names.
    fn link_host(&mut self, from: &str, variable: &str, host: &str, port: &str) {
        let namespace = host.split('.').nth(1).unwrap_or_default();
        let peer = format!("peer/to/namespace {namespace}");
        if self.nodes.contains_key(&peer) {
            self.link(from, &peer, EdgeKind::Connects, port, variable);
            return;
        }
        let id = format!("external/{host}");
        let node = self.add(&id, NodeKind::External, host);
        if node.facts.is_empty() {
            host.clone_into(&mut node.origin);
            node.facts.push("named by a variable".to_owned());
        }
        self.link(from, &id, EdgeKind::Connects, port, variable);
    }

    /// Names of Services, and hosts of servers outside, with their nodes.
    fn hosts(&self) -> Vec<Host> {
        let mut all = Vec::new();
        for service in self.objects.iter().filter(|one| one.kind() == "Service") {
            let port = items(&service.value["spec"]["ports"]).next();
            let port = port.and_then(|one| u16::try_from(one["port"].as_u64()?).ok());
            for node in self.behind(service) {
                all.push(Host {
                    name: service.name().to_owned(),
                    node,
                    port,
                });
            }
        }
        let outside = self
            .nodes
            .values()
            .filter(|node| node.kind == NodeKind::External && !node.origin.is_empty());
        all.extend(outside.map(|node| Host {
            name: node.origin.clone(),
            node: node.id.clone(),
            port: node.ports.first().map(|port| port.number),
        }));
        all
    }
}

/// Whether a text names a host, and the port behind it.
fn mentions(text: &str, host: &str) -> Option<Option<String>> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let found = text.match_indices(host).find(|(at, _)| {
        let before = text[..*at].chars().next_back();
        let after = text[at + host.len()..].chars().next();
        !before.is_some_and(|c| part(c) || c == '.') && !after.is_some_and(part)
    });
    let (at, _) = found?;
    let rest = &text[at + host.len()..];
    // `name.namespace.svc:80`: the rest of the host comes first.
    let rest = rest.trim_start_matches(|c: char| part(c) || c == '.');
    let port = rest.strip_prefix(':').map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits
    });
    Some(port.filter(|port| !port.is_empty()))
}

/// The host of a URL that is a connection, and its port.
fn elsewhere(name: &str, value: &str) -> Option<(String, String)> {
    let upper = name.to_ascii_uppercase();
    // Addresses that are compared with, not connected to.
    if ["CORS", "ORIGIN", "ALLOWED", "REDIRECT", "PUBLIC"]
        .iter()
        .any(|word| upper.contains(word))
    {
        return None;
    }
    let (scheme, rest) = value.split_once("://")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    if scheme.is_empty() || !scheme.chars().all(plain) {
        return None;
    }
    let authority = rest.split(['/', '?', '#', ',', ' ']).next()?;
    let authority = authority.rsplit('@').next()?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.to_owned()),
        None => (authority, String::new()),
    };
    let usual = match scheme {
        "https" | "wss" => "443",
        "http" | "ws" => "80",
        _ => "",
    };
    let port = if port.is_empty() {
        usual.to_owned()
    } else {
        port
    };
    let is_host = !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
        && port.chars().all(|c| c.is_ascii_digit())
        && !["localhost", "127.0.0.1", "0.0.0.0"].contains(&host);
    is_host.then(|| (host.to_owned(), port))
}

/// Ports of a policy's rule; one empty text for all of them.
fn shown(stated: &[&Value]) -> Vec<String> {
    let all: Vec<String> = stated.iter().map(|port| one(port)).collect();
    if all.is_empty() {
        vec![String::new()]
    } else {
        all
    }
}

fn one(port: &Value) -> String {
    let first = match &port["port"] {
        Value::Null => "all".to_owned(),
        Value::String(name) => name.clone(),
        other => other.to_string(),
    };
    let range = match port["endPort"].as_u64() {
        Some(last) => format!("{first}-{last}"),
        None => first,
    };
    match text(&port["protocol"]) {
        "" | "TCP" => range,
        other => format!("{range}/{other}"),
    }
}

/// A peer of a policy in words, with its labels.
fn named(peer: &Value) -> (String, Vec<String>) {
    let labels = |selector: &Value| {
        let all = selector["matchLabels"].as_object().into_iter().flatten();
        let all = all.map(|(key, value)| format!("{key}={}", text(value)));
        all.collect::<Vec<_>>()
    };
    let block = &peer["ipBlock"];
    if block.is_object() {
        let cidr = text(&block["cidr"]);
        let except = items(&block["except"]).count();
        return match (cidr, except) {
            ("0.0.0.0/0" | "::/0", 0) => ("any address".to_owned(), Vec::new()),
            ("0.0.0.0/0" | "::/0", _) => (
                "internet".to_owned(),
                vec!["public addresses only".to_owned()],
            ),
            _ => (cidr.to_owned(), Vec::new()),
        };
    }
    let pods = labels(&peer["podSelector"]);
    let namespaces = &peer["namespaceSelector"];
    let stated = labels(namespaces);
    let label = match stated.as_slice() {
        _ if namespaces.is_null() && pods.is_empty() => "the release's namespace".to_owned(),
        _ if namespaces.is_null() => format!("pods {}", pods.join(", ")),
        [] => "any namespace".to_owned(),
        [one] => match one.strip_prefix("kubernetes.io/metadata.name=") {
            Some(name) => format!("namespace {name}"),
            None => format!("namespaces {one}"),
        },
        several => format!("namespaces {}", several.join(", ")),
    };
    let facts = match pods.as_slice() {
        [] => Vec::new(),
        pods => vec![format!("pods {}", pods.join(", "))],
    };
    (label, facts)
}

#[cfg(test)]
mod tests {
    use super::{elsewhere, mentions};

    #[test]
    fn hosts_are_found_as_words() {
        let port = |text| mentions(text, "rel-db");
        assert_eq!(
            port("postgres://u@rel-db:5432/x"),
            Some(Some("5432".into()))
        );
        assert_eq!(port("rel-db.ns.svc:1"), Some(Some("1".into())));
        assert_eq!(port("rel-db"), Some(None));
        assert_eq!(port("rel-db-ro:5432"), None);
        assert_eq!(port("my-rel-db"), None);
    }

    #[test]
    fn urls_lead_to_hosts() {
        let host = |name, value| elsewhere(name, value);
        assert_eq!(
            host("OIDC_URL", "http://keycloak.keycloak:8080/realms/x"),
            Some(("keycloak.keycloak".into(), "8080".into()))
        );
        assert_eq!(
            host("API", "https://api.example.com"),
            Some(("api.example.com".into(), "443".into()))
        );
        for (name, value) in [
            ("CORS_ORIGINS", "https://a.example.com"),
            ("X", "http://localhost:1"),
            ("X", "a sentence with :// in it"),
            ("X", "https://$(HOST)/"),
        ] {
            assert_eq!(host(name, value), None, "{name} {value}");
        }
    }
}
