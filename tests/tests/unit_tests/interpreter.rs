//! Runs files of tests as helm-unittest does: the part of its language that the
//! compiler writes, over what `helm template` prints. Knows nothing of how the
//! compiler came to them. What a file has beyond that part is a fault, so that
//! a file cannot pass by being misread.
//!
//! The rules are those of helm-unittest's document, its JSON Schema and its
//! source (1.0): what a selector without a match means, which asserts hold where
//! a path leads nowhere, and that numbers and texts are never equal.

use regex::Regex;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use taskspec_tests::chart::Built;
use taskspec_tests::manifest;
use taskspec_tests::tools::{Helm, said};
use tempfile::TempDir;

/// Keys of a suite, of a test, and of an assert beside its type.
const SUITE: &[&str] = &["suite", "capabilities", "tests"];
const TEST: &[&str] = &["it", "values", "set", "release", "asserts"];
const ASSERT: &[&str] = &["template", "documentSelector", "documentIndex"];

/// What each type of assert must have, and may have.
const CLAIMS: &[(&str, &[&str], &[&str])] = &[
    ("contains", &["path", "content"], &[]),
    ("equal", &["path", "value"], &[]),
    ("exists", &["path"], &[]),
    ("failedTemplate", &[], &[]),
    ("greaterOrEqual", &["path", "value"], &[]),
    ("hasDocuments", &["count"], &["filterAware"]),
    ("isKind", &["of"], &[]),
    ("lengthEqual", &["path", "count"], &[]),
    ("lessOrEqual", &["path", "value"], &[]),
    ("matchRegex", &["path", "pattern"], &[]),
    ("notEqual", &["path", "value"], &[]),
    ("notExists", &["path"], &[]),
    ("notFailedTemplate", &[], &[]),
];

/// What came of one test.
#[derive(Debug)]
pub struct Outcome {
    /// Its name.
    pub it: String,
    /// Asserts that do not hold.
    pub failed: Vec<String>,
    /// Number of asserts.
    pub n_asserts: usize,
}

/// Documents by the template they come from, in its order.
type Documents = BTreeMap<String, Vec<Value>>;

/// Runs a file of a chart. `change` is done to what is rendered.
///
/// # Errors
/// If the file is not of the language.
pub fn run(
    chart: &Built,
    helm: &Helm,
    file: &str,
    change: &dyn Fn(&mut Documents),
) -> Result<Vec<Outcome>, String> {
    let suite = manifest::yaml(chart.text(file)).map_err(|fault| format!("{file}: {fault}"))?;
    let suite = table(&suite, SUITE, &["tests"]).map_err(|fault| format!("{file}: {fault}"))?;
    let tests = suite["tests"].as_array().filter(|tests| !tests.is_empty());
    let tests = tests.ok_or_else(|| format!("{file}: no tests"))?;
    let empty = Value::Object(Map::new());
    let capabilities = suite.get("capabilities").unwrap_or(&empty);
    let run = |test: &Value| {
        self::test(chart, helm, capabilities, test, change)
            .map_err(|fault| format!("{file}: {test}: {fault}"))
    };
    tests.iter().map(run).collect()
}

/// A table with these keys and no others.
fn table<'v>(
    value: &'v Value,
    known: &[&str],
    needed: &[&str],
) -> Result<&'v Map<String, Value>, String> {
    let map = value.as_object().ok_or("not a table")?;
    if let Some(key) = map.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(format!("nobody knows `{key}`"));
    }
    match needed.iter().find(|key| !map.contains_key(**key)) {
        Some(key) => Err(format!("no `{key}`")),
        None => Ok(map),
    }
}

