//! Which paths and how much data the compiler may ask to have written.
//!
//! The rules are those of the strictest system, so that a chart that is written
//! on one can be checked out on every other.

use std::collections::HashMap;

use crate::compiler::File;
use crate::failure::Failure;

use super::base::STATE_FOLDER;
use super::lock::LOCK_NAME;

/// Files in one chart.
const N_FILES_MAX: usize = 10_000;

/// Bytes of all files together.
const BYTES_MAX: usize = 64 << 20;

/// Bytes of one path.
const PATH_BYTES_MAX: usize = 1024;

/// Bytes of one segment; file systems have the same bound.
const SEGMENT_BYTES_MAX: usize = 255;

/// The start of names that are the runner's own.
pub(super) const TEMPORARY_PREFIX: &str = ".taskspec-tmp-";

/// Refuses files that cannot be written safely. That they come from the
/// compiler makes it a bug rather than a fault of the specification.
///
/// # Errors
///
/// Names the path and what is wrong with it.
pub fn check_paths(files: &[File]) -> Result<(), Failure> {
    if files.len() > N_FILES_MAX {
        return Err(refused(format!(
            "{} files, more than {N_FILES_MAX}",
            files.len()
        )));
    }
    let n_bytes: usize = files.iter().map(|file| file.contents.len()).sum();
    if n_bytes > BYTES_MAX {
        return Err(refused(format!("{n_bytes} bytes, more than {BYTES_MAX}")));
    }
    let mut seen = Seen::default();
    for file in files {
        check_path(&file.path)
            .and_then(|()| seen.add(&file.path))
            .map_err(|reason| refused(format!("the path {:?}: {reason}", file.path)))?;
    }
    Ok(())
}

/// Refuses a chart name that is not one plain folder name.
///
/// # Errors
///
/// Names the name and what is wrong with it.
pub fn check_name(name: &str) -> Result<(), Failure> {
    check_segment(name).map_err(|reason| refused(format!("the chart name {name:?}: {reason}")))
}

fn refused(what: String) -> Failure {
    Failure::bug(format!("internal error: refused to write {what}"))
}

/// Errors unless the path is relative, stays below its folder, has a name on
/// every system and is not the runner's own.
pub(super) fn check_path(path: &str) -> Result<(), &'static str> {
    if path.len() > PATH_BYTES_MAX {
        return Err("is too long");
    }
    if path.starts_with('/') {
        return Err("is absolute");
    }
    if path.eq_ignore_ascii_case(LOCK_NAME) {
        return Err("is the lock's");
    }
    path.split('/').try_for_each(check_segment)
}

/// Errors unless the text is one plain name on every system.
pub(super) fn check_segment(segment: &str) -> Result<(), &'static str> {
    if segment.is_empty() {
        return Err("has an empty segment");
    }
    if segment == "." || segment == ".." {
        return Err("has a `.` or `..` segment");
    }
    if segment.len() > SEGMENT_BYTES_MAX {
        return Err("has a segment that is too long");
    }
    if segment.contains(|c: char| c.is_control() || r#"/\:<>"|?*"#.contains(c)) {
        return Err("has a character that not every system allows");
    }
    if segment.ends_with(['.', ' ']) || is_device(segment) {
        return Err("has a segment that Windows changes");
    }
    let lower = segment.to_ascii_lowercase();
    if lower.starts_with(TEMPORARY_PREFIX) || lower == STATE_FOLDER {
        return Err("has a name that is kept for taskspec's own files");
    }
    Ok(())
}

/// Whether Windows takes the name for a device, with any extension.
fn is_device(segment: &str) -> bool {
    let stem = segment
        .split('.')
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_ascii_lowercase();
    if matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") {
        return true;
    }
    let number = stem
        .strip_prefix("com")
        .or_else(|| stem.strip_prefix("lpt"));
    number.is_some_and(|n| n.chars().count() == 1 && n.contains(|c| "123456789¹²³".contains(c)))
}

/// The paths so far, as a file system that ignores case sees them.
#[derive(Default)]
struct Seen<'a> {
    files: HashMap<String, ()>,
    folders: HashMap<String, &'a str>,
}

impl<'a> Seen<'a> {
    fn add(&mut self, path: &'a str) -> Result<(), &'static str> {
        let folded = path.to_lowercase();
        if self.folders.contains_key(&folded) {
            return Err("is also a folder");
        }
        for (at, _) in path.match_indices('/') {
            let folder = &path[..at];
            let folded = folder.to_lowercase();
            if self.files.contains_key(&folded) {
                return Err("is inside of another file");
            }
            if *self.folders.entry(folded).or_insert(folder) != folder {
                return Err("has a folder that differs from another only in case");
            }
        }
        match self.files.insert(folded, ()) {
            Some(()) => Err("is there twice, perhaps in other case"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(paths: &[&str]) -> Vec<File> {
        paths
            .iter()
            .map(|path| File {
                path: (*path).into(),
                contents: String::new(),
            })
            .collect()
    }

    #[test]
    fn ordinary_paths_are_allowed() {
        let paths = [
            "Chart.yaml",
            ".helmignore",
            "templates/_helpers.tpl",
            "templates/tests/test connection.yaml",
            "charts/größe/values.yaml",
            "console.yaml",
            "com10.txt",
            "..a/b..c",
        ];
        check_paths(&files(&paths)).unwrap();
    }

    #[test]
    fn paths_that_leave_the_folder_or_confuse_a_system_are_refused() {
        let paths = [
            "",
            "/",
            "/etc/passwd",
            "a/",
            "a//b",
            ".",
            "..",
            "../a",
            "a/../../b",
            "a/./b",
            "a\\b",
            "..\\a",
            "C:a",
            "C:/a",
            "a\0b",
            "a\nb",
            "a:stream",
            "nul",
            "a/CON.yaml",
            "aux .txt",
            "com1",
            "LPT9.log",
            "lpt¹",
            "a.",
            "a /b",
            "a?",
            "*",
            "taskspec.lock",
            "Taskspec.LOCK",
            ".taskspec-tmp-1",
            "a/.TASKSPEC-tmp-x/b",
            ".taskspec/generated.json",
            "\u{7f}",
        ];
        for path in paths {
            let failure = check_paths(&files(&[path])).expect_err(path);
            assert_eq!(failure.exit as u8, 70, "{path}");
        }
        assert!(check_paths(&files(&[&"a".repeat(256)])).is_err());
        assert!(check_paths(&files(&[&"a/".repeat(513)])).is_err());
    }

    #[test]
    fn paths_that_collide_are_refused() {
        for pair in [
            ["a", "a"],
            ["a", "A"],
            ["Ä", "ä"],
            ["a", "a/b"],
            ["a/b", "a"],
            ["A/b", "a"],
            ["a/b", "A/c"],
        ] {
            assert!(check_paths(&files(&pair)).is_err(), "{pair:?}");
        }
        check_paths(&files(&["a/b", "a/c", "ab"])).unwrap();
    }

    #[test]
    fn too_much_is_refused() {
        let many: Vec<String> = (0..=N_FILES_MAX).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        check_paths(&files(&many[1..])).unwrap();
        assert!(check_paths(&files(&many)).is_err());
        let big = File {
            path: "a".into(),
            contents: "x".repeat(BYTES_MAX + 1),
        };
        assert!(check_paths(&[big]).is_err());
    }

    #[test]
    fn a_chart_name_is_one_segment() {
        check_name("task-api").unwrap();
        for name in ["", ".", "..", "a/b", "/a", "a\\b", "c:"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
