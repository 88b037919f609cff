//! Exposure outside the cluster: facts and values of Ingress and routes.

use super::Everywhere;
use super::context::{Context, IngressFacts};
use super::schemas;
use crate::values::{Entry, branch, leaf};
use serde_json::{Map, Value, json};
use taskspec_spec::decode::Map as Names;
use taskspec_spec::model::{Document, Ingress, Tls};
use taskspec_spec::span::Spanned;
use taskspec_spec::types::{HttpPath, IngressController, PathTarget, PathType};

/// Facts of the Ingress, if some environment has one.
pub fn ingress(everywhere: &Everywhere<'_>) -> Option<IngressFacts> {
    let stated = everywhere
        .all
        .iter()
        .find_map(|document| document.ingress.as_ref())?;
    Some(IngressFacts {
        controller: stated
            .controller
            .as_ref()
            .map_or(IngressController::Other, |controller| controller.value)
            .word()
            .to_owned(),
        limited: everywhere.any(|document| {
            document
                .ingress
                .as_ref()
                .is_some_and(|ingress| ingress.rate_limit.is_some())
        }),
    })
}

/// The values `ingress` and `httpRoute`.
pub fn values(document: &Document, context: &Context) -> Vec<Entry> {
    let mut entries = Vec::new();
    if let Some(facts) = &context.ingress {
        entries.push(ingress_values(document, facts, context));
    }
    if context.gateway {
        entries.push(route_values(document));
    }
    entries
}

fn on<T>(section: &Option<Spanned<T>>, enabled: impl Fn(&T) -> Option<bool>) -> bool {
    section
        .as_ref()
        .is_some_and(|section| enabled(section).unwrap_or(true))
}

fn annotations<'a>(
    stated: impl Iterator<Item = (&'a Spanned<String>, &'a Spanned<taskspec_spec::types::Any>)>,
) -> Value {
    Value::Object(
        stated
            .map(|(key, value)| (key.value.clone(), json!(value.value.0)))
            .collect(),
    )
}

fn ingress_values(document: &Document, facts: &IngressFacts, context: &Context) -> Entry {
    let stated = document.ingress.as_ref().map(|ingress| &ingress.value);
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    // A host may name the issuer; the checks have seen that it is the only one.
    let issuer = |get: fn(&Tls) -> Option<&str>| {
        let common = stated.and_then(|ingress| ingress.tls.as_ref());
        let of_hosts = stated.into_iter().flat_map(|ingress| ingress.hosts.iter());
        let of_hosts = of_hosts.filter_map(|(_, rule)| rule.tls.as_ref());
        text(common.into_iter().chain(of_hosts).find_map(|tls| get(tls)))
    };
    let mut entries = vec![
        leaf(
            "enabled",
            on(&document.ingress, |ingress| {
                let off = ingress.hosts.is_empty().then_some(false);
                off.or_else(|| ingress.enabled.as_ref().map(|flag| flag.0))
            }),
            schemas::boolean(),
            "Make an Ingress",
        ),
        leaf(
            "className",
            text(
                stated
                    .and_then(|ingress| ingress.class.as_ref())
                    .map(|class| class.value.0.as_str()),
            ),
            schemas::string(),
            "Class of the Ingress; empty for the cluster's default class",
        ),
        leaf(
            "annotations",
            annotations(
                stated
                    .into_iter()
                    .flat_map(|ingress| ingress.annotations.iter()),
            ),
            schemas::annotations(),
            "Annotations for the controller",
        ),
        leaf(
            "clusterIssuer",
            issuer(|tls| {
                tls.cluster_issuer
                    .as_ref()
                    .map(|name| name.value.0.as_str())
            }),
            schemas::string(),
            "ClusterIssuer of cert-manager that makes the certificates; empty for none",
        ),
        leaf(
            "issuer",
            issuer(|tls| tls.issuer.as_ref().map(|name| name.value.0.as_str())),
            schemas::string(),
            "Issuer of cert-manager in the namespace; empty for none",
        ),
    ];
    if facts.limited {
        entries.push(rate(stated));
    }
    entries.push(leaf(
        "hosts",
        json!(hosts(stated)),
        hosts_schema(),
        "Hosts and what their paths lead to; without `workload` to the main one, without `port` to its main port",
    ));
    entries.push(leaf(
        "tls",
        json!(certificates(stated, &context.chart.name)),
        json!({
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "secretName": { "type": "string" },
                    "hosts": { "type": "array", "items": { "type": "string" }, "minItems": 1 },
                },
                "required": ["hosts"],
                "additionalProperties": false,
            },
        }),
        "Hosts with TLS and the Secrets of their certificates; without a Secret the controller's own is used",
    ));
    branch("ingress", "Exposure through an Ingress", entries)
}

