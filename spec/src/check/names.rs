//! Names that would meet in the chart: values keys, files, environments.

use super::intent;
use crate::codes;
use crate::derived;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::Document;
use crate::resolve::Merged;
use crate::span::{Span, Spanned};
use crate::types::{Layout, WorkloadKind};
use std::collections::BTreeMap;

/// Keys of `values.yaml` that the chart itself has.
pub const RESERVED: &[&str] = &[
    "clients",
    "commonAnnotations",
    "commonLabels",
    "custom",
    "externalServers",
    "enabled",
    "externalSecret",
    "extraManifests",
    "fullnameOverride",
    "global",
    "httpRoute",
    "imagePullSecrets",
    "ingress",
    "migration",
    "migrations",
    "monitoring",
    "nameOverride",
    "networkPolicy",
    "secrets",
    "serviceAccount",
    "test",
    "tests",
];

/// Keys of a workload's values, which stand at the top in the flat layout.
pub const WORKLOAD_KEYS: &[&str] = &[
    "affinity",
    "args",
    "autoscaling",
    "command",
    "containerPort",
    "drainSeconds",
    "env",
    "envFromConfigMaps",
    "envFromSecrets",
    "extraEnv",
    "extraEnvFrom",
    "extraVolumeMounts",
    "extraVolumes",
    "files",
    "image",
    "initContainers",
    "job",
    "keda",
    "livenessProbe",
    "metrics",
    "nodeSelector",
    "patches",
    "podAnnotations",
    "podDisruptionBudget",
    "podLabels",
    "podSecurity",
    "ports",
    "preStop",
    "priorityClassName",
    "readinessProbe",
    "replicaCount",
    "resources",
    "rollout",
    "schedule",
    "service",
    "sidecars",
    "startupProbe",
    "terminationGracePeriodSeconds",
    "tolerations",
    "topologySpread",
    "volumes",
    "writableDirectories",
];

/// Components of the chart itself.
const COMPONENTS: &[&str] = &["connection-test", "credentials", "identity", "migrate"];

/// `my-api` as a key of `values.yaml`: `myApi`.
pub fn values_key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        if c == '-' {
            upper = true;
        } else {
            key.extend(if upper {
                c.to_uppercase().next()
            } else {
                Some(c)
            });
            upper = false;
        }
    }
    key
}

/// Checks names across the specification.
pub(super) fn check(base: &Document, environments: &[Merged], sink: &mut Sink) {
    keys(base, sink);
    environment_files(environments, sink);
    if base.workloads.declares_nothing() {
        sink.push(
            Diagnostic::error(codes::MISSING_KEY, "the specification has no workload")
                .help("add a table such as `[workloads.api]` with `kind`, `image` and `port`"),
        );
    }
    chart_and_dependencies(base, sink);
    own_components(base, sink);
    headless(base, sink);
}

/// A release is often named after its chart, and Helm's charts leave their own
/// name out when the release's contains it: both would be called the same.
fn chart_and_dependencies(base: &Document, sink: &mut Sink) {
    let Some(chart) = intent(base).map(|intent| &intent.name) else {
        return;
    };
    for (name, _) in base
        .dependencies
        .iter()
        .filter(|(name, _)| chart.value.0.contains(&name.value))
    {
        sink.push(
            Diagnostic::error(
                codes::NAME_CLASH,
                format!(
                    "the chart's name contains that of the dependency `{}`",
                    name.value
                ),
            )
            .at(name.span, "a dependency")
            .at(chart.span, "the chart")
            .help("rename the dependency, for example after its purpose")
            .note("in a release named after the chart, the objects of both would have one name"),
        );
    }
}

