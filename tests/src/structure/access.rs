//! Rights at the API of Kubernetes: bindings lead from roles to accounts that
//! exist, and a token is mounted only where its account belongs to that pod alone.

use super::{Rendering, items, text};
use crate::manifest::{Object, Pod};
use serde_json::Value;

pub fn faults(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for (binding, role) in [
        ("RoleBinding", "Role"),
        ("ClusterRoleBinding", "ClusterRole"),
    ] {
        faults.extend(rendering.each_own(binding, |rendering, object| {
            binding_faults(rendering, object, role)
        }));
        faults.extend(rendering.each_own(role, |rendering, object| {
            let bound = rendering
                .kind(binding)
                .any(|other| other.value["roleRef"]["name"] == object.name());
            let mut found = Vec::new();
            if !bound {
                found.push("is bound to nobody".to_owned());
            }
            found.extend(rules(object));
            found
        }));
    }
    faults.extend(rendering.each_own("ServiceAccount", |rendering, object| {
        let used = rendering
            .pods()
            .iter()
            .any(|pod| pod.spec["serviceAccountName"] == object.name());
        let mut found = Vec::new();
        if object.value["automountServiceAccountToken"] != false {
            found.push("mounts its token into every pod".to_owned());
        }
        if !used {
            found.push("is the account of no pod".to_owned());
        }
        found
    }));
    for pod in rendering.pods() {
        if !pod.object.is_from(rendering.from_repositories) {
            faults.extend(super::of(pod.object, token(rendering, &pod)));
        }
    }
    faults
}

fn binding_faults(rendering: &Rendering<'_>, binding: &Object, role: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let reference = &binding.value["roleRef"];
    let name = text(&reference["name"]);
    if reference["kind"] != role || rendering.find(role, name).is_none() {
        faults.push(format!(
            "{} {name} does not exist",
            text(&reference["kind"])
        ));
    }
    let subjects: Vec<_> = items(&binding.value["subjects"]).collect();
    if subjects.is_empty() {
        faults.push("binds nobody".to_owned());
    }
    for subject in subjects {
        let name = text(&subject["name"]);
        let there = rendering.find("ServiceAccount", name).is_some()
            || rendering.known("ServiceAccount", name).is_some();
        if subject["kind"] != "ServiceAccount" || subject["namespace"] != "ns" || !there {
            faults.push(format!("ServiceAccount {name} does not exist in ns"));
        }
        let used = rendering.pods().iter().any(|pod| {
            pod.spec["serviceAccountName"] == name
                && pod.spec["automountServiceAccountToken"] == true
        });
        if !used {
            faults.push(format!("no pod mounts the token of {name}"));
        }
    }
    faults
}

/// Rules for everything, which nobody asked for, and rules for nothing.
fn rules(role: &Object) -> Vec<String> {
    let mut faults = Vec::new();
    let rules: Vec<&Value> = items(&role.value["rules"]).collect();
    if rules.is_empty() {
        faults.push("has no rule".to_owned());
    }
    for rule in rules {
        for key in ["apiGroups", "resources", "verbs"] {
            let stated: Vec<&str> = items(&rule[key]).map(text).collect();
            if stated.is_empty() {
                faults.push(format!("a rule names no {key}"));
            }
            if stated.contains(&"*") {
                faults.push(format!("allows all {key}"));
            }
        }
    }
    faults
}

fn token(rendering: &Rendering<'_>, pod: &Pod<'_>) -> Vec<String> {
    let mounted = &pod.spec["automountServiceAccountToken"];
    if mounted == false {
        return Vec::new();
    }
    if mounted != true {
        return vec!["automountServiceAccountToken is left open".to_owned()];
    }
    let account = text(&pod.spec["serviceAccountName"]);
    let shared = rendering.pods().into_iter().any(|other| {
        other.object.id() != pod.object.id() && text(&other.spec["serviceAccountName"]) == account
    });
    if account == "default" || shared {
        vec![format!(
            "mounts the token of {account}, which is not its own account"
        )]
    } else {
        Vec::new()
    }
}
