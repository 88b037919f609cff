//! What the README needs beyond the plan's facts: commands, names, tables.
//! Everything that differs between environments is read from their values.

mod effective;
mod markdown;
mod release;
mod secrets;
mod volumes;

pub use markdown::{escape, tidy};

use crate::lower::{EnvironmentFacts, Plan, WorkloadFacts};
use crate::values::{self, Entry, Node, Row};
use effective::{Effective, path_of};
use markdown::{code, codes};
use release::{Named, Release};
use serde::Serialize;

/// Characters of a default that a table still shows.
const LONGEST_DEFAULT: usize = 80;

/// Workloads that still have their own lines in the notes.
const FEW: usize = 3;

/// Workloads that a cell of a table still names.
const NAMED: usize = 6;

/// Facts of the README.
#[derive(Serialize)]
pub struct Facts {
    releases: Vec<Release>,
    /// The last environment, normally production: what commands are for.
    shown: Release,
    /// The last one with an autoscaler, with migrations, with consoles.
    scaled: Option<Release>,
    migrating: Option<Release>,
    consoles: Option<Release>,
    /// The last one with volumes that outlive it.
    keeping: Option<Release>,
    /// Environments in which a server runs elsewhere, for each dependency.
    elsewhere: Vec<String>,
    /// The one of `helm upgrade` without a values file, beside environments.
    defaults: Option<Release>,
    /// Place of the first one with Secrets that a person makes.
    first_with_secrets: usize,
    /// Where the chart is kept, for delivery from Git.
    source: String,
    inside: bool,
    worth_knowing: bool,
    locked: bool,
    fetched: String,
    repositories: Vec<Repository>,
    parts: Vec<Part>,
    volumes: volumes::Volumes,
    hook_jobs: bool,
    /// Whether anything runs around an installation or upgrade.
    hooked: bool,
    jobs: bool,
    any_object: bool,
    secret_hosts: bool,
    outside: String,
    open_ingress: bool,
    open_monitoring: bool,
    unguarded: String,
    keys: Vec<secrets::Key>,
    stored: Vec<secrets::Stored>,
    changes: Vec<secrets::Change>,
    generated: bool,
    digests: String,
    tags: String,
    budgets: String,
    single: String,
    scalers: String,
    probes: Vec<Probes>,
    always: bool,
    /// Whether each of the workloads has its own lines in the notes.
    few: bool,
    /// Whether some services have none.
    many_services: bool,
    paused: String,
    ranges: String,
    frozen: String,
    alerts_unsent: bool,
    own_images: bool,
    notes: Vec<Notes>,
    rows: Vec<TableRow>,
    /// Whether there are files of tests for helm-unittest.
    unit_tests: bool,
    /// Criteria with checks of which those say nothing.
    unsaid: String,
}

#[derive(Serialize)]
struct Repository {
    name: String,
    url: String,
}

/// What the chart has of a workload, over all environments.
#[derive(Serialize)]
struct Part {
    /// Whether there can be two pods.
    several: bool,
}

/// Workloads that run always, by what asks them how they are.
#[derive(Serialize)]
struct Probes {
    workloads: String,
    probes: Vec<String>,
}

