//! One installation as the README's commands name it: its objects, its Secret,
//! its addresses.

use super::effective::{Effective, path_of};
use crate::lower::{Context, DependencyFacts, EnvironmentFacts, Plan, WorkloadFacts};
use serde::Serialize;

/// An environment, or what stands in where there is none.
#[derive(Clone, Serialize)]
pub struct Release {
    /// Name of the environment.
    pub name: String,
    heading: String,
    release: String,
    namespace: String,
    values_file: String,
    install: String,
    timeout: u32,
    test_pod: String,
    /// Whether there is a test pod.
    pub tests: bool,
    /// Whether network policies are on.
    pub guarded: bool,
    /// `generate`, `existing`, `external` or nothing.
    pub creator: &'static str,
    secret: String,
    store: String,
    /// Secrets that a person makes before.
    pub secrets: Vec<Needed>,
    /// What makes pods and stays.
    pub objects: Vec<Named>,
    /// Kinds of what can be restarted, as kubectl takes them.
    pub restarts: String,
    /// Whether some of its volumes outlive it.
    pub kept: bool,
    /// Servers of the chart that run elsewhere here.
    pub elsewhere: Vec<String>,
    /// How migrations run; empty if they do not.
    pub migrates: String,
    /// Servers with pages for people.
    pub consoles: Vec<Console>,
    /// Servers of the release.
    servers: Vec<Server>,
    hosts: Vec<String>,
    urls: Vec<String>,
    /// First service with a path that shows whether it works.
    health: Option<Health>,
}

/// The object that makes a workload's pods, in one release.
#[derive(Clone, Serialize)]
pub struct Named {
    /// The workload.
    pub workload: String,
    kind: &'static str,
    name: String,
    /// `hpa`, `keda`, or nothing where it is off.
    pub scaling: String,
    /// Most pods; 0 for what does not run always.
    pub most: u64,
    /// Whether a node drain is limited.
    pub budget: bool,
    /// Whether something asks it how it is.
    probed: bool,
    /// Whether the clock does not start it.
    pub paused: bool,
}

/// A Secret that a person makes.
#[derive(Clone, Serialize)]
pub struct Needed {
    name: String,
    form: String,
}

/// A server with pages for people.
#[derive(Clone, Serialize)]
pub struct Console {
    name: String,
    service: String,
    port: u16,
    local: u16,
    key: String,
    user: String,
}

/// A server of the release.
#[derive(Clone, Serialize)]
struct Server {
    name: String,
    title: String,
    selector: String,
    /// Whether its claims carry labels of their own.
    apart: bool,
    volumes: bool,
}

/// Where a service says whether it works.
#[derive(Clone, Serialize)]
struct Health {
    service: String,
    port: u64,
    local: u64,
    path: String,
}

/// The release of an environment with its values.
pub fn release(plan: &Plan, environment: &EnvironmentFacts, values: &Effective) -> Release {
    let context = &plan.context;
    let objects = objects(context, environment, values);
    let made = format!("{}-secret", shorten(&environment.fullname, 56));
    let existing = values.text(&format!("global.{}.existingSecret", context.chart.key));
    let creator = if !context.secret.any {
        ""
    } else if !existing.is_empty() {
        "existing"
    } else if context.secret.external && values.on("externalSecret.enabled") {
        "external"
    } else if context.secret.generated {
        "generate"
    } else {
        "existing"
    };
    Release {
        name: environment.name.clone(),
        heading: environment.heading.clone(),
        release: environment.release.clone(),
        namespace: environment.namespace.clone(),
        values_file: environment.values_file.clone(),
        install: super::install(environment),
        timeout: environment.timeout_minutes,
        test_pod: format!("{}-connection-test", shorten(&environment.fullname, 47)),
        tests: values.on("tests.enabled"),
        guarded: values.on("networkPolicy.enabled"),
        secret: if existing.is_empty() {
            made
        } else {
            existing.to_owned()
        },
        creator,
        store: values.text("externalSecret.store.name").to_owned(),
        secrets: needed(context, environment),
        restarts: restarts(context, environment, values, &objects),
        kept: keeps(context, environment, values),
        elsewhere: context
            .dependencies
            .iter()
            .filter(|facts| facts.in_release && !values.on(&format!("{}.enabled", facts.name)))
            .map(|facts| facts.name.clone())
            .collect(),
        migrates: migrates(context, values),
        consoles: consoles(context, environment, values),
        servers: servers(context, environment, values),
        hosts: environment.hosts.clone(),
        urls: environment.urls.clone(),
        health: health(context, environment, values),
        objects,
    }
}

