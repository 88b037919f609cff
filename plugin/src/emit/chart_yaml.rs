//! `Chart.yaml`.

use crate::lower::{DependencyFacts, Plan};
use crate::values::{Entry, Node};
use crate::yaml::Writer;
use serde_json::{Map, Value, json};

/// `Chart.yaml` with Artifact Hub's annotations.
pub fn chart_yaml(plan: &Plan) -> String {
    let chart = &plan.context.chart;
    let mut fields = Map::new();
    fields.insert("apiVersion".into(), json!("v2"));
    fields.insert("name".into(), json!(chart.name));
    fields.insert("description".into(), json!(chart.summary));
    fields.insert("type".into(), json!("application"));
    fields.insert("version".into(), json!(chart.version));
    fields.insert("appVersion".into(), json!(chart.app_version));
    // `-0` admits the pre-release suffixes of vendors (1.31.2-gke.100).
    fields.insert(
        "kubeVersion".into(),
        json!(format!(">=1.{}.0-0", chart.kubernetes_minor)),
    );
    for (key, text) in [("home", &chart.home), ("icon", &chart.icon)] {
        if !text.is_empty() {
            fields.insert(key.into(), json!(text));
        }
    }
    for (key, list) in [("keywords", &chart.keywords), ("sources", &chart.sources)] {
        if !list.is_empty() {
            fields.insert(key.into(), json!(list));
        }
    }
    if !chart.owners.is_empty() {
        fields.insert("maintainers".into(), maintainers(plan));
    }
    if !plan
        .context
        .dependencies
        .iter()
        .all(|facts| !facts.in_release)
    {
        fields.insert("dependencies".into(), json!(dependencies(plan)));
    }
    fields.insert("annotations".into(), annotations(plan));
    let mut writer = Writer::default();
    for (key, value) in &fields {
        writer.pair(0, key, value);
    }
    writer.finish()
}

fn maintainers(plan: &Plan) -> Value {
    let all = plan.context.chart.owners.iter().map(|owner| {
        let mut person = Map::new();
        person.insert("name".into(), json!(owner.name));
        for (key, text) in [("email", &owner.email), ("url", &owner.url)] {
            if !text.is_empty() {
                person.insert(key.into(), json!(text));
            }
        }
        Value::Object(person)
    });
    Value::Array(all.collect())
}

/// The dependencies as `Chart.yaml` lists them.
pub fn dependencies(plan: &Plan) -> Vec<Value> {
    plan.context
        .dependencies
        .iter()
        .filter(|facts| facts.in_release)
        .map(dependency)
        .collect()
}

fn dependency(facts: &DependencyFacts) -> Value {
    let mut entry = Map::new();
    entry.insert("name".into(), json!(facts.chart));
    entry.insert("version".into(), json!(facts.version));
    entry.insert("repository".into(), json!(facts.repository));
    entry.insert("condition".into(), json!(format!("{}.enabled", facts.name)));
    if facts.name != facts.chart {
        entry.insert("alias".into(), json!(facts.name));
    }
    Value::Object(entry)
}

fn annotations(plan: &Plan) -> Value {
    let chart = &plan.context.chart;
    let mut annotations = Map::new();
    if !chart.license.is_empty() {
        annotations.insert("artifacthub.io/license".into(), json!(chart.license));
    }
    let prerelease = chart.version.starts_with("0.") || chart.version.contains('-');
    annotations.insert(
        "artifacthub.io/prerelease".into(),
        json!(prerelease.to_string()),
    );
    let mut links = String::new();
    for source in &chart.sources {
        links += &format!("- name: source\n  url: {}\n", crate::yaml::scalar(source));
    }
    if !links.is_empty() {
        annotations.insert("artifacthub.io/links".into(), json!(links));
    }
    annotations.insert("artifacthub.io/images".into(), json!(images(plan)));
    Value::Object(annotations)
}

/// Every image that the chart's own values name.
fn images(plan: &Plan) -> String {
    let mut found = Vec::new();
    for entry in &plan.values {
        collect(entry, &entry.key, &mut found);
    }
    let mut text = String::new();
    for (name, image) in found {
        let image = image.replace(
            ":?",
            &format!(":{}", plan.context.chart.app_version.replace('+', "_")),
        );
        text += &format!(
            "- name: {}\n  image: {}\n",
            crate::yaml::scalar(&name),
            crate::yaml::scalar(&image)
        );
    }
    text
}

fn collect(entry: &Entry, name: &str, found: &mut Vec<(String, String)>) {
    let Node::Branch { entries, .. } = &entry.node else {
        return;
    };
    for inner in entries {
        if inner.key != "image" {
            let own = if name == "clients" {
                format!("client-{}", inner.key)
            } else {
                inner.key.clone()
            };
            collect(inner, &own, found);
            continue;
        }
        let part = |key: &str| part(inner, key);
        let repository = part("repository");
        // A replaced repository of a dependency leaves the tag to its chart.
        let complete = matches!(&inner.node, Node::Branch { entries, .. } if entries.iter().any(|e| e.key == "tag"));
        if complete {
            let registry = part("registry");
            let (tag, digest) = (part("tag"), part("digest"));
            let path = if registry.is_empty() {
                repository
            } else {
                format!("{registry}/{repository}")
            };
            let version = match (tag.as_str(), digest.as_str()) {
                (_, digest) if !digest.is_empty() => format!("@{digest}"),
                ("", _) => ":?".to_owned(),
                (tag, _) => format!(":{tag}"),
            };
            found.push((name.to_owned(), format!("{path}{version}")));
        }
    }
}

fn part(image: &Entry, key: &str) -> String {
    let Node::Branch { entries, .. } = &image.node else {
        return String::new();
    };
    entries
        .iter()
        .find(|entry| entry.key == key)
        .and_then(|entry| match &entry.node {
            Node::Leaf { value, .. } => value.as_str().map(str::to_owned),
            Node::Branch { .. } => None,
        })
        .unwrap_or_default()
}
