//! References lead somewhere, and nothing is named twice in a list.

use crate::codes;
use crate::decode::Map;
use crate::derived;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{
    Container, Document, EnvSource, EnvValue, FileSource, Workload, WorkloadReference,
};
use crate::span::{Span, Spanned};
use crate::suggest;
use crate::types::{AbsolutePath, ConnectionPart, EnvName, Name, SecretKey, WorkloadKind};
use std::collections::BTreeMap;

/// Checks every reference of one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    for (name, workload) in document.workloads.iter() {
        uses(document, &workload.uses, sink);
        calls(document, name, &workload.calls, sink);
        directories(&workload.writable, sink);
        variables(document, &workload.env, sink);
        env_sources(&workload.env_from, sink);
        let containers = workload.init.iter().chain(workload.sidecars.iter());
        let inner = containers.flat_map(|(_, container)| container.files.iter());
        for (_, source) in workload.files.iter().chain(inner) {
            if let FileSource::Secret(key) = &source.value {
                secret(document, key, sink);
            }
        }
        for (_, container) in workload.init.iter().chain(workload.sidecars.iter()) {
            variables(document, &container.env, sink);
            directories(&container.writable, sink);
            mounts(workload, container, sink);
        }
        metrics_port(workload, sink);
    }
    if let Some(migrations) = &document.migrations {
        uses(document, &migrations.uses, sink);
        directories(&migrations.writable, sink);
        variables(document, &migrations.env, sink);
        env_sources(&migrations.env_from, sink);
    }
}

/// Checks what shapes the chart; it is the same in every environment.
pub(super) fn layout(document: &Document, sink: &mut Sink) {
    let Some(chart) = &document.chart else { return };
    let Some(main) = &chart.main else { return };
    if !document.workloads.declares(main) {
        sink.push(dangling(
            "workload",
            main,
            main.span,
            document.workloads.declared(),
            "workloads",
        ));
    }
}

/// Workloads that are called have to answer.
fn calls(document: &Document, name: &Spanned<String>, names: &[Spanned<Name>], sink: &mut Sink) {
    for called in names {
        answers(document, called, sink);
        if called.value.0 == name.value {
            sink.push(
                Diagnostic::error(codes::NOT_APPLICABLE, "a workload need not call itself")
                    .at(called.span, "the workload itself")
                    .help("remove it"),
            );
        }
    }
    once(
        names.iter().map(|name| (name.value.0.as_str(), name.span)),
        sink,
    );
}

/// Whether a workload exists and has a Service.
pub(super) fn answers<'a>(
    document: &'a Document,
    name: &Spanned<Name>,
    sink: &mut Sink,
) -> Option<&'a Workload> {
    let Some(workload) = document.workloads.get(name) else {
        if !document.workloads.declares(name) {
            sink.push(dangling(
                "workload",
                name,
                name.span,
                document.workloads.declared(),
                "workloads",
            ));
        }
        return None;
    };
    if !derived::has_service(workload) {
        sink.push(
            Diagnostic::error(
                codes::NOT_APPLICABLE,
                format!("nothing answers at `{}`", name.value.0),
            )
            .at(name.span, "cannot be reached")
            .at(
                workload.kind.span,
                format!("a {} has no Service", workload.kind.value.word()),
            )
            .help("name a workload of kind \"service\", or a stateful one with a port"),
        );
        return None;
    }
    Some(workload)
}

/// The name of a port that a Service has.
pub(super) fn service_port(workload: &Workload, port: &str, span: Span, sink: &mut Sink) {
    let ports = derived::ports(workload);
    if !ports
        .iter()
        .any(|known| known.name == port && known.exposed)
    {
        let known = ports.iter().filter(|known| known.exposed).map(|p| p.name);
        sink.push(dangling("port", port, span, known, "ports"));
    }
}

fn env_sources(sources: &[Spanned<EnvSource>], sink: &mut Sink) {
    for source in sources {
        let wrong = match (&source.secret, &source.config) {
            (None, None) if !source.has_fault_in(&["secret", "config"]) => "neither",
            (Some(_), Some(_)) => "both",
            _ => continue,
        };
        sink.push(
            Diagnostic::error(
                codes::MISSING_KEY,
                "variables come from a Secret or from a ConfigMap",
            )
            .at(source.span, format!("{wrong} of `secret` and `config`"))
            .help("write { secret = \"name\" } or { config = \"name\" }, one entry each"),
        );
    }
}

fn mounts(workload: &Workload, container: &Container, sink: &mut Sink) {
    let Some(mounts) = &container.mounts else {
        return;
    };
    for name in &mounts.0 {
        if !workload.volumes.declares(name) {
            sink.push(dangling(
                "volume",
                name,
                name.span,
                workload.volumes.declared(),
                "volumes",
            ));
        }
    }
    once(
        mounts
            .0
            .iter()
            .map(|name| (name.value.0.as_str(), name.span)),
        sink,
    );
}

