//! Charts rendered by the user's Helm: a chart is put into a folder of its own
//! with its dependencies, then every case is rendered, as many at a time as
//! there are processors.

mod dependencies;
mod staged;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Mutex;
use std::{fs, thread};

use taskspec_report::{Case, Rendering};
use tempfile::TempDir;

use crate::compiler::Environment;
use crate::failure::Failure;
use crate::helm::{Helm, Template};

pub use dependencies::Dependencies;
pub use staged::Staged;

/// Longest name that Helm lets a release have.
const RELEASE_NAME_MAX: usize = 53;

/// Renders cases of a chart, in their order.
///
/// # Errors
///
/// If Helm cannot be started or a values file cannot be written. That Helm
/// refuses to render a case is no error but its result.
pub fn render(
    helm: &Helm,
    chart: &Staged,
    environments: &[Environment],
    cases: &[Case],
) -> Result<Vec<Rendering>, Failure> {
    let folder = TempDir::new()
        .map_err(|error| Failure::io("make a folder in", &std::env::temp_dir(), &error))?;
    let jobs: Result<Vec<Job>, Failure> = cases
        .iter()
        .enumerate()
        .map(|(number, case)| Job::new(chart, environments, case, &folder, number))
        .collect();
    let jobs = jobs?;
    let queue = Mutex::new(jobs.iter().enumerate());
    let done = Mutex::new(Vec::new());
    let threads = thread::available_parallelism().map_or(2, NonZeroUsize::get);
    thread::scope(|scope| {
        for _ in 0..threads.min(jobs.len()) {
            scope.spawn(|| {
                // A poisoned lock means that another thread panicked, which
                // ends the whole scope.
                while let Some((number, job)) = queue.lock().ok().and_then(|mut jobs| jobs.next()) {
                    let rendering = job.run(helm, chart);
                    if let Ok(mut done) = done.lock() {
                        done.push((number, rendering));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, rendering)| rendering).collect()
}

/// One rendering to be made.
struct Job<'a> {
    case: &'a Case,
    release: String,
    namespace: String,
    values: Vec<PathBuf>,
}

impl<'a> Job<'a> {
    fn new(
        chart: &Staged,
        environments: &[Environment],
        case: &'a Case,
        folder: &TempDir,
        number: usize,
    ) -> Result<Self, Failure> {
        let known = environments.iter().find(|one| one.name == case.environment);
        let mut values = Vec::new();
        if let Some(environment) = known.filter(|one| !one.values_file.is_empty()) {
            let file = chart.path().join(&environment.values_file);
            if !file.is_file() {
                return Err(Failure::world(format!(
                    "the chart has no `{}` for the environment `{}`",
                    environment.values_file, environment.name
                ))
                .help(
                    "build the chart from this specification, or name the right one in `--chart`",
                ));
            }
            values.push(file);
        }
        if !case.values.is_null() {
            let file = folder.path().join(format!("{number}.json"));
            fs::write(&file, case.values.to_string())
                .map_err(|error| Failure::io("write", &file, &error))?;
            values.push(file);
        }
        let (release, namespace) = match known {
            Some(known) => (known.release.clone(), known.namespace.clone()),
            None => (chart.name.clone(), chart.name.clone()),
        };
        Ok(Self {
            case,
            release: if case.longest_name {
                "r".repeat(RELEASE_NAME_MAX)
            } else {
                release
            },
            namespace,
            values,
        })
    }

    fn run(&self, helm: &Helm, chart: &Staged) -> Result<Rendering, Failure> {
        let manifests = helm.template(&Template {
            chart: chart.path(),
            release: &self.release,
            namespace: &self.namespace,
            kubernetes: chart.kubernetes.as_deref(),
            apis: &chart.apis,
            values: &self.values,
        })?;
        Ok(Rendering {
            case: self.case.clone(),
            release: self.release.clone(),
            namespace: self.namespace.clone(),
            manifests,
        })
    }
}
