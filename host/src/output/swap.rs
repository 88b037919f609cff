//! The new chart in one step: it is made beside the old one, then both change
//! places. A build that is killed before leaves the old chart, after it the new
//! one, whatever else is in the folder.
//!
//! It cannot be done where the folder is a mount, the root of a git repository
//! or not this user's, where its parent cannot be written to, where another
//! program works inside of it (its working folder would vanish), and on systems
//! without such a step. Then the files are moved one by one.
//!
//! Files of others are in both folders as one and the same file. What somebody
//! puts into the old folder until the last moment is taken over afterwards.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::failure::Failure;

use super::FileOutcome;
use super::FileState;
use super::commit::{Job, is_own, link_or_copy, orig, outcomes, save_as};
use super::disk::OnDisk;
use super::folder::{Folder, Held};
use super::lock::Lock;
use super::paths::TEMPORARY_PREFIX;

/// Entries of a folder that are taken over; more are not a chart.
const N_ENTRIES_MAX: usize = 20_000;

/// A file's identity: two names with the same one are the same file.
type Id = (u64, u64);

/// Where the new chart is made.
struct Place {
    /// The chart's folder without links in its path.
    folder: PathBuf,
    /// While it is made.
    new: PathBuf,
    /// When it is complete, and where the old chart is afterwards.
    old: PathBuf,
    /// The new chart's folder, held like the old one's: whoever opens it after
    /// the exchange has to wait until this build has cleared up.
    _held: Held,
}

impl Place {
    /// Makes the folder for the new chart; none if it cannot be.
    fn make(folder: &Folder) -> Option<Self> {
        let folder = folder.path().canonicalize().ok()?;
        let (parent, name) = (folder.parent()?, folder.file_name()?.to_str()?);
        let metadata = fs::metadata(&folder).ok()?;
        let is_whole = fs::metadata(parent).ok()?.dev() == metadata.dev();
        let is_ours = metadata.uid() == rustix::process::geteuid().as_raw()
            && metadata.mode() & 0o300 == 0o300;
        if !is_whole || !is_ours || folder.join(".git").exists() || is_worked_in(&folder) {
            return None;
        }
        (0..100).find_map(|n| {
            let beside = |end: &str| parent.join(format!("{TEMPORARY_PREFIX}{name}-{n}.{end}"));
            let (new, old) = (beside("new"), beside("old"));
            if old.exists() || fs::create_dir(&new).is_err() {
                return None;
            }
            let held = Held::new(fs::File::open(&new).ok()?).ok()?;
            Some(Self {
                folder: folder.clone(),
                new,
                old,
                _held: held,
            })
        })
    }
}

/// Whether a process has its working folder in `folder`.
fn is_worked_in(folder: &Path) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else {
        return true;
    };
    processes.flatten().any(|process| {
        let cwd = fs::read_link(process.path().join("cwd"));
        cwd.is_ok_and(|cwd| cwd.starts_with(folder))
    })
}

/// Carries out the plan; none if it cannot be done this way, and then nothing
/// is changed.
pub(super) fn commit(
    job: &Job<'_>,
    rescued: &mut Vec<String>,
    leftovers: &mut Vec<PathBuf>,
) -> Result<Option<Vec<FileOutcome>>, Failure> {
    let Some(place) = Place::make(job.folder) else {
        return Ok(None);
    };
    let exchange = |()| {
        fs::rename(&place.new, &place.old)?;
        Ok(renameat_with(
            CWD,
            &place.old,
            CWD,
            &place.folder,
            RenameFlags::EXCHANGE,
        )?)
    };
    let mut saved = Vec::new();
    if populate(job, &place, &mut saved)
        .and_then(exchange)
        .is_err()
    {
        // Whatever it is, doing it file by file says so with a name.
        let _ = fs::remove_dir_all(&place.new);
        let _ = fs::remove_dir_all(&place.old);
        return Ok(None);
    }
    let replaced = job.plan.steps.iter().filter(|step| step.changes());
    let replaced = replaced.filter_map(|step| Some((step.path, step.found.as_ref()?)));
    // The chart is the new one now: what cannot be cleared away is no failure.
    if take_over(&place.old, &place.folder, &replaced.collect(), rescued).is_err() {
        leftovers.push(place.old.clone());
    }
    Ok(Some(outcomes(job.plan, &saved)))
}

