//! Workloads: found, named, and drafted with their pods.

mod pods;
mod run;

use crate::container::{self, Place};
use crate::names;
use crate::sketch::{Port, Scene, Workload};
use crate::volumes;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use taskspec_manifest::{Object, fields, is_empty, items, number, scalar, text};

/// Lowest port that a restricted container may listen on.
const LOWEST_PORT: u64 = 1024;

/// Finds the workloads and names them, the main one first.
pub fn find(scene: &mut Scene<'_>) {
    let usual = names::full_name(&scene.release, &scene.chart.name);
    let mut found: Vec<usize> = Vec::new();
    for (index, object) in scene.objects.iter().enumerate() {
        let runs = ["Deployment", "StatefulSet", "CronJob", "Job"].contains(&object.kind());
        let hooks = object.hooks();
        let before = hooks.iter().any(|hook| {
            hook.starts_with("pre-") && *hook != "pre-delete" && *hook != "pre-rollback"
        });
        // What runs before the release is a migration or stays as it is.
        if runs && !object.is_test() && !before {
            found.push(index);
        }
    }
    let rank = |index: &usize| {
        let object = &scene.objects[*index];
        let named = object.name() == usual;
        (
            !named,
            !is_service(scene, object),
            object.kind() != "Deployment",
        )
    };
    found.sort_by_key(rank);
    let main = found.first().copied();
    let prefix = format!("{usual}-");
    let uniform = !found.is_empty()
        && found
            .iter()
            .all(|index| scene.objects[*index].name().starts_with(&prefix));
    if uniform {
        scene.set(&["chart", "layout"], json!("uniform"));
    }
    let full = main
        .filter(|_| !uniform)
        .map_or(usual, |index| scene.objects[index].name().to_owned());
    let mut taken = BTreeSet::new();
    for index in found {
        let object = &scene.objects[index];
        // A Job is named after a digest of what it runs.
        let own_name = names::without_digest(object.name());
        let stem = names::stem(own_name, &scene.release, &scene.chart.name);
        let job = format!(
            "{}-job",
            if names::component(object).is_empty() {
                stem
            } else {
                names::component(object)
            }
        );
        let component = names::component(object);
        let spec = object.pod().map_or(&Value::Null, |pod| &pod["spec"]);
        let first = text(&spec["containers"][0]["name"]);
        let exact = own_name.strip_prefix(&format!("{full}-"));
        let chart = scene.chart.name.as_str();
        let candidates = match exact {
            _ if main == Some(index) && !uniform => [component, stem, first, chart],
            Some(exact) => [exact, component, &job, first],
            None => [component, stem, first, &job],
        };
        let candidates: Vec<&str> = candidates
            .into_iter()
            .filter(|name| !name.is_empty())
            .collect();
        let name = names::choose(&candidates, &mut taken);
        let labels = object
            .pod()
            .map_or(Value::Null, |pod| pod["metadata"]["labels"].clone());
        let kind = match object.kind() {
            "StatefulSet" => "stateful",
            "CronJob" => "cron",
            "Job" => "job",
            _ if is_service(scene, object) => "service",
            _ => "worker",
        };
        scene.workloads.push(Workload {
            object: index,
            name,
            kind,
            labels,
            ports: Vec::new(),
        });
    }
    for number in 0..scene.workloads.len() {
        let workload = &scene.workloads[number];
        let (index, name) = (workload.object, workload.name.clone());
        scene.assign(index, &name, "workload");
    }
}

/// Services that select an object's pods.
fn services<'a>(
    scene: &'a Scene<'_>,
    labels: &'a Value,
) -> impl Iterator<Item = (usize, &'a Object)> {
    let objects = scene.objects.iter().enumerate();
    objects.filter(move |(_, object)| {
        let selector = &object.value["spec"]["selector"];
        object.kind() == "Service"
            && !is_empty(selector)
            && fields(selector).all(|(key, value)| labels[key] == *value)
    })
}

fn is_service(scene: &Scene<'_>, object: &Object) -> bool {
    object
        .pod()
        .is_some_and(|pod| services(scene, &pod["metadata"]["labels"]).next().is_some())
}

/// Drafts every workload.
pub fn draw(scene: &mut Scene<'_>) {
    for number in 0..scene.workloads.len() {
        ports(scene, number);
    }
    for number in 0..scene.workloads.len() {
        one(scene, number);
    }
}

