//! Peers of the network policies.

use crate::codes;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Document, Egress, Peer, PeerTable};
use crate::span::Spanned;

/// Checks the peers of one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    for (_, workload) in document.workloads.iter() {
        workload.allow_from.iter().for_each(|one| peer(one, sink));
        egress(&workload.egress, sink);
    }
    if let Some(migrations) = &document.migrations {
        egress(&migrations.egress, sink);
    }
}

fn egress(connections: &[Spanned<Egress>], sink: &mut Sink) {
    connections
        .iter()
        .for_each(|connection| peer(&connection.to, sink));
}

fn peer(peer: &Spanned<Peer>, sink: &mut Sink) {
    let Peer::Table(table) = &peer.value else {
        return;
    };
    let PeerTable {
        namespace,
        labels,
        cidr,
        ..
    } = table;
    let pods = namespace.as_ref().map(|namespace| namespace.span);
    let pods = pods.or_else(|| labels.iter().next().map(|(key, _)| key.span));
    match (pods, cidr) {
        (None, None) if table.parameters.is_empty() && !table.has_fault_in(&["namespace", "labels", "cidr"]) => sink.push(
            Diagnostic::error(codes::MISSING_KEY, "the peer is nobody")
                .at(peer.span, "needs `namespace`, `labels` or `cidr`")
                .help("name a namespace, labels of pods or a range of addresses; \"cluster\" stands for every pod"),
        ),
        (Some(pods), Some(cidr)) => sink.push(
            Diagnostic::error(codes::NOT_APPLICABLE, "a peer is either pods or a range of addresses")
                .at(cidr.span, "addresses")
                .at(pods, "pods")
                .help("write two peers")
                .note("a network policy refuses `ipBlock` beside a selector"),
        ),
        _ => {}
    }
}
