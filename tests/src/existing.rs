//! What values say about objects that a rendering does not hold: those that an
//! installation finds in the cluster, which the README lists, and those that are
//! switched off.

use crate::chart::{Built, Variant, merged};
use serde_json::{Value, json};

/// An object that is there before the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Existing {
    /// Such as `Secret`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The keys that the README asks for.
    pub keys: Vec<String>,
}

/// The values of a variant.
///
/// # Panics
/// If a values file cannot be parsed.
pub fn values(chart: &Built, variant: &Variant) -> Value {
    let base = chart.data("values.yaml");
    let files = variant.files.iter();
    files.fold(base, |values, file| merged(&values, &chart.data(file)))
}

/// Values with what `--set` switches on or off.
pub fn set(values: Value, settings: &str) -> Value {
    let flags = settings
        .split(',')
        .filter_map(|setting| setting.split_once('='))
        .filter_map(|(path, flag)| Some((path, flag.parse::<bool>().ok()?)));
    flags.fold(values, |values, (path, flag)| {
        let one = path
            .rsplit('.')
            .fold(json!(flag), |inner, key| json!({ key: inner }));
        merged(&values, &one)
    })
}

/// Keys of the values whose components are switched off.
pub fn off(values: &Value) -> Vec<String> {
    let sections = values.as_object().into_iter().flatten();
    sections
        .filter(|(_, section)| section["enabled"] == false)
        .map(|(key, _)| key.clone())
        .collect()
}

/// The objects that values name, outside the sections of dependencies.
pub fn named(values: &Value, sections: &[String], readme: &str) -> Vec<Existing> {
    let mut found = Vec::new();
    for (key, value) in values.as_object().into_iter().flatten() {
        if !sections.contains(key) {
            walk(value, key, readme, &mut found);
        }
    }
    found
}

fn walk(value: &Value, above: &str, readme: &str, found: &mut Vec<Existing>) {
    for (key, inner) in value.as_object().into_iter().flatten() {
        if let Some(name) = inner.as_str().filter(|name| !name.is_empty()) {
            let kind = match (above, key.as_str()) {
                // An issuer makes it, unless the README asks for it.
                ("tls", "secretName") if !is_asked(readme, name) => continue,
                (_, "existingSecret" | "secretName") => "Secret",
                (_, "configMapName") => "ConfigMap",
                (_, "existingClaim") => "PersistentVolumeClaim",
                // Of another namespace, with the namespace and the provider.
                ("annotations", "traefik.ingress.kubernetes.io/router.middlewares") => "Middleware",
                ("serviceAccount", "name") if value["create"] == false => "ServiceAccount",
                _ => continue,
            };
            found.push(Existing {
                kind,
                name: name.to_owned(),
                keys: keys(readme, name),
            });
        }
        walk(inner, key, readme, found);
    }
    for inner in value.as_array().into_iter().flatten() {
        walk(inner, above, readme, found);
    }
}

/// Whether a Secret is among the prerequisites.
fn is_asked(readme: &str, name: &str) -> bool {
    readme.contains(&format!("| Secret | `{name}` | "))
}

/// Keys that the README asks for in a Secret: those of its row among the
/// prerequisites, or else those of the chart's Secret.
fn keys(readme: &str, name: &str) -> Vec<String> {
    let row = format!("| Secret | `{name}` | ");
    let mut found: Vec<String> = readme
        .lines()
        .filter_map(|line| line.strip_prefix(&row)?.split(" |").next())
        .filter_map(|cell| cell.split_once("; its keys "))
        .flat_map(|(_, keys)| keys.split(", "))
        .map(|key| key.replace('`', ""))
        .collect();
    if found.is_empty() {
        let table = readme.split("It needs these keys:").nth(1);
        let table = table.and_then(|rest| rest.trim_start().split("\n\n").next());
        found = table
            .into_iter()
            .flat_map(str::lines)
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
            .map(str::to_owned)
            .collect();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_name_what_is_there() {
        let values = json!({
            "global": { "chart": { "existingSecret": "mine" } },
            "api": {
                "envFromSecrets": [{ "secretName": "a" }],
                "volumes": { "data": { "existingClaim": "b" }, "none": { "existingClaim": "" } },
                "serviceAccount": { "create": false, "name": "c" },
            },
            "secrets": { "pay": { "existingSecret": "payments" } },
            "ingress": { "tls": [{ "secretName": "made" }, { "secretName": "bought" }] },
            "redis": { "auth": { "existingSecret": "not ours" } },
        });
        let readme = "| Secret | `payments` | read by api; its keys `API_KEY`, `ID` | dev |\n| Secret | `bought` | a certificate | dev |\n\nIt needs these keys:\n\n| key |\n|---|\n| `url` | x |\n\n| `other` |\n";
        let found = named(&values, &["redis".to_owned()], readme);
        let shown: Vec<String> = found
            .iter()
            .map(|one| format!("{} {} {}", one.kind, one.name, one.keys.join("+")))
            .collect();
        assert_eq!(
            shown,
            [
                "Secret mine url",
                "Secret a url",
                "PersistentVolumeClaim b url",
                "ServiceAccount c url",
                "Secret payments API_KEY+ID",
                "Secret bought url",
            ]
        );
    }
}
