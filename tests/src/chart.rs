//! Specifications as charts in temporary folders, ready for Helm.

use crate::existing;
use crate::manifest::Object;
use crate::structure::Rendering;
use crate::tools::{Helm, said, workspace};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use taskspec_plugin::Chart;
use taskspec_plugin::catalog::Catalog;
use tempfile::TempDir;

/// A specification that must compile.
#[derive(Debug, Clone)]
pub struct Case {
    /// Such as `examples/task-api` or `charts/bare`.
    pub name: String,
    /// Its text.
    pub spec: String,
}

impl Case {
    /// The specification at a path of the workspace.
    ///
    /// # Panics
    /// If it cannot be read.
    pub fn read(name: &str, path: &Path) -> Self {
        let spec =
            fs::read_to_string(path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        Self {
            name: name.to_owned(),
            spec,
        }
    }

    /// One specification of `spec/examples`.
    pub fn example(name: &str) -> Self {
        Self::read(
            &format!("examples/{name}"),
            &workspace().join(format!("spec/examples/{name}.toml")),
        )
    }

    /// One specification of `tests/charts`.
    pub fn own(name: &str) -> Self {
        Self::read(
            &format!("charts/{name}"),
            &workspace().join(format!("tests/charts/{name}/spec.toml")),
        )
    }

    /// Examples, starters and the tests' own specifications.
    pub fn all() -> Vec<Self> {
        let mut cases = Self::published();
        cases.extend(
            names("tests/charts")
                .into_iter()
                .map(|name| Self::own(&name)),
        );
        cases
    }

    /// What people start from: examples and starters.
    pub fn published() -> Vec<Self> {
        let mut cases = Vec::new();
        for (kind, folder) in [
            ("examples", "spec/examples"),
            ("starters", "plugin/starters"),
        ] {
            for file in names(folder) {
                let name = file.trim_end_matches(".toml");
                cases.push(Self::read(
                    &format!("{kind}/{name}"),
                    &workspace().join(folder).join(&file),
                ));
            }
        }
        cases
    }

    /// Compiles it.
    ///
    /// # Panics
    /// If it has errors.
    pub fn compile(&self) -> Chart {
        let compilation = taskspec_plugin::compile(&self.spec, &[]);
        compilation
            .chart
            .unwrap_or_else(|| panic!("{}: {:#?}", self.name, compilation.diagnostics))
    }

    /// Compiles it and writes the chart.
    pub fn build(&self) -> Built {
        Built::new(&self.name, self.compile())
    }
}

/// Sorted names in a folder of the workspace.
fn names(folder: &str) -> Vec<String> {
    let path = workspace().join(folder);
    let entries = fs::read_dir(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names
}

/// A chart in a temporary folder, with contract charts for what a repository
/// would provide.
pub struct Built {
    /// Name of the case.
    pub case: String,
    /// The chart as compiled.
    pub chart: Chart,
    folder: TempDir,
}

impl Built {
    /// Writes a chart.
    ///
    /// # Panics
    /// If a file cannot be written or a contract chart is missing.
    pub fn new(case: &str, chart: Chart) -> Self {
        let folder = temporary();
        let built = Self {
            case: case.to_owned(),
            chart,
            folder,
        };
        for file in &built.chart.files {
            write(&built.path().join(&file.path), &file.contents);
        }
        for chart in built.repository_charts() {
            let place = built.path().join("charts").join(&chart.name);
            copy(&chart.contract(), &place);
            let metadata = place.join("Chart.yaml");
            let text = fs::read_to_string(&metadata).expect("a contract chart has a Chart.yaml");
            write(&metadata, &chart.versioned(&text));
        }
        built
    }

    /// Where it is. The folder is called like the chart, as Helm expects.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(&self.chart.name)
    }

    /// The text of a file.
    ///
    /// # Panics
    /// If the chart has no such file.
    pub fn text(&self, path: &str) -> &str {
        let file = self.chart.files.iter().find(|file| file.path == path);
        file.map(|file| file.contents.as_str())
            .unwrap_or_else(|| panic!("{}: no {path}", self.case))
    }

    /// A YAML or JSON file as data.
    ///
    /// # Panics
    /// If it cannot be parsed.
    pub fn data(&self, path: &str) -> Value {
        serde_yaml::from_str(self.text(path))
            .unwrap_or_else(|fault| panic!("{}: {path}: {fault}", self.case))
    }

    /// Names of the dependencies' sections in the values, which belong to their charts.
    pub fn sections(&self) -> Vec<String> {
        let chart = self.data("Chart.yaml");
        let entries = chart["dependencies"].as_array().into_iter().flatten();
        entries
            .filter_map(|entry| entry["alias"].as_str().or(entry["name"].as_str()))
            .map(str::to_owned)
            .collect()
    }

    /// Names in this chart of the dependencies that a repository provides.
    pub fn from_repositories(&self) -> Vec<String> {
        self.repository_charts()
            .into_iter()
            .map(|chart| chart.alias)
            .collect()
    }

    /// Each dependency that a repository provides.
    fn repository_charts(&self) -> Vec<RepositoryChart> {
        let chart = self.data("Chart.yaml");
        let entries = chart["dependencies"].as_array().into_iter().flatten();
        entries
            .filter(|entry| {
                entry["repository"]
                    .as_str()
                    .is_some_and(|repository| !repository.is_empty())
            })
            .map(|entry| {
                let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
                RepositoryChart {
                    alias: entry["alias"]
                        .as_str()
                        .map_or_else(|| text("name"), str::to_owned),
                    name: text("name"),
                    repository: text("repository"),
                    version: text("version"),
                }
            })
            .collect()
    }

    /// The oldest Kubernetes that the chart is for; Helm's own guess may be older.
    pub fn kubernetes(&self) -> String {
        let chart = self.data("Chart.yaml");
        let asked = chart["kubeVersion"].as_str().unwrap_or_default();
        asked
            .trim_start_matches(">=")
            .trim_end_matches("-0")
            .to_owned()
    }

    /// The values files: none for the bare defaults, then one an environment.
    pub fn variants(&self) -> Vec<Variant> {
        let mut all = vec![Variant {
            name: "defaults".to_owned(),
            files: Vec::new(),
            release: None,
        }];
        all.extend(self.chart.environments.iter().map(|environment| Variant {
            name: environment.name.clone(),
            files: vec![environment.values_file.clone()],
            release: Some(environment.release.clone()),
        }));
        all
    }

    /// Faults of objects that it renders to with these values.
    ///
    /// # Panics
    /// If the chart's own files cannot be parsed.
    pub fn faults(&self, values: &Value, objects: &[Object]) -> Vec<String> {
        let judged = self.judged(values, objects);
        judged.into_iter().map(|(_, fault)| fault).collect()
    }

    /// The same with the name of the check that found each fault.
    ///
    /// # Panics
    /// If the chart's own files cannot be parsed.
    pub fn judged(&self, values: &Value, objects: &[Object]) -> Vec<(&'static str, String)> {
        let repositories = self.from_repositories();
        Rendering {
            objects,
            from_repositories: &repositories,
            existing: existing::named(values, &self.sections(), self.text("README.md")),
            off: existing::off(values),
        }
        .faults()
    }

    /// Renders it in the namespace `ns` of a cluster with the Prometheus Operator; what Helm said when it refuses.
    ///
    /// # Errors
    /// If Helm does not render it.
    pub fn render(
        &self,
        helm: &Helm,
        release: &str,
        variant: &Variant,
        more: &[&str],
    ) -> Result<String, String> {
        let path = self.path();
        let mut command = helm.command();
        command
            .current_dir(&path)
            .args(["template", release, ".", "--namespace", "ns"])
            .args(["--kube-version", &self.kubernetes()]);
        for kind in ["ServiceMonitor", "PodMonitor", "PrometheusRule"] {
            command.args([
                "--api-versions",
                &format!("monitoring.coreos.com/v1/{kind}"),
            ]);
        }
        for file in &variant.files {
            command.args(["--values", file]);
        }
        let output = command.args(more).output().expect("Helm starts");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(format!(
                "{} {} {release} Helm {}: {}",
                self.case,
                variant.name,
                helm.version,
                said(&output)
            ))
        }
    }
}

