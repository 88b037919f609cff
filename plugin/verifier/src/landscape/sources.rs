//! Volumes, Secrets and exposures.

use super::{Drawing, bytes};
use serde_json::Value;
use std::collections::BTreeSet;
use taskspec_manifest::{Object, items, text};
use taskspec_report::{EdgeKind, NodeKind};

impl Drawing<'_> {
    /// Hosts of Ingresses and routes, and Services that are open to the outside.
    pub(super) fn exposures(&mut self) {
        let objects = self.objects;
        for object in objects {
            match object.kind() {
                "Ingress" => self.ingress(object),
                "HTTPRoute" | "GRPCRoute" => self.route(object),
                "Service" => self.open_service(object),
                _ => {}
            }
        }
    }

    fn ingress(&mut self, object: &Object) {
        let spec = &object.value["spec"];
        let secured: BTreeSet<&str> = items(&spec["tls"])
            .flat_map(|entry| items(&entry["hosts"]))
            .map(text)
            .collect();
        let class = text(&spec["ingressClassName"]);
        for rule in items(&spec["rules"]) {
            let host = rule["host"].as_str().unwrap_or("any host");
            let id = format!("exposure/{host}");
            let node = self.add(&id, NodeKind::Exposure, host);
            node.object = object.id();
            node.origin = match class {
                "" => "Ingress".to_owned(),
                class => format!("Ingress of {class}"),
            };
            let tls = if secured.contains(host) {
                "TLS"
            } else {
                "no TLS"
            };
            push(&mut node.facts, tls);
            for path in items(&rule["http"]["paths"]) {
                let backend = &path["backend"]["service"];
                let port = &backend["port"];
                let port = if port["number"].is_null() {
                    &port["name"]
                } else {
                    &port["number"]
                };
                let shown = text(&path["path"]).to_owned();
                self.link_service(&id, text(&backend["name"]), port, &shown);
            }
        }
    }

    fn route(&mut self, object: &Object) {
        let spec = &object.value["spec"];
        let parents: Vec<&str> = items(&spec["parentRefs"])
            .map(|one| text(&one["name"]))
            .collect();
        let hosts: Vec<&str> = items(&spec["hostnames"]).map(text).collect();
        let hosts = if hosts.is_empty() {
            vec!["any host"]
        } else {
            hosts
        };
        for host in hosts {
            let id = format!("exposure/{host}");
            let node = self.add(&id, NodeKind::Exposure, host);
            node.object = object.id();
            node.origin = format!("{} of {}", object.kind(), parents.join(", "));
            push(&mut node.facts, "TLS is the Gateway's");
            for rule in items(&spec["rules"]) {
                let path = items(&rule["matches"]).next();
                let path = path
                    .map_or("", |one| text(&one["path"]["value"]))
                    .to_owned();
                for backend in items(&rule["backendRefs"]) {
                    self.link_service(&id, text(&backend["name"]), &backend["port"], &path);
                }
            }
        }
    }

    fn open_service(&mut self, object: &Object) {
        let kind = text(&object.value["spec"]["type"]);
        if kind != "LoadBalancer" && kind != "NodePort" {
            return;
        }
        let name = self.short(object.name()).to_owned();
        let id = format!("exposure/{kind}/{name}");
        let node = self.add(&id, NodeKind::Exposure, &name);
        node.object = object.id();
        kind.clone_into(&mut node.origin);
        let ranges: Vec<&str> = items(&object.value["spec"]["loadBalancerSourceRanges"])
            .map(text)
            .collect();
        let from = match ranges.as_slice() {
            [] => "from anywhere".to_owned(),
            ranges => format!("from {}", ranges.join(", ")),
        };
        push(&mut node.facts, &from);
        for target in self.behind(object) {
            for port in items(&object.value["spec"]["ports"]) {
                let number = port["port"].to_string();
                self.link(&id, &target, EdgeKind::Exposes, &number, kind);
            }
        }
    }

    /// An edge to the pods behind a Service.
    fn link_service(&mut self, from: &str, service: &str, port: &Value, because: &str) {
        let found = self
            .objects
            .iter()
            .find(|one| one.kind() == "Service" && one.name() == service);
        let Some(found) = found else { return };
        let stated = items(&found.value["spec"]["ports"])
            .find(|one| one["name"] == *port || one["port"] == *port);
        let number = stated.map_or_else(String::new, |one| one["port"].to_string());
        for target in self.behind(found) {
            self.link(from, &target, EdgeKind::Exposes, &number, because);
        }
    }

    /// Claims, and templates of claims.
    pub(super) fn volumes(&mut self) {
        let objects = self.objects;
        for object in objects {
            if object.kind() == "PersistentVolumeClaim" {
                let name = self.short(object.name()).to_owned();
                let id = format!("volume/{name}");
                let facts = claim(object, &object.value["spec"]);
                let node = self.add(&id, NodeKind::Volume, &name);
                node.object = object.id();
                node.facts = facts;
            }
        }
        for object in objects {
            let Some(owner) = self.owners.get(&object.id()).cloned() else {
                continue;
            };
            for template in items(&object.value["spec"]["volumeClaimTemplates"]) {
                let label = owner.rsplit('/').next().unwrap_or_default();
                let claimed = text(&template["metadata"]["name"]);
                let mut id = format!("volume/{label}/{claimed}");
                if self.nodes.contains_key(&id) {
                    id = format!("{id}/{}", self.short(object.name()));
                }
                let mut facts = claim(object, &template["spec"]);
                facts.push("one for each pod".to_owned());
                let node = self.add(&id, NodeKind::Volume, &format!("{label}: {claimed}"));
                node.object = object.id();
                node.facts = facts;
                self.link(&owner, &id, EdgeKind::Mounts, "", claimed);
            }
            let pod = object.pod().map_or(&Value::Null, |pod| &pod["spec"]);
            for volume in items(&pod["volumes"]) {
                let claimed = text(&volume["persistentVolumeClaim"]["claimName"]);
                if claimed.is_empty() {
                    continue;
                }
                let name = self.short(claimed).to_owned();
                let id = format!("volume/{name}");
                if !self.nodes.contains_key(&id) {
                    let node = self.add(&id, NodeKind::Volume, &name);
                    push(&mut node.facts, "exists already");
                }
                self.link(&owner, &id, EdgeKind::Mounts, "", text(&volume["name"]));
            }
        }
    }

    /// Secrets that pods read, and who fills them.
    pub(super) fn secrets(&mut self) {
        let objects = self.objects;
        for object in objects {
            let Some(owner) = self.owners.get(&object.id()).cloned() else {
                continue;
            };
            for (name, key) in secret_references(object) {
                let id = format!("secret/{}", self.short(&name));
                if !self.nodes.contains_key(&id) {
                    let (made, origin) = self.filled(&name);
                    let label = self.short(&name).to_owned();
                    let node = self.add(&id, NodeKind::Secret, &label);
                    node.object = made;
                    node.origin = origin;
                }
                self.link(&owner, &id, EdgeKind::Reads, "", &key);
            }
        }
    }

    /// The object that fills a Secret, and its source in words.
    fn filled(&self, name: &str) -> (String, String) {
        let found = |wanted: &dyn Fn(&Object) -> bool| self.objects.iter().find(|one| wanted(one));
        if let Some(store) = found(&|one| {
            one.kind() == "ExternalSecret"
                && (one.value["spec"]["target"]["name"] == name || one.name() == name)
        }) {
            let spec = &store.value["spec"];
            let origin = format!(
                "store {} by the External Secrets Operator, read every {}",
                text(&spec["secretStoreRef"]["name"]),
                spec["refreshInterval"].as_str().unwrap_or("hour"),
            );
            return (store.id(), origin);
        }
        if let Some(secret) = found(&|one| one.kind() == "Secret" && one.name() == name) {
            let whose = if secret.is_own() {
                "the chart"
            } else {
                "the dependency's chart"
            };
            return (secret.id(), format!("generated by {whose}"));
        }
        (
            String::new(),
            "exists already: somebody else makes it".to_owned(),
        )
    }
}

