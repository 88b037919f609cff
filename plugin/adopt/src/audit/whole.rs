//! What belongs to a chart as a whole.

use super::Rows;
use super::{Folder, first, repository, shown};
use serde_json::Value;
use std::collections::BTreeSet;
use taskspec_manifest::{Object, items, text};

/// What belongs to the chart as a whole.
pub(super) fn whole(rows: &mut Rows, name: &str, expected: &[Object], own: &[Object]) {
    exposure(rows, name, expected, own);
    let containers = |objects: &[Object]| -> Vec<Value> {
        let pods = objects
            .iter()
            .filter(|one| !one.is_test())
            .filter_map(Object::pod);
        pods.flat_map(|pod| {
            items(&pod["spec"]["initContainers"]).chain(items(&pod["spec"]["containers"]))
        })
        .cloned()
        .collect()
    };
    let migrates = |container: &Value| {
        let words = items(&container["command"])
            .chain(items(&container["args"]))
            .map(text);
        let mut said = words.chain([text(&container["name"])]);
        said.any(|word| word.contains("migrat") || word == "alembic")
    };
    let wanted = containers(expected)
        .into_iter()
        .find(|one| text(&one["name"]) == "migrate");
    if let Some(wanted) = wanted {
        let given = containers(own);
        let same = given
            .iter()
            .find(|one| one["command"] == wanted["command"] && one["args"] == wanted["args"]);
        let any = given
            .iter()
            .find(|one| migrates(one) && !text(&one["name"]).starts_with("wait-for"));
        let lacks = if same.is_none() {
            vec![format!(
                "it runs something else than {}",
                shown(&wanted["command"])
            )]
        } else {
            Vec::new()
        };
        let found = same.or(any).map(|one| text(&one["name"]).to_owned());
        let lacks = if found.is_some() { lacks } else { Vec::new() };
        rows.see(name, "migrations", "database", found, lacks);
    }
    if expected.iter().any(Object::is_test) {
        rows.see(
            name,
            "tests",
            "helm test",
            own.iter().find(|one| one.is_test()).map(Object::id),
            Vec::new(),
        );
    }
    let secret = |one: &&Object| ["Secret", "ExternalSecret", "SealedSecret"].contains(&one.kind());
    if expected.iter().any(|one| secret(&one)) {
        let made = own.iter().find(secret).map(Object::id);
        let named = own.iter().flat_map(|one| one.pod()).any(|pod| {
            pod.to_string().contains("secretKeyRef") || pod.to_string().contains("secretRef")
        });
        rows.see(
            name,
            "secrets",
            "the chart's Secret",
            made.or(named.then(|| "an existing Secret".to_owned())),
            Vec::new(),
        );
    }
    for kind in ["ServiceMonitor", "PodMonitor", "PrometheusRule"] {
        if expected.iter().any(|one| one.kind() == kind) {
            let found = own.iter().find(|one| one.kind() == kind).map(Object::id);
            rows.see(name, "monitoring", kind, found, Vec::new());
        }
    }
}

pub(super) fn exposure(rows: &mut Rows, name: &str, expected: &[Object], own: &[Object]) {
    let hosts = |objects: &[Object]| -> BTreeSet<(String, String)> {
        let mut found = BTreeSet::new();
        for one in objects {
            let spec = &one.value["spec"];
            if one.kind() == "Ingress" {
                for rule in items(&spec["rules"]) {
                    found.extend(items(&rule["http"]["paths"]).map(|path| {
                        (
                            text(&rule["host"]).to_owned(),
                            text(&path["path"]).to_owned(),
                        )
                    }));
                }
            }
            if one.kind() == "HTTPRoute" {
                for host in items(&spec["hostnames"]) {
                    let matches = items(&spec["rules"]).flat_map(|rule| items(&rule["matches"]));
                    found.extend(matches.map(|one| {
                        (
                            text(host).to_owned(),
                            text(&one["path"]["value"]).to_owned(),
                        )
                    }));
                }
            }
        }
        found
    };
    let secured = |objects: &[Object]| -> BTreeSet<String> {
        let ingresses = objects.iter().filter(|one| one.kind() == "Ingress");
        ingresses
            .flat_map(|one| items(&one.value["spec"]["tls"]))
            .flat_map(|tls| items(&tls["hosts"]))
            .map(|host| text(host).to_owned())
            .collect()
    };
    let (wanted, given) = (hosts(expected), hosts(own));
    if wanted.is_empty() {
        return;
    }
    let mut lacks: Vec<String> = wanted
        .difference(&given)
        .map(|(host, path)| format!("{host}{path} leads nowhere"))
        .collect();
    let open: Vec<String> = secured(expected)
        .difference(&secured(own))
        .map(|host| format!("no certificate for {host}"))
        .collect();
    lacks.extend(open);
    let found = (!given.is_empty()).then(|| {
        own.iter()
            .find(|one| ["Ingress", "HTTPRoute"].contains(&one.kind()))
            .map(Object::id)
            .unwrap_or_default()
    });
    rows.see(name, "exposure", "hosts", found, lacks);
}

pub(super) fn dependencies(rows: &mut Rows, name: &str, folder: &Folder, actual: &[Object]) {
    for (called, chart) in &folder.dependencies {
        let declared = folder
            .given
            .iter()
            .find(|(other, from)| other == called || from == chart);
        // Somebody may run the server with templates of their own.
        let runs = actual.iter().find(|one| {
            ["StatefulSet", "Deployment"].contains(&one.kind())
                && [called.as_str(), chart.as_str()].iter().any(|word| {
                    repository(text(&first(one)["image"])).rsplit('/').next() == Some(*word)
                })
        });
        let found = declared
            .map(|(_, from)| format!("chart {from}"))
            .or(runs.map(Object::id));
        rows.see(name, "dependency", called, found, Vec::new());
    }
}

/// Files that a chart has for people and for checks.
pub(super) fn files(rows: &mut Rows, folder: &Folder) {
    for (path, area) in [
        ("values.yaml", "values"),
        ("values.schema.json", "schema"),
        ("README.md", "documents"),
        ("templates/NOTES.txt", "documents"),
    ] {
        if folder.expected.iter().any(|one| one == path) {
            let found = folder.actual.iter().find(|one| *one == path).cloned();
            rows.see("", area, path, found, Vec::new());
        }
    }
}
