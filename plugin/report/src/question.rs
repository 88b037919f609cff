//! What the verifier is asked.

use crate::report::SpecFault;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A file with rules of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleFile {
    /// Name of the rule: the file's name without `.toml`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A rendering that is needed to judge a specification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Name of the environment; empty for the defaults of a specification
    /// without environments.
    pub environment: String,
    /// Values beyond those of the environment; null for none.
    #[serde(default)]
    pub values: Value,
    /// Whether the release has the longest name that Helm takes instead of the usual one.
    #[serde(default)]
    pub longest_name: bool,
}

/// What has to be rendered before a specification can be judged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The renderings, none twice.
    pub cases: Vec<Case>,
    /// Faults of the specification's statements. With any, nothing is judged.
    pub faults: Vec<SpecFault>,
}

/// A case as Helm rendered it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rendering {
    /// What was rendered.
    #[serde(flatten)]
    pub case: Case,
    /// Name of the release.
    pub release: String,
    /// Its namespace.
    pub namespace: String,
    /// What `helm template` printed, or what Helm said when it refused.
    pub manifests: Result<String, String>,
}

/// An environment as the compiler names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Its values file in the chart.
    pub values_file: String,
}

/// A specification and the renderings of its chart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Examination {
    /// Text of the specification.
    pub spec: String,
    /// Rules beyond the library.
    #[serde(default)]
    pub rules: Vec<RuleFile>,
    /// Name of the chart.
    pub chart: String,
    /// Version of the chart.
    pub version: String,
    /// Every case of the plan, rendered.
    pub renderings: Vec<Rendering>,
    /// What the compiler's own chart renders to, where a chart in a folder is
    /// judged; empty otherwise.
    #[serde(default)]
    pub expected: Vec<Rendering>,
    /// Whether the objects of the dependencies' charts are missing.
    #[serde(default)]
    pub dependencies_skipped: bool,
}
