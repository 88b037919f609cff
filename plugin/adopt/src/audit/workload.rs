//! Parts of a workload: its containers, what they get and what they may do.

use super::Rows;
use super::beside::beside;
use super::{Context, first, repository, shown};
use crate::quantity;
use serde_json::Value;
use std::collections::BTreeSet;
use taskspec_manifest::{Object, fields, is_empty, items, number, scalar, text};

pub(super) fn part_of(
    rows: &mut Rows,
    context: &Context<'_>,
    want: &Object,
    have: Option<&Object>,
) {
    let (name, item) = (context.environment, context.component);
    let Some(have) = have else {
        rows.see(name, "workload", item, None, Vec::new());
        return;
    };
    rows.see(
        name,
        "workload",
        item,
        Some(have.id()),
        kind_and_image(want, have),
    );
    let (wanted, given) = (first(want), first(have));
    variables(rows, context, want, have);
    rows_for(
        rows,
        context,
        "resources",
        &resources(wanted),
        |lacks| {
            !is_empty(&given["resources"]["requests"])
                || !is_empty(&given["resources"]["limits"])
                || lacks == 0
        },
        |path| {
            let (kind, resource) = path;
            let (is, should) = (
                &given["resources"][kind][resource],
                &wanted["resources"][kind][resource],
            );
            let same = quantity::amount(is)
                .zip(quantity::amount(should))
                .is_some_and(|(is, should)| (is - should).abs() < 1e-9);
            (!same).then(|| {
                format!(
                    "{kind}.{resource}: {} instead of {}",
                    shown(is),
                    shown(should)
                )
            })
        },
    );
    for field in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if wanted[field].is_object() {
            let found = given[field].is_object().then(|| have.id());
            let lacks = if found.is_some() {
                probe(&wanted[field], &given[field], want, have)
            } else {
                Vec::new()
            };
            rows.see(
                name,
                "probes",
                &format!("{item} {}", field.trim_end_matches("Probe")),
                found,
                lacks,
            );
        }
    }
    volumes(rows, context, want, have);
    mounted(rows, context, want, have);
    containers(rows, context, want, have);
    security(rows, context, want, have);
    beside(rows, context, want, have);
}

/// Resources that the specification sets.
pub(super) fn resources(container: &Value) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for kind in ["requests", "limits"] {
        found.extend(fields(&container["resources"][kind]).map(|(key, _)| (kind, key.clone())));
    }
    found
}

pub(super) fn rows_for<'p>(
    rows: &mut Rows,
    context: &Context<'_>,
    area: &str,
    parts: &'p [(&'static str, String)],
    there: impl Fn(usize) -> bool,
    lack: impl Fn((&'static str, &'p str)) -> Option<String>,
) {
    if parts.is_empty() {
        return;
    }
    let lacks: Vec<String> = parts
        .iter()
        .filter_map(|(kind, key)| lack((kind, key)))
        .collect();
    let found = there(lacks.len()).then(String::new);
    let lacks = if found.is_some() { lacks } else { Vec::new() };
    rows.see(context.environment, area, context.component, found, lacks);
}

pub(super) fn kind_and_image(want: &Object, have: &Object) -> Vec<String> {
    let mut lacks = Vec::new();
    if want.kind() != have.kind() {
        lacks.push(format!("{} instead of {}", have.kind(), want.kind()));
    }
    let (wanted, given) = (first(want), first(have));
    let differs = |key: &str| !wanted[key].is_null() && wanted[key] != given[key];
    if repository(text(&wanted["image"])) != repository(text(&given["image"])) {
        lacks.push(format!(
            "image {} instead of {}",
            shown(&given["image"]),
            shown(&wanted["image"])
        ));
    } else if differs("image") {
        lacks.push(format!(
            "image tag of {} instead of {}",
            shown(&given["image"]),
            shown(&wanted["image"])
        ));
    }
    for key in ["command", "args"] {
        if differs(key) {
            lacks.push(format!(
                "{key} {} instead of {}",
                shown(&given[key]),
                shown(&wanted[key])
            ));
        }
    }
    let (wanted, given) = (&want.value["spec"], &have.value["spec"]);
    for key in ["replicas", "schedule", "timeZone", "concurrencyPolicy"] {
        let (should, is) = (&wanted[key], &given[key]);
        let same = is == should
            || key == "replicas" && number(is).unwrap_or(1) == number(should).unwrap_or(1);
        if !should.is_null() && !same {
            lacks.push(format!("{key} {} instead of {}", shown(is), shown(should)));
        }
    }
    lacks
}

