//! What follows from a model: ports, numbers of pods, who connects to whom.
//! Used by the checks and by the compiler, so that both mean the same.

use crate::model::{Dependency, Document, EnvValue, Peer, Scaling, Workload};
use crate::span::Spanned;
use crate::types::{
    AccessMode, AppProtocol, Layout, Protocol, RolloutStrategy, Scaler, Surge, VolumeKind,
    WorkloadKind,
};

/// Share of the pods that a rollout adds unless the author says otherwise, in
/// percent: one of up to four, five of twenty.
pub const SURGE_PERCENT: u32 = 25;

/// A port of a workload's pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPort<'a> {
    /// Its name.
    pub name: &'a str,
    /// Sidecar that listens on it; none for the workload itself.
    pub sidecar: Option<&'a str>,
    /// Port of the container.
    pub container: u16,
    /// Port of the Service.
    pub service: u16,
    /// Protocol.
    pub protocol: Protocol,
    /// Protocol above it.
    pub app_protocol: Option<AppProtocol>,
    /// Whether the Service has it.
    pub exposed: bool,
}

/// Every port of a workload's pods, the main one first.
pub fn ports(workload: &Workload) -> Vec<NamedPort<'_>> {
    let outside = workload
        .service
        .as_ref()
        .and_then(|service| service.port.as_ref())
        .map(|port| port.0);
    let mut all = Vec::new();
    if let Some(port) = &workload.port {
        all.push(NamedPort {
            name: "http",
            sidecar: None,
            container: port.0,
            service: outside.unwrap_or(port.0),
            protocol: Protocol::Tcp,
            app_protocol: None,
            exposed: true,
        });
    }
    let own = workload.ports.iter().map(|(name, rule)| (None, name, rule));
    let beside = workload.sidecars.iter().flat_map(|(sidecar, container)| {
        container
            .ports
            .iter()
            .map(move |(name, rule)| (Some(sidecar.value.as_str()), name, rule))
    });
    for (sidecar, name, rule) in own.chain(beside) {
        let table = &rule.0;
        let stated = table.service.as_ref().map(|port| port.0);
        let first = all.is_empty().then_some(outside).flatten();
        all.push(NamedPort {
            name: &name.value,
            sidecar,
            container: table.port.0,
            service: stated.or(first).unwrap_or(table.port.0),
            protocol: table.protocol.as_ref().map_or(Protocol::Tcp, |p| p.value),
            app_protocol: table.app_protocol.as_ref().map(|p| p.value),
            exposed: table.expose.as_ref().is_none_or(|flag| flag.0),
        });
    }
    all
}

/// Whether pods of this workload are reached through a Service.
pub fn has_service(workload: &Workload) -> bool {
    match workload.kind.value {
        WorkloadKind::Service => true,
        WorkloadKind::Stateful => ports(workload).iter().any(|port| port.exposed),
        WorkloadKind::Worker | WorkloadKind::Cron | WorkloadKind::Job => false,
    }
}

/// Whether this environment has the workload.
pub fn is_enabled(workload: &Workload) -> bool {
    workload.enabled.as_ref().is_none_or(|flag| flag.0)
}

/// Whether pods of this workload run all the time.
pub fn runs_always(workload: &Workload) -> bool {
    matches!(
        workload.kind.value,
        WorkloadKind::Service | WorkloadKind::Worker | WorkloadKind::Stateful
    )
}

/// The autoscaler, if it is on.
pub fn scaling(workload: &Workload) -> Option<&Scaling> {
    workload
        .scaling
        .as_ref()
        .map(|scaling| &scaling.value)
        .filter(|scaling| scaling.enabled.as_ref().is_none_or(|flag| flag.0))
}

/// Fewest pods of a scaled workload.
pub fn scaling_min(scaling: &Scaling) -> u32 {
    scaling
        .min
        .as_ref()
        .map_or(2.min(scaling.max.0), |min| min.0)
}

/// Fewest pods that run when nothing is wrong.
pub fn fewest_pods(workload: &Workload) -> u32 {
    match (runs_always(workload), scaling(workload)) {
        (false, _) => workload.parallelism.as_ref().map_or(1, |p| p.0),
        (true, Some(scaling)) => scaling_min(scaling),
        (true, None) => workload.replicas.as_ref().map_or(1, |replicas| replicas.0),
    }
}

/// Most pods that the workload is made for, without the ones that a rollout adds.
pub fn most_pods(workload: &Workload) -> u32 {
    match (runs_always(workload), scaling(workload)) {
        (true, Some(scaling)) => scaling.max.0,
        _ => fewest_pods(workload),
    }
}

