//! What a container asks for and how it is probed.

use super::intent;
use crate::codes;
use crate::derived;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{
    Container, CpuRange, Document, GrpcService, MemoryRange, Probe, Probes, Workload,
};
use crate::span::{Span, Spanned};
use crate::types::{Any, Image, Port, Protocol, RolloutStrategy, Surge, WorkloadKind};
use std::collections::BTreeMap;

/// Checks every container of one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    for (_, workload) in document.workloads.iter() {
        cpu(workload.cpu.as_ref(), sink);
        memory(workload.memory.as_ref(), sink);
        memory(workload.ephemeral_storage.as_ref(), sink);
        replicas(workload, sink);
        ports(workload, sink);
        probes(workload, sink);
        rollout(workload, sink);
        shell(workload.command.iter().chain(&workload.args), sink);
        if !workload.command.is_empty() {
            shell(workload.args.iter(), sink);
        }
        if let Some(stated) = &workload.image {
            image(document, stated, sink);
        }
        for (_, container) in workload.init.iter().chain(workload.sidecars.iter()) {
            self::container(document, container, sink);
        }
    }
    for (_, dependency) in document.dependencies.iter() {
        cpu(dependency.cpu.as_ref(), sink);
        memory(dependency.memory.as_ref(), sink);
    }
    if let Some(migrations) = &document.migrations {
        cpu(migrations.cpu.as_ref(), sink);
        memory(migrations.memory.as_ref(), sink);
        shell(migrations.command.iter(), sink);
        if let Some(stated) = &migrations.image {
            image(document, stated, sink);
        }
    }
}

/// A container before or beside a workload.
fn container(document: &Document, container: &Spanned<Container>, sink: &mut Sink) {
    cpu(container.cpu.as_ref(), sink);
    memory(container.memory.as_ref(), sink);
    shell(container.command.iter().chain(&container.args), sink);
    if let Some(stated) = &container.image {
        image(document, stated, sink);
    } else if container.command.is_empty()
        && container.args.is_empty()
        && !container.has_fault_in(&["image", "command", "args"])
    {
        sink.push(
            Diagnostic::error(
                codes::MISSING_KEY,
                "the container would run the workload a second time",
            )
            .at(container.span, "neither `image` nor `command`")
            .help("give it an `image`, or the `command` to run from the workload's image"),
        );
    }
    for (_, rule) in container.ports.iter() {
        privileged(&rule.0.port, sink);
    }
    let Some(probes) = &container.probes else {
        return;
    };
    let has_port = !container.ports.is_empty();
    for probe in every_probe(probes) {
        one_probe(probe, has_port, "the container has no port to probe", sink);
        named_port(
            probe,
            &|name| container.ports.declares(name),
            container.ports.declared(),
            sink,
        );
    }
}

fn cpu(range: Option<&Spanned<CpuRange>>, sink: &mut Sink) {
    if let Some(range) = range
        && range.limit.millicores < range.request.millicores
    {
        sink.push(below(
            &range.limit.text,
            range.limit.span,
            &range.request.text,
            range.request.span,
        ));
    }
}

fn memory(range: Option<&Spanned<MemoryRange>>, sink: &mut Sink) {
    if let Some(range) = range
        && range.limit.bytes < range.request.bytes
    {
        sink.push(below(
            &range.limit.text,
            range.limit.span,
            &range.request.text,
            range.request.span,
        ));
    }
}

fn below(limit: &str, limit_at: Span, request: &str, request_at: Span) -> Diagnostic {
    let mut places = [(limit_at, "at most this"), (request_at, "set aside")];
    // The later one is what an environment changed.
    places.sort_by_key(|(span, _)| std::cmp::Reverse(*span));
    let found = format!("the limit {limit} is below the request {request}");
    places
        .into_iter()
        .fold(Diagnostic::error(codes::LIMIT_BELOW_REQUEST, found), |diagnostic, (span, text)| diagnostic.at(span, text))
        .help("raise the limit or lower the request")
        .note("Kubernetes refuses such a pod; an environment that changes one often needs to change the other")
}

