//! A chart's dependencies: found, fetched, or replaced by stand-ins.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::Failure;
use crate::helm::Helm;

/// What to do about dependencies that are not in the chart's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependencies {
    /// They have to be there.
    Present,
    /// Helm fetches them.
    Update,
    /// Stand-ins without objects take their place.
    Skip,
}

/// A dependency as `Chart.yaml` names it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Dependency {
    pub name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    repository: String,
}

impl Dependency {
    /// Its archive or folder among fetched charts, in its version if that is
    /// exact: the folder may have those of another chart.
    pub fn find(&self, charts: &Path) -> Option<PathBuf> {
        let folder = charts.join(&self.name);
        if folder_version(&folder).is_some_and(|version| self.takes(&version)) {
            return Some(folder);
        }
        let entries = fs::read_dir(charts).ok()?;
        let mut archives: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let rest = name.strip_prefix(&format!("{}-", self.name));
                let version = rest.and_then(|rest| rest.strip_suffix(".tgz"));
                version.is_some_and(|version| {
                    version.starts_with(|c: char| c.is_ascii_digit()) && self.takes(version)
                })
            })
            .collect();
        archives.sort();
        archives.pop()
    }

    /// Whether a version is what is wanted. Of a range, Helm decides.
    fn takes(&self, version: &str) -> bool {
        let plain = self.version.trim_start_matches('v');
        let digits = plain.split(['-', '+']).next().unwrap_or_default();
        let is_exact = digits.split('.').count() == 3
            && digits
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        !is_exact || plain == version.trim_start_matches('v')
    }
}

fn folder_version(folder: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct ChartYaml {
        version: String,
    }
    let text = fs::read_to_string(folder.join("Chart.yaml")).ok()?;
    let chart: ChartYaml = serde_yaml::from_str(&text).ok()?;
    Some(chart.version)
}

/// Dependencies that are not among fetched charts.
pub(super) fn missing<'a>(charts: &Path, all: &'a [Dependency]) -> Vec<&'a Dependency> {
    let missing = all.iter().filter(|one| one.find(charts).is_none());
    missing.collect()
}

impl Dependencies {
    /// Provides what is missing in a chart's folder. `kept` is the folder where
    /// a person would fetch them. Gives whether stand-ins were made.
    pub(super) fn provide(
        self,
        helm: &Helm,
        chart: &Path,
        all: &[Dependency],
        kept: Option<&Path>,
    ) -> Result<bool, Failure> {
        let charts = chart.join("charts");
        let absent = missing(&charts, all);
        if absent.is_empty() {
            return Ok(false);
        }
        match self {
            Self::Update => helm.update_dependencies(chart).map(|()| false),
            Self::Skip => stand_ins(chart, &absent).map(|()| true),
            Self::Present => {
                let names: Vec<String> = absent
                    .iter()
                    .map(|one| format!("{} {} from {}", one.name, one.version, one.repository))
                    .collect();
                let fetch = kept.filter(|path| path.is_dir()).map_or_else(
                    || "build the chart and run `helm dependency build` in its folder".to_owned(),
                    |path| format!("run `helm dependency build {}`", path.display()),
                );
                Err(Failure::world(format!(
                    "the chart's dependencies are not here: {}",
                    names.join(", ")
                ))
                .help(format!(
                    "{fetch}; or have them fetched with `--update-dependencies`; or take the chart's own objects only with `--skip-dependencies`"
                )))
            }
        }
    }
}

/// Charts without objects that have every named template which the chart
/// includes and does not define itself, since its own would not render otherwise.
fn stand_ins(chart: &Path, absent: &[&Dependency]) -> Result<(), Failure> {
    let mut included = BTreeSet::new();
    let mut defined = BTreeSet::new();
    for text in texts(&chart.join("templates"))? {
        included.extend(names(&text, "include \""));
        defined.extend(names(&text, "define \""));
    }
    let helpers: String = included
        .difference(&defined)
        .map(|name| include_str!("stand_in_helper.tpl").replace("NAME", name))
        .collect();
    for dependency in absent {
        let folder = chart.join("charts").join(&dependency.name);
        let templates = folder.join("templates");
        fs::create_dir_all(&templates).map_err(|error| Failure::io("make", &templates, &error))?;
        let metadata = include_str!("stand_in_chart.yaml")
            .replace("NAME", &dependency.name)
            .replace("VERSION", &within(&dependency.version));
        for (path, text) in [
            (folder.join("Chart.yaml"), &metadata),
            (templates.join("_helpers.tpl"), &helpers),
        ] {
            fs::write(&path, text).map_err(|error| Failure::io("write", &path, &error))?;
        }
    }
    Ok(())
}

/// A version within a range such as `12.x.x` or `^1.2.0`.
fn within(range: &str) -> String {
    let first = range
        .split([' ', ',', '|'])
        .find(|part| part.contains(|c: char| c.is_ascii_digit()));
    let first = first.unwrap_or("0.0.0");
    let first = first.trim_start_matches(['>', '=', '<', '^', '~', 'v']);
    let mut parts: Vec<String> = first
        .splitn(3, '.')
        .map(|part| part.replace(['x', 'X', '*'], "0"))
        .collect();
    parts.resize(3, "0".to_owned());
    parts.join(".")
}

/// Names after a word of the template language.
fn names(text: &str, before: &str) -> BTreeSet<String> {
    let calls = text.split(before).skip(1);
    let names = calls.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()));
    names.collect()
}

/// The texts of all files below a folder; none if there is no folder.
pub(super) fn texts(folder: &Path) -> Result<Vec<String>, Failure> {
    let mut all = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(all);
    };
    for entry in entries {
        let path = entry
            .map_err(|error| Failure::io("read", folder, &error))?
            .path();
        if path.is_dir() {
            all.extend(texts(&path)?);
        } else {
            let bytes = fs::read(&path).map_err(|error| Failure::io("read", &path, &error))?;
            all.push(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_within_a_range() {
        for (range, version) in [
            ("12.12.10", "12.12.10"),
            ("12.x.x", "12.0.0"),
            ("^1.2", "1.2.0"),
            (">= 1.5.0-0 < 2", "1.5.0-0"),
            ("", "0.0.0"),
        ] {
            assert_eq!(within(range), version, "{range}");
        }
    }

    #[test]
    fn archives_are_told_apart() {
        let charts = tempfile::tempdir().unwrap();
        for file in ["redis-cluster-1.0.0.tgz", "redis-17.0.0.tgz"] {
            fs::write(charts.path().join(file), "").unwrap();
        }
        let dependency = |name: &str| Dependency {
            name: name.into(),
            version: String::new(),
            repository: String::new(),
        };
        let found = dependency("redis").find(charts.path()).unwrap();
        assert!(found.ends_with("redis-17.0.0.tgz"));
        assert!(dependency("red").find(charts.path()).is_none());
    }
}
