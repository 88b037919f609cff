//! The facts of one environment against what the catalog knows.

use super::{mode, settings};
use crate::catalog::{Entry, Kind};
use crate::lower::context::DependencyFacts;
use crate::lower::secret;
use taskspec_spec::codes;
use taskspec_spec::derived;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::{Dependency, Document};
use taskspec_spec::span::{Span, Spanned};

/// Checks the facts of one environment against the catalog.
pub fn check(document: &Document, all: &[DependencyFacts], sink: &mut Sink) {
    for (name, dependency) in document.dependencies.iter() {
        let Some(facts) = all.iter().find(|facts| facts.name == name.value) else {
            continue;
        };
        let entry = &facts.entry;
        let elsewhere = derived::is_elsewhere(dependency);
        if (entry.kind == Kind::External || elsewhere) && dependency.host.is_none() {
            sink.push(
                Diagnostic::error(
                    codes::DEPENDENCY_FACT,
                    format!("the external server `{}` needs a host", name.value),
                )
                .at(dependency.from.span, "runs elsewhere")
                .help("add host = \"db.example.com\""),
            );
        }
        if facts.port == 0 {
            sink.push(
                Diagnostic::error(
                    codes::DEPENDENCY_FACT,
                    format!("`{}` needs a port", entry.name),
                )
                .at(dependency.from.span, "of a protocol without a usual one")
                .help("add `port` to the catalog entry"),
            );
        }
        for (key, span) in stated(dependency) {
            let place = elsewhere && matches!(key, "host" | "port");
            if !place && !applies(key, entry) {
                sink.push(not_applicable(key, span, entry));
            }
        }
        if entry.takes("secret-name")
            && secret::source(document) != taskspec_spec::types::SecretSource::Existing
        {
            sink.push(named_secret(name, dependency, entry));
        }
        modes(facts, dependency, sink);
        least(entry, dependency, sink);
        settings::check(facts, dependency, sink);
    }
}

