//! Connection URLs lead to servers of the rendering, and the network policies
//! of both ends let them through.

use super::{Rendering, items, text};
use crate::manifest::{Object, Pod, matches};
use crate::text::{Url, base64, url};
use serde_json::Value;

pub fn faults(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for secret in rendering.kind("Secret") {
        for (key, value) in secret.value["data"].as_object().into_iter().flatten() {
            let plain = base64(text(value))
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .unwrap_or_default();
            if !plain.contains("://") {
                continue;
            }
            let found = match url(&plain) {
                Some(url) => target(rendering, secret.name(), key, &url),
                None => vec!["is no URL with user, password, host and port".to_owned()],
            };
            faults.extend(
                found
                    .into_iter()
                    .map(|fault| format!("{}: {key} {fault}", secret.id())),
            );
        }
    }
    faults.extend(rendering.each_own("ExternalSecret", composed));
    faults.extend(test_urls(rendering));
    faults.extend(addresses(rendering));
    faults.extend(rendering.each_own("NetworkPolicy", limits));
    faults.extend(open(rendering));
    faults
}

/// URLs that an operator composes of what it fetches.
fn composed(rendering: &Rendering<'_>, object: &Object) -> Vec<String> {
    let target_spec = &object.value["spec"]["target"];
    let templates = target_spec["template"]["data"].as_object();
    let mut faults = Vec::new();
    for (key, template) in templates.into_iter().flatten() {
        let found = match url(&filled(text(template))) {
            // Beyond the release nothing can be known.
            Some(url) if url.host.contains('.') => Vec::new(),
            Some(url) => target(rendering, text(&target_spec["name"]), key, &url),
            None if text(template).contains("://") => {
                vec!["is no URL with user, password, host and port".to_owned()]
            }
            None => Vec::new(),
        };
        faults.extend(found.into_iter().map(|fault| format!("{key} {fault}")));
    }
    faults
}

/// A template with a password in each place of one.
fn filled(template: &str) -> String {
    let mut parts = template.split("{{");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str("sixteen-letters-");
        text.push_str(part.split_once("}}").map_or("", |(_, rest)| rest));
    }
    text
}

/// A policy limits both ways, opens neither to everybody, and lets names be resolved.
fn limits(rendering: &Rendering<'_>, policy: &Object) -> Vec<String> {
    let spec = &policy.value["spec"];
    // Where the servers of a repository's chart go is up to them.
    let servers = rendering
        .pods()
        .iter()
        .filter(|pod| pod.matches(&spec["podSelector"]))
        .all(|pod| pod.object.is_from(rendering.from_repositories));
    let ways: &[&str] = if servers {
        &["Ingress"]
    } else {
        &["Ingress", "Egress"]
    };
    let mut faults: Vec<String> = ways
        .iter()
        .filter(|way| !items(&spec["policyTypes"]).any(|kind| kind == **way))
        .map(|way| format!("does not limit {way}"))
        .collect();
    let nobody = |peers: &Value| items(peers).next().is_none();
    if items(&spec["ingress"]).any(|rule| nobody(&rule["from"])) {
        faults.push("lets everybody in".to_owned());
    }
    if items(&spec["egress"]).any(|rule| nobody(&rule["to"]) && nobody(&rule["ports"])) {
        faults.push("lets its pods go everywhere".to_owned());
    }
    // Long answers come over TCP.
    let resolves = |rule: &Value| {
        let over = |protocol: &'static str| {
            items(&rule["ports"]).filter(move |port| port["protocol"] == protocol)
        };
        over("UDP").any(|udp| over("TCP").any(|tcp| tcp["port"] == udp["port"]))
    };
    if items(&spec["egress"]).next().is_some() && !items(&spec["egress"]).any(resolves) {
        faults.push("keeps its pods from DNS".to_owned());
    }
    faults
}

/// Pods that no policy limits although others are limited.
fn open(rendering: &Rendering<'_>) -> Vec<String> {
    if rendering.own("NetworkPolicy").next().is_none() {
        return Vec::new();
    }
    let network = Network { rendering };
    rendering
        .pods()
        .iter()
        .filter(|pod| pod.object.is_own() && !pod.object.is_extra())
        .filter(|pod| network.of(pod, "Ingress").is_empty())
        .map(|pod| format!("{}: no policy limits it", pod.object.id()))
        .collect()
}

