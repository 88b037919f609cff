//! Where the objects are that names mean: in which file, and how they are told
//! from others there. Nothing where the plan cannot say for certain.

use super::field::{Field, Path, quotable};
use super::{Assert, Scene, Select};
use crate::lower::WorkloadFacts;
use serde_json::{Map, Value, json};

/// Where an object tells which workload it belongs to.
const COMPONENT: &str = "metadata.labels['app.kubernetes.io/component']";

/// Component of the migrations' objects.
const MIGRATE: &str = "migrate";

/// Where an object is rendered.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) template: String,
    pub(super) kind: String,
    pub(super) select: Select,
    /// Whether the file renders nothing without it.
    pub(super) alone: bool,
}

impl Place {
    pub(super) fn new(template: impl Into<String>, kind: &str) -> Self {
        Self {
            template: template.into(),
            kind: kind.to_owned(),
            select: Select::with("kind", kind),
            alone: true,
        }
    }

    pub(super) fn among(self) -> Self {
        Self {
            alone: false,
            ..self
        }
    }

    pub(super) fn assert(&self, claim: &'static str, arguments: Value) -> Assert {
        Assert {
            claim,
            arguments: object(arguments),
            template: self.template.clone(),
            select: self.select.clone(),
        }
    }

    /// That it is there.
    pub(super) fn there(&self) -> Assert {
        self.assert("isKind", json!({ "of": self.kind }))
    }

    /// That it is not there.
    pub(super) fn absent(&self) -> Option<Assert> {
        let (claim, arguments) = match &self.select {
            _ if self.alone => ("hasDocuments", json!({ "count": 0 })),
            Select::With { path, value, .. } => {
                ("notEqual", json!({ "path": path, "value": value }))
            }
            Select::All | Select::First => return None,
        };
        Some(Assert {
            select: Select::All,
            ..self.assert(claim, arguments)
        })
    }
}

/// The object that makes pods.
#[derive(Clone)]
pub(super) struct Controller<'p> {
    /// The workload; none for a server.
    pub(super) workload: Option<&'p WorkloadFacts>,
    pub(super) place: Place,
}

impl<'p> Scene<'p> {
    pub(super) fn replicas(&self, controller: &Controller<'p>, name: &str) -> Option<Field> {
        let least = name == "replicas";
        let field = |place: Place, name: &str| Field {
            place,
            path: Path::of(&["spec", name]),
        };
        if let Some(workload) = controller.workload {
            let on = |section: &str| self.at(workload, &[section, "enabled"]) == &Value::Bool(true);
            if workload.scaling == "hpa" && on("autoscaling") {
                let path = template(workload, "hpa.yaml");
                let place = Place::new(path, "HorizontalPodAutoscaler");
                let name = if least { "minReplicas" } else { "maxReplicas" };
                return Some(field(place, name));
            }
            if workload.scaling == "keda" && on("keda") {
                let place = Place::new(template(workload, "scaledobject.yaml"), "ScaledObject");
                let name = if least {
                    "minReplicaCount"
                } else {
                    "maxReplicaCount"
                };
                return Some(field(place, name));
            }
        }
        let scales = ["Deployment", "StatefulSet"].contains(&controller.place.kind.as_str());
        scales.then(|| field(controller.place.clone(), "replicas"))
    }

    /// Where the text of a variable stands: in a ConfigMap, or in the pod itself.
    pub(super) fn variable(&self, controller: &Controller<'p>, name: &str) -> Option<Field> {
        let workload = controller.workload?;
        let named = |list: &Value| {
            let mut entries = list.as_array().into_iter().flatten();
            entries.any(|entry| entry["name"] == name)
        };
        let known = &workload.variables;
        let secret = known.secrets.iter().any(|one| one.variable == name)
            || known.fields.iter().any(|one| one.variable == name);
        if secret || named(self.at(workload, &["extraEnv"])) {
            return None;
        }
        let model = self.workload(&workload.like);
        let composed = workload.composed.iter().any(|known| known == name);
        if composed || known.computed.iter().any(|one| one.variable == name) {
            let pod = pod_path(&controller.place.kind)?;
            let list = Path::of(&[pod, &["spec", "containers"]].concat()).index(0);
            let filter = format!("?(@.name == '{}')", quotable(name)?);
            let path = list.field("env")?.bracket(&filter).field("value")?;
            let place = controller.place.clone();
            return Some(Field { place, path });
        }
        let holder = [Some(workload), model].into_iter().flatten().find(|one| {
            let labels = &one.variables.labels;
            !self.at(one, &["env", name]).is_null() || labels.iter().any(|l| l.variable == name)
        })?;
        let mut place = Place::new(template(holder, "configmap.yaml"), "ConfigMap");
        if holder.has_files {
            // Its files are the second ConfigMap there.
            place.select = Select::First;
        }
        let path = Path::of(&["data"]).field(name)?;
        Some(Field { place, path })
    }

