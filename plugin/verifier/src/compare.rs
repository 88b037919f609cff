//! What changed between two states of a specification and of its renderings.
//!
//! Takes two examinations, gives statements, facts and objects that differ, and
//! for each object what the difference does to those who upgrade. Compares
//! meaning, not text: order counts only where Kubernetes reads it, quantities
//! are compared by value, values of Secrets not at all.

mod differ;
mod effects;

use crate::landscape::{masked, plain};
use crate::verify::{resolve, worlds};
use crate::world::World;
use differ::Step;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use taskspec_manifest::{Object, text};
use taskspec_report::{
    Change, Comparison, Difference, EnvironmentChange, Examination, FactChange, ObjectChange,
    Rendering, StatementChange,
};

/// Tables of a specification that hold statements, with the words for one.
const STATEMENTS: [(&str, &str); 4] = [
    ("criteria", "criterion"),
    ("constraints", "constraint"),
    ("non-goals", "non-goal"),
    ("decisions", "decision"),
];

/// Labels that follow the chart's version and mean nothing else.
const VERSION_LABELS: [&str; 2] = ["helm.sh/chart", "app.kubernetes.io/version"];

/// What changed from one examination to the other.
///
/// # Errors
/// If the compiler refuses one of the specifications, or a rendering is no manifest.
pub fn compare(old: &Examination, new: &Examination) -> Result<Comparison, String> {
    let (before, after) = (State::read(old)?, State::read(new)?);
    Ok(Comparison {
        against: String::new(),
        old_version: old.version.clone(),
        new_version: new.version.clone(),
        statements: statements(&before.base, &after.base),
        facts: facts(&before, &after),
        environments: environments(&before, &after),
    })
}

/// One side of a comparison.
struct State<'a> {
    base: Value,
    trees: Vec<(String, Value)>,
    worlds: Vec<World>,
    renderings: Vec<&'a Rendering>,
}

impl<'a> State<'a> {
    fn read(examination: &'a Examination) -> Result<Self, String> {
        let resolved = resolve(&examination.spec)?;
        let renderings: Vec<&Rendering> = plain(examination).collect();
        let owned: Vec<Rendering> = renderings.iter().map(|one| (*one).clone()).collect();
        let merged = resolved.environments.iter();
        Ok(Self {
            base: resolved.tree.to_json(),
            trees: merged
                .map(|one| (one.name.value.clone(), one.tree.to_json()))
                .collect(),
            worlds: worlds(&examination.chart, &owned, &resolved),
            renderings,
        })
    }

    fn tree(&self, environment: &str) -> Option<&Value> {
        let found = self.trees.iter().find(|(name, _)| name == environment);
        found.map(|(_, tree)| tree)
    }

    fn rendered(&self, environment: &str) -> Option<(&World, &Rendering)> {
        let both = self.worlds.iter().zip(&self.renderings);
        let mut named = both.filter(|(world, _)| world.environment == environment);
        named.next().map(|(world, rendering)| (world, *rendering))
    }
}

/// Statements and decisions by kind and identifier.
fn statements(old: &Value, new: &Value) -> Vec<StatementChange> {
    let mut found = Vec::new();
    for (key, kind) in STATEMENTS {
        let (before, after) = (by_id(&old[key]), by_id(&new[key]));
        let change = |id: &str, stated: &Value, change, differences| StatementChange {
            id: id.to_owned(),
            kind: kind.to_owned(),
            title: title(stated),
            change,
            differences,
        };
        for (id, stated) in &after {
            match before.iter().find(|(other, _)| other == id) {
                None => found.push(change(id, stated, Change::Added, Vec::new())),
                Some((_, was)) => {
                    let steps = differ::differences(was, stated);
                    if !steps.is_empty() {
                        let shown = steps.iter().map(Step::shown).collect();
                        found.push(change(id, stated, Change::Changed, shown));
                    }
                }
            }
        }
        for (id, stated) in &before {
            if !after.iter().any(|(other, _)| other == id) {
                found.push(change(id, stated, Change::Removed, Vec::new()));
            }
        }
    }
    found
}

fn by_id(list: &Value) -> Vec<(&str, &Value)> {
    let entries = list.as_array().into_iter().flatten();
    entries.map(|entry| (text(&entry["id"]), entry)).collect()
}

fn title(stated: &Value) -> String {
    let title = text(&stated["title"]);
    let title = if title.is_empty() {
        text(&stated["rule"])
    } else {
        title
    };
    title.to_owned()
}

/// Facts outside statements: of all environments once, of one where it differs.
fn facts(old: &State<'_>, new: &State<'_>) -> Vec<FactChange> {
    let base = differ::differences(&stated(&old.base), &stated(&new.base));
    let fact = |environment: &str, step: &Step| FactChange {
        environment: environment.to_owned(),
        difference: step.shown(),
    };
    let mut found: Vec<FactChange> = base.iter().map(|step| fact("", step)).collect();
    for (name, tree) in &new.trees {
        let Some(was) = old.tree(name) else { continue };
        let steps = differ::differences(&stated(was), &stated(tree));
        let own = steps.iter().filter(|step| !base.contains(step));
        found.extend(own.map(|step| fact(name, step)));
    }
    found
}

/// A specification without statements and environments.
fn stated(tree: &Value) -> Value {
    let fields = tree.as_object().into_iter().flatten();
    let kept = fields.filter(|(key, _)| {
        *key != "environments" && !STATEMENTS.iter().any(|(table, _)| table == key)
    });
    let kept: Map<String, Value> = kept
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Value::Object(kept)
}

