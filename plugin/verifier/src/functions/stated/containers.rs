//! What is said of containers.

use super::{Container, Facts, Port, Stated, duration};
use serde_json::{Map, Value, json};
use taskspec_manifest::{Object, items, text};

/// The tables of a workload's containers beside the main one.
fn further<'a>(stated: &Stated<'a>) -> Vec<(&'a String, &'a Value, bool)> {
    let list = |key: &str| stated.table[key].as_object().into_iter().flatten();
    let init = list("init").map(|(name, table)| (name, table, false));
    init.chain(list("sidecars").map(|(name, table)| (name, table, true)))
        .collect()
}

/// Each stated container with its table, which of a workload's containers it is,
/// and whether it is the main one.
fn each<'a>(facts: &Facts<'a>) -> Vec<(Stated<'a>, &'a Value, Container<'a>, bool)> {
    let mut all = Vec::new();
    for (stated, object) in facts.found() {
        if let Some(container) = facts.container(object, stated.name) {
            all.push((stated, stated.table, container, true));
        }
        for (name, table, _) in further(&stated) {
            if let Some(container) = facts.container(object, name) {
                all.push((stated, table, container, false));
            }
        }
    }
    all
}

/// The image as pods name it: without a tag the application's version is taken.
pub fn image(facts: &Facts<'_>, stated: &str) -> String {
    let registry = &facts.spec["values"]["global"]["imageRegistry"];
    let Some(registry) = registry.as_str().filter(|registry| !registry.is_empty()) else {
        return tagged(facts, stated);
    };
    // It takes the place of the image's own.
    let path = match stated.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => path,
        _ => stated,
    };
    format!("{registry}/{}", tagged(facts, path))
}

fn tagged(facts: &Facts<'_>, stated: &str) -> String {
    let last = stated.rsplit('/').next().unwrap_or_default();
    if let Some((name, digest)) = stated.split_once('@') {
        // A digest says more than the tag before it.
        let tag = name.rfind(':').filter(|at| !name[*at..].contains('/'));
        return format!("{}@{digest}", &name[..tag.unwrap_or(name.len())]);
    }
    if last.contains(':') {
        return stated.to_owned();
    }
    let intent = &facts.spec["intent"];
    let version = match &intent["app-version"] {
        Value::Null => &intent["version"],
        version => version,
    };
    // A tag has no plus.
    format!("{stated}:{}", text(version).replace('+', "_"))
}

pub fn images(facts: &mut Facts<'_>) {
    for (stated, table, container, main) in each(facts) {
        let own = if main {
            stated.shared("image")
        } else {
            &table["image"]
        };
        let shared = stated.shared("image");
        let reference = own.as_str().or(shared.as_str()).unwrap_or_default();
        let expected = image(facts, reference);
        facts.inside(&container, "image", json!(expected));
        let policy = table["pull-policy"].as_str();
        let policy = policy.or_else(|| stated.model["pull-policy"].as_str().filter(|_| main));
        if main || policy.is_some() || own.is_string() {
            let expected = policy.unwrap_or("IfNotPresent");
            facts.inside(&container, "imagePullPolicy", json!(expected));
        }
    }
    // Every stated container is there.
    for (stated, object) in facts.found() {
        let names = further(&stated).into_iter().map(|(name, ..)| name.as_str());
        for name in names.chain([stated.name]) {
            if facts.container(object, name).is_none() {
                facts.missing(&format!("container {name} of {}", object.id()));
            }
        }
        for (name, _, sidecar) in further(&stated) {
            if let Some(container) = facts.container(object, name) {
                let expected = if sidecar {
                    json!("Always")
                } else {
                    Value::Null
                };
                facts.inside(&container, "restartPolicy", expected);
            }
        }
    }
}

pub fn commands(facts: &mut Facts<'_>) {
    for (_, table, container, _) in each(facts) {
        for key in ["command", "args"] {
            facts.inside(&container, key, table[key].clone());
        }
    }
}

pub fn resources(facts: &mut Facts<'_>) {
    for (_, table, container, main) in each(facts) {
        let defaults = if main {
            ["100m", "1", "256Mi", "256Mi"]
        } else {
            ["50m", "500m", "128Mi", "128Mi"]
        };
        amounts(facts, &container, table, defaults);
        for (name, count) in table["devices"].as_object().into_iter().flatten() {
            let found = container.value["resources"]["limits"][name].clone();
            let path = format!("{}.resources.limits", container.path);
            facts.add(container.object, &path, &found, count.clone());
        }
    }
}

