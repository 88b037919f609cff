//! What was found out about one environment of a chart.

use crate::Chart;
use serde::Serialize;
use serde_json::{Map, Value, json};
use taskspec_manifest::{Object, fields, text};

/// Something of the chart that the draft does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Omission {
    /// Path in the specification that it belongs to; empty for none.
    pub place: Vec<String>,
    /// Environments where it was found; empty without environments.
    pub environments: Vec<String>,
    /// `Kind/name`; empty where it is about no single object.
    pub object: String,
    /// Path in the object; empty for the whole.
    pub path: String,
    /// Why it is not taken over, and what to do.
    pub why: String,
}

/// A difference on purpose, that the draft states as a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Workloads or objects that it is about.
    pub about: Vec<String>,
    /// What is decided.
    pub what: String,
    /// Why.
    pub why: String,
}

/// What part of the draft speaks for an object of the chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Role {
    /// Environment.
    pub environment: String,
    /// Kind of the object.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Workload that it belongs to; empty for objects of the chart as a whole.
    pub workload: String,
    /// What it is there: `workload`, `service`, `headless`, `config`, `migration`, `raw`, …
    pub part: String,
}

/// A port of a workload.
#[derive(Debug, Clone)]
pub struct Port {
    /// Name in the draft.
    pub name: String,
    /// Number in the chart.
    pub was: u64,
    /// Number in the draft.
    pub is: u64,
    /// Protocol.
    pub protocol: String,
    /// Port of the Service; none if it has none.
    pub service: Option<u64>,
}

/// A workload of the chart.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Its object among those of the scene.
    pub object: usize,
    /// Name in the draft.
    pub name: String,
    /// `service`, `worker`, `stateful`, `cron` or `job`.
    pub kind: &'static str,
    /// Labels of its pods.
    pub labels: Value,
    /// Its ports.
    pub ports: Vec<Port>,
}

/// One environment while it is drafted.
#[derive(Debug)]
pub struct Scene<'a> {
    /// The chart.
    pub chart: &'a Chart,
    /// Environment.
    pub environment: String,
    /// Release.
    pub release: String,
    /// Objects of the chart itself.
    pub objects: Vec<Object>,
    /// Workloads, the main one first.
    pub workloads: Vec<Workload>,
    /// Whether an object has a role.
    pub taken: Vec<bool>,
    /// The draft so far.
    pub facts: Map<String, Value>,
    /// What is not said.
    pub omissions: Vec<Omission>,
    /// What is different on purpose.
    pub decisions: Vec<Decision>,
    /// Who speaks for whom.
    pub roles: Vec<Role>,
}

impl Scene<'_> {
    /// Puts a fact at a path; what stands there is replaced.
    pub fn set(&mut self, path: &[&str], value: Value) {
        set(&mut self.facts, path, value);
    }

    /// The fact at a path.
    pub fn get(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter()
            .try_fold(self.facts.get(*first)?, |value, key| value.get(key))
    }

    /// Says that something is not taken over.
    pub fn omit(&mut self, place: &[&str], object: &str, path: &str, why: impl Into<String>) {
        self.omissions.push(Omission {
            place: place.iter().map(|&key| key.to_owned()).collect(),
            environments: Vec::new(),
            object: object.to_owned(),
            path: path.to_owned(),
            why: why.into(),
        });
    }

    /// Says that something is different on purpose.
    pub fn decide(&mut self, about: &str, what: &str, why: &str) {
        decide(&mut self.decisions, about, what, why);
    }

    /// Gives an object its role.
    pub fn assign(&mut self, index: usize, workload: &str, part: &str) {
        let Some(object) = self.objects.get(index) else {
            return;
        };
        self.roles.push(Role {
            environment: self.environment.clone(),
            kind: object.kind().to_owned(),
            name: object.name().to_owned(),
            workload: workload.to_owned(),
            part: part.to_owned(),
        });
        if let Some(taken) = self.taken.get_mut(index) {
            *taken = true;
        }
    }

    /// The first object of a kind with a name.
    pub fn find(&self, kind: &str, name: &str) -> Option<usize> {
        self.objects
            .iter()
            .position(|object| object.kind() == kind && object.name() == name)
    }

    /// Objects of a kind that have no role yet.
    pub fn free(&self, kind: &str) -> Vec<usize> {
        let all = self.objects.iter().zip(&self.taken).enumerate();
        all.filter(|(_, (object, taken))| object.kind() == kind && !**taken)
            .map(|(index, _)| index)
            .collect()
    }

    /// The workload whose pods a selector of plain labels takes.
    pub fn selected(&self, labels: &Value) -> Option<usize> {
        fields(labels).next()?;
        self.workloads
            .iter()
            .position(|one| fields(labels).all(|(key, value)| one.labels[key] == *value))
    }

    /// Labels by which the new chart selects the pods of a workload.
    pub fn selector(&self, workload: &str) -> Value {
        let name = self
            .get(&["values", "nameOverride"])
            .map_or(self.chart.name.as_str(), text);
        json!({
            "app.kubernetes.io/name": name,
            "app.kubernetes.io/instance": self.release,
            "app.kubernetes.io/component": workload,
        })
    }
}

/// Adds a decision, together with others of its kind.
pub fn decide(decisions: &mut Vec<Decision>, about: &str, what: &str, why: &str) {
    let known = decisions
        .iter_mut()
        .find(|one| one.what == what && one.why == why);
    match known {
        Some(known) if known.about.iter().any(|one| one == about) => {}
        Some(known) => known.about.push(about.to_owned()),
        None => decisions.push(Decision {
            about: vec![about.to_owned()],
            what: what.to_owned(),
            why: why.to_owned(),
        }),
    }
}

/// Puts a value at a path of a table.
pub fn set(table: &mut Map<String, Value>, path: &[&str], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        table.insert((*first).to_owned(), value);
        return;
    }
    let inner = table
        .entry(*first)
        .or_insert_with(|| Value::Object(Map::new()));
    if !inner.is_object() {
        *inner = Value::Object(Map::new());
    }
    if let Value::Object(inner) = inner {
        set(inner, rest, value);
    }
}

/// A value without its nulls, which TOML does not have.
pub fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.clone(), without_nulls(value)))
                .collect(),
        ),
        Value::Array(list) => Value::Array(
            list.iter()
                .filter(|value| !value.is_null())
                .map(without_nulls)
                .collect(),
        ),
        other => other.clone(),
    }
}

impl Decision {
    /// What is decided and of what, in one line.
    pub fn title(&self) -> String {
        format!("{}: {}", self.about.join(", "), self.what)
    }
}
