//! `cargo xtask charts`: the committed charts of `spec/examples`.
//!
//! Takes every `spec/examples/<name>.toml`, gives `chart-out/<name>/`. The
//! folder has the file's name rather than the chart's, because two examples may
//! describe one chart in two ways.

use crate::runner::{self, Profile};
use crate::workspace::Workspace;
use crate::{process, tree};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "spec/examples";
const CHARTS: &str = "chart-out";

/// Differences that are worth naming; more are only counted.
const SHOWN: usize = 20;

/// Options of the task.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Fail if the committed charts are not what the examples give
    #[arg(long)]
    pub check: bool,
}

/// Builds every example and writes the charts, or compares them with the committed ones.
pub fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let runner = runner::build(workspace, Profile::Dev)?;
    let built = tempfile::tempdir().context("cannot make a temporary folder")?;
    let names = build_all(workspace, &runner, built.path())?;
    let charts = workspace.path(CHARTS);
    let stale = stale(&charts, &names)?;
    if args.check {
        return check(built.path(), &charts, &names, &stale);
    }
    for name in &stale {
        fs::remove_dir_all(charts.join(name))
            .with_context(|| format!("cannot remove {CHARTS}/{name}"))?;
        println!("charts: {CHARTS}/{name} removed, it has no example");
    }
    for name in &names {
        let place = charts.join(name);
        let changes = differences(&place, &built.path().join(name))?.len();
        if changes > 0 {
            tree::replace(&place, &built.path().join(name))?;
        }
        println!("charts: {CHARTS}/{name}: {changes} files changed");
    }
    Ok(())
}

/// Builds each example into `folder/<name>` and gives the names.
fn build_all(workspace: &Workspace, runner: &Path, folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for spec in examples(workspace)? {
        let name = spec
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        // Warnings are not shown: the examples have some on purpose.
        process::output(
            runner::call(runner)
                .current_dir(&workspace.root)
                .args(["--color", "never", "build", "--quiet", "--output"])
                .arg(folder.join(&name))
                // Relative: what the runner prints is then the same everywhere.
                .arg(spec.strip_prefix(&workspace.root).unwrap_or(&spec)),
        )?;
        names.push(name);
    }
    Ok(names)
}

/// The example specifications, sorted.
pub fn examples(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let mut specs = Vec::new();
    let folder = workspace.path(EXAMPLES);
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {EXAMPLES}"))? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            specs.push(path);
        }
    }
    specs.sort();
    Ok(specs)
}

/// Names of charts whose example has gone.
fn stale(charts: &Path, names: &[String]) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    if !charts.exists() {
        return Ok(stale);
    }
    for entry in fs::read_dir(charts).with_context(|| format!("cannot list {CHARTS}"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !names.contains(&name) {
            stale.push(name);
        }
    }
    stale.sort();
    Ok(stale)
}

/// What differs in committed files. The runner's own folder is never committed.
fn differences(found: &Path, expected: &Path) -> Result<Vec<tree::Difference>> {
    let mut all = tree::differences(found, expected)?;
    all.retain(|difference| !difference.path.starts_with(".taskspec/"));
    Ok(all)
}

fn check(built: &Path, charts: &Path, names: &[String], stale: &[String]) -> Result<()> {
    let mut problems: Vec<String> = stale
        .iter()
        .map(|name| format!("{CHARTS}/{name}: has no example"))
        .collect();
    for name in names {
        for difference in differences(&charts.join(name), &built.join(name))? {
            problems.push(format!("{CHARTS}/{name}/{difference}"));
        }
    }
    if problems.is_empty() {
        println!(
            "charts: {} charts are what the examples give, byte for byte",
            names.len()
        );
        return Ok(());
    }
    let count = problems.len();
    problems.truncate(SHOWN);
    bail!(
        "{count} files of {CHARTS}/ are not what the examples give; run `cargo xtask charts` and \
         look at the diff\n  {}",
        problems.join("\n  ")
    )
}
