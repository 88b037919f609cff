//! `adopt`: a specification drafted from a chart that somebody wrote.
//!
//! The chart is rendered, the draft is made by `taskspec-adopt`, then built and
//! rendered itself, and both renderings are compared.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use taskspec_adopt::faithful::{self, Aligned, Faithfulness};
use taskspec_adopt::{Chart as Metadata, Draft, Nothing, Rendered};
use taskspec_report::{Case, Examination, Rendering};

use crate::cli::Adopt;
use crate::compiler::{Chart, Diagnostic, Environment, Severity};
use crate::failure::{Exit, Failure};
use crate::helm::{Helm, Template};
use crate::output;
use crate::rendering::{self, Dependencies, Staged};
use crate::report::clean;

use super::Context;
use super::specification::compiled;
use report::Done;

mod report;

/// Times that a draft is mended before it counts as a bug.
const ATTEMPTS: usize = 40;

/// Drafts, proves, writes and reports.
pub(super) fn run(context: &Context, options: &Adopt) -> Result<Exit, Failure> {
    let to_output = options.output == Path::new("-");
    if !to_output && !options.force && fs::symlink_metadata(&options.output).is_ok() {
        return Err(
            Failure::world(format!("`{}` exists already", options.output.display())).help(
                "name another file with `-o`, or replace it with `--force` (the old one is saved)",
            ),
        );
    }
    let helm = Helm::find()?;
    let staged = Staged::folder(&helm, &options.chart, options.dependencies.mode())?;
    let metadata = metadata(context, options, &staged)?;
    if metadata.kind == "library" {
        return Err(no_draft(&Nothing::Library, &options.chart));
    }
    let environments = environments(options, &metadata)?;
    let renderings = old_renderings(&helm, &staged, options, &environments)?;
    let given: Vec<Rendered> = renderings
        .iter()
        .map(|one| Rendered {
            environment: one.case.environment.clone(),
            release: one.release.clone(),
            manifests: one.manifests.clone().unwrap_or_default(),
        })
        .collect();
    let mut draft = taskspec_adopt::draft(&metadata, &given)
        .map_err(|nothing| no_draft(&nothing, &options.chart))?;
    let proof = proven(context, options, &helm, &mut draft, &renderings)?;
    let proof = proof.as_ref();
    let head = report::head(&metadata, &draft, proof);
    let text = draft.text(&head);
    let saved_as = match to_output {
        true => None,
        false => output::write_file(&options.output, &text, options.force)?,
    };
    let done = Done {
        draft: &draft,
        text: &text,
        proof,
        saved_as,
    };
    done.report(context, options)?;
    Ok(Exit::Done)
}

/// What `Chart.yaml` and the chart's folder say.
fn metadata(context: &Context, options: &Adopt, staged: &Staged) -> Result<Metadata, Failure> {
    let path = options.chart.join("Chart.yaml");
    let text = fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))?;
    let mut metadata: Metadata = serde_yaml::from_str(&text).map_err(|error| {
        Failure::world(format!("`{}` is no Chart.yaml: {error}", path.display()))
    })?;
    metadata.generated = options.chart.join(output::LOCK_NAME).is_file();
    metadata.dependencies_skipped = staged.dependencies_skipped;
    let catalog = context.compiler()?.catalog()?;
    metadata.catalog = catalog.into_iter().map(|entry| entry.name).collect();
    let crds = options.chart.join("crds");
    if crds.is_dir() {
        metadata.beside.push("crds/".to_owned());
    }
    Ok(metadata)
}

/// Environments as they are rendered; one without a name if there are none.
fn environments(options: &Adopt, metadata: &Metadata) -> Result<Vec<Environment>, Failure> {
    let chart = metadata.spec_name();
    let environment = |name: &str, file: &str| Environment {
        name: name.to_owned(),
        values_file: file.to_owned(),
        release: match (&options.release, name) {
            (Some(release), _) => release.clone(),
            (None, "") => chart.clone(),
            (None, name) => format!("{chart}-{name}"),
        },
        namespace: if name.is_empty() { &chart } else { name }.to_owned(),
        summary: String::new(),
        install: String::new(),
    };
    let mut found: Vec<Environment> = Vec::new();
    if options.environment.is_empty() {
        found.push(environment("", ""));
    }
    for one in &options.environment {
        let file = values_file(&options.chart, &one.file)?;
        if found.iter().any(|known| known.name == one.name) {
            return Err(
                Failure::spec(format!("the environment `{}` is given twice", one.name))
                    .help("give each environment one values file; `--values` has what they share"),
            );
        }
        found.push(environment(&one.name, &file.display().to_string()));
    }
    for one in &found {
        if let Some(fault) = taskspec_adopt::name_fault(&one.name, &one.release) {
            return Err(
                Failure::spec(fault).help("names have lower-case letters, digits and dashes")
            );
        }
    }
    Ok(found)
}

