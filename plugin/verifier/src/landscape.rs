//! What a rendering puts into a cluster and who talks to whom.
//!
//! Takes the plain renderings of an examination, gives one landscape an
//! environment: nodes with the names of the specification, edges with what
//! shows them. Never guesses a connection that neither a manifest nor the
//! specification names.

mod links;
pub mod pods;
mod sources;

use crate::amount::amount;
use crate::totals;
use crate::verify::{resolve, worlds};
use crate::world::World;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use taskspec_manifest::{self as manifest, Object, items, text};
use taskspec_report::{
    Edge, EdgeKind, Examination, Landscape, Manifest, Node, NodeKind, Port, Rendering, Totals,
};

/// One landscape for each environment, in the order of the specification.
///
/// # Errors
/// If the compiler refuses the specification, or a rendering is no manifest.
pub fn landscape(examination: &Examination) -> Result<Vec<Landscape>, String> {
    let resolved = resolve(&examination.spec)?;
    let plain: Vec<Rendering> = plain(examination).cloned().collect();
    let worlds = worlds(&examination.chart, &plain, &resolved);
    let drawn = worlds.iter().zip(&plain).map(|(world, rendering)| {
        let name = &rendering.case.environment;
        let merged = resolved
            .environments
            .iter()
            .find(|one| one.name.value == *name);
        let tree = merged.map_or(&resolved.tree, |merged| &merged.tree);
        Drawing::of(world, &tree.to_json()).finish(rendering)
    });
    drawn.collect()
}

/// Renderings of environments as they are, without further values.
pub fn plain(examination: &Examination) -> impl Iterator<Item = &Rendering> {
    let is_plain = |one: &&Rendering| one.case.values.is_null() && !one.case.longest_name;
    examination.renderings.iter().filter(is_plain)
}

/// A landscape in the making.
struct Drawing<'a> {
    world: &'a World,
    objects: &'a [Object],
    spec: &'a Value,
    nodes: BTreeMap<String, Node>,
    edges: BTreeMap<(String, String, EdgeKind), Reasons>,
    /// Node of each object with pods, by the object's identifier.
    owners: BTreeMap<String, String>,
}

#[derive(Default)]
struct Reasons {
    ports: BTreeSet<String>,
    because: BTreeSet<String>,
}

impl<'a> Drawing<'a> {
    fn of(world: &'a World, spec: &'a Value) -> Self {
        let mut drawing = Self {
            world,
            objects: world.all().unwrap_or_default(),
            spec,
            nodes: BTreeMap::new(),
            edges: BTreeMap::new(),
            owners: BTreeMap::new(),
        };
        drawing.own();
        drawing.dependencies();
        drawing.external();
        drawing.service_ports();
        drawing.exposures();
        drawing.volumes();
        drawing.secrets();
        drawing.connections();
        drawing.order();
        drawing
    }

    fn finish(self, rendering: &Rendering) -> Result<Landscape, String> {
        let mut kinds = BTreeMap::new();
        for object in self.objects {
            *kinds.entry(object.kind().to_owned()).or_insert(0) += 1;
        }
        let refused = match self.world.all() {
            Ok(_) => String::new(),
            Err(said) => said,
        };
        let totals = if refused.is_empty() {
            totals::of(self.world)?
        } else {
            Totals::default()
        };
        let mut nodes: Vec<Node> = self.nodes.into_values().collect();
        nodes.sort_by(|one, other| (one.kind, &one.id).cmp(&(other.kind, &other.id)));
        let edges = self.edges.into_iter().map(|((from, to, kind), why)| Edge {
            from,
            to,
            kind,
            ports: why.ports.into_iter().collect(),
            because: why.because.into_iter().collect(),
        });
        Ok(Landscape {
            environment: rendering.case.environment.clone(),
            release: rendering.release.clone(),
            namespace: rendering.namespace.clone(),
            refused,
            nodes,
            edges: edges.collect(),
            totals,
            kinds,
            manifests: manifests(rendering, self.objects),
        })
    }

    fn add(&mut self, id: &str, kind: NodeKind, label: &str) -> &mut Node {
        self.nodes.entry(id.to_owned()).or_insert_with(|| Node {
            id: id.to_owned(),
            kind,
            label: label.to_owned(),
            object: String::new(),
            origin: String::new(),
            facts: Vec::new(),
            ports: Vec::new(),
            pods: Vec::new(),
        })
    }

    fn link(&mut self, from: &str, to: &str, kind: EdgeKind, port: &str, because: &str) {
        if from == to || !self.nodes.contains_key(from) || !self.nodes.contains_key(to) {
            return;
        }
        let why = self
            .edges
            .entry((from.to_owned(), to.to_owned(), kind))
            .or_default();
        if !port.is_empty() {
            why.ports.insert(port.to_owned());
        }
        if !because.is_empty() {
            why.because.insert(because.to_owned());
        }
    }

