//! References lead somewhere, and nothing is named twice in a list.

use crate::codes;
use crate::decode::Map;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Document, EnvValue};
use crate::span::{Span, Spanned};
use crate::suggest;
use crate::types::{EnvName, Name};
use std::collections::BTreeMap;

/// Checks every reference of one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    for (_, workload) in document.workloads.iter() {
        uses(document, &workload.uses, sink);
        variables(document, &workload.env, sink);
    }
    if let Some(migrations) = &document.migrations {
        uses(document, &migrations.uses, sink);
        variables(document, &migrations.env, sink);
    }
}

fn uses(document: &Document, names: &[Spanned<Name>], sink: &mut Sink) {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for name in names {
        if !document.dependencies.declares(name) {
            sink.push(dangling("dependency", name, name.span, document.dependencies.declared(), "dependencies"));
        }
        if let Some(first) = seen.insert(name, name.span) {
            sink.push(
                Diagnostic::error(codes::DUPLICATE, format!("`{}` is listed twice", name.value.0))
                    .at(name.span, "again")
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
                sink.push(dangling("label", key, key.span, document.labels.declared(), "labels"));
            }
            EnvValue::Secret(key) => {
                let keys = document.secrets.as_ref().map(|secrets| &secrets.keys);
                if !keys.is_some_and(|keys| keys.declares(key)) {
                    let known: Vec<&str> = keys.into_iter().flat_map(Map::declared).collect();
                    sink.push(dangling("secret", key, key.span, known.into_iter(), "secrets.keys"));
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
                sink.push(dangling("environment", name, name.span, document.environments.declared(), "environments"));
            }
        }
        let Some(test) = &criterion.test else { continue };
        if !document.workloads.declares(&test.from) {
            sink.push(dangling("workload", &test.from, test.from.span, document.workloads.declared(), "workloads"));
        }
        for name in &test.reaches {
            if !document.dependencies.declares(name) && !document.workloads.declares(name) {
                let known = document.dependencies.declared().chain(document.workloads.declared());
                sink.push(dangling("dependency or workload", name, name.span, known, "dependencies"));
            }
        }
    }
    for constraint in &document.constraints {
        for parameter in constraint.parameters.iter().filter(|p| p.key == "workload") {
            if let crate::tree::Value::String(name) = &parameter.node.value
                && !document.workloads.declares(name)
            {
                sink.push(dangling("workload", name, parameter.node.span, document.workloads.declared(), "workloads"));
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
    let known: Vec<&str> = known.collect();
    let help = suggest::did_you_mean(name, known.iter().copied()).unwrap_or_else(|| {
        if known.is_empty() {
            format!("declare it in `[{section}]`")
        } else {
            format!("`{section}` has {}", suggest::list(known.iter().copied()))
        }
    });
    Diagnostic::error(codes::DANGLING, format!("there is no {what} `{name}`"))
        .at(span, "leads nowhere")
        .help(help)
}
