//! Dependencies: facts from the catalog, checks against it, values of the subcharts.

mod check;
mod settings;
mod values;
mod version;

pub use check::check;
pub use values::{elsewhere, values};

use super::Everywhere;
use super::context::{
    DependencyFacts, DerivedFacts, MigrationFacts, PasswordFacts, PodLabelFacts, RefusalFacts,
    SecretKeyFacts, WorkloadFacts,
};
use super::schemas::Amounts;
use crate::catalog::{Catalog, Egress, Engine, Entry, Guard, Kind, Naming, State};
use std::rc::Rc;
use taskspec_spec::Resolved;
use taskspec_spec::check::names::values_key;
use taskspec_spec::codes;
use taskspec_spec::derived;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::{Dependency, Document, EnvValue};
use taskspec_spec::span::Spanned;
use taskspec_spec::suggest;
use taskspec_spec::types::{ConnectionPart, DependencyMode};

/// Facts of every dependency. Faults against the catalog go to the sink.
pub fn resolve(resolved: &Resolved, catalog: &Catalog, sink: &mut Sink) -> Vec<DependencyFacts> {
    let base = &resolved.base;
    let everywhere = Everywhere::of(resolved);
    let mut facts: Vec<DependencyFacts> = Vec::new();
    for (name, dependency) in base.dependencies.iter() {
        let Some(entry) = catalog.find(&dependency.from) else {
            sink.push(unknown(&dependency.from, catalog));
            continue;
        };
        let Some(engine) = catalog.engine(&entry) else {
            sink.push(
                Diagnostic::error(
                    codes::DEPENDENCY_FACT,
                    format!("`{}` speaks `{}`", entry.name, entry.engine),
                )
                .at(dependency.from.span, "an unknown protocol")
                .help(format!(
                    "the protocols are {}",
                    suggest::list(catalog.engines.engines.keys().map(String::as_str))
                )),
            );
            continue;
        };
        version::check(dependency, &entry, sink);
        let stated: Vec<&Dependency> = everywhere
            .all
            .iter()
            .filter_map(|document| document.dependencies.get(&name.value))
            .map(|dependency| &dependency.value)
            .collect();
        let source = Source {
            name,
            dependency,
            entry: &entry,
            engine,
            stated: &stated,
            chart: &resolved.intent.name.value.0,
            password_wanted: everywhere.any(|document| asks_password(document, &name.value)),
        };
        let new = source.facts(&everywhere);
        if new.host_template.is_empty()
            && new.service != new.service_replicated
            && new.architecture_access.is_empty()
        {
            sink.push(
                Diagnostic::error(
                    codes::DEPENDENCY_FACT,
                    format!("the environments see `{}` under different names", new.name),
                )
                .at(dependency.from.span, "has several modes")
                .help("give the catalog entry a value with `fact = \"architecture\"`, or use one mode in every environment"),
            );
        }
        for twin in &facts {
            twins(name, dependency, twin, &new, sink);
        }
        facts.push(new);
    }
    connect(&mut facts);
    facts
}

/// Which dependencies of the release connect to one another.
fn connect(all: &mut [DependencyFacts]) {
    let ways: Vec<(usize, usize)> = (0..all.len())
        .flat_map(|from| (0..all.len()).map(move |to| (from, to)))
        .filter(|(from, to)| from != to && needs(&all[*from], &all[*to]))
        .collect();
    for (from, to) in ways {
        let (client, server) = (all[from].name.clone(), all[to].name.clone());
        all[from].reaches.push(server);
        all[to].reached_by.push(client);
    }
}

/// Whether a dependency connects to another one of the release.
fn needs(client: &DependencyFacts, server: &DependencyFacts) -> bool {
    client.in_release
        && server.in_release
        && client.entry.network.reaches.contains(&server.entry.role)
}