/// The optional facts that are stated, with their places.
fn stated(dependency: &Dependency) -> Vec<(&'static str, Span)> {
    fn place<T>(key: &'static str, value: &Option<Spanned<T>>) -> Option<(&'static str, Span)> {
        value.as_ref().map(|value| (key, value.span))
    }
    let settings = dependency.settings.iter().next();
    [
        place("database", &dependency.database),
        place("user", &dependency.user),
        place("storage", &dependency.storage),
        place("storage-class", &dependency.storage_class),
        place("replicas", &dependency.replicas),
        settings.map(|(name, _)| ("settings", name.span)),
        place("retention", &dependency.retention),
        place("cpu", &dependency.cpu),
        place("memory", &dependency.memory),
        place("metrics", &dependency.metrics),
        place("host", &dependency.host),
        place("port", &dependency.port),
        place("external", &dependency.external),
        place("values", &dependency.values),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn applies(key: &str, entry: &Entry) -> bool {
    match key {
        "cpu" | "memory" => entry.takes("resources"),
        "replicas" => entry.takes("replicas") || entry.takes("servers"),
        "values" | "external" => entry.kind != Kind::External,
        key => entry.takes(key),
    }
}

fn not_applicable(key: &str, span: Span, entry: &Entry) -> Diagnostic {
    let help = match (key, entry.kind) {
        ("replicas", Kind::Embedded) => {
            "remove it: the embedded server is a single one; for replicas use a chart of a repository or an external server"
        }
        ("metrics", Kind::Embedded) => "remove it: the embedded server has no exporter",
        ("database" | "user", Kind::External) => {
            "remove it: the URL in the existing Secret says it"
        }
        ("host" | "port", _) => {
            "remove it: the chart asks the dependency itself; for a server that runs elsewhere add external = true, or take an entry `external/…`"
        }
        _ => "remove it",
    };
    Diagnostic::error(
        codes::NOT_APPLICABLE,
        format!("`{key}` does not apply to `{}`", entry.name),
    )
    .at(span, "does not apply")
    .help(help)
}

fn named_secret(name: &Spanned<String>, dependency: &Dependency, entry: &Entry) -> Diagnostic {
    Diagnostic::error(
        codes::SECRET_SOURCE,
        format!("`{}` cannot take a generated Secret", name.value),
    )
    .at(
        dependency.from.span,
        "its chart takes the Secret's name as it stands",
    )
    .help("write [secrets] source = \"existing\" and name = \"…\", or use another chart such as cloudpirates/postgres")
    .note(format!(
        "a generated Secret is named after the release, which the values of `{}` cannot say",
        entry.name
    ))
}

/// What a mode needs of the chart, and what the number of replicas says of it.
fn modes(facts: &DependencyFacts, dependency: &Dependency, sink: &mut Sink) {
    let entry = &facts.entry;
    let word = mode(dependency);
    let replicas = dependency.replicas.as_ref();
    let Some(stated) = &dependency.mode else {
        return;
    };
    let fault = |message: String| Diagnostic::error(codes::DEPENDENCY_FACT, message);
    let Some(known) = entry.modes.get(word) else {
        let help = if entry.modes.is_empty() {
            "remove it".to_owned()
        } else {
            let offered = entry
                .modes
                .iter()
                .filter(|(_, mode)| mode.refused.is_empty());
            let offered: Vec<&str> = offered.map(|(word, _)| word.as_str()).collect();
            format!("it can be {}", offered.join(" or "))
        };
        sink.push(
            fault(format!("`{}` has no mode `{word}`", entry.name))
                .at(stated.span, "not with this chart")
                .help(help),
        );
        return;
    };
    if !known.refused.is_empty() {
        let (why, help) = known
            .refused
            .split_once("; ")
            .unwrap_or((&known.refused, "use another mode"));
        sink.push(
            fault(format!("`{}` offers no `{word}`", entry.name))
                .at(stated.span, why)
                .help(help),
        );
    } else if let Some(major) = facts.major.filter(|major| known.not_in.contains(major)) {
        sink.push(
            fault(format!(
                "`{}` {major} cannot do `{word}` behind one Service",
                entry.name
            ))
            .at(stated.span, "its clients would have to speak sentinel")
            .help(format!(
                "write version = \"{}.x.x\" or newer, or mode = \"replication\"",
                major + 1
            ))
            .note("from the next major version on the chart has a Service that follows the master"),
        );
    }
    if let Some(replicas) = replicas.filter(|replicas| replicas.0 < known.least) {
        sink.push(
            fault(format!(
                "`{word}` needs {} replica{} or more",
                known.least,
                if known.least == 1 { "" } else { "s" }
            ))
            .at(replicas.span, "too few")
            .at(stated.span, "for this mode")
            .help(format!("write replicas = {}", known.least)),
        );
    }
    if let Some(replicas) = replicas.filter(|replicas| word == "standalone" && replicas.0 > 0) {
        sink.push(
            fault("a single server has no replicas".to_owned())
                .at(replicas.span, "beside one server")
                .at(stated.span, "one server")
                .help("remove `replicas`, or write mode = \"replication\""),
        );
    }
}

/// The least CPU and memory that a chart accepts.
fn least(entry: &Entry, dependency: &Dependency, sink: &mut Sink) {
    let fault = |what: &str, least: String, span: Span| {
        Diagnostic::error(
            codes::DEPENDENCY_FACT,
            format!("`{}` needs {least} of {what}", entry.name),
        )
        .at(span, "too little")
        .help(format!("request {least} or more: its chart refuses less"))
    };
    let minimum = &entry.minimum;
    if let Some(cpu) = &dependency.cpu
        && cpu.request.millicores < minimum.millicores
    {
        sink.push(fault(
            "CPU",
            format!("{}m", minimum.millicores),
            cpu.request.span,
        ));
    }
    if let Some(memory) = &dependency.memory
        && memory.request.bytes < minimum.mebibytes << 20
    {
        sink.push(fault(
            "memory",
            format!("{}Mi", minimum.mebibytes),
            memory.request.span,
        ));
    }
}
