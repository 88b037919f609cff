//! Compiler flags that keep this machine's folders out of what is built.

use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The environment variable that takes [`flags`].
pub const VARIABLE: &str = "CARGO_ENCODED_RUSTFLAGS";

/// One `--remap-path-prefix` for each folder whose name may end up in a panic's
/// location, in cargo's encoding (folders may have spaces in their names).
/// `std_sources` are the spellings of the standard library's folder.
///
/// Dependencies must have been fetched before, for the folders to exist.
pub fn flags(
    workspace: &Workspace,
    std_sources: &[PathBuf],
    target_dir: &Path,
) -> Result<OsString> {
    // Of several matching prefixes the compiler takes the last.
    let mut remaps = vec![(workspace.root.clone(), "/taskspec")];
    remaps.extend(registries()?.into_iter().map(|dir| (dir, "/registry")));
    remaps.extend(std_sources.iter().map(|dir| (dir.clone(), "/std")));
    remaps.push((target_dir.to_path_buf(), "/target"));
    let mut flags = OsString::new();
    for (from, to) in remaps {
        if !flags.is_empty() {
            flags.push("\u{1f}");
        }
        flags.push("--remap-path-prefix=");
        flags.push(from);
        flags.push("=");
        flags.push(to);
    }
    Ok(flags)
}

/// The folders that hold the sources of dependencies. Their names depend on the
/// registry's address, which a mirror changes, so each is mapped as a whole.
fn registries() -> Result<Vec<PathBuf>> {
    let home = match env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => env::home_dir()
            .context("neither CARGO_HOME nor a home folder is set")?
            .join(".cargo"),
    };
    let sources = home.join("registry/src");
    let entries =
        fs::read_dir(&sources).with_context(|| format!("cannot list {}", sources.display()))?;
    let mut folders = Vec::new();
    for entry in entries {
        folders.push(entry?.path());
    }
    folders.sort();
    Ok(folders)
}