/// A values file: from where the user is, else in the chart.
pub(super) fn values_file(chart: &Path, file: &Path) -> Result<PathBuf, Failure> {
    let inside = chart.join(file);
    let found = [file, inside.as_path()]
        .into_iter()
        .find(|path| path.is_file());
    let Some(found) = found else {
        return Err(Failure::world(format!(
            "there is no `{}`, neither here nor in `{}`",
            file.display(),
            chart.display()
        ))
        .help("name a file with values, such as `--environment prod=values-prod.yaml`"));
    };
    fs::canonicalize(found).map_err(|error| Failure::io("read", found, &error))
}

fn old_renderings(
    helm: &Helm,
    staged: &Staged,
    options: &Adopt,
    environments: &[Environment],
) -> Result<Vec<Rendering>, Failure> {
    let common: Result<Vec<PathBuf>, Failure> = options
        .values
        .iter()
        .map(|file| values_file(&options.chart, file))
        .collect();
    let common = common?;
    let mut found = Vec::new();
    for environment in environments {
        let mut values = common.clone();
        if !environment.values_file.is_empty() {
            values.push(PathBuf::from(&environment.values_file));
        }
        let manifests = helm.template(&Template {
            chart: staged.path(),
            release: &environment.release,
            namespace: &environment.namespace,
            kubernetes: staged.kubernetes.as_deref(),
            apis: &staged.apis,
            values: &values,
        })?;
        if let Err(said) = &manifests {
            let place = match environment.name.as_str() {
                "" => "with its default values".to_owned(),
                name => format!("in the environment `{name}`"),
            };
            let chart = options.chart.display();
            return Err(Failure::world(format!("Helm cannot render `{chart}` {place}"))
                .note(said.clone())
                .help("mend the template, or give the values that it needs with `--values FILE` or `--environment NAME=FILE`"));
        }
        found.push(Rendering {
            case: case(&environment.name),
            release: environment.release.clone(),
            namespace: environment.namespace.clone(),
            manifests,
        });
    }
    Ok(found)
}

fn case(environment: &str) -> Case {
    Case {
        environment: environment.to_owned(),
        values: Value::Null,
        longest_name: false,
    }
}

fn no_draft(nothing: &Nothing, chart: &Path) -> Failure {
    let chart = chart.display();
    match nothing {
        Nothing::Library => {
            Failure::world(format!("`{chart}` is a library chart: it makes no objects"))
                .help("adopt a chart that uses it")
        }
        Nothing::NoObjects => Failure::world(format!("`{chart}` renders no object of its own"))
            .note("what its dependencies make belongs to them")
            .help("give the values that switch something on with `--values FILE`"),
        Nothing::NoWorkload(ids) => {
            let some: Vec<String> = ids.iter().take(8).map(|id| clean(id)).collect();
            Failure::world(format!("`{chart}` renders nothing that runs: no Deployment, StatefulSet, CronJob or Job"))
                .note(format!("it makes {}", some.join(", ")))
                .help("a specification has at least one workload; write it by hand and take these objects over as `[[manifests]]`")
        }
    }
}

/// Compiles the draft; what the compiler refuses is taken out and told.
fn settle(context: &Context, options: &Adopt, draft: &mut Draft) -> Result<Chart, Failure> {
    for _ in 0..ATTEMPTS {
        let text = draft.text(&[]);
        let terminal = context.terminal;
        let mut compiler =
            crate::compiler::Compiler::load(options.limits.limits(), move |failure| {
                terminal.abort(&failure);
            })?;
        let compilation = compiler.compile(&text, &[])?;
        if let Some(chart) = compiled(&compilation)? {
            return Ok(chart.clone());
        }
        let errors: Vec<&Diagnostic> = compilation
            .diagnostics
            .iter()
            .filter(|one| one.severity == Severity::Error)
            .collect();
        // From the end, so that places before stay where they are.
        let mut mended = false;
        for error in &errors {
            let why = format!("{} {}", error.code, error.message);
            let mut places = error
                .labels
                .iter()
                .filter(|label| label.primary)
                .chain(&error.labels);
            mended |= places.any(|label| {
                draft.withdraw(
                    &text,
                    usize::try_from(label.at.start).unwrap_or(usize::MAX),
                    &why,
                )
            });
            if mended {
                break;
            }
        }
        if !mended {
            let said: Vec<String> = errors
                .iter()
                .map(|error| format!("{} {}", error.code, error.message))
                .collect();
            return Err(unfinished(&text, &said));
        }
    }
    Err(unfinished(&draft.text(&[]), &draft.refused))
}

