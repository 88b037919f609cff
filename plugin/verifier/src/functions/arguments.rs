//! Functions that look at nothing but their arguments.

use super::{Call, forms, list, paths};
use crate::amount;
use crate::data::to_cel;
use kube_cel::cel::{ResolveResult, Value as Cel};
use serde_json::{Value, json};

pub fn amount(call: &Call<'_>) -> ResolveResult {
    let value = call.data(0)?;
    let quantity = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let number = amount::amount(&quantity).map_err(|fault| call.error(fault))?;
    Ok(Cel::Float(number))
}

pub fn seconds(call: &Call<'_>) -> ResolveResult {
    let number = amount::seconds(call.text(0)?).map_err(|fault| call.error(fault))?;
    Ok(Cel::Int(number))
}

pub fn share(call: &Call<'_>) -> ResolveResult {
    let (of, up) = (call.data(1)?, call.data(2)?);
    let of = of
        .as_i64()
        .ok_or_else(|| call.error("the second argument is a number"))?;
    let number = amount::share(&call.data(0)?, of, up == true);
    number.map(Cel::Int).map_err(|fault| call.error(fault))
}

pub fn image(call: &Call<'_>) -> ResolveResult {
    Ok(to_cel(&parts(call.text(0)?)))
}

pub fn valid(call: &Call<'_>) -> ResolveResult {
    let form = call.text(0)?;
    let valid = forms::valid(form, call.text(1)?);
    valid
        .map(Cel::Bool)
        .ok_or_else(|| call.error(format!("there is no form `{form}`")))
}

pub fn at(call: &Call<'_>) -> ResolveResult {
    Ok(paths::at(call.value(0)?, call.text(1)?))
}

pub fn every(call: &Call<'_>) -> ResolveResult {
    Ok(list(paths::every(call.value(0)?, call.text(1)?)))
}

pub fn repeated(call: &Call<'_>) -> ResolveResult {
    match call.value(0)? {
        Cel::List(all) => Ok(list(paths::repeated(all))),
        _ => Err(call.error("takes a list")),
    }
}

pub fn nothings(call: &Call<'_>) -> ResolveResult {
    let mut found = Vec::new();
    paths::nothings(call.value(0)?, "", &mut found);
    Ok(to_cel(&json!(found)))
}

pub fn pairs(call: &Call<'_>) -> ResolveResult {
    let all = call.data(0)?;
    let all = all.as_array().ok_or_else(|| call.error("takes a list"))?;
    let pairs = all
        .windows(2)
        .map(|pair| json!({ "first": pair[0], "second": pair[1] }));
    Ok(to_cel(&pairs.collect()))
}

/// The parts of an image reference.
fn parts(reference: &str) -> Value {
    let (name, digest) = reference.split_once('@').unwrap_or((reference, ""));
    let (repository, tag) = match name.rsplit_once(':') {
        // A colon before a slash is the port of a registry.
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (name, ""),
    };
    json!({ "repository": repository, "tag": tag, "digest": digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_have_parts() {
        for (reference, repository, tag, digest) in [
            ("a", "a", "", ""),
            ("a/b:1", "a/b", "1", ""),
            ("r:5000/a", "r:5000/a", "", ""),
            ("r:5000/a:1@sha256:x", "r:5000/a", "1", "sha256:x"),
        ] {
            let expected = json!({ "repository": repository, "tag": tag, "digest": digest });
            assert_eq!(parts(reference), expected, "{reference}");
        }
    }
}
