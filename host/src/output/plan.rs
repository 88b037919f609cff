//! Decides what happens to each file before anything is written.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, Metadata, Permissions};
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::compiler;
use crate::failure::Failure;

use super::folder::Folder;
use super::lock::Previous;
use super::{Digest, FileState, Request};

/// What happens to a file.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub(super) path: &'a str,
    pub(super) state: FileState,
    /// What to write, for [`FileState::Written`].
    pub(super) contents: &'a str,
    /// What the lock says about it, if it is taskspec's.
    digest: Option<String>,
    /// Whether to save the file that is there.
    pub(super) save: bool,
    /// Permissions of the file that is replaced.
    pub(super) permissions: Option<Permissions>,
}

/// One step for each file that the chart has or had, sorted by path.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) steps: Vec<Step<'a>>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        folder: &Folder,
        request: &Request<'a>,
        previous: &'a Previous,
    ) -> Result<Self, Failure> {
        let mut steps = Vec::with_capacity(request.files.len());
        for file in request.files {
            steps.push(wanted(folder, file, previous, request.force)?);
        }
        let wanted: HashSet<&str> = request
            .files
            .iter()
            .map(|file| file.path.as_str())
            .collect();
        for path in previous.paths() {
            if !wanted.contains(path) {
                steps.extend(obsolete(folder, path, previous, request.force)?);
            }
        }
        steps.sort_by_key(|step| step.path);
        Ok(Self { steps })
    }

    /// The `files` of the new lock.
    pub(super) fn locked_files(&self) -> BTreeMap<String, String> {
        let ours = self.steps.iter().filter_map(|step| {
            step.digest
                .as_ref()
                .map(|digest| (step.path.to_owned(), digest.clone()))
        });
        ours.collect()
    }
}

/// A file that the chart has.
fn wanted<'a>(
    folder: &Folder,
    file: &'a compiler::File,
    previous: &Previous,
    force: bool,
) -> Result<Step<'a>, Failure> {
    let digest = Digest::of(file.contents.as_bytes());
    let found = match folder.file(&file.path)? {
        Some(metadata) => Some((
            digest_on_disk(&folder.join(&file.path), &metadata)?,
            metadata,
        )),
        None => None,
    };
    let (state, save) = match &found {
        None => (FileState::Written, false),
        Some((on_disk, _)) if *on_disk == digest => (FileState::Unchanged, false),
        Some((on_disk, _)) if previous.wrote(&file.path, on_disk) => (FileState::Written, false),
        Some(_) if force => (FileState::Written, true),
        Some(_) if previous.listed(&file.path).is_some() => (FileState::KeptEdited, false),
        Some(_) => (FileState::KeptForeign, false),
    };
    Ok(Step {
        path: &file.path,
        state,
        contents: &file.contents,
        // What was generated, also for an edited file: that is how it stays
        // recognisable as edited. Somebody else's file is not in the lock.
        digest: (state != FileState::KeptForeign).then(|| digest.to_string()),
        save,
        permissions: found.map(|(_, metadata)| metadata.permissions()),
    })
}

/// A file that an earlier chart had. None if it is gone, or never was ours.
fn obsolete<'a>(
    folder: &Folder,
    path: &'a str,
    previous: &Previous,
    force: bool,
) -> Result<Option<Step<'a>>, Failure> {
    let Some(metadata) = folder.file(path)? else {
        return Ok(None);
    };
    let on_disk = digest_on_disk(&folder.join(path), &metadata)?;
    let listed = previous.listed(path);
    let (state, save) = match listed {
        _ if previous.wrote(path, &on_disk) => (FileState::Removed, false),
        None => return Ok(None),
        Some(_) if force => (FileState::Removed, true),
        Some(_) => (FileState::KeptObsolete, false),
    };
    let digest = listed
        .filter(|_| state == FileState::KeptObsolete)
        .map(str::to_owned);
    Ok(Some(Step {
        path,
        state,
        contents: "",
        digest,
        save,
        permissions: None,
    }))
}

fn digest_on_disk(path: &Path, metadata: &Metadata) -> Result<Digest, Failure> {
    let mut hasher = Sha256::new();
    let result = fs::File::open(path).and_then(|mut file| hash(&mut file, metadata, &mut hasher));
    match result {
        Ok(()) => Ok(Digest::finish(hasher)),
        Err(error) => Err(Failure::io("read", path, &error)),
    }
}

/// In pieces: a file that somebody else put there may be of any size.
fn hash(file: &mut fs::File, metadata: &Metadata, hasher: &mut Sha256) -> io::Result<()> {
    let size = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    let mut piece = vec![0; size.clamp(1, 1 << 16)];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(n) => hasher.update(&piece[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
