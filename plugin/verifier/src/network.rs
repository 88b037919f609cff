//! What network policies let through.

use crate::secrets::base64;
use crate::world::World;
use serde_json::{Value, json};
use taskspec_manifest::{Object, items, matches, text};

/// Whether the policies at both ends let a pod connect to a port of another.
/// Both pods are in the release's namespace.
///
/// # Errors
/// If Helm refused to render the chart.
pub fn allowed(world: &World, from: &Value, to: &Value, port: &Value) -> Result<bool, String> {
    let (from, to) = (
        &from["metadata"]["labels"],
        Target {
            labels: &to["metadata"]["labels"],
            number: port,
            name: name_of(to, port),
        },
    );
    let policies: Vec<&Object> = world
        .all()?
        .iter()
        .filter(|object| object.kind() == "NetworkPolicy")
        .collect();
    Ok(open(&policies, from, "egress", "to", to.labels, &to)
        && open(&policies, to.labels, "ingress", "from", from, &to))
}

/// Whether the policies let somebody outside of the release connect to a port of
/// a pod: another namespace, an address, or anybody.
///
/// # Errors
/// If Helm refused to render the chart.
pub fn admits(world: &World, to: &Value, port: &Value) -> Result<bool, String> {
    let labels = &to["metadata"]["labels"];
    let target = Target {
        labels,
        number: port,
        name: name_of(to, port),
    };
    let mut limited = false;
    for policy in world.all()? {
        let spec = &policy.value["spec"];
        if !limits(policy, "ingress") || !matches(&spec["podSelector"], labels) {
            continue;
        }
        limited = true;
        let through = items(&spec["ingress"]).any(|rule| {
            let outside =
                |peer: &Value| !peer["namespaceSelector"].is_null() || !peer["ipBlock"].is_null();
            let listed = items(&rule["from"]).next().is_some();
            let ports = items(&rule["ports"]).next().is_some();
            (!listed || items(&rule["from"]).any(outside))
                && (!ports || items(&rule["ports"]).any(|one| is_port(one, &target)))
        });
        if through {
            return Ok(true);
        }
    }
    Ok(!limited)
}

/// Ways that network policies limit for pods with these labels.
pub fn limits(policy: &Object, way: &str) -> bool {
    let spec = &policy.value["spec"];
    let stated = items(&spec["policyTypes"]).any(|kind| text(kind).to_lowercase() == way);
    // Without types a policy limits what comes in, and what goes out if it says so.
    let implied = spec["policyTypes"].is_null() && (way == "ingress" || !spec["egress"].is_null());
    policy.kind() == "NetworkPolicy" && (stated || implied)
}

struct Target<'a> {
    labels: &'a Value,
    number: &'a Value,
    name: String,
}

/// Whether the policies of one end let the other through.
fn open(
    policies: &[&Object],
    own: &Value,
    way: &str,
    peers: &str,
    other: &Value,
    target: &Target<'_>,
) -> bool {
    let mut limited = false;
    for policy in policies {
        let spec = &policy.value["spec"];
        if !limits(policy, way) || !matches(&spec["podSelector"], own) {
            continue;
        }
        limited = true;
        let through = items(&spec[way]).any(|rule| {
            let listed = rule[peers].as_array().is_some_and(|list| !list.is_empty());
            let peer = !listed || items(&rule[peers]).any(|peer| is_peer(peer, other));
            let ports = rule["ports"]
                .as_array()
                .is_some_and(|list| !list.is_empty());
            let port = !ports || items(&rule["ports"]).any(|port| is_port(port, target));
            peer && port
        });
        if through {
            return true;
        }
    }
    !limited
}

/// Whether a peer means pods with these labels in the release's namespace.
fn is_peer(peer: &Value, labels: &Value) -> bool {
    let namespaces = &peer["namespaceSelector"];
    // Labels of namespaces are unknown; an empty selector takes all of them.
    let here = namespaces.is_null() || namespaces.as_object().is_some_and(|map| map.is_empty());
    match (&peer["podSelector"], &peer["ipBlock"]) {
        (Value::Null, Value::Null) => here && !namespaces.is_null(),
        (Value::Null, block) => text(&block["cidr"]) == "0.0.0.0/0" && block["except"].is_null(),
        (pods, _) => here && matches(pods, labels),
    }
}

fn is_port(port: &Value, target: &Target<'_>) -> bool {
    if !matches!(text(&port["protocol"]), "" | "TCP") {
        return false;
    }
    let (Some(first), Some(wanted)) = (port["port"].as_i64(), target.number.as_i64()) else {
        return port["port"].is_null() || text(&port["port"]) == target.name;
    };
    let last = port["endPort"].as_i64().unwrap_or(first);
    (first..=last).contains(&wanted)
}

/// Name of a pod's port.
fn name_of(pod: &Value, number: &Value) -> String {
    let spec = &pod["spec"];
    let containers = items(&spec["containers"]).chain(items(&spec["initContainers"]));
    let mut ports = containers.flat_map(|container| items(&container["ports"]));
    let found = ports.find(|port| port["containerPort"] == *number);
    found.map_or_else(String::new, |port| text(&port["name"]).to_owned())
}

