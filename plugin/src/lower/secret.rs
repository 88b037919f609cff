//! The chart's Secret: its keys, and who provides it where.

use super::Everywhere;
use super::context::{
    Context, DependencyFacts, OwnKeyFacts, RandomFacts, SecretFacts, SecretKeyFacts, SecretVariable,
};
use super::{dependency, schemas};
use crate::values::{Entry, branch, leaf};
use serde_json::{Value, json};
use taskspec_spec::check::names::values_key;
use taskspec_spec::codes;
use taskspec_spec::derived;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::{Document, SecretKeyRule, Secrets};
use taskspec_spec::span::Spanned;
use taskspec_spec::types::{SecretSource, StoreKind};

/// How a subchart's values name the chart's Secret.
const REFERENCE: &str = include_str!("../../templates/secret-reference.tpl");

/// Characters of a generated password: 62^32 is about 190 bits.
const PASSWORD_LENGTH: u32 = 32;

/// The templated name of the Secret in the values of a subchart.
pub fn reference(chart: &str) -> String {
    REFERENCE.trim_end().replace("[[chart.name]]", chart)
}

/// Who provides the Secret in an environment.
pub fn source(document: &Document) -> SecretSource {
    document
        .secrets
        .as_ref()
        .and_then(|secrets| secrets.source.as_ref())
        .map_or(SecretSource::Generate, |source| source.value)
}

/// Name of the existing Secret in this environment; empty otherwise.
pub fn existing_name(document: &Document) -> String {
    let name = document
        .secrets
        .as_ref()
        .and_then(|secrets| secrets.name.as_ref());
    name.filter(|_| source(document) == SecretSource::Existing)
        .map(|name| name.value.0.clone())
        .unwrap_or_default()
}

/// A key without the name of a variable. Whether it has a source of its own is
/// filled in when all keys are known.
pub fn variable_of_key(key: &str) -> SecretVariable {
    SecretVariable {
        variable: String::new(),
        key: key.to_owned(),
        name_helper: "secretName".to_owned(),
        key_helper: String::new(),
        dependency: String::new(),
    }
}

/// Lets variables of keys with sources of their own ask their helpers.
pub fn point_to_own(variables: &mut [SecretVariable], own: &[OwnKeyFacts]) {
    for variable in variables {
        if variable.dependency.is_empty() && own.iter().any(|one| one.key == variable.key) {
            variable.name_helper = format!("secret.{}.name", variable.key);
            variable.key_helper = format!("secret.{}.key", variable.key);
        }
    }
}

/// Facts of the Secret. A server outside the release cannot get a random password.
pub fn resolve(
    everywhere: &Everywhere<'_>,
    dependencies: &[DependencyFacts],
    sink: &mut Sink,
) -> SecretFacts {
    let generates = |document: &Document| source(document) == SecretSource::Generate;
    for document in everywhere.all.iter().filter(|document| generates(document)) {
        external(document, dependencies, sink);
    }
    let mut random = Vec::new();
    let mut keys = Vec::new();
    for dependency in dependencies {
        let made = dependency
            .passwords
            .iter()
            .filter(|_| dependency.in_release);
        random.extend(made.map(|password| RandomFacts {
            key: password.key.clone(),
            length: PASSWORD_LENGTH,
        }));
        keys.extend(dependency::secret_keys(dependency));
    }
    declared(everywhere.base, &mut random, &mut keys, sink);
    let own = own_keys(everywhere);
    let apart = |key: &str| {
        // A key that nowhere is part of the chart's Secret is not among its keys.
        everywhere.all.iter().all(|document| {
            rule(document, key).is_some_and(|rule| {
                rule.source.is_some()
                    && rule.source.as_ref().map(|s| s.value) != Some(source(document))
                    || rule.name.is_some()
            })
        })
    };
    for key in &mut keys {
        key.shown = shown(everywhere, &key.key);
    }
    keys.retain(|key| !own.iter().any(|one| one.key == key.key) || !apart(&key.key));
    SecretFacts {
        any: !keys.is_empty(),
        generated: !keys.is_empty() && everywhere.any(generates),
        external: !keys.is_empty()
            && everywhere.any(|document| source(document) == SecretSource::External),
        reload: everywhere.any(|document| {
            document
                .secrets
                .as_ref()
                .and_then(|secrets| secrets.reload.as_ref())
                .is_some_and(|flag| flag.0)
        }),
        own_external: everywhere.any(|document| {
            own.iter()
                .any(|one| rule(document, &one.key).is_some_and(|rule| own_store(document, rule)))
        }),
        random,
        keys,
        own,
    }
}

