//! What a container asks for and how it is probed.

use super::intent;
use crate::codes;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{CpuRange, Document, MemoryRange, Probe, Workload};
use crate::span::Spanned;
use crate::types::{Any, Image, RolloutStrategy, Surge, WorkloadKind};

/// Checks every container of one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    for (_, workload) in document.workloads.iter() {
        cpu(workload.cpu.as_ref(), sink);
        memory(workload.memory.as_ref(), sink);
        memory(workload.ephemeral_storage.as_ref(), sink);
        ports(workload, sink);
        probes(workload, sink);
        rollout(workload, sink);
        shell(&workload.command, sink);
        shell(&workload.args, sink);
        image(document, &workload.image, sink);
    }
    for (_, dependency) in document.dependencies.iter() {
        cpu(dependency.cpu.as_ref(), sink);
        memory(dependency.memory.as_ref(), sink);
    }
    if let Some(migrations) = &document.migrations {
        cpu(migrations.cpu.as_ref(), sink);
        memory(migrations.memory.as_ref(), sink);
        shell(&migrations.command, sink);
        image(document, &migrations.image, sink);
    }
}

fn cpu(range: Option<&Spanned<CpuRange>>, sink: &mut Sink) {
    if let Some(range) = range
        && range.limit.millicores < range.request.millicores
    {
        sink.push(below(&range.limit.text, range.limit.span, &range.request.text, range.request.span));
    }
}

fn memory(range: Option<&Spanned<MemoryRange>>, sink: &mut Sink) {
    if let Some(range) = range
        && range.limit.bytes < range.request.bytes
    {
        sink.push(below(&range.limit.text, range.limit.span, &range.request.text, range.request.span));
    }
}

fn below(limit: &str, limit_at: crate::span::Span, request: &str, request_at: crate::span::Span) -> Diagnostic {
    Diagnostic::error(codes::LIMIT_BELOW_REQUEST, format!("the limit {limit} is below the request {request}"))
        .at(limit_at, "at most this")
        .at(request_at, "but this is set aside")
        .help("raise the limit or lower the request")
        .note("Kubernetes refuses such a pod; an environment that changes one often needs to change the other")
}

fn ports(workload: &Spanned<Workload>, sink: &mut Sink) {
    match (workload.kind.value, &workload.port) {
        (WorkloadKind::Service, None) => sink.push(
            Diagnostic::error(codes::MISSING_KEY, "a service needs a port")
                .at(workload.kind.span, "answers requests")
                .help("add `port`, or write kind = \"worker\""),
        ),
        (WorkloadKind::Worker, Some(port)) => sink.push(
            Diagnostic::error(codes::NOT_APPLICABLE, "a worker has no port")
                .at(port.span, "does not apply")
                .at(workload.kind.span, "a worker")
                .help("remove `port`, or write kind = \"service\""),
        ),
        (_, Some(port)) if port.0 < 1024 => sink.push(
            Diagnostic::warning(codes::NUMBER, format!("port {} is a privileged port", port.0))
                .at(port.span, "below 1024")
                .help("let the application listen on a port from 1024; `service.port` can stay as it is")
                .note("a restricted container has no capability to bind it; some container runtimes allow it all the same"),
        ),
        _ => {}
    }
    if let (WorkloadKind::Worker, Some(service)) = (workload.kind.value, &workload.service) {
        sink.push(
            Diagnostic::error(codes::NOT_APPLICABLE, "a worker has no Service")
                .at(service.span, "does not apply")
                .at(workload.kind.span, "a worker")
                .help("remove `service`, or write kind = \"service\""),
        );
    }
}

fn probes(workload: &Workload, sink: &mut Sink) {
    let Some(probes) = &workload.probes else { return };
    for probe in [&probes.liveness, &probes.readiness, &probes.startup].into_iter().flatten() {
        one_probe(workload, probe, sink);
    }
    if let (Some(live), Some(ready)) = (&probes.liveness, &probes.readiness)
        && let (Some(live), Some(ready)) = (&live.path, &ready.path)
        && live.value == ready.value
    {
        sink.push(
            Diagnostic::warning(codes::SAME_PROBE, format!("liveness and readiness both ask `{}`", live.value.0))
                .at(live.span, "restarts the container")
                .at(ready.span, "takes it out of the Service")
                .help("let liveness ask a path that does not depend on the database or the cache")
                .note("otherwise an outage of a dependency restarts every pod"),
        );
    }
}

