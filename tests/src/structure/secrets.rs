//! Secret values stay in Secrets.

use super::{Rendering, text};
use crate::text::base64;

pub fn faults(rendering: &Rendering<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut values = Vec::new();
    for secret in rendering.kind("Secret") {
        for (key, value) in secret.value["data"].as_object().into_iter().flatten() {
            match base64(text(value)).and_then(|bytes| String::from_utf8(bytes).ok()) {
                Some(plain) if plain.is_empty() => {
                    faults.push(format!("{}: {key} is empty", secret.id()))
                }
                Some(plain) => values.push((secret.name(), key, plain)),
                None => faults.push(format!("{}: {key} is no base64 of text", secret.id())),
            }
        }
    }
    for object in rendering
        .objects
        .iter()
        .filter(|object| object.kind() != "Secret")
    {
        let whole = object.value.to_string();
        for (secret, key, plain) in values.iter().filter(|(_, _, plain)| plain.len() >= 10) {
            if whole.contains(plain.as_str()) {
                faults.push(format!("{}: holds {key} of Secret {secret}", object.id()));
            }
        }
    }
    faults
}
