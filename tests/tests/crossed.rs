//! Specifications that came about by chance: the component and the native
//! compiler say the same of each, and a chart that is made holds what it is for.
//!
//! `host/tests/agreement.rs` damages the text of specifications; these are whole.
//! Here the runner itself is asked, as people call it.
//!
//! `TASKSPEC_SEED` and `TASKSPEC_CROSSED` try others, and so many of them;
//! `TASKSPEC_KEEP` names a folder for those at which something was found.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use taskspec_plugin::{Compilation, compile};
use taskspec_spec::diagnostic::Severity;
use taskspec_tests::chart::{Case, files, temporary, write};
use taskspec_tests::crossed::{Crossed, crossed};
use taskspec_tests::parallel;
use taskspec_tests::review::review;
use taskspec_tests::tools::{Helm, runner, said};
use taskspec_tests::verify::faults;

/// Bytes of a review's page, for every specification.
const PAGE_BYTES_MAX: usize = 500_000;

/// So many specifications, or as many as were asked for.
fn some(n: usize) -> Vec<Crossed> {
    let number = |name: &str| {
        let text = std::env::var(name).ok()?;
        Some(text.parse().expect("a number"))
    };
    let n = number("TASKSPEC_CROSSED").unwrap_or(n);
    crossed(number("TASKSPEC_SEED").unwrap_or(1) as u64, n)
}

/// The first line of every diagnostic, as the runner writes it.
fn headlines(compilation: &Compilation) -> Vec<String> {
    let diagnostics = compilation.diagnostics.iter();
    diagnostics
        .map(|one| {
            let weight = match one.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            format!("{weight}[{}]: {}", one.code, one.message)
        })
        .collect()
}

#[test]
fn the_component_and_the_native_compiler_agree() {
    let runner = runner();
    let built = AtomicUsize::new(0);
    let all = some(600);
    let tried = all.len();
    parallel::no_faults(all, |one| {
        let native = compile(&one.spec, &[]);
        let folder = temporary();
        write(&folder.path().join("spec.toml"), &one.spec);
        let mut command = Command::new(&runner);
        command
            .current_dir(folder.path())
            .args(["build", "spec.toml", "-o", "chart"]);
        let output = command.output().expect("the runner starts");
        let text = said(&output);
        let is_headline = |line: &&str| {
            let mut weights = ["error[", "warning[", "note["].iter();
            weights.any(|weight| line.starts_with(weight))
        };
        let lines: Vec<&str> = text.lines().filter(is_headline).collect();
        let expected = headlines(&native);
        let mut faults = Vec::new();
        // A long message goes on in the next line.
        let same = |(line, known): (&&str, &String)| known.starts_with(line.trim_end());
        if lines.len() != expected.len() || !lines.iter().zip(&expected).all(same) {
            faults.push(format!("{}: {lines:#?} and {expected:#?}", one.name));
        }
        let made: BTreeMap<String, String> = native
            .chart
            .map(|chart| chart.files)
            .unwrap_or_default()
            .into_iter()
            .map(|file| (file.path, file.contents))
            .collect();
        if !made.is_empty() {
            built.fetch_add(1, Ordering::Relaxed);
        }
        let chart = folder.path().join("chart");
        let mut found = if chart.exists() {
            files(&chart)
        } else {
            BTreeMap::new()
        };
        // The runner's own files.
        found.retain(|path, _| path != "taskspec.lock" && !path.starts_with(".taskspec/"));
        if found != made {
            faults.push(format!("{}: other files", one.name));
        }
        faults
    });
    let built = built.into_inner();
    eprintln!("{built} of {tried} give a chart");
    assert!(built * 5 > tried, "too few give a chart");
    assert!(built * 10 < tried * 9, "too few are refused");
}

#[test]
fn charts_that_came_about_by_chance_hold_together() {
    let helm = Helm::newest();
    parallel::no_faults(some(200), |one| {
        let compilation = compile(&one.spec, &[]);
        // Whoever leads to a workload that is off was told so.
        let is_told = compilation
            .diagnostics
            .iter()
            .any(|one| one.code == "TS0014");
        if compilation.chart.is_none() || is_told {
            return Vec::new();
        }
        let case = Case {
            name: one.name.clone(),
            spec: one.spec.clone(),
        };
        let reviewed = review(&case, &helm);
        let mut faults = faults(&reviewed.review.report);
        // Settings of one server are none of another, whose chart says so.
        faults.retain(|fault| !fault.contains("don't meet the specifications of the schema"));
        let page = taskspec_review::html(&reviewed.review);
        if page.len() > PAGE_BYTES_MAX {
            faults.push(format!("the page of its review has {} bytes", page.len()));
        }
        let examination = &reviewed.examination;
        let compared = taskspec_verifier::compare(examination, examination);
        let same =
            compared.map(|found| found.environments.iter().all(|one| one.objects.is_empty()));
        if same != Ok(true) {
            faults.push(format!("compared with itself: {same:?}"));
        }
        if let Ok(folder) = std::env::var("TASKSPEC_KEEP")
            && let (Some((n, _)), false) = (one.name.split_once(':'), faults.is_empty())
        {
            fs::write(format!("{folder}/{n}.toml"), &one.spec).expect("it can be kept");
        }
        let faults = faults.iter();
        faults
            .map(|fault| format!("{}: {fault}", one.name))
            .collect()
    });
}
