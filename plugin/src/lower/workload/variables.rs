//! Variables of containers: which stand in values, and which are wired.

use super::Places;
use crate::lower::context::{
    ComputedVariable, DependencyFacts, FieldVariable, LabelVariable, PeersFacts, SecretVariable,
    Variables,
};
use crate::lower::secret;
use serde_json::{Map, Value, json};
use taskspec_spec::check::names::values_key;
use taskspec_spec::codes;
use taskspec_spec::decode::Map as Names;
use taskspec_spec::derived;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::{DependencyReference, Document, EnvSource, EnvValue, WorkloadReference};
use taskspec_spec::span::Spanned;
use taskspec_spec::types::{AppProtocol, ConnectionPart, EnvName, Name};

/// What variables can refer to.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The specification outside its environments.
    pub base: &'a Document,
    /// Where its workloads stand.
    pub places: &'a Places,
    /// Its dependencies.
    pub dependencies: &'a [DependencyFacts],
}

/// Variables that do not stand in values: connection URLs, references, labels.
/// A name with two sources is an error.
pub fn of<'a>(
    envs: impl Iterator<Item = &'a Names<EnvName, Spanned<EnvValue>>>,
    uses: &[&str],
    stated_uses: &[Spanned<Name>],
    context: Context<'_>,
    sink: &mut Sink,
) -> Variables {
    let envs: Vec<_> = envs.collect();
    let mut found = Variables::default();
    for name in uses {
        let Some(dependency) = context.dependencies.iter().find(|d| d.name == *name) else {
            continue;
        };
        let stated = envs.iter().find_map(|env| {
            env.iter()
                .find(|(stated, _)| stated.value == dependency.url_env)
        });
        if let (Some((stated, _)), Some(name)) = (
            stated,
            stated_uses
                .iter()
                .find(|name| name.value.0 == dependency.name),
        ) {
            sink.push(two_sources(stated, name, dependency));
        }
        url(dependency, dependency.url_env.clone(), &mut found);
    }
    for env in &envs {
        for (name, value) in env.iter() {
            if !found.has(&name.value) {
                one(&name.value, &value.value, context, &mut found);
            }
            if let EnvValue::Dependency(reference) = &value.value {
                has_part(reference, context, sink);
            }
        }
    }
    changed_kind(&envs, &found, sink);
    changed_source(&envs, &found, context, sink);
    found
}

/// A reference that leads to one thing in one place and to another elsewhere.
fn changed_source(
    envs: &[&Names<EnvName, Spanned<EnvValue>>],
    found: &Variables,
    context: Context<'_>,
    sink: &mut Sink,
) {
    for (name, value) in envs.iter().flat_map(|env| env.iter()) {
        let mut alone = Variables::default();
        one(&name.value, &value.value, context, &mut alone);
        let here = alone.entry(&name.value);
        if here.is_some() && here != found.entry(&name.value) {
            sink.push(
                Diagnostic::error(
                    codes::FIXED_KEY,
                    format!("`{}` leads elsewhere in another environment", name.value),
                )
                .at(value.span, "another source")
                .note("environments become values files: one set of templates serves all of them")
                .help("give each source a variable of its own"),
            );
        }
    }
}

/// A variable that is text in one place and a reference in another: the
/// templates, which all environments share, can have only one of them.
fn changed_kind(envs: &[&Names<EnvName, Spanned<EnvValue>>], found: &Variables, sink: &mut Sink) {
    for env in envs {
        for (name, value) in env.iter() {
            let text = matches!(value.value, EnvValue::Text(_) | EnvValue::Plain(_));
            let wired = found.has(&name.value)
                && !found
                    .secrets
                    .iter()
                    .any(|one| one.variable == name.value && !one.dependency.is_empty());
            if text && wired {
                sink.push(
                    Diagnostic::error(
                        codes::FIXED_KEY,
                        format!("`{}` is text here and a reference elsewhere", name.value),
                    )
                    .at(value.span, "text")
                    .help("use the same kind of value in every environment"),
                );
            }
        }
    }
}