fn ports(scene: &mut Scene<'_>, number: usize) {
    let workload = scene.workloads[number].clone();
    if ["cron", "job"].contains(&workload.kind) {
        return;
    }
    let object = scene.objects[workload.object].clone();
    let spec = object.pod().map_or(Value::Null, |pod| pod["spec"].clone());
    let mut found = Vec::new();
    for port in items(&spec["containers"][0]["ports"]) {
        add_port(
            &mut found,
            text(&port["name"]),
            &port["containerPort"],
            text(&port["protocol"]),
        );
    }
    let selecting: Vec<Object> = services(scene, &workload.labels)
        .map(|(_, object)| object.clone())
        .collect();
    for service in &selecting {
        for port in items(&service.value["spec"]["ports"]) {
            let target = if port["targetPort"].is_null() {
                &port["port"]
            } else {
                &port["targetPort"]
            };
            let beside = items(&spec["containers"])
                .skip(1)
                .chain(items(&spec["initContainers"]));
            let elsewhere = beside.flat_map(|one| items(&one["ports"])).any(|one| {
                one["containerPort"] == *target || (target.is_string() && one["name"] == *target)
            });
            if elsewhere {
                continue;
            }
            if container::port_of(&found, target).is_none() {
                add_port(
                    &mut found,
                    text(&port["name"]),
                    target,
                    text(&port["protocol"]),
                );
            }
            let own = found.iter_mut().find(|one| {
                taskspec_manifest::number(target)
                    .map_or(one.name == text(target), |number| one.was == number)
            });
            if let Some(own) = own
                && own.service.is_none()
            {
                own.service = taskspec_manifest::number(&port["port"]);
            }
        }
    }
    // The port that the Service has comes first: probes and routes mean it.
    found.sort_by_key(|port: &Port| (port.service.is_none(), port.name != "http"));
    for port in found.iter().filter(|port| port.was != port.is) {
        let name = &workload.name;
        scene.decide(
            name,
            &format!("it listens on {} instead of {}", port.is, port.was),
            "a restricted container does not listen below 1024; its Service keeps its port, the application must be told",
        );
        let path = format!("spec.template.spec.containers[0].ports[{}]", port.name);
        scene.omit(
            &["workloads", name],
            &object.id(),
            &path,
            format!("port {} is below 1024: let the application listen on {}, or say the port that it can have", port.was, port.is),
        );
    }
    scene.workloads[number].ports = found;
}

fn add_port(found: &mut Vec<Port>, name: &str, value: &Value, protocol: &str) {
    let Some(number) = number(value).filter(|number| (1..=65535).contains(number)) else {
        return;
    };
    let protocol = if protocol == "UDP" { "UDP" } else { "TCP" };
    let usable = name.len() <= 15 && names::valid(name).as_deref() == Some(name);
    let name = match usable {
        true => name.to_owned(),
        false if found.is_empty() => "http".to_owned(),
        false => format!("port-{number}"),
    };
    if found
        .iter()
        .any(|port| port.name == name || port.was == number && port.protocol == protocol)
    {
        return;
    }
    let is = if number < LOWEST_PORT {
        number + 8000
    } else {
        number
    };
    found.push(Port {
        name,
        was: number,
        is,
        protocol: protocol.to_owned(),
        service: None,
    });
}

fn one(scene: &mut Scene<'_>, number: usize) {
    let workload = scene.workloads[number].clone();
    let name = workload.name.as_str();
    let object = scene.objects[workload.object].clone();
    let at = ["workloads", name];
    scene.set(&["workloads", name, "kind"], json!(workload.kind));
    let pod = object.pod().cloned().unwrap_or_default();
    let spec = &pod["spec"];
    let path = object.pod_path().unwrap_or_default().replace('/', ".");
    let path = format!("{}.spec", path.trim_start_matches('.'));
    let main = &spec["containers"][0];
    let place = Place {
        at: at.to_vec(),
        id: object.id(),
        path: format!("{path}.containers[{}]", text(&main["name"])),
        main: true,
        ports: &workload.ports,
    };
    container::draw(scene, &place, main);
    state_ports(scene, &workload);
    pods::life(scene, &place, &object, spec, main);
    pods::pods(scene, &place, &path, &pod);
    volumes::draw(
        scene,
        &place,
        spec,
        &object.value["spec"]["volumeClaimTemplates"],
        main,
    );
    beside(
        scene,
        &place,
        &path,
        spec,
        &object.value["spec"]["volumeClaimTemplates"],
    );
    run::run(scene, &workload, &object);
    metadata(scene, name, &object);
}

fn state_ports(scene: &mut Scene<'_>, workload: &Workload) {
    let name = workload.name.as_str();
    for (number, port) in workload.ports.iter().enumerate() {
        let first =
            number == 0 && port.name == "http" && port.protocol == "TCP" && port.service.is_some();
        if first {
            scene.set(&["workloads", name, "port"], json!(port.is));
        }
        let mut said = Map::new();
        said.insert("port".into(), json!(port.is));
        match port.service {
            Some(service) if number == 0 && workload.kind == "service" && service != port.is => {
                scene.set(&["workloads", name, "service", "port"], json!(service));
            }
            Some(service) if service != port.is => {
                said.insert("service".into(), json!(service));
            }
            Some(_) => {}
            None if workload.kind == "worker" => {}
            None => {
                said.insert("expose".into(), json!(false));
            }
        }
        if port.protocol == "UDP" {
            said.insert("protocol".into(), json!("UDP"));
        }
        if !first {
            let short = said.len() == 1;
            let value = if short {
                json!(port.is)
            } else {
                Value::Object(said)
            };
            scene.set(&["workloads", name, "ports", &port.name], value);
        }
    }
}

