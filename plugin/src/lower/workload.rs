//! Workloads: facts for their templates and values of their own.

use super::context::{
    Context, DependencyFacts, LabelVariable, MigrationFacts, SecretVariable, WorkloadFacts,
};
use super::schemas::{self, Amounts};
use super::{install, network};
use crate::values::{Entry, branch, leaf};
use serde_json::{Map, Value, json};
use taskspec_spec::check::names::values_key;
use taskspec_spec::check::timing;
use taskspec_spec::codes;
use taskspec_spec::decode::Map as Names;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::{Document, EnvValue, Probe, Workload};
use taskspec_spec::span::Spanned;
use taskspec_spec::types::{EnvName, Name, RolloutStrategy, Surge, WorkloadKind};

/// Facts of every workload.
pub fn resolve(
    base: &Document,
    dependencies: &[DependencyFacts],
    migration: Option<&MigrationFacts>,
    sink: &mut Sink,
) -> Vec<WorkloadFacts> {
    let main = base
        .workloads
        .iter()
        .find(|(_, workload)| workload.kind.value == WorkloadKind::Service)
        .or_else(|| base.workloads.iter().next())
        .map(|(name, _)| name.value.clone());
    let waits_for = migration
        .filter(|m| m.strategy == "job")
        .map(|m| m.database.as_str());
    base.workloads
        .iter()
        .map(|(name, workload)| {
            let is_main = main.as_deref() == Some(name.value.as_str());
            let (secrets, labels) = variables(&workload.env, &workload.uses, dependencies, sink);
            WorkloadFacts {
                name: name.value.clone(),
                key: values_key(name),
                v: format!(".Values.{}", values_key(name)),
                p: format!("{}.", values_key(name)),
                main: is_main,
                file_prefix: if is_main {
                    String::new()
                } else {
                    format!("{}-", name.value)
                },
                service: workload.kind.value == WorkloadKind::Service,
                recreate: recreates(workload),
                command: !workload.command.is_empty(),
                args: !workload.args.is_empty(),
                secrets,
                labels,
                uses: workload
                    .uses
                    .iter()
                    .map(|name| name.value.0.clone())
                    .collect(),
                waits: waits_for
                    .is_some_and(|name| workload.uses.iter().any(|used| used.value.0 == name)),
                probes: probes(workload),
                test_probe: test_probe(workload).to_owned(),
                variable: name.value.to_ascii_uppercase().replace('-', "_"),
            }
        })
        .collect()
}

fn recreates(workload: &Workload) -> bool {
    let strategy = workload
        .rollout
        .as_ref()
        .and_then(|rollout| rollout.strategy.as_ref());
    strategy.is_some_and(|strategy| strategy.value == RolloutStrategy::Recreate)
}

/// Probe whose HTTP path a test asks: readiness, else liveness, else none.
fn test_probe(workload: &Workload) -> &'static str {
    let Some(probes) = &workload.probes else {
        return "";
    };
    [
        ("readinessProbe", &probes.readiness),
        ("livenessProbe", &probes.liveness),
    ]
    .into_iter()
    .find(|(_, probe)| probe.as_ref().is_some_and(|probe| probe.path.is_some()))
    .map_or("", |(name, _)| name)
}

fn probes(workload: &Workload) -> Vec<String> {
    let Some(probes) = &workload.probes else {
        return Vec::new();
    };
    [
        ("startup", &probes.startup),
        ("liveness", &probes.liveness),
        ("readiness", &probes.readiness),
    ]
    .into_iter()
    .filter(|(_, probe)| probe.is_some())
    .map(|(name, _)| format!("{name}Probe"))
    .collect()
}

