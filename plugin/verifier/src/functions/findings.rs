//! Functions that judge a whole rendering and list what they find.

use super::{Call, paths, stated as facts};
use crate::data::{to_cel, to_json};
use crate::world::World;
use crate::{alike, network, references, secrets, totals as sums};
use kube_cel::cel::{ExecutionError, ResolveResult, Value as Cel};
use serde_json::{Value, json};

/// The pod of a workload that is an argument.
fn pod(call: &Call<'_>, index: usize) -> Result<Value, ExecutionError> {
    Ok(to_json(&paths::at(call.value(index)?, "pod")))
}

/// What a function finds in a rendering, found once for all rules.
fn once(
    call: &Call<'_>,
    topic: &str,
    find: impl Fn(&World) -> Result<Vec<Value>, String>,
) -> ResolveResult {
    let world = call.world()?;
    let found = world.found(call.name, topic, || Ok(to_cel(&Value::Array(find(world)?))));
    found.map_err(|fault| call.error(fault))
}

pub fn admits(call: &Call<'_>) -> ResolveResult {
    let (to, port) = (pod(call, 0)?, call.data(1)?);
    let admitted = network::admits(call.world()?, &to, &port);
    admitted.map(Cel::Bool).map_err(|fault| call.error(fault))
}

pub fn allowed(call: &Call<'_>) -> ResolveResult {
    let (from, to, port) = (pod(call, 0)?, pod(call, 1)?, call.data(2)?);
    let allowed = network::allowed(call.world()?, &from, &to, &port);
    allowed.map(Cel::Bool).map_err(|fault| call.error(fault))
}

pub fn dangling(call: &Call<'_>) -> ResolveResult {
    let known = |name: &str| call.scene.known.contains(name);
    once(call, "", |world| references::dangling(world, &known))
}

pub fn leads(call: &Call<'_>) -> ResolveResult {
    let known = |name: &str| call.scene.known.contains(name);
    once(call, "", |world| network::leads(world, &known))
}

pub fn too_early(call: &Call<'_>) -> ResolveResult {
    once(call, "", references::too_early)
}

pub fn exposed_secrets(call: &Call<'_>) -> ResolveResult {
    once(call, "", |world| secrets::exposed(world, &call.scene.plain))
}

pub fn unexplained(call: &Call<'_>) -> ResolveResult {
    call.world()?;
    // Other renderings count as well, so nothing is kept with this one.
    let found = alike::unexplained(call.scene).map_err(|fault| call.error(fault))?;
    Ok(to_cel(&Value::Array(found)))
}

pub fn stated(call: &Call<'_>) -> ResolveResult {
    let topic = call.text(0)?;
    once(call, topic, |world| facts::facts(world, topic))
}

pub fn helpers(call: &Call<'_>) -> ResolveResult {
    once(call, "", facts::helpers)
}

pub fn refused(call: &Call<'_>) -> ResolveResult {
    Ok(Cel::Bool(call.world()?.objects.is_err()))
}

pub fn totals(call: &Call<'_>) -> ResolveResult {
    let totals = sums::of(call.world()?).map_err(|fault| call.error(fault))?;
    Ok(to_cel(&json!(totals)))
}
