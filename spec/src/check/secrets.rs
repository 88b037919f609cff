//! Secrets stay secret and have one creator.

use crate::codes;
use crate::decode::Map;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Document, EnvValue, SecretKeyRule};
use crate::span::Spanned;
use crate::tree::{Node, Value};
use crate::types::{Delivery, EnvName, SecretSource};

/// Checks the secrets of one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    let variables = document.workloads.iter().map(|(_, workload)| &workload.env);
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

fn looks_secret(name: &str) -> bool {
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
            authority
                .rsplit_once('@')
                .is_some_and(|(user, _)| user.contains(':'))
        });
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
                        "\" } and declare the key in `[secrets.keys]`",
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

fn source(document: &Document, sink: &mut Sink) {
    let secrets = document.secrets.as_ref();
    if secrets.is_some_and(|secrets| secrets.has_fault_in(&["source"])) {
        return;
    }
    let source = secrets.and_then(|secrets| secrets.source.as_ref());
    let delivery = document
        .platform
        .as_ref()
        .and_then(|platform| platform.delivery.as_ref());
    let generates = source.is_none_or(|source| source.value == SecretSource::Generate);
    let needs_secret = document.dependencies.iter().next().is_some()
        || secrets.is_some_and(|secrets| !secrets.keys.is_empty());
    if let Some(delivery) = delivery
        && delivery.value == Delivery::ArgoCd
        && generates
        && needs_secret
    {
        let diagnostic = Diagnostic::error(codes::SECRET_SOURCE, "Argo CD cannot install a chart that generates its secrets")
            .at(source.map_or(delivery.span, |source| source.span), if source.is_some() { "makes random passwords" } else { "renders without a cluster" })
            .help("write [secrets] source = \"existing\" and name = \"…\", and create that Secret by Sealed Secrets or the External Secrets Operator")
            .note("Argo CD renders without a cluster, so every sync would make new passwords while the database keeps the old ones");
        sink.push(if source.is_some() {
            diagnostic.at(delivery.span, "rendered by Argo CD")
        } else {
            diagnostic
        });
        return;
    }
    let Some(secrets) = secrets else { return };
    match (generates, &secrets.name) {
        (false, None) if !secrets.has_fault_in(&["name"]) => sink.push(
            Diagnostic::error(codes::SECRET_SOURCE, "an existing Secret needs a name")
                .at(
                    source.map_or(secrets.span, |source| source.span),
                    "which one?",
                )
                .help("add name = \"task-api-credentials\""),
        ),
        (true, Some(name)) => {
            let diagnostic = Diagnostic::error(codes::SECRET_SOURCE, "a generated Secret gets its name from the release")
                .at(name.span, "does not apply")
                .help("write source = \"existing\", or state `name` only in the environments whose Secret exists");
            sink.push(match source {
                Some(source) => diagnostic.at(source.span, "generated"),
                None => diagnostic.note("`source` is \"generate\" unless stated"),
            });
        }
        _ => {}
    }
    let nobody = |rule: &SecretKeyRule| {
        generates && rule.generate.is_none() && !rule.has_fault_in(&["generate"])
    };
    for (key, rule) in secrets.keys.iter().filter(|(_, rule)| nobody(rule)) {
        sink.push(
            Diagnostic::error(codes::SECRET_SOURCE, format!("nobody provides the secret `{}`", key.value))
                .at(rule.span, "not generated")
                .help("write { generate = 32 } if random characters will do, else source = \"existing\" with the name of a Secret that has the key"),
        );
    }
}
