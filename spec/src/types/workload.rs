//! Words of workloads, scaling and exposure: schedules, fields, hosts, rates.

use super::name::word;
use super::{text, whole};
use crate::codes;
use crate::decode::{Fault, Key, Scalar};
use crate::shape::ScalarShape;
use crate::tree::Value;

word!(
    /// A name of a port: at most 15 characters (RFC 6335), part of keys and labels.
    PortName,
    ScalarShape {
        name: "a name of a port",
        hint: "such as \"http\" or \"metrics\"",
        json: r#"{"type":"string","pattern":"^[a-z]([-a-z0-9]{0,13}[a-z0-9])?$"}"#,
    },
    |text| {
        let bytes = text.as_bytes();
        let ok = (1..=15).contains(&bytes.len())
            && bytes[0].is_ascii_lowercase()
            && bytes[bytes.len() - 1] != b'-'
            && !text.contains("--")
            && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-');
        if ok {
            Ok(())
        } else {
            Err(Fault::new(codes::NAME, format!("`{text}` is not usable as a port's name"))
                .help("use lower-case letters, digits and single dashes, starting with a letter, at most 15 characters"))
        }
    }
);

impl Key for PortName {
    const OPEN: bool = false;
}

word!(
    /// When a cron job runs: five fields or one of the words that Kubernetes knows.
    CronTime,
    ScalarShape {
        name: "a schedule",
        hint: "such as \"0 3 * * *\" or \"@daily\"",
        json: r#"{"type":"string","minLength":5,"maxLength":100}"#,
    },
    |text| cron(text).map_err(|why| {
        Fault::new(codes::SCHEDULE, format!("`{text}` is not a schedule: {why}"))
            .help("write minute, hour, day of month, month and day of week, such as \"0 3 * * *\" for every day at three")
    })
);

/// Ranges of the five fields with the names that stand for numbers.
const FIELDS: &[(&str, u32, u32, &[&str])] = &[
    ("minute", 0, 59, &[]),
    ("hour", 0, 23, &[]),
    ("day of month", 1, 31, &[]),
    (
        "month",
        1,
        12,
        &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    ),
    (
        "day of week",
        0,
        6,
        &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    ),
];

fn cron(text: &str) -> Result<(), String> {
    const WORDS: &[&str] = &[
        "@yearly",
        "@annually",
        "@monthly",
        "@weekly",
        "@daily",
        "@midnight",
        "@hourly",
    ];
    if text.starts_with('@') {
        return if WORDS.contains(&text) {
            Ok(())
        } else {
            Err(format!("Kubernetes knows {}", WORDS.join(", ")))
        };
    }
    let fields: Vec<&str> = text.split(' ').filter(|field| !field.is_empty()).collect();
    if fields.len() != FIELDS.len() {
        return Err(format!("it has {} fields, not 5", fields.len()));
    }
    for (field, (name, low, high, names)) in fields.iter().zip(FIELDS) {
        for part in field.split(',') {
            cron_part(part, *low, *high, names)
                .ok_or_else(|| format!("`{part}` is no {name} ({low} to {high})"))?;
        }
    }
    Ok(())
}

/// `*`, `5`, `1-5`, `*/15`, `1-30/2`.
fn cron_part(part: &str, low: u32, high: u32, names: &[&str]) -> Option<()> {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step.parse::<u32>().ok()?)),
        None => (part, None),
    };
    if step.is_some_and(|step| step == 0 || step > high) {
        return None;
    }
    let number = |word: &str| -> Option<u32> {
        let lower = word.to_ascii_lowercase();
        let named = names.iter().position(|name| *name == lower);
        let number = match named {
            Some(index) => low + u32::try_from(index).ok()?,
            None if !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()) => {
                word.parse().ok()?
            }
            None => return None,
        };
        (low..=high).contains(&number).then_some(number)
    };
    if range == "*" || range == "?" {
        return Some(());
    }
    match range.split_once('-') {
        Some((from, to)) => (number(from)? <= number(to)?).then_some(()),
        None => number(range).map(|_| ()),
    }
}

