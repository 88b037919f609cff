//! The chart's one Secret: its keys, and who creates it where.

use super::context::{DependencyFacts, RandomFacts, SecretFacts, SecretKeyFacts};
use super::dependency;
use taskspec_spec::Resolved;
use taskspec_spec::codes;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::Document;
use taskspec_spec::types::SecretSource;

/// How a subchart's values name the chart's Secret.
const REFERENCE: &str = include_str!("../../templates/secret-reference.tpl");

/// Characters of a generated password: 62^32 is about 190 bits.
const PASSWORD_LENGTH: u32 = 32;

/// The templated name of the Secret in the values of a subchart.
pub fn reference(chart: &str) -> String {
    REFERENCE.trim_end().replace("[[chart.name]]", chart)
}

/// Whether the chart generates its Secret in this environment.
pub fn generates(document: &Document) -> bool {
    let source = document
        .secrets
        .as_ref()
        .and_then(|secrets| secrets.source.as_ref());
    source.is_none_or(|source| source.value == SecretSource::Generate)
}

/// Name of the existing Secret in this environment; empty when generated.
pub fn existing_name(document: &Document) -> String {
    let name = document
        .secrets
        .as_ref()
        .and_then(|secrets| secrets.name.as_ref());
    name.filter(|_| !generates(document))
        .map(|name| name.value.0.clone())
        .unwrap_or_default()
}

/// Facts of the Secret. A server outside the release cannot get a random password.
pub fn resolve(
    resolved: &Resolved,
    dependencies: &[DependencyFacts],
    sink: &mut Sink,
) -> SecretFacts {
    let documents = || {
        std::iter::once(&resolved.base)
            .chain(resolved.environments.iter().map(|merged| &merged.document))
    };
    for document in documents().filter(|document| generates(document)) {
        external(document, dependencies, sink);
    }
    let mut random = Vec::new();
    let mut keys = Vec::new();
    for dependency in dependencies {
        random.extend(dependency.passwords.iter().map(|password| RandomFacts {
            key: password.key.clone(),
            length: PASSWORD_LENGTH,
        }));
        keys.extend(dependency::secret_keys(dependency));
    }
    declared(&resolved.base, &mut random, &mut keys, sink);
    SecretFacts {
        any: !keys.is_empty(),
        generated: !keys.is_empty() && documents().any(generates),
        random,
        keys,
    }
}

fn declared(
    base: &Document,
    random: &mut Vec<RandomFacts>,
    keys: &mut Vec<SecretKeyFacts>,
    sink: &mut Sink,
) {
    let Some(secrets) = &base.secrets else { return };
    for (key, rule) in secrets.keys.iter() {
        if keys.iter().any(|known| known.key == key.value) {
            sink.push(
                Diagnostic::error(
                    codes::NAME_CLASH,
                    format!("`{}` is a key of a dependency already", key.value),
                )
                .at(key.span, "taken")
                .help("choose another key"),
            );
        }
        if let Some(length) = &rule.generate {
            random.push(RandomFacts {
                key: key.value.clone(),
                length: length.value.0,
            });
        }
        keys.push(SecretKeyFacts {
            key: key.value.clone(),
            doc: "declared in the specification".to_owned(),
            example: "any text".to_owned(),
        });
    }
}

fn external(document: &Document, dependencies: &[DependencyFacts], sink: &mut Sink) {
    for (name, dependency) in document.dependencies.iter() {
        let outside = dependencies
            .iter()
            .any(|facts| facts.name == name.value && !facts.in_release && facts.url_is_secret);
        if outside {
            sink.push(
                Diagnostic::error(codes::SECRET_SOURCE, format!("nobody can generate the password of the external server `{}`", name.value))
                    .at(dependency.from.span, "has its password already")
                    .help("write [secrets] source = \"existing\" and name = \"…\": the Secret that holds the server's URL"),
            );
        }
    }
}
