//! The numbers of each workload in each environment, as they were checked:
//! what a reader compares and what the README prints.

use super::context::{Context, SizeFacts};
use super::workload;
use taskspec_spec::Resolved;
use taskspec_spec::check::timing;
use taskspec_spec::derived;
use taskspec_spec::model::{Document, Workload};
use taskspec_spec::types::{RolloutStrategy, Surge};

/// The numbers of every environment, or of the base if there is none.
pub fn sizes(resolved: &Resolved, context: &Context) -> Vec<SizeFacts> {
    let mut all = Vec::new();
    if resolved.environments.is_empty() {
        of("", &resolved.base, context, &mut all);
    }
    for merged in &resolved.environments {
        of(&merged.name.value, &merged.document, context, &mut all);
    }
    all
}

fn of(environment: &str, document: &Document, context: &Context, all: &mut Vec<SizeFacts>) {
    for (facts, (name, workload)) in context.workloads.iter().zip(document.workloads.iter()) {
        if workload.enabled.as_ref().is_some_and(|flag| !flag.0) {
            continue;
        }
        all.push(SizeFacts {
            environment: environment.to_owned(),
            workload: name.value.clone(),
            pods: pods(workload),
            rollout: rollout(workload),
            drain: drain(workload),
            requests: requests(workload),
            times: format!(
                "{} s, {} s",
                workload::waiting(facts, document, context.migration.as_ref())
                    + timing::startup_seconds(workload),
                timing::grace_seconds(workload)
            ),
        });
    }
}

/// A number of pods or a range.
pub fn pods(workload: &Workload) -> String {
    let (fewest, most) = (derived::fewest_pods(workload), derived::most_pods(workload));
    if fewest == most {
        fewest.to_string()
    } else {
        format!("{fewest} to {most}")
    }
}

fn rollout(workload: &Workload) -> String {
    if !derived::runs_always(workload) {
        return "none".to_owned();
    }
    if derived::strategy(workload) == RolloutStrategy::Recreate {
        return "all stop first".to_owned();
    }
    let surge = derived::surge_pods(workload, derived::most_pods(workload));
    let down = workload
        .rollout
        .as_ref()
        .and_then(|rollout| rollout.max_unavailable.as_ref())
        .map_or_else(|| "0".to_owned(), |down| share(&down.value));
    format!("+{surge}, -{down}")
}

fn share(surge: &Surge) -> String {
    match surge {
        Surge::Pods(pods) => pods.to_string(),
        Surge::Percent(share) => format!("{share} %"),
    }
}

fn drain(workload: &Workload) -> String {
    if !derived::runs_always(workload) || derived::most_pods(workload) < 2 {
        return "no budget".to_owned();
    }
    workload
        .disruption
        .as_ref()
        .and_then(|disruption| disruption.max_unavailable.as_ref())
        .map_or_else(|| "1".to_owned(), |most| share(&most.value))
}

/// Requests of all pods at the fewest and at the most.
fn requests(workload: &Workload) -> String {
    let cpu = workload
        .cpu
        .as_ref()
        .map_or(100, |range| range.request.millicores);
    let memory = workload
        .memory
        .as_ref()
        .map_or(256 << 20, |range| range.request.bytes);
    let at = |pods: u32| match pods {
        0 => "nothing".to_owned(),
        _ => format!(
            "{} CPU, {} memory",
            cores(cpu * u64::from(pods)),
            mebibytes(memory.saturating_mul(u64::from(pods)))
        ),
    };
    let (fewest, most) = (derived::fewest_pods(workload), derived::most_pods(workload));
    if fewest == most {
        at(most)
    } else {
        format!("{} to {}", at(fewest), at(most))
    }
}

fn cores(millicores: u64) -> String {
    if millicores.is_multiple_of(1000) {
        (millicores / 1000).to_string()
    } else {
        format!("{millicores}m")
    }
}

fn mebibytes(bytes: u64) -> String {
    if bytes.is_multiple_of(1 << 30) {
        format!("{}Gi", bytes >> 30)
    } else {
        format!("{}Mi", bytes >> 20)
    }
}
