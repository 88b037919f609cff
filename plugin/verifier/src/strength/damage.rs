//! Kinds of damage: data files that say what is done where, and why it hurts.

use super::change::Change;
use super::place::{Pattern, Step, get};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use taskspec_manifest::Object;

/// A kind of damage as its file says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Data {
    /// What is done, in one line.
    pub title: String,
    /// Why it hurts, in Markdown.
    pub about: String,
    /// Kinds of objects that it is done to; none means all.
    #[serde(default)]
    pub on: Vec<String>,
    /// Whether it is also done to objects that charts of repositories make.
    #[serde(default)]
    pub everywhere: bool,
    /// Event of Helm that an object has to be a hook of.
    #[serde(default)]
    pub hook: Option<String>,
    /// Whether an autoscaler has to be there for the object, or must not be.
    #[serde(default)]
    pub scaled: Option<bool>,
    /// Places in the object. `{pod}` stands for where its pods are described.
    #[serde(default)]
    pub at: Vec<String>,
    /// What the text, or else the JSON, of the place has to match.
    #[serde(default)]
    pub only: Option<String>,
    /// What an entry has to have below the place.
    #[serde(default)]
    pub having: Option<String>,
    /// What is done.
    pub change: Change,
    /// A statement that notices it.
    pub suggest: Suggest,
    /// What it does to manifests.
    pub example: Example,
}

/// A criterion that notices a damage. Texts may hold placeholders; see
/// [`super::suggest`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suggest {
    /// Its title.
    pub title: String,
    /// Its expression.
    pub that: String,
}

/// Manifests before and after: the damage at the first place where it fits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Before; more than one document if needed.
    pub before: String,
    /// After.
    pub after: String,
}

/// A kind of damage that can be done.
#[derive(Debug)]
pub struct Damage {
    /// Its name.
    pub name: String,
    /// Its file.
    pub data: Data,
    only: Option<Regex>,
    having: Option<Pattern>,
}

/// Where a damage fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Index of the object; that of the last one if an object is added.
    pub object: usize,
    /// Place in it; empty where the damage is about all of it.
    pub at: Vec<Step>,
}

impl Damage {
    /// Reads a kind of damage.
    ///
    /// # Errors
    /// If the file is none, or a path or regular expression in it cannot be read.
    pub fn read(name: &str, text: &str) -> Result<Self, String> {
        let fault = |message: &dyn std::fmt::Display| format!("damage `{name}`: {message}");
        let data: Data = toml::from_str(text).map_err(|found| fault(&found))?;
        for pattern in &data.at {
            Pattern::read(&pattern.replace("{pod}", "")).map_err(|found| fault(&found))?;
        }
        if data.at.is_empty() != data.change.is_of_object() {
            return Err(fault(&"`at` goes with changes inside of objects"));
        }
        if let Change::Rewrite { find, .. } = &data.change {
            Regex::new(find).map_err(|found| fault(&found))?;
        }
        let only = data.only.as_deref().map(Regex::new).transpose();
        let having = data.having.as_deref().map(Pattern::read).transpose();
        Ok(Self {
            name: name.to_owned(),
            only: only.map_err(|found| fault(&found))?,
            having: having.map_err(|found| fault(&found))?,
            data,
        })
    }

    /// Where it fits and changes something, in the order of the objects.
    pub fn places(&self, objects: &[Object]) -> Vec<Place> {
        if let Change::Insert(_) = self.data.change {
            let object = objects.len();
            return vec![Place {
                object,
                at: Vec::new(),
            }];
        }
        let fitting = objects
            .iter()
            .enumerate()
            .filter(|(_, object)| self.is_for(object, objects));
        fitting
            .flat_map(|(index, object)| {
                let places = self.places_in(object).into_iter();
                places.map(move |at| Place { object: index, at })
            })
            .collect()
    }

    fn is_for(&self, object: &Object, objects: &[Object]) -> bool {
        let data = &self.data;
        let kind = data.on.is_empty() || data.on.iter().any(|kind| kind == object.kind());
        let event = |event: &String| object.hooks().contains(&event.as_str());
        kind && (object.made || data.everywhere)
            && data.hook.as_ref().is_none_or(event)
            && data
                .scaled
                .is_none_or(|scaled| scaled == is_scaled(object, objects))
    }

