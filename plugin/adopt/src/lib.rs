//! Drafts a specification from the manifests of a chart that somebody wrote, and
//! holds a chart against a specification.
//!
//! Takes what `Chart.yaml` says and what Helm rendered, gives TOML and the list of
//! what it does not say. Never does I/O. The stages: [`object`] reads renderings,
//! [`sketch::Scene`] holds one environment while its parts are found, [`merge`]
//! makes one draft of several environments, [`write`] its text, [`faithful`]
//! compares what it renders to with what was there.

pub mod around;
pub mod audit;
pub mod container;
pub mod exposure;
pub mod faithful;
pub mod merge;
pub mod names;
pub mod network;
pub mod policy;
pub mod quantity;
pub mod rest;
pub mod sketch;
pub mod volumes;
pub mod workload;
pub mod write;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use sketch::Scene;
pub use sketch::{Decision, Omission, Role};
use taskspec_spec::decode::Scalar as _;
use taskspec_spec::types::{EnvironmentName, Name};

/// What `Chart.yaml` says, and what the runner knows about the chart's folder.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Chart {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Version of the application: text, mostly.
    pub app_version: Value,
    /// `application` or `library`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it does.
    pub description: String,
    /// Web page.
    pub home: String,
    /// Address of an icon.
    pub icon: String,
    /// Where the source code is.
    pub sources: Vec<String>,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Who maintains it.
    pub maintainers: Vec<Maintainer>,
    /// Charts that it depends on.
    pub dependencies: Vec<Dependency>,
    /// Whether taskspec wrote it.
    #[serde(skip)]
    pub generated: bool,
    /// Whether stand-ins take the place of its dependencies.
    #[serde(skip)]
    pub dependencies_skipped: bool,
    /// Names in the catalog.
    #[serde(skip)]
    pub catalog: Vec<String>,
    /// What stands in its folder and no rendering shows, such as `crds/`.
    #[serde(skip)]
    pub beside: Vec<String>,
}

/// A maintainer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Maintainer {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Web page.
    pub url: String,
}

/// A chart that this one depends on.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Dependency {
    /// Name.
    pub name: String,
    /// Version or range.
    pub version: String,
    /// Where it is from.
    pub repository: String,
    /// What it is called here.
    pub alias: Option<String>,
}

impl Chart {
    /// Name that the drafted chart has.
    pub fn spec_name(&self) -> String {
        names::valid(&self.name).unwrap_or_else(|| "adopted".to_owned())
    }

    /// Version of the application as text.
    pub fn app_version(&self) -> String {
        taskspec_manifest::scalar(&self.app_version).unwrap_or_default()
    }
}

/// A rendering of one environment.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// Environment; empty for the only one of a chart without environments.
    pub environment: String,
    /// Release.
    pub release: String,
    /// What `helm template` printed.
    pub manifests: String,
}

/// A drafted specification.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    base: Map<String, Value>,
    environments: Vec<(String, Map<String, Value>)>,
    /// What it does not say.
    pub omissions: Vec<Omission>,
    /// What is different on purpose.
    pub decisions: Vec<Decision>,
    /// Objects as they stay if the compiler does not take their workload, by
    /// environment and `Kind/name`.
    kept: Vec<(String, String, Value)>,
    /// Which part speaks for which object.
    pub roles: Vec<Role>,
    /// What the compiler did not take; a bug of ours if there is any.
    pub refused: Vec<String>,
}

/// Why there is nothing to draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nothing {
    /// A library chart: it renders nothing by itself.
    Library,
    /// No environment has an object of the chart's own.
    NoObjects,
    /// There are objects, but nothing that runs and could be a workload.
    NoWorkload(Vec<String>),
}

/// Why an environment cannot have a name, or a release.
pub fn name_fault(name: &str, release: &str) -> Option<String> {
    let value = |text: &str| taskspec_spec::tree::Value::String(text.to_owned());
    let environment = (!name.is_empty())
        .then(|| EnvironmentName::read(&value(name)).err())
        .flatten();
    let fault = environment.or_else(|| Name::read(&value(release)).err());
    fault.map(|fault| fault.message)
}