    /// A name without the release's, which differs between environments.
    fn short<'b>(&self, name: &'b str) -> &'b str {
        let rest = name.strip_prefix(&self.world.release);
        rest.and_then(|rest| rest.strip_prefix('-')).unwrap_or(name)
    }

    /// Workloads, jobs, hooks, migrations and tests of the chart itself.
    fn own(&mut self) {
        for object in self.objects.iter().filter(|object| object.is_own()) {
            if object.pod().is_none() {
                continue;
            }
            let component = object.label("app.kubernetes.io/component");
            let hooks = object.hooks();
            let kind = match (object.kind(), component) {
                _ if hooks.contains(&"test") => NodeKind::Test,
                (_, "migrate") => NodeKind::Migration,
                _ if !hooks.is_empty() => NodeKind::Hook,
                ("Job" | "CronJob" | "Pod", _) => NodeKind::Job,
                _ => NodeKind::Workload,
            };
            let label = match component {
                "" => self.short(object.name()),
                component => component,
            };
            let mut id = format!("{}/{label}", kind.name());
            if self.nodes.contains_key(&id) {
                id = format!("{id}/{}", self.short(object.name()));
            }
            let described = pods::describe(self.world, object);
            let migrates = described.containers.iter().any(|container| {
                container.role == taskspec_report::Role::Init && container.name == "migrate"
            });
            self.owners.insert(object.id(), id.clone());
            let node = self.add(&id, kind, label);
            node.object = object.id();
            node.pods.push(described);
            if kind == NodeKind::Workload && migrates {
                let init = self.add("migration/migrate", NodeKind::Migration, "migrate");
                init.object = object.id();
                init.facts.push(format!("init container of {label}"));
                self.link(
                    "migration/migrate",
                    &id,
                    EdgeKind::Before,
                    "",
                    "init container",
                );
            }
        }
    }

    /// Servers that other charts bring: one node a chart.
    fn dependencies(&mut self) {
        for object in self.objects.iter().filter(|object| !object.is_own()) {
            let Some(name) = chart_of(object).map(str::to_owned) else {
                continue;
            };
            let id = format!("dependency/{name}");
            if object.hooks().contains(&"test") {
                continue;
            }
            let from = text(&self.spec["dependencies"][&name]["from"]).to_owned();
            if object.pod().is_some() {
                let described = pods::describe(self.world, object);
                self.owners.insert(object.id(), id.clone());
                let node = self.add(&id, NodeKind::Dependency, &name);
                node.origin = from;
                if node.object.is_empty() {
                    node.object = object.id();
                }
                node.pods.push(described);
            } else if let Some(instances) = object.value["spec"]["instances"].as_u64() {
                // An operator makes the pods: their number is in its resource.
                let node = self.add(&id, NodeKind::Dependency, &name);
                node.origin = from;
                node.object = object.id();
                node.pods.push(taskspec_report::Pods {
                    object: object.id(),
                    least: instances,
                    most: instances,
                    rollout: "by its operator".to_owned(),
                    ..taskspec_report::Pods::default()
                });
                let size = text(&object.value["spec"]["storage"]["size"]);
                if !size.is_empty() {
                    node.facts.push(size.to_owned());
                }
                self.owners.insert(object.id(), id);
            }
        }
    }

    /// Servers that the specification names and the release has not.
    fn external(&mut self) {
        let dependencies = self.spec["dependencies"].as_object();
        for (name, stated) in dependencies.into_iter().flatten() {
            let from = text(&stated["from"]);
            let outside = from.starts_with("external/") || stated["external"] == true;
            if !outside || self.nodes.contains_key(&format!("dependency/{name}")) {
                continue;
            }
            let id = format!("external/{name}");
            let host = text(&stated["host"]);
            let port = stated["port"]
                .as_u64()
                .and_then(|port| u16::try_from(port).ok());
            let node = self.add(&id, NodeKind::External, name);
            node.origin = host.to_owned();
            node.facts.push(from.to_owned());
            if let Some(number) = port.or_else(|| usual_port(from)) {
                node.ports.push(tcp("", number));
            }
        }
    }

    /// Ports of Services at the nodes whose pods they take.
    fn service_ports(&mut self) {
        for service in self.objects.iter().filter(|one| one.kind() == "Service") {
            for id in self.behind(service) {
                let numbers = items(&service.value["spec"]["ports"]).filter_map(|port| {
                    Some(Port {
                        name: text(&port["name"]).to_owned(),
                        number: u16::try_from(port["port"].as_u64()?).ok()?,
                        protocol: port["protocol"].as_str().unwrap_or("TCP").to_owned(),
                    })
                });
                let found: Vec<Port> = numbers.collect();
                if let Some(node) = self.nodes.get_mut(&id) {
                    for port in found {
                        let known = node.ports.iter().any(|one| one.number == port.number);
                        if !known {
                            node.ports.push(port);
                        }
                    }
                    node.ports.sort_by_key(|port| port.number);
                }
            }
        }
    }

    /// Nodes whose pods a Service takes.
    fn behind(&self, service: &Object) -> BTreeSet<String> {
        let selector = &service.value["spec"]["selector"];
        if !selector.is_object() {
            return BTreeSet::new();
        }
        self.selected(&json!({ "matchLabels": selector }))
    }

    /// Nodes with pods that a label selector takes.
    fn selected(&self, selector: &Value) -> BTreeSet<String> {
        let taken = self.objects.iter().filter(|object| {
            object
                .pod()
                .is_some_and(|pod| manifest::matches(selector, &pod["metadata"]["labels"]))
        });
        taken
            .filter_map(|object| self.owners.get(&object.id()).cloned())
            .collect()
    }

    /// Which runs before which.
    fn order(&mut self) {
        let workloads: Vec<(String, Vec<String>)> = self
            .nodes
            .values()
            .filter(|node| node.kind == NodeKind::Workload)
            .map(|node| {
                let waits = node.pods.iter().flat_map(|pods| &pods.waits);
                (
                    node.id.clone(),
                    waits.map(|wait| wait.what.clone()).collect(),
                )
            })
            .collect();
        let early: Vec<(String, String, bool)> = self
            .nodes
            .values()
            .filter(|node| matches!(node.kind, NodeKind::Hook | NodeKind::Migration))
            .filter_map(|node| {
                let pods = node.pods.first()?;
                let before = pods.when.contains("pre-install") || pods.when.contains("pre-upgrade");
                Some((node.id.clone(), pods.object.clone(), before))
            })
            .collect();
        for (id, object, before) in early {
            for (workload, waits) in &workloads {
                if before {
                    self.link(&id, workload, EdgeKind::Before, "", "helm.sh/hook");
                } else if waits.contains(&object) {
                    self.link(&id, workload, EdgeKind::Before, "", "the pods wait for it");
                }
            }
        }
    }
}

