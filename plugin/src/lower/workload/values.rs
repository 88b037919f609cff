//! The values of a workload.

use super::{Containers, containers, probes, scaling, storage, variables};
use crate::lower::context::{ContainerFacts, Context, WorkloadFacts};
use crate::lower::schemas::{self, Amounts};
use crate::lower::{capital, install, network};
use crate::values::{Entry, branch, leaf};
use serde_json::{Map, Value, json};
use taskspec_spec::check::names::values_key;
use taskspec_spec::check::timing;
use taskspec_spec::derived;
use taskspec_spec::model::{Document, Placement, Toleration, Workload};
use taskspec_spec::span::Spanned;
use taskspec_spec::types::{Any, Image, ServiceType, Spread, Surge, TrafficPolicy};

/// The values of a workload, without a key of their own.
pub fn values(
    facts: &WorkloadFacts,
    workload: &Workload,
    document: &Document,
    context: &Context,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    if !facts.main {
        entries.push(leaf(
            "enabled",
            derived::is_enabled(workload),
            schemas::boolean(),
            "Install this workload",
        ));
    }
    if facts.always {
        let most = workload.max_replicas.as_ref().map_or(1000, |most| most.0);
        entries.push(leaf(
            "replicaCount",
            workload.replicas.as_ref().map_or(1, |replicas| replicas.0),
            schemas::integer(1, most),
            if facts.scaling.is_empty() {
                "Number of pods"
            } else {
                "Number of pods while autoscaling is off"
            },
        ));
        entries.extend(scaling::values(&facts.scaling, workload));
    }
    entries.extend(image(facts, workload, document));
    entries.extend(words(facts, workload));
    entries.extend(runs(facts, workload));
    entries.extend(ports(facts, workload));
    entries.push(amounts(workload).entry());
    entries.extend(environment(facts, workload));
    entries.extend(storage::values(workload, !facts.files.is_empty()));
    entries.extend(checks(facts, workload));
    entries.extend(rollout(facts, workload, document, context));
    entries.extend(shutdown(facts, workload));
    entries.push(security(workload, document));
    entries.push(storage::writable(
        workload.writable.iter().map(|path| path.value.0.as_str()),
    ));
    entries.push(network::values(facts, workload));
    if facts.always {
        entries.push(disruption(workload));
    }
    if !facts.metrics_port.is_empty() {
        entries.push(metrics(facts, workload));
    }
    if facts.account {
        entries.push(account(workload));
    }
    entries.extend(inner_containers(facts, workload, document));
    entries.extend(placement(facts, workload));
    if facts.patched {
        entries.push(patches(facts, workload));
    }
    entries
}

/// The image that a workload runs and when nodes pull it: its own, or that of
/// the one it is like.
fn running<'a>(
    document: &'a Document,
    workload: &'a Workload,
) -> (Option<&'a Spanned<Image>>, &'static str) {
    let model = derived::model_of(document, workload);
    let shared = |model: &'a Workload| model.image.as_ref();
    let image = workload.image.as_ref().or_else(|| model.and_then(shared));
    let policy = workload.pull_policy.as_ref();
    let policy = policy.or_else(|| model.and_then(|model| model.pull_policy.as_ref()));
    (
        image,
        policy.map_or("IfNotPresent", |policy| policy.value.word()),
    )
}

fn image(facts: &WorkloadFacts, workload: &Workload, document: &Document) -> Option<Entry> {
    let (image, policy) = running(document, workload);
    Some(schemas::image(
        image.filter(|_| facts.own_image)?,
        policy,
        "Tag; empty for the chart's appVersion",
    ))
}

fn list(words: &[Spanned<Any>]) -> Value {
    let words: Vec<&str> = words.iter().map(|word| word.value.0.as_str()).collect();
    json!(words)
}

