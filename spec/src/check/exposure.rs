//! Exposure outside the cluster: hosts, paths, certificates, rates.

use super::references::{answers, dangling, service_port};
use crate::codes;
use crate::decode::Map;
use crate::derived;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Document, Ingress, Tls};
use crate::resolve::Merged;
use crate::span::{Span, Spanned};
use crate::types::{Flag, HttpPath, IngressController, Name, PathTarget, SecretName};

/// What environments state in place of the base.
#[derive(Clone, Copy, Default)]
pub(super) struct Elsewhere {
    /// Hosts of the Ingress.
    ingress: bool,
    /// Hosts of the routes.
    gateway: bool,
}

impl Elsewhere {
    /// What some of these environments state.
    pub(super) fn of(environments: &[Merged]) -> Self {
        let mut documents = environments.iter().map(|merged| &merged.document);
        let ingress = |document: &Document| {
            let ingress = document.ingress.as_ref();
            ingress.is_some_and(|ingress| !ingress.hosts.declares_nothing())
        };
        let gateway = |document: &Document| {
            let gateway = document.gateway.as_ref();
            gateway.is_some_and(|gateway| !gateway.hosts.declares_nothing())
        };
        Self {
            ingress: documents.clone().any(ingress),
            gateway: documents.any(gateway),
        }
    }
}

/// Checks the exposure of one environment, or of the base.
pub(super) fn check(document: &Document, elsewhere: Elsewhere, sink: &mut Sink) {
    let on = |enabled: &Option<Spanned<Flag>>| enabled.as_ref().is_none_or(|flag| flag.0);
    if let Some(ingress) = &document.ingress {
        if ingress.hosts.declares_nothing() && on(&ingress.enabled) && !elsewhere.ingress {
            no_host(ingress.span, sink);
        }
        rate(ingress, sink);
        for tls in ingress.tls.iter() {
            source(tls, sink);
        }
        for (host, rule) in ingress.hosts.iter() {
            paths(document, host.span, &rule.paths, sink);
            for tls in rule.tls.iter() {
                source(tls, sink);
            }
        }
        one_issuer(ingress, sink);
    }
    if let Some(gateway) = &document.gateway {
        if gateway.hosts.declares_nothing() && on(&gateway.enabled) && !elsewhere.gateway {
            no_host(gateway.span, sink);
        }
        if gateway.parents.is_empty() && !gateway.has_fault_in(&["parents"]) && on(&gateway.enabled)
        {
            sink.push(
                Diagnostic::error(codes::EXPOSURE, "the routes belong to no gateway")
                    .at(gateway.span, "needs `parents`")
                    .help("name the gateway: parents = [{ name = \"public\", namespace = \"gateways\" }]"),
            );
        }
        for (host, rule) in gateway.hosts.iter() {
            paths(document, host.span, &rule.paths, sink);
        }
    }
}

/// Annotations name the issuer, and cert-manager then makes every certificate of
/// the Ingress, also those that somebody else keeps in a Secret.
fn one_issuer(ingress: &Ingress, sink: &mut Sink) {
    let issuer = |tls: &Tls| {
        let name =
            |name: &Option<Spanned<SecretName>>| name.as_ref().map(|name| name.value.0.clone());
        (name(&tls.issuer), name(&tls.cluster_issuer))
    };
    let in_use = ingress
        .hosts
        .iter()
        .filter_map(|(_, rule)| rule.tls.as_ref().or(ingress.tls.as_ref()))
        .filter(|tls| tls.controller.is_none() && sources(tls).len() == 1);
    let mut certificates: Vec<&Spanned<Tls>> = Vec::new();
    for tls in in_use {
        if !certificates.iter().any(|known| known.span == tls.span) {
            certificates.push(tls);
        }
    }
    let Some(first) = certificates.iter().find(|tls| issuer(tls) != (None, None)) else {
        return;
    };
    for other in certificates
        .iter()
        .filter(|other| issuer(other) != issuer(first))
    {
        let found = if issuer(other) == (None, None) {
            "the issuer would replace an existing certificate"
        } else {
            "an Ingress has one issuer"
        };
        sink.push(
            Diagnostic::error(codes::EXPOSURE, found)
                .at(other.span, "another source")
                .at(first.span, "makes every certificate of the Ingress")
                .help("state one issuer for all hosts, or expose the others by [gateway] or an Ingress in `manifests`"),
        );
    }
}

