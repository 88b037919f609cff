//! `taskspec.lock`: which files of a chart are taskspec's, and from what they
//! were made. The same specification and compiler give the same lock, but for
//! files that somebody changed and that the chart does not have any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

use super::Origin;
use super::dependencies::Dependency;
use super::disk::OnDisk;
use super::folder::Folder;
use super::paths::{TEMPORARY_PREFIX, check_path};

/// The lock's name in the chart's folder.
pub const LOCK_NAME: &str = "taskspec.lock";

const FORMAT: u32 = 2;

/// A lock of the most files with the longest paths is smaller.
const BYTES_MAX: u64 = 16 << 20;

/// The contents of a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lock {
    format: u32,
    /// The release of taskspec whose compiler it was; for people, since the
    /// component's digest says it exactly. Locks of format 1 have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    pub component: String,
    pub spec: String,
    /// Of the catalog file that was given, if one was. The built-in catalog is
    /// part of the component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<String>,
    #[serde(default)]
    pub dependencies: Vec<Dependency>,
    /// Path to digest, of what taskspec generated last.
    pub files: BTreeMap<String, String>,
    /// The same of what hand edits started from, where that is something else.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub edited: BTreeMap<String, String>,
}

impl Lock {
    pub(super) fn new(
        origin: &Origin,
        dependencies: Vec<Dependency>,
        files: BTreeMap<String, String>,
        edited: BTreeMap<String, String>,
    ) -> Self {
        Self {
            format: FORMAT,
            release: Some(origin.release.clone()),
            component: origin.component.to_string(),
            spec: origin.spec.to_string(),
            catalog: origin.catalog.as_ref().map(ToString::to_string),
            dependencies,
            files,
            edited,
        }
    }

    pub(super) fn to_text(&self) -> String {
        // Strings and numbers always have a JSON form.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The lock in `folder`; none if there is none.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, Failure> {
        let path = folder.join(LOCK_NAME);
        match read_text(&path) {
            Ok(Some(text)) => Self::parse(&text).map(Some).map_err(|reason| {
                Failure::world(format!("`{}` is damaged: {reason}", path.display())).help(
                    "restore it from version control, or delete it: files that differ from \
                     the new chart are then kept and named; a lock of a newer release needs \
                     that release",
                )
            }),
            Ok(None) => Ok(None),
            Err(error) => Err(Failure::io("read", &path, &error)),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format } = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if !(1..=FORMAT).contains(&format) {
            return Err(format!(
                "its format {format} is from a newer release of taskspec"
            ));
        }
        let lock: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        // A path from here may be deleted.
        for path in lock.files.keys().chain(lock.edited.keys()) {
            check_path(path).map_err(|reason| format!("the path {path:?} {reason}"))?;
        }
        Ok(lock)
    }
}

fn read_text(path: &Path) -> io::Result<Option<String>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            return Err(io::Error::other("it is not a plain file"));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut text = String::new();
    fs::File::open(path)?
        .take(BYTES_MAX)
        .read_to_string(&mut text)?;
    Ok(Some(text))
}

/// What earlier builds of a folder said they wrote.
#[derive(Debug, Default)]
pub(super) struct Previous {
    lock: Option<Lock>,
    /// The locks of builds that were killed while they moved files into place.
    interrupted: Vec<Lock>,
    leftovers: Vec<PathBuf>,
}

impl Previous {
    pub(super) fn read(folder: &Folder) -> Result<Self, Failure> {
        let leftovers = if folder.is_new() {
            Vec::new()
        } else {
            leftovers(folder)?
        };
        // A build that was killed earlier left none, or half of one.
        let interrupted = leftovers
            .iter()
            .filter_map(|path| Lock::read(path).ok().flatten())
            .collect();
        Ok(Self {
            lock: Lock::read(folder.path())?,
            interrupted,
            leftovers,
        })
    }