fn words(facts: &WorkloadFacts, workload: &Workload) -> Vec<Entry> {
    let mut entries = Vec::new();
    if facts.command {
        entries.push(leaf(
            "command",
            list(&workload.command),
            schemas::strings(),
            "Program in place of the image's entry point",
        ));
    }
    if facts.args {
        entries.push(leaf(
            "args",
            list(&workload.args),
            schemas::strings(),
            "Arguments in place of the image's",
        ));
    }
    entries
}

/// What a cron job or a job needs to run.
fn runs(facts: &WorkloadFacts, workload: &Workload) -> Vec<Entry> {
    if facts.always {
        return Vec::new();
    }
    let mut entries = Vec::new();
    if facts.kind == "cron" {
        let word = workload
            .concurrency
            .as_ref()
            .map_or("forbid", |rule| rule.value.word());
        let schedule = workload
            .schedule
            .as_ref()
            .map_or("@daily", |schedule| &schedule.value.0);
        entries.push(branch(
            "schedule",
            "When it runs",
            vec![
                leaf(
                    "cron",
                    schedule,
                    json!({ "type": "string", "minLength": 5 }),
                    "Minute, hour, day of month, month, day of week",
                ),
                leaf(
                    "timeZone",
                    workload
                        .time_zone
                        .as_ref()
                        .map_or("Etc/UTC", |zone| &zone.value.0),
                    json!({ "type": "string", "minLength": 1 }),
                    "Time zone of the schedule",
                ),
                leaf(
                    "concurrencyPolicy",
                    capital(word),
                    json!({ "enum": ["Forbid", "Allow", "Replace"] }),
                    "What happens when the last run still goes on",
                ),
                leaf(
                    "startingDeadlineSeconds",
                    workload
                        .start_deadline
                        .as_ref()
                        .map_or(300, |deadline| deadline.seconds.max(10)),
                    schemas::integer(10, 604_800),
                    "How late a run may start",
                ),
                leaf(
                    "suspend",
                    workload.suspend.as_ref().is_some_and(|flag| flag.0),
                    schemas::boolean(),
                    "Pause the schedule",
                ),
            ],
        ));
    }
    entries.push(branch(
        "job",
        "Limits of each run",
        vec![
            leaf(
                "backoffLimit",
                workload.retries.as_ref().map_or(3, |retries| retries.0),
                schemas::integer(0, 100),
                "Attempts after the first one",
            ),
            leaf(
                "timeout",
                run_seconds(workload),
                schemas::integer(1, 604_800),
                "Seconds that a run may take in all, without waiting for servers",
            ),
            leaf(
                "parallelism",
                workload.parallelism.as_ref().map_or(1, |p| p.0),
                schemas::integer(1, 1000),
                "Pods that run at a time",
            ),
            leaf(
                "completions",
                workload.completions.as_ref().map_or(1, |c| c.0),
                schemas::integer(1, 100_000),
                "Runs that must succeed",
            ),
        ],
    ));
    entries
}

/// Seconds that a run of a cron job or job may take.
pub fn run_seconds(workload: &Workload) -> u32 {
    workload
        .timeout
        .as_ref()
        .map_or(3600, |timeout| timeout.seconds)
}

fn ports(facts: &WorkloadFacts, workload: &Workload) -> Vec<Entry> {
    let all = derived::ports(workload);
    let mut entries = Vec::new();
    let mut further = Vec::new();
    for (fact, port) in facts.ports.iter().zip(&all) {
        if fact.main {
            entries.push(leaf(
                "containerPort",
                port.container,
                schemas::integer(1, 65535),
                "Port that the container listens on",
            ));
            continue;
        }
        let mut inner = vec![leaf(
            "containerPort",
            port.container,
            schemas::integer(1, 65535),
            "Port that the container listens on",
        )];
        if fact.exposed {
            inner.push(leaf(
                "servicePort",
                port.service,
                schemas::integer(1, 65535),
                "Port of the Service",
            ));
        }
        further.push(branch(
            &values_key(port.name),
            format!("The port {}", port.name),
            inner,
        ));
    }
    if !further.is_empty() {
        entries.push(branch("ports", "Further ports", further));
    }
    if facts.service {
        entries.push(service(
            workload,
            all.first().map_or(80, |port| port.service),
            facts.ports.first().is_some_and(|port| port.main),
        ));
    }
    entries
}

