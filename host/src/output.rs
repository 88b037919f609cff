//! Writes a compiled chart into its folder.
//!
//! Takes the compiler's files, which it does not trust, and leaves a folder
//! that holds them. A file that somebody else made or changed is never lost,
//! a file that is already right is not touched, and nothing outside of the
//! folder is written.
//!
//! The new chart is made beside the old one, then both change places in one
//! step, so that a killed build leaves the one or the other ([`swap`]). Where
//! that cannot be, new contents are moved into place one after another, the
//! lock last ([`commit`]). What a killed build leaves is recognised and cleared
//! away by the next one. There is no `fsync`: it costs a hundred times the
//! rest, and a chart that a power failure damaged can be built again.

mod base;
mod check;
mod commit;
mod dependencies;
mod disk;
mod folder;
mod lock;
mod merge;
mod paths;
mod plan;
#[cfg_attr(not(target_os = "linux"), path = "output/swap_elsewhere.rs")]
mod swap;

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::compiler::File;
use crate::failure::Failure;

use folder::Folder;
use lock::{Lock, Previous};
use plan::Plan;

pub(crate) use disk::with_newlines;

pub use check::{Finding, Inspection, Reason, drift, inspect};
pub use dependencies::OtherArchive;
pub use lock::LOCK_NAME;
pub use merge::unified;
pub use paths::{check_name, check_paths};

/// A chart to be written.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The chart's folder; made if it does not exist.
    pub folder: &'a Path,
    /// The chart's files.
    pub files: &'a [File],
    /// What they were made from.
    pub origin: &'a Origin,
    /// What to do about files that somebody else made or changed.
    pub edits: Edits,
}

/// What a chart is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The release of taskspec that the compiler is part of.
    pub release: String,
    /// Digest of the compiler component.
    pub component: Digest,
    /// Digest of the specification, see [`Digest::of_text`].
    pub spec: Digest,
    /// Digest of the catalog file that was given, if one was.
    pub catalog: Option<Digest>,
}

/// What to do about files that somebody else made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edits {
    /// Keep them and say so.
    Keep,
    /// Replace them, after saving them as `<name>.orig`.
    Replace,
    /// Apply to edited files what changed in the generated ones.
    Merge,
}

/// What was done with the chart's files, sorted by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// Each file that the chart has, or had in the last build.
    pub files: Vec<FileOutcome>,
    /// Archives of dependencies that are not what the lock names.
    pub archives: Vec<OtherArchive>,
    /// Files that a killed build had left and that were nowhere else: where
    /// they are now, relative to the chart's folder.
    pub rescued: Vec<String>,
    /// Folders beside the chart that could not be cleared away.
    pub leftovers: Vec<PathBuf>,
}

impl Written {
    /// The files that were kept although the chart has something else there.
    pub fn kept(&self) -> impl Iterator<Item = &FileOutcome> {
        use FileState::{KeptEdited, KeptForeign, KeptObsolete};
        self.files
            .iter()
            .filter(|file| matches!(file.state, KeptEdited | KeptForeign | KeptObsolete))
    }

    /// The files with conflicts that somebody has to decide.
    pub fn conflicts(&self) -> impl Iterator<Item = &FileOutcome> {
        self.files
            .iter()
            .filter(|file| file.state == FileState::Conflict)
    }

    /// Whether somebody has to look at something.
    pub fn has_findings(&self) -> bool {
        self.kept().chain(self.conflicts()).next().is_some() || !self.archives.is_empty()
    }
}

/// What was done with one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileOutcome {
    /// Relative to the chart's folder, with `/` as separator.
    pub path: String,
    /// What was done.
    pub state: FileState,
    /// Where the file that was there before was saved, in the same form.
    pub saved_as: Option<String>,
    /// The hand edit of a file that was kept.
    #[serde(skip)]
    pub edit: Option<Edit>,
    /// Why it was kept, if that is not obvious.
    pub note: Option<&'static str>,
}