/// Containers before and beside the workload's own.
fn beside(scene: &mut Scene<'_>, place: &Place<'_>, path: &str, spec: &Value, claims: &Value) {
    let [_, name, ..] = place.at[..] else { return };
    let ordinary = items(&spec["containers"])
        .skip(1)
        .map(|one| ("containers", one));
    let early = items(&spec["initContainers"]).map(|one| ("initContainers", one));
    let mut taken = BTreeSet::from([name.to_owned()]);
    for (list, container) in early.chain(ordinary) {
        let stays = list == "containers" || text(&container["restartPolicy"]) == "Always";
        let table = if stays { "sidecars" } else { "init" };
        let own = names::of_container(text(&container["name"]), &mut taken);
        let mut ports = Vec::new();
        for port in items(&container["ports"]) {
            add_port(
                &mut ports,
                text(&port["name"]),
                &port["containerPort"],
                text(&port["protocol"]),
            );
        }
        let inner = Place {
            at: vec!["workloads", name, table, &own],
            id: place.id.clone(),
            path: format!("{path}.{list}[{}]", text(&container["name"])),
            main: false,
            ports: &ports,
        };
        container::draw(scene, &inner, container);
        for port in ports.iter().filter(|_| stays) {
            let service = exposed(scene, name, port);
            let mut said = Map::new();
            said.insert("port".into(), json!(port.is));
            match service {
                Some(service) if service != port.is => {
                    said.insert("service".into(), json!(service));
                }
                Some(_) => {}
                None => {
                    said.insert("expose".into(), json!(false));
                }
            }
            scene.set(
                &["workloads", name, table, &own, "ports", &port.name],
                Value::Object(said),
            );
        }
        if let Some(user) =
            number(&container["securityContext"]["runAsUser"]).filter(|user| *user != 0)
        {
            scene.set(&["workloads", name, table, &own, "user"], json!(user));
        }
        scene.set(
            &["workloads", name, table, &own, "shares-env"],
            json!(false),
        );
        volumes::draw(scene, &inner, spec, claims, container);
    }
}

/// Port of a Service of the workload that leads to a port of a sidecar.
fn exposed(scene: &Scene<'_>, workload: &str, port: &Port) -> Option<u64> {
    let labels = &scene
        .workloads
        .iter()
        .find(|one| one.name == workload)?
        .labels;
    services(scene, labels).find_map(|(_, service)| {
        let mut ports = items(&service.value["spec"]["ports"]);
        let leads = ports.find(|one| {
            container::port_of(std::slice::from_ref(port), &one["targetPort"]).is_some()
        })?;
        number(&leads["port"])
    })
}

/// Keys of labels that every chart has in one form or another.
pub fn is_usual(key: &str) -> bool {
    key.starts_with("app.kubernetes.io/")
        || key.starts_with("helm.sh/")
        || [
            "app",
            "release",
            "chart",
            "heritage",
            "component",
            "tier",
            "name",
            "version",
            "instance",
        ]
        .contains(&key)
}

fn metadata(scene: &mut Scene<'_>, name: &str, object: &Object) {
    let metadata = &object.value["metadata"];
    let annotations: Map<String, Value> = fields(&metadata["annotations"])
        .filter(|(key, _)| !key.starts_with("helm.sh/") && !key.starts_with("checksum/"))
        .filter_map(|(key, value)| Some((key.clone(), json!(scalar(value)?))))
        .collect();
    if !annotations.is_empty() {
        scene.set(
            &[
                "workloads",
                name,
                "patch",
                "object",
                "metadata",
                "annotations",
            ],
            Value::Object(annotations),
        );
    }
    let common = scene.get(&["labels"]).cloned().unwrap_or_default();
    let pod = object
        .pod()
        .map_or(&Value::Null, |pod| &pod["metadata"]["labels"]);
    for (key, value) in fields(&metadata["labels"]) {
        if !is_usual(key) && common[key] != *value && object.pod_path() != Some("") {
            let path = [
                "workloads",
                name,
                "patch",
                "object",
                "metadata",
                "labels",
                key.as_str(),
            ];
            scene.set(&path, value.clone());
        }
    }
    for (key, value) in fields(pod) {
        if !is_usual(key) && common[key] != *value {
            scene.omit(
                &["workloads", name],
                &object.id(),
                &format!("spec.template.metadata.labels[{key}]"),
                format!("pods have the chart's labels: `[labels]` gives {key} to every object"),
            );
        }
    }
}