fn replicas(workload: &Workload, sink: &mut Sink) {
    if let (Some(replicas), Some(most)) = (&workload.replicas, &workload.max_replicas)
        && replicas.value > most.value
    {
        sink.push(
            Diagnostic::error(
                codes::NUMBER,
                format!(
                    "{} replicas are more than max-replicas, {}",
                    replicas.value.0, most.value.0
                ),
            )
            .at(replicas.span, "too many")
            .at(most.span, "the most that the chart accepts")
            .help("raise `max-replicas` or lower `replicas`"),
        );
    }
}

fn ports(workload: &Workload, sink: &mut Sink) {
    let kind = workload.kind.value;
    let none = workload.port.is_none() && workload.ports.declares_nothing();
    if kind == WorkloadKind::Service && none && !workload.has_fault_in(&["port", "ports"]) {
        sink.push(
            Diagnostic::error(codes::MISSING_KEY, "a service needs a port")
                .at(workload.kind.span, "answers requests")
                .help("add `port`, or write kind = \"worker\""),
        );
    }
    let hidden = !none && !derived::ports(workload).iter().any(|port| port.exposed);
    if kind == WorkloadKind::Service && hidden && !workload.has_fault_in(&["port", "ports"]) {
        sink.push(
            Diagnostic::error(codes::MISSING_KEY, "no port of the service is exposed")
                .at(workload.kind.span, "answers requests")
                .help(
                    "leave out `expose = false` for one of its ports, or write kind = \"worker\"",
                ),
        );
    }
    if let (WorkloadKind::Worker, Some(port)) = (kind, &workload.port) {
        sink.push(
            Diagnostic::error(codes::NOT_APPLICABLE, "a worker has no port")
                .at(port.span, "does not apply")
                .at(workload.kind.span, "a worker")
                .help("remove `port`, or write kind = \"service\"")
                .note("a port for metrics alone belongs into `ports`"),
        );
    }
    if let (WorkloadKind::Worker, Some(service)) = (kind, &workload.service) {
        sink.push(
            Diagnostic::error(codes::NOT_APPLICABLE, "a worker has no Service")
                .at(service.span, "does not apply")
                .at(workload.kind.span, "a worker")
                .help("remove `service`, or write kind = \"service\""),
        );
    }
    if let (Some(port), Some((name, _))) = (
        &workload.port,
        workload.ports.iter().find(|(name, _)| name.value == "http"),
    ) {
        sink.push(
            Diagnostic::error(codes::DUPLICATE, "two ports are called `http`")
                .at(name.span, "again")
                .at(port.span, "`port` is called `http`")
                .help("give only one of them"),
        );
    }
    let mut seen: BTreeMap<(u16, Protocol), Span> = BTreeMap::new();
    for (port, protocol) in every_port(workload) {
        privileged(port, sink);
        if let Some(first) = seen.insert((port.value.0, protocol), port.span) {
            sink.push(
                Diagnostic::error(codes::DUPLICATE, format!("port {} is listed twice", port.0))
                    .at(port.span, "again")
                    .at(first, "first")
                    .help("a pod can listen only once on a port"),
            );
        }
    }
}

/// Number and protocol of every port of a workload and its sidecars.
fn every_port(workload: &Workload) -> impl Iterator<Item = (&Spanned<Port>, Protocol)> {
    let main = workload.port.as_ref().map(|port| (port, Protocol::Tcp));
    let own = workload.ports.iter().map(|(_, rule)| rule);
    let beside = workload
        .sidecars
        .iter()
        .flat_map(|(_, sidecar)| sidecar.ports.iter().map(|(_, rule)| rule));
    main.into_iter().chain(own.chain(beside).map(|rule| {
        let protocol = rule.0.protocol.as_ref().map_or(Protocol::Tcp, |p| p.value);
        (&rule.0.port, protocol)
    }))
}

