//! What is said of Services, hosts and metrics.

use super::{Facts, Stated};
use crate::world::is_made;
use serde_json::{Map, Value, json};
use taskspec_manifest::{Object, items, text};

/// The Service of a workload, without the headless one of a stateful workload.
fn service<'a>(facts: &Facts<'a>, stated: &Stated<'_>) -> Option<&'a Object> {
    let all = facts.of_component("Service", stated.name).into_iter();
    let mut all = all.filter(|service| {
        service.value["metadata"]["labels"]["service.kubernetes.io/headless"].is_null()
    });
    all.next()
}

pub fn services(facts: &mut Facts<'_>) {
    for (stated, object) in facts.found() {
        let ports = stated.ports();
        let served = match stated.kind() {
            "service" => true,
            "stateful" => ports.iter().any(|port| port.exposed),
            _ => false,
        };
        match (service(facts, &stated), served) {
            (None, true) => facts.missing(&format!("Service of {}", object.id())),
            (Some(other), false) => facts.add(other, "", &json!("there"), json!("missing")),
            (Some(service), true) => one(facts, &stated, service),
            (None, false) => {}
        }
    }
}

fn one(facts: &mut Facts<'_>, stated: &Stated<'_>, service: &Object) {
    let table = &stated.table["service"];
    let kind = table["type"].as_str().unwrap_or("ClusterIP");
    let headless = kind == "headless";
    let expected = if headless { "ClusterIP" } else { kind };
    facts.place(service, "spec.type", json!(expected));
    let address = if headless { json!("None") } else { Value::Null };
    facts.place(service, "spec.clusterIP", address);
    if expected != "ClusterIP" {
        let policy = table["traffic-policy"].as_str().unwrap_or("Cluster");
        facts.place(service, "spec.externalTrafficPolicy", json!(policy));
    }
    if expected == "LoadBalancer" {
        let class = table["load-balancer-class"].clone();
        facts.place(service, "spec.loadBalancerClass", class);
        let ranges = table["source-ranges"].clone();
        facts.place(service, "spec.loadBalancerSourceRanges", ranges);
    }
    for (key, value) in table["annotations"].as_object().into_iter().flatten() {
        let found = &service.value["metadata"]["annotations"][key];
        facts.add(service, "metadata.annotations", found, value.clone());
    }
    service_ports(facts, stated, service);
}

fn service_ports(facts: &mut Facts<'_>, stated: &Stated<'_>, service: &Object) {
    let table = &stated.table["service"];
    let main = stated.main_port();
    let exposed: Vec<_> = stated
        .ports()
        .into_iter()
        .filter(|port| port.exposed)
        .collect();
    let mut found: Vec<&str> = items(&service.value["spec"]["ports"])
        .map(|port| text(&port["name"]))
        .collect();
    let mut expected: Vec<&str> = exposed.iter().map(|port| port.name.as_str()).collect();
    found.sort_unstable();
    expected.sort_unstable();
    facts.add(service, "spec.ports", &json!(found), json!(expected));
    for port in &exposed {
        let entry = items(&service.value["spec"]["ports"]).find(|one| one["name"] == port.name);
        let Some(entry) = entry else { continue };
        let is_main = main.as_deref() == Some(port.name.as_str());
        let number = match (port.service, &table["port"]) {
            (Some(number), _) => Some(number),
            (None, Value::Null) => Some(port.number),
            (None, stated) if is_main => stated.as_i64(),
            // Which of several is the main one depends on their order.
            (None, _) if main.is_none() => None,
            (None, _) => Some(port.number),
        };
        let path = "spec.ports";
        if let Some(number) = number {
            facts.add(service, path, &entry["port"], json!(number));
        }
        facts.add(service, path, &entry["targetPort"], json!(port.name));
        let protocol = or_tcp(&entry["protocol"]);
        facts.add(service, path, &protocol, json!(port.protocol));
        if text(&stated.table["service"]["type"]) == "NodePort" && is_main {
            facts.add(
                service,
                path,
                &entry["nodePort"],
                table["node-port"].clone(),
            );
        }
        let above = match text(&port.app_protocol) {
            "http2" => continue,
            _ => port.app_protocol.clone(),
        };
        facts.add(service, path, &entry["appProtocol"], above);
    }
}

