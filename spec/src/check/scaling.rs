//! How the number of pods follows the load: what can work.

use crate::codes;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Document, Metric, Pace, Scaling, Workload};
use crate::span::Spanned;
use crate::types::{Scaler, ScalingTarget};

/// Checks the scaling of one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    for (_, workload) in document.workloads.iter() {
        let Some(scaling) = &workload.scaling else {
            continue;
        };
        range(workload, scaling, sink);
        signals(scaling, sink);
        memory(workload, scaling, sink);
        scaling.metrics.iter().for_each(|one| metric(one, sink));
        for pace in [&scaling.up, &scaling.down].into_iter().flatten() {
            self::pace(pace, sink);
        }
    }
}

fn by_keda(scaling: &Scaling) -> bool {
    scaling
        .by
        .as_ref()
        .is_some_and(|by| by.value == Scaler::Keda)
}

fn range(workload: &Workload, scaling: &Spanned<Scaling>, sink: &mut Sink) {
    let max = &scaling.max;
    if let Some(min) = &scaling.min {
        if min.0 > max.0 {
            sink.push(
                Diagnostic::error(
                    codes::SCALING,
                    format!("at least {} pods are more than at most {}", min.0, max.0),
                )
                .at(min.span, "at least")
                .at(max.span, "at most")
                .help("raise `max` or lower `min`"),
            );
        }
        if min.0 == 0 && !by_keda(scaling) {
            sink.push(
                Diagnostic::error(
                    codes::SCALING,
                    "an HPA cannot scale to nothing: without a pod there is no load to measure",
                )
                .at(min.span, "must be 1 or more")
                .help("write 1, or by = \"keda\" with a trigger outside the pods"),
            );
        }
    }
    if let Some(most) = &workload.max_replicas
        && max.0 > most.0
    {
        sink.push(
            Diagnostic::error(
                codes::SCALING,
                format!("scaling to {} pods exceeds max-replicas, {}", max.0, most.0),
            )
            .at(max.span, "too many")
            .at(most.span, "the most that the chart accepts")
            .help("raise `max-replicas` or lower `max`"),
        );
    }
}

/// Something has to be measured.
fn signals(scaling: &Spanned<Scaling>, sink: &mut Sink) {
    let keda = by_keda(scaling);
    if let (false, Some(trigger)) = (keda, scaling.triggers.first()) {
        sink.push(
            Diagnostic::error(codes::NOT_APPLICABLE, "triggers belong to KEDA")
                .at(trigger.span, "does not apply")
                .help("write by = \"keda\", or give `metrics`"),
        );
    }
    if let (true, Some(metric)) = (keda, scaling.metrics.first()) {
        sink.push(
            Diagnostic::error(codes::NOT_APPLICABLE, "KEDA takes triggers")
                .at(metric.span, "does not apply")
                .help("write a trigger, such as { type = \"prometheus\", settings = { … } }"),
        );
    }
    let off = |target: &Option<Spanned<ScalingTarget>>| {
        target
            .as_ref()
            .is_some_and(|target| target.value == ScalingTarget::Off)
    };
    let measured = [&scaling.cpu, &scaling.memory]
        .into_iter()
        .flatten()
        .any(|target| target.value != ScalingTarget::Off);
    if off(&scaling.cpu) && !measured && scaling.metrics.is_empty() && scaling.triggers.is_empty() {
        sink.push(
            Diagnostic::error(codes::SCALING, "nothing says how busy the pods are")
                .at(scaling.span, "no cpu, memory, metric or trigger")
                .help("add cpu = 70, or a metric"),
        );
    }
    if let (true, Some(min)) = (keda, &scaling.min)
        && min.0 == 0
        && scaling.triggers.is_empty()
    {
        sink.push(
            Diagnostic::error(
                codes::SCALING,
                "without a pod there is no load to measure, so it would stay at nothing",
            )
            .at(min.span, "scales to nothing")
            .help("add a trigger outside the pods, such as the length of a queue"),
        );
    }
}

/// Memory in percent of the request, with a limit far above it.
fn memory(workload: &Workload, scaling: &Scaling, sink: &mut Sink) {
    let (Some(target), Some(memory)) = (&scaling.memory, &workload.memory) else {
        return;
    };
    let ScalingTarget::Percent(percent) = target.value else {
        return;
    };
    if scaling.enabled.as_ref().is_some_and(|enabled| !enabled.0) {
        return;
    }
    let (request, limit) = (memory.request.bytes, memory.limit.bytes);
    if limit.saturating_mul(4) > request.saturating_mul(5) {
        sink.push(
            Diagnostic::warning(
                codes::SCALING,
                format!(
                    "{percent} % of the request {} is reached at {} % of the limit {}",
                    memory.request.text,
                    u64::from(percent) * request / limit.max(1),
                    memory.limit.text
                ),
            )
            .at(target.span, "of the request")
            .at(memory.request.span, "the request")
            .at(memory.limit.span, "the limit")
            .help("bring request and limit within a quarter of each other, or scale by CPU")
            .note(
                "an application that uses memory up to its limit would always run at the most pods",
            ),
        );
    }
}

fn metric(metric: &Spanned<Metric>, sink: &mut Sink) {
    if metric.has_fault_in(&["average", "total"]) {
        return;
    }
    let wrong = match (&metric.average, &metric.total) {
        (None, None) => Some("no target"),
        (Some(_), Some(_)) => Some("two targets"),
        (None, Some(_)) if metric.from.value.0 == "pods" => Some("a total, but pods have none"),
        _ => None,
    };
    if let Some(wrong) = wrong {
        sink.push(
            Diagnostic::error(codes::SCALING, format!("the metric has {wrong}"))
                .at(metric.span, wrong)
                .help("give `average` for a value per pod, or `total` for one value of the whole"),
        );
    }
}

/// Kubernetes accepts windows up to an hour and periods up to half an hour.
fn pace(pace: &Spanned<Pace>, sink: &mut Sink) {
    if let Some(window) = &pace.window
        && window.seconds > 3600
    {
        sink.push(
            Diagnostic::error(codes::SCALING, "the window is longer than an hour")
                .at(window.span, "too long")
                .help("write \"1h\" or less"),
        );
    }
    for step in &pace.steps {
        if !(1..=1800).contains(&step.period.seconds) {
            sink.push(
                Diagnostic::error(codes::SCALING, "a step takes from 1s to 30m")
                    .at(step.period.span, "out of range")
                    .help("write \"60s\", for example"),
            );
        }
        let one = step.percent.is_some() != step.pods.is_some();
        if !one && !step.has_fault_in(&["percent", "pods"]) {
            sink.push(
                Diagnostic::error(codes::SCALING, "a step is a share or a number of pods")
                    .at(step.span, "needs one of `percent` and `pods`")
                    .help("write { percent = 50, period = \"60s\" } or { pods = 2, period = \"60s\" }"),
            );
        }
    }
}
