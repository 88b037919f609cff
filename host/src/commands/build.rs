//! `build`: specifications become charts.

use std::path::{Path, PathBuf};
use std::process;

use crate::cli::{Build, Format};
use crate::compiler::{Chart, Compilation, Compiler};
use crate::failure::{Exit, Failure};
use crate::output::{self, Edit, Edits, FileOutcome, FileState, Written, unified};
use crate::report::{self, BuildReport, Source, Tally, clean, counted};

use super::Context;
use super::clock::Clock;
use super::many::{Claims, Turn, each};
use super::specification::{compiled, folder, name, origin, read, settings};
use super::specs::Selection;
use super::watch;

/// Lines of a hand edit that are shown; `check --diff` shows all.
const N_DIFF_LINES_MAX: usize = 40;

/// What came of a build, as far as it went.
#[derive(Default)]
pub(super) struct Outcome {
    name: String,
    source: Option<Source>,
    compilation: Option<Compilation>,
    written: Option<(PathBuf, Written)>,
    failure: Option<Failure>,
}

/// Builds, reports, and says how it ended.
pub(super) fn run(context: &Context, options: &Build) -> Result<Exit, Failure> {
    let selection = Selection::of(&options.targets)?;
    if options.watch {
        return watch::run(context, options);
    }
    build_all(context, options, &selection)
}

/// Builds everything once.
pub(super) fn build_all(
    context: &Context,
    options: &Build,
    selection: &Selection,
) -> Result<Exit, Failure> {
    let [spec] = &selection.specs[..] else {
        return build_many(context, options, selection);
    };
    if selection.is_many {
        return build_many(context, options, selection);
    }
    let mut clock = Clock::new(context.terminal.verbose);
    let outcome = build(context, options, spec, None, &mut clock);
    let exit = outcome.exit();
    match options.message_format {
        Format::Human => print_human(context, options, &outcome)?,
        Format::Json => {
            context
                .terminal
                .print(&report::build_report(&outcome.report()))?;
        }
    }
    clock.lap("report");
    context.terminal.print_error(&clock.text());
    Ok(exit)
}

fn build_many(context: &Context, options: &Build, selection: &Selection) -> Result<Exit, Failure> {
    let claims = Claims::default();
    let mut total = Total::default();
    let mut kept = Vec::new();
    let mut printed = Ok(());
    each(
        &selection.specs,
        "building",
        |n, spec| {
            let mut clock = Clock::new(false);
            build(context, options, spec, Some(claims.turn(n)), &mut clock)
        },
        |_, mut outcome| {
            total.add(&outcome);
            match options.message_format {
                Format::Human if printed.is_ok() => {
                    printed = print_brief(context, options, &outcome);
                }
                Format::Human => {}
                Format::Json => {
                    // The document names the files; their texts are not needed.
                    let chart = outcome.compilation.as_mut().and_then(|c| c.chart.as_mut());
                    if let Some(chart) = chart {
                        chart.files.clear();
                    }
                    kept.push(outcome);
                }
            }
        },
    );
    printed?;
    match options.message_format {
        Format::Human => context.terminal.print_error(&total.text()),
        Format::Json => {
            let reports: Vec<BuildReport<'_>> = kept.iter().map(Outcome::report).collect();
            context
                .terminal
                .print(&report::build_reports(total.exit, &reports))?;
        }
    }
    Ok(total.exit)
}

/// What many builds amount to.
struct Total {
    exit: Exit,
    n_changed: usize,
    n_unchanged: usize,
    n_findings: usize,
    n_failed: usize,
}

impl Default for Total {
    fn default() -> Self {
        Self {
            exit: Exit::Done,
            n_changed: 0,
            n_unchanged: 0,
            n_findings: 0,
            n_failed: 0,
        }
    }
}

impl Total {
    fn add(&mut self, outcome: &Outcome) {
        let exit = outcome.exit();
        self.exit = self.exit.worse(exit);
        let is_changed = |(_, written): &(PathBuf, Written)| {
            let states = written.files.iter().map(|file| file.state);
            states.into_iter().any(|state| {
                use FileState::{Conflict, Merged, Removed, Written};
                matches!(state, Written | Removed | Merged | Conflict)
            })
        };
        match &outcome.written {
            None => self.n_failed += 1,
            Some(written) if is_changed(written) => self.n_changed += 1,
            Some(_) => self.n_unchanged += 1,
        }
        if exit == Exit::Findings {
            self.n_findings += 1;
        }
    }

