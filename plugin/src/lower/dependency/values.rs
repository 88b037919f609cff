//! Values of the subcharts.

use super::{amounts, mode, replicas, settings};
use crate::catalog;
use crate::lower::context::{Context, DependencyFacts};
use crate::lower::{monitoring, schemas, secret};
use crate::values::{Entry, Node, branch, insert, leaf, open_branch};
use serde_json::{Value, json};
use taskspec_spec::check::names::values_key;
use taskspec_spec::derived;
use taskspec_spec::model::{Dependency, Document};
use taskspec_spec::tree;

/// Share of a volume that a server with a limit of its own fills, in percent.
const VOLUME_PERCENT: u64 = 85;

/// Time that data is kept when nothing is said.
const RETENTION: &str = "15d";

/// Size of a volume when nothing is said.
const STORAGE: &str = "8Gi";

/// The values below the dependency's key.
pub fn values(
    facts: &DependencyFacts,
    dependency: &Dependency,
    document: &Document,
    context: &Context,
) -> Entry {
    let mut entries = Vec::new();
    if facts.in_release {
        let here = !derived::is_elsewhere(dependency);
        entries.push(leaf("enabled", here, schemas::boolean(), enabled(facts)));
    }
    Subchart {
        facts,
        dependency,
        document,
        context,
        entries: &mut entries,
    }
    .write();
    if let Some(free) = &dependency.values {
        free_values(&mut entries, &free.value.0);
    }
    if !facts.in_release {
        let doc = format!("{} that is not part of the release", facts.engine_title);
        return crate::values::branch(&facts.name, doc, entries);
    }
    open_branch(
        &facts.name,
        format!(
            "{} as dependency {}; every value of its chart can be set here",
            facts.engine_title, facts.from
        ),
        entries,
    )
}

/// Where servers are that some environment has outside the release.
pub fn elsewhere(document: &Document, context: &Context) -> Option<Entry> {
    let all = context
        .dependencies
        .iter()
        .zip(document.dependencies.iter());
    let servers: Vec<Entry> = all
        .filter(|(facts, _)| facts.movable)
        .map(|(facts, (_, dependency))| {
            let host = dependency.host.as_ref().map_or("", |host| &host.value.0);
            let port = dependency.port.as_ref().map_or(facts.port, |port| port.0);
            branch(
                &values_key(&facts.name),
                format!(
                    "The server of {} while {}.enabled is false",
                    facts.name, facts.name
                ),
                vec![
                    leaf("host", host, schemas::string(), "Host of the server"),
                    leaf(
                        "port",
                        port,
                        schemas::integer(1, 65535),
                        "Port of the server",
                    ),
                ],
            )
        })
        .collect();
    (!servers.is_empty()).then(|| {
        branch(
            "externalServers",
            "Servers that run outside the release",
            servers,
        )
    })
}

fn enabled(facts: &DependencyFacts) -> String {
    let title = &facts.engine_title;
    if !facts.host_variables.is_empty() {
        format!(
            "Install {title} with the release; needed for {}",
            facts.host_variables.join(" and ")
        )
    } else if !facts.url_is_secret && !facts.used {
        format!("Install {title} with the release")
    } else if !facts.url_is_secret {
        format!(
            "Install {title} with the release; without it `{}` is not set",
            facts.url_env
        )
    } else if facts.operator_secret.is_empty() {
        format!("Install {title} with the release; without it the Secret must name another server")
    } else {
        format!("Install {title} with the release")
    }
}

/// Name of a dependency that is the same in every release of the chart.
pub fn chart_alias(chart: &str, name: &str) -> String {
    format!("{chart}-{name}")
}

struct Subchart<'a> {
    facts: &'a DependencyFacts,
    dependency: &'a Dependency,
    document: &'a Document,
    context: &'a Context,
    entries: &'a mut Vec<Entry>,
}