/// Variables of a container that do not stand in its values: connection URLs,
/// secrets and labels. A name with two sources is an error.
pub fn variables(
    env: &Names<EnvName, Spanned<EnvValue>>,
    uses: &[Spanned<Name>],
    dependencies: &[DependencyFacts],
    sink: &mut Sink,
) -> (Vec<SecretVariable>, Vec<LabelVariable>) {
    let mut secrets = Vec::new();
    let mut labels = Vec::new();
    for name in uses {
        let Some(dependency) = dependencies.iter().find(|d| d.name == name.value.0) else {
            continue;
        };
        if let Some((stated, _)) = env
            .iter()
            .find(|(stated, _)| stated.value == dependency.url_env)
        {
            sink.push(
                Diagnostic::error(
                    codes::ENV_TWICE,
                    format!("`{}` has two sources", stated.value),
                )
                .at(stated.span, "set here")
                .at(
                    name.span,
                    format!("and by the connection to `{}`", dependency.name),
                )
                .help("remove the variable, or give the dependency another `url-env`"),
            );
        }
        secrets.push(SecretVariable {
            variable: dependency.url_env.clone(),
            key: dependency.url_key.clone(),
            dependency: dependency.name.clone(),
        });
    }
    for (name, value) in env.iter() {
        match &value.value {
            EnvValue::Secret(key) => secrets.push(SecretVariable {
                variable: name.value.clone(),
                key: key.value.0.clone(),
                dependency: String::new(),
            }),
            EnvValue::Label(key) => labels.push(LabelVariable {
                variable: name.value.clone(),
                label: key.value.0.clone(),
            }),
            EnvValue::Text(_) => {}
        }
    }
    (secrets, labels)
}

/// Plain variables as a value.
pub fn plain_env(env: &Names<EnvName, Spanned<EnvValue>>) -> Value {
    let plain: Map<String, Value> = env
        .iter()
        .filter_map(|(name, value)| match &value.value {
            EnvValue::Text(text) => Some((name.value.clone(), json!(text))),
            EnvValue::Label(_) | EnvValue::Secret(_) => None,
        })
        .collect();
    Value::Object(plain)
}

/// The values below the workload's key.
pub fn values(facts: &WorkloadFacts, workload: &Workload, context: &Context) -> Entry {
    let name = &facts.name;
    let replicas = workload.replicas.as_ref().map_or(1, |replicas| replicas.0);
    let most = workload.max_replicas.as_ref().map_or(1000, |most| most.0);
    let policy = workload
        .pull_policy
        .as_ref()
        .map_or("IfNotPresent", |policy| policy.value.word());
    let mut entries = vec![
        leaf(
            "replicaCount",
            replicas,
            schemas::integer(1, most),
            "Number of pods",
        ),
        schemas::image(
            &workload.image,
            policy,
            "Tag; empty for the chart's appVersion",
        ),
    ];
    for (key, words, doc) in [
        (
            "command",
            &workload.command,
            "Program in place of the image's entry point",
        ),
        ("args", &workload.args, "Arguments in place of the image's"),
    ] {
        if !words.is_empty() {
            let words: Vec<&str> = words.iter().map(|word| word.value.0.as_str()).collect();
            entries.push(leaf(key, json!(words), schemas::strings(), doc));
        }
    }
    if facts.service {
        entries.extend(ports(workload));
    }
    entries.push(amounts(workload).entry());
    entries.push(leaf(
        "env",
        plain_env(&workload.env),
        schemas::variables(),
        "Environment variables that are no secrets; they become a ConfigMap",
    ));
    entries.push(leaf(
        "extraEnv",
        json!([]),
        schemas::objects(),
        "Further variables as Kubernetes objects, for references to Secrets and fields",
    ));
    entries.push(leaf(
        "extraEnvFrom",
        json!([]),
        schemas::objects(),
        "Further sources of variables as Kubernetes objects",
    ));
    entries.extend(probe_values(workload));
    entries.push(rollout(facts, workload, context));
    entries.extend(shutdown(workload));
    entries.push(security(workload));
    entries.push(writable(
        workload.writable.iter().map(|path| path.value.0.as_str()),
    ));
    entries.push(network::values(
        &workload.allow_from,
        &workload.egress,
        facts.service,
    ));
    entries.push(branch(
        "podDisruptionBudget",
        "How many pods a node drain may take away; made when there is more than one replica",
        vec![
            leaf(
                "enabled",
                true,
                schemas::boolean(),
                "Make a PodDisruptionBudget",
            ),
            leaf(
                "maxUnavailable",
                1,
                schemas::pods_or_percent(),
                "Pods that may be missing at a time",
            ),
        ],
    ));
    entries.extend(placement());
    branch(&facts.key, format!("The workload {name}"), entries)
}

