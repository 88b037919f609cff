//! What a change of an object does to those who upgrade.

use super::differ::{Step, same};
use crate::amount::{amount, share};
use crate::data::to_json;
use crate::landscape::pods;
use crate::world::World;
use serde_json::Value;
use std::collections::BTreeSet;
use taskspec_manifest::{Object, items, matches, text};
use taskspec_report::{Container, Effect, EffectKind};

/// Effects of an object that is new, gone or changed.
pub fn of(
    old: &World,
    new: &World,
    before: Option<&Object>,
    after: Option<&Object>,
    steps: &[Step],
) -> Vec<Effect> {
    let mut found = Found::default();
    match (before, after) {
        (Some(was), Some(is)) => {
            if was.name() == is.name() {
                found.immutable(was, is);
            }
            found.restarts(new, is, steps);
            found.shrinks(was, is);
            found.opens(Some(was), is);
            found.weaker_pods(old, new, was, is);
            found.fewer_pods(old, new, was, is);
            found.weaker_budget(new, was, is);
        }
        (None, Some(is)) => found.opens(None, is),
        (Some(was), None) => {
            found.gone(was);
            found.budget_gone(new, was);
        }
        (None, None) => {}
    }
    found.policy(old, new, before, after);
    found.0
}

#[derive(Default)]
struct Found(Vec<Effect>);

impl Found {
    fn push(&mut self, kind: EffectKind, text: String) {
        self.0.push(Effect { kind, text });
    }

    /// Fields that the cluster does not let anybody change.
    fn immutable(&mut self, was: &Object, is: &Object) {
        // Helm deletes a hook before it makes the new one.
        let is_hook = !is.hooks().is_empty();
        let fields: &[(&str, &str)] = match is.kind() {
            "Deployment" | "DaemonSet" => &[("/spec/selector", "selector")],
            "StatefulSet" => &[
                ("/spec/selector", "selector"),
                ("/spec/serviceName", "serviceName"),
                ("/spec/volumeClaimTemplates", "volumeClaimTemplates"),
                ("/spec/podManagementPolicy", "podManagementPolicy"),
            ],
            "Job" if !is_hook => &[
                ("/spec/template", "pod template"),
                ("/spec/selector", "selector"),
                ("/spec/completions", "completions"),
            ],
            "Service" => &[
                ("/spec/clusterIP", "clusterIP"),
                ("/spec/loadBalancerClass", "loadBalancerClass"),
            ],
            "RoleBinding" | "ClusterRoleBinding" => &[("/roleRef", "roleRef")],
            "PersistentVolumeClaim" => &[
                ("/spec/accessModes", "accessModes"),
                ("/spec/storageClassName", "storageClassName"),
                ("/spec/volumeMode", "volumeMode"),
                ("/spec/volumeName", "volumeName"),
                ("/spec/selector", "selector"),
                ("/spec/dataSource", "dataSource"),
            ],
            "ConfigMap" | "Secret" if was.value["immutable"] == true => &[
                ("/data", "data"),
                ("/stringData", "stringData"),
                ("/binaryData", "binaryData"),
                ("/immutable", "immutable"),
            ],
            _ => &[],
        };
        for (pointer, name) in fields {
            let side = |object: &Object| object.value.pointer(pointer).cloned().unwrap_or_default();
            if !same(&side(was), &side(is)) {
                let id = is.id();
                self.push(
                    EffectKind::Immutable,
                    format!(
                        "the cluster refuses the upgrade: the {name} of {id} cannot be changed"
                    ),
                );
            }
        }
    }

    /// A change of the pod template replaces the pods.
    fn restarts(&mut self, new: &World, is: &Object, steps: &[Step]) {
        if !["Deployment", "StatefulSet", "DaemonSet"].contains(&is.kind()) {
            return;
        }
        if !steps
            .iter()
            .any(|step| step.path.starts_with("spec.template"))
        {
            return;
        }
        let pods = pods::describe(new, is);
        let (count, are) = match pods.least {
            1 => ("the only pod".to_owned(), "is"),
            n => (format!("all {n} pods"), "are"),
        };
        self.push(
            EffectKind::Restarts,
            format!("{count} of {} {are} replaced, {}", is.id(), pods.rollout),
        );
    }