#[derive(Serialize)]
struct Notes {
    name: String,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct TableRow {
    path: String,
    default: String,
    doc: String,
}

/// Facts of a plan.
pub fn facts(plan: &Plan) -> Facts {
    let context = &plan.context;
    let (releases, values) = releases(plan);
    let last = |test: &dyn Fn(&Release) -> bool| releases.iter().rev().find(|r| test(r)).cloned();
    let inside = || context.dependencies.iter().filter(|facts| facts.in_release);
    let repository = || {
        context
            .dependencies
            .iter()
            .filter(|d| d.kind == "repository")
    };
    Facts {
        shown: last(&|_| true).unwrap_or_else(|| alone(plan)),
        scaled: last(&|release| release.objects.iter().any(|one| one.scaling == "hpa")),
        migrating: last(&|release| !release.migrates.is_empty()),
        consoles: last(&|release| !release.consoles.is_empty()),
        keeping: last(&|release| release.kept),
        elsewhere: context
            .dependencies
            .iter()
            .map(|facts| elsewhere(&releases, &facts.name))
            .collect(),
        defaults: defaults(plan),
        first_with_secrets: releases
            .iter()
            .position(|release| !release.secrets.is_empty())
            .unwrap_or_default(),
        source: context
            .chart
            .sources
            .first()
            .cloned()
            .unwrap_or_else(|| "https://git.example.com/team/charts.git".to_owned()),
        inside: inside().next().is_some(),
        worth_knowing: inside().next().is_some()
            || context.workloads.iter().any(|facts| facts.templates)
            || context
                .migration
                .as_ref()
                .is_some_and(|facts| path_of(&facts.image_v) == "migration.image"),
        locked: locked(plan),
        fetched: codes(repository().map(|facts| facts.chart.as_str())),
        repositories: repositories(plan),
        parts: context
            .workloads
            .iter()
            .map(|one| part(plan, one))
            .collect(),
        volumes: volumes::volumes(context, &values),
        hook_jobs: context
            .workloads
            .iter()
            .any(|facts| !facts.hooks.is_empty()),
        hooked: context
            .workloads
            .iter()
            .any(|facts| !facts.hooks.is_empty())
            || releases.iter().any(|release| release.migrates == "hook"),
        jobs: context.workloads.iter().any(|facts| facts.kind == "job"),
        any_object: releases.iter().any(|release| !release.objects.is_empty()),
        secret_hosts: context.dependencies.iter().any(|facts| facts.url_is_secret),
        outside: outside(plan, &releases),
        open_ingress: (context.ingress.is_some() || context.gateway)
            && values
                .iter()
                .any(|one| one.text("networkPolicy.ingressNamespace").is_empty()),
        open_monitoring: values
            .iter()
            .any(|one| one.at("networkPolicy.monitoringNamespace") == "")
            && measured(plan, &values)
            && context.monitoring.alert_server.is_empty()
            && !inside().any(|facts| facts.entry.takes("alerts")),
        unguarded: unguarded(&releases),
        keys: secrets::keys(context),
        stored: secrets::stored(context, &releases, &values),
        changes: secrets::changes(context, &releases),
        generated: releases.iter().any(|release| release.creator == "generate"),
        digests: images(plan, "digest", |_| true),
        tags: images(plan, "tag", |tag| !tag.is_empty()),
        budgets: where_true(plan, &releases, |one| one.budget),
        single: where_true(plan, &releases, |one| one.most == 1),
        scalers: where_true(plan, &releases, |one| !one.scaling.is_empty()),
        probes: probes(plan),
        always: context.workloads.iter().any(|facts| facts.always),
        few: few(plan),
        many_services: !few(plan)
            && context.workloads.iter().any(|facts| {
                !facts.test_port.is_empty() && !facts.main && facts.exposed.is_empty()
            }),
        paused: where_true(plan, &releases, |one| one.paused),
        ranges: listed(
            repository()
                .filter(|d| !d.exact)
                .map(|facts| facts.name.as_str()),
        ),
        frozen: listed(
            inside()
                .filter(|d| d.frozen)
                .map(|facts| facts.name.as_str()),
        ),
        alerts_unsent: values.iter().any(|one| {
            let server = &context.monitoring.alert_server;
            !server.is_empty() && one.at(&format!("{server}.alertmanager.enabled")) == false
        }),
        own_images: context.workloads.iter().any(|facts| facts.own_image),
        notes: notes(plan),
        rows: values::rows(&plan.values).into_iter().map(row).collect(),
        unit_tests: plan.suites.iter().any(|suite| suite.path.is_some()),
        unsaid: listed(
            plan.suites
                .iter()
                .filter(|suite| suite.path.is_none())
                .map(|suite| suite.id.as_str()),
        ),
        releases,
    }
}

/// Whether there are few enough workloads for lines of each.
fn few(plan: &Plan) -> bool {
    let always = plan.context.workloads.iter().filter(|facts| facts.always);
    always.count() <= FEW
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// The environments' releases and values; what stands in if there is none.
fn releases(plan: &Plan) -> (Vec<Release>, Vec<Effective>) {
    let environments = &plan.context.environments;
    if environments.is_empty() {
        return (vec![alone(plan)], vec![Effective::of(plan, None)]);
    }
    let values: Vec<Effective> = (0..environments.len())
        .map(|index| Effective::of(plan, Some(index)))
        .collect();
    let releases = environments
        .iter()
        .zip(&values)
        .map(|(environment, values)| release::release(plan, environment, values))
        .collect();
    (releases, values)
}

/// The release with the defaults alone.
fn alone(plan: &Plan) -> Release {
    release::release(plan, &release::stand_in(plan), &Effective::of(plan, None))
}

/// The same beside environments, where it needs nothing that only they name.
fn defaults(plan: &Plan) -> Option<Release> {
    let environments = &plan.context.environments;
    let release = alone(plan);
    let free = matches!(release.creator, "" | "generate");
    let taken = environments
        .iter()
        .any(|known| known.release == plan.context.chart.name);
    (!environments.is_empty() && free && !taken).then_some(release)
}

/// Whether every chart that is fetched has an exact version.
fn locked(plan: &Plan) -> bool {
    let mut inside = plan.context.dependencies.iter().filter(|d| d.in_release);
    inside.all(|facts| facts.exact)
}

/// Repositories that Helm must know before it can fetch what the lock names.
fn repositories(plan: &Plan) -> Vec<Repository> {
    let mut all: Vec<Repository> = Vec::new();
    if !locked(plan) {
        return all;
    }
    for facts in &plan.context.dependencies {
        let url = &facts.repository;
        if facts.kind != "repository"
            || !url.starts_with("http")
            || all.iter().any(|known| known.url == *url)
        {
            continue;
        }
        let name = facts.from.split('/').next().unwrap_or_default();
        let taken = all.iter().any(|known| known.name == name);
        all.push(Repository {
            name: match taken {
                true => format!("{name}-{}", facts.name),
                false => name.to_owned(),
            },
            url: url.clone(),
        });
    }
    all
}

/// Workloads with the environments in which something holds for them.
fn where_true(plan: &Plan, releases: &[Release], test: impl Fn(&Named) -> bool) -> String {
    let mut found = Vec::new();
    for facts in &plan.context.workloads {
        let holds = |release: &&Release| {
            let mut own = release.objects.iter();
            own.any(|one| one.workload == facts.name && test(one))
        };
        let places: Vec<&str> = releases
            .iter()
            .filter(holds)
            .map(|release| release.name.as_str())
            .collect();
        if places.len() == releases.len() {
            found.push(facts.name.clone());
        } else if !places.is_empty() {
            found.push(format!("{} (in {})", facts.name, places.join(", ")));
        }
    }
    names(&found)
}

/// Names of workloads, or how many there are.
fn names(found: &[String]) -> String {
    if found.len() > NAMED {
        format!("{} workloads", found.len())
    } else {
        found.join(", ")
    }
}

fn probes(plan: &Plan) -> Vec<Probes> {
    let mut groups: Vec<(&Vec<String>, Vec<String>)> = Vec::new();
    for facts in plan.context.workloads.iter().filter(|facts| facts.always) {
        match groups
            .iter_mut()
            .find(|(probes, _)| **probes == facts.probes)
        {
            Some((_, names)) => names.push(facts.name.clone()),
            None => groups.push((&facts.probes, vec![facts.name.clone()])),
        }
    }
    let groups = groups.into_iter();
    groups
        .map(|(probes, workloads)| Probes {
            workloads: names(&workloads),
            probes: probes.clone(),
        })
        .collect()
}

fn part(plan: &Plan, facts: &WorkloadFacts) -> Part {
    let path = format!("{}replicaCount", facts.p);
    let most = match find(&plan.values, &path).map(|entry| &entry.node) {
        Some(Node::Leaf { schema, .. }) => schema["maximum"].as_u64(),
        _ => None,
    };
    Part {
        several: facts.always && (most.is_none_or(|most| most > 1) || !facts.scaling.is_empty()),
    }
}

fn find<'a>(entries: &'a [Entry], path: &str) -> Option<&'a Entry> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let entry = entries.iter().find(|entry| entry.key == first)?;
    match &entry.node {
        Node::Branch { entries, .. } if !rest.is_empty() => find(entries, rest),
        _ => rest.is_empty().then_some(entry),
    }
}

