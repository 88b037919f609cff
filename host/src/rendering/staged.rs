//! A chart in a folder where Helm can render it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tempfile::TempDir;

use super::dependencies::{Dependencies, Dependency};
use crate::compiler::File;
use crate::failure::Failure;
use crate::helm::Helm;
use crate::output;

/// What `Chart.yaml` says, as far as rendering needs it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    kube_version: String,
    #[serde(default)]
    pub dependencies: Vec<Dependency>,
}

/// A chart ready to be rendered. A chart that somebody keeps is never changed:
/// what is missing is put into a copy.
#[derive(Debug)]
pub struct Staged {
    path: PathBuf,
    /// The chart's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The oldest Kubernetes that it is for; none if it does not say.
    pub kubernetes: Option<String>,
    /// APIs whose presence its templates ask for. Renderings show what it makes
    /// in a cluster that has them.
    pub apis: Vec<String>,
    /// Whether stand-ins without objects take the place of its dependencies.
    pub dependencies_skipped: bool,
    _folder: Option<TempDir>,
}

impl Staged {
    /// Writes a compiled chart into a temporary folder. Dependencies that were
    /// fetched for the chart in the folder `built` are used again.
    ///
    /// # Errors
    ///
    /// If a file cannot be written or dependencies are missing.
    pub fn compiled(
        helm: &Helm,
        name: &str,
        files: &[File],
        built: Option<&Path>,
        dependencies: Dependencies,
    ) -> Result<Self, Failure> {
        output::check_name(name)?;
        output::check_paths(files)?;
        let folder = temporary()?;
        let path = folder.path().join(name);
        for file in files {
            let target = path.join(&file.path);
            let parent = target.parent().unwrap_or(&path);
            fs::create_dir_all(parent).map_err(|error| Failure::io("make", parent, &error))?;
            fs::write(&target, &file.contents)
                .map_err(|error| Failure::io("write", &target, &error))?;
        }
        let metadata = metadata(&path)?;
        if let Some(fetched) = built.map(|built| built.join("charts")) {
            take_over(&fetched, &path.join("charts"), &metadata)?;
        }
        Self::new(helm, path, Some(folder), dependencies, built)
    }

    /// Takes a chart in a folder.
    ///
    /// # Errors
    ///
    /// If it is no chart or dependencies are missing.
    pub fn folder(helm: &Helm, path: &Path, dependencies: Dependencies) -> Result<Self, Failure> {
        let metadata = metadata(path)?;
        let missing = super::dependencies::missing(&path.join("charts"), &metadata.dependencies);
        if missing.is_empty() || dependencies == Dependencies::Present {
            let path = fs::canonicalize(path).map_err(|error| Failure::io("read", path, &error))?;
            return Self::new(helm, path.clone(), None, dependencies, Some(&path));
        }
        let folder = temporary()?;
        let copy = folder.path().join(&metadata.name);
        copy_all(path, &copy)?;
        Self::new(helm, copy, Some(folder), dependencies, Some(path))
    }

    fn new(
        helm: &Helm,
        path: PathBuf,
        folder: Option<TempDir>,
        dependencies: Dependencies,
        kept: Option<&Path>,
    ) -> Result<Self, Failure> {
        let metadata = metadata(&path)?;
        let skipped = dependencies.provide(helm, &path, &metadata.dependencies, kept)?;
        Ok(Self {
            kubernetes: oldest(&metadata.kube_version),
            apis: asked_apis(&path.join("templates"))?,
            name: metadata.name,
            version: metadata.version,
            path,
            dependencies_skipped: skipped,
            _folder: folder,
        })
    }

    /// The chart's folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn temporary() -> Result<TempDir, Failure> {
    TempDir::new().map_err(|error| Failure::io("make a folder in", &std::env::temp_dir(), &error))
}

fn metadata(chart: &Path) -> Result<Metadata, Failure> {
    let path = chart.join("Chart.yaml");
    let text = fs::read_to_string(&path).map_err(|error| {
        Failure::io("read", &path, &error)
            .help("name the folder of a chart: the one with Chart.yaml")
    })?;
    let metadata: Metadata = serde_yaml::from_str(&text).map_err(|error| {
        Failure::world(format!("`{}` is no Chart.yaml: {error}", path.display()))
    })?;
    let named = metadata.dependencies.iter().map(|one| one.name.as_str());
    for name in named.chain([metadata.name.as_str()]) {
        // Folders are made by these names.
        if output::check_name(name).is_err() {
            return Err(Failure::world(format!(
                "`{}` names a chart {name:?}, which is no name",
                path.display()
            ))
            .help("a chart's name has letters, digits and dashes"));
        }
    }
    Ok(metadata)
}

/// The first version of a range such as `>=1.30.0-0`.
fn oldest(range: &str) -> Option<String> {
    let rest = range.trim().strip_prefix(">=")?.trim_start();
    let version: String = rest
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    (version.split('.').count() == 3).then_some(version)
}

/// Takes over what was fetched, as far as the chart still asks for it.
fn take_over(from: &Path, to: &Path, metadata: &Metadata) -> Result<(), Failure> {
    for dependency in super::dependencies::missing(to, &metadata.dependencies) {
        if let Some(found) = dependency.find(from) {
            let name = found.file_name().unwrap_or_default();
            copy_all(&found, &to.join(name))?;
        }
    }
    Ok(())
}

/// Copies a file or a folder. Symbolic links are followed, as Helm does.
fn copy_all(from: &Path, to: &Path) -> Result<(), Failure> {
    let read = |error| Failure::io("read", from, &error);
    if !fs::metadata(from).map_err(read)?.is_dir() {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(|error| Failure::io("make", parent, &error))?;
        }
        fs::copy(from, to).map_err(|error| Failure::io("write", to, &error))?;
        return Ok(());
    }
    fs::create_dir_all(to).map_err(|error| Failure::io("make", to, &error))?;
    for entry in fs::read_dir(from).map_err(read)? {
        let entry = entry.map_err(read)?;
        if entry.file_name() != ".git" {
            copy_all(&entry.path(), &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// APIs that templates ask for with `Capabilities.APIVersions.Has`.
fn asked_apis(templates: &Path) -> Result<Vec<String>, Failure> {
    const CALL: &str = ".Capabilities.APIVersions.Has \"";
    let mut found = BTreeSet::new();
    for text in super::dependencies::texts(templates)? {
        let calls = text.split(CALL).skip(1);
        found.extend(calls.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    Ok(found.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_version_of_a_range_is_found() {
        assert_eq!(oldest(">=1.30.0-0").as_deref(), Some("1.30.0"));
        assert_eq!(oldest(">= 1.25.0 < 1.40.0").as_deref(), Some("1.25.0"));
        assert_eq!(oldest("^1.25.0"), None);
        assert_eq!(oldest(""), None);
    }
}