    /// Volumes that get smaller.
    fn shrinks(&mut self, was: &Object, is: &Object) {
        let id = is.id();
        let mut pairs = Vec::new();
        match is.kind() {
            "PersistentVolumeClaim" => {
                pairs.push((String::new(), &was.value["spec"], &is.value["spec"]));
            }
            "StatefulSet" => {
                for claim in items(&was.value["spec"]["volumeClaimTemplates"]) {
                    let name = text(&claim["metadata"]["name"]);
                    let mut kept = items(&is.value["spec"]["volumeClaimTemplates"]);
                    match kept.find(|one| one["metadata"]["name"] == name) {
                        Some(other) => {
                            pairs.push((format!(" {name}"), &claim["spec"], &other["spec"]))
                        }
                        None => self.push(
                            EffectKind::LosesData,
                            format!(
                                "{id} has no volume {name} any more: what is on it is not read"
                            ),
                        ),
                    }
                }
            }
            "Cluster" => pairs.push((String::new(), &was.value["spec"], &is.value["spec"])),
            _ => {}
        }
        for (name, before, after) in pairs {
            let (old, new) = (size(before), size(after));
            let smaller = matches!((amount(&old), amount(&new)), (Ok(old), Ok(new)) if new < old);
            if smaller {
                self.push(
                    EffectKind::LosesData,
                    format!("the volume{name} of {id} shrinks from {old} to {new}: no volume can, it would have to be made anew"),
                );
                if is.kind() == "PersistentVolumeClaim" {
                    self.push(
                        EffectKind::Immutable,
                        format!("the cluster refuses the upgrade: {id} cannot shrink"),
                    );
                }
            }
        }
    }