/// Pods above the number of replicas during a rollout, for a number of replicas.
pub fn surge_pods(workload: &Workload, replicas: u32) -> u32 {
    if workload.kind.value == WorkloadKind::Stateful
        || !runs_always(workload)
        || strategy(workload) == RolloutStrategy::Recreate
    {
        return 0;
    }
    let stated = workload
        .rollout
        .as_ref()
        .and_then(|rollout| rollout.max_surge.as_ref());
    match stated.map(|surge| &surge.value) {
        None => replicas.saturating_mul(SURGE_PERCENT).div_ceil(100),
        Some(Surge::Pods(pods)) => *pods,
        // Kubernetes rounds the surge up.
        Some(Surge::Percent(share)) => replicas.saturating_mul(*share).div_ceil(100),
    }
}

/// The first volume of a workload that only one node can mount.
pub fn single_mount(workload: &Workload) -> Option<&Spanned<String>> {
    if workload.kind.value == WorkloadKind::Stateful {
        return None;
    }
    workload
        .volumes
        .iter()
        .find(|(_, volume)| {
            let access = volume
                .access
                .as_ref()
                .map_or(AccessMode::ReadWriteOnce, |access| access.value);
            volume.kind.value == VolumeKind::Persistent
                && matches!(
                    access,
                    AccessMode::ReadWriteOnce | AccessMode::ReadWriteOncePod
                )
        })
        .map(|(name, _)| name)
}

/// How pods are replaced.
pub fn strategy(workload: &Workload) -> RolloutStrategy {
    let stated = workload
        .rollout
        .as_ref()
        .and_then(|rollout| rollout.strategy.as_ref());
    match stated {
        Some(strategy) => strategy.value,
        None if single_mount(workload).is_some() => RolloutStrategy::Recreate,
        None => RolloutStrategy::RollingUpdate,
    }
}

/// How the chart is laid out.
pub fn layout(document: &Document) -> Layout {
    document
        .chart
        .as_ref()
        .and_then(|chart| chart.layout.as_ref())
        .map_or(Layout::ByWorkload, |layout| layout.value)
}

/// The main workload: stated, else the first service, else the first workload
/// that runs always, else the first.
pub fn main_workload(document: &Document) -> Option<&str> {
    let stated = document
        .chart
        .as_ref()
        .and_then(|chart| chart.main.as_ref())
        .map(|name| name.value.0.as_str());
    let find = |wanted: &dyn Fn(&Workload) -> bool| {
        document
            .workloads
            .iter()
            .find(|(_, workload)| wanted(workload))
            .map(|(name, _)| name.value.as_str())
    };
    stated
        .filter(|name| document.workloads.get(name).is_some())
        .or_else(|| find(&|workload| workload.kind.value == WorkloadKind::Service))
        .or_else(|| find(&runs_always))
        .or_else(|| find(&|_| true))
}

/// The workload whose image, variables and connections this one shares.
pub fn model_of<'a>(document: &'a Document, workload: &Workload) -> Option<&'a Workload> {
    let name = workload.like.as_ref()?;
    document
        .workloads
        .get(name)
        .map(|other| &other.value)
        .filter(|other| other.like.is_none())
}

/// References in the variables of a workload and of its containers, with the
/// variables of the workload that it is like.
pub fn references<'a>(
    document: &'a Document,
    workload: &'a Workload,
) -> impl Iterator<Item = &'a EnvValue> {
    let containers = workload.init.iter().chain(workload.sidecars.iter());
    let inner = containers.flat_map(|(_, container)| container.env.iter());
    let model = model_of(document, workload)
        .into_iter()
        .flat_map(|model| model.env.iter());
    workload
        .env
        .iter()
        .chain(inner)
        .chain(model)
        .map(|(_, value)| &value.value)
}

/// Names of the workloads that a workload connects to, each once, without itself.
pub fn calls<'a>(document: &'a Document, name: &str, workload: &'a Workload) -> Vec<&'a str> {
    let mut all = reached(document, workload);
    all.retain(|called| *called != name);
    all
}

/// Whether a workload connects to its own Service: some other pod of it answers.
pub fn calls_itself(document: &Document, name: &str, workload: &Workload) -> bool {
    reached(document, workload).contains(&name)
}