    fn text(&self) -> String {
        let n_all = self.n_changed + self.n_unchanged + self.n_failed;
        let parts = [
            (self.n_changed, "changed"),
            (self.n_unchanged, "unchanged"),
            (self.n_failed, "failed"),
            (self.n_findings, "with files that were kept"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{n} {what}"))
            .collect();
        format!(
            "{}: {}\n",
            counted(n_all, "specification"),
            parts.join(", ")
        )
    }
}

/// Goes as far as it can.
fn build(
    context: &Context,
    options: &Build,
    spec: &Path,
    turn: Option<Turn<'_>>,
    clock: &mut Clock,
) -> Outcome {
    let mut outcome = Outcome {
        name: name(spec),
        ..Outcome::default()
    };
    outcome.failure = go(context, options, spec, turn, &mut outcome, clock).err();
    outcome
}

/// Faults of the specification are no error here: they are in the outcome, which
/// then has nothing written.
fn go(
    context: &Context,
    options: &Build,
    spec: &Path,
    turn: Option<Turn<'_>>,
    outcome: &mut Outcome,
    clock: &mut Clock,
) -> Result<(), Failure> {
    let source = outcome.source.insert(read(spec, &outcome.name)?);
    let settings = settings(options.targets.catalog.as_deref())?;
    clock.lap("read");
    let expired = expired(*context, options, &outcome.name);
    let mut compiler = Compiler::load(options.targets.limits.limits(), expired)?;
    clock.lap("load");
    let compilation = outcome
        .compilation
        .insert(compiler.compile(&source.text, &settings)?);
    // Its clock stops here: writing is not the compiler's time.
    drop(compiler);
    clock.lap("compile");
    let Some(chart) = compiled(compilation)? else {
        return Ok(());
    };
    let folder = folder(&options.targets, chart)?;
    if let Some(turn) = turn {
        turn.claim(&folder, &outcome.name)?;
    }
    let written = output::write(&output::Request {
        folder: &folder,
        files: &chart.files,
        origin: &origin(source, &settings),
        edits: match (options.force, options.merge) {
            (true, _) => Edits::Replace,
            (_, true) => Edits::Merge,
            _ => Edits::Keep,
        },
    })?;
    outcome.written = Some((folder, written));
    clock.lap("write");
    Ok(())
}

/// What to do when the compiler's time is over.
fn expired(context: Context, options: &Build, name: &str) -> impl FnOnce(Failure) + Send + 'static {
    let (format, name) = (options.message_format, name.to_owned());
    move |failure| {
        let outcome = Outcome {
            failure: Some(failure.note(format!("it was reading {name}"))),
            name,
            ..Outcome::default()
        };
        let report = outcome.report();
        match format {
            Format::Human => context.terminal.report_failure(
                report
                    .failure
                    .unwrap_or(&Failure::world("the time is over")),
            ),
            Format::Json => drop(context.terminal.print(&report::build_report(&report))),
        }
        process::exit(outcome.exit() as i32)
    }
}

impl Outcome {
    fn exit(&self) -> Exit {
        match (&self.failure, &self.written) {
            (Some(failure), _) => failure.exit,
            (None, None) => Exit::Spec,
            (None, Some((_, written))) if written.has_findings() => Exit::Findings,
            (None, Some(_)) => Exit::Done,
        }
    }

    fn report(&self) -> BuildReport<'_> {
        BuildReport {
            exit: self.exit(),
            spec: &self.name,
            source: self.source.as_ref(),
            diagnostics: self.compilation.as_ref().map_or(&[], |c| &c.diagnostics),
            chart: self.compilation.as_ref().and_then(|c| c.chart.as_ref()),
            written: self
                .written
                .as_ref()
                .map(|(folder, written)| (folder.as_path(), written)),
            failure: self.failure.as_ref(),
        }
    }
}

fn print_human(context: &Context, options: &Build, outcome: &Outcome) -> Result<(), Failure> {
    print(context, outcome, |folder, written, chart| {
        match options.quiet {
            true => Ok(()),
            false => context
                .terminal
                .print(&report::summary(chart, folder, written)),
        }
    })
}

/// One line for a chart, beside what needs a look.
fn print_brief(context: &Context, options: &Build, outcome: &Outcome) -> Result<(), Failure> {
    print(context, outcome, |folder, written, chart| {
        match options.quiet {
            true => Ok(()),
            false => context
                .terminal
                .print(&report::heading(chart, folder, written)),
        }
    })
}

