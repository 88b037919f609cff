//! Secrets stay secret and have one creator.

use crate::codes;
use crate::decode::Map;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Document, EnvValue, SecretKeyRule, Secrets};
use crate::span::{Span, Spanned};
use crate::tree::{Node, Value};
use crate::types::{Delivery, EnvName, SecretSource};

/// Checks the secrets of one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    let variables = document.workloads.iter().flat_map(|(_, workload)| {
        let containers = workload.init.iter().chain(workload.sidecars.iter());
        std::iter::once(&workload.env).chain(containers.map(|(_, container)| &container.env))
    });
    for env in variables.chain(document.migrations.iter().map(|migrations| &migrations.env)) {
        plain(env, sink);
    }
    for (_, dependency) in document.dependencies.iter() {
        if let Some(values) = &dependency.values {
            template_text(&values.value.0, sink);
            plain_values(&values.value.0, sink);
        }
    }
    for (_, entry) in document.catalog.iter() {
        template_text(&entry.value.0, sink);
    }
    source(document, sink);
}
/// Whether the name of a variable says that its value is a secret.
pub fn looks_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let words: Vec<&str> = upper.split('_').collect();
    let secret = [
        "PASSWORD",
        "PASSWD",
        "SECRET",
        "TOKEN",
        "CREDENTIAL",
        "CREDENTIALS",
    ];
    let last = words.last().copied().unwrap_or_default();
    let key =
        last == "KEY" && words.len() > 1 && !words.iter().any(|word| NAMES_OF_KEYS.contains(word));
    (key || words.iter().any(|word| secret.contains(word))) && !ABOUT_A_SECRET.contains(&last)
}

/// Last words of variables that tell something about a secret, but are none.
const ABOUT_A_SECRET: &[&str] = &[
    "AGE",
    "ALGORITHM",
    "AUDIENCE",
    "BACKEND",
    "COUNT",
    "DAYS",
    "DIR",
    "ENABLED",
    "ENDPOINT",
    "EXPIRY",
    "FILE",
    "FORMAT",
    "HEADER",
    "HOST",
    "HOURS",
    "ISSUER",
    "LENGTH",
    "LIFETIME",
    "LIMIT",
    "MINUTES",
    "MODE",
    "NAME",
    "NAMESPACE",
    "PATH",
    "POLICY",
    "PORT",
    "PREFIX",
    "PROVIDER",
    "REGION",
    "ROTATION",
    "SECONDS",
    "SIZE",
    "STORE",
    "SUFFIX",
    "TIMEOUT",
    "TTL",
    "TYPE",
    "URI",
    "URL",
    "VERSION",
];

/// Words before `KEY` that make it the name of something rather than a secret.
const NAMES_OF_KEYS: &[&str] = &[
    "CACHE",
    "FOREIGN",
    "GROUP",
    "HASH",
    "INDEX",
    "PARTITION",
    "PRIMARY",
    "PUBLIC",
    "ROUTING",
    "SHARD",
    "SORT",
];

/// Whether a text is nothing but the name of another variable: `$(NAME)`.
fn another(text: &str) -> bool {
    text.strip_prefix("$(")
        .and_then(|rest| rest.strip_suffix(')'))
        .is_some_and(|name| !name.contains(')'))
}

fn plain(env: &Map<EnvName, Spanned<EnvValue>>, sink: &mut Sink) {
    for (name, value) in env.iter() {
        let EnvValue::Text(text) = &value.value else {
            continue;
        };
        if text.contains("{{")
            && [".Values", ".Release", ".Chart", "include "]
                .iter()
                .any(|word| text.contains(word))
        {
            sink.push(
                Diagnostic::warning(
                    codes::TEMPLATE_TEXT,
                    format!("`{}` gets this text as it stands", name.value),
                )
                .at(value.span, "not evaluated by Helm")
                .help("write the value itself; names and passwords are wired by the compiler"),
            );
        }
        let number = text.parse::<f64>().is_ok() || text == "true" || text == "false";
        let credentials = text.split_once("://").is_some_and(|(_, rest)| {
            let authority = rest.split('/').next().unwrap_or_default();
            let user = authority.rsplit_once('@').map(|(user, _)| user);
            let password = user.and_then(|user| user.split_once(':'));
            password.is_some_and(|(_, password)| !another(password))
        });
        if another(text) {
            continue;
        }
        if (looks_secret(name) && !number && !text.is_empty()) || credentials {
            sink.push(
                Diagnostic::error(
                    codes::PLAIN_SECRET,
                    format!("`{}` would stand in plain text", name.value),
                )
                .at(value.span, "ends up in values.yaml and in a ConfigMap")
                .at(
                    name.span,
                    if credentials {
                        "its value has a password in it"
                    } else {
                        "its name says that it is a secret"
                    },
                )
                .help(
                    [
                        "write ",
                        &name.value,
                        " = { secret = \"",
                        &name.value.to_ascii_lowercase().replace('_', "-"),
                        "\" } and declare the key in `[secrets.keys]`; if it is no secret, write { plain = \"…\" }",
                    ]
                    .concat(),
                ),
            );
        }
    }
}

