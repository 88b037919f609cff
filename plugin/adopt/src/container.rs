//! Containers: image, program, variables, resources, health checks, rights.

use crate::quantity;
use crate::sketch::{Port, Scene};
use serde_json::{Map, Value, json};
use taskspec_manifest::{fields, items, number, rest, scalar, text};
use taskspec_spec::check::secrets::looks_secret;

/// A container and where it stands.
pub struct Place<'a> {
    /// Path of its table in the draft.
    pub at: Vec<&'a str>,
    /// `Kind/name` of its object.
    pub id: String,
    /// Path of the container in the object.
    pub path: String,
    /// Whether it is the workload's own container.
    pub main: bool,
    /// Ports of the workload.
    pub ports: &'a [Port],
}

impl Place<'_> {
    fn key<'b>(&'b self, rest: &[&'b str]) -> Vec<&'b str> {
        let mut path = self.at.clone();
        path.extend_from_slice(rest);
        path
    }

    /// The workload's path in words.
    fn owner(&self) -> String {
        let named = self.at.get(1).or(self.at.first());
        named.copied().unwrap_or_default().to_owned()
    }

    fn omit(&self, scene: &mut Scene<'_>, path: &str, why: &str) {
        scene.omit(&self.at, &self.id, &format!("{}.{path}", self.path), why);
    }
}

/// Fields of a container that have keys of their own.
const KNOWN: [&str; 16] = [
    "name",
    "image",
    "imagePullPolicy",
    "command",
    "args",
    "ports",
    "env",
    "envFrom",
    "resources",
    "volumeMounts",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
    "securityContext",
    "restartPolicy",
];

/// Drafts a container.
pub fn draw(scene: &mut Scene<'_>, place: &Place<'_>, container: &Value) {
    image(scene, place, container);
    for key in ["command", "args"] {
        let words: Vec<Value> = items(&container[key])
            .filter_map(scalar)
            .map(Value::String)
            .collect();
        if words.iter().map(text).any(has_password) {
            place.omit(
                scene,
                key,
                "it has a password in plain text and is not copied",
            );
            continue;
        }
        if !words.is_empty() {
            scene.set(&place.key(&[key]), Value::Array(words));
        }
    }
    variables(scene, place, container);
    resources(scene, place, container);
    for (field, key) in [
        ("startupProbe", "startup"),
        ("livenessProbe", "liveness"),
        ("readinessProbe", "readiness"),
    ] {
        if container[field].is_object() {
            probe(scene, place, &container[field], field, key);
        }
    }
    rights(scene, place, container);
    let others = rest(container, &KNOWN);
    for (field, value) in others {
        // What Kubernetes itself would fill in.
        let default = matches!(
            (field.as_str(), text(&value)),
            ("terminationMessagePath", "/dev/termination-log")
                | ("terminationMessagePolicy", "File")
        );
        if default {
            continue;
        }
        if place.main {
            scene.set(
                &place.key(&["patch", "container", &field]),
                crate::sketch::without_nulls(&value),
            );
        } else {
            place.omit(
                scene,
                &field,
                "the language has no key for it on containers beside the workload's own",
            );
        }
    }
}

fn image(scene: &mut Scene<'_>, place: &Place<'_>, container: &Value) {
    let image = text(&container["image"]);
    // A tag that is the application's version need not be said.
    let version = scene.chart.app_version();
    let short = image
        .strip_suffix(version.as_str())
        .and_then(|rest| rest.strip_suffix(':'))
        .filter(|rest| !version.is_empty() && !rest.is_empty());
    // Kubernetes takes no tag for the latest, the language for the application's version.
    let name = image.rsplit('/').next().unwrap_or_default();
    let stated = match short {
        Some(short) => short.to_owned(),
        None if name.contains([':', '@']) || image.is_empty() => image.to_owned(),
        None => format!("{image}:latest"),
    };
    scene.set(&place.key(&["image"]), json!(stated));
    let policy = text(&container["imagePullPolicy"]);
    if ["Always", "Never"].contains(&policy) {
        scene.set(&place.key(&["pull-policy"]), json!(policy));
    }
}