word!(
    /// A field of a pod or of its container's resources.
    FieldPath,
    ScalarShape {
        name: "a field of the pod",
        hint: "such as \"metadata.name\" or \"limits.memory\"",
        json: r#"{"type":"string","pattern":"^(metadata|spec|status|limits|requests)[.].+$"}"#,
    },
    |text| {
        const FIELDS: &[&str] = &[
            "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName",
            "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP",
            "status.podIPs", "limits.cpu", "limits.memory", "limits.ephemeral-storage",
            "requests.cpu", "requests.memory", "requests.ephemeral-storage",
        ];
        let keyed = ["metadata.labels['", "metadata.annotations['"].iter().any(|start| {
            let key = text.strip_prefix(start).and_then(|rest| rest.strip_suffix("']"));
            key.is_some_and(|key| !key.is_empty() && !key.contains('\''))
        });
        if keyed || FIELDS.contains(&text) {
            Ok(())
        } else {
            Err(Fault::new(codes::CHOICE, format!("`{text}` is not a field that a container can see"))
                .help(format!("choose {}, metadata.labels['…'] or metadata.annotations['…']", FIELDS.join(", "))))
        }
    }
);

word!(
    /// A name of an HTTP header.
    HeaderName,
    ScalarShape {
        name: "a header's name",
        hint: "such as \"X-Probe\"",
        json: r#"{"type":"string","pattern":"^[-A-Za-z0-9]+$"}"#,
    },
    |text| if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        Ok(())
    } else {
        Err(Fault::new(codes::NAME, format!("`{text}` is not a header's name"))
            .help("use letters, digits and dashes"))
    }
);

impl Key for HeaderName {
    const OPEN: bool = true;
}

word!(
    /// A setting's name of something else's making: letters, digits and a few signs.
    TriggerKey,
    ScalarShape {
        name: "a setting's name",
        hint: "such as \"listLength\"",
        json: r#"{"type":"string","pattern":"^[A-Za-z_][A-Za-z0-9_.-]*$"}"#,
    },
    |text| {
        let ok = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        if ok {
            Ok(())
        } else {
            Err(Fault::new(codes::NAME, format!("`{text}` is not a setting's name"))
                .help("use letters, digits, `_`, `.` and `-`, starting with a letter"))
        }
    }
);

impl Key for TriggerKey {
    const OPEN: bool = true;
}

word!(
    /// Where a metric comes from: `pods`, `external`, or an object as `Kind/name`.
    MetricSource,
    ScalarShape {
        name: "a source of a metric",
        hint: "such as \"pods\", \"external\" or \"Ingress/web\"",
        json: r#"{"type":"string","pattern":"^(pods|external|[A-Z][A-Za-z]+/[a-z0-9]([-a-z0-9.]*[a-z0-9])?)$"}"#,
    },
    |text| {
        let object = text.split_once('/').is_some_and(|(kind, name)| {
            kind.starts_with(|c: char| c.is_ascii_uppercase())
                && kind.bytes().all(|b| b.is_ascii_alphabetic())
                && !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
        });
        if object || matches!(text, "pods" | "external") {
            Ok(())
        } else {
            Err(Fault::new(codes::CHOICE, format!("`{text}` is not a source of a metric"))
                .help("write \"pods\", \"external\" or an object such as \"Ingress/web\""))
        }
    }
);

word!(
    /// A host of an Ingress or route, possibly `*.example.com`.
    WildcardHost,
    ScalarShape {
        name: "a host",
        hint: "such as \"api.example.com\" or \"*.example.com\"",
        json: r#"{"type":"string","pattern":"^([*][.])?[a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?$"}"#,
    },
    |text| {
        let host = text.strip_prefix("*.").unwrap_or(text);
        let part = |part: &str| {
            let bytes = part.as_bytes();
            (1..=63).contains(&bytes.len())
                && bytes[0] != b'-'
                && bytes[bytes.len() - 1] != b'-'
                && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
        };
        if text.len() <= 253 && host.split('.').all(part) {
            Ok(())
        } else {
            Err(Fault::new(codes::TEXT, format!("`{text}` is not a host"))
                .help("write a name in lower case without scheme, port or path, such as \"api.example.com\""))
        }
    }
);

impl Key for WildcardHost {
    const OPEN: bool = true;
}

