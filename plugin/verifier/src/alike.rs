//! Where renderings differ although the specification says the same of both.
//!
//! Templates are the same for every environment and every release. So what
//! differs comes from what the specification says of the environment, or from
//! the names; everything else is a fault of a chart or of its values.

use crate::functions::Scene;
use crate::world::{World, is_made};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use taskspec_manifest::{Object, text};

/// A place that differs: its path, and what stands there in both.
type Place<'a> = (String, &'a Value, &'a Value);

/// Places of the judged rendering that differ from another environment, or from
/// the same one with a longer name, and nothing says why: `{ object, path, found,
/// expected, other }`.
///
/// # Errors
/// If Helm refused to render the chart.
pub fn unexplained(scene: &Scene) -> Result<Vec<Value>, String> {
    let world = scene.world();
    world.all()?;
    let mut found = Vec::new();
    let others = scene.worlds.iter().filter(|other| {
        let same = other.environment == world.environment;
        other.values.is_null() && other.objects.is_ok() && other.longest_name == same
    });
    for other in others {
        let changes = Changes::between(world, other);
        for (object, counterpart) in pairs(world, other) {
            let mut places = Vec::new();
            differences(
                &object.value,
                &counterpart.value,
                String::new(),
                &mut places,
            );
            for (path, here, there) in places {
                if named(world, other, here, there) || changes.explain(object, &path) {
                    continue;
                }
                found.push(json!({
                    "object": object.id(),
                    "path": path,
                    "found": here,
                    "expected": there,
                    "other": if other.longest_name { "another release" } else { &other.environment },
                }));
            }
        }
    }
    Ok(found)
}

/// Objects of the compiler's templates and what the same template makes in
/// another rendering: of the same name, or the only one of its component.
fn pairs<'a>(world: &'a World, other: &'a World) -> Vec<(&'a Object, &'a Object)> {
    let made = |world: &'a World| -> Vec<&'a Object> {
        let all = world.all().unwrap_or_default().iter();
        all.filter(|object| is_made(object)).collect()
    };
    let (here, there) = (made(world), made(other));
    let alike = |one: &Object, other: &Object| {
        one.source == other.source
            && one.kind() == other.kind()
            && one.label(COMPONENT) == other.label(COMPONENT)
    };
    let mut found = Vec::new();
    for object in &here {
        let rest = |one: &Object, world: &World| {
            let end = one.name().rfind(&world.release);
            end.map(|at| one.name()[at + world.release.len()..].to_owned())
        };
        let candidates: Vec<&&Object> = there.iter().filter(|one| alike(object, one)).collect();
        let unique = here.iter().filter(|one| alike(object, one)).count() == 1;
        let same = match candidates[..] {
            [one] if unique => Some(one),
            _ => candidates
                .into_iter()
                .find(|one| one.name() == object.name() || rest(one, other) == rest(object, world)),
        };
        found.extend(same.map(|one| (*object, *one)));
    }
    found
}

const COMPONENT: &str = "app.kubernetes.io/component";

/// Leaves that differ. Entries of a list are told apart by their names.
fn differences<'a>(one: &'a Value, other: &'a Value, path: String, into: &mut Vec<Place<'a>>) {
    if one == other {
        return;
    }
    match (one, other) {
        (Value::Object(here), Value::Object(there)) => {
            let keys: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
            for key in keys {
                let below = crate::origin::below(&path, key);
                differences(&one[key], &other[key], below, into);
            }
        }
        (Value::Array(here), Value::Array(there)) => {
            let name = |value: &'a Value| value["name"].as_str();
            let set = |list: &'a [Value]| list.iter().filter_map(name).collect::<BTreeSet<_>>();
            let have_names = here.iter().chain(there).all(|one| name(one).is_some());
            let by_name = set(here) == set(there) || here.len() != there.len();
            if have_names && by_name && !here.is_empty() {
                let order = |list: &'a [Value], others: &[Value]| -> Vec<&'a str> {
                    let names = list.iter().filter_map(name);
                    names
                        .filter(|name| others.iter().any(|other| other["name"] == *name))
                        .collect()
                };
                if order(here, there) != order(there, here) {
                    into.push((path, one, other));
                    return;
                }
                let names: BTreeSet<&str> = here.iter().chain(there).filter_map(name).collect();
                for name in names {
                    let entry = |list: &'a [Value]| {
                        let found = list.iter().find(|one| one["name"] == name);
                        found.unwrap_or(&Value::Null)
                    };
                    differences(entry(here), entry(there), format!("{path}[{name}]"), into);
                }
            } else if here.len() == there.len() {
                for (index, (one, other)) in here.iter().zip(there).enumerate() {
                    differences(one, other, format!("{path}[{index}]"), into);
                }
            } else {
                into.push((path, one, other));
            }
        }
        _ => into.push((path, one, other)),
    }
}