fn or_tcp(value: &Value) -> Value {
    if value.is_null() {
        json!("TCP")
    } else {
        value.clone()
    }
}

/// Hosts, paths, certificates and gateways.
pub fn hosts(facts: &mut Facts<'_>) {
    ingress(facts);
    gateway(facts);
}

fn is_on(table: &Value) -> bool {
    let hosts = table["hosts"]
        .as_object()
        .is_some_and(|hosts| !hosts.is_empty());
    hosts && table["enabled"] != false
}

/// Where a path leads: the workload and the port.
fn target(facts: &Facts<'_>, stated: &str) -> Option<(String, Option<String>)> {
    let (name, port) = stated
        .split_once(':')
        .map_or((stated, None), |(name, port)| (name, Some(port)));
    let stated = facts.stated();
    let workload = stated.iter().find(|one| one.name == name)?;
    let service = service(facts, workload)?;
    let exposed: Vec<String> = workload
        .ports()
        .into_iter()
        .filter(|port| port.exposed)
        .map(|port| port.name)
        .collect();
    let only = match exposed.as_slice() {
        [one] => Some(one.clone()),
        _ => workload.main_port().filter(|name| exposed.contains(name)),
    };
    Some((service.name().to_owned(), port.map(str::to_owned).or(only)))
}

/// Stated paths of a host: path, and workload with port; empty for the default.
fn paths(rule: &Value) -> Vec<(String, Option<String>)> {
    match rule["paths"].as_object().filter(|paths| !paths.is_empty()) {
        None => vec![("/".to_owned(), None)],
        Some(paths) => paths
            .iter()
            .map(|(path, target)| (path.clone(), Some(text(target).to_owned())))
            .collect(),
    }
}

fn ingress(facts: &mut Facts<'_>) {
    let table = &facts.spec["ingress"];
    let made: Vec<&Object> = facts
        .objects
        .iter()
        .filter(|object| {
            object.kind() == "Ingress"
                && object.is_own()
                && !object.label("helm.sh/chart").is_empty()
        })
        .collect();
    let object = match (made.as_slice(), is_on(table)) {
        ([], true) => return facts.missing("Ingress"),
        ([one], true) => *one,
        (others, _) => {
            for other in others {
                facts.add(other, "", &json!("there"), json!("missing"));
            }
            return;
        }
    };
    facts.place(object, "spec.ingressClassName", table["class"].clone());
    let annotations = &object.value["metadata"]["annotations"];
    for (key, value) in table["annotations"].as_object().into_iter().flatten() {
        let found = &annotations[key];
        if let (Some(limit), MIDDLEWARES) = (limit(facts), key.as_str()) {
            let others = named(found).filter(|one| !is_named(limit, one));
            let found: Vec<&str> = others.collect();
            let others = named(value).filter(|one| !is_named(limit, one));
            let expected: Vec<&str> = others.collect();
            facts.add(
                object,
                "metadata.annotations",
                &json!(found),
                json!(expected),
            );
        } else {
            facts.add(object, "metadata.annotations", found, value.clone());
        }
    }
    let rules = &object.value["spec"]["rules"];
    let mut found: Vec<&str> = items(rules).map(|rule| text(&rule["host"])).collect();
    let hosts = table["hosts"].as_object().cloned().unwrap_or_default();
    let mut expected: Vec<&str> = hosts.keys().map(String::as_str).collect();
    found.sort_unstable();
    expected.sort_unstable();
    facts.add(object, "spec.rules", &json!(found), json!(expected));
    for (host, rule) in &hosts {
        ingress_paths(facts, object, host, rule);
        certificate(facts, object, host, rule);
    }
    rate(facts, object);
}

