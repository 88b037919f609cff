//! Objects beside a workload: Service, autoscaler, budget, policies, rights.

use super::Rows;
use super::{Context, shown};
use crate::names;
use crate::policy;
use serde_json::Value;
use std::collections::BTreeSet;
use taskspec_manifest::{Object, fields, is_empty, items, number, text};

/// Objects of a workload beside its own.
pub(super) fn beside(rows: &mut Rows, context: &Context<'_>, want: &Object, have: &Object) {
    let (name, item) = (context.environment, context.component);
    let mine = |kind: &str| {
        context.expected.iter().find(|one| {
            one.kind() == kind
                && names::component(one) == item
                && !one.name().ends_with("-headless")
        })
    };
    let labels = have
        .pod()
        .map_or(Value::Null, |pod| pod["metadata"]["labels"].clone());
    let selects = |selector: &Value| {
        !is_empty(selector) && fields(selector).all(|(key, value)| labels[key.as_str()] == *value)
    };
    if let Some(service) = mine("Service") {
        let given = context
            .own
            .iter()
            .filter(|one| one.kind() == "Service" && selects(&one.value["spec"]["selector"]));
        let given: Vec<&Object> = given.collect();
        let ports: Vec<u64> = given
            .iter()
            .flat_map(|one| items(&one.value["spec"]["ports"]))
            .filter_map(|port| number(&port["port"]))
            .collect();
        let wanted =
            items(&service.value["spec"]["ports"]).filter_map(|port| number(&port["port"]));
        let lacks = wanted
            .filter(|port| !ports.contains(port))
            .map(|port| format!("no port {port}"));
        rows.see(
            name,
            "service",
            item,
            given.first().map(|one| one.id()),
            lacks.collect(),
        );
    }
    if let Some(scaler) = mine("HorizontalPodAutoscaler") {
        let given = context.own.iter().find(|one| {
            let target = &one.value["spec"]["scaleTargetRef"];
            one.kind() == "HorizontalPodAutoscaler" && text(&target["name"]) == have.name()
        });
        let lacks = given.map(|given| {
            let differing = ["minReplicas", "maxReplicas"]
                .iter()
                .filter(|key| given.value["spec"][**key] != scaler.value["spec"][**key]);
            let mut lacks: Vec<String> = differing
                .map(|key| {
                    format!(
                        "{key} {} instead of {}",
                        shown(&given.value["spec"][*key]),
                        shown(&scaler.value["spec"][*key])
                    )
                })
                .collect();
            let resources = |object: &Object| -> BTreeSet<String> {
                items(&object.value["spec"]["metrics"])
                    .map(|one| one["resource"]["name"].to_string())
                    .collect()
            };
            lacks.extend(
                resources(scaler)
                    .difference(&resources(given))
                    .map(|one| format!("no metric {one}")),
            );
            lacks
        });
        rows.see(
            name,
            "scaling",
            item,
            given.map(Object::id),
            lacks.unwrap_or_default(),
        );
    }
    if mine("PodDisruptionBudget").is_some() {
        let given = context.own.iter().find(|one| {
            one.kind() == "PodDisruptionBudget"
                && selects(&one.value["spec"]["selector"]["matchLabels"])
        });
        rows.see(name, "disruption", item, given.map(Object::id), Vec::new());
    }
    if let Some(policy) = mine("NetworkPolicy") {
        let given: Vec<&Object> = context
            .own
            .iter()
            .filter(|one| {
                one.kind() == "NetworkPolicy"
                    && taskspec_manifest::matches(&one.value["spec"]["podSelector"], &labels)
            })
            .collect();
        let doors = |objects: &[&Object],
                     all: &[Object],
                     workloads: &[(Value, String)]|
         -> BTreeSet<String> {
            let flats = objects
                .iter()
                .map(|one| policy::flat(&one.value["spec"], all, workloads));
            let mut said = BTreeSet::new();
            for flat in flats {
                for direction in ["ingress", "egress"] {
                    let opened = flat.get(direction).and_then(Value::as_object);
                    said.extend(
                        opened
                            .into_iter()
                            .flatten()
                            .map(|(door, _)| format!("{direction} {door}")),
                    );
                }
            }
            said
        };
        let wanted = doors(&[policy], context.expected, context.by_component);
        let opened = doors(&given, context.own, context.matched);
        // Tests are named otherwise in every chart.
        let lacks = wanted
            .difference(&opened)
            .filter(|door| !door.contains("connection-test"));
        let lacks: Vec<String> = lacks
            .map(|door| format!("{door} is closed"))
            .chain(
                opened
                    .difference(&wanted)
                    .map(|door| format!("{door} is open")),
            )
            .collect();
        let found = given.first().map(|one| one.id());
        let lacks = if found.is_some() { lacks } else { Vec::new() };
        rows.see(name, "network", item, found, lacks);
    }
    rights(rows, context, want, have);
}

/// What an account may do, as sentences.
pub(super) fn rights_of(object: &Object, all: &[Object]) -> BTreeSet<String> {
    let account = object
        .pod()
        .map_or("", |pod| text(&pod["spec"]["serviceAccountName"]));
    let bindings = all.iter().filter(|one| {
        one.kind().ends_with("RoleBinding")
            && !account.is_empty()
            && items(&one.value["subjects"]).any(|subject| text(&subject["name"]) == account)
    });
    let mut found = BTreeSet::new();
    for binding in bindings {
        let reference = &binding.value["roleRef"];
        let role = all.iter().find(|one| {
            one.kind() == text(&reference["kind"]) && one.name() == text(&reference["name"])
        });
        for rule in role
            .into_iter()
            .flat_map(|role| items(&role.value["rules"]))
        {
            for verb in items(&rule["verbs"]).map(text) {
                found.extend(
                    items(&rule["resources"]).map(|resource| format!("{verb} {}", text(resource))),
                );
            }
        }
    }
    found
}

pub(super) fn rights(rows: &mut Rows, context: &Context<'_>, want: &Object, have: &Object) {
    let (wanted, given) = (
        rights_of(want, context.expected),
        rights_of(have, context.own),
    );
    if wanted.is_empty() {
        return;
    }
    let lacks: Vec<String> = wanted
        .difference(&given)
        .map(|right| format!("may not {right}"))
        .chain(
            given
                .difference(&wanted)
                .map(|right| format!("may {right}")),
        )
        .collect();
    let found = (!given.is_empty()).then(|| have.id());
    rows.see(
        context.environment,
        "rights",
        context.component,
        found,
        lacks,
    );
}
