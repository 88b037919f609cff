//! References lead somewhere, and nothing is named twice in a list.

use crate::codes;
use crate::decode::Map;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Document, EnvValue};
use crate::span::{Span, Spanned};
use crate::suggest;
use crate::types::{AbsolutePath, EnvName, Name, WorkloadKind};
use std::collections::BTreeMap;

/// Checks every reference of one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    for (_, workload) in document.workloads.iter() {
        uses(document, &workload.uses, sink);
        directories(&workload.writable, sink);
        variables(document, &workload.env, sink);
    }
    if let Some(migrations) = &document.migrations {
        uses(document, &migrations.uses, sink);
        directories(&migrations.writable, sink);
        variables(document, &migrations.env, sink);
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
            EnvValue::Secret(key) => {
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
            EnvValue::Text(_) | EnvValue::Label(_) => {}
        }
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
            if let Some(workload) = document.workloads.get(name)
                && workload.kind.value == WorkloadKind::Worker
            {
                sink.push(
                    Diagnostic::error(
                        codes::NOT_APPLICABLE,
                        format!("nothing answers at `{}`", name.value.0),
                    )
                    .at(name.span, "cannot be reached")
                    .at(workload.kind.span, "a worker has no port")
                    .help("name a dependency or a service"),
                );
            }
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

fn dangling<'a>(
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