/// CPU and memory of a container.
pub fn amounts(
    facts: &mut Facts<'_>,
    container: &Container<'_>,
    table: &Value,
    [cpu, most_cpu, memory, most_memory]: [&str; 4],
) {
    for (key, resource, request, limit) in [
        ("cpu", "cpu", cpu, most_cpu),
        ("memory", "memory", memory, most_memory),
        ("ephemeral-storage", "ephemeral-storage", "", ""),
    ] {
        for (way, kubernetes, default) in
            [("request", "requests", request), ("limit", "limits", limit)]
        {
            let expected = match &table[key][way] {
                Value::Null if default.is_empty() => continue,
                Value::Null => json!(default),
                stated => stated.clone(),
            };
            facts.inside(
                container,
                &format!("resources.{kubernetes}.{resource}"),
                expected,
            );
        }
    }
}

/// The text of a variable as pods see it.
fn plain(value: &Value, labels: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Object(table) => {
            let label = table.get("label").and_then(Value::as_str);
            let text = match label {
                Some(key) => labels[key].as_str(),
                None => table
                    .get("plain")
                    .or(table.get("value"))
                    .and_then(Value::as_str),
            };
            text.map(str::to_owned)
        }
        _ => None,
    }
}

pub fn variables(facts: &mut Facts<'_>) {
    for (stated, table, container, main) in each(facts) {
        let shares = main
            || match &table["shares-env"] {
                Value::Null => table["image"].is_null(),
                flag => *flag == true,
            };
        let mut wanted = if shares {
            stated.merged("env")
        } else {
            Map::new()
        };
        if !main {
            wanted.extend(table["env"].as_object().cloned().unwrap_or_default());
        }
        variables_of(facts, &container, &wanted);
        if shares {
            sources(facts, &container, &stated.both("env-from"));
        }
    }
}

/// Facts about each variable that is stated.
pub fn variables_of(facts: &mut Facts<'_>, container: &Container<'_>, wanted: &Map<String, Value>) {
    let known = facts.world.environment_of(container.value);
    let labels = &facts.spec["labels"];
    let path = format!("{}.env", container.path);
    let mut found = Vec::new();
    for (name, value) in wanted {
        let variable = items(&container.value["env"]).find(|one| one["name"] == **name);
        let from = variable.map_or(&Value::Null, |one| &one["valueFrom"]);
        if let Some(expected) = plain(value, labels) {
            for inner in unexpanded(container, name, &expected, wanted) {
                let ways = ["stays text", "is replaced"];
                let [is, should] = ways.map(|way| json!(format!("$({inner}) {way}")));
                found.push((name, is, should));
            }
            found.push((name, known[name].clone(), json!(expected)));
        } else if value["field"].is_string() {
            let field = text(&value["field"]);
            let reference = if field.starts_with("limits.") || field.starts_with("requests.") {
                &from["resourceFieldRef"]["resource"]
            } else {
                &from["fieldRef"]["fieldPath"]
            };
            found.push((name, reference.clone(), value["field"].clone()));
        } else {
            let there = variable.is_some() || !known[name].is_null();
            found.push((name, json!(there), json!(true)));
        }
    }
    let found: Vec<_> = found
        .into_iter()
        .map(|(n, f, e)| (n.clone(), f, e))
        .collect();
    for (name, found, expected) in found {
        facts.add(
            container.object,
            &format!("{path}.{name}"),
            &found,
            expected,
        );
    }
}

/// Variables that a text names as `$(NAME)` and that Kubernetes leaves there: it
/// expands texts of the container itself only, and by what stands before.
fn unexpanded(
    container: &Container<'_>,
    name: &str,
    text: &str,
    wanted: &Map<String, Value>,
) -> Vec<String> {
    let place = |name: &str| items(&container.value["env"]).position(|one| one["name"] == *name);
    let named = text.split("$(").skip(1);
    let named = named.filter_map(|rest| rest.split_once(')'));
    let known = named.filter(|(inner, _)| *inner != name && wanted.contains_key(*inner));
    let unexpanded = known.filter(|(inner, _)| match (place(name), place(inner)) {
        (None, _) => true,
        (Some(own), other) => other.is_some_and(|other| other > own),
    });
    unexpanded.map(|(inner, _)| inner.to_owned()).collect()
}