fn rate(stated: Option<&Ingress>) -> Entry {
    let limit = stated.and_then(|ingress| ingress.rate_limit.as_ref());
    branch(
        "rateLimit",
        "Requests that one client may make",
        vec![
            leaf(
                "requests",
                limit.map_or(0, |limit| limit.requests),
                schemas::integer(0, 999_999),
                "Number of requests; 0 for no limit",
            ),
            leaf(
                "seconds",
                limit.map_or(60, |limit| limit.seconds),
                json!({ "enum": [1, 60] }),
                "In this time",
            ),
        ],
    )
}

/// Paths of a host as values.
fn paths(stated: &Names<HttpPath, Spanned<PathTarget>>, path_type: Option<PathType>) -> Vec<Value> {
    let one = |path: &str, target: Option<&PathTarget>| {
        let mut object = Map::new();
        object.insert("path".into(), json!(path));
        if let Some(path_type) = path_type {
            object.insert("pathType".into(), json!(path_type.word()));
        }
        if let Some((workload, port)) = target.map(PathTarget::parts) {
            object.insert("workload".into(), json!(workload));
            if let Some(port) = port {
                object.insert("port".into(), json!(port));
            }
        }
        Value::Object(object)
    };
    if stated.is_empty() {
        return vec![one("/", None)];
    }
    stated
        .iter()
        .map(|(path, target)| one(&path.value, Some(&target.value)))
        .collect()
}

fn hosts(stated: Option<&Ingress>) -> Vec<Value> {
    let Some(ingress) = stated else {
        return Vec::new();
    };
    ingress
        .hosts
        .iter()
        .map(|(host, rule)| {
            let path_type = rule
                .path_type
                .as_ref()
                .map_or(PathType::Prefix, |path_type| path_type.value);
            json!({ "host": host.value, "paths": paths(&rule.paths, Some(path_type)) })
        })
        .collect()
}

fn path_schema(with_type: bool) -> Value {
    let mut properties = Map::new();
    properties.insert("path".into(), json!({ "type": "string", "pattern": "^/" }));
    if with_type {
        properties.insert("pathType".into(), json!({ "enum": PathType::WORDS }));
    }
    properties.insert("workload".into(), schemas::string());
    properties.insert("port".into(), schemas::string());
    json!({
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "properties": properties,
            "required": ["path"],
            "additionalProperties": false,
        },
    })
}

fn hosts_schema() -> Value {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": { "host": { "type": "string" }, "paths": path_schema(true) },
            "required": ["host", "paths"],
            "additionalProperties": false,
        },
    })
}

/// Certificates: one for each host, by its own source or the Ingress'.
fn certificates(stated: Option<&Ingress>, chart: &str) -> Vec<Value> {
    let Some(ingress) = stated else {
        return Vec::new();
    };
    let mut list: Vec<(Option<String>, Vec<String>)> = Vec::new();
    for (host, rule) in ingress.hosts.iter() {
        let Some(tls) = rule.tls.as_ref().or(ingress.tls.as_ref()) else {
            continue;
        };
        let secret = secret_name(tls, host, chart);
        match list
            .iter_mut()
            .find(|(known, _)| *known == secret && secret.is_some())
        {
            Some((_, hosts)) => hosts.push(host.value.clone()),
            None => list.push((secret, vec![host.value.clone()])),
        }
    }
    list.into_iter()
        .map(|(secret, hosts)| match secret {
            Some(secret) => json!({ "secretName": secret, "hosts": hosts }),
            None => json!({ "hosts": hosts }),
        })
        .collect()
}