/// Text with addresses in it: the pod that gets it, where it stands, its name.
struct Source<'a> {
    pod: Option<&'a Object>,
    object: &'a Object,
    path: String,
    name: String,
    text: String,
}

/// Addresses of Services of the release in what pods are told.
///
/// # Errors
/// If Helm refused to render the chart.
pub fn leads(world: &World, known: &dyn Fn(&str) -> bool) -> Result<Vec<Value>, String> {
    let objects = world.all()?;
    let mut found = Vec::new();
    for source in sources(world, objects).into_iter().chain(boards(objects)) {
        for (host, port) in addresses(&source, world, objects, known) {
            found.push(lead(world, objects, &source, &host, port)?);
        }
    }
    Ok(found)
}

/// Data sources that Grafana reads: what it connects to.
fn boards(objects: &[Object]) -> Vec<Source<'_>> {
    let grafana = objects.iter().find(|object| {
        object.pod().is_some() && object.label("app.kubernetes.io/name") == "grafana"
    });
    let maps = objects.iter().filter(|object| {
        object.kind() == "ConfigMap" && !object.label("grafana_datasource").is_empty()
    });
    let all = maps.flat_map(|object| {
        let data = object.value["data"].as_object().into_iter().flatten();
        data.map(move |(key, value)| (object, key, text(value)))
    });
    let urls = all.flat_map(|(object, key, text)| {
        let words = text.split(|c: char| c.is_whitespace() || "'\",".contains(c));
        let urls = words.filter(|word| word.contains("://"));
        urls.map(move |url| (object, key, url.to_owned()))
    });
    urls.map(|(object, key, text)| Source {
        pod: grafana,
        object,
        path: format!("data.{key}"),
        name: key.clone(),
        text,
    })
    .collect()
}

/// What the pods of the chart are told: texts of variables, and values of Secrets
/// for each pod that takes them.
fn sources<'a>(world: &'a World, objects: &'a [Object]) -> Vec<Source<'a>> {
    let mut all = Vec::new();
    let own = objects.iter().filter(|object| object.is_own());
    for object in own {
        let spec = &object.pod().unwrap_or(&Value::Null)["spec"];
        for list in ["initContainers", "containers"] {
            for container in items(&spec[list]) {
                let place = format!("{list}.{}.env", text(&container["name"]));
                let variables = world.environment_of(container);
                for (name, value) in variables.as_object().into_iter().flatten() {
                    all.push(Source {
                        pod: Some(object),
                        object,
                        path: format!("{place}.{name}"),
                        name: name.clone(),
                        text: text(value).to_owned(),
                    });
                }
                all.extend(kept(objects, object, container));
            }
        }
    }
    all
}

/// Values of Secrets of the rendering that a container takes.
fn kept<'a>(objects: &'a [Object], pod: &'a Object, container: &Value) -> Vec<Source<'a>> {
    let references = items(&container["env"]).map(|one| &one["valueFrom"]["secretKeyRef"]);
    let taken = references.filter_map(|reference| {
        let (name, key) = (&reference["name"], text(&reference["key"]));
        let makes = |object: &&Object| match object.kind() {
            "Secret" => *name == object.name(),
            "ExternalSecret" => object.value["spec"]["target"]["name"] == *name,
            _ => false,
        };
        let secret = objects.iter().find(makes)?;
        let value = match secret.kind() {
            "Secret" => {
                let encoded = secret.value["data"][key].as_str();
                let decoded = encoded
                    .and_then(base64)
                    .and_then(|b| String::from_utf8(b).ok());
                decoded.or_else(|| secret.value["stringData"][key].as_str().map(str::to_owned))?
            }
            _ => text(&secret.value["spec"]["target"]["template"]["data"][key]).to_owned(),
        };
        value.contains("://").then(|| Source {
            pod: Some(pod),
            object: secret,
            path: format!("data.{key}"),
            name: key.to_owned(),
            text: value,
        })
    });
    taken.collect()
}

