//! From a checked specification to a plan of the chart: everything is decided
//! here, [`crate::emit`] only writes it down.

mod common;
mod context;
mod criteria;
mod dependency;
mod exposure;
mod install;
mod migration;
mod monitoring;
mod needs;
mod network;
mod overrides;
mod schemas;
mod secret;
mod sizing;
mod workload;

pub use context::*;
pub use criteria::{Assert, Job, Select, Suite};

use crate::api::{Decision, Diagnostic};
use crate::catalog::Catalog;
use crate::values::{self, Entry};
use serde_json::{Map, Value};
use taskspec_spec::Resolved;
use taskspec_spec::codes;
use taskspec_spec::derived;
use taskspec_spec::diagnostic::Sink;
use taskspec_spec::model::{Document, Workload};
use taskspec_spec::types::Layout;

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
    /// Criteria as tests of manifests.
    pub suites: Vec<Suite>,
}

/// The specification outside its environments and in each of them: what a
/// template needs in one of them, all charts have.
pub struct Everywhere<'a> {
    /// Outside the environments.
    pub base: &'a Document,
    /// The base, then each environment.
    pub all: Vec<&'a Document>,
}

impl<'a> Everywhere<'a> {
    fn of(resolved: &'a Resolved) -> Self {
        let environments = resolved.environments.iter().map(|merged| &merged.document);
        Self {
            base: &resolved.base,
            all: std::iter::once(&resolved.base)
                .chain(environments)
                .collect(),
        }
    }

    /// One workload in the base and in each environment.
    pub fn workload(&self, name: &str) -> Vec<&'a Workload> {
        self.all
            .iter()
            .filter_map(|document| document.workloads.get(name))
            .map(|workload| &workload.value)
            .collect()
    }

    /// Names of the dependencies that a workload connects to in some environment.
    pub fn connections(&self, name: &str) -> Vec<String> {
        let stated = self.all.iter().filter_map(|document| {
            let workload = document.workloads.get(name)?;
            Some(derived::connections(document, workload))
        });
        once(stated.flatten())
    }

    /// Names of the dependencies that the migrations connect to in some environment.
    pub fn migration_connections(&self) -> Vec<String> {
        let all = self.all.iter();
        once(all.flat_map(|document| derived::migration_connections(document)))
    }

    /// Whether something holds anywhere.
    pub fn any(&self, test: impl Fn(&Document) -> bool) -> bool {
        self.all.iter().any(|document| test(document))
    }
}

/// Names in their order, each once.
fn once<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        if !all.iter().any(|known| known == name) {
            all.push(name.to_owned());
        }
    }
    all
}

/// Decides a chart. No plan if a finding is an error.
pub fn lower(resolved: &Resolved, catalog: &Catalog) -> (Option<Plan>, Vec<Diagnostic>) {
    let mut sink = Sink::default();
    let plan = decide(resolved, catalog, &mut sink);
    let complete = !sink.has_errors();
    (plan.filter(|_| complete), sink.into_sorted())
}

fn decide(resolved: &Resolved, catalog: &Catalog, sink: &mut Sink) -> Option<Plan> {
    let everywhere = Everywhere::of(resolved);
    let base = everywhere.base;
    let dependencies = dependency::resolve(resolved, catalog, sink);
    for document in everywhere.all.iter().rev() {
        dependency::check(document, &dependencies, sink);
    }
    let connections = network::Connections::of(&everywhere);
    let migration = migration::resolve(resolved, &everywhere, &dependencies, &connections, sink);
    let workloads = workload::resolve(
        &everywhere,
        &dependencies,
        migration.as_ref(),
        &connections,
        sink,
    );
    let secret = secret::resolve(&everywhere, &dependencies, sink);
    if sink.has_errors() {
        return None;
    }
    let (mut workloads, mut migration) = (workloads, migration);
    own_secrets(&mut workloads, migration.as_mut(), &secret);
    too_late(base, migration.as_ref(), &secret, sink);
    let mut dependencies = dependencies;
    monitoring::check(base, &dependencies, sink);
    dependency::note_hosts(&mut dependencies, &workloads, migration.as_ref());
    let needs = needs::objects(resolved, &secret);
    let mut context = Context {
        chart: common::chart(resolved),
        monitoring: monitoring::facts(resolved, &everywhere, &workloads, &dependencies),
        ingress: exposure::ingress(&everywhere),
        gateway: everywhere.any(|document| document.gateway.is_some()),
        manifests: everywhere.any(|document| !document.manifests.is_empty()),
        custom: overrides::has_custom(&everywhere),
        workloads,
        tools: common::tools(&dependencies, catalog),
        dependencies,
        migration,
        secret,
        tests: common::tests(base),
        timeout_minutes: 0,
        environments: Vec::new(),
        statements: common::statements(base),
        decisions: Vec::new(),
        sizes: Vec::new(),
        needs,
        controllers: Vec::new(),
    };
    context.timeout_minutes = install::default_timeout(base, &context);
    context.environments = install::environments(resolved, &context, sink);
    context.decisions = common::decisions(resolved, &context);
    context.controllers = needs::controllers(&everywhere, &context);
    context.sizes = sizing::sizes(resolved, &context);
    let decisions = context.decisions.clone();
    let mut values = chart_values(base, &context);
    overrides::apply(&mut values, base, sink);
    let overrides = resolved
        .environments
        .iter()
        .zip(&context.environments)
        .map(|(merged, facts)| {
            let mut own = chart_values(&merged.document, &context);
            overrides::apply(&mut own, &merged.document, sink);
            (facts.values_file.clone(), values::difference(&values, &own))
        })
        .collect();
    let mut plan = Plan {
        context,
        values,
        overrides,
        decisions,
        suites: Vec::new(),
    };
    plan.suites = criteria::suites(base, &plan);
    Some(plan)
}