/// Stands in where a specification has no environment.
pub fn stand_in(plan: &Plan) -> EnvironmentFacts {
    let name = plan.context.chart.name.clone();
    EnvironmentFacts {
        name: String::new(),
        summary: String::new(),
        namespace: name.clone(),
        release: name.clone(),
        fullname: name.clone(),
        values_file: String::new(),
        timeout_minutes: plan.context.timeout_minutes,
        timeout_most: 0,
        timeout_reason: String::new(),
        heading: String::new(),
        what: String::new(),
        store: String::new(),
        urls: Vec::new(),
        migrates: String::new(),
        hosts: plan
            .context
            .dependencies
            .iter()
            .map(|facts| match facts.in_release {
                true => format!("{name}-{}", facts.name),
                false => facts.host.clone(),
            })
            .collect(),
    }
}

fn migrates(context: &Context, values: &Effective) -> String {
    match &context.migration {
        Some(facts) if values.on("migration.enabled") => match values.text("migration.strategy") {
            "" => facts.strategy.clone(),
            strategy => strategy.to_owned(),
        },
        _ => String::new(),
    }
}

/// Secrets that a person makes before the first installation.
fn needed(context: &Context, environment: &EnvironmentFacts) -> Vec<Needed> {
    context
        .needs
        .iter()
        .filter(|need| need.kind == "Secret" && need.environments.contains(&environment.name))
        .map(|need| Needed {
            name: need.name.clone(),
            form: need.form.clone(),
        })
        .collect()
}

/// Objects that make pods and stay.
fn objects(context: &Context, environment: &EnvironmentFacts, values: &Effective) -> Vec<Named> {
    let workloads = context.workloads.iter();
    workloads
        .filter(|facts| facts.main || values.on(&format!("{}enabled", facts.p)))
        .filter_map(|facts| {
            let kind = match facts.controller.as_str() {
                "Deployment" => "deployment",
                "StatefulSet" => "statefulset",
                "CronJob" => "cronjob",
                _ => return None,
            };
            let p = &facts.p;
            let section = if facts.scaling == "keda" {
                "keda"
            } else {
                "autoscaling"
            };
            let scaled = !facts.scaling.is_empty() && values.on(&format!("{p}{section}.enabled"));
            let most = if scaled {
                values.number(&format!("{p}{section}.maxReplicas"))
            } else {
                values.number(&format!("{p}replicaCount"))
            };
            let most = most.filter(|_| facts.always).unwrap_or(0);
            Some(Named {
                workload: facts.name.clone(),
                kind,
                name: object_name(facts, &environment.fullname),
                scaling: if scaled {
                    facts.scaling.clone()
                } else {
                    String::new()
                },
                budget: most > 1 && values.on(&format!("{p}podDisruptionBudget.enabled")),
                most,
                probed: facts.always && !facts.probes.is_empty(),
                paused: facts.kind == "cron"
                    && values.at(&format!("{p}schedule.suspend")) == &serde_json::json!(true),
            })
        })
        .collect()
}

/// Name of a workload's objects, as the chart's helpers form it.
fn object_name(facts: &WorkloadFacts, fullname: &str) -> String {
    let limit = match facts.kind.as_str() {
        "cron" | "stateful" | "job" => 52,
        _ => 63,
    };
    if facts.named {
        let room = limit - 1 - facts.name.len();
        format!("{}-{}", shorten(&shorten(fullname, 63), room), facts.name)
    } else {
        shorten(fullname, limit)
    }
}

/// As the chart's helper shortens names.
fn shorten(name: &str, longest: usize) -> String {
    name.chars()
        .take(longest)
        .collect::<String>()
        .trim_end_matches('-')
        .to_owned()
}

fn keeps(context: &Context, environment: &EnvironmentFacts, values: &Effective) -> bool {
    let here = |facts: &&WorkloadFacts| facts.main || values.on(&format!("{}enabled", facts.p));
    inside(context, environment, values).any(|(facts, _)| super::volumes::outlives(facts))
        || context
            .workloads
            .iter()
            .filter(here)
            .any(|facts| facts.keeps)
}

