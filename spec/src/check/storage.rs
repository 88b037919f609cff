//! Volumes: what each kind needs, and how many pods may share one.

use crate::codes;
use crate::derived;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Document, Volume, Workload};
use crate::span::{Span, Spanned};
use crate::types::{AccessMode, RolloutStrategy, VolumeKind, WorkloadKind};
use std::collections::BTreeMap;

/// Checks the volumes of one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    for (_, workload) in document.workloads.iter() {
        for (name, volume) in workload.volumes.iter() {
            reserved(name, sink);
            applicable(volume, sink);
            complete(name, volume, sink);
            in_memory(workload, volume, sink);
            stateful(workload, volume, sink);
        }
        shared(workload, sink);
        places(workload, sink);
    }
}

/// Volumes that the chart itself makes.
fn reserved(name: &Spanned<String>, sink: &mut Sink) {
    let own = ["writable-", "secret-file-", "migration-writable-"];
    if name.value == "files" || own.iter().any(|start| name.value.starts_with(start)) {
        sink.push(
            Diagnostic::error(
                codes::RESERVED,
                format!("a volume cannot be called `{}`", name.value),
            )
            .at(name.span, "reserved")
            .help("choose another name")
            .note("the chart makes volumes of such names for files and writable directories"),
        );
    }
}

fn applicable(volume: &Volume, sink: &mut Sink) {
    use VolumeKind::{Config, Ephemeral, Persistent, Secret};
    fn one<T>(
        key: &'static str,
        value: &Option<Spanned<T>>,
        kinds: &'static [VolumeKind],
    ) -> Option<(&'static str, Span, &'static [VolumeKind])> {
        value.as_ref().map(|value| (key, value.span, kinds))
    }
    let stated = [
        one("size", &volume.size, &[Persistent, Ephemeral]),
        one("access", &volume.access, &[Persistent]),
        one("class", &volume.class, &[Persistent]),
        one("keep", &volume.keep, &[Persistent]),
        one("claim", &volume.claim, &[Persistent]),
        one("in-memory", &volume.in_memory, &[Ephemeral]),
        one("source", &volume.source, &[Secret, Config]),
    ];
    for (key, span, kinds) in stated.into_iter().flatten() {
        if !kinds.contains(&volume.kind.value) {
            sink.push(
                Diagnostic::error(
                    codes::NOT_APPLICABLE,
                    format!(
                        "`{key}` does not apply to a volume of kind \"{}\"",
                        volume.kind.value.word()
                    ),
                )
                .at(span, "does not apply")
                .at(volume.kind.span, "this kind")
                .help(format!(
                    "remove it, or write kind = \"{}\"",
                    kinds[0].word()
                )),
            );
        }
    }
}

fn complete(name: &Spanned<String>, volume: &Spanned<Volume>, sink: &mut Sink) {
    let (key, help) = match volume.kind.value {
        VolumeKind::Persistent if volume.size.is_none() && volume.claim.is_none() => (
            "size",
            "add size = \"10Gi\", or the name of an existing claim as `claim`",
        ),
        VolumeKind::Secret if volume.source.is_none() => {
            ("source", "add the name of the Secret as `source`")
        }
        VolumeKind::Config if volume.source.is_none() => {
            ("source", "add the name of the ConfigMap as `source`")
        }
        _ => return,
    };
    if volume.has_fault_in(&["size", "claim", "source"]) {
        return;
    }
    sink.push(
        Diagnostic::error(
            codes::MISSING_KEY,
            format!("the volume `{}` needs `{key}`", name.value),
        )
        .at(volume.span, format!("needs `{key}`"))
        .help(help),
    );
}

/// A volume in memory counts towards the container's limit.
fn in_memory(workload: &Workload, volume: &Volume, sink: &mut Sink) {
    if volume.kind.value != VolumeKind::Ephemeral {
        return;
    }
    let in_memory = volume.in_memory.as_ref().is_some_and(|flag| flag.0);
    if let (true, Some(size), Some(memory)) = (in_memory, &volume.size, &workload.memory)
        && size.bytes >= memory.limit.bytes
    {
        sink.push(
            Diagnostic::error(
                codes::VOLUME,
                format!(
                    "a volume of {} in memory leaves nothing of the limit {}",
                    size.text, memory.limit.text
                ),
            )
            .at(size.span, "in memory")
            .at(memory.limit.span, "counts towards this")
            .help("raise the limit or lower the size"),
        );
    }
}

