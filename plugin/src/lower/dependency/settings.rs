//! Settings of a server: in the form that its chart takes, and whether they
//! fit its memory.

use super::memory_bytes;
use crate::catalog::{Entry, SettingsForm};
use crate::lower::context::DependencyFacts;
use serde_json::{Map, Value, json};
use taskspec_spec::codes;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::Dependency;
use taskspec_spec::span::Spanned;
use taskspec_spec::types::SettingValue;

/// Share of the memory limit that a cache fills, in percent. The rest is for
/// buffers of clients and for the copy that rewriting a file makes.
const CACHE_PERCENT: u64 = 75;

/// Every setting of the server: the catalog's, then those of the specification.
pub fn all(entry: &Entry, dependency: &Dependency) -> Map<String, Value> {
    let mut settings: Map<String, Value> = entry
        .settings
        .base
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if !entry.settings.memory.is_empty() {
        let bytes = memory_bytes(entry, dependency) / 100 * CACHE_PERCENT;
        settings.insert(entry.settings.memory.clone(), json!(bytes));
    }
    for (name, value) in dependency.settings.iter() {
        settings.insert(name.value.clone(), json_of(&value.value));
    }
    settings
}

fn json_of(value: &SettingValue) -> Value {
    match value {
        SettingValue::Text(text) => json!(text),
        SettingValue::Integer(number) => json!(number),
        SettingValue::Float(number) => json!(number),
        SettingValue::Boolean(flag) => json!(flag),
    }
}

/// Settings in a chart's form.
pub fn formed(form: SettingsForm, settings: &Map<String, Value>) -> Value {
    let line = |(name, value): (&String, &Value)| match form {
        SettingsForm::Words | SettingsForm::WordsList => format!("{name} {}", word(value)),
        _ => format!("{name} = {}", conf(value)),
    };
    match form {
        SettingsForm::Conf | SettingsForm::Words => {
            let lines: Vec<String> = settings.iter().map(line).collect();
            let end = if lines.is_empty() { "" } else { "\n" };
            json!(lines.join("\n") + end)
        }
        SettingsForm::ConfList | SettingsForm::WordsList => {
            json!(settings.iter().map(line).collect::<Vec<_>>())
        }
        SettingsForm::Map => Value::Object(settings.clone()),
        SettingsForm::Texts => settings
            .iter()
            .map(|(name, value)| (name.clone(), json!(plain(value))))
            .collect::<Map<_, _>>()
            .into(),
    }
}

/// As in `postgresql.conf`.
fn conf(value: &Value) -> String {
    match value {
        Value::Bool(flag) => if *flag { "on" } else { "off" }.to_owned(),
        Value::String(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
        other => other.to_string(),
    }
}

/// As in `redis.conf`: text stands as it is, since a setting may take several words.
fn word(value: &Value) -> String {
    match value {
        Value::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        other => plain(other),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Most of the memory that PostgreSQL's shared buffers should take, in percent:
/// beyond it they only repeat the kernel's cache.
const SHARED_PERCENT: u64 = 40;

/// Times that one query takes `work_mem`: a sort, a join and a hash together.
const WORK_FACTOR: u64 = 3;

/// Warns of settings of PostgreSQL that its memory cannot hold.
pub fn check(facts: &DependencyFacts, dependency: &Dependency, sink: &mut Sink) {
    if facts.engine != "postgresql" || !facts.entry.takes("settings") {
        return;
    }
    let memory = memory_bytes(&facts.entry, dependency);
    let own = |name: &str| dependency.settings.get(name);
    let bytes = |name: &str, block: u64, default: u64| {
        own(name).map_or(Some(default), |value| size(&value.value, block))
    };
    let Some(shared) = bytes("shared_buffers", 8 << 10, 128 << 20) else {
        return;
    };
    let warn = |value: &Spanned<SettingValue>, message: String, sum: String, help: String| {
        let diagnostic = Diagnostic::warning(codes::SETTINGS, message)
            .at(value.span, "more than the memory holds")
            .note(sum)
            .help(help);
        match &dependency.memory {
            Some(stated) => diagnostic.at(stated.limit.span, "the memory"),
            None => diagnostic,
        }
    };
    let name = &facts.name;
    if let Some(value) = own("shared_buffers")
        && shared > memory / 100 * SHARED_PERCENT
    {
        sink.push(warn(
            value,
            format!(
                "`shared_buffers` takes more than {SHARED_PERCENT} % of the memory of `{name}`"
            ),
            format!(
                "{} of {} is {} %",
                mib(shared),
                mib(memory),
                shared * 100 / memory
            ),
            format!(
                "write \"{}MB\", a quarter of the memory, or raise `memory`",
                (memory / 4) >> 20
            ),
        ));
    }
    if let Some(value) = own("effective_cache_size")
        && let Some(cache) = size(&value.value, 8 << 10)
        && cache > memory
    {
        sink.push(warn(
            value,
            format!("`effective_cache_size` is more than the memory of `{name}`"),
            format!("{} of {}", mib(cache), mib(memory)),
            format!(
                "write \"{}MB\", three quarters of the memory",
                (memory / 4 * 3) >> 20
            ),
        ));
    }
    let Some(value) = own("work_mem").or_else(|| own("max_connections")) else {
        return;
    };
    let connections = match own("max_connections").map(|value| &value.value) {
        None => 100,
        Some(SettingValue::Integer(number)) => u64::try_from(*number).unwrap_or(0),
        Some(_) => return,
    };
    let Some(work) = bytes("work_mem", 1 << 10, 4 << 20) else {
        return;
    };
    let sum = work
        .saturating_mul(connections)
        .saturating_mul(WORK_FACTOR)
        .saturating_add(shared);
    if sum > memory {
        let left = memory.saturating_sub(shared) / WORK_FACTOR / connections.max(1);
        sink.push(warn(
            value,
            format!("the connections of `{name}` may take more than its memory"),
            format!(
                "{} shared_buffers + {connections} max_connections × {} work_mem × {WORK_FACTOR} = {}, of {}",
                mib(shared),
                mib(work),
                mib(sum),
                mib(memory)
            ),
            if left < 64 << 10 {
                "lower `max_connections`, or raise `memory`".to_owned()
            } else {
                format!("write work_mem = \"{}kB\" or less, lower `max_connections`, or raise `memory`", left >> 10)
            },
        ));
    }
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

/// Bytes of a setting: a number of blocks, or a number with PostgreSQL's unit.
fn size(value: &SettingValue, block: u64) -> Option<u64> {
    let text = match value {
        SettingValue::Integer(number) => return u64::try_from(*number).ok()?.checked_mul(block),
        SettingValue::Text(text) => text.trim(),
        SettingValue::Float(_) | SettingValue::Boolean(_) => return None,
    };
    let units = [
        ("kB", 1 << 10),
        ("MB", 1 << 20),
        ("GB", 1 << 30),
        ("TB", 1 << 40),
        ("B", 1),
    ];
    let (number, factor) = units
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))
        .unwrap_or((text, block));
    number.trim().parse::<u64>().ok()?.checked_mul(factor)
}
