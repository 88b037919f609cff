//! References between objects: what they name exists, and exists in time.

use crate::world::{World, is_made};
use serde_json::{Value, json};
use taskspec_manifest::{Object, items, matches, text};

/// A name in an object that means another one.
struct Reference<'a> {
    from: &'a Object,
    path: String,
    kind: &'static str,
    name: &'a str,
}

/// References to objects that neither the rendering has nor the specification
/// names: `{ object, path, kind, name }`.
pub fn dangling(world: &World, known: &dyn Fn(&str) -> bool) -> Result<Vec<Value>, String> {
    let objects = world.all()?;
    let mut found: Vec<Value> = references(objects)
        .iter()
        .filter(|reference| !exists(objects, reference) && !known(reference.name))
        .map(|reference| {
            json!({
                "object": reference.from.id(),
                "path": reference.path,
                "kind": reference.kind,
                "name": reference.name,
            })
        })
        .collect();
    for object in objects {
        let selector = match object.kind() {
            "Service" if object.value["spec"]["selector"].is_object() => {
                let mut labels = object.value["spec"]["selector"].clone();
                if let Some(labels) = labels.as_object_mut() {
                    // Pods get these when they run.
                    labels.remove("statefulset.kubernetes.io/pod-name");
                    labels.remove("isMaster");
                }
                json!({ "matchLabels": labels })
            }
            "PodDisruptionBudget" => object.value["spec"]["selector"].clone(),
            "NetworkPolicy" if is_made(object) => object.value["spec"]["podSelector"].clone(),
            _ => continue,
        };
        let taken = objects
            .iter()
            .filter_map(Object::pod)
            .any(|pod| matches(&selector, &pod["metadata"]["labels"]));
        let by_operator = !object.is_own() && has_custom(objects);
        if !taken && !by_operator {
            found.push(json!({
                "object": object.id(),
                "path": "spec.selector",
                "kind": "Pod",
                "name": selector["matchLabels"].to_string(),
            }));
        }
    }
    for object in objects {
        parts(objects, object, &mut found);
    }
    Ok(found)
}

/// References of hooks to objects that are made after them.
pub fn too_early(world: &World) -> Result<Vec<Value>, String> {
    let objects = world.all()?;
    let before = |object: &Object| {
        object
            .hooks()
            .iter()
            .any(|event| ["pre-install", "pre-upgrade"].contains(event))
    };
    let mut found = Vec::new();
    for reference in references(objects) {
        let hook = reference.from;
        let target = objects
            .iter()
            .find(|object| object.kind() == reference.kind && object.name() == reference.name);
        // Names say that an object of the dependencies' or the chart's own is meant.
        let late = target.is_some_and(|target| {
            !before(target) || target.id() != hook.id() && target.weight() > hook.weight()
        });
        if before(hook) && late {
            found.push(json!({
                "object": hook.id(),
                "path": reference.path,
                "kind": reference.kind,
                "name": reference.name,
            }));
        }
    }
    Ok(found)
}

/// Whether a resource of an operator is there, which makes objects of its own.
fn has_custom(objects: &[Object]) -> bool {
    objects.iter().any(is_custom)
}

fn is_custom(object: &Object) -> bool {
    let version = text(&object.value["apiVersion"]);
    version
        .split_once('/')
        .is_some_and(|(group, _)| group.contains('.') && !group.ends_with(".k8s.io"))
}

fn exists(objects: &[Object], reference: &Reference<'_>) -> bool {
    objects.iter().any(|object| {
        let same = object.kind() == reference.kind && object.name() == reference.name;
        let external = object.kind() == "ExternalSecret"
            && reference.kind == "Secret"
            && (object.value["spec"]["target"]["name"] == reference.name
                || object.name() == reference.name);
        let made = is_custom(object)
            && !is_made(object)
            && reference.kind == "Secret"
            && reference
                .name
                .strip_prefix(object.name())
                .is_some_and(|rest| rest.starts_with('-'));
        // Every namespace has this one.
        let default = reference.kind == "ServiceAccount" && reference.name == "default";
        same || external || made || default
    })
}

fn references(objects: &[Object]) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    for object in objects {
        if object.pod().is_some() {
            of_pod(object, &mut found);
        }
        of_object(object, &mut found);
    }
    found
}

fn push<'a>(
    found: &mut Vec<Reference<'a>>,
    from: &'a Object,
    path: String,
    kind: &'static str,
    name: &'a Value,
    optional: &Value,
) {
    if let (Some(name), false) = (name.as_str(), optional == true) {
        found.push(Reference {
            from,
            path,
            kind,
            name,
        });
    }
}

