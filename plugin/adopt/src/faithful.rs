//! Whether a drafted chart makes what the old one made.
//!
//! Names, selectors and the way to the same end differ on purpose: variables come
//! from a ConfigMap, files are mounted one by one, objects are named after the
//! release. [`align`] takes these differences out of both renderings, so that the
//! verifier's comparison shows the others; [`judge`] counts.

mod canonical;

use crate::names;
use crate::sketch::Role;
use canonical::canonical;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use taskspec_manifest::{Object, fields, items, number, read, scalar, text, written};
use taskspec_report::{Change, Comparison};

/// Both renderings of an environment, ready to be compared.
#[derive(Debug, Clone, Default)]
pub struct Aligned {
    /// Environment.
    pub environment: String,
    /// What the old chart rendered.
    pub old: String,
    /// What the draft's chart rendered.
    pub new: String,
    /// `Kind/name` of aligned objects: the new one and the old one.
    pub pairs: Vec<(String, String)>,
    /// Objects whose content stands in others now, reproduced or not.
    pub folded: Vec<Fate>,
    /// `Kind/name` of objects that keep their name but not their selector.
    pub immutable: Vec<String>,
}

/// What became of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fate {
    /// Environment.
    pub environment: String,
    /// `Kind/name` in the old chart.
    pub object: String,
    /// `Kind/name` in the new one; empty if it is gone or folded.
    pub becomes: String,
    /// What does not come out the same; empty if it is reproduced.
    pub differences: Vec<String>,
}

/// What a draft reproduces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Faithfulness {
    /// Every object of the old chart, in every environment.
    pub objects: Vec<Fate>,
    /// Objects that the new chart has beside them.
    pub added: Vec<String>,
    /// Secrets whose values are left to somebody else.
    pub withheld: Vec<String>,
    /// What the cluster refuses when the new chart takes over in place.
    pub immutable: Vec<String>,
}

impl Faithfulness {
    /// How many objects come out the same.
    pub fn reproduced(&self) -> usize {
        let same = self
            .objects
            .iter()
            .filter(|fate| fate.differences.is_empty());
        same.count()
    }
}

/// Brings two renderings into one form.
pub fn align(roles: &[Role], environment: &str, old: &str, new: &str) -> Aligned {
    let own = |text: &str| -> Vec<Object> {
        let (objects, _) = read(text, &[]);
        objects.into_iter().filter(Object::is_own).collect()
    };
    let (before, after) = (own(old), own(new));
    let mut aligned = Aligned {
        environment: environment.to_owned(),
        ..Aligned::default()
    };
    let mut taken = vec![false; after.len()];
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    // What stays as it is has its own name; others are found by what they do.
    let ours = roles.iter().filter(|role| role.environment == environment);
    let (exact, others): (Vec<&Role>, Vec<&Role>) =
        ours.partition(|role| ["raw", "same-name"].contains(&role.part.as_str()));
    for role in exact.into_iter().chain(others) {
        let Some(index) = before
            .iter()
            .position(|one| one.kind() == role.kind && one.name() == role.name)
        else {
            continue;
        };
        let part = role.part.as_str();
        if part == "secret" || pairs.iter().any(|(known, _)| *known == index) {
            continue;
        }
        if part == "config" {
            aligned
                .folded
                .push(folded(environment, &before[index], &after));
            continue;
        }
        let found = (0..after.len()).find(|number| !taken[*number] && plays(&after[*number], role));
        match found {
            Some(found) => {
                taken[found] = true;
                pairs.push((index, found));
            }
            None => aligned.folded.push(Fate {
                environment: environment.to_owned(),
                object: before[index].id(),
                becomes: String::new(),
                differences: vec!["no object of its own stands for it".to_owned()],
            }),
        }
    }
    let renamed: BTreeMap<(String, String), String> = pairs
        .iter()
        .map(|(old, new)| {
            (
                (
                    before[*old].kind().to_owned(),
                    before[*old].name().to_owned(),
                ),
                after[*new].name().to_owned(),
            )
        })
        .collect();
    let mut olds = Vec::new();
    let mut news = Vec::new();
    let known: Vec<(Value, String)> = roles
        .iter()
        .filter(|role| role.environment == environment && role.part == "workload")
        .filter_map(|role| {
            let object = before
                .iter()
                .find(|one| one.kind() == role.kind && one.name() == role.name)?;
            Some((
                object.pod()?["metadata"]["labels"].clone(),
                role.workload.clone(),
            ))
        })
        .collect();
    let fresh: Vec<(Value, String)> = after
        .iter()
        .filter(|one| one.kind() != "Pod")
        .filter_map(|one| {
            Some((
                one.pod()?["metadata"]["labels"].clone(),
                names::component(one).to_owned(),
            ))
        })
        .collect();
    for (index, number) in &pairs {
        let mut one = canonical(&before[*index], &before, &known);
        let mut other = canonical(&after[*number], &after, &fresh);
        rename(&mut one.value, &renamed, "");
        one.value["metadata"]["name"] = json!(after[*number].name());
        one.source = other.source.clone();
        level(&mut one.value, &mut other.value, &after);
        let selectors = (
            &before[*index].value["spec"]["selector"],
            &after[*number].value["spec"]["selector"],
        );
        let fixed = ["Deployment", "StatefulSet"].contains(&before[*index].kind());
        if fixed && before[*index].id() == after[*number].id() && selectors.0 != selectors.1 {
            aligned.immutable.push(after[*number].id());
        }
        aligned
            .pairs
            .push((after[*number].id(), before[*index].id()));
        olds.push(one);
        news.push(other);
    }
    let free = after.iter().zip(&taken).filter(|(_, taken)| !**taken);
    news.extend(free.map(|(object, _)| object.clone()));
    aligned.old = written(&olds);
    aligned.new = written(&news);
    aligned
}

