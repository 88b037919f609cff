//! One rendering, and what can be asked of it.

use crate::data::{to_cel, to_json};
use crate::network::limits;
use kube_cel::cel::Value as Cel;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};
use taskspec_manifest::{Object, items, matches, text};

/// Kinds whose pods the chart describes, in the order in which a name is looked up.
pub const WORKLOADS: [&str; 6] = [
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "CronJob",
    "Job",
    "Pod",
];

/// A rendering of the chart: one environment, possibly with further values.
#[derive(Debug)]
pub struct World {
    /// Environment; empty for the chart's defaults.
    pub environment: String,
    /// Values beyond those of the environment; null for none.
    pub values: Value,
    /// Whether the release has the longest name that Helm takes.
    pub longest_name: bool,
    /// The specification as it holds in the environment.
    pub spec: Cel,
    /// Name of the release.
    pub release: String,
    /// Its namespace.
    pub namespace: String,
    /// Name of the chart.
    pub chart: String,
    /// The objects, or why Helm refused to render them.
    pub objects: Result<Vec<Object>, String>,
    /// What is no object in the rendering, in words.
    pub unreadable: Vec<String>,
    /// Each object for expressions, made when first asked for.
    plain: Vec<OnceLock<Cel>>,
    /// Each object with pods as expressions see it.
    views: Vec<OnceLock<Cel>>,
    /// Lists that are asked for again and again.
    lists: OnceLock<Lists>,
    /// The specification as data.
    stated: OnceLock<Value>,
    /// What functions found in the whole rendering, by their name and topic.
    findings: Mutex<BTreeMap<(String, String), Found>>,
    /// Objects that were looked up since the last call of [`World::touched`].
    touched: Mutex<BTreeSet<String>>,
}

/// What a search found, and the objects that it looked up.
type Found = (Cel, Arc<BTreeSet<String>>);

/// Lists of a rendering for expressions.
#[derive(Debug)]
pub struct Lists {
    /// All objects.
    pub objects: Cel,
    /// Those whose templates the compiler wrote.
    pub made: Cel,
    /// Everything with pods, as views.
    pub pods: Cel,
}

/// How a fault begins that says that there are no objects.
const REFUSAL: &str = "Helm does not render the chart";

/// Why Helm refuses a chart, on one line: all from its error on, without its
/// advice on how to see more.
pub fn refusal(said: &str) -> String {
    let lines: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("Use --debug"))
        .collect();
    let error = lines.iter().position(|line| line.starts_with("Error:"));
    let reason = lines[error.unwrap_or_default()..].join(" ");
    let reason = reason.strip_prefix("Error:").unwrap_or(&reason);
    reason.trim().to_owned()
}

impl World {
    /// A rendering of objects, or Helm's refusal. The other fields are set later.
    pub fn new(objects: Result<Vec<Object>, String>) -> Self {
        let n = objects.as_ref().map_or(0, Vec::len);
        let cells = || std::iter::repeat_with(OnceLock::new).take(n).collect();
        Self {
            environment: String::new(),
            values: Value::Null,
            longest_name: false,
            spec: Cel::Null,
            release: String::new(),
            namespace: String::new(),
            chart: String::new(),
            objects,
            unreadable: Vec::new(),
            plain: cells(),
            views: cells(),
            lists: OnceLock::new(),
            stated: OnceLock::new(),
            findings: Mutex::default(),
            touched: Mutex::default(),
        }
    }

    /// The specification as data.
    pub fn stated(&self) -> &Value {
        self.stated.get_or_init(|| to_json(&self.spec))
    }

    /// What a function finds of a topic, looked for only once.
    ///
    /// # Errors
    /// What the search says.
    pub fn found(
        &self,
        function: &str,
        topic: &str,
        find: impl Fn() -> Result<Cel, String>,
    ) -> Result<Cel, String> {
        let key = (function.to_owned(), topic.to_owned());
        let known = self.findings.lock().ok();
        let known = known.and_then(|all| all.get(&key).cloned());
        let (found, touched) = match known {
            Some(known) => known,
            None => {
                let before = self.touched();
                let found = find()?;
                let after = self.touched();
                self.touch_all(before);
                let new = (found, Arc::new(after));
                if let Ok(mut all) = self.findings.lock() {
                    all.insert(key, new.clone());
                }
                new
            }
        };
        self.touch_all(touched.iter().cloned());
        Ok(found)
    }

