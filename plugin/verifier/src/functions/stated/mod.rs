//! What a specification says of the objects, read from its text once more and
//! without the compiler: each fact names an object, a path, what should stand
//! there and what does.
//!
//! What cannot be known from the specification alone is left out.

mod connections;
mod containers;
mod dependencies;
mod exposure;
mod helpers;
mod peers;
mod pods;
mod policies;
mod scaling;
mod secrets;

use crate::amount::{amount, seconds};
use crate::world::World;
use serde_json::{Map, Value, json};
use taskspec_manifest::{Object, items, text};

/// What stands at a dotted path of an object.
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |here, key| &here[key])
}

/// The facts of a topic. Topics are the names of the functions below.
pub fn facts(world: &World, topic: &str) -> Result<Vec<Value>, String> {
    let mut facts = Facts {
        world,
        objects: world.all()?,
        spec: world.stated(),
        all: Vec::new(),
    };
    match topic {
        "workloads" => facts.workloads(),
        "images" => containers::images(&mut facts),
        "commands" => containers::commands(&mut facts),
        "resources" => containers::resources(&mut facts),
        "variables" => containers::variables(&mut facts),
        "ports" => containers::ports(&mut facts),
        "probes" => containers::probes(&mut facts),
        "mounts" => containers::mounts(&mut facts),
        "replicas" => scaling::replicas(&mut facts),
        "scaling" => scaling::autoscalers(&mut facts),
        "runs" => pods::runs(&mut facts),
        "rollout" => pods::rollout(&mut facts),
        "identity" => pods::identity(&mut facts),
        "placement" => pods::placement(&mut facts),
        "labels" => pods::labels(&mut facts),
        "storage" => pods::storage(&mut facts),
        "services" => exposure::services(&mut facts),
        "exposure" => exposure::hosts(&mut facts),
        "metrics" => exposure::metrics(&mut facts),
        "secrets" => secrets::keys(&mut facts),
        "migrations" => secrets::migrations(&mut facts),
        "peers" => peers::peers(&mut facts),
        "policies" => policies::policies(&mut facts),
        "connections" => connections::connections(&mut facts),
        "dependencies" => dependencies::dependencies(&mut facts),
        _ => return Err(format!("nothing is known of `{topic}`")),
    }
    Ok(facts.all)
}

pub use helpers::helpers;

/// Facts as they are collected.
pub struct Facts<'a> {
    pub world: &'a World,
    pub objects: &'a [Object],
    pub spec: &'a Value,
    all: Vec<Value>,
}

/// A workload of the specification.
#[derive(Clone, Copy)]
pub struct Stated<'a> {
    pub name: &'a str,
    pub table: &'a Value,
    /// The workload that it is like; null for none.
    pub model: &'a Value,
}

impl<'a> Stated<'a> {
    /// A key, of the workload itself or of the one that it is like.
    pub fn shared(&self, key: &str) -> &'a Value {
        match &self.table[key] {
            Value::Null => &self.model[key],
            own => own,
        }
    }

    /// A table of both workloads together; the own keys count.
    pub fn merged(&self, key: &str) -> Map<String, Value> {
        let mut all = self.model[key].as_object().cloned().unwrap_or_default();
        all.extend(self.table[key].as_object().cloned().unwrap_or_default());
        all
    }

    /// Lists of both workloads.
    pub fn both(&self, key: &str) -> Vec<&'a Value> {
        items(&self.model[key])
            .chain(items(&self.table[key]))
            .collect()
    }

    pub fn kind(&self) -> &'a str {
        text(&self.table["kind"])
    }

    /// Whether its pods stay.
    pub fn stays(&self) -> bool {
        ["service", "worker", "stateful"].contains(&self.kind())
    }

    pub fn is_on(&self) -> bool {
        self.table["enabled"] != false
    }

    /// The autoscaler, if it is on.
    pub fn scaling(&self) -> Option<&'a Value> {
        let scaling = &self.table["scaling"];
        (self.stays() && scaling.is_object() && scaling["enabled"] != false).then_some(scaling)
    }

    /// A duration in seconds.
    pub fn seconds(&self, key: &str, otherwise: i64) -> i64 {
        duration(&self.table[key]).unwrap_or(otherwise)
    }

    /// The name of the main port; none if the order of several would decide.
    pub fn main_port(&self) -> Option<String> {
        if !self.table["port"].is_null() {
            return Some("http".to_owned());
        }
        match self.table["ports"].as_object() {
            Some(ports) if ports.len() == 1 => ports.keys().next().cloned(),
            _ => None,
        }
    }

    /// The ports of the workload and of its sidecars by name: the container's
    /// port, the protocol, and whether the Service has it.
    pub fn ports(&self) -> Vec<Port> {
        let mut all = own_ports(self.table, None);
        for (name, sidecar) in self.table["sidecars"].as_object().into_iter().flatten() {
            all.extend(own_ports(sidecar, Some(name)));
        }
        all
    }
}

