//! Compares a chart's folder with what a build would make of it, and says why
//! anything differs. Writes nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::failure::Failure;

use super::base::STATE_FOLDER;
use super::dependencies::{self, CHART_LOCK, Dependency};
use super::disk::{OnDisk, digest_in_pieces};
use super::folder::Folder;
use super::lock::{LOCK_NAME, Lock, Previous};
use super::paths::TEMPORARY_PREFIX;
use super::plan::{Plan, Step};
use super::{Digest, Edits, FileState, Request, check_paths};

/// Bytes of a file of others that a diff shows.
const SHOWN_BYTES_MAX: u64 = 1 << 20;

/// Why a file is not what a build would make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Somebody changed it since taskspec wrote it.
    EditedByHand,
    /// It was edited, and what is generated has changed since.
    NotMerged,
    /// The specification says something else than at the last build.
    SpecChanged,
    /// The compiler is another one than at the last build.
    CompilerChanged,
    /// The catalog file is another one than at the last build.
    CatalogChanged,
    /// It is not there.
    Missing,
    /// Neither the specification nor the last build knows it.
    Unknown,
    /// A build was killed before it was done.
    Interrupted,
    /// An archive of a dependency is not the one that the lock names.
    ArchiveChanged,
}

impl Reason {
    /// In the words of messages.
    pub fn words(self) -> &'static str {
        match self {
            Self::EditedByHand => "edited by hand",
            Self::NotMerged => "new contents not merged",
            Self::SpecChanged => "spec changed",
            Self::CompilerChanged => "compiler changed",
            Self::CatalogChanged => "catalog changed",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
            Self::Interrupted => "interrupted build",
            Self::ArchiveChanged => "other archive",
        }
    }

    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::EditedByHand => {
                "move the edit into the specification, or keep it with `build --merge`, or drop \
                 it with `build --force`"
            }
            Self::NotMerged => {
                "bring the edit and what changed since together with `build --merge`"
            }
            Self::SpecChanged | Self::CompilerChanged | Self::CatalogChanged => {
                "build the chart again and commit it"
            }
            Self::Missing => "build the chart, or restore the file from version control",
            Self::Unknown => "move a template of your own to templates/custom/, or delete the file",
            Self::Interrupted => "build the chart again: that mends it",
            Self::ArchiveChanged => {
                "fetch it again with `helm dependency build`, or accept it with `build --force`"
            }
        }
    }
}

/// A file that is not what a build would make of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Relative to the chart's folder.
    pub path: String,
    /// At least one; sorted.
    pub reasons: Vec<Reason>,
    /// What is there; none if nothing is, or no text.
    pub found: Option<String>,
    /// What a build would make, or what a hand edit started from where that is
    /// known; none if there would be no such file.
    pub expected: Option<String>,
    /// More about it.
    pub note: Option<String>,
}

impl Finding {
    fn new(path: impl Into<String>, reasons: impl IntoIterator<Item = Reason>) -> Self {
        Self {
            path: path.into(),
            reasons: reasons.into_iter().collect(),
            found: None,
            expected: None,
            note: None,
        }
    }
}

/// What a chart's folder is like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Sorted by path; empty if the chart is what a build would make.
    pub findings: Vec<Finding>,
    /// Files of others that Helm does not render.
    pub others: Vec<String>,
    /// Which release of taskspec built it, if the lock says so.
    pub release: Option<String>,
}

/// Compares. The request's `edits` do not matter.
///
/// # Errors
///
/// When something is in the way, or the system refuses.
pub fn inspect(request: &Request<'_>) -> Result<Inspection, Failure> {
    check_paths(request.files)?;
    let Some(folder) = Folder::look(request.folder)? else {
        return Ok(all_missing(request));
    };
    let previous = Previous::read(&folder)?;
    let plan = Plan::new(&folder, request.files, &previous, Edits::Keep)?;
    let known = previous.lock().map_or(&[][..], |lock| &lock.dependencies);
    let (dependencies, archives) = dependencies::resolve(&folder, request.files, known, false)?;
    let changed = previous
        .lock()
        .map_or_else(Vec::new, |lock| changed(lock, request));
    let mut findings: Vec<Finding> = plan
        .steps
        .iter()
        .filter_map(|step| finding(step, &folder, request, &changed, previous.lock()))
        .collect();
    findings.extend(archives.into_iter().map(|archive| Finding {
        note: Some(format!(
            "the lock has {}, this is {}",
            archive.locked, archive.found
        )),
        ..Finding::new(archive.path, [Reason::ArchiveChanged])
    }));
    if previous.is_interrupted() {
        findings.push(Finding::new(LOCK_NAME, [Reason::Interrupted]));
    } else if findings.is_empty() {
        let lock = Lock::new(
            request.origin,
            dependencies.clone(),
            plan.locked_files(),
            plan.started_files(),
        );
        findings.extend(of_lock(&previous, &lock, &changed));
    }
    let known = plan.steps.iter().map(|step| step.path).collect();
    let (unknown, others) = strangers(&folder, known, &dependencies)?;
    findings.extend(unknown);
    findings.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Inspection {
        findings,
        others,
        release: previous.lock().and_then(|lock| lock.release.clone()),
    })
}

