//! A rendering as objects of Kubernetes.
//!
//! Takes whatever `helm template` prints of anybody's chart, gives objects and
//! what could not be read. Never fails as a whole: one broken document does not
//! hide the others. The verifier and the drafting of specifications read
//! manifests through it.

use serde::Deserialize as _;
use serde_json::{Map, Value};

/// One object of a rendering.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Template that it comes from, such as `shop/templates/service.yaml`.
    pub source: String,
    /// The object.
    pub value: Value,
    /// Whether the compiler wrote the template: the chart's own objects and
    /// those of embedded dependencies.
    pub made: bool,
}

/// Reads a rendering. Lists are taken apart. What is no object is told in words.
/// `embedded` are names of dependencies that the compiler itself writes.
pub fn read(text: &str, embedded: &[String]) -> (Vec<Object>, Vec<String>) {
    let (mut values, mut faults) = (Vec::new(), Vec::new());
    for document in documents(text) {
        let source = document
            .lines()
            .find_map(|line| line.strip_prefix("# Source: "))
            .unwrap_or_default()
            .trim();
        // A mapping refuses repeated keys, JSON's map would take the last one.
        let parsed = serde_yaml::Value::deserialize(serde_yaml::Deserializer::from_str(document))
            .and_then(serde_yaml::from_value::<Value>);
        match parsed {
            Ok(Value::Null) => {}
            Ok(value) => take(source, value, &mut values, &mut faults),
            Err(fault) => faults.push(format!("{source}: {fault}")),
        }
    }
    let objects = values.into_iter().map(|(source, value)| Object {
        source: source.to_owned(),
        value,
        made: is_made(source, embedded),
    });
    (objects.collect(), faults)
}

/// The objects of a rendering.
///
/// # Errors
/// If one of its documents is no YAML, holds a key twice, or is no object.
pub fn parse(text: &str, embedded: &[String]) -> Result<Vec<Object>, String> {
    let (objects, faults) = read(text, embedded);
    match faults.into_iter().next() {
        None => Ok(objects),
        Some(fault) => Err(fault),
    }
}

fn is_made(source: &str, embedded: &[String]) -> bool {
    source.split("/charts/").nth(1).is_none_or(|rest| {
        let chart = rest.split('/').next();
        embedded.iter().any(|name| chart == Some(name))
    })
}

fn take<'a>(
    source: &'a str,
    value: Value,
    values: &mut Vec<(&'a str, Value)>,
    faults: &mut Vec<String>,
) {
    let kind = text(&value["kind"]);
    if kind.ends_with("List") && value["items"].is_array() {
        if let Some(Value::Array(items)) = value.get("items").cloned() {
            for item in items {
                take(source, item, values, faults);
            }
        }
    } else if kind.is_empty() || text(&value["metadata"]["name"]).is_empty() {
        faults.push(format!(
            "{source}: a document without kind or metadata.name"
        ));
    } else {
        values.push((source, value));
    }
}

/// Texts between lines that are `---`, without empty ones. Content of scalars is
/// indented in manifests.
pub fn documents(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut place) = (0, 0);
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" {
            found.push(&text[start..place]);
            start = place + line.len();
        }
        place += line.len();
    }
    found.push(&text[start..]);
    found.retain(|document| !document.trim().is_empty());
    found
}

/// Objects as a rendering again: each document is JSON, which YAML is.
pub fn written(objects: &[Object]) -> String {
    let documents = objects
        .iter()
        .map(|object| format!("---\n# Source: {}\n{}\n", object.source, object.value));
    documents.collect()
}

impl Object {
    /// The kind.
    pub fn kind(&self) -> &str {
        text(&self.value["kind"])
    }

    /// The name.
    pub fn name(&self) -> &str {
        text(&self.value["metadata"]["name"])
    }

    /// `Kind/name`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.kind(), self.name())
    }

    /// One of its labels, empty without it.
    pub fn label(&self, key: &str) -> &str {
        text(&self.value["metadata"]["labels"][key])
    }

    /// One of its annotations, empty without it.
    pub fn annotation(&self, key: &str) -> &str {
        text(&self.value["metadata"]["annotations"][key])
    }

    /// Whether the chart itself made it, not a dependency.
    pub fn is_own(&self) -> bool {
        !self.source.contains("/charts/")
    }

    /// Events of Helm that it is a hook of; empty for an ordinary object.
    pub fn hooks(&self) -> Vec<&str> {
        let hooks = self.annotation("helm.sh/hook").split(',').map(str::trim);
        hooks.filter(|hook| !hook.is_empty()).collect()
    }

    /// Weight of the hook.
    pub fn weight(&self) -> i64 {
        self.annotation("helm.sh/hook-weight").parse().unwrap_or(0)
    }

    /// Whether `helm test` runs it.
    pub fn is_test(&self) -> bool {
        self.hooks().iter().any(|hook| hook.starts_with("test"))
    }

    /// Where its pods are described; none for objects without pods.
    pub fn pod_path(&self) -> Option<&'static str> {
        match self.kind() {
            "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => {
                Some("/spec/template")
            }
            "CronJob" => Some("/spec/jobTemplate/spec/template"),
            "Pod" => Some(""),
            _ => None,
        }
    }

    /// Its pods: `metadata` and `spec`.
    pub fn pod(&self) -> Option<&Value> {
        self.value.pointer(self.pod_path()?)
    }
}