/// A hand edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What taskspec generated last, or generates now if that is not known.
    pub before: String,
    /// What is there; none if it is no text.
    pub after: Option<String>,
}

impl FileOutcome {
    /// A file of which nothing was saved.
    pub fn new(path: impl Into<String>, state: FileState) -> Self {
        Self {
            path: path.into(),
            state,
            saved_as: None,
            edit: None,
            note: None,
        }
    }
}

/// What can be done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileState {
    /// It was not there, or had other contents.
    Written,
    /// It was right already and was not touched.
    Unchanged,
    /// The chart does not have it any more.
    Removed,
    /// It has the hand edits and what is generated now.
    Merged,
    /// Hand edits and what is generated now are marked side by side in it.
    Conflict,
    /// Somebody changed it since taskspec wrote it.
    KeptEdited,
    /// Somebody else made it.
    KeptForeign,
    /// The chart does not have it any more, but somebody changed it.
    KeptObsolete,
}

/// A SHA-256 digest, written `sha256:` and 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest(String);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self::finish(Sha256::new_with_prefix(bytes))
    }

    /// The digest of a text, which is the same whatever line endings git or an
    /// editor gave it.
    pub fn of_text(text: &str) -> Self {
        Self::of(with_newlines(text).as_bytes())
    }

    /// A digest that is known in hexadecimal.
    pub fn from_hex(digits: &str) -> Self {
        Self(format!("sha256:{digits}"))
    }

    fn finish(hasher: Sha256) -> Self {
        let digits: String = hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self::from_hex(&digits)
    }

    fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Writes the chart.
///
/// # Errors
///
/// When the compiler gave unsafe paths, another build works on the folder,
/// something in the folder is in the way, or the system refuses. The chart that
/// was there before is then still complete, unless the system refused in the
/// middle of moving files into place.
pub fn write(request: &Request<'_>) -> Result<Written, Failure> {
    check_paths(request.files)?;
    let folder = Folder::open(request.folder)?;
    let result = write_into(&folder, request);
    if result.is_err() && folder.is_new() {
        // Only an empty folder can be removed this way.
        let _ = fs::remove_dir(folder.path());
    }
    result
}

/// Writes one file that is not part of a chart, such as a first specification.
/// Gives the path under which the file that was there was saved, if one was.
///
/// # Errors
///
/// When something is there and `force` is not set, or the system refuses.
pub fn write_file(path: &Path, text: &str, force: bool) -> Result<Option<PathBuf>, Failure> {
    let saved_as = if force && fs::symlink_metadata(path).is_ok() {
        let mut name = path.as_os_str().to_owned();
        name.push(commit::save(path)?);
        fs::remove_file(path).map_err(|error| Failure::io("replace", path, &error))?;
        Some(PathBuf::from(name))
    } else {
        None
    };
    match fs::File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Ok(saved_as),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Failure::world(format!(
            "`{}` exists already",
            path.display()
        ))
        .help("name another file, or replace it with `--force` (the old one is saved)")),
        Err(error) => Err(Failure::io("write", path, &error)),
    }
}

fn write_into(folder: &Folder, request: &Request<'_>) -> Result<Written, Failure> {
    let (mut rescued, mut leftovers) = (Vec::new(), Vec::new());
    swap::mend(folder, &mut rescued, &mut leftovers);
    let previous = Previous::read(folder)?;
    let plan = Plan::new(folder, request.files, &previous, request.edits)?;
    let (dependencies, archives) = dependencies::resolve(
        folder,
        request.files,
        previous.lock().map_or(&[], |lock| &lock.dependencies),
        request.edits == Edits::Replace,
    )?;
    let lock = Lock::new(
        request.origin,
        dependencies,
        plan.locked_files(),
        plan.started_files(),
    );
    let job = commit::Job {
        folder,
        plan: &plan,
        lock: &lock.to_text(),
        base: &plan.base().to_text(),
    };
    let files = commit::commit(&job, &mut rescued, &mut leftovers)?;
    previous.clear_away();
    Ok(Written {
        files,
        archives,
        rescued,
        leftovers,
    })
}
