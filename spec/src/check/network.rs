//! Peers of the network policies.

use crate::codes;
use crate::derived;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Document, Egress, Peer, PeerTable, Workload};
use crate::span::Spanned;
use crate::types::ServiceType;

/// Checks the peers of one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    for (_, workload) in document.workloads.iter() {
        workload
            .allow_from
            .iter()
            .for_each(|one| peer(document, one, sink));
        for one in &workload.allow_from {
            port_names(workload, one, sink);
            if let Peer::Kubernetes = one.value {
                sink.push(
                    Diagnostic::error(
                        codes::NOT_APPLICABLE,
                        "the API server has no address that a policy could let in",
                    )
                    .at(one.span, "does not apply")
                    .help("for webhooks write { cidr = \"…\" } with the API server's addresses"),
                );
            }
        }
        for one in workload.allow_from.iter().take(1) {
            if !derived::has_service(workload) && derived::ports(workload).is_empty() {
                nobody_connects(workload, one, sink);
            }
        }
        from_outside(document, workload, sink);
        egress(document, &workload.egress, sink);
    }
    if let Some(migrations) = &document.migrations {
        egress(document, &migrations.egress, sink);
    }
}

/// A Service for people outside the cluster, whom the network policy keeps out.
fn from_outside(document: &Document, workload: &Workload, sink: &mut Sink) {
    let kind = workload
        .service
        .as_ref()
        .and_then(|service| service.r#type.as_ref())
        .filter(|kind| {
            matches!(
                kind.value,
                ServiceType::NodePort | ServiceType::LoadBalancer
            )
        });
    let network = document.network.as_ref();
    let open = network
        .and_then(|network| network.enabled.as_ref())
        .is_some_and(|flag| !flag.0);
    let admitted = workload.allow_from.iter().any(|peer| match &peer.value {
        Peer::Internet => true,
        Peer::Table(table) => table.cidr.is_some(),
        _ => false,
    });
    if let Some(kind) = kind
        && derived::has_service(workload)
        && !open
        && !admitted
        && !workload.has_fault_in(&["allow-from"])
    {
        sink.push(
            Diagnostic::warning(
                codes::EXPOSURE,
                "the network policy keeps clients outside the cluster out",
            )
            .at(kind.span, "for clients outside the cluster")
            .help("let them in: allow-from = [{ cidr = \"…\" }], or \"internet\" for public addresses"),
        );
    }
}

/// The ports that a peer may use are the workload's.
fn port_names(workload: &Workload, peer: &Spanned<Peer>, sink: &mut Sink) {
    let Peer::Table(table) = &peer.value else {
        return;
    };
    let known = derived::ports(workload);
    for port in &table.ports {
        if !known.iter().any(|one| one.name == port.value.0) {
            sink.push(super::references::dangling(
                "port",
                &port.value.0,
                port.span,
                known.iter().map(|one| one.name),
                "ports",
            ));
        }
    }
}

/// Ports that a connection to a workload names are its own.
fn port_numbers(document: &Document, connection: &Egress, sink: &mut Sink) {
    let Peer::Table(table) = &connection.to.value else {
        return;
    };
    if let Some(port) = table.ports.first() {
        sink.push(
            Diagnostic::error(codes::NOT_APPLICABLE, "a connection says its ports itself")
                .at(port.span, "does not apply")
                .help("write { to = { … }, ports = [8080] }"),
        );
    }
    let called = table.workload.as_ref();
    let Some(called) = called.and_then(|name| document.workloads.get(name)) else {
        return;
    };
    let known = derived::ports(called);
    for port in connection.ports.iter().chain(&connection.udp_ports) {
        if !known.iter().any(|one| one.container == port.0) {
            let names: Vec<String> = known.iter().map(|one| one.container.to_string()).collect();
            sink.push(super::references::dangling(
                "port",
                &port.0.to_string(),
                port.span,
                names.iter().map(String::as_str),
                "ports",
            ));
        }
    }
}

/// A workload without a port has nothing to let anybody in to.
fn nobody_connects(workload: &Workload, peer: &Spanned<Peer>, sink: &mut Sink) {
    sink.push(
        Diagnostic::error(
            codes::NOT_APPLICABLE,
            "nobody can connect to a workload without a port",
        )
        .at(peer.span, "does not apply")
        .at(workload.kind.span, "has no port")
        .help("remove `allow-from`, or give the workload `ports`"),
    );
}

fn egress(document: &Document, connections: &[Spanned<Egress>], sink: &mut Sink) {
    connections.iter().for_each(|connection| {
        peer(document, &connection.to, sink);
        port_numbers(document, connection, sink);
    });
}

fn peer(document: &Document, peer: &Spanned<Peer>, sink: &mut Sink) {
    let Peer::Table(table) = &peer.value else {
        return;
    };
    let PeerTable {
        workload,
        namespace,
        namespace_labels,
        labels,
        cidr,
        ..
    } = &**table;
    if let Some(name) = workload
        && !document.workloads.declares(name)
    {
        sink.push(super::references::dangling(
            "workload",
            name,
            name.span,
            document.workloads.declared(),
            "workloads",
        ));
    }
    let first = |map: &crate::decode::Map<_, _>| map.iter().next().map(|(key, _)| key.span);
    let pods = workload.as_ref().map(|workload| workload.span);
    let pods = pods.or_else(|| namespace.as_ref().map(|namespace| namespace.span));
    let pods = pods
        .or_else(|| first(namespace_labels))
        .or_else(|| first(labels));
    if let (Some(workload), Some(beside)) = (
        workload,
        namespace
            .as_ref()
            .map(|namespace| namespace.span)
            .or_else(|| first(namespace_labels))
            .or_else(|| first(labels)),
    ) {
        sink.push(
            Diagnostic::error(
                codes::NOT_APPLICABLE,
                "a workload of this chart is found by its name alone",
            )
            .at(beside, "does not apply")
            .at(workload.span, "a workload")
            .help("write two peers"),
        );
    }
    if let (None, Some(except)) = (cidr, table.except.first()) {
        sink.push(
            Diagnostic::error(
                codes::NOT_APPLICABLE,
                "`except` leaves out a part of `cidr`",
            )
            .at(except.span, "does not apply")
            .help("add the range as `cidr`, or remove `except`"),
        );
    }
    match (pods, cidr) {
        (None, None) if table.parameters.is_empty() && table.faulty.is_empty() => sink.push(
            Diagnostic::error(codes::MISSING_KEY, "the peer is nobody")
                .at(peer.span, "needs `workload`, `namespace`, `labels` or `cidr`")
                .help("name a workload, a namespace, labels of pods or a range of addresses; \"cluster\" stands for every pod"),
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