fn metrics_port(workload: &Workload, sink: &mut Sink) {
    let Some(metrics) = &workload.metrics else {
        return;
    };
    let ports = derived::ports(workload);
    match &metrics.port {
        Some(port) if !ports.iter().any(|known| known.name == port.0) => sink.push(dangling(
            "port",
            port,
            port.span,
            ports.iter().map(|known| known.name),
            "ports",
        )),
        None if ports.is_empty() => sink.push(
            Diagnostic::error(codes::MISSING_KEY, "the metrics need a port")
                .at(metrics.span, "no port to ask")
                .help("give the workload one: ports = { metrics = 9090 }"),
        ),
        _ => {}
    }
}

fn uses(document: &Document, names: &[Spanned<Name>], sink: &mut Sink) {
    for name in names {
        if !document.dependencies.declares(name) && !sink.is_full() {
            sink.push(dangling(
                "dependency",
                name,
                name.span,
                document.dependencies.declared(),
                "dependencies",
            ));
        }
    }
    once(
        names.iter().map(|name| (name.value.0.as_str(), name.span)),
        sink,
    );
}

fn directories(paths: &[Spanned<AbsolutePath>], sink: &mut Sink) {
    once(
        paths.iter().map(|path| (path.value.0.as_str(), path.span)),
        sink,
    );
}

/// Reports what a list has twice.
fn once<'a>(items: impl Iterator<Item = (&'a str, Span)>, sink: &mut Sink) {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for (item, span) in items {
        if let Some(first) = seen.insert(item, span) {
            sink.push(
                Diagnostic::error(codes::DUPLICATE, format!("`{item}` is listed twice"))
                    .at(span, "again")
                    .at(first, "first")
                    .help("remove one of them"),
            );
        }
    }
}

fn variables(document: &Document, env: &Map<EnvName, Spanned<EnvValue>>, sink: &mut Sink) {
    for (_, value) in env.iter() {
        match &value.value {
            EnvValue::Label(key) if !document.labels.declares(key) => {
                sink.push(dangling(
                    "label",
                    key,
                    key.span,
                    document.labels.declared(),
                    "labels",
                ));
            }
            EnvValue::Secret(key) => secret(document, key, sink),
            EnvValue::Dependency(reference) => {
                let name = &reference.dependency;
                if !document.dependencies.declares(name) {
                    sink.push(dangling(
                        "dependency",
                        name,
                        name.span,
                        document.dependencies.declared(),
                        "dependencies",
                    ));
                }
            }
            EnvValue::Workload(reference) => workload_reference(document, reference, sink),
            EnvValue::Text(_) | EnvValue::Plain(_) | EnvValue::Label(_) | EnvValue::Field(_) => {}
        }
    }
}

fn workload_reference(document: &Document, reference: &WorkloadReference, sink: &mut Sink) {
    if let (Some(part), Some(workload)) =
        (&reference.part, document.workloads.get(&reference.workload))
        && matches!(part.value, ConnectionPart::Headless | ConnectionPart::Peers)
    {
        if workload.kind.value == WorkloadKind::Stateful {
            pods_of(workload, reference, part, sink);
        } else {
            sink.push(
                Diagnostic::error(
                    codes::NOT_APPLICABLE,
                    format!("pods of a {} have no names", workload.kind.value.word()),
                )
                .at(part.span, "does not apply")
                .help("use part = \"host\", or make the workload stateful"),
            );
        }
        return;
    }
    let Some(workload) = answers(document, &reference.workload, sink) else {
        return;
    };
    if let Some(port) = &reference.port {
        service_port(workload, port, port.span, sink);
    }
    if let Some(part) = &reference.part
        && !matches!(
            part.value,
            ConnectionPart::Url
                | ConnectionPart::Host
                | ConnectionPart::Port
                | ConnectionPart::Address
        )
    {
        sink.push(
            Diagnostic::error(
                codes::NOT_APPLICABLE,
                format!("a workload has no {}", part.value.word()),
            )
            .at(part.span, "does not apply")
            .help("choose url, host, port or address"),
        );
    }
    if let (Some(path), Some(part)) = (&reference.path, &reference.part)
        && part.value != ConnectionPart::Url
    {
        sink.push(
            Diagnostic::error(codes::NOT_APPLICABLE, "only a URL ends in a path")
                .at(path.span, "does not apply")
                .at(part.span, "no URL")
                .help("remove one of them"),
        );
    }
}

