//! `audit`: a chart that somebody wrote, held against a specification.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use taskspec_adopt::Chart as Metadata;
use taskspec_adopt::audit::{self, Finding, Folder, Priority, Sides, Status};
use taskspec_report::{Examination, Rendering, Report, Statement, Verdict};

use crate::cli::{Audit, AuditFormat};
use crate::compiler::{Chart, Compiler, Environment};
use crate::failure::{Exit, Failure};
use crate::helm::Helm;
use crate::output;
use crate::rendering::{self, Dependencies, Staged};
use crate::report::{self, Source, Tally, clean};

use super::Context;
use super::adopt::values_file;
use super::specification::{compiled, name, read, settings};
use super::verify::rule_files;

/// What a table's row shows at most of what is lacking.
const SHOWN: usize = 4;

/// Audits and reports.
pub(super) fn run(context: &Context, options: &Audit) -> Result<Exit, Failure> {
    let source = read(&options.spec, &name(&options.spec))?;
    let Some(chart) = compile(context, options, &source)? else {
        return Ok(Exit::Spec);
    };
    let helm = Helm::find()?;
    let found = environments(options, &chart)?;
    let (sides, judged) = renderings(context, options, &helm, &chart, &source, &found)?;
    let folder = folder(options, &chart)?;
    let findings = audit::audit(&chart.name, &sides, &folder);
    let document = Document {
        format: "taskspec-audit/v1",
        values: found
            .iter()
            .map(|one| ValuesFile {
                environment: one.environment.name.clone(),
                file: one.file.clone(),
                guessed: one.guessed,
            })
            .collect(),
        findings: &findings,
        report: &judged,
    };
    let text = match options.format {
        AuditFormat::Human => document.human(),
        AuditFormat::Markdown => document.markdown(),
        AuditFormat::Json => serde_json::to_string_pretty(&document)
            .map(|text| format!("{text}\n"))
            .map_err(|error| Failure::bug(format!("cannot write the report: {error}")))?,
    };
    match &options.output {
        Some(path) => fs::write(path, text).map_err(|error| Failure::io("write", path, &error))?,
        None => context.terminal.print(&text)?,
    }
    let complete = findings.iter().all(|one| one.status == Status::Complete);
    Ok(if complete && judged.holds() {
        Exit::Done
    } else {
        Exit::Findings
    })
}

fn compile(context: &Context, options: &Audit, source: &Source) -> Result<Option<Chart>, Failure> {
    let terminal = context.terminal;
    let limits = options.limits.limits();
    let mut compiler = Compiler::load(limits, move |failure| terminal.abort(&failure))?;
    let compilation = compiler.compile(&source.text, &settings(options.catalog.as_deref())?)?;
    if let Some(chart) = compiled(&compilation)? {
        return Ok(Some(chart.clone()));
    }
    let tally = Tally::of(&compilation.diagnostics);
    let message = format!("could not audit against {}: {tally}", source.name);
    terminal.print_error(&report::diagnostics(source, &compilation.diagnostics));
    terminal.print_error(&report::error(&message));
    Ok(None)
}

/// An environment of the specification with the values file of the chart.
struct Found {
    environment: Environment,
    path: Option<PathBuf>,
    /// As a person would name it.
    file: Option<String>,
    guessed: bool,
}

fn environments(options: &Audit, chart: &Chart) -> Result<Vec<Found>, Failure> {
    for one in &options.environment {
        if !chart
            .environments
            .iter()
            .any(|known| known.name == one.name)
        {
            let all: Vec<&str> = chart
                .environments
                .iter()
                .map(|one| one.name.as_str())
                .collect();
            return Err(Failure::spec(format!(
                "the specification has no environment `{}`",
                one.name
            ))
            .help(format!("there are: {}", all.join(", "))));
        }
    }
    let mut found = Vec::new();
    for environment in &chart.environments {
        let named = options
            .environment
            .iter()
            .find(|one| one.name == environment.name);
        let (path, file, guessed) = match named {
            Some(named) => (
                Some(values_file(&options.chart, &named.file)?),
                Some(named.file.display().to_string()),
                false,
            ),
            None => match guess(&options.chart, environment) {
                Some(file) => (
                    Some(values_file(&options.chart, Path::new(&file))?),
                    Some(file),
                    true,
                ),
                None => (None, None, true),
            },
        };
        found.push(Found {
            environment: environment.clone(),
            path,
            file,
            guessed,
        });
    }
    Ok(found)
}

