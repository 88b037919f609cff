//! `cargo xtask bench`: how the runner compares, side by side in one run.
//!
//! Takes an example and a generated specification of 1,000 workloads, gives a
//! table of times relative to the natively linked compiler. Times of one run
//! compare with each other and with nothing else, so nothing here fails for
//! being slow.

mod measure;
mod table;

use crate::runner::{self, Profile};
use crate::tools;
use crate::workspace::Workspace;
use crate::{process, tree};
use anyhow::{Context, Result};
use measure::Samples;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The example that stands for an ordinary specification.
const EXAMPLE: &str = "spec/examples/task-api.toml";

/// The example that is verified: Helm has to fetch nothing for it.
const VERIFIED: &str = "spec/examples/task-api-embedded.toml";

/// Sizes of the generated specification; two, so that growth shows.
const WORKLOADS: [usize; 2] = [100, 1000];

/// Options of the task.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each program runs
    #[arg(short, long, default_value_t = 30)]
    runs: usize,
}

/// Builds everything for release, runs it interleaved and prints the table.
pub fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let runner = runner::build(workspace, Profile::Release)?;
    let native = runner::build_program(workspace, "xtask", Profile::Release)?;
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let programs = Programs {
        runner,
        native,
        out: scratch.path().join("out"),
    };

    let mut contenders = programs.builds("task-api", &workspace.path(EXAMPLE));
    contenders.extend(helm(workspace, &programs.out)?);
    measure_all(&mut contenders, args.runs, &programs.out)?;
    println!("\nAn example, {} interleaved runs:\n", args.runs);
    print!("{}", table::render(&contenders));

    verifying(workspace, &programs, args.runs.div_ceil(3), scratch.path())?;

    println!("\nGenerated specifications:\n");
    let few = args.runs.div_ceil(5);
    for count in WORKLOADS {
        let spec = workspace.target.join(format!("bench-{count}.toml"));
        tree::write(&spec, generated_spec(count).as_bytes())?;
        let mut contenders = programs.builds(&format!("{count} workloads"), &spec);
        measure_all(&mut contenders, few, &programs.out)?;
        println!("{}", table::render(&contenders));
    }
    print_floor()?;
    print_sizes(workspace, &programs.runner)
}

/// Verifying beside what it cannot do without: rendering the environments.
fn verifying(
    workspace: &Workspace,
    programs: &Programs,
    runs: usize,
    scratch: &Path,
) -> Result<()> {
    let Some(helm) = tools::newest_helm(workspace)? else {
        return Ok(());
    };
    let spec = workspace.path(VERIFIED);
    let chart = scratch.join("chart");
    process::output(
        runner::call(&programs.runner)
            .args(["build", "--quiet", "--output"])
            .arg(&chart)
            .arg(&spec),
    )?;
    let mut contenders = Vec::new();
    for file in values_files(&chart)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let mut command = Command::new(&helm);
        command.arg("template").arg("bench").arg(&chart);
        command.arg("--values").arg(&file);
        contenders.push(Contender::new(format!("helm template, {name}"), command));
    }
    let mut verify = runner::call(&programs.runner);
    verify.arg("verify").arg(&spec).env("HELM_BIN", &helm);
    contenders.push(Contender::new("taskspec verify".to_owned(), verify));
    measure_all(&mut contenders, runs, &programs.out)?;
    println!(
        "\nVerifying an example with {} environments, {runs} interleaved runs:\n",
        contenders.len() - 1
    );
    print!("{}", table::render(&contenders));
    Ok(())
}

/// Values of a chart's environments.
fn values_files(chart: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(chart).context("cannot list a temporary folder")? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("values-") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What the smallest program is charged with: this task's own size at its start.
fn print_floor() -> Result<()> {
    if let Some(kib) = measure::run(&mut Command::new("true"))?.peak_kib() {
        let mib = kib as f64 / 1024.0;
        println!("A peak of {mib:.1} MiB or less is this task's own, not the program's.");
    }
    Ok(())
}

/// The two ways to build a chart, and where they shall put it.
struct Programs {
    runner: PathBuf,
    native: PathBuf,
    out: PathBuf,
}

/// A command that is measured, and what came of it.
pub struct Contender {
    name: String,
    command: Command,
    samples: Samples,
}

impl Contender {
    fn new(name: String, command: Command) -> Self {
        Self {
            name,
            command,
            samples: Samples::default(),
        }
    }
}

impl Programs {
    /// The natively linked compiler, which is the yardstick, and the runner.
    fn builds(&self, name: &str, spec: &Path) -> Vec<Contender> {
        let mut native = Command::new(&self.native);
        native.arg("native-build").arg(spec).arg(&self.out);
        let mut runner = runner::call(&self.runner);
        runner
            .args(["build", "--quiet", "--output"])
            .arg(&self.out)
            .arg(spec);
        vec![
            Contender::new(format!("{name}: native"), native),
            Contender::new(format!("{name}: taskspec build"), runner),
        ]
    }
}

/// What every Helm user waits for anyway, by the newest Helm at hand.
fn helm(workspace: &Workspace, out: &Path) -> Result<Vec<Contender>> {
    let fetched = tools::newest_helm(workspace)?;
    let Some(helm) = fetched.or_else(|| process::find("helm")) else {
        println!("bench: no Helm to compare with; `cargo xtask tools` fetches it");
        return Ok(Vec::new());
    };
    let version = process::output(Command::new(&helm).args(["version", "--short"]))?;
    println!("bench: Helm is {version}");
    let (mut version, mut create) = (Command::new(&helm), Command::new(&helm));
    version.args(["version", "--short"]);
    create.arg("create").arg(out);
    Ok(vec![
        Contender::new("helm version".to_owned(), version),
        Contender::new("helm create".to_owned(), create),
    ])
}

/// Runs every contender in turn, so that whatever else the machine does hits all alike.
fn measure_all(contenders: &mut [Contender], runs: usize, out: &Path) -> Result<()> {
    // One run more than asked for: the first warms the caches and does not count.
    for round in 0..=runs {
        for contender in &mut *contenders {
            if out.exists() {
                fs::remove_dir_all(out).context("cannot empty a temporary folder")?;
            }
            let sample = measure::run(&mut contender.command)?;
            if round > 0 {
                contender.samples.add(sample);
            }
        }
    }
    Ok(())
}

/// A specification of independent workloads.
fn generated_spec(count: usize) -> String {
    let mut text = String::from(include_str!("bench/spec-head.toml"));
    for index in 0..count {
        text.push('\n');
        text.push_str(
            &include_str!("bench/spec-workload.toml").replace("NUMBER", &index.to_string()),
        );
    }
    text
}

fn print_sizes(workspace: &Workspace, runner: &Path) -> Result<()> {
    let component = workspace.path("plugin/taskspec-compiler.wasm");
    for (name, path) in [("runner", runner), ("component", &component)] {
        let bytes = fs::metadata(path)
            .with_context(|| format!("cannot read {}", workspace.show(path)))?
            .len();
        println!("{name}: {:.2} MiB", bytes as f64 / f64::from(1 << 20));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn generated_specifications_have_as_many_workloads_as_asked() {
        let spec = super::generated_spec(3);
        assert_eq!(spec.matches("\nkind = ").count(), 3);
        assert!(!spec.contains("NUMBER"));
    }
}