/// Secrets and ConfigMaps all of whose keys become variables.
fn sources(facts: &mut Facts<'_>, container: &Container<'_>, wanted: &[&Value]) {
    for source in wanted {
        let (kind, name) = match (&source["secret"], &source["config"]) {
            (Value::Null, config) => ("configMapRef", config),
            (secret, _) => ("secretRef", secret),
        };
        let there = items(&container.value["envFrom"]).any(|one| one[kind]["name"] == *name);
        let path = format!("{}.envFrom", container.path);
        let expected = json!(format!("{kind} {}", text(name)));
        let found = if there {
            expected.clone()
        } else {
            json!("missing")
        };
        facts.add(container.object, &path, &found, expected);
    }
}

pub fn ports(facts: &mut Facts<'_>) {
    for (stated, object) in facts.found() {
        let all = stated.ports();
        let containers = further(&stated);
        let sidecars = containers.iter().filter(|(.., sidecar)| *sidecar);
        let names = sidecars.map(|(name, ..)| Some(name.as_str()));
        for sidecar in names.chain([None]) {
            let Some(container) = facts.container(object, sidecar.unwrap_or(stated.name)) else {
                continue;
            };
            let of = |port: &&Port| port.sidecar.as_deref() == sidecar;
            let expected: Map<String, Value> = all
                .iter()
                .filter(of)
                .map(|port| (port.name.clone(), json!([port.number, port.protocol])))
                .collect();
            let found: Map<String, Value> = items(&container.value["ports"])
                .map(|port| {
                    let protocol = port["protocol"].as_str().unwrap_or("TCP");
                    let value = json!([port["containerPort"], protocol]);
                    (text(&port["name"]).to_owned(), value)
                })
                .collect();
            let path = format!("{}.ports", container.path);
            facts.add(
                object,
                &path,
                &Value::Object(found),
                Value::Object(expected),
            );
        }
    }
}

const PROBES: [(&str, &str, i64); 3] = [
    ("startup", "startupProbe", 30),
    ("liveness", "livenessProbe", 3),
    ("readiness", "readinessProbe", 3),
];

pub fn probes(facts: &mut Facts<'_>) {
    for (stated, table, container, main) in each(facts) {
        let ports = if main {
            stated.ports()
        } else {
            super::own_ports(table, None)
        };
        let first = match ports.as_slice() {
            [one] => Some(one.name.clone()),
            _ if main => stated.main_port(),
            _ => None,
        };
        for (name, key, failures) in PROBES {
            let probe = &table["probes"][name];
            if probe.is_null() {
                facts.inside(&container, key, Value::Null);
                continue;
            }
            for (path, expected) in probe_facts(probe, failures, &ports, first.as_deref()) {
                facts.inside(&container, &format!("{key}.{path}"), expected);
            }
        }
    }
}

/// What a probe consists of.
fn probe_facts(
    probe: &Value,
    failures: i64,
    ports: &[Port],
    first: Option<&str>,
) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut say = |path: &str, expected: Value| all.push((path.to_owned(), expected));
    let port = probe["port"].as_str().or(first);
    let grpc = !matches!(probe["grpc"], Value::Null | Value::Bool(false));
    if probe["path"].is_string() {
        say("httpGet.path", probe["path"].clone());
        if let Some(port) = port {
            say("httpGet.port", json!(port));
        }
        say("httpGet.scheme", probe["scheme"].clone());
    } else if grpc {
        let number = ports.iter().find(|one| Some(one.name.as_str()) == port);
        if let Some(port) = number {
            say("grpc.port", json!(port.number));
        }
        if probe["grpc"].is_string() {
            say("grpc.service", probe["grpc"].clone());
        }
    } else if probe["command"].is_array() {
        say("exec.command", probe["command"].clone());
    } else if let Some(port) = port {
        say("tcpSocket.port", json!(port));
    }
    for (key, kubernetes, default) in [
        ("initial-delay", "initialDelaySeconds", 0),
        ("period", "periodSeconds", 10),
        ("timeout", "timeoutSeconds", 3),
    ] {
        say(kubernetes, json!(duration(&probe[key]).unwrap_or(default)));
    }
    let count = probe["failures"].as_i64().unwrap_or(failures);
    say("failureThreshold", json!(count));
    say("successThreshold", probe["successes"].clone());
    all
}

