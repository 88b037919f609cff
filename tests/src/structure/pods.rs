//! Pods within the restricted Pod Security Standard, with identity, resources
//! and variables as every pod of a chart should have them.

use super::{Rendering, items, text};
use crate::manifest::Pod;
use crate::text::quantity;
use serde_json::Value;

pub fn faults(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for pod in rendering.pods() {
        // Some servers of repositories need the API of Kubernetes.
        let ours = !pod.object.is_from(rendering.from_repositories);
        let mut found = pod_faults(&pod, ours);
        for container in pod.containers() {
            let name = &container["name"];
            let mut more = container_faults(container, pod.spec);
            more.extend(life(&pod, container));
            more.extend(fields(&pod, container));
            found.extend(
                more.into_iter()
                    .map(|fault| format!("container {name}: {fault}")),
            );
        }
        faults.extend(
            found
                .into_iter()
                .map(|fault| format!("{}: {fault}", pod.object.id())),
        );
    }
    faults
}

fn pod_faults(pod: &Pod<'_>, ours: bool) -> Vec<String> {
    const HOST: &[&str] = &["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"];
    let mut faults = Vec::new();
    let spec = pod.spec;
    if ours && spec["enableServiceLinks"] != false {
        faults.push("enableServiceLinks is not false".to_owned());
    }
    faults.extend(
        HOST.iter()
            .filter(|key| spec[**key] == true)
            .map(|key| format!("{key} is on")),
    );
    if spec["serviceAccountName"]
        .as_str()
        .is_none_or(str::is_empty)
    {
        faults.push("no service account".to_owned());
    }
    let numbers = pod.running().into_iter().flat_map(|container| {
        items(&container["ports"]).map(|port| {
            (
                port["containerPort"].as_u64().unwrap_or_default(),
                port["protocol"].to_string(),
            )
        })
    });
    faults.extend(
        super::twice(numbers)
            .into_iter()
            .map(|(port, protocol)| format!("two containers listen on {port} {protocol}")),
    );
    for volume in items(&spec["volumes"]) {
        if !allowed_volume(volume) {
            faults.push(format!(
                "volume {} is of a kind that is not allowed",
                volume["name"]
            ));
        }
    }
    if pod.containers().is_empty() {
        faults.push("no container".to_owned());
    }
    faults
}

fn allowed_volume(volume: &Value) -> bool {
    const KINDS: &[&str] = &[
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ];
    volume.as_object().is_some_and(|keys| {
        keys.len() == 2
            && keys
                .keys()
                .all(|key| key == "name" || KINDS.contains(&key.as_str()))
    })
}

fn container_faults(container: &Value, pod: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let own = &container["securityContext"];
    let inherited = |key: &str| {
        if own[key].is_null() {
            &pod["securityContext"][key]
        } else {
            &own[key]
        }
    };
    let drops = items(&own["capabilities"]["drop"]).any(|name| name == "ALL");
    let adds = items(&own["capabilities"]["add"]).any(|name| name != "NET_BIND_SERVICE");
    let rules = [
        (inherited("runAsNonRoot") == true, "may run as root"),
        (inherited("runAsUser") != 0, "runs as user 0"),
        (
            own["allowPrivilegeEscalation"] == false,
            "may escalate privileges",
        ),
        (own["privileged"] != true, "is privileged"),
        (drops && !adds, "keeps capabilities"),
        (
            matches!(
                inherited("seccompProfile")["type"].as_str(),
                Some("RuntimeDefault" | "Localhost")
            ),
            "has no seccomp profile",
        ),
        (
            items(&container["ports"]).all(|port| port["hostPort"].is_null()),
            "takes a port of the node",
        ),
        (
            container["imagePullPolicy"].is_string(),
            "leaves the pull policy open",
        ),
        (
            image(container["image"].as_str().unwrap_or_default()),
            "has no image with a fixed version",
        ),
    ];
    faults.extend(
        rules
            .iter()
            .filter(|(holds, _)| !holds)
            .map(|(_, fault)| (*fault).to_owned()),
    );
    faults.extend(resources(&container["resources"]));
    for variable in items(&container["env"]) {
        if variable["valueFrom"].is_null() && !variable["value"].is_string() {
            faults.push(format!(
                "variable {} is no text: {}",
                variable["name"], variable["value"]
            ));
        }
    }
    faults.extend(repeated(container));
    faults
}