/// A port as it is stated.
pub struct Port {
    pub name: String,
    pub sidecar: Option<String>,
    pub number: i64,
    /// Port of the Service, if it is stated there.
    pub service: Option<i64>,
    pub protocol: String,
    pub app_protocol: Value,
    pub exposed: bool,
}

fn own_ports(table: &Value, sidecar: Option<&String>) -> Vec<Port> {
    let mut all = Vec::new();
    let port = |name: &str, number: i64, stated: &Value| Port {
        name: name.to_owned(),
        sidecar: sidecar.cloned(),
        number,
        service: stated["service"].as_i64(),
        protocol: stated["protocol"].as_str().unwrap_or("TCP").to_owned(),
        app_protocol: stated["app-protocol"].clone(),
        exposed: stated["expose"] != false,
    };
    if let Some(number) = table["port"].as_i64() {
        all.push(port("http", number, &Value::Null));
    }
    for (name, stated) in table["ports"].as_object().into_iter().flatten() {
        let number = stated.as_i64().or_else(|| stated["port"].as_i64());
        all.push(port(name, number.unwrap_or_default(), stated));
    }
    all
}

/// A duration in seconds; none if it is none.
pub fn duration(value: &Value) -> Option<i64> {
    value.as_str().and_then(|text| seconds(text).ok())
}

/// A container of a pod and where it stands.
#[derive(Clone)]
pub struct Container<'a> {
    pub object: &'a Object,
    pub path: String,
    pub value: &'a Value,
}

