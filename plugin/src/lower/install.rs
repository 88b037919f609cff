//! Environments: names in commands, the time that an installation may take,
//! and the one-line facts that people compare.

use super::context::{Context, EnvironmentFacts, WorkloadFacts};
use super::{capital, dependency, exposure, migration, sizing, workload};
use taskspec_spec::Resolved;
use taskspec_spec::check::timing;
use taskspec_spec::codes;
use taskspec_spec::derived;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::{Document, Workload};
use taskspec_spec::resolve::Merged;
use taskspec_spec::types::WorkloadKind;

/// Seconds that a new pod may need beyond its probes: scheduling and pulling the image.
const POD_SECONDS: u32 = 60;

/// Seconds without progress after which a rollout counts as failed.
pub fn progress_deadline(
    facts: &WorkloadFacts,
    workload: &Workload,
    document: &Document,
    context: &Context,
) -> u32 {
    let stated = workload
        .rollout
        .as_ref()
        .and_then(|rollout| rollout.deadline.as_ref());
    // Values may switch to any strategy that the chart has.
    let strategies = context.migration.iter().flat_map(|facts| &facts.strategies);
    let by_values = strategies.filter(|strategy| *strategy != "hook").count() > 0;
    let migrations = match &document.migrations {
        Some(migrations) if by_values && (facts.waits || facts.migrates) => {
            migration::DATABASE_SECONDS + migration::timeout_seconds(migrations)
        }
        _ => 0,
    };
    let wait = workload::waiting(facts, document, context.migration.as_ref()).max(migrations);
    let needed = wait + timing::startup_seconds(workload) + POD_SECONDS;
    stated.map_or(needed.max(600), |deadline| deadline.seconds)
}

/// Facts of every environment; the base stands in when there is none.
pub fn environments(
    resolved: &Resolved,
    context: &Context,
    sink: &mut Sink,
) -> Vec<EnvironmentFacts> {
    for document in
        std::iter::once(&resolved.base).chain(resolved.environments.iter().map(|m| &m.document))
    {
        deadlines(document, context, sink);
    }
    let all: Vec<EnvironmentFacts> = resolved
        .environments
        .iter()
        .map(|merged| environment(merged, context))
        .collect();
    for (merged, facts) in resolved.environments.iter().zip(&all) {
        release_name(merged, facts, context, sink);
    }
    all
}

/// A release whose name contains the chart's and a dependency's gives the
/// objects of both one name.
fn release_name(merged: &Merged, facts: &EnvironmentFacts, context: &Context, sink: &mut Sink) {
    let inside = context
        .dependencies
        .iter()
        .filter(|dependency| dependency.in_release);
    let shares: Vec<&str> = inside
        .map(|dependency| dependency.name.as_str())
        .filter(|name| facts.release.contains(name))
        .collect();
    if shares.len() + usize::from(facts.fullname == facts.release && !shares.is_empty()) > 1 {
        let span = merged
            .settings
            .release
            .as_ref()
            .map_or(merged.name.span, |release| release.span);
        sink.push(
            Diagnostic::error(
                codes::NAME_CLASH,
                format!(
                    "the release name `{}` would give several objects one name",
                    facts.release
                ),
            )
            .at(span, format!("contains `{}`", shares.join("` and `")))
            .help("choose another `release`")
            .note(
                "charts leave their own name out of their objects' when the release's contains it",
            ),
        );
    }
}

fn deadlines(document: &Document, context: &Context, sink: &mut Sink) {
    for (facts, (_, workload)) in context.workloads.iter().zip(document.workloads.iter()) {
        let Some(deadline) = workload
            .rollout
            .as_ref()
            .and_then(|rollout| rollout.deadline.as_ref())
        else {
            continue;
        };
        let wait = workload::waiting(facts, document, context.migration.as_ref());
        let needed = wait + timing::startup_seconds(workload) + POD_SECONDS;
        if wait > 0 && deadline.seconds < needed {
            sink.push(
                Diagnostic::error(
                    codes::TIMING,
                    format!("the rollout gives up after {}, but its pods may wait and start in {needed}s", deadline.human()),
                )
                .at(deadline.span, "too short")
                .help(format!("write \"{needed}s\" or more, or leave it out"))
                .note(format!(
                    "servers {}s + migrations {}s + start {}s + image {POD_SECONDS}s",
                    migration::DATABASE_SECONDS,
                    wait.saturating_sub(migration::DATABASE_SECONDS),
                    timing::startup_seconds(workload),
                )),
            );
        }
    }
}

