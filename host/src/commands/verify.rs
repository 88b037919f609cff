//! `verify`: every statement of a specification, judged on rendered manifests.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use taskspec_report::{Examination, Plan, Report, RuleFile, SpecFault};

use crate::cli::{Subject, Verify};
use crate::compiler::{Chart, Compiler, Diagnostic, Label, Severity, Span};
use crate::failure::{Exit, Failure};
use crate::helm::Helm;
use crate::limits::Limits;
use crate::rendering::{self, Staged};
use crate::report::verification::{self, Verified};
use crate::report::{self, Source, Tally};

use super::Context;
use super::clock::Clock;
use super::many::each;
use super::specification::{compiled, name, read, settings};
use super::specs::select;

/// Time for hundreds of verifications.
const STRENGTH_TIME: Duration = Duration::from_secs(900);

/// Judges, reports, and says how it ended.
pub(super) fn run(context: &Context, options: &Verify) -> Result<Exit, Failure> {
    let began = Instant::now();
    let selection = select(&options.specs)?;
    if options.subject.chart.is_some() {
        selection.single("`--chart`")?;
    }
    if options.release.is_some() {
        selection.single("`--release`")?;
    }
    let mut verified = Vec::new();
    let mut exit = Exit::Done;
    each(
        &selection.specs,
        "verifying",
        |_, spec| one(context, options, spec),
        |_, outcome| match outcome {
            Ok(Some(one)) => {
                let holds = one.1.holds();
                exit = exit.worse(if holds { Exit::Done } else { Exit::Findings });
                verified.push(one);
            }
            // What is wrong with it was printed.
            Ok(None) => exit = exit.worse(Exit::Spec),
            Err(failure) => {
                exit = exit.worse(failure.exit);
                context.terminal.report_failure(&failure);
            }
        },
    );
    if verified.is_empty() && exit != Exit::Done {
        return Ok(exit);
    }
    let all: Vec<Verified<'_>> = verified
        .iter()
        .map(|(source, report)| Verified { report, source })
        .collect();
    let text = verification::report(
        options.format,
        &all,
        selection.is_many,
        options.evidence,
        exit,
    );
    match &options.output {
        Some(path) => {
            fs::write(path, text).map_err(|error| Failure::io("write", path, &error))?;
        }
        None => context.terminal.print(&text)?,
    }
    if context.terminal.verbose {
        let seconds = began.elapsed().as_secs_f64();
        context
            .terminal
            .print_error(&format!("debug: verified in {seconds:.2} s\n"));
    }
    Ok(exit)
}

/// Judges one specification. None if it has faults, which are printed then.
fn one(
    context: &Context,
    options: &Verify,
    spec: &Path,
) -> Result<Option<(Source, Report)>, Failure> {
    let source = read(spec, &name(spec))?;
    let Some(mut judged) = judge(context, &options.subject, &source)? else {
        return Ok(None);
    };
    if options.strength {
        let mut limits = options.subject.limits.limits();
        limits.time = limits.time.max(STRENGTH_TIME);
        let mut verifier = context.verifier(limits)?;
        judged.report.strength = Some(verifier.strength(&judged.examination)?);
    }
    if let Some(release) = &options.release {
        live(options, release, &mut judged)?;
    }
    Ok(Some((source, judged.report)))
}

/// A specification that was judged, with what it was judged on.
pub(super) struct Judged {
    pub chart: Chart,
    /// What the compiler remarked.
    pub remarks: Vec<Diagnostic>,
    pub examination: Examination,
    pub report: Report,
}

/// Builds, renders and judges. None if the specification has faults, which are
/// printed then.
pub(super) fn judge(
    context: &Context,
    options: &Subject,
    source: &Source,
) -> Result<Option<Judged>, Failure> {
    let limits = options.limits.limits();
    let mut clock = Clock::new(context.terminal.verbose);
    // Helm needs as long to say its version as everything before rendering takes.
    let helm = thread::spawn(Helm::find);
    let Some((chart, remarks)) = compile(context, options, source, limits)? else {
        return Ok(None);
    };
    clock.lap("compile");
    let rules = rule_files(options.rules.as_deref())?;
    let mut verifier = context.verifier(limits)?;
    let plan = verifier.plan(&source.text, &rules)?;
    drop(verifier);
    if !plan.faults.is_empty() {
        let faults: Vec<Diagnostic> = plan.faults.iter().map(diagnostic).collect();
        refuse(context, source, &faults);
        return Ok(None);
    }
    clock.lap("plan");
    let helm = helm
        .join()
        .unwrap_or_else(|_| Err(Failure::bug("internal error: looking for Helm broke")))?;
    let examination = examination(&helm, options, source, &chart, plan, rules)?;
    clock.lap("render");
    // Its clock starts anew: rendering is Helm's time.
    let mut verifier = context.verifier(limits)?;
    let report = verifier.verify(&examination)?;
    clock.lap("judge");
    context.terminal.print_error(&clock.text());
    Ok(Some(Judged {
        chart,
        remarks,
        examination,
        report,
    }))
}

fn compile(
    context: &Context,
    options: &Subject,
    source: &Source,
    limits: Limits,
) -> Result<Option<(Chart, Vec<Diagnostic>)>, Failure> {
    let terminal = context.terminal;
    let mut compiler = Compiler::load(limits, move |failure| terminal.abort(&failure))?;
    let settings = settings(options.catalog.as_deref())?;
    let compilation = compiler.compile(&source.text, &settings)?;
    if let Some(chart) = compiled(&compilation)? {
        return Ok(Some((chart.clone(), compilation.diagnostics)));
    }
    refuse(context, source, &compilation.diagnostics);
    Ok(None)
}