fn stateful(workload: &Workload, volume: &Volume, sink: &mut Sink) {
    if workload.kind.value == WorkloadKind::Stateful
        && let Some(claim) = &volume.claim
        && derived::most_pods(workload) > 1
    {
        sink.push(
            Diagnostic::error(
                codes::VOLUME,
                format!(
                    "{} pods would share one claim",
                    derived::most_pods(workload)
                ),
            )
            .at(claim.span, "one claim")
            .at(
                workload.kind.span,
                "each pod of a stateful workload has a volume of its own",
            )
            .help("remove `claim` and give a `size`"),
        );
    }
}

/// A volume that one node can mount, and pods on several nodes.
/// Who may mount a persistent volume, in its word.
fn access(workload: &Workload, volume: &str) -> &'static str {
    workload
        .volumes
        .get(volume)
        .and_then(|volume| volume.access.as_ref())
        .map_or(AccessMode::ReadWriteOnce, |access| access.value)
        .word()
}

fn shared(workload: &Workload, sink: &mut Sink) {
    let Some(name) = derived::single_mount(workload) else {
        return;
    };
    let most = derived::most_pods(workload);
    let stated = workload
        .rollout
        .as_ref()
        .and_then(|rollout| rollout.strategy.as_ref());
    if most > 1 {
        let span = derived::scaling(workload)
            .map(|scaling| scaling.max.span)
            .or_else(|| workload.replicas.as_ref().map(|replicas| replicas.span))
            .or_else(|| workload.parallelism.as_ref().map(|p| p.span))
            .unwrap_or(workload.kind.span);
        sink.push(
            Diagnostic::error(
                codes::VOLUME,
                format!("up to {most} pods share the volume `{}`, which one node can mount", name.value),
            )
            .at(span, format!("up to {most} pods"))
            .at(name.span, access(workload, &name.value))
            .help("write access = \"ReadWriteMany\" with a class that has it, kind = \"stateful\" for a volume for each pod, or kind = \"ephemeral\"")
            .note("pods on other nodes would wait for the volume for ever"),
        );
    } else if let Some(strategy) = stated
        && strategy.value == RolloutStrategy::RollingUpdate
    {
        sink.push(
            Diagnostic::error(
                codes::VOLUME,
                format!("a new pod could not mount `{}` before the old one is gone", name.value),
            )
            .at(strategy.span, "the old pod stays until the new one is ready")
            .at(name.span, access(workload, &name.value))
            .help("write strategy = \"recreate\" or leave it out, or give the volume access = \"ReadWriteMany\""),
        );
    }
}

/// Nothing is mounted over something else.
fn places(workload: &Workload, sink: &mut Sink) {
    let mut seen: BTreeMap<&str, (Span, u8)> = BTreeMap::new();
    let volumes = workload
        .volumes
        .iter()
        .map(|(_, volume)| (volume.mount.value.0.as_str(), volume.mount.span));
    let writable = workload
        .writable
        .iter()
        .map(|path| (path.value.0.as_str(), path.span));
    let files = workload
        .files
        .iter()
        .map(|(path, _)| (path.value.as_str(), path.span));
    let all = volumes
        .map(|(path, span)| (path, span, 0))
        .chain(writable.map(|(path, span)| (path, span, 1)))
        .chain(files.map(|(path, span)| (path, span, 2)));
    for (path, span, list) in all {
        // What one list has twice is reported where lists are checked.
        if let Some((first, other)) = seen.insert(path.trim_end_matches('/'), (span, list))
            && (list != 1 || other != 1)
        {
            sink.push(mounted_twice(path, span, first));
        }
    }
    let mut keys: BTreeMap<String, Span> = BTreeMap::new();
    for (path, _) in workload.files.iter() {
        let key = derived::file_key(&path.value);
        if let Some(first) = keys.insert(key, path.span) {
            sink.push(
                Diagnostic::error(
                    codes::NAME_CLASH,
                    format!("`{}` cannot be told from another file", path.value),
                )
                .at(path.span, "again")
                .at(first, "first")
                .help("choose another path"),
            );
        }
    }
}

fn mounted_twice(path: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::error(
        codes::DUPLICATE,
        format!("two things are mounted at `{path}`"),
    )
    .at(span, "again")
    .at(first, "first")
    .help("choose another path")
}
