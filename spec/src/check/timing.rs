//! Times that must add up.

use crate::codes;
use crate::derived::has_service;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Document, Probe, Workload};
use crate::span::Spanned;
use crate::types::Duration;

/// Checks the times of one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    for (_, workload) in document.workloads.iter() {
        shutdown(workload, sink);
        positive(workload.timeout.as_ref(), "timeout", sink);
        let Some(probes) = &workload.probes else {
            continue;
        };
        for probe in [&probes.liveness, &probes.readiness, &probes.startup]
            .into_iter()
            .flatten()
        {
            positive(probe.period.as_ref(), "period", sink);
            positive(probe.timeout.as_ref(), "timeout", sink);
            within_period(probe, sink);
        }
        startup(workload, sink);
    }
    if let Some(migrations) = &document.migrations {
        positive(migrations.timeout.as_ref(), "timeout", sink);
    }
}

fn positive(duration: Option<&Spanned<Duration>>, key: &str, sink: &mut Sink) {
    if let Some(duration) = duration
        && duration.seconds == 0
    {
        sink.push(
            Diagnostic::error(codes::TIMING, format!("`{key}` must be at least 1s"))
                .at(duration.span, "no time at all")
                .help("write \"1s\" or more"),
        );
    }
}

fn within_period(probe: &Spanned<Probe>, sink: &mut Sink) {
    if let (Some(timeout), Some(period)) = (&probe.timeout, &probe.period)
        && timeout.seconds > period.seconds
    {
        sink.push(
            Diagnostic::warning(
                codes::TIMING,
                format!(
                    "a check may take {} but the next one starts after {}",
                    timeout.human(),
                    period.human()
                ),
            )
            .at(timeout.span, "longer than the period")
            .at(period.span, "the period")
            .help("raise `period` or lower `timeout`"),
        );
    }
}

/// Time that a stopping pod keeps answering, in seconds.
pub fn drain_seconds(workload: &Workload) -> u32 {
    if !workload.pre_stop.is_empty() {
        return 0;
    }
    let default = if has_service(workload) { 10 } else { 0 };
    workload
        .drain
        .as_ref()
        .map_or(default, |drain| drain.seconds)
}

/// Time that a stopping pod may take in all, in seconds.
pub fn grace_seconds(workload: &Workload) -> u32 {
    workload
        .grace
        .as_ref()
        .map_or_else(|| drain_seconds(workload) + 30, |grace| grace.seconds)
}

fn shutdown(workload: &Workload, sink: &mut Sink) {
    let drain = drain_seconds(workload);
    if let Some(grace) = &workload.grace
        && grace.seconds <= drain
    {
        let diagnostic = Diagnostic::error(
            codes::TIMING,
            format!(
                "the pod is killed after {} while it still drains for {drain}s",
                grace.human()
            ),
        )
        .at(grace.span, "grace period")
        .help(format!("give `grace` at least {}s", drain + 5))
        .note("the grace period includes the time for draining");
        sink.push(match &workload.drain {
            Some(drain) => diagnostic.at(drain.span, "drains this long"),
            None => diagnostic,
        });
    }
}

/// Time that a container may take to start, in seconds: what its startup
/// probe allows, else what readiness needs.
pub fn startup_seconds(workload: &Workload) -> u32 {
    let Some(probes) = &workload.probes else {
        return 60;
    };
    let period = |probe: &Probe| probe.period.as_ref().map_or(10, |period| period.seconds);
    let delay = |probe: &Probe| {
        probe
            .initial_delay
            .as_ref()
            .map_or(0, |delay| delay.seconds)
    };
    let startup = probes.startup.as_ref().map(|probe| {
        let failures = probe.failures.as_ref().map_or(30, |failures| failures.0);
        delay(probe).saturating_add(period(probe).saturating_mul(failures))
    });
    let ready = probes
        .readiness
        .as_ref()
        .map_or(0, |probe| delay(probe) + period(probe));
    startup.unwrap_or(60).saturating_add(ready)
}

fn startup(workload: &Workload, sink: &mut Sink) {
    let deadline = workload
        .rollout
        .as_ref()
        .and_then(|rollout| rollout.deadline.as_ref())
        .map(|deadline| (deadline.seconds, Some(deadline.span)));
    // Unstated, the deadline follows from the probes; only their sum has a limit.
    let (deadline, span) = deadline.unwrap_or((Duration::LONGEST, None));
    let needed = startup_seconds(workload);
    if needed >= deadline {
        let probes = workload
            .probes
            .as_ref()
            .map_or(workload.kind.span, |probes| probes.span);
        let human = |seconds| Duration { seconds }.human();
        let needs = if needed > Duration::LONGEST {
            "more than a week".to_owned()
        } else {
            human(needed)
        };
        let diagnostic = Diagnostic::error(
            codes::TIMING,
            match span {
                Some(_) => format!(
                    "the rollout gives up after {}, but a pod may take {needs} to start",
                    human(deadline)
                ),
                None => format!("a pod may take {needs} to start"),
            },
        )
        .at(
            span.unwrap_or(probes),
            if span.is_some() {
                "too short"
            } else {
                "what the probes allow"
            },
        )
        .help(match needed.saturating_add(60) {
            longer if longer <= Duration::LONGEST => {
                let inside = format!("deadline = \"{longer}s\"");
                [
                    "set rollout = { ",
                    &inside,
                    " }, or let the probes allow less",
                ]
                .concat()
            }
            _ => "let the probes allow less".to_owned(),
        });
        sink.push(if span.is_some() {
            diagnostic.at(probes, "what the probes allow")
        } else {
            diagnostic
        });
    }
}