/// Names of the workloads that it connects to, each once.
fn reached<'a>(document: &'a Document, workload: &'a Workload) -> Vec<&'a str> {
    let model = model_of(document, workload);
    let stated = workload
        .calls
        .iter()
        .chain(model.into_iter().flat_map(|model| &model.calls))
        .map(|name| name.value.0.as_str());
    let referred = references(document, workload).filter_map(|value| match value {
        EnvValue::Workload(reference) => Some(reference.workload.value.0.as_str()),
        _ => None,
    });
    let mut all = Vec::new();
    for called in stated.chain(referred) {
        if !all.contains(&called) {
            all.push(called);
        }
    }
    all
}

/// Whether peers of the network policies connect one workload with another.
pub fn admits(document: &Document, name: &str, workload: &Workload, to: &str) -> bool {
    let means = |peer: &Peer, wanted: &str| match peer {
        Peer::Table(table) => table.workload.as_ref().is_some_and(|w| w.value.0 == wanted),
        Peer::Release | Peer::Namespace | Peer::Cluster => true,
        _ => false,
    };
    workload.egress.iter().any(|one| means(&one.to.value, to))
        || document
            .workloads
            .get(to)
            .is_some_and(|called| called.allow_from.iter().any(|one| means(&one.value, name)))
}

/// Names of the dependencies whose URL a workload gets, each once.
pub fn uses<'a>(document: &'a Document, workload: &'a Workload) -> Vec<&'a str> {
    let model = model_of(document, workload);
    let mut all = Vec::new();
    for name in model
        .into_iter()
        .flat_map(|model| &model.uses)
        .chain(&workload.uses)
    {
        if !all.contains(&name.value.0.as_str()) {
            all.push(name.value.0.as_str());
        }
    }
    all
}

/// Names of the dependencies that a workload connects to, each once.
pub fn connections<'a>(document: &'a Document, workload: &'a Workload) -> Vec<&'a str> {
    let mut all = uses(document, workload);
    for value in references(document, workload) {
        if let EnvValue::Dependency(reference) = value
            && !all.contains(&reference.dependency.value.0.as_str())
        {
            all.push(&reference.dependency.value.0);
        }
    }
    all
}

/// Whether the server of a dependency runs elsewhere in this environment,
/// although its entry has one in the release.
pub fn is_elsewhere(dependency: &Dependency) -> bool {
    dependency.external.as_ref().is_some_and(|flag| flag.0)
}

/// Workload whose image the migrations run unless they have one: the main one
/// if it uses the database, else the first that does.
pub fn carrier<'a>(document: &'a Document, database: &str) -> Option<&'a str> {
    let uses =
        |workload: &Workload| runs_always(workload) && uses(document, workload).contains(&database);
    let main = main_workload(document)
        .filter(|name| document.workloads.get(name).is_some_and(|w| uses(w)));
    let others = || document.workloads.iter().filter(|(_, one)| uses(one));
    // Rather one with an image and variables of its own.
    let own = || others().find(|(_, one)| one.like.is_none());
    let name = |(name, _): (&'a Spanned<String>, _)| name.value.as_str();
    main.or_else(|| own().or_else(|| others().next()).map(name))
}

/// The workload whose variables the migrations share.
pub fn migration_model(document: &Document) -> Option<(&str, &Workload)> {
    let migrations = document.migrations.as_ref()?;
    let shares = migrations
        .shares_env
        .as_ref()
        .map_or(migrations.image.is_none(), |flag| flag.0);
    let mut carriers = migrations.uses.iter().map(|name| carrier(document, name));
    let name = carriers.find_map(|name| name).filter(|_| shares)?;
    Some((name, &document.workloads.get(name)?.value))
}

/// Names of the dependencies that the migrations connect to, each once.
pub fn migration_connections(document: &Document) -> Vec<&str> {
    let Some(migrations) = &document.migrations else {
        return Vec::new();
    };
    let mut all: Vec<&str> = migrations
        .uses
        .iter()
        .map(|name| name.value.0.as_str())
        .collect();
    let shared = migration_model(document)
        .map(|(_, workload)| connections(document, workload))
        .unwrap_or_default();
    for name in shared {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// Whether KEDA scales the workload down to nothing.
pub fn scales_to_zero(workload: &Workload) -> bool {
    scaling(workload).is_some_and(|scaling| {
        scaling
            .by
            .as_ref()
            .is_some_and(|by| by.value == Scaler::Keda)
            && scaling_min(scaling) == 0
    })
}

/// Key of a file in its ConfigMap: the path with dots for slashes.
pub fn file_key(path: &str) -> String {
    path.trim_matches('/').replace('/', ".")
}
