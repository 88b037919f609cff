//! A rendering as objects.

use serde::Deserialize as _;
use serde_json::Value;

/// One object of a rendering.
#[derive(Debug, Clone)]
pub struct Object {
    /// Template that it comes from, such as `task-api/templates/service.yaml`.
    pub source: String,
    /// Its text.
    pub text: String,
    /// The object.
    pub value: Value,
}

/// Reads what `helm template` printed.
///
/// # Errors
/// If a document is no YAML or holds a key twice.
pub fn parse(text: &str) -> Result<Vec<Object>, String> {
    let mut objects = Vec::new();
    for document in documents(text) {
        let source = document
            .lines()
            .find_map(|line| line.strip_prefix("# Source: "))
            .unwrap_or_default();
        let value: Value = yaml(document).map_err(|fault| format!("{source}: {fault}"))?;
        if !value.is_null() {
            objects.push(Object {
                source: source.to_owned(),
                text: document.to_owned(),
                value,
            });
        }
    }
    Ok(objects)
}

/// One YAML document as data; a repeated key is an error.
///
/// # Errors
/// If it is no YAML or holds a key twice.
pub fn yaml(document: &str) -> Result<Value, serde_yaml::Error> {
    // A mapping refuses repeated keys, JSON's map would take the last one.
    let value = serde_yaml::Value::deserialize(serde_yaml::Deserializer::from_str(document))?;
    serde_yaml::from_value(value)
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
    /// `Kind/name`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.kind(), self.name())
    }

    /// The kind.
    pub fn kind(&self) -> &str {
        self.value["kind"].as_str().unwrap_or_default()
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.value["metadata"]["name"].as_str().unwrap_or_default()
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

    /// Whether the chart itself made it, not a dependency.
    pub fn is_own(&self) -> bool {
        !self.source.contains("/charts/")
    }

    /// Whether it comes from one of these dependencies' charts.
    pub fn is_from(&self, charts: &[String]) -> bool {
        charts
            .iter()
            .any(|chart| self.source.contains(&format!("/charts/{chart}/")))
    }

    /// Whether the chart's owner wrote it by hand, as a manifest of the specification.
    pub fn is_extra(&self) -> bool {
        self.is_own() && self.source.ends_with("/extra-manifests.yaml")
    }

    /// The component that its labels name.
    pub fn component(&self) -> &str {
        self.value["metadata"]["labels"]["app.kubernetes.io/component"]
            .as_str()
            .unwrap_or_default()
    }

    /// The pod that it makes, if it makes any.
    pub fn pod(&self) -> Option<Pod<'_>> {
        let template = match self.kind() {
            "Deployment" | "StatefulSet" | "Job" | "DaemonSet" => &self.value["spec"]["template"],
            "CronJob" => &self.value["spec"]["jobTemplate"]["spec"]["template"],
            "Pod" => &self.value,
            _ => return None,
        };
        Some(Pod {
            object: self,
            labels: &template["metadata"]["labels"],
            annotations: &template["metadata"]["annotations"],
            spec: &template["spec"],
        })
    }
}

/// A pod or a pod template.
#[derive(Debug, Clone, Copy)]
pub struct Pod<'a> {
    /// What makes it.
    pub object: &'a Object,
    /// Its labels.
    pub labels: &'a Value,
    /// Its annotations.
    pub annotations: &'a Value,
    /// Its specification.
    pub spec: &'a Value,
}

impl<'a> Pod<'a> {
    /// Init containers, then containers.
    pub fn containers(&self) -> Vec<&'a Value> {
        ["initContainers", "containers"]
            .into_iter()
            .flat_map(|key| self.spec[key].as_array().into_iter().flatten())
            .collect()
    }

    /// Containers that run as long as the pod: sidecars, which are init
    /// containers that restart, then containers.
    pub fn running(&self) -> Vec<&'a Value> {
        let list = |key: &str| self.spec[key].as_array().into_iter().flatten();
        list("initContainers")
            .filter(|container| is_sidecar(container))
            .chain(list("containers"))
            .collect()
    }

    /// Whether its labels satisfy `matchLabels` and `matchExpressions`.
    pub fn matches(&self, selector: &Value) -> bool {
        matches(selector, self.labels)
    }

    /// Ports by name of its running containers.
    pub fn port(&self, name: &str) -> Option<u64> {
        self.running()
            .iter()
            .flat_map(|container| container["ports"].as_array().into_iter().flatten())
            .find(|port| port["name"] == name)
            .and_then(|port| port["containerPort"].as_u64())
    }
}

/// Whether an init container keeps running beside the containers.
pub fn is_sidecar(container: &Value) -> bool {
    container["restartPolicy"] == "Always"
}

/// Whether a label selector takes these labels.
pub fn matches(selector: &Value, labels: &Value) -> bool {
    let equal = selector["matchLabels"].as_object().is_none_or(|wanted| {
        wanted
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
    });
    let expressions = selector["matchExpressions"].as_array();
    equal && expressions.is_none_or(|all| all.iter().all(|expression| holds(expression, labels)))
}

fn holds(expression: &Value, labels: &Value) -> bool {
    let key = expression["key"].as_str().unwrap_or_default();
    let listed = || {
        expression["values"]
            .as_array()
            .is_some_and(|values| labels.get(key).is_some_and(|l| values.contains(l)))
    };
    match expression["operator"].as_str() {
        Some("In") => listed(),
        Some("NotIn") => !listed(),
        Some("Exists") => labels.get(key).is_some(),
        Some("DoesNotExist") => labels.get(key).is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_key_is_refused() {
        assert!(parse("---\n# Source: a\nkind: A\nspec:\n  a: 1\n  b: 2\n").is_ok());
        assert!(parse("kind: A\nspec:\n  a: 1\n  a: 2\n").is_err());
    }

    #[test]
    fn documents_know_their_template() {
        let objects = parse("---\n# Source: x/templates/a.yaml\nkind: A\n---\n# Source: x/charts/y/templates/b.yaml\nkind: B\n").unwrap();
        assert_eq!(objects.len(), 2);
        assert!(objects[0].is_own() && !objects[1].is_own());
        assert!(objects[1].is_from(&["y".to_owned()]));
    }
}
