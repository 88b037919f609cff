//! Dependencies: facts from the catalog, checks against it, values of the subcharts.

use super::context::{Context, DependencyFacts, PasswordFacts, RefusalFacts};
use super::schemas::{self, Amounts};
use crate::catalog::{self, Kind, State};
use crate::values::{Entry, Node, insert, leaf, open_branch};
use serde_json::{Value, json};
use taskspec_spec::codes;
use taskspec_spec::derived;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::{Dependency, Document};
use taskspec_spec::span::{Span, Spanned};
use taskspec_spec::suggest;
use taskspec_spec::tree;

/// Facts of every dependency. Faults against the catalog go to the sink.
pub fn resolve(base: &Document, sink: &mut Sink) -> Vec<DependencyFacts> {
    let engines = catalog::engines();
    let mut facts: Vec<DependencyFacts> = Vec::new();
    for (name, dependency) in base.dependencies.iter() {
        let Some(entry) = catalog::find(&dependency.from) else {
            sink.push(unknown(&dependency.from));
            continue;
        };
        let Some(engine) = engines.get(&entry.engine) else {
            continue;
        };
        version(dependency, &entry, sink);
        let url_env = dependency.url_env.as_ref().map_or_else(
            || engine.url_env.clone(),
            |variable| variable.value.0.clone(),
        );
        let new = one(name, dependency, &entry, engine, &url_env, base);
        if let Some(twin) = facts.iter().find(|other| other.url_key == new.url_key) {
            let span = dependency
                .url_env
                .as_ref()
                .map_or(name.span, |variable| variable.span);
            sink.push(
                Diagnostic::error(
                    codes::ENV_TWICE,
                    format!("`{}` and `{}` both set `{url_env}`", twin.name, new.name),
                )
                .at(span, "second connection of this kind")
                .help(format!(
                    "give it a variable of its own: url-env = \"{}_URL\"",
                    new.name.to_uppercase().replace('-', "_")
                )),
            );
        }
        facts.push(new);
    }
    facts
}

fn unknown(from: &Spanned<taskspec_spec::types::CatalogName>) -> Diagnostic {
    let help = suggest::did_you_mean(from, catalog::names())
        .unwrap_or_else(|| format!("the catalog has {}", suggest::list(catalog::names())));
    Diagnostic::error(
        codes::UNKNOWN_DEPENDENCY,
        format!("unknown dependency `{}`", from.value.0),
    )
    .at(from.span, "not in the catalog")
    .help(help)
    .note("`helm taskspec catalog` lists every entry")
}

fn version(dependency: &Spanned<Dependency>, entry: &catalog::Entry, sink: &mut Sink) {
    match (entry.kind, &dependency.version) {
        (Kind::Repository, None) => sink.push(
            Diagnostic::error(
                codes::DEPENDENCY_FACT,
                format!("`{}` needs a version", entry.name),
            )
            .at(dependency.from.span, "a chart of a repository")
            .help(format!(
                "add version = \"{}.x.x\", or better an exact one",
                newest(entry)
            )),
        ),
        (Kind::Embedded | Kind::External, Some(version)) => sink.push(
            Diagnostic::error(
                codes::NOT_APPLICABLE,
                format!("`{}` has no version to choose", entry.name),
            )
            .at(version.span, "does not apply")
            .help("remove it: the compiler decides"),
        ),
        (Kind::Repository, Some(version)) => state(dependency, entry, version, sink),
        _ => {}
    }
}

fn newest(entry: &catalog::Entry) -> u64 {
    entry
        .majors
        .iter()
        .flat_map(|group| &group.versions)
        .copied()
        .max()
        .unwrap_or(1)
}