/// Names of variables with their texts; none for references.
pub(super) fn effective(
    container: &Value,
    objects: &[Object],
) -> (Vec<(String, Option<String>)>, bool) {
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    let mut open = false;
    for source in items(&container["envFrom"]) {
        let name = text(&source["configMapRef"]["name"]);
        let own = objects
            .iter()
            .find(|one| one.kind() == "ConfigMap" && one.name() == name);
        match own {
            Some(own) => found.extend(
                fields(&own.value["data"]).map(|(key, value)| (key.clone(), scalar(value))),
            ),
            None => open = true,
        }
    }
    for variable in items(&container["env"]) {
        let name = text(&variable["name"]).to_owned();
        found.retain(|(known, _)| *known != name);
        let reference = &variable["valueFrom"]["configMapKeyRef"];
        let own = objects
            .iter()
            .find(|one| one.kind() == "ConfigMap" && one.name() == text(&reference["name"]));
        let written = match own {
            Some(own) => scalar(&own.value["data"][text(&reference["key"])]),
            None if variable["valueFrom"].is_null() => {
                Some(scalar(&variable["value"]).unwrap_or_default())
            }
            None => None,
        };
        found.push((name, written));
    }
    (found, open)
}

pub(super) fn variables(rows: &mut Rows, context: &Context<'_>, want: &Object, have: &Object) {
    let (wanted, _) = effective(first(want), context.expected);
    if wanted.is_empty() {
        return;
    }
    let (given, open) = effective(first(have), context.own);
    let mut lacks = Vec::new();
    let mut there = 0;
    for (name, should) in &wanted {
        match given.iter().find(|(known, _)| known == name) {
            // A Secret that somebody else made may have it.
            None if open && should.is_none() => there += 1,
            None => lacks.push(format!("{name} is not set")),
            Some((_, Some(_))) if should.is_none() => {
                there += 1;
                lacks.push(format!(
                    "{name} stands in plain text instead of coming from a Secret or a field"
                ));
            }
            Some((_, is)) if is != should && should.is_some() => {
                there += 1;
                let secret = taskspec_spec::check::secrets::looks_secret(name);
                let is = is
                    .as_deref()
                    .filter(|_| !secret)
                    .unwrap_or("something else");
                lacks.push(format!(
                    "{name} is {is} instead of {}",
                    should.as_deref().unwrap_or_default()
                ));
            }
            Some(_) => there += 1,
        }
    }
    let found = (there > 0).then(|| format!("{there} of {}", wanted.len()));
    rows.see(
        context.environment,
        "variables",
        context.component,
        found,
        lacks,
    );
}

pub(super) fn probe(should: &Value, is: &Value, want: &Object, have: &Object) -> Vec<String> {
    let asks = |probe: &Value, object: &Object| -> String {
        let port = |port: &Value| -> String {
            let named =
                items(&first(object)["ports"]).find(|one| one["name"] == *port && port.is_string());
            named.map_or_else(|| shown(port), |one| shown(&one["containerPort"]))
        };
        if let Some(http) = probe.get("httpGet") {
            format!("GET {} at {}", shown(&http["path"]), port(&http["port"]))
        } else if let Some(exec) = probe.get("exec") {
            format!("command {}", exec["command"])
        } else if let Some(socket) = probe.get("tcpSocket") {
            format!("TCP at {}", port(&socket["port"]))
        } else {
            format!("gRPC at {}", port(&probe["grpc"]["port"]))
        }
    };
    let (asked, wanted) = (asks(is, have), asks(should, want));
    if asked == wanted {
        Vec::new()
    } else {
        vec![format!("it asks {asked} instead of {wanted}")]
    }
}

/// Paths of persistent volumes.
pub(super) fn persistent(object: &Object) -> BTreeSet<String> {
    let spec = object.pod().map_or(&Value::Null, |pod| &pod["spec"]);
    let claims = items(&object.value["spec"]["volumeClaimTemplates"])
        .map(|one| text(&one["metadata"]["name"]));
    let volumes = items(&spec["volumes"])
        .filter(|one| one.get("persistentVolumeClaim").is_some())
        .map(|one| text(&one["name"]));
    let names: Vec<&str> = claims.chain(volumes).collect();
    items(&first(object)["volumeMounts"])
        .filter(|mount| names.contains(&text(&mount["name"])))
        .map(|mount| text(&mount["mountPath"]).to_owned())
        .collect()
}

