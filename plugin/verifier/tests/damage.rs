//! Every kind of damage does what its example says, and none stumbles over odd
//! manifests.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use taskspec_manifest::{self as manifest, Object};
use taskspec_verifier::strength::change::Change;
use taskspec_verifier::strength::damage::{CATALOGUE, Damage, catalogue};

#[test]
fn the_catalogue_is_the_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("damage");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let name = entry.unwrap().file_name();
            name.to_string_lossy().replace(".toml", "")
        })
        .collect();
    let listed: BTreeSet<String> = CATALOGUE
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(files, listed);
    assert!(CATALOGUE.is_sorted_by_key(|(name, _)| *name));
    assert!(CATALOGUE.len() >= 50);
}

fn read(text: &str) -> Vec<Object> {
    manifest::parse(text, &[]).unwrap_or_else(|fault| panic!("{fault}:\n{text}"))
}

fn values(objects: &[Object]) -> Vec<&Value> {
    objects.iter().map(|object| &object.value).collect()
}

fn first(damage: &Damage, objects: &[Object]) -> Option<Vec<Object>> {
    let place = damage.places(objects).into_iter().next()?;
    damage.apply(objects, &place, "rel", "ns")
}

#[test]
fn each_kind_does_what_its_example_says() {
    let mut faults = Vec::new();
    for damage in catalogue().unwrap() {
        let name = &damage.name;
        let (before, after) = (
            read(&damage.data.example.before),
            read(&damage.data.example.after),
        );
        match first(&damage, &before) {
            None => faults.push(format!("{name} fits nowhere in its example")),
            Some(found) if values(&found) != values(&after) => {
                faults.push(format!("{name}: {:#?}", values(&found)));
            }
            Some(_) => {}
        }
        // What writes a value changes nothing where it stands already.
        let again = matches!(damage.data.change, Change::Replace(_) | Change::Set(_));
        if again && first(&damage, &after).is_some() && damage.data.at.len() == 1 {
            faults.push(format!("{name} fits where it is done already"));
        }
        for text in [&damage.data.title, &damage.data.suggest.title] {
            if text.ends_with('.') || text.contains('\n') {
                faults.push(format!("{name}: a title is one line without a full stop"));
            }
        }
        if !damage.data.about.trim().ends_with('.') {
            faults.push(format!("{name}: `about` is sentences"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Values that stand where something else is expected.
fn oddities() -> Vec<Value> {
    vec![
        Value::Null,
        json!([]),
        json!({}),
        json!([null, [], "x", 5, { "name": null }, { "name": 7 }]),
        json!("text"),
        json!(-1),
        json!(0.5),
        json!(true),
    ]
}

/// A value with an oddity in the place of each of its parts, one at a time.
fn bent(value: &Value, odd: &Value) -> Vec<Value> {
    let mut all = vec![odd.clone()];
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                for new in bent(inner, odd) {
                    let mut copy = map.clone();
                    copy.insert(key.clone(), new);
                    all.push(Value::Object(copy));
                }
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                for new in bent(inner, odd) {
                    let mut copy = list.clone();
                    copy[index] = new;
                    all.push(Value::Array(copy));
                }
            }
        }
        _ => {}
    }
    all
}

#[test]
fn odd_manifests_are_left_alone_or_damaged() {
    let mut n_damaged = 0;
    for damage in catalogue().unwrap() {
        for odd in oddities() {
            let good = read(&damage.data.example.before);
            for index in 0..good.len() {
                for value in bent(&good[index].value, &odd) {
                    let mut objects = good.clone();
                    objects[index].value = value;
                    for place in damage.places(&objects) {
                        let done = damage.apply(&objects, &place, "rel", "ns");
                        n_damaged += usize::from(done.is_some());
                    }
                }
            }
        }
        assert_eq!(
            first(&damage, &[]).is_some(),
            matches!(damage.data.change, Change::Insert(_))
        );
    }
    assert!(n_damaged > 1000);
}

#[test]
fn what_is_no_kind_of_damage_is_refused() {
    let good = CATALOGUE[0].1;
    assert!(Damage::read("good", good).is_ok());
    for (text, with) in [
        ("title = ", "titel = "),
        ("change = ", "change = 5 # "),
        ("at = [", "at = [\"a[\", "),
        ("at = [", "only = \"(\"\nat = ["),
        ("at = [", "having = \"a..b\"\nat = ["),
    ] {
        let bad = good.replacen(text, with, 1);
        assert_ne!(bad, good, "{text}");
        assert!(Damage::read("bad", &bad).is_err(), "{with}");
    }
}