fn ingress_paths(facts: &mut Facts<'_>, object: &Object, host: &str, rule: &Value) {
    let rules = &object.value["spec"]["rules"];
    let Some(made) = items(rules).find(|rule| rule["host"] == host) else {
        return;
    };
    let made = &made["http"]["paths"];
    let stated = paths(rule);
    let count = items(made).count();
    facts.add(object, "spec.rules", &json!(count), json!(stated.len()));
    let kind = rule["path-type"].as_str().unwrap_or("Prefix");
    for (path, to) in stated {
        let entry = items(made).find(|one| one["path"] == path);
        let entry = entry.unwrap_or(&Value::Null);
        let place = format!("spec.rules.{host}{path}");
        facts.add(object, &place, &entry["pathType"], json!(kind));
        let backend = &entry["backend"]["service"];
        if let Some((service, port)) = to.and_then(|to| target(facts, &to)) {
            facts.add(object, &place, &backend["name"], json!(service));
            if let Some(port) = port {
                facts.add(object, &place, &backend["port"]["name"], json!(port));
            }
        }
    }
}

fn certificate(facts: &mut Facts<'_>, object: &Object, host: &str, rule: &Value) {
    let common = &facts.spec["ingress"]["tls"];
    let tls = if rule["tls"].is_object() {
        &rule["tls"]
    } else {
        common
    };
    let listed = items(&object.value["spec"]["tls"])
        .find(|entry| items(&entry["hosts"]).any(|one| one == host));
    let wanted = tls
        .as_object()
        .is_some_and(|tls| tls.values().any(|one| *one != json!(false)));
    facts.add(object, "spec.tls", &json!(listed.is_some()), json!(wanted));
    if let (Some(listed), true) = (listed, wanted) {
        // An environment cannot take the Secret of the others away.
        if tls["controller"] == true {
            facts.add(object, "spec.tls", &listed["secretName"], Value::Null);
        } else if tls["secret"].is_string() {
            facts.add(
                object,
                "spec.tls",
                &listed["secretName"],
                tls["secret"].clone(),
            );
        } else {
            let found = listed["secretName"].is_string();
            facts.add(object, "spec.tls", &json!(found), json!(true));
        }
        let annotations = &object.value["metadata"]["annotations"];
        for (key, name) in [
            ("cluster-issuer", "cert-manager.io/cluster-issuer"),
            ("issuer", "cert-manager.io/issuer"),
        ] {
            if tls[key].is_string() {
                facts.add(
                    object,
                    "metadata.annotations",
                    &annotations[name],
                    tls[key].clone(),
                );
            }
        }
    }
}

/// The rate limit stands in an annotation of the controller or in its middleware.
fn rate(facts: &mut Facts<'_>, object: &Object) {
    let ingress = &facts.spec["ingress"];
    let Some((count, unit)) = ingress["rate-limit"]
        .as_str()
        .and_then(|rate| rate.split_once('/'))
    else {
        return;
    };
    let second = unit.trim() == "s";
    let annotations = &object.value["metadata"]["annotations"];
    match text(&ingress["controller"]) {
        "ingress-nginx" => {
            let key = if second { "limit-rps" } else { "limit-rpm" };
            let found = &annotations[format!("nginx.ingress.kubernetes.io/{key}")];
            facts.add(object, "metadata.annotations", found, json!(count));
        }
        "haproxy" => {
            let found = &annotations["haproxy.org/rate-limit-requests"];
            facts.add(object, "metadata.annotations", found, json!(count));
            let found = &annotations["haproxy.org/rate-limit-period"];
            let expected = if second { "1s" } else { "60s" };
            facts.add(object, "metadata.annotations", found, json!(expected));
        }
        "traefik" => {
            let Some(limit) = limit(facts) else {
                return facts.missing("Middleware with the rate limit");
            };
            let number = count.parse::<i64>().unwrap_or_default();
            facts.place(limit, "spec.rateLimit.average", json!(number));
            let period = if second { "1s" } else { "60s" };
            facts.place(limit, "spec.rateLimit.period", json!(period));
            facts.place(limit, "spec.rateLimit.burst", json!(number));
            let named = named(&annotations[MIDDLEWARES]).any(|one| is_named(limit, one));
            facts.add(object, "metadata.annotations", &json!(named), json!(true));
        }
        _ => {}
    }
}

/// The annotation by which Traefik takes middlewares.
const MIDDLEWARES: &str = "traefik.ingress.kubernetes.io/router.middlewares";