fn environment(merged: &Merged, context: &Context) -> EnvironmentFacts {
    let document = &merged.document;
    let settings = &merged.settings;
    let name = merged.name.value.clone();
    let chart = &context.chart.name;
    let release = settings.release.as_ref().map_or_else(
        || default_release(chart, &name),
        |release| release.value.0.clone(),
    );
    let fullname = if release.contains(chart.as_str()) {
        release.clone()
    } else {
        format!("{release}-{chart}")
    };
    let (timeout_minutes, timeout_reason) = timeout(document, context, derived::fewest_pods);
    let (timeout_most, _) = timeout(document, context, derived::most_pods);
    EnvironmentFacts {
        summary: settings
            .summary
            .as_ref()
            .map(|summary| summary.value.0.clone())
            .unwrap_or_default(),
        namespace: settings
            .namespace
            .as_ref()
            .map_or_else(|| name.clone(), |n| n.value.0.clone()),
        fullname,
        values_file: settings.values_file.as_ref().map_or_else(
            || format!("values-{name}.yaml"),
            |file| file.value.0.clone(),
        ),
        timeout_minutes,
        timeout_most: if timeout_most > timeout_minutes {
            timeout_most
        } else {
            0
        },
        timeout_reason,
        store: document
            .secrets
            .as_ref()
            .and_then(|secrets| secrets.store.as_ref())
            .map(|store| store.name.value.0.clone())
            .unwrap_or_default(),
        urls: exposure::urls(document),
        hosts: document
            .dependencies
            .iter()
            .zip(&context.dependencies)
            .map(|((_, stated), facts)| dependency::host(facts, stated, &release))
            .collect(),
        what: what(document, context),
        migrates: migrates(document, context),
        heading: capital(&name),
        name,
        release,
    }
}

/// How migrations run in an environment; nothing if they do not.
fn migrates(document: &Document, context: &Context) -> String {
    let Some(facts) = &context.migration else {
        return String::new();
    };
    match migration::strategy_in(document, facts) {
        "none" => String::new(),
        strategy => strategy.to_owned(),
    }
}

/// `<chart>-<environment>`, unless that is longer than the 53 characters that
/// Helm accepts.
fn default_release(chart: &str, environment: &str) -> String {
    let both = format!("{chart}-{environment}");
    if both.len() > 53 {
        environment.to_owned()
    } else {
        both
    }
}

/// Minutes that an installation with the defaults may take.
pub fn default_timeout(base: &Document, context: &Context) -> u32 {
    timeout(base, context, derived::fewest_pods).0
}

/// Time that an installation or upgrade may take: what comes before the pods,
/// then the pods of the slowest workload one after another, or the slowest job.
/// `pods` counts the pods of a workload.
fn timeout(document: &Document, context: &Context, pods: fn(&Workload) -> u32) -> (u32, String) {
    let mut before = 0;
    let mut parts = Vec::new();
    let mut servers = context
        .dependencies
        .iter()
        .zip(document.dependencies.iter());
    let inside =
        servers.any(|(facts, (_, stated))| facts.in_release && !derived::is_elsewhere(stated));
    let strategy = context
        .migration
        .as_ref()
        .map_or("none", |facts| migration::strategy_in(document, facts));
    match (&document.migrations, strategy) {
        (Some(migrations), "job" | "hook" | "init-container") => {
            let seconds = migration::timeout_seconds(migrations);
            parts.push(format!("database {}s", migration::DATABASE_SECONDS));
            let what = if strategy == "hook" {
                "migration hook"
            } else {
                "migrations"
            };
            parts.push(format!("{what} {seconds}s"));
            before = migration::DATABASE_SECONDS + seconds;
        }
        _ if inside => {
            parts.push(format!("servers {}s", migration::DATABASE_SECONDS));
            before = migration::DATABASE_SECONDS;
        }
        _ => {}
    }
    let slowest = document
        .workloads
        .iter()
        .filter(|(_, workload)| derived::runs_always(workload))
        .filter(|(_, workload)| derived::is_enabled(workload))
        .map(|(name, workload)| {
            let replicas = pods(workload).max(1);
            (rolling(workload, replicas), name.value.as_str(), replicas)
        })
        .max_by_key(|(seconds, _, _)| *seconds);
    let mut total = before;
    if let Some((seconds, name, replicas)) = slowest {
        parts.push(format!("{replicas} × {name} {seconds}s"));
        total = total.saturating_add(seconds);
    }
    let jobs = document
        .workloads
        .iter()
        .filter(|(_, workload)| workload.kind.value == WorkloadKind::Job)
        .map(|(name, workload)| (workload::run_seconds(workload), name.value.as_str()))
        .max();
    if let Some((seconds, name)) = jobs.filter(|(seconds, _)| before + seconds > total) {
        parts.truncate(parts.len().saturating_sub(usize::from(slowest.is_some())));
        parts.push(format!("job {name} {seconds}s"));
        total = before + seconds;
    }
    (total.div_ceil(60).max(5), parts.join(" + "))
}

