//! What a rendering puts into a cluster and who talks to whom.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a node of a landscape is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeKind {
    /// Somebody in another namespace or at an address.
    Peer,
    /// A host, or a Service that is open to the outside.
    Exposure,
    /// Pods of the chart that stay.
    Workload,
    /// Pods of the chart that end: by the clock or once.
    Job,
    /// A job that Helm starts at an event of the release.
    Hook,
    /// What brings the database's schema up to date.
    Migration,
    /// A test of `helm test`.
    Test,
    /// A server in the release that another chart brings.
    Dependency,
    /// A server outside the release.
    External,
    /// A volume that outlives its pods.
    Volume,
    /// A Secret.
    Secret,
}

impl NodeKind {
    /// Its name in reviews.
    pub fn name(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Exposure => "exposure",
            Self::Workload => "workload",
            Self::Job => "job",
            Self::Hook => "hook",
            Self::Migration => "migration",
            Self::Test => "test",
            Self::Dependency => "dependency",
            Self::External => "external server",
            Self::Volume => "volume",
            Self::Secret => "secret",
        }
    }
}

/// A port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Port {
    /// Its name; empty without one.
    pub name: String,
    /// Its number.
    pub number: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
}

/// A health check, as the cluster runs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// What it asks, such as `GET /ready` or a command.
    pub asks: String,
    /// Seconds between two looks.
    pub period: u64,
    /// Failures in a row that count.
    pub failures: u64,
    /// Seconds that one look may take.
    pub timeout: u64,
}

/// What a container is in its pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It is what the pod is for.
    Main,
    /// It runs beside the main one.
    Sidecar,
    /// It ends before the main one starts.
    Init,
}

/// A variable of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its text, or where it comes from, such as `Secret credentials, key url`.
    pub value: String,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// What it is in its pod.
    pub role: Role,
    /// Its image.
    pub image: String,
    /// Ports it listens on.
    pub ports: Vec<Port>,
    /// Resources it is promised.
    pub requests: BTreeMap<String, String>,
    /// Resources it may use at most.
    pub limits: BTreeMap<String, String>,
    /// Restarts it.
    pub liveness: Option<Probe>,
    /// Takes its pod out of Services.
    pub readiness: Option<Probe>,
    /// Holds the other two back.
    pub startup: Option<Probe>,
    /// Its variables, by name.
    pub variables: Vec<Variable>,
}

/// Pods that one object describes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pods {
    /// The object, such as `Deployment/rel-task-api`.
    pub object: String,
    /// Fewest pods.
    pub least: u64,
    /// Most pods.
    pub most: u64,
    /// What changes their number; empty if nothing does.
    pub scaler: String,
    /// Its containers: main ones first.
    pub containers: Vec<Container>,
    /// How pods are replaced, such as `RollingUpdate, 25% more, 0 fewer`.
    pub rollout: String,
    /// How many a node drain may take; empty without a budget.
    pub budget: String,
    /// Whether a network policy limits who connects to it.
    pub closed_in: bool,
    /// Whether a network policy limits whom it connects to.
    pub closed_out: bool,
    /// Seconds that a stopping pod may take.
    pub grace: u64,
    /// What it waits for before it starts, and for how many seconds at most.
    pub waits: Vec<Wait>,
    /// When it runs, or at which events of the release.
    pub when: String,
    /// Attempts after the first; none for pods that stay.
    pub retries: Option<u64>,
    /// Seconds that it may take in all; none if it is not limited.
    pub deadline: Option<u64>,
    /// What its security settings leave open, in words.
    pub open: Vec<String>,
    /// Who collects its metrics; empty if nobody does.
    pub monitored: String,
    /// Whether the pods restart when a Secret changes: `upgrade`, `always`; empty if not.
    pub reloads: String,
    /// Whether the pods are kept apart: topology keys.
    pub spread: Vec<String>,
    /// Priority class; empty without one.
    pub priority: String,
    /// Directories that end with the pod and have no size: they fill the node.
    pub unlimited: Vec<String>,
}

/// What a pod waits for before it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// What it waits for: servers, or an object.
    pub what: String,
    /// Seconds until it gives up; none if nobody said.
    pub seconds: Option<u64>,
}

/// Something in the cluster or around it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The same in every environment, such as `workload/agent`.
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
    /// The specification's name where there is one.
    pub label: String,
    /// The object it is made from; empty if there is none.
    pub object: String,
    /// Where it comes from or leads to, such as `embedded/postgresql` or `postgres.example.com`.
    pub origin: String,
    /// Further facts in a few words, such as `10Gi` or `TLS`.
    pub facts: Vec<String>,
    /// Ports of its Services.
    pub ports: Vec<Port>,
    /// Its pods.
    pub pods: Vec<Pods>,
}

impl Node {
    /// Fewest and most pods of all its objects.
    pub fn replicas(&self) -> (u64, u64) {
        self.pods.iter().fold((0, 0), |(least, most), pods| {
            (least + pods.least, most + pods.most)
        })
    }
}

/// How two nodes belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeKind {
    /// The first opens connections to the second.
    Connects,
    /// The first makes the second reachable from outside.
    Exposes,
    /// The first ends before the second starts.
    Before,
    /// The first mounts the second.
    Mounts,
    /// The first reads the second.
    Reads,
}

impl EdgeKind {
    /// Its name in reviews.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connects => "connects to",
            Self::Exposes => "exposes",
            Self::Before => "runs before",
            Self::Mounts => "mounts",
            Self::Reads => "reads",
        }
    }
}

/// Two nodes that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// Identifier of the first node.
    pub from: String,
    /// Identifier of the second.
    pub to: String,
    /// How.
    pub kind: EdgeKind,
    /// Ports, such as `5432` or `53/UDP`; empty if all or none.
    pub ports: Vec<String>,
    /// What shows it, such as `NetworkPolicy` or `DATABASE_URL`.
    pub because: Vec<String>,
}

/// Cores and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Amounts {
    /// Cores.
    pub cpu: f64,
    /// Bytes.
    pub memory: f64,
}

/// What all pods that stay ask for together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Pods that run at least.
    pub pods: u64,
    /// Pods that autoscalers may make of them.
    pub most_pods: u64,
    /// Requests of the fewest pods.
    pub requests: Amounts,
    /// Limits of the most pods.
    pub limits: Amounts,
    /// Bytes of volumes that are claimed.
    pub storage: f64,
}

/// An object of a rendering as text. Values of Secrets are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `Kind/name`.
    pub id: String,
    /// The template it comes from.
    pub source: String,
    /// Whether the chart itself made it, not a dependency.
    pub own: bool,
    /// Its YAML.
    pub yaml: String,
}

/// One environment: what runs, what surrounds it, who talks to whom.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Landscape {
    /// Name of the environment; empty for a specification without environments.
    pub environment: String,
    /// Name of the release.
    pub release: String,
    /// Its namespace.
    pub namespace: String,
    /// What Helm said when it refused to render it; empty otherwise.
    pub refused: String,
    /// What there is, sorted by kind and identifier.
    pub nodes: Vec<Node>,
    /// How it belongs together, sorted.
    pub edges: Vec<Edge>,
    /// What it asks of the cluster.
    pub totals: Totals,
    /// Number of objects by kind.
    pub kinds: BTreeMap<String, usize>,
    /// Every object.
    pub manifests: Vec<Manifest>,
}

impl Landscape {
    /// The node with an identifier.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// Nodes of a kind.
    pub fn of(&self, kind: NodeKind) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.kind == kind)
    }
}