fn print(
    context: &Context,
    outcome: &Outcome,
    summary: impl FnOnce(&Path, &Written, &Chart) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let terminal = context.terminal;
    let report = outcome.report();
    if let Some(source) = report.source {
        terminal.print_error(&report::diagnostics(source, report.diagnostics));
    }
    if let Some((folder, written)) = report.written {
        terminal.print_error(&remarks(folder, written));
        if let Some(chart) = report.chart {
            summary(folder, written, chart)?;
        }
    }
    if let Some(failure) = report.failure {
        terminal.report_failure(failure);
    }
    terminal.print_error(&closing(&outcome.name, &report));
    Ok(())
}

/// What happened to files besides writing them.
fn remarks(folder: &Path, written: &Written) -> String {
    let place = |path: &str| folder.join(path).display().to_string();
    let mut text = String::new();
    for path in &written.rescued {
        text += &report::note(&format!(
            "`{}` was left by a build that was killed",
            place(path)
        ));
    }
    for path in &written.leftovers {
        let message = format!(
            "`{}` could not be cleared away: it is what the chart was before",
            path.display()
        );
        text += &report::warning(&message, Some("make it writable and delete it"));
    }
    for file in &written.files {
        if let Some(saved_as) = &file.saved_as {
            let (path, saved_as) = (place(&file.path), place(saved_as));
            text += &report::note(&format!("saved `{path}` as `{saved_as}`"));
        }
        text += &remark(&place(&file.path), file);
    }
    for archive in &written.archives {
        let message = format!("`{}` is not what the lock names", place(&archive.path));
        let help = "fetch it again with `helm dependency build`, or accept it with `--force`";
        text += &report::warning(&message, Some(help));
    }
    text
}

fn remark(path: &str, file: &FileOutcome) -> String {
    let why = match file.state {
        FileState::KeptEdited => "it was edited since taskspec wrote it",
        FileState::KeptForeign => "taskspec did not write it",
        FileState::KeptObsolete => "the chart has no such file any more, but it was edited",
        FileState::Conflict => {
            let message =
                format!("`{path}` has conflicts: both sides are marked where lines changed twice");
            return report::warning(&message, None);
        }
        FileState::Written | FileState::Unchanged | FileState::Removed | FileState::Merged => {
            return String::new();
        }
    };
    let note = file
        .note
        .map_or_else(String::new, |note| format!("; it cannot be merged: {note}"));
    let warning = report::warning(&format!("kept `{path}`: {why}{note}"), None);
    warning
        + &file
            .edit
            .as_ref()
            .map_or_else(String::new, |edit| shown(&file.path, edit))
}

/// The beginning of a hand edit.
fn shown(path: &str, edit: &Edit) -> String {
    let Some(after) = &edit.after else {
        return String::new();
    };
    let diff = unified(path, Some(&clean(&edit.before)), Some(&clean(after)), true);
    let n_lines = diff.lines().count();
    let mut text: String = diff
        .lines()
        .take(N_DIFF_LINES_MAX)
        .map(|line| format!("    {line}\n"))
        .collect();
    if n_lines > N_DIFF_LINES_MAX {
        let n_more = counted(n_lines - N_DIFF_LINES_MAX, "more line");
        text += &format!("    ({n_more}; `check --diff` shows all)\n");
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
    let n_conflicts = written.conflicts().count();
    if n_conflicts > 0 {
        let message = format!(
            "{} to be decided by hand",
            has(n_conflicts, "file", "have conflicts", "has conflicts")
        );
        let help = "look for <<<<<<< in them; each was saved as `<name>.orig` before";
        report::warning(&message, Some(help))
    } else if n_kept > 0 {
        let message = format!(
            "{} kept instead of what {name} says",
            has(n_kept, "file", "were", "was")
        );
        let help = "move the edits into the specification, keep them with `--merge`, or replace \
                    the files with `--force`, which saves each as `<name>.orig`";
        report::warning(&message, Some(help))
    } else if tally.n_warnings > 0 {
        report::warning(&format!("built {name} with {tally}"), None)
    } else {
        String::new()
    }
}

fn has(n: usize, noun: &str, many: &str, one: &str) -> String {
    format!("{} {}", counted(n, noun), if n == 1 { one } else { many })
}
