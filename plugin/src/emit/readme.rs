//! What the README needs beyond the plan's facts: commands, names, tables.

use crate::lower::{EnvironmentFacts, Plan};
use crate::values::{self, Row};
use serde::Serialize;

/// Facts of the README.
#[derive(Serialize)]
pub struct Facts {
    installs: Vec<String>,
    releases: Vec<Release>,
    provisioned: String,
    kept: String,
    locked: bool,
    secret_hosts: bool,
    hook_jobs: bool,
    rows: Vec<TableRow>,
}

#[derive(Serialize)]
struct Release {
    name: String,
    release: String,
    namespace: String,
    fullname: String,
    timeout: u32,
    test_pod: String,
    secret: String,
    generated_secret: String,
    hosts: Vec<String>,
    objects: Vec<Named>,
    migrates: String,
}

/// The object that makes a workload's pods, in one release.
#[derive(Serialize)]
struct Named {
    workload: String,
    kind: &'static str,
    name: String,
    scaling: String,
}

#[derive(Serialize)]
struct TableRow {
    path: String,
    default: String,
    doc: String,
}

/// Facts of a plan.
pub fn facts(plan: &Plan) -> Facts {
    let context = &plan.context;
    let stand_in = [default_environment(plan)];
    let environments = if context.environments.is_empty() {
        &stand_in[..]
    } else {
        &context.environments
    };
    let inside: Vec<String> = context
        .dependencies
        .iter()
        .filter(|facts| facts.in_release)
        .map(|facts| facts.name.clone())
        .collect();
    let mut kept = Vec::new();
    let own: Vec<String> = context
        .workloads
        .iter()
        .filter(|facts| (facts.claims || facts.templates) && facts.volumes.iter().any(|v| v.keep))
        .map(|facts| facts.name.clone())
        .collect();
    let volumes = [inside.clone(), own].concat();
    if !volumes.is_empty() {
        kept.push(format!("the volumes of {}", volumes.join(", ")));
    }
    if context.secret.generated {
        kept.push("the generated Secret".to_owned());
    }
    Facts {
        installs: environments.iter().map(install).collect(),
        releases: environments
            .iter()
            .map(|environment| release(plan, environment))
            .collect(),
        locked: context
            .dependencies
            .iter()
            .all(|facts| !facts.in_release || facts.exact),
        secret_hosts: context.dependencies.iter().any(|facts| facts.url_is_secret),
        hook_jobs: context
            .workloads
            .iter()
            .any(|facts| !facts.hooks.is_empty()),
        provisioned: volumes.join(", "),
        kept: kept.join(" and "),
        rows: values::rows(&plan.values).into_iter().map(row).collect(),
    }
}

fn row(row: Row) -> TableRow {
    // A bar would end the cell, also inside backticks.
    TableRow {
        path: row.path,
        default: row.default.replace('|', "\\|"),
        doc: row.doc,
    }
}

/// Stands in where a specification has no environment.
fn default_environment(plan: &Plan) -> EnvironmentFacts {
    let name = plan.context.chart.name.clone();
    EnvironmentFacts {
        name: name.clone(),
        summary: String::new(),
        namespace: name.clone(),
        release: name.clone(),
        fullname: name,
        values_file: String::new(),
        timeout_minutes: 10,
        timeout_reason: String::new(),
        existing_secret: String::new(),
        heading: String::new(),
        what: String::new(),
        external_secret: false,
        store: String::new(),
        urls: Vec::new(),
        without: Vec::new(),
        migrates: plan
            .context
            .migration
            .as_ref()
            .map_or_else(String::new, |facts| facts.default_strategy().to_owned()),
        hosts: plan
            .context
            .dependencies
            .iter()
            .map(|facts| format!("{}-{}", plan.context.chart.name, facts.name))
            .collect(),
    }
}

fn release(plan: &Plan, environment: &EnvironmentFacts) -> Release {
    let generated = plan.context.secret.generated && environment.existing_secret.is_empty();
    let made = format!("{}-secret", shorten(&environment.fullname, 56));
    let secret = if environment.existing_secret.is_empty() {
        made.clone()
    } else {
        environment.existing_secret.clone()
    };
    Release {
        name: environment.name.clone(),
        release: environment.release.clone(),
        namespace: environment.namespace.clone(),
        fullname: shorten(&environment.fullname, 63),
        timeout: environment.timeout_minutes,
        test_pod: format!("{}-connection-test", shorten(&environment.fullname, 47)),
        secret,
        hosts: environment.hosts.clone(),
        objects: objects(plan, environment),
        migrates: environment.migrates.clone(),
        generated_secret: if generated { made } else { String::new() },
    }
}

/// Names of the objects that make pods and stay, as the chart's helpers form them.
fn objects(plan: &Plan, environment: &EnvironmentFacts) -> Vec<Named> {
    let fullname = &environment.fullname;
    let workloads = plan.context.workloads.iter();
    workloads
        .filter(|facts| !environment.without.contains(&facts.name))
        .filter_map(|facts| {
            let (kind, limit) = match facts.controller.as_str() {
                "Deployment" => ("deployment", 63),
                "StatefulSet" => ("statefulset", 52),
                "CronJob" => ("cronjob", 52),
                _ => return None,
            };
            let name = if facts.named {
                let room = limit - 1 - facts.name.len();
                format!("{}-{}", shorten(&shorten(fullname, 63), room), facts.name)
            } else {
                shorten(fullname, limit)
            };
            Some(Named {
                workload: facts.name.clone(),
                kind,
                name,
                scaling: facts.scaling.clone(),
            })
        })
        .collect()
}

/// As the chart's helper shortens names.
fn shorten(name: &str, longest: usize) -> String {
    name.chars()
        .take(longest)
        .collect::<String>()
        .trim_end_matches('-')
        .to_owned()
}

/// The command that installs and upgrades an environment, run in the chart's folder.
pub fn install(environment: &EnvironmentFacts) -> String {
    let values = if environment.values_file.is_empty() {
        String::new()
    } else {
        format!(" -f {}", environment.values_file)
    };
    format!(
        "helm upgrade --install {} .{values} --namespace {} --create-namespace --wait --timeout {}m",
        environment.release, environment.namespace, environment.timeout_minutes
    )
}

/// What a person does next with the chart.
pub fn next(plan: &Plan) -> Vec<String> {
    let mut steps = Vec::new();
    let context = &plan.context;
    if context
        .dependencies
        .iter()
        .any(|facts| facts.kind == "repository")
    {
        let locked = context
            .dependencies
            .iter()
            .all(|facts| !facts.in_release || facts.exact);
        steps.push(format!(
            "helm dependency {} .",
            if locked { "build" } else { "update" }
        ));
    }
    steps.push("read README.md, review values.yaml".to_owned());
    match context.environments.first() {
        Some(environment) => steps.push(install(environment)),
        None => steps.push(install(&default_environment(plan))),
    }
    steps
}

/// Text as Markdown: nothing in it becomes markup, a table cell or HTML.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '*' | '_' | '[' | ']' | '|' | '#' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
