//! Entries that are not the compiler's: of a specification, or of a file that
//! the runner passes on. They are data only: what would become code of a
//! template is refused.

use super::{Catalog, Entry, Kind, SettingsForm, Value};
use serde::Deserialize;
use std::collections::BTreeMap;
use taskspec_spec::codes;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::Document;

/// What a file with entries holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    entries: BTreeMap<String, toml::Value>,
}

/// The entries of a file.
///
/// # Errors
/// If the file is no TOML, or an entry is not valid.
pub fn file(text: &str) -> Result<BTreeMap<String, Entry>, Diagnostic> {
    let fault = |message: String| {
        Diagnostic::error(codes::DEPENDENCY_FACT, message)
            .help("a file of entries has tables such as `[entries.\"acme/rabbitmq\"]`")
    };
    if text.contains("{{") {
        return Err(Diagnostic::error(
            codes::TEMPLATE_TEXT,
            "a catalog entry of one's own cannot have template code",
        )
        .help("say how the chart names its Service with `naming` and `service`"));
    }
    let file: File = toml::from_str(text)
        .map_err(|found| fault(format!("the catalog file is not valid: {}", line(&found))))?;
    let mut entries = BTreeMap::new();
    for (name, value) in file.entries {
        let entry = value
            .try_into()
            .map_err(|found| line(&found))
            .and_then(|entry| complete(&name, entry))
            .map_err(|found| fault(format!("catalog entry `{name}`: {found}")))?;
        entries.insert(name, entry);
    }
    Ok(entries)
}

/// The entries of a specification. Faults go to the sink.
pub fn stated(document: &Document, known: &mut BTreeMap<String, Entry>, sink: &mut Sink) {
    for (name, data) in document.catalog.iter() {
        let entry = serde_json::from_value(data.value.0.to_json())
            .map_err(|found| line(&found))
            .and_then(|entry| complete(&name.value, entry));
        match entry {
            Ok(entry) => {
                known.insert(name.value.clone(), entry);
            }
            Err(found) => sink.push(
                Diagnostic::error(
                    codes::DEPENDENCY_FACT,
                    format!("catalog.\"{}\": {found}", name.value),
                )
                .at(data.span, "not a valid entry")
                .at(name.span, "this entry")
                .help("`helm taskspec catalog NAME` shows what an entry can say"),
            ),
        }
    }
}

/// A fault in one line, without the place in a text that nobody sees.
fn line(fault: &impl ToString) -> String {
    let text = fault.to_string();
    text.lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or_default()
        // Only the compiler's own entries are of this kind.
        .replace(
            "`repository`, `embedded`, `external`",
            "`repository` or `external`",
        )
}

fn complete(name: &str, mut entry: Entry) -> Result<Entry, String> {
    name.clone_into(&mut entry.name);
    if entry.title.is_empty() {
        let chart = name.split('/').next_back().unwrap_or(name);
        chart.clone_into(&mut entry.title);
    }
    if Catalog::is_built_in(name) {
        return Err("the compiler has an entry of this name; choose another source".to_owned());
    }
    if entry.kind == Kind::External {
        for (fact, doc) in [
            ("host", "Host of the server"),
            ("port", "Port of the server"),
        ] {
            if !entry.takes(fact) {
                entry.values.push(Value {
                    path: fact.to_owned(),
                    fact: fact.to_owned(),
                    value: serde_json::Value::Null,
                    otherwise: None,
                    modes: Vec::new(),
                    majors: Vec::new(),
                    image: false,
                    doc: doc.to_owned(),
                });
            }
        }
    }
    check(&entry)?;
    Ok(entry)
}

