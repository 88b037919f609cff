//! What taskspec generated last, file by file: what a hand edit started from.
//!
//! It lies in a folder of the chart that git ignores by itself, because it is
//! of use only where the chart was built. Elsewhere the text is looked for in
//! the history of git, where a chart is usually committed before it is edited.
//! A text counts only if it has the digest that the lock names.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::Digest;
use super::disk::with_newlines;

/// The folder in the chart's that is the runner's own.
pub(super) const STATE_FOLDER: &str = ".taskspec";

/// The file with the texts, in the chart's folder.
pub(super) const BASE_NAME: &str = ".taskspec/generated.json";

/// The file that has git ignore the folder, and its text.
pub(super) const IGNORE: (&str, &str) = (
    ".taskspec/.gitignore",
    "# What taskspec generated last: `build --merge` needs it.\n*\n",
);

/// Commits that are looked through for a text.
const N_COMMITS_MAX: usize = 200;

/// Path to text.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Base {
    files: BTreeMap<String, String>,
}

impl Base {
    /// What is there. Without it nothing but a merge is impossible, so that a
    /// damaged file is none.
    pub fn read(folder: &Path) -> Self {
        let path = folder.join(BASE_NAME);
        let is_file = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
        is_file
            .then(|| fs::read_to_string(&path).ok())
            .flatten()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }

    pub fn add(&mut self, path: &str, text: &str) {
        self.files.insert(path.to_owned(), text.to_owned());
    }

    /// The text that was generated for `path`, which has `digest`.
    pub fn text(&self, path: &str, digest: &str) -> Option<&str> {
        let text = self.files.get(path)?;
        (Digest::of(text.as_bytes()).as_str() == digest).then_some(text)
    }

    pub fn to_text(&self) -> String {
        // Strings always have a JSON form.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

/// The text with `digest` that `path` once had in the history of git.
pub(super) fn from_git(folder: &Path, path: &str, digest: &str) -> Option<String> {
    let limit = format!("--max-count={N_COMMITS_MAX}");
    let commits = git(folder, &["log", &limit, "--format=%H", "--", path])?;
    let commits = String::from_utf8(commits).ok()?;
    commits.lines().find_map(|commit| {
        let text = git(folder, &["show", &format!("{commit}:./{path}")])?;
        let text = with_newlines(&String::from_utf8(text).ok()?);
        (Digest::of(text.as_bytes()).as_str() == digest).then_some(text)
    })
}

fn git(folder: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new("git")
        .arg("--literal-pathspecs")
        .args(arguments)
        .current_dir(folder)
        // Git sets these for hooks, relative to another folder.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .env_remove("GIT_PREFIX")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then_some(output.stdout)
}
