//! The dependency catalog: data files, one an entry, dated.
//!
//! Takes names, gives facts. What a fact means for a chart is decided in
//! [`crate::lower`]; Helm expressions stay in the data files.

mod own;
mod page;

pub use own::{file, stated};

use serde::Deserialize;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Where a dependency comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A chart of a repository.
    #[default]
    Repository,
    /// A chart that the compiler writes into `charts/`.
    Embedded,
    /// A server that is not part of the release.
    External,
}

impl Kind {
    /// The word in data files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::Embedded => "embedded",
            Self::External => "external",
        }
    }
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
    /// Not supported any more.
    Eol,
}

impl State {
    /// The word in data files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Frozen => "frozen",
            Self::Moved => "moved",
            Self::Eol => "eol",
        }
    }
}

/// How a chart names its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Naming {
    /// `<release>-<name>`, or the release alone when it contains the name.
    #[default]
    Standard,
    /// Like the release.
    Release,
}

/// Who guards a dependency's pods with a network policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guard {
    /// The chart that the compiler makes.
    #[default]
    Parent,
    /// The dependency's own chart.
    Own,
    /// Nobody: the server is outside the release.
    None,
}

/// Where a dependency's servers may connect to, where the parent guards them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Egress {
    /// To one another, and to the cluster's DNS.
    #[default]
    Servers,
    /// Anywhere.
    Any,
}

/// A group of major versions that share a state.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Majors {
    /// The major versions.
    pub versions: Vec<u64>,
    /// Their state.
    pub state: State,
    /// Why.
    pub why: String,
    /// What to use in place of them.
    #[serde(default)]
    pub instead: String,
}

/// One value of the dependency's chart: a fact of the specification, or a
/// value that is always the same.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// Dotted path in the dependency's values.
    pub path: String,
    /// Name of the fact; empty for a value that is always the same.
    #[serde(default)]
    pub fact: String,
    /// The value that is always the same.
    #[serde(default)]
    pub value: serde_json::Value,
    /// The value in the modes that are not listed; absent to write nothing there.
    #[serde(default)]
    pub otherwise: Option<serde_json::Value>,
    /// Modes that need it; all when empty.
    #[serde(default)]
    pub modes: Vec<String>,
    /// Major versions that need it; all when empty.
    #[serde(default)]
    pub majors: Vec<u64>,
    /// Whether it replaces an image.
    #[serde(default)]
    pub image: bool,
    /// Its comment.
    pub doc: String,
}

/// Role of a server that collects metrics.
pub const PROMETHEUS: &str = "prometheus";

/// Facts that the values of a subchart can take.
const FACTS: &[&str] = &[
    "database",
    "user",
    "secret",
    "secret-name",
    "alias",
    "chart-alias",
    "architecture",
    "replicas",
    "servers",
    "quorum",
    "persistence",
    "storage",
    "storage-class",
    "storage-mode",
    "retention",
    "retention-size",
    "resources",
    "metrics",
    "clients",
    "settings",
    "alerts",
    "host",
    "port",
];

/// A value that the wiring cannot serve.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Dotted path in the dependency's values.
    pub path: String,
    /// The value as text; empty for any.
    #[serde(default)]
    pub value: String,
    /// Why not.
    pub why: String,
    /// Modes in which it is fine.
    #[serde(default)]
    pub unless: Vec<String>,
}

/// How the servers work together.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Mode {
    /// One line.
    #[serde(default)]
    pub doc: String,
    /// Suffix of the Service that takes writes.
    #[serde(default)]
    pub service: String,
    /// Suffix of the Service that takes reads; empty for none.
    #[serde(default)]
    pub read: String,
    /// Fewest replicas that make sense, which are also the default.
    #[serde(default)]
    pub least: u32,
    /// TCP ports that its servers need to reach anywhere, such as the API of Kubernetes.
    #[serde(default)]
    pub egress_ports: Vec<u16>,
    /// Major versions that cannot do it.
    #[serde(default)]
    pub not_in: Vec<u64>,
    /// Why it is not offered, and what to do; empty if it is.
    #[serde(default)]
    pub refused: String,
}

/// A key of the Secret that follows from another one, or is always the same.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Derived {
    /// What it is for; values name it with `fact = "key-<purpose>"`.
    pub purpose: String,
    /// The key, when the chart allows no other; else `<name>-<purpose>`.
    #[serde(default)]
    pub key: String,
    /// Its text; `%s` stands for the password.
    pub form: String,
    /// Its meaning.
    pub doc: String,
}

/// Who a client is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Credentials {
    /// Purposes of the random passwords: `password` is the client's.
    #[serde(default)]
    pub passwords: Vec<String>,
    /// Further keys of the Secret.
    #[serde(default)]
    pub derived: Vec<Derived>,
    /// User, when the chart allows no other.
    #[serde(default)]
    pub user: String,
    /// Database, when the chart allows no other.
    #[serde(default)]
    pub database: String,
    /// Template, in the dependency's context, of the Secret that an operator makes.
    #[serde(default)]
    pub operator_secret: String,
    /// Key of that Secret with the URL.
    #[serde(default)]
    pub operator_key: String,
}

