//! Migrations: the strategy that can work, its facts and its values.

use super::context::{CallFacts, DependencyFacts, MigrationFacts, ModelFacts, Variables};
use super::network::Connections;
use super::schemas::{self, Amounts};
use super::workload::{Places, Stated, VariableContext};
use super::{Everywhere, network, workload};
use crate::values::{Entry, branch, leaf};
use serde_json::json;
use taskspec_spec::Resolved;
use taskspec_spec::codes;
use taskspec_spec::derived;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::{Document, Migrations};
use taskspec_spec::span::Spanned;
use taskspec_spec::types::Strategy;

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
    everywhere: &Everywhere<'_>,
    dependencies: &[DependencyFacts],
    connections: &Connections,
    sink: &mut Sink,
) -> Option<MigrationFacts> {
    let base = &resolved.base;
    let migrations = base.migrations.as_ref()?;
    let stated = || {
        everywhere
            .all
            .iter()
            .filter_map(|document| document.migrations.as_ref())
    };
    let database = database(base, migrations, dependencies, sink)?;
    let mut strategies: Vec<String> = Vec::new();
    let mut reason = String::new();
    for document in &everywhere.all {
        let Some(migrations) = &document.migrations else {
            continue;
        };
        let here = database.in_release && inside(document, &database.name);
        let (strategy, why) = choose(migrations, database, here, sink);
        if reason.is_empty() {
            reason = why;
        }
        if strategy != "none" && !strategies.iter().any(|known| known == strategy) {
            strategies.push(strategy.to_owned());
        }
        if strategy == "init-container" {
            alone(document, migrations, &database.name, sink);
        }
    }
    if strategies.is_empty() {
        strategies.push("job".to_owned());
    }
    let places = Places::of(base);
    let uses: Vec<&str> = migrations
        .uses
        .iter()
        .map(|name| name.value.0.as_str())
        .collect();
    let context = VariableContext {
        base,
        places: &places,
        dependencies,
    };
    let mut variables = workload::variables(
        stated().map(|migrations| &migrations.env),
        &uses,
        &migrations.uses,
        context,
        sink,
    );
    let carrier = derived::carrier(base, &database.name);
    let own: Stated = stated()
        .map(|migrations| workload::names(&migrations.env))
        .collect();
    let models = models(everywhere, context, &own, &mut variables, sink);
    let places = &places;
    let calls = connections
        .calls(network::MIGRATIONS)
        .into_iter()
        .filter_map(|(name, _)| {
            let workload = base.workloads.get(&name)?;
            let ports = workload::ports(workload, &places.of_workload(&name));
            let ports = ports.into_iter().filter(|port| port.exposed).collect();
            Some(CallFacts { name, ports })
        })
        .collect();
    let in_pods = strategies.iter().any(|s| s == "init-container");
    let own_image = stated().any(|migrations| migrations.image.is_some());
    if migrations.image.is_none() && carrier.is_none() {
        sink.push(
            Diagnostic::error(codes::MIGRATION, "the migrations have no image")
                .at(migrations.span, "needs `image`")
                .help("give the image that holds the migrations"),
        );
    }
    let chart = base
        .intent
        .0
        .as_ref()
        .map(|intent| intent.name.value.0.clone())
        .unwrap_or_default();
    Some(MigrationFacts {
        strategy: strategies[0].clone(),
        marks: strategies.iter().any(|strategy| strategy != "hook"),
        strategies,
        reason,
        database: database.name.clone(),
        url_key: database.url_key.clone(),
        variables,
        models,
        uses: uses.into_iter().map(str::to_owned).collect(),
        connects: everywhere.migration_connections(),
        calls,
        command: stated().any(|migrations| !migrations.command.is_empty()),
        own_image,
        image_v: if own_image {
            ".Values.migration.image".to_owned()
        } else {
            let name = carrier.unwrap_or_default();
            workload::image_v(places, name, &everywhere.workload(name))
        },
        carrier: carrier.filter(|_| in_pods).unwrap_or_default().to_owned(),
        marker_schema: format!("{}_chart", chart.replace('-', "_")),
        database_in_release: database.in_release,
    })
}