fn of_pod<'a>(object: &'a Object, found: &mut Vec<Reference<'a>>) {
    let Some(pod) = object.pod() else { return };
    let spec = &pod["spec"];
    let none = &Value::Null;
    push(
        found,
        object,
        "serviceAccountName".into(),
        "ServiceAccount",
        &spec["serviceAccountName"],
        none,
    );
    for list in ["initContainers", "containers"] {
        for container in items(&spec[list]) {
            let place = format!("{list}.{}", text(&container["name"]));
            for source in items(&container["envFrom"]) {
                for (key, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
                    let reference = &source[key];
                    let path = format!("{place}.envFrom");
                    push(
                        found,
                        object,
                        path,
                        kind,
                        &reference["name"],
                        &reference["optional"],
                    );
                }
            }
            for variable in items(&container["env"]) {
                let from = &variable["valueFrom"];
                for (key, kind) in [("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")] {
                    let reference = &from[key];
                    let path = format!("{place}.env.{}", text(&variable["name"]));
                    push(
                        found,
                        object,
                        path,
                        kind,
                        &reference["name"],
                        &reference["optional"],
                    );
                }
            }
        }
    }
    for volume in items(&spec["volumes"]) {
        let path = format!("volumes.{}", text(&volume["name"]));
        for (part, name, kind) in [
            ("configMap", "name", "ConfigMap"),
            ("secret", "secretName", "Secret"),
            (
                "persistentVolumeClaim",
                "claimName",
                "PersistentVolumeClaim",
            ),
        ] {
            let source = &volume[part];
            push(
                found,
                object,
                path.clone(),
                kind,
                &source[name],
                &source["optional"],
            );
        }
        for source in items(&volume["projected"]["sources"]) {
            for (part, kind) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
                let source = &source[part];
                push(
                    found,
                    object,
                    path.clone(),
                    kind,
                    &source["name"],
                    &source["optional"],
                );
            }
        }
    }
}

fn of_object<'a>(object: &'a Object, found: &mut Vec<Reference<'a>>) {
    let spec = &object.value["spec"];
    let none = &Value::Null;
    match object.kind() {
        "StatefulSet" => push(
            found,
            object,
            "spec.serviceName".into(),
            "Service",
            &spec["serviceName"],
            none,
        ),
        "HorizontalPodAutoscaler" | "ScaledObject" => {
            let target = &spec["scaleTargetRef"];
            let kind = match text(&target["kind"]) {
                "StatefulSet" => "StatefulSet",
                _ => "Deployment",
            };
            let path = "spec.scaleTargetRef".to_owned();
            push(found, object, path, kind, &target["name"], none);
        }
        "Ingress" => {
            for rule in items(&spec["rules"]) {
                for path in items(&rule["http"]["paths"]) {
                    let place =
                        format!("spec.rules.{}{}", text(&rule["host"]), text(&path["path"]));
                    let service = &path["backend"]["service"]["name"];
                    push(found, object, place, "Service", service, none);
                }
            }
        }
        "HTTPRoute" => {
            for rule in items(&spec["rules"]) {
                for backend in items(&rule["backendRefs"]) {
                    let place = "spec.rules.backendRefs".to_owned();
                    push(found, object, place, "Service", &backend["name"], none);
                }
            }
        }
        "RoleBinding" | "ClusterRoleBinding" => {
            let role = &object.value["roleRef"];
            let kind = match text(&role["kind"]) {
                "Role" => "Role",
                _ => "ClusterRole",
            };
            push(found, object, "roleRef".into(), kind, &role["name"], none);
            let accounts = items(&object.value["subjects"]);
            for account in accounts.filter(|one| one["kind"] == "ServiceAccount") {
                let path = "subjects".to_owned();
                push(
                    found,
                    object,
                    path,
                    "ServiceAccount",
                    &account["name"],
                    none,
                );
            }
        }
        _ => {}
    }
}