fn service(workload: &Workload, port: u16, has_main: bool) -> Entry {
    let stated = workload.service.as_ref();
    let kind = stated
        .and_then(|s| s.r#type.as_ref())
        .map(|kind| kind.value);
    let headless = kind == Some(ServiceType::Headless);
    let word = match kind {
        None | Some(ServiceType::Headless) => "ClusterIP",
        Some(kind) => kind.word(),
    };
    let annotations: Map<String, Value> = stated
        .map(|s| {
            s.annotations
                .iter()
                .map(|(key, value)| (key.value.clone(), json!(value.value.0)))
                .collect()
        })
        .unwrap_or_default();
    let ranges: Vec<&str> = stated
        .map(|s| {
            s.source_ranges
                .iter()
                .map(|range| range.value.0.as_str())
                .collect()
        })
        .unwrap_or_default();
    let mut entries = vec![
        leaf(
            "type",
            word,
            json!({ "enum": ["ClusterIP", "NodePort", "LoadBalancer"] }),
            "Type of the Service; NodePort and LoadBalancer also need an ipBlock in networkPolicy.ingressFrom",
        ),
        leaf(
            "headless",
            headless,
            schemas::boolean(),
            "Leave out the Service's own address, so that names lead to the pods; only for ClusterIP",
        ),
    ];
    if has_main {
        entries.push(leaf(
            "port",
            port,
            schemas::integer(1, 65535),
            "Port of the Service",
        ));
        entries.push(leaf(
            "nodePort",
            stated
                .and_then(|s| s.node_port.as_ref())
                .map_or(Value::Null, |port| json!(port.0)),
            json!({ "type": ["integer", "null"], "minimum": 1, "maximum": 65535 }),
            "Port of every node, for NodePort and LoadBalancer; null lets the cluster choose",
        ));
    }
    entries.extend([
        leaf(
            "loadBalancerClass",
            stated
                .and_then(|s| s.load_balancer_class.as_ref())
                .map_or("", |class| &class.value.0),
            schemas::string(),
            "Class of the load balancer",
        ),
        leaf(
            "loadBalancerSourceRanges",
            json!(ranges),
            schemas::strings(),
            "Addresses that may use the load balancer; none for all",
        ),
        leaf(
            "externalTrafficPolicy",
            stated
                .and_then(|s| s.traffic_policy.as_ref())
                .map_or(TrafficPolicy::Cluster, |policy| policy.value)
                .word(),
            json!({ "enum": ["Cluster", "Local"] }),
            "Whether traffic from outside may go to other nodes; Local keeps the client's address",
        ),
        leaf(
            "annotations",
            Value::Object(annotations),
            schemas::annotations(),
            "Annotations of the Service",
        ),
    ]);
    branch("service", "Service in front of the pods", entries)
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
    amounts.devices = workload
        .devices
        .iter()
        .map(|(name, number)| (name.value.clone(), number.0))
        .collect();
    amounts
}

fn environment(facts: &WorkloadFacts, workload: &Workload) -> Vec<Entry> {
    let mut entries = vec![leaf(
        "env",
        variables::plain_env(&workload.env),
        schemas::variables(),
        if facts.like.is_empty() {
            "Environment variables that are no secrets; they become a ConfigMap".to_owned()
        } else {
            format!(
                "Environment variables besides those of {}; they become a ConfigMap",
                facts.like
            )
        },
    )];
    entries.push(leaf(
        "envFromSecrets",
        json!(variables::env_sources(&workload.env_from, true)),
        name_list("secretName"),
        "Existing Secrets, all of whose keys become variables",
    ));
    entries.push(leaf(
        "envFromConfigMaps",
        json!(variables::env_sources(&workload.env_from, false)),
        name_list("configMapName"),
        "Existing ConfigMaps, all of whose keys become variables",
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
    entries
}

fn name_list(key: &str) -> Value {
    let mut properties = Map::new();
    properties.insert(key.to_owned(), json!({ "type": "string", "minLength": 1 }));
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": properties,
            "required": [key],
            "additionalProperties": false,
        },
    })
}

