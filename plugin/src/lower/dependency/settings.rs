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

/// Every setting of the server: the catalog's, then those of the specification.
pub fn all(entry: &Entry, dependency: &Dependency) -> Map<String, Value> {
    let mut settings: Map<String, Value> = entry
        .settings
        .base
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if !entry.settings.memory.is_empty() {
        // A quarter is for buffers of clients and for the copy that rewriting a file makes.
        let bytes = memory_bytes(entry, dependency) / 4 * 3;
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
    let memory = Memory {
        name: &facts.name,
        dependency,
        bytes: memory_bytes(&facts.entry, dependency),
    };
    if let Some(shared) = memory.setting("shared_buffers", 8 << 10, 128 << 20) {
        let found = [
            memory.shared(shared),
            memory.cache(),
            memory.connections(shared),
        ];
        found.into_iter().flatten().for_each(|one| sink.push(one));
    }
}

/// The memory of one server, and what its settings take of it.
struct Memory<'a> {
    name: &'a str,
    dependency: &'a Dependency,
    bytes: u64,
}

impl Memory<'_> {
    fn own(&self, name: &str) -> Option<&Spanned<SettingValue>> {
        self.dependency.settings.get(name)
    }

    /// Bytes of a setting; nothing if it cannot be read.
    fn setting(&self, name: &str, block: u64, default: u64) -> Option<u64> {
        self.own(name)
            .map_or(Some(default), |value| size(&value.value, block))
    }

    fn warning(&self, value: &Spanned<SettingValue>, message: String, sum: String) -> Diagnostic {
        let diagnostic = Diagnostic::warning(codes::SETTINGS, message)
            .at(value.span, "more than the memory holds")
            .note(sum);
        match &self.dependency.memory {
            Some(stated) => diagnostic.at(stated.limit.span, "the memory"),
            None => diagnostic,
        }
    }

    fn shared(&self, shared: u64) -> Option<Diagnostic> {
        let value = self.own("shared_buffers")?;
        (shared > self.bytes / 100 * SHARED_PERCENT).then(|| {
            self.warning(
                value,
                format!(
                    "`shared_buffers` takes more than {SHARED_PERCENT} % of the memory of `{}`",
                    self.name
                ),
                format!(
                    "{} of {} is {} %",
                    mib(shared),
                    mib(self.bytes),
                    shared.saturating_mul(100) / self.bytes.max(1)
                ),
            )
            .help(format!(
                "write \"{}MB\", a quarter of the memory, or raise `memory`",
                (self.bytes / 4) >> 20
            ))
        })
    }

    fn cache(&self) -> Option<Diagnostic> {
        let value = self.own("effective_cache_size")?;
        let cache = size(&value.value, 8 << 10)?;
        (cache > self.bytes).then(|| {
            self.warning(
                value,
                format!(
                    "`effective_cache_size` is more than the memory of `{}`",
                    self.name
                ),
                format!("{} of {}", mib(cache), mib(self.bytes)),
            )
            .help(format!(
                "write \"{}MB\", three quarters of the memory",
                (self.bytes / 4 * 3) >> 20
            ))
        })
    }

    /// Connections that all sort at once.
    fn connections(&self, shared: u64) -> Option<Diagnostic> {
        let value = self
            .own("work_mem")
            .or_else(|| self.own("max_connections"))?;
        let connections = match self.own("max_connections").map(|value| &value.value) {
            None => 100,
            Some(SettingValue::Integer(number)) => u64::try_from(*number).ok()?,
            Some(_) => return None,
        };
        let work = self.setting("work_mem", 1 << 10, 4 << 20)?;
        let sum = work
            .saturating_mul(connections)
            .saturating_mul(WORK_FACTOR)
            .saturating_add(shared);
        let left = self.bytes.saturating_sub(shared) / WORK_FACTOR / connections.max(1);
        (sum > self.bytes).then(|| {
            self.warning(
                value,
                format!(
                    "the connections of `{}` may take more than its memory",
                    self.name
                ),
                format!(
                    "{} shared_buffers + {connections} max_connections × {} work_mem × {WORK_FACTOR} = {}, of {}",
                    mib(shared),
                    mib(work),
                    mib(sum),
                    mib(self.bytes)
                ),
            )
            .help(if left < 64 << 10 {
                "lower `max_connections`, or raise `memory`".to_owned()
            } else {
                format!("write work_mem = \"{}kB\" or less, lower `max_connections`, or raise `memory`", left >> 10)
            })
        })
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