fn populate(job: &Job<'_>, place: &Place, saved: &mut Vec<(usize, String)>) -> io::Result<()> {
    let Place { folder, new, .. } = place;
    for (name, text) in job.own_files() {
        write(&new.join(name), text)?;
    }
    let mut others = Others::default();
    others.walk(folder, "")?;
    let mut gone = HashSet::new();
    for (n, step) in job.plan.steps.iter().enumerate() {
        if let Some(text) = &step.write {
            let target = new.join(step.path);
            write(&target, text)?;
            if let Some(found) = &step.found {
                make_like(&target, found)?;
            }
        }
        if step.changes() {
            gone.insert(step.path);
        }
        if step.save {
            let suffix = others.free(step.path);
            let target = new.join(format!("{}{suffix}", step.path));
            make_parent(&target)?;
            link_or_copy(&folder.join(step.path), &target)?;
            saved.push((n, suffix));
        }
    }
    let own = job.own_files().map(|(name, _)| name);
    for path in &others.files {
        if gone.contains(path.as_str()) || own.contains(&path.as_str()) {
            continue;
        }
        let (from, to) = (folder.join(path), new.join(path));
        make_parent(&to)?;
        if from.is_symlink() {
            symlink(fs::read_link(&from)?, &to)?;
        } else {
            fs::hard_link(&from, &to)?;
        }
    }
    let emptied = |path: &str| {
        let removed = job.plan.steps.iter();
        removed
            .filter(|step| step.state == FileState::Removed)
            .any(|step| step.path.starts_with(&format!("{path}/")))
    };
    // The innermost first: a folder that cannot be written to is filled by now.
    for (path, metadata) in others.folders.iter().rev() {
        let target = new.join(path);
        if !target.exists() {
            if emptied(path) {
                continue;
            }
            fs::create_dir_all(&target)?;
        }
        make_like(&target, metadata)?;
    }
    make_like(new, &fs::metadata(folder)?)
}

/// Gives it the group and the permissions of what was there.
fn make_like(path: &Path, before: &Metadata) -> io::Result<()> {
    if fs::metadata(path)?.gid() != before.gid() {
        chown(path, None, Some(before.gid()))?;
    }
    fs::set_permissions(path, before.permissions())
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    make_parent(path)?;
    fs::write(path, text)
}

fn make_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// What is in a folder, by relative paths.
#[derive(Default)]
struct Others {
    /// Files and links.
    files: Vec<String>,
    /// Folders, each before what is in it.
    folders: Vec<(String, Metadata)>,
    /// Whether to go on where there is something that a chart does not have.
    lenient: bool,
}

impl Others {
    fn walk(&mut self, root: &Path, below: &str) -> io::Result<()> {
        for entry in fs::read_dir(root.join(below))? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().ok_or_else(|| unfit("a name"))?;
            if below.is_empty() && name.starts_with(TEMPORARY_PREFIX) {
                continue;
            }
            let path = match below {
                "" => name.to_owned(),
                below => format!("{below}/{name}"),
            };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                let metadata = entry.metadata()?;
                if !self.lenient && metadata.uid() != rustix::process::geteuid().as_raw() {
                    return Err(unfit("an owner"));
                }
                self.folders.push((path.clone(), metadata));
                self.walk(root, &path)?;
            } else if kind.is_file() || kind.is_symlink() || self.lenient {
                self.files.push(path);
            } else {
                return Err(unfit("a kind of file"));
            }
            if !self.lenient && self.files.len() + self.folders.len() > N_ENTRIES_MAX {
                return Err(unfit("a number of files"));
            }
        }
        Ok(())
    }

    /// What is appended to `path` for a copy of it.
    fn free(&self, path: &str) -> String {
        let is_free = |suffix: &String| {
            let name = format!("{path}{suffix}");
            !self.files.contains(&name) && !self.folders.iter().any(|(path, _)| *path == name)
        };
        (0..).map(orig).find(is_free).unwrap_or_default()
    }
}

fn unfit(what: &str) -> io::Error {
    io::Error::other(format!("{what} that a chart does not have"))
}