/// Where values of an environment usually stand.
fn guess(chart: &Path, environment: &Environment) -> Option<String> {
    let name = &environment.name;
    let mut names = vec![environment.values_file.clone()];
    for ending in ["yaml", "yml"] {
        names.extend([
            format!("values-{name}.{ending}"),
            format!("values.{name}.{ending}"),
            format!("values_{name}.{ending}"),
            format!("values/{name}.{ending}"),
            format!("values/values-{name}.{ending}"),
            format!("environments/{name}.{ending}"),
            format!("envs/{name}.{ending}"),
            format!("{name}.{ending}"),
            format!("{name}-values.{ending}"),
        ]);
    }
    names
        .into_iter()
        .find(|file| !file.is_empty() && chart.join(file).is_file())
}

/// Both sides of each environment, and verify's verdicts on the chart.
fn renderings(
    context: &Context,
    options: &Audit,
    helm: &Helm,
    chart: &Chart,
    source: &Source,
    found: &[Found],
) -> Result<(Vec<Sides>, Report), Failure> {
    let limits = options.limits.limits();
    let rules = rule_files(options.rules.as_deref())?;
    let mut verifier = context.verifier(limits)?;
    let plan = verifier.plan(&source.text, &rules)?;
    drop(verifier);
    if let Some(fault) = plan.faults.first() {
        return Err(
            Failure::spec(format!("{} {}", fault.code, fault.message)).help(fault.help.clone())
        );
    }
    let given = Staged::folder(helm, &options.chart, options.dependencies.mode())?;
    // Only its own objects are asked for, so that nothing has to be fetched.
    let own = Staged::compiled(
        helm,
        &chart.name,
        &chart.files,
        Some(&options.chart),
        Dependencies::Skip,
    )?;
    let mapped: Vec<Environment> = found
        .iter()
        .map(|one| Environment {
            values_file: one
                .path
                .as_ref()
                .map(|path| path.display().to_string())
                .unwrap_or_default(),
            ..one.environment.clone()
        })
        .collect();
    let actual = rendering::render(helm, &given, &mapped, &plan.cases)?;
    let expected = rendering::render(helm, &own, &chart.environments, &plan.cases)?;
    let plain = |one: &&Rendering| one.case.values.is_null() && !one.case.longest_name;
    let mut sides = Vec::new();
    for rendering in expected.iter().filter(plain) {
        let same = |one: &&Rendering| one.case.environment == rendering.case.environment;
        let Some(other) = actual.iter().filter(plain).find(same) else {
            continue;
        };
        let values = found
            .iter()
            .find(|one| one.environment.name == rendering.case.environment);
        sides.push(Sides {
            environment: rendering.case.environment.clone(),
            values: values.and_then(|one| one.file.clone()),
            release: rendering.release.clone(),
            expected: rendering.manifests.clone().unwrap_or_default(),
            actual: other.manifests.clone(),
        });
    }
    let generated = options.chart.join(output::LOCK_NAME).is_file();
    let examination = Examination {
        spec: source.text.clone(),
        rules,
        chart: given.name.clone(),
        version: given.version.clone(),
        renderings: actual,
        expected: if generated { expected } else { Vec::new() },
        dependencies_skipped: given.dependencies_skipped,
    };
    let mut verifier = context.verifier(limits)?;
    let report = verifier.verify(&examination)?;
    Ok((sides, report))
}

