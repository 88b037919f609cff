//! Decides what happens to each file before anything is written.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fs::{Metadata, Permissions};

use crate::compiler;
use crate::failure::Failure;

use super::base::{self, Base};
use super::dependencies::{CHART_LOCK, is_same_lock};
use super::disk::{OnDisk, with_newlines};
use super::folder::Folder;
use super::lock::Previous;
use super::merge::{Merged, is_undecided, merge};
use super::{Digest, Edit, Edits, FileState};

/// What happens to a file.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub path: &'a str,
    pub state: FileState,
    /// What to write, if anything.
    pub write: Option<Cow<'a, str>>,
    /// Whether to save the file that is there.
    pub save: bool,
    /// The file that is there.
    pub found: Option<Metadata>,
    /// The hand edit, where the file is not what was generated.
    pub edit: Option<Edit>,
    pub note: Option<&'static str>,
    /// The digest of what is generated, if the file is taskspec's.
    digest: Option<String>,
    /// The digest of what the hand edit started from, if there is one.
    started: Option<String>,
    /// The text with the second digest, else with the first, if it is known.
    base: Option<Cow<'a, str>>,
}

impl<'a> Step<'a> {
    fn new(path: &'a str, state: FileState, found: Option<OnDisk>) -> Self {
        Self {
            path,
            state,
            write: None,
            save: false,
            found: found.map(|found| found.metadata),
            edit: None,
            note: None,
            digest: None,
            started: None,
            base: None,
        }
    }

    /// Permissions of the file that is there.
    pub fn permissions(&self) -> Option<Permissions> {
        self.found.as_ref().map(Metadata::permissions)
    }

    /// Whether the folder is another one afterwards.
    pub fn changes(&self) -> bool {
        self.write.is_some() || self.state == FileState::Removed
    }
}

/// One step for each file that the chart has or had, sorted by path.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub steps: Vec<Step<'a>>,
}

/// What a plan is made from.
struct Planner<'a> {
    folder: &'a Folder,
    previous: &'a Previous,
    edits: Edits,
    /// Read when an edited file is found.
    base: std::cell::OnceCell<Base>,
}

impl<'a> Plan<'a> {
    pub fn new(
        folder: &'a Folder,
        files: &'a [compiler::File],
        previous: &'a Previous,
        edits: Edits,
    ) -> Result<Self, Failure> {
        let planner = Planner {
            folder,
            previous,
            edits,
            base: std::cell::OnceCell::new(),
        };
        let mut steps = Vec::with_capacity(files.len());
        for file in files {
            steps.push(planner.wanted(file)?);
        }
        let wanted: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        for path in previous.paths() {
            if !wanted.contains(path) {
                steps.extend(planner.obsolete(path)?);
            }
        }
        steps.sort_by_key(|step| step.path);
        Ok(Self { steps })
    }

    /// The `files` of the new lock.
    pub fn locked_files(&self) -> BTreeMap<String, String> {
        let ours = self.steps.iter().filter_map(|step| {
            step.digest
                .as_ref()
                .map(|digest| (step.path.to_owned(), digest.clone()))
        });
        ours.collect()
    }

    /// The `edited` of the new lock.
    pub fn started_files(&self) -> BTreeMap<String, String> {
        let edited = self.steps.iter().filter_map(|step| {
            let started = step.started.as_ref()?;
            let is_other = step.digest.as_ref() != Some(started);
            is_other.then(|| (step.path.to_owned(), started.clone()))
        });
        edited.collect()
    }

    /// The texts that the new lock names.
    pub fn base(&self) -> Base {
        let mut base = Base::default();
        for step in &self.steps {
            if let Some(text) = &step.base {
                base.add(step.path, text);
            }
        }
        base
    }
}