fn no_host(span: Span, sink: &mut Sink) {
    sink.push(
        Diagnostic::error(codes::EXPOSURE, "nothing is exposed")
            .at(span, "no host")
            .help("add a host: hosts.\"api.example.com\" = { paths = { \"/\" = \"api\" } }, or enabled = false"),
    );
}

fn paths(
    document: &Document,
    host: Span,
    paths: &Map<HttpPath, Spanned<PathTarget>>,
    sink: &mut Sink,
) {
    if paths.declares_nothing() {
        let main = derived::main_workload(document);
        let reached = main
            .and_then(|name| document.workloads.get(name))
            .is_some_and(|workload| derived::has_service(workload));
        if !reached {
            sink.push(
                Diagnostic::error(codes::EXPOSURE, "the main workload cannot be reached")
                    .at(host, "leads to it")
                    .help("name a service: paths = { \"/\" = \"api\" }"),
            );
        }
    }
    for (_, target) in paths.iter() {
        let (workload, port) = target.parts();
        let Some(found) = document.workloads.get(workload) else {
            if !document.workloads.declares(workload) {
                sink.push(dangling(
                    "workload",
                    workload,
                    target.span,
                    document.workloads.declared(),
                    "workloads",
                ));
            }
            continue;
        };
        let name = Spanned::new(Name(workload.to_owned()), target.span);
        if answers(document, &name, sink).is_some()
            && let Some(port) = port
        {
            service_port(found, port, target.span, sink);
        }
    }
}

/// Where each source of a certificate is stated.
fn sources(tls: &Tls) -> Vec<Span> {
    let controller = tls.controller.as_ref().filter(|flag| flag.0);
    let issuers = [&tls.issuer, &tls.cluster_issuer].into_iter().flatten();
    let mut sources: Vec<Span> = issuers.map(|issuer| issuer.span).collect();
    sources.extend(controller.map(|flag| flag.span));
    // A Secret beside an issuer is the name of what it makes.
    if sources.is_empty() {
        sources.extend(tls.secret.as_ref().map(|secret| secret.span));
    }
    sources
}

/// A certificate has one source.
fn source(tls: &Spanned<Tls>, sink: &mut Sink) {
    if tls.has_fault_in(&["issuer", "cluster-issuer", "secret", "controller"]) {
        return;
    }
    let sources = sources(tls);
    if sources.len() == 1 {
        return;
    }
    let none = sources.is_empty();
    let found = if none {
        "nobody provides the certificate"
    } else {
        "the certificate has several sources"
    };
    let diagnostic = Diagnostic::error(codes::EXPOSURE, found)
        .at(tls.span, "certificate")
        .help("write one of cluster-issuer = \"…\" or issuer = \"…\" (cert-manager), secret = \"…\" (an existing one), controller = true (it has one for every host)");
    let diagnostic = if none {
        diagnostic
            .note("without a source visitors would see the controller's self-signed certificate")
    } else {
        diagnostic
    };
    sink.push(sources.into_iter().fold(diagnostic, |diagnostic, span| {
        diagnostic.at(span, "a source")
    }));
}

/// An Ingress has no field for a rate: it depends on who serves it.
fn rate(ingress: &Ingress, sink: &mut Sink) {
    let Some(rate) = &ingress.rate_limit else {
        return;
    };
    let controller = ingress.controller.as_ref().map(|c| c.value);
    if controller.is_none_or(|controller| controller == IngressController::Other) {
        sink.push(
            Diagnostic::error(
                codes::EXPOSURE,
                "nothing says how the controller limits rates",
            )
            .at(rate.span, "depends on the controller")
            .help("write controller = \"traefik\", \"haproxy\" or \"ingress-nginx\", or use `annotations`"),
        );
    }
}
