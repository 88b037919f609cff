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
        |chart| { !chart.dependencies.is_empty() || chart.secret.any }
    ),
    chart_file!("templates/_migration.tpl", "_migration.tpl", |chart| {
        chart.migration.is_some()
    }),
    chart_file!("templates/dashboards.yaml", "dashboards.yaml", |chart| {
        !chart.monitoring.dashboards.is_empty()
    }),
    chart_file!("templates/datasource.yaml", "datasource.yaml", |chart| {
        chart.monitoring.data_source
    }),
    chart_file!(
        "templates/externalsecret.yaml",
        "externalsecret.yaml",
        |chart| chart.secret.external || chart.secret.own_external
    ),
    chart_file!(
        "templates/extra-manifests.yaml",
        "extra-manifests.yaml",
        |chart| chart.manifests
    ),
    chart_file!("templates/httproute.yaml", "httproute.yaml", |chart| {
        chart.gateway
    }),
    chart_file!("templates/ingress.yaml", "ingress.yaml", |chart| {
        chart.ingress.is_some()
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
        "templates/prometheusrule.yaml",
        "prometheusrule.yaml",
        |chart| !chart.monitoring.alerts.is_empty() && chart.monitoring.alert_server.is_empty()
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
    chart_file!("templates/secret.yaml", "secret.yaml", |chart| {
        chart.secret.generated
    }),
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
    workload_file!("deployment.yaml", |w| w.controller == "Deployment"),
    workload_file!("statefulset.yaml", |w| w.controller == "StatefulSet"),
    workload_file!("cronjob.yaml", |w| w.controller == "CronJob"),
    workload_file!("job.yaml", |w| w.controller == "Job"),
    workload_file!("hpa.yaml", |w| w.scaling == "hpa"),
    workload_file!("scaledobject.yaml", |w| w.scaling == "keda"),
    workload_file!("pdb.yaml", |w| w.always),
    workload_file!("podmonitor.yaml", |w| w.monitor == "pod-monitor"),
    workload_file!("servicemonitor.yaml", |w| w.monitor == "service-monitor"),
    workload_file!("pvc.yaml", |w| w.claims),
    workload_file!("rbac.yaml", |w| w.account),
    workload_file!("service.yaml", |w| w.service),
    workload_file!("service-headless.yaml", |w| w.controller == "StatefulSet"),
];

/// Helpers of each workload.
const WORKLOAD_HELPERS: &str = include_str!("../../templates/chart/workload.tpl");

/// Merges a workload's patches into an object.
const PATCHED: &str = include_str!("../../templates/chart/patched.tpl");

/// Parts that several templates share, by name.
const PARTS: &[(&str, &str)] = &[
    (
        "container",
        include_str!("../../templates/chart/parts/container.yaml"),
    ),
    (
        "env-from",
        include_str!("../../templates/chart/parts/env-from.yaml"),
    ),
    ("pod", include_str!("../../templates/chart/parts/pod.yaml")),
    (
        "secret-file",
        include_str!("../../templates/chart/parts/secret-file.yaml"),
    ),
    (
        "variables",
        include_str!("../../templates/chart/parts/variables.yaml"),
    ),
    (
        "wait-for-migrations",
        include_str!("../../templates/chart/parts/wait-for-migrations.yaml"),
    ),
    (
        "wait-for-servers",
        include_str!("../../templates/chart/parts/wait-for-servers.yaml"),
    ),
];

fn migrates_by(chart: &Context, strategy: &str) -> bool {
    chart
        .migration
        .as_ref()
        .is_some_and(|migration| migration.strategies.iter().any(|known| known == strategy))
}

/// The rendered templates of a chart.
pub fn files(plan: &Plan) -> Vec<File> {
    let engine = engine();
    let facts = facts(plan);
    let mut files = Vec::new();
    for file in CHART.iter().filter(|file| (file.applies)(&plan.context)) {
        let source = assembled(file.source);
        let template = parse(&engine, file.path, &source);
        files.push(render(&template, file.path.to_owned(), facts.clone()));
    }
    let helpers = WorkloadFile {
        name: "_pod.tpl",
        source: WORKLOAD_HELPERS,
        applies: |_| true,
    };
    for file in WORKLOAD.iter().chain([&helpers]) {
        let source = assembled(file.source);
        let template = parse(&engine, file.name, &source);
        let patched = patch_of(file.name).map(|part| {
            let wrapped = PATCHED
                .replace("@PART@", part)
                .replace("#@ object\n", &source);
            (part, wrapped)
        });
        let wrapped = patched
            .as_ref()
            .map(|(_, source)| parse(&engine, file.name, source));
        let workloads = plan.context.workloads.iter();
        for workload in workloads.filter(|workload| (file.applies)(workload)) {
            let mut own = facts.clone();
            own.insert("w", Value::from(Serde(workload)));
            let path = match file.name.strip_prefix('_') {
                Some(name) => format!("templates/_{}{name}", workload.file_prefix),
                None => format!("templates/{}{}", workload.file_prefix, file.name),
            };
            let template = match &wrapped {
                Some(wrapped) if workload.patched => wrapped,
                _ => &template,
            };
            files.push(render(template, path, own));
        }
    }
    for board in &plan.context.monitoring.dashboards {
        files.push(File {
            path: format!("files/dashboards/{}.json", board.name),
            contents: board.json.clone(),
        });
    }
    files
}

/// Which part of a workload's patches goes into a file.
fn patch_of(name: &str) -> Option<&'static str> {
    match name {
        "deployment.yaml" | "statefulset.yaml" | "cronjob.yaml" | "job.yaml" => Some("object"),
        "service.yaml" => Some("service"),
        _ => None,
    }
}

