//! Secrets: their keys, what a store holds, how a password is changed.

use super::effective::Effective;
use super::markdown::{code, escape};
use super::release::Release;
use crate::lower::{Context, DependencyFacts};
use serde::Serialize;
use serde_json::Value;

/// A key of the Secret as a row.
#[derive(Serialize)]
pub struct Key {
    key: String,
    shown: String,
    doc: String,
    form: String,
    irreplaceable: bool,
}

/// What the store of an environment holds.
#[derive(Serialize)]
pub struct Stored {
    environment: String,
    rows: Vec<Property>,
}

#[derive(Serialize)]
struct Property {
    place: String,
    property: String,
    key: String,
    doc: String,
}

/// How the password of a server is changed.
#[derive(Serialize)]
pub struct Change {
    name: String,
    /// `restart`, `operator`, `sql`, `cypher`, `grafana`, `tool` or `outside`.
    way: &'static str,
    /// Environments in which it runs elsewhere.
    elsewhere: String,
}

/// The keys with their forms: code, unless it is said in words.
pub fn keys(context: &Context) -> Vec<Key> {
    let keys = context.secret.keys.iter();
    keys.map(|key| Key {
        key: key.key.clone(),
        shown: key.shown.clone(),
        doc: key.doc.clone(),
        form: if key.example.contains(' ') {
            escape(&key.example)
        } else {
            code(&key.example)
        },
        irreplaceable: key.irreplaceable,
    })
    .collect()
}

/// What the stores hold, for each environment that reads one.
pub fn stored(context: &Context, releases: &[Release], values: &[Effective]) -> Vec<Stored> {
    let all = releases.iter().zip(values).map(|(release, values)| Stored {
        environment: release.name.clone(),
        rows: properties(context, release, values),
    });
    all.filter(|stored| !stored.rows.is_empty()).collect()
}

fn properties(context: &Context, release: &Release, values: &Effective) -> Vec<Property> {
    let doc = |key: &str| {
        let known = context.secret.keys.iter().find(|known| known.key == key);
        known.map(|known| known.doc.clone()).unwrap_or_default()
    };
    let common = values.text("externalSecret.remoteKey");
    let mut rows = Vec::new();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if release.creator == "external"
        && let Value::Object(keys) = values.at("externalSecret.keys")
    {
        rows.extend(keys.iter().map(|(key, place)| Property {
            place: match place["remoteKey"].as_str() {
                Some(own) => own.to_owned(),
                None => common.to_owned(),
            },
            property: text(&place["property"]),
            key: key.clone(),
            doc: doc(key),
        }));
    }
    for own in &context.secret.own {
        let place = values.at(super::effective::path_of(&own.v));
        let from_store =
            !text(&place["remoteKey"]).is_empty() && text(&place["existingSecret"]).is_empty();
        if from_store {
            rows.push(Property {
                place: text(&place["remoteKey"]),
                property: text(&place["property"]),
                key: own.key.clone(),
                doc: doc(&own.key),
            });
        }
    }
    rows
}

/// How each server's password is changed.
pub fn changes(context: &Context, releases: &[Release]) -> Vec<Change> {
    let with_password = |facts: &&DependencyFacts| {
        !facts.passwords.is_empty() || !facts.operator_secret.is_empty() || facts.url_is_secret
    };
    let servers = context.dependencies.iter().filter(with_password);
    servers
        .map(|facts| Change {
            name: facts.name.clone(),
            way: way(facts),
            elsewhere: super::elsewhere(releases, &facts.name),
        })
        .collect()
}

/// Servers of the release that read their password at every start need no
/// more than that; the others keep the one of their first start.
fn way(facts: &DependencyFacts) -> &'static str {
    if !facts.in_release {
        return "outside";
    }
    if !facts.operator_secret.is_empty() {
        return "operator";
    }
    match (
        facts.kind.as_str(),
        facts.engine.as_str(),
        facts.chart.as_str(),
    ) {
        ("embedded", _, _) | (_, "redis", _) => "restart",
        (_, "postgresql", _) => "sql",
        (_, "bolt", _) => "cypher",
        (_, "http", "grafana") => "grafana",
        _ => "tool",
    }
}
