//! `taskspec.lock`: which files of a chart are taskspec's, and from what they
//! were made. The same specification and compiler give the same lock, but for
//! files that somebody changed and that the chart does not have any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

use super::Digest;
use super::folder::Folder;
use super::paths::{TEMPORARY_PREFIX, check_path};

/// The lock's name in the chart's folder.
pub const LOCK_NAME: &str = "taskspec.lock";

const FORMAT: u32 = 1;

/// A lock of the most files with the longest paths is smaller.
const BYTES_MAX: u64 = 16 << 20;

/// The contents of a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lock {
    format: u32,
    component: String,
    spec: String,
    /// Path to digest, of what taskspec generated last.
    files: BTreeMap<String, String>,
}

impl Lock {
    pub(super) fn new(component: &Digest, spec: &Digest, files: BTreeMap<String, String>) -> Self {
        let (component, spec) = (component.to_string(), spec.to_string());
        Self {
            format: FORMAT,
            component,
            spec,
            files,
        }
    }

    pub(super) fn to_text(&self) -> String {
        // Strings and numbers always have a JSON form.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The lock in `folder`; none if there is none.
    fn read(folder: &Path) -> Result<Option<Self>, Failure> {
        let path = folder.join(LOCK_NAME);
        match read_text(&path) {
            Ok(Some(text)) => Self::parse(&text).map(Some).map_err(|reason| {
                Failure::world(format!("`{}` is damaged: {reason}", path.display())).help(
                    "restore it from version control, or delete it: files that differ from \
                     the new chart are then kept and named",
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
        if format != FORMAT {
            return Err(format!(
                "its format {format} is from another release of taskspec"
            ));
        }
        let lock: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        // A path from here may be deleted.
        for path in lock.files.keys() {
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

    /// Whether a file with this digest is one that taskspec wrote there.
    pub(super) fn wrote(&self, path: &str, digest: &Digest) -> bool {
        let all = self.lock.iter().chain(&self.interrupted);
        all.filter_map(|lock| lock.files.get(path))
            .any(|known| known == digest.as_str())
    }

    /// The digest of what taskspec generated last, if the lock lists the path.
    pub(super) fn listed(&self, path: &str) -> Option<&str> {
        self.lock.as_ref()?.files.get(path).map(String::as_str)
    }

    /// Every path that taskspec may have written.
    pub(super) fn paths(&self) -> BTreeSet<&str> {
        let all = self.lock.iter().chain(&self.interrupted);
        all.flat_map(|lock| lock.files.keys())
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
    use super::*;

    fn lock(paths: &[&str]) -> Lock {
        let files = paths
            .iter()
            .map(|path| ((*path).to_owned(), "sha256:1".to_owned()))
            .collect();
        Lock::new(&Digest::from_hex("c"), &Digest::from_hex("5"), files)
    }

    #[test]
    fn the_text_is_sorted_and_reads_back() {
        let lock = lock(&["values.yaml", "Chart.yaml"]);
        let expected = r#"{
  "format": 1,
  "component": "sha256:c",
  "spec": "sha256:5",
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
    fn a_lock_cannot_name_files_elsewhere() {
        let text = lock(&["../other"]).to_text();
        assert!(Lock::parse(&text).unwrap_err().contains("../other"));
    }

    #[test]
    fn another_format_is_said_to_be_one() {
        let text = r#"{ "format": 2, "shape": [] }"#;
        assert!(Lock::parse(text).unwrap_err().contains("another release"));
        assert!(Lock::parse("<<<<<<< HEAD").is_err());
    }
}