/// Prints why a specification cannot be judged.
fn refuse(context: &Context, source: &Source, faults: &[Diagnostic]) {
    let message = format!("could not verify {}: {}", source.name, Tally::of(faults));
    let terminal = context.terminal;
    terminal.print_error(&report::diagnostics(source, faults));
    terminal.print_error(&report::error(&message));
}

/// Renders every case.
fn examination(
    helm: &Helm,
    options: &Subject,
    source: &Source,
    chart: &Chart,
    plan: Plan,
    rules: Vec<RuleFile>,
) -> Result<Examination, Failure> {
    let dependencies = options.dependencies.mode();
    let built = match &options.chart {
        Some(path) => path.clone(),
        None => Path::new("chart-out").join(&chart.name),
    };
    let compiled = || Staged::compiled(helm, &chart.name, &chart.files, Some(&built), dependencies);
    let staged = match &options.chart {
        Some(path) => Staged::folder(helm, path, dependencies)?,
        None => compiled()?,
    };
    let render =
        |staged: &Staged| rendering::render(helm, staged, &chart.environments, &plan.cases);
    let renderings = render(&staged)?;
    // A chart that taskspec wrote must render what it would write today.
    let generated = options
        .chart
        .as_ref()
        .filter(|path| path.join(crate::output::LOCK_NAME).is_file());
    let expected = match generated {
        Some(_) => render(&compiled()?)?,
        None => Vec::new(),
    };
    Ok(Examination {
        spec: source.text.clone(),
        rules,
        chart: staged.name.clone(),
        version: staged.version.clone(),
        renderings,
        expected,
        dependencies_skipped: staged.dependencies_skipped,
    })
}

/// The rules in a folder, by name.
pub(super) fn rule_files(folder: Option<&Path>) -> Result<Vec<RuleFile>, Failure> {
    let Some(folder) = folder else {
        return Ok(Vec::new());
    };
    let read = |error| Failure::io("read", folder, &error);
    let entries = fs::read_dir(folder).map_err(read)?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let path = entry.map_err(read)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(
            Failure::spec(format!("`{}` has no rules", folder.display()))
                .help("a rule is a file <name>.toml; `explain TS0049` says what stands in it"),
        );
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text =
                fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            Ok(RuleFile {
                name: name.into_owned(),
                text,
            })
        })
        .collect()
}

/// A fault of a statement as the compiler's faults are printed.
fn diagnostic(fault: &SpecFault) -> Diagnostic {
    let labels = fault.place.map(|place| Label {
        at: Span {
            start: place.start,
            end: place.end,
        },
        text: String::new(),
        primary: true,
    });
    Diagnostic {
        severity: Severity::Error,
        code: fault.code.clone(),
        message: fault.message.clone(),
        labels: labels.into_iter().collect(),
        notes: Vec::new(),
        help: Some(fault.help.clone()),
    }
}

/// Runs the tests of a release and folds what came of them into the report.
fn live(options: &Verify, release: &str, judged: &mut Judged) -> Result<(), Failure> {
    let environments = &judged.chart.environments;
    let named = |name: &str| environments.iter().find(|one| one.name == name);
    let environment = match &options.environment {
        Some(name) => Some(named(name).ok_or_else(|| {
            let all: Vec<&str> = environments.iter().map(|one| one.name.as_str()).collect();
            Failure::spec(format!("there is no environment `{name}`"))
                .help(format!("there are: {}", all.join(", ")))
        })?),
        None => environments
            .iter()
            .find(|one| one.release == release)
            .or(environments.first().filter(|_| environments.len() == 1)),
    };
    if environment.is_none() && !environments.is_empty() {
        return Err(
            Failure::spec(format!("no environment has a release `{release}`"))
                .help("say which one it is with `--environment NAME`"),
        );
    }
    let asked = env::var("HELM_NAMESPACE")
        .ok()
        .filter(|name| !name.is_empty());
    let namespace = asked.or_else(|| environment.map(|one| one.namespace.clone()));
    let (said, passed) = Helm::find()?.test(release, namespace.as_deref())?;
    let name = environment.map_or("", |one| one.name.as_str());
    judged.report.tested(name, |test| {
        let passed = phase(&said, &test.pod).unwrap_or(passed);
        let said = match passed {
            true => format!("passed in release {release}"),
            false => said.trim().to_owned(),
        };
        (passed, said)
    });
    Ok(())
}

/// Whether Helm says that a test succeeded; none if it does not name the test.
fn phase(said: &str, pod: &str) -> Option<bool> {
    let mut lines = said.lines();
    lines.find(|line| {
        let name = line.strip_prefix("TEST SUITE:").map(str::trim);
        name.is_some_and(|name| name == pod || name.ends_with(&format!("-{pod}")))
    })?;
    lines
        .take_while(|line| !line.starts_with("TEST SUITE:"))
        .find_map(|line| Some(line.strip_prefix("Phase:")?.trim() == "Succeeded"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "NAME: shop\nTEST SUITE:     shop-connection-test\n\
        Last Started:   Mon\nPhase:          Succeeded\nTEST SUITE:     other\nPhase:          Failed\n";

    #[test]
    fn phases_belong_to_their_tests() {
        assert_eq!(phase(SAID, "shop-connection-test"), Some(true));
        assert_eq!(phase(SAID, "other"), Some(false));
        assert_eq!(phase(SAID, "none"), None);
    }
}
