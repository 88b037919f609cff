//! Who connects to whom inside the chart, and peers of a specification as
//! peers of a NetworkPolicy.

use super::Everywhere;
use super::context::WorkloadFacts;
use super::schemas;
use crate::values::{Entry, branch, leaf};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use taskspec_spec::derived;
use taskspec_spec::model::{Document, Egress, Peer, PeerTable, Workload};
use taskspec_spec::span::Spanned;
use taskspec_spec::types::WorkloadKind;

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

/// The migrations among the components of a chart.
pub const MIGRATIONS: &str = "migrate";

/// Ports of the API server: of its Service, and of the server behind it.
const API_PORTS: &[u16] = &[443, 6443];

/// Ports of a connection by number; none for those of the Service.
pub type Ports = Option<BTreeSet<u16>>;

/// The connections between workloads, and which are exposed, over all environments.
#[derive(Debug, Default)]
pub struct Connections {
    calls: BTreeMap<String, Vec<(String, Ports)>>,
    callers: BTreeMap<String, Vec<(String, Ports)>>,
    exposed: BTreeMap<String, BTreeSet<String>>,
    /// Workloads whose pods connect to one another.
    among: BTreeSet<String>,
}

impl Connections {
    /// Those of a specification.
    pub fn of(everywhere: &Everywhere<'_>) -> Self {
        let mut connections = Self::default();
        for document in &everywhere.all {
            for (name, workload) in document.workloads.iter() {
                for called in derived::calls(document, name, workload) {
                    connections.add(name, called, None);
                }
                for egress in &workload.egress {
                    if let Some((called, _)) = component(&egress.to) {
                        let stated = egress.ports.iter().chain(&egress.udp_ports);
                        let ports: BTreeSet<u16> = stated.map(|port| port.0).collect();
                        connections.add(name, called, (!ports.is_empty()).then_some(ports));
                    }
                }
                if workload.kind.value == WorkloadKind::Stateful
                    || derived::calls_itself(document, name, workload)
                {
                    connections.among.insert(name.value.clone());
                }
                let own = derived::ports(workload);
                for (caller, table) in workload.allow_from.iter().filter_map(component) {
                    let named = own
                        .iter()
                        .filter(|port| table.ports.iter().any(|name| name.value.0 == port.name));
                    let ports: BTreeSet<u16> = named.map(|port| port.container).collect();
                    connections.add(caller, name, (!ports.is_empty()).then_some(ports));
                }
            }
            if let Some((_, model)) = derived::migration_model(document) {
                for called in derived::calls(document, MIGRATIONS, model) {
                    connections.add(MIGRATIONS, called, None);
                }
            }
            for (name, ports) in exposed(document) {
                connections.exposed.entry(name).or_default().extend(ports);
            }
        }
        connections
    }

    fn add(&mut self, from: &str, to: &str, ports: Ports) {
        for (list, name) in [
            (self.calls.entry(from.to_owned()).or_default(), to),
            (self.callers.entry(to.to_owned()).or_default(), from),
        ] {
            match list.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => match (known.as_mut(), &ports) {
                    (Some(known), Some(more)) => known.extend(more),
                    _ => *known = None,
                },
                None => list.push((name.to_owned(), ports.clone())),
            }
        }
    }

    /// Workloads that one connects to.
    pub fn calls(&self, name: &str) -> Vec<(String, Ports)> {
        self.calls.get(name).cloned().unwrap_or_default()
    }

    /// Workloads that connect to one.
    pub fn callers(&self, name: &str) -> Vec<(String, Ports)> {
        self.callers.get(name).cloned().unwrap_or_default()
    }

    /// Whether the pods of a workload connect to one another: to be members of a
    /// cluster, or through their Service.
    pub fn among(&self, name: &str) -> bool {
        self.among.contains(name)
    }

    /// Names of the ports that an Ingress or a route leads to.
    pub fn exposed(&self, name: &str) -> Vec<String> {
        let ports = self.exposed.get(name).into_iter().flatten();
        ports.cloned().collect()
    }
}

