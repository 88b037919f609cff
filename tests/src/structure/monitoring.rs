//! What the Prometheus Operator and Grafana read: monitors find exactly one
//! component, dashboards are JSON, alerts are complete.

use super::{Rendering, items, text};
use crate::manifest::{Object, Pod, matches};
use serde_json::Value;

pub fn faults(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = rendering.each_own("ServiceMonitor", service_monitor);
    faults.extend(rendering.each_own("PodMonitor", pod_monitor));
    faults.extend(rendering.each_own("PrometheusRule", |_, rule| alerts(rule)));
    faults.extend(rendering.each_own("ConfigMap", boards));
    for pod in rendering.pods() {
        if pod.object.is_own() {
            faults.extend(super::of(pod.object, annotated(rendering, &pod)));
        }
    }
    faults
}

fn service_monitor(rendering: &Rendering<'_>, monitor: &Object) -> Vec<String> {
    let spec = &monitor.value["spec"];
    let services: Vec<&Object> = rendering
        .kind("Service")
        .filter(|service| matches(&spec["selector"], &service.value["metadata"]["labels"]))
        .collect();
    let mut faults = Vec::new();
    for endpoint in endpoints(&spec["endpoints"], &mut faults) {
        let name = text(&endpoint["port"]);
        let having: Vec<&&Object> = services
            .iter()
            .filter(|service| {
                items(&service.value["spec"]["ports"]).any(|port| port["name"] == name)
            })
            .collect();
        match having.as_slice() {
            [service] => {
                let selector = super::service_selector(service);
                let pods = rendering.pods();
                let pod = pods.iter().find(|pod| pod.matches(&selector));
                faults.extend(pod.and_then(|pod| unreachable(rendering, pod, name)));
            }
            [] => faults.push(format!("no Service that it takes has a port {name}")),
            several => faults.push(format!(
                "reads the same pods through {}",
                several
                    .iter()
                    .map(|service| service.id())
                    .collect::<Vec<_>>()
                    .join(" and ")
            )),
        }
    }
    faults
}

fn pod_monitor(rendering: &Rendering<'_>, monitor: &Object) -> Vec<String> {
    let spec = &monitor.value["spec"];
    let pods: Vec<Pod<'_>> = rendering
        .pods()
        .into_iter()
        .filter(|pod| pod.matches(&spec["selector"]))
        .collect();
    let [pod] = pods.as_slice() else {
        return vec![format!("takes {} components, not one", pods.len())];
    };
    let mut faults = Vec::new();
    for endpoint in endpoints(&spec["podMetricsEndpoints"], &mut faults) {
        let name = text(&endpoint["port"]);
        if pod.port(name).is_none() {
            faults.push(format!("{} has no port {name}", pod.object.id()));
        } else {
            faults.extend(unreachable(rendering, pod, name));
        }
    }
    faults
}

/// The endpoints of a monitor; there must be one, and each says where and how often.
fn endpoints<'a>(list: &'a Value, faults: &mut Vec<String>) -> Vec<&'a Value> {
    let found: Vec<&Value> = items(list).collect();
    if found.is_empty() {
        faults.push("has no endpoint".to_owned());
    }
    for endpoint in &found {
        if !text(&endpoint["path"]).starts_with('/') {
            faults.push(format!("reads the path {}", endpoint["path"]));
        }
        if !duration(text(&endpoint["interval"])) {
            faults.push(format!("reads every {}", endpoint["interval"]));
        }
    }
    found
}

/// Whether a text is a time in one unit, such as `30s`.
pub fn duration(text: &str) -> bool {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    matches!(&text[digits.len()..], "ms" | "s" | "m" | "h")
        && digits.parse::<u32>().is_ok_and(|number| number > 0)
}

/// The server of the release that reads pods' annotations.
fn prometheus<'a>(rendering: &'a Rendering<'_>) -> Option<Pod<'a>> {
    let mut pods = rendering.pods().into_iter();
    pods.find(|pod| {
        let images = pod.running().into_iter().map(|one| text(&one["image"]));
        images
            .into_iter()
            .any(|one| one.contains("/prometheus/prometheus:"))
    })
}