fn test(
    chart: &Built,
    helm: &Helm,
    capabilities: &Value,
    test: &Value,
    change: &dyn Fn(&mut Documents),
) -> Result<Outcome, String> {
    let map = table(test, TEST, &["it", "release", "asserts"])?;
    let it = map["it"].as_str().ok_or("`it` is no text")?;
    let asserts = map["asserts"].as_array().filter(|all| !all.is_empty());
    let asserts = asserts.ok_or("no asserts")?;
    let rendered = render(chart, helm, capabilities, map)?.map(|mut documents| {
        change(&mut documents);
        documents
    });
    let mut failed = Vec::new();
    for assert in asserts {
        if let Err(why) = self::assert(chart, &rendered, assert)? {
            failed.push(format!("{it}: {assert}: {why}"));
        }
    }
    Ok(Outcome {
        it: it.to_owned(),
        failed,
        n_asserts: asserts.len(),
    })
}

/// What Helm renders for a test, or that it refuses.
fn render(
    chart: &Built,
    helm: &Helm,
    capabilities: &Value,
    test: &Map<String, Value>,
) -> Result<Result<Documents, String>, String> {
    let release = table(
        &test["release"],
        &["name", "namespace"],
        &["name", "namespace"],
    )?;
    let (Some(name), Some(namespace)) = (release["name"].as_str(), release["namespace"].as_str())
    else {
        return Err("a release has two texts".to_owned());
    };
    let mut command = helm.command();
    command.current_dir(chart.path());
    command.args(["template", name, ".", "--namespace", namespace]);
    let known = ["majorVersion", "minorVersion", "apiVersions"];
    let capabilities = table(capabilities, &known, &["majorVersion", "minorVersion"])?;
    let number = |key: &str| capabilities[key].as_u64().ok_or("a version is a number");
    let version = format!("{}.{}.0", number("majorVersion")?, number("minorVersion")?);
    command.args(["--kube-version", &version]);
    for api in list(capabilities.get("apiVersions")) {
        command.args(["--api-versions", api.as_str().ok_or("an API is a text")?]);
    }
    for file in list(test.get("values")) {
        // From the folder of the file of tests.
        let file = file.as_str().and_then(|file| file.strip_prefix("../"));
        command.args(["--values", file.ok_or("values of another folder")?]);
    }
    let folder = TempDir::new().map_err(|fault| fault.to_string())?;
    if let Some(set) = test.get("set") {
        let map = set.as_object().ok_or("`set` is no table")?;
        // Keys are paths; here none is longer than a key.
        let plain = |key: &String| {
            key.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
        };
        if !map.keys().all(plain) {
            return Err("a path in `set`".to_owned());
        }
        let file = folder.path().join("set.json");
        fs::write(&file, set.to_string()).map_err(|fault| fault.to_string())?;
        command.arg("--values").arg(file);
    }
    let output = command.output().map_err(|fault| fault.to_string())?;
    if !output.status.success() {
        return Ok(Err(said(&output)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut documents = Documents::new();
    for object in manifest::parse(&text)? {
        let template = object
            .source
            .split_once('/')
            .map(|(_, path)| path.to_owned());
        let template = template.ok_or_else(|| format!("{} is of no chart", object.id()))?;
        documents.entry(template).or_default().push(object.value);
    }
    Ok(Ok(documents))
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// Whether an assert holds; why not.
fn assert(
    chart: &Built,
    rendered: &Result<Documents, String>,
    assert: &Value,
) -> Result<Result<(), String>, String> {
    let types: Vec<&str> = CLAIMS.iter().map(|(claim, ..)| *claim).collect();
    let map = table(assert, &[ASSERT, &types].concat(), &[])?;
    let mut found = CLAIMS.iter().filter(|(claim, ..)| map.contains_key(*claim));
    let (Some((claim, needed, more)), None) = (found.next(), found.next()) else {
        return Err("an assert has one type".to_owned());
    };
    let given = table(&map[*claim], &[*needed, *more].concat(), needed)?;
    let documents = match (rendered, *claim) {
        (Err(_), "failedTemplate") => return Ok(Ok(())),
        (Ok(_), "failedTemplate") => return Ok(Err("it is rendered".to_owned())),
        (Err(fault), _) => return Ok(Err(fault.clone())),
        (Ok(_), "notFailedTemplate") => return Ok(Ok(())),
        (Ok(documents), _) => documents,
    };
    let templates = match map.get("template") {
        Some(template) => vec![template.as_str().ok_or("a template is a text")?.to_owned()],
        None => documents.keys().cloned().collect(),
    };
    for template in templates {
        let own = chart.chart.files.iter().any(|file| file.path == template);
        let all = match documents.get(&template) {
            Some(all) => all.as_slice(),
            // It renders nothing.
            None if own && template.starts_with("templates/") => &[],
            None => return Ok(Err(format!("there is no {template}"))),
        };
        let selected = match selected(map, all)? {
            Ok(selected) => selected,
            Err(why) => return Ok(Err(why)),
        };
        if let Err(why) = holds(claim, given, all, &selected)? {
            return Ok(Err(format!("{template}: {why}")));
        }
    }
    Ok(Ok(()))
}

/// The documents that an assert is about.
fn selected<'v>(
    assert: &Map<String, Value>,
    all: &'v [Value],
) -> Result<Result<Vec<&'v Value>, String>, String> {
    if let Some(index) = assert.get("documentIndex") {
        let index = index.as_u64().ok_or("an index is a number")?;
        let index = usize::try_from(index).map_err(|_| "an index is small")?;
        let one = all.get(index).map(|one| vec![one]);
        return Ok(one.ok_or_else(|| "index out of range".to_owned()));
    }
    let Some(selector) = assert.get("documentSelector") else {
        return Ok(Ok(all.iter().collect()));
    };
    let selector = table(
        selector,
        &["path", "value", "matchMany"],
        &["path", "value"],
    )?;
    let path = Path::read(selector["path"].as_str().ok_or("a path is a text")?)?;
    let matches = |document: &&Value| path.find(document).contains(&&selector["value"]);
    let found: Vec<&Value> = all.iter().filter(matches).collect();
    let many = selector.get("matchMany") == Some(&Value::Bool(true));
    Ok(match found.len() {
        0 => Err("document not found".to_owned()),
        1 => Ok(found),
        _ if many => Ok(found),
        _ => Err("multiple indexes found".to_owned()),
    })
}

fn holds(
    claim: &str,
    given: &Map<String, Value>,
    all: &[Value],
    selected: &[&Value],
) -> Result<Result<(), String>, String> {
    let fault = |fault: String| Ok(Err(fault));
    if claim == "hasDocuments" {
        let aware = given.get("filterAware") == Some(&Value::Bool(true));
        let found = if aware { selected.len() } else { all.len() };
        let count = given["count"].as_u64().ok_or("a count is a number")?;
        if found as u64 != count {
            return fault(format!("{found} documents"));
        }
        return Ok(Ok(()));
    }
    // Over no document what denies holds, and what affirms does not.
    if selected.is_empty() && !claim.starts_with("not") {
        return fault("no document".to_owned());
    }
    for document in selected {
        if claim == "isKind" {
            if document["kind"] != given["of"] {
                return fault(format!("is a {}", document["kind"]));
            }
            continue;
        }
        let path = Path::read(given["path"].as_str().ok_or("a path is a text")?)?;
        let found = path.find(document);
        let there = !found.is_empty();
        let each = |test: &dyn Fn(&Value) -> bool| there && found.iter().all(|one| test(one));
        let value = given.get("value").unwrap_or(&Value::Null);
        let right = match claim {
            "exists" => there,
            "notExists" => !there,
            "equal" => each(&|one| one == value),
            "notEqual" => found.iter().all(|one| *one != value),
            "greaterOrEqual" | "lessOrEqual" => {
                let bound = value.as_i64().ok_or("a bound is a whole number")?;
                each(&|one| {
                    one.as_i64().is_some_and(|one| match claim {
                        "greaterOrEqual" => one >= bound,
                        _ => one <= bound,
                    })
                })
            }
            "lengthEqual" => {
                let count = given["count"].as_u64().ok_or("a count is a number")?;
                each(&|one| one.as_array().is_some_and(|all| all.len() as u64 == count))
            }
            "contains" => each(&|one| {
                let items = one.as_array();
                items.is_some_and(|items| items.contains(&given["content"]))
            }),
            "matchRegex" => {
                let pattern = given["pattern"].as_str().ok_or("a pattern is a text")?;
                let pattern = Regex::new(pattern).map_err(|fault| fault.to_string())?;
                each(&|one| one.as_str().is_some_and(|one| pattern.is_match(one)))
            }
            _ => return Err(format!("nobody judges {claim}")),
        };
        if !right {
            return fault(format!("found {found:?}"));
        }
    }
    Ok(Ok(()))
}

/// A path of yaml-jsonpath: fields, indices and filters.
struct Path(Vec<Step>);

enum Step {
    Field(String),
    Index(usize),
    /// Fields below an entry, and what stands there; nothing if only that it does.
    Where(Vec<(Path, Option<Value>)>),
}

impl Path {
    fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no path");
        let mut steps = Vec::new();
        let mut rest = text.strip_prefix('$').unwrap_or(text);
        let mut first = true;
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix("['") {
                let (name, after) = inside.split_once("']").ok_or_else(wrong)?;
                if name.contains(['\'', '\\', ',']) {
                    return Err(wrong());
                }
                steps.push(Step::Field(name.to_owned()));
                rest = after;
            } else if let Some(inside) = rest.strip_prefix("[?(") {
                let (filter, after) = inside.split_once(")]").ok_or_else(wrong)?;
                let parts = filter.split(" && ").map(part);
                steps.push(Step::Where(parts.collect::<Result<_, _>>()?));
                rest = after;
            } else if let Some(inside) = rest.strip_prefix('[') {
                let (index, after) = inside.split_once(']').ok_or_else(wrong)?;
                steps.push(Step::Index(index.parse().map_err(|_| wrong())?));
                rest = after;
            } else {
                let name = match rest.strip_prefix('.') {
                    Some(name) => name,
                    None if first => rest,
                    None => return Err(wrong()),
                };
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let end = name.find(|c: char| !plain(c)).unwrap_or(name.len());
                if end == 0 {
                    return Err(wrong());
                }
                steps.push(Step::Field(name[..end].to_owned()));
                rest = &name[end..];
            }
            first = false;
        }
        Ok(Self(steps))
    }

    fn find<'v>(&self, root: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![root];
        for step in &self.0 {
            found = found.into_iter().flat_map(|one| step.below(one)).collect();
        }
        found
    }
}

