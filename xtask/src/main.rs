//! The project's tasks: `cargo xtask` lists them.

mod bench;
mod charts;
mod ci;
mod component;
mod digest;
mod dist;
mod generate;
mod native_build;
mod process;
mod remap;
mod runner;
mod tools;
mod tree;
mod workspace;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;
use workspace::Workspace;

/// The project's tasks
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Everything that a change must pass; exactly what CI runs
    Ci,
    /// Fetch the tools and run the tests of the workspace
    Test {
        /// Passed on to `cargo test`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Make anew what is committed but made by a program, test output included
    Bless,
    /// Build the WebAssembly components into plugin/
    Component(component::Args),
    /// Write the reference pages and completion.yaml from the code
    Gen(generate::Args),
    /// Build the charts of spec/examples into chart-out/
    Charts(charts::Args),
    /// Fetch the pinned Helm versions and the judges of charts into .tools/
    Tools,
    /// Make the installable plugin folder and the release archive
    Dist(dist::Args),
    /// Compare the runner with the natively linked compiler and with Helm
    Bench(bench::Args),
    /// Compile a specification without component and runner
    NativeBuild(native_build::Args),
}

fn main() -> ExitCode {
    let workspace = Workspace::find();
    match run(&workspace, Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        // Not `Debug`: a backtrace helps nobody whose machine lacks a program.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(workspace: &Workspace, task: Task) -> Result<()> {
    match task {
        Task::Ci => ci::run(workspace),
        Task::Test { arguments } => ci::test(workspace, &arguments),
        Task::Bless => ci::bless(workspace),
        Task::Component(args) => component::run(workspace, &args),
        Task::Gen(args) => generate::run(workspace, &args),
        Task::Charts(args) => charts::run(workspace, &args),
        Task::Tools => tools::run(workspace),
        Task::Dist(args) => dist::run(workspace, &args),
        Task::Bench(args) => bench::run(workspace, &args),
        Task::NativeBuild(args) => native_build::run(&args),
    }
}