fn privileged(port: &Spanned<Port>, sink: &mut Sink) {
    if port.0 < 1024 {
        sink.push(
            Diagnostic::warning(codes::NUMBER, format!("port {} is a privileged port", port.0))
                .at(port.span, "below 1024")
                .help("let the application listen on a port from 1024; `service.port` can stay as it is")
                .note("a restricted container has no capability to bind it; some container runtimes allow it all the same"),
        );
    }
}

fn every_probe(probes: &Probes) -> impl Iterator<Item = &Spanned<Probe>> {
    [&probes.liveness, &probes.readiness, &probes.startup]
        .into_iter()
        .flatten()
}

fn probes(workload: &Workload, sink: &mut Sink) {
    let Some(probes) = &workload.probes else {
        return;
    };
    // A service without a port, or with a faulty one, is reported already.
    let has_port = workload.port.is_some()
        || !workload.ports.declares_nothing()
        || workload.has_fault_in(&["port", "ports"])
        || workload.kind.value == WorkloadKind::Service;
    let no_port = match workload.kind.value {
        WorkloadKind::Worker => "a worker has no port to probe",
        _ => "the workload has no port to probe",
    };
    for probe in every_probe(probes) {
        one_probe(probe, has_port, no_port, sink);
        let known = |name: &str| {
            workload.ports.declares(name) || (name == "http" && workload.port.is_some())
        };
        named_port(probe, &known, workload.ports.declared(), sink);
    }
    for probe in [&probes.liveness, &probes.startup].into_iter().flatten() {
        if let Some(successes) = &probe.successes
            && successes.0 > 1
        {
            sink.push(
                Diagnostic::error(codes::PROBE, "only readiness may need several successes")
                    .at(successes.span, "must be 1")
                    .help("remove it"),
            );
        }
    }
    if let (Some(live), Some(ready)) = (&probes.liveness, &probes.readiness)
        && let (Some(live), Some(ready)) = (&live.path, &ready.path)
        && live.value == ready.value
    {
        sink.push(
            Diagnostic::warning(
                codes::SAME_PROBE,
                format!("liveness and readiness both ask `{}`", live.value.0),
            )
            .at(live.span, "restarts the container")
            .at(ready.span, "takes it out of the Service")
            .help("let liveness ask a path that does not depend on the database or the cache")
            .note("otherwise an outage of a dependency restarts every pod"),
        );
    }
}

/// The name of a probe's port.
fn named_port<'a>(
    probe: &Probe,
    known: &dyn Fn(&str) -> bool,
    names: impl Iterator<Item = &'a str>,
    sink: &mut Sink,
) {
    if let Some(port) = &probe.port
        && !known(port)
    {
        sink.push(super::references::dangling(
            "port", port, port.span, names, "ports",
        ));
    }
}

fn one_probe(probe: &Spanned<Probe>, has_port: bool, no_port: &str, sink: &mut Sink) {
    let tcp = probe
        .tcp
        .as_ref()
        .filter(|tcp| tcp.value.0)
        .map(|tcp| tcp.span);
    let grpc = probe
        .grpc
        .as_ref()
        .filter(|grpc| grpc.value != GrpcService::No)
        .map(|grpc| grpc.span);
    let path = probe.path.as_ref().map(|path| path.span);
    let command = probe.command.first().map(|program| program.span);
    let ways: Vec<Span> = [path, tcp, grpc, command].into_iter().flatten().collect();
    if ways.len() != 1 {
        if probe.has_fault_in(&["path", "command", "tcp", "grpc"]) {
            return;
        }
        let found = if ways.is_empty() {
            "no way to check"
        } else {
            "several ways to check"
        };
        let diagnostic = Diagnostic::error(codes::PROBE, format!("the probe has {found}"))
            .at(probe.span, found)
            .help("give one of `path`, `command`, `tcp = true` and `grpc = true`");
        sink.push(
            ways.into_iter()
                .fold(diagnostic, |diagnostic, way| diagnostic.at(way, "one way")),
        );
    } else if probe.command.is_empty() && !has_port {
        sink.push(
            Diagnostic::error(codes::PROBE, no_port)
                .at(probe.span, "needs a port")
                .help("use `command`, such as command = [\"arq\", \"--check\"]"),
        );
    }
    shell(probe.command.iter(), sink);
}