/// A dependency that a repository provides.
struct RepositoryChart {
    name: String,
    alias: String,
    repository: String,
    version: String,
}

impl RepositoryChart {
    /// The folder of its stand-in: `tests/contract/<source>-<chart>`.
    fn contract(&self) -> PathBuf {
        let catalog = Catalog::default();
        let entry = catalog
            .names()
            .filter_map(|name| catalog.find(name))
            .find(|entry| entry.repository == self.repository && entry.chart == self.name);
        let entry = entry.unwrap_or_else(|| panic!("no catalog entry has {}", self.repository));
        workspace()
            .join("tests/contract")
            .join(entry.name.replace('/', "-"))
    }

    /// The stand-in's `Chart.yaml` with a version that the chart asks for.
    fn versioned(&self, text: &str) -> String {
        let version = self.version.replace(['x', 'X'], "0");
        let lines = text.lines().map(|line| {
            if line.starts_with("version:") {
                format!("version: {version}\n")
            } else {
                format!("{line}\n")
            }
        });
        lines.collect()
    }
}

/// Which values a rendering takes.
#[derive(Debug, Clone)]
pub struct Variant {
    /// Name of the environment, or `defaults`.
    pub name: String,
    /// Values files, relative to the chart.
    pub files: Vec<String>,
    /// Release name that the README uses.
    pub release: Option<String>,
}

