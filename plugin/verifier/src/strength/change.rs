//! What a damage does to an object.

use super::place::{Step, get, get_mut};
use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use taskspec_manifest::Object;

/// What is done at a place, or to an object as a whole.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Change {
    /// Takes it away.
    Remove,
    /// Writes a value, whether or not one is there.
    Set(Value),
    /// Writes a value in the place of another.
    Replace(Value),
    /// Multiplies a number, a quantity, a percentage or a duration.
    Multiply(f64),
    /// Adds to the end of a text or of a list.
    Append(Value),
    /// Replaces what a regular expression finds in a text.
    Rewrite {
        /// The regular expression.
        find: String,
        /// What comes in its place; `$1` is a group.
        with: String,
    },
    /// Adds to the name of the key.
    RenameKey(String),
    /// Exchanges it with the entry of this name, or of this number, beside it.
    Swap(String),
    /// Writes and removes entries of a map.
    Patch {
        /// Entries that are written.
        #[serde(default)]
        set: Map<String, Value>,
        /// Entries that are removed.
        #[serde(default)]
        remove: Vec<String>,
    },
    /// Takes the object away.
    Drop,
    /// Makes the object a second time, with this at the end of its name.
    Duplicate(String),
    /// Makes an object that was not there, once in each environment.
    Insert(Value),
    /// Makes a `ConfigMap` of an entry of a Secret, and lets pods read it there.
    MoveToConfigMap,
}

impl Change {
    /// Whether the place need not be there.
    pub fn may_be_missing(&self) -> bool {
        matches!(self, Self::Set(_))
    }

    /// Whether it is about a whole object rather than a place in one.
    pub fn is_of_object(&self) -> bool {
        matches!(self, Self::Drop | Self::Duplicate(_) | Self::Insert(_))
    }

    /// Does it to the object with an index. None if it does not fit there or
    /// changes nothing.
    pub fn apply(&self, objects: &[Object], index: usize, at: &[Step]) -> Option<Vec<Object>> {
        let object = objects.get(index)?;
        let mut damaged = objects.to_vec();
        match self {
            Self::Drop => {
                damaged.remove(index);
            }
            Self::Duplicate(end) => {
                let mut copy = object.clone();
                let name = copy.name().to_owned() + end;
                *copy.value.get_mut("metadata")?.get_mut("name")? = Value::String(name);
                damaged.insert(index + 1, copy);
            }
            Self::Insert(_) => return None,
            Self::MoveToConfigMap => move_to_config_map(&mut damaged, index, at)?,
            _ => {
                let value = &mut damaged.get_mut(index)?.value;
                self.edit(value, at)?;
            }
        }
        Some(damaged)
    }

    /// Does it to a place of a value. None if it does not fit there or changes
    /// nothing.
    pub fn edit(&self, value: &mut Value, at: &[Step]) -> Option<()> {
        let (last, above) = at.split_last()?;
        if let Self::RenameKey(end) = self {
            return rename(get_mut(value, above)?, last, end);
        }
        if let Self::Swap(with) = self {
            return swap(get_mut(value, above)?, last, with);
        }
        let before = get(value, at).cloned();
        let Some(after) = self.after(before.as_ref())? else {
            return remove(get_mut(value, above)?, last);
        };
        if before.as_ref() == Some(&after) {
            return None;
        }
        match (get_mut(value, above)?, last) {
            (Value::Object(map), Step::Key(key)) => drop(map.insert(key.clone(), after)),
            (Value::Array(list), Step::Entry(index)) => *list.get_mut(*index)? = after,
            _ => return None,
        }
        Some(())
    }

    /// What stands there then: `Some(None)` for nothing, none if it does not fit.
    fn after(&self, before: Option<&Value>) -> Option<Option<Value>> {
        let after = match self {
            Self::Remove => {
                before?;
                return Some(None);
            }
            Self::Set(new) => new.clone(),
            Self::Replace(new) => before.map(|_| new.clone())?,
            Self::Multiply(by) => multiplied(before?, *by)?,
            Self::Append(more) => match (before?, more) {
                (Value::String(text), Value::String(more)) => json!(text.clone() + more),
                (Value::Array(list), more) => {
                    let mut list = list.clone();
                    list.push(more.clone());
                    Value::Array(list)
                }
                _ => return None,
            },
            Self::Rewrite { find, with } => {
                let text = before?.as_str()?;
                let find = Regex::new(find).ok()?;
                json!(find.replace_all(text, with.as_str()))
            }
            Self::Patch { set, remove } => {
                let mut map = before?.as_object()?.clone();
                map.retain(|key, _| !remove.contains(key));
                map.extend(set.clone());
                Value::Object(map)
            }
            _ => return None,
        };
        Some(Some(after))
    }
}