fn rollout(workload: &Workload, sink: &mut Sink) {
    let Some(rollout) = &workload.rollout else {
        return;
    };
    let none = |value: &Surge| matches!(value, Surge::Pods(0) | Surge::Percent(0));
    let recreate = rollout
        .strategy
        .as_ref()
        .filter(|s| s.value == RolloutStrategy::Recreate);
    let stuck = recreate.is_none()
        && rollout.max_surge.as_ref().is_some_and(|surge| none(surge))
        && rollout
            .max_unavailable
            .as_ref()
            .is_none_or(|down| none(down));
    if stuck {
        sink.push(
            Diagnostic::error(
                codes::TIMING,
                "the rollout could neither add nor remove a pod",
            )
            .at(rollout.span, "max-surge and max-unavailable are both 0")
            .help("set max-surge to 1, or max-unavailable to 1"),
        );
    }
    let Some(recreate) = recreate else { return };
    for value in [&rollout.max_surge, &rollout.max_unavailable]
        .into_iter()
        .flatten()
    {
        sink.push(
            Diagnostic::error(
                codes::NOT_APPLICABLE,
                "`recreate` stops all pods first, so this has no effect",
            )
            .at(value.span, "does not apply")
            .at(recreate.span, "stops all pods first")
            .help("remove it, or write strategy = \"rolling-update\""),
        );
    }
}

/// `sh -c` runs on after a failed line unless told otherwise.
fn shell<'a>(mut words: impl Iterator<Item = &'a Spanned<Any>>, sink: &mut Sink) {
    let (Some(program), Some(flag), Some(script)) = (words.next(), words.next(), words.next())
    else {
        return;
    };
    let shells = ["sh", "bash", "ash", "dash"];
    let name = program.rsplit('/').next().unwrap_or_default();
    let runs_script = shells.contains(&name) && flag.starts_with('-') && flag.ends_with('c');
    if !runs_script || flag.contains('e') {
        return;
    }
    let mut lines = script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = lines.next().unwrap_or("");
    let several = lines.next().is_some() || first.contains(';');
    if several && !stops_at_failure(first) && !first.starts_with("exec ") {
        sink.push(
            Diagnostic::error(codes::SHELL, "the script goes on after a line that failed")
                .at(script.span, "several commands without `set -e`")
                .help("start the script with `set -eu`, or give the program itself as a list: command = [\"python\", \"-m\", \"alembic\", \"upgrade\", \"head\"]")
                .note("a migration or test whose last line is an `echo` always succeeds"),
        );
    }
}

/// Whether the first line of a script is `set -e`, `set -eu`, `set -o errexit` or the like.
fn stops_at_failure(line: &str) -> bool {
    let command = line.split(';').next().unwrap_or("");
    let mut words = command.split_whitespace();
    words.next() == Some("set")
        && words.any(|word| word == "errexit" || (word.starts_with('-') && word.contains('e')))
}

fn image(document: &Document, image: &Spanned<Image>, sink: &mut Sink) {
    let version = intent(document).map(|intent| {
        intent
            .app_version
            .as_ref()
            .map_or(intent.version.text.as_str(), |version| &version.0)
    });
    if image.tag == "latest" && image.digest.is_empty() {
        sink.push(
            Diagnostic::warning(codes::IMAGE, "`latest` is another image tomorrow")
                .at(image.span, "floating tag")
                .help("leave the tag out: the application's version is used"),
        );
    } else if !image.tag.is_empty()
        && image.digest.is_empty()
        && version == Some(image.tag.as_str())
    {
        sink.push(
            Diagnostic::warning(
                codes::REPEATED_FACT,
                "the tag repeats the application's version",
            )
            .at(image.span, "stated twice")
            .help("leave the tag out: it follows `intent.app-version`"),
        );
    }
}
