//! Carries out a plan: by a swap where that can be, else file by file.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

use super::base::{BASE_NAME, IGNORE, STATE_FOLDER};
use super::disk::with_newlines;
use super::folder::Folder;
use super::lock::LOCK_NAME;
use super::paths::TEMPORARY_PREFIX;
use super::plan::{Plan, Step};
use super::{FileOutcome, FileState, swap};

/// A plan to carry out.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub folder: &'a Folder,
    pub plan: &'a Plan<'a>,
    pub lock: &'a str,
    /// The text of [`BASE_NAME`].
    pub base: &'a str,
}

impl Job<'_> {
    /// The runner's own files, in the order in which they are written.
    pub fn own_files(&self) -> [(&'static str, &str); 3] {
        [
            IGNORE,
            (BASE_NAME, self.base),
            // Last: it says that the others are there.
            (LOCK_NAME, self.lock),
        ]
    }
}

/// Makes the folder what the plan says. Adds to `rescued` what somebody put
/// there meanwhile.
pub(super) fn commit(
    job: &Job<'_>,
    rescued: &mut Vec<String>,
    leftovers: &mut Vec<PathBuf>,
) -> Result<Vec<FileOutcome>, Failure> {
    if is_done(job) {
        return Ok(outcomes(job.plan, &[]));
    }
    match swap::commit(job, rescued, leftovers)? {
        Some(files) => Ok(files),
        None => in_place(job),
    }
}

/// Says what was done; `saved` has the steps whose file was saved, and what was
/// appended to its name.
pub(super) fn outcomes(plan: &Plan<'_>, saved: &[(usize, String)]) -> Vec<FileOutcome> {
    let outcome = |(n, step): (usize, &Step<'_>)| FileOutcome {
        path: step.path.to_owned(),
        state: step.state,
        saved_as: saved
            .iter()
            .find(|(at, _)| *at == n)
            .map(|(_, suffix)| format!("{}{suffix}", step.path)),
        edit: step.edit.clone(),
        note: step.note,
    };
    plan.steps.iter().enumerate().map(outcome).collect()
}

/// Writes all new contents aside, then moves them into place, the lock last.
fn in_place(job: &Job<'_>) -> Result<Vec<FileOutcome>, Failure> {
    let Job { folder, plan, .. } = *job;
    let staging = Staging::make(folder)?;
    let prepared = stage(&staging, job).and_then(|()| make_parents(job));
    if let Err(failure) = prepared {
        staging.clear_away();
        remove_empty_parents(folder, plan, |step| step.write.is_some());
        return Err(failure);
    }
    // From here on a failure leaves the staged lock: by it the next build
    // recognises the files that were already moved.
    let mut saved = Vec::new();
    for (n, step) in plan.steps.iter().enumerate() {
        if step.save || step.changes() && is_other_now(folder, step) {
            saved.push((n, save(&folder.join(step.path))?));
        }
        carry_out(folder, &staging, n, step)?;
    }
    remove_empty_parents(folder, plan, |step| step.state == FileState::Removed);
    for (name, _) in job.own_files() {
        staging.move_to(&own(name), &folder.join(name))?;
    }
    staging.clear_away();
    Ok(outcomes(plan, &saved))
}

/// Whether the folder holds everything already, the lock included.
fn is_done(job: &Job<'_>) -> bool {
    let is = |name: &str, text: &str| {
        let found = fs::read_to_string(job.folder.join(name));
        found.is_ok_and(|found| found == text || with_newlines(&found) == text)
    };
    if job.plan.steps.iter().any(Step::changes) || !is(LOCK_NAME, job.lock) {
        return false;
    }
    if !is(BASE_NAME, job.base) {
        // Not part of the chart: a fresh checkout does not have it, and one
        // that is read-only need not get it.
        let _ = make_base(job);
    }
    true
}

/// Whether somebody changed the file since it was planned.
fn is_other_now(folder: &Folder, step: &Step<'_>) -> bool {
    let now = fs::symlink_metadata(folder.join(step.path));
    let state = |metadata: &fs::Metadata| (metadata.len(), metadata.modified().ok());
    match (&step.found, now) {
        (Some(found), Ok(now)) => state(found) != state(&now),
        (None, Ok(_)) => true,
        (_, Err(_)) => false,
    }
}

fn make_base(job: &Job<'_>) -> Result<(), Failure> {
    let staging = Staging::make(job.folder)?;
    let made = stage_own(&staging, job).and_then(|()| {
        make_state_folder(job.folder)?;
        let names = [IGNORE.0, BASE_NAME];
        names
            .iter()
            .try_for_each(|name| staging.move_to(&own(name), &job.folder.join(name)))
    });
    staging.clear_away();
    made
}

/// The name of an own file while it is staged. The lock keeps its own.
fn own(name: &str) -> String {
    name.replace('/', "-")
}

