//! A draft as TOML, with what it does not say as comments where it belongs.

use crate::sketch::Omission;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table};

/// Longest table that stands in one line.
const INLINE_LONGEST: usize = 72;
/// Longest line of a comment.
const LINE_LONGEST: usize = 100;
/// Lists that are written as `[[…]]`.
const REPEATED: [&str; 3] = ["manifests", "criteria", "decisions"];

type Path = Vec<String>;
/// Comments by the header that they stand above.
type Comments = BTreeMap<Path, String>;

/// Writes a specification. `head` are lines above everything.
pub fn write(facts: &Map<String, Value>, omissions: &[&Omission], head: &[String]) -> String {
    let mut headers = BTreeSet::new();
    collect(facts, &mut Vec::new(), &mut headers);
    let mut comments = Comments::new();
    let mut rest = String::new();
    for omission in omissions {
        let place = (1..=omission.place.len())
            .rev()
            .map(|length| omission.place[..length].to_vec())
            .find(|path| headers.contains(path));
        let said = comment(&said(omission));
        match place {
            Some(path) => *comments.entry(path).or_default() += &said,
            None => rest += &said,
        }
    }
    let mut document = DocumentMut::new();
    let root = document.as_table_mut();
    fill(root, facts, &mut Vec::new(), &comments);
    let mut text: String = head.iter().map(|line| comment(line)).collect();
    if !text.is_empty() {
        text.push('\n');
    }
    text += document.to_string().trim_start();
    if !rest.is_empty() {
        text += "\n# What has no place above\n";
        text += &rest;
    }
    text
}

/// An omission in one sentence.
pub fn said(omission: &Omission) -> String {
    let mut place = omission.object.clone();
    if !omission.path.is_empty() {
        if !place.is_empty() {
            place.push(' ');
        }
        place += &omission.path;
    }
    if !omission.environments.is_empty() {
        place += &format!(" ({})", omission.environments.join(", "));
    }
    if place.is_empty() {
        format!("not taken over: {}", omission.why)
    } else {
        format!("not taken over: {place}: {}", omission.why)
    }
}

/// Lines of a comment, with an end of line.
fn comment(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let mut lines = String::new();
    let mut line = String::from("#");
    for word in clean.split(' ').filter(|word| !word.is_empty()) {
        if line.chars().count() + word.chars().count() >= LINE_LONGEST && line.len() > 4 {
            lines += &line;
            lines.push('\n');
            line = String::from("#  ");
        }
        line.push(' ');
        line += word;
    }
    lines + &line + "\n"
}

/// Whether a table stands below a header of its own.
fn has_header(map: &Map<String, Value>, path: &[String]) -> bool {
    let first = path.first().map_or("", String::as_str);
    let named = ["workloads", "dependencies", "environments"].contains(&first) && path.len() <= 2;
    path.len() == 1 || named || first == "manifests" && path.len() == 2 || !fits(map)
}

fn fits(map: &Map<String, Value>) -> bool {
    let flat = map.values().all(|value| match value {
        Value::Object(inner) => inner.len() <= 2 && inner.values().all(|value| !value.is_object()),
        Value::Array(list) => list.iter().all(|one| !one.is_object()),
        _ => true,
    });
    flat && Value::Object(map.clone()).to_string().len() <= INLINE_LONGEST
}

fn is_repeated(key: &str, value: &Value, path: &[String]) -> bool {
    let top = path.is_empty() || path.len() == 2 && path[0] == "environments";
    let tables = value
        .as_array()
        .is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_object));
    top && REPEATED.contains(&key) && tables
}

fn collect(map: &Map<String, Value>, path: &mut Path, headers: &mut BTreeSet<Path>) {
    for (key, value) in map {
        path.push(key.clone());
        match value {
            Value::Object(inner) if has_header(inner, path) => {
                if !is_implicit(inner, path) {
                    headers.insert(path.clone());
                }
                collect(inner, path, headers);
            }
            value if is_repeated(key, value, &path[..path.len() - 1]) => {
                headers.insert(path.clone());
            }
            _ => {}
        }
        path.pop();
    }
}

/// Whether a table is nothing but headers below it.
fn is_implicit(map: &Map<String, Value>, path: &[String]) -> bool {
    !map.is_empty()
        && map.iter().all(|(key, value)| {
            let mut inner = path.to_vec();
            inner.push(key.clone());
            value.as_object().is_some_and(|map| has_header(map, &inner))
                || is_repeated(key, value, path)
        })
}

