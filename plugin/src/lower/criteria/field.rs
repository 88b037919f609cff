//! Fields of objects, as paths that helm-unittest takes.

use super::Assert;
use super::expression::{conjuncts, literal, name_of};
use super::place::{Place, object};
use crate::cel::{Binary, Expression, Node};
use serde_json::{Value, json};

/// Fields of Kubernetes that are lists wherever they are.
const LISTS: &[&str] = &[
    "accessModes",
    "add",
    "args",
    "command",
    "containers",
    "drop",
    "egress",
    "endpoints",
    "env",
    "envFrom",
    "from",
    "hostnames",
    "hosts",
    "imagePullSecrets",
    "ingress",
    "initContainers",
    "metrics",
    "parentRefs",
    "paths",
    "policyTypes",
    "ports",
    "rules",
    "subjects",
    "tls",
    "to",
    "tolerations",
    "topologySpreadConstraints",
    "triggers",
    "verbs",
    "volumeClaimTemplates",
    "volumeMounts",
    "volumes",
];

/// Those of them whose entries are texts.
pub(super) const TEXTS: &[&str] = &[
    "accessModes",
    "add",
    "args",
    "command",
    "drop",
    "hostnames",
    "policyTypes",
    "verbs",
];

/// Fields of Kubernetes that are maps with free keys.
const MAPS: &[&str] = &[
    "annotations",
    "labels",
    "limits",
    "matchLabels",
    "nodeSelector",
    "requests",
    "stringData",
];

/// A field of an object.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) place: Place,
    pub(super) path: Path,
}

impl Field {
    pub(super) fn assert(&self, claim: &'static str, more: Value) -> Assert {
        let mut arguments = object(json!({ "path": self.path.text }));
        arguments.extend(object(more));
        self.place.assert(claim, Value::Object(arguments))
    }

    pub(super) fn is_list(&self) -> bool {
        let data = self.path.last == "data" && self.place.kind == "ExternalSecret";
        LISTS.contains(&self.path.last.as_str()) || data
    }

    pub(super) fn is_map(&self) -> bool {
        let data = self.path.last == "data" && self.place.kind == "ConfigMap";
        MAPS.contains(&self.path.last.as_str()) || data
    }
}

/// A path as helm-unittest takes it (github.com/vmware-labs/yaml-jsonpath).
#[derive(Debug, Clone, Default)]
pub(super) struct Path {
    pub(super) text: String,
    /// The last field; empty behind an index.
    pub(super) last: String,
    /// Number of steps.
    pub(super) steps: usize,
}

impl Path {
    pub(super) fn of(fields: &[&str]) -> Self {
        fields.iter().fold(Self::default(), |path, field| {
            path.field(field).unwrap_or_default()
        })
    }

    /// One field deeper; nothing for one that the syntax has no sure words for.
    pub(super) fn field(&self, name: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let text = if !name.is_empty() && name.bytes().all(plain) {
            match self.text.is_empty() {
                true => name.to_owned(),
                false => format!("{}.{name}", self.text),
            }
        } else {
            let root = if self.text.is_empty() { "$" } else { "" };
            format!("{}{root}['{}']", self.text, quotable(name)?)
        };
        Some(Self {
            text,
            last: name.to_owned(),
            steps: self.steps + 1,
        })
    }

    pub(super) fn index(&self, index: u64) -> Self {
        self.bracket(&index.to_string())
    }

    pub(super) fn bracket(&self, inside: &str) -> Self {
        Self {
            text: format!("{}[{inside}]", self.text),
            last: String::new(),
            steps: self.steps + 1,
        }
    }
}

/// Text that stands between single quotes of a path as it is.
pub(super) fn quotable(text: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" ._:/@=+-".contains(&byte);
    (!text.is_empty() && text.bytes().all(plain)).then_some(text)
}

/// What must hold of an entry of a list, as a filter of a path.
pub(super) fn filter(variable: &str, body: &Node) -> Option<String> {
    let mut parts = Vec::new();
    conjuncts(body, &mut parts);
    let parts: Option<Vec<String>> = parts
        .into_iter()
        .map(|part| match &part.expression {
            Expression::Binary(Binary::Equal, left, right) => {
                let value = match literal(right)? {
                    Value::String(text) => format!("'{}'", quotable(&text)?),
                    Value::Array(_) => return None,
                    other => other.to_string(),
                };
                Some(format!("@.{} == {value}", below(variable, left)?.text))
            }
            Expression::Call(None, name, arguments) => {
                match (name.as_str(), arguments.as_slice()) {
                    ("has", [field]) => Some(format!("@.{}", below(variable, field)?.text)),
                    _ => None,
                }
            }
            _ => None,
        })
        .collect();
    parts.map(|parts| parts.join(" && "))
}

/// Fields below a variable.
fn below(variable: &str, node: &Node) -> Option<Path> {
    let Expression::Select(of, name) = &node.expression else {
        return None;
    };
    match name_of(of) {
        Some(found) => (found == variable).then(|| Path::default().field(name))?,
        None => below(variable, of)?.field(name),
    }
}