fn checks(facts: &WorkloadFacts, workload: &Workload) -> Vec<Entry> {
    let ports = derived::ports(workload);
    let mut entries = workload
        .probes
        .as_ref()
        .map(|stated| probes::values(stated, &ports))
        .unwrap_or_default();
    for name in &facts.probes {
        if !entries.iter().any(|entry| entry.key == *name) {
            entries.push(probes::absent(name));
        }
    }
    entries
}

fn surge(value: Option<&Spanned<Surge>>, default: &Surge) -> Value {
    match value.map_or(default, |value| &value.value) {
        Surge::Pods(pods) => json!(pods),
        Surge::Percent(share) => json!(format!("{share}%")),
    }
}

fn rollout(
    facts: &WorkloadFacts,
    workload: &Workload,
    document: &Document,
    context: &Context,
) -> Option<Entry> {
    if !facts.always {
        return None;
    }
    let stated = workload.rollout.as_ref();
    let deployment = facts.controller == "Deployment";
    let mut entries = Vec::new();
    if deployment && !facts.recreate {
        entries.push(leaf(
            "maxSurge",
            surge(
                stated.and_then(|r| r.max_surge.as_ref()),
                &Surge::Percent(derived::SURGE_PERCENT),
            ),
            schemas::pods_or_percent(),
            "Pods above the number of replicas while pods are replaced",
        ));
        entries.push(leaf(
            "maxUnavailable",
            surge(
                stated.and_then(|r| r.max_unavailable.as_ref()),
                &Surge::Pods(0),
            ),
            schemas::pods_or_percent(),
            "Pods below the number of replicas while pods are replaced; 0 means no downtime",
        ));
    }
    let ready = stated
        .and_then(|r| r.min_ready.as_ref())
        .map_or(5, |d| d.seconds);
    entries.push(leaf(
        "minReadySeconds",
        ready,
        schemas::integer(0, 86_400),
        "Seconds that a new pod must be ready before it counts",
    ));
    if deployment {
        entries.push(leaf(
            "progressDeadlineSeconds",
            install::progress_deadline(facts, workload, document, context),
            schemas::integer(1, 604_800),
            "Seconds without progress after which a rollout counts as failed",
        ));
    }
    entries.push(leaf(
        "revisionHistoryLimit",
        5,
        schemas::integer(0, 100),
        "Old revisions that are kept",
    ));
    Some(branch(
        "rollout",
        "How pods are replaced at an upgrade",
        entries,
    ))
}

fn shutdown(facts: &WorkloadFacts, workload: &Workload) -> Vec<Entry> {
    let mut entries = Vec::new();
    if facts.always {
        entries.push(leaf(
            "drainSeconds",
            timing::drain_seconds(workload),
            schemas::integer(0, 86_400),
            "Seconds that a stopping pod keeps answering while load balancers forget it; 0 for none",
        ));
        entries.push(leaf(
            "preStop",
            list(&workload.pre_stop),
            schemas::strings(),
            "Program that runs before a container is told to stop, in place of draining",
        ));
    }
    entries.push(leaf(
        "terminationGracePeriodSeconds",
        timing::grace_seconds(workload),
        schemas::integer(1, 604_800),
        "Seconds that a stopping pod may take in all, draining included",
    ));
    entries
}