fn one_probe(workload: &Workload, probe: &Spanned<Probe>, sink: &mut Sink) {
    let tcp = probe.tcp.as_ref().is_some_and(|tcp| tcp.value.0);
    let ways = usize::from(probe.path.is_some()) + usize::from(!probe.command.is_empty()) + usize::from(tcp);
    if ways != 1 {
        let found = if ways == 0 { "no way to check" } else { "several ways to check" };
        sink.push(
            Diagnostic::error(codes::PROBE, format!("the probe has {found}"))
                .at(probe.span, found)
                .help("give one of `path`, `command` and `tcp = true`"),
        );
    } else if probe.command.is_empty() && workload.kind.value == WorkloadKind::Worker {
        sink.push(
            Diagnostic::error(codes::PROBE, "a worker has no port to probe")
                .at(probe.span, "needs a port")
                .help("use `command`, such as command = [\"arq\", \"--check\"]"),
        );
    }
    shell(&probe.command, sink);
}

fn rollout(workload: &Workload, sink: &mut Sink) {
    let Some(rollout) = &workload.rollout else { return };
    let none = |value: &Surge| matches!(value, Surge::Pods(0) | Surge::Percent(0));
    let stuck = rollout.max_surge.as_ref().is_some_and(|surge| none(surge))
        && rollout.max_unavailable.as_ref().is_none_or(|down| none(down));
    if stuck {
        sink.push(
            Diagnostic::error(codes::TIMING, "the rollout could neither add nor remove a pod")
                .at(rollout.span, "max-surge and max-unavailable are both 0")
                .help("set max-surge to 1, or max-unavailable to 1"),
        );
    }
    let recreate = rollout.strategy.as_ref().is_some_and(|s| s.value == RolloutStrategy::Recreate);
    for value in [&rollout.max_surge, &rollout.max_unavailable].into_iter().flatten() {
        if recreate {
            sink.push(
                Diagnostic::error(codes::NOT_APPLICABLE, "`recreate` stops all pods first, so this has no effect")
                    .at(value.span, "does not apply")
                    .help("remove it, or write strategy = \"rolling-update\""),
            );
        }
    }
}

/// `sh -c` runs on after a failed line unless told otherwise.
fn shell(command: &[Spanned<Any>], sink: &mut Sink) {
    let [program, flag, script, ..] = command else { return };
    let shells = ["sh", "bash", "ash", "dash"];
    let name = program.rsplit('/').next().unwrap_or_default();
    let runs_script = shells.contains(&name) && flag.starts_with('-') && flag.ends_with('c');
    if !runs_script || flag.contains('e') {
        return;
    }
    let text = script.trim();
    let several = text.lines().count() > 1 || text.contains(';');
    let strict = text.starts_with("set -e") || text.starts_with("exec ");
    if several && !strict {
        sink.push(
            Diagnostic::error(codes::SHELL, "the script goes on after a line that failed")
                .at(script.span, "several commands without `set -e`")
                .help("start the script with `set -eu`, or give the program itself as a list: command = [\"python\", \"-m\", \"alembic\", \"upgrade\", \"head\"]")
                .note("a migration or test whose last line is an `echo` always succeeds"),
        );
    }
}

fn image(document: &Document, image: &Spanned<Image>, sink: &mut Sink) {
    let version = intent(document).map(|intent| {
        intent.app_version.as_ref().map_or(intent.version.text.as_str(), |version| &version.0)
    });
    if image.tag == "latest" && image.digest.is_empty() {
        sink.push(
            Diagnostic::warning(codes::IMAGE, "`latest` is another image tomorrow")
                .at(image.span, "floating tag")
                .help("leave the tag out: the application's version is used"),
        );
    } else if !image.tag.is_empty() && image.digest.is_empty() && version == Some(image.tag.as_str()) {
        sink.push(
            Diagnostic::warning(codes::REPEATED_FACT, "the tag repeats the application's version")
                .at(image.span, "stated twice")
                .help("leave the tag out: it follows `intent.app-version`"),
        );
    }
}