/// Passwords among the values of a dependency's chart.
fn plain_values(node: &Node, sink: &mut Sink) {
    match &node.value {
        Value::Array(items) => items.iter().for_each(|item| plain_values(item, sink)),
        Value::Table(table) => {
            for entry in &table.entries {
                let key = entry.key.to_ascii_lowercase();
                let secret = ["password", "passwd", "passphrase", "token"]
                    .iter()
                    .any(|word| key.ends_with(word));
                match &entry.node.value {
                    Value::String(text) if secret && !text.is_empty() => sink.push(
                        Diagnostic::error(codes::PLAIN_SECRET, format!("`{}` would stand in plain text", entry.key))
                            .at(entry.node.span, "ends up in values.yaml")
                            .at(entry.key_span, "its name says that it is a secret")
                            .help("remove it: the compiler wires the passwords of a dependency to the chart's Secret"),
                    ),
                    _ => plain_values(&entry.node, sink),
                }
            }
        }
        _ => {}
    }
}

fn template_text(node: &Node, sink: &mut Sink) {
    match &node.value {
        Value::String(text) if text.contains("{{") => sink.push(
            Diagnostic::error(
                codes::TEMPLATE_TEXT,
                "text of a specification cannot be template code",
            )
            .at(node.span, "has `{{`")
            .help("write the value itself; names and passwords are wired by the compiler"),
        ),
        Value::Array(items) => items.iter().for_each(|item| template_text(item, sink)),
        Value::Table(table) => {
            for entry in &table.entries {
                if entry.key.contains("{{") {
                    sink.push(
                        Diagnostic::error(codes::TEMPLATE_TEXT, "a key cannot be template code")
                            .at(entry.key_span, "has `{{`")
                            .help("write the key itself"),
                    );
                }
                template_text(&entry.node, sink);
            }
        }
        _ => {}
    }
}

/// Who provides a key in this environment: its own source, else the Secret's.
fn source_of(secrets: Option<&Secrets>, rule: &SecretKeyRule) -> SecretSource {
    let common = secrets
        .and_then(|secrets| secrets.source.as_ref())
        .map_or(SecretSource::Generate, |source| source.value);
    rule.source.as_ref().map_or(common, |source| source.value)
}

fn source(document: &Document, sink: &mut Sink) {
    let secrets = document.secrets.as_ref();
    if secrets.is_some_and(|secrets| secrets.has_fault_in(&["source"])) {
        return;
    }
    let source = secrets.and_then(|secrets| secrets.source.as_ref());
    let common = source.map_or(SecretSource::Generate, |source| source.value);
    if by_argocd(document, common, source, sink) {
        return;
    }
    let Some(secrets) = secrets else { return };
    let chart = super::intent(document).map_or("app", |intent| intent.name.value.0.as_str());
    name(chart, secrets, common, sink);
    store(chart, secrets, common, sink);
    for (key, rule) in secrets.keys.iter() {
        self::rule(secrets, key, rule, common, sink);
    }
}

/// Argo CD renders without a cluster: every rendering would make new passwords.
fn by_argocd(
    document: &Document,
    common: SecretSource,
    source: Option<&Spanned<SecretSource>>,
    sink: &mut Sink,
) -> bool {
    let delivery = document
        .platform
        .as_ref()
        .and_then(|platform| platform.delivery.as_ref())
        .filter(|delivery| delivery.value == Delivery::ArgoCd);
    let secrets = document.secrets.as_ref();
    // A server outside the release brings its own passwords.
    let has_keys = document
        .dependencies
        .iter()
        .any(|(_, dependency)| !dependency.from.value.0.starts_with("external/"))
        || secrets.is_some_and(|secrets| !secrets.keys.declares_nothing());
    let Some(delivery) = delivery else {
        return false;
    };
    if common != SecretSource::Generate || !has_keys {
        return false;
    }
    let at = source.map(|source| source.span);
    let diagnostic = Diagnostic::error(
        codes::SECRET_SOURCE,
        "Argo CD cannot keep a generated Secret",
    )
    .at(at.unwrap_or(delivery.span), "random at every rendering")
    .help("write [secrets] source = \"external\" with a store, or source = \"existing\" and name = \"…\"")
    .note("Argo CD renders without looking at the cluster, so every sync would make new passwords");
    sink.push(if at.is_some() {
        diagnostic.at(delivery.span, "rendered by Argo CD")
    } else {
        diagnostic
    });
    true
}