/// Notes which variables take the host of a dependency: without the server they
/// would be empty.
pub fn note_hosts(
    all: &mut [DependencyFacts],
    workloads: &[WorkloadFacts],
    migration: Option<&MigrationFacts>,
) {
    let containers = workloads.iter().flat_map(|workload| {
        let others = workload.init.iter().chain(&workload.sidecars);
        let all = others.map(|container| &container.variables);
        std::iter::once(&workload.variables)
            .chain(all)
            .map(move |variables| (workload.name.as_str(), variables))
    });
    let migration = migration.map(|migration| ("the migrations", &migration.variables));
    for (owner, variables) in containers.chain(migration) {
        for one in &variables.computed {
            let taken = |facts: &&mut DependencyFacts| {
                ["host", "address"]
                    .iter()
                    .any(|part| one.helper == format!("{}.{part}", facts.name))
            };
            if let Some(facts) = all.iter_mut().find(taken) {
                let text = format!("{} of {owner}", one.variable);
                if !facts.host_variables.contains(&text) {
                    facts.host_variables.push(text);
                }
            }
        }
    }
}

/// Whether a variable takes the password of a dependency.
fn asks_password(document: &Document, dependency: &str) -> bool {
    let workloads = document
        .workloads
        .iter()
        .flat_map(|(_, workload)| derived::references(document, workload));
    let migrations = document
        .migrations
        .iter()
        .flat_map(|migrations| migrations.env.iter())
        .map(|(_, value)| &value.value);
    workloads.chain(migrations).any(|value| {
        matches!(value, EnvValue::Dependency(reference)
            if reference.dependency.value.0 == dependency
                && reference
                    .part
                    .as_ref()
                    .is_some_and(|part| part.value == ConnectionPart::Password))
    })
}

fn unknown(from: &Spanned<taskspec_spec::types::CatalogName>, catalog: &Catalog) -> Diagnostic {
    let help = suggest::did_you_mean(from, catalog.names())
        .unwrap_or_else(|| format!("the catalog has {}", suggest::list(catalog.names())));
    Diagnostic::error(
        codes::UNKNOWN_DEPENDENCY,
        format!("unknown dependency `{}`", from.value.0),
    )
    .at(from.span, "not in the catalog")
    .help(help)
    .note("`helm taskspec catalog` lists every entry")
}

/// Two dependencies that would meet: in a variable, in the helpers of their
/// charts, or in a key of the Secret.
fn twins(
    name: &Spanned<String>,
    dependency: &Dependency,
    twin: &DependencyFacts,
    new: &DependencyFacts,
    sink: &mut Sink,
) {
    if twin.url_env == new.url_env {
        let variable = dependency.url_env.as_ref();
        sink.push(
            Diagnostic::error(
                codes::ENV_TWICE,
                format!(
                    "`{}` and `{}` both set `{}`",
                    twin.name, new.name, new.url_env
                ),
            )
            .at(
                variable.map_or(name.span, |variable| variable.span),
                "second connection of this kind",
            )
            .help(format!(
                "give it a variable of its own: url-env = \"{}\"",
                variable_of(&new.name)
            )),
        );
    }
    if twin.in_release && new.in_release && twin.chart == new.chart && twin.from != new.from {
        sink.push(
            Diagnostic::error(
                codes::NAME_CLASH,
                format!("`{}` and `{}` are both charts called `{}`", twin.from, new.from, new.chart),
            )
            .at(dependency.from.span, "another chart of the same name")
            .help("take both dependencies from one source")
            .note("all templates of a release share the names of their helpers, so one chart would use the other's"),
        );
    }
    let same = |one: &DerivedFacts| twin.derived.iter().any(|other| other.key == one.key);
    if let Some(derived) = new.derived.iter().find(|derived| same(derived)) {
        sink.push(
            Diagnostic::error(
                codes::NAME_CLASH,
                format!(
                    "`{}` and `{}` both need the key `{}` of the Secret",
                    twin.name, new.name, derived.key
                ),
            )
            .at(name.span, "second one")
            .help("their chart allows no other key: keep one of them in another release"),
        );
    }
}

/// How a template reaches a key that may not be able to follow a dot.
fn reach(root: &str, name: &str) -> String {
    if name.contains('-') {
        format!("(index {root} \"{name}\")")
    } else {
        format!("{root}.{name}")
    }
}

/// Variable of the URL of a dependency whose protocol has no usual one.
fn variable_of(name: &str) -> String {
    format!("{}_URL", name.to_uppercase().replace('-', "_"))
}

