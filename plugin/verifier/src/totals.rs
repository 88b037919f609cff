//! What a rendering asks of the cluster in total.

use crate::amount::amount;
use crate::data::to_json;
use crate::world::World;
use serde_json::Value;
use taskspec_manifest::{items, text};
use taskspec_report::{Amounts, Totals};

/// Adds up a rendering. Jobs, hooks and tests end, so they do not count.
///
/// # Errors
/// If Helm refused to render it, or a quantity cannot be read.
pub fn of(world: &World) -> Result<Totals, String> {
    let mut totals = Totals::default();
    for object in world.all()? {
        if object.kind() == "PersistentVolumeClaim" {
            totals.storage += size(&object.value["spec"])?;
        }
        if !["Deployment", "StatefulSet", "DaemonSet"].contains(&object.kind()) {
            continue;
        }
        let view = to_json(&world.view(object));
        let (least, most) = (
            view["replicas"].as_u64().unwrap_or(1),
            view["mostReplicas"].as_u64().unwrap_or(1),
        );
        totals.pods += least;
        totals.most_pods += most;
        for claim in items(&object.value["spec"]["volumeClaimTemplates"]) {
            totals.storage += size(&claim["spec"])? * number(most);
        }
        let running = items(&view["containers"])
            .chain(items(&view["sidecars"]).filter(|one| one["restartPolicy"] == "Always"));
        for container in running {
            let resources = &container["resources"];
            add(&mut totals.requests, &resources["requests"], number(least))?;
            add(&mut totals.limits, &resources["limits"], number(most))?;
        }
    }
    Ok(totals)
}

fn add(sum: &mut Amounts, stated: &Value, times: f64) -> Result<(), String> {
    sum.cpu += read(&stated["cpu"])? * times;
    sum.memory += read(&stated["memory"])? * times;
    Ok(())
}

fn size(claim: &Value) -> Result<f64, String> {
    read(&claim["resources"]["requests"]["storage"])
}

/// A quantity; 0 if there is none.
fn read(value: &Value) -> Result<f64, String> {
    match value {
        Value::Null => Ok(0.0),
        Value::Number(number) => Ok(number.as_f64().unwrap_or_default()),
        other => amount(text(other)),
    }
}

#[allow(clippy::cast_precision_loss, reason = "nobody has 2^53 pods")]
fn number(count: u64) -> f64 {
    count as f64
}
