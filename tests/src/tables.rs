//! Places in TOML that is read: keys from the top, and what stands there.

use toml::{Table, Value};

/// Keys that lead to a value.
pub type Place = Vec<String>;

/// Places of all that stands in a table, each after what stands below it.
pub fn places(table: &Table) -> Vec<Place> {
    let mut found = Vec::new();
    for (key, value) in table {
        collect(value, vec![key.clone()], &mut found);
    }
    found
}

fn collect(value: &Value, place: Place, found: &mut Vec<Place>) {
    for (key, inner) in value.as_table().into_iter().flatten() {
        let mut below = place.clone();
        below.push(key.clone());
        collect(inner, below, found);
    }
    found.push(place);
}

/// What stands at a place.
pub fn get<'a>(table: &'a Table, place: &[String]) -> Option<&'a Value> {
    let (first, rest) = place.split_first()?;
    let value = table.get(first)?;
    match rest {
        [] => Some(value),
        rest => get(value.as_table()?, rest),
    }
}

/// Takes what stands at a place.
pub fn take(table: &mut Table, place: &[String]) -> Option<Value> {
    let (first, rest) = place.split_first()?;
    match rest {
        [] => table.remove(first),
        rest => take(table.get_mut(first)?.as_table_mut()?, rest),
    }
}

/// Puts a value at a place; tables that are there are kept and added to. Below
/// what is no table nothing can be put.
pub fn put(table: &mut Table, place: &[String], value: Value) {
    let Some((first, rest)) = place.split_first() else {
        return;
    };
    let entry = table
        .entry(first)
        .or_insert_with(|| Value::Table(Table::new()));
    if !rest.is_empty() {
        if let Some(inner) = entry.as_table_mut() {
            put(inner, rest, value);
        }
        return;
    }
    match (entry, value) {
        (Value::Table(old), Value::Table(new)) => old.extend(new),
        (entry, value) => *entry = value,
    }
}