/// How the servers of a dependency work together.
pub fn mode(dependency: &Dependency) -> &'static str {
    match &dependency.mode {
        Some(mode) => mode.value.word(),
        None if dependency.replicas.as_ref().is_some_and(|r| r.0 > 0) => {
            DependencyMode::Replication.word()
        }
        None => DependencyMode::Standalone.word(),
    }
}

/// Replicas beside the server that takes writes.
pub fn replicas(entry: &Entry, dependency: &Dependency) -> u32 {
    let least = || {
        entry
            .modes
            .get(mode(dependency))
            .map_or(0, |mode| mode.least)
    };
    dependency.replicas.as_ref().map_or_else(least, |r| r.0)
}

/// Host of the writing Service in a release: charts leave their own name out
/// when the release's contains it.
pub fn host(facts: &DependencyFacts, dependency: &Dependency, release: &str) -> String {
    if !facts.in_release || derived::is_elsewhere(dependency) {
        return dependency
            .host
            .as_ref()
            .map(|host| host.value.0.clone())
            .unwrap_or_default();
    }
    let suffix = facts.entry.service_in(mode(dependency));
    if release.contains(&facts.name) || facts.entry.naming == Naming::Release {
        format!("{release}{suffix}")
    } else {
        format!("{release}-{}{suffix}", facts.name)
    }
}

/// What each server is given.
pub fn amounts(entry: &Entry, dependency: &Dependency) -> Amounts {
    let cpu = match entry.minimum.millicores {
        0 => "250m".to_owned(),
        least => format!("{least}m"),
    };
    let memory = match entry.minimum.mebibytes {
        0 => "512Mi".to_owned(),
        least if least % 1024 == 0 => format!("{}Gi", least / 1024),
        least => format!("{least}Mi"),
    };
    Amounts::of(
        dependency.cpu.as_ref(),
        dependency.memory.as_ref(),
        (&cpu, "1"),
        &memory,
    )
}

/// Bytes that each server may use at most.
fn memory_bytes(entry: &Entry, dependency: &Dependency) -> u64 {
    let default = match entry.minimum.mebibytes {
        0 => 512 << 20,
        least => least << 20,
    };
    dependency
        .memory
        .as_ref()
        .map_or(default, |memory| memory.limit.bytes)
}

/// The keys of the chart's Secret that a dependency needs.
pub fn secret_keys(facts: &DependencyFacts) -> Vec<SecretKeyFacts> {
    let passwords = facts.passwords.iter().map(|password| SecretKeyFacts {
        key: password.key.clone(),
        doc: format!("{} of {}", purpose(&password.purpose), facts.name),
        example: "letters and digits".to_owned(),
        shown: String::new(),
        stored: true,
        irreplaceable: false,
    });
    let derived = facts.derived.iter().map(|derived| SecretKeyFacts {
        key: derived.key.clone(),
        doc: format!("{} of {}", derived.doc, facts.name),
        example: derived.form.replace("%s", "PASSWORD"),
        shown: String::new(),
        stored: false,
        irreplaceable: false,
    });
    let url = SecretKeyFacts {
        key: facts.url_key.clone(),
        doc: format!("URL of {}; special characters percent-encoded", facts.name),
        example: facts.url_example.clone(),
        shown: String::new(),
        stored: !(facts.in_release && facts.url_known),
        irreplaceable: false,
    };
    let has_url = facts.url_is_secret && facts.operator_secret.is_empty();
    passwords
        .chain(derived)
        .chain(has_url.then_some(url))
        .collect()
}

fn purpose(purpose: &str) -> &str {
    match purpose {
        "admin-password" => "password of the administrator",
        "replication-password" => "password of the replication",
        _ => "password",
    }
}

/// Component of the tests, which connect to every dependency.
const TEST: &str = "connection-test";

/// What facts are made from.
struct Source<'a> {
    name: &'a Spanned<String>,
    dependency: &'a Dependency,
    entry: &'a Rc<Entry>,
    engine: &'a Engine,
    /// The dependency in the base and in every environment.
    stated: &'a [&'a Dependency],
    /// Name of the chart.
    chart: &'a str,
    /// Whether a variable takes its password.
    password_wanted: bool,
}