    pub(super) fn workload(&self, name: &str) -> Option<&'p WorkloadFacts> {
        let mut all = self.plan.context.workloads.iter();
        all.find(|workload| workload.name == name)
    }

    /// A value of a workload as it ends up.
    pub(super) fn at(&self, workload: &WorkloadFacts, keys: &[&str]) -> &Value {
        let own = workload.v.strip_prefix(".Values").unwrap_or_default();
        let section = own.trim_start_matches('.');
        let section = match section {
            "" => &self.values,
            key => &self.values[key],
        };
        keys.iter().fold(section, |value, key| &value[*key])
    }

    /// What makes the pods of a workload, or of a server that the compiler writes.
    pub(super) fn controller(&self, name: &str) -> Option<Controller<'p>> {
        if let Some(workload) = self.workload(name) {
            // Kinds are asked in an order, names by their ends too.
            let place = self.object(&workload.controller, name)?;
            return Some(Controller {
                workload: Some(workload),
                place,
            });
        }
        let place = self.object("StatefulSet", name)?;
        Some(Controller {
            workload: None,
            place,
        })
    }

    /// Where the object is that a name means.
    pub(super) fn object(&self, kind: &str, name: &str) -> Option<Place> {
        let places = self.places(kind, name)?;
        match places.as_slice() {
            [one] => Some(one.clone()),
            several => {
                // Only one way of migrating is on.
                let strategy = self.values["migration"]["strategy"].as_str()?;
                let hooked = |place: &&Place| place.template.contains("/hooks/");
                let found = several
                    .iter()
                    .find(|one| hooked(one) == (strategy == "hook"));
                found.cloned()
            }
        }
    }

    /// That no object is meant by a name.
    pub(super) fn absent(&self, kind: &str, name: &str) -> Option<Vec<Assert>> {
        let places = self.places(kind, name).filter(|all| !all.is_empty())?;
        // The chart's name means all objects of the kind.
        let context = &self.plan.context;
        let alone = context.workloads.len() == 1 || self.only(kind).is_some();
        if context.chart.name == name && !alone {
            return None;
        }
        places.iter().map(Place::absent).collect()
    }

    /// Every file that may render the object that a name means. Nothing where
    /// the name may mean another object as well.
    pub(super) fn places(&self, kind: &str, name: &str) -> Option<Vec<Place>> {
        let context = &self.plan.context;
        let (release, _, fullname) = self.release();
        let main = self.workload(name).is_some_and(|workload| workload.main);
        let end = format!("-{name}");
        let others = context.workloads.iter().map(|workload| &workload.name);
        let others = others.chain(context.dependencies.iter().map(|facts| &facts.name));
        let mut ends = others.filter(|other| *other != name).map(String::as_str);
        let alike = ends.any(|other| other.ends_with(&end))
            || name.starts_with(&format!("{release}-"))
            || (!main
                && (fullname == name || fullname.ends_with(&end) || context.chart.name == name));
        if alike || context.manifests {
            return None;
        }
        if let Some(workload) = self.workload(name) {
            return self.of_workload(workload, kind).map(|place| vec![place]);
        }
        if name == MIGRATE && kind == "Job" {
            return Some(self.migrations());
        }
        let mut servers = context.dependencies.iter();
        let server = servers.find(|facts| facts.name == name && facts.kind == "embedded")?;
        let path = format!("charts/{}/templates/statefulset.yaml", server.name);
        (kind == "StatefulSet").then(|| vec![Place::new(path, kind)])
    }

    pub(super) fn of_workload(&self, workload: &WorkloadFacts, kind: &str) -> Option<Place> {
        let own = |file: &str| Some(Place::new(template(workload, file), kind));
        let exposed = self.plan.context.ingress.is_some();
        match kind {
            kind if kind == workload.controller => own(match kind {
                "Deployment" => "deployment.yaml",
                "StatefulSet" => "statefulset.yaml",
                "CronJob" => "cronjob.yaml",
                "Job" => "job.yaml",
                _ => return None,
            }),
            "HorizontalPodAutoscaler" if workload.scaling == "hpa" => own("hpa.yaml"),
            "ScaledObject" if workload.scaling == "keda" => own("scaledobject.yaml"),
            "PodDisruptionBudget" if workload.always => own("pdb.yaml"),
            "Service" if workload.service && workload.controller != "StatefulSet" => {
                own("service.yaml")
            }
            "ServiceMonitor" if workload.monitor == "service-monitor" => own("servicemonitor.yaml"),
            "PodMonitor" if workload.monitor == "pod-monitor" => own("podmonitor.yaml"),
            "ConfigMap" if !workload.has_files => own("configmap.yaml"),
            "ServiceAccount" if workload.account => own("rbac.yaml").map(Place::among),
            "Role" | "RoleBinding" if !workload.rules.is_empty() => {
                own("rbac.yaml").map(Place::among)
            }
            "Ingress" if exposed && workload.main => {
                Some(Place::new("templates/ingress.yaml", kind))
            }
            "NetworkPolicy" => {
                let place = Place::new("templates/networkpolicy.yaml", kind).among();
                Some(Place {
                    select: Select::with(COMPONENT, &workload.name),
                    ..place
                })
            }
            _ => None,
        }
    }

    /// Files that may render the Job of the migrations.
    pub(super) fn migrations(&self) -> Vec<Place> {
        let strategies = self.plan.context.migration.iter();
        strategies
            .flat_map(|migration| &migration.strategies)
            .filter_map(|strategy| match strategy.as_str() {
                "job" => Some(Place::new("templates/migration-job.yaml", "Job")),
                "hook" => Some(Place::new(
                    "templates/hooks/pre-upgrade-migration.yaml",
                    "Job",
                )),
                _ => None,
            })
            .collect()
    }

    /// The only file that can render objects of a kind; `alone` if it has one at most.
    pub(super) fn only(&self, kind: &str) -> Option<Place> {
        let context = &self.plan.context;
        let mut fetched = context.dependencies.iter();
        if context.manifests
            || context.custom
            || fetched.any(|facts| facts.in_release && facts.kind != "embedded")
        {
            return None;
        }
        let workloads = context.workloads.iter();
        let mut places: Vec<Place> = match kind {
            "Deployment"
            | "CronJob"
            | "HorizontalPodAutoscaler"
            | "ScaledObject"
            | "PodDisruptionBudget"
            | "Ingress" => workloads
                .filter_map(|workload| self.of_workload(workload, kind))
                .collect(),
            "ExternalSecret" => {
                let secret = &context.secret;
                let copied = self
                    .migrations()
                    .iter()
                    .any(|place| place.template.contains("/hooks/"));
                if !(secret.external || secret.own_external) || (secret.external && copied) {
                    return None;
                }
                let place = Place::new("templates/externalsecret.yaml", kind);
                vec![match secret.external && secret.own_external {
                    true => place.among(),
                    false => place,
                }]
            }
            _ => return None,
        };
        match places.len() {
            1 => places.pop(),
            _ => None,
        }
    }
}

pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The file of a workload.
pub(super) fn template(workload: &WorkloadFacts, name: &str) -> String {
    format!("templates/{}{name}", workload.file_prefix)
}

/// Where an object describes its pods.
pub(super) fn pod_path(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "Deployment" | "StatefulSet" | "Job" => Some(&["spec", "template"]),
        "CronJob" => Some(&["spec", "jobTemplate", "spec", "template"]),
        _ => None,
    }
}