/// In which form a chart takes settings of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettingsForm {
    /// Lines `name = 'value'` in one text.
    #[default]
    Conf,
    /// A list of such lines.
    ConfList,
    /// Lines `name value` in one text.
    Words,
    /// A list of such lines.
    WordsList,
    /// A map.
    Map,
    /// A map of texts.
    Texts,
}

/// Settings of the server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// The form.
    #[serde(default)]
    pub form: SettingsForm,
    /// Settings that are always written, unless the specification has its own.
    #[serde(default)]
    pub base: BTreeMap<String, serde_json::Value>,
    /// Settings that have a value of their own in the chart, with its path.
    #[serde(default)]
    pub named: BTreeMap<String, String>,
    /// Setting that bounds the memory and gets 75 % of the limit; empty for none.
    #[serde(default)]
    pub memory: String,
}

/// What network policies need to know.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Network {
    /// Who guards the pods.
    #[serde(default)]
    pub guard: Guard,
    /// Where the servers may connect to.
    #[serde(default)]
    pub egress: Egress,
    /// Roles of the release's other dependencies that its servers connect to.
    #[serde(default)]
    pub reaches: Vec<String>,
    /// TCP ports that are open to every namespace, such as those of an operator.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// TCP port of the container when it differs from the Service's.
    #[serde(default)]
    pub container_port: u16,
    /// Labels of the pods, with values or templates in the dependency's context.
    /// Empty for `app.kubernetes.io/name` and `/instance`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// Least CPU and memory that a chart accepts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minimum {
    /// Thousandths of a core.
    #[serde(default)]
    pub millicores: u64,
    /// Mebibytes.
    #[serde(default)]
    pub mebibytes: u64,
}

/// What is known of a dependency.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Entry {
    /// Name in `from`.
    #[serde(default)]
    pub name: String,
    /// Where it comes from.
    #[serde(default)]
    pub kind: Kind,
    /// Protocol it speaks.
    #[serde(default = "tcp")]
    pub engine: String,
    /// What it is to other dependencies: `prometheus` collects metrics and is
    /// a data source; empty for a server that none of them needs.
    #[serde(default)]
    pub role: String,
    /// Heading.
    #[serde(default)]
    pub title: String,
    /// One line.
    #[serde(default)]
    pub summary: String,
    /// Day the facts were checked (ISO 8601).
    #[serde(default)]
    pub checked: String,
    /// Name of the chart.
    #[serde(default)]
    pub chart: String,
    /// Address of the repository.
    #[serde(default)]
    pub repository: String,
    /// Version of an embedded chart; exact version to take when none is stated.
    #[serde(default)]
    pub version: String,
    /// TCP port of the Service; 0 for the protocol's.
    #[serde(default)]
    pub port: u16,
    /// Form of the URL; empty for the protocol's.
    #[serde(default)]
    pub url: String,
    /// Variable that carries the URL; empty for the protocol's.
    #[serde(default)]
    pub url_env: String,
    /// How the chart names its objects.
    #[serde(default)]
    pub naming: Naming,
    /// Template that gives the host in the dependency's context; empty to
    /// compute it from `naming` and `service`.
    #[serde(default)]
    pub host: String,
    /// Template that gives the name of the chart's objects, when the host is
    /// that name with the mode's `service`.
    #[serde(default)]
    pub full: String,
    /// Suffix of the Service that takes writes, when there is no mode that says it.
    #[serde(default)]
    pub service: String,
    /// Labels by which its volume claims are found, where they lack the usual
    /// `app.kubernetes.io/instance`; `%s` stands for the fact `chart-alias`.
    #[serde(default)]
    pub claim_selector: String,
    /// Longest name of the chart's objects.
    #[serde(default = "longest_name")]
    pub longest_name: u32,
    /// TCP port of the exporter for Prometheus; 0 for none.
    #[serde(default)]
    pub metrics_port: u16,
    /// Traps and advice.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What must be in the cluster before.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Least CPU and memory; also the default.
    #[serde(default)]
    pub minimum: Minimum,
    /// Versions and their state.
    #[serde(default)]
    pub majors: Vec<Majors>,
    /// How the servers work together, by mode.
    #[serde(default)]
    pub modes: BTreeMap<String, Mode>,
    /// Who a client is.
    #[serde(default)]
    pub credentials: Credentials,
    /// Settings of the server.
    #[serde(default)]
    pub settings: Settings,
    /// What network policies need to know.
    #[serde(default)]
    pub network: Network,
    /// Values that the wiring cannot serve.
    #[serde(default)]
    pub refuse: Vec<Refusal>,
    /// Values of the chart, in the order in which they are written.
    #[serde(default)]
    pub values: Vec<Value>,
}

fn tcp() -> String {
    "tcp".to_owned()
}

/// The pods of a StatefulSet carry its name with a hash in a label.
fn longest_name() -> u32 {
    52
}