/// Whether two values differ only by what names bring with them.
fn named(world: &World, other: &World, here: &Value, there: &Value) -> bool {
    let without = |world: &World, value: &Value| {
        // A namespace may contain the release's name.
        let space = &world.namespace;
        let text = value
            .to_string()
            .replace(&format!("\"{space}\""), "\"\u{1}\"");
        let text = text.replace(&format!(".{space}.svc"), ".\u{1}.svc");
        let text = word_replaced(&text, &world.release, "\u{1}");
        // A release that is called like the chart is not called so twice.
        let text = match world.release.contains(&world.chart) {
            true => text,
            false => word_replaced(&text, &format!("\u{1}-{}", world.chart), "\u{1}"),
        };
        // The namespace of an environment may be called like its release.
        word_replaced(&text, &world.namespace, "\u{1}")
    };
    let is_cut = |value: &Value| {
        // Long names are cut short, and get a digest.
        let start = other.release.get(..other.release.len().min(12));
        other.longest_name && start.is_some_and(|start| value.to_string().contains(start))
    };
    let digest = |value: &Value| {
        let hex = |c: char| c.is_ascii_hexdigit();
        let mut words = text(value).split(|c| !hex(c));
        words.any(|word| word.len() >= 8 && word.contains(|c: char| c.is_ascii_digit()))
    };
    // Where the release is called like the chart, more than its name is found above.
    let begun = |world: &World, value: &Value| {
        let rest = text(value).strip_prefix(&world.release)?.to_owned();
        let chart = format!("-{}", world.chart);
        Some(match rest.strip_prefix(&chart) {
            Some(rest) if !world.release.contains(&world.chart) => rest.to_owned(),
            _ => rest,
        })
    };
    let starts = begun(world, here);
    is_cut(there)
        || without(world, here) == without(other, there)
        || starts.is_some() && starts == begun(other, there)
        || digest(here) && digest(there)
}

/// A text with another word in the place of one, where nothing adjoins it.
fn word_replaced(text: &str, word: &str, new: &str) -> String {
    if word.is_empty() {
        return text.to_owned();
    }
    let part = |c: char| c.is_ascii_alphanumeric();
    let mut replaced = String::new();
    let mut rest = 0;
    for (at, _) in text.match_indices(word) {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        if before.ends_with(part) || after.starts_with(part) || at < rest {
            continue;
        }
        replaced += &text[rest..at];
        replaced += new;
        rest = at + word.len();
    }
    replaced + &text[rest..]
}

/// What two environments say differently: paths in the specification.
struct Changes {
    paths: Vec<Vec<String>>,
    /// Workloads by those that are like them.
    models: BTreeMap<String, String>,
    /// Variables by where in the specification their values come from.
    variables: Vec<(Vec<String>, String)>,
}

impl Changes {
    fn between(world: &World, other: &World) -> Self {
        let mut all = Vec::new();
        changed(world.stated(), other.stated(), &mut Vec::new(), &mut all);
        let workloads = world.stated()["workloads"].as_object();
        let models = workloads.into_iter().flatten().filter_map(|(name, table)| {
            let model = table["like"].as_str()?;
            Some((name.clone(), model.to_owned()))
        });
        Self {
            paths: all,
            models: models.collect(),
            variables: variables(world.stated()),
        }
    }

