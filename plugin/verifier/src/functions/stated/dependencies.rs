//! What is said of the servers that come with the release.

use super::Facts;
use crate::world::is_made;
use serde_json::{Value, json};
use taskspec_manifest::{Object, items, text};

/// Types of Services that can be reached from outside of the cluster.
const OUTSIDE: [&str; 2] = ["LoadBalancer", "NodePort"];

/// Services, claims and isolation of the dependencies' own charts.
pub fn dependencies(facts: &mut Facts<'_>) {
    let stated = facts.spec["dependencies"].as_object();
    for (name, table) in stated.into_iter().flatten() {
        if table["external"] == true || text(&table["from"]).starts_with("external/") {
            continue;
        }
        let inside = format!("/charts/{name}/");
        let all = facts.objects.iter();
        for object in all.filter(|object| object.source.contains(&inside)) {
            match object.kind() {
                "Service" => service(facts, table, object),
                "StatefulSet" => {
                    claims(
                        facts,
                        table,
                        object,
                        &object.value["spec"]["volumeClaimTemplates"],
                    );
                }
                "PersistentVolumeClaim" => {
                    claims(facts, table, object, &json!([object.value]));
                }
                _ => {}
            }
        }
    }
}

/// Nobody outside of the cluster connects, unless the dependency's values ask for it.
fn service(facts: &mut Facts<'_>, table: &Value, object: &Object) {
    let kind = text(&object.value["spec"]["type"]);
    let asked = table.to_string().contains(&format!("\"{kind}\""));
    if OUTSIDE.contains(&kind) && !asked {
        facts.place(object, "spec.type", json!("ClusterIP"));
    }
    if is_made(object) {
        let headless = object.name().ends_with("-headless");
        let address = if headless { json!("None") } else { Value::Null };
        facts.place(object, "spec.clusterIP", address);
    }
}

/// Of several claims of a server, the data's has the stated size and class.
fn claims(facts: &mut Facts<'_>, table: &Value, object: &Object, claims: &Value) {
    if items(claims).next().is_none() {
        return;
    }
    for (key, path) in [
        ("storage", "/spec/resources/requests/storage"),
        ("storage-class", "/spec/storageClassName"),
    ] {
        if !table[key].is_string() {
            continue;
        }
        let place = path.trim_start_matches('/').replace('/', ".");
        let found: Vec<Value> = items(claims)
            .filter_map(|one| one.pointer(path).cloned())
            .collect();
        let first = found.first().cloned().unwrap_or_default();
        let found = found.into_iter().find(|one| super::same(one, &table[key]));
        facts.add(object, &place, &found.unwrap_or(first), table[key].clone());
    }
    let writes = |claim: &Value| {
        let mut modes = items(&claim["spec"]["accessModes"]);
        modes.any(|mode| text(mode).starts_with("ReadWrite"))
    };
    let found = if items(claims).all(writes) {
        "can be written"
    } else {
        "cannot be written"
    };
    let expected = json!("can be written");
    facts.add(object, "spec.accessModes", &json!(found), expected);
}