/// Values with a part of the images of workloads and migrations, of those
/// whose tag is as asked.
fn images(plan: &Plan, part: &str, of_tag: impl Fn(&str) -> bool) -> String {
    let values = Effective::of(plan, None);
    let mut found: Vec<String> = Vec::new();
    let own = plan.context.migration.iter().map(|facts| &facts.image_v);
    let of_workloads = plan.context.workloads.iter().map(|facts| &facts.image_v);
    for place in of_workloads.chain(own) {
        let path = path_of(place);
        let name = format!("{path}.{part}");
        if of_tag(values.text(&format!("{path}.tag"))) && !found.contains(&name) {
            found.push(name);
        }
    }
    if found.len() > NAMED {
        return format!("`image.{part}` of {} images", found.len());
    }
    codes(found.iter().map(String::as_str))
}

/// Servers outside the release, to whose port every address is open.
fn outside(plan: &Plan, releases: &[Release]) -> String {
    let all = plan.context.dependencies.iter().filter_map(|facts| {
        let places = elsewhere(releases, &facts.name);
        match (facts.in_release, places.is_empty()) {
            (false, _) => Some(format!("port {} ({})", facts.port, facts.name)),
            (true, false) => Some(format!("the port of {} (in {places})", facts.name)),
            (true, true) => None,
        }
    });
    all.collect::<Vec<_>>().join(", ")
}

