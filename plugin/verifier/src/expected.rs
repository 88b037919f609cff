//! Whether a chart in a folder renders what the specification compiles to.

use crate::world::refusal;
use serde_json::Value;
use std::collections::BTreeSet;
use taskspec_manifest::{Object, text};
use taskspec_report::{Evidence, Fault, Rendering};

/// Differences that are shown of one object.
const N_SHOWN: usize = 5;

/// Compares two renderings of one case. Objects of templates that the compiler
/// does not write are somebody's own and no difference; what Helm makes at
/// random is not compared, nor what is no object.
pub fn compare(
    found: &Rendering,
    expected: &Rendering,
    embedded: &[String],
) -> (Vec<Evidence>, Vec<Fault>) {
    let (found, expected) = match (&found.manifests, &expected.manifests) {
        (Ok(found), Ok(expected)) => (
            taskspec_manifest::read(found, embedded).0,
            taskspec_manifest::read(expected, embedded).0,
        ),
        // Both refuse, as a criterion may ask for.
        (Err(_), Err(_)) => return Default::default(),
        (Err(said), Ok(_)) => {
            let message = format!("Helm does not render the chart: {}", refusal(said));
            return (Vec::new(), vec![fault("", "", message, "", "")]);
        }
        (Ok(_), Err(_)) => {
            let message = "these values should be refused".to_owned();
            return (
                Vec::new(),
                vec![fault("", "", message, "rendered", "refused")],
            );
        }
    };
    let (mut evidence, mut faults) = (Vec::new(), Vec::new());
    for object in expected.iter().filter(|object| object.made) {
        let Some(other) = found.iter().find(|other| other.id() == object.id()) else {
            let message = "this object is missing".to_owned();
            faults.push(fault(&object.id(), "", message, "missing", "there"));
            continue;
        };
        let mut paths = Vec::new();
        differences(&comparable(other), &comparable(object), "", &mut paths);
        if paths.is_empty() {
            evidence.push(Evidence {
                that: "as compiled".to_owned(),
                object: object.id(),
                path: String::new(),
                found: String::new(),
            });
        }
        for (path, found, expected) in paths.into_iter().take(N_SHOWN) {
            let message = "differs from what the specification compiles to".to_owned();
            faults.push(fault(&object.id(), &path, message, &found, &expected));
        }
    }
    let written: BTreeSet<&str> = expected
        .iter()
        .map(|object| object.source.as_str())
        .collect();
    for object in found.iter().filter(|object| object.made) {
        let known = expected.iter().any(|other| other.id() == object.id());
        if !known && written.contains(object.source.as_str()) {
            let message = "the specification asks for no such object".to_owned();
            faults.push(fault(&object.id(), "", message, "there", "missing"));
        }
    }
    (evidence, faults)
}

fn fault(object: &str, path: &str, message: String, found: &str, expected: &str) -> Fault {
    Fault {
        message,
        object: object.to_owned(),
        path: path.to_owned(),
        found: found.to_owned(),
        expected: expected.to_owned(),
    }
}

/// An object without what Helm makes at random: the values of Secrets, and sums
/// over them.
fn comparable(object: &Object) -> Value {
    let mut value = object.value.clone();
    if object.kind() == "Secret" {
        for part in ["data", "stringData"] {
            if let Some(entries) = value[part].as_object_mut() {
                for (_, entry) in entries.iter_mut() {
                    *entry = Value::Null;
                }
            }
        }
    }
    without_sums(&mut value);
    value
}

fn without_sums(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| !key.starts_with("checksum/"));
            fields.iter_mut().for_each(|(_, field)| without_sums(field));
        }
        Value::Array(items) => items.iter_mut().for_each(without_sums),
        _ => {}
    }
}

/// Paths at which two values differ, with both sides.
fn differences(
    found: &Value,
    expected: &Value,
    path: &str,
    into: &mut Vec<(String, String, String)>,
) {
    match (found, expected) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let below = crate::origin::below(path, key);
                let side = |map: &serde_json::Map<String, Value>| {
                    map.get(key).cloned().unwrap_or(Value::Null)
                };
                differences(&side(one), &side(other), &below, into);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                differences(one, other, &format!("{path}[{index}]"), into);
            }
        }
        (one, other) if one == other => {}
        (one, other) => into.push((path.to_owned(), shown(one), shown(other))),
    }
}

fn shown(value: &Value) -> String {
    const LONGEST: usize = 100;
    let words = match value {
        Value::Null => "missing".to_owned(),
        Value::String(_) if !text(value).contains('\n') => value.to_string(),
        Value::String(text) => format!("{} lines of text", text.lines().count()),
        other => other.to_string(),
    };
    if words.chars().count() <= LONGEST {
        return words;
    }
    words.chars().take(LONGEST).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use taskspec_report::Case;

    fn rendering(text: &str) -> Rendering {
        Rendering {
            case: Case {
                environment: "prod".to_owned(),
                values: Value::Null,
                longest_name: false,
            },
            release: "rel".to_owned(),
            namespace: "ns".to_owned(),
            manifests: Ok(text.to_owned()),
        }
    }

    fn object(name: &str, more: &str) -> String {
        format!(
            "---\n# Source: a/templates/x.yaml\nkind: ConfigMap\nmetadata: {{ name: {name} }}\n{more}\n"
        )
    }

    fn faults(found: &str, expected: &str) -> Vec<String> {
        let (_, faults) = compare(&rendering(found), &rendering(expected), &[]);
        faults
            .into_iter()
            .map(|fault| {
                format!(
                    "{} {} {} {}",
                    fault.object, fault.path, fault.found, fault.expected
                )
            })
            .collect()
    }

    #[test]
    fn differences_have_their_paths() {
        let expected = object("a", "data: { x.y: '1', z: '2' }");
        assert_eq!(faults(&expected, &expected), Vec::<String>::new());
        assert_eq!(
            faults(&object("a", "data: { x.y: '2' }"), &expected),
            [
                "ConfigMap/a data[\"x.y\"] \"2\" \"1\"",
                "ConfigMap/a data.z missing \"2\""
            ]
        );
        assert_eq!(faults("", &expected), ["ConfigMap/a  missing there"]);
        let more = expected.clone() + &object("b", "");
        assert_eq!(faults(&more, &expected), ["ConfigMap/b  there missing"]);
        let own = expected.clone() + &object("b", "").replace("x.yaml", "custom/b.yaml");
        assert_eq!(faults(&own, &expected), Vec::<String>::new());
    }
}
