//! References between objects: what they name exists, and exists in time.

use crate::manifest::{Object, items, matches, text};
use crate::world::World;
use serde_json::{Value, json};

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
                json!({ "matchLabels": object.value["spec"]["selector"] })
            }
            "PodDisruptionBudget" => object.value["spec"]["selector"].clone(),
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
            && reference.kind == "Secret"
            && reference
                .name
                .strip_prefix(object.name())
                .is_some_and(|rest| rest.starts_with('-'));
        same || external || made
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
        "RoleBinding" => {
            let role = &object.value["roleRef"];
            if role["kind"] == "Role" {
                push(found, object, "roleRef".into(), "Role", &role["name"], none);
            }
        }
        _ => {}
    }
}