fn two_sources(
    stated: &Spanned<String>,
    name: &Spanned<Name>,
    dependency: &DependencyFacts,
) -> Diagnostic {
    Diagnostic::error(
        codes::ENV_TWICE,
        format!("`{}` has two sources", stated.value),
    )
    .at(stated.span, "set here")
    .at(
        name.span,
        format!("and by the connection to `{}`", dependency.name),
    )
    .help("remove the variable, or give the dependency another `url-env`")
}

fn url(dependency: &DependencyFacts, variable: String, found: &mut Variables) {
    found.secrets.push(SecretVariable {
        variable,
        key: dependency.url_key.clone(),
        name_helper: "secretName".to_owned(),
        key_helper: String::new(),
        dependency: dependency.name.clone(),
    });
}

fn one(variable: &str, value: &EnvValue, context: Context<'_>, found: &mut Variables) {
    let variable = variable.to_owned();
    match value {
        EnvValue::Secret(key) => {
            found.secrets.push(SecretVariable {
                variable,
                ..secret::variable_of_key(&key.value.0)
            });
        }
        EnvValue::Label(key) => found.labels.push(LabelVariable {
            variable,
            label: key.value.0.clone(),
        }),
        EnvValue::Field(field) => {
            let path = field.value.0.clone();
            found.fields.push(FieldVariable {
                variable,
                resource: path.starts_with("limits.") || path.starts_with("requests."),
                field: path,
            });
        }
        EnvValue::Dependency(reference) => dependency(variable, reference, context, found),
        EnvValue::Workload(reference) => {
            found
                .computed
                .extend(workload(variable, reference, context));
        }
        EnvValue::Text(_) | EnvValue::Plain(_) => {}
    }
}

/// A connection has the part that a variable takes.
fn has_part(reference: &DependencyReference, context: Context<'_>, sink: &mut Sink) {
    let Some(part) = &reference.part else { return };
    let name = &reference.dependency.value.0;
    let found = context.dependencies.iter().find(|d| d.name == *name);
    let Some(facts) = found else { return };
    let known = |part: &str| {
        facts.parts.iter().any(|known| known == part)
            || part == "address"
            || part == "password" && !facts.passwords.is_empty()
    };
    if known(part.value.word()) {
        return;
    }
    let word = part.value.word();
    let help = match (facts.kind.as_str(), word) {
        ("external", "user" | "database") => {
            format!("state {word} = \"…\" at the dependency")
        }
        _ => "take another part".to_owned(),
    };
    sink.push(
        Diagnostic::error(
            codes::DEPENDENCY_FACT,
            format!("nothing says the {word} of `{name}`"),
        )
        .at(part.span, "not known")
        .help(help),
    );
}

fn dependency(
    variable: String,
    reference: &DependencyReference,
    context: Context<'_>,
    found: &mut Variables,
) {
    let name = &reference.dependency.value.0;
    let Some(facts) = context.dependencies.iter().find(|d| d.name == *name) else {
        return;
    };
    let part = reference
        .part
        .as_ref()
        .map_or(ConnectionPart::Url, |part| part.value);
    match part {
        ConnectionPart::Url => url(facts, variable, found),
        ConnectionPart::Password => {
            let key = facts
                .passwords
                .iter()
                .find(|password| password.purpose == "password")
                .or(facts.passwords.first());
            if let Some(password) = key {
                found.secrets.push(SecretVariable {
                    variable,
                    key: password.key.clone(),
                    name_helper: "secretName".to_owned(),
                    key_helper: String::new(),
                    dependency: String::new(),
                });
            }
        }
        other => found.computed.push(ComputedVariable {
            variable,
            helper: format!("{name}.{}", other.word()),
            part: String::new(),
            port: String::new(),
            scheme: String::new(),
            path: String::new(),
            peers: None,
        }),
    }
}

