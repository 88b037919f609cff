//! Escape hatches: patches and raw objects that leave the chart's guarantees in place.

use crate::codes;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::Document;
use crate::span::Spanned;
use crate::tree::{Node, Table, Value};
use crate::types::Free;

/// Paths that a patch may not touch, with the key that says the same.
const OBJECT: &[(&str, &str)] = &[
    ("apiVersion", ""),
    ("kind", ""),
    ("metadata.name", ""),
    ("metadata.namespace", ""),
    ("spec.selector", ""),
    ("spec.template", "`pod` and `container` of the patch"),
    ("spec.jobTemplate.metadata", ""),
    (
        "spec.jobTemplate.spec.template",
        "`pod` and `container` of the patch",
    ),
    ("spec.jobTemplate.spec.completions", "`completions`"),
    ("spec.jobTemplate.spec.parallelism", "`parallelism`"),
    ("spec.replicas", "`replicas` or `scaling`"),
    ("spec.strategy", "`rollout`"),
    ("spec.serviceName", ""),
    ("spec.volumeClaimTemplates", "`volumes`"),
];
const POD: &[(&str, &str)] = &[
    ("containers", "`container` of the patch, or `sidecars`"),
    ("initContainers", "`init` or `sidecars`"),
    ("volumes", "`volumes`"),
    ("securityContext", "`user`, `group` and `read-only-root`"),
    ("hostNetwork", ""),
    ("hostPID", ""),
    ("hostIPC", ""),
    ("shareProcessNamespace", ""),
    ("serviceAccountName", "`account`"),
    ("automountServiceAccountToken", "`account`"),
    ("enableServiceLinks", ""),
    ("restartPolicy", ""),
    ("terminationGracePeriodSeconds", "`grace`"),
    ("topologySpreadConstraints", "`placement`"),
];
const CONTAINER: &[(&str, &str)] = &[
    ("name", ""),
    ("image", "`image`"),
    ("env", "`env`"),
    ("envFrom", "`env-from`"),
    ("ports", "`ports`"),
    ("volumeMounts", "`volumes`, `files` or `writable`"),
    ("securityContext", "`user`, `group` and `read-only-root`"),
    ("resources", "`cpu`, `memory` and `ephemeral-storage`"),
    ("livenessProbe", "`probes.liveness`"),
    ("readinessProbe", "`probes.readiness`"),
    ("startupProbe", "`probes.startup`"),
    ("lifecycle", "`drain` or `pre-stop`"),
];
const SERVICE: &[(&str, &str)] = &[
    ("apiVersion", ""),
    ("kind", ""),
    ("metadata.name", ""),
    ("metadata.namespace", ""),
    ("spec.selector", ""),
    ("spec.ports", "`ports`"),
    ("spec.type", "`service.type`"),
];

/// Checks the escape hatches of one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    for (_, workload) in document.workloads.iter() {
        let Some(patch) = &workload.patch else {
            continue;
        };
        if let Some(part) = &patch.service
            && !crate::derived::has_service(workload)
        {
            sink.push(
                Diagnostic::error(codes::NOT_APPLICABLE, "there is no Service to patch")
                    .at(part.span, "does not apply")
                    .at(workload.kind.span, "has no Service")
                    .help("remove it"),
            );
        }
        for (part, forbidden) in [
            (&patch.object, OBJECT),
            (&patch.pod, POD),
            (&patch.container, CONTAINER),
            (&patch.service, SERVICE),
        ] {
            if let Some(part) = part {
                guarded(part, forbidden, sink);
            }
        }
    }
    for manifest in &document.manifests {
        self::manifest(manifest, sink);
    }
}

fn guarded(patch: &Spanned<Free>, forbidden: &[(&str, &str)], sink: &mut Sink) {
    let Value::Table(table) = &patch.value.0.value else {
        sink.push(
            Diagnostic::error(codes::WRONG_TYPE, "a patch is a table")
                .at(patch.span, "expected a table")
                .help("write what Kubernetes calls it: { terminationGracePeriodSeconds = 5 }"),
        );
        return;
    };
    for (path, instead) in forbidden {
        if let Some(entry) = find(table, path) {
            sink.push(
                Diagnostic::error(codes::PATCH, format!("a patch cannot change `{path}`"))
                    .at(entry.key_span, "guaranteed by the chart")
                    .help(if instead.is_empty() {
                        "remove it".to_owned()
                    } else {
                        format!("use {instead}")
                    }),
            );
        }
    }
}

/// The entry at a dotted path.
fn find<'a>(table: &'a Table, path: &str) -> Option<&'a crate::tree::Entry> {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    let entry = table.get(first)?;
    match (rest, &entry.node.value) {
        (None, _) => Some(entry),
        (Some(rest), Value::Table(inner)) => find(inner, rest),
        (Some(_), _) => None,
    }
}

fn manifest(manifest: &Spanned<Free>, sink: &mut Sink) {
    let Value::Table(table) = &manifest.value.0.value else {
        sink.push(
            Diagnostic::error(codes::WRONG_TYPE, "an object of Kubernetes is a table")
                .at(manifest.span, "expected a table")
                .help("write [[manifests]] with apiVersion, kind and metadata"),
        );
        return;
    };
    let text = |path: &str| match find(table, path).map(|entry| &entry.node.value) {
        Some(Value::String(text)) if !text.is_empty() => Some(text.as_str()),
        _ => None,
    };
    for path in ["apiVersion", "kind", "metadata.name"] {
        if text(path).is_none() {
            sink.push(
                Diagnostic::error(codes::MISSING_KEY, format!("missing key `{path}`"))
                    .at(manifest.span, format!("needs `{path}`"))
                    .help("an object of Kubernetes has apiVersion, kind and metadata.name"),
            );
        }
    }
    if text("kind") == Some("Secret") {
        for key in ["data", "stringData"] {
            if let Some(entry) = find(table, key).filter(|entry| holds_something(&entry.node)) {
                sink.push(
                    Diagnostic::error(codes::PLAIN_SECRET, "a Secret would stand in plain text")
                        .at(entry.key_span, "ends up in values.yaml")
                        .help("declare its keys in `[secrets.keys]`, or let somebody else make it and name it in `env-from`"),
                );
            }
        }
    }
}

fn holds_something(node: &Node) -> bool {
    !matches!(&node.value, Value::Table(table) if table.entries.is_empty())
}
