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
    let changes: String = chart
        .changes
        .iter()
        .map(|change| {
            format!(
                "- kind: {}\n  description: {}\n",
                crate::yaml::scalar(&change.kind),
                crate::yaml::scalar(&change.text)
            )
        })
        .collect();
    if !changes.is_empty() {
        annotations.insert("artifacthub.io/changes".into(), json!(changes));
    }
    annotations.insert("artifacthub.io/images".into(), json!(images(plan)));
    Value::Object(annotations)
}

/// Every image that the chart's own values name and those of its embedded
/// charts, each once. Charts of repositories know their images themselves.
fn images(plan: &Plan) -> String {
    let mut found = Vec::new();
    if let Some(image) = plan.values.iter().find(|entry| entry.key == "image") {
        found.extend(reference(image).map(|path| (plan.context.chart.name.clone(), path)));
    }
    for entry in &plan.values {
        collect(entry, &entry.key, &mut found);
    }
    for facts in &plan.context.dependencies {
        let path = format!("charts/{}/values.yaml", facts.chart);
        let files = super::templates::embedded(plan);
        let values = files.iter().find(|file| file.path == path);
        let image = values.and_then(|file| embedded(&file.contents));
        found.extend(image.map(|image| (facts.name.clone(), image)));
    }
    let mut text = String::new();
    let mut known: Vec<String> = Vec::new();
    for (name, image) in found {
        let image = image.replace(
            ":?",
            &format!(":{}", plan.context.chart.app_version.replace('+', "_")),
        );
        if known.contains(&image) {
            continue;
        }
        text += &format!(
            "- name: {}\n  image: {}\n",
            crate::yaml::scalar(&name),
            crate::yaml::scalar(&image)
        );
        known.push(image);
    }
    text
}

/// The image of an embedded chart, from the text of its values.
fn embedded(values: &str) -> Option<String> {
    let image = values.split("\nimage:\n").nth(1)?;
    let part = |key: &str| {
        let mut lines = image.lines().take_while(|line| line.starts_with("  "));
        let line = lines.find_map(|line| line.trim().strip_prefix(key))?;
        Some(line.strip_prefix(':')?.trim().trim_matches('"').to_owned())
    };
    Some(format!(
        "{}/{}:{}",
        part("registry")?,
        part("repository")?,
        part("tag")?
    ))
}

fn collect(entry: &Entry, name: &str, found: &mut Vec<(String, String)>) {
    let Node::Branch { entries, .. } = &entry.node else {
        return;
    };
    for inner in entries {
        if inner.key == "image" {
            found.extend(reference(inner).map(|path| (name.to_owned(), path)));
            continue;
        }
        let own = if name == "clients" {
            format!("client-{}", inner.key)
        } else {
            inner.key.clone()
        };
        collect(inner, &own, found);
    }
}

/// Where an image is; `:?` stands for the application's version. Nothing for a
/// dependency's, whose chart knows the tag.
fn reference(image: &Entry) -> Option<String> {
    let Node::Branch { entries, .. } = &image.node else {
        return None;
    };
    if !entries.iter().any(|entry| entry.key == "tag") {
        return None;
    }
    let part = |key: &str| part(image, key);
    let (registry, repository) = (part("registry"), part("repository"));
    let path = if registry.is_empty() {
        repository
    } else {
        format!("{registry}/{repository}")
    };
    let version = match (part("tag").as_str(), part("digest").as_str()) {
        (_, digest) if !digest.is_empty() => format!("@{digest}"),
        ("", _) => ":?".to_owned(),
        (tag, _) => format!(":{tag}"),
    };
    Some(format!("{path}{version}"))
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