/// The entries of a list; none for anything else.
pub fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The entries of a table; none for anything else.
pub fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// A text; empty for anything else.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A scalar as text: what a variable of the container would hold.
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A whole number, also one in quotes.
pub fn number(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// Whether there is nothing in a value.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// Whether a label selector takes these labels. An empty selector takes all.
pub fn matches(selector: &Value, labels: &Value) -> bool {
    let equal = fields(&selector["matchLabels"]).all(|(key, value)| labels[key] == *value);
    let expressed = items(&selector["matchExpressions"]).all(|expression| {
        let found = &labels[text(&expression["key"])];
        let listed = items(&expression["values"]).any(|value| value == found);
        match text(&expression["operator"]) {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => !found.is_null(),
            "DoesNotExist" => found.is_null(),
            _ => false,
        }
    });
    equal && expressed
}

/// Fields of a table that are not among the known ones.
pub fn rest(value: &Value, known: &[&str]) -> Map<String, Value> {
    let others =
        fields(value).filter(|(key, value)| !known.contains(&key.as_str()) && !is_empty(value));
    others
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_are_read_and_faults_told() {
        let text = "---\n# Source: a/templates/b.yaml\nkind: Service\nmetadata:\n  name: x\n---\n# nothing\n---\n# Source: a/templates/c.yaml\njust text\n---\nkind: A\nkind: B\n";
        let (objects, faults) = read(text, &[]);
        assert_eq!(objects.len(), 1);
        assert_eq!(objects[0].source, "a/templates/b.yaml");
        assert_eq!(faults.len(), 2);
    }

    #[test]
    fn lists_are_taken_apart() {
        let text = "kind: List\nitems:\n- {kind: A, metadata: {name: x}}\n- kind: ConfigMapList\n  items:\n  - {kind: ConfigMap, metadata: {name: y}}\n";
        let (objects, faults) = read(text, &[]);
        let ids: Vec<String> = objects.iter().map(Object::id).collect();
        assert_eq!(ids, ["A/x", "ConfigMap/y"]);
        assert!(faults.is_empty());
    }

    #[test]
    fn what_is_written_is_read_again() {
        let object = Object {
            source: "a/templates/b.yaml".to_owned(),
            value: json!({ "kind": "A", "metadata": { "name": "é: #" } }),
            made: true,
        };
        assert_eq!(
            read(&written(std::slice::from_ref(&object)), &[]).0,
            [object]
        );
    }

    #[test]
    fn a_repeated_key_is_an_error() {
        assert!(parse("kind: A\nkind: B\nmetadata: {name: x}\n", &[]).is_err());
        assert!(parse("just text", &[]).is_err());
    }

    #[test]
    fn templates_of_embedded_dependencies_are_made_too() {
        let embedded = ["cache".to_owned()];
        for (source, expected) in [
            ("a/templates/b.yaml", true),
            ("a/charts/cache/templates/b.yaml", true),
            ("a/charts/cache-2/templates/b.yaml", false),
            ("a/charts/other/charts/cache/templates/b.yaml", false),
        ] {
            assert_eq!(is_made(source, &embedded), expected, "{source}");
        }
    }

    #[test]
    fn selectors_follow_kubernetes() {
        let labels = json!({ "a": "1", "b": "2" });
        for (selector, expected) in [
            (json!({}), true),
            (json!({ "matchLabels": { "a": "1" } }), true),
            (json!({ "matchLabels": { "a": "2" } }), false),
            (
                json!({ "matchExpressions": [{ "key": "a", "operator": "In", "values": ["1", "3"] }] }),
                true,
            ),
            (
                json!({ "matchExpressions": [{ "key": "a", "operator": "NotIn", "values": ["1"] }] }),
                false,
            ),
            (
                json!({ "matchExpressions": [{ "key": "c", "operator": "DoesNotExist" }] }),
                true,
            ),
            (
                json!({ "matchExpressions": [{ "key": "c", "operator": "Exists" }] }),
                false,
            ),
        ] {
            assert_eq!(matches(&selector, &labels), expected, "{selector}");
        }
    }
}