fn folder(options: &Audit, chart: &Chart) -> Result<Folder, Failure> {
    let path = options.chart.join("Chart.yaml");
    let text = fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))?;
    let given: Metadata = serde_yaml::from_str(&text).map_err(|error| {
        Failure::world(format!("`{}` is no Chart.yaml: {error}", path.display()))
    })?;
    let made = chart.files.iter().find(|file| file.path == "Chart.yaml");
    let made: Metadata = made
        .and_then(|file| serde_yaml::from_str(&file.contents).ok())
        .unwrap_or_default();
    let names = |metadata: &Metadata| -> Vec<(String, String)> {
        metadata
            .dependencies
            .iter()
            .map(|one| {
                (
                    one.alias.clone().unwrap_or_else(|| one.name.clone()),
                    one.name.clone(),
                )
            })
            .collect()
    };
    let expected: Vec<String> = chart.files.iter().map(|file| file.path.clone()).collect();
    let actual = expected
        .iter()
        .filter(|path| options.chart.join(path).is_file());
    Ok(Folder {
        actual: actual.cloned().collect(),
        dependencies: names(&made),
        given: names(&given),
        expected,
    })
}

/// Which file was taken for an environment.
#[derive(Serialize)]
struct ValuesFile {
    environment: String,
    file: Option<String>,
    guessed: bool,
}

/// The whole answer.
#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    values: Vec<ValuesFile>,
    findings: &'a [Finding],
    report: &'a Report,
}

impl Document<'_> {
    fn counts(&self) -> String {
        let count = |status: Status| {
            self.findings
                .iter()
                .filter(|one| one.status == status)
                .count()
        };
        let high = self
            .findings
            .iter()
            .filter(|one| one.status != Status::Complete && one.priority == Priority::High)
            .count();
        format!(
            "{} complete, {} incomplete, {} missing ({high} of high priority)",
            count(Status::Complete),
            count(Status::Incomplete),
            count(Status::Missing)
        )
    }

    fn violated(&self) -> impl Iterator<Item = &Statement> {
        let statements = self.report.statements.iter();
        statements.filter(|one| one.verdict == Verdict::Violated)
    }

    fn verdicts(&self) -> String {
        let tally = &self.report.tally;
        format!(
            "{} proven, {} violated, {} runtime, {} manual",
            tally.proven, tally.violated, tally.runtime, tally.manual
        )
    }

    fn human(&self) -> String {
        let mut said = String::new();
        for one in &self.values {
            let file = one.file.as_deref().unwrap_or("its default values");
            let how = if one.guessed && one.file.is_some() {
                " (found by its name)"
            } else {
                ""
            };
            said += &format!("{}: {}{how}\n", clean(&one.environment), clean(file));
        }
        said += &format!(
            "\n{:10}  {:8}  {:11}  which\n",
            "status", "priority", "part"
        );
        for one in self.findings {
            said += &format!(
                "{:10}  {:8}  {:11}  {}",
                one.status.name(),
                one.priority.name(),
                one.area,
                clean(&one.item)
            );
            let found = clean(&one.found);
            if !found.is_empty() && found != clean(&one.item) {
                said += &format!(": {found}");
            }
            said.push('\n');
            for lack in one.lacks.iter().take(SHOWN) {
                said += &format!("{:35}{}\n", "", clean(lack));
            }
            if one.lacks.len() > SHOWN {
                said += &format!("{:35}and {} more\n", "", one.lacks.len() - SHOWN);
            }
        }
        said += &format!("\n{}\n\nStatements: {}\n", self.counts(), self.verdicts());
        for statement in self.violated() {
            said += &format!(
                "  violated  {}  {}\n",
                clean(&statement.id),
                clean(&statement.title)
            );
            if let Some((_, fault)) = statement.faults().next() {
                said += &format!("            {}\n", clean(&fault.message));
            }
        }
        said
    }

    fn markdown(&self) -> String {
        let mut said = format!("# Audit\n\n{}\n\n", self.counts());
        said += &audit::markdown(self.findings);
        said += &format!("\n## Statements\n\n{}\n\n", self.verdicts());
        for statement in self.violated() {
            let fault = statement
                .faults()
                .next()
                .map_or("", |(_, fault)| &fault.message);
            let line = format!("- **{}** {}: {fault}", statement.id, statement.title);
            said += &format!("{}\n", clean(&line).replace('<', "&lt;"));
        }
        said
    }
}