/// References to parts of objects that are there: keys, ports and volumes.
fn parts(objects: &[Object], object: &Object, found: &mut Vec<Value>) {
    let mut say = |path: String, kind: &str, name: &str| {
        found.push(json!({ "object": object.id(), "path": path, "kind": kind, "name": name }));
    };
    match object.kind() {
        "Service" => service_ports(objects, object, &mut say),
        "NetworkPolicy" => policy_ports(objects, object, &mut say),
        "Ingress" => {
            for rule in items(&object.value["spec"]["rules"]) {
                for path in items(&rule["http"]["paths"]) {
                    let backend = &path["backend"]["service"];
                    let port = match &backend["port"]["name"] {
                        Value::Null => &backend["port"]["number"],
                        name => name,
                    };
                    let place =
                        format!("spec.rules.{}{}", text(&rule["host"]), text(&path["path"]));
                    offered(objects, &backend["name"], port, place, &mut say);
                }
            }
        }
        "HTTPRoute" => {
            for rule in items(&object.value["spec"]["rules"]) {
                for backend in items(&rule["backendRefs"]) {
                    let place = "spec.rules.backendRefs".to_owned();
                    offered(objects, &backend["name"], &backend["port"], place, &mut say);
                }
            }
        }
        _ => {}
    }
    if let Some(pod) = object.pod() {
        keys(objects, pod, &mut say);
        mounts(objects, object, pod, &mut say);
        probes(pod, &mut say);
    }
}

type Say<'a> = dyn FnMut(String, &str, &str) + 'a;

/// Containers that run beside each other: those whose ports can be reached.
fn running(pod: &Value) -> impl Iterator<Item = &Value> {
    let beside = items(&pod["spec"]["initContainers"]);
    let beside = beside.filter(|container| container["restartPolicy"] == "Always");
    items(&pod["spec"]["containers"]).chain(beside)
}

/// Whether a pod has a port by its name or number.
fn has_port(pod: &Value, port: &Value) -> bool {
    running(pod)
        .flat_map(|container| items(&container["ports"]))
        .any(|one| one["name"] == *port || one["containerPort"] == *port)
}

fn shown(port: &Value) -> String {
    port.as_str()
        .map_or_else(|| port.to_string(), str::to_owned)
}

fn service_ports(objects: &[Object], service: &Object, say: &mut Say<'_>) {
    let spec = &service.value["spec"];
    if !spec["selector"].is_object() || !is_made(service) {
        return;
    }
    let selector = json!({ "matchLabels": spec["selector"] });
    let pods = objects.iter().filter_map(Object::pod);
    for pod in pods.filter(|pod| matches(&selector, &pod["metadata"]["labels"])) {
        for port in items(&spec["ports"]) {
            let target = match &port["targetPort"] {
                Value::Null => &port["port"],
                target => target,
            };
            if !has_port(pod, target) {
                say("spec.ports".into(), "port", &shown(target));
            }
        }
    }
}

/// Named ports of what a policy lets in are ports of its pods.
fn policy_ports(objects: &[Object], policy: &Object, say: &mut Say<'_>) {
    if !is_made(policy) {
        return;
    }
    let pods = objects.iter().filter_map(Object::pod);
    let selector = &policy.value["spec"]["podSelector"];
    for pod in pods.filter(|pod| matches(selector, &pod["metadata"]["labels"])) {
        for rule in items(&policy.value["spec"]["ingress"]) {
            for port in items(&rule["ports"]).filter(|port| port["port"].is_string()) {
                if !has_port(pod, &port["port"]) {
                    say("spec.ingress".into(), "port", &shown(&port["port"]));
                }
            }
        }
    }
}

/// Whether a Service that is there has a port.
fn offered(objects: &[Object], name: &Value, port: &Value, path: String, say: &mut Say<'_>) {
    let service = objects
        .iter()
        .find(|object| object.kind() == "Service" && *name == object.name());
    if let Some(service) = service {
        let ports = &service.value["spec"]["ports"];
        if !items(ports).any(|one| one["name"] == *port || one["port"] == *port) {
            say(path, "port of the Service", &shown(port));
        }
    }
}

/// Keys of a ConfigMap or Secret of the rendering; none if it is not there.
fn keys_of(objects: &[Object], kind: &str, name: &Value) -> Option<Vec<String>> {
    let fields = |value: &Value| -> Vec<String> {
        let map = value.as_object().into_iter().flatten();
        map.map(|(key, _)| key.clone()).collect()
    };
    let is = |object: &&Object| object.kind() == kind && *name == object.name();
    if let Some(object) = objects.iter().find(is) {
        let lists = ["data", "stringData", "binaryData"];
        return Some(
            lists
                .iter()
                .flat_map(|list| fields(&object.value[*list]))
                .collect(),
        );
    }
    let fetched = |object: &&Object| {
        object.kind() == "ExternalSecret" && object.value["spec"]["target"]["name"] == *name
    };
    let object = objects.iter().find(fetched).filter(|_| kind == "Secret")?;
    let spec = &object.value["spec"];
    // What is extracted from a store is not known here.
    if !spec["dataFrom"].is_null() {
        return None;
    }
    let mut all = fields(&spec["target"]["template"]["data"]);
    all.extend(items(&spec["data"]).map(|one| text(&one["secretKey"]).to_owned()));
    Some(all)
}