fn state(
    dependency: &Spanned<Dependency>,
    entry: &catalog::Entry,
    version: &Spanned<taskspec_spec::types::Constraint>,
    sink: &mut Sink,
) {
    let Some(major) = version.major else {
        sink.push(
            Diagnostic::error(codes::DEPENDENCY_FACT, "the version has to say its major")
                .at(version.span, "could be any major version")
                .help(format!("write \"{}.x.x\"", newest(entry)))
                .note("names, keys and images of the chart differ between majors"),
        );
        return;
    };
    match entry.majors_of(major) {
        None => {
            let known: Vec<u64> = entry
                .majors
                .iter()
                .flat_map(|g| g.versions.iter().copied())
                .collect();
            let (low, high) = (
                known.iter().min().unwrap_or(&0),
                known.iter().max().unwrap_or(&0),
            );
            sink.push(
                Diagnostic::error(
                    codes::DEPENDENCY_FACT,
                    format!("the catalog does not know `{}` {major}", entry.name),
                )
                .at(version.span, "unknown major version")
                .help(format!("it knows {low} to {high}, as of {}", entry.checked)),
            );
        }
        Some(group) if group.state != State::Current => sink.push(
            Diagnostic::warning(
                codes::FROZEN,
                format!("`{}` {major} is no longer maintained", entry.name),
            )
            .at(version.span, "frozen")
            .at(dependency.from.span, "this chart")
            .note(format!("{} (as of {})", group.why, entry.checked))
            .help(format!(
                "the chart uses the frozen images; for new systems prefer {}",
                group.instead
            )),
        ),
        Some(_) => {}
    }
}

fn one(
    name: &Spanned<String>,
    dependency: &Dependency,
    entry: &catalog::Entry,
    engine: &catalog::Engine,
    url_env: &str,
    base: &Document,
) -> DependencyFacts {
    let major = dependency
        .version
        .as_ref()
        .and_then(|version| version.major);
    let path = |fact: &str| -> Vec<String> {
        entry
            .paths
            .get(fact)
            .map(|(path, _)| path.split('.').map(str::to_owned).collect())
            .unwrap_or_default()
    };
    let embedded = entry.kind == Kind::Embedded;
    DependencyFacts {
        name: name.value.clone(),
        plain: !name.value.contains('-'),
        from: entry.name.clone(),
        engine: entry.engine.clone(),
        engine_title: engine.title.clone(),
        kind: match entry.kind {
            Kind::Repository => "repository",
            Kind::Embedded => "embedded",
            Kind::External => "external",
        }
        .to_owned(),
        in_release: entry.kind != Kind::External,
        guarded: entry.network_policy == "parent",
        chart: entry.chart.clone(),
        version: if embedded {
            entry.version.clone()
        } else {
            dependency
                .version
                .as_ref()
                .map(|version| version.text.clone())
                .unwrap_or_default()
        },
        exact: embedded
            || dependency
                .version
                .as_ref()
                .is_some_and(|version| version.exact),
        repository: entry.repository.clone(),
        port: dependency.port.as_ref().map_or(engine.port, |port| port.0),
        host: dependency
            .host
            .as_ref()
            .map(|host| host.value.0.clone())
            .unwrap_or_default(),
        host_template: entry.host.clone(),
        component: entry.component.clone(),
        user_path: path("user"),
        database_path: path("database"),
        url_env: url_env.to_owned(),
        url_key: url_env.to_ascii_lowercase().replace('_', "-"),
        passwords: passwords(name, entry),
        major,
        metrics_port: entry.metrics_port,
        clients: clients(&name.value, base),
        refuse: entry
            .refuse
            .iter()
            .map(|refusal| RefusalFacts {
                path: refusal.path.split('.').map(str::to_owned).collect(),
                value: refusal.value.clone(),
                why: refusal.why.clone(),
            })
            .collect(),
        notes: entry.notes.clone(),
        frozen: major
            .and_then(|major| entry.majors_of(major))
            .is_some_and(|g| g.state != State::Current),
    }
}

fn passwords(name: &str, entry: &catalog::Entry) -> Vec<PasswordFacts> {
    entry
        .secret_keys
        .keys()
        .map(|purpose| PasswordFacts {
            purpose: purpose.clone(),
            key: format!("{name}-{purpose}"),
        })
        .collect()
}

/// Components that connect: workloads and migrations that use it, and the tests.
fn clients(name: &str, base: &Document) -> Vec<String> {
    let uses = |names: &[Spanned<taskspec_spec::types::Name>]| {
        names.iter().any(|used| used.value.0 == name)
    };
    let mut clients: Vec<String> = base
        .workloads
        .iter()
        .filter(|(_, workload)| derived::connections(base, workload).contains(&name))
        .map(|(workload, _)| workload.value.clone())
        .collect();
    if base
        .migrations
        .as_ref()
        .is_some_and(|migrations| uses(&migrations.uses))
    {
        clients.push("migrate".to_owned());
    }
    clients.push("connection-test".to_owned());
    clients
}