fn environments(old: &State<'_>, new: &State<'_>) -> Vec<EnvironmentChange> {
    let names = |state: &State<'_>| -> Vec<String> {
        state
            .worlds
            .iter()
            .map(|one| one.environment.clone())
            .collect()
    };
    let mut all = names(new);
    for name in names(old) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all.into_iter()
        .map(|name| match (old.rendered(&name), new.rendered(&name)) {
            (Some(before), Some(after)) => both(name, before, after),
            (None, _) => whole(name, Change::Added),
            (_, None) => whole(name, Change::Removed),
        })
        .collect()
}

/// An environment that is new or gone as a whole.
fn whole(environment: String, change: Change) -> EnvironmentChange {
    EnvironmentChange {
        environment,
        change,
        notes: Vec::new(),
        objects: Vec::new(),
        relabelled: 0,
        unchanged: 0,
    }
}

fn both(
    environment: String,
    (old, was): (&World, &Rendering),
    (new, is): (&World, &Rendering),
) -> EnvironmentChange {
    let mut change = whole(environment, Change::Changed);
    for (what, before, after) in [
        ("release", &was.release, &is.release),
        ("namespace", &was.namespace, &is.namespace),
    ] {
        if before != after {
            change.notes.push(format!(
                "the {what} is called {after} instead of {before}: \
                 an upgrade of {before} does not become {after}, it is a new installation"
            ));
        }
    }
    for (when, world) in [("before", old), ("now", new)] {
        if let Err(said) = world.all() {
            change.notes.push(format!("{when}: {said}"));
        }
    }
    if change
        .notes
        .iter()
        .any(|note| note.starts_with("before") || note.starts_with("now"))
    {
        return change;
    }
    let pairs = pairs(old, new);
    for (before, after) in pairs {
        let Some(found) = object(old, new, before, after) else {
            change.unchanged += 1;
            continue;
        };
        let only_labels = found.change == Change::Changed
            && found.replaces.is_empty()
            && found.differences.is_empty();
        if only_labels {
            change.relabelled += 1;
        } else {
            change.objects.push(found);
        }
    }
    change.objects.sort_by(|one, other| one.id.cmp(&other.id));
    change
}

type Pair<'a> = (Option<&'a Object>, Option<&'a Object>);

/// Objects of both sides that mean the same one.
fn pairs<'a>(old: &'a World, new: &'a World) -> Vec<Pair<'a>> {
    let before = old.all().unwrap_or_default();
    let after = new.all().unwrap_or_default();
    let known: BTreeMap<String, &Object> = before
        .iter()
        .map(|object| (identity(old, object), object))
        .collect();
    let mut taken = BTreeSet::new();
    let mut pairs: Vec<Pair<'a>> = Vec::new();
    for object in after {
        let key = identity(new, object);
        let found = known.get(&key).copied();
        if found.is_some() {
            taken.insert(key);
        }
        pairs.push((found, Some(object)));
    }
    let mut gone: Vec<&Object> = before
        .iter()
        .filter(|object| !taken.contains(&identity(old, object)))
        .collect();
    // A name may carry a digest of what is inside: the same part under a new name.
    for (found, object) in &mut pairs {
        let Some(object) = object.filter(|_| found.is_none()) else {
            continue;
        };
        let same = |other: &&Object| {
            other.kind() == object.kind()
                && other.source == object.source
                && stem(other.name()) == stem(object.name())
        };
        if let Some(index) = gone.iter().position(same) {
            *found = Some(gone.remove(index));
        }
    }
    pairs.extend(gone.into_iter().map(|object| (Some(object), None)));
    pairs
}

/// Kind and name, without the release's.
fn identity(world: &World, object: &Object) -> String {
    let name = object.name();
    let rest = name.strip_prefix(world.release.as_str());
    format!(
        "{}/{}/{}",
        object.kind(),
        rest.is_some(),
        rest.unwrap_or(name)
    )
}

/// A name without the digest at its end.
fn stem(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((stem, end)) if end.len() >= 8 && end.bytes().all(|b| b.is_ascii_hexdigit()) => stem,
        _ => name,
    }
}

/// What became of an object; none if it is the same.
fn object(
    old: &World,
    new: &World,
    before: Option<&Object>,
    after: Option<&Object>,
) -> Option<ObjectChange> {
    let id = after.or(before).map(Object::id)?;
    let (change, replaces, differences) = match (before, after) {
        (Some(was), Some(is)) => {
            let steps = differ::differences(&comparable(was), &comparable(is));
            let relabelled = VERSION_LABELS
                .iter()
                .any(|label| was.label(label) != is.label(label));
            let renamed = stem(was.name()) == stem(is.name()) && was.name() != is.name();
            let replaces = if renamed { was.id() } else { String::new() };
            if steps.is_empty() && !relabelled && replaces.is_empty() {
                return None;
            }
            (Change::Changed, replaces, steps)
        }
        (None, _) => (Change::Added, String::new(), Vec::new()),
        (_, None) => (Change::Removed, String::new(), Vec::new()),
    };
    let mut effects = effects::of(old, new, before, after, &differences);
    effects.sort();
    effects.dedup();
    let shown: Vec<Difference> = differences.iter().map(Step::shown).collect();
    Some(ObjectChange {
        id,
        replaces,
        change,
        differences: shown,
        effects,
    })
}

/// What is compared of an object: no values of Secrets, no labels of the version.
fn comparable(object: &Object) -> Value {
    let mut value = match object.kind() {
        "Secret" => masked(&object.value),
        _ => object.value.clone(),
    };
    if let Some(metadata) = value["metadata"].as_object_mut() {
        metadata.remove("name");
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            for label in VERSION_LABELS {
                labels.remove(label);
            }
        }
    }
    value
}

#[cfg(test)]
mod tests;