fn fill(table: &mut Table, map: &Map<String, Value>, path: &mut Path, comments: &Comments) {
    for (key, value) in map {
        path.push(key.clone());
        let item = match value {
            Value::Object(inner) if has_header(inner, path) => {
                let mut own = Table::new();
                own.set_implicit(is_implicit(inner, path));
                if let Some(said) = comments.get(path) {
                    own.decor_mut().set_prefix(format!("\n{said}"));
                }
                fill(&mut own, inner, path, comments);
                Item::Table(own)
            }
            value if is_repeated(key, value, &path[..path.len() - 1]) => {
                let mut tables = ArrayOfTables::new();
                for (number, one) in value.as_array().into_iter().flatten().enumerate() {
                    let mut own = Table::new();
                    if let Some(said) = comments.get(path).filter(|_| number == 0) {
                        own.decor_mut().set_prefix(format!("\n{said}"));
                    }
                    if let Value::Object(inner) = one {
                        // Comments stand above the first; tables inside have none.
                        fill(&mut own, inner, path, &Comments::new());
                    }
                    tables.push(own);
                }
                Item::ArrayOfTables(tables)
            }
            value => Item::Value(inline(value)),
        };
        table.insert(key, item);
        path.pop();
    }
}

fn inline(value: &Value) -> toml_edit::Value {
    match value {
        Value::Object(map) => {
            let mut table = InlineTable::new();
            for (key, value) in map {
                table.insert(key, inline(value));
            }
            table.into()
        }
        Value::Array(list) => {
            let mut array: Array = list.iter().map(inline).collect();
            let long = value.to_string().len() > LINE_LONGEST && list.len() > 1;
            if long {
                for one in array.iter_mut() {
                    one.decor_mut().set_prefix("\n  ");
                }
                array.set_trailing("\n");
                array.set_trailing_comma(true);
            }
            array.into()
        }
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => number.to_string().into(),
        },
        Value::String(text) => text.as_str().into(),
        // Nulls were taken out before.
        Value::Null => "".into(),
    }
}

/// The path of the key that stands at a byte of a specification's text.
pub fn path_at(text: &str, offset: usize) -> Option<Path> {
    let document = toml_edit::Document::parse(text.to_owned()).ok()?;
    let mut best: Option<(usize, Path)> = None;
    spans(document.as_table(), &mut Vec::new(), &mut |range, path| {
        let length = range.len();
        if range.contains(&offset) && best.as_ref().is_none_or(|(known, _)| length <= *known) {
            best = Some((length, path.clone()));
        }
    });
    best.map(|(_, path)| path)
}

type Visit<'a> = dyn FnMut(std::ops::Range<usize>, &Path) + 'a;

fn spans(table: &dyn toml_edit::TableLike, path: &mut Path, visit: &mut Visit<'_>) {
    for (key, item) in table.iter() {
        path.push(key.to_owned());
        let of_key = table.key(key).and_then(toml_edit::Key::span);
        for range in [of_key, item.span()].into_iter().flatten() {
            visit(range, path);
        }
        if let Some(inner) = item.as_table_like() {
            spans(inner, path, visit);
        }
        for (number, inner) in item.as_array_of_tables().into_iter().flatten().enumerate() {
            path.push(number.to_string());
            if let Some(range) = inner.span() {
                visit(range, path);
            }
            spans(inner, path, visit);
            path.pop();
        }
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn comments_stand_where_they_belong() {
        let facts = json!({
            "spec": "taskspec/v1",
            "workloads": { "web": { "kind": "service", "cpu": { "request": "1", "limit": "2" }, "env": { "A": "x\ny", "LONG": "0123456789012345678901234567890123456789012345678901234567890123456789" } } },
            "manifests": [{ "kind": "A", "metadata": { "name": "é" } }],
        });
        let omission = Omission {
            place: vec!["workloads".into(), "web".into(), "volumes".into()],
            environments: vec!["prod".into()],
            object: "Deployment/web".into(),
            path: "spec.x".into(),
            why: "no\nkey".into(),
        };
        let text = write(
            facts.as_object().unwrap(),
            &[&omission],
            &["Drafted".into()],
        );
        assert!(
            text.starts_with("# Drafted\n\nspec = \"taskspec/v1\"\n"),
            "{text}"
        );
        assert!(
            text.contains(
                "# not taken over: Deployment/web spec.x (prod): no key\n[workloads.web]\n"
            ),
            "{text}"
        );
        assert!(text.contains("[[manifests]]\nkind = \"A\"\n"), "{text}");
        let read: toml_edit::DocumentMut = text.parse().unwrap();
        assert_eq!(read["workloads"]["web"]["env"]["A"].as_str(), Some("x\ny"));
        let place = text.find("\"2\"").unwrap();
        assert_eq!(
            path_at(&text, place).unwrap(),
            ["workloads", "web", "cpu", "limit"]
        );
    }
}