    /// Whether what was found is one that taskspec wrote there.
    pub(super) fn wrote(&self, path: &str, found: &OnDisk) -> bool {
        self.all()
            .flat_map(|lock| [lock.files.get(path), lock.edited.get(path)])
            .flatten()
            .any(|known| found.is(known))
    }

    /// The digest of what taskspec generated last, if a lock lists the path.
    pub(super) fn listed(&self, path: &str) -> Option<&str> {
        self.all()
            .find_map(|lock| lock.files.get(path))
            .map(String::as_str)
    }

    /// The digest of what a hand edit of the file started from.
    pub(super) fn started(&self, path: &str) -> Option<&str> {
        let edited = self.all().find_map(|lock| lock.edited.get(path));
        edited.map(String::as_str).or_else(|| self.listed(path))
    }

    /// The lock of the last complete build.
    pub(super) fn lock(&self) -> Option<&Lock> {
        self.lock.as_ref()
    }

    /// Whether a build was killed while it moved files into place.
    pub(super) fn is_interrupted(&self) -> bool {
        !self.interrupted.is_empty()
    }

    fn all(&self) -> impl Iterator<Item = &Lock> {
        self.lock.iter().chain(&self.interrupted)
    }

    /// Every path that taskspec may have written.
    pub(super) fn paths(&self) -> BTreeSet<&str> {
        self.all()
            .flat_map(|lock| lock.files.keys())
            .map(String::as_str)
            .collect()
    }

    /// Removes what killed builds left. A chart is complete with it, so that
    /// failing is no reason to stop.
    pub(super) fn clear_away(&self) {
        for path in &self.leftovers {
            let _ = fs::remove_dir_all(path).or_else(|_| fs::remove_file(path));
        }
    }
}

fn leftovers(folder: &Folder) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder.path())
        .map_err(|error| Failure::io("list the files of", folder.path(), &error))?;
    let names = entries.flatten().map(|entry| entry.file_name());
    let ours = names.filter(|name| name.to_string_lossy().starts_with(TEMPORARY_PREFIX));
    Ok(ours.map(|name| folder.path().join(name)).collect())
}

#[cfg(test)]
mod tests {
    use super::super::Digest;
    use super::*;

    fn lock(paths: &[&str]) -> Lock {
        let files = paths
            .iter()
            .map(|path| ((*path).to_owned(), "sha256:1".to_owned()))
            .collect();
        let origin = Origin {
            release: "1.2.3".to_owned(),
            component: Digest::from_hex("c"),
            spec: Digest::from_hex("5"),
            catalog: None,
        };
        Lock::new(&origin, Vec::new(), files, BTreeMap::new())
    }

    #[test]
    fn the_text_is_sorted_and_reads_back() {
        let lock = lock(&["values.yaml", "Chart.yaml"]);
        let expected = r#"{
  "format": 2,
  "release": "1.2.3",
  "component": "sha256:c",
  "spec": "sha256:5",
  "dependencies": [],
  "files": {
    "Chart.yaml": "sha256:1",
    "values.yaml": "sha256:1"
  }
}
"#;
        assert_eq!(lock.to_text(), expected);
        assert_eq!(Lock::parse(expected), Ok(lock));
    }

    #[test]
    fn a_lock_of_the_first_format_is_read() {
        let text = r#"{
            "format": 1, "component": "sha256:c", "spec": "sha256:5",
            "files": { "Chart.yaml": "sha256:1" }
        }"#;
        let lock = Lock::parse(text).unwrap();
        assert_eq!(lock.release, None);
        assert_eq!(lock.files.len(), 1);
    }

    #[test]
    fn a_lock_cannot_name_files_elsewhere() {
        let text = lock(&["../other"]).to_text();
        assert!(Lock::parse(&text).unwrap_err().contains("../other"));
    }

    #[test]
    fn a_newer_format_is_said_to_be_one() {
        let text = r#"{ "format": 3, "shape": [] }"#;
        assert!(Lock::parse(text).unwrap_err().contains("newer release"));
        assert!(Lock::parse("<<<<<<< HEAD").is_err());
    }
}