fn keys(objects: &[Object], pod: &Value, say: &mut Say<'_>) {
    let spec = &pod["spec"];
    for list in ["initContainers", "containers"] {
        for container in items(&spec[list]) {
            for variable in items(&container["env"]) {
                for (field, kind) in [("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")]
                {
                    let reference = &variable["valueFrom"][field];
                    let known = keys_of(objects, kind, &reference["name"]);
                    let key = text(&reference["key"]);
                    let there = known.is_none_or(|keys| keys.iter().any(|one| one == key));
                    if reference.is_object() && !there && reference["optional"] != true {
                        let place = text(&container["name"]);
                        let path = format!("{list}.{place}.env.{}", text(&variable["name"]));
                        say(path, &format!("key of the {kind}"), key);
                    }
                }
            }
        }
    }
    for volume in items(&spec["volumes"]) {
        for (field, name, kind) in [
            ("secret", "secretName", "Secret"),
            ("configMap", "name", "ConfigMap"),
        ] {
            let source = &volume[field];
            let Some(known) = keys_of(objects, kind, &source[name]) else {
                continue;
            };
            for item in items(&source["items"]) {
                let key = text(&item["key"]);
                if !known.iter().any(|one| one == key) {
                    say(
                        format!("volumes.{}", text(&volume["name"])),
                        &format!("key of the {kind}"),
                        key,
                    );
                }
            }
        }
    }
}

/// What is mounted is there, and what is there is mounted.
fn mounts(objects: &[Object], object: &Object, pod: &Value, say: &mut Say<'_>) {
    let spec = &pod["spec"];
    let claims =
        items(&object.value["spec"]["volumeClaimTemplates"]).map(|one| &one["metadata"]["name"]);
    let volumes: Vec<&Value> = items(&spec["volumes"])
        .map(|one| &one["name"])
        .chain(claims)
        .collect();
    let mut mounted = Vec::new();
    for list in ["initContainers", "containers"] {
        for container in items(&spec[list]) {
            for mount in items(&container["volumeMounts"]) {
                let path = format!("{list}.{}.volumeMounts", text(&container["name"]));
                mounted.push(&mount["name"]);
                if !volumes.contains(&&mount["name"]) {
                    say(path, "volume", text(&mount["name"]));
                    continue;
                }
                let volume = items(&spec["volumes"]).find(|one| one["name"] == mount["name"]);
                if let (Some(volume), Some(file)) = (volume, mount["subPath"].as_str())
                    && !has_file(objects, volume, file)
                {
                    say(path, "file", file);
                }
            }
        }
    }
    if is_made(object) {
        for name in volumes.into_iter().filter(|name| !mounted.contains(name)) {
            say("volumes".into(), "mount of the volume", text(name));
        }
    }
}

/// Whether a volume of a ConfigMap or Secret has a file; others are not known.
fn has_file(objects: &[Object], volume: &Value, file: &str) -> bool {
    for (field, name, kind) in [
        ("secret", "secretName", "Secret"),
        ("configMap", "name", "ConfigMap"),
    ] {
        let source = &volume[field];
        if !source.is_object() {
            continue;
        }
        if source["items"].is_array() {
            return items(&source["items"]).any(|item| item["path"] == file);
        }
        let known = keys_of(objects, kind, &source[name]);
        return known.is_none_or(|keys| keys.iter().any(|key| key == file));
    }
    true
}

/// Ports that probes name are ports of their container.
fn probes(pod: &Value, say: &mut Say<'_>) {
    for container in running(pod) {
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            for way in ["httpGet", "tcpSocket", "grpc"] {
                let port = &container[probe][way]["port"];
                let known = items(&container["ports"])
                    .any(|one| one["name"] == *port || one["containerPort"] == *port);
                let named = way == "grpc" && port.is_string();
                let any = items(&container["ports"]).next().is_some() || port.is_string();
                if !port.is_null() && (named || !known && any) {
                    say(
                        format!("{}.{probe}", text(&container["name"])),
                        "port",
                        &shown(port),
                    );
                }
            }
        }
    }
}
