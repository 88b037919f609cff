//! JSON Schemas (draft-07, RE2 patterns) of the values that charts share.

use crate::values::{Entry, branch, leaf, open_branch};
use serde_json::{Value, json};
use taskspec_spec::model::{CpuRange, MemoryRange};
use taskspec_spec::span::Spanned;
use taskspec_spec::types::Image;

/// A string.
pub fn string() -> Value {
    json!({ "type": "string" })
}

/// True or false.
pub fn boolean() -> Value {
    json!({ "type": "boolean" })
}

/// A whole number in a range.
pub fn integer(lowest: u32, highest: u32) -> Value {
    json!({ "type": "integer", "minimum": lowest, "maximum": highest })
}

/// Labels: never those that the chart's selectors need.
pub fn labels() -> Value {
    json!({
        "type": "object",
        "additionalProperties": {
            "type": "string",
            "maxLength": 63,
            "pattern": "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$",
        },
        "not": { "anyOf": [
            { "required": ["app.kubernetes.io/name"] },
            { "required": ["app.kubernetes.io/instance"] },
            { "required": ["app.kubernetes.io/component"] },
            { "required": ["app.kubernetes.io/version"] },
            { "required": ["app.kubernetes.io/part-of"] },
            { "required": ["app.kubernetes.io/managed-by"] },
            { "required": ["helm.sh/chart"] },
        ] },
    })
}

/// Annotations.
pub fn annotations() -> Value {
    json!({ "type": "object", "additionalProperties": { "type": "string" } })
}

/// A list of objects that Kubernetes checks itself.
pub fn objects() -> Value {
    json!({ "type": "array", "items": { "type": "object" } })
}

/// An object that Kubernetes checks itself.
pub fn object() -> Value {
    json!({ "type": "object" })
}

/// A list of words.
pub fn strings() -> Value {
    json!({ "type": "array", "items": { "type": "string" } })
}

/// Names of pull secrets, plain or as `{name: …}`.
pub fn pull_secrets() -> Value {
    json!({
        "type": "array",
        "items": { "anyOf": [
            { "type": "string", "minLength": 1 },
            { "type": "object", "properties": { "name": { "type": "string", "minLength": 1 } }, "required": ["name"] },
        ] },
    })
}

/// Environment variables by name. Whole numbers beyond 2^53 lose digits in Go.
pub fn variables() -> Value {
    json!({
        "type": "object",
        "propertyNames": { "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" },
        "additionalProperties": { "anyOf": [
            { "type": ["string", "boolean"] },
            { "type": "number", "minimum": -9_007_199_254_740_991_i64, "maximum": 9_007_199_254_740_991_i64 },
        ] },
    })
}

/// A quantity of Kubernetes.
pub fn quantity() -> Value {
    json!({
        "anyOf": [
            { "type": "string", "pattern": "^[0-9]+([.][0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$" },
            { "type": "number", "minimum": 0 },
        ],
    })
}

/// A number of pods or a percentage.
pub fn pods_or_percent() -> Value {
    json!({ "anyOf": [
        { "type": "integer", "minimum": 0 },
        { "type": "string", "pattern": "^(100|[1-9]?[0-9])%$" },
    ] })
}

/// A user or group ID; null leaves the choice to the platform.
pub fn user_id() -> Value {
    json!({ "type": ["integer", "null"], "minimum": 1, "maximum": 2_147_483_647 })
}

/// Absolute paths of directories.
pub fn directories() -> Value {
    json!({
        "type": "array",
        "uniqueItems": true,
        "items": { "type": "string", "pattern": "^/[A-Za-z0-9._/-]+$" },
    })
}

/// An image. `tag_doc` says what an empty tag means.
pub fn image(image: &Image, pull_policy: &str, tag_doc: &str) -> Entry {
    branch(
        "image",
        "Container image",
        vec![
            leaf(
                "registry",
                image.registry.as_str(),
                string(),
                "Registry of the image; `global.imageRegistry` wins",
            ),
            leaf(
                "repository",
                image.repository.as_str(),
                json!({ "type": "string", "minLength": 1 }),
                "Repository of the image",
            ),
            leaf(
                "tag",
                image.tag.as_str(),
                json!({ "type": "string", "maxLength": 128 }),
                tag_doc,
            ),
            leaf(
                "digest",
                image.digest.as_str(),
                json!({ "type": "string", "pattern": "^(sha256:[a-f0-9]{64})?$" }),
                "Digest of the image (sha256:…); wins over the tag",
            ),
            leaf(
                "pullPolicy",
                pull_policy,
                json!({ "enum": ["IfNotPresent", "Always", "Never"] }),
                "When nodes pull the image",
            ),
        ],
    )
}

