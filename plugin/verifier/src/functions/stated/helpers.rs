//! Containers that the compiler adds of its own accord.

use super::{object_pod, pod_spec};
use crate::world::{World, is_made};
use serde_json::{Value, json};
use taskspec_manifest::{Object, items, text};

/// What waits, leaves a mark or tests, with its place.
///
/// # Errors
/// If Helm refused to render the chart.
pub fn helpers(world: &World) -> Result<Vec<Value>, String> {
    let own = world
        .all()?
        .iter()
        .filter(|object| is_made(object) && object.is_own() && object.pod().is_some());
    let mut found = Vec::new();
    for object in own {
        let spec = pod_spec(object);
        for list in ["initContainers", "containers"] {
            for (index, container) in items(&object_pod(object)["spec"][list]).enumerate() {
                if !is_stated(world.stated(), object, text(&container["name"])) {
                    found.push(json!({
                        "object": object.id(),
                        "path": format!("{spec}.{list}[{index}]"),
                        "container": container,
                    }));
                }
            }
        }
    }
    Ok(found)
}

/// Whether the specification names a container of an object.
fn is_stated(spec: &Value, object: &Object, name: &str) -> bool {
    if object.hooks().contains(&"test") {
        return false;
    }
    let component = object.label("app.kubernetes.io/component");
    let table = &spec["workloads"][component];
    let model = &spec["workloads"][text(&table["like"])];
    let inner = [table, model].into_iter().any(|table| {
        ["init", "sidecars"]
            .iter()
            .any(|list| !table[*list][name].is_null())
    });
    inner || name == component || name == "migrate"
}
