//! Migrations: the strategy that can work, its facts and its values.

use super::context::{DependencyFacts, MigrationFacts};
use super::schemas::{self, Amounts};
use super::{network, workload};
use crate::values::{Entry, branch, leaf};
use serde_json::json;
use taskspec_spec::Resolved;
use taskspec_spec::codes;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::{Document, Migrations};
use taskspec_spec::types::{Delivery, Strategy};

/// Seconds that a database of the release may need until it answers for the
/// first time: image, volume, initialisation.
pub const DATABASE_SECONDS: u32 = 300;

/// Seconds that one attempt of the migrations may take when nothing is said.
const TIMEOUT_SECONDS: u32 = 300;

/// Seconds that the migrations may take in one environment.
pub fn timeout_seconds(migrations: &Migrations) -> u32 {
    migrations
        .timeout
        .as_ref()
        .map_or(TIMEOUT_SECONDS, |timeout| timeout.seconds)
}

/// Facts of the migrations, if there are any.
pub fn resolve(
    resolved: &Resolved,
    dependencies: &[DependencyFacts],
    sink: &mut Sink,
) -> Option<MigrationFacts> {
    let base = &resolved.base;
    let migrations = base.migrations.as_ref()?;
    let environments = resolved
        .environments
        .iter()
        .filter_map(|merged| merged.document.migrations.as_ref());
    let longest = environments
        .chain([migrations])
        .map(|m| timeout_seconds(m))
        .max()
        .unwrap_or(TIMEOUT_SECONDS);
    let databases: Vec<&DependencyFacts> = migrations
        .uses
        .iter()
        .filter_map(|name| dependencies.iter().find(|facts| facts.name == name.value.0))
        .collect();
    let known = migrations
        .uses
        .iter()
        .all(|name| base.dependencies.declares(name));
    let Some(database) = databases.iter().find(|facts| facts.engine == "postgresql") else {
        if known {
            sink.push(
                Diagnostic::error(codes::MIGRATION, "the migrations use no database")
                    .at(
                        migrations
                            .uses
                            .first()
                            .map_or(migrations.span, |name| name.span),
                        "not a database",
                    )
                    .help("name the database that is migrated: uses = [\"postgresql\"]"),
            );
        }
        return None;
    };
    let (strategy, reason) = choose(migrations, database, sink);
    let (secrets, labels) =
        workload::variables(&migrations.env, &migrations.uses, dependencies, sink);
    let chart = base
        .intent
        .0
        .as_ref()
        .map(|intent| intent.name.value.0.clone())
        .unwrap_or_default();
    Some(MigrationFacts {
        strategy: strategy.to_owned(),
        reason,
        database: database.name.clone(),
        url_key: database.url_key.clone(),
        secrets,
        labels,
        uses: migrations
            .uses
            .iter()
            .map(|name| name.value.0.clone())
            .collect(),
        command: !migrations.command.is_empty(),
        marker_schema: format!("{}_chart", chart.replace('-', "_")),
        longest_seconds: DATABASE_SECONDS + longest,
        expires: job_expires(base),
    })
}

/// A hook cannot reach a database that the same release creates: hooks run
/// before every ordinary object.
fn choose(
    migrations: &Migrations,
    database: &DependencyFacts,
    sink: &mut Sink,
) -> (&'static str, String) {
    let stated = migrations
        .strategy
        .as_ref()
        .map(|strategy| (strategy.value, strategy.span));
    match (stated, database.in_release) {
        (Some((Strategy::Hook, span)), true) => {
            sink.push(
                Diagnostic::error(codes::MIGRATION, "a hook cannot reach a database of the same release")
                    .at(span, "runs before anything is created")
                    .help("write strategy = \"job\" or leave it out")
                    .note("Helm runs pre-install hooks before it creates the database, so the first installation would never end"),
            );
            ("job", String::new())
        }
        (Some((Strategy::Hook, _)), false) => ("hook", "the specification asks for it".to_owned()),
        (Some((Strategy::Job, _)), _) => ("job", "the specification asks for it".to_owned()),
        (_, true) => (
            "job",
            format!(
                "`{}` is part of the release: a hook would run before it exists",
                database.name
            ),
        ),
        (_, false) => (
            "hook",
            format!(
                "`{}` exists before the release: a hook stops a failing upgrade before any pod is replaced",
                database.name
            ),
        ),
    }
}

/// The values below `migration`.
pub fn values(facts: &MigrationFacts, migrations: &Migrations) -> Entry {
    let user = migrations.user.as_ref().map_or(10001, |user| user.0);
    let group = migrations.group.as_ref().map_or(user, |group| group.0);
    let retries = migrations.retries.as_ref().map_or(3, |retries| retries.0);
    let mut entries = vec![
        leaf(
            "enabled",
            true,
            schemas::boolean(),
            "Migrate the database schema at each installation and upgrade",
        ),
        schemas::image(
            &migrations.image,
            "IfNotPresent",
            "Tag; empty for the chart's appVersion",
        ),
    ];
    if facts.command {
        let words: Vec<&str> = migrations
            .command
            .iter()
            .map(|word| word.value.0.as_str())
            .collect();
        entries.push(leaf(
            "command",
            json!(words),
            schemas::strings(),
            "Program and arguments; it must be safe to run again",
        ));
    }
    entries.extend([
        leaf(
            "timeout",
            timeout_seconds(migrations),
            schemas::integer(1, 604_800),
            "Seconds that the migrations may take in all",
        ),
        leaf(
            "databaseTimeout",
            DATABASE_SECONDS,
            schemas::integer(1, 86_400),
            "Seconds that the database may need until it answers",
        ),
        leaf(
            "backoffLimit",
            retries,
            schemas::integer(0, 100),
            "Attempts after the first one",
        ),
        leaf(
            "attempt",
            1,
            schemas::integer(1, 1_000_000),
            "Raise it to run the same migrations again, for example after a backup was restored",
        ),
        leaf(
            "extraEnv",
            json!([]),
            schemas::objects(),
            "Further variables as Kubernetes objects, for references to Secrets and fields",
        ),
        leaf(
            "nodeSelector",
            json!({}),
            schemas::annotations(),
            "Labels that a node of the migrations must have",
        ),
        leaf(
            "tolerations",
            json!([]),
            schemas::objects(),
            "Taints that the migrations tolerate",
        ),
        leaf(
            "env",
            workload::plain_env(&migrations.env),
            schemas::variables(),
            "Environment variables that are no secrets",
        ),
    ]);
    let amounts = Amounts::of(
        migrations.cpu.as_ref(),
        migrations.memory.as_ref(),
        ("100m", "500m"),
        "256Mi",
    );
    entries.push(amounts.entry());
    entries.push(schemas::pod_security(user, group, true));
    entries.push(workload::writable(
        migrations.writable.iter().map(|path| path.value.0.as_str()),
    ));
    entries.push(branch("networkPolicy", "To whom the migrations talk", vec![
        leaf("extraEgress", json!(network::rules(&migrations.egress)), schemas::objects(), "Whom they may connect to beyond their dependencies and DNS, as NetworkPolicy egress rules"),
    ]));
    branch("migration", "Database migrations", entries)
}

/// Whether finished Jobs may be removed by themselves: tools that compare the
/// cluster with the chart would create them anew for ever.
fn job_expires(document: &Document) -> bool {
    let delivery = document
        .platform
        .as_ref()
        .and_then(|platform| platform.delivery.as_ref());
    delivery.is_none_or(|delivery| delivery.value == Delivery::Helm)
}