/// Clears away what killed builds left beside the folder. Gives the files that
/// were nowhere else and are in the folder now.
pub(super) fn mend(folder: &Folder, rescued: &mut Vec<String>, leftovers: &mut Vec<PathBuf>) {
    let Ok(path) = folder.path().canonicalize() else {
        return;
    };
    let (Some(parent), Some(name)) = (path.parent(), path.file_name().and_then(OsStr::to_str))
    else {
        return;
    };
    let start = format!("{TEMPORARY_PREFIX}{name}-");
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let entry_name = entry.file_name();
        let Some((n, end)) = entry_name
            .to_str()
            .and_then(|name| name.strip_prefix(&start)?.split_once('.'))
        else {
            continue;
        };
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_dir || n.is_empty() || !n.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        match end {
            // Never a chart: all that is in it is also elsewhere, or generated.
            "new" => drop(fs::remove_dir_all(entry.path())),
            "old" if take_over(&entry.path(), &path, &HashMap::new(), rescued).is_err() => {
                leftovers.push(entry.path());
            }
            _ => {}
        }
    }
}

/// Moves what is only in `old` to `new`, and removes `old`. What `replaced` has
/// is known to be of no use any more, unless somebody changed it meanwhile.
fn take_over(
    old: &Path,
    new: &Path,
    replaced: &HashMap<&str, &Metadata>,
    rescued: &mut Vec<String>,
) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        Failure::io("clear away", old, &error).note(format!(
            "it is the chart as it was before `{}`",
            new.display()
        ))
    };
    let lenient = || Others {
        lenient: true,
        ..Others::default()
    };
    let mut kept = lenient();
    kept.walk(new, "").map_err(failed)?;
    let known: HashSet<Id> = kept
        .files
        .iter()
        .filter_map(|path| fs::symlink_metadata(new.join(path)).ok())
        .map(|metadata| id(&metadata))
        .collect();
    let lock = Lock::read(old).ok().flatten();
    let mut before = lenient();
    before.walk(old, "").map_err(failed)?;
    for (path, metadata) in &before.folders {
        // Nothing can be removed from a folder that is read-only.
        let mode = metadata.mode() | 0o700;
        let _ = fs::set_permissions(old.join(path), fs::Permissions::from_mode(mode));
    }
    for path in &before.files {
        let from = old.join(path);
        let metadata = fs::symlink_metadata(&from).map_err(failed)?;
        let is_known = known.contains(&id(&metadata))
            || is_own(path)
            || replaced
                .get(path.as_str())
                .is_some_and(|found| is_unchanged(found, &metadata))
            || is_elsewhere(&from, &new.join(path), metadata, |found| {
                lock.as_ref()
                    .and_then(|lock| lock.files.get(path))
                    .is_some_and(|digest| found.is(digest))
            });
        if !is_known {
            rescued.push(rescue(&from, new, path)?);
        }
    }
    fs::remove_dir_all(old).map_err(failed)
}

/// Whether the file is one that taskspec wrote, or has a twin in the new chart.
fn is_elsewhere(
    from: &Path,
    twin: &Path,
    metadata: Metadata,
    is_generated: impl Fn(&OnDisk) -> bool,
) -> bool {
    if metadata.is_symlink() {
        return matches!((fs::read_link(from), fs::read_link(twin)), (Ok(a), Ok(b)) if a == b);
    }
    OnDisk::read(from, metadata).is_ok_and(|found| {
        let same = || fs::read(twin).ok().zip(fs::read(from).ok());
        is_generated(&found) || same().is_some_and(|(a, b)| a == b)
    })
}

/// Moves a file to its place in the new chart, or beside what is there.
fn rescue(from: &Path, new: &Path, path: &str) -> Result<String, Failure> {
    let failed = |error: io::Error| Failure::io("move", from, &error);
    let target = new.join(path);
    make_parent(&target).map_err(failed)?;
    if fs::symlink_metadata(&target).is_err() {
        fs::rename(from, &target).map_err(failed)?;
        return Ok(path.to_owned());
    }
    let suffix = save_as(from, &target).map_err(failed)?;
    Ok(format!("{path}{suffix}"))
}

fn id(metadata: &Metadata) -> Id {
    (metadata.dev(), metadata.ino())
}

fn is_unchanged(before: &Metadata, now: &Metadata) -> bool {
    let state = |m: &Metadata| (id(m), m.len(), m.mtime(), m.mtime_nsec());
    state(before) == state(now)
}