fn push(facts: &mut Vec<String>, fact: &str) {
    if !facts.iter().any(|one| one == fact) {
        facts.push(fact.to_owned());
    }
}

/// Size, access, class and fate of a claim.
fn claim(object: &Object, spec: &Value) -> Vec<String> {
    let size = &spec["resources"]["requests"]["storage"];
    let size = size
        .as_str()
        .map_or_else(|| size.to_string(), str::to_owned);
    let mut facts = Vec::new();
    if bytes(&size) > 0.0 {
        facts.push(size);
    }
    facts.extend(items(&spec["accessModes"]).map(|mode| text(mode).to_owned()));
    let class = text(&spec["storageClassName"]);
    if !class.is_empty() {
        facts.push(format!("class {class}"));
    }
    if object.value["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep" {
        facts.push("kept when the release goes".to_owned());
    }
    // Nobody deletes what a StatefulSet claimed unless it says so.
    if object.kind() == "StatefulSet" {
        let fate = &object.value["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"];
        let fate = if fate == "Delete" {
            "deleted with the release"
        } else {
            "kept when the release goes"
        };
        facts.push(fate.to_owned());
    }
    facts
}

/// Names and keys of the Secrets that an object's pods read.
fn secret_references(object: &Object) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let spec = object.pod().map_or(&Value::Null, |pod| &pod["spec"]);
    let mut push = |name: &Value, key: &Value| {
        if let Some(name) = name.as_str() {
            found.insert((
                name.to_owned(),
                key.as_str().unwrap_or("all keys").to_owned(),
            ));
        }
    };
    for container in items(&spec["containers"]).chain(items(&spec["initContainers"])) {
        for variable in items(&container["env"]) {
            let reference = &variable["valueFrom"]["secretKeyRef"];
            push(&reference["name"], &reference["key"]);
        }
        for source in items(&container["envFrom"]) {
            push(&source["secretRef"]["name"], &Value::Null);
        }
    }
    for volume in items(&spec["volumes"]) {
        let sources = items(&volume["projected"]["sources"]).map(|one| (&one["secret"], "name"));
        for (secret, key) in sources.chain([(&volume["secret"], "secretName")]) {
            let mut any = false;
            for item in items(&secret["items"]) {
                any = true;
                push(&secret[key], &item["key"]);
            }
            if !any {
                push(&secret[key], &Value::Null);
            }
        }
    }
    found
}