/// Traefik's middleware that limits the rate.
fn limit<'a>(facts: &Facts<'a>) -> Option<&'a Object> {
    let mut all = facts.objects.iter();
    all.find(|one| {
        one.kind() == "Middleware" && is_made(one) && one.value["spec"]["rateLimit"].is_object()
    })
}

/// The middlewares that an annotation names.
fn named(annotation: &Value) -> impl Iterator<Item = &str> {
    let all = text(annotation).split(',').map(str::trim);
    all.filter(|one| !one.is_empty())
}

/// Whether a name with a namespace and a provider means an object.
fn is_named(object: &Object, name: &str) -> bool {
    name.ends_with(&format!("-{}@kubernetescrd", object.name()))
}

fn gateway(facts: &mut Facts<'_>) {
    let table = &facts.spec["gateway"];
    let routes: Vec<&Object> = facts
        .objects
        .iter()
        .filter(|object| {
            object.kind() == "HTTPRoute"
                && object.is_own()
                && !object.label("helm.sh/chart").is_empty()
        })
        .collect();
    if !is_on(table) {
        for route in routes {
            facts.add(route, "", &json!("there"), json!("missing"));
        }
        return;
    }
    let parents: Vec<Value> = items(&table["parents"])
        .map(|one| json!([one["name"], one["namespace"], one["listener"]]))
        .collect();
    for route in &routes {
        let found: Vec<Value> = items(&route.value["spec"]["parentRefs"])
            .map(|one| json!([one["name"], one["namespace"], one["sectionName"]]))
            .collect();
        facts.add(route, "spec.parentRefs", &json!(found), json!(parents));
        let annotations = &route.value["metadata"]["annotations"];
        for (key, value) in table["annotations"].as_object().into_iter().flatten() {
            facts.add(
                route,
                "metadata.annotations",
                &annotations[key],
                value.clone(),
            );
        }
        let known = items(&route.value["spec"]["hostnames"])
            .all(|host| !table["hosts"][text(host)].is_null());
        facts.add(route, "spec.hostnames", &json!(known), json!(true));
    }
    for (host, rule) in table["hosts"].as_object().into_iter().flatten() {
        let route = routes
            .iter()
            .find(|route| items(&route.value["spec"]["hostnames"]).any(|one| one == host));
        match route {
            None => facts.missing(&format!("HTTPRoute of {host}")),
            Some(route) => route_paths(facts, route, rule),
        }
    }
}

fn route_paths(facts: &mut Facts<'_>, route: &Object, rule: &Value) {
    let rules = &route.value["spec"]["rules"];
    let stated = paths(rule);
    let count = items(rules).count();
    facts.add(route, "spec.rules", &json!(count), json!(stated.len()));
    for (path, to) in stated {
        let made = items(rules).find(|rule| rule["matches"][0]["path"]["value"] == path);
        let made = made.unwrap_or(&Value::Null);
        facts.add(
            route,
            "spec.rules",
            &made["matches"][0]["path"]["type"],
            json!("PathPrefix"),
        );
        if let Some((service, _)) = to.and_then(|to| target(facts, &to)) {
            let found = &made["backendRefs"][0]["name"];
            facts.add(route, "spec.rules", found, json!(service));
        }
    }
}

