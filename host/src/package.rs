//! A chart as an archive, the same bytes on every machine.
//!
//! The members are sorted but for Chart.yaml, which is first; their time is that
//! of `SOURCE_DATE_EPOCH`, else the start of 1980; owner and mode are fixed, and
//! files that taskspec wrote have the line endings that it wrote. Which files are
//! left out says `.helmignore`, read as Helm reads it.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use glob::{MatchOptions, Pattern};
use serde::Deserialize;
use tar::{Builder, EntryType, Header};

use crate::failure::Failure;
use crate::output::{LOCK_NAME, check_name, with_newlines};

/// 1980-01-01T00:00:00Z: every archive format can say it.
const TIME: u64 = 315_532_800;

/// Bytes of a file; Helm loads no larger one.
const FILE_BYTES_MAX: u64 = 5 << 20;

/// The byte of the gzip header for "unknown system".
const NO_SYSTEM: u8 = 255;

/// An archive that is not written yet.
#[derive(Debug)]
pub struct Archive {
    /// The chart's name.
    pub name: String,
    /// The chart's version.
    pub version: String,
    /// How many files are in it.
    pub n_files: usize,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Archive {
    /// What Helm calls the file.
    pub fn file_name(&self) -> String {
        format!("{}-{}.tgz", self.name, self.version)
    }
}

#[derive(Deserialize)]
struct ChartYaml {
    name: String,
    version: String,
    #[serde(default)]
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
}

/// Packs the chart in `folder`; `generated` are the files that taskspec wrote.
///
/// # Errors
///
/// When a dependency or Chart.yaml is missing, a file is one that Helm does not
/// load, or the system refuses.
pub fn pack(folder: &Path, generated: &BTreeSet<String>) -> Result<Archive, Failure> {
    let chart = chart_yaml(folder)?;
    let time = time(env::var_os("SOURCE_DATE_EPOCH"))?;
    let ignore = Ignore::read(folder)?;
    let mut files = Vec::new();
    collect(folder, "", &ignore, &mut files)?;
    files.sort_by_key(|path| (path != "Chart.yaml", path.clone()));
    missing_dependencies(folder, &chart, &files)?;
    let encoder = GzBuilder::new()
        .operating_system(NO_SYSTEM)
        .write(Vec::new(), Compression::best());
    let mut builder = Builder::new(encoder);
    for path in &files {
        let full = folder.join(path);
        let failed = |error: io::Error| Failure::io("read", &full, &error);
        let mut bytes = fs::read(&full).map_err(failed)?;
        if (generated.contains(path) || path == LOCK_NAME)
            && let Ok(text) = std::str::from_utf8(&bytes)
        {
            bytes = with_newlines(text).into_bytes();
        }
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(time);
        header.set_size(bytes.len() as u64);
        let name = format!("{}/{path}", chart.name);
        builder
            .append_data(&mut header, &name, bytes.as_slice())
            .map_err(failed)?;
    }
    let packed = builder.into_inner().and_then(|encoder| encoder.finish());
    Ok(Archive {
        name: chart.name,
        version: chart.version,
        n_files: files.len(),
        bytes: packed.map_err(|error| Failure::io("pack", folder, &error))?,
    })
}

/// Writes the archive into `folder`. Gives its path.
///
/// # Errors
///
/// When the system refuses; an archive that was there is whole then.
pub fn write(archive: &Archive, folder: &Path) -> Result<PathBuf, Failure> {
    let path = folder.join(archive.file_name());
    let failed = |error: io::Error| Failure::io("write", &path, &error);
    if fs::read(&path).is_ok_and(|bytes| bytes == archive.bytes) {
        return Ok(path);
    }
    let place = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    fs::create_dir_all(place).map_err(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(place).map_err(failed)?;
    file.write_all(&archive.bytes).map_err(failed)?;
    make_readable(file.as_file()).map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(path)
}

/// Temporary files are for their owner alone; an archive is for everybody.
#[cfg(unix)]
fn make_readable(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_file: &fs::File) -> io::Result<()> {
    Ok(())
}

fn chart_yaml(folder: &Path) -> Result<ChartYaml, Failure> {
    let path = folder.join("Chart.yaml");
    let text = fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))?;
    let chart: ChartYaml = serde_yaml::from_str(&text)
        .map_err(|error| Failure::world(format!("`{}` is damaged: {error}", path.display())))?;
    check_name(&chart.name)?;
    check_name(&chart.version)?;
    Ok(chart)
}

fn time(epoch: Option<std::ffi::OsString>) -> Result<u64, Failure> {
    let Some(epoch) = epoch.filter(|epoch| !epoch.is_empty()) else {
        return Ok(TIME);
    };
    // A tar header has eleven octal digits.
    let seconds = epoch.to_str().and_then(|text| text.parse().ok());
    seconds.filter(|seconds| *seconds < 1 << 33).ok_or_else(|| {
        Failure::spec(format!("SOURCE_DATE_EPOCH is {epoch:?}"))
            .help("set it to seconds since 1970, or not at all")
    })
}