/// What the servers of a protocol have in common.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Engine {
    /// Name for people.
    pub title: String,
    /// TCP port.
    pub port: u16,
    /// Variable that carries the URL by default.
    pub url_env: String,
    /// Form of the URL.
    pub url: String,
    /// Key below `clients` of the program that tests a server.
    pub client: String,
    /// How a server is tested: `psql`, `redis`, `http` or `tcp`.
    pub test: String,
}

/// A program that waits for servers and tests them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// What it is for.
    pub doc: String,
    /// Registry of its image.
    pub registry: String,
    /// Repository of its image.
    pub repository: String,
    /// Tag of its image.
    pub tag: String,
}

/// Protocols and their programs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engines {
    /// Protocols by name.
    pub engines: BTreeMap<String, Engine>,
    /// Programs by key.
    pub clients: BTreeMap<String, Client>,
}

include!(concat!(env!("OUT_DIR"), "/catalog.rs"));

/// The entries that a specification can name: those of the compiler and those
/// of the specification's author. Reads each data file once.
pub struct Catalog {
    own: BTreeMap<String, Rc<Entry>>,
    read: RefCell<BTreeMap<&'static str, Rc<Entry>>>,
    /// Protocols and their programs.
    pub engines: Engines,
}

impl Catalog {
    /// The catalog with further entries.
    ///
    /// # Panics
    /// If a data file of this crate is not valid; a test reads all of them.
    pub fn new(own: BTreeMap<String, Entry>) -> Self {
        let engines = match toml::from_str(ENGINES) {
            Ok(engines) => engines,
            Err(fault) => panic!("engines: {fault}"),
        };
        Self {
            own: own
                .into_iter()
                .map(|(name, entry)| (name, Rc::new(entry)))
                .collect(),
            read: RefCell::default(),
            engines,
        }
    }

    /// The names of all entries.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let own = self.own.keys().map(String::as_str);
        SOURCES.iter().map(|(name, _)| *name).chain(own)
    }

    /// The entry with a name.
    ///
    /// # Panics
    /// If a data file of this crate is not valid; a test reads all of them.
    pub fn find(&self, name: &str) -> Option<Rc<Entry>> {
        if let Some(entry) = self.own.get(name) {
            return Some(Rc::clone(entry));
        }
        if let Some(entry) = self.read.borrow().get(name) {
            return Some(Rc::clone(entry));
        }
        let (name, text) = SOURCES.iter().find(|(known, _)| *known == name)?;
        let entry: Rc<Entry> = match toml::from_str(text) {
            Ok(entry) => Rc::new(entry),
            Err(fault) => panic!("catalog entry {name}: {fault}"),
        };
        self.read.borrow_mut().insert(name, Rc::clone(&entry));
        Some(entry)
    }

    /// Whether the compiler itself has an entry of this name.
    pub fn is_built_in(name: &str) -> bool {
        SOURCES.iter().any(|(known, _)| *known == name)
    }

    /// The protocol of an entry.
    pub fn engine(&self, entry: &Entry) -> Option<&Engine> {
        self.engines.engines.get(&entry.engine)
    }
}

impl Default for Catalog {
    fn default() -> Self {
        Self::new(BTreeMap::new())
    }
}

impl Entry {
    /// The group of a major version.
    pub fn majors_of(&self, major: u64) -> Option<&Majors> {
        self.majors
            .iter()
            .find(|group| group.versions.contains(&major))
    }

    /// Every known major version, lowest first.
    pub fn known_majors(&self) -> Vec<u64> {
        let mut known: Vec<u64> = self
            .majors
            .iter()
            .flat_map(|group| group.versions.iter().copied())
            .collect();
        known.sort_unstable();
        known
    }

    /// Whether a value of the chart takes a fact.
    pub fn takes(&self, fact: &str) -> bool {
        self.values.iter().any(|value| value.fact == fact)
    }

    /// Whether there is such a fact; a value without one has a value of its own.
    fn gives(&self, fact: &str) -> bool {
        let Some(purpose) = fact.strip_prefix("key-") else {
            return fact.is_empty() || FACTS.contains(&fact);
        };
        let derived = self.credentials.derived.iter();
        let mut purposes = derived
            .map(|derived| &derived.purpose)
            .chain(&self.credentials.passwords);
        purposes.any(|known| known == purpose)
    }

    /// Path of the value that takes a fact.
    pub fn path(&self, fact: &str) -> Option<&str> {
        let value = self.values.iter().find(|value| value.fact == fact);
        value.map(|value| value.path.as_str())
    }

    /// Values that a major version needs, in order.
    pub fn values_of(&self, major: Option<u64>) -> impl Iterator<Item = &Value> {
        self.values.iter().filter(move |value| {
            value.majors.is_empty() || major.is_some_and(|major| value.majors.contains(&major))
        })
    }

    /// Suffix of the Service that takes writes in a mode.
    pub fn service_in(&self, mode: &str) -> &str {
        self.modes
            .get(mode)
            .map_or(self.service.as_str(), |mode| mode.service.as_str())
    }
}

#[cfg(test)]
mod tests;