fn secret_name(tls: &Tls, host: &str, chart: &str) -> Option<String> {
    if tls.controller.as_ref().is_some_and(|flag| flag.0) {
        return None;
    }
    let stated = tls.secret.as_ref().map(|secret| secret.value.0.clone());
    stated.or_else(|| {
        let host = host.replace("*.", "wildcard.").replace('.', "-");
        Some(format!("{chart}-{host}-tls"))
    })
}

fn route_values(document: &Document) -> Entry {
    let stated = document.gateway.as_ref().map(|gateway| &gateway.value);
    let parents: Vec<Value> = stated
        .into_iter()
        .flat_map(|gateway| &gateway.parents)
        .map(|parent| {
            let mut object = Map::new();
            object.insert("name".into(), json!(parent.name.value.0));
            if let Some(namespace) = &parent.namespace {
                object.insert("namespace".into(), json!(namespace.value.0));
            }
            if let Some(listener) = &parent.listener {
                object.insert("sectionName".into(), json!(listener.value.0));
            }
            Value::Object(object)
        })
        .collect();
    let routes: Vec<Value> = stated
        .into_iter()
        .flat_map(|gateway| gateway.hosts.iter())
        .map(|(host, rule)| json!({ "hostnames": [host.value], "paths": paths(&rule.paths, None) }))
        .collect();
    branch(
        "httpRoute",
        "Exposure through the Gateway API",
        vec![
            leaf(
                "enabled",
                on(&document.gateway, |gateway| {
                    let off = gateway.hosts.is_empty().then_some(false);
                    off.or_else(|| gateway.enabled.as_ref().map(|flag| flag.0))
                }),
                schemas::boolean(),
                "Make HTTPRoutes",
            ),
            leaf(
                "parentRefs",
                json!(parents),
                schemas::objects(),
                "Gateways that the routes belong to",
            ),
            leaf(
                "annotations",
                annotations(
                    stated
                        .into_iter()
                        .flat_map(|gateway| gateway.annotations.iter()),
                ),
                schemas::annotations(),
                "Annotations of the routes",
            ),
            leaf(
                "routes",
                json!(routes),
                json!({
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "hostnames": { "type": "array", "items": { "type": "string" }, "minItems": 1 },
                            "paths": path_schema(false),
                        },
                        "required": ["hostnames", "paths"],
                        "additionalProperties": false,
                    },
                }),
                "One route each: hosts and what their paths lead to",
            ),
        ],
    )
}

/// Namespace of what lets people in; none if any may.
pub fn namespace(document: &Document) -> String {
    let ingress = document
        .ingress
        .as_ref()
        .and_then(|ingress| ingress.namespace.as_ref())
        .map(|namespace| namespace.value.0.clone());
    let gateway = document.gateway.as_ref().and_then(|gateway| {
        let own = gateway.namespace.as_ref();
        let parent = gateway
            .parents
            .first()
            .and_then(|parent| parent.namespace.as_ref());
        own.or(parent).map(|namespace| namespace.value.0.clone())
    });
    ingress.or(gateway).unwrap_or_default()
}

/// Names of the hosts with their schemes, for notes.
pub fn urls(document: &Document) -> Vec<String> {
    let on = document
        .ingress
        .as_ref()
        .filter(|ingress| ingress.enabled.as_ref().is_none_or(|flag| flag.0));
    let from_ingress = on.into_iter().flat_map(|ingress| {
        ingress.hosts.iter().map(|(host, rule)| {
            let tls = rule.tls.is_some() || ingress.tls.is_some();
            format!("{}://{}", if tls { "https" } else { "http" }, host.value)
        })
    });
    let gateway = document
        .gateway
        .as_ref()
        .filter(|gateway| gateway.enabled.as_ref().is_none_or(|flag| flag.0));
    let from_gateway = gateway.into_iter().flat_map(|gateway| {
        gateway
            .hosts
            .iter()
            .map(|(host, _)| format!("https://{}", host.value))
    });
    let mut all: Vec<String> = from_ingress.chain(from_gateway).collect();
    all.dedup();
    all
}