fn remove(from: &mut Value, step: &Step) -> Option<()> {
    match (from, step) {
        (Value::Object(map), Step::Key(key)) => map.shift_remove(key).map(drop),
        (Value::Array(list), Step::Entry(index)) if *index < list.len() => {
            list.remove(*index);
            Some(())
        }
        _ => None,
    }
}

fn rename(map: &mut Value, step: &Step, end: &str) -> Option<()> {
    let (Value::Object(map), Step::Key(key)) = (map, step) else {
        return None;
    };
    let new = format!("{key}{end}");
    if end.is_empty() || map.contains_key(&new) {
        return None;
    }
    let value = map.shift_remove(key)?;
    map.insert(new, value);
    Some(())
}

fn swap(beside: &mut Value, step: &Step, with: &str) -> Option<()> {
    match (beside, step) {
        (Value::Object(map), Step::Key(key)) => {
            let (one, other) = (map.get(key)?.clone(), map.get(with)?.clone());
            if one == other {
                return None;
            }
            map.insert(key.clone(), other);
            map.insert(with.to_owned(), one);
        }
        (Value::Array(list), Step::Entry(index)) => {
            let with: usize = with.parse().ok()?;
            if list.get(*index)? == list.get(with)? {
                return None;
            }
            list.swap(*index, with);
        }
        _ => return None,
    }
    Some(())
}

/// A number, or a text that begins with one. Numbers stay whole.
fn multiplied(value: &Value, by: f64) -> Option<Value> {
    if let Some(number) = value.as_i64() {
        let float: f64 = number.to_string().parse().ok()?;
        let product = format!("{:.0}", float * by);
        return product.parse::<i64>().ok().map(Value::from);
    }
    let text = value.as_str()?;
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().ok()?;
    Some(json!(format!("{}{unit}", number * by)))
}

/// The Secret loses the entry, a `ConfigMap` of its name gets it in plain text,
/// and variables read it there.
fn move_to_config_map(objects: &mut Vec<Object>, index: usize, at: &[Step]) -> Option<()> {
    let [Step::Key(field), Step::Key(key)] = at else {
        return None;
    };
    let secret = objects.get_mut(index)?;
    if secret.kind() != "Secret" {
        return None;
    }
    let entries = secret.value.get_mut(field)?.as_object_mut()?;
    let written = entries.shift_remove(key)?;
    let written = written.as_str()?;
    let text = match field.as_str() {
        "data" => decoded(written)?,
        _ => written.to_owned(),
    };
    let mut map = secret.clone();
    let name = map.name().to_owned();
    let fields = map.value.as_object_mut()?;
    fields.retain(|field, _| matches!(field.as_str(), "apiVersion" | "metadata"));
    fields.insert("kind".to_owned(), json!("ConfigMap"));
    fields.insert("data".to_owned(), json!({ key: text }));
    for object in objects.iter_mut() {
        read_from_map(&mut object.value, &name, key);
    }
    objects.insert(index + 1, map);
    Some(())
}

/// Variables that read an entry of a Secret read it from the `ConfigMap`.
fn read_from_map(value: &mut Value, name: &str, key: &str) {
    match value {
        Value::Array(list) => list
            .iter_mut()
            .for_each(|entry| read_from_map(entry, name, key)),
        Value::Object(map) => {
            let meant = map
                .get("secretKeyRef")
                .is_some_and(|found| found["name"] == name && found["key"] == key);
            if meant && let Some(reference) = map.shift_remove("secretKeyRef") {
                map.insert("configMapKeyRef".to_owned(), reference);
            }
            map.values_mut()
                .for_each(|entry| read_from_map(entry, name, key));
        }
        _ => {}
    }
}

/// Text of base64; none if it is none.
fn decoded(text: &str) -> Option<String> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut bytes = Vec::new();
    let (mut bits, mut n_bits) = (0_u32, 0);
    for sign in text.trim().trim_end_matches('=').bytes() {
        bits = (bits << 6) | u32::from(digit(sign)?);
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push(u8::try_from((bits >> n_bits) & 0xff).ok()?);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_unit() {
        for (value, by, expected) in [
            (json!("500m"), 0.5, json!("250m")),
            (json!("1Gi"), 0.5, json!("0.5Gi")),
            (json!("25%"), 2.0, json!("50%")),
            (json!(3), 0.5, json!(2)),
            (json!(10), 2.0, json!(20)),
        ] {
            assert_eq!(multiplied(&value, by), Some(expected));
        }
        assert_eq!(multiplied(&json!("soon"), 2.0), None);
        assert_eq!(multiplied(&json!(null), 2.0), None);
    }

    #[test]
    fn base64_is_read() {
        assert_eq!(decoded("aHVudGVyMg==").as_deref(), Some("hunter2"));
        assert_eq!(decoded("").as_deref(), Some(""));
        assert_eq!(decoded("a b"), None);
    }
}
