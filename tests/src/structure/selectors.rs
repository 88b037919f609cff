//! Selectors are partitioned: each takes the pods of exactly one component.

use super::{Rendering, items, text};
use crate::manifest::{Object, Pod, matches};
use serde_json::Value;

pub fn faults(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for object in rendering.objects {
        let found = match object.kind() {
            "Deployment" => controller(rendering, object),
            "StatefulSet" => {
                let mut found = controller(rendering, object);
                found.extend(headless(rendering, object));
                found
            }
            "Service" => service(rendering, object),
            "PodDisruptionBudget" => one(rendering, &object.value["spec"]["selector"]),
            "NetworkPolicy" => policy(rendering, object),
            _ => Vec::new(),
        };
        faults.extend(
            found
                .into_iter()
                .map(|fault| format!("{}: {fault}", object.id())),
        );
    }
    for pod in rendering.pods().iter().filter(|pod| pod.object.is_own()) {
        faults.extend(super::of(pod.object, spread(rendering, pod)));
    }
    faults
}

/// Pods spread among those of their own component.
fn spread(rendering: &Rendering<'_>, pod: &Pod<'_>) -> Vec<String> {
    items(&pod.spec["topologySpreadConstraints"])
        .map(|constraint| taken(rendering, &constraint["labelSelector"]))
        .filter(|pods| pods.len() != 1 || pods[0].object.id() != pod.object.id())
        .map(|pods| format!("spreads among [{}]", ids(&pods)))
        .collect()
}

/// The pods that a selector takes.
fn taken<'a>(rendering: &'a Rendering<'_>, selector: &Value) -> Vec<Pod<'a>> {
    rendering
        .pods()
        .into_iter()
        .filter(|pod| pod.matches(selector))
        .collect()
}

fn ids(pods: &[Pod<'_>]) -> String {
    pods.iter()
        .map(|pod| pod.object.id())
        .collect::<Vec<_>>()
        .join(", ")
}

fn controller(rendering: &Rendering<'_>, object: &Object) -> Vec<String> {
    let pods = taken(rendering, &object.value["spec"]["selector"]);
    let own = pods.iter().any(|pod| pod.object.id() == object.id());
    if own && pods.len() == 1 {
        Vec::new()
    } else {
        vec![format!("its selector takes [{}]", ids(&pods))]
    }
}

/// A StatefulSet's pods are named by a Service without an address that selects them.
fn headless(rendering: &Rendering<'_>, set: &Object) -> Option<String> {
    if set.is_from(rendering.from_repositories) {
        return None;
    }
    let name = text(&set.value["spec"]["serviceName"]);
    let service = rendering
        .find("Service", name)
        .filter(|service| service.value["spec"]["clusterIP"] == "None");
    let Some(service) = service else {
        return Some(format!("{name} is no headless Service"));
    };
    let selected = set
        .pod()
        .is_some_and(|pod| pod.matches(&super::service_selector(service)));
    (!selected).then(|| format!("{} does not select its pods", service.id()))
}

fn one(rendering: &Rendering<'_>, selector: &Value) -> Vec<String> {
    let pods = taken(rendering, selector);
    if pods.len() == 1 {
        Vec::new()
    } else {
        vec![format!("selects [{}], not one component", ids(&pods))]
    }
}

fn service(rendering: &Rendering<'_>, object: &Object) -> Vec<String> {
    let selector = super::service_selector(object);
    let pods = taken(rendering, &selector);
    // A headless Service only names the pods of all StatefulSets that refer to it.
    let headless = object.value["spec"]["clusterIP"] == "None";
    let users = |pod: &Pod<'_>| text(&pod.object.value["spec"]["serviceName"]) == object.name();
    let mut faults = match pods.len() {
        0 => vec!["selects no pod".to_owned()],
        1 => Vec::new(),
        _ if headless && pods.iter().all(users) => Vec::new(),
        _ => vec![format!("selects [{}], not one component", ids(&pods))],
    };
    let ports = || items(&object.value["spec"]["ports"]);
    let numbers = ports().map(|port| (port["port"].to_string(), port["protocol"].to_string()));
    if !super::twice(numbers).is_empty()
        || !super::twice(ports().map(|port| text(&port["name"]))).is_empty()
    {
        faults.push("has a port twice".to_owned());
    }
    for port in ports() {
        let target = if port["targetPort"].is_null() {
            &port["port"]
        } else {
            &port["targetPort"]
        };
        let found = |pod: &Pod<'_>| match target.as_str() {
            Some(name) => pod.port(name).is_some(),
            None => true,
        };
        faults.extend(
            pods.iter()
                .filter(|pod| !found(pod))
                .map(|pod| format!("{} has no port {target}", pod.object.id())),
        );
    }
    faults
}

fn policy(rendering: &Rendering<'_>, object: &Object) -> Vec<String> {
    let spec = &object.value["spec"];
    let pods = taken(rendering, &spec["podSelector"]);
    let components: Vec<&Value> = pods
        .iter()
        .map(|pod| &pod.labels["app.kubernetes.io/component"])
        .collect();
    // The guard of a repository's chart stands before all its servers.
    let servers = pods
        .iter()
        .all(|pod| pod.object.is_from(rendering.from_repositories));
    let mut faults = Vec::new();
    if pods.is_empty() {
        faults.push("selects no pod".to_owned());
    }
    if !servers
        && components
            .iter()
            .any(|component| component != &components[0])
    {
        faults.push(format!("selects [{}], not one component", ids(&pods)));
    }
    for rule in items(&spec["ingress"]) {
        for port in items(&rule["ports"]).filter_map(|port| port["port"].as_str()) {
            faults.extend(
                pods.iter()
                    .filter(|pod| pod.port(port).is_none())
                    .map(|pod| format!("{} has no port {port}", pod.object.id())),
            );
        }
        faults.extend(strangers(rendering, rule, "from"));
    }
    for rule in items(&spec["egress"]) {
        faults.extend(strangers(rendering, rule, "to"));
    }
    faults
}

/// Peers that name this release's pods, but none that exists or is switched off.
fn strangers(rendering: &Rendering<'_>, rule: &Value, side: &str) -> Vec<String> {
    items(&rule[side])
        .filter(|peer| peer["namespaceSelector"].is_null())
        .map(|peer| &peer["podSelector"])
        .filter(|selector| !selector["matchLabels"]["app.kubernetes.io/instance"].is_null())
        .filter(|selector| {
            !rendering
                .pods()
                .iter()
                .any(|pod| matches(selector, pod.labels))
        })
        .filter(|selector| !components(selector).any(|name| rendering.is_off(name)))
        .map(|selector| format!("no pod of the release is {selector}"))
        .collect()
}

/// The components that a selector names.
fn components(selector: &Value) -> impl Iterator<Item = &str> {
    let key = "app.kubernetes.io/component";
    let listed = items(&selector["matchExpressions"])
        .filter(move |expression| expression["key"] == key)
        .flat_map(|expression| items(&expression["values"]));
    std::iter::once(&selector["matchLabels"][key])
        .chain(listed)
        .map(text)
}