/// Pods have a port to be reached at.
fn pods_of(
    workload: &Workload,
    reference: &WorkloadReference,
    part: &Spanned<ConnectionPart>,
    sink: &mut Sink,
) {
    let ports = derived::ports(workload);
    match &reference.port {
        Some(port) if !ports.iter().any(|known| known.name == port.value.0) => {
            sink.push(dangling(
                "port",
                &port.value.0,
                port.span,
                ports.iter().map(|known| known.name),
                "ports",
            ));
        }
        None if ports.is_empty() && part.value == ConnectionPart::Peers => sink.push(
            Diagnostic::error(codes::MISSING_KEY, "the pods have no port")
                .at(part.span, "needs a port")
                .help("add `port` or `ports` to the workload"),
        ),
        _ => {}
    }
}

fn secret(document: &Document, key: &Spanned<SecretKey>, sink: &mut Sink) {
    let keys = document.secrets.as_ref().map(|secrets| &secrets.keys);
    if !keys.is_some_and(|keys| keys.declares(key)) {
        let known: Vec<&str> = keys.into_iter().flat_map(Map::declared).collect();
        sink.push(dangling(
            "secret",
            key,
            key.span,
            known.into_iter(),
            "secrets.keys",
        ));
    }
}

/// The workload of a test has the connection that is tested.
fn connected(document: &Document, from: &Spanned<Name>, to: &Spanned<Name>, sink: &mut Sink) {
    let Some(workload) = document.workloads.get(from) else {
        return;
    };
    if from.value == to.value || document.has_fault_in(&["dependencies", "workloads"]) {
        return;
    }
    let known = derived::connections(document, workload).contains(&to.value.0.as_str())
        || derived::calls(document, from, workload).contains(&to.value.0.as_str())
        || derived::admits(document, from, workload, to);
    // What answers nobody is reported already.
    let declared = document.dependencies.get(to).is_some()
        || document
            .workloads
            .get(to)
            .is_some_and(|to| derived::has_service(to));
    if declared && !known {
        sink.push(
            Diagnostic::error(
                codes::DANGLING,
                format!("`{}` does not connect to `{}`", from.value.0, to.value.0),
            )
            .at(to.span, "not connected")
            .at(from.span, "has no such connection")
            .help(if document.dependencies.get(to).is_some() {
                format!("add uses = [\"{}\"] to the workload", to.value.0)
            } else {
                format!("add calls = [\"{}\"] to the workload", to.value.0)
            })
            .note("the network policies let through what is named"),
        );
    }
}

/// Checks what the statements refer to; they are the same in every environment.
pub(super) fn statements(document: &Document, sink: &mut Sink) {
    for criterion in &document.criteria {
        for name in criterion.check.iter().flat_map(|check| &check.r#in) {
            if !document.environments.declares(name) {
                sink.push(dangling(
                    "environment",
                    name,
                    name.span,
                    document.environments.declared(),
                    "environments",
                ));
            }
        }
        let Some(test) = &criterion.test else {
            continue;
        };
        if !document.workloads.declares(&test.from) {
            sink.push(dangling(
                "workload",
                &test.from,
                test.from.span,
                document.workloads.declared(),
                "workloads",
            ));
        }
        for name in &test.reaches {
            if !document.dependencies.declares(name) && !document.workloads.declares(name) {
                let known = document
                    .dependencies
                    .declared()
                    .chain(document.workloads.declared());
                sink.push(dangling(
                    "dependency or workload",
                    name,
                    name.span,
                    known,
                    "dependencies",
                ));
            }
            if document.workloads.get(name).is_some() {
                let _ = answers(document, name, sink);
            }
            connected(document, &test.from, name, sink);
        }
    }
    for constraint in &document.constraints {
        for parameter in constraint.parameters.iter().filter(|p| p.key == "workload") {
            if let crate::tree::Value::String(name) = &parameter.node.value
                && !document.workloads.declares(name)
            {
                sink.push(dangling(
                    "workload",
                    name,
                    parameter.node.span,
                    document.workloads.declared(),
                    "workloads",
                ));
            }
        }
    }
}

pub(super) fn dangling<'a>(
    what: &str,
    name: &str,
    span: Span,
    known: impl Iterator<Item = &'a str>,
    section: &str,
) -> Diagnostic {
    // More are neither compared nor listed.
    let known: Vec<&str> = known.take(suggest::MOST_CANDIDATES + 1).collect();
    let help = suggest::did_you_mean(name, known.iter().copied()).unwrap_or_else(|| {
        let entry = matches!(section, "labels" | "secrets.keys");
        match (known.is_empty(), entry) {
            (true, true) => format!("declare it in `[{section}]`"),
            (true, false) => format!("declare `[{section}.{name}]`"),
            (false, _) => format!("declared: {}", suggest::list(known.iter().copied())),
        }
    });
    Diagnostic::error(codes::DANGLING, format!("there is no {what} `{name}`"))
        .at(span, "leads nowhere")
        .help(help)
}
