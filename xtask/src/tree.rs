//! Folders compared and replaced as a whole.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// One file that two folders do not have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The file, below the folder, with slashes.
    pub path: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Missing,
    Extra,
    /// The first line that differs, counted from 1.
    Line(usize),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Missing => write!(f, "{}: is missing", self.path),
            Kind::Extra => write!(f, "{}: should not be there", self.path),
            Kind::Line(line) => write!(f, "{}: differs from line {line}", self.path),
        }
    }
}

/// How `found` differs from `expected`, sorted by path. A folder that does not
/// exist is empty.
pub fn differences(found: &Path, expected: &Path) -> Result<Vec<Difference>> {
    let (found, expected) = (read(found)?, read(expected)?);
    let mut differences = Vec::new();
    for (path, wanted) in &expected {
        let kind = match found.get(path) {
            None => Kind::Missing,
            Some(bytes) if bytes != wanted => Kind::Line(first_difference(bytes, wanted)),
            Some(_) => continue,
        };
        differences.push(Difference {
            path: path.clone(),
            kind,
        });
    }
    let extra = found.keys().filter(|path| !expected.contains_key(*path));
    differences.extend(extra.map(|path| Difference {
        path: path.clone(),
        kind: Kind::Extra,
    }));
    differences.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(differences)
}

/// Makes `place` a copy of `source`.
pub fn replace(place: &Path, source: &Path) -> Result<()> {
    if place.exists() {
        fs::remove_dir_all(place).with_context(|| format!("cannot empty {}", place.display()))?;
    }
    for (path, bytes) in read(source)? {
        write(&place.join(path), &bytes)?;
    }
    Ok(())
}

/// Writes a file and the folders it is in.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Every file in a folder by its relative path with `/`.
fn read(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(relative) = folders.pop() {
        let current = folder.join(&relative);
        if !current.exists() {
            continue;
        }
        for entry in
            fs::read_dir(&current).with_context(|| format!("cannot list {}", current.display()))?
        {
            let path = relative.join(entry?.file_name());
            let full = folder.join(&path);
            if full.is_dir() {
                folders.push(path);
                continue;
            }
            let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
            let bytes =
                fs::read(&full).with_context(|| format!("cannot read {}", full.display()))?;
            files.insert(parts.join("/"), bytes);
        }
    }
    Ok(files)
}

fn first_difference(one: &[u8], other: &[u8]) -> usize {
    let lines = |bytes: &'_ [u8]| {
        bytes
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect()
    };
    let (one, other): (Vec<_>, Vec<_>) = (lines(one), lines(other));
    let same = one
        .iter()
        .zip(&other)
        .take_while(|(one, other)| one == other);
    same.count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_difference_is_named() -> Result<()> {
        let (found, expected) = (tempfile::tempdir()?, tempfile::tempdir()?);
        write(&found.path().join("a/extra"), b"")?;
        write(&found.path().join("a/same"), b"1")?;
        write(&found.path().join("changed"), b"1\n2\n")?;
        write(&expected.path().join("a/same"), b"1")?;
        write(&expected.path().join("changed"), b"1\n3\n")?;
        write(&expected.path().join("missing"), b"")?;
        let said: Vec<_> = differences(found.path(), expected.path())?
            .iter()
            .map(ToString::to_string)
            .collect();
        let wanted = [
            "a/extra: should not be there",
            "changed: differs from line 2",
            "missing: is missing",
        ];
        assert_eq!(said, wanted);
        replace(found.path(), expected.path())?;
        assert_eq!(differences(found.path(), expected.path())?, []);
        Ok(())
    }
}