/// Whether an object of the new chart has a role.
fn plays(object: &Object, role: &Role) -> bool {
    if object.kind() != role.kind {
        return false;
    }
    let component = names::component(object);
    let headless = object.value["spec"]["clusterIP"] == "None";
    match role.part.as_str() {
        "raw" | "same-name" => object.name() == role.name,
        "service" => component == role.workload && !object.name().ends_with("-headless"),
        "headless" => component == role.workload && headless,
        "account" => {
            component == role.workload || role.workload.is_empty() && component == "identity"
        }
        "migration" => component == "migrate",
        "test" => object.is_test(),
        "test-policy" => component == "connection-test",
        "ingress" | "route" => true,
        _ => component == role.workload,
    }
}

/// A ConfigMap is reproduced if each of its texts stands in the new chart.
fn folded(environment: &str, object: &Object, after: &[Object]) -> Fate {
    let here = |wanted: &str, key: &str| {
        let configs = after.iter().filter(|one| one.kind() == "ConfigMap");
        let in_data = configs
            .flat_map(|one| fields(&one.value["data"]))
            .any(|(_, value)| text(value) == wanted);
        let containers = after
            .iter()
            .filter_map(Object::pod)
            .flat_map(|pod| all_containers(&pod["spec"]));
        let mut variables = containers.flat_map(|one| items(&one["env"]));
        in_data
            || variables.any(|one| {
                text(&one["name"]) == key
                    && (text(&one["value"]) == wanted || one["valueFrom"].is_object())
            })
    };
    let lost = fields(&object.value["data"])
        .filter(|(key, value)| !here(&scalar(value).unwrap_or_default(), key))
        .map(|(key, _)| format!("data.{key} stands nowhere"));
    let differences: Vec<String> = lost
        .chain(
            fields(&object.value["binaryData"])
                .map(|(key, _)| format!("binaryData.{key} stands nowhere")),
        )
        .collect();
    Fate {
        environment: environment.to_owned(),
        object: object.id(),
        becomes: String::new(),
        differences,
    }
}

fn all_containers(spec: &Value) -> impl Iterator<Item = &Value> {
    items(&spec["initContainers"]).chain(items(&spec["containers"]))
}