impl Step {
    fn below<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match (self, value) {
            (Self::Field(name), Value::Object(map)) => map.get(name).into_iter().collect(),
            (Self::Index(index), Value::Array(items)) => items.get(*index).into_iter().collect(),
            (Self::Where(parts), Value::Array(items)) => {
                items.iter().filter(|item| all(parts, item)).collect()
            }
            (Self::Where(parts), one) if all(parts, one) => vec![one],
            _ => Vec::new(),
        }
    }
}

/// One side of `&&` in a filter.
fn part(text: &str) -> Result<(Path, Option<Value>), String> {
    let text = text
        .strip_prefix("@.")
        .ok_or("a filter is about its entry")?;
    let Some((path, literal)) = text.split_once(" == ") else {
        return Ok((Path::read(text)?, None));
    };
    let quoted = literal
        .strip_prefix('\'')
        .and_then(|text| text.strip_suffix('\''));
    let value = match quoted {
        Some(text) => Value::from(text),
        None => serde_json::from_str(literal).map_err(|fault| fault.to_string())?,
    };
    Ok((Path::read(path)?, Some(value)))
}

fn all(parts: &[(Path, Option<Value>)], entry: &Value) -> bool {
    parts.iter().all(|(path, wanted)| {
        let found = path.find(entry);
        match wanted {
            None => !found.is_empty(),
            Some(wanted) => found.contains(&wanted),
        }
    })
}