    /// Whether it fits at a place of another rendering.
    pub fn fits_at(&self, objects: &[Object], place: &Place) -> bool {
        match objects.get(place.object) {
            Some(object) => {
                self.is_for(object, objects) && self.places_in(object).contains(&place.at)
            }
            None => matches!(self.data.change, Change::Insert(_)),
        }
    }

    fn places_in(&self, object: &Object) -> Vec<Vec<Step>> {
        if self.data.change.is_of_object() {
            return vec![Vec::new()];
        }
        let patterns = self.data.at.iter().filter_map(|pattern| {
            let pattern = match pattern.strip_prefix("{pod}") {
                Some(rest) => {
                    let pod = object.pod_path()?.replace('/', ".");
                    let whole = format!("{pod}{rest}");
                    Pattern::read(whole.trim_start_matches('.'))
                }
                None => Pattern::read(pattern),
            };
            pattern.ok()
        });
        let missing = self.data.change.may_be_missing();
        let found = patterns.flat_map(|pattern| pattern.find(&object.value, missing));
        found
            .filter(|at| self.fits(&object.value, at) && self.changes(&object.value, at))
            .collect()
    }

    fn fits(&self, object: &Value, at: &[Step]) -> bool {
        let value = get(object, at).unwrap_or(&Value::Null);
        let text = || {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        let only = self.only.as_ref().is_none_or(|only| only.is_match(&text()));
        let having = |having: &Pattern| !having.find(value, false).is_empty();
        only && self.having.as_ref().is_none_or(having)
    }

    /// Whether it does anything. What a place holds is enough to know.
    fn changes(&self, object: &Value, at: &[Step]) -> bool {
        if matches!(self.data.change, Change::MoveToConfigMap) {
            return get(object, at).is_some_and(Value::is_string);
        }
        let Some((last, above)) = at.split_last() else {
            return false;
        };
        let Some(mut around) = get(object, above).cloned() else {
            return false;
        };
        self.data
            .change
            .edit(&mut around, std::slice::from_ref(last))
            .is_some()
    }

    /// The objects with the damage at a place. None if it does not fit there.
    /// `release` and `namespace` are for what is added.
    pub fn apply(
        &self,
        objects: &[Object],
        place: &Place,
        release: &str,
        namespace: &str,
    ) -> Option<Vec<Object>> {
        if let Change::Insert(new) = &self.data.change {
            let mut value = new.clone();
            fill(&mut value, release, namespace);
            let mut damaged = objects.to_vec();
            let source = objects.iter().find(|object| object.is_own());
            let chart = source.and_then(|object| object.source.split('/').next());
            damaged.push(Object {
                source: format!("{}/templates/added.yaml", chart.unwrap_or("chart")),
                value,
                made: true,
            });
            return Some(damaged);
        }
        self.data.change.apply(objects, place.object, &place.at)
    }
}

/// Whether an autoscaler is there for an object.
fn is_scaled(object: &Object, objects: &[Object]) -> bool {
    objects.iter().any(|other| {
        let target = &other.value["spec"]["scaleTargetRef"];
        matches!(other.kind(), "HorizontalPodAutoscaler" | "ScaledObject")
            && target["name"] == object.name()
            && (target["kind"].is_null() || target["kind"] == object.kind())
    })
}

/// Puts the release and its namespace into an object that is added.
fn fill(value: &mut Value, release: &str, namespace: &str) {
    match value {
        Value::String(text) => {
            *text = text
                .replace("{release}", release)
                .replace("{namespace}", namespace);
        }
        Value::Array(list) => list
            .iter_mut()
            .for_each(|entry| fill(entry, release, namespace)),
        Value::Object(map) => map
            .values_mut()
            .for_each(|entry| fill(entry, release, namespace)),
        _ => {}
    }
}

macro_rules! catalogue {
    ($($name:literal)+) => {
        /// The catalogue: names and texts, sorted by name.
        pub const CATALOGUE: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../damage/", $name, ".toml")))),+];
    };
}

include!("catalogue.rs");

/// Every kind of damage, by name.
///
/// # Errors
/// The faults of the files; a test proves that there are none.
pub fn catalogue() -> Result<Vec<Damage>, String> {
    CATALOGUE
        .iter()
        .map(|(name, text)| Damage::read(name, text))
        .collect()
}