fn variables(scene: &mut Scene<'_>, place: &Place<'_>, container: &Value) {
    for (number, source) in items(&container["envFrom"]).enumerate() {
        let path = format!("envFrom[{number}]");
        all_keys(scene, place, source, &path);
    }
    for variable in items(&container["env"]) {
        let name = text(&variable["name"]);
        let path = format!("env[{name}]");
        if !is_variable(name) {
            place.omit(scene, &path, "the language has no variables of such a name");
            continue;
        }
        match value(scene, variable) {
            Ok(value) => scene.set(&place.key(&["env", name]), value),
            Err(why) => place.omit(scene, &path, &why),
        }
    }
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The variable in the words of the language, or why it cannot be said.
fn value(scene: &mut Scene<'_>, variable: &Value) -> Result<Value, String> {
    let from = &variable["valueFrom"];
    if let Some(reference) = from.get("secretKeyRef") {
        let (secret, key) = (text(&reference["name"]), text(&reference["key"]));
        if reference["optional"] == true {
            return Err(format!(
                "a key that may be absent ({key} of Secret {secret}) cannot be said"
            ));
        }
        return Ok(json!({ "secret": secret_key(scene, secret, key) }));
    }
    if let Some(reference) = from.get("configMapKeyRef") {
        let (config, key) = (text(&reference["name"]), text(&reference["key"]));
        let own = scene.find("ConfigMap", config);
        let found = own.and_then(|index| scalar(&scene.objects[index].value["data"][key]));
        if let Some(index) = own {
            scene.assign(index, "", "config");
        }
        return match found {
            Some(found) => literal(scene, text(&variable["name"]), &found),
            None => Err(format!(
                "a single key ({key}) of a ConfigMap that the chart does not make ({config}) cannot be said: take all of it with `env-from`"
            )),
        };
    }
    if let Some(reference) = from.get("fieldRef") {
        return Ok(json!({ "field": text(&reference["fieldPath"]) }));
    }
    if let Some(reference) = from.get("resourceFieldRef") {
        return Ok(json!({ "field": text(&reference["resource"]) }));
    }
    if !from.is_null() {
        return Err("the language has no variables from such a source".to_owned());
    }
    let written = scalar(&variable["value"]).unwrap_or_default();
    literal(scene, text(&variable["name"]), &written)
}

/// A text as a variable. Passwords are never copied.
fn literal(scene: &mut Scene<'_>, name: &str, written: &str) -> Result<Value, String> {
    let number = written.parse::<f64>().is_ok() || written == "true" || written == "false";
    let another = written.starts_with("$(") && written.ends_with(')');
    let secret = looks_secret(name) && !number && !written.is_empty();
    if !another && (secret || has_password(written)) {
        let own = format!("{}-secrets", scene.chart.name);
        let key = secret_key(scene, &own, name);
        let place = ["secrets", "keys", &key];
        scene.omit(
            &place,
            "",
            name,
            format!("its value stood in plain text in the chart and is not copied: put it into a Secret `{own}` with the key `{name}`"),
        );
        return Ok(json!({ "secret": key }));
    }
    Ok(json!(written))
}

/// Whether a text is an address with a password inside.
pub fn has_password(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let authority = rest.split('/').next().unwrap_or_default();
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        let password = user.and_then(|user| user.split_once(':'));
        password.is_some_and(|(_, password)| !password.is_empty() && !password.starts_with("$("))
    })
}

/// The key of `[secrets.keys]` that stands for a key of an existing Secret.
pub fn secret_key(scene: &mut Scene<'_>, secret: &str, key: &str) -> String {
    let declared = json!({ "source": "existing", "name": secret, "key": key });
    let known = scene.get(&["secrets", "keys"]).cloned();
    let known = known.unwrap_or_default();
    if let Some((name, _)) = fields(&known).find(|(_, value)| **value == declared) {
        return name.clone();
    }
    let plain = key.to_lowercase().replace(['_', '.'], "-");
    let stem = crate::names::stem(secret, &scene.release, &scene.chart.name);
    let longer = format!("{stem}-{plain}").replace('.', "-");
    // Dependencies have keys of their own, such as `redis-url`.
    let shared = scene.get(&["dependencies"]).is_some();
    let plain = if shared {
        format!("adopted-{plain}")
    } else {
        plain
    };
    let mut name = if known.get(&plain).is_none() {
        plain
    } else {
        longer
    };
    name = name.chars().take(60).collect();
    let name = name.trim_matches('-').to_owned();
    scene.set(&["secrets", "keys", &name], declared);
    own_secret(scene, secret, &["secrets", "keys", &name]);
    name
}