fn component(peer: &Spanned<Peer>) -> Option<(&str, &PeerTable)> {
    match &peer.value {
        Peer::Table(table) => {
            let name = table.workload.as_ref()?;
            Some((name.value.0.as_str(), table))
        }
        _ => None,
    }
}

/// Workloads that hosts of an Ingress or a route lead to, with the ports.
fn exposed(document: &Document) -> Vec<(String, Vec<String>)> {
    let main = derived::main_workload(document);
    let ingress = document
        .ingress
        .iter()
        .flat_map(|ingress| ingress.hosts.iter().map(|(_, rule)| &rule.paths));
    let gateway = document
        .gateway
        .iter()
        .flat_map(|gateway| gateway.hosts.iter().map(|(_, rule)| &rule.paths));
    let mut targets: Vec<(&str, Option<&str>)> = Vec::new();
    for paths in ingress.chain(gateway) {
        if paths.is_empty() {
            targets.extend(main.map(|main| (main, None)));
        }
        targets.extend(paths.iter().map(|(_, target)| target.parts()));
    }
    let port = |name: &str, port: Option<&str>| {
        let ports = derived::ports(document.workloads.get(name)?);
        let found = match port {
            Some(port) => ports.iter().find(|one| one.name == port)?,
            None => ports.iter().find(|one| one.exposed)?,
        };
        Some(found.name.to_owned())
    };
    targets
        .into_iter()
        .map(|(name, stated)| (name.to_owned(), port(name, stated).into_iter().collect()))
        .collect()
}

/// The policy's part of a workload's values.
pub fn values(facts: &WorkloadFacts, workload: &Workload) -> Entry {
    let mut entries = Vec::new();
    if facts.ports.iter().any(|port| port.exposed) {
        entries.push(leaf(
            "ingressFrom",
            json!(admitted(facts, workload)),
            schemas::objects(),
            "Who may connect besides the chart's own components, as NetworkPolicy peers",
        ));
        entries.push(leaf(
            "ingressFromRelease",
            workload
                .allow_from
                .iter()
                .any(|peer| matches!(peer.value, Peer::Release)),
            schemas::boolean(),
            "Whether every pod of the release may connect",
        ));
    }
    if facts.extra_ingress {
        entries.push(leaf(
            "extraIngress",
            json!(admitted_to_ports(workload)),
            schemas::objects(),
            "Who may connect to which ports besides, as NetworkPolicy ingress rules",
        ));
    }
    entries.push(leaf(
        "extraEgress",
        json!(rules(workload.egress.iter().filter(|stated| {
            // With a token the way to the API server is open already.
            !(facts.token && matches!(stated.to.value, Peer::Kubernetes) && stated.ports.is_empty())
        }))),
        schemas::objects(),
        "Whom it may connect to beyond its dependencies and DNS, as NetworkPolicy egress rules",
    ));
    branch(
        "networkPolicy",
        "Who talks to the pods, and to whom they talk",
        entries,
    )
}

/// Peers that may connect. Unstated, a workload that nobody is known to call
/// is open to its namespace.
fn admitted(facts: &WorkloadFacts, workload: &Workload) -> Vec<Value> {
    let known = !facts.callers.is_empty() || !facts.port_callers.is_empty();
    if workload.allow_from.is_empty() && !known && facts.exposed.is_empty() {
        return vec![json!({ "podSelector": {} })];
    }
    workload
        .allow_from
        .iter()
        .filter(|stated| !by_port(workload, &stated.value))
        .filter_map(|stated| peer(&stated.value))
        .collect()
}

/// Whether a peer gets a rule of its own: it names ports, or there is no
/// Service whose ports are meant.
pub fn by_port(workload: &Workload, peer: &Peer) -> bool {
    match peer {
        Peer::Table(table) if !table.ports.is_empty() => true,
        _ => !derived::has_service(workload),
    }
}

