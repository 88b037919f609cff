//! The chart's templates: real Helm files in `templates/chart`, in which the
//! compiler fills marks (`[[chart.name]]`) and leaves out what does not apply
//! (lines that start with `#%`).

use super::readme;
use crate::api::File;
use crate::lower::Plan;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Template, UndefinedBehavior, Value};
use std::collections::BTreeMap;

/// Files for the whole chart: path in the chart, template.
const CHART: &[(&str, &str)] = &[
    (
        ".helmignore",
        include_str!("../../templates/chart/helmignore"),
    ),
    ("README.md", include_str!("../../templates/chart/README.md")),
    (
        "templates/NOTES.txt",
        include_str!("../../templates/chart/NOTES.txt"),
    ),
    (
        "templates/_helpers.tpl",
        include_str!("../../templates/chart/_helpers.tpl"),
    ),
    (
        "templates/networkpolicy.yaml",
        include_str!("../../templates/chart/networkpolicy.yaml"),
    ),
    (
        "templates/serviceaccount.yaml",
        include_str!("../../templates/chart/serviceaccount.yaml"),
    ),
    (
        "templates/tests/test-connection.yaml",
        include_str!("../../templates/chart/test-connection.yaml"),
    ),
    (
        "templates/validate.yaml",
        include_str!("../../templates/chart/validate.yaml"),
    ),
];

const SECRET: &str = include_str!("../../templates/chart/secret.yaml");
const MIGRATION_JOB: &str = include_str!("../../templates/chart/migration-job.yaml");
const MIGRATION_HOOK: &str = include_str!("../../templates/chart/pre-upgrade-migration.yaml");

/// Files for each workload: name of the file, template, whether only services have it.
const WORKLOAD: &[(&str, &str, bool)] = &[
    (
        "configmap.yaml",
        include_str!("../../templates/chart/configmap.yaml"),
        false,
    ),
    (
        "deployment.yaml",
        include_str!("../../templates/chart/deployment.yaml"),
        false,
    ),
    (
        "pdb.yaml",
        include_str!("../../templates/chart/pdb.yaml"),
        false,
    ),
    (
        "service.yaml",
        include_str!("../../templates/chart/service.yaml"),
        true,
    ),
];

/// The rendered templates of a chart.
pub fn files(plan: &Plan) -> Vec<File> {
    let engine = engine();
    let facts = facts(plan);
    let mut files = Vec::new();
    for (path, source) in CHART {
        files.push(render(
            &parse(&engine, path, source),
            (*path).to_owned(),
            facts.clone(),
        ));
    }
    let extra = match plan
        .context
        .migration
        .as_ref()
        .map(|migration| migration.strategy.as_str())
    {
        Some("hook") => Some(("templates/hooks/pre-upgrade-migration.yaml", MIGRATION_HOOK)),
        Some(_) => Some(("templates/migration-job.yaml", MIGRATION_JOB)),
        None => None,
    };
    let secret = plan
        .context
        .secret
        .generated
        .then_some(("templates/secret.yaml", SECRET));
    for (path, source) in extra.into_iter().chain(secret) {
        files.push(render(
            &parse(&engine, path, source),
            path.to_owned(),
            facts.clone(),
        ));
    }
    for (name, source, services_only) in WORKLOAD {
        let template = parse(&engine, name, source);
        let mut own = facts.clone();
        for workload in plan
            .context
            .workloads
            .iter()
            .filter(|w| w.service || !services_only)
        {
            own.insert("w", Value::from(Serde(workload)));
            let path = format!("templates/{}{name}", workload.file_prefix);
            files.push(render(&template, path, own.clone()));
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