impl Source<'_> {
    fn facts(&self, everywhere: &Everywhere<'_>) -> DependencyFacts {
        let (entry, engine, dependency) = (self.entry, self.engine, self.dependency);
        let name = &self.name.value;
        let (version, exact) = self.version();
        let major = version::major(dependency, entry);
        let url = Url::new(if entry.url.is_empty() {
            &engine.url
        } else {
            &entry.url
        });
        let port = dependency.port.as_ref().map_or_else(
            || match entry.port {
                0 => engine.port,
                port => port,
            },
            |port| port.0,
        );
        let operator = !entry.credentials.operator_secret.is_empty();
        let url_env = self.url_env();
        let mut parts = self.parts();
        // The Secret of an external server holds a password of its own on demand.
        let outside = entry.kind == Kind::External && url.needs("password");
        if outside {
            parts.push("password".to_owned());
        }
        let modes = self.modes();
        let (plain_mode, other_mode) = service_modes(entry, &modes);
        let clients = clients(name, everywhere);
        DependencyFacts {
            name: name.clone(),
            v: reach(".Values", name),
            context_v: reach(".context.Values", name),
            subchart: reach(".Subcharts", name),
            from: entry.name.clone(),
            engine: entry.engine.clone(),
            engine_title: match entry.engine.as_str() {
                "http" | "tcp" => entry.title.clone(),
                _ => engine.title.clone(),
            },
            kind: entry.kind.word().to_owned(),
            in_release: entry.kind != Kind::External,
            guarded: entry.kind != Kind::External && entry.network.guard == Guard::Parent,
            chart: entry.chart.clone(),
            version,
            exact,
            repository: entry.repository.clone(),
            port,
            container_port: match entry.network.container_port {
                0 => port,
                inner => inner,
            },
            host: self.host(),
            suffix_apart: !entry.full.is_empty(),
            host_template: if entry.full.is_empty() {
                entry.host.clone()
            } else {
                entry.full.clone()
            },
            naming: match entry.naming {
                Naming::Standard => "standard",
                Naming::Release => "release",
            }
            .to_owned(),
            service: entry.service_in(plain_mode).to_owned(),
            service_replicated: entry.service_in(other_mode).to_owned(),
            architecture_access: if entry.service_in(plain_mode) == entry.service_in(other_mode) {
                String::new()
            } else {
                self.access("architecture")
            },
            user_access: self.access("user"),
            database_access: self.access("database"),
            user: entry.credentials.user.clone(),
            database: entry.credentials.database.clone(),
            url_key: if operator {
                entry.credentials.operator_key.clone()
            } else {
                url_env.to_ascii_lowercase().replace('_', "-")
            },
            url_env,
            url_example: self.example(&url, port),
            url_is_secret: operator || url.needs("password"),
            url_known: !operator
                && (entry.kind != Kind::External || !url.needs("password"))
                && ["user", "database"]
                    .iter()
                    .all(|part| !url.needs(part) || parts.iter().any(|known| known == part)),
            url_format: url.format,
            url_parts: url.parts,
            parts,
            url_secret_helper: if operator {
                format!("{name}.secretName")
            } else {
                "secretName".to_owned()
            },
            operator_secret: entry.credentials.operator_secret.clone(),
            passwords: if outside && self.password_wanted {
                vec![PasswordFacts {
                    purpose: "password".to_owned(),
                    key: format!("{name}-password"),
                }]
            } else {
                self.passwords()
            },
            derived: self.derived(),
            client: engine.client.clone(),
            test: engine.test.clone(),
            metrics_port: entry.metrics_port,
            metrics_access: self.access("metrics"),
            movable: entry.kind != Kind::External
                && self
                    .stated
                    .iter()
                    .any(|stated| derived::is_elsewhere(stated)),
            elsewhere_v: format!(".Values.externalServers.{}", values_key(name)),
            password_wanted: self.password_wanted,
            used: clients.iter().any(|client| client != TEST),
            clients,
            reached_by: Vec::new(),
            reaches: Vec::new(),
            host_variables: Vec::new(),
            claim_selector: entry
                .claim_selector
                .replace("%s", &values::chart_alias(self.chart, name)),
            pod_labels: self.pod_labels(),
            open_ports: entry.network.ports.clone(),
            open_egress: entry.network.egress == Egress::Any,
            egress_ports: self.egress_ports(),
            longest_name: entry.longest_name,
            refuse: self.refusals(),
            notes: entry.notes.clone(),
            requires: entry.requires.clone(),
            frozen: major
                .and_then(|major| entry.majors_of(major))
                .is_some_and(|group| group.state != State::Current)
                && entry.values_of(major).any(|value| value.image),
            major,
            modes,
            entry: Rc::clone(entry),
        }
    }

    /// The version of the chart, and whether it is exact.
    fn version(&self) -> (String, bool) {
        let stated = self
            .dependency
            .version
            .as_ref()
            .filter(|_| self.entry.kind == Kind::Repository);
        match stated {
            Some(version) => (version.text.clone(), version.exact),
            None => (self.entry.version.clone(), !self.entry.version.is_empty()),
        }
    }

    fn url_env(&self) -> String {
        if let Some(variable) = &self.dependency.url_env {
            return variable.value.0.clone();
        }
        match (self.entry.url_env.as_str(), self.engine.url_env.as_str()) {
            ("", "") => variable_of(&self.name.value),
            ("", usual) => usual.to_owned(),
            (own, _) => own.to_owned(),
        }
    }

    fn host(&self) -> String {
        self.dependency
            .host
            .as_ref()
            .map(|host| host.value.0.clone())
            .unwrap_or_default()
    }

    /// How templates reach the value that takes a fact, below the dependency's
    /// values. What an external server does not state has no value.
    fn access(&self, fact: &str) -> String {
        let absent = self.entry.kind == Kind::External
            && match fact {
                "user" => self.stated.iter().all(|stated| stated.user.is_none()),
                "database" => self.stated.iter().all(|stated| stated.database.is_none()),
                _ => false,
            };
        match self.entry.path(fact) {
            Some(path) if !absent => format!(".{path}"),
            _ => String::new(),
        }
    }

    /// The URL as an example, with what all environments state alike.
    fn example(&self, url: &Url, port: u16) -> String {
        let agreed = |stated: &dyn Fn(&Dependency) -> Option<String>| {
            let first = self.stated.first().and_then(|one| stated(one))?;
            let same = self
                .stated
                .iter()
                .all(|one| stated(one).as_ref() == Some(&first));
            same.then_some(first)
        };
        let mut text = url.example(&self.host(), port);
        let user = agreed(&|one| one.user.as_ref().map(|user| user.value.0.clone()));
        let database = agreed(&|one| one.database.as_ref().map(|name| name.value.0.clone()));
        let fixed = &self.entry.credentials;
        for (word, stated, fixed) in [
            ("USER", user, &fixed.user),
            ("DATABASE", database, &fixed.database),
        ] {
            match stated {
                Some(stated) => text = text.replace(word, &stated),
                None if !fixed.is_empty() => text = text.replace(word, fixed),
                None => {}
            }
        }
        text
    }

    fn parts(&self) -> Vec<String> {
        let credentials = &self.entry.credentials;
        let mut parts = vec!["url".to_owned(), "host".to_owned(), "port".to_owned()];
        for (part, constant) in [
            ("user", &credentials.user),
            ("database", &credentials.database),
        ] {
            if !constant.is_empty() || !self.access(part).is_empty() {
                parts.push(part.to_owned());
            }
        }
        parts.extend(credentials.passwords.iter().cloned());
        parts
    }

    fn passwords(&self) -> Vec<PasswordFacts> {
        let purposes = self.entry.credentials.passwords.iter();
        purposes
            .map(|purpose| PasswordFacts {
                purpose: purpose.clone(),
                key: format!("{}-{purpose}", self.name.value),
            })
            .collect()
    }

    fn derived(&self) -> Vec<DerivedFacts> {
        let derived = self.entry.credentials.derived.iter();
        derived
            .map(|derived| DerivedFacts {
                key: if derived.key.is_empty() {
                    format!("{}-{}", self.name.value, derived.purpose)
                } else {
                    derived.key.clone()
                },
                has_password: derived.form.contains("%s"),
                form: derived.form.clone(),
                doc: derived.doc.clone(),
            })
            .collect()
    }

    fn modes(&self) -> Vec<String> {
        let mut modes: Vec<String> = self
            .stated
            .iter()
            .map(|stated| mode(stated).to_owned())
            .collect();
        modes.sort();
        modes.dedup();
        modes
    }

    fn egress_ports(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self
            .modes()
            .iter()
            .filter_map(|mode| self.entry.modes.get(mode))
            .flat_map(|mode| mode.egress_ports.iter().copied())
            .collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    fn pod_labels(&self) -> Vec<PodLabelFacts> {
        let labels = self.entry.network.labels.iter();
        labels
            .map(|(key, value)| PodLabelFacts {
                key: key.clone(),
                value: value.clone(),
            })
            .collect()
    }

    fn refusals(&self) -> Vec<RefusalFacts> {
        let modes = self.modes();
        let applies = |unless: &[String]| !unless.iter().any(|mode| modes.contains(mode));
        self.entry
            .refuse
            .iter()
            .filter(|refusal| applies(&refusal.unless))
            .map(|refusal| RefusalFacts {
                path: refusal.path.split('.').map(str::to_owned).collect(),
                value: refusal.value.clone(),
                why: refusal.why.clone(),
            })
            .collect()
    }
}

