//! Whether the pods find room: replicas, scaling, rollouts, drains, spreading
//! and nodes together. The findings print the numbers they were made of.

use crate::codes;
use crate::derived;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Document, Workload};
use crate::span::Span;
use crate::tree::{Node, Value};
use crate::types::{Surge, WorkloadKind};

/// Checks the numbers of one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    let nodes = document
        .platform
        .as_ref()
        .and_then(|platform| platform.nodes.as_ref())
        .map(|nodes| (nodes.0, nodes.span));
    for (_, workload) in document.workloads.iter() {
        disruption(workload, sink);
        apart(workload, nodes, sink);
    }
}

/// A budget of nothing blocks every drain; one of everything protects nothing.
fn disruption(workload: &Workload, sink: &mut Sink) {
    let Some(most) = workload
        .disruption
        .as_ref()
        .and_then(|disruption| disruption.max_unavailable.as_ref())
    else {
        return;
    };
    let fewest = derived::fewest_pods(workload);
    // Kubernetes rounds the share up.
    let pods = match most.value {
        Surge::Pods(pods) => pods,
        Surge::Percent(share) => fewest.saturating_mul(share).div_ceil(100),
    };
    if pods == 0 {
        sink.push(
            Diagnostic::error(codes::CAPACITY, "no node could ever be drained")
                .at(most.span, "no pod may be missing")
                .help("write 1 or more"),
        );
    } else if fewest > 1 && pods >= fewest {
        sink.push(
            Diagnostic::warning(
                codes::CAPACITY,
                format!("a drain may take {pods} of {fewest} pods at once"),
            )
            .at(most.span, "all of them")
            .help(format!("write {} or less", fewest - 1)),
        );
    }
}

/// Pods that refuse to share a node need one each, also during a rollout.
fn apart(workload: &Workload, nodes: Option<(u32, Span)>, sink: &mut Sink) {
    let Some(affinity) = workload
        .placement
        .as_ref()
        .and_then(|placement| placement.affinity.as_ref())
    else {
        return;
    };
    if !one_per_node(&affinity.value.0) {
        return;
    }
    let most = derived::most_pods(workload);
    let surge = derived::surge_pods(workload, most);
    let needed = most + surge;
    let sum = format!("{most} pods + {surge} during a rollout = {needed} nodes");
    match nodes {
        Some((nodes, span)) if nodes < needed => sink.push(
            Diagnostic::error(
                codes::CAPACITY,
                format!("the pods need {needed} nodes and there are {nodes}"),
            )
            .at(affinity.span, "one pod a node")
            .at(span, "nodes")
            .note(sum)
            .help("write placement = { nodes = \"prefer\" }, which spreads pods without refusing to start them"),
        ),
        None if workload.kind.value != WorkloadKind::Job => sink.push(
            Diagnostic::warning(
                codes::CAPACITY,
                format!("the pods need {needed} nodes"),
            )
            .at(affinity.span, "one pod a node")
            .note(sum)
            .help("state platform.nodes so that it can be checked, or write placement = { nodes = \"prefer\" }"),
        ),
        _ => {}
    }
}

/// Whether an affinity refuses a second pod on a node.
fn one_per_node(affinity: &Node) -> bool {
    let find = |node: &Node, key: &str| -> Option<Node> {
        match &node.value {
            Value::Table(table) => table.get(key).map(|entry| entry.node.clone()),
            _ => None,
        }
    };
    let required = find(affinity, "podAntiAffinity")
        .and_then(|anti| find(&anti, "requiredDuringSchedulingIgnoredDuringExecution"));
    let Some(Node {
        value: Value::Array(terms),
        ..
    }) = required
    else {
        return false;
    };
    terms.iter().any(|term| {
        find(term, "topologyKey").is_some_and(
            |key| matches!(&key.value, Value::String(key) if key == "kubernetes.io/hostname"),
        )
    })
}
