//! Places in objects: patterns that find them, and how they are written.

use serde_json::Value;
use std::fmt::Write as _;

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// An entry of a map.
    Key(String),
    /// An entry of a list.
    Entry(usize),
}

/// One step of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    One(Step),
    AnyKey,
    AnyEntry,
}

/// A path such as `spec.containers[*].env[*].value` or `data.*`. Keys that are
/// no words stand in brackets: `metadata.labels["a.b/c"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<Wanted>);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// If a bracket is not closed, or holds neither `*`, a number nor a text.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (step, after) = match rest.strip_prefix('[') {
                Some(inside) => bracket(inside).ok_or_else(|| format!("`{text}` is no path"))?,
                None => {
                    let rest = rest.strip_prefix('.').unwrap_or(rest);
                    let end = rest.find(['.', '[']).unwrap_or(rest.len());
                    let (word, after) = rest.split_at(end);
                    match word {
                        "" => return Err(format!("`{text}` is no path")),
                        "*" => (Wanted::AnyKey, after),
                        word => (Wanted::One(Step::Key(word.to_owned())), after),
                    }
                }
            };
            steps.push(step);
            rest = after;
        }
        Ok(Self(steps))
    }

    /// The places in a value that it means. If `missing`, the last key of a map
    /// need not be there.
    pub fn find(&self, value: &Value, missing: bool) -> Vec<Vec<Step>> {
        let mut found = vec![(Vec::new(), Some(value))];
        for (index, wanted) in self.0.iter().enumerate() {
            let lax = missing && index + 1 == self.0.len();
            let below = found.into_iter().flat_map(|(steps, value)| {
                let under = value.map_or_else(Vec::new, |value| wanted.in_value(value, lax));
                under.into_iter().map(move |(step, value)| {
                    let mut steps = steps.clone();
                    steps.push(step);
                    (steps, value)
                })
            });
            found = below.collect();
        }
        found.into_iter().map(|(steps, _)| steps).collect()
    }
}

/// What stands in brackets, and what follows.
fn bracket(inside: &str) -> Option<(Wanted, &str)> {
    if let Some(quoted) = inside.strip_prefix('"') {
        let (key, after) = quoted.split_once("\"]")?;
        return Some((Wanted::One(Step::Key(key.to_owned())), after));
    }
    let (word, after) = inside.split_once(']')?;
    let wanted = match word {
        "*" => Wanted::AnyEntry,
        number => Wanted::One(Step::Entry(number.parse().ok()?)),
    };
    Some((wanted, after))
}

impl Wanted {
    fn in_value<'a>(&self, value: &'a Value, lax: bool) -> Vec<(Step, Option<&'a Value>)> {
        match (self, value) {
            (Self::One(Step::Key(key)), Value::Object(map)) => match map.get(key) {
                None if !lax => Vec::new(),
                found => vec![(Step::Key(key.clone()), found)],
            },
            (Self::One(Step::Entry(index)), Value::Array(list)) => {
                let found = list.get(*index);
                found
                    .map(|found| (Step::Entry(*index), Some(found)))
                    .into_iter()
                    .collect()
            }
            (Self::AnyKey, Value::Object(map)) => map
                .iter()
                .map(|(key, value)| (Step::Key(key.clone()), Some(value)))
                .collect(),
            (Self::AnyEntry, Value::Array(list)) => list
                .iter()
                .enumerate()
                .map(|(index, value)| (Step::Entry(index), Some(value)))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// What stands at a place.
pub fn get<'a>(value: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.as_object()?.get(key),
        Step::Entry(index) => value.as_array()?.get(*index),
    })
}

/// The same, to be changed.
pub fn get_mut<'a>(value: &'a mut Value, steps: &[Step]) -> Option<&'a mut Value> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.as_object_mut()?.get_mut(key),
        Step::Entry(index) => value.as_array_mut()?.get_mut(*index),
    })
}

/// A place as text, in the form of reports.
pub fn shown(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Entry(index) => {
                let _ = write!(text, "[{index}]");
            }
            Step::Key(key) if !is_plain(key) => {
                let _ = write!(text, "[\"{key}\"]");
            }
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => {
                let _ = write!(text, ".{key}");
            }
        }
    }
    text
}

fn is_plain(key: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    !key.is_empty() && key.chars().all(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(pattern: &str, value: &Value, missing: bool) -> Vec<String> {
        let places = Pattern::read(pattern).unwrap().find(value, missing);
        places.iter().map(|steps| shown(steps)).collect()
    }

    #[test]
    fn patterns_find_places() {
        let value = json!({ "a": [{ "b/c": 1 }, { "d": null }], "e": { "f": 2, "g": 3 } });
        assert_eq!(found("a[*][\"b/c\"]", &value, false), ["a[0][\"b/c\"]"]);
        assert_eq!(found("a[*].d", &value, true), ["a[0].d", "a[1].d"]);
        assert_eq!(found("e.*", &value, false), ["e.f", "e.g"]);
        assert_eq!(found("a.*", &value, false), [""; 0]);
        assert_eq!(found("e[*]", &value, true), [""; 0]);
        assert_eq!(found("x.y", &value, true), [""; 0]);
        assert_eq!(found("", &value, true), [""]);
        assert_eq!(found("a[7]", &value, true), [""; 0]);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["a[", "a[x]", "a..b", "a[\"x]", "."] {
            assert!(Pattern::read(text).is_err(), "{text}");
        }
    }
}
