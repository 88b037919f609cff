//! Text with a purpose: summaries, paths, hosts, addresses.

use super::name::word;
use super::text;
use crate::codes;
use crate::decode::{Decode, Fault, Key, Scalar};
use crate::diagnostic::{Sink, reorders};
use crate::shape::{ScalarShape, Shape};
use crate::tree::{Node, Value};

fn printable(text: &str, lines: bool) -> Result<(), Fault> {
    let hidden =
        |c: &char| (c.is_control() && !(lines && matches!(c, '\n' | '\t'))) || reorders(*c);
    match text.chars().find(hidden) {
        Some('\n') => {
            Err(Fault::new(codes::TEXT, "the text has several lines").help("say it in one line"))
        }
        Some(c) => Err(Fault::new(
            codes::TEXT,
            format!(
                "the text has the invisible character U+{:04X}",
                u32::from(c)
            ),
        )
        .help("remove it")),
        None => Ok(()),
    }
}

fn length(text: &str, longest: usize) -> Result<(), Fault> {
    let found = text.chars().count();
    if text.trim().is_empty() {
        Err(Fault::new(codes::TEXT, "the text is empty").help("say it in a few words"))
    } else if found > longest {
        Err(Fault::new(
            codes::TEXT,
            format!("the text has {found} characters, more than {longest}"),
        ))
    } else {
        Ok(())
    }
}

word!(
    /// One line of text.
    Line,
    ScalarShape {
        name: "one line of text",
        hint: "in quotes",
        json: r#"{"type":"string","minLength":1,"maxLength":1000}"#,
    },
    |text| {
        length(text, 1000)?;
        printable(text, false)
    }
);

word!(
    /// Text of several lines.
    Text,
    ScalarShape {
        name: "text",
        hint: "in quotes",
        json: r#"{"type":"string","minLength":1,"maxLength":20000}"#,
    },
    |text| {
        length(text, 20_000)?;
        printable(text, true)
    }
);

word!(
    /// An expression over rendered manifests (CEL), evaluated by `verify`.
    Condition,
    ScalarShape {
        name: "an expression",
        hint: "such as \"workload('agent').replicas == 3\"",
        json: r#"{"type":"string","minLength":1,"maxLength":20000}"#,
    },
    |text| {
        length(text, 20_000)?;
        printable(text, true)
    }
);

word!(
    /// A value of a variable or an argument of a command; may be empty.
    Any,
    ScalarShape { name: "text", hint: "in quotes", json: r#"{"type":"string","maxLength":100000}"# },
    |text| if text.contains('\0') {
        Err(Fault::new(codes::TEXT, "the text has a NUL character").help("remove it"))
    } else {
        Ok(())
    }
);

word!(
    /// The version of the language.
    Language,
    ScalarShape {
        name: "a language version",
        hint: "such as \"taskspec/v1\"",
        json: r#"{"const":"taskspec/v1"}"#,
    },
    |text| if text == crate::LANGUAGE {
        Ok(())
    } else {
        Err(Fault::new(codes::LANGUAGE, format!("this compiler does not read `{text}`"))
            .help(format!("write spec = \"{}\"", crate::LANGUAGE)))
    }
);

word!(
    /// The path of an HTTP request.
    HttpPath,
    ScalarShape {
        name: "an HTTP path",
        hint: "such as \"/health\"",
        json: r#"{"type":"string","pattern":"^/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*$","maxLength":1000}"#,
    },
    |text| {
        let valid = text.starts_with('/')
            && text.len() <= 1000
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~!$&'()*+,;=:@%/?-".contains(&b));
        if valid {
            Ok(())
        } else {
            Err(Fault::new(codes::TEXT, format!("`{text}` is not an HTTP path"))
                .help("start with `/` and use the characters of a URL, such as \"/health\""))
        }
    }
);

word!(
    /// An absolute path in a container.
    AbsolutePath,
    ScalarShape {
        name: "an absolute path",
        hint: "such as \"/var/cache/app\"",
        json: r#"{"type":"string","pattern":"^(/[A-Za-z0-9._-]+)+$","maxLength":500}"#,
    },
    |text| {
        let valid = text.len() > 1
            && text.len() <= 500
            && text.starts_with('/')
            && text.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."))
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'/' | b'-'));
        if valid {
            Ok(())
        } else {
            Err(Fault::new(codes::TEXT, format!("`{text}` is not an absolute path"))
                .help("start with `/`, with a name between slashes, such as \"/var/cache/app\""))
        }
    }
);

impl Key for AbsolutePath {
    const OPEN: bool = true;
}

impl Key for HttpPath {
    const OPEN: bool = true;
}

