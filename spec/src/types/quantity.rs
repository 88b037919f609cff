//! Numbers with a meaning: CPU, memory, durations, ports, identities.

use super::{text, whole};
use crate::codes;
use crate::decode::{Fault, Scalar};
use crate::shape::ScalarShape;
use crate::tree::Value;

/// An amount of CPU in thousandths of a core, from `1m`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cpu {
    /// As written, such as `500m`.
    pub text: String,
    /// Thousandths of a core.
    pub millicores: u64,
}

impl Scalar for Cpu {
    const SHAPE: ScalarShape = ScalarShape {
        name: "an amount of CPU",
        hint: "such as \"500m\" or \"2\"",
        json: r#"{"type":"string","pattern":"^([1-9][0-9]*m|[0-9]+(\\.[0-9]{1,3})?)$"}"#,
    };

    fn read(value: &Value) -> Result<Self, Fault> {
        let written = text::<Self>(value)?;
        let fault = || {
            Fault::new(
                codes::QUANTITY,
                format!("`{written}` is not an amount of CPU"),
            )
            .help("write thousandths of a core such as \"500m\", or cores such as \"2\" or \"0.5\"")
        };
        let millicores = match written.strip_suffix('m') {
            Some(number) => digits(number),
            None => decimal_thousandths(written),
        };
        match millicores {
            Some(millicores @ 1..=10_000_000) => Ok(Self {
                text: written.to_owned(),
                millicores,
            }),
            _ => Err(fault()),
        }
    }
}

/// An amount of memory or storage in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// As written, such as `512Mi`.
    pub text: String,
    /// Bytes.
    pub bytes: u64,
}

const UNITS: &[(&str, u64)] = &[
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("P", 1_000_000_000_000_000),
];

impl Scalar for Memory {
    const SHAPE: ScalarShape = ScalarShape {
        name: "an amount of memory",
        hint: "such as \"512Mi\" or \"10Gi\"",
        json: r#"{"type":"string","pattern":"^[1-9][0-9]*(\\.[0-9]{1,3})?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)$"}"#,
    };

    fn read(value: &Value) -> Result<Self, Fault> {
        let written = text::<Self>(value)?;
        let fault = || {
            let fault = Fault::new(
                codes::QUANTITY,
                format!("`{written}` is not an amount of memory"),
            );
            match suggest_unit(written) {
                Some(better) => fault.help(format!("did you mean `{better}`?")),
                None => fault.help("write a number and a unit such as \"512Mi\" or \"10Gi\" (Ki, Mi, Gi, Ti: powers of 1024; k, M, G, T: powers of 1000)"),
            }
        };
        let (number, factor) = UNITS
            .iter()
            .find_map(|(unit, factor)| Some((written.strip_suffix(unit)?, *factor)))
            .ok_or_else(fault)?;
        let thousandths = decimal_thousandths(number).ok_or_else(fault)?;
        let bytes = u128::from(thousandths) * u128::from(factor) / 1000;
        match u64::try_from(bytes) {
            Ok(bytes) if (1024..=1 << 60).contains(&bytes) => Ok(Self {
                text: written.to_owned(),
                bytes,
            }),
            _ => Err(fault()),
        }
    }
}

/// `512MB`, `512mb`, `512mi`, `10 Gi`: what was meant.
fn suggest_unit(written: &str) -> Option<String> {
    let digits_end = written.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = written.split_at(digits_end);
    if number.is_empty() {
        return None;
    }
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "k" | "kb" | "ki" | "kib" => "Ki",
        "m" | "mb" | "mi" | "mib" => "Mi",
        "g" | "gb" | "gi" | "gib" => "Gi",
        "t" | "tb" | "ti" | "tib" => "Ti",
        _ => return None,
    };
    Some(format!("{number}{unit}"))
}

fn digits(number: &str) -> Option<u64> {
    let plain =
        !number.is_empty() && number.len() <= 18 && number.bytes().all(|b| b.is_ascii_digit());
    if plain { number.parse().ok() } else { None }
}

/// A decimal number with at most three places, in thousandths.
fn decimal_thousandths(number: &str) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if fraction.is_empty() || fraction.len() > 3 {
        return None;
    }
    let scale = 10_u64.pow(3 - u32::try_from(fraction.len()).ok()?);
    digits(whole)?
        .checked_mul(1000)?
        .checked_add(digits(fraction)? * scale)
}

/// A duration in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration {
    /// Seconds.
    pub seconds: u32,
}

impl Scalar for Duration {
    const SHAPE: ScalarShape = ScalarShape {
        name: "a duration",
        hint: "such as \"30s\" or \"5m\"",
        json: r#"{"type":"string","pattern":"^([0-9]+h)?([0-9]+m)?([0-9]+s)?$","minLength":2}"#,
    };