/// The two modes whose Services the helper of the host tells apart. One that
/// asks the subchart for the rest of the name follows its values too, whatever
/// modes the environments have.
fn service_modes<'a>(entry: &Entry, modes: &'a [String]) -> (&'a str, &'a str) {
    if !entry.full.is_empty() {
        return ("standalone", "replication");
    }
    let single = modes.iter().find(|mode| *mode == "standalone");
    let plain = single
        .or(modes.first())
        .map_or("standalone", String::as_str);
    let several = modes.iter().find(|mode| *mode != "standalone");
    (plain, several.map_or(plain, String::as_str))
}

/// The form of a URL: `redis://:{password}@{host}:{port}/0`.
struct Url {
    /// With `%s` for each part.
    format: String,
    /// Its parts, in order.
    parts: Vec<String>,
}

impl Url {
    fn new(form: &str) -> Self {
        let (mut format, mut parts) = (String::new(), Vec::new());
        let mut rest = form;
        while let Some((before, (part, after))) = rest
            .split_once('{')
            .and_then(|(before, inner)| Some((before, inner.split_once('}')?)))
        {
            format += &before.replace('%', "%%");
            format += "%s";
            parts.push(part.to_owned());
            rest = after;
        }
        format += &rest.replace('%', "%%");
        Self { format, parts }
    }

    fn needs(&self, part: &str) -> bool {
        self.parts.iter().any(|other| other == part)
    }

    fn example(&self, host: &str, port: u16) -> String {
        let mut text = self.format.clone();
        for part in &self.parts {
            let value = match part.as_str() {
                "host" if !host.is_empty() => host.to_owned(),
                "port" => port.to_string(),
                "scheme" => if port == 443 { "https" } else { "http" }.to_owned(),
                other => other.to_uppercase(),
            };
            text = text.replacen("%s", &value, 1);
        }
        text.replace("%%", "%")
    }
}

/// Components that connect: workloads and migrations that use it, and the tests.
fn clients(name: &str, everywhere: &Everywhere<'_>) -> Vec<String> {
    let connects = |names: Vec<String>| names.iter().any(|known| known == name);
    let workloads = everywhere.base.workloads.iter();
    let mut clients: Vec<String> = workloads
        .map(|(workload, _)| workload.value.clone())
        .filter(|workload| connects(everywhere.connections(workload)))
        .collect();
    if connects(everywhere.migration_connections()) {
        clients.push("migrate".to_owned());
    }
    clients.push(TEST.to_owned());
    clients
}

#[cfg(test)]
mod tests;
