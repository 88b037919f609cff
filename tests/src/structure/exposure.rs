//! Ways in from outside: Ingresses and HTTPRoutes lead to ports of Services,
//! their certificates are for their hosts, and network policies let people in.

use super::{Rendering, items, text};
use crate::manifest::Object;
use serde_json::Value;

pub fn faults(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = rendering.each_own("Ingress", ingress);
    faults.extend(rendering.each_own("HTTPRoute", route));
    faults.extend(rendering.each_own("Middleware", |rendering, middleware| {
        let used = rendering
            .own("Ingress")
            .any(|ingress| named_middlewares(ingress).any(|name| name == middleware.name()));
        let mut found = Vec::new();
        if !used {
            found.push("no Ingress asks for it".to_owned());
        }
        found
    }));
    faults.extend(ambiguous(rendering));
    faults
}

fn ingress(rendering: &Rendering<'_>, ingress: &Object) -> Vec<String> {
    let spec = &ingress.value["spec"];
    let mut faults = Vec::new();
    let hosts: Vec<&str> = items(&spec["rules"])
        .map(|rule| text(&rule["host"]))
        .collect();
    faults.extend(host_faults(&hosts));
    for rule in items(&spec["rules"]) {
        let paths: Vec<&Value> = items(&rule["http"]["paths"]).collect();
        if paths.is_empty() {
            faults.push(format!("host {} has no path", rule["host"]));
        }
        for path in paths {
            if !text(&path["path"]).starts_with('/') {
                faults.push(format!("{} is no path", path["path"]));
            }
            if !matches!(
                text(&path["pathType"]),
                "Prefix" | "Exact" | "ImplementationSpecific"
            ) {
                faults.push(format!("path {} is of no type", path["path"]));
            }
            let service = &path["backend"]["service"];
            faults.extend(backend(
                rendering,
                text(&service["name"]),
                &service["port"]["name"],
            ));
        }
    }
    faults.extend(certificates(rendering, ingress, &hosts));
    faults.extend(middlewares(rendering, ingress));
    faults
}

/// Requests that two entries take: of one object, or of two of a kind.
fn ambiguous(rendering: &Rendering<'_>) -> Vec<String> {
    let mut taken = Vec::new();
    for rule in rendering
        .own("Ingress")
        .flat_map(|ingress| items(&ingress.value["spec"]["rules"]))
    {
        let paths = items(&rule["http"]["paths"]);
        taken.extend(paths.map(|path| format!("Ingress {}{}", rule["host"], path["path"])));
    }
    for route in rendering.own("HTTPRoute") {
        let spec = &route.value["spec"];
        let matches = || items(&spec["rules"]).map(|rule| &rule["matches"]);
        taken.extend(
            items(&spec["hostnames"])
                .flat_map(|host| matches().map(move |one| format!("HTTPRoute {host}{one}"))),
        );
    }
    super::twice(taken)
        .into_iter()
        .map(|place| format!("{place} leads to two places"))
        .collect()
}

/// Hosts are there, each once, and are names.
fn host_faults(hosts: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    if hosts.is_empty() {
        faults.push("has no host".to_owned());
    }
    let name = |host: &str| {
        let host = host.strip_prefix("*.").unwrap_or(host);
        host.contains('.')
            && host.split('.').all(|label| {
                !label.is_empty()
                    && label
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            })
    };
    faults.extend(
        hosts
            .iter()
            .filter(|host| !name(host))
            .map(|host| format!("{host:?} is no host")),
    );
    faults.extend(
        super::twice(hosts)
            .into_iter()
            .map(|host| format!("has the host {host} twice")),
    );
    faults
}

