//! The version of a dependency's chart against what the catalog knows.

use crate::catalog::{Entry, Kind, Majors, State};
use taskspec_spec::codes;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::Dependency;
use taskspec_spec::span::Spanned;
use taskspec_spec::types::Constraint;

/// Major version of the chart, as stated or as the catalog has it.
pub fn major(dependency: &Dependency, entry: &Entry) -> Option<u64> {
    match &dependency.version {
        Some(version) => version.major,
        None => entry.version.split('.').next()?.parse().ok(),
    }
}

/// Checks what the specification says of the version.
pub fn check(dependency: &Spanned<Dependency>, entry: &Entry, sink: &mut Sink) {
    match (entry.kind, &dependency.version) {
        (Kind::Repository, None) if entry.version.is_empty() => sink.push(
            Diagnostic::error(
                codes::DEPENDENCY_FACT,
                format!("`{}` needs a version", entry.name),
            )
            .at(dependency.from.span, "a chart of a repository")
            .help(match entry.known_majors().last() {
                Some(newest) => {
                    format!("add version = \"{newest}.x.x\", or better an exact one")
                }
                None => "add version = \"…\", best an exact one".to_owned(),
            }),
        ),
        (Kind::Embedded | Kind::External, Some(version)) => sink.push(
            Diagnostic::error(
                codes::NOT_APPLICABLE,
                format!("`{}` has no version to choose", entry.name),
            )
            .at(version.span, "does not apply")
            .help("remove it: the compiler decides"),
        ),
        (Kind::Repository, Some(version)) if !entry.majors.is_empty() => {
            known(dependency, entry, version, sink);
        }
        _ => {}
    }
}

fn known(
    dependency: &Spanned<Dependency>,
    entry: &Entry,
    version: &Spanned<Constraint>,
    sink: &mut Sink,
) {
    let majors = entry.known_majors();
    let (low, high) = (
        majors.first().copied().unwrap_or_default(),
        majors.last().copied().unwrap_or_default(),
    );
    let Some(major) = version.major else {
        sink.push(
            Diagnostic::error(codes::DEPENDENCY_FACT, "the version has to say its major")
                .at(version.span, "could be any major version")
                .help(format!("write \"{high}.x.x\""))
                .note("names, keys and images of the chart differ between majors"),
        );
        return;
    };
    match entry.majors_of(major) {
        None => {
            let range = if low == high {
                low.to_string()
            } else {
                format!("{low} to {high}")
            };
            sink.push(
                Diagnostic::error(
                    codes::DEPENDENCY_FACT,
                    format!("the catalog does not know `{}` {major}", entry.name),
                )
                .at(version.span, "unknown major version")
                .help(format!("it knows {range}, as of {}", entry.checked)),
            );
        }
        Some(group) if group.state != State::Current => {
            sink.push(old(dependency, entry, version, group, major));
        }
        Some(_) => {}
    }
}

fn old(
    dependency: &Spanned<Dependency>,
    entry: &Entry,
    version: &Spanned<Constraint>,
    group: &Majors,
    major: u64,
) -> Diagnostic {
    let replaced = entry.values_of(Some(major)).any(|value| value.image);
    let prefer = if replaced {
        format!(
            "the chart uses the frozen images; for new systems prefer {}",
            group.instead
        )
    } else {
        format!("prefer {}", group.instead)
    };
    Diagnostic::warning(
        codes::FROZEN,
        format!("`{}` {major} is no longer maintained", entry.name),
    )
    .at(version.span, group.state.word())
    .at(dependency.from.span, "this chart")
    .note(format!("{} (as of {})", group.why, entry.checked))
    .help(prefer)
}