/// Workloads whose variables the migrations share: the one whose image they run,
/// after the one that it is like. What they have of them is added to their own
/// `variables`, of which `own` are the stated names.
fn models(
    everywhere: &Everywhere<'_>,
    context: VariableContext<'_>,
    own: &Stated,
    variables: &mut Variables,
    sink: &mut Sink,
) -> Vec<ModelFacts> {
    let base = everywhere.base;
    let Some((name, workload)) = derived::migration_model(base) else {
        return Vec::new();
    };
    let like = derived::model_of(base, workload).and(workload.like.as_ref());
    let chain = like.map(|like| like.value.0.as_str()).into_iter();
    let (mut theirs, mut stated) = (Variables::default(), Stated::new());
    let mut models = Vec::new();
    for one in chain.chain([name]) {
        let variants = everywhere.workload(one);
        let envs = || variants.iter().map(|variant| &variant.env);
        let connected = derived::uses(base, workload);
        let uses: &[&str] = if one == name { &connected } else { &[] };
        // The workloads themselves are told what is wrong with them.
        let unheard = &mut Sink::default();
        let mut here = workload::variables(envs(), uses, &[], context, unheard);
        let names: Stated = envs().map(workload::names).collect();
        workload::share(&mut here, theirs, &names, &stated, "", unheard);
        stated.extend(names);
        models.push((one, workload::texts(envs()), here.labels.clone()));
        theirs = here;
    }
    let whose = "the workload whose variables they share";
    workload::share(variables, theirs, own, &stated, whose, sink);
    models
        .into_iter()
        .map(|(one, mut texts, mut labels)| {
            texts.retain(|text| variables.has(text));
            labels.retain(|label| !variables.has(&label.variable));
            ModelFacts {
                name: one.to_owned(),
                v: context.places.of_workload(one).v,
                labels,
                replaced: texts.into_iter().collect(),
            }
        })
        .collect()
}

/// The database that is migrated.
fn database<'a>(
    base: &Document,
    migrations: &Spanned<Migrations>,
    dependencies: &'a [DependencyFacts],
    sink: &mut Sink,
) -> Option<&'a DependencyFacts> {
    let found = migrations
        .uses
        .iter()
        .filter_map(|name| dependencies.iter().find(|facts| facts.name == name.value.0))
        .find(|facts| facts.engine == "postgresql");
    let known = migrations
        .uses
        .iter()
        .all(|name| base.dependencies.declares(name));
    if found.is_none() && known {
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
    found
}

/// Init containers of several pods would migrate at the same time.
fn alone(document: &Document, migrations: &Migrations, database: &str, sink: &mut Sink) {
    let Some(strategy) = &migrations.strategy else {
        return;
    };
    let Some(name) = derived::carrier(document, database) else {
        sink.push(
            Diagnostic::error(codes::MIGRATION, "no workload can run the migrations")
                .at(strategy.span, "an init container of a workload")
                .help(format!(
                    "let a workload use the database: uses = [\"{database}\"]"
                )),
        );
        return;
    };
    let Some(workload) = document.workloads.get(name) else {
        return;
    };
    let most = derived::most_pods(workload);
    let surge = derived::surge_pods(workload, most);
    if most > 1 {
        let place = derived::scaling(workload)
            .map(|scaling| scaling.max.span)
            .or_else(|| workload.replicas.as_ref().map(|replicas| replicas.span))
            .unwrap_or(workload.kind.span);
        sink.push(
            Diagnostic::error(
                codes::MIGRATION,
                format!("{most} pods of `{name}` would migrate at the same time"),
            )
            .at(strategy.span, "an init container of every pod")
            .at(place, format!("up to {most} pods"))
            .note(format!("{most} pods + {surge} during a rollout"))
            .help("write strategy = \"job\" or \"hook\" here, or one pod"),
        );
    }
}

