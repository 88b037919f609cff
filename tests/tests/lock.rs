//! `Chart.lock` is what Helm itself would have written.

use std::fs;
use taskspec_tests::chart::{Built, Case};
use taskspec_tests::tools::{Helm, said};

fn dependency(helm: &Helm, chart: &Built, command: &str) -> std::process::Output {
    helm.run([
        "dependency".as_ref(),
        command.as_ref(),
        chart.path().as_os_str(),
    ])
}

fn exact() -> Vec<Built> {
    let mut charts = vec![
        Case::example("task-api-embedded").build(),
        Case::own("gitops").build(),
        Case::own("several").build(),
    ];
    charts.extend(
        Case::published()
            .iter()
            .filter(|case| case.name.contains("worker"))
            .map(Case::build),
    );
    charts
}

/// Helm compares the digest before it looks for a repository, so this works
/// without the network for charts of repositories too.
#[test]
fn helm_takes_the_lock_for_its_own() {
    for helm in Helm::all() {
        for chart in exact() {
            let before = chart.text("Chart.lock").to_owned();
            let output = dependency(&helm, &chart, "build");
            let said = said(&output);
            assert!(
                !said.contains("out of sync"),
                "{} Helm {}: {said}",
                chart.case,
                helm.version
            );
            if chart.from_repositories().is_empty() {
                assert!(
                    output.status.success(),
                    "{} Helm {}: {said}",
                    chart.case,
                    helm.version
                );
            } else {
                assert!(
                    said.contains("no repository definition"),
                    "{} Helm {}: {said}",
                    chart.case,
                    helm.version
                );
            }
            let after = fs::read_to_string(chart.path().join("Chart.lock"))
                .expect("the lock is still there");
            assert_eq!(before, after, "{} Helm {}", chart.case, helm.version);
        }
    }
}

#[test]
fn helm_finds_every_dependency_in_its_place() {
    for helm in Helm::all() {
        for case in Case::all() {
            let chart = case.build();
            let output = dependency(&helm, &chart, "list");
            let said = said(&output);
            let wrong = ["missing", "wrong version", "too many", "corrupt", "invalid"]
                .iter()
                .any(|word| said.contains(word));
            assert!(
                output.status.success() && !wrong,
                "{} Helm {}: {said}",
                chart.case,
                helm.version
            );
        }
    }
}

#[test]
fn another_lock_is_out_of_sync() {
    let chart = Case::example("task-api-embedded").build();
    let lock = chart.text("Chart.lock").replace("sha256:", "sha256:0");
    fs::write(chart.path().join("Chart.lock"), lock).expect("the lock can be written");
    for helm in Helm::all() {
        let output = dependency(&helm, &chart, "build");
        assert!(
            !output.status.success() && said(&output).contains("out of sync"),
            "Helm {}: {}",
            helm.version,
            said(&output)
        );
    }
}

/// A range cannot be locked without asking the repository.
#[test]
fn a_range_has_no_lock() {
    let mut case = Case::example("task-api");
    case.spec = case
        .spec
        .replace("version = \"12.12.10\"", "version = \"12.x.x\"");
    let chart = case.compile();
    assert!(chart.files.iter().all(|file| file.path != "Chart.lock"));
}
