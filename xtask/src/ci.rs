//! `cargo xtask ci`: everything that a change must pass, in one command.
//!
//! Sections run in order, and a failed one does not stop the next, so that one
//! run shows every fault. The last line counts the sections.

mod packages;

use crate::workspace::Workspace;
use crate::{charts, component, generate, process, runner, tools};
use anyhow::{Context, Result, bail};
use std::time::{Duration, Instant};

/// What became of a section.
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

type Section = (&'static str, fn(&Workspace) -> Result<Outcome>);

const SECTIONS: [Section; 9] = [
    ("system packages", |workspace| {
        passed(packages::ensure(workspace))
    }),
    ("formatting", |workspace| passed(format(workspace))),
    ("lints", |workspace| passed(lint(workspace))),
    ("tools", |workspace| passed(tools::run(workspace))),
    ("component", |workspace| {
        passed(component::run(
            workspace,
            &component::Args {
                check: true,
                route: None,
            },
        ))
    }),
    ("generated files", |workspace| {
        passed(generate::run(workspace, &generate::Args { check: true }))
    }),
    ("committed charts", |workspace| {
        passed(charts::run(workspace, &charts::Args { check: true }))
    }),
    ("dependencies", dependencies),
    ("tests", |workspace| {
        passed(cargo_test(workspace, &[], false))
    }),
];

/// Runs every section; an error if one failed.
pub fn run(workspace: &Workspace) -> Result<()> {
    let mut results = Vec::new();
    for (name, section) in SECTIONS {
        println!("\n=== {name}");
        let start = Instant::now();
        let outcome = section(workspace).unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Outcome::Failed
        });
        let took = start.elapsed();
        println!("=== {name}: {} in {}", outcome.word(), seconds(took));
        results.push((name, outcome, took));
    }
    println!("\n=== summary");
    for (name, outcome, took) in &results {
        println!("{:>8}  {name} ({})", outcome.word(), seconds(*took));
    }
    let count = |word: &str| {
        results
            .iter()
            .filter(|(_, outcome, _)| outcome.word() == word)
            .count()
    };
    let failed = count("failed");
    println!(
        "sections: {} passed, {failed} failed, {} skipped",
        count("passed"),
        count("skipped")
    );
    if failed > 0 {
        bail!("{failed} sections failed");
    }
    Ok(())
}

/// `cargo xtask test`: the tools, then the tests.
pub fn test(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    tools::run(workspace)?;
    cargo_test(workspace, arguments, false)
}

/// `cargo xtask bless`: makes anew everything that is committed but made by a program.
pub fn bless(workspace: &Workspace) -> Result<()> {
    component::run(
        workspace,
        &component::Args {
            check: false,
            route: None,
        },
    )?;
    generate::run(workspace, &generate::Args { check: false })?;
    charts::run(workspace, &charts::Args { check: false })?;
    tools::run(workspace)?;
    cargo_test(workspace, &[], true)
}

/// Runs the tests of the workspace. They find the runner by `TASKSPEC_RUNNER`
/// and the tools in `.tools/`; with `TASKSPEC_BLESS=1` they write what they
/// would otherwise compare.
fn cargo_test(workspace: &Workspace, arguments: &[String], bless: bool) -> Result<()> {
    let runner = runner::build(workspace, runner::Profile::Dev)?;
    let mut command = workspace.cargo("test");
    command
        .args(["--workspace", "--locked", "--no-fail-fast", "--target-dir"])
        .arg(&workspace.target)
        .args(arguments)
        .env("TASKSPEC_RUNNER", runner);
    if bless {
        command.env("TASKSPEC_BLESS", "1");
    }
    process::run(&mut command)
}

fn format(workspace: &Workspace) -> Result<()> {
    // Names of files only: the differences could fill the log.
    process::run(
        workspace
            .cargo("fmt")
            .args(["--all", "--check", "--", "-l"]),
    )
    .context("`cargo fmt --all` mends it")
}

fn lint(workspace: &Workspace) -> Result<()> {
    let mut command = workspace.cargo("clippy");
    command
        .args(["--workspace", "--all-targets", "--keep-going", "--locked"])
        .arg("--target-dir")
        .arg(&workspace.target)
        .args(["--", "-D", "warnings"]);
    process::run(&mut command)
}

fn dependencies(workspace: &Workspace) -> Result<Outcome> {
    if process::find("cargo-deny").is_none() {
        println!(
            "skipped: cargo-deny is not installed; `cargo install --locked cargo-deny` installs it"
        );
        return Ok(Outcome::Skipped);
    }
    // Advisories would need the network.
    let mut command = workspace.cargo("deny");
    command.args(["--offline", "check", "bans", "licenses", "sources"]);
    passed(process::run(&mut command))
}

fn passed(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome::Passed)
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

impl Outcome {
    fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}