word!(
    /// What a path leads to: a workload, or a workload and the name of its port.
    PathTarget,
    ScalarShape {
        name: "a workload",
        hint: "such as \"api\" or \"api:http\"",
        json: r#"{"type":"string","pattern":"^[a-z][-a-z0-9]*(:[a-z][-a-z0-9]*)?$"}"#,
    },
    |text| {
        let word = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let ok = match text.split_once(':') {
            Some((workload, port)) => word(workload) && word(port),
            None => word(text),
        };
        if ok {
            Ok(())
        } else {
            Err(Fault::new(codes::NAME, format!("`{text}` is not a workload, with or without a port"))
                .help("write \"api\" or \"api:http\""))
        }
    }
);

impl PathTarget {
    /// The workload and the name of the port, if one is named.
    pub fn parts(&self) -> (&str, Option<&str>) {
        match self.0.split_once(':') {
            Some((workload, port)) => (workload, Some(port)),
            None => (&self.0, None),
        }
    }
}

/// Requests in a time, such as `100/m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Number of requests.
    pub requests: u32,
    /// The time in seconds: 1 or 60.
    pub seconds: u32,
}

impl Scalar for RateLimit {
    const SHAPE: ScalarShape = ScalarShape {
        name: "a rate",
        hint: "such as \"100/m\" or \"20/s\"",
        json: r#"{"type":"string","pattern":"^[1-9][0-9]{0,5}/(s|m)$"}"#,
    };

    fn read(value: &Value) -> Result<Self, Fault> {
        let written = text::<Self>(value)?;
        let parsed = written.split_once('/').and_then(|(number, unit)| {
            let requests: u32 = number.parse().ok().filter(|n| (1..=999_999).contains(n))?;
            let seconds = match unit {
                "s" => 1,
                "m" => 60,
                _ => return None,
            };
            Some(Self { requests, seconds })
        });
        parsed.ok_or_else(|| {
            Fault::new(codes::NUMBER, format!("`{written}` is not a rate"))
                .help("write requests per second or minute, such as \"20/s\" or \"100/m\"")
        })
    }
}

scalar!(RateLimit);

/// A share of pods in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent(pub u32);

impl Scalar for Percent {
    const SHAPE: ScalarShape = ScalarShape {
        name: "a percentage",
        hint: "such as 50",
        json: r#"{"type":"integer","minimum":1,"maximum":1000}"#,
    };

    fn read(value: &Value) -> Result<Self, Fault> {
        whole::<Self>(value, 1, 1000).map(|number| Self(u32::try_from(number).unwrap_or(1)))
    }
}

scalar!(Percent);

/// A target of scaling in percent of the request, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalingTarget {
    /// This resource does not count.
    Off,
    /// Percent of the request.
    Percent(u32),
}

impl Scalar for ScalingTarget {
    const SHAPE: ScalarShape = ScalarShape {
        name: "a percentage or \"off\"",
        hint: "such as 70",
        json: r#"{"anyOf":[{"type":"integer","minimum":1,"maximum":1000},{"const":"off"}]}"#,
    };

    fn read(value: &Value) -> Result<Self, Fault> {
        if let Value::String(word) = value
            && word == "off"
        {
            return Ok(Self::Off);
        }
        whole::<Self>(value, 1, 1000)
            .map(|number| Self::Percent(u32::try_from(number).unwrap_or(1)))
    }
}

scalar!(ScalingTarget);

word!(
    /// A key of somebody else's Secret.
    SecretDataKey,
    ScalarShape {
        name: "a key of a Secret",
        hint: "such as \"API_KEY\"",
        json: r#"{"type":"string","pattern":"^[-._a-zA-Z0-9]{1,253}$"}"#,
    },
    |text| {
        let ok = (1..=253).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        if ok {
            Ok(())
        } else {
            Err(Fault::new(codes::NAME, format!("`{text}` is not a key of a Secret"))
                .help("use letters, digits, `-`, `.` and `_`"))
        }
    }
);

word!(
    /// Where a store keeps a secret.
    RemoteKey,
    ScalarShape {
        name: "a place in a store",
        hint: "such as \"secret/task-api\"",
        json: r#"{"type":"string","minLength":1,"maxLength":1000}"#,
    },
    |text| if text.is_empty() || text.len() > 1000 || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        Err(Fault::new(codes::TEXT, format!("`{text}` is not a place in a store"))
            .help("write the path or name that the store knows, such as \"secret/task-api\""))
    } else {
        Ok(())
    }
);
