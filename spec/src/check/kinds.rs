//! Keys that only some kinds of workloads have, and what a workload shares
//! with another one.

use super::references::dangling;
use crate::codes;
use crate::derived;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Document, Workload};
use crate::span::{Span, Spanned};
use crate::types::WorkloadKind::{self, Cron, Job, Service, Stateful, Worker};

/// Checks every workload of one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    for (name, workload) in document.workloads.iter() {
        applicable(workload, sink);
        image(document, name, workload, sink);
        schedule(workload, sink);
        containers(workload, sink);
        main(document, name, workload, sink);
    }
}

/// Kinds that run all the time.
const ALWAYS: &[WorkloadKind] = &[Service, Worker, Stateful];
/// Kinds that come to an end.
const ENDING: &[WorkloadKind] = &[Cron, Job];

fn applicable(workload: &Workload, sink: &mut Sink) {
    let kind = workload.kind.value;
    for (key, span, kinds) in stated(workload) {
        if kinds.contains(&kind) {
            continue;
        }
        let words: Vec<String> = kinds
            .iter()
            .map(|kind| format!("\"{}\"", kind.word()))
            .collect();
        sink.push(
            Diagnostic::error(
                codes::NOT_APPLICABLE,
                format!("`{key}` does not apply to kind = \"{}\"", kind.word()),
            )
            .at(span, "does not apply")
            .at(workload.kind.span, "this kind")
            .help(format!(
                "remove it, or write kind = {}",
                words.join(" or kind = ")
            )),
        );
    }
}

type Stated = (&'static str, Span, &'static [WorkloadKind]);

/// The keys with limits that the workload states.
fn stated(workload: &Workload) -> Vec<Stated> {
    fn one<T>(
        key: &'static str,
        value: &Option<Spanned<T>>,
        kinds: &'static [WorkloadKind],
    ) -> Option<Stated> {
        value.as_ref().map(|value| (key, value.span, kinds))
    }
    let first_port = workload.ports.iter().next();
    [
        one("schedule", &workload.schedule, &[Cron]),
        one("time-zone", &workload.time_zone, &[Cron]),
        one("concurrency", &workload.concurrency, &[Cron]),
        one("start-deadline", &workload.start_deadline, &[Cron]),
        one("suspend", &workload.suspend, &[Cron]),
        one("retries", &workload.retries, ENDING),
        one("timeout", &workload.timeout, ENDING),
        one("parallelism", &workload.parallelism, ENDING),
        one("completions", &workload.completions, ENDING),
        workload.on.first().map(|on| ("on", on.span, &[Job][..])),
        one("replicas", &workload.replicas, ALWAYS),
        one("max-replicas", &workload.max_replicas, ALWAYS),
        one("scaling", &workload.scaling, ALWAYS),
        one("probes", &workload.probes, ALWAYS),
        one("rollout", &workload.rollout, ALWAYS),
        one("disruption", &workload.disruption, ALWAYS),
        one("drain", &workload.drain, ALWAYS),
        workload
            .pre_stop
            .first()
            .map(|word| ("pre-stop", word.span, ALWAYS)),
        one("metrics", &workload.metrics, ALWAYS),
        first_port.map(|(name, _)| ("ports", name.span, ALWAYS)),
        // What a worker says of a port or Service has messages of its own.
        one("port", &workload.port, ALWAYS),
        one("service", &workload.service, ALWAYS),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn image(
    document: &Document,
    name: &Spanned<String>,
    workload: &Spanned<Workload>,
    sink: &mut Sink,
) {
    let Some(like) = &workload.like else {
        if workload.image.is_none() && !workload.has_fault_in(&["image", "like"]) {
            sink.push(
                Diagnostic::error(codes::MISSING_KEY, "missing key `image`")
                    .at(workload.kind.span, "needs `image`")
                    .help(
                        "give the image, or name a workload that runs the same one: like = \"api\"",
                    ),
            );
        }
        return;
    };
    match document.workloads.get(like) {
        None if document.workloads.declares(like) => {}
        None => sink.push(dangling(
            "workload",
            like,
            like.span,
            document.workloads.declared(),
            "workloads",
        )),
        Some(model) => {
            if let Some(further) = &model.like {
                sink.push(
                    Diagnostic::error(
                        codes::DANGLING,
                        format!("`{}` is itself like another workload", like.value.0),
                    )
                    .at(like.span, "leads further")
                    .at(further.span, "to here")
                    .help(if further.value.0 == name.value {
                        "one of the two has to have the image".to_owned()
                    } else {
                        format!("write like = \"{}\"", further.value.0)
                    }),
                );
            }
        }
    }
}

fn schedule(workload: &Workload, sink: &mut Sink) {
    let missing = workload.schedule.is_none() && !workload.has_fault_in(&["schedule"]);
    if workload.kind.value == Cron && missing {
        sink.push(
            Diagnostic::error(codes::MISSING_KEY, "a cron job needs a schedule")
                .at(workload.kind.span, "runs by the clock")
                .help(
                    "add schedule = \"0 3 * * *\": minute, hour, day of month, month, day of week",
                ),
        );
    }
    // 30 February never comes.
    if let Some(schedule) = &workload.schedule {
        let fields: Vec<&str> = schedule.split_whitespace().collect();
        if let [_, _, day, month, "*"] = fields[..]
            && let (Ok(day), Some(month)) = (day.parse::<u32>(), month_number(month))
        {
            let days = match month {
                2 => 29,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            if day > days {
                sink.push(
                    Diagnostic::error(
                        codes::SCHEDULE,
                        format!("month {month} has no day {day}, so it never runs"),
                    )
                    .at(schedule.span, "never comes")
                    .help("choose another day"),
                );
            }
        }
    }
}

/// A month by number or name.
fn month_number(text: &str) -> Option<u32> {
    const NAMES: &[&str] = &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let lower = text.to_ascii_lowercase();
    let named = NAMES.iter().position(|name| *name == lower);
    named
        .and_then(|index| u32::try_from(index + 1).ok())
        .or_else(|| text.parse().ok())
}

/// What only sidecars have.
fn containers(workload: &Workload, sink: &mut Sink) {
    for (_, container) in workload.init.iter() {
        let port = container
            .ports
            .iter()
            .next()
            .map(|(name, _)| ("ports", name.span));
        let probes = container
            .probes
            .as_ref()
            .map(|probes| ("probes", probes.span));
        for (key, span) in [port, probes].into_iter().flatten() {
            sink.push(
                Diagnostic::error(
                    codes::NOT_APPLICABLE,
                    format!(
                        "`{key}` does not apply to a container that ends before the workload starts"
                    ),
                )
                .at(span, "does not apply")
                .help("remove it, or make the container a sidecar"),
            );
        }
    }
    for (name, _) in workload.sidecars.iter() {
        if workload.init.declares(name) {
            sink.push(
                Diagnostic::error(
                    codes::DUPLICATE,
                    format!("two containers are called `{}`", name.value),
                )
                .at(name.span, "a sidecar, and an init container")
                .help("rename one of them"),
            );
        }
    }
}

/// The main workload is always there: files, notes and tests build on it.
fn main(document: &Document, name: &Spanned<String>, workload: &Workload, sink: &mut Sink) {
    if let Some(enabled) = &workload.enabled
        && derived::main_workload(document) == Some(name.value.as_str())
    {
        sink.push(
            Diagnostic::error(
                codes::NOT_APPLICABLE,
                "the main workload cannot be switched off",
            )
            .at(enabled.span, "does not apply")
            .help("remove it, or make another workload the main one with chart.main"),
        );
    }
}
