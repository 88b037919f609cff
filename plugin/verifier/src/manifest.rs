//! A rendering as objects.

use serde::Deserialize as _;
use serde_json::Value;

/// One object of a rendering.
#[derive(Debug, Clone)]
pub struct Object {
    /// Template that it comes from, such as `task-api/templates/service.yaml`.
    pub source: String,
    /// The object.
    pub value: Value,
    /// Whether the compiler wrote the template: the chart's own objects and
    /// those of embedded dependencies.
    pub made: bool,
}

/// Reads what `helm template` prints. `embedded` are names of dependencies that
/// the compiler itself writes.
///
/// # Errors
/// If a document is no YAML, holds a key twice, or is no object of Kubernetes.
pub fn parse(text: &str, embedded: &[String]) -> Result<Vec<Object>, String> {
    let mut objects = Vec::new();
    for document in documents(text) {
        let source = document
            .lines()
            .find_map(|line| line.strip_prefix("# Source: "))
            .unwrap_or_default();
        let fault = |fault: &dyn std::fmt::Display| format!("{source}: {fault}");
        // A mapping refuses repeated keys, JSON's map would take the last one.
        let value = serde_yaml::Value::deserialize(serde_yaml::Deserializer::from_str(document))
            .and_then(serde_yaml::from_value::<Value>)
            .map_err(|found| fault(&found))?;
        if value.is_null() {
            continue;
        }
        if value["kind"].as_str().is_none() || value["metadata"]["name"].as_str().is_none() {
            return Err(fault(&"an object without kind or name"));
        }
        let made = match source.split("/charts/").nth(1) {
            None => true,
            Some(rest) => embedded
                .iter()
                .any(|name| rest.split('/').next() == Some(name)),
        };
        objects.push(Object {
            source: source.to_owned(),
            value,
            made,
        });
    }
    Ok(objects)
}

/// Texts between lines that are `---`. Content of scalars is indented in manifests.
fn documents(text: &str) -> Vec<&str> {
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

impl Object {
    /// The kind.
    pub fn kind(&self) -> &str {
        self.value["kind"].as_str().unwrap_or_default()
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.value["metadata"]["name"].as_str().unwrap_or_default()
    }

    /// `Kind/name`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.kind(), self.name())
    }

    /// One of its labels, empty without it.
    pub fn label(&self, key: &str) -> &str {
        self.value["metadata"]["labels"][key]
            .as_str()
            .unwrap_or_default()
    }

    /// Whether the chart itself made it, not a dependency.
    pub fn is_own(&self) -> bool {
        !self.source.contains("/charts/")
    }

    /// Events of Helm that it is a hook of; empty for an ordinary object.
    pub fn hooks(&self) -> Vec<&str> {
        let hooks = self.value["metadata"]["annotations"]["helm.sh/hook"].as_str();
        hooks
            .map(|hooks| hooks.split(',').map(str::trim).collect())
            .unwrap_or_default()
    }

    /// Weight of the hook.
    pub fn weight(&self) -> i64 {
        let weight = self.value["metadata"]["annotations"]["helm.sh/hook-weight"].as_str();
        weight.and_then(|weight| weight.parse().ok()).unwrap_or(0)
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

/// A text; empty for anything else.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Whether a label selector takes these labels. An empty selector takes all.
pub fn matches(selector: &Value, labels: &Value) -> bool {
    let equal = selector["matchLabels"]
        .as_object()
        .into_iter()
        .flatten()
        .all(|(key, value)| labels[key] == *value);
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_are_read_with_their_source() {
        let text = "---\n# Source: a/templates/b.yaml\nkind: Service\nmetadata:\n  name: x\n---\n# nothing\n";
        let objects = parse(text, &[]).unwrap();
        assert_eq!(objects.len(), 1);
        assert_eq!(objects[0].source, "a/templates/b.yaml");
        assert_eq!(objects[0].id(), "Service/x");
    }

    #[test]
    fn a_repeated_key_is_an_error() {
        assert!(parse("kind: A\nkind: B\nmetadata: {name: x}\n", &[]).is_err());
        assert!(parse("just text", &[]).is_err());
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