fn rule<'a>(document: &'a Document, key: &str) -> Option<&'a SecretKeyRule> {
    document
        .secrets
        .as_ref()?
        .keys
        .get(key)
        .map(|rule| &rule.value)
}

/// What existing Secrets call a key.
fn shown(everywhere: &Everywhere<'_>, key: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for document in &everywhere.all {
        let stated = rule(document, key)
            .filter(|rule| rule.name.is_none())
            .and_then(|rule| rule.key.as_ref());
        let name = stated.map_or(key, |name| &name.value.0);
        let existing = source(document) == SecretSource::Existing;
        if existing && !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        names.push(key);
    }
    format!("`{}`", names.join("` or `"))
}

/// Keys whose rule names a source or a Secret somewhere.
fn own_keys(everywhere: &Everywhere<'_>) -> Vec<OwnKeyFacts> {
    let Some(secrets) = &everywhere.base.secrets else {
        return Vec::new();
    };
    secrets
        .keys
        .iter()
        .filter(|(key, _)| {
            everywhere.any(|document| {
                rule(document, key).is_some_and(|rule| {
                    rule.source.is_some() || rule.name.is_some() || rule.key.is_some()
                })
            })
        })
        .map(|(key, _)| OwnKeyFacts {
            key: key.value.clone(),
            v: format!(".Values.secrets.{}", values_key(&key.value)),
        })
        .collect()
}

/// Whether a key comes from a store although the chart's Secret does not.
fn own_store(document: &Document, rule: &SecretKeyRule) -> bool {
    let stated = rule.source.as_ref().map(|source| source.value);
    stated == Some(SecretSource::External) && source(document) != SecretSource::External
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
            doc: rule.summary.as_ref().map_or_else(
                || "declared in the specification".to_owned(),
                |summary| summary.value.0.clone(),
            ),
            shown: String::new(),
            example: "any text".to_owned(),
            stored: true,
            irreplaceable: rule.irreplaceable.as_ref().is_some_and(|flag| flag.0),
        });
    }
}

fn external(document: &Document, dependencies: &[DependencyFacts], sink: &mut Sink) {
    for (name, dependency) in document.dependencies.iter() {
        let outside = dependencies
            .iter()
            .filter(|facts| !facts.in_release || derived::is_elsewhere(dependency))
            .any(|facts| facts.name == name.value && facts.url_is_secret);
        if outside {
            sink.push(
                Diagnostic::error(codes::SECRET_SOURCE, format!("nobody can generate the password of the external server `{}`", name.value))
                    .at(dependency.from.span, "has its password already")
                    .help("write [secrets] source = \"existing\" and name = \"…\": the Secret that holds the server's URL; or source = \"external\""),
            );
        }
    }
}

/// The values `externalSecret` and `secrets`.
pub fn values(document: &Document, context: &Context) -> Vec<Entry> {
    let facts = &context.secret;
    let stated = document.secrets.as_ref().map(|secrets| &secrets.value);
    let mut entries = Vec::new();
    if facts.external || facts.own_external {
        entries.push(store_values(document, stated, context));
    }
    if !facts.own.is_empty() {
        let keys = facts
            .own
            .iter()
            .map(|one| own_values(document, facts, one))
            .collect();
        entries.push(branch(
            "secrets",
            "Secret values that stand in Secrets of their own",
            keys,
        ));
    }
    entries
}