/// Compares a chart with its lock alone, without its specification. Also gives
/// the files that taskspec wrote, by path.
///
/// # Errors
///
/// When the chart has no lock, something is in the way, or the system refuses.
pub fn drift(folder: &Path) -> Result<(Inspection, BTreeSet<String>), Failure> {
    let place = folder.display();
    let Some(folder) = Folder::look(folder)? else {
        return Err(Failure::world(format!("there is no folder `{place}`")).help("check the path"));
    };
    let previous = Previous::read(&folder)?;
    let Some(lock) = previous.lock() else {
        return Err(Failure::world(format!("`{place}` has no {LOCK_NAME}"))
            .note("taskspec did not build this chart, or its lock was lost")
            .help("build it again; `helm package` packs charts of others"));
    };
    let mut findings = Vec::new();
    for (path, digest) in &lock.files {
        match folder.on_disk(path)? {
            None => findings.push(Finding::new(path, [Reason::Missing])),
            Some(found) if found.is(digest) || is_helms(lock, path, &found) => {}
            Some(_) => findings.push(Finding::new(path, [Reason::EditedByHand])),
        }
    }
    if previous.is_interrupted() {
        findings.push(Finding::new(LOCK_NAME, [Reason::Interrupted]));
    }
    for (path, locked) in lock.dependencies.iter().filter_map(Dependency::locked) {
        if folder.file(&path)?.is_some() {
            let full = folder.join(&path);
            let found =
                digest_in_pieces(&full).map_err(|error| Failure::io("read", &full, &error))?;
            if found.as_str() != locked {
                findings.push(Finding::new(path, [Reason::ArchiveChanged]));
            }
        }
    }
    let known = lock.files.keys().map(String::as_str).collect();
    let (unknown, others) = strangers(&folder, known, &lock.dependencies)?;
    findings.extend(unknown);
    findings.sort_by(|a, b| a.path.cmp(&b.path));
    let inspection = Inspection {
        findings,
        others,
        release: lock.release.clone(),
    };
    Ok((inspection, lock.files.keys().cloned().collect()))
}

/// Whether it is Helm's lock as Helm writes it, of the chart that is there.
fn is_helms(lock: &Lock, path: &str, found: &OnDisk) -> bool {
    path == CHART_LOCK
        && found
            .text
            .as_deref()
            .is_some_and(|text| dependencies::resolves(&lock.dependencies, text))
}

fn all_missing(request: &Request<'_>) -> Inspection {
    let findings = request.files.iter().map(|file| Finding {
        expected: Some(file.contents.clone()),
        ..Finding::new(&file.path, [Reason::Missing])
    });
    Inspection {
        findings: findings.collect(),
        ..Inspection::default()
    }
}

/// What the chart was made from and is not made from any more.
fn changed(lock: &Lock, request: &Request<'_>) -> Vec<Reason> {
    let origin = request.origin;
    let catalog = origin.catalog.as_ref().map(Digest::as_str);
    let all = [
        (lock.spec != origin.spec.as_str(), Reason::SpecChanged),
        (
            lock.component != origin.component.as_str(),
            Reason::CompilerChanged,
        ),
        (lock.catalog.as_deref() != catalog, Reason::CatalogChanged),
    ];
    all.into_iter()
        .filter_map(|(is, reason)| is.then_some(reason))
        .collect()
}

