//! A Python that can make virtual environments.

use crate::process;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest version that the pinned lists hold for.
const OLDEST: &str = "3.11";

/// What Debian needs for `python3 -m venv`.
pub const PYTHON_PACKAGES: [&str; 2] = ["python3", "python3-venv"];

/// An interpreter.
#[derive(Debug, Clone)]
pub struct Python(PathBuf);

impl Python {
    /// The first interpreter that is new enough and has `venv` with pip.
    pub fn with_venv() -> Result<Self> {
        let candidates = [
            process::find("python3"),
            process::find("python"),
            Some(PathBuf::from("/usr/bin/python3")),
        ];
        let mut reasons = Vec::new();
        for candidate in candidates.into_iter().flatten() {
            let python = Self(candidate);
            match python.problem() {
                None => return Ok(python),
                Some(reason) => reasons.push(format!("  {}: {reason}", python.0.display())),
            }
        }
        bail!(
            "no Python {OLDEST} or newer with the `venv` module\n{}\nInstall it: `apt-get install \
             {}` on Debian, or any Python from pyenv",
            reasons.join("\n"),
            PYTHON_PACKAGES.join(" ")
        )
    }

    /// Where a virtual environment has its interpreter.
    pub fn in_environment(environment: &Path) -> PathBuf {
        let python = if cfg!(windows) {
            "Scripts/python.exe"
        } else {
            "bin/python"
        };
        environment.join(python)
    }

    /// The interpreter of a virtual environment, if it runs.
    pub fn of(environment: &Path) -> Option<Self> {
        let python = Self::in_environment(environment);
        process::is_executable(&python).then_some(Self(python))
    }

    fn problem(&self) -> Option<String> {
        let (major, minor) = OLDEST.split_once('.').unwrap_or((OLDEST, "0"));
        let probe = format!(
            "import sys, venv, ensurepip; \
             sys.exit(0 if sys.version_info >= ({major}, {minor}) else 'is too old')"
        );
        let error = process::output(self.command().args(["-c", &probe])).err()?;
        let text = format!("{error:#}");
        Some(text.lines().last().unwrap_or_default().to_owned())
    }

    /// Makes a virtual environment anew with exactly what the list says.
    pub fn make_environment(&self, environment: &Path, list: &Path) -> Result<()> {
        if environment.exists() {
            fs::remove_dir_all(environment)
                .with_context(|| format!("cannot replace {}", environment.display()))?;
        }
        process::run(self.command().args(["-m", "venv"]).arg(environment))?;
        let inner = Self::of(environment)
            .with_context(|| format!("{} has no interpreter", environment.display()))?;
        process::run(
            inner
                .pip("install")
                .args(["--no-deps", "--require-hashes", "--requirement"])
                .arg(list),
        )
        .context("pip could not install; is a package index reachable?")
    }

    /// Downloads the packages of a list, and nothing that they depend on.
    pub fn download(&self, list: &Path, folder: &Path) -> Result<()> {
        process::run(
            self.pip("download")
                .args(["--no-deps", "--require-hashes", "--only-binary=:all:"])
                .arg("--requirement")
                .arg(list)
                .arg("--dest")
                .arg(folder),
        )
        .context("pip could not download; is a package index reachable?")
    }

    fn pip(&self, subcommand: &str) -> Command {
        let mut command = self.command();
        command.args([
            "-m",
            "pip",
            subcommand,
            "--quiet",
            "--disable-pip-version-check",
        ]);
        command
    }

    fn command(&self) -> Command {
        Command::new(&self.0)
    }
}
