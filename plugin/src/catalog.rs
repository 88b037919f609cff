//! The dependency catalog: data files, one an entry, dated.
//!
//! Takes names, gives facts. What a fact means for a chart is decided in
//! [`crate::lower`]; Helm expressions stay in the data files.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Where a dependency comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A chart of a repository.
    Repository,
    /// A chart that the compiler writes into `charts/`.
    Embedded,
    /// A server that is not part of the release.
    External,
}

/// How well a range of versions is maintained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Maintained.
    Current,
    /// Works, gets no updates.
    Frozen,
    /// Maintained elsewhere.
    Moved,
    /// No longer works.
    Eol,
}

/// A group of major versions that share a state.
#[derive(Debug, Clone, Deserialize)]
pub struct Majors {
    /// The major versions.
    pub versions: Vec<u64>,
    /// Their state.
    pub state: State,
    /// Why.
    pub why: String,
    /// What to use in place of them.
    pub instead: String,
}

/// A value that is always written.
#[derive(Debug, Clone, Deserialize)]
pub struct Fixed {
    /// Dotted path in the dependency's values.
    pub path: String,
    /// The value.
    pub value: serde_json::Value,
    /// Its comment.
    pub doc: String,
    /// Major versions that need it; all when empty.
    #[serde(default)]
    pub majors: Vec<u64>,
}

/// A value that the wiring cannot serve.
#[derive(Debug, Clone, Deserialize)]
pub struct Refusal {
    /// Dotted path in the dependency's values.
    pub path: String,
    /// The value as text.
    pub value: String,
    /// Why not.
    pub why: String,
}

/// A path in the dependency's values with its comment.
pub type Path = (String, String);

/// What is known of a dependency.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Entry {
    /// Name in `from`.
    pub name: String,
    /// Where it comes from.
    pub kind: Kind,
    /// Protocol it speaks.
    pub engine: String,
    /// Heading.
    pub title: String,
    /// One line.
    pub summary: String,
    /// Day the facts were checked (ISO 8601).
    pub checked: String,
    /// Name of the chart.
    #[serde(default)]
    pub chart: String,
    /// Address of the repository.
    #[serde(default)]
    pub repository: String,
    /// Version of an embedded chart.
    #[serde(default)]
    pub version: String,
    /// Value of the component label of the server that takes writes.
    #[serde(default)]
    pub component: String,
    /// Whose network policy guards it: `parent` or `own`.
    #[serde(default)]
    pub network_policy: String,
    /// Template that gives the host in the dependency's context.
    #[serde(default)]
    pub host: String,
    /// Suffix of the writing Service's name.
    #[serde(default)]
    pub service: String,
    /// The same with replicas.
    #[serde(default)]
    pub service_replicated: String,
    /// TCP port of the exporter for Prometheus; 0 for none.
    #[serde(default)]
    pub metrics_port: u16,
    /// Traps and advice.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Versions and their state.
    #[serde(default)]
    pub majors: Vec<Majors>,
    /// Where facts of a specification go.
    #[serde(default)]
    pub paths: BTreeMap<String, Path>,
    /// Where the names of the Secret's keys go.
    #[serde(default)]
    pub secret_keys: BTreeMap<String, Path>,
    /// Values that the wiring cannot serve.
    #[serde(default)]
    pub refuse: Vec<Refusal>,
    /// Images that must be replaced.
    #[serde(default)]
    pub images: Vec<Fixed>,
    /// Values that are always written.
    #[serde(default)]
    pub set: Vec<Fixed>,
}

/// What the servers of a protocol have in common.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Engine {
    /// Name for people.
    pub title: String,
    /// TCP port.
    pub port: u16,
    /// Variable that carries the URL by default.
    pub url_env: String,
    /// Registry of the client's image.
    pub client_registry: String,
    /// Repository of the client's image.
    pub client_repository: String,
    /// Tag of the client's image.
    pub client_tag: String,
}

/// Name and text of each entry.
const SOURCES: &[(&str, &str)] = &[
    (
        "bitnami/postgresql",
        include_str!("../catalog/bitnami-postgresql.toml"),
    ),
    (
        "bitnami/redis",
        include_str!("../catalog/bitnami-redis.toml"),
    ),
    (
        "embedded/postgresql",
        include_str!("../catalog/embedded-postgresql.toml"),
    ),
    (
        "embedded/valkey",
        include_str!("../catalog/embedded-valkey.toml"),
    ),
    (
        "external/postgresql",
        include_str!("../catalog/external-postgresql.toml"),
    ),
    (
        "external/redis",
        include_str!("../catalog/external-redis.toml"),
    ),
];

const ENGINES: &str = include_str!("../catalog/engines.toml");

/// The names of all entries.
pub fn names() -> impl Iterator<Item = &'static str> {
    SOURCES.iter().map(|(name, _)| *name)
}

/// The entry with a name.
///
/// # Panics
/// If a data file of this crate is not valid; a test reads all of them.
pub fn find(name: &str) -> Option<Entry> {
    let (_, text) = SOURCES.iter().find(|(known, _)| *known == name)?;
    match toml::from_str(text) {
        Ok(entry) => Some(entry),
        Err(fault) => panic!("catalog entry {name}: {fault}"),
    }
}

/// All protocols.
///
/// # Panics
/// If the data file of this crate is not valid; a test reads it.
pub fn engines() -> BTreeMap<String, Engine> {
    match toml::from_str(ENGINES) {
        Ok(engines) => engines,
        Err(fault) => panic!("engines: {fault}"),
    }
}

impl Entry {
    /// The group of a major version.
    pub fn majors_of(&self, major: u64) -> Option<&Majors> {
        self.majors
            .iter()
            .find(|group| group.versions.contains(&major))
    }

    /// Values that are always written for a major version.
    pub fn fixed(&self, major: Option<u64>) -> impl Iterator<Item = &Fixed> {
        let applies = move |fixed: &&Fixed| {
            fixed.majors.is_empty() || major.is_some_and(|major| fixed.majors.contains(&major))
        };
        self.images.iter().chain(&self.set).filter(applies)
    }

    /// The entry as a page in Markdown.
    pub fn page(&self) -> String {
        let mut page = format!("# {}\n\n{}: {}.\n\n", self.name, self.title, self.summary);
        if !self.repository.is_empty() {
            page += &format!("- chart `{}` of {}\n", self.chart, self.repository);
        }
        page += &format!(
            "- protocol: {}\n- facts checked: {}\n",
            self.engine, self.checked
        );
        for group in &self.majors {
            let versions: Vec<String> = group.versions.iter().map(u64::to_string).collect();
            let state = format!("{:?}", group.state).to_lowercase();
            page += &format!("- major {}: {state}, {}", versions.join(", "), group.why);
            if !group.instead.is_empty() {
                page += &format!("; instead: {}", group.instead);
            }
            page.push('\n');
        }
        if !self.paths.is_empty() {
            page += "\n| fact | value of the chart | meaning |\n|---|---|---|\n";
            for (fact, (path, doc)) in &self.paths {
                page += &format!("| {fact} | `{path}` | {doc} |\n");
            }
        }
        if !self.images.is_empty() {
            page += "\nImages that are replaced:\n\n";
            for image in &self.images {
                page += &format!("- `{}` by {}\n", image.path, image.value);
            }
        }
        if !self.notes.is_empty() {
            page += "\nWorth knowing:\n\n";
            for note in &self.notes {
                page += &format!("- {note}\n");
            }
        }
        page
    }
}