/// A rolling update replaces pods one after another; a share of them at a time
/// takes as many steps as it needs.
fn rolling(workload: &Workload, replicas: u32) -> u32 {
    let one = timing::startup_seconds(workload)
        .saturating_add(POD_SECONDS)
        .saturating_add(timing::grace_seconds(workload));
    let at_once = derived::surge_pods(workload, replicas).max(1);
    one.saturating_mul(replicas.div_ceil(at_once))
}

/// Characters of the line about an environment.
const LONGEST_LINE: usize = 200;

/// What runs in an environment, as one line: with what each is given, or where
/// that is too long by number, or all together.
fn what(document: &Document, context: &Context) -> String {
    let servers = dependency_lines(document, context, true);
    let mut whole = workload_lines(document, true);
    whole.extend(servers);
    let servers = dependency_lines(document, context, false);
    let mut numbers = workload_lines(document, false);
    numbers.extend(servers.clone());
    let mut sums = vec![sum(document)];
    sums.extend(servers);
    let mut least = vec![sum(document)];
    if !context.dependencies.is_empty() {
        least.push(format!("{} servers", context.dependencies.len()));
    }
    let fits = |line: &String| line.chars().count() <= LONGEST_LINE;
    let lines = [whole, numbers, sums, least].map(|parts| parts.join("; "));
    let [.., last] = &lines;
    lines.iter().find(|line| fits(line)).unwrap_or(last).clone()
}

/// Workloads that an environment has.
fn enabled(document: &Document) -> impl Iterator<Item = (&str, &Workload)> {
    document
        .workloads
        .iter()
        .filter(|(_, workload)| derived::is_enabled(workload))
        .map(|(name, workload)| (name.value.as_str(), &workload.value))
}

/// All workloads by number.
fn sum(document: &Document) -> String {
    let always = || enabled(document).filter(|(_, workload)| derived::runs_always(workload));
    let count = |number: fn(&Workload) -> u32| always().map(|(_, one)| number(one)).sum::<u32>();
    let (fewest, most) = (count(derived::fewest_pods), count(derived::most_pods));
    let pods = match fewest == most {
        true => fewest.to_string(),
        false => format!("{fewest} to {most}"),
    };
    let jobs = enabled(document).count() - always().count();
    match (always().count(), jobs) {
        (0, jobs) => format!("{jobs} jobs"),
        (always, 0) => format!("{always} workloads with {pods} pods"),
        (always, jobs) => format!("{always} workloads with {pods} pods, {jobs} jobs"),
    }
}

/// `request–limit`, or one of them when they are the same.
fn range((request, limit): &(String, String)) -> String {
    if request == limit {
        request.clone()
    } else {
        format!("{request}–{limit}")
    }
}

/// Each workload, with what it is given.
fn workload_lines(document: &Document, given: bool) -> Vec<String> {
    enabled(document)
        .map(|(name, workload)| {
            let mut line = match &workload.schedule {
                Some(_) if workload.suspend.as_ref().is_some_and(|flag| flag.0) => {
                    format!("{name}, paused")
                }
                Some(schedule) => format!("{name} at {}", schedule.value.0),
                None => format!("{} × {name}", sizing::pods(workload)),
            };
            if given {
                let amounts = workload::amounts(workload);
                line += &format!(
                    ", {} CPU, {} memory",
                    range(&amounts.cpu),
                    range(&amounts.memory)
                );
            }
            line
        })
        .collect()
}

/// Each server, with what it is given.
fn dependency_lines(document: &Document, context: &Context, given: bool) -> Vec<String> {
    document
        .dependencies
        .iter()
        .zip(&context.dependencies)
        .map(|((name, stated), facts)| {
            let outside = !facts.in_release || derived::is_elsewhere(stated);
            if outside && !given {
                return format!("{} outside", name.value);
            }
            if outside {
                return format!(
                    "{} at {}:{}",
                    name.value,
                    stated.host.as_ref().map_or("", |h| &h.value.0),
                    stated.port.as_ref().map_or(facts.port, |port| port.0)
                );
            }
            let entry = &facts.entry;
            let mut line = name.value.clone();
            if entry.takes("storage") {
                let storage = stated.storage.as_ref();
                line += " ";
                line += storage.map_or("8Gi", |storage| storage.text.as_str());
            }
            match dependency::replicas(entry, stated) {
                0 => {}
                1 => line += " + 1 replica",
                replicas => line += &format!(" + {replicas} replicas"),
            }
            if dependency::mode(stated) == "sentinel" {
                line += " with sentinels";
            }
            if given && entry.takes("resources") {
                line += &format!(", {} memory", dependency::amounts(entry, stated).memory.1);
            }
            line
        })
        .collect()
}