fn missing_dependencies(folder: &Path, chart: &ChartYaml, files: &[String]) -> Result<(), Failure> {
    let is_there = |name: &str| {
        files.iter().any(|path| {
            path.strip_prefix("charts/")
                .and_then(|path| path.strip_prefix(name))
                .is_some_and(|rest| {
                    let version = rest.strip_prefix('-').unwrap_or_default();
                    let is_version = version.starts_with(|c: char| c.is_ascii_digit() || c == 'v');
                    rest == "/Chart.yaml" || is_version && rest.ends_with(".tgz")
                })
        })
    };
    let names = chart.dependencies.iter().map(|one| one.name.as_str());
    let missing: Vec<&str> = names.filter(|name| !is_there(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::world(format!(
        "`{}` has no archive of: {}",
        folder.join("charts").display(),
        missing.join(", ")
    ))
    .note("a packed chart has its dependencies in it")
    .help(format!(
        "run `helm dependency build {}`; Chart.lock says which repositories it needs",
        folder.display()
    )))
}

fn collect(
    root: &Path,
    below: &str,
    ignore: &Ignore,
    files: &mut Vec<String>,
) -> Result<(), Failure> {
    let folder = root.join(below);
    let failed = |error: io::Error| Failure::io("list the files of", &folder, &error);
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            return Err(unfit(&entry.path(), "its name is not UTF-8"));
        };
        let path = match below {
            "" => name.to_owned(),
            below => format!("{below}/{name}"),
        };
        let kind = entry.file_type().map_err(failed)?;
        if ignore.is_ignored(&path, kind.is_dir()) {
            continue;
        }
        if kind.is_dir() {
            collect(root, &path, ignore, files)?;
        } else if !kind.is_file() {
            return Err(unfit(&entry.path(), "it is a link or no plain file"));
        } else if entry.metadata().map_err(failed)?.len() > FILE_BYTES_MAX {
            return Err(unfit(&entry.path(), "Helm loads no file above 5 MiB"));
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn unfit(path: &Path, why: &str) -> Failure {
    Failure::world(format!("`{}` cannot be packed: {why}", path.display()))
        .help("move it out of the chart, or name it in .helmignore")
}

/// The rules of a `.helmignore`.
#[derive(Debug, Default)]
struct Ignore {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    is_negated: bool,
    is_for_folders: bool,
    /// Whether the whole path is meant, not the last name.
    is_path: bool,
}

impl Ignore {
    fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(".helmignore");
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map_err(|line| {
                Failure::world(format!("`{}`: `{line}` is no pattern", path.display()))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Failure::io("read", &path, &error)),
        }
        .map(|mut ignore| {
            // Helm's own.
            ignore.rules.extend(Rule::parse("templates/.?*"));
            ignore
        })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let rules = lines.map(|line| Rule::parse(line).ok_or_else(|| line.to_owned()));
        Ok(Self {
            rules: rules.collect::<Result<_, _>>()?,
        })
    }

    fn is_ignored(&self, path: &str, is_folder: bool) -> bool {
        self.rules.iter().any(|rule| {
            let matches = rule.matches(path);
            match rule.is_negated {
                true => rule.is_for_folders && !is_folder || !matches,
                false => matches && (is_folder || !rule.is_for_folders),
            }
        })
    }
}

impl Rule {
    /// None for what Helm refuses.
    fn parse(line: &str) -> Option<Self> {
        if line.contains("**") {
            return None;
        }
        let (is_negated, line) = match line.strip_prefix('!') {
            Some(line) => (true, line),
            None => (false, line),
        };
        let (is_for_folders, line) = match line.strip_suffix('/') {
            Some(line) => (true, line),
            None => (false, line),
        };
        let is_path = line.contains('/');
        let line = line.strip_prefix('/').unwrap_or(line);
        Some(Self {
            // Go writes `[^a]` for what is not in a class.
            pattern: Pattern::new(&line.replace("[^", "[!")).ok()?,
            is_negated,
            is_for_folders,
            is_path,
        })
    }

    fn matches(&self, path: &str) -> bool {
        let options = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: false,
        };
        let name = path.rsplit('/').next().unwrap_or(path);
        let text = if self.is_path { path } else { name };
        self.pattern.matches_with(text, options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_left_out_as_helm_does() {
        let ignore = Ignore::parse(
            "# comment\n*.orig\n/tests/\n.git/\n  docs/*.md \nsecret[^s].yaml\n.taskspec-tmp-*\n",
        )
        .unwrap();
        for (path, is_folder, expected) in [
            ("values.yaml", false, false),
            ("values.yaml.orig", false, true),
            ("templates/a.yaml.orig", false, true),
            ("tests", true, true),
            ("tests", false, false),
            ("templates/tests", true, false),
            ("charts/x/.git", true, true),
            ("docs/a.md", false, true),
            ("docs/b/a.md", false, false),
            ("secret1.yaml", false, true),
            ("secrets.yaml", false, false),
            (".taskspec-tmp-0", true, true),
        ] {
            assert_eq!(ignore.is_ignored(path, is_folder), expected, "{path}");
        }
        assert!(Ignore::parse("a/**/b").is_err());
    }

    #[test]
    fn the_time_is_fixed_or_asked_for() {
        assert_eq!(time(None).unwrap(), TIME);
        assert_eq!(time(Some("86400".into())).unwrap(), 86_400);
        for text in ["now", "-1", "99999999999"] {
            assert!(time(Some(text.into())).is_err(), "{text}");
        }
    }
}
