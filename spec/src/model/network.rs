//! Network policies: the chart's own, and who is on the other end.

use crate::codes;
use crate::decode::{Decode, Fault, Key, Map, Scalar};
use crate::diagnostic::{Diagnostic, Sink};
use crate::shape::{ScalarShape, Shape};
use crate::span::Spanned;
use crate::suggest;
use crate::tree::{Node, Value};
use crate::types::{AnnotationKey, Cidr, Flag, Label, LabelKey, Name, Port, PortName};

table! {
    /// The chart's network policies.
    pub struct Network {
        /// Whether they are made. Default true.
        enabled: Option<Spanned<Flag>> = "enabled";
        /// Namespace of the cluster's DNS. Default `kube-system`.
        dns_namespace: Option<Spanned<Name>> = "dns-namespace";
        /// Labels of its pods. Default `k8s-app = "kube-dns"`.
        dns_labels: Map<PodLabelKey, Spanned<Label>> = "dns-labels";
        /// Addresses that resolve names besides those pods. Default, also of an empty list: the node-local cache, `169.254.20.10/32`.
        dns_addresses: Vec<Spanned<Cidr>> = "dns-addresses";
        /// Ports of the DNS pods. Default 53; OpenShift has 5353.
        dns_ports: Vec<Spanned<Port>> = "dns-ports";
    }
}

table! {
    /// A peer of the network policy.
    pub struct PeerTable {
        /// Workload of this chart.
        workload: Option<Spanned<Name>> = "workload";
        /// Namespace by name.
        namespace: Option<Spanned<Name>> = "namespace";
        /// Namespaces by their labels.
        namespace_labels: Map<PodLabelKey, Spanned<Label>> = "namespace-labels";
        /// Labels of the peer's pods.
        labels: Map<PodLabelKey, Spanned<Label>> = "labels";
        /// Range of addresses.
        cidr: Option<Spanned<Cidr>> = "cidr";
        /// Ranges within `cidr` that are left out.
        except: Vec<Spanned<Cidr>> = "except";
        /// Names of the workload's ports that it may use; only in `allow-from`. Default: those of the Service.
        ports: Vec<Spanned<PortName>> = "ports";
    }
}

/// A key of a label of somebody else's pods: prefixes of Kubernetes are fine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodLabelKey(pub String);

impl Scalar for PodLabelKey {
    const SHAPE: ScalarShape = LabelKey::SHAPE;
    fn read(value: &Value) -> Result<Self, Fault> {
        AnnotationKey::read(value).map(|key| Self(key.0))
    }
}

impl Key for PodLabelKey {
    const OPEN: bool = true;
}

scalar!(PodLabelKey);

/// Who is on the other end of a connection.
#[derive(Debug, Clone)]
pub enum Peer {
    /// Pods of this release.
    Release,
    /// Pods of the release's namespace.
    Namespace,
    /// Pods of any namespace.
    Cluster,
    /// Public addresses.
    Internet,
    /// The API server of Kubernetes.
    Kubernetes,
    /// As the table says.
    Table(Box<PeerTable>),
}

const PEER_WORDS: &[&str] = &["release", "namespace", "cluster", "internet", "kubernetes"];

const PEER: ScalarShape = ScalarShape {
    name: "a peer",
    hint: "such as \"namespace\" or { namespace = \"gateway\" }",
    json: r#"{"enum":["release","namespace","cluster","internet","kubernetes"]}"#,
};

impl Decode for Peer {
    fn shape() -> Shape {
        Shape::Either(&[|| Shape::Scalar(&PEER), <PeerTable as Decode>::shape])
    }

    fn decode(node: &Node, sink: &mut Sink) -> Option<Self> {
        match &node.value {
            Value::Table(_) => {
                PeerTable::decode(node, sink).map(|table| Self::Table(Box::new(table)))
            }
            Value::String(word) => match word.as_str() {
                "release" => Some(Self::Release),
                "namespace" => Some(Self::Namespace),
                "cluster" => Some(Self::Cluster),
                "internet" => Some(Self::Internet),
                "kubernetes" => Some(Self::Kubernetes),
                other => {
                    sink.push(no_peer(other, node));
                    None
                }
            },
            _ => {
                crate::decode::wrong_type(PEER.name, node, sink);
                None
            }
        }
    }
}

fn no_peer(word: &str, node: &Node) -> Diagnostic {
    let help = suggest::did_you_mean(word, PEER_WORDS.iter().copied()).unwrap_or_else(|| {
        format!(
            "choose {}, or write a table with `workload`, `namespace`, `labels` or `cidr`",
            suggest::list(PEER_WORDS.iter().copied()).replace(" and ", ", ")
        )
    });
    Diagnostic::error(codes::CHOICE, format!("`{word}` is not a peer"))
        .at(node.span, "not a peer")
        .help(help)
}

table! {
    /// A connection to somebody outside the workload's dependencies.
    pub struct Egress {
        /// `release`, `namespace`, `cluster`, `internet`, `kubernetes` (the API server), or a table with `workload`, `namespace`, `labels` or `cidr`.
        to: Spanned<Peer> = "to";
        /// TCP ports. Default: all, unless `udp-ports` are given.
        ports: Vec<Spanned<Port>> = "ports";
        /// UDP ports.
        udp_ports: Vec<Spanned<Port>> = "udp-ports";
    }
}