/// Lets references follow new names.
fn rename(value: &mut Value, renamed: &BTreeMap<(String, String), String>, parent: &str) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|one| rename(one, renamed, parent)),
        Value::Object(map) => {
            let stated = map.get("kind").map(text).unwrap_or_default().to_owned();
            for (key, value) in map.iter_mut() {
                let kind = match (key.as_str(), parent) {
                    ("serviceName", _) | ("name", "service") => "Service",
                    ("name", "backendRefs") => "Service",
                    ("serviceAccountName", _) => "ServiceAccount",
                    ("claimName", _) => "PersistentVolumeClaim",
                    ("name", "scaleTargetRef" | "roleRef" | "subjects") => stated.as_str(),
                    _ => "",
                };
                let fresh = renamed.get(&(kind.to_owned(), text(value).to_owned()));
                match fresh {
                    Some(fresh) => *value = json!(fresh),
                    None => rename(value, renamed, key),
                }
            }
        }
        _ => {}
    }
}

/// Ports that one side names and the other numbers, numbered on both.
fn level(old: &mut Value, new: &mut Value, after: &[Object]) {
    let named: BTreeMap<String, u64> = after
        .iter()
        .filter_map(Object::pod)
        .flat_map(|pod| all_containers(&pod["spec"]).collect::<Vec<_>>())
        .flat_map(|one| items(&one["ports"]))
        .filter_map(|port| {
            Some((
                text(&port["name"]).to_owned(),
                number(&port["containerPort"])?,
            ))
        })
        .collect();
    if old["kind"] == "Service" {
        for port in old
            .pointer_mut("/spec/ports")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            if port.is_object() && port["targetPort"].is_null() {
                port["targetPort"] = port["port"].clone();
            }
        }
    }
    numbered(old, new, &named);
}

fn numbered(old: &mut Value, new: &mut Value, named: &BTreeMap<String, u64>) {
    match (old, new) {
        (Value::Array(olds), Value::Array(news)) => {
            for (number, old) in olds.iter_mut().enumerate() {
                let same = |one: &Value| !old["name"].is_null() && one["name"] == old["name"];
                let place = news.iter().position(same).unwrap_or(number);
                if let Some(new) = news.get_mut(place) {
                    numbered(old, new, named);
                }
            }
        }
        (Value::Object(olds), Value::Object(news)) => {
            for (key, old) in olds.iter_mut() {
                let Some(new) = news.get_mut(key) else {
                    continue;
                };
                if ["port", "targetPort"].contains(&key.as_str())
                    && old.is_number()
                    && new.is_string()
                {
                    if let Some(number) = named.get(text(new)) {
                        *new = json!(number);
                    }
                } else {
                    numbered(old, new, named);
                }
            }
        }
        _ => {}
    }
}

/// Counts what comes out the same.
pub fn judge(aligned: &[Aligned], comparison: &Comparison, roles: &[Role]) -> Faithfulness {
    let mut found = Faithfulness::default();
    for one in aligned {
        let changes = comparison
            .environments
            .iter()
            .find(|change| change.environment == one.environment);
        let changed = changes
            .map(|change| change.objects.as_slice())
            .unwrap_or_default();
        for (new, old) in &one.pairs {
            let change = changed
                .iter()
                .find(|change| change.id == *new && change.change == Change::Changed);
            let lost = change.into_iter().flat_map(|change| &change.differences);
            // What the new chart says beside it is no loss.
            let differences =
                lost.filter(|difference| difference.old.is_some())
                    .map(|difference| {
                        let was = difference.old.as_deref().unwrap_or_default();
                        let is = difference.new.as_deref().unwrap_or("nothing");
                        format!("{}: {was} becomes {is}", difference.path)
                    });
            found.objects.push(Fate {
                environment: one.environment.clone(),
                object: old.clone(),
                becomes: new.clone(),
                differences: differences.collect(),
            });
        }
        found.objects.extend(one.folded.iter().cloned());
        let added = changed
            .iter()
            .filter(|change| change.change == Change::Added);
        for id in added.map(|change| &change.id) {
            if !found.added.contains(id) {
                found.added.push(id.clone());
            }
        }
    }
    for role in roles.iter().filter(|role| role.part == "secret") {
        let id = format!("{}/{}", role.kind, role.name);
        if !found.withheld.contains(&id) {
            found.withheld.push(id);
        }
    }
    for id in aligned.iter().flat_map(|one| &one.immutable) {
        if !found.immutable.contains(id) {
            found.immutable.push(id.clone());
        }
    }
    found
}