    fn touch_all(&self, objects: impl IntoIterator<Item = String>) {
        if let Ok(mut set) = self.touched.lock() {
            set.extend(objects);
        }
    }

    /// The objects that were looked up since the last call, sorted.
    pub fn touched(&self) -> BTreeSet<String> {
        let taken = self.touched.lock().map(|mut set| std::mem::take(&mut *set));
        taken.unwrap_or_default()
    }

    fn touch(&self, object: &Object) {
        if let Ok(mut set) = self.touched.lock() {
            set.insert(object.id());
        }
    }

    /// All objects.
    ///
    /// # Errors
    /// If Helm refused to render the chart.
    pub fn all(&self) -> Result<&[Object], String> {
        match &self.objects {
            Ok(objects) => Ok(objects),
            Err(fault) => Err(format!("{REFUSAL}: {}", refusal(fault))),
        }
    }

    /// Whether a fault says that Helm refused to render the chart.
    pub fn is_refusal(message: &str) -> bool {
        message.starts_with(REFUSAL)
    }

    /// Objects of a kind.
    ///
    /// # Errors
    /// If Helm refused to render the chart.
    pub fn of_kind(&self, kind: &str) -> Result<Vec<&Object>, String> {
        let found: Vec<&Object> = self
            .all()?
            .iter()
            .filter(|object| object.kind() == kind)
            .collect();
        found.iter().for_each(|object| self.touch(object));
        Ok(found)
    }

    /// Lists that rules ask for.
    ///
    /// # Errors
    /// If Helm refused to render the chart.
    pub fn lists(&self) -> Result<&Lists, String> {
        let all = self.all()?;
        Ok(self.lists.get_or_init(|| {
            let list = |objects: Vec<Cel>| Cel::List(Arc::new(objects));
            let made = all.iter().filter(|one| is_made(one));
            let pods = all.iter().filter(|one| one.pod().is_some());
            Lists {
                objects: list(all.iter().map(|one| self.plain(one)).collect()),
                made: list(made.map(|one| self.plain(one)).collect()),
                pods: list(pods.map(|one| self.view(one)).collect()),
            }
        }))
    }

    /// Objects of a kind that a name means: by their own name, by the workload
    /// they belong to, by the dependency they come from, or by the end of their name.
    ///
    /// # Errors
    /// If Helm refused to render the chart.
    pub fn named(&self, kind: &str, name: &str) -> Result<Vec<&Object>, String> {
        self.meant(&[kind], name)
    }

    /// Objects of the first of some kinds that a name means in the nearest way.
    fn meant(&self, kinds: &[&str], name: &str) -> Result<Vec<&Object>, String> {
        let end = format!("-{name}");
        let source = format!("/charts/{name}/");
        let ways: [&dyn Fn(&Object) -> bool; 5] = [
            &|object| object.name() == name,
            &|object| object.is_own() && object.label("app.kubernetes.io/component") == name,
            &|object| object.label("app.kubernetes.io/name") == name,
            &|object| object.name().ends_with(&end),
            &|object| object.source.contains(&source),
        ];
        let all = self.all()?;
        for way in ways {
            for kind in kinds {
                let found = all.iter().filter(|one| one.kind() == *kind && way(one));
                let found: Vec<&Object> = found.collect();
                if !found.is_empty() {
                    found.iter().for_each(|object| self.touch(object));
                    return Ok(found);
                }
            }
        }
        Ok(Vec::new())
    }

    /// The one object that a name means.
    ///
    /// # Errors
    /// If there is none, or several.
    pub fn one(&self, kind: &str, name: &str) -> Result<&Object, String> {
        let found = self.named(kind, name)?;
        match found.as_slice() {
            [one] => Ok(one),
            [] => Err(self.nothing(kind, name)),
            several => {
                let names: Vec<&str> = several.iter().map(|object| object.name()).collect();
                Err(format!(
                    "{} objects of kind {kind} are meant by `{name}`: {}; name one of them",
                    several.len(),
                    names.join(", ")
                ))
            }
        }
    }

    fn nothing(&self, kind: &str, name: &str) -> String {
        let there: Vec<&str> = self
            .all()
            .unwrap_or_default()
            .iter()
            .filter(|object| object.kind() == kind)
            .map(Object::name)
            .collect();
        if there.is_empty() {
            format!("there is no {kind} `{name}`, nor any other of this kind")
        } else {
            format!(
                "there is no {kind} `{name}`; there are: {}",
                there.join(", ")
            )
        }
    }