/// Processor and memory, both ways, and no more asked for than allowed.
fn resources(resources: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for resource in ["cpu", "memory"] {
        let amount = |kind: &str| quantity(&resources[kind][resource]);
        for kind in ["requests", "limits"] {
            if amount(kind).is_none_or(|amount| amount <= 0.0) {
                faults.push(format!("no {resource} {kind}"));
            }
        }
        if amount("requests") > amount("limits") {
            faults.push(format!("asks for more {resource} than it may have"));
        }
    }
    faults
}

/// Variables that tell a pod about itself name something that it has.
fn fields(pod: &Pod<'_>, container: &Value) -> Vec<String> {
    const PATHS: &[&str] = &[
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    ];
    let keyed = |path: &str, of: &str, map: &Value| {
        let key = path
            .strip_prefix(of)
            .and_then(|rest| rest.strip_suffix("']"));
        key.is_some_and(|key| !map[key].is_null())
    };
    let there = |from: &Value| {
        let path = text(&from["fieldRef"]["fieldPath"]);
        let resource = text(&from["resourceFieldRef"]["resource"]);
        let stated = resource
            .split_once('.')
            .map_or(&Value::Null, |(kind, name)| {
                &container["resources"][kind][name]
            });
        match (
            from["fieldRef"].is_null(),
            from["resourceFieldRef"].is_null(),
        ) {
            (false, _) => {
                PATHS.contains(&path)
                    || keyed(path, "metadata.labels['", pod.labels)
                    || keyed(path, "metadata.annotations['", pod.annotations)
            }
            (_, false) => !stated.is_null(),
            _ => true,
        }
    };
    items(&container["env"])
        .filter(|variable| !there(&variable["valueFrom"]))
        .map(|variable| format!("variable {} asks for what is not there", variable["name"]))
        .collect()
}

/// Probes and hooks, which only a container that keeps running has; what they
/// ask is a port of the container.
fn life(pod: &Pod<'_>, container: &Value) -> Vec<String> {
    const PROBES: &[&str] = &["startupProbe", "readinessProbe", "livenessProbe"];
    let mut faults = Vec::new();
    let runs = pod
        .running()
        .iter()
        .any(|other| other["name"] == container["name"]);
    let restarts = &container["restartPolicy"];
    if !restarts.is_null() && restarts != "Always" {
        faults.push(format!("restarts {restarts}"));
    }
    for key in PROBES.iter().chain(&["lifecycle", "ports"]) {
        if !runs && !container[*key].is_null() {
            faults.push(format!("{key} in a container that ends"));
        }
    }
    for key in PROBES {
        let probe = &container[*key];
        let ways = ["httpGet", "tcpSocket", "grpc", "exec"];
        let stated: Vec<&&str> = ways.iter().filter(|way| !probe[**way].is_null()).collect();
        if !probe.is_null() && stated.len() != 1 {
            faults.push(format!("{key} asks in {} ways", stated.len()));
        }
        for way in stated {
            let port = &probe[*way]["port"];
            if *way != "exec" && !answers(container, port) {
                faults.push(format!("{key} asks port {port}, which it does not have"));
            }
            if *way == "grpc" && !port.is_u64() {
                faults.push(format!("{key} asks a port of gRPC by name: {port}"));
            }
        }
    }
    faults
}

/// Whether a container has a port, by name or number.
fn answers(container: &Value, port: &Value) -> bool {
    items(&container["ports"]).any(|stated| match port.as_str() {
        Some(name) => stated["name"] == name,
        None => stated["containerPort"] == *port,
    })
}

/// Variables and mounts that stand there twice.
fn repeated(container: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for (list, key) in [
        ("env", "name"),
        ("volumeMounts", "mountPath"),
        ("ports", "name"),
    ] {
        let mut names: Vec<String> = items(&container[list])
            .map(|item| item[key].to_string())
            .collect();
        let count = names.len();
        names.sort();
        names.dedup();
        if names.len() != count {
            faults.push(format!("{list} holds a {key} twice"));
        }
    }
    faults
}

/// An image with a tag that is not `latest`, or a digest.
fn image(reference: &str) -> bool {
    let (path, digest) = reference
        .split_once('@')
        .map_or((reference, None), |(path, digest)| (path, Some(digest)));
    let name = path.rsplit('/').next().unwrap_or_default();
    let tag = name.split_once(':').map(|(_, tag)| tag);
    let valid = |tag: &str| {
        !tag.is_empty()
            && tag != "latest"
            && tag
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    !name.is_empty() && (digest.is_some_and(|digest| digest.len() == 71) || tag.is_some_and(valid))
}