impl Planner<'_> {
    /// A file that the chart has.
    fn wanted<'a>(&self, file: &'a compiler::File) -> Result<Step<'a>, Failure> {
        use FileState::{KeptEdited, KeptForeign, Unchanged, Written};
        let path = file.path.as_str();
        let digest = Digest::of(file.contents.as_bytes());
        let generated = |step: Step<'a>| Step {
            digest: Some(digest.to_string()),
            base: Some(Cow::Borrowed(file.contents.as_str())),
            ..step
        };
        let replaced = |step: Step<'a>| Step {
            write: Some(Cow::Borrowed(file.contents.as_str())),
            ..generated(step)
        };
        let Some(found) = self.folder.on_disk(path)? else {
            return Ok(replaced(Step::new(path, Written, None)));
        };
        if found.is(digest.as_str()) || is_helms(path, &found, &file.contents) {
            return Ok(generated(Step::new(path, Unchanged, Some(found))));
        }
        if self.wrote(path, &found) {
            return Ok(replaced(Step::new(path, Written, Some(found))));
        }
        let before = self.before(path);
        let edit = Edit {
            before: before.as_deref().unwrap_or(&file.contents).to_owned(),
            after: found.text.clone(),
        };
        let is_listed = self.previous.listed(path).is_some();
        let step = match self.edits {
            Edits::Replace => Step {
                save: true,
                ..replaced(Step::new(path, Written, Some(found)))
            },
            _ if !is_listed => Step::new(path, KeptForeign, Some(found)),
            Edits::Keep => Step {
                digest: Some(digest.to_string()),
                ..self.kept(path, found, before)
            },
            Edits::Merge => match self.merged(path, &found, before.as_deref(), &file.contents) {
                Ok((state, text)) => Step {
                    write: text.map(Cow::Owned),
                    save: state == FileState::Conflict,
                    ..generated(Step::new(path, state, Some(found)))
                },
                Err(note) => Step {
                    note: Some(note),
                    digest: Some(digest.to_string()),
                    ..self.kept(path, found, before)
                },
            },
        };
        let is_edited = matches!(step.state, KeptEdited | KeptForeign);
        Ok(Step {
            edit: is_edited.then_some(edit),
            ..step
        })
    }

    /// An edited file stays, and stays recognised.
    fn kept<'a>(&self, path: &'a str, found: OnDisk, before: Option<String>) -> Step<'a> {
        Step {
            digest: self.previous.listed(path).map(str::to_owned),
            started: self.previous.started(path).map(str::to_owned),
            base: before.map(Cow::Owned),
            ..Step::new(path, FileState::KeptEdited, Some(found))
        }
    }

    /// What becomes of an edited file, and its text if that is another one; or
    /// why it cannot be merged.
    fn merged(
        &self,
        path: &str,
        found: &OnDisk,
        before: Option<&str>,
        generated: &str,
    ) -> Result<(FileState, Option<String>), &'static str> {
        let edited = found.text.as_deref().ok_or("it is no text")?;
        if is_undecided(edited) {
            return Err("it still has marks of conflicts; decide them, then merge again");
        }
        let started = self.previous.started(path).unwrap_or_default();
        let from_git = match before {
            Some(_) => None,
            None => base::from_git(self.folder.path(), path, started),
        };
        let before = before
            .or(from_git.as_deref())
            .ok_or("what taskspec generated before the edit is not known here")?;
        let n_lines = edited.matches('\n').count();
        let has_returns = n_lines > 0 && edited.matches("\r\n").count() == n_lines;
        let (state, text) = match merge(before, &with_newlines(edited), generated) {
            Merged::Clean(text) => (FileState::Merged, text),
            Merged::Conflict(text) => (FileState::Conflict, text),
        };
        let text = match has_returns {
            true => text.replace('\n', "\r\n"),
            false => text,
        };
        Ok(match text == edited {
            true => (FileState::Unchanged, None),
            false => (state, Some(text)),
        })
    }

    /// A file that an earlier chart had. None if it is gone, or never was ours.
    fn obsolete<'a>(&self, path: &'a str) -> Result<Option<Step<'a>>, Failure> {
        let Some(found) = self.folder.on_disk(path)? else {
            return Ok(None);
        };
        if self.wrote(path, &found) {
            return Ok(Some(Step::new(path, FileState::Removed, Some(found))));
        }
        if self.edits == Edits::Replace {
            return Ok(Some(Step {
                save: true,
                ..Step::new(path, FileState::Removed, Some(found))
            }));
        }
        let before = self.before(path);
        let edit = before.as_ref().map(|before| Edit {
            before: before.clone(),
            after: found.text.clone(),
        });
        Ok(Some(Step {
            edit,
            state: FileState::KeptObsolete,
            ..self.kept(path, found, before)
        }))
    }

    /// Whether taskspec wrote what is there, or Helm did in its place.
    fn wrote(&self, path: &str, found: &OnDisk) -> bool {
        self.previous.wrote(path, found)
            || path == CHART_LOCK
                && self
                    .before(path)
                    .is_some_and(|before| is_helms(path, found, &before))
    }

    /// What an edit of `path` started from, if that is known.
    fn before(&self, path: &str) -> Option<String> {
        let started = self.previous.started(path)?;
        let base = self.base.get_or_init(|| Base::read(self.folder.path()));
        base.text(path, started).map(str::to_owned)
    }
}

/// Whether it is Helm's lock with only its time changed, which Helm does.
fn is_helms(path: &str, found: &OnDisk, contents: &str) -> bool {
    path == CHART_LOCK
        && found
            .text
            .as_deref()
            .is_some_and(|text| is_same_lock(text, contents))
}
