//! Specifications that nobody wrote: those of the tests, crossed with one
//! another by chance. Most are refused, as those of people in a hurry are.

use std::collections::BTreeSet;

use fastrand::Rng;
use toml::{Table, Value};

use crate::chart::Case;
use crate::tables::{Place, get, places, put, take};
use crate::text::written;

/// A specification that came about by chance.
#[derive(Debug, Clone)]
pub struct Crossed {
    /// What it is made of, and how.
    pub name: String,
    /// Its text.
    pub spec: String,
}

/// Sections that say what the chart is about; they are not exchanged.
const OWN: &[&str] = &["spec", "intent"];

/// What is judged rather than rendered. Criteria of one system say nothing about
/// another one.
const JUDGED: &[&str] = &["criteria", "constraints", "non-goals", "decisions"];

/// Sections and tables whose keys are names, by which others refer to them.
const NAMED: &[&str] = &["workloads", "dependencies", "keys", "volumes", "ports"];

/// `n` specifications, always the same for one seed.
pub fn crossed(seed: u64, n: usize) -> Vec<Crossed> {
    let sources: Vec<(String, Table)> = Case::all()
        .into_iter()
        .map(|case| {
            let mut table: Table = case.spec.parse().expect("the specification is TOML");
            for key in JUDGED {
                table.remove(*key);
            }
            (case.name, table)
        })
        .collect();
    (0..n)
        .map(|n| {
            // Each has a seed of its own, so that one can be made again alone.
            let mut rng = Rng::with_seed(seed.wrapping_add(n as u64));
            one(&sources, &mut rng, n)
        })
        .collect()
}

fn one(sources: &[(String, Table)], rng: &mut Rng, n: usize) -> Crossed {
    let (name, table) = &sources[rng.usize(..sources.len())];
    let mut table = table.clone();
    let mut steps = Vec::new();
    for _ in 0..rng.usize(1..=3) {
        let step = match rng.u8(..10) {
            0 => remove(&mut table, rng),
            1..=3 => transplant(&mut table, rng),
            4 => specialise(&mut table, rng),
            _ => {
                let (from, donor) = &sources[rng.usize(..sources.len())];
                donate(&mut table, donor, rng).map(|step| format!("{step} of {from}"))
            }
        };
        steps.extend(step);
    }
    Crossed {
        name: format!("{n}: {name}, {}", steps.join(", ")),
        spec: written(&table),
    }
}

/// Places of what can be exchanged.
fn parts(table: &Table) -> Vec<Place> {
    let mut all = places(table);
    all.retain(|place| !OWN.contains(&place[0].as_str()));
    all
}

/// Takes something away.
fn remove(table: &mut Table, rng: &mut Rng) -> Option<String> {
    let all = parts(table);
    let place = rng.choice(&all)?;
    take(table, place)?;
    Some(format!("without {}", place.join(".")))
}

/// States something of the base for one environment only.
fn specialise(table: &mut Table, rng: &mut Rng) -> Option<String> {
    let mut all = parts(table);
    all.retain(|place| place[0] != "environments");
    let place = rng.choice(&all)?;
    let environments = table.get("environments")?.as_table()?;
    let environment = rng.choice(environments.keys())?.clone();
    let value = take(table, place)?;
    let mut to = vec!["environments".to_owned(), environment];
    to.extend_from_slice(place);
    put(table, &to, value);
    Some(format!("{} to {}", place.join("."), to[1]))
}

/// Copies an entry into a table of the same name elsewhere: a variable of a
/// workload to a sidecar, a probe to another workload.
fn transplant(table: &mut Table, rng: &mut Rng) -> Option<String> {
    let all = parts(table);
    let place = rng.choice(
        all.iter()
            .filter(|place| place.len() > 2)
            .collect::<Vec<_>>(),
    )?;
    let (last, parent) = place.split_last()?;
    let kind = parent.last()?;
    let parents: BTreeSet<&[String]> = all
        .iter()
        .filter_map(|place| Some(place.split_last()?.1))
        .filter(|other| other.last() == Some(kind) && *other != parent)
        .collect();
    let to = *rng.choice(&parents)?;
    let value = get(table, place)?.clone();
    let to = [to, std::slice::from_ref(last)].concat();
    put(table, &to, value);
    Some(format!("{} from {}", to.join("."), place.join(".")))
}

/// Takes something over from another specification, at the place of the same
/// name. Names that it uses are those of the specification that gets it.
fn donate(table: &mut Table, donor: &Table, rng: &mut Rng) -> Option<String> {
    let all = parts(donor);
    let place = rng.choice(&all)?;
    let mut value = get(donor, place)?.clone();
    let mut to = place.clone();
    for key in NAMED {
        let theirs = names(donor, key);
        let ours: Vec<String> = names(table, key).into_iter().collect();
        if ours.is_empty() {
            continue;
        }
        for name in theirs {
            let mine = &ours[rng.usize(..ours.len())];
            if let Some(index) = to.iter().position(|part| part == key)
                && to.get(index + 1) == Some(&name)
                && index + 2 < to.len()
            {
                to[index + 1].clone_from(mine);
            }
            rename(&mut value, &name, mine);
        }
    }
    put(table, &to, value);
    Some(to.join("."))
}

/// Keys of every table with this name.
fn names(table: &Table, key: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, value) in table {
        let Some(inner) = value.as_table() else {
            continue;
        };
        if name == key {
            found.extend(inner.keys().cloned());
        }
        found.extend(names(inner, key));
    }
    found
}

/// Other words for a name, wherever it stands alone or before a port.
fn rename(value: &mut Value, name: &str, other: &str) {
    match value {
        Value::String(text) if text == name => other.clone_into(text),
        Value::String(text) => {
            if let Some((before, after)) = text.split_once(':')
                && before == name
            {
                *text = format!("{other}:{after}");
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|one| rename(one, name, other)),
        Value::Table(table) => table
            .iter_mut()
            .for_each(|(_, one)| rename(one, name, other)),
        _ => {}
    }
}