fn ports(workload: &Workload) -> Vec<Entry> {
    let port = workload.port.as_ref().map_or(8080, |port| port.0);
    let service = workload.service.as_ref();
    let kind = service
        .and_then(|s| s.r#type.as_ref())
        .map_or("ClusterIP", |kind| kind.value.word());
    let outside = service
        .and_then(|s| s.port.as_ref())
        .map_or(port, |port| port.0);
    let annotations: Map<String, Value> = service
        .map(|s| {
            s.annotations
                .iter()
                .map(|(key, value)| (key.value.clone(), json!(value.value.0)))
                .collect()
        })
        .unwrap_or_default();
    vec![
        leaf(
            "containerPort",
            port,
            schemas::integer(1, 65535),
            "Port that the container listens on",
        ),
        branch(
            "service",
            "Service in front of the pods",
            vec![
                leaf(
                    "type",
                    kind,
                    json!({ "enum": ["ClusterIP", "NodePort", "LoadBalancer"] }),
                    "Type of the Service; NodePort and LoadBalancer also need an ipBlock in networkPolicy.ingressFrom",
                ),
                leaf(
                    "port",
                    outside,
                    schemas::integer(1, 65535),
                    "Port of the Service",
                ),
                leaf(
                    "annotations",
                    Value::Object(annotations),
                    schemas::annotations(),
                    "Annotations of the Service",
                ),
            ],
        ),
    ]
}

/// What each pod of the workload is given.
pub fn amounts(workload: &Workload) -> Amounts {
    let mut amounts = Amounts::of(
        workload.cpu.as_ref(),
        workload.memory.as_ref(),
        ("100m", "1"),
        "256Mi",
    );
    amounts.ephemeral = workload
        .ephemeral_storage
        .as_ref()
        .map(|range| (range.request.text.clone(), range.limit.text.clone()));
    amounts
}

fn probe_values(workload: &Workload) -> Vec<Entry> {
    let Some(probes) = &workload.probes else {
        return Vec::new();
    };
    [
        (
            "startupProbe",
            &probes.startup,
            30,
            "Holds the other probes back until the application has started; null for none",
        ),
        (
            "livenessProbe",
            &probes.liveness,
            3,
            "Restarts the container when it fails; null for none, httpGet: null to use another way",
        ),
        (
            "readinessProbe",
            &probes.readiness,
            3,
            "Takes the pod out of its Service while it fails; null for none",
        ),
    ]
    .into_iter()
    .filter_map(|(key, probe, failures, doc)| {
        let probe = probe.as_ref()?;
        Some(leaf(key, probe_json(probe, failures), probe_schema(), doc))
    })
    .collect()
}

fn probe_json(probe: &Probe, failures: u32) -> Value {
    let mut value = Map::new();
    if let Some(path) = &probe.path {
        value.insert(
            "httpGet".into(),
            json!({ "path": path.value.0, "port": "http" }),
        );
    } else if probe.command.is_empty() {
        value.insert("tcpSocket".into(), json!({ "port": "http" }));
    } else {
        let words: Vec<&str> = probe
            .command
            .iter()
            .map(|word| word.value.0.as_str())
            .collect();
        value.insert("exec".into(), json!({ "command": words }));
    }
    let seconds = |duration: &Option<Spanned<taskspec_spec::types::Duration>>, default: u32| {
        json!(
            duration
                .as_ref()
                .map_or(default, |duration| duration.seconds)
        )
    };
    value.insert(
        "initialDelaySeconds".into(),
        seconds(&probe.initial_delay, 0),
    );
    value.insert("periodSeconds".into(), seconds(&probe.period, 10));
    value.insert("timeoutSeconds".into(), seconds(&probe.timeout, 3));
    value.insert(
        "failureThreshold".into(),
        json!(probe.failures.as_ref().map_or(failures, |f| f.0)),
    );
    Value::Object(value)
}

fn probe_schema() -> Value {
    let seconds = |lowest: u32| schemas::integer(lowest, 604_800);
    json!({
        "type": ["object", "null"],
        "properties": {
            "httpGet": { "type": ["object", "null"] },
            "tcpSocket": { "type": ["object", "null"] },
            "exec": { "type": ["object", "null"] },
            "grpc": { "type": ["object", "null"] },
            "initialDelaySeconds": seconds(0),
            "periodSeconds": seconds(1),
            "timeoutSeconds": seconds(1),
            "failureThreshold": seconds(1),
            "successThreshold": seconds(1),
            "terminationGracePeriodSeconds": seconds(1),
        },
        "additionalProperties": false,
    })
}

fn surge(value: Option<&Spanned<Surge>>, default: u32) -> Value {
    match value.map(|value| &value.value) {
        None => json!(default),
        Some(Surge::Pods(pods)) => json!(pods),
        Some(Surge::Percent(share)) => json!(format!("{share}%")),
    }
}

fn rollout(facts: &WorkloadFacts, workload: &Workload, context: &Context) -> Entry {
    let stated = workload.rollout.as_ref();
    let mut entries = Vec::new();
    if !facts.recreate {
        let up = surge(stated.and_then(|r| r.max_surge.as_ref()), 1);
        let down = surge(stated.and_then(|r| r.max_unavailable.as_ref()), 0);
        entries.push(leaf(
            "maxSurge",
            up,
            schemas::pods_or_percent(),
            "Pods above the number of replicas while pods are replaced",
        ));
        entries.push(leaf(
            "maxUnavailable",
            down,
            schemas::pods_or_percent(),
            "Pods below the number of replicas while pods are replaced; 0 means no downtime",
        ));
    }
    let ready = stated
        .and_then(|r| r.min_ready.as_ref())
        .map_or(5, |d| d.seconds);
    let deadline = install::progress_deadline(facts, workload, context);
    entries.push(leaf(
        "minReadySeconds",
        ready,
        schemas::integer(0, 86_400),
        "Seconds that a new pod must be ready before it counts",
    ));
    entries.push(leaf(
        "progressDeadlineSeconds",
        deadline,
        schemas::integer(1, 604_800),
        "Seconds without progress after which a rollout counts as failed",
    ));
    entries.push(leaf(
        "revisionHistoryLimit",
        5,
        schemas::integer(0, 100),
        "Old ReplicaSets that are kept",
    ));
    branch("rollout", "How pods are replaced at an upgrade", entries)
}

fn shutdown(workload: &Workload) -> Vec<Entry> {
    vec![
        leaf(
            "drainSeconds",
            timing::drain_seconds(workload),
            schemas::integer(0, 86_400),
            "Seconds that a stopping pod keeps answering while load balancers forget it; 0 for none",
        ),
        leaf(
            "terminationGracePeriodSeconds",
            timing::grace_seconds(workload),
            schemas::integer(1, 604_800),
            "Seconds that a stopping pod may take in all, draining included",
        ),
    ]
}

fn security(workload: &Workload) -> Entry {
    let user = workload.user.as_ref().map_or(10001, |user| user.0);
    let group = workload.group.as_ref().map_or(user, |group| group.0);
    let read_only = workload
        .read_only_root
        .as_ref()
        .is_none_or(|flag| flag.value.0);
    schemas::pod_security(user, group, read_only)
}

/// Directories that a process may write to: the temporary one and what is stated.
pub fn writable<'a>(stated: impl Iterator<Item = &'a str>) -> Entry {
    let mut paths = vec!["/tmp"];
    for path in stated {
        let path = path.trim_end_matches('/');
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    leaf(
        "writableDirectories",
        json!(paths),
        schemas::directories(),
        "Directories that the process may write to; emptied with the pod",
    )
}

/// Where pods go and what is added to them.
fn placement() -> Vec<Entry> {
    vec![
        branch(
            "topologySpread",
            "How pods spread over zones and nodes",
            vec![
                leaf(
                    "enabled",
                    true,
                    schemas::boolean(),
                    "Spread pods over zones and nodes",
                ),
                leaf(
                    "whenUnsatisfiable",
                    "ScheduleAnyway",
                    json!({ "enum": ["ScheduleAnyway", "DoNotSchedule"] }),
                    "Whether a pod may break the spread",
                ),
            ],
        ),
        leaf(
            "podAnnotations",
            json!({}),
            schemas::annotations(),
            "Annotations of the pods",
        ),
        leaf(
            "podLabels",
            json!({}),
            schemas::labels(),
            "Labels of the pods",
        ),
        leaf(
            "priorityClassName",
            "",
            schemas::string(),
            "Priority class of the pods",
        ),
        leaf(
            "nodeSelector",
            json!({}),
            schemas::annotations(),
            "Labels that a node must have",
        ),
        leaf(
            "tolerations",
            json!([]),
            schemas::objects(),
            "Taints that the pods tolerate",
        ),
        leaf(
            "affinity",
            json!({}),
            schemas::object(),
            "Affinity of the pods",
        ),
        leaf(
            "extraVolumes",
            json!([]),
            schemas::objects(),
            "Further volumes",
        ),
        leaf(
            "extraVolumeMounts",
            json!([]),
            schemas::objects(),
            "Where the further volumes are mounted",
        ),
    ]
}
