//! `check`: whether charts are what a build would make of them, and why not.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::{Check, Targets};
use crate::compiler::{Compilation, Compiler};
use crate::failure::{Exit, Failure};
use crate::output::{self, Edits, Inspection};
use crate::report::check::{Checked, Form, Reporter};
use crate::report::{self, Source, Tally};

use super::Context;
use super::many::{Claims, Turn, each};
use super::specification::{compiled, folder, name, origin, read, settings};
use super::specs::Selection;

/// What came of one specification.
struct Outcome {
    name: String,
    source: Option<Source>,
    compilation: Option<Compilation>,
    inspected: Option<(PathBuf, Inspection)>,
    failure: Option<Failure>,
}

/// Checks, reports, and says how it ended.
pub(super) fn run(context: &Context, options: &Check) -> Result<Exit, Failure> {
    let targets = &options.targets;
    let selection = Selection::of(targets)?;
    let form = Form {
        format: options.format,
        diff: options.diff,
    };
    let claims = Claims::default();
    let mut reporter = Reporter::new(form);
    let mut exit = Exit::Done;
    let mut printed = Ok(());
    let mut inspected = Vec::new();
    each(
        &selection.specs,
        "checking",
        |n, spec| {
            let mut outcome = Outcome {
                name: name(spec),
                source: None,
                compilation: None,
                inspected: None,
                failure: None,
            };
            outcome.failure = go(context, targets, spec, claims.turn(n), &mut outcome).err();
            outcome
        },
        |_, outcome| {
            exit = exit.worse(outcome.exit());
            inspected.extend(outcome.inspected.as_ref().map(|(folder, _)| folder.clone()));
            explain(context, &outcome);
            let text = reporter.add(&outcome.checked(outcome.message().as_deref()));
            if printed.is_ok() {
                printed = context.terminal.print(&text);
            }
        },
    );
    printed?;
    if selection.is_many && targets.output.is_none() {
        for folder in orphans(&targets.into, &inspected) {
            let message = format!(
                "`{}` is the chart of no specification here",
                folder.display()
            );
            let help = "delete it, or name its specification too";
            context
                .terminal
                .print_error(&report::warning(&message, Some(help)));
        }
    }
    context.terminal.print(&reporter.finish(exit))?;
    Ok(exit)
}

/// Charts that taskspec built and that no specification makes any more.
fn orphans(into: &Path, inspected: &[PathBuf]) -> Vec<PathBuf> {
    let folders = fs::read_dir(into).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = folders
        .map(|entry| entry.path())
        .filter(|path| path.join(output::LOCK_NAME).is_file() && !inspected.contains(path))
        .collect();
    folders.sort();
    folders
}

fn go(
    context: &Context,
    targets: &Targets,
    spec: &Path,
    turn: Turn<'_>,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let source = outcome.source.insert(read(spec, &outcome.name)?);
    let settings = settings(targets.catalog.as_deref())?;
    let (terminal, name) = (context.terminal, outcome.name.clone());
    let mut compiler = Compiler::load(targets.limits.limits(), move |failure| {
        terminal.abort(&failure.note(format!("it was reading {name}")))
    })?;
    let compilation = outcome
        .compilation
        .insert(compiler.compile(&source.text, &settings)?);
    drop(compiler);
    let Some(chart) = compiled(compilation)? else {
        return Ok(());
    };
    let folder = folder(targets, chart)?;
    turn.claim(&folder, &outcome.name)?;
    let inspection = output::inspect(&output::Request {
        folder: &folder,
        files: &chart.files,
        origin: &origin(source, &settings),
        edits: Edits::Keep,
    })?;
    outcome.inspected = Some((folder, inspection));
    Ok(())
}

/// What is wrong with the specification, or around it.
fn explain(context: &Context, outcome: &Outcome) {
    let terminal = context.terminal;
    if let (Some(source), Some(compilation), None) =
        (&outcome.source, &outcome.compilation, &outcome.inspected)
        && outcome.failure.is_none()
    {
        let diagnostics = &compilation.diagnostics;
        terminal.print_error(&report::diagnostics(source, diagnostics));
        let message = format!(
            "could not check {}: {}",
            outcome.name,
            Tally::of(diagnostics)
        );
        terminal.print_error(&report::error(&message));
    }
    if let Some(failure) = &outcome.failure {
        terminal.report_failure(failure);
    }
}

impl Outcome {
    fn exit(&self) -> Exit {
        match (&self.failure, &self.inspected) {
            (Some(failure), _) => failure.exit,
            (None, None) => Exit::Spec,
            (None, Some((_, inspection))) if inspection.findings.is_empty() => Exit::Done,
            (None, Some(_)) => Exit::Findings,
        }
    }

    /// Why it could not be checked.
    fn message(&self) -> Option<String> {
        let faults = self
            .compilation
            .as_ref()
            .filter(|_| self.inspected.is_none());
        let faults = faults
            .map(|faults| format!("the specification has {}", Tally::of(&faults.diagnostics)));
        let failure = self.failure.as_ref();
        failure.map(|failure| failure.message.clone()).or(faults)
    }

    fn checked<'a>(&'a self, message: Option<&'a str>) -> Checked<'a> {
        Checked {
            spec: &self.name,
            exit: self.exit(),
            chart: self
                .inspected
                .as_ref()
                .map(|(folder, inspection)| (folder.as_path(), inspection)),
            message,
        }
    }
}
