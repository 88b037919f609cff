//! The chart's folder: made when it is missing, held for one build at a time,
//! and looked into without following symbolic links.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs::{self, File, Metadata, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

use super::disk::OnDisk;

/// A chart's folder that this process alone builds into.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    is_new: bool,
    /// Relative paths known to be folders, not links.
    known: RefCell<HashSet<String>>,
    _held: Option<Held>,
}

impl Folder {
    /// Makes the folder if it is missing, and holds it until dropped.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let is_new = match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => false,
            Ok(_) => {
                return Err(
                    Failure::world(format!("`{}` is not a folder", path.display()))
                        .help("choose another folder with `-o`"),
                );
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Ok(target) = fs::read_link(path) {
                    return Err(Failure::world(format!(
                        "`{}` is a symbolic link to `{}`, which is not there",
                        path.display(),
                        target.display()
                    ))
                    .help("make that folder, or remove the link"));
                }
                true
            }
            Err(error) => return Err(Failure::io("look at", path, &error)),
        };
        if is_new {
            fs::create_dir_all(path).map_err(|e| Failure::io("make the folder", path, &e))?;
        }
        let held = hold(path)?;
        #[cfg(unix)]
        if !is_there(path, held.as_ref()) {
            return Err(being_written(path));
        }
        Ok(Self {
            path: path.to_owned(),
            is_new,
            known: RefCell::default(),
            _held: held,
        })
    }

    /// Only looks: makes nothing and holds nothing. None if there is no folder.
    pub(super) fn look(path: &Path) -> Result<Option<Self>, Failure> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Ok(Some(Self {
                path: path.to_owned(),
                is_new: false,
                known: RefCell::default(),
                _held: None,
            })),
            Ok(_) => Err(Failure::world(format!(
                "`{}` is not a folder",
                path.display()
            ))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::io("look at", path, &error)),
        }
    }

    /// The plain file at a checked path as it is; none if nothing is there.
    pub(super) fn on_disk(&self, path: &str) -> Result<Option<OnDisk>, Failure> {
        match self.file(path)? {
            Some(metadata) => OnDisk::read(&self.join(path), metadata).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this build made the folder.
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }

    /// The place of a chart's file.
    pub(super) fn join(&self, path: &str) -> PathBuf {
        self.path.join(path)
    }

    /// The plain file at a checked path; none if nothing is there.
    pub(super) fn file(&self, path: &str) -> Result<Option<Metadata>, Failure> {
        for (end, _) in path.match_indices('/') {
            let parent = &path[..end];
            if self.known.borrow().contains(parent) {
                continue;
            }
            match self.entry(parent)? {
                None => return Ok(None),
                Some(metadata) if metadata.is_dir() => {
                    self.known.borrow_mut().insert(parent.to_owned());
                }
                Some(_) => return Err(self.in_the_way(parent, "is not a folder")),
            }
        }
        match self.entry(path)? {
            Some(metadata) if !metadata.is_file() => Err(self.in_the_way(path, "is not a file")),
            found => Ok(found),
        }
    }

    fn entry(&self, path: &str) -> Result<Option<Metadata>, Failure> {
        let full = self.join(path);
        match fs::symlink_metadata(&full) {
            Ok(metadata) if metadata.is_symlink() => {
                Err(self.in_the_way(path, "is a symbolic link, which is not written through"))
            }
            Ok(metadata) => Ok(Some(metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::io("look at", &full, &error)),
        }
    }

    fn in_the_way(&self, path: &str, what: &str) -> Failure {
        Failure::world(format!("`{}` {what}", self.join(path).display()))
            .help("move it away, or choose another folder with `-o`")
    }
}

#[cfg(not(unix))]
impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.path.join(HELD_NAME));
    }
}

/// Windows cannot lock a folder: a file in it is held. Its name is that of a
/// temporary file, so that the build after a killed one clears it away.
#[cfg(not(unix))]
const HELD_NAME: &str = ".taskspec-tmp-held";

/// Holds the folder itself, so that nothing is left behind when the process is
/// killed. A file system without locks is not a reason to refuse.
#[cfg(unix)]
fn hold(path: &Path) -> Result<Option<Held>, Failure> {
    let file = File::open(path).map_err(|error| Failure::io("open", path, &error))?;
    held(file, path)
}

#[cfg(not(unix))]
fn hold(path: &Path) -> Result<Option<Held>, Failure> {
    let name = path.join(HELD_NAME);
    let file = File::create(&name).map_err(|error| Failure::io("make", &name, &error))?;
    held(file, path)
}

fn held(file: File, path: &Path) -> Result<Option<Held>, Failure> {
    match Held::new(file) {
        Ok(held) => Ok(Some(held)),
        Err(TryLockError::WouldBlock) => Err(being_written(path)),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// A file or folder that is locked until this is dropped. Closing it would not
/// end the lock at once: a program that another thread is just starting has a
/// copy of it for a moment, and the last copy counts.
#[derive(Debug)]
pub(super) struct Held(File);

impl Held {
    pub(super) fn new(file: File) -> Result<Self, TryLockError> {
        file.try_lock()?;
        Ok(Self(file))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Whether the held folder is still the one at the path: another build may have
/// put a new one there in between.
#[cfg(unix)]
fn is_there(path: &Path, held: Option<&Held>) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |metadata: io::Result<Metadata>| metadata.ok().map(|m| (m.dev(), m.ino()));
    held.is_none_or(|held| id(held.0.metadata()) == id(fs::metadata(path)))
}

fn being_written(path: &Path) -> Failure {
    Failure::world(format!("another build is writing `{}`", path.display()))
        .help("wait until it has ended, then run the command again")
}
