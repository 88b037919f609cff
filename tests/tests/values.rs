//! The values of a chart: one closed set of keys in `values.yaml`, the schema,
//! the README and the templates; values that cannot work are refused by every
//! Helm, values that work are not.

use regex::Regex;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use taskspec_tests::chart::{Built, Case, merged, temporary, write};
use taskspec_tests::manifest;
use taskspec_tests::parallel;
use taskspec_tests::tools::{Helm, program, said};

/// Paths of values, such as `agent.image.tag`.
type Paths = BTreeSet<String>;

fn all() -> Vec<Built> {
    parallel::map(Case::all(), |case| case.build())
}

/// Paths of all leaves; maps that are values themselves end a path.
fn leaves(value: &Value, schema: &Value, prefix: &str, found: &mut Paths) {
    let properties = schema["properties"].as_object();
    match (value.as_object(), properties) {
        (Some(map), Some(properties)) if prefix.is_empty() || !is_leaf(schema) => {
            for (key, inner) in map {
                let path = if prefix.is_empty() {
                    key.clone()
                } else {
                    format!("{prefix}.{key}")
                };
                leaves(
                    inner,
                    properties.get(key).unwrap_or(&Value::Null),
                    &path,
                    found,
                );
            }
        }
        _ => {
            found.insert(prefix.to_owned());
        }
    }
}

/// A probe has properties but is one value; branches have only described keys.
fn is_leaf(schema: &Value) -> bool {
    schema["properties"]
        .as_object()
        .is_none_or(|keys| keys.values().any(|key| key["description"].is_null()))
}

fn own_leaves(chart: &Built) -> Paths {
    let (values, schema) = (chart.data("values.yaml"), chart.data("values.schema.json"));
    let mut found = Paths::new();
    leaves(&values, &schema, "", &mut found);
    let sections = chart.sections();
    found.retain(|path| {
        !sections
            .iter()
            .any(|section| path.split('.').next() == Some(section))
    });
    found
}

