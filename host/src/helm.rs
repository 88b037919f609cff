//! The user's Helm, called as a program.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::failure::Failure;

/// Versions that charts and their tests are made for.
const SUPPORTED: &str = "Helm 3.17 or newer, or Helm 4";

/// Helm as `HELM_BIN` names it, else the one in `PATH`.
#[derive(Debug, Clone)]
pub struct Helm {
    program: OsString,
    /// Such as `4.3.1`.
    pub version: String,
}

impl Helm {
    /// Finds it and asks for its version.
    ///
    /// # Errors
    ///
    /// If there is none, or one that is too old.
    pub fn find() -> Result<Self, Failure> {
        let named = env::var_os("HELM_BIN").filter(|program| !program.is_empty());
        let program = named.unwrap_or_else(|| "helm".into());
        let mut helm = Self {
            program,
            version: String::new(),
        };
        let mut command = helm.command();
        let output = helm.run(command.args(["version", "--template", "{{.Version}}"]))?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        helm.version = version.trim_start_matches('v').to_owned();
        match numbers(&helm.version) {
            Some((major, minor)) if major >= 4 || (major == 3 && minor >= 17) => Ok(helm),
            _ => Err(Failure::world(format!(
                "`{}` is no Helm that taskspec can use: it says its version is `{version}`",
                helm.program.display()
            ))
            .note(said(&output))
            .help(format!("install {SUPPORTED}, or name it in HELM_BIN"))),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // Helm prints much on standard error with it, where refusals are read.
        command.env_remove("HELM_DEBUG").stdin(Stdio::null());
        command
    }

    fn run(&self, command: &mut Command) -> Result<Output, Failure> {
        command.output().map_err(|error| {
            let program = self.program.display();
            let failure = if error.kind() == io::ErrorKind::NotFound {
                Failure::world(format!("there is no program `{program}`"))
            } else {
                Failure::world(format!("cannot run `{program}`: {error}"))
            };
            failure
                .note("charts are rendered by Helm; taskspec has none of its own")
                .help(format!("install {SUPPORTED}, or name it in HELM_BIN"))
        })
    }

    /// What `helm template` prints, or what Helm says when it refuses.
    ///
    /// # Errors
    ///
    /// If Helm cannot be started.
    pub fn template(&self, call: &Template<'_>) -> Result<Result<String, String>, Failure> {
        let mut command = self.command();
        command
            .current_dir(call.chart)
            .args(["template", call.release, "."])
            .args(["--namespace", call.namespace]);
        if let Some(version) = call.kubernetes {
            command.args(["--kube-version", version]);
        }
        for api in call.apis {
            command.args(["--api-versions", api]);
        }
        for file in call.values {
            command.arg("--values").arg(file);
        }
        let output = self.run(&mut command)?;
        Ok(if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(said(&output))
        })
    }

    /// Fetches a chart's dependencies into its folder.
    ///
    /// # Errors
    ///
    /// If Helm cannot be started or cannot fetch them.
    pub fn update_dependencies(&self, chart: &Path) -> Result<(), Failure> {
        // What Chart.lock pins is fetched as it is.
        let verb = if chart.join("Chart.lock").is_file() {
            "build"
        } else {
            "update"
        };
        let mut command = self.command();
        let output = self.run(command.current_dir(chart).args(["dependency", verb, "."]))?;
        if output.status.success() {
            return Ok(());
        }
        Err(
            Failure::world(format!("`helm dependency {verb}` failed")).note(said(&output)).help(
                "add the repositories that Helm misses (`helm repo add`), or judge the chart's own objects with `--skip-dependencies`",
            ),
        )
    }

    /// Runs the tests of a release. Gives what Helm printed, and whether it
    /// ended well.
    ///
    /// # Errors
    ///
    /// If Helm cannot be started.
    pub fn test(&self, release: &str, namespace: Option<&str>) -> Result<(String, bool), Failure> {
        let mut command = self.command();
        command.args(["test", release]);
        if let Some(namespace) = namespace {
            command.args(["--namespace", namespace]);
        }
        let output = self.run(&mut command)?;
        let stdout = String::from_utf8_lossy(&output.stdout);
        let text = format!("{stdout}{}", String::from_utf8_lossy(&output.stderr));
        Ok((text, output.status.success()))
    }
}

/// One call of `helm template`.
#[derive(Debug, Clone, Copy)]
pub struct Template<'a> {
    /// The chart's folder.
    pub chart: &'a Path,
    /// Name of the release.
    pub release: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// Version of Kubernetes that is rendered for; Helm's own if none.
    pub kubernetes: Option<&'a str>,
    /// APIs that the cluster is said to have beyond those of Kubernetes.
    pub apis: &'a [String],
    /// Files with values, each over those before it.
    pub values: &'a [std::path::PathBuf],
}

/// Major and minor number.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

/// What a program said when it failed.
fn said(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    // Warnings on the permissions of a kubeconfig stand before the reason.
    let lines = stderr.lines().filter(|line| !line.starts_with("WARNING:"));
    let text: Vec<&str> = lines.collect();
    let text = text.join("\n").trim().to_owned();
    if text.is_empty() {
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_numbers() {
        assert_eq!(numbers("4.3.1"), Some((4, 3)));
        assert_eq!(numbers("3.17.0-rc.1"), Some((3, 17)));
        assert_eq!(numbers(""), None);
        assert_eq!(numbers("dev"), None);
    }
}
