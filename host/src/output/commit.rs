//! Carries out a plan.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

use super::folder::Folder;
use super::lock::LOCK_NAME;
use super::paths::TEMPORARY_PREFIX;
use super::plan::{Plan, Step};
use super::{FileOutcome, FileState, Written};

/// Writes all new contents aside, then moves them into place, the lock last.
pub(super) fn commit(folder: &Folder, plan: &Plan<'_>, lock: &str) -> Result<Written, Failure> {
    if is_done(folder, plan, lock) {
        let files = plan
            .steps
            .iter()
            .map(|step| FileOutcome::new(step.path, step.state));
        return Ok(Written {
            files: files.collect(),
        });
    }
    let staging = Staging::make(folder)?;
    let prepared = stage(&staging, plan, lock).and_then(|()| make_parents(folder, plan));
    if let Err(failure) = prepared {
        staging.clear_away();
        remove_empty_parents(folder, plan, FileState::Written);
        return Err(failure);
    }
    // From here on a failure leaves the staged lock: by it the next build
    // recognises the files that were already moved.
    let mut files = Vec::with_capacity(plan.steps.len());
    for (n, step) in plan.steps.iter().enumerate() {
        files.push(carry_out(folder, &staging, n, step)?);
    }
    remove_empty_parents(folder, plan, FileState::Removed);
    staging.move_to(LOCK_NAME, &folder.join(LOCK_NAME))?;
    staging.clear_away();
    Ok(Written { files })
}

/// Whether the folder holds everything already, the lock included.
fn is_done(folder: &Folder, plan: &Plan<'_>, lock: &str) -> bool {
    let changes = |step: &Step<'_>| matches!(step.state, FileState::Written | FileState::Removed);
    !plan.steps.iter().any(changes)
        && fs::read(folder.join(LOCK_NAME)).is_ok_and(|bytes| bytes == lock.as_bytes())
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

fn stage(staging: &Staging, plan: &Plan<'_>, lock: &str) -> Result<(), Failure> {
    for (n, step) in plan.steps.iter().enumerate() {
        if step.state == FileState::Written {
            staging.put(&n.to_string(), step.contents, step.permissions.as_ref())?;
        }
    }
    staging.put(LOCK_NAME, lock, None)
}

fn make_parents(folder: &Folder, plan: &Plan<'_>) -> Result<(), Failure> {
    for step in plan
        .steps
        .iter()
        .filter(|step| step.state == FileState::Written)
    {
        if let Some((parent, _)) = step.path.rsplit_once('/') {
            let parent = folder.join(parent);
            fs::create_dir_all(&parent).map_err(|e| Failure::io("make the folder", &parent, &e))?;
        }
    }
    Ok(())
}

fn carry_out(
    folder: &Folder,
    staging: &Staging,
    n: usize,
    step: &Step<'_>,
) -> Result<FileOutcome, Failure> {
    let target = folder.join(step.path);
    let saved_as = match step.save {
        true => Some(format!("{}{}", step.path, save(&target)?)),
        false => None,
    };
    match step.state {
        FileState::Written => staging.move_to(&n.to_string(), &target)?,
        FileState::Removed => {
            fs::remove_file(&target).map_err(|error| Failure::io("remove", &target, &error))?;
        }
        _ => {}
    }
    Ok(FileOutcome {
        path: step.path.to_owned(),
        state: step.state,
        saved_as,
    })
}

/// Saves `file` beside itself under the first of the names `<name>.orig`,
/// `<name>.orig.1` and so on that is free. Gives what was appended.
pub(super) fn save(file: &Path) -> Result<String, Failure> {
    let mut suffix = ".orig".to_owned();
    let mut n = 0;
    loop {
        let mut name = file.as_os_str().to_owned();
        name.push(&suffix);
        match link_or_copy(file, Path::new(&name)) {
            Ok(()) => return Ok(suffix),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => n += 1,
            Err(error) => return Err(Failure::io("save a copy of", file, &error)),
        }
        suffix = format!(".orig.{n}");
    }
}

/// Neither way replaces a file that is there.
fn link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            let mut copy = fs::File::create_new(to)?;
            io::copy(&mut fs::File::open(from)?, &mut copy).map(drop)
        }
        result => result,
    }
}

/// Removes the folders of the plan's files with `state` that are empty now.
fn remove_empty_parents(folder: &Folder, plan: &Plan<'_>, state: FileState) {
    for step in plan.steps.iter().filter(|step| step.state == state) {
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
