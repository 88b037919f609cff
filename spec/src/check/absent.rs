//! A workload that is off answers nobody: what leads to it leads nowhere.

use crate::codes;
use crate::decode::Map;
use crate::derived;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Document, EnvValue, Workload};
use crate::span::{Span, Spanned};
use crate::types::{EnvName, Flag, HttpPath, PathTarget, Strategy};

/// Checks what leads to workloads that are off in one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    let running = document
        .workloads
        .iter()
        .filter(|(_, workload)| derived::is_enabled(workload));
    for (_, workload) in running {
        variables(document, &workload.env, sink);
        if let Some(model) = derived::model_of(document, workload) {
            variables(document, &model.env, sink);
        }
        for (_, container) in workload.init.iter().chain(workload.sidecars.iter()) {
            variables(document, &container.env, sink);
        }
    }
    if let Some(migrations) = &document.migrations {
        let strategy = migrations.strategy.as_ref().map(|stated| stated.value);
        if strategy != Some(Strategy::None) {
            variables(document, &migrations.env, sink);
        }
    }
    exposure(document, sink);
}

/// Variables that take a connection of a workload.
fn variables(document: &Document, env: &Map<EnvName, Spanned<EnvValue>>, sink: &mut Sink) {
    for (variable, value) in env.iter() {
        let EnvValue::Workload(reference) = &value.value else {
            continue;
        };
        let name = &reference.workload;
        if let Some(off) = off(document, &name.value.0) {
            let found = format!(
                "`{}` leads to `{}`, which is off",
                variable.value, name.value.0
            );
            warn(found, name.span, off, sink);
        }
    }
}

/// Paths of the hosts that lead to a workload.
fn exposure(document: &Document, sink: &mut Sink) {
    let on = |enabled: &Option<Spanned<Flag>>| enabled.as_ref().is_none_or(|flag| flag.0);
    let ingress = document.ingress.as_ref().filter(|one| on(&one.enabled));
    let gateway = document.gateway.as_ref().filter(|one| on(&one.enabled));
    for (host, rule) in ingress.iter().flat_map(|one| one.hosts.iter()) {
        paths(document, &host.value, &rule.paths, sink);
    }
    for (host, rule) in gateway.iter().flat_map(|one| one.hosts.iter()) {
        paths(document, &host.value, &rule.paths, sink);
    }
}

fn paths(
    document: &Document,
    host: &str,
    paths: &Map<HttpPath, Spanned<PathTarget>>,
    sink: &mut Sink,
) {
    for (path, target) in paths.iter() {
        let (name, _) = target.parts();
        if let Some(off) = off(document, name) {
            let found = format!("`{host}{}` leads to `{name}`, which is off", path.value);
            warn(found, target.span, off, sink);
        }
    }
}

/// Where a workload is switched off.
fn off(document: &Document, name: &str) -> Option<Span> {
    let workload: &Spanned<Workload> = document.workloads.get(name)?;
    let enabled = workload.enabled.as_ref().filter(|flag| !flag.0);
    enabled.map(|flag| flag.span)
}

fn warn(found: String, place: Span, off: Span, sink: &mut Sink) {
    sink.push(
        Diagnostic::warning(codes::DANGLING, found)
            .at(place, "nothing answers there")
            .at(off, "off")
            .help("switch it on, or switch off what leads to it"),
    );
}