/// Variables that hold a host, an address or a URL of the release: the pod may
/// connect there. What leads beyond the release cannot be known.
fn addresses(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let pods = rendering.pods();
    for pod in pods.iter().filter(|pod| pod.object.is_own()) {
        let variables = pod.containers().into_iter().flat_map(|c| items(&c["env"]));
        for variable in variables {
            // A user or a database may be called like a Service.
            let name = text(&variable["name"]);
            if ["_NAME", "_USER", "_DATABASE"]
                .iter()
                .any(|end| name.ends_with(end))
            {
                continue;
            }
            let found = text(&variable["value"])
                .split_whitespace()
                .filter_map(|word| unreachable(rendering, pod, word));
            faults.extend(
                found.map(|fault| format!("{}: {} {fault}", pod.object.id(), variable["name"])),
            );
        }
    }
    faults
}

/// Why a pod does not reach what a word names; nothing if it names no server.
pub fn unreachable(rendering: &Rendering<'_>, pod: &Pod<'_>, word: &str) -> Option<String> {
    let (host, port) = address(word);
    let service = rendering.find("Service", host);
    let ports: Vec<u16> = match (port, service) {
        (Some(port), _) => vec![port],
        (None, None) => return None,
        // A bare name: one of its ports is meant.
        (None, Some(service)) => items(&service.value["spec"]["ports"])
            .filter_map(|stated| stated["port"].as_u64()?.try_into().ok())
            .collect(),
    };
    // `word:1` may be anything, `scheme://word:1` is a server.
    if host.contains('.') || service.is_none() && !word.contains("://") {
        return None;
    }
    let network = Network { rendering };
    let mut fault = format!("leads to {host}, which has no port");
    for port in ports {
        match server(rendering, host, port) {
            Ok((server, port)) if network.allows(pod, &server, port) => return None,
            Ok((server, _)) => fault = format!("may not connect to {}", server.object.id()),
            Err(other) => fault = other,
        }
    }
    Some(fault)
}

/// Host and port of `host`, `host:port` or `scheme://user:password@host:port/path`.
fn address(word: &str) -> (&str, Option<u16>) {
    let after = word.split_once("://").map_or(word, |(_, rest)| rest);
    let authority = after.split('/').next().unwrap_or_default();
    let place = authority.rsplit('@').next().unwrap_or_default();
    match place.split_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (place, None),
    }
}

/// Faults of a URL: no such Service, or a client that may not connect.
fn target(rendering: &Rendering<'_>, secret: &str, key: &str, url: &Url) -> Vec<String> {
    let (server, port) = match server(rendering, &url.host, url.port) {
        Ok(found) => found,
        Err(fault) => return vec![fault],
    };
    if url.password.len() < 16 {
        return vec!["has a short password".to_owned()];
    }
    let network = Network { rendering };
    clients(rendering, secret, key)
        .into_iter()
        .filter(|client| !network.allows(client, &server, port))
        .map(|client| {
            format!(
                "is used by {}, which may not connect to {}",
                client.object.id(),
                server.object.id()
            )
        })
        .collect()
}

/// The pod behind a host and port, with the port of its container.
fn server<'a>(
    rendering: &'a Rendering<'_>,
    host: &str,
    port: u16,
) -> Result<(Pod<'a>, u64), String> {
    let service = rendering
        .find("Service", host)
        .ok_or_else(|| format!("leads to {host}, which is no Service"))?;
    let stated = items(&service.value["spec"]["ports"]).find(|stated| stated["port"] == port);
    let stated = stated
        .ok_or_else(|| format!("leads to port {port}, which Service {host} does not have"))?;
    let selector = super::service_selector(service);
    let pod = rendering
        .pods()
        .into_iter()
        .find(|pod| pod.matches(&selector));
    let pod = pod.ok_or_else(|| format!("leads to {host}, which has no pod"))?;
    let inner = match stated["targetPort"].as_str() {
        Some(name) => pod.port(name).unwrap_or_default(),
        None => stated["targetPort"].as_u64().unwrap_or(u64::from(port)),
    };
    Ok((pod, inner))
}

/// The pods that read a key of a Secret.
fn clients<'a>(rendering: &'a Rendering<'_>, secret: &str, key: &str) -> Vec<Pod<'a>> {
    let reads = |variable: &Value| {
        let from = &variable["valueFrom"]["secretKeyRef"];
        from["name"] == secret && from["key"] == key
    };
    let mut pods = rendering.pods();
    pods.retain(|pod| {
        pod.containers()
            .iter()
            .any(|container| items(&container["env"]).any(reads))
    });
    pods
}