/// A hook cannot reach a database that the same release creates: hooks run
/// before every ordinary object.
fn choose(
    migrations: &Migrations,
    database: &DependencyFacts,
    inside: bool,
    sink: &mut Sink,
) -> (&'static str, String) {
    let stated = migrations
        .strategy
        .as_ref()
        .map(|strategy| (strategy.value, strategy.span));
    let asked = || "the specification asks for it".to_owned();
    match (stated, inside) {
        (Some((Strategy::Hook, span)), true) => {
            sink.push(
                Diagnostic::error(codes::MIGRATION, "a hook cannot reach a database of the same release")
                    .at(span, "runs before anything is created")
                    .help("write strategy = \"job\" or leave it out")
                    .note("Helm runs pre-install hooks before it creates the database, so the first installation would never end"),
            );
            ("job", String::new())
        }
        (Some((Strategy::Hook, _)), false) => ("hook", asked()),
        (Some((Strategy::Job, _)), _) => ("job", asked()),
        (Some((Strategy::InitContainer, _)), _) => ("init-container", asked()),
        (Some((Strategy::None, _)), _) => ("none", asked()),
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

/// Whether the release has a server in this environment that it has at all.
fn inside(document: &Document, database: &str) -> bool {
    let stated = document.dependencies.get(database);
    !stated.is_some_and(|stated| derived::is_elsewhere(stated))
}

/// The strategy in one environment.
pub fn strategy_in(document: &Document, facts: &MigrationFacts) -> &'static str {
    let in_release = facts.database_in_release && inside(document, &facts.database);
    let stated = document
        .migrations
        .as_ref()
        .and_then(|migrations| migrations.strategy.as_ref())
        .map(|strategy| strategy.value);
    match stated {
        Some(Strategy::Hook) => "hook",
        Some(Strategy::Job) => "job",
        Some(Strategy::InitContainer) => "init-container",
        Some(Strategy::None) => "none",
        Some(Strategy::Auto) | None if in_release => "job",
        Some(Strategy::Auto) | None => "hook",
    }
}

/// The values below `migration`.
pub fn values(facts: &MigrationFacts, migrations: &Migrations, document: &Document) -> Entry {
    let model = facts.models.last();
    let model = model.and_then(|model| document.workloads.get(&model.name));
    let user = migrations
        .user
        .as_ref()
        .or_else(|| model.and_then(|model| model.user.as_ref()))
        .map_or(10001, |user| user.0);
    let group = migrations
        .group
        .as_ref()
        .or_else(|| model.and_then(|model| model.group.as_ref()))
        .map_or(user, |group| group.0);
    let retries = migrations.retries.as_ref().map_or(3, |retries| retries.0);
    let stated = migrations.strategy.as_ref().map(|strategy| strategy.value);
    let mut entries = vec![leaf(
        "enabled",
        stated != Some(Strategy::None),
        schemas::boolean(),
        "Migrate the database schema at each installation and upgrade",
    )];
    if facts.strategies.len() > 1 {
        let strategy = match strategy_in(document, facts) {
            "none" => facts.default_strategy(),
            strategy => strategy,
        };
        entries.push(leaf(
            "strategy",
            strategy,
            json!({ "enum": facts.strategies }),
            "How they run: by a Job that pods wait for, by a hook before everything else, or by an init container",
        ));
    }
    // Where only another environment has an image for them, it is the workload's.
    let carried = || {
        let name = derived::carrier(document, &facts.database)?;
        let workload = &document.workloads.get(name)?.value;
        let model = derived::model_of(document, workload).unwrap_or(workload);
        workload.image.as_ref().or(model.image.as_ref())
    };
    let own = migrations.image.as_ref();
    if let Some(image) = own.or_else(|| carried().filter(|_| facts.own_image)) {
        entries.push(schemas::image(
            image,
            "IfNotPresent",
            "Tag; empty for the chart's appVersion",
        ));
    }
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
            "envFromSecrets",
            json!(workload::env_sources(&migrations.env_from, true)),
            schemas::objects(),
            "Existing Secrets, all of whose keys become variables",
        ),
        leaf(
            "envFromConfigMaps",
            json!(workload::env_sources(&migrations.env_from, false)),
            schemas::objects(),
            "Existing ConfigMaps, all of whose keys become variables",
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

impl MigrationFacts {
    /// What `auto` means for this database.
    pub fn default_strategy(&self) -> &'static str {
        let wanted = if self.database_in_release {
            "job"
        } else {
            "hook"
        };
        if self.strategies.iter().any(|known| known == wanted) {
            wanted
        } else {
            "job"
        }
    }
}
