//! From a checked specification to a plan of the chart: everything is decided
//! here, [`crate::emit`] only writes it down.

mod common;
mod context;
mod dependency;
mod install;
mod migration;
mod network;
mod schemas;
mod secret;
mod workload;

pub use context::*;
pub(crate) use dependency::json_of;

use crate::api::{Decision, Diagnostic};
use crate::catalog::Catalog;
use crate::values::{self, Entry};
use serde_json::{Map, Value};
use taskspec_spec::Resolved;
use taskspec_spec::diagnostic::Sink;
use taskspec_spec::model::Document;

/// A chart, decided down to each value.
pub struct Plan {
    /// What the templates see.
    pub context: Context,
    /// The defaults.
    pub values: Vec<Entry>,
    /// Each environment's file name and what it changes.
    pub overrides: Vec<(String, Map<String, Value>)>,
    /// What was chosen because the specification left it open.
    pub decisions: Vec<Decision>,
}

/// Decides a chart. No plan if a finding is an error.
pub fn lower(resolved: &Resolved, catalog: &Catalog) -> (Option<Plan>, Vec<Diagnostic>) {
    let mut sink = Sink::default();
    let plan = decide(resolved, catalog, &mut sink);
    let complete = !sink.has_errors();
    (plan.filter(|_| complete), sink.into_sorted())
}

fn decide(resolved: &Resolved, catalog: &Catalog, sink: &mut Sink) -> Option<Plan> {
    let base = &resolved.base;
    let dependencies = dependency::resolve(resolved, catalog, sink);
    for merged in &resolved.environments {
        dependency::check(&merged.document, &dependencies, sink);
    }
    dependency::check(base, &dependencies, sink);
    let migration = migration::resolve(resolved, &dependencies, sink);
    let workloads = workload::resolve(base, &dependencies, migration.as_ref(), sink);
    let secret = secret::resolve(resolved, &dependencies, sink);
    if sink.has_errors() {
        return None;
    }
    let mut context = Context {
        chart: common::chart(resolved),
        workloads,
        tools: common::tools(&dependencies, catalog),
        dependencies,
        migration,
        secret,
        tests: common::tests(base),
        environments: Vec::new(),
        statements: common::statements(base),
        decisions: Vec::new(),
    };
    context.environments = install::environments(resolved, &context, sink);
    context.decisions = common::decisions(resolved, &context);
    let decisions = context.decisions.clone();
    let values = chart_values(base, &context);
    let overrides = resolved
        .environments
        .iter()
        .zip(&context.environments)
        .map(|(merged, facts)| {
            let own = chart_values(&merged.document, &context);
            (facts.values_file.clone(), values::difference(&values, &own))
        })
        .collect();
    Some(Plan {
        context,
        values,
        overrides,
        decisions,
    })
}

/// The values of one environment.
fn chart_values(document: &Document, context: &Context) -> Vec<Entry> {
    let mut entries = common::values(document, context);
    for (facts, (_, workload)) in context.workloads.iter().zip(document.workloads.iter()) {
        entries.push(workload::values(facts, workload, context));
    }
    if let (Some(facts), Some(migrations)) = (&context.migration, &document.migrations) {
        entries.push(migration::values(facts, migrations));
    }
    for (facts, (_, dependency)) in context
        .dependencies
        .iter()
        .zip(document.dependencies.iter())
    {
        entries.push(dependency::values(facts, dependency, document, context));
    }
    entries.push(common::test_values());
    if !context.tools.is_empty() {
        entries.push(common::client_values(context));
    }
    entries
}
