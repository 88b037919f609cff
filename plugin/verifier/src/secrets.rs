//! Where the values of Secrets flow.

use crate::world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use taskspec_manifest::{Object, items, text};

/// Shorter values stand in manifests by chance.
const SHORTEST: usize = 8;

/// Ends of names that say that a variable is a secret.
const SECRET_NAMES: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
    "ACCESS_KEY",
    "SECRET_KEY",
    "CREDENTIALS",
];

/// Places outside of Secrets where a secret stands in plain text.
pub fn exposed(world: &World, plain: &BTreeSet<String>) -> Result<Vec<Value>, String> {
    let objects = world.all()?;
    let values: Vec<String> = objects
        .iter()
        .filter(|object| object.kind() == "Secret")
        .flat_map(values)
        .collect();
    let mut found = Vec::new();
    for object in objects.iter().filter(|object| object.kind() != "Secret") {
        let mut places = Vec::new();
        walk(&object.value, "", &mut |path, text| {
            if values.iter().any(|value| text.contains(value.as_str())) {
                places.push(path.to_owned());
            }
        });
        places.extend(named(object, plain));
        found.extend(
            places
                .into_iter()
                .map(|path| json!({ "object": object.id(), "path": path })),
        );
    }
    Ok(found)
}

/// The decoded values of a Secret that are long enough to be one.
fn values(secret: &Object) -> Vec<String> {
    let map = |key: &str| {
        secret.value[key]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, value)| text(value).to_owned())
            .collect::<Vec<_>>()
    };
    let decoded = map("data").into_iter().filter_map(|value| {
        let bytes = base64(&value)?;
        String::from_utf8(bytes).ok()
    });
    let mut all: Vec<String> = decoded.chain(map("stringData")).collect();
    // Users and databases stand in other places too; only what is random counts.
    all.retain(|value| value.len() >= SHORTEST && looks_random(value));
    all
}

/// Passwords and URLs that hold one have letters and digits mixed.
fn looks_random(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    digits > 0 && letters > 0
}

/// Variables with the name of a secret and a text.
fn named(object: &Object, plain: &BTreeSet<String>) -> Vec<String> {
    let secret = |name: &str| {
        let upper = name.to_ascii_uppercase().replace(['-', '.'], "_");
        SECRET_NAMES
            .iter()
            .any(|end| upper == *end || upper.ends_with(&format!("_{end}")))
            && !plain.contains(name)
    };
    let mut found = Vec::new();
    if object.kind() == "ConfigMap" && object.is_own() {
        for (key, value) in object.value["data"].as_object().into_iter().flatten() {
            if secret(key) && !text(value).is_empty() {
                found.push(format!("data.{key}"));
            }
        }
    }
    let Some(pod) = object.pod().filter(|_| object.is_own()) else {
        return found;
    };
    for list in ["initContainers", "containers"] {
        for container in items(&pod["spec"][list]) {
            for variable in items(&container["env"]) {
                let name = text(&variable["name"]);
                if secret(name) && !text(&variable["value"]).is_empty() {
                    found.push(format!("{}.env.{name}", text(&container["name"])));
                }
            }
        }
    }
    found
}

/// Visits every text of an object with its path.
fn walk(value: &Value, path: &str, visit: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => visit(path, text),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{path}[{index}]"), visit);
            }
        }
        Value::Object(fields) => {
            for (key, item) in fields {
                let below = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                walk(item, &below, visit);
            }
        }
        _ => {}
    }
}

/// Standard base64; none if it is not.
pub fn base64(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut bytes = Vec::new();
    for chunk in text.trim_end_matches('=').as_bytes().chunks(4) {
        let mut bits = 0u32;
        for byte in chunk {
            bits = bits << 6 | u32::from(digit(*byte)?);
        }
        let missing = 4 - chunk.len();
        bits <<= 6 * missing;
        bytes.extend_from_slice(&bits.to_be_bytes()[1..4 - missing.min(2)]);
    }
    Some(bytes)
}
