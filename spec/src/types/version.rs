//! Versions of charts, applications, dependencies and Kubernetes.

use super::text;
use crate::codes;
use crate::decode::{Fault, Scalar};
use crate::shape::ScalarShape;
use crate::tree::Value;

fn number(part: &str) -> Option<u64> {
    let plain = !part.is_empty()
        && part.len() <= 9
        && part.bytes().all(|b| b.is_ascii_digit())
        && (part == "0" || !part.starts_with('0'));
    if plain { part.parse().ok() } else { None }
}

fn identifiers(text: &str) -> bool {
    text.split('.').all(|part| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

/// `1.2.3`, `1.2.3-rc.1`, `1.2.3+build.5` (SemVer 2.0.0).
fn semver(text: &str) -> Option<(u64, u64, u64)> {
    let (rest, build) = text
        .split_once('+')
        .map_or((text, None), |(a, b)| (a, Some(b)));
    let (core, pre) = rest
        .split_once('-')
        .map_or((rest, None), |(a, b)| (a, Some(b)));
    let mut parts = core.split('.');
    let version = (
        number(parts.next()?)?,
        number(parts.next()?)?,
        number(parts.next()?)?,
    );
    let tail =
        parts.next().is_none() && build.is_none_or(identifiers) && pre.is_none_or(identifiers);
    tail.then_some(version)
}

/// A version of the chart (SemVer 2.0.0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SemVer {
    /// As written.
    pub text: String,
    /// Major version.
    pub major: u64,
}

impl Scalar for SemVer {
    const SHAPE: ScalarShape = ScalarShape {
        name: "a version",
        hint: "such as \"1.0.0\"",
        json: r#"{"type":"string","pattern":"^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?$"}"#,
    };

    fn read(value: &Value) -> Result<Self, Fault> {
        let written = text::<Self>(value)?;
        let fault = || {
            let fault = Fault::new(codes::VERSION, format!("`{written}` is not a version"));
            let bare = written.trim_start_matches(['v', 'V']);
            let padded = match bare.split('.').count() {
                1 => format!("{bare}.0.0"),
                2 => format!("{bare}.0"),
                _ => bare.to_owned(),
            };
            match semver(&padded) {
                Some(_) => fault.help(format!("did you mean `{padded}`?")),
                None => fault.help("write three numbers, such as \"1.0.0\" (SemVer 2.0.0)"),
            }
        };
        let (major, _, _) = semver(written).ok_or_else(fault)?;
        Ok(Self {
            text: written.to_owned(),
            major,
        })
    }
}

/// The versions of a dependency that are accepted, in Helm's syntax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// As written, such as `12.x.x` or `12.12.10`.
    pub text: String,
    /// Whether it names one version.
    pub exact: bool,
    /// The major version it starts from, when it says one.
    pub major: Option<u64>,
}

impl Scalar for Constraint {
    const SHAPE: ScalarShape = ScalarShape {
        name: "a version or a range of versions",
        hint: "such as \"12.12.10\" or \"12.x.x\"",
        json: r#"{"type":"string","pattern":"^[0-9A-Za-z.*^~<>=!|, +-]+$"}"#,
    };

    fn read(value: &Value) -> Result<Self, Fault> {
        let written = text::<Self>(value)?;
        let exact = semver(written).is_some();
        if !exact && !range(written) {
            return Err(Fault::new(codes::VERSION, format!("`{written}` is not a version or a range"))
                .help("write a version such as \"12.12.10\", or a range such as \"12.x.x\", \"~12.12\", \"^12.1.0\" or \">=12.0.0 <13.0.0\""));
        }
        let first = written.trim_start_matches(|c: char| !c.is_ascii_digit());
        let major = first
            .split(|c: char| !c.is_ascii_digit())
            .next()
            .and_then(|n| n.parse().ok());
        Ok(Self {
            text: written.to_owned(),
            exact,
            major,
        })
    }
}

/// Helm's range syntax: alternatives by `||`, conditions by space or comma.
fn range(text: &str) -> bool {
    text.split("||").all(|alternative| {
        let hyphen: Vec<&str> = alternative.split(" - ").collect();
        if let [low, high] = hyphen[..] {
            return partial(low.trim()) && partial(high.trim());
        }
        let mut conditions = 0;
        // `>= 1.2` may have a space after its operator.
        let joined = ["<=", ">=", "!=", "=>", "=<", "<", ">", "=", "~", "^"]
            .iter()
            .fold(alternative.to_owned(), |text, op| {
                text.replace(&format!("{op} "), op)
            });
        for condition in joined.split([' ', ',']).filter(|part| !part.is_empty()) {
            let version = condition.trim_start_matches(['<', '>', '=', '!', '~', '^']);
            let operator = &condition[..condition.len() - version.len()];
            let known = [
                "", "<", ">", "=", "<=", ">=", "=<", "=>", "!=", "~", "~>", "^",
            ];
            if !known.contains(&operator) || !partial(version) {
                return false;
            }
            conditions += 1;
        }
        conditions > 0
    })
}

/// `12`, `12.1`, `12.x.x`, `*`, `1.2.3-0`.
fn partial(version: &str) -> bool {
    let version = version.strip_prefix('v').unwrap_or(version);
    let core = version.split(['-', '+']).next().unwrap_or("");
    let parts: Vec<&str> = core.split('.').collect();
    let wild = |part: &str| matches!(part, "x" | "X" | "*");
    (1..=3).contains(&parts.len())
        && parts
            .iter()
            .all(|part| wild(part) || number(part).is_some())
        && (version.len() == core.len()
            || identifiers(&version[core.len() + 1..].replace('+', ".")))
}

/// A minor version of Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KubeVersion {
    /// Minor version: 30 for Kubernetes 1.30.
    pub minor: u32,
}

impl Scalar for KubeVersion {
    const SHAPE: ScalarShape = ScalarShape {
        name: "a version of Kubernetes",
        hint: "such as \"1.30\"",
        json: r#"{"type":"string","pattern":"^1\\.[0-9]{2}$"}"#,
    };

    fn read(value: &Value) -> Result<Self, Fault> {
        let written = text::<Self>(value)?;
        let minor = written.strip_prefix("1.").and_then(number);
        match minor {
            Some(minor @ 30..=99) => Ok(Self { minor: u32::try_from(minor).unwrap_or(30) }),
            Some(minor) if minor < 30 => Err(Fault::new(
                codes::VERSION,
                format!("charts need Kubernetes 1.30 or newer, not 1.{minor}"),
            )
            .help("write \"1.30\" or newer: graceful shutdown uses the native sleep of the preStop hook, on by default since 1.30")),
            _ => Err(Fault::new(codes::VERSION, format!("`{written}` is not a version of Kubernetes"))
                .help("write major and minor, such as \"1.31\"")),
        }
    }
}

scalar!(SemVer, Constraint, KubeVersion);
