//! A fact that only one environment states is worth as much there as one that
//! all share: moving it from the base into an environment changes nothing in
//! that environment, and leaves charts that render in all others.

use regex::Regex;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use taskspec_tests::chart::{Built, Case, Variant};
use taskspec_tests::manifest::{self, Object};
use taskspec_tests::parallel;
use taskspec_tests::tables::{self, Place};
use taskspec_tests::text::written;
use taskspec_tests::tools::Helm;
use taskspec_tests::verify::{examination, faults, judge};

/// What shapes the chart as a whole, or is judged rather than rendered.
const SHARED: &[&str] = &[
    "spec",
    "intent",
    "chart",
    "criteria",
    "constraints",
    "non-goals",
    "decisions",
    "platform",
    "environments",
];

/// The environment that gets the facts, if a specification has none of its own.
const NEW: &str = "moved";

/// Whether moving a place changes what the others mean: a host without paths
/// leads to the main workload, and whoever runs the image of a workload has its
/// variables.
fn is_entangled(place: &[String]) -> bool {
    let is = |index: usize, key: &str| place.get(index).is_some_and(|known| known == key);
    let of_host = is(1, "hosts") && is(3, "paths");
    let image = place.last().is_some_and(|key| key == "image");
    of_host || image && (is(0, "migrations") || place.len() > 3)
}

/// Places below the sections that are not shared.
fn places(table: &toml::Table) -> Vec<Place> {
    let mut all = tables::places(table);
    all.retain(|place| place.len() > 1 && !SHARED.contains(&place[0].as_str()));
    all
}

/// The specification with an environment at least, and that one's name.
fn with_environment(case: &Case) -> (toml::Table, String) {
    let mut table: toml::Table = case.spec.parse().expect("the specification is TOML");
    let environments = table
        .entry("environments")
        .or_insert_with(|| toml::Value::Table(toml::Table::new()));
    let environments = environments.as_table_mut().expect("environments");
    if environments.is_empty() {
        environments.insert(NEW.to_owned(), toml::Value::Table(toml::Table::new()));
    }
    let name = environments.keys().next_back().expect("one").clone();
    (table, name)
}

/// The specification with one fact moved into the environment.
fn moved(table: &toml::Table, environment: &str, place: &[String]) -> Option<toml::Table> {
    let mut table = table.clone();
    let value = tables::take(&mut table, place)?;
    let environment = ["environments".to_owned(), environment.to_owned()];
    let to = [&environment, place].concat();
    if tables::get(&table, &to).is_some() {
        return None;
    }
    tables::put(&mut table, &to, value);
    tables::get(&table, &to).is_some().then_some(table)
}

fn build(name: &str, table: &toml::Table) -> Option<Built> {
    let chart = taskspec_plugin::compile(&written(table), &[]).chart?;
    Some(Built::new(name, chart))
}

fn objects(chart: &Built, variant: &Variant) -> Result<Vec<Object>, String> {
    let text = chart.render(&Helm::newest(), "release", variant, &[])?;
    manifest::parse(&text)
}

fn variant(chart: &Built, environment: &str) -> Variant {
    let all = chart.variants();
    let found = all.iter().find(|one| one.name == environment);
    found.expect("the environment is there").clone()
}

/// Without what Helm makes at random, what an order means, and the ends of
/// names that count or stand for where values are written.
fn comparable(objects: &[Object]) -> Vec<(String, Value)> {
    let end = Regex::new("-([0-9a-f]{8}|[0-9])$").expect("a pattern");
    let mut all: Vec<(String, Value)> = objects
        .iter()
        .map(|object| {
            let mut value = object.value.clone();
            if object.kind() == "Secret" {
                for part in ["data", "stringData"] {
                    for (_, data) in value[part].as_object_mut().into_iter().flatten() {
                        *data = Value::Null;
                    }
                }
            }
            order(&mut value, &end);
            let name = end.replace(object.name(), "");
            (format!("{}/{name}", object.kind()), value)
        })
        .collect();
    all.sort_by_key(|(name, value)| (name.clone(), value.to_string()));
    all
}

/// Orders lists and lines, except in programs.
fn order(value: &mut Value, end: &Regex) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                if !["command", "args"].contains(&key.as_str()) {
                    order(inner, end);
                }
            }
        }
        Value::Array(list) => {
            list.iter_mut().for_each(|one| order(one, end));
            list.sort_by_key(Value::to_string);
        }
        Value::String(text) => {
            let mut lines: Vec<&str> = text.lines().collect();
            lines.sort_unstable();
            let lines = lines.join("\n");
            *text = end.replace(&lines, "").into_owned();
        }
        _ => {}
    }
}