/// How metrics are read, alerts, and labels by which Prometheus finds both.
pub fn metrics(facts: &mut Facts<'_>) {
    let monitoring = &facts.spec["monitoring"];
    let on = monitoring["enabled"] != false;
    let labels = monitoring["labels"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    for (stated, object) in facts.found() {
        let metrics = &stated.table["metrics"];
        if !metrics.is_object() {
            continue;
        }
        let kind = match text(&monitoring["by"]) {
            "annotations" => {
                annotated(facts, &stated, object, on);
                continue;
            }
            "pod-monitor" => "PodMonitor",
            _ => "ServiceMonitor",
        };
        let all = [kind, "PodMonitor"]
            .into_iter()
            .flat_map(|kind| facts.of_component(kind, stated.name));
        let found: Option<&Object> = all.into_iter().next();
        let Some(monitor) = found else { continue };
        let list = match monitor.kind() {
            "PodMonitor" => "podMetricsEndpoints",
            _ => "endpoints",
        };
        let endpoint = &monitor.value["spec"][list][0];
        let path = format!("spec.{list}[0]");
        let expected = metrics["path"].as_str().unwrap_or("/metrics");
        facts.add(monitor, &path, &endpoint["path"], json!(expected));
        let interval = metrics["interval"].as_str().unwrap_or("30s");
        facts.add(
            monitor,
            &path,
            &json!(super::duration(&endpoint["interval"])),
            json!(super::duration(&json!(interval))),
        );
        if let Some(port) = metrics["port"]
            .as_str()
            .map(str::to_owned)
            .or(stated.main_port())
        {
            facts.add(monitor, &path, &endpoint["port"], json!(port));
        }
    }
    for object in facts.objects.iter().filter(|object| {
        ["ServiceMonitor", "PodMonitor", "PrometheusRule"].contains(&object.kind())
            && object.is_own()
            && !object.label("helm.sh/chart").is_empty()
    }) {
        for (key, value) in &labels {
            let found = &object.value["metadata"]["labels"][key];
            facts.add(object, "metadata.labels", found, value.clone());
        }
    }
    if on {
        alerts(facts);
    }
}

fn annotated(facts: &mut Facts<'_>, stated: &Stated<'_>, object: &Object, on: bool) {
    let annotations = &super::object_pod(object)["metadata"]["annotations"];
    let metrics = &stated.table["metrics"];
    let path = format!("{}.metadata.annotations", super::pod_path(object));
    let expected = |value: Value| if on { value } else { Value::Null };
    facts.add(
        object,
        &path,
        &annotations["prometheus.io/scrape"],
        expected(json!("true")),
    );
    let place = metrics["path"].as_str().unwrap_or("/metrics");
    facts.add(
        object,
        &path,
        &annotations["prometheus.io/path"],
        expected(json!(place)),
    );
    let name = metrics["port"]
        .as_str()
        .map(str::to_owned)
        .or(stated.main_port());
    let ports = stated.ports();
    let port = ports.iter().find(|port| Some(&port.name) == name.as_ref());
    if let Some(port) = port {
        let number = expected(json!(port.number.to_string()));
        facts.add(object, &path, &annotations["prometheus.io/port"], number);
    }
}

fn alerts(facts: &mut Facts<'_>) {
    let rules: Vec<(&Object, &Value)> = facts
        .objects
        .iter()
        .filter(|object| object.kind() == "PrometheusRule" && object.is_own())
        .flat_map(|object| {
            let groups = items(&object.value["spec"]["groups"]);
            groups
                .flat_map(|group| items(&group["rules"]))
                .map(move |rule| (object, rule))
        })
        .collect();
    if rules.is_empty() {
        // A cluster without the operator has none.
        return;
    }
    let stated = facts.spec["monitoring"]["alerts"]
        .as_object()
        .cloned()
        .unwrap_or_else(Map::new);
    let namespace = facts.world.namespace.as_str();
    let in_namespace = |stated: &Value| match stated.as_str() {
        Some(text) => json!(text.replace("$namespace", namespace)),
        None => Value::Null,
    };
    for (name, alert) in &stated {
        let plain = |text: &str| text.replace(['-', '_'], "").to_lowercase();
        let named = |rule: &Value| plain(text(&rule["alert"])) == plain(name);
        let Some((object, rule)) = rules.iter().find(|(_, rule)| named(rule)) else {
            facts.missing(&format!("alert {name}"));
            continue;
        };
        let path = format!("spec.groups.{name}");
        let wait = super::duration(&alert["for"]).unwrap_or(300);
        let severity = alert["severity"].as_str().unwrap_or("warning");
        for (found, expected) in [
            (rule["expr"].clone(), in_namespace(&alert["expr"])),
            (json!(super::duration(&rule["for"])), json!(wait)),
            (rule["labels"]["severity"].clone(), json!(severity)),
            (
                rule["annotations"]["summary"].clone(),
                in_namespace(&alert["summary"]),
            ),
        ] {
            facts.add(object, &path, &found, expected);
        }
    }
}
