//! Container images.

use super::text;
use crate::codes;
use crate::decode::{Fault, Scalar};
use crate::shape::ScalarShape;
use crate::tree::Value;

/// A container image, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Host of the registry; empty when the reference names none.
    pub registry: String,
    /// Path in the registry.
    pub repository: String,
    /// Tag; empty when the reference has none (the application's version is used).
    pub tag: String,
    /// Digest with its algorithm; empty when the reference has none.
    pub digest: String,
}

impl Scalar for Image {
    const SHAPE: ScalarShape = ScalarShape {
        name: "an image",
        hint: "such as \"ghcr.io/example/api\" or \"example/api:1.2.3\"",
        json: r#"{"type":"string","minLength":1,"maxLength":500,"pattern":"^[a-z0-9][A-Za-z0-9._:/@-]*$"}"#,
    };

    fn read(value: &Value) -> Result<Self, Fault> {
        let written = text::<Self>(value)?;
        parse(written).map_err(|why| {
            Fault::new(codes::IMAGE, format!("`{written}` is not an image: {why}"))
                .help("write [registry/]repository[:tag][@sha256:digest], such as \"ghcr.io/example/api\"")
        })
    }
}

fn parse(written: &str) -> Result<Image, &'static str> {
    if written.contains("://") {
        return Err("an image has no scheme");
    }
    let (rest, digest) = written.split_once('@').unwrap_or((written, ""));
    if !digest.is_empty() || written.contains('@') {
        let hex = digest
            .strip_prefix("sha256:")
            .ok_or("the digest must start with `sha256:`")?;
        let valid = hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !valid {
            return Err("the digest needs 64 lower-case hexadecimal digits");
        }
    }
    let last_slash = rest.rfind('/').map_or(0, |at| at + 1);
    let (path, tag) = match rest[last_slash..].find(':') {
        Some(colon) => (&rest[..last_slash + colon], &rest[last_slash + colon + 1..]),
        None => (rest, ""),
    };
    if rest.len() > path.len() && !valid_tag(tag) {
        return Err("the tag has characters that tags cannot have");
    }
    let (registry, repository) = match path.split_once('/') {
        Some((host, tail)) if host.contains('.') || host.contains(':') || host == "localhost" => {
            (host, tail)
        }
        _ => ("", path),
    };
    if !registry
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'))
    {
        return Err("the registry is not a host name");
    }
    let valid = !repository.is_empty() && repository.split('/').all(valid_segment);
    if !valid {
        return Err(
            "the repository needs lower-case letters, digits, `.`, `_` and `-` between slashes",
        );
    }
    Ok(Image {
        registry: registry.to_owned(),
        repository: repository.to_owned(),
        tag: tag.to_owned(),
        digest: digest.to_owned(),
    })
}

fn valid_tag(tag: &str) -> bool {
    (1..=128).contains(&tag.len())
        && tag
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        && !tag.starts_with(['.', '-'])
}

fn valid_segment(segment: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    edge(segment.bytes().next())
        && edge(segment.bytes().last())
        && segment.bytes().all(|b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-')
        })
}

scalar!(Image);