/// Identity of the processes; unstated, that of the workload it is like.
fn security(workload: &Workload, document: &Document) -> Entry {
    let model = derived::model_of(document, workload);
    let stated = |get: fn(&Workload) -> Option<u32>| get(workload).or_else(|| model.and_then(get));
    let user = stated(|workload| workload.user.as_ref().map(|user| user.0)).unwrap_or(10001);
    let group = stated(|workload| workload.group.as_ref().map(|group| group.0)).unwrap_or(user);
    let flag = |workload: &Workload| workload.read_only_root.as_ref().map(|flag| flag.0);
    let read_only = flag(workload)
        .or_else(|| model.and_then(flag))
        .unwrap_or(true);
    schemas::pod_security(user, group, read_only)
}

fn disruption(workload: &Workload) -> Entry {
    let most = workload
        .disruption
        .as_ref()
        .and_then(|disruption| disruption.max_unavailable.as_ref());
    branch(
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
                surge(most, &Surge::Pods(1)),
                schemas::pods_or_percent(),
                "Pods that may be missing at a time",
            ),
        ],
    )
}

fn metrics(facts: &WorkloadFacts, workload: &Workload) -> Entry {
    let stated = workload.metrics.as_ref();
    let mut entries = vec![
        leaf(
            "enabled",
            stated.is_some(),
            schemas::boolean(),
            "Let Prometheus scrape the pods",
        ),
        leaf(
            "path",
            stated
                .and_then(|metrics| metrics.path.as_ref())
                .map_or("/metrics", |path| &path.value.0),
            json!({ "type": "string", "pattern": "^/" }),
            "HTTP path of the metrics",
        ),
    ];
    // Annotations cannot say how often.
    if facts.monitor.ends_with("-monitor") {
        entries.push(leaf(
            "interval",
            format!(
                "{}s",
                stated
                    .and_then(|metrics| metrics.interval.as_ref())
                    .map_or(30, |interval| interval.seconds.max(1))
            ),
            json!({ "type": "string", "pattern": "^[1-9][0-9]*(ms|s|m|h)$" }),
            "Time between scrapes",
        ));
    }
    branch("metrics", "Metrics for Prometheus", entries)
}

fn account(workload: &Workload) -> Entry {
    let annotations: Map<String, Value> = workload
        .account
        .iter()
        .flat_map(|account| account.annotations.iter())
        .map(|(key, value)| (key.value.clone(), json!(value.value.0)))
        .collect();
    branch(
        "serviceAccount",
        "Identity of this workload towards the cluster",
        vec![
            leaf(
                "create",
                true,
                schemas::boolean(),
                "Create a service account of its own",
            ),
            leaf(
                "name",
                "",
                schemas::string(),
                "Name of the service account; empty for the workload's full name",
            ),
            leaf(
                "annotations",
                Value::Object(annotations),
                schemas::annotations(),
                "Annotations of the service account",
            ),
        ],
    )
}

