//! The charts that a chart depends on, as the lock names them: which version
//! was resolved, and what its archive was.

use serde::{Deserialize, Serialize};

use crate::compiler;
use crate::failure::Failure;

use super::disk::digest_in_pieces;
use super::folder::Folder;
use super::paths::check_segment;

/// Helm's lock, which `helm dependency update` writes again in its own form.
pub(super) const CHART_LOCK: &str = "Chart.lock";

/// A dependency that comes from a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Dependency {
    name: String,
    repository: String,
    /// The version or range in Chart.yaml.
    wanted: String,
    /// What that was resolved to, if somebody did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    version: Option<String>,
    /// Of the archive in `charts/`, once a build has seen it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    digest: Option<String>,
}

/// An archive that is not the one that the lock names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherArchive {
    /// Relative to the chart's folder.
    pub path: String,
    /// What the lock says.
    pub locked: String,
    /// What is there.
    pub found: String,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    dependencies: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    version: String,
    #[serde(default)]
    repository: String,
}

impl Dependency {
    /// Where Helm keeps the archive, if the version is known.
    pub fn archive(&self) -> Option<String> {
        let version = self.version.as_deref()?;
        let name = format!("{}-{version}.tgz", self.name);
        check_segment(&name)
            .is_ok()
            .then(|| format!("charts/{name}"))
    }

    /// The archive that the lock names and its digest, if it does.
    pub fn locked(&self) -> Option<(String, &str)> {
        Some((self.archive()?, self.digest.as_deref()?))
    }

    /// Whether `path` is where an archive of it would be, of this version or,
    /// while that is not known, of any.
    pub fn is_archive(&self, path: &str) -> bool {
        match self.archive() {
            Some(archive) => archive == path,
            None => path
                .strip_prefix("charts/")
                .and_then(|name| name.strip_prefix(self.name.as_str()))
                .is_some_and(|rest| rest.starts_with('-') && rest.ends_with(".tgz")),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.name, &self.repository, &self.wanted)
            == (&other.name, &other.repository, &other.wanted)
    }
}

/// The dependencies of the chart that `files` are, as far as they are resolved:
/// by the compiler, by Helm in the folder, or by an earlier build. An archive
/// that differs from the one that was locked before is named, and replaces it
/// only if `accept` is set.
pub(super) fn resolve(
    folder: &Folder,
    files: &[compiler::File],
    previous: &[Dependency],
    accept: bool,
) -> Result<(Vec<Dependency>, Vec<OtherArchive>), Failure> {
    let generated = |name: &str| {
        let file = files.iter().find(|file| file.path == name);
        file.map_or_else(Vec::new, |file| entries(&file.contents))
    };
    let resolved = generated(CHART_LOCK);
    let on_disk = match folder.on_disk(CHART_LOCK)? {
        Some(found) => entries(found.text.as_deref().unwrap_or_default()),
        None => Vec::new(),
    };
    let mut dependencies = Vec::new();
    let mut others = Vec::new();
    for entry in generated("Chart.yaml") {
        if entry.repository.is_empty() || entry.repository.starts_with("file:") {
            continue;
        }
        let version = |all: &[Entry]| {
            let same =
                |one: &&Entry| (&one.name, &one.repository) == (&entry.name, &entry.repository);
            all.iter().find(same).map(|one| one.version.clone())
        };
        let mut dependency = Dependency {
            version: version(&resolved).or_else(|| version(&on_disk)),
            name: entry.name.clone(),
            repository: entry.repository.clone(),
            wanted: entry.version.clone(),
            digest: None,
        };
        let before = previous.iter().find(|one| one.is_same(&dependency));
        if dependency.version.is_none() {
            dependency.version = before.and_then(|one| one.version.clone());
        }
        let locked = before
            .filter(|one| one.version == dependency.version)
            .and_then(|one| one.digest.clone());
        dependency.digest = locked.clone();
        if let Some(path) = dependency.archive()
            && folder.file(&path)?.is_some()
        {
            let full = folder.join(&path);
            let found = digest_in_pieces(&full)
                .map_err(|error| Failure::io("read", &full, &error))?
                .to_string();
            match locked {
                Some(locked) if locked != found && !accept => others.push(OtherArchive {
                    path,
                    locked,
                    found,
                }),
                _ => dependency.digest = Some(found),
            }
        }
        dependencies.push(dependency);
    }
    Ok((dependencies, others))
}

/// None where the text is not as expected: Helm says what is wrong with it.
fn entries(text: &str) -> Vec<Entry> {
    serde_yaml::from_str::<Listed>(text).map_or_else(|_| Vec::new(), |listed| listed.dependencies)
}

/// Whether a `Chart.lock` names these dependencies in these versions, and no
/// others of repositories.
pub(super) fn resolves(dependencies: &[Dependency], chart_lock: &str) -> bool {
    let listed = entries(chart_lock);
    let is_fetched =
        |one: &&Entry| !one.repository.is_empty() && !one.repository.starts_with("file:");
    let listed: Vec<&Entry> = listed.iter().filter(is_fetched).collect();
    let is_same = |(one, entry): (&Dependency, &&Entry)| {
        (&one.name, &one.repository) == (&entry.name, &entry.repository)
            && one.version.as_ref() == Some(&entry.version)
    };
    !dependencies.is_empty()
        && dependencies.len() == listed.len()
        && dependencies.iter().zip(&listed).all(is_same)
}

/// Whether both are the same `Chart.lock` but for the time that it names.
pub(super) fn is_same_lock(one: &str, other: &str) -> bool {
    let read = |text: &str| {
        let mut value: serde_yaml::Value = serde_yaml::from_str(text).ok()?;
        value.as_mapping_mut()?.remove("generated")?;
        Some(value)
    };
    matches!((read(one), read(other)), (Some(one), Some(other)) if one == other)
}
