//! The examples of rules, judged.

use super::{Example, Rule, Scope};
use crate::data::to_cel;
use crate::functions::Scene;
use crate::world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use taskspec_report::Fault;

/// What refutes a rule in its example; none if the rule holds.
///
/// # Panics
/// If the example's manifests cannot be read.
pub fn judge(rule: &Rule, example: &Example) -> Vec<Fault> {
    let data = |table: &Option<toml::Table>| {
        let table = table.clone().unwrap_or_default();
        to_cel(&serde_json::to_value(table).unwrap_or(Value::Null))
    };
    let mut texts: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, text) in &example.environments {
        texts.insert(name, text);
    }
    if texts.is_empty() {
        texts.insert("prod", &example.manifests);
    }
    let worlds: Vec<Arc<World>> = texts
        .iter()
        .map(|(name, text)| {
            let objects = taskspec_manifest::parse(text, &[]);
            let objects = objects.unwrap_or_else(|fault| panic!("{}: {fault}", rule.name));
            let mut world = World::new(Ok(objects));
            (*name).clone_into(&mut world.environment);
            "rel".clone_into(&mut world.release);
            "shop".clone_into(&mut world.chart);
            "ns".clone_into(&mut world.namespace);
            world.spec = data(&example.spec);
            Arc::new(world)
        })
        .collect();
    let n_scenes = match rule.data.scope {
        Scope::Once => 1,
        Scope::Environment | Scope::LongestName => worlds.len(),
    };
    let worlds = Arc::new(worlds);
    let given = match &example.given {
        Some(_) => data(&example.given),
        None => to_cel(&json!({})),
    };
    (0..n_scenes)
        .flat_map(|current| {
            let scene = Scene {
                worlds: Arc::clone(&worlds),
                current,
                known: Arc::default(),
                plain: Arc::default(),
            };
            rule.judge(&scene, &given).faults
        })
        .collect()
}