fn unfinished(text: &str, said: &[String]) -> Failure {
    let failure = said.iter().take(8).fold(
        Failure::bug(
            "internal error: the compiler does not take the draft; this is a bug in taskspec",
        ),
        |failure, line| failure.note(clean(line)),
    );
    if env::var_os("TASKSPEC_SHOW_DRAFT").is_some() {
        return failure.note(text.to_owned());
    }
    failure.help("report it with the chart's rendering (`helm template`), without its secrets")
}

/// Builds the draft and compares what it renders to with what was there. The inner
/// result has what stood in the way of the comparison.
fn proven(
    context: &Context,
    options: &Adopt,
    helm: &Helm,
    draft: &mut Draft,
    old: &[Rendering],
) -> Result<Result<Faithfulness, Failure>, Failure> {
    let mut chart = settle(context, options, draft)?;
    let mut rendered = new_renderings(options, helm, &chart, old);
    // What stays as it is may have the name of something that the chart makes anyway.
    let texts: Vec<String> = rendered
        .iter()
        .flatten()
        .filter_map(|one| one.manifests.clone().ok())
        .collect();
    let doubles: usize = texts.iter().map(|text| draft.without_doubles(text)).sum();
    if doubles > 0 {
        chart = settle(context, options, draft)?;
        rendered = new_renderings(options, helm, &chart, old);
    }
    Ok(rendered.and_then(|new| prove(context, options, draft, &chart, old, &new)))
}

/// What the drafted chart renders to.
fn new_renderings(
    options: &Adopt,
    helm: &Helm,
    chart: &Chart,
    old: &[Rendering],
) -> Result<Vec<Rendering>, Failure> {
    // The subcharts that the old chart has are those that the new one needs.
    let staged = Staged::compiled(
        helm,
        &chart.name,
        &chart.files,
        Some(&options.chart),
        Dependencies::Skip,
    )?;
    let mut environments = chart.environments.clone();
    if let Some(only) = old.first().filter(|one| one.case.environment.is_empty()) {
        environments.push(Environment {
            name: String::new(),
            values_file: String::new(),
            release: only.release.clone(),
            namespace: only.namespace.clone(),
            summary: String::new(),
            install: String::new(),
        });
    }
    let cases: Vec<Case> = old.iter().map(|one| one.case.clone()).collect();
    rendering::render(helm, &staged, &environments, &cases)
}

fn prove(
    context: &Context,
    options: &Adopt,
    draft: &Draft,
    chart: &Chart,
    old: &[Rendering],
    new: &[Rendering],
) -> Result<Faithfulness, Failure> {
    let mut aligned: Vec<Aligned> = Vec::new();
    for (before, after) in old.iter().zip(new) {
        let rendered = after.manifests.as_ref().map_err(|said| {
            Failure::bug(
                "internal error: the draft's chart does not render; this is a bug in taskspec",
            )
            .note(said.clone())
        })?;
        let before_text = before.manifests.as_deref().unwrap_or_default();
        aligned.push(faithful::align(
            &draft.roles,
            &before.case.environment,
            before_text,
            rendered,
        ));
    }
    let spec = draft.text(&[]);
    let side = |text: fn(&Aligned) -> &String| Examination {
        spec: spec.clone(),
        chart: chart.name.clone(),
        renderings: aligned
            .iter()
            .zip(new)
            .map(|(one, rendering)| Rendering {
                manifests: Ok(text(one).clone()),
                ..rendering.clone()
            })
            .collect(),
        ..Examination::default()
    };
    let (before, after) = (side(|one| &one.old), side(|one| &one.new));
    let mut verifier = context.verifier(options.limits.limits())?;
    let comparison = verifier.compare(&before, &after)?;
    Ok(faithful::judge(&aligned, &comparison, &draft.roles))
}