/// A Service of the release with this port, whose pods may be reached from outside.
fn backend(rendering: &Rendering<'_>, name: &str, port: &Value) -> Option<String> {
    let Some(service) = rendering.find("Service", name) else {
        return Some(format!("leads to {name}, which is no Service"));
    };
    let key = if port.is_string() { "name" } else { "port" };
    let stated = items(&service.value["spec"]["ports"]).find(|stated| stated[key] == *port);
    let Some(stated) = stated else {
        return Some(format!(
            "leads to port {port}, which Service {name} does not have"
        ));
    };
    let selector = super::service_selector(service);
    let pods = rendering.pods();
    let pod = pods.iter().find(|pod| pod.matches(&selector))?;
    let inner = match stated["targetPort"].as_str() {
        Some(name) => pod.port(name).unwrap_or_default(),
        None => stated["targetPort"].as_u64().unwrap_or_default(),
    };
    let network = super::Network { rendering };
    (!network.from_other_namespaces(pod, inner)).then(|| {
        format!(
            "leads to {}, whose policy lets nobody in from another namespace",
            pod.object.id()
        )
    })
}

/// Certificates are for hosts of the Ingress, and come from somewhere.
fn certificates(rendering: &Rendering<'_>, ingress: &Object, hosts: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    let annotations = &ingress.value["metadata"]["annotations"];
    let issued = ["cert-manager.io/cluster-issuer", "cert-manager.io/issuer"]
        .iter()
        .any(|issuer| !annotations[*issuer].is_null());
    let entries: Vec<&Value> = items(&ingress.value["spec"]["tls"]).collect();
    for entry in &entries {
        faults.extend(
            items(&entry["hosts"])
                .map(text)
                .filter(|host| !hosts.contains(host))
                .map(|host| format!("has a certificate for {host}, which is no host of it")),
        );
        let secret = text(&entry["secretName"]);
        if !secret.is_empty() && !issued && rendering.known("Secret", secret).is_none() {
            faults.push(format!("nobody makes the certificate {secret}"));
        }
    }
    let secrets = entries.iter().map(|entry| text(&entry["secretName"]));
    faults.extend(
        super::twice(secrets.filter(|name| !name.is_empty()))
            .into_iter()
            .map(|name| format!("keeps two certificates in {name}")),
    );
    let covered = entries
        .iter()
        .flat_map(|entry| items(&entry["hosts"]))
        .map(text);
    faults.extend(
        super::twice(covered)
            .into_iter()
            .map(|host| format!("has two certificates for {host}")),
    );
    if issued && entries.is_empty() {
        faults.push("asks for a certificate and names none".to_owned());
    }
    faults
}

/// What Traefik is told to do with requests is there.
fn middlewares(rendering: &Rendering<'_>, ingress: &Object) -> Option<String> {
    let missing = named_middlewares(ingress).find(|name| {
        rendering.find("Middleware", name).is_none()
            && rendering.known("Middleware", name).is_none()
    })?;
    Some(format!("Middleware {missing} does not exist"))
}

/// The Middlewares that an Ingress asks for; whole entries if they are of elsewhere.
fn named_middlewares(ingress: &Object) -> impl Iterator<Item = &str> {
    let key = "traefik.ingress.kubernetes.io/router.middlewares";
    let named = text(&ingress.value["metadata"]["annotations"][key]);
    named
        .split(',')
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            let name = entry.strip_prefix("ns-");
            let name = name.and_then(|rest| rest.strip_suffix("@kubernetescrd"));
            name.unwrap_or(entry)
        })
}

fn route(rendering: &Rendering<'_>, route: &Object) -> Vec<String> {
    let spec = &route.value["spec"];
    let hosts: Vec<&str> = items(&spec["hostnames"]).map(text).collect();
    let mut faults = host_faults(&hosts);
    if items(&spec["parentRefs"])
        .next()
        .is_none_or(|parent| text(&parent["name"]).is_empty())
    {
        faults.push("belongs to no gateway".to_owned());
    }
    let rules: Vec<&Value> = items(&spec["rules"]).collect();
    if rules.is_empty() {
        faults.push("has no rule".to_owned());
    }
    for rule in rules {
        let mut backends = items(&rule["backendRefs"]).peekable();
        if backends.peek().is_none() {
            faults.push("a rule leads nowhere".to_owned());
        }
        for one in backends {
            faults.extend(backend(rendering, text(&one["name"]), &one["port"]));
        }
    }
    faults
}
