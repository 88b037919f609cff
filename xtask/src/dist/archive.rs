//! A `.tgz` whose bytes depend on nothing but what it holds.
//!
//! Sorted members with an entry for each folder (Helm 3 needs them), no links
//! (Helm refuses them), owner 0, two modes, one time, and a gzip head without
//! time and name.

use anyhow::{Context, Result, bail};
use flate2::{Compression, GzBuilder};
use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tar::{EntryType, Header};

/// 2026-01-01T00:00:00Z. Zero would do as well, but some tools warn of it.
const FIXED_TIME: u64 = 1_767_225_600;

/// `SOURCE_DATE_EPOCH`, or a constant.
pub fn modification_time() -> Result<u64> {
    match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text
            .parse()
            .with_context(|| format!("SOURCE_DATE_EPOCH is `{text}`, not a number of seconds")),
        Err(_) => Ok(FIXED_TIME),
    }
}

/// Packs a folder; its members' names start with `name/`.
pub fn pack(folder: &Path, name: &str, modification_time: u64) -> Result<Vec<u8>> {
    let gzip = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::best());
    let mut archive = tar::Builder::new(gzip);
    for path in members(folder)? {
        let relative = path.strip_prefix(folder)?;
        let member = if relative.as_os_str().is_empty() {
            format!("{name}/")
        } else {
            format!("{name}/{}", slashes(relative))
        };
        append(&mut archive, &path, &member, modification_time)
            .with_context(|| format!("cannot pack {}", path.display()))?;
    }
    Ok(archive.into_inner()?.finish()?)
}

fn append(
    archive: &mut tar::Builder<impl Write>,
    path: &Path,
    member: &str,
    modification_time: u64,
) -> Result<()> {
    let folder = path.is_dir();
    let bytes = if folder { Vec::new() } else { fs::read(path)? };
    let mut header = Header::new_ustar();
    header.set_entry_type(if folder {
        EntryType::Directory
    } else {
        EntryType::Regular
    });
    header.set_mode(if folder || is_program(member) {
        0o755
    } else {
        0o644
    });
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(modification_time);
    header.set_size(bytes.len() as u64);
    let member = if folder && !member.ends_with('/') {
        format!("{member}/")
    } else {
        member.to_owned()
    };
    Ok(archive.append_data(&mut header, member, bytes.as_slice())?)
}

/// By name, because not every file system keeps run bits.
fn is_program(member: &str) -> bool {
    member.contains("/bin/") || member.ends_with("/plugin.complete")
}

/// The folder and everything in it, sorted.
fn members(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![folder.to_path_buf()];
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        entries.push(entry?.path());
    }
    entries.sort();
    for path in entries {
        if path.is_symlink() {
            bail!(
                "{} is a link, which Helm refuses in a plugin",
                path.display()
            );
        }
        if path.is_dir() {
            found.extend(members(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

fn slashes(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Result<tempfile::TempDir> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("bin"))?;
        fs::write(folder.path().join("plugin.yaml"), "name: x\n")?;
        fs::write(folder.path().join("bin/x"), "program")?;
        Ok(folder)
    }

    #[test]
    fn the_same_files_give_the_same_bytes() -> Result<()> {
        let (one, other) = (sample()?, sample()?);
        assert_eq!(pack(one.path(), "x", 7)?, pack(other.path(), "x", 7)?);
        Ok(())
    }

    #[test]
    fn members_are_sorted_with_folders_and_modes() -> Result<()> {
        let folder = sample()?;
        let bytes = pack(folder.path(), "x", 7)?;
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        let mut seen = Vec::new();
        for entry in archive.entries()? {
            let entry = entry?;
            let header = entry.header();
            let owner = (header.uid()?, header.gid()?, header.mtime()?);
            assert_eq!(owner, (0, 0, 7));
            seen.push(format!("{:o} {}", header.mode()?, entry.path()?.display()));
        }
        assert_eq!(
            seen,
            ["755 x/", "755 x/bin/", "755 x/bin/x", "644 x/plugin.yaml"]
        );
        Ok(())
    }
}