pub(super) fn volumes(rows: &mut Rows, context: &Context<'_>, want: &Object, have: &Object) {
    let (wanted, given) = (persistent(want), persistent(have));
    if wanted.is_empty() {
        return;
    }
    let lacks: Vec<String> = wanted
        .difference(&given)
        .map(|path| format!("nothing persistent at {path}"))
        .collect();
    let found = (lacks.len() < wanted.len()).then(|| have.id());
    rows.see(
        context.environment,
        "volumes",
        context.component,
        found,
        lacks,
    );
}

/// Paths of files that come from ConfigMaps and Secrets.
pub(super) fn mounted(rows: &mut Rows, context: &Context<'_>, want: &Object, have: &Object) {
    let paths = |object: &Object| -> BTreeSet<String> {
        let spec = object.pod().map_or(&Value::Null, |pod| &pod["spec"]);
        let sources = ["configMap", "secret", "projected"];
        let named =
            items(&spec["volumes"]).filter(|one| sources.iter().any(|key| one.get(*key).is_some()));
        let names: Vec<&str> = named.map(|one| text(&one["name"])).collect();
        items(&first(object)["volumeMounts"])
            .filter(|mount| names.contains(&text(&mount["name"])))
            .map(|mount| text(&mount["mountPath"]).trim_end_matches('/').to_owned())
            .collect()
    };
    let (wanted, given) = (paths(want), paths(have));
    if wanted.is_empty() {
        return;
    }
    // A folder has the files in it.
    let covered = |path: &str| {
        given.iter().any(|other| {
            other == path
                || path
                    .strip_prefix(other.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
        })
    };
    let lacks: Vec<String> = wanted
        .iter()
        .filter(|path| !covered(path))
        .map(|path| format!("nothing mounted at {path}"))
        .collect();
    let found = (lacks.len() < wanted.len()).then(|| have.id());
    rows.see(
        context.environment,
        "files",
        context.component,
        found,
        lacks,
    );
}

/// Init containers and sidecars that the specification names.
pub(super) fn containers(rows: &mut Rows, context: &Context<'_>, want: &Object, have: &Object) {
    let beside = |object: &Object| -> Vec<Value> {
        let spec = object.pod().map_or(&Value::Null, |pod| &pod["spec"]);
        let later = items(&spec["containers"]).skip(1);
        items(&spec["initContainers"])
            .chain(later)
            .cloned()
            .collect()
    };
    let given = beside(have);
    for container in beside(want) {
        let name = text(&container["name"]);
        // What the compiler adds of its own: waiting for servers, and migrations.
        if name.starts_with("wait-for-") || ["migrate", "record"].contains(&name) {
            continue;
        }
        let image = repository(text(&container["image"]));
        let found = given.iter().find(|one| {
            text(&one["name"]) == name
                || repository(text(&one["image"])) == image
                    && one["command"] == container["command"]
        });
        let found = found.map(|one| text(&one["name"]).to_owned());
        let item = format!("{} {name}", context.component);
        rows.see(context.environment, "container", &item, found, Vec::new());
    }
}

pub(super) fn security(rows: &mut Rows, context: &Context<'_>, want: &Object, have: &Object) {
    let state = |object: &Object, pod_key: bool, key: &str| -> Value {
        let spec = object.pod().map_or(&Value::Null, |pod| &pod["spec"]);
        let own = &first(object)["securityContext"][key];
        if own.is_null() && pod_key {
            spec["securityContext"][key].clone()
        } else {
            own.clone()
        }
    };
    let mut lacks = Vec::new();
    for (key, of_pod) in [
        ("runAsNonRoot", true),
        ("seccompProfile", true),
        ("allowPrivilegeEscalation", false),
        ("readOnlyRootFilesystem", false),
    ] {
        let (should, is) = (state(want, of_pod, key), state(have, of_pod, key));
        if !should.is_null() && should != is && should != Value::Bool(false)
            || key == "allowPrivilegeEscalation" && should == Value::Bool(false) && is != should
        {
            lacks.push(format!("{key} is {}", shown(&is)));
        }
    }
    let drops = |object: &Object| {
        items(&first(object)["securityContext"]["capabilities"]["drop"]).any(|one| one == "ALL")
    };
    if drops(want) && !drops(have) {
        lacks.push("capabilities are kept".to_owned());
    }
    let found = (lacks.len() < 5).then(|| have.id());
    rows.see(
        context.environment,
        "security",
        context.component,
        found,
        lacks,
    );
}