/// Drafts a specification from renderings.
///
/// # Errors
/// If there is nothing that a specification could be about.
pub fn draft(chart: &Chart, renderings: &[Rendered]) -> Result<Draft, Nothing> {
    if chart.kind == "library" {
        return Err(Nothing::Library);
    }
    let scenes: Vec<Scene<'_>> = renderings.iter().map(|one| scene(chart, one)).collect();
    if scenes.iter().all(|scene| scene.objects.is_empty()) {
        return Err(Nothing::NoObjects);
    }
    if scenes.iter().all(|scene| scene.workloads.is_empty()) {
        let ids = scenes
            .iter()
            .flat_map(|scene| scene.objects.iter().map(taskspec_manifest::Object::id));
        let mut ids: Vec<String> = ids.collect();
        ids.dedup();
        return Err(Nothing::NoWorkload(ids));
    }
    let facts: Vec<Map<String, Value>> = scenes.iter().map(|scene| scene.facts.clone()).collect();
    let mut merged = merge::merge(&facts);
    tidy(&mut merged.base);
    let mut draft = Draft::default();
    for scene in scenes {
        let environment = scene.environment.clone();
        draft.collect(&environment, scene, renderings.len());
    }
    for path in merged.conflicts {
        let place = path.clone();
        draft.omissions.push(Omission {
            place,
            environments: Vec::new(),
            object: String::new(),
            path: path.join("."),
            why: "environments do not agree on it, and the language has it the same everywhere: the first one's stands here".to_owned(),
        });
    }
    for file in &chart.beside {
        draft.omissions.push(Omission {
            place: Vec::new(),
            environments: Vec::new(),
            object: String::new(),
            path: file.clone(),
            why: "no rendering shows it: copy it into the new chart, `build` leaves files alone that it did not write".to_owned(),
        });
    }
    draft.base = merged.base;
    for (rendered, overrides) in renderings.iter().zip(merged.overrides) {
        if rendered.environment.is_empty() {
            continue;
        }
        let mut said = Map::new();
        if rendered.release != format!("{}-{}", chart.spec_name(), rendered.environment) {
            said.insert("release".into(), json!(rendered.release));
        }
        said.extend(overrides);
        draft
            .environments
            .push((rendered.environment.clone(), said));
    }
    Ok(draft)
}

/// What is the default anyway.
fn tidy(base: &mut Map<String, Value>) {
    if base
        .get("network")
        .is_some_and(|network| *network == json!({ "enabled": true }))
    {
        base.remove("network");
    }
}

/// One environment, every part found.
fn scene<'a>(chart: &'a Chart, rendered: &Rendered) -> Scene<'a> {
    let (all, faults) = taskspec_manifest::read(&rendered.manifests, &[]);
    let sources: Vec<String> = all.iter().map(|object| object.source.clone()).collect();
    let objects: Vec<taskspec_manifest::Object> = all
        .into_iter()
        .filter(taskspec_manifest::Object::is_own)
        .collect();
    let mut scene = Scene {
        chart,
        environment: rendered.environment.clone(),
        release: rendered.release.clone(),
        taken: vec![false; objects.len()],
        objects,
        workloads: Vec::new(),
        facts: Map::new(),
        omissions: Vec::new(),
        decisions: Vec::new(),
        roles: Vec::new(),
    };
    for fault in faults {
        scene.omit(
            &[],
            "",
            "",
            format!("a document that is no object: {fault}"),
        );
    }
    scene.set(&["spec"], json!(taskspec_spec::LANGUAGE));
    rest::intent(&mut scene);
    rest::dependencies(&mut scene, &sources);
    workload::find(&mut scene);
    rest::naming(&mut scene);
    around::labels(&mut scene);
    workload::draw(&mut scene);
    around::services(&mut scene);
    around::autoscalers(&mut scene);
    around::budgets(&mut scene);
    around::accounts(&mut scene);
    exposure::draw(&mut scene);
    network::draw(&mut scene);
    rest::migrations(&mut scene);
    rest::tests(&mut scene);
    rest::manifests(&mut scene);
    scene
}