/// The chart below the main one that an object comes from.
fn chart_of(object: &Object) -> Option<&str> {
    object.source.split("/charts/").nth(1)?.split('/').next()
}

fn tcp(name: &str, number: u16) -> Port {
    Port {
        name: name.to_owned(),
        number,
        protocol: "TCP".to_owned(),
    }
}

/// The port that a protocol has unless somebody says otherwise.
pub(crate) fn usual_port(from: &str) -> Option<u16> {
    match from.rsplit('/').next()? {
        "postgresql" | "postgres" | "timescaledb" | "cluster" => Some(5432),
        "redis" | "valkey" => Some(6379),
        "neo4j" => Some(7687),
        _ => None,
    }
}

/// Every object as text, with what Helm wrote around it.
fn manifests(rendering: &Rendering, objects: &[Object]) -> Vec<Manifest> {
    let written = rendering.manifests.as_deref().unwrap_or_default();
    let texts: Vec<&str> = manifest::documents(written)
        .into_iter()
        .filter_map(said)
        .collect();
    let aligned = texts.len() == objects.len();
    let all = objects.iter().enumerate().map(|(index, object)| {
        let yaml = match texts.get(index) {
            _ if object.kind() == "Secret" => without_values(&object.value),
            Some(text) if aligned => (*text).to_owned(),
            _ => serde_yaml::to_string(&object.value).unwrap_or_default(),
        };
        Manifest {
            id: object.id(),
            source: object.source.clone(),
            own: object.is_own(),
            yaml,
        }
    });
    all.collect()
}

/// A document without the comment of its template; none if it is only comments.
fn said(document: &str) -> Option<&str> {
    let body = document.trim();
    let body = match body.strip_prefix("# Source: ") {
        Some(rest) => rest.split_once('\n')?.1,
        None => body,
    };
    let is_content = |line: &str| !line.is_empty() && !line.starts_with('#');
    body.lines().map(str::trim).any(is_content).then_some(body)
}

/// A Secret whose values are not shown: they are random in each rendering, and secret.
pub fn without_values(secret: &Value) -> String {
    serde_yaml::to_string(&masked(secret)).unwrap_or_default()
}

/// A Secret with `(not shown)` in place of its values.
pub fn masked(secret: &Value) -> Value {
    let mut shown = secret.clone();
    for part in ["data", "stringData"] {
        if let Some(values) = shown[part].as_object_mut() {
            for value in values.values_mut() {
                *value = json!("(not shown)");
            }
        }
    }
    shown
}

/// Bytes of a quantity; 0 if it is none.
pub fn bytes(quantity: &str) -> f64 {
    amount(quantity).unwrap_or_default()
}

#[cfg(test)]
mod tests;