/// Prometheus is in another namespace, or in the release.
fn unreachable(rendering: &Rendering<'_>, pod: &Pod<'_>, port: &str) -> Option<String> {
    let network = super::Network { rendering };
    let open = pod
        .port(port)
        .is_some_and(|port| match prometheus(rendering) {
            Some(prometheus) => network.allows(&prometheus, pod, port),
            None => network.from_other_namespaces(pod, port),
        });
    (!open).then(|| {
        format!(
            "{}: its policy keeps Prometheus from port {port}",
            pod.object.id()
        )
    })
}

/// Pods that say in annotations where their metrics are.
fn annotated(rendering: &Rendering<'_>, pod: &Pod<'_>) -> Option<String> {
    let annotations = &pod.annotations;
    if annotations["prometheus.io/scrape"] != "true" {
        return None;
    }
    let port = text(&annotations["prometheus.io/port"]);
    let stated = pod
        .running()
        .into_iter()
        .flat_map(|container| items(&container["ports"]))
        .find(|stated| {
            port.parse()
                .is_ok_and(|port: u64| stated["containerPort"] == port)
        });
    if !text(&annotations["prometheus.io/path"]).starts_with('/') {
        return Some("annotations name no path of metrics".to_owned());
    }
    match stated {
        Some(stated) => unreachable(rendering, pod, text(&stated["name"])),
        None => Some(format!(
            "annotations name port {port:?}, which it does not have"
        )),
    }
}

fn alerts(rule: &Object) -> Vec<String> {
    let groups: Vec<&str> = items(&rule.value["spec"]["groups"])
        .map(|group| text(&group["name"]))
        .collect();
    let rules: Vec<&Value> = items(&rule.value["spec"]["groups"])
        .flat_map(|group| items(&group["rules"]))
        .collect();
    let mut faults = Vec::new();
    if rules.is_empty() {
        faults.push("has no alert".to_owned());
    }
    if groups.contains(&"") || !super::twice(groups).is_empty() {
        faults.push("has groups without names of their own".to_owned());
    }
    faults.extend(
        super::twice(rules.iter().map(|rule| text(&rule["alert"])))
            .into_iter()
            .map(|name| format!("has two alerts {name}")),
    );
    for rule in rules {
        let name = &rule["alert"];
        for (what, value) in [
            ("expression", &rule["expr"]),
            ("severity", &rule["labels"]["severity"]),
            ("summary", &rule["annotations"]["summary"]),
        ] {
            if text(value).trim().is_empty() {
                faults.push(format!("alert {name} has no {what}"));
            }
        }
        if !rule["for"].is_null() && !duration(text(&rule["for"])) {
            faults.push(format!("alert {name} waits {}", rule["for"]));
        }
    }
    faults
}

/// The pods whose sidecar reads data sources: Grafana's.
fn readers<'a>(rendering: &'a Rendering<'_>) -> Vec<Pod<'a>> {
    let mut pods = rendering.pods();
    pods.retain(|pod| {
        let containers = pod.containers();
        let mut variables = containers.iter().flat_map(|one| items(&one["env"]));
        variables.any(|variable| variable["value"] == "grafana_datasource")
    });
    pods
}

/// Dashboards and data sources, which Grafana's sidecar finds by their labels.
fn boards(rendering: &Rendering<'_>, map: &Object) -> Vec<String> {
    let labels = &map.value["metadata"]["labels"];
    let data = map.value["data"].as_object();
    let mut faults = Vec::new();
    for (file, content) in data.into_iter().flatten() {
        if !labels["grafana_dashboard"].is_null() {
            let board: Option<Value> = serde_json::from_str(text(content)).ok();
            let panels = board.is_some_and(|board| {
                !text(&board["title"]).is_empty() && items(&board["panels"]).next().is_some()
            });
            if !panels {
                faults.push(format!("{file} is no dashboard"));
            }
        }
        if !labels["grafana_datasource"].is_null() {
            let source = crate::manifest::yaml(text(content)).unwrap_or_default();
            let url = text(&source["datasources"][0]["url"]);
            if !url.contains("://") {
                faults.push(format!("{file} is no data source"));
            }
            for pod in readers(rendering) {
                let fault = super::connections::unreachable(rendering, &pod, url);
                faults
                    .extend(fault.map(|fault| format!("{file} {fault} from {}", pod.object.id())));
            }
        }
    }
    faults
}