/// A template with its parts in place: a line `#@ pod 4` stands for the part
/// `pod`, four columns to the right, and `#@ variables 0 A=b` also for `b`
/// where the part says `A`.
fn assembled(source: &str) -> String {
    let mut out = String::with_capacity(source.len() * 2);
    for line in source.split_inclusive('\n') {
        let mut words = line
            .strip_prefix("#@ ")
            .unwrap_or_default()
            .split_whitespace();
        let part = words.next().and_then(|name| {
            let (_, part) = PARTS.iter().find(|(known, _)| *known == name)?;
            let columns: usize = words.next()?.parse().ok()?;
            Some((*part, columns))
        });
        let Some((part, columns)) = part else {
            out.push_str(line);
            continue;
        };
        let mut text = part.to_owned();
        for (from, to) in words.filter_map(|word| word.split_once('=')) {
            text = text.replace(from, to);
        }
        out.push_str(&indented(&assembled(&text), columns));
    }
    out
}

/// A template some columns to the right, with what it indents itself.
fn indented(text: &str, columns: usize) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for line in text.split_inclusive('\n') {
        if line.starts_with("#%") || line.trim().is_empty() {
            out.push_str(line);
            continue;
        }
        out.extend(std::iter::repeat_n(' ', columns));
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("nindent ") {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let number: usize = after[..digits].parse().unwrap_or_default();
            out.push_str(before);
            out.push_str("nindent ");
            out.push_str(&(number + columns).to_string());
            rest = &after[digits..];
        }
        out.push_str(rest);
    }
    out
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
        ("ingress", Value::from(Serde(&context.ingress))),
        ("gateway", Value::from(context.gateway)),
        ("monitoring", Value::from(Serde(&context.monitoring))),
        ("sizes", Value::from(Serde(&context.sizes))),
        ("needs", Value::from(Serde(&context.needs))),
        ("controllers", Value::from(Serde(&context.controllers))),
        (
            "main",
            Value::from(
                context
                    .workloads
                    .iter()
                    .find(|workload| workload.main)
                    .map(|workload| workload.name.as_str())
                    .unwrap_or_default(),
            ),
        ),
        (
            "any_scaling",
            Value::from(
                context
                    .workloads
                    .iter()
                    .any(|workload| !workload.scaling.is_empty()),
            ),
        ),
        (
            "any_stateful",
            Value::from(
                context
                    .workloads
                    .iter()
                    .any(|workload| workload.kind == "stateful")
                    || context.dependencies.iter().any(|facts| facts.in_release),
            ),
        ),
        (
            "composed",
            Value::from(context.dependencies.iter().any(|facts| {
                !facts.derived.is_empty()
                    || (facts.in_release && facts.url_is_secret && facts.url_known)
            })),
        ),
        ("tests", Value::from(Serde(&context.tests))),
        ("environments", Value::from(Serde(&context.environments))),
        ("statements", Value::from(Serde(&context.statements))),
        ("decisions", Value::from(Serde(&context.decisions))),
        (
            "any_service",
            Value::from(
                context
                    .workloads
                    .iter()
                    .any(|workload| !workload.test_port.is_empty()),
            ),
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
    engine.add_filter("length", |list: Vec<Value>| list.len());
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
        Ok(contents) if path.ends_with(".md") => File {
            contents: readme::tidy(&contents),
            path,
        },
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