    fn read(value: &Value) -> Result<Self, Fault> {
        if let Value::Integer(number) = value {
            return Err(
                Fault::new(codes::DURATION, format!("{number} has no unit")).help(format!(
                    "write \"{number}s\" for seconds, \"{number}m\" for minutes"
                )),
            );
        }
        let written = text::<Self>(value)?;
        let seconds = parse_duration(written).ok_or_else(|| {
            Fault::new(codes::DURATION, format!("`{written}` is not a duration"))
                .help("write hours, minutes and seconds in whole numbers, such as \"30s\", \"5m\" or \"1h30m\"")
        })?;
        match u32::try_from(seconds) {
            Ok(seconds) if seconds <= Self::LONGEST => Ok(Self { seconds }),
            _ => Err(Fault::new(
                codes::DURATION,
                format!("`{written}` is longer than a week"),
            )
            .help("write at most \"168h\"")),
        }
    }
}

fn parse_duration(written: &str) -> Option<u64> {
    let mut rest = written;
    let mut total: u64 = 0;
    let mut any = false;
    for (unit, factor) in [('h', 3600), ('m', 60), ('s', 1)] {
        if let Some(at) = rest.find(unit) {
            total = total.checked_add(digits(&rest[..at])?.checked_mul(factor)?)?;
            rest = &rest[at + 1..];
            any = true;
        }
    }
    (any && rest.is_empty()).then_some(total)
}

impl Duration {
    /// Longest duration, in seconds: seven days.
    pub const LONGEST: u32 = 7 * 24 * 3600;

    /// As a person writes it: `90s` stays `90s`, `300` seconds are `5m`.
    pub fn human(self) -> String {
        match self.seconds {
            s if s >= 3600 && s % 3600 == 0 => format!("{}h", s / 3600),
            s if s >= 60 && s % 60 == 0 => format!("{}m", s / 60),
            s => format!("{s}s"),
        }
    }
}

/// Declares a whole number with a range.
macro_rules! number {
    ($(#[$meta:meta])* $Name:ident($inner:ty), $lowest:literal..=$highest:literal, $shape:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $Name(pub $inner);

        impl Scalar for $Name {
            const SHAPE: ScalarShape = $shape;
            fn read(value: &Value) -> Result<Self, Fault> {
                let number = whole::<Self>(value, $lowest, $highest)?;
                <$inner>::try_from(number)
                    .map(Self)
                    .map_err(|_| Fault::new(codes::NUMBER, format!("{number} is out of range")))
            }
        }
    };
}

number!(
    /// A TCP port. Below 1024 a restricted container cannot listen.
    Port(u16), 1..=65535,
    ScalarShape {
        name: "a port",
        hint: "such as 8000",
        json: r#"{"type":"integer","minimum":1,"maximum":65535}"#,
    }
);
number!(
    /// A count that may be zero.
    Whole(u32), 0..=100000,
    ScalarShape {
        name: "a whole number",
        hint: "such as 3",
        json: r#"{"type":"integer","minimum":0,"maximum":100000}"#,
    }
);
number!(
    /// A count of at least one.
    Positive(u32), 1..=100000,
    ScalarShape {
        name: "a whole number",
        hint: "from 1, such as 3",
        json: r#"{"type":"integer","minimum":1,"maximum":100000}"#,
    }
);
number!(
    /// A user or group of a container. Root (0) is not possible: every pod is restricted.
    UserId(u32), 1..=2147483647,
    ScalarShape {
        name: "a user or group ID",
        hint: "such as 10001",
        json: r#"{"type":"integer","minimum":1,"maximum":2147483647}"#,
    }
);

/// A number of pods or a share of them, for rollouts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Surge {
    /// So many pods.
    Pods(u32),
    /// A share in percent, 0 to 100.
    Percent(u32),
}

impl Scalar for Surge {
    const SHAPE: ScalarShape = ScalarShape {
        name: "a number of pods or a percentage",
        hint: "such as 1 or \"25%\"",
        json: r#"{"oneOf":[{"type":"integer","minimum":0,"maximum":1000},{"type":"string","pattern":"^(100|[1-9]?[0-9])%$"}]}"#,
    };

    fn read(value: &Value) -> Result<Self, Fault> {
        if let Value::Integer(_) = value {
            let number = whole::<Self>(value, 0, 1000)?;
            return Ok(Self::Pods(u32::try_from(number).unwrap_or_default()));
        }
        let written = text::<Self>(value)?;
        let share = written.strip_suffix('%').and_then(digits);
        match share {
            Some(share @ 0..=100) => Ok(Self::Percent(u32::try_from(share).unwrap_or_default())),
            _ => Err(Fault::new(
                codes::QUANTITY,
                format!("`{written}` is not a number of pods or a percentage"),
            )
            .help("write a number such as 1, or a percentage such as \"25%\"")),
        }
    }
}

scalar!(Cpu, Memory, Duration, Port, Whole, Positive, UserId, Surge);