/// The first difference of two renderings, none if they are the same.
fn difference(before: &[Object], after: &[Object]) -> Option<String> {
    let (before, after) = (comparable(before), comparable(after));
    let names = |all: &[(String, Value)]| all.iter().map(|one| one.0.clone()).collect::<Vec<_>>();
    let (old, new) = (names(&before), names(&after));
    if old != new {
        let lost = old.iter().filter(|one| !new.contains(one));
        let added = new.iter().filter(|one| !old.contains(one));
        return Some(format!(
            "lost {:?}, added {:?}",
            lost.collect::<Vec<_>>(),
            added.collect::<Vec<_>>()
        ));
    }
    before.iter().zip(&after).find_map(|(old, new)| {
        let mut path = String::new();
        first(&old.1, &new.1, &mut path).map(|what| format!("{}{path}: {what}", old.0))
    })
}

fn first(old: &Value, new: &Value, path: &mut String) -> Option<String> {
    if old == new {
        return None;
    }
    match (old, new) {
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys());
            for key in keys {
                let (a, b) = (a.get(key), b.get(key));
                if a != b {
                    *path += &format!(".{key}");
                    let null = Value::Null;
                    return first(a.unwrap_or(&null), b.unwrap_or(&null), path);
                }
            }
            None
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let index = a.iter().zip(b).position(|(a, b)| a != b)?;
            *path += &format!("[{index}]");
            first(&a[index], &b[index], path)
        }
        _ => Some(format!("{old} became {new}")),
    }
}

/// What one move changes that it should not.
fn fault(name: &str, before: &[Object], chart: &Built, environment: &str) -> Option<String> {
    for variant in chart.variants() {
        let here = variant.name == environment;
        match objects(chart, &variant) {
            Err(said) => return Some(format!("{name}: {}: {said}", variant.name)),
            Ok(after) if here => {
                if let Some(found) = difference(before, &after) {
                    return Some(format!("{name}: {found}"));
                }
            }
            Ok(_) => {}
        }
    }
    None
}

/// A specification with one fact in another place.
struct Move {
    name: String,
    table: toml::Table,
    environment: String,
}

/// One of so many facts of every specification, and what it was before.
fn moves(stride: usize) -> Vec<(Move, Arc<Vec<Object>>)> {
    let stated = std::env::var("TASKSPEC_STRIDE").ok();
    let stride = stated.map_or(stride, |text| text.parse().expect("a number"));
    let only = std::env::var("TASKSPEC_CASE").unwrap_or_default();
    let mut moves = Vec::new();
    for case in Case::all() {
        if !case.name.contains(&only) {
            continue;
        }
        let (table, environment) = with_environment(&case);
        let original = build(&case.name, &table).expect("TOML written anew is the same");
        let before = objects(&original, &variant(&original, &environment))
            .unwrap_or_else(|fault| panic!("{fault}"));
        let before = Arc::new(before);
        let mut all = places(&table);
        all.retain(|place| !is_entangled(place));
        for place in all.into_iter().step_by(stride) {
            if let Some(table) = moved(&table, &environment, &place) {
                let one = Move {
                    name: format!("{} {}", case.name, place.join(".")),
                    table,
                    environment: environment.clone(),
                };
                moves.push((one, Arc::clone(&before)));
            }
        }
    }
    moves
}

#[test]
fn a_fact_of_one_environment_is_worth_as_much_there() {
    let moves = moves(7);
    let tried = moves.len();
    let outcomes = parallel::map(moves, |(one, before)| {
        let chart = build(&one.name, &one.table)?;
        Some(fault(&one.name, &before, &chart, &one.environment))
    });
    // What cannot differ between environments is refused.
    let built: Vec<Option<String>> = outcomes.into_iter().flatten().collect();
    eprintln!("{} of {tried} moves give a chart", built.len());
    assert!(built.len() * 4 > tried, "too few: most facts may differ");
    parallel::report(built.into_iter().flatten().collect());
}

#[test]
fn a_fact_of_one_environment_raises_no_alarm() {
    let helm = Helm::newest();
    let judged = AtomicUsize::new(0);
    let moves = moves(31);
    let tried = moves.len();
    parallel::no_faults(moves, |(mut one, _)| {
        // Criteria may well depend on where a fact stands.
        for key in ["criteria", "constraints", "non-goals", "decisions"] {
            one.table.remove(key);
        }
        let Some(chart) = build(&one.name, &one.table) else {
            return Vec::new();
        };
        judged.fetch_add(1, Ordering::Relaxed);
        let report = judge(&examination(&chart, &written(&one.table), &helm));
        let faults = faults(&report).into_iter();
        faults
            .map(|fault| format!("{}: {fault}", one.name))
            .collect()
    });
    assert!(judged.into_inner() * 4 > tried, "too few were judged");
}