pub fn mounts(facts: &mut Facts<'_>) {
    for (stated, table, container, main) in each(facts) {
        let writable = match &table["writable"] {
            Value::Array(list) => list.clone(),
            _ => vec![json!("/tmp")],
        };
        for path in &writable {
            mounted(facts, &container, text(path), Some("emptyDir"), false);
        }
        let volumes = stated.table["volumes"].as_object().into_iter().flatten();
        for (name, volume) in volumes {
            let takes = main
                || match &table["mounts"] {
                    Value::Array(list) => list.iter().any(|one| one == name.as_str()),
                    _ => true,
                };
            if takes {
                let kind = volume_kind(text(&volume["kind"]));
                let sure = text(&volume["kind"]) != "persistent";
                mounted(
                    facts,
                    &container,
                    text(&volume["mount"]),
                    Some(kind).filter(|_| sure),
                    false,
                );
                let default = matches!(text(&volume["kind"]), "secret" | "config");
                let only = volume["read-only"].as_bool().unwrap_or(default);
                read_only(facts, &container, text(&volume["mount"]), only);
            }
        }
        let files = if main {
            stated.merged("files")
        } else {
            Map::new()
        };
        let own = table["files"].as_object().cloned().unwrap_or_default();
        for (path, file) in files.iter().chain(own.iter().filter(|_| !main)) {
            let kind = if file["secret"].is_string() {
                "secret"
            } else {
                "configMap"
            };
            mounted(facts, &container, path, Some(kind), true);
            if let Some(expected) = file.as_str() {
                written(facts, &container, path, expected);
            }
        }
    }
}

fn volume_kind(kind: &str) -> &'static str {
    match kind {
        "secret" => "secret",
        "config" => "configMap",
        _ => "emptyDir",
    }
}

fn mount<'a>(container: &Container<'a>, path: &str) -> Option<&'a Value> {
    items(&container.value["volumeMounts"]).find(|mount| mount["mountPath"] == path)
}

/// The volume that a container mounts at a path.
fn volume<'a>(object: &'a Object, mount: &Value) -> Option<&'a Value> {
    let name = &mount["name"];
    items(&super::object_pod(object)["spec"]["volumes"]).find(|volume| volume["name"] == *name)
}

fn mounted(
    facts: &mut Facts<'_>,
    container: &Container<'_>,
    path: &str,
    kind: Option<&str>,
    part: bool,
) {
    let place = format!("{}.volumeMounts", container.path);
    let expected = json!(kind.unwrap_or("a volume"));
    let found = match mount(container, path) {
        None => json!(format!("nothing at {path}")),
        Some(mount) if part && mount["subPath"].is_null() => json!("a directory"),
        Some(mount) => match (kind, volume(container.object, mount)) {
            (Some(kind), Some(volume)) if volume[kind].is_null() => json!("another volume"),
            (Some(_), None) => json!("no volume"),
            _ => expected.clone(),
        },
    };
    facts.add(container.object, &place, &found, expected);
}

fn read_only(facts: &mut Facts<'_>, container: &Container<'_>, path: &str, only: bool) {
    let found = mount(container, path).is_some_and(|mount| mount["readOnly"] == true);
    let place = format!("{}.volumeMounts", container.path);
    facts.add(container.object, &place, &json!(found), json!(only));
}

/// Whether the text of a file stands in the ConfigMap that it is mounted from.
fn written(facts: &mut Facts<'_>, container: &Container<'_>, path: &str, expected: &str) {
    let found = mount(container, path).and_then(|mount| {
        let map = &volume(container.object, mount)?["configMap"]["name"];
        let key = text(&mount["subPath"]);
        facts.world.config(text(map))?.get(key).cloned()
    });
    let place = format!("{}.volumeMounts", container.path);
    facts.add(
        container.object,
        &place,
        &found.unwrap_or_default(),
        json!(expected),
    );
}