fn workload(
    variable: String,
    reference: &WorkloadReference,
    context: Context<'_>,
) -> Option<ComputedVariable> {
    let name = &reference.workload.value.0;
    let called = context.base.workloads.get(name)?;
    let ports = derived::ports(called);
    let port = match &reference.port {
        Some(stated) => ports.iter().find(|port| port.name == stated.value.0)?,
        None => ports
            .iter()
            .find(|port| port.exposed)
            .or_else(|| ports.first())?,
    };
    let place = context.places.of_workload(name);
    let main = ports.first().is_some_and(|first| first == port) && port.sidecar.is_none();
    let part = reference
        .part
        .as_ref()
        .map_or(ConnectionPart::Url, |part| part.value);
    let scheme = match port.app_protocol {
        Some(AppProtocol::Tcp) => "tcp",
        Some(AppProtocol::Grpc) => "grpc",
        _ => "http",
    };
    let container = super::ports(called, &place)
        .into_iter()
        .find(|one| one.name == port.name)?
        .container_v;
    let inside = matches!(part, ConnectionPart::Headless | ConnectionPart::Peers);
    Some(ComputedVariable {
        variable,
        helper: if part == ConnectionPart::Headless {
            format!("{name}.headless")
        } else {
            format!("{name}.fullname")
        },
        peers: (part == ConnectionPart::Peers).then(|| PeersFacts {
            headless: format!("{name}.headless"),
            replicas: format!("${}.replicaCount", place.v),
            port: format!("${container}"),
        }),
        port: if inside {
            container
        } else if main {
            format!("{}.service.port", place.v)
        } else {
            format!("{}.ports.{}.servicePort", place.v, values_key(port.name))
        },
        part: match part {
            ConnectionPart::Headless => "host",
            ConnectionPart::Host
            | ConnectionPart::Port
            | ConnectionPart::Address
            | ConnectionPart::Peers => part.word(),
            _ => "url",
        }
        .to_owned(),
        scheme: scheme.to_owned(),
        path: reference
            .path
            .as_ref()
            .map(|path| path.value.0.clone())
            .unwrap_or_default(),
    })
}

impl Variables {
    /// Whether one of them has the name.
    pub fn has(&self, name: &str) -> bool {
        self.secrets.iter().any(|one| one.variable == name)
            || self.labels.iter().any(|one| one.variable == name)
            || self.fields.iter().any(|one| one.variable == name)
            || self.computed.iter().any(|one| one.variable == name)
    }

    /// Takes over what it lacks. Labels are part of the other workload's
    /// ConfigMap already.
    pub fn inherit(&mut self, other: Self) {
        for one in other.secrets {
            if !self.has(&one.variable) {
                self.secrets.push(one);
            }
        }
        for one in other.fields {
            if !self.has(&one.variable) {
                self.fields.push(one);
            }
        }
        for one in other.computed {
            if !self.has(&one.variable) {
                self.computed.push(one);
            }
        }
    }

    /// Leaves one out.
    pub fn remove(&mut self, name: &str) {
        self.secrets.retain(|one| one.variable != name);
        self.labels.retain(|one| one.variable != name);
        self.fields.retain(|one| one.variable != name);
        self.computed.retain(|one| one.variable != name);
    }

    /// Where a variable comes from, to be compared.
    fn entry(&self, name: &str) -> Option<Value> {
        let secrets = self.secrets.iter().filter(|one| one.variable == name);
        let labels = self.labels.iter().filter(|one| one.variable == name);
        let fields = self.fields.iter().filter(|one| one.variable == name);
        let computed = self.computed.iter().filter(|one| one.variable == name);
        let all = secrets.map(|one| json!(one));
        let mut all = all
            .chain(labels.map(|one| json!(one)))
            .chain(fields.map(|one| json!(one)))
            .chain(computed.map(|one| json!(one)));
        all.next()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty() && self.fields.is_empty() && self.computed.is_empty()
    }
}

/// Plain variables as a value.
pub fn plain_env(env: &Names<EnvName, Spanned<EnvValue>>) -> Value {
    let plain: Map<String, Value> = env
        .iter()
        .filter_map(|(name, value)| match &value.value {
            EnvValue::Text(text) => Some((name.value.clone(), json!(text))),
            EnvValue::Plain(text) => Some((name.value.clone(), json!(text.value.0))),
            _ => None,
        })
        .collect();
    Value::Object(plain)
}

/// Existing Secrets and ConfigMaps as values: `secretName` or `configMapName` each.
pub fn env_sources(sources: &[Spanned<EnvSource>], secrets: bool) -> Vec<Value> {
    sources
        .iter()
        .filter_map(|source| {
            if secrets {
                let name = &source.secret.as_ref()?.value.0;
                Some(json!({ "secretName": name }))
            } else {
                let name = &source.config.as_ref()?.value.0;
                Some(json!({ "configMapName": name }))
            }
        })
        .collect()
}