/// Hosts with ports in a text that are, or by their look should be, Services.
fn addresses(
    source: &Source<'_>,
    world: &World,
    objects: &[Object],
    known: &dyn Fn(&str) -> bool,
) -> Vec<(String, Option<i64>)> {
    let service = |host: &str| {
        let first = host.split('.').next().unwrap_or_default();
        let here = |object: &&Object| object.kind() == "Service" && object.name() == first;
        objects.iter().any(|object| here(&object))
    };
    let named = |host: &str| objects.iter().any(|object| object.name() == host);
    let spec = world.stated();
    // A workload that is switched off has no Service, but may be named.
    let off = |host: &str| {
        let all = spec["workloads"].as_object().into_iter().flatten();
        all.filter(|(_, one)| one["enabled"] == false)
            .any(|(name, _)| host.ends_with(&format!("-{name}")))
    };
    let prefix = format!("{}-", world.release);
    let mut found = Vec::new();
    let url = source.text.contains("://");
    // What stands before an @ is a user with a password.
    let tail = source.text.rsplit('@').next().unwrap_or_default();
    for token in tail.split(|c: char| !(c.is_ascii_alphanumeric() || "-._:".contains(c))) {
        let (host, port) = match token.split_once(':') {
            Some((host, port)) => (host, port.parse::<i64>().ok()),
            None => (token, None),
        };
        let plain = source.name != "MARK" && !host.contains('_');
        let ours =
            host.starts_with(&prefix) && plain && !named(host) && !host.contains('.') && !off(host);
        let alone = url
            && port.is_some()
            && !host.contains('.')
            && !host.is_empty()
            && !known(host)
            && !known(&source.text)
            && host != "localhost"
            && host.chars().any(|c| c.is_ascii_alphabetic());
        if service(host) || ours && !known(host) || alone {
            found.push((host.to_owned(), port));
        }
    }
    // A host alone has its port in a variable beside it.
    if let ([(_, port @ None)], Some(stem)) =
        (found.as_mut_slice(), source.name.strip_suffix("_HOST"))
    {
        let variables = source
            .pod
            .map(|pod| sources_of(world, pod))
            .unwrap_or_default();
        let beside = variables
            .iter()
            .find(|(name, _)| *name == format!("{stem}_PORT"));
        *port = beside.and_then(|(_, text)| text.parse().ok());
    }
    found
}

/// Variables of all containers of a pod.
fn sources_of(world: &World, pod: &Object) -> Vec<(String, String)> {
    let spec = &pod.pod().unwrap_or(&Value::Null)["spec"];
    let containers = items(&spec["containers"]).chain(items(&spec["initContainers"]));
    let variables = containers.map(|container| world.environment_of(container));
    variables
        .flat_map(|all| all.as_object().cloned().unwrap_or_default())
        .map(|(name, value)| (name, text(&value).to_owned()))
        .collect()
}

/// What an address leads to.
fn lead(
    world: &World,
    objects: &[Object],
    source: &Source<'_>,
    host: &str,
    port: Option<i64>,
) -> Result<Value, String> {
    let name = host.split('.').next().unwrap_or_default();
    // The headless Service of a stateful workload names single pods.
    let second = host.split('.').nth(1).unwrap_or_default();
    let service = objects
        .iter()
        .filter(|object| object.kind() == "Service")
        .find(|object| object.name() == name || object.name() == second);
    let mut open = true;
    let mut listens = true;
    if let Some(service) = service {
        let ports = &service.value["spec"]["ports"];
        let entry = port.and_then(|port| items(ports).find(|one| one["port"] == port));
        listens = port.is_none() || entry.is_some();
        if let (Some(entry), Some(pod)) = (entry, source.pod) {
            open = reaches(world, objects, pod, service, entry)?;
        }
    }
    Ok(json!({
        "object": source.object.id(),
        "path": source.path,
        "host": host,
        "port": port,
        "from": source.pod.map(Object::id),
        "service": service.is_some(),
        "listens": listens,
        "open": open,
        "strong": strong(source),
    }))
}

/// Whether the URL of a Secret has a port, and a password that nobody guesses.
fn strong(source: &Source<'_>) -> bool {
    const SHORTEST: usize = 12;
    if source.object.kind() == "ConfigMap" || !source.path.starts_with("data.") {
        return true;
    }
    let (_, rest) = source.text.split_once("://").unwrap_or(("", &source.text));
    let Some((user, place)) = rest.rsplit_once('@') else {
        return rest.contains(':');
    };
    let password = user.split_once(':').map_or("", |(_, password)| password);
    place.contains(':') && (password.len() >= SHORTEST || password.contains("{{"))
}

/// Whether a pod may connect to the pods of a Service.
fn reaches(
    world: &World,
    objects: &[Object],
    from: &Object,
    service: &Object,
    entry: &Value,
) -> Result<bool, String> {
    let selector = json!({ "matchLabels": service.value["spec"]["selector"] });
    let null = Value::Null;
    let own = from.pod().unwrap_or(&null);
    for object in objects {
        let Some(pod) = object.pod() else { continue };
        if !service.value["spec"]["selector"].is_object()
            || !matches(&selector, &pod["metadata"]["labels"])
        {
            continue;
        }
        let port = number_of(pod, &entry["targetPort"], &entry["port"]);
        if !allowed(world, own, pod, &port)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Number of a pod's port by its name or number; that of the Service if it has none.
fn number_of(pod: &Value, target: &Value, otherwise: &Value) -> Value {
    if target.is_null() {
        return otherwise.clone();
    }
    let spec = &pod["spec"];
    let containers = items(&spec["containers"]).chain(items(&spec["initContainers"]));
    let mut ports = containers.flat_map(|container| items(&container["ports"]));
    match target {
        Value::String(name) => ports
            .find(|port| port["name"] == **name)
            .map_or(Value::Null, |port| port["containerPort"].clone()),
        number => number.clone(),
    }
}