    /// A workload by the name it has in the specification, or by that of its object.
    ///
    /// # Errors
    /// If there is none, or several.
    pub fn workload(&self, name: &str) -> Result<Cel, String> {
        match self.meant(&WORKLOADS, name)?.as_slice() {
            [] => {}
            [object] => return Ok(self.view(object)),
            [first, ..] => return self.one(first.kind(), name).map(|object| self.view(object)),
        }
        let there: Vec<String> = self.own_workloads()?.iter().map(|o| o.id()).collect();
        Err(format!(
            "there is no workload `{name}`; there are: {}",
            there.join(", ")
        ))
    }

    /// Objects with pods that the chart itself makes, without those of `helm test`.
    ///
    /// # Errors
    /// If Helm refused to render the chart.
    pub fn own_workloads(&self) -> Result<Vec<&Object>, String> {
        let own = |object: &&Object| {
            object.pod().is_some() && object.is_own() && !object.hooks().contains(&"test")
        };
        Ok(self.all()?.iter().filter(own).collect())
    }

    /// An object for expressions.
    pub fn plain(&self, object: &Object) -> Cel {
        self.touch(object);
        self.cell(&self.plain, object, || to_cel(&object.value))
    }

    /// What expressions see of an object with pods.
    pub fn view(&self, object: &Object) -> Cel {
        self.touch(object);
        self.cell(&self.views, object, || to_cel(&self.described(object)))
    }

    /// What a cell holds for an object of this rendering.
    fn cell(&self, cells: &[OnceLock<Cel>], object: &Object, make: impl Fn() -> Cel) -> Cel {
        let all = self.all().unwrap_or_default();
        let index = all.iter().position(|other| std::ptr::eq(other, object));
        match index.and_then(|index| cells.get(index)) {
            Some(cell) => cell.get_or_init(make).clone(),
            None => make(),
        }
    }

    fn described(&self, object: &Object) -> Value {
        let pod = object.pod().unwrap_or(&Value::Null);
        let pod_path = object.pod_path().unwrap_or_default();
        let pod_path = pod_path.trim_start_matches('/').replace('/', ".");
        let sidecar = |container: &&Value| container["restartPolicy"] == "Always";
        let running: Vec<&Value> = items(&pod["spec"]["containers"]).collect();
        let init: Vec<&Value> = items(&pod["spec"]["initContainers"]).collect();
        let sidecars: Vec<&Value> = running
            .iter()
            .skip(1)
            .copied()
            .chain(init.iter().copied().filter(sidecar))
            .collect();
        let first = running.first().copied().unwrap_or(&Value::Null);
        let (least, most) = self.replicas(object);
        let labels = &pod["metadata"]["labels"];
        json!({
            "id": object.id(),
            "name": object.name(),
            "kind": object.kind(),
            "component": object.label("app.kubernetes.io/component"),
            "own": object.is_own(),
            "made": is_made(object),
            "podPath": pod_path,
            "security": security(pod),
            "hooks": object.hooks(),
            "replicas": least,
            "mostReplicas": most,
            "object": object.value,
            "pod": pod,
            "container": first,
            "containers": running,
            "allContainers": running.iter().chain(&init).collect::<Vec<_>>(),
            "init": init.iter().filter(|container| !sidecar(container)).collect::<Vec<_>>(),
            "sidecars": sidecars,
            "env": self.environment_of(first),
            "closed": self.closed(labels),
            "disruption": self.disruption(object, labels),
        })
    }

    /// Fewest and most pods.
    fn replicas(&self, object: &Object) -> (u64, u64) {
        let scaled = self.all().unwrap_or_default().iter().find(|other| {
            let target = &other.value["spec"]["scaleTargetRef"];
            ["HorizontalPodAutoscaler", "ScaledObject"].contains(&other.kind())
                && target["name"] == object.name()
                && (target["kind"].is_null() || target["kind"] == object.kind())
        });
        let spec = &object.value["spec"];
        match scaled {
            Some(scaler) => {
                let spec = &scaler.value["spec"];
                let number = |keys: [&str; 2], otherwise: u64| {
                    keys.iter()
                        .find_map(|key| spec[*key].as_u64())
                        .unwrap_or(otherwise)
                };
                let keda = scaler.kind() == "ScaledObject";
                (
                    number(["minReplicas", "minReplicaCount"], u64::from(!keda)),
                    number(["maxReplicas", "maxReplicaCount"], 100),
                )
            }
            None => {
                let stated = spec["replicas"].as_u64().unwrap_or(1);
                (stated, stated)
            }
        }
    }

