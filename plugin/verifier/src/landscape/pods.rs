//! Pods of one object in the words of a review.

use crate::data::to_json;
use crate::world::World;
use serde_json::Value;
use std::collections::BTreeMap;
use taskspec_manifest::{Object, items, matches, text};
use taskspec_report::{Container, Pods, Port, Probe, Role, Variable, Wait};

/// Everything a review says of an object's pods.
pub fn describe(world: &World, object: &Object) -> Pods {
    let view = to_json(&world.view(object));
    let pod = object.pod().unwrap_or(&Value::Null);
    let spec = &object.value["spec"];
    let number = |value: &Value| value.as_u64();
    let job = match object.kind() {
        "CronJob" => &spec["jobTemplate"]["spec"],
        _ => spec,
    };
    let ends = matches!(object.kind(), "Job" | "CronJob");
    Pods {
        object: object.id(),
        least: if ends {
            pods_at_a_time(job)
        } else {
            view["replicas"].as_u64().unwrap_or(1)
        },
        most: if ends {
            pods_at_a_time(job)
        } else {
            view["mostReplicas"].as_u64().unwrap_or(1)
        },
        scaler: scaler(world, object),
        containers: containers(&view, pod),
        rollout: rollout(object),
        budget: budget(&view["disruption"]),
        closed_in: view["closed"]["ingress"] == true,
        closed_out: view["closed"]["egress"] == true,
        grace: number(&pod["spec"]["terminationGracePeriodSeconds"]).unwrap_or(30),
        waits: waits(world, pod),
        when: when(object),
        retries: number(&job["backoffLimit"]).or(ends.then_some(6)),
        deadline: number(&job["activeDeadlineSeconds"]),
        open: open(&view["security"], &pod["spec"]),
        monitored: monitored(world, pod),
        reloads: reloads(object, pod),
        spread: items(&pod["spec"]["topologySpreadConstraints"])
            .map(|one| text(&one["topologyKey"]).to_owned())
            .chain(anti_affinity(&pod["spec"]))
            .collect(),
        priority: text(&pod["spec"]["priorityClassName"]).to_owned(),
        unlimited: unlimited(pod),
    }
}

fn pods_at_a_time(job: &Value) -> u64 {
    job["parallelism"].as_u64().unwrap_or(1)
}

fn anti_affinity(spec: &Value) -> impl Iterator<Item = String> {
    let rules = &spec["affinity"]["podAntiAffinity"];
    let hard = items(&rules["requiredDuringSchedulingIgnoredDuringExecution"]);
    let soft = items(&rules["preferredDuringSchedulingIgnoredDuringExecution"])
        .map(|one| &one["podAffinityTerm"]);
    hard.chain(soft)
        .map(|one| text(&one["topologyKey"]).to_owned())
}

fn scaler(world: &World, object: &Object) -> String {
    let all = world.all().unwrap_or_default().iter();
    let found = all
        .filter(|one| ["HorizontalPodAutoscaler", "ScaledObject"].contains(&one.kind()))
        .find(|one| {
            let target = &one.value["spec"]["scaleTargetRef"];
            target["name"] == object.name()
                && (target["kind"].is_null() || target["kind"] == object.kind())
        });
    let Some(found) = found else {
        return String::new();
    };
    let spec = &found.value["spec"];
    let metrics = items(&spec["metrics"]).map(|metric| {
        let resource = &metric["resource"];
        match resource["target"]["averageUtilization"].as_u64() {
            Some(percent) => format!("{} {percent} %", text(&resource["name"])),
            None => text(&metric["type"]).to_lowercase(),
        }
    });
    let triggers = items(&spec["triggers"]).map(|one| text(&one["type"]).to_owned());
    let signals: Vec<String> = metrics.chain(triggers).collect();
    format!("{} by {}", found.kind(), signals.join(", "))
}

fn containers(view: &Value, pod: &Value) -> Vec<Container> {
    // Migrations run before a container that records them: the one with the
    // component's name is what the pod is for.
    let component = text(&view["component"]);
    let lists = [&pod["spec"]["containers"], &pod["spec"]["initContainers"]];
    let has_named = lists
        .into_iter()
        .flat_map(items)
        .any(|container| container["name"] == component);
    let ends = ["Job", "CronJob", "Pod"].contains(&text(&view["kind"]));
    let main = if has_named && ends {
        component
    } else {
        text(&view["container"]["name"])
    };
    let running = items(&pod["spec"]["containers"]).map(|container| {
        let role = if text(&container["name"]) == main {
            Role::Main
        } else {
            Role::Sidecar
        };
        (container, role)
    });
    let before = items(&pod["spec"]["initContainers"]).map(|container| {
        let role = if text(&container["name"]) == main {
            Role::Main
        } else if container["restartPolicy"] == "Always" {
            Role::Sidecar
        } else {
            Role::Init
        };
        (container, role)
    });
    running
        .chain(before)
        .map(|(container, role)| Container {
            name: text(&container["name"]).to_owned(),
            role,
            image: text(&container["image"]).to_owned(),
            ports: items(&container["ports"]).filter_map(port).collect(),
            requests: quantities(&container["resources"]["requests"]),
            limits: quantities(&container["resources"]["limits"]),
            liveness: probe(&container["livenessProbe"]),
            readiness: probe(&container["readinessProbe"]),
            startup: probe(&container["startupProbe"]),
            variables: variables(container, first_env(view, container)),
        })
        .collect()
}

