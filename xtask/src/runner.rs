//! Builds and calls the runner.

use crate::process;
use crate::workspace::Workspace;
use anyhow::Result;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How a program is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Quick to build; the embedded compiler is as fast as in a release.
    Dev,
    /// As released.
    Release,
}

/// Builds the runner for this machine and gives its path.
pub fn build(workspace: &Workspace, profile: Profile) -> Result<PathBuf> {
    build_program(workspace, "taskspec", profile)
}

/// Builds a package of the workspace and gives its program, which has the same name.
pub fn build_program(workspace: &Workspace, package: &str, profile: Profile) -> Result<PathBuf> {
    let mut command = workspace.cargo_build(package);
    let folder = match profile {
        Profile::Dev => "debug",
        Profile::Release => {
            command.arg("--release");
            "release"
        }
    };
    process::run(&mut command)?;
    let program = format!("{package}{}", env::consts::EXE_SUFFIX);
    Ok(workspace.target.join(folder).join(program))
}

/// A call of the runner by its own name, whoever called this task.
pub fn call(runner: &Path) -> Command {
    let mut command = Command::new(runner);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("HELM_") {
            command.env_remove(&name);
        }
    }
    command
}