    fn explain(&self, object: &Object, path: &str) -> bool {
        let random = object.kind() == "Secret" && !path.starts_with("metadata");
        let sum = path.contains("Deadline") && !self.paths.is_empty();
        let model = self.models.get(object.label(COMPONENT));
        let model = model.map_or("", String::as_str);
        random
            || sum
            || path.contains("checksum/")
            || self.paths.iter().any(|change| {
                explains(change, object, model, path)
                    || self.variables.iter().any(|(from, variable)| {
                        change.starts_with(from)
                            && (path == format!("data.{variable}")
                                || path.contains(&format!(".env[{variable}].")))
                    })
            })
    }
}

/// Variables that take a label, or the pods of a workload.
fn variables(spec: &Value) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    for (key, value) in spec.as_object().into_iter().flatten() {
        let env = value.as_object().filter(|_| key == "env");
        for (variable, value) in env.into_iter().flatten() {
            let from = match (value["label"].as_str(), value["workload"].as_str()) {
                (Some(label), _) => vec!["labels", label],
                (None, Some(workload)) => vec!["workloads", workload, "replicas"],
                _ => continue,
            };
            let from = from.into_iter().map(str::to_owned).collect();
            found.push((from, variable.clone()));
        }
        found.extend(variables(value));
    }
    found
}

fn changed(one: &Value, other: &Value, path: &mut Vec<String>, into: &mut Vec<Vec<String>>) {
    match (one, other) {
        (Value::Object(here), Value::Object(there)) => {
            let keys: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
            for key in keys {
                path.push(key.clone());
                changed(&one[key], &other[key], path, into);
                path.pop();
            }
        }
        _ if one != other => into.push(path.clone()),
        _ => {}
    }
}

/// Whether a change of the specification can be why a place differs. What is
/// not known here explains everything. `model` is the workload that the object's
/// is like; empty for none.
fn explains(change: &[String], object: &Object, model: &str, path: &str) -> bool {
    let key = |index: usize| change.get(index).map_or("", String::as_str);
    let has = |parts: &[&str]| parts.iter().any(|part| path.contains(part));
    let is = |kinds: &[&str]| kinds.contains(&object.kind());
    let of = |name: &str| {
        object.label(COMPONENT) == name
            || model == name
            || object.source.contains(&format!("/charts/{name}/"))
    };
    match key(0) {
        "intent" | "summary" | "release" | "namespace" | "environments" => false,
        "labels" => has(&["abels"]),
        "annotations" => has(&["annotations"]),
        "network" => is(&["NetworkPolicy"]),
        "secrets" => {
            let own = has(&["env", "volume"]) || is(&["ConfigMap", "ExternalSecret"]);
            has(&["ecret"]) || object.is_own() && own
        }
        "ingress" | "gateway" => has(&["env"]) || object.pod().is_none(),
        "workloads" => match key(2) {
            "replicas" | "scaling" => {
                of(key(1)) && !has(&["ontainers[", "securityContext", "volumes"])
                    || is(&["PrometheusRule"])
            }
            "cpu" | "memory" => {
                has(&["resources"]) || is(&["HorizontalPodAutoscaler", "ScaledObject"])
            }
            "env" => {
                has(&["env[", ".env"])
                    || is(&["ExternalSecret"])
                    || of(key(1)) && is(&["ConfigMap", "NetworkPolicy"])
            }
            "pull-policy" => has(&["imagePullPolicy"]),
            _ => of(key(1)) || is(&["NetworkPolicy", "Pod", "Job"]),
        },
        "dependencies" => match key(2) {
            "storage" => of(key(1)) && has(&["storage", "conf"]),
            "cpu" | "memory" => {
                of(key(1))
                    && (has(&["resources", "env", "sizeLimit", "args", "command"])
                        || is(&["ConfigMap"]))
            }
            "replicas" => of(key(1)) || has(&["env"]) || is(&["NetworkPolicy"]),
            _ => true,
        },
        _ => true,
    }
}