/// Services that the test pod asks: variables `X_HOST` and `X_PORT`.
fn test_urls(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for pod in rendering
        .pods()
        .iter()
        .filter(|pod| pod.object.hooks().contains(&"test"))
    {
        let variables: Vec<(&str, &str)> = pod
            .containers()
            .into_iter()
            .flat_map(|container| items(&container["env"]))
            .map(|variable| (text(&variable["name"]), text(&variable["value"])))
            .collect();
        for (name, host) in variables
            .iter()
            .filter_map(|(name, host)| Some((name.strip_suffix("_HOST")?, *host)))
            // Beyond the release nothing can be known.
            .filter(|(_, host)| !host.contains('.'))
        {
            let port = variables
                .iter()
                .find(|(other, _)| other.strip_suffix("_PORT") == Some(name))
                .map(|(_, port)| *port);
            let fault = match server(
                rendering,
                host,
                port.and_then(|port| port.parse().ok()).unwrap_or_default(),
            ) {
                Ok((server, port)) if (Network { rendering }).allows(pod, &server, port) => {
                    continue;
                }
                Ok((server, _)) => format!("may not connect to {}", server.object.id()),
                Err(fault) => fault,
            };
            faults.push(format!("{}: {name} {fault}", pod.object.id()));
        }
    }
    faults
}

/// The network policies of a rendering, all pods in one namespace.
pub struct Network<'a> {
    /// The rendering.
    pub rendering: &'a Rendering<'a>,
}

impl Network<'_> {
    /// Whether a client may open a port of a server, in the eyes of both.
    pub fn allows(&self, client: &Pod<'_>, server: &Pod<'_>, port: u64) -> bool {
        self.one_side(client, "Egress", server, server, port)
            && self.one_side(server, "Ingress", client, server, port)
    }

    /// Whether pods of some other namespace may open a port of a server.
    pub fn from_other_namespaces(&self, server: &Pod<'_>, port: u64) -> bool {
        let policies = self.of(server, "Ingress");
        let admits = |rule: &Value| {
            let peers = &rule["from"];
            let outside =
                |peer: &Value| !peer["namespaceSelector"].is_null() || !peer["ipBlock"].is_null();
            let ports = &rule["ports"];
            (peers.is_null() || items(peers).any(outside))
                && (ports.is_null() || items(ports).any(|stated| admits_port(stated, server, port)))
        };
        policies.is_empty()
            || policies
                .iter()
                .any(|spec| items(&spec["ingress"]).any(admits))
    }

    /// The policies that limit one way of a pod.
    fn of(&self, pod: &Pod<'_>, way: &str) -> Vec<&Value> {
        self.rendering
            .kind("NetworkPolicy")
            .map(|policy| &policy.value["spec"])
            .filter(|spec| matches(&spec["podSelector"], pod.labels))
            .filter(|spec| items(&spec["policyTypes"]).any(|kind| kind == way))
            .collect()
    }

    /// Without a policy a side is open; with several, one rule is enough.
    fn one_side(
        &self,
        of: &Pod<'_>,
        way: &str,
        peer: &Pod<'_>,
        server: &Pod<'_>,
        port: u64,
    ) -> bool {
        let (rules, side) = if way == "Egress" {
            ("egress", "to")
        } else {
            ("ingress", "from")
        };
        let policies = self.of(of, way);
        let admits = |rule: &Value| {
            let peers = &rule[side];
            let peer_matches = peers.is_null() || items(peers).any(|one| admits_peer(one, peer));
            let ports = &rule["ports"];
            peer_matches
                && (ports.is_null() || items(ports).any(|stated| admits_port(stated, server, port)))
        };
        policies.is_empty() || policies.iter().any(|spec| items(&spec[rules]).any(admits))
    }
}

fn admits_peer(peer: &Value, pod: &Pod<'_>) -> bool {
    // Every pod is in the namespace `ns`, whose labels besides the name are unknown.
    let space = &peer["namespaceSelector"]["matchLabels"];
    let here = peer["namespaceSelector"].is_null()
        || space.as_object().is_none_or(|labels| {
            labels.is_empty()
                || labels
                    .get("kubernetes.io/metadata.name")
                    .is_some_and(|name| name == "ns")
        });
    peer["ipBlock"].is_null()
        && here
        && (peer["podSelector"].is_null() || matches(&peer["podSelector"], pod.labels))
}

fn admits_port(stated: &Value, server: &Pod<'_>, port: u64) -> bool {
    let number = match stated["port"].as_str() {
        Some(name) => server.port(name),
        None => stated["port"].as_u64(),
    };
    number == Some(port) && (stated["protocol"].is_null() || stated["protocol"] == "TCP")
}