fn name(chart: &str, secrets: &Spanned<Secrets>, common: SecretSource, sink: &mut Sink) {
    let source = secrets.source.as_ref();
    match (common, &secrets.name) {
        (SecretSource::Existing, None) if !secrets.has_fault_in(&["name"]) => sink.push(
            Diagnostic::error(codes::SECRET_SOURCE, "an existing Secret needs a name")
                .at(
                    source.map_or(secrets.span, |source| source.span),
                    "which one?",
                )
                .help(format!("add name = \"{chart}-credentials\"")),
        ),
        (SecretSource::Generate | SecretSource::External, Some(name)) => {
            let made = if common == SecretSource::Generate {
                "a generated"
            } else {
                "an external"
            };
            let diagnostic = Diagnostic::error(codes::SECRET_SOURCE, format!("{made} Secret gets its name from the release"))
                .at(name.span, "does not apply")
                .help("write source = \"existing\", or state `name` only in the environments whose Secret exists");
            sink.push(match source {
                Some(source) => diagnostic.at(
                    source.span,
                    if common == SecretSource::Generate {
                        "generated"
                    } else {
                        "from a store"
                    },
                ),
                None => diagnostic.note("`source` is \"generate\" unless stated"),
            });
        }
        _ => {}
    }
}

/// What comes from a store needs one, and a place in it.
fn store(chart: &str, secrets: &Spanned<Secrets>, common: SecretSource, sink: &mut Sink) {
    let external = |rule: &SecretKeyRule| {
        rule.source
            .as_ref()
            .is_some_and(|source| source.value == SecretSource::External)
    };
    let own = secrets.keys.iter().find(|(_, rule)| external(rule));
    let place = match (common, own) {
        (SecretSource::External, _) => secrets.source.as_ref().map(|source| source.span),
        (_, Some((_, rule))) => rule.source.as_ref().map(|source| source.span),
        _ => None,
    };
    let Some(place) = place else { return };
    if secrets.store.is_none() && !secrets.has_fault_in(&["store"]) {
        sink.push(
            Diagnostic::error(codes::SECRET_SOURCE, "an external Secret needs a store")
                .at(place, "which one?")
                .help("add store = { name = \"vault-backend\" }, with kind = \"ClusterSecretStore\" if it is one"),
        );
    }
    let placeless = secrets.keys.iter().find(|(_, rule)| {
        source_of(Some(secrets), rule) == SecretSource::External && rule.remote.is_none()
    });
    let needs = common == SecretSource::External || placeless.is_some();
    if secrets.remote.is_none() && needs && !secrets.has_fault_in(&["remote"]) {
        sink.push(
            Diagnostic::error(
                codes::SECRET_SOURCE,
                "nothing says where the store keeps the values",
            )
            .at(placeless.map_or(place, |(_, rule)| rule.span), "where?")
            .help(format!(
                "add remote = \"secret/{chart}\" to [secrets], or `remote` to every external key"
            )),
        );
    }
}

fn rule(
    secrets: &Secrets,
    key: &Spanned<String>,
    rule: &Spanned<SecretKeyRule>,
    common: SecretSource,
    sink: &mut Sink,
) {
    let source = source_of(Some(secrets), rule);
    if let Some(stated) = &rule.source
        && stated.value == SecretSource::Generate
        && common != SecretSource::Generate
    {
        sink.push(
            Diagnostic::error(
                codes::SECRET_SOURCE,
                format!("nobody makes the Secret that `{}` would be generated in", key.value),
            )
            .at(stated.span, "generated")
            .help("write source = \"generate\" in [secrets] and name the other keys' sources, or leave it out here"),
        );
        return;
    }
    if source == SecretSource::Generate
        && rule.generate.is_none()
        && !rule.has_fault_in(&["generate"])
    {
        sink.push(
            Diagnostic::error(codes::SECRET_SOURCE, format!("nobody provides the secret `{}`", key.value))
                .at(rule.span, "not generated")
                .help("write { generate = 32 } if random characters will do, { source = \"existing\", name = \"…\" } for a Secret that has it, or { source = \"external\" } for a store"),
        );
    }
    if let Some(stated) = &rule.source
        && stated.value == SecretSource::Existing
        && rule.name.is_none()
        && common != SecretSource::Existing
    {
        sink.push(
            Diagnostic::error(codes::SECRET_SOURCE, "an existing Secret needs a name")
                .at(stated.span, "which one?")
                .help("add name = \"…\", and `key` if it is called differently there"),
        );
    }
    let existing = [
        rule.name.as_ref().map(|name| ("name", name.span)),
        rule.key.as_ref().map(|name| ("key", name.span)),
    ];
    let external = [
        rule.remote.as_ref().map(|place| ("remote", place.span)),
        rule.property.as_ref().map(|place| ("property", place.span)),
    ];
    let wrong = |stated: [Option<(&'static str, Span)>; 2], wanted: SecretSource| {
        stated
            .into_iter()
            .flatten()
            .filter(move |_| source != wanted)
            .map(move |(key, span)| (key, span, wanted))
    };
    for (name, span, wanted) in
        wrong(existing, SecretSource::Existing).chain(wrong(external, SecretSource::External))
    {
        sink.push(
            Diagnostic::error(
                codes::SECRET_SOURCE,
                format!("`{name}` belongs to source = \"{}\"", wanted.word()),
            )
            .at(span, "does not apply")
            .help(format!(
                "remove it, or add source = \"{}\" to the key",
                wanted.word()
            )),
        );
    }
}