    /// What disappears with its data.
    fn gone(&mut self, was: &Object) {
        let id = was.id();
        let kept = was.value["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep";
        let claims: Vec<String> = items(&was.value["spec"]["volumeClaimTemplates"])
            .map(|claim| text(&claim["metadata"]["name"]).to_owned())
            .collect();
        let words = match was.kind() {
            "PersistentVolumeClaim" if kept => {
                format!("{id} stays in the cluster, but nothing of the release mounts it")
            }
            "PersistentVolumeClaim" => format!("{id} is deleted with what is on it"),
            "StatefulSet" if !claims.is_empty() => format!(
                "{id} is gone: its volumes ({}) stay in the cluster, but no server reads them",
                claims.join(", ")
            ),
            "Secret" if was.hooks().is_empty() && !kept => {
                format!("{id} is deleted: the values that were generated for it are gone")
            }
            "Cluster" => {
                format!("{id} is gone: its operator removes the servers and their volumes")
            }
            "StatefulSet" | "Deployment" if !was.is_own() => {
                format!("{id}, a server of a dependency, is gone with what it keeps in its pods")
            }
            _ => return,
        };
        self.push(EffectKind::LosesData, words);
    }

    /// Whoever gets in from outside.
    fn opens(&mut self, was: Option<&Object>, is: &Object) {
        let id = is.id();
        let nothing = Value::Null;
        let before = was.map_or(&nothing, |was| &was.value["spec"]);
        let after = &is.value["spec"];
        match is.kind() {
            "Ingress" | "HTTPRoute" | "GRPCRoute" => {
                let fresh: Vec<String> = hosts(after).difference(&hosts(before)).cloned().collect();
                for host in fresh {
                    self.push(
                        EffectKind::Exposes,
                        format!("{host} is reachable from outside through {id}"),
                    );
                }
            }
            "Service" => {
                let (old, new) = (text(&before["type"]), text(&after["type"]));
                let open = ["LoadBalancer", "NodePort"];
                if open.contains(&new) && old != new {
                    self.push(
                        EffectKind::Exposes,
                        format!("{id} is a {new}: it is reachable from outside the cluster"),
                    );
                }
                let ranges = |spec: &Value| -> BTreeSet<String> {
                    let all = items(&spec["loadBalancerSourceRanges"]);
                    all.map(|one| text(one).to_owned()).collect()
                };
                let (narrow, wide) = (ranges(before), ranges(after));
                if new == "LoadBalancer" && old == new && !narrow.is_empty() {
                    if wide.is_empty() {
                        self.push(
                            EffectKind::Exposes,
                            format!("{id} takes connections from every address"),
                        );
                    }
                    for range in wide.difference(&narrow) {
                        self.push(
                            EffectKind::Exposes,
                            format!("{id} takes connections from {range}"),
                        );
                    }
                }
            }
            _ => {}
        }
    }

    /// Protections of pods that are gone.
    fn weaker_pods(&mut self, old: &World, new: &World, was: &Object, is: &Object) {
        if is.pod().is_none() {
            return;
        }
        let (before, after) = (pods::describe(old, was), pods::describe(new, is));
        let id = is.id();
        for open in &after.open {
            if !before.open.contains(open) {
                self.push(EffectKind::Weakens, format!("{id}: {open}"));
            }
        }
        let token = |object: &Object| {
            let pod = object.pod().unwrap_or(&Value::Null);
            pod["spec"]["automountServiceAccountToken"] != false
        };
        if token(is) && !token(was) {
            self.push(
                EffectKind::Weakens,
                format!("{id}: the pods get a token for the cluster's API"),
            );
        }
        for container in &after.containers {
            let was = before
                .containers
                .iter()
                .find(|one| one.name == container.name);
            if let Some(was) = was {
                self.weaker_container(&id, was, container);
            }
        }
    }

    fn weaker_container(&mut self, id: &str, was: &Container, is: &Container) {
        let name = &is.name;
        for (before, after, check) in [
            (&was.liveness, &is.liveness, "liveness"),
            (&was.readiness, &is.readiness, "readiness"),
            (&was.startup, &is.startup, "startup"),
        ] {
            if before.is_some() && after.is_none() {
                self.push(
                    EffectKind::Weakens,
                    format!("{id}: {name} has no {check} check any more"),
                );
            }
        }
        for resource in was.limits.keys() {
            if !is.limits.contains_key(resource) {
                self.push(
                    EffectKind::Weakens,
                    format!("{id}: {name} has no limit of {resource} any more"),
                );
            }
        }
    }

    /// Fewer pods than before, by the number itself or by the autoscaler's.
    fn fewer_pods(&mut self, old: &World, new: &World, was: &Object, is: &Object) {
        let id = is.id();
        let (before, after) = match is.kind() {
            "Deployment" | "StatefulSet" => {
                let least = |world: &World, object: &Object| {
                    to_json(&world.view(object))["replicas"]
                        .as_u64()
                        .unwrap_or(1)
                };
                (least(old, was), least(new, is))
            }
            "HorizontalPodAutoscaler" | "ScaledObject" => {
                let least = |object: &Object| {
                    let spec = &object.value["spec"];
                    let stated = spec["minReplicas"].as_u64();
                    stated.or(spec["minReplicaCount"].as_u64()).unwrap_or(1)
                };
                (least(was), least(is))
            }
            "Cluster" => {
                let count =
                    |object: &Object| object.value["spec"]["instances"].as_u64().unwrap_or(1);
                (count(was), count(is))
            }
            _ => return,
        };
        if after < before {
            self.push(
                EffectKind::Weakens,
                format!("{id} has at least {after} pods instead of {before}"),
            );
        }
    }

    fn weaker_budget(&mut self, new: &World, was: &Object, is: &Object) {
        if is.kind() != "PodDisruptionBudget" {
            return;
        }
        let pods = protected(new, is).map_or(1, |one| one.least);
        let pods = i64::try_from(pods).unwrap_or(i64::MAX);
        let away = |object: &Object| {
            let spec = &object.value["spec"];
            match (&spec["maxUnavailable"], &spec["minAvailable"]) {
                (Value::Null, Value::Null) => None,
                (Value::Null, least) => share(least, pods, true).ok().map(|least| pods - least),
                (most, _) => share(most, pods, true).ok(),
            }
        };
        if let (Some(before), Some(after)) = (away(was), away(is))
            && after > before
        {
            self.push(
                EffectKind::Weakens,
                format!(
                    "{}: a node drain may take {after} pods at a time instead of {before}",
                    is.id()
                ),
            );
        }
    }

    fn budget_gone(&mut self, new: &World, was: &Object) {
        if was.kind() != "PodDisruptionBudget" {
            return;
        }
        let Some(pods) = protected(new, was) else {
            return;
        };
        if pods.budget.is_empty() {
            self.push(
                EffectKind::Weakens,
                format!(
                    "a node drain may take all pods of {} at once: {} is gone",
                    pods.object,
                    was.id()
                ),
            );
        }
    }

    /// Network policies that let through more than before.
    fn policy(
        &mut self,
        old: &World,
        new: &World,
        before: Option<&Object>,
        after: Option<&Object>,
    ) {
        let is_policy = |object: &Option<&Object>| {
            object.is_some_and(|object| object.kind() == "NetworkPolicy")
        };
        if !is_policy(&before) && !is_policy(&after) {
            return;
        }
        for (way, who) in [("ingress", "who may connect to"), ("egress", "where to")] {
            let mut unlimited = Vec::new();
            let mut limited_before = false;
            for object in new.all().unwrap_or_default() {
                let Some(pod) = object.pod() else { continue };
                let labels = &pod["metadata"]["labels"];
                let known = old
                    .all()
                    .unwrap_or_default()
                    .iter()
                    .find(|one| one.id() == object.id());
                let Some(known) = known else { continue };
                let was_taken = [before, after]
                    .into_iter()
                    .flatten()
                    .any(|policy| matches(&policy.value["spec"]["podSelector"], labels));
                if !was_taken {
                    continue;
                }
                let closed = |world: &World, object: &Object| {
                    to_json(&world.view(object))["closed"][way] == true
                };
                let was_closed = closed(old, known);
                limited_before |= was_closed;
                if was_closed && !closed(new, object) {
                    unlimited.push(object.id());
                }
            }
            if !unlimited.is_empty() {
                let pods = unlimited.join(", ");
                let words = match way {
                    "ingress" => format!("{who} {pods} is not limited any more"),
                    _ => format!("{who} {pods} may connect is not limited any more"),
                };
                self.push(EffectKind::Exposes, words);
                continue;
            }
            let Some(after) = after.filter(|_| limited_before) else {
                continue;
            };
            let allowed = before.map(|one| let_through(one, way)).unwrap_or_default();
            for (peer, port) in let_through(after, way) {
                let covered = allowed.iter().any(|(known, at)| {
                    (known == &peer || known == ANYBODY) && (at == &port || at == EVERY_PORT)
                });
                if !covered {
                    let direction = if way == "ingress" { "from" } else { "to" };
                    self.push(
                        EffectKind::Exposes,
                        format!(
                            "{} lets more through: {direction} {peer}, {port}",
                            after.id()
                        ),
                    );
                }
            }
        }
    }
}

const ANYBODY: &str = "anybody";
const EVERY_PORT: &str = "every port";

/// Peers and ports that a policy lets through, in words.
fn let_through(policy: &Object, way: &str) -> BTreeSet<(String, String)> {
    let key = if way == "ingress" { "from" } else { "to" };
    let mut found = BTreeSet::new();
    for rule in items(&policy.value["spec"][way]) {
        let mut peers: Vec<String> = items(&rule[key]).map(in_words).collect();
        if peers.is_empty() {
            peers.push(ANYBODY.to_owned());
        }
        let mut ports: Vec<String> = items(&rule["ports"])
            .map(|port| {
                let protocol = port["protocol"].as_str().unwrap_or("TCP");
                let shown = port["port"]
                    .as_str()
                    .map_or_else(|| port["port"].to_string(), str::to_owned);
                let last = port["endPort"]
                    .as_u64()
                    .map_or_else(String::new, |last| format!("-{last}"));
                format!("port {shown}{last}/{protocol}")
            })
            .collect();
        if ports.is_empty() {
            ports.push(EVERY_PORT.to_owned());
        }
        for peer in &peers {
            for port in &ports {
                found.insert((peer.clone(), port.clone()));
            }
        }
    }
    found
}

/// A peer by its labels, in a stable order.
fn in_words(peer: &Value) -> String {
    let selector = |selector: &Value| {
        let mut labels: Vec<String> = selector["matchLabels"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| format!("{key}={}", text(value)))
            .collect();
        for expression in items(&selector["matchExpressions"]) {
            let mut values: Vec<&str> = items(&expression["values"]).map(text).collect();
            values.sort_unstable();
            labels.push(format!(
                "{} {} {}",
                text(&expression["key"]),
                text(&expression["operator"]),
                values.join(", ")
            ));
        }
        labels.sort();
        if labels.is_empty() {
            "all".to_owned()
        } else {
            labels.join(", ")
        }
    };
    let block = &peer["ipBlock"];
    if block.is_object() {
        let mut except: Vec<&str> = items(&block["except"]).map(text).collect();
        except.sort_unstable();
        let except = if except.is_empty() {
            String::new()
        } else {
            format!(" without {}", except.join(", "))
        };
        return format!("{}{except}", text(&block["cidr"]));
    }
    match (&peer["namespaceSelector"], &peer["podSelector"]) {
        (Value::Null, pods) => format!("pods {}", selector(pods)),
        (namespaces, Value::Null) => format!("namespaces {}", selector(namespaces)),
        (namespaces, pods) => format!(
            "pods {} in namespaces {}",
            selector(pods),
            selector(namespaces)
        ),
    }
}

/// The pods of a rendering that a budget takes.
fn protected(world: &World, budget: &Object) -> Option<taskspec_report::Pods> {
    let all = world.all().unwrap_or_default().iter();
    let found = all
        .filter(|object| ["Deployment", "StatefulSet"].contains(&object.kind()))
        .find(|object| {
            object.pod().is_some_and(|pod| {
                matches(
                    &budget.value["spec"]["selector"],
                    &pod["metadata"]["labels"],
                )
            })
        });
    found.map(|object| pods::describe(world, object))
}

fn size(spec: &Value) -> String {
    let stated = &spec["resources"]["requests"]["storage"];
    let stated = if stated.is_null() {
        &spec["storage"]["size"]
    } else {
        stated
    };
    stated
        .as_str()
        .map_or_else(|| stated.to_string(), str::to_owned)
}

fn hosts(spec: &Value) -> BTreeSet<String> {
    let rules = items(&spec["rules"]).filter_map(|rule| {
        let has_paths = rule["http"].is_object();
        has_paths.then(|| rule["host"].as_str().unwrap_or("every host").to_owned())
    });
    rules
        .chain(items(&spec["hostnames"]).map(|host| text(host).to_owned()))
        .collect()
}