impl<'a> Facts<'a> {
    /// The workloads that are on.
    pub fn stated(&self) -> Vec<Stated<'a>> {
        let all = self.spec["workloads"].as_object().into_iter().flatten();
        all.map(|(name, table)| Stated {
            name,
            table,
            model: &self.spec["workloads"][text(&table["like"])],
        })
        .filter(Stated::is_on)
        .collect()
    }

    /// The chart's own objects of a component.
    pub fn of_component(&self, kind: &str, component: &str) -> Vec<&'a Object> {
        let all = self.objects.iter();
        all.filter(|object| {
            object.kind() == kind
                && object.is_own()
                && object.label("app.kubernetes.io/component") == component
        })
        .collect()
    }

    /// The object with the pods of a workload, if there is exactly one.
    pub fn object(&self, stated: &Stated<'_>) -> Option<&'a Object> {
        match self.of_component(controller(stated), stated.name)[..] {
            [one] => Some(one),
            _ => None,
        }
    }

    /// Each workload with its object.
    pub fn found(&self) -> Vec<(Stated<'a>, &'a Object)> {
        let all = self.stated().into_iter();
        all.filter_map(|stated| Some((stated, self.object(&stated)?)))
            .collect()
    }

    /// A container of an object by its name; of the pod's two lists.
    pub fn container(&self, object: &'a Object, name: &str) -> Option<Container<'a>> {
        let spec = pod_spec(object);
        ["containers", "initContainers"].iter().find_map(|list| {
            let index =
                items(&object_pod(object)["spec"][*list]).position(|one| one["name"] == name)?;
            Some(Container {
                object,
                path: format!("{spec}.{list}[{index}]"),
                value: &object_pod(object)["spec"][*list][index],
            })
        })
    }

    /// Adds a fact.
    pub fn add(&mut self, object: &Object, path: &str, found: &Value, expected: Value) {
        let found = if same(found, &expected) {
            expected.clone()
        } else {
            found.clone()
        };
        self.all.push(json!({
            "object": object.id(), "path": path, "found": found, "expected": expected,
        }));
    }

    /// Adds a fact about a place in an object.
    pub fn place(&mut self, object: &Object, path: &str, expected: Value) {
        self.add(object, path, at(&object.value, path), expected);
    }

    /// Adds a fact about a place in a container.
    pub fn inside(&mut self, container: &Container<'_>, path: &str, expected: Value) {
        let place = format!("{}.{path}", container.path);
        self.add(
            container.object,
            &place,
            at(container.value, path),
            expected,
        );
    }

    /// Adds a fact that is about no object that is there.
    pub fn missing(&mut self, what: &str) {
        self.all.push(json!({
            "object": what, "path": "", "found": "missing", "expected": "there",
        }));
    }

    /// Whether each workload that is on has one object, and no other is there.
    fn workloads(&mut self) {
        for stated in self.stated() {
            let kind = controller(&stated);
            match self.of_component(kind, stated.name)[..] {
                [] => self.missing(&format!("{kind}/{}", stated.name)),
                [object] => self.add(object, "kind", &json!(kind), json!(kind)),
                ref several => {
                    let count = several.len();
                    self.add(several[0], "metadata.name", &json!(count), json!(1));
                }
            }
        }
        let names: Vec<&str> = self.stated().iter().map(|stated| stated.name).collect();
        let strangers = self.objects.iter().filter(|object| {
            ["Deployment", "StatefulSet", "DaemonSet", "CronJob"].contains(&object.kind())
                && object.is_own()
                && !object.label("helm.sh/chart").is_empty()
                && !names.contains(&object.label("app.kubernetes.io/component"))
        });
        for object in strangers.collect::<Vec<_>>() {
            self.add(object, "", &json!("there"), json!("missing"));
        }
    }
}

/// Kind of the object that a workload becomes.
pub fn controller(stated: &Stated<'_>) -> &'static str {
    match stated.kind() {
        "stateful" => "StatefulSet",
        "cron" => "CronJob",
        "job" => "Job",
        _ => "Deployment",
    }
}

/// An object's pod; null for none.
pub fn object_pod(object: &Object) -> &Value {
    object.pod().unwrap_or(&Value::Null)
}

/// Path of an object's pod.
pub fn pod_path(object: &Object) -> String {
    let path = object.pod_path().unwrap_or_default();
    path.trim_start_matches('/').replace('/', ".")
}

/// Path of what a pod consists of.
pub fn pod_spec(object: &Object) -> String {
    match pod_path(object).as_str() {
        "" => "spec".to_owned(),
        path => format!("{path}.spec"),
    }
}

/// Whether two values mean the same: `1` and `1000m` do.
fn same(found: &Value, expected: &Value) -> bool {
    if found == expected {
        return true;
    }
    let number = |value: &Value| match value {
        Value::String(text) if text.starts_with(|c: char| c.is_ascii_digit()) => amount(text).ok(),
        Value::Number(number) => number.as_f64(),
        _ => None,
    };
    match (number(found), number(expected)) {
        (Some(found), Some(expected)) => (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
        _ => match (found, expected) {
            (Value::Object(one), Value::Object(other)) => {
                one.len() == other.len()
                    && one.iter().all(|(key, value)| {
                        other.get(key).is_some_and(|expected| same(value, expected))
                    })
            }
            _ => false,
        },
    }
}