/// As Helm merges values files: maps key by key, null removes.
pub fn merged(base: &Value, over: &Value) -> Value {
    let (Some(low), Some(high)) = (base.as_object(), over.as_object()) else {
        return over.clone();
    };
    let mut all: serde_json::Map<String, Value> = low.clone();
    for (key, value) in high {
        if value.is_null() {
            all.remove(key);
        } else {
            let below = low.get(key).unwrap_or(&Value::Null);
            all.insert(key.clone(), merged(below, value));
        }
    }
    Value::Object(all)
}

/// A temporary folder whose name has no dot: scanners skip hidden folders.
///
/// # Panics
/// If it cannot be made.
pub fn temporary() -> TempDir {
    tempfile::Builder::new()
        .prefix("taskspec-")
        .tempdir()
        .expect("a temporary folder")
}

/// Writes a file and the folders above it.
///
/// # Panics
/// If that fails.
pub fn write(path: &Path, contents: &str) {
    fs::create_dir_all(path.parent().expect("a file is in a folder"))
        .expect("the folder can be made");
    fs::write(path, contents).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
}

/// Copies a folder.
///
/// # Panics
/// If that fails.
pub fn copy(from: &Path, to: &Path) {
    let entries = fs::read_dir(from).unwrap_or_else(|fault| panic!("{}: {fault}", from.display()));
    for entry in entries {
        let path = entry.expect("the folder is readable").path();
        let place = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy(&path, &place);
        } else {
            fs::create_dir_all(to).expect("the folder can be made");
            fs::copy(&path, &place).expect("the file can be copied");
        }
    }
}

/// Every file below a folder, by its path there.
///
/// # Panics
/// If one cannot be read or is no text.
pub fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the folder is readable").path();
        let name = path.file_name().expect("an entry has a name");
        let name = name.to_string_lossy().into_owned();
        if path.is_dir() {
            let inner = files(&path).into_iter();
            found.extend(inner.map(|(below, text)| (format!("{name}/{below}"), text)));
        } else {
            let text = fs::read_to_string(&path).expect("the file is text");
            found.insert(name, text);
        }
    }
    found
}