/// Rules for peers that name ports.
fn admitted_to_ports(workload: &Workload) -> Vec<Value> {
    let all = derived::ports(workload);
    let stated = workload.allow_from.iter();
    stated
        .filter(|stated| by_port(workload, &stated.value))
        .filter_map(|stated| {
            let names: Vec<&str> = match &stated.value {
                Peer::Table(table) => table.ports.iter().map(|p| p.value.0.as_str()).collect(),
                _ => Vec::new(),
            };
            let meant = all
                .iter()
                .filter(|port| names.is_empty() || names.contains(&port.name));
            let ports: Vec<Value> = meant
                .map(|port| json!({ "port": port.name, "protocol": port.protocol.word() }))
                .collect();
            Some(json!({ "from": [peer(&stated.value)?], "ports": ports }))
        })
        .collect()
}

/// Egress rules as Kubernetes objects.
pub fn rules<'a>(egress: impl IntoIterator<Item = &'a Spanned<Egress>>) -> Vec<Value> {
    egress
        .into_iter()
        .filter_map(|stated| {
            let mut ports: Vec<Value> = Vec::new();
            for (list, protocol) in [(&stated.ports, "TCP"), (&stated.udp_ports, "UDP")] {
                ports.extend(
                    list.iter()
                        .map(|port| json!({ "port": port.value.0, "protocol": protocol })),
                );
            }
            if let (Peer::Kubernetes, true) = (&stated.to.value, ports.is_empty()) {
                ports.extend(
                    API_PORTS
                        .iter()
                        .map(|port| json!({ "port": port, "protocol": "TCP" })),
                );
            }
            let mut rule = Map::new();
            // The API server has no pod and no address that a chart could know.
            if !matches!(stated.to.value, Peer::Kubernetes) {
                rule.insert("to".into(), json!([peer(&stated.to.value)?]));
            }
            if !ports.is_empty() {
                rule.insert("ports".into(), json!(ports));
            }
            Some(Value::Object(rule))
        })
        .collect()
}

/// One peer; none for a part of the chart, which the templates name.
fn peer(peer: &Peer) -> Option<Value> {
    Some(match peer {
        Peer::Release => return None,
        Peer::Namespace => json!({ "podSelector": {} }),
        Peer::Cluster => json!({ "namespaceSelector": {} }),
        Peer::Internet => json!({ "ipBlock": { "cidr": "0.0.0.0/0", "except": NOT_PUBLIC } }),
        Peer::Kubernetes => json!({ "ipBlock": { "cidr": "0.0.0.0/0" } }),
        Peer::Table(table) if table.workload.is_some() => return None,
        Peer::Table(table) => table_peer(table),
    })
}

fn table_peer(table: &PeerTable) -> Value {
    if let Some(cidr) = &table.cidr {
        let except: Vec<&str> = table
            .except
            .iter()
            .map(|range| range.value.0.as_str())
            .collect();
        return if except.is_empty() {
            json!({ "ipBlock": { "cidr": cidr.value.0 } })
        } else {
            json!({ "ipBlock": { "cidr": cidr.value.0, "except": except } })
        };
    }
    let mut spaces: Map<String, Value> = table
        .namespace_labels
        .iter()
        .map(|(key, value)| (key.value.clone(), json!(value.value.0)))
        .collect();
    if let Some(namespace) = &table.namespace {
        spaces.insert(
            "kubernetes.io/metadata.name".into(),
            json!(namespace.value.0),
        );
    }
    let labels: Map<String, Value> = table
        .labels
        .iter()
        .map(|(key, value)| (key.value.clone(), json!(value.value.0)))
        .collect();
    let mut object = Map::new();
    if !spaces.is_empty() {
        object.insert("namespaceSelector".into(), json!({ "matchLabels": spaces }));
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