/// Says of a Secret of the chart that somebody has to keep it.
pub fn own_secret(scene: &mut Scene<'_>, secret: &str, place: &[&str]) {
    let Some(index) = scene.find("Secret", secret) else {
        return;
    };
    if scene.taken[index] {
        return;
    }
    let keys: Vec<String> = ["data", "stringData"]
        .iter()
        .flat_map(|part| fields(&scene.objects[index].value[*part]))
        .map(|(key, _)| key.clone())
        .collect();
    let id = scene.objects[index].id();
    scene.assign(index, "", "secret");
    scene.omit(
        place,
        &id,
        "",
        format!(
            "values of Secrets are not copied: somebody has to make `{secret}` with {} before the installation",
            keys.join(", ")
        ),
    );
}

fn all_keys(scene: &mut Scene<'_>, place: &Place<'_>, source: &Value, path: &str) {
    if !text(&source["prefix"]).is_empty() {
        place.omit(scene, path, "a prefix of variables cannot be said");
        return;
    }
    let config = text(&source["configMapRef"]["name"]).to_owned();
    let secret = text(&source["secretRef"]["name"]).to_owned();
    if let Some(index) = scene.find("ConfigMap", &config) {
        scene.assign(index, "", "config");
        let data = scene.objects[index].value["data"].clone();
        for (name, written) in fields(&data) {
            let written = scalar(written).unwrap_or_default();
            if !is_variable(name) {
                place.omit(
                    scene,
                    &format!("{path}.{name}"),
                    "the language has no variables of such a name",
                );
                continue;
            }
            if let Ok(value) = literal(scene, name, &written) {
                scene.set(&place.key(&["env", name]), value);
            }
        }
        return;
    }
    let entry = if config.is_empty() {
        json!({ "secret": secret })
    } else {
        json!({ "config": config })
    };
    if place.at.len() > 2 {
        place.omit(
            scene,
            path,
            "containers beside the workload's own have no `env-from`",
        );
        return;
    }
    let at = place.key(&["env-from"]);
    let mut list = scene.get(&at).cloned().unwrap_or_else(|| json!([]));
    if let Some(list) = list.as_array_mut() {
        list.push(entry);
    }
    scene.set(&at, list);
    if !secret.is_empty() {
        own_secret(scene, &secret, &place.at);
    }
}

fn resources(scene: &mut Scene<'_>, place: &Place<'_>, container: &Value) {
    let (requests, limits) = (
        &container["resources"]["requests"],
        &container["resources"]["limits"],
    );
    if fields(requests).next().is_none() && fields(limits).next().is_none() {
        scene.decide(
            &place.owner(),
            "no resources stated",
            "every container gets requests and limits: the language's defaults until `cpu` and `memory` say what it needs",
        );
        return;
    }
    for (resource, key, read) in [
        ("cpu", "cpu", quantity::cpu as fn(&Value) -> Option<String>),
        ("memory", "memory", quantity::memory),
        ("ephemeral-storage", "ephemeral-storage", quantity::memory),
    ] {
        let (request, limit) = (read(&requests[resource]), read(&limits[resource]));
        let stated = match (request, limit) {
            (Some(request), Some(limit)) => json!({ "request": request, "limit": limit }),
            // Kubernetes takes a limit for the request, too.
            (None, Some(limit)) => json!({ "request": limit, "limit": limit }),
            (Some(request), None) => {
                scene.decide(
                    &place.owner(),
                    &format!("a limit of {key}"),
                    "the chart states only a request; every container has a limit, here twice the request for CPU and the request for memory",
                );
                let limit = if key == "cpu" {
                    doubled(&requests[resource])
                } else {
                    request.clone()
                };
                json!({ "request": request, "limit": limit })
            }
            (None, None) => continue,
        };
        if key == "ephemeral-storage" && !place.main {
            place.omit(
                scene,
                &format!("resources.limits.{resource}"),
                "only a workload's own container has it",
            );
            continue;
        }
        scene.set(&place.key(&[key]), stated);
    }
    let known = ["cpu", "memory", "ephemeral-storage"];
    for (device, count) in rest(limits, &known) {
        match number(&count).filter(|_| place.main) {
            Some(count) => scene.set(&place.key(&["devices", &device]), json!(count)),
            None => place.omit(
                scene,
                &format!("resources.limits[{device}]"),
                "no device with a whole number",
            ),
        }
    }
}

fn doubled(value: &Value) -> String {
    let twice = quantity::amount(value).map(|cores| json!(cores * 2.0));
    twice
        .and_then(|twice| quantity::cpu(&twice))
        .unwrap_or_default()
}