fn check(entry: &Entry) -> Result<(), String> {
    match entry.kind {
        Kind::Embedded => {
            return Err("`kind` is \"repository\" or \"external\": charts of one's own come from a repository".to_owned());
        }
        Kind::Repository if entry.chart.is_empty() || entry.repository.is_empty() => {
            return Err("a chart of a repository needs `chart` and `repository`".to_owned());
        }
        _ => {}
    }
    if !entry.host.is_empty()
        || !entry.full.is_empty()
        || !entry.credentials.operator_secret.is_empty()
    {
        return Err("`host`, `full` and `operator-secret` are templates, which only the compiler's own entries have; use `naming` and `service`".to_owned());
    }
    if let Some(mode) = entry
        .modes
        .keys()
        .find(|mode| !["standalone", "replication", "sentinel"].contains(&mode.as_str()))
    {
        return Err(format!(
            "`modes.{mode}`: the modes are standalone, replication and sentinel"
        ));
    }
    if entry.settings.form == SettingsForm::Conf
        && entry
            .settings
            .base
            .values()
            .any(|value| value.is_array() || value.is_object() || value.is_null())
    {
        return Err("`settings.base` has text, numbers and truth values only".to_owned());
    }
    if let Some(value) = entry.values.iter().find(|value| !entry.gives(&value.fact)) {
        return Err(format!(
            "`{}`: nothing gives the fact `{}`",
            value.path, value.fact
        ));
    }
    let constants = &entry.credentials;
    let known = |part: &str| match part {
        "host" | "port" | "scheme" | "password" => true,
        "user" => !constants.user.is_empty() || entry.takes("user"),
        "database" => !constants.database.is_empty() || entry.takes("database"),
        _ => false,
    };
    let mut parts = entry
        .url
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next());
    if let Some(part) = parts.find(|part| !known(part)) {
        return Err(format!("`url`: nothing gives the part `{part}`"));
    }
    let has_password = entry.credentials.passwords.iter().any(|p| p == "password");
    if entry.kind == Kind::Repository && entry.url.contains("{password}") && !has_password {
        return Err("`url` has a password: write credentials = { passwords = [\"password\"] }, and a value with `fact = \"key-password\"`".to_owned());
    }
    for fact in ["user", "database", "metrics", "architecture"] {
        let dotted = |path: &str| {
            path.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_.".contains(&b))
        };
        if let Some(path) = entry.path(fact).filter(|path| !dotted(path)) {
            return Err(format!(
                "`{path}`: templates cannot reach a path with dashes"
            ));
        }
    }
    texts(entry)
}

/// Texts that stand in templates: nothing in them can end a text or a name.
fn texts(entry: &Entry) -> Result<(), String> {
    let credentials = &entry.credentials;
    let mut plain: Vec<(&str, &str)> = vec![
        ("engine", &entry.engine),
        ("service", &entry.service),
        ("chart", &entry.chart),
        ("url-env", &entry.url_env),
        ("role", &entry.role),
        ("credentials.user", &credentials.user),
        ("credentials.database", &credentials.database),
        ("credentials.operator-key", &credentials.operator_key),
    ];
    for mode in entry.modes.values() {
        plain.push(("modes.….service", &mode.service));
        plain.push(("modes.….read", &mode.read));
    }
    for role in &entry.network.reaches {
        plain.push(("network.reaches", role));
    }
    for purpose in &credentials.passwords {
        plain.push(("credentials.passwords", purpose));
    }
    for derived in &credentials.derived {
        plain.push(("credentials.derived.purpose", &derived.purpose));
        plain.push(("credentials.derived.key", &derived.key));
    }
    for (key, value) in &entry.network.labels {
        plain.push(("network.labels", key));
        plain.push(("network.labels", value));
    }
    let paths = entry.values.iter().map(|value| value.path.as_str());
    let paths = paths.chain(entry.refuse.iter().map(|refusal| refusal.path.as_str()));
    plain.extend(paths.map(|path| ("path", path)));
    let plain_byte = |b: u8| b.is_ascii_alphanumeric() || b"-_./".contains(&b);
    if let Some((key, text)) = plain.iter().find(|(_, text)| !text.bytes().all(plain_byte)) {
        return Err(format!(
            "`{key}`: `{text}` may have letters, digits, `-`, `_`, `.` and `/` only"
        ));
    }
    let mut quoted: Vec<(&str, &str)> = vec![("url", &entry.url)];
    for derived in &credentials.derived {
        quoted.push(("credentials.derived.form", &derived.form));
    }
    for refusal in &entry.refuse {
        quoted.push(("refuse.value", &refusal.value));
        quoted.push(("refuse.why", &refusal.why));
    }
    let breaks = |c: char| c == '"' || c == '\\' || c.is_control();
    match quoted.iter().find(|(_, text)| text.contains(breaks)) {
        Some((key, _)) => Err(format!(
            "`{key}` cannot have quotes, backslashes and line breaks"
        )),
        None => Ok(()),
    }
}
