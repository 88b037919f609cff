//! Renders what a verification needs, and judges it with the natively linked
//! verifier.

use crate::chart::{Built, Variant};
use crate::parallel;
use crate::tools::Helm;
use serde_json::Value;
use std::fs;
use taskspec_report::{Case, Examination, Rendering, Report};
use tempfile::TempDir;

/// Everything that the verifier needs to judge a chart.
///
/// # Panics
/// If the specification's statements have faults, or a file cannot be written.
pub fn examination(chart: &Built, spec: &str, helm: &Helm) -> Examination {
    let plan = taskspec_verifier::plan(spec, &[]).expect("the compiler took it");
    assert_eq!(plan.faults, [], "{}", chart.case);
    let values = TempDir::new().expect("a temporary folder");
    let jobs: Vec<(usize, Case)> = plan.cases.into_iter().enumerate().collect();
    let renderings = parallel::map(jobs, |(index, case)| {
        let file = values.path().join(format!("{index}.json"));
        render(chart, helm, case, &file)
    });
    Examination {
        spec: spec.to_owned(),
        chart: chart.chart.name.clone(),
        version: chart.chart.version.clone(),
        renderings,
        ..Examination::default()
    }
}

fn render(chart: &Built, helm: &Helm, case: Case, file: &std::path::Path) -> Rendering {
    let environments = &chart.chart.environments;
    let environment = environments.iter().find(|one| one.name == case.environment);
    let own = || chart.chart.name.clone();
    let release = environment.map_or_else(own, |one| one.release.clone());
    let namespace = environment.map_or_else(own, |one| one.namespace.clone());
    let file_name = environment.map_or_else(String::new, |one| one.values_file.clone());
    let release = if case.longest_name {
        "r".repeat(53)
    } else {
        release
    };
    let files = Some(file_name).filter(|file| !file.is_empty());
    let variant = Variant {
        name: case.environment.clone(),
        files: files.into_iter().collect(),
        release: None,
    };
    let path = file.display().to_string();
    // As the runner does: in the namespace of the environment.
    let mut more = vec!["--namespace", namespace.as_str()];
    if case.values != Value::Null {
        fs::write(file, case.values.to_string()).expect("a temporary file");
        more.extend(["--values", &path]);
    }
    Rendering {
        manifests: chart.render(helm, &release, &variant, &more),
        release,
        namespace: namespace.clone(),
        case,
    }
}

/// Judges an examination.
///
/// # Panics
/// If the verifier cannot.
pub fn judge(examination: &Examination) -> Report {
    taskspec_verifier::verify(examination).unwrap_or_else(|refused| panic!("{refused:?}"))
}

/// Each fault of a report in one line.
pub fn faults(report: &Report) -> Vec<String> {
    let mut all = Vec::new();
    for statement in &report.statements {
        for (check, fault) in statement.faults() {
            all.push(format!(
                "{} in {:?}: {} {} {}: {} (found {}, expected {})",
                statement.id,
                check.environment,
                statement.title,
                fault.object,
                fault.path,
                fault.message,
                fault.found,
                fault.expected
            ));
        }
    }
    all
}