fn inner_containers(facts: &WorkloadFacts, workload: &Workload, document: &Document) -> Vec<Entry> {
    let image = running(document, workload);
    let ports = derived::ports(workload);
    let section = |key: &str, doc: &str, list: &[ContainerFacts], stated: &Containers| {
        (!list.is_empty()).then(|| {
            let all = list.iter().zip(stated.iter());
            let entries = all.map(|(facts, (name, container))| {
                let own: Vec<_> = ports
                    .iter()
                    .filter(|port| port.sidecar == Some(name.value.as_str()))
                    .cloned()
                    .collect();
                containers::values(name, container, facts, image, &own)
            });
            branch(key, doc, entries.collect())
        })
    };
    [
        section(
            "initContainers",
            "Containers that run one after another before the workload",
            &facts.init,
            &workload.init,
        ),
        section(
            "sidecars",
            "Containers that run beside the workload",
            &facts.sidecars,
            &workload.sidecars,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn spread(stated: Option<&Spanned<Spread>>) -> &'static str {
    match stated.map(|spread| spread.value) {
        None | Some(Spread::Prefer) => "ScheduleAnyway",
        Some(Spread::Require) => "DoNotSchedule",
        Some(Spread::Off) => "Off",
    }
}

/// Where pods go and what is added to them.
fn placement(facts: &WorkloadFacts, workload: &Workload) -> Vec<Entry> {
    let stated: Option<&Placement> = workload.placement.as_ref().map(|p| &p.value);
    let annotations: Map<String, Value> = workload
        .annotations
        .iter()
        .map(|(key, value)| (key.value.clone(), json!(value.value.0)))
        .collect();
    let labels: Map<String, Value> = stated
        .into_iter()
        .flat_map(|placement| placement.node_labels.iter())
        .map(|(key, value)| (key.value.clone(), json!(value.value.0)))
        .collect();
    let choices = json!({ "enum": ["ScheduleAnyway", "DoNotSchedule", "Off"] });
    let mut entries = Vec::new();
    if facts.always {
        entries.push(branch(
            "topologySpread",
            "How pods spread: if possible (ScheduleAnyway), strictly (DoNotSchedule), or not (Off)",
            vec![
                leaf(
                    "zones",
                    spread(stated.and_then(|p| p.zones.as_ref())),
                    choices.clone(),
                    "Spread over zones",
                ),
                leaf(
                    "nodes",
                    spread(stated.and_then(|p| p.nodes.as_ref())),
                    choices,
                    "Spread over nodes",
                ),
            ],
        ));
    }
    entries.extend([
        leaf(
            "podAnnotations",
            Value::Object(annotations),
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
            stated
                .and_then(|p| p.priority.as_ref())
                .map_or("", |class| &class.value.0),
            schemas::string(),
            "Priority class of the pods",
        ),
        leaf(
            "nodeSelector",
            Value::Object(labels),
            schemas::annotations(),
            "Labels that a node must have",
        ),
        leaf(
            "tolerations",
            json!(tolerations(stated)),
            schemas::objects(),
            "Taints that the pods tolerate",
        ),
        leaf(
            "affinity",
            stated
                .and_then(|p| p.affinity.as_ref())
                .map_or_else(|| json!({}), |free| free.value.0.to_json()),
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
    ]);
    entries
}

fn tolerations(stated: Option<&Placement>) -> Vec<Value> {
    let Some(placement) = stated else {
        return Vec::new();
    };
    placement
        .tolerations
        .iter()
        .map(|one| {
            let one: &Toleration = &one.value;
            let mut object = Map::new();
            if let Some(key) = &one.key {
                object.insert("key".into(), json!(key.value.0));
            }
            let operator = if one.value.is_some() {
                "Equal"
            } else {
                "Exists"
            };
            object.insert("operator".into(), json!(operator));
            if let Some(value) = &one.value {
                object.insert("value".into(), json!(value.value.0));
            }
            if let Some(effect) = &one.effect {
                object.insert("effect".into(), json!(effect.value.word()));
            }
            if let Some(stays) = &one.stays {
                object.insert("tolerationSeconds".into(), json!(stays.seconds));
            }
            Value::Object(object)
        })
        .collect()
}

fn patches(facts: &WorkloadFacts, workload: &Workload) -> Entry {
    let patch = workload.patch.as_ref();
    let part =
        |get: fn(&taskspec_spec::model::Patch) -> Option<&Spanned<taskspec_spec::types::Free>>| {
            patch
                .and_then(|patch| get(patch))
                .map_or_else(|| json!({}), |free| free.value.0.to_json())
        };
    let mut entries = vec![
        leaf(
            "object",
            part(|patch| patch.object.as_ref()),
            schemas::object(),
            format!("Into the {}", facts.controller),
        ),
        leaf(
            "pod",
            part(|patch| patch.pod.as_ref()),
            schemas::object(),
            "Into the pods",
        ),
        leaf(
            "container",
            part(|patch| patch.container.as_ref()),
            schemas::object(),
            "Into the workload's container",
        ),
    ];
    if facts.service {
        entries.push(leaf(
            "service",
            part(|patch| patch.service.as_ref()),
            schemas::object(),
            "Into the Service",
        ));
    }
    branch(
        "patches",
        "What is merged into the generated objects in the end",
        entries,
    )
}