/// The text of the chart's own templates.
fn templates(chart: &Built) -> String {
    let own = chart
        .chart
        .files
        .iter()
        .filter(|file| file.path.starts_with("templates/"));
    own.map(|file| file.contents.as_str())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Paths that templates read, as written: `.Values.a.b`, `$.Values.a`,
/// `(.Values.a).b`, `(.Values.a.b).c.d` and `index .Values "a-b"`.
fn reads(templates: &str) -> Paths {
    let plain =
        Regex::new(r"\.Values((?:\)*\.[A-Za-z][A-Za-z0-9_]*)+)").expect("a regular expression");
    let index = Regex::new(
        r#"index (?:\$|\.context)?\.Values((?: "[^"]+")+)\)?((?:\.[A-Za-z][A-Za-z0-9_]*)*)"#,
    )
    .expect("a regular expression");
    let mut found: Paths = plain
        .captures_iter(templates)
        .map(|hit| hit[1].replace(')', "").trim_start_matches('.').to_owned())
        .collect();
    for hit in index.captures_iter(templates) {
        let keys: Vec<&str> = hit[1]
            .split('"')
            .filter(|part| !part.trim().is_empty())
            .collect();
        found.insert(format!("{}{}", keys.join("."), &hit[2]));
    }
    found
}

/// The body of each helper.
fn helpers(templates: &str) -> BTreeMap<&str, &str> {
    templates
        .split("{{- define \"")
        .skip(1)
        .filter_map(|part| part.split_once('"'))
        .collect()
}

/// Reads with what helpers do with the maps that they are handed:
/// `include "x.placement" .Values.agent` and
/// `include "x.image" (dict "context" . "image" .Values.agent.image)`.
fn expanded(templates: &str) -> Paths {
    let call = Regex::new(r#"include "([^"]+)" ([^|}]*)"#).expect("a regular expression");
    let direct =
        Regex::new(r"^(?:\$|\.context)?\.Values\.([A-Za-z0-9_.]+)").expect("a regular expression");
    let named = Regex::new(r#""(\w+)" (?:\$|\.context)?\.Values\.([A-Za-z0-9_.]+)"#)
        .expect("a regular expression");
    // A helper may also take keys from a list of quoted names.
    let inner =
        Regex::new(r#"(?:[ (]\.|")([A-Za-z][A-Za-z0-9_.]*)"#).expect("a regular expression");
    let helpers = helpers(templates);
    let mut found = reads(templates);
    for hit in call.captures_iter(templates) {
        let body = helpers.get(&hit[1]).copied().unwrap_or_default();
        let keys: Vec<String> = inner
            .captures_iter(body)
            .map(|key| key[1].to_owned())
            .collect();
        if let Some(path) = direct.captures(&hit[2]) {
            found.extend(keys.iter().map(|key| format!("{}.{key}", &path[1])));
        }
        // The main workload of a flat chart has its values at the top.
        if hit[2].trim_end_matches([')', ' ']) == ".Values" {
            found.extend(keys.iter().cloned());
        }
        for argument in named.captures_iter(&hit[2]) {
            let own = keys
                .iter()
                .filter_map(|key| key.strip_prefix(&format!("{}.", &argument[1])));
            found.extend(own.map(|key| format!("{}.{key}", &argument[2])));
        }
    }
    found
}

#[test]
fn templates_read_what_values_have_and_every_value_is_read() {
    let mut faults = Vec::new();
    for chart in all() {
        let text = templates(&chart);
        let (leaves, plain, reads) = (own_leaves(&chart), self::reads(&text), expanded(&text));
        let sections = chart.sections();
        let below = |path: &str, above: &str| {
            path == above
                || path
                    .strip_prefix(above)
                    .is_some_and(|rest| rest.starts_with('.'))
        };
        for read in &plain {
            let of_dependency = sections.iter().any(|section| below(read, section));
            let known = leaves
                .iter()
                .any(|leaf| below(leaf, read) || below(read, leaf));
            if !known && !of_dependency {
                faults.push(format!(
                    "{}: a template reads {read}, which values.yaml does not have",
                    chart.case
                ));
            }
        }
        // What the author adds is for the author's own templates.
        let added = chart.case == "charts/extra";
        for leaf in leaves
            .iter()
            .filter(|leaf| !(added && below(leaf, "custom")))
        {
            let whole =
                |read: &String| below(leaf, read) && (read == leaf || prints_whole(&text, read));
            if !reads.iter().any(whole) {
                faults.push(format!("{}: no template reads {leaf}", chart.case));
            }
        }
    }
    parallel::report(faults);
}

/// Whether a template prints a branch as it is, with all that is below.
fn prints_whole(templates: &str, path: &str) -> bool {
    [
        format!("toYaml .Values.{path} "),
        format!("toYaml $.Values.{path} "),
    ]
    .iter()
    .any(|print| templates.contains(print))
        || templates.contains(&format!("with .Values.{path} }}}}"))
}

#[test]
fn every_value_has_a_comment_and_a_row() {
    let mut faults = Vec::new();
    for chart in all() {
        let readme = chart.text("README.md");
        let (values, schema) = (chart.data("values.yaml"), chart.data("values.schema.json"));
        let mut paths = Paths::new();
        leaves(&values, &schema, "", &mut paths);
        let documented = documented(chart.text("values.yaml"));
        for path in paths {
            if !readme.contains(&format!("| `{path}` |")) {
                faults.push(format!("{}: the README has no row for {path}", chart.case));
            }
            if !documented.contains(&path) {
                faults.push(format!(
                    "{}: values.yaml says nothing about {path}",
                    chart.case
                ));
            }
        }
    }
    parallel::report(faults);
}

/// Paths of keys below a `# -- ` comment.
fn documented(values: &str) -> Paths {
    let mut found = Paths::new();
    let mut above: Vec<(usize, String)> = Vec::new();
    let mut comment = String::new();
    for line in values.lines() {
        let depth = line.len() - line.trim_start().len();
        if let Some(text) = line.trim_start().strip_prefix('#') {
            comment += text;
        } else if let Some((key, _)) = line.trim_start().split_once(':') {
            above.retain(|(other, _)| *other < depth);
            above.push((depth, key.trim_matches('"').to_owned()));
            if comment.starts_with(" -- ") && comment.len() > 4 {
                found.insert(
                    above
                        .iter()
                        .map(|(_, key)| key.as_str())
                        .collect::<Vec<_>>()
                        .join("."),
                );
            }
            comment.clear();
        }
    }
    found
}

#[test]
fn schemas_are_valid_and_closed() {
    let folder = temporary();
    let mut files = Vec::new();
    let mut faults = Vec::new();
    for (index, chart) in all().iter().enumerate() {
        let file = folder.path().join(format!("{index}.json"));
        write(&file, chart.text("values.schema.json"));
        files.push(file);
        let schema = chart.data("values.schema.json");
        if schema["$schema"] != "http://json-schema.org/draft-07/schema#" {
            faults.push(format!("{}: not draft-07", chart.case));
        }
        let sections = chart.sections();
        open(&schema, "", &sections, &mut faults, &chart.case);
    }
    let output = Command::new(program("judges/bin/check-jsonschema"))
        .arg("--check-metaschema")
        .args(files)
        .output();
    let output = output.expect("check-jsonschema starts");
    assert!(output.status.success(), "{}", said(&output));
    parallel::report(faults);
}

/// Branches that accept unknown keys, except those that Helm or Kubernetes extends.
fn open(schema: &Value, path: &str, sections: &[String], faults: &mut Vec<String>, case: &str) {
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    let top = path.split('.').next().unwrap_or_default();
    let free = sections.iter().any(|section| section == top)
        || path == "global"
        || path.ends_with("resources.requests")
        || path.ends_with("resources.limits");
    if !free && schema["additionalProperties"] != false {
        faults.push(format!(
            "{case}: the schema accepts unknown keys at `{path}`"
        ));
    }
    for (key, inner) in properties {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        open(inner, &path, sections, faults, case);
    }
}

/// Values that no chart can work with, and the path that Helm has to name.
/// Messages differ between Helm versions; the path does not.
fn bad_values() -> Vec<(Value, &'static str)> {
    let long = "x".repeat(64);
    vec![
        (json!({ "agent": { "replicaCount": 50 } }), "replicaCount"),
        (json!({ "agent": { "replicaCount": 0 } }), "replicaCount"),
        (json!({ "agent": { "replicaCount": "3" } }), "replicaCount"),
        (json!({ "agent": { "replicaCount": 1.5 } }), "replicaCount"),
        (json!({ "agent": { "replicas": 3 } }), "replicas"),
        (json!({ "agnet": {} }), "agnet"),
        (json!({ "agent": { "image": { "tga": "1" } } }), "tga"),
        (json!({ "agent": { "image": { "tag": 1 } } }), "tag"),
        (
            json!({ "agent": { "image": { "repository": "" } } }),
            "repository",
        ),
        (
            json!({ "agent": { "image": { "digest": "sha256:0" } } }),
            "digest",
        ),
        (
            json!({ "agent": { "image": { "pullPolicy": "Sometimes" } } }),
            "pullPolicy",
        ),
        (
            json!({ "agent": { "resources": { "requests": { "memory": "1 GB" } } } }),
            "memory",
        ),
        (
            json!({ "agent": { "resources": { "requests": { "cpu": "-1" } } } }),
            "cpu",
        ),
        (
            json!({ "agent": { "resources": { "requests": { "cpu": null } } } }),
            "cpu",
        ),
        (
            json!({ "agent": { "resources": { "requests": { "memory": null } } } }),
            "memory",
        ),
        (
            json!({ "agent": { "service": { "type": "Cluster" } } }),
            "type",
        ),
        (json!({ "agent": { "service": { "port": 70000 } } }), "port"),
        (json!({ "agent": { "containerPort": 0 } }), "containerPort"),
        (
            json!({ "agent": { "env": { "not a name": "x" } } }),
            "not a name",
        ),
        (json!({ "agent": { "env": { "LIST": ["x"] } } }), "LIST"),
        (
            json!({ "agent": { "podSecurity": { "runAsUser": 0 } } }),
            "runAsUser",
        ),
        (
            json!({ "agent": { "writableDirectories": ["tmp"] } }),
            "writableDirectories",
        ),
        (
            json!({ "agent": { "rollout": { "maxSurge": 0, "maxUnavailable": 0 } } }),
            "rollout",
        ),
        (
            json!({ "agent": { "rollout": { "maxSurge": "25" } } }),
            "maxSurge",
        ),
        (
            json!({ "agent": { "terminationGracePeriodSeconds": 10, "drainSeconds": 10 } }),
            "terminationGracePeriodSeconds",
        ),
        (
            json!({ "agent": { "podDisruptionBudget": { "maxUnavailable": 0 } } }),
            "podDisruptionBudget",
        ),
        (
            json!({ "agent": { "podDisruptionBudget": { "maxUnavailable": "0%" } } }),
            "podDisruptionBudget",
        ),
        (
            json!({ "agent": { "livenessProbe": { "periodSeconds": 0 } } }),
            "livenessProbe",
        ),
        (
            json!({ "commonLabels": { "app.kubernetes.io/name": "x" } }),
            "commonLabels",
        ),
        (json!({ "commonLabels": { "team": long } }), "commonLabels"),
        (
            json!({ "agent": { "podLabels": { "app.kubernetes.io/component": "x" } } }),
            "podLabels",
        ),
        (json!({ "postgresql": { "enabled": false } }), "postgresql"),
        (json!({ "redis": { "enabled": "no" } }), "enabled"),
        (json!({ "migration": { "timeout": "5m" } }), "timeout"),
        // The number of replicas under the name that another chart has for it.
        (
            json!({ "postgresql": { "replica": { "replicaCount": 2 } } }),
            "replica",
        ),
        (
            json!({ "networkPolicy": { "dns": { "nodeLocalAddress": "fe80::1" } } }),
            "nodeLocalAddress",
        ),
        (
            json!({ "global": { "taskApi": { "existingSecert": "x" } } }),
            "existingSecert",
        ),
    ]
}

/// Values that must stay possible.
fn good_values() -> Vec<Value> {
    vec![
        json!({}),
        json!({ "enabled": true, "global": { "imageRegistry": "mirror.example.com", "storageClass": "fast", "somebody": { "else": 1 } } }),
        json!({ "agent": { "replicaCount": 10, "image": { "digest": format!("sha256:{}", "0".repeat(64)) } } }),
        json!({ "agent": { "resources": { "requests": { "cpu": 1, "nvidia.com/gpu": 1 }, "limits": { "memory": "1.5Gi" } } } }),
        json!({ "agent": { "livenessProbe": null, "startupProbe": null, "readinessProbe": { "httpGet": { "path": "/", "port": "http" } } } }),
        json!({ "agent": { "rollout": { "maxSurge": "25%", "maxUnavailable": "25%" }, "drainSeconds": 0 } }),
        json!({ "agent": { "podSecurity": { "runAsUser": null, "runAsGroup": null, "fsGroup": null } } }),
        json!({ "agent": { "env": { "A": 1_000_000, "B": true, "C": "x", "D": 0.5 }, "extraEnv": [{ "name": "X", "value": "y" }] } }),
        json!({ "postgresql": { "enabled": false }, "global": { "taskApi": { "existingSecret": "mine" } } }),
        json!({ "agent": { "writableDirectories": [] }, "migration": { "writableDirectories": [] } }),
        json!({ "networkPolicy": { "enabled": false }, "tests": { "enabled": false }, "migration": { "enabled": false } }),
        json!({ "serviceAccount": { "create": false, "name": "shared" }, "imagePullSecrets": ["a", { "name": "b" }] }),
        json!({ "agent": { "affinity": { "podAntiAffinity": {} }, "tolerations": [{ "operator": "Exists" }], "nodeSelector": { "a": "b" }, "priorityClassName": "high" } }),
    ]
}

/// A server whose host a variable takes cannot be left out.
#[test]
fn a_host_that_is_taken_is_there() {
    let chart = Case::example("ape-2026").build();
    let values = json!({
        "postgresql": { "enabled": false },
        "global": { "ape2026": { "existingSecret": "mine" } },
    });
    for helm in Helm::all() {
        let said = with_values(&chart, &helm, &values).expect_err("it is refused");
        assert!(said.contains("POSTGRES_HOST of api"), "{said}");
    }
}

fn with_values(chart: &Built, helm: &Helm, values: &Value) -> Result<String, String> {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    write(file.path(), &values.to_string());
    let path = file.path().display().to_string();
    chart.render(helm, "agent", &chart.variants()[0], &["--values", &path])
}

#[test]
fn values_that_cannot_work_are_refused_by_every_helm() {
    let charts: Vec<Built> = ["task-api", "task-api-embedded"]
        .iter()
        .map(|name| Case::example(name).build())
        .collect();
    let mut jobs = Vec::new();
    for chart in &charts {
        for helm in Helm::all() {
            jobs.extend(
                bad_values()
                    .into_iter()
                    .map(|(values, path)| (chart, helm.clone(), values, path)),
            );
        }
    }
    parallel::no_faults(jobs, |(chart, helm, values, path)| {
        match with_values(chart, &helm, &values) {
            Ok(_) => vec![format!(
                "{} Helm {}: {values} is accepted",
                chart.case, helm.version
            )],
            Err(said) if said.contains(path) => Vec::new(),
            Err(said) => vec![format!(
                "{} Helm {}: {values} is refused without {path}: {said}",
                chart.case, helm.version
            )],
        }
    });
}

#[test]
fn values_that_work_are_accepted_by_every_helm() {
    let charts: Vec<Built> = ["task-api", "task-api-embedded"]
        .iter()
        .map(|name| Case::example(name).build())
        .collect();
    let mut jobs = Vec::new();
    for chart in &charts {
        for helm in Helm::all() {
            jobs.extend(
                good_values()
                    .into_iter()
                    .map(|values| (chart, helm.clone(), values)),
            );
        }
    }
    parallel::no_faults(jobs, |(chart, helm, values)| {
        let objects =
            match with_values(chart, &helm, &values).and_then(|text| manifest::parse(&text)) {
                Ok(objects) => objects,
                Err(fault) => return vec![format!("{values}: {fault}")],
            };
        let all = merged(&chart.data("values.yaml"), &values);
        chart
            .faults(&all, &objects)
            .into_iter()
            .map(|fault| format!("{} {values}: {fault}", chart.case))
            .collect()
    });
}

/// Another value of the same kind, within the schema.
fn other(value: &Value, schema: &Value, path: &str) -> Value {
    if let Some(choices) = schema["enum"].as_array() {
        return choices
            .iter()
            .find(|choice| *choice != value)
            .cloned()
            .unwrap_or_default();
    }
    let key = path.rsplit('.').next().unwrap_or_default();
    match (value, key) {
        (Value::Bool(flag), _) => json!(!flag),
        (_, "digest") => json!(format!("sha256:{}", "b".repeat(64))),
        (_, "nodeLocalAddress") => json!("192.0.2.1"),
        (_, "cpu") => json!("77m"),
        (_, "memory" | "ephemeral-storage") => json!("77Mi"),
        (_, "maxSurge") => json!(2),
        (_, "writableDirectories") => json!(["/other"]),
        (_, "imagePullSecrets") => json!(["other"]),
        (_, "nodePort") => json!(30077),
        (_, "loadBalancerSourceRanges") => json!(["192.0.2.0/24"]),
        (_, "envFromSecrets") => json!([{ "secretName": "other" }]),
        (_, "envFromConfigMaps") => json!([{ "configMapName": "other" }]),
        (_, "cidrs") => json!(["192.0.2.1/32"]),
        (_, "replicaCount") => json!(3),
        (_, key) if key.ends_with("Probe") => json!({ "periodSeconds": 77 }),
        (Value::Number(number), _) => json!(number.as_i64().unwrap_or(0) + 1),
        (Value::Array(_), _) => match schema["items"]["type"].as_str() {
            Some("string") => json!(["other"]),
            Some("integer") => json!([77]),
            _ => json!([{ "name": "other" }]),
        },
        (Value::Object(_), _) => json!({ "other": "x" }),
        _ => json!("other"),
    }
}

/// The proof of the same by trying: a value that nothing reads changes nothing.
#[test]
fn every_value_changes_the_rendering() {
    let helm = Helm::newest();
    let charts: Vec<Built> = vec![
        Case::example("task-api-embedded").build(),
        Case::own("outside").build(),
        Case::own("worker-only").build(),
    ];
    let mut jobs = Vec::new();
    for chart in &charts {
        // A Service without an address has no load balancer.
        let (headless, others): (Paths, Paths) = own_leaves(chart)
            .into_iter()
            .partition(|path| path.ends_with("service.headless"));
        for (service, paths) in [("ClusterIP", headless), ("LoadBalancer", others)] {
            let several = several(chart, service);
            let usual = stable(with_values(chart, &helm, &several));
            jobs.extend(
                paths
                    .into_iter()
                    .map(|path| (chart, path, several.clone(), usual.clone())),
            );
        }
    }
    parallel::no_faults(jobs, |(chart, path, several, usual)| {
        let (mut value, mut schema) = (chart.data("values.yaml"), chart.data("values.schema.json"));
        for key in path.split('.') {
            (value, schema) = (value[key].take(), schema["properties"][key].take());
        }
        let changed = path.rsplit('.').fold(
            other(&value, &schema, &path),
            |inner, key| json!({ key: inner }),
        );
        let rendered = stable(with_values(chart, &helm, &merged(&several, &changed)));
        let refused = rendered.as_ref().err();
        if let Some(fault) = refused {
            return vec![format!("{}: {changed} is refused: {fault}", chart.case)];
        }
        if rendered == usual {
            vec![format!("{}: {path} changes nothing", chart.case)]
        } else {
            Vec::new()
        }
    });
}

/// Two replicas of everything, so that disruption budgets are made, no digest,
/// which would win over the tag, and Services of one type.
fn several(chart: &Built, service: &str) -> Value {
    let values = chart.data("values.yaml");
    let workloads = values
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value["replicaCount"].is_null());
    Value::Object(
        workloads
            .map(|(key, value)| {
                let mut changed = json!({ "replicaCount": 2, "image": { "digest": "" } });
                if value["service"].is_object() {
                    changed["service"] = json!({ "type": service });
                }
                (key.clone(), changed)
            })
            .collect(),
    )
}

/// A rendering without what is random.
fn stable(rendered: Result<String, String>) -> Result<Vec<Value>, String> {
    let objects = manifest::parse(&rendered?)?;
    Ok(objects
        .into_iter()
        .filter(|object| object.kind() != "Secret")
        .map(|object| object.value)
        .collect())
}