/// CPU, memory and perhaps space on the node.
pub struct Amounts {
    /// Request and limit of CPU.
    pub cpu: (String, String),
    /// Request and limit of memory.
    pub memory: (String, String),
    /// Request and limit of ephemeral storage.
    pub ephemeral: Option<(String, String)>,
    /// Devices by resource.
    pub devices: Vec<(String, u32)>,
}

impl Amounts {
    /// What a specification says, else the defaults.
    pub fn of(
        cpu: Option<&Spanned<CpuRange>>,
        memory: Option<&Spanned<MemoryRange>>,
        default_cpu: (&str, &str),
        default_memory: &str,
    ) -> Self {
        let own = |pair: (&str, &str)| (pair.0.to_owned(), pair.1.to_owned());
        Self {
            cpu: cpu.map_or_else(
                || own(default_cpu),
                |range| (range.request.text.clone(), range.limit.text.clone()),
            ),
            memory: memory.map_or_else(
                || own((default_memory, default_memory)),
                |range| (range.request.text.clone(), range.limit.text.clone()),
            ),
            ephemeral: None,
            devices: Vec::new(),
        }
    }

    /// As a Kubernetes object.
    pub fn json(&self) -> Value {
        let mut value = json!({
            "requests": { "cpu": self.cpu.0, "memory": self.memory.0 },
            "limits": { "cpu": self.cpu.1, "memory": self.memory.1 },
        });
        if let Some((request, limit)) = &self.ephemeral {
            value["requests"]["ephemeral-storage"] = json!(request);
            value["limits"]["ephemeral-storage"] = json!(limit);
        }
        for (device, number) in &self.devices {
            value["limits"][device] = json!(number);
        }
        value
    }

    /// As values with their schema: requests of CPU and memory must stay.
    pub fn entry(&self) -> Entry {
        let part = |key: &str, doc: &str, cpu: &str, memory: &str, ephemeral: Option<&String>| {
            let mut entries = vec![
                leaf("cpu", cpu, quantity(), format!("CPU {doc}")),
                leaf("memory", memory, quantity(), format!("Memory {doc}")),
            ];
            if let Some(ephemeral) = ephemeral {
                let text = format!("Space for logs and temporary files {doc}");
                entries.push(leaf(
                    "ephemeral-storage",
                    ephemeral.as_str(),
                    quantity(),
                    text,
                ));
            }
            // Kubernetes takes the request of a device from its limit.
            for (device, number) in self.devices.iter().filter(|_| key == "limits") {
                let text = format!("Number of {device}");
                entries.push(leaf(device, *number, integer(0, 1000), text));
            }
            // Open: further devices are resources too.
            let mut entry = open_branch(key, "", entries);
            if let crate::values::Node::Branch { required, .. } = &mut entry.node
                && key == "requests"
            {
                *required = vec!["cpu".into(), "memory".into()];
            }
            entry
        };
        let request = self.ephemeral.as_ref().map(|pair| &pair.0);
        let limit = self.ephemeral.as_ref().map(|pair| &pair.1);
        let mut entry = branch(
            "resources",
            "What each pod is given",
            vec![
                part(
                    "requests",
                    "set aside",
                    &self.cpu.0,
                    &self.memory.0,
                    request,
                ),
                part("limits", "at most", &self.cpu.1, &self.memory.1, limit),
            ],
        );
        if let crate::values::Node::Branch { required, .. } = &mut entry.node {
            *required = vec!["requests".into()];
        }
        entry
    }
}

/// Who the processes of a pod are.
pub fn pod_security(user: u32, group: u32, read_only_root: bool) -> Entry {
    branch(
        "podSecurity",
        "Identity of the processes; every pod stays within the restricted Pod Security Standard",
        vec![
            leaf(
                "runAsUser",
                user,
                user_id(),
                "User ID; null lets the platform choose (OpenShift)",
            ),
            leaf(
                "runAsGroup",
                group,
                user_id(),
                "Group ID; null lets the platform choose",
            ),
            leaf(
                "fsGroup",
                group,
                user_id(),
                "Group that owns mounted volumes; null lets the platform choose",
            ),
            leaf(
                "readOnlyRootFilesystem",
                read_only_root,
                boolean(),
                "Mount the image's file system read-only",
            ),
        ],
    )
}