impl Draft {
    fn collect(&mut self, environment: &str, scene: Scene<'_>, environments: usize) {
        for omission in scene.omissions {
            let known = self.omissions.iter_mut().find(|one| {
                one.place == omission.place
                    && one.object == omission.object
                    && one.path == omission.path
                    && one.why == omission.why
            });
            match known {
                Some(known) => known.environments.push(environment.to_owned()),
                None => self.omissions.push(Omission {
                    environments: vec![environment.to_owned()],
                    ..omission
                }),
            }
        }
        for omission in &mut self.omissions {
            omission.environments.dedup();
            if omission.environments.len() == environments {
                omission.environments.clear();
            }
        }
        for decision in scene.decisions {
            for about in &decision.about {
                sketch::decide(&mut self.decisions, about, &decision.what, &decision.why);
            }
        }
        for object in &scene.objects {
            if let Some(value) = rest::raw(object, &scene.chart.name) {
                self.kept.push((environment.to_owned(), object.id(), value));
            }
        }
        self.roles.extend(scene.roles);
    }

    /// The specification as text. `head` are lines above everything.
    pub fn text(&self, head: &[String]) -> String {
        let mut facts = self.base.clone();
        let environments: Map<String, Value> = self
            .environments
            .iter()
            .map(|(name, said)| (name.clone(), Value::Object(said.clone())))
            .collect();
        if !environments.is_empty() {
            facts.insert("environments".into(), Value::Object(environments));
        }
        let decisions: Vec<Value> = self
            .decisions
            .iter()
            .enumerate()
            .map(|(number, one)| {
                json!({ "id": format!("D{}", number + 1), "title": one.title(), "status": "adopted", "why": one.why })
            })
            .collect();
        if !decisions.is_empty() {
            facts.insert("decisions".into(), Value::Array(decisions));
        }
        let facts = merge::ordered(&facts);
        let omissions: Vec<&Omission> = self.omissions.iter().collect();
        write::write(&facts, &omissions, head)
    }

    /// A script that goes on after failures stands in a patch, which the compiler
    /// does not look into. Whether it was one.
    fn patched(&mut self, path: &[String], why: &str) -> bool {
        if path.len() > 3 || path.first().is_some_and(|first| first == "migrations") {
            return self.outspoken(path, why);
        }
        let [first, name, key] = path else {
            return false;
        };
        if first != "workloads" || !["command", "args"].contains(&key.as_str()) {
            return false;
        }
        let found = self
            .base
            .get_mut("workloads")
            .and_then(|all| all.get_mut(name))
            .and_then(Value::as_object_mut)
            .and_then(|workload| Some((workload.shift_remove(key)?, workload)));
        let Some((words, workload)) = found else {
            return false;
        };
        sketch::set(workload, &["patch", "container", key], words);
        self.omissions.push(Omission {
            place: path[..2].to_vec(),
            environments: Vec::new(),
            object: String::new(),
            path: path.join("."),
            why: format!(
                "it stands in `patch`, because the compiler does not take it as it is: {why}"
            ),
        });
        true
    }

    /// The same for a container that has no patch: `sh +e -c` is `sh -c` that says
    /// what it does.
    fn outspoken(&mut self, path: &[String], why: &str) -> bool {
        if path.last().is_none_or(|key| key != "command") {
            return false;
        }
        let Some((first, rest)) = path.split_first() else {
            return false;
        };
        let found = rest
            .iter()
            .try_fold(self.base.get_mut(first), |value, key| {
                Some(value?.get_mut(key))
            })
            .flatten();
        let Some(words) = found.and_then(Value::as_array_mut) else {
            return false;
        };
        if words.len() < 3 || words[1] == "+e" {
            return false;
        }
        words.insert(1, json!("+e"));
        self.omissions.push(Omission {
            place: path.to_vec(),
            environments: Vec::new(),
            object: String::new(),
            path: path.join("."),
            why: format!("it got `+e`, which changes nothing but says it: {why}"),
        });
        true
    }

