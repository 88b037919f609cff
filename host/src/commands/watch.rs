//! `build --watch`: builds again whenever a specification is saved.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use notify_debouncer_mini::notify::{self, RecursiveMode};
use notify_debouncer_mini::{DebounceEventResult, new_debouncer};

use crate::cli::Build;
use crate::failure::{Exit, Failure};
use crate::output::Digest;
use crate::report::{counted, failure};

use super::Context;
use super::build::build_all;
use super::specs::select;

/// Editors save in several steps; what happens within this time is one change.
const QUIET: Duration = Duration::from_millis(200);

/// Builds everything, then what changes, until it is interrupted.
pub(super) fn run(context: &Context, options: &Build) -> Result<Exit, Failure> {
    if options
        .targets
        .specs
        .iter()
        .any(|spec| spec == Path::new("-"))
    {
        return Err(Failure::spec("standard input cannot be watched").help("name a file"));
    }
    let (sender, receiver) = mpsc::channel();
    let mut debouncer = new_debouncer(QUIET, move |events: DebounceEventResult| {
        // Nobody listens any more only when the program ends.
        let _ = sender.send(events);
    })
    .map_err(|error| unwatchable(&error))?;
    for (folder, mode) in watched(options) {
        debouncer
            .watcher()
            .watch(&folder, mode)
            .map_err(|error| unwatchable(&error).note(format!("in `{}`", folder.display())))?;
    }
    let mut seen = BTreeMap::new();
    loop {
        build_changed(context, options, &mut seen);
        // Several batches may wait; they are one change.
        loop {
            match receiver.recv() {
                Ok(Ok(events)) if events.iter().any(|event| is_meant(options, &event.path)) => {
                    break;
                }
                Ok(Ok(_)) => {}
                Ok(Err(error)) => context.terminal.report_failure(&unwatchable(&error)),
                Err(_) => return Ok(Exit::Done),
            }
        }
        while receiver.try_recv().is_ok() {}
    }
}

fn unwatchable(error: &notify::Error) -> Failure {
    Failure::world(format!("cannot watch files: {error}"))
        .help("check the paths, and the system's limit on watched files")
}

/// What decides whether a specification is built again.
type Seen = BTreeMap<PathBuf, (Digest, Option<Digest>)>;

/// Builds what is not as it was. Whatever is wrong is said, and waited out.
fn build_changed(context: &Context, options: &Build, seen: &mut Seen) {
    let selection = match select(&options.targets.specs) {
        Ok(selection) => selection,
        Err(error) => {
            context.terminal.report_failure(&error);
            waiting(context, options.targets.specs.len());
            return;
        }
    };
    let digest = |path: &Path| fs::read(path).ok().map(|bytes| Digest::of(&bytes));
    let catalog = options.targets.catalog.as_deref().and_then(digest);
    let mut is_changed = false;
    for spec in &selection.specs {
        // One that is gone is built too: that says so, once.
        let now = (
            digest(spec).unwrap_or_else(|| Digest::of(b"")),
            catalog.clone(),
        );
        if seen.insert(spec.clone(), now.clone()).as_ref() != Some(&now) {
            is_changed = true;
        }
    }
    if !is_changed {
        return;
    }
    // All of them: two may want the same folder since one was changed.
    if let Err(error) = build_all(context, options, &selection) {
        context.terminal.print_error(&failure(&error));
    }
    waiting(context, selection.specs.len());
}

fn waiting(context: &Context, n: usize) {
    context.terminal.print_error(&format!(
        "watching {}; Ctrl-C ends it\n",
        counted(n, "specification")
    ));
}

/// Folders are watched, not files: many editors replace a file by a new one.
fn watched(options: &Build) -> Vec<(PathBuf, RecursiveMode)> {
    let mut folders = BTreeMap::new();
    for argument in options.targets.specs.iter().chain(&options.targets.catalog) {
        if argument.is_dir() {
            folders.insert(argument.clone(), RecursiveMode::Recursive);
            continue;
        }
        // The part of a pattern that is none.
        let text = argument.to_string_lossy();
        let plain = match text.find(['*', '?', '[']) {
            Some(at) if !argument.exists() => Path::new(&text[..at]),
            _ => argument.as_path(),
        };
        let is_pattern = plain != argument;
        let folder = match plain.parent() {
            _ if is_pattern && text[..plain.as_os_str().len()].ends_with('/') => plain,
            Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
            Some(folder) => folder,
            None => Path::new("."),
        };
        let mode = match is_pattern {
            true => RecursiveMode::Recursive,
            false => RecursiveMode::NonRecursive,
        };
        let entry = folders.entry(folder.to_owned()).or_insert(mode);
        if mode == RecursiveMode::Recursive {
            *entry = mode;
        }
    }
    folders.into_iter().collect()
}

/// Whether a change of this file may be one of a specification or a catalog.
fn is_meant(options: &Build, path: &Path) -> bool {
    let named: BTreeSet<_> = options
        .targets
        .specs
        .iter()
        .chain(&options.targets.catalog)
        .filter_map(|path| path.file_name())
        .collect();
    let is_named = path.file_name().is_some_and(|name| named.contains(name));
    is_named || path.extension().is_some_and(|end| end == "toml")
}