word!(
    /// The name of a values file in the chart.
    FileName,
    ScalarShape {
        name: "the name of a values file",
        hint: "such as \"values-prod.yaml\"",
        json: r#"{"type":"string","pattern":"^[a-z0-9][a-z0-9.-]{0,58}\\.yaml$","not":{"const":"values.yaml"}}"#,
    },
    |text| {
        let middle = text.strip_suffix(".yaml").filter(|name| *name != "values");
        let valid = middle.is_some_and(|middle| {
            (1..=59).contains(&middle.len())
                && middle.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                && middle.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
        });
        if valid {
            Ok(())
        } else {
            Err(Fault::new(codes::TEXT, format!("`{text}` is not the name of a values file"))
                .help("write \"….yaml\" in lower case, such as \"values-production.yaml\"; values.yaml has the defaults"))
        }
    }
);

word!(
    /// A web address.
    Url,
    ScalarShape {
        name: "a web address",
        hint: "such as \"https://example.com\"",
        json: r#"{"type":"string","pattern":"^https?://[^\\s\"'<>`{}|\\\\^]+$","maxLength":2000}"#,
    },
    |text| {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let valid = text.len() <= 2000
            && rest.is_some_and(|rest| {
                !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control() || "\"'<>`{}|\\^".contains(c))
            });
        if valid {
            Ok(())
        } else {
            Err(Fault::new(codes::TEXT, format!("`{text}` is not a web address"))
                .help("start with https://"))
        }
    }
);

word!(
    /// A host name or address.
    Host,
    ScalarShape {
        name: "a host",
        hint: "such as \"db.example.com\"",
        json: r#"{"type":"string","pattern":"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$"}"#,
    },
    |text| {
        let edge = |c: char| c.is_ascii_alphanumeric();
        let valid = (1..=253).contains(&text.len())
            && text.starts_with(edge)
            && text.ends_with(edge)
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
        if valid {
            Ok(())
        } else {
            Err(Fault::new(codes::TEXT, format!("`{text}` is not a host"))
                .help("write a name without scheme, port or path, such as \"db.example.com\""))
        }
    }
);

word!(
    /// A name in the dependency catalog.
    CatalogName,
    ScalarShape {
        name: "a catalog entry",
        hint: "such as \"embedded/postgresql\"",
        json: r#"{"type":"string","pattern":"^[a-z0-9-]+/[a-z0-9-]+$"}"#,
    },
    |text| {
        let valid = text.split_once('/').is_some_and(|(source, chart)| {
            [source, chart].iter().all(|part| {
                !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            })
        });
        if valid {
            Ok(())
        } else {
            Err(Fault::new(codes::UNKNOWN_DEPENDENCY, format!("`{text}` is not the name of a catalog entry"))
                .help("write source/chart, such as \"embedded/postgresql\"; `helm taskspec catalog` lists them"))
        }
    }
);

impl crate::decode::Key for CatalogName {
    const OPEN: bool = true;
}

word!(
    /// A range of IPv4 or IPv6 addresses.
    Cidr,
    ScalarShape {
        name: "a range of addresses",
        hint: "such as \"10.0.0.0/8\"",
        json: r#"{"type":"string","pattern":"^[0-9a-fA-F.:]+/[0-9]{1,3}$"}"#,
    },
    |text| {
        let valid = text.split_once('/').is_some_and(|(address, bits)| {
            let most = match address.parse::<std::net::IpAddr>() {
                Ok(std::net::IpAddr::V4(_)) => 32,
                Ok(std::net::IpAddr::V6(_)) => 128,
                Err(_) => return false,
            };
            bits.len() <= 3
                && bits.bytes().all(|b| b.is_ascii_digit())
                && bits.parse::<u8>().is_ok_and(|bits| bits <= most)
        });
        if valid {
            Ok(())
        } else {
            Err(Fault::new(codes::TEXT, format!("`{text}` is not a range of addresses"))
                .help("write an address and the number of leading bits, such as \"10.0.0.0/8\" or \"2001:db8::/32\""))
        }
    }
);

/// True or false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag(pub bool);

impl Scalar for Flag {
    const SHAPE: ScalarShape = ScalarShape {
        name: "true or false",
        hint: "without quotes",
        json: r#"{"type":"boolean"}"#,
    };

    fn read(value: &Value) -> Result<Self, Fault> {
        match value {
            Value::Boolean(flag) => Ok(Self(*flag)),
            other => Err(Fault::wrong_type(&Self::SHAPE, other)),
        }
    }
}

scalar!(Flag);

/// Data that is passed on as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Free(pub Node);

impl Decode for Free {
    fn shape() -> Shape {
        Shape::Free
    }
    fn decode(node: &Node, _sink: &mut Sink) -> Option<Self> {
        Some(Self(node.clone()))
    }
}