    /// Keeps the objects of a workload as they are.
    fn keep(&mut self, workload: &str, why: &str) {
        self.omissions.push(Omission {
            place: Vec::new(),
            environments: Vec::new(),
            object: String::new(),
            path: format!("workloads.{workload}"),
            why: format!("the compiler does not take it, so its objects stay as they are: {why}"),
        });
        for (_, said) in &mut self.environments {
            remove(said, &["workloads".to_owned(), workload.to_owned()]);
        }
        let mut added: Vec<(String, Value)> = Vec::new();
        for role in &mut self.roles {
            let ours =
                role.workload == workload && !["config", "secret"].contains(&role.part.as_str());
            let id = format!("{}/{}", role.kind, role.name);
            let kept = self
                .kept
                .iter()
                .find(|(environment, known, _)| *environment == role.environment && *known == id);
            if let Some((environment, _, object)) = kept.filter(|_| ours) {
                role.part = "raw".to_owned();
                role.workload.clear();
                added.push((environment.clone(), object.clone()));
            }
        }
        for (environment, object) in added {
            let own = self
                .environments
                .iter_mut()
                .find(|(name, _)| *name == environment);
            let facts = own.map_or(&mut self.base, |(_, said)| said);
            let list = facts.entry("manifests").or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.push(object);
            }
        }
    }

    /// Takes raw objects out that the chart makes anyway under the same names. How
    /// many there were.
    pub fn without_doubles(&mut self, manifests: &str) -> usize {
        let (objects, _) = taskspec_manifest::read(manifests, &[]);
        let ids: Vec<String> = objects.iter().map(taskspec_manifest::Object::id).collect();
        let doubled = |id: &str| ids.iter().filter(|one| *one == id).count() > 1;
        let environments = self.environments.iter_mut().map(|(_, said)| said);
        for facts in std::iter::once(&mut self.base).chain(environments) {
            let list = facts.get_mut("manifests").and_then(Value::as_array_mut);
            if let Some(list) = list {
                list.retain(|one| {
                    let id = format!(
                        "{}/{}",
                        taskspec_manifest::text(&one["kind"]),
                        taskspec_manifest::text(&one["metadata"]["name"])
                    );
                    !doubled(&id)
                });
            }
        }
        let mut count = 0;
        for role in &mut self.roles {
            if role.part == "raw" && doubled(&format!("{}/{}", role.kind, role.name)) {
                role.part = "same-name".to_owned();
                count += 1;
            }
        }
        count
    }

    /// Takes out what stands at a byte of the text and tells why. Whether there
    /// was something to take out.
    pub fn withdraw(&mut self, text: &str, offset: usize, why: &str) -> bool {
        let Some(mut path) = write::path_at(text, offset) else {
            return false;
        };
        // A workload without its kind or image is none.
        let needed = ["kind", "image", "mount", "from", "schedule"];
        if path.len() > 2
            && path
                .last()
                .is_some_and(|key| needed.contains(&key.as_str()))
        {
            path.pop();
        }
        if path.first().is_some_and(|first| first == "criteria") {
            path.truncate(2);
        }
        if self.patched(&path, why) {
            return true;
        }
        let removed = match path.split_first() {
            Some((first, rest)) if first == "environments" => {
                rest.split_first().is_some_and(|(name, rest)| {
                    let own = self
                        .environments
                        .iter_mut()
                        .find(|(known, _)| known == name);
                    own.is_some_and(|(_, said)| remove(said, rest))
                })
            }
            Some((first, _))
                if ["decisions", "spec", "intent", "workloads"].contains(&first.as_str())
                    && path.len() < 2 =>
            {
                false
            }
            _ => remove(&mut self.base, &path),
        };
        if removed && path.len() == 2 && path[0] == "workloads" {
            self.keep(&path[1], why);
            return true;
        }
        if removed {
            self.refused.push(format!("{}: {why}", path.join(".")));
            self.omissions.push(Omission {
                place: path.clone(),
                environments: Vec::new(),
                object: String::new(),
                path: path.join("."),
                why: format!("the compiler does not take it: {why}"),
            });
        }
        removed
    }
}

/// Takes a path out of a table.
fn remove(table: &mut Map<String, Value>, path: &[String]) -> bool {
    match path {
        [] => false,
        [last] => table.shift_remove(last).is_some(),
        [first, rest @ ..] => match table.get_mut(first) {
            Some(Value::Object(inner)) => remove(inner, rest),
            Some(Value::Array(list)) => {
                let number = rest.first().and_then(|number| number.parse::<usize>().ok());
                let found = number.filter(|number| *number < list.len());
                found.is_some_and(|number| {
                    list.remove(number);
                    true
                })
            }
            _ => false,
        },
    }
}
