//! Writes a plan down: files in the order of their paths. Decides nothing.

mod chart_yaml;
mod lock;
mod readme;
mod templates;
mod unit_tests;

use crate::api::{Chart, Environment, File};
use crate::lower::{EnvironmentFacts, Plan};
use crate::values;

/// The chart of a plan.
pub fn emit(plan: &Plan) -> Chart {
    let chart = &plan.context.chart;
    let mut files = vec![
        file("Chart.yaml", chart_yaml::chart_yaml(plan)),
        file(
            "values.yaml",
            values::yaml(&plan.values, &values_header(plan)),
        ),
        file("values.schema.json", schema(plan)),
    ];
    files.extend(lock::lock(plan).map(|text| file("Chart.lock", text)));
    for ((name, changes), environment) in plan.overrides.iter().zip(&plan.context.environments) {
        files.push(file(
            name,
            values::difference_yaml(changes, &environment_header(environment)),
        ));
    }
    files.extend(templates::files(plan));
    files.extend(templates::embedded(plan));
    files.extend(unit_tests::files(plan));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Chart {
        name: chart.name.clone(),
        version: chart.version.clone(),
        files,
        environments: plan.context.environments.iter().map(environment).collect(),
        decisions: plan.decisions.clone(),
        next: readme::next(plan),
    }
}

fn file(path: &str, contents: String) -> File {
    File {
        path: path.to_owned(),
        contents,
    }
}

fn values_header(plan: &Plan) -> String {
    format!(
        "Defaults of the chart {}. Made by taskspec from a specification: change that, or override values.",
        plan.context.chart.name
    )
}

fn environment_header(environment: &EnvironmentFacts) -> String {
    let mut header = format!("What differs in {}", environment.name);
    if !environment.summary.is_empty() {
        header += &format!(": {}", environment.summary);
    }
    header += ".\nMade by taskspec; ";
    header += &format!(
        "used with `helm upgrade --install {} … -f {}`",
        environment.release, environment.values_file
    );
    header + "."
}

fn schema(plan: &Plan) -> String {
    let title = format!("Values of the chart {}", plan.context.chart.name);
    let schema = values::schema(&plan.values, &title);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

fn environment(facts: &EnvironmentFacts) -> Environment {
    Environment {
        name: facts.name.clone(),
        values_file: facts.values_file.clone(),
        namespace: facts.namespace.clone(),
        release: facts.release.clone(),
        summary: facts.what.clone(),
        install: readme::install(facts),
    }
}