fn store_values(document: &Document, stated: Option<&Secrets>, context: &Context) -> Entry {
    let store = stated.and_then(|secrets| secrets.store.as_ref());
    let mut entries = Vec::new();
    if context.secret.external {
        entries.push(leaf(
            "enabled",
            source(document) == SecretSource::External,
            schemas::boolean(),
            "Let the External Secrets Operator make the chart's Secret",
        ));
    }
    entries.extend([
        branch(
            "store",
            "Store that the operator reads",
            vec![
                leaf(
                    "name",
                    store.map_or("", |store| &store.name.value.0),
                    schemas::string(),
                    "Name of the store",
                ),
                leaf(
                    "kind",
                    store
                        .and_then(|store| store.kind.as_ref())
                        .map_or(StoreKind::SecretStore, |kind| kind.value)
                        .word(),
                    json!({ "enum": StoreKind::WORDS }),
                    "Kind of the store",
                ),
            ],
        ),
        leaf(
            "remoteKey",
            stated
                .and_then(|secrets| secrets.remote.as_ref())
                .map_or("", |place| &place.value.0),
            schemas::string(),
            "Where the store keeps the values",
        ),
        leaf(
            "refreshInterval",
            format!(
                "{}s",
                stated
                    .and_then(|secrets| secrets.refresh.as_ref())
                    .map_or(3600, |refresh| refresh.seconds.max(1))
            ),
            json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h)$" }),
            "How often the store is read again",
        ),
    ]);
    if context.secret.external {
        entries.push(leaf(
            "keys",
            stored_keys(document, context),
            json!({
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "properties": { "remoteKey": schemas::string(), "property": schemas::string() },
                    "required": ["property"],
                    "additionalProperties": false,
                },
            }),
            "Keys of the Secret: the property of each in the store, and where it is if not at remoteKey",
        ));
    }
    branch(
        "externalSecret",
        "Secrets from a store, by the External Secrets Operator",
        entries,
    )
}

/// The keys of the chart's Secret that the store holds.
fn stored_keys(document: &Document, context: &Context) -> Value {
    let mut keys = serde_json::Map::new();
    // A server outside the release has its URL in the store, and no other keys.
    let moved: Vec<&DependencyFacts> = context
        .dependencies
        .iter()
        .zip(document.dependencies.iter())
        .filter(|(facts, (_, stated))| facts.movable && derived::is_elsewhere(stated))
        .map(|(facts, _)| facts)
        .collect();
    let is_stored = |key: &SecretKeyFacts| {
        let of = moved.iter().find(|facts| {
            let mut own = dependency::secret_keys(facts).into_iter();
            own.any(|own| own.key == key.key)
        });
        match of {
            Some(facts) => {
                let password = facts.passwords.iter().find(|one| one.purpose == "password");
                key.key == facts.url_key
                    || facts.password_wanted && password.is_some_and(|one| one.key == key.key)
            }
            None => key.stored,
        }
    };
    for key in context.secret.keys.iter().filter(|key| is_stored(key)) {
        let stated = rule(document, &key.key);
        let property = stated
            .and_then(|rule| rule.property.as_ref())
            .map_or(key.key.as_str(), |property| &property.value.0);
        let mut one = serde_json::Map::new();
        one.insert("property".into(), json!(property));
        if let Some(place) = stated.and_then(|rule| rule.remote.as_ref()) {
            one.insert("remoteKey".into(), json!(place.value.0));
        }
        keys.insert(key.key.clone(), Value::Object(one));
    }
    Value::Object(keys)
}

fn own_values(document: &Document, facts: &SecretFacts, one: &OwnKeyFacts) -> Entry {
    let stated = rule(document, &one.key);
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let from_store = stated.is_some_and(|rule| own_store(document, rule));
    let common = document
        .secrets
        .as_ref()
        .and_then(|secrets: &Spanned<Secrets>| secrets.remote.as_ref())
        .map(|place| place.value.0.as_str());
    let place = stated
        .and_then(|rule| rule.remote.as_ref())
        .map(|place| place.value.0.as_str())
        .or(common)
        .filter(|_| from_store);
    let property = stated
        .and_then(|rule| rule.property.as_ref())
        .map(|property| property.value.0.as_str())
        .or(Some(one.key.as_str()))
        .filter(|_| from_store);
    let mut entries = vec![
        leaf(
            "existingSecret",
            text(
                stated
                    .and_then(|rule| rule.name.as_ref())
                    .map(|name| name.value.0.as_str()),
            ),
            schemas::string(),
            "Existing Secret that holds it; empty for the chart's Secret",
        ),
        leaf(
            "key",
            text(
                stated
                    .and_then(|rule| rule.key.as_ref())
                    .map(|key| key.value.0.as_str()),
            ),
            schemas::string(),
            format!("Key in that Secret; empty for {}", one.key),
        ),
    ];
    if facts.own_external {
        entries.extend([
            leaf(
                "remoteKey",
                text(place),
                schemas::string(),
                "Where a store keeps it; empty if it does not come from a store of its own",
            ),
            leaf(
                "property",
                text(property),
                schemas::string(),
                "Its property there",
            ),
        ]);
    }
    branch(
        &values_key(&one.key),
        format!("The secret {}", one.key),
        entries,
    )
}
