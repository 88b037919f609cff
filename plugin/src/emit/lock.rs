//! `Chart.lock`, when every version is exact: the digest that Helm computes.

use super::chart_yaml;
use crate::lower::Plan;
use crate::yaml::Writer;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The lock, unless a dependency is a range.
pub fn lock(plan: &Plan) -> Option<String> {
    let inside: Vec<_> = plan
        .context
        .dependencies
        .iter()
        .filter(|facts| facts.in_release)
        .collect();
    if inside.is_empty() || !inside.iter().all(|facts| facts.exact) {
        return None;
    }
    let locked: Vec<Value> = inside
        .iter()
        .map(|facts| json!({ "name": facts.chart, "version": facts.version, "repository": facts.repository }))
        .collect();
    let mut writer = Writer::default();
    writer.pair(0, "dependencies", &json!(locked));
    writer.pair(0, "digest", &json!(digest(&requested(plan), &locked)));
    // Helm never compares the time; a fixed one keeps the bytes the same.
    writer.pair(0, "generated", &json!("1970-01-01T00:00:00Z"));
    Some(writer.finish())
}

/// The dependencies in the order of keys that Helm hashes:
/// name, version, repository, condition, alias (helm/helm, `chart.Dependency`).
fn requested(plan: &Plan) -> Vec<Value> {
    chart_yaml::dependencies(plan)
}

fn digest(requested: &[Value], locked: &[Value]) -> String {
    let json = json!([requested, locked]).to_string();
    // Go escapes these in JSON so that it can stand in HTML.
    let escaped = json
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026");
    let hash = Sha256::digest(escaped.as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
