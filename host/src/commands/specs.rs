//! Which specifications a command is about: files, folders and patterns.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};
use walkdir::WalkDir;

use crate::cli::Targets;
use crate::failure::Failure;

/// The specifications of a command line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selection {
    /// Each once, in the order of the arguments, those of a folder by path.
    pub specs: Vec<PathBuf>,
    /// Whether there can be more than one, which changes the form of output.
    pub is_many: bool,
}

impl Selection {
    /// Those of a command line that has one chart for each.
    ///
    /// # Errors
    ///
    /// As of [`select`], and when several would have one folder.
    pub fn of(targets: &Targets) -> Result<Self, Failure> {
        let selection = select(&targets.specs)?;
        if targets.output.is_some() {
            selection.single("`-o`")?;
        }
        Ok(selection)
    }

    /// The one specification, for what only one can have.
    pub fn single(&self, what: &str) -> Result<Option<&Path>, Failure> {
        match &self.specs[..] {
            [one] => Ok(Some(one)),
            _ => Err(
                Failure::spec(format!("{what} is for one specification, not several"))
                    .help("give one file, or leave the option out"),
            ),
        }
    }
}

/// Finds them. A file is taken as it is, even if it is not there: reading it
/// says so, and the others are still worth while.
///
/// # Errors
///
/// When a folder or a pattern has no specification.
pub(super) fn select(arguments: &[PathBuf]) -> Result<Selection, Failure> {
    let mut seen = HashSet::new();
    let mut specs = Vec::new();
    let mut is_many = arguments.len() > 1;
    for argument in arguments {
        let found = if argument.is_dir() {
            is_many = true;
            some(below(argument), argument, "is in the folder")?
        } else if is_pattern(argument) && !argument.exists() {
            is_many = true;
            some(matching(argument)?, argument, "matches")?
        } else {
            vec![argument.clone()]
        };
        for path in found {
            let identity = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
            if seen.insert(identity) {
                specs.push(path);
            }
        }
    }
    Ok(Selection { specs, is_many })
}

fn some(found: Vec<PathBuf>, argument: &Path, what: &str) -> Result<Vec<PathBuf>, Failure> {
    if !found.is_empty() {
        return Ok(found);
    }
    Err(
        Failure::spec(format!("no specification {what} `{}`", argument.display())).help(
            "a specification is a file <name>.toml that begins with `spec = \"taskspec/v1\"`",
        ),
    )
}

/// Specifications below a folder, hidden files and folders left out.
fn below(folder: &Path) -> Vec<PathBuf> {
    let is_shown = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
    };
    let walk = WalkDir::new(folder).sort_by_file_name().into_iter();
    let paths = walk.filter_entry(is_shown).filter_map(|entry| match entry {
        Ok(entry) => Some(entry.into_path()).filter(|path| is_spec(path)),
        // Reading it says what is wrong with it. A link that leads in a circle
        // is not followed, which is no fault.
        Err(error) => error.path().map(Path::to_owned),
    });
    paths
        .map(|path| path.strip_prefix(".").map(Path::to_owned).unwrap_or(path))
        .collect()
}

fn matching(pattern: &Path) -> Result<Vec<PathBuf>, Failure> {
    let text = pattern.to_string_lossy();
    let pattern = Pattern::new(&text).map_err(|error| {
        Failure::spec(format!("`{text}` is no pattern: {}", error.msg))
            .note(format!("at character {}", error.pos + 1))
    })?;
    let options = MatchOptions {
        require_literal_separator: true,
        require_literal_leading_dot: true,
        ..MatchOptions::default()
    };
    // The part of the path that is no pattern, and how deep the rest is.
    let plain: PathBuf = pattern_of(&text).0.into();
    let depth = match text.contains("**") {
        true => usize::MAX,
        false => pattern_of(&text).1.split('/').count(),
    };
    let start = match plain.as_os_str().is_empty() {
        true => Path::new("."),
        false => &plain,
    };
    let walk = WalkDir::new(start).max_depth(depth).sort_by_file_name();
    let mut found = Vec::new();
    for entry in walk.into_iter().flatten() {
        let path = entry.path();
        let path = path.strip_prefix(".").unwrap_or(path);
        if !pattern.matches_path_with(path, options) {
            continue;
        }
        if path.is_dir() {
            found.extend(below(path));
        } else if is_spec(path) {
            found.push(path.to_owned());
        }
    }
    Ok(found)
}

/// The folders of a pattern that are named, and the rest.
fn pattern_of(text: &str) -> (&str, &str) {
    let first = text.find(['*', '?', '[']).unwrap_or(text.len());
    match text[..first].rfind('/') {
        Some(0) => ("/", &text[1..]),
        Some(end) => (&text[..end], &text[end + 1..]),
        None => ("", text),
    }
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

/// Whether it is a TOML file that says, before its first table, which language
/// it is in. What it says is the compiler's business.
fn is_spec(path: &Path) -> bool {
    let is_toml = path.extension().is_some_and(|end| end == "toml") && path.is_file();
    // What cannot be read may be one: reading it says what is wrong.
    let read = || {
        fs::read(path)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
    };
    is_toml && read().is_none_or(|text| names_language(&text))
}

fn names_language(text: &str) -> bool {
    text.trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim_start)
        .take_while(|line| !line.starts_with('['))
        .any(|line| {
            let key = line.split_once('=').map(|(key, _)| key.trim());
            matches!(key, Some("spec" | "\"spec\"" | "'spec'"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_specification_is_told_by_its_first_key() {
        assert!(names_language("# x\n\nspec = \"taskspec/v1\"\n"));
        assert!(names_language("\u{feff}spec=1"));
        assert!(!names_language("[package]\nspec = \"taskspec/v1\"\n"));
        assert!(!names_language("specs = []\n"));
        assert!(!names_language(""));
    }

    #[test]
    fn folders_and_patterns_give_each_specification_once() {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("b.toml", "spec = \"taskspec/v1\"\n");
        put("a/é x.toml", "spec = \"taskspec/v1\"\n");
        put("a/Cargo.toml", "[package]\n");
        put(".hidden/c.toml", "spec = \"taskspec/v1\"\n");
        let path = |path: &str| folder.path().join(path);
        let both = vec![path("a/é x.toml"), path("b.toml")];
        let all = select(&[folder.path().to_owned()]).unwrap();
        assert_eq!((all.specs, all.is_many), (both.clone(), true));
        let again = select(&[path("**/*.toml"), path("b.toml")]).unwrap();
        assert_eq!(again.specs, both);
        let one = select(&[path("b.toml")]).unwrap();
        assert!(!one.is_many);
        assert_eq!(select(&[path("gone.toml")]).unwrap().specs.len(), 1);
        for nothing in ["a/*.md", "x*"] {
            assert!(select(&[path(nothing)]).is_err(), "{nothing}");
        }
        assert!(select(&[path("a[")]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn folders_that_link_in_a_circle_end() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        assert!(select(&[folder.path().to_owned()]).is_err());
    }
}