/// Checks the facts of one environment against the catalog.
pub fn check(document: &Document, all: &[DependencyFacts], sink: &mut Sink) {
    for (name, dependency) in document.dependencies.iter() {
        let Some(facts) = all.iter().find(|facts| facts.name == name.value) else {
            continue;
        };
        let Some(entry) = catalog::find(&facts.from) else {
            continue;
        };
        if entry.kind == Kind::External && dependency.host.is_none() {
            sink.push(
                Diagnostic::error(
                    codes::DEPENDENCY_FACT,
                    format!("the external server `{}` needs a host", name.value),
                )
                .at(dependency.from.span, "runs elsewhere")
                .help("add host = \"db.example.com\""),
            );
        }
        for (key, span) in stated(dependency) {
            if !applies(key, &entry) {
                sink.push(not_applicable(key, span, &entry));
            }
        }
    }
}

/// The optional facts that are stated, with their places.
fn stated(dependency: &Dependency) -> Vec<(&'static str, Span)> {
    fn place<T>(key: &'static str, value: &Option<Spanned<T>>) -> Option<(&'static str, Span)> {
        value.as_ref().map(|value| (key, value.span))
    }
    [
        place("database", &dependency.database),
        place("user", &dependency.user),
        place("storage", &dependency.storage),
        place("storage-class", &dependency.storage_class),
        place("replicas", &dependency.replicas),
        place("cpu", &dependency.cpu),
        place("memory", &dependency.memory),
        place("metrics", &dependency.metrics),
        place("host", &dependency.host),
        place("port", &dependency.port),
        place("values", &dependency.values),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn applies(key: &str, entry: &catalog::Entry) -> bool {
    match (key, entry.kind) {
        ("host" | "port", kind) => kind == Kind::External,
        ("cpu" | "memory", _) => entry.paths.contains_key("resources"),
        ("values", kind) => kind != Kind::External,
        (key, _) => entry.paths.contains_key(key),
    }
}

fn not_applicable(key: &str, span: Span, entry: &catalog::Entry) -> Diagnostic {
    let help = match (key, entry.kind) {
        ("replicas", Kind::Embedded) => {
            "remove it: the embedded server is a single one; for replicas use a chart of a repository or an external server"
        }
        ("metrics", Kind::Embedded) => "remove it: the embedded server has no exporter",
        ("database" | "user", Kind::External) => {
            "remove it: the URL in the existing Secret says it"
        }
        ("host" | "port", _) => {
            "remove it: the chart asks the dependency itself; `external/…` is for servers that run elsewhere"
        }
        _ => "remove it",
    };
    Diagnostic::error(
        codes::NOT_APPLICABLE,
        format!("`{key}` does not apply to `{}`", entry.name),
    )
    .at(span, "does not apply")
    .help(help)
}

/// The values below the dependency's key.
pub fn values(facts: &DependencyFacts, dependency: &Dependency, context: &Context) -> Entry {
    let mut entries = vec![leaf(
        "enabled",
        true,
        schemas::boolean(),
        format!(
            "Install {} with the release; without it the Secret must name another server",
            facts.engine_title
        ),
    )];
    if let Some(entry) = catalog::find(&facts.from) {
        let mut writer = Subchart {
            entry: &entry,
            entries: &mut entries,
        };
        writer.facts(facts, dependency, context);
        for fixed in entry.fixed(facts.major) {
            let value = fixed.value.clone();
            insert_path(&mut entries, &fixed.path, value, json!({}), &fixed.doc);
        }
    }
    if let Some(free) = &dependency.values {
        free_values(&mut entries, &free.value.0);
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

struct Subchart<'a> {
    entry: &'a catalog::Entry,
    entries: &'a mut Vec<Entry>,
}

impl Subchart<'_> {
    fn put(&mut self, fact: &str, value: impl Into<Value>, schema: Value) {
        if let Some((path, doc)) = self.entry.paths.get(fact) {
            insert_path(self.entries, path, value.into(), schema, doc);
        }
    }

    fn facts(&mut self, facts: &DependencyFacts, dependency: &Dependency, context: &Context) {
        let database = dependency.database.as_ref().map_or_else(
            || context.chart.name.replace('-', "_"),
            |name| name.value.0.clone(),
        );
        let user = dependency
            .user
            .as_ref()
            .map_or_else(|| database.clone(), |user| user.value.0.clone());
        let name_schema = json!({ "type": "string", "pattern": "^[a-z_][a-z0-9_]{0,62}$" });
        self.put("database", database, name_schema.clone());
        self.put("user", user, name_schema);
        self.put(
            "secret",
            super::secret::reference(&context.chart.name),
            schemas::string(),
        );
        for password in &facts.passwords {
            if let Some((path, doc)) = self.entry.secret_keys.get(&password.purpose) {
                insert_path(
                    self.entries,
                    path,
                    json!(password.key),
                    schemas::string(),
                    doc,
                );
            }
        }
        let replicas = dependency
            .replicas
            .as_ref()
            .map_or(0, |replicas| replicas.0);
        let architecture = if replicas == 0 {
            "standalone"
        } else {
            "replication"
        };
        self.put(
            "architecture",
            architecture,
            json!({ "enum": ["standalone", "replication"] }),
        );
        self.put("replicas", replicas, schemas::integer(0, 100));
        let storage = dependency
            .storage
            .as_ref()
            .map_or("8Gi", |storage| storage.text.as_str());
        let class = dependency
            .storage_class
            .as_ref()
            .map_or("", |class| class.value.0.as_str());
        self.put("persistence", true, schemas::boolean());
        self.put("storage", storage, schemas::quantity());
        self.put("replica-storage", storage, schemas::quantity());
        self.put("storage-class", class, schemas::string());
        let amounts = amounts(dependency);
        self.put("resources", amounts.json(), schemas::object());
        self.put("replica-resources", amounts.json(), schemas::object());
        self.put(
            "metrics",
            dependency.metrics.as_ref().is_some_and(|flag| flag.value.0),
            schemas::boolean(),
        );
        self.put("clients", json!(facts.clients), schemas::strings());
    }
}

/// Host of the writing Service in a release: charts leave their own name out
/// when the release's contains it.
pub fn host(facts: &DependencyFacts, dependency: &Dependency, release: &str) -> String {
    if !facts.in_release {
        return dependency
            .host
            .as_ref()
            .map(|host| host.value.0.clone())
            .unwrap_or_default();
    }
    let Some(entry) = catalog::find(&facts.from) else {
        return String::new();
    };
    let replicated = dependency
        .replicas
        .as_ref()
        .is_some_and(|replicas| replicas.0 > 0);
    let suffix = if replicated {
        &entry.service_replicated
    } else {
        &entry.service
    };
    if release.contains(&facts.name) {
        format!("{release}{suffix}")
    } else {
        format!("{release}-{}{suffix}", facts.name)
    }
}

/// What each server is given.
pub fn amounts(dependency: &Dependency) -> Amounts {
    Amounts::of(
        dependency.cpu.as_ref(),
        dependency.memory.as_ref(),
        ("250m", "1"),
        "512Mi",
    )
}

fn insert_path(entries: &mut Vec<Entry>, path: &str, value: Value, schema: Value, doc: &str) {
    let parts: Vec<&str> = path.split('.').collect();
    insert(entries, &parts, value, schema, doc);
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
                    value: json_of(&item.node),
                    schema: json!({}),
                };
            }
            (None, _) => {
                entries.push(leaf(
                    &item.key,
                    json_of(&item.node),
                    json!({}),
                    "As the specification says",
                ));
            }
        }
    }
}

/// Data of a specification as JSON.
pub fn json_of(node: &tree::Node) -> Value {
    match &node.value {
        tree::Value::String(text) | tree::Value::Datetime(text) => json!(text),
        tree::Value::Integer(number) => json!(number),
        tree::Value::Float(number) => json!(number),
        tree::Value::Boolean(flag) => json!(flag),
        tree::Value::Array(items) => Value::Array(items.iter().map(json_of).collect()),
        tree::Value::Table(table) => Value::Object(
            table
                .entries
                .iter()
                .map(|entry| (entry.key.clone(), json_of(&entry.node)))
                .collect(),
        ),
    }
}