fn port(port: &Value) -> Option<Port> {
    Some(Port {
        name: text(&port["name"]).to_owned(),
        number: u16::try_from(port["containerPort"].as_u64()?).ok()?,
        protocol: port["protocol"].as_str().unwrap_or("TCP").to_owned(),
    })
}

fn quantities(stated: &Value) -> BTreeMap<String, String> {
    let all = stated.as_object().into_iter().flatten();
    all.map(|(name, value)| {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        (name.clone(), value)
    })
    .collect()
}

fn probe(stated: &Value) -> Option<Probe> {
    stated.as_object()?;
    let number = |key: &str, otherwise| stated[key].as_u64().unwrap_or(otherwise);
    let http = &stated["httpGet"];
    let asks = if http.is_object() {
        format!("GET {}", http["path"].as_str().unwrap_or("/"))
    } else if stated["tcpSocket"].is_object() {
        "whether the port accepts a connection".to_owned()
    } else if stated["grpc"].is_object() {
        "gRPC health".to_owned()
    } else {
        let command: Vec<&str> = items(&stated["exec"]["command"]).map(text).collect();
        format!("command {}", command.first().copied().unwrap_or_default())
    };
    Some(Probe {
        asks,
        period: number("periodSeconds", 10),
        failures: number("failureThreshold", 3),
        timeout: number("timeoutSeconds", 1),
    })
}

/// The texts of variables, which are known for the first container.
fn first_env<'a>(view: &'a Value, container: &Value) -> &'a Value {
    if view["container"]["name"] == container["name"] {
        &view["env"]
    } else {
        &Value::Null
    }
}

/// Variables with their texts, or where they come from.
fn variables(container: &Value, known: &Value) -> Vec<Variable> {
    let mut all = BTreeMap::new();
    for variable in items(&container["env"]) {
        let from = &variable["valueFrom"];
        let value = if let Some(value) = variable["value"].as_str() {
            value.to_owned()
        } else if let Some(key) = from["secretKeyRef"]["key"].as_str() {
            format!("Secret {}, key {key}", text(&from["secretKeyRef"]["name"]))
        } else if let Some(path) = from["fieldRef"]["fieldPath"].as_str() {
            format!("field {path}")
        } else if let Some(resource) = from["resourceFieldRef"]["resource"].as_str() {
            format!("field {resource}")
        } else {
            let reference = &from["configMapKeyRef"];
            format!(
                "ConfigMap {}, key {}",
                text(&reference["name"]),
                text(&reference["key"])
            )
        };
        all.insert(text(&variable["name"]).to_owned(), value);
    }
    for (name, value) in known.as_object().into_iter().flatten() {
        if let Some(value) = value.as_str() {
            all.insert(name.clone(), value.to_owned());
        }
    }
    for source in items(&container["envFrom"]) {
        let secret = text(&source["secretRef"]["name"]);
        if !secret.is_empty() {
            all.insert(
                format!("(all keys of {secret})"),
                format!("Secret {secret}"),
            );
        }
    }
    all.into_iter()
        .map(|(name, value)| Variable { name, value })
        .collect()
}