    /// Variables of a container whose text is known: its own and those of ConfigMaps.
    pub fn environment_of(&self, container: &Value) -> Value {
        let mut variables = Map::new();
        for source in items(&container["envFrom"]) {
            let name = text(&source["configMapRef"]["name"]);
            let prefix = text(&source["prefix"]);
            for (key, value) in self.config(name).into_iter().flatten() {
                variables.insert(format!("{prefix}{key}"), value.clone());
            }
        }
        for variable in items(&container["env"]) {
            let name = text(&variable["name"]).to_owned();
            let reference = &variable["valueFrom"]["configMapKeyRef"];
            let value = match variable["value"].as_str() {
                Some(value) => json!(value),
                None if reference.is_object() => self
                    .config(text(&reference["name"]))
                    .and_then(|data| data.get(text(&reference["key"])).cloned())
                    .unwrap_or(Value::Null),
                None => continue,
            };
            variables.insert(name, value);
        }
        Value::Object(variables)
    }

    /// What a ConfigMap of the rendering holds.
    pub fn config(&self, config_map: &str) -> Option<&Map<String, Value>> {
        let all = self.all().ok()?;
        let found = all
            .iter()
            .find(|object| object.kind() == "ConfigMap" && object.name() == config_map)?;
        found.value["data"].as_object()
    }

    /// Ways that network policies limit for pods with these labels: `ingress`, `egress`.
    fn closed(&self, labels: &Value) -> Value {
        let ways = |way: &str| {
            self.all().unwrap_or_default().iter().any(|policy| {
                limits(policy, way) && matches(&policy.value["spec"]["podSelector"], labels)
            })
        };
        json!({ "ingress": ways("ingress"), "egress": ways("egress") })
    }

    /// The budget of a workload's pods: its object, or null.
    fn disruption(&self, object: &Object, labels: &Value) -> Value {
        if !["Deployment", "StatefulSet"].contains(&object.kind()) {
            return Value::Null;
        }
        let all = self.all().unwrap_or_default().iter();
        all.filter(|budget| budget.kind() == "PodDisruptionBudget")
            .find(|budget| matches(&budget.value["spec"]["selector"], labels))
            .map_or(Value::Null, |budget| budget.value.clone())
    }
}

/// Whether the compiler wrote an object's template: neither the specification's
/// own manifests nor a person did.
pub fn is_made(object: &Object) -> bool {
    let written = object.source.contains("/templates/custom/");
    object.made && !written && !object.source.ends_with("/extra-manifests.yaml")
}

/// What holds for each container, from its own settings or its pod's. Null where
/// neither says.
fn security(pod: &Value) -> Vec<Value> {
    let spec = &pod["spec"];
    let all = &spec["securityContext"];
    let containers = items(&spec["containers"]).chain(items(&spec["initContainers"]));
    containers
        .map(|container| {
            let own = &container["securityContext"];
            let either = |key: &str| match &own[key] {
                Value::Null => all[key].clone(),
                found => found.clone(),
            };
            json!({
                "container": container["name"],
                "runAsNonRoot": either("runAsNonRoot"),
                "runAsUser": either("runAsUser"),
                "seccomp": either("seccompProfile")["type"],
                "privileged": own["privileged"],
                "allowPrivilegeEscalation": own["allowPrivilegeEscalation"],
                "readOnlyRootFilesystem": own["readOnlyRootFilesystem"],
                "drop": items(&own["capabilities"]["drop"]).collect::<Vec<_>>(),
                "add": items(&own["capabilities"]["add"]).collect::<Vec<_>>(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use taskspec_manifest::parse;

    #[test]
    fn a_name_means_its_own_workload_before_the_end_of_another() {
        let text = "kind: Deployment\nmetadata: { name: rel-weekly-report }\n---\n\
            kind: CronJob\nmetadata: { name: rel-report, labels: { app.kubernetes.io/component: report } }\n";
        let world = World::new(parse(text, &[]));
        let meant = |name: &str| {
            world
                .workload(name)
                .map(|view| to_json(&view)["id"].clone())
        };
        assert_eq!(meant("report"), Ok(json!("CronJob/rel-report")));
        assert_eq!(
            meant("weekly-report"),
            Ok(json!("Deployment/rel-weekly-report"))
        );
        assert!(meant("daily-report").is_err());
    }
}