/// Environments in which a server of the chart runs elsewhere.
pub fn elsewhere(releases: &[Release], name: &str) -> String {
    let places = releases
        .iter()
        .filter(|release| release.elsewhere.iter().any(|known| known == name));
    places
        .map(|release| release.name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Whether anything has metrics that Prometheus asks for.
fn measured(plan: &Plan, values: &[Effective]) -> bool {
    let servers = plan.context.dependencies.iter().filter(|facts| {
        let switch = format!("{}{}", facts.name, facts.metrics_access);
        !facts.metrics_access.is_empty() && values.iter().any(|one| one.at(&switch) == true)
    });
    let mut workloads = plan.context.workloads.iter();
    workloads.any(|facts| !facts.metrics_port.is_empty()) || servers.count() > 0
}

/// Environments without network policies.
fn unguarded(releases: &[Release]) -> String {
    let off = releases.iter().filter(|release| !release.guarded);
    off.map(|release| match release.name.as_str() {
        "" => "the defaults",
        name => name,
    })
    .collect::<Vec<_>>()
    .join(", ")
}

/// The catalog's advice, without that on modes which the chart has not and
/// that for whoever writes specifications of external servers.
fn notes(plan: &Plan) -> Vec<Notes> {
    let applies = |modes: &[String], note: &str| {
        let has = |test: &dyn Fn(&str) -> bool| modes.iter().any(|mode| test(mode));
        if note.starts_with("With sentinels") {
            has(&|mode| mode == "sentinel")
        } else if note.starts_with("With replicas") || note.starts_with("With `replicas`") {
            has(&|mode| mode != "standalone")
        } else {
            true
        }
    };
    let inside = plan.context.dependencies.iter().filter(|d| d.in_release);
    inside
        .map(|facts| Notes {
            name: facts.name.clone(),
            notes: facts
                .notes
                .iter()
                .filter(|note| applies(&facts.modes, note))
                .cloned()
                .collect(),
        })
        .collect()
}

fn row(row: Row) -> TableRow {
    TableRow {
        path: row.path,
        default: if row.default.chars().count() > LONGEST_DEFAULT {
            "see [values.yaml](values.yaml)".to_owned()
        } else {
            code(&row.default)
        },
        doc: row.doc,
    }
}

/// The command that installs and upgrades an environment, run in the chart's folder.
pub fn install(environment: &EnvironmentFacts) -> String {
    let values = if environment.values_file.is_empty() {
        String::new()
    } else {
        format!(" -f {}", environment.values_file)
    };
    format!(
        "helm upgrade --install {} .{values} --namespace {} --create-namespace --wait --timeout {}m",
        environment.release, environment.namespace, environment.timeout_minutes
    )
}

/// What a person does next with the chart.
pub fn next(plan: &Plan) -> Vec<String> {
    let mut steps = Vec::new();
    let context = &plan.context;
    let fetches = context.dependencies.iter().any(|d| d.kind == "repository");
    if fetches {
        let repositories = repositories(plan);
        let add = repositories
            .iter()
            .map(|one| format!("helm repo add {} {}", one.name, one.url));
        steps.extend(add);
        let how = if locked(plan) { "build" } else { "update" };
        steps.push(format!("helm dependency {how} ."));
    }
    steps.push("read README.md, review values.yaml".to_owned());
    match context.environments.first() {
        Some(environment) => steps.push(install(environment)),
        None => steps.push(install(&release::stand_in(plan))),
    }
    steps
}