/// A folder inside of the chart's for contents that are not in place yet. It is
/// on the same file system, and no template is in it that Helm would render.
struct Staging {
    path: PathBuf,
}

impl Staging {
    fn make(folder: &Folder) -> Result<Self, Failure> {
        let mut n = 0;
        loop {
            let path = folder.join(&format!("{TEMPORARY_PREFIX}{n}"));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => n += 1,
                Err(error) => return Err(Failure::io("make the folder", &path, &error)),
            }
        }
    }

    fn put(
        &self,
        name: &str,
        text: &str,
        permissions: Option<&Permissions>,
    ) -> Result<(), Failure> {
        let path = self.path.join(name);
        let written = fs::File::create_new(&path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            permissions.map_or(Ok(()), |permissions| {
                file.set_permissions(permissions.clone())
            })
        });
        written.map_err(|error| Failure::io("write", &path, &error))
    }

    fn move_to(&self, name: &str, target: &Path) -> Result<(), Failure> {
        fs::rename(self.path.join(name), target).map_err(|e| Failure::io("replace", target, &e))
    }

    /// The next build tries again if this fails.
    fn clear_away(&self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn stage(staging: &Staging, job: &Job<'_>) -> Result<(), Failure> {
    for (n, step) in job.plan.steps.iter().enumerate() {
        if let Some(text) = &step.write {
            staging.put(&n.to_string(), text, step.permissions().as_ref())?;
        }
    }
    stage_own(staging, job)
}

fn stage_own(staging: &Staging, job: &Job<'_>) -> Result<(), Failure> {
    let mut files = job.own_files().into_iter();
    files.try_for_each(|(name, text)| staging.put(&own(name), text, None))
}

fn make_parents(job: &Job<'_>) -> Result<(), Failure> {
    let written = job.plan.steps.iter().filter(|step| step.write.is_some());
    for (parent, _) in written.filter_map(|step| step.path.rsplit_once('/')) {
        make_folder(&job.folder.join(parent))?;
    }
    make_state_folder(job.folder)
}

fn make_state_folder(folder: &Folder) -> Result<(), Failure> {
    let path = folder.join(STATE_FOLDER);
    // Nothing is written through a link that somebody put there.
    match fs::symlink_metadata(&path) {
        Ok(metadata) if !metadata.is_dir() => Err(Failure::world(format!(
            "`{}` is not a folder",
            path.display()
        ))
        .help("move it away: taskspec keeps there what it generated last")),
        _ => make_folder(&path),
    }
}

pub(super) fn make_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| Failure::io("make the folder", path, &error))
}

fn carry_out(folder: &Folder, staging: &Staging, n: usize, step: &Step<'_>) -> Result<(), Failure> {
    let target = folder.join(step.path);
    if step.write.is_some() {
        staging.move_to(&n.to_string(), &target)?;
    } else if step.state == FileState::Removed {
        fs::remove_file(&target).map_err(|error| Failure::io("remove", &target, &error))?;
    }
    Ok(())
}

/// Saves `file` beside itself under a name that is free. Gives what was
/// appended to its name.
pub(super) fn save(file: &Path) -> Result<String, Failure> {
    save_as(file, file).map_err(|error| Failure::io("save a copy of", file, &error))
}

/// Saves `file` as `<name>.orig`, `<name>.orig.1` and so on, whichever is the
/// first that is free. Gives what was appended to `name`.
pub(super) fn save_as(file: &Path, name: &Path) -> io::Result<String> {
    let mut n = 0;
    loop {
        let suffix = orig(n);
        let mut target = name.as_os_str().to_owned();
        target.push(&suffix);
        match link_or_copy(file, Path::new(&target)) {
            Ok(()) => return Ok(suffix),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => n += 1,
            Err(error) => return Err(error),
        }
    }
}

/// What is appended to the name of a file that is saved.
pub(super) fn orig(n: usize) -> String {
    match n {
        0 => ".orig".to_owned(),
        n => format!(".orig.{n}"),
    }
}

/// Whether it is a file of the runner.
pub(super) fn is_own(path: &str) -> bool {
    [IGNORE.0, BASE_NAME, LOCK_NAME].contains(&path)
}

/// Neither way replaces a file that is there.
pub(super) fn link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            let mut copy = fs::File::create_new(to)?;
            io::copy(&mut fs::File::open(from)?, &mut copy).map(drop)
        }
        result => result,
    }
}

/// Removes the folders of the files that are meant if they are empty now.
fn remove_empty_parents(folder: &Folder, plan: &Plan<'_>, meant: fn(&Step<'_>) -> bool) {
    for step in plan.steps.iter().filter(|step| meant(step)) {
        let parents = step
            .path
            .rmatch_indices('/')
            .map(|(end, _)| &step.path[..end]);
        for parent in parents {
            // Only an empty folder can be removed this way.
            if fs::remove_dir(folder.join(parent)).is_err() {
                break;
            }
        }
    }
}