/// Workloads must not be called like components that the chart itself has.
fn own_components(base: &Document, sink: &mut Sink) {
    for (name, _) in base.workloads.iter() {
        if COMPONENTS.contains(&name.value.as_str()) {
            sink.push(
                Diagnostic::error(
                    codes::RESERVED,
                    format!("a workload cannot be called `{}`", name.value),
                )
                .at(name.span, "reserved")
                .help("choose another name")
                .note("the chart has a component of this name, and selectors would mix their pods"),
            );
        }
        let prefix = |(dependency, _): &(&Spanned<String>, _)| {
            name.value.starts_with(&format!("{}-", dependency.value))
        };
        if let Some((dependency, _)) = base.dependencies.iter().find(prefix) {
            sink.push(
                Diagnostic::error(codes::NAME_CLASH, format!("`{}` could be an object of the dependency `{}`", name.value, dependency.value))
                    .at(name.span, "a workload")
                    .at(dependency.span, "a dependency")
                    .help("choose a name that does not start with the dependency's")
                    .note("dependencies call their objects after themselves, such as `…-headless` or `…-primary`"),
            );
        }
    }
}

/// A stateful workload has a second Service that names its pods.
fn headless(base: &Document, sink: &mut Sink) {
    for (name, workload) in base.workloads.iter() {
        let taken = format!("{}-headless", name.value);
        let other = base
            .workloads
            .iter()
            .find(|(other, _)| other.value == taken)
            .filter(|_| workload.kind.value == WorkloadKind::Stateful);
        if let Some((other, _)) = other {
            sink.push(
                Diagnostic::error(
                    codes::NAME_CLASH,
                    format!("`{}` would share the name of a Service", other.value),
                )
                .at(other.span, "a workload")
                .at(name.span, "has a Service of this name for its pods")
                .help("rename one of them"),
            );
        }
    }
}

fn keys(base: &Document, sink: &mut Sink) {
    let mut seen: BTreeMap<String, (Span, &str)> = BTreeMap::new();
    let workloads = base.workloads.iter().map(|(name, _)| (name, "workload"));
    let dependencies = base
        .dependencies
        .iter()
        .map(|(name, _)| (name, "dependency"));
    let flat = derived::layout(base) == Layout::Flat;
    let main = derived::main_workload(base).filter(|_| flat);
    for (name, what) in workloads.chain(dependencies) {
        // Its values stand at the top, without a key.
        if what == "workload" && main == Some(name.value.as_str()) {
            continue;
        }
        let key = if what == "workload" {
            values_key(name)
        } else {
            name.value.clone()
        };
        let top = flat && WORKLOAD_KEYS.contains(&key.as_str());
        if RESERVED.contains(&key.as_str()) || top {
            sink.push(
                Diagnostic::error(
                    codes::RESERVED,
                    format!("a {what} cannot be called `{}`", name.value),
                )
                .at(name.span, "reserved")
                .help("choose another name")
                .note(format!(
                    "`{key}` has a meaning of its own in the chart's values"
                )),
            );
        } else if let Some((first, other)) = seen.get(&key) {
            sink.push(
                Diagnostic::error(
                    codes::NAME_CLASH,
                    format!("`{}` is already the name of a {other}", name.value),
                )
                .at(name.span, format!("would be `{key}` in values.yaml"))
                .at(*first, "so is this")
                .help("rename one of them"),
            );
        } else {
            seen.insert(key, (name.span, what));
        }
    }
}

fn environment_files(environments: &[Merged], sink: &mut Sink) {
    let mut files: BTreeMap<String, Span> = BTreeMap::new();
    for environment in environments {
        let (file, span) = match &environment.settings.values_file {
            Some(file) => (file.value.0.clone(), file.span),
            None => (
                format!("values-{}.yaml", environment.name.value),
                environment.name.span,
            ),
        };
        if let Some(first) = files.insert(file.clone(), span) {
            sink.push(
                Diagnostic::error(
                    codes::NAME_CLASH,
                    format!("two environments write `{file}`"),
                )
                .at(span, "again")
                .at(first, "first")
                .help("give one of them another `values-file`"),
            );
        }
    }
}
