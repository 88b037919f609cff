//! The compiler's interface in Rust types: the same shape as `wit/compiler.wit`,
//! so that the component is a mere conversion and every native user (tests,
//! benchmarks, fuzzing) sees exactly what a host sees.

use crate::catalog::{self as entries, Catalog};
use crate::{emit, lower};
use std::collections::BTreeMap;
use taskspec_spec::codes;
use taskspec_spec::diagnostic::Sink;

pub use taskspec_spec::diagnostic::{Diagnostic, Label, Severity};
pub use taskspec_spec::span::Span;

/// One file of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Relative path with `/` as separator, without `.` and `..` segments.
    pub path: String,
    /// The whole text, ending in a newline.
    pub contents: String,
}

/// One environment of a specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Name, such as `prod`.
    pub name: String,
    /// Path of its values file in the chart.
    pub values_file: String,
    /// Namespace that the chart's README installs it into.
    pub namespace: String,
    /// Name of the release in the chart's README.
    pub release: String,
    /// One line: replicas, requests and storage.
    pub summary: String,
    /// The complete install command.
    pub install: String,
}

/// Something the compiler chose because the specification left it open.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Decision {
    /// What it is about, such as `migrations.strategy`.
    pub subject: String,
    /// What was chosen.
    pub choice: String,
    /// Why.
    pub reason: String,
}

/// A compiled chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// Chart name.
    pub name: String,
    /// Chart version (SemVer).
    pub version: String,
    /// Sorted by path, no path twice.
    pub files: Vec<File>,
    /// In the specification's order.
    pub environments: Vec<Environment>,
    /// What the compiler chose, and why.
    pub decisions: Vec<Decision>,
    /// What a person does next.
    pub next: Vec<String>,
}

/// What [`compile`] gives: a chart unless a diagnostic is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compilation {
    /// The chart, absent when a diagnostic is an error.
    pub chart: Option<Chart>,
    /// In the order of the specification's text.
    pub diagnostics: Vec<Diagnostic>,
}

/// A name with a one-line summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What `explain`, `catalog` or `init` take.
    pub name: String,
    /// One line.
    pub summary: String,
}

/// Version of the compiler (SemVer).
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The language that [`compile`] reads.
pub const LANGUAGE: &str = "taskspec/v1";

/// Compiles a specification. `settings` are named options: `catalog` is the
/// text of a file with catalog entries; any other key is an error.
pub fn compile(spec: &str, settings: &[(String, String)]) -> Compilation {
    let failed = |diagnostics| Compilation {
        chart: None,
        diagnostics,
    };
    let mut own = match own_entries(settings) {
        Ok(own) => own,
        Err(diagnostic) => return failed(vec![diagnostic]),
    };
    let (resolved, mut diagnostics) = taskspec_spec::resolve(spec);
    let Some(resolved) = resolved else {
        return failed(diagnostics);
    };
    let mut sink = Sink::default();
    entries::stated(&resolved.base, &mut own, &mut sink);
    if sink.has_errors() {
        diagnostics.extend(sink.into_sorted());
        return failed(diagnostics);
    }
    let (plan, more) = lower::lower(&resolved, &Catalog::new(own));
    diagnostics.extend(more);
    diagnostics.sort_by_key(|d| d.labels.first().map_or(u32::MAX, |label| label.at.start));
    Compilation {
        chart: plan.as_ref().map(emit::emit),
        diagnostics,
    }
}

/// Catalog entries that the settings bring.
fn own_entries(
    settings: &[(String, String)],
) -> Result<BTreeMap<String, entries::Entry>, Diagnostic> {
    let mut own = BTreeMap::new();
    for (key, value) in settings {
        if key != "catalog" {
            return Err(Diagnostic::error(
                codes::SETTING,
                format!("the compiler has no setting `{key}`"),
            )
            .help("its only setting is `catalog`: the text of a file with catalog entries"));
        }
        own.extend(entries::file(value)?);
    }
    Ok(own)
}

/// JSON Schema (2020-12) of the language.
pub fn schema() -> String {
    let mut text =
        serde_json::to_string_pretty(&taskspec_spec::jsonschema::schema()).unwrap_or_default();
    text.push('\n');
    text
}

/// Every diagnostic code with its title.
pub fn codes() -> Vec<Entry> {
    codes::ALL
        .iter()
        .map(|code| Entry {
            name: code.id.to_owned(),
            summary: code.title.to_owned(),
        })
        .collect()
}

/// The page of a diagnostic code in Markdown.
pub fn explain(code: &str) -> Option<String> {
    codes::find(code).map(|code| code.page.to_owned())
}

/// Every dependency a specification can name in `from`.
pub fn catalog() -> Vec<Entry> {
    let catalog = Catalog::default();
    catalog
        .names()
        .filter_map(|name| catalog.find(name))
        .map(|entry| Entry {
            name: entry.name.clone(),
            summary: entry.summary.clone(),
        })
        .collect()
}

/// The page of one catalog entry in Markdown.
pub fn catalog_page(name: &str) -> Option<String> {
    Catalog::default().page(name)
}

/// The specifications `init` can start from: name, summary, text.
const STARTERS: &[(&str, &str, &str)] = &[
    (
        "service",
        "a web service with health checks, an Ingress and two environments",
        include_str!("../starters/service.toml"),
    ),
    (
        "api-worker",
        "an API and a worker of one image with a database, migrations and autoscaling",
        include_str!("../starters/api-worker.toml"),
    ),
    (
        "microservices",
        "several services that call each other, behind a gateway",
        include_str!("../starters/microservices.toml"),
    ),
    (
        "stateful",
        "a stateful service with a volume for each pod",
        include_str!("../starters/stateful.toml"),
    ),
    (
        "cron",
        "nothing but jobs that run by the clock",
        include_str!("../starters/cron.toml"),
    ),
    (
        "external",
        "a service whose database and cache run elsewhere",
        include_str!("../starters/external.toml"),
    ),
    (
        "task-api",
        "an AI agent with PostgreSQL and Redis in three environments",
        include_str!("../../spec/examples/task-api-embedded.toml"),
    ),
    (
        "ai-agent-connector",
        "one service with probes, autoscaling, Ingress and secrets from a store",
        include_str!("../../spec/examples/ai-agent-connector.toml"),
    ),
    (
        "ape-2026",
        "an API with TimescaleDB, Redis, Neo4j, Prometheus and Grafana",
        include_str!("../../spec/examples/ape-2026.toml"),
    ),
    (
        "trevor",
        "an API and its worker on servers that run elsewhere, closed by network policies",
        include_str!("../../spec/examples/trevor.toml"),
    ),
];

/// The specifications `init` can start from.
pub fn starters() -> Vec<Entry> {
    STARTERS
        .iter()
        .map(|(name, summary, _)| Entry {
            name: (*name).to_owned(),
            summary: (*summary).to_owned(),
        })
        .collect()
}

/// The text of a starter specification.
pub fn starter(name: &str) -> Option<String> {
    STARTERS
        .iter()
        .find(|(known, _, _)| *known == name)
        .map(|(_, _, text)| (*text).to_owned())
}