fn rollout(object: &Object) -> String {
    let spec = &object.value["spec"];
    let shown = |value: &Value, otherwise: &str| match value {
        Value::Null => otherwise.to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match object.kind() {
        "Deployment" => {
            let strategy = &spec["strategy"];
            if strategy["type"] == "Recreate" {
                return "all at once, the old pods before the new ones start".to_owned();
            }
            let rolling = &strategy["rollingUpdate"];
            format!(
                "step by step, with up to {} more and {} fewer pods meanwhile",
                shown(&rolling["maxSurge"], "25%"),
                shown(&rolling["maxUnavailable"], "25%")
            )
        }
        "StatefulSet" | "DaemonSet" => match text(&spec["updateStrategy"]["type"]) {
            "OnDelete" => "only when somebody deletes a pod".to_owned(),
            _ => "one pod after another".to_owned(),
        },
        _ => String::new(),
    }
}

fn budget(budget: &Value) -> String {
    let spec = &budget["spec"];
    let shown = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    match (&spec["maxUnavailable"], &spec["minAvailable"]) {
        (Value::Null, Value::Null) => String::new(),
        (Value::Null, least) => format!("at least {} stay", shown(least)),
        (most, _) => format!("at most {} away", shown(most)),
    }
}

/// Containers that do nothing but wait, as the compiler writes them.
fn waits(world: &World, pod: &Value) -> Vec<Wait> {
    let jobs: Vec<&Object> = world
        .all()
        .unwrap_or_default()
        .iter()
        .filter(|object| object.kind() == "Job")
        .collect();
    items(&pod["spec"]["initContainers"])
        .filter(|container| text(&container["name"]).starts_with("wait-"))
        .map(|container| {
            let variable = |name: &str| {
                items(&container["env"])
                    .find(|one| one["name"] == name)
                    .map_or("", |one| text(&one["value"]))
            };
            let job = jobs.iter().find(|job| job.name() == variable("MARK"));
            let what = match (job, variable("SERVERS")) {
                (Some(job), _) => job.id(),
                (None, "") => text(&container["name"])
                    .trim_start_matches("wait-")
                    .trim_start_matches("for-")
                    .to_owned(),
                (None, servers) => servers.to_owned(),
            };
            Wait {
                what,
                seconds: variable("WAIT_SECONDS").parse().ok(),
            }
        })
        .collect()
}

fn when(object: &Object) -> String {
    let hooks = object.hooks();
    if !hooks.is_empty() {
        return hooks.join(", ");
    }
    match object.kind() {
        "CronJob" => {
            let spec = &object.value["spec"];
            let zone = text(&spec["timeZone"]);
            format!("{} {zone}", text(&spec["schedule"]))
                .trim()
                .to_owned()
        }
        "Job" => "once for each version".to_owned(),
        _ => String::new(),
    }
}

/// What the security settings leave open.
fn open(security: &Value, spec: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for container in items(security) {
        let name = text(&container["container"]);
        let dropped = items(&container["drop"]).any(|one| one == "ALL");
        let added: Vec<&str> = items(&container["add"]).map(text).collect();
        for (is_open, words) in [
            (container["runAsNonRoot"] != true, "may run as root"),
            (
                container["allowPrivilegeEscalation"] != false,
                "may gain privileges",
            ),
            (container["privileged"] == true, "is privileged"),
            (
                container["readOnlyRootFilesystem"] != true,
                "may write to its image's file system",
            ),
            (!dropped, "keeps capabilities"),
            (container["seccomp"].is_null(), "has no seccomp profile"),
        ] {
            if is_open {
                found.push(format!("{name} {words}"));
            }
        }
        if !added.is_empty() {
            found.push(format!("{name} adds {}", added.join(", ")));
        }
    }
    for (key, words) in [
        ("hostNetwork", "uses the node's network"),
        ("hostPID", "sees the node's processes"),
        ("hostIPC", "shares the node's memory segments"),
    ] {
        if spec[key] == true {
            found.push(words.to_owned());
        }
    }
    if items(&spec["volumes"]).any(|volume| volume["hostPath"].is_object()) {
        found.push("mounts a folder of the node".to_owned());
    }
    found
}

fn monitored(world: &World, pod: &Value) -> String {
    if pod["metadata"]["annotations"]["prometheus.io/scrape"] == "true" {
        return "annotations of the pod".to_owned();
    }
    let labels = &pod["metadata"]["labels"];
    let objects = world.all().unwrap_or_default();
    for object in objects {
        let selector = &object.value["spec"]["selector"];
        let by = match object.kind() {
            "PodMonitor" => matches(selector, labels),
            "ServiceMonitor" => objects.iter().any(|service| {
                service.kind() == "Service"
                    && matches(selector, &service.value["metadata"]["labels"])
                    && service.value["spec"]["selector"]
                        .as_object()
                        .is_some_and(|wanted| {
                            wanted.iter().all(|(key, value)| labels[key] == *value)
                        })
            }),
            _ => false,
        };
        if by {
            return object.kind().to_owned();
        }
    }
    String::new()
}

fn reloads(object: &Object, pod: &Value) -> String {
    let watched = |annotations: &Value| {
        let keys = annotations.as_object().into_iter().flatten();
        keys.into_iter()
            .any(|(key, _)| key.contains("reloader.stakater.com"))
    };
    let annotations = &pod["metadata"]["annotations"];
    if watched(&object.value["metadata"]["annotations"]) || watched(annotations) {
        return "always".to_owned();
    }
    if annotations["checksum/secret"].is_string() {
        return "upgrade".to_owned();
    }
    String::new()
}

/// Where the pod writes without a limit.
fn unlimited(pod: &Value) -> Vec<String> {
    let spec = &pod["spec"];
    let open = items(&spec["volumes"]).filter(|volume| {
        volume["emptyDir"].is_object() && volume["emptyDir"]["sizeLimit"].is_null()
    });
    open.filter_map(|volume| {
        let mounts = items(&spec["containers"]).chain(items(&spec["initContainers"]));
        let mut mounts = mounts.flat_map(|container| items(&container["volumeMounts"]));
        mounts
            .find(|mount| mount["name"] == volume["name"])
            .map(|mount| text(&mount["mountPath"]).to_owned())
    })
    .collect()
}
