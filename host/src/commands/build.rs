//! `build`: a specification becomes a chart.

use std::path::{Path, PathBuf};
use std::process;
use std::time::Instant;

use crate::cli::{Build, Format};
use crate::compiler::{Chart, Compilation, Compiler, component};
use crate::failure::{Exit, Failure};
use crate::output::{self, Digest, FileState, Written};
use crate::report::{self, BuildReport, Source, Tally, counted};

use super::Context;
use super::specification::{compiled, name, read, settings};

/// What came of a build, as far as it went.
#[derive(Default)]
struct Outcome {
    source: Option<Source>,
    compilation: Option<Compilation>,
    written: Option<(PathBuf, Written)>,
}

/// Builds, reports, and says how it ended.
pub(super) fn run(context: &Context, options: &Build) -> Result<Exit, Failure> {
    let name = name(&options.spec);
    let mut outcome = Outcome::default();
    let mut clock = Clock::new(context.terminal.verbose);
    let failure = build(context, options, &name, &mut outcome, &mut clock).err();
    let exit = exit(&outcome, failure.as_ref());
    match options.message_format {
        Format::Human => print_human(context, options, &name, &outcome, failure.as_ref())?,
        Format::Json => {
            let report = outcome.report(exit, &name, failure.as_ref());
            context.terminal.print(&report::build_report(&report))?;
        }
    }
    clock.lap("report");
    context.terminal.print_error(&clock.text());
    Ok(exit)
}

fn exit(outcome: &Outcome, failure: Option<&Failure>) -> Exit {
    match (failure, &outcome.written) {
        (Some(failure), _) => failure.exit,
        (None, None) => Exit::Spec,
        (None, Some((_, written))) if written.kept().next().is_some() => Exit::Findings,
        (None, Some(_)) => Exit::Done,
    }
}

/// Goes as far as it can. Faults of the specification are no error here: they
/// are in the outcome, which then has nothing written.
fn build(
    context: &Context,
    options: &Build,
    name: &str,
    outcome: &mut Outcome,
    clock: &mut Clock,
) -> Result<(), Failure> {
    let source = outcome.source.insert(read(&options.spec, name)?);
    let settings = settings(options.catalog.as_deref())?;
    clock.lap("read");
    let mut compiler = Compiler::load(options.limits.limits(), expired(*context, options, name))?;
    clock.lap("load");
    let compilation = outcome
        .compilation
        .insert(compiler.compile(&source.text, &settings)?);
    // Its clock stops here: writing is not the compiler's time.
    drop(compiler);
    clock.lap("compile");
    if let Some(chart) = compiled(compilation)? {
        outcome.written = Some(write(options, source, chart)?);
        clock.lap("write");
    }
    Ok(())
}

/// What to do when the compiler's time is over.
fn expired(context: Context, options: &Build, name: &str) -> impl FnOnce(Failure) + Send + 'static {
    let (format, name) = (options.message_format, name.to_owned());
    move |failure| match format {
        Format::Human => context.terminal.abort(&failure),
        Format::Json => {
            let report = Outcome::default();
            let report = report.report(failure.exit, &name, Some(&failure));
            let _ = context.terminal.print(&report::build_report(&report));
            process::exit(failure.exit as i32)
        }
    }
}

fn write(options: &Build, source: &Source, chart: &Chart) -> Result<(PathBuf, Written), Failure> {
    let folder = match &options.output {
        Some(folder) => folder.clone(),
        None => {
            output::check_name(&chart.name)?;
            Path::new("chart-out").join(&chart.name)
        }
    };
    let written = output::write(&output::Request {
        folder: &folder,
        files: &chart.files,
        spec: &Digest::of(source.text.as_bytes()),
        component: &Digest::from_hex(component::SHA256),
        force: options.force,
    })?;
    Ok((folder, written))
}

impl Outcome {
    fn report<'a>(
        &'a self,
        exit: Exit,
        name: &'a str,
        failure: Option<&'a Failure>,
    ) -> BuildReport<'a> {
        BuildReport {
            exit,
            spec: name,
            source: self.source.as_ref(),
            diagnostics: self.compilation.as_ref().map_or(&[], |c| &c.diagnostics),
            chart: self.compilation.as_ref().and_then(|c| c.chart.as_ref()),
            written: self
                .written
                .as_ref()
                .map(|(folder, written)| (folder.as_path(), written)),
            failure,
        }
    }
}

fn print_human(
    context: &Context,
    options: &Build,
    name: &str,
    outcome: &Outcome,
    failure: Option<&Failure>,
) -> Result<(), Failure> {
    let terminal = context.terminal;
    let report = outcome.report(Exit::Done, name, failure);
    if let Some(source) = report.source {
        terminal.print_error(&report::diagnostics(source, report.diagnostics));
    }
    if let Some((folder, written)) = report.written {
        terminal.print_error(&remarks(folder, written));
        if let Some(chart) = report.chart.filter(|_| !options.quiet) {
            terminal.print(&report::summary(chart, folder, written))?;
        }
    }
    if let Some(failure) = failure {
        terminal.report_failure(failure);
    }
    terminal.print_error(&closing(name, &report));
    Ok(())
}

/// Files that were kept or saved.
fn remarks(folder: &Path, written: &Written) -> String {
    let mut text = String::new();
    for file in &written.files {
        let path = folder.join(&file.path).display().to_string();
        if let Some(saved_as) = &file.saved_as {
            let saved_as = folder.join(saved_as).display().to_string();
            text += &report::note(&format!("saved `{path}` as `{saved_as}`"));
        }
        let why = match file.state {
            FileState::KeptEdited => "it was edited since taskspec wrote it",
            FileState::KeptForeign => "taskspec did not write it",
            FileState::KeptObsolete => "the chart has no such file any more, but it was edited",
            FileState::Written | FileState::Unchanged | FileState::Removed => continue,
        };
        text += &report::warning(&format!("kept `{path}`: {why}"), None);
    }
    text
}

/// The last line: what all of it amounts to.
fn closing(name: &str, report: &BuildReport<'_>) -> String {
    let tally = Tally::of(report.diagnostics);
    let Some((_, written)) = report.written else {
        return match tally.n_errors {
            0 => String::new(),
            _ => report::error(&format!("could not build {name}: {tally}")),
        };
    };
    let n_kept = written.kept().count();
    if n_kept > 0 {
        let message = format!("{} kept instead of what {name} says", were(n_kept));
        let help = "move the edits into the specification, or replace the files with `--force`, \
                    which saves each as `<name>.orig`";
        report::warning(&message, Some(help))
    } else if tally.n_warnings > 0 {
        report::warning(&format!("built {name} with {tally}"), None)
    } else {
        String::new()
    }
}

fn were(n: usize) -> String {
    format!(
        "{} {}",
        counted(n, "file"),
        if n == 1 { "was" } else { "were" }
    )
}

/// Times the phases for whoever asked for details.
struct Clock {
    last: Instant,
    laps: Option<Vec<String>>,
}

impl Clock {
    fn new(verbose: bool) -> Self {
        Self {
            last: Instant::now(),
            laps: verbose.then(Vec::new),
        }
    }

    fn lap(&mut self, phase: &str) {
        if let Some(laps) = &mut self.laps {
            let ms = self.last.elapsed().as_secs_f64() * 1000.0;
            laps.push(format!("{phase} {ms:.2} ms"));
            self.last = Instant::now();
        }
    }

    fn text(&self) -> String {
        self.laps
            .as_ref()
            .map_or_else(String::new, |laps| format!("debug: {}\n", laps.join(", ")))
    }
}