fn probe(scene: &mut Scene<'_>, place: &Place<'_>, probe: &Value, field: &str, key: &str) {
    let mut said = Map::new();
    let mut asked = &Value::Null;
    if let Some(http) = probe.get("httpGet") {
        asked = &http["port"];
        let path = text(&http["path"]);
        said.insert(
            "path".into(),
            json!(if path.is_empty() { "/" } else { path }),
        );
        if text(&http["scheme"]) == "HTTPS" {
            said.insert("scheme".into(), json!("HTTPS"));
        }
        let headers: Map<String, Value> = items(&http["httpHeaders"])
            .map(|one| (text(&one["name"]).to_owned(), one["value"].clone()))
            .collect();
        if !headers.is_empty() {
            said.insert("headers".into(), Value::Object(headers));
        }
        if !text(&http["host"]).is_empty() {
            place.omit(
                scene,
                &format!("{field}.httpGet.host"),
                "probes ask the pod itself",
            );
        }
    } else if let Some(exec) = probe.get("exec") {
        let words: Vec<Value> = items(&exec["command"])
            .filter_map(scalar)
            .map(Value::String)
            .collect();
        said.insert("command".into(), Value::Array(words));
    } else if let Some(socket) = probe.get("tcpSocket") {
        asked = &socket["port"];
        said.insert("tcp".into(), json!(true));
    } else if let Some(grpc) = probe.get("grpc") {
        asked = &grpc["port"];
        let service = text(&grpc["service"]);
        let stated = if service.is_empty() {
            json!(true)
        } else {
            json!(service)
        };
        said.insert("grpc".into(), stated);
    } else {
        place.omit(scene, field, "it asks in no way that the language knows");
        return;
    }
    if !asked.is_null() {
        match port_of(place.ports, asked) {
            Some(port)
                if place
                    .ports
                    .first()
                    .is_some_and(|first| first.name == port.name)
                    && place.main => {}
            Some(port) => {
                said.insert("port".into(), json!(port.name));
            }
            None => {
                place.omit(
                    scene,
                    field,
                    "it asks at a port that the workload does not have",
                );
                return;
            }
        }
    }
    times(&mut said, probe, key);
    scene.set(&place.key(&["probes", key]), Value::Object(said));
}

/// Times and numbers of a probe that are not the language's defaults.
fn times(said: &mut Map<String, Value>, probe: &Value, key: &str) {
    for (field, name, kubernetes, default) in [
        ("initialDelaySeconds", "initial-delay", 0, 0),
        ("periodSeconds", "period", 10, 10),
        ("timeoutSeconds", "timeout", 1, 3),
    ] {
        let stated = number(&probe[field]).unwrap_or(kubernetes);
        if stated != default {
            said.insert(name.into(), json!(quantity::seconds(&json!(stated))));
        }
    }
    let default = if key == "startup" { 30 } else { 3 };
    let failures = number(&probe["failureThreshold"]).unwrap_or(3);
    if failures != default {
        said.insert("failures".into(), json!(failures));
    }
    let successes = number(&probe["successThreshold"]).unwrap_or(1);
    if successes != 1 && key == "readiness" {
        said.insert("successes".into(), json!(successes));
    }
    if let Some(grace) = quantity::seconds(&probe["terminationGracePeriodSeconds"]) {
        said.insert("grace".into(), json!(grace));
    }
}

/// The port that a name or a number means.
pub fn port_of<'a>(ports: &'a [Port], asked: &Value) -> Option<&'a Port> {
    ports.iter().find(|port| {
        number(asked).map_or_else(|| port.name == text(asked), |number| port.was == number)
    })
}

/// What the container may do. Restricted is what taskspec makes of all of them.
fn rights(scene: &mut Scene<'_>, place: &Place<'_>, container: &Value) {
    let context = &container["securityContext"];
    let name = place
        .at
        .iter()
        .skip(1)
        .copied()
        .collect::<Vec<_>>()
        .join(".");
    let restricted =
        "every pod of a taskspec chart runs within the restricted Pod Security Standard";
    if context["privileged"] == true {
        scene.decide(&name, "no longer privileged", restricted);
        place.omit(scene, "securityContext.privileged", restricted);
    }
    if context["allowPrivilegeEscalation"] == true {
        scene.decide(&name, "gains no privileges", restricted);
        place.omit(
            scene,
            "securityContext.allowPrivilegeEscalation",
            restricted,
        );
    }
    let added: Vec<&str> = items(&context["capabilities"]["add"]).map(text).collect();
    if !added.is_empty() {
        scene.decide(
            &name,
            &format!("without the capabilities {}", added.join(", ")),
            restricted,
        );
        place.omit(scene, "securityContext.capabilities.add", restricted);
    }
    if place.main && context["readOnlyRootFilesystem"] != true {
        scene.set(&place.key(&["read-only-root"]), json!(false));
    }
}
