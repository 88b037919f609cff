//! `build`: a specification becomes a chart.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process;
use std::time::Instant;

use crate::cli::{Build, Format};
use crate::compiler::{Chart, Compilation, Compiler, Setting, Severity, component};
use crate::failure::{Exit, Failure};
use crate::output::{self, Digest, FileState, Written};
use crate::report::{self, BuildReport, Source, Tally, counted};

use super::Context;

/// Bytes of a specification; the largest known one has 20 KiB.
const SPEC_BYTES_MAX: u64 = 4 << 20;

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
    let settings = settings(options)?;
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

/// What the compiler is told besides the specification.
fn settings(options: &Build) -> Result<Vec<Setting>, Failure> {
    let Some(file) = &options.catalog else {
        return Ok(Vec::new());
    };
    let name = file.display().to_string();
    Ok(vec![Setting {
        key: "catalog".to_owned(),
        value: read(file, &name)?.text,
    }])
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

/// The chart, unless the specification is faulty.
fn compiled(compilation: &Compilation) -> Result<Option<&Chart>, Failure> {
    let is_faulty = compilation
        .diagnostics
        .iter()
        .any(|d| d.severity == Severity::Error);
    match &compilation.chart {
        _ if is_faulty => Ok(None),
        Some(chart) => Ok(Some(chart)),
        None => Err(Failure::bug(
            "internal error: the compiler gave neither a chart nor an error",
        )),
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

fn name(spec: &Path) -> String {
    if spec == Path::new("-") {
        "<stdin>".to_owned()
    } else {
        spec.display().to_string()
    }
}

fn read(spec: &Path, name: &str) -> Result<Source, Failure> {
    let bytes = if spec == Path::new("-") {
        read_all(&mut io::stdin().lock())
            .map_err(|error| Failure::io("read", Path::new("standard input"), &error))?
    } else {
        File::open(spec)
            .and_then(|mut file| read_all(&mut file))
            .map_err(|error| Failure::io("read", spec, &error))?
    };
    if bytes.len() as u64 > SPEC_BYTES_MAX {
        let mib = SPEC_BYTES_MAX >> 20;
        return Err(Failure::spec(format!("`{name}` has more than {mib} MiB"))
            .help("a specification states intent; keep data in files of its own"));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source {
            name: name.to_owned(),
            text,
        }),
        Err(error) => Err(not_utf8(name, &error)),
    }
}

/// One byte more than allowed is enough to know, whatever the size.
fn read_all(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(SPEC_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn not_utf8(name: &str, error: &std::string::FromUtf8Error) -> Failure {
    let offset = error.utf8_error().valid_up_to();
    let (good, bad) = error.as_bytes().split_at(offset);
    let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
    let byte = bad.first().copied().unwrap_or_default();
    let failure = Failure::spec(format!("`{name}` is not UTF-8 text")).note(format!(
        "line {line} has the byte 0x{byte:02x} at offset {offset}"
    ));
    if bad.starts_with(&[0xff, 0xfe]) || bad.starts_with(&[0xfe, 0xff]) {
        failure.help("it begins like UTF-16; save it as UTF-8")
    } else {
        failure.help("save the file as UTF-8")
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> Failure {
        let error = String::from_utf8(bytes.to_vec()).unwrap_err();
        not_utf8("spec.toml", &error)
    }

    #[test]
    fn text_that_is_not_utf8_is_refused_with_its_place() {
        let failure = refused(b"a = 1\r\nb = \"\xe9\"\n");
        assert_eq!(failure.exit, Exit::Spec);
        assert_eq!(failure.notes, ["line 2 has the byte 0xe9 at offset 12"]);
        assert_eq!(failure.help.as_deref(), Some("save the file as UTF-8"));
        assert!(refused(b"\xff\xfea\0").help.unwrap().contains("UTF-16"));
    }

    #[test]
    fn a_compiler_that_says_nothing_is_a_bug() {
        let nothing = Compilation {
            chart: None,
            diagnostics: vec![],
        };
        assert_eq!(compiled(&nothing).unwrap_err().exit, Exit::Bug);
    }
}