fn finding(
    step: &Step<'_>,
    folder: &Folder,
    request: &Request<'_>,
    changed: &[Reason],
    lock: Option<&Lock>,
) -> Option<Finding> {
    let expected = request
        .files
        .iter()
        .find(|file| file.path == step.path)
        .map(|file| file.contents.clone());
    let reasons = match step.state {
        FileState::Unchanged | FileState::Merged | FileState::Conflict => return None,
        FileState::Written if step.found.is_none() => {
            let is_new = lock.is_some_and(|lock| !lock.files.contains_key(step.path));
            match is_new && !changed.is_empty() {
                true => changed.to_vec(),
                false => vec![Reason::Missing],
            }
        }
        FileState::Written | FileState::Removed if changed.is_empty() => vec![Reason::Interrupted],
        FileState::Written | FileState::Removed => changed.to_vec(),
        FileState::KeptForeign => vec![Reason::Unknown],
        FileState::KeptEdited => {
            let digest = expected.as_deref().map(|text| Digest::of(text.as_bytes()));
            let listed = lock.and_then(|lock| lock.files.get(step.path));
            let is_other = digest.as_ref().map(Digest::as_str) != listed.map(String::as_str);
            let others = changed.iter().copied().filter(|_| is_other);
            let is_behind = lock.is_some_and(|lock| lock.edited.contains_key(step.path));
            let behind = is_behind.then_some(Reason::NotMerged);
            let edited = [Reason::EditedByHand].into_iter().chain(behind);
            edited.chain(others).collect()
        }
        FileState::KeptObsolete => [Reason::EditedByHand]
            .into_iter()
            .chain(changed.iter().copied())
            .collect(),
    };
    let found = step
        .found
        .is_some()
        .then(|| fs::read_to_string(folder.join(step.path)).ok())
        .flatten();
    let before = step.edit.as_ref().map(|edit| edit.before.clone());
    Some(Finding {
        found,
        expected: before.or(expected),
        ..Finding::new(step.path, reasons)
    })
}

/// The lock alone may differ: the chart is the same, but made from something
/// else.
fn of_lock(previous: &Previous, now: &Lock, changed: &[Reason]) -> Option<Finding> {
    let expected = now.to_text();
    let Some(lock) = previous.lock() else {
        return Some(Finding {
            expected: Some(expected),
            ..Finding::new(LOCK_NAME, [Reason::Missing])
        });
    };
    // What Helm resolved since is no drift: the next build locks it.
    let known = |lock: &Lock| (lock.files.clone(), lock.edited.clone());
    let is_older = changed.is_empty() && known(lock) == known(now);
    let found = lock.to_text();
    if found == expected || is_older {
        return None;
    }
    let reasons = match changed {
        [] => vec![Reason::EditedByHand],
        changed => changed.to_vec(),
    };
    Some(Finding {
        found: Some(found),
        expected: Some(expected),
        note: Some("no other file changes".to_owned()),
        ..Finding::new(LOCK_NAME, reasons)
    })
}

/// Files of others: those that Helm renders or loads, and the rest.
fn strangers(
    folder: &Folder,
    mut known: BTreeSet<&str>,
    dependencies: &[Dependency],
) -> Result<(Vec<Finding>, Vec<String>), Failure> {
    known.insert(LOCK_NAME);
    let is_archive = |path: &str| dependencies.iter().any(|one| one.is_archive(path));
    let mut all = Vec::new();
    list(folder.path(), "", &mut all)
        .map_err(|error| Failure::io("list the files of", folder.path(), &error))?;
    all.sort();
    let strange = all
        .into_iter()
        .filter(|path| !known.contains(path.as_str()) && !is_archive(path));
    let (rendered, others): (Vec<String>, Vec<String>) = strange.partition(|path| is_loaded(path));
    let findings = rendered.into_iter().map(|path| Finding {
        found: shown(&folder.join(&path)),
        ..Finding::new(path, [Reason::Unknown])
    });
    Ok((findings.collect(), others))
}

/// The text of a plain file of others, unless it is long.
fn shown(path: &Path) -> Option<String> {
    let metadata = fs::symlink_metadata(path).ok()?;
    let is_short = metadata.is_file() && metadata.len() <= SHOWN_BYTES_MAX;
    is_short.then(|| fs::read_to_string(path).ok()).flatten()
}

/// Whether Helm makes objects of it, and the specification cannot speak of it.
fn is_loaded(path: &str) -> bool {
    // What the chart's `.helmignore` names.
    let is_ignored = |name: &str| {
        let ends = [".orig", ".bak", ".swp", ".tmp", "~"];
        ends.iter().any(|end| name.ends_with(end)) || name.contains(".orig.")
    };
    let first = path.split('/').next().unwrap_or_default();
    !path.split('/').any(is_ignored)
        && matches!(first, "templates" | "crds" | "charts")
        && !path.starts_with("templates/custom/")
}

fn list(folder: &Path, below: &str, all: &mut Vec<String>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_own = below.is_empty()
            && (name.starts_with(TEMPORARY_PREFIX) || name == STATE_FOLDER || name == ".git");
        if is_own {
            continue;
        }
        let path = match below {
            "" => name,
            below => format!("{below}/{name}"),
        };
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &path, all)?;
        } else {
            all.push(path);
        }
    }
    Ok(())
}
