//! The chart's templates: real Helm files in `templates/chart`, in which the
//! compiler fills marks (`[[chart.name]]`) and leaves out what does not apply
//! (lines that start with `#%`).

use super::readme;
use crate::api::File;
use crate::lower::{Context, Plan, WorkloadFacts};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Template, UndefinedBehavior, Value};
use std::collections::BTreeMap;

/// A file of a chart: where it goes, its text and whether a chart has it.
struct ChartFile {
    path: &'static str,
    source: &'static str,
    applies: fn(&Context) -> bool,
}

/// A file of each workload: its name without the workload's, its text and
/// whether a workload has it.
struct WorkloadFile {
    name: &'static str,
    source: &'static str,
    applies: fn(&WorkloadFacts) -> bool,
}

macro_rules! chart_file {
    ($path:literal, $source:literal, $applies:expr) => {
        ChartFile {
            path: $path,
            source: include_str!(concat!("../../templates/chart/", $source)),
            applies: $applies,
        }
    };
}

macro_rules! workload_file {
    ($name:literal, $applies:expr) => {
        WorkloadFile {
            name: $name,
            source: include_str!(concat!("../../templates/chart/", $name)),
            applies: $applies,
        }
    };
}

const CHART: &[ChartFile] = &[
    chart_file!(".helmignore", "helmignore", |_| true),
    chart_file!("README.md", "README.md", |_| true),
    chart_file!("templates/NOTES.txt", "NOTES.txt", |_| true),
    chart_file!("templates/_helpers.tpl", "_helpers.tpl", |_| true),
    chart_file!(
        "templates/_dependencies.tpl",
        "_dependencies.tpl",
        |chart| { !chart.dependencies.is_empty() }
    ),
    chart_file!("templates/_migration.tpl", "_migration.tpl", |chart| {
        migrates_by(chart, "job")
    }),
    chart_file!("templates/networkpolicy.yaml", "networkpolicy.yaml", |_| {
        true
    }),
    chart_file!(
        "templates/networkpolicy-dependencies.yaml",
        "networkpolicy-dependencies.yaml",
        |chart| chart
            .dependencies
            .iter()
            .any(|facts| facts.in_release && facts.guarded)
    ),
    chart_file!(
        "templates/serviceaccount.yaml",
        "serviceaccount.yaml",
        |_| true
    ),
    chart_file!(
        "templates/tests/test-connection.yaml",
        "test-connection.yaml",
        |_| true
    ),
    chart_file!("templates/validate.yaml", "validate.yaml", |_| true),
    chart_file!("templates/secret.yaml", "secret.yaml", |chart| chart
        .secret
        .generated),
    chart_file!(
        "templates/migration-job.yaml",
        "migration-job.yaml",
        |chart| migrates_by(chart, "job")
    ),
    chart_file!(
        "templates/hooks/pre-upgrade-migration.yaml",
        "pre-upgrade-migration.yaml",
        |chart| migrates_by(chart, "hook")
    ),
];

const WORKLOAD: &[WorkloadFile] = &[
    workload_file!("configmap.yaml", |_| true),
    workload_file!("deployment.yaml", |_| true),
    workload_file!("pdb.yaml", |_| true),
    workload_file!("service.yaml", |workload| workload.service),
];

fn migrates_by(chart: &Context, strategy: &str) -> bool {
    chart
        .migration
        .as_ref()
        .is_some_and(|migration| migration.strategy == strategy)
}

/// The rendered templates of a chart.
pub fn files(plan: &Plan) -> Vec<File> {
    let engine = engine();
    let facts = facts(plan);
    let mut files = Vec::new();
    for file in CHART.iter().filter(|file| (file.applies)(&plan.context)) {
        let template = parse(&engine, file.path, file.source);
        files.push(render(&template, file.path.to_owned(), facts.clone()));
    }
    for file in WORKLOAD {
        let template = parse(&engine, file.name, file.source);
        let workloads = plan.context.workloads.iter();
        for workload in workloads.filter(|workload| (file.applies)(workload)) {
            let mut own = facts.clone();
            own.insert("w", Value::from(Serde(workload)));
            let path = format!("templates/{}{}", workload.file_prefix, file.name);
            files.push(render(&template, path, own));
        }
    }
    files
}

/// What every template sees.
fn facts(plan: &Plan) -> BTreeMap<&'static str, Value> {
    let context = &plan.context;
    BTreeMap::from([
        ("chart", Value::from(Serde(&context.chart))),
        ("workloads", Value::from(Serde(&context.workloads))),
        ("dependencies", Value::from(Serde(&context.dependencies))),
        ("migration", Value::from(Serde(&context.migration))),
        ("secret", Value::from(Serde(&context.secret))),
        ("tests", Value::from(Serde(&context.tests))),
        ("environments", Value::from(Serde(&context.environments))),
        ("statements", Value::from(Serde(&context.statements))),
        ("decisions", Value::from(Serde(&context.decisions))),
        (
            "any_service",
            Value::from(context.workloads.iter().any(|workload| workload.service)),
        ),
        (
            "many_environments",
            Value::from(context.environments.len() > 1),
        ),
        ("readme", Value::from(Serde(readme::facts(plan)))),
    ])
}

fn engine() -> Environment<'static> {
    let mut engine = Environment::new();
    let syntax = SyntaxConfig::builder()
        .block_delimiters("<%", "%>")
        .variable_delimiters("[[", "]]")
        .comment_delimiters("<#", "#>")
        .line_statement_prefix("#%")
        .keep_trailing_newline(true)
        .build();
    match syntax {
        Ok(syntax) => engine.set_syntax(syntax),
        Err(fault) => panic!("syntax of the marks: {fault}"),
    }
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    engine.add_filter("md", readme::escape);
    engine
}

/// Reads one template.
///
/// # Panics
/// If a template of this crate is not valid: met by every test that compiles.
fn parse<'e>(engine: &'e Environment<'_>, name: &'e str, source: &'e str) -> Template<'e, 'e> {
    match engine.template_from_named_str(name, source) {
        Ok(template) => template,
        Err(fault) => panic!("template {name}: {fault:#}"),
    }
}

/// Fills one template.
///
/// # Panics
/// If a template of this crate asks for what the facts do not have: a bug, met
/// by the tests that compile every example.
fn render(template: &Template<'_, '_>, path: String, facts: BTreeMap<&'static str, Value>) -> File {
    match template.render(Value::from_pairs(facts)) {
        Ok(contents) => File { path, contents },
        Err(fault) => panic!("template {path}: {fault:#}"),
    }
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The files of the embedded subcharts that the plan uses.
pub fn embedded(plan: &Plan) -> Vec<File> {
    let mut charts: Vec<&str> = plan
        .context
        .dependencies
        .iter()
        .filter(|facts| facts.kind == "embedded")
        .map(|facts| facts.chart.as_str())
        .collect();
    charts.sort_unstable();
    charts.dedup();
    EMBEDDED
        .iter()
        .filter(|(chart, _, _)| charts.contains(chart))
        .map(|(chart, path, contents)| File {
            path: format!("charts/{chart}/{path}"),
            contents: (*contents).to_owned(),
        })
        .collect()
}