/// Lets variables and files of keys with Secrets of their own ask for them.
fn own_secrets(
    workloads: &mut [WorkloadFacts],
    migration: Option<&mut MigrationFacts>,
    secret: &SecretFacts,
) {
    for workload in workloads {
        secret::point_to_own(&mut workload.variables.secrets, &secret.own);
        for container in workload.init.iter_mut().chain(&mut workload.sidecars) {
            secret::point_to_own(&mut container.variables.secrets, &secret.own);
        }
        let containers = workload.init.iter_mut().chain(&mut workload.sidecars);
        let inner = containers.flat_map(|container| &mut container.secret_files);
        let files = workload
            .secret_files
            .iter_mut()
            .chain(&mut workload.like_secret_files)
            .chain(inner);
        for file in files {
            if secret.own.iter().any(|one| one.key == file.key) {
                file.name_helper = format!("secret.{}.name", file.key);
                file.key_helper = format!("secret.{}.key", file.key);
            }
        }
    }
    if let Some(migration) = migration {
        secret::point_to_own(&mut migration.variables.secrets, &secret.own);
    }
}

/// A hook before the installation cannot read a Secret that the installation
/// makes. The chart's Secret from a store has a copy for the hook; one for
/// single keys has not.
fn too_late(
    base: &Document,
    migration: Option<&MigrationFacts>,
    secret: &SecretFacts,
    sink: &mut Sink,
) {
    let Some(facts) = migration.filter(|_| secret.own_external) else {
        return;
    };
    let own = facts
        .variables
        .secrets
        .iter()
        .find(|variable| !variable.key_helper.is_empty());
    if let (Some(variable), Some(migrations)) = (own, &base.migrations)
        && facts.strategies.iter().any(|strategy| strategy == "hook")
    {
        sink.push(
            Diagnostic::error(
                codes::MIGRATION,
                format!("the hook would run before `{}` is there", variable.variable),
            )
            .at(
                migrations.span,
                "reads a key that comes from a store by itself",
            )
            .help("take the whole Secret from the store ([secrets] source = \"external\"), or the key from an existing Secret"),
        );
    }
}

/// The values of one environment.
fn chart_values(document: &Document, context: &Context) -> Vec<Entry> {
    let mut entries = common::values(document, context);
    let flat = derived::layout(document) == Layout::Flat;
    for (facts, (_, workload)) in context.workloads.iter().zip(document.workloads.iter()) {
        let own = workload::values(facts, workload, document, context);
        if flat && facts.main {
            merge_flat(&mut entries, own);
        } else {
            entries.push(values::branch(
                &facts.key,
                match facts.kind == facts.name {
                    true => format!("The {}", facts.kind),
                    false => format!("The {} {}", facts.kind, facts.name),
                },
                own,
            ));
        }
    }
    if let (Some(facts), Some(migrations)) = (&context.migration, &document.migrations) {
        entries.push(migration::values(facts, migrations, document));
    }
    for (facts, (_, dependency)) in context
        .dependencies
        .iter()
        .zip(document.dependencies.iter())
    {
        entries.push(dependency::values(facts, dependency, document, context));
    }
    entries.extend(dependency::elsewhere(document, context));
    entries.extend(exposure::values(document, context));
    entries.extend(monitoring::values(document, context));
    entries.extend(secret::values(document, context));
    entries.push(common::test_values());
    if !context.tools.is_empty() {
        entries.push(common::client_values(context));
    }
    entries.extend(overrides::values(document, context));
    entries
}

/// In the flat layout the main workload shares two sections with the chart:
/// `networkPolicy` and `serviceAccount`.
fn merge_flat(entries: &mut Vec<Entry>, own: Vec<Entry>) {
    for entry in own {
        let known = entries.iter_mut().find(|known| known.key == entry.key);
        match (known, entry.node) {
            (
                Some(Entry {
                    node: values::Node::Branch { entries, .. },
                    ..
                }),
                values::Node::Branch { entries: more, .. },
            ) => {
                for inner in more {
                    if !entries.iter().any(|known| known.key == inner.key) {
                        entries.push(inner);
                    }
                }
            }
            (_, node) => entries.push(Entry { node, ..entry }),
        }
    }
}

/// A word with a capital letter.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