impl Subchart<'_> {
    fn write(&mut self) {
        let entry = std::rc::Rc::clone(&self.facts.entry);
        let mode = mode(self.dependency);
        for value in entry.values_of(self.facts.major) {
            let here = value.modes.is_empty() || value.modes.iter().any(|other| other == mode);
            if !value.fact.is_empty() {
                if here {
                    self.put(value);
                }
                continue;
            }
            let elsewhere = value
                .modes
                .iter()
                .any(|mode| self.facts.modes.contains(mode));
            let fixed = match &value.otherwise {
                _ if here => Some(&value.value),
                Some(otherwise) if elsewhere => Some(otherwise),
                _ => None,
            };
            if let Some(fixed) = fixed {
                self.insert(&value.path, fixed.clone(), json!({}), &value.doc);
            }
        }
    }

    fn insert(&mut self, path: &str, value: Value, schema: Value, doc: &str) {
        let parts = split(path);
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        insert(self.entries, &parts, value, schema, doc);
    }

    fn put(&mut self, value: &catalog::Value) {
        if value.fact == "settings" {
            self.settings(value);
        } else if let Some((content, schema)) = self.fact(&value.fact) {
            self.insert(&value.path, content, schema, &value.doc);
        }
    }

    /// Settings with a value of their own, then the rest in the chart's form.
    fn settings(&mut self, value: &catalog::Value) {
        let entry = std::rc::Rc::clone(&self.facts.entry);
        let mut all = settings::all(&entry, self.dependency);
        if all.is_empty() {
            return;
        }
        for (name, path) in &entry.settings.named {
            if let Some(own) = all.shift_remove(name) {
                let doc = format!("Setting `{name}` of the server");
                let text = own.as_str().map_or_else(|| own.to_string(), str::to_owned);
                self.insert(path, json!(text), schemas::string(), &doc);
            }
        }
        let formed = settings::formed(entry.settings.form, &all);
        let schema = match &formed {
            Value::String(_) => schemas::string(),
            Value::Array(_) => schemas::strings(),
            _ => schemas::object(),
        };
        self.insert(&value.path, formed, schema, &value.doc);
    }

    /// The value of a fact with its schema; nothing if it is not stated.
    fn fact(&self, fact: &str) -> Option<(Value, Value)> {
        let dependency = self.dependency;
        let entry = &self.facts.entry;
        let replicas = replicas(entry, dependency);
        let class = dependency
            .storage_class
            .as_ref()
            .map_or("", |class| class.value.0.as_str());
        let name = || json!({ "type": "string", "pattern": "^[a-z_][a-z0-9_]{0,62}$" });
        let pair = match fact {
            "database" | "user" if !self.facts.in_release => {
                if !self.facts.parts.iter().any(|part| part == fact) {
                    return None;
                }
                let stated = if fact == "user" {
                    &dependency.user
                } else {
                    &dependency.database
                };
                let text = stated.as_ref().map_or("", |name| name.value.0.as_str());
                (json!(text), schemas::string())
            }
            "database" => (json!(self.database()), name()),
            "user" => {
                let user = dependency.user.as_ref();
                let user = user.map_or_else(|| self.database(), |user| user.value.0.clone());
                (json!(user), name())
            }
            "secret" => (
                json!(secret::reference(&self.context.chart.name)),
                schemas::string(),
            ),
            "secret-name" => (
                json!(secret::existing_name(self.document)),
                schemas::string(),
            ),
            "alias" => (json!(self.facts.name), schemas::string()),
            "chart-alias" => (
                json!(chart_alias(&self.context.chart.name, &self.facts.name)),
                schemas::string(),
            ),
            "architecture" => (
                json!(if mode(dependency) == "standalone" {
                    "standalone"
                } else {
                    "replication"
                }),
                json!({ "enum": ["standalone", "replication"] }),
            ),
            "replicas" => (json!(replicas), schemas::integer(0, 100)),
            "servers" => (json!(replicas + 1), schemas::integer(1, 100)),
            "quorum" => (
                json!(u32::midpoint(replicas, 1) + 1),
                schemas::integer(1, 100),
            ),
            "persistence" => (json!(true), schemas::boolean()),
            "storage" => (json!(self.storage().0), schemas::quantity()),
            "storage-class" => (json!(class), schemas::string()),
            "storage-mode" => (
                json!(if class.is_empty() {
                    "defaultStorageClass"
                } else {
                    "dynamic"
                }),
                schemas::string(),
            ),
            "alerts" => (
                monitoring::groups(self.document, &self.context.chart.name)?,
                json!({ "type": "array", "items": schemas::object() }),
            ),
            "retention" => {
                let stated = dependency.retention.as_ref();
                let text = stated.map_or(RETENTION, |retention| retention.text.as_str());
                (json!(text), schemas::string())
            }
            // Prometheus' units are powers of 1024.
            "retention-size" => (
                json!(format!(
                    "{}MB",
                    (self.storage().1 / 100 * VOLUME_PERCENT) >> 20
                )),
                schemas::string(),
            ),
            "resources" => (amounts(entry, dependency).json(), schemas::object()),
            "metrics" => (
                json!(dependency.metrics.as_ref().is_some_and(|flag| flag.value.0)),
                schemas::boolean(),
            ),
            "clients" => (json!(self.facts.clients), schemas::strings()),
            "host" => {
                let host = dependency.host.as_ref();
                let host = host.map_or("", |host| host.value.0.as_str());
                (json!(host), json!({ "type": "string", "minLength": 1 }))
            }
            "port" => {
                let port = dependency.port.as_ref();
                let port = port.map_or(self.facts.port, |port| port.0);
                (json!(port), schemas::integer(1, 65535))
            }
            other => (json!(self.key(other)?), schemas::string()),
        };
        Some(pair)
    }

    fn database(&self) -> String {
        self.dependency.database.as_ref().map_or_else(
            || self.context.chart.name.replace('-', "_"),
            |name| name.value.0.clone(),
        )
    }

    /// Size of the volume, as text and in bytes.
    fn storage(&self) -> (&str, u64) {
        self.dependency
            .storage
            .as_ref()
            .map_or((STORAGE, 8 << 30), |storage| {
                (storage.text.as_str(), storage.bytes)
            })
    }

    /// The key of the Secret for `key-<purpose>`.
    fn key(&self, fact: &str) -> Option<String> {
        let purpose = fact.strip_prefix("key-")?;
        let password = self
            .facts
            .passwords
            .iter()
            .find(|known| known.purpose == purpose);
        if let Some(password) = password {
            return Some(password.key.clone());
        }
        let derived = self.facts.entry.credentials.derived.iter();
        let mut named = derived.zip(&self.facts.derived);
        named
            .find(|(known, _)| known.purpose == purpose)
            .map(|(_, facts)| facts.key.clone())
    }
}

/// The keys of a dotted path; `\.` is a dot in a key.
fn split(path: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = path.chars();
    while let Some(letter) = letters.next() {
        match (letter, parts.last_mut()) {
            ('\\', Some(part)) => part.extend(letters.next()),
            ('.', _) => parts.push(String::new()),
            (letter, Some(part)) => part.push(letter),
            (_, None) => {}
        }
    }
    parts
}

/// Values that the specification passes on as they are.
fn free_values(entries: &mut Vec<Entry>, node: &tree::Node) {
    let tree::Value::Table(table) = &node.value else {
        return;
    };
    for item in &table.entries {
        let existing = entries.iter_mut().find(|entry| entry.key == item.key);
        match (existing, &item.node.value) {
            (
                Some(Entry {
                    node: Node::Branch { entries: inner, .. },
                    ..
                }),
                tree::Value::Table(_),
            ) => {
                free_values(inner, &item.node);
            }
            (Some(entry), _) => {
                entry.node = Node::Leaf {
                    value: item.node.to_json(),
                    schema: json!({}),
                };
            }
            (None, _) => {
                entries.push(leaf(
                    &item.key,
                    item.node.to_json(),
                    json!({}),
                    "As the specification says",
                ));
            }
        }
    }
}