fn restarts(
    context: &Context,
    environment: &EnvironmentFacts,
    values: &Effective,
    objects: &[Named],
) -> String {
    let mut kinds: Vec<&str> = objects
        .iter()
        .map(|object| object.kind)
        .filter(|kind| *kind != "cronjob")
        .collect();
    for (facts, _) in inside(context, environment, values) {
        match facts.engine.as_str() {
            "http" => kinds.push("deployment"),
            // The operator restarts its servers itself.
            _ if !facts.operator_secret.is_empty() => {}
            _ => kinds.push("statefulset"),
        }
    }
    kinds.sort_unstable();
    kinds.dedup();
    kinds.join(",")
}

/// Dependencies of the release that an installation has, with their hosts.
fn inside<'a>(
    context: &'a Context,
    environment: &'a EnvironmentFacts,
    values: &'a Effective,
) -> impl Iterator<Item = (&'a DependencyFacts, &'a str)> {
    let hosts = environment.hosts.iter().map(String::as_str);
    context
        .dependencies
        .iter()
        .zip(hosts)
        .filter(|(facts, _)| facts.in_release && values.on(&format!("{}.enabled", facts.name)))
}

fn consoles(context: &Context, environment: &EnvironmentFacts, values: &Effective) -> Vec<Console> {
    inside(context, environment, values)
        .filter(|(facts, _)| facts.engine == "http")
        .map(|(facts, host)| Console {
            name: facts.name.clone(),
            service: host.to_owned(),
            port: facts.port,
            local: facts.container_port,
            key: facts
                .passwords
                .first()
                .map(|password| password.key.clone())
                .unwrap_or_default(),
            user: facts
                .derived
                .iter()
                .find(|derived| !derived.has_password)
                .map(|derived| derived.form.clone())
                .unwrap_or_default(),
        })
        .collect()
}

fn servers(context: &Context, environment: &EnvironmentFacts, values: &Effective) -> Vec<Server> {
    inside(context, environment, values)
        .filter_map(|(facts, host)| {
            let selector = if facts.pod_labels.is_empty() {
                format!(
                    "app.kubernetes.io/instance={},app.kubernetes.io/name={}",
                    environment.release, facts.name
                )
            } else {
                own_labels(facts, host)?
            };
            Some(Server {
                name: facts.name.clone(),
                title: facts.engine_title.clone(),
                selector,
                apart: !facts.pod_labels.is_empty(),
                volumes: super::volumes::outlives(facts),
            })
        })
        .collect()
}

/// Labels of a server's pods. A template among them is the name that its host
/// starts with, or nothing is known.
fn own_labels(facts: &DependencyFacts, host: &str) -> Option<String> {
    let labels: Option<Vec<String>> = facts
        .pod_labels
        .iter()
        .map(|label| {
            if !label.value.contains("{{") {
                return Some(format!("{}={}", label.key, label.value));
            }
            let suffix = facts.host_template.strip_prefix(label.value.as_str())?;
            Some(format!("{}={}", label.key, host.strip_suffix(suffix)?))
        })
        .collect();
    labels.map(|labels| labels.join(","))
}

/// The first service that answers by HTTP at a known path.
fn health(context: &Context, environment: &EnvironmentFacts, values: &Effective) -> Option<Health> {
    let workloads = context.workloads.iter().filter(|facts| facts.service);
    workloads
        .filter(|facts| facts.main || values.on(&format!("{}enabled", facts.p)))
        .find_map(|facts| {
            let port = facts
                .ports
                .iter()
                .find(|port| port.name == facts.test_port)?;
            let path = ["livenessProbe", "readinessProbe", "startupProbe"]
                .iter()
                .map(|probe| values.at(&format!("{}{probe}.httpGet", facts.p)))
                .find(|http| http["port"] == port.name.as_str())?["path"]
                .as_str()?
                .to_owned();
            Some(Health {
                service: object_name(facts, &environment.fullname),
                port: values.number(path_of(&port.service_v))?,
                local: values.number(path_of(&port.container_v))?,
                path,
            })
        })
}
