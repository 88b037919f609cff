//! Functions that give objects of a rendering.

use super::{Call, list, paths};
use crate::data::{to_cel, to_json};
use kube_cel::cel::{ResolveResult, Value as Cel};
use serde_json::{Value, json};
use taskspec_manifest::{matches, text};

pub fn rendering(call: &Call<'_>) -> ResolveResult {
    let name = call.text(0)?;
    if call.scene.named(name).is_none() {
        return Err(call.error(format!("there is no environment `{name}`")));
    }
    Ok(to_cel(&json!({ "rendering": name })))
}

pub fn object(call: &Call<'_>) -> ResolveResult {
    let world = call.world()?;
    let object = world.one(call.text(0)?, call.text(1)?);
    let object = object.map_err(|fault| call.error(fault))?;
    Ok(world.plain(object))
}

pub fn objects(call: &Call<'_>) -> ResolveResult {
    let world = call.world()?;
    if call.args.is_empty() {
        let all = world.lists().map_err(|fault| call.error(fault))?;
        return Ok(all.objects.clone());
    }
    let objects = world.of_kind(call.text(0)?);
    let objects = objects.map_err(|fault| call.error(fault))?;
    Ok(list(objects.into_iter().map(|object| world.plain(object))))
}

pub fn made(call: &Call<'_>) -> ResolveResult {
    let all = call.world()?.lists();
    all.map(|all| all.made.clone())
        .map_err(|fault| call.error(fault))
}

pub fn has(call: &Call<'_>) -> ResolveResult {
    let found = call.world()?.named(call.text(0)?, call.text(1)?);
    let found = found.map_err(|fault| call.error(fault))?;
    Ok(Cel::Bool(!found.is_empty()))
}

pub fn workload(call: &Call<'_>) -> ResolveResult {
    let found = call.world()?.workload(call.text(0)?);
    found.map_err(|fault| call.error(fault))
}

pub fn workloads(call: &Call<'_>) -> ResolveResult {
    let world = call.world()?;
    let all = world.own_workloads().map_err(|fault| call.error(fault))?;
    Ok(list(all.into_iter().map(|object| world.view(object))))
}

pub fn pods(call: &Call<'_>) -> ResolveResult {
    let all = call.world()?.lists();
    all.map(|all| all.pods.clone())
        .map_err(|fault| call.error(fault))
}

pub fn hooks(call: &Call<'_>) -> ResolveResult {
    let (world, event) = (call.world()?, call.text(0)?);
    let all = world.all().map_err(|fault| call.error(fault))?;
    let mut hooks: Vec<_> = all
        .iter()
        .filter(|object| object.hooks().contains(&event))
        .collect();
    hooks.sort_by_key(|object| (object.weight(), object.kind().to_owned(), object.id()));
    Ok(list(hooks.into_iter().map(|object| world.plain(object))))
}

/// Everything with pods that an object's selector takes.
pub fn selected(call: &Call<'_>) -> ResolveResult {
    let (world, object) = (call.world()?, call.value(0)?);
    let part = |path: &str| to_json(&paths::at(object, path));
    let selector: Value = match text(&part("kind")) {
        "Service" => json!({ "matchLabels": part("spec.selector") }),
        "NetworkPolicy" => part("spec.podSelector"),
        _ => part("spec.selector"),
    };
    let all = world.all().map_err(|fault| call.error(fault))?.iter();
    Ok(list(
        all.filter(|object| {
            object
                .pod()
                .is_some_and(|pod| matches(&selector, &pod["metadata"]["labels"]))
        })
        .map(|object| world.view(object)),
    ))
}
