//! Builds that are killed at each of their system calls, or that the system
//! refuses something. Nothing is lost, and the next build mends.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use taskspec_tests::chart::{copy, files, temporary, write};
use taskspec_tests::parallel;
use taskspec_tests::tools::{runner, said};

/// What changes files, or opens them for it.
const CALLS: &str = "openat,write,rename,renameat,renameat2,mkdir,mkdirat,link,linkat,symlink,\
                     unlink,unlinkat,rmdir,chmod,fchmod,fchmodat,ftruncate";

const SPEC: &str = r#"
spec = "taskspec/v1"

[intent]
name = "shop"
version = "1.0.0"
summary = "Sells"

[workloads.api]
kind = "worker"
image = "example/api:1.2.3"
"#;

/// Another value, and files that come and go.
const CHANGED: &str = r#"
spec = "taskspec/v1"

[intent]
name = "shop"
version = "2.0.0"
summary = "Sells more"

[workloads.web]
kind = "service"
image = "example/web:1.2.3"
port = 8080
replicas = 3

[environments.prod]
"#;

type Tree = BTreeMap<String, String>;

/// Everything in a chart's folder but the runner's own files beside the lock.
fn tree(folder: &Path) -> Tree {
    let mut all = files(folder);
    all.retain(|path, _| !path.split('/').any(|part| part.starts_with(".taskspec")));
    all
}

/// Folders and files that a killed build left.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is readable");
    let paths = entries.map(|entry| entry.expect("the folder is readable").path());
    paths
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(".taskspec-tmp")
        })
        .collect()
}

/// A folder with both specifications, and the chart of the first, in which
/// somebody edited a file and put another.
struct Scene {
    folder: tempfile::TempDir,
    before: Tree,
    after: Tree,
}

impl Scene {
    fn new(options: &[&str]) -> Self {
        let folder = temporary();
        let path = folder.path();
        write(&path.join("old.toml"), SPEC);
        write(&path.join("new.toml"), CHANGED);
        let chart = path.join("charts/shop");
        build(path, "old.toml", &[], &[]);
        let values = fs::read_to_string(chart.join("values.yaml")).expect("there are values");
        write(&chart.join("values.yaml"), &format!("# mine\n{values}"));
        write(&chart.join("OWNERS"), "me\n");
        write(&chart.join("templates/custom/mine.yaml"), "kind: Mine\n");
        let before = tree(&chart);
        let done = temporary();
        copy(path, done.path());
        build(done.path(), "new.toml", options, &[]);
        let after = tree(&done.path().join("charts/shop"));
        assert_ne!(before, after);
        Self {
            folder,
            before,
            after,
        }
    }
}

fn build(folder: &Path, spec: &str, options: &[&str], inject: &[String]) -> Output {
    let mut command = match inject {
        [] => Command::new(runner()),
        inject => {
            let mut command = Command::new("strace");
            command
                .args(["-f", "-qq", "-o", "/dev/null", "-e"])
                .arg(format!("trace={CALLS}"));
            for injection in inject {
                command.args(["-e", injection]);
            }
            command.arg(runner());
            command
        }
    };
    command
        .args(["build", "-q"])
        .arg(folder.join(spec))
        .args(options);
    // In the chart's folder it cannot be exchanged for another.
    if options.contains(&".") {
        command.current_dir(folder.join("charts/shop"));
    } else {
        command.args(["--into", "charts"]).current_dir(folder);
    }
    command.output().expect("the build starts")
}

/// Kills the build at its `n`th call; none if it has fewer.
fn killed(scene: &Scene, options: &[&str], n: usize) -> Option<tempfile::TempDir> {
    let folder = temporary();
    copy(scene.folder.path(), folder.path());
    let inject = format!("inject={CALLS}:signal=KILL:when={n}");
    let output = build(folder.path(), "new.toml", options, &[inject]);
    output
        .status
        .code()
        .is_none_or(|code| code > 100)
        .then_some(folder)
}

/// The next build must do what the killed one would have done.
fn mended(scene: &Scene, folder: &Path, options: &[&str]) -> Vec<String> {
    let output = build(folder, "new.toml", options, &[]);
    let chart = folder.join("charts/shop");
    let mut faults = Vec::new();
    let found = tree(&chart);
    // A copy too many of what somebody wrote is no loss.
    let is_saved = |path: &String| {
        let name = path.strip_suffix(".orig");
        name.is_some_and(|name| scene.before.get(name) == found.get(path))
    };
    for path in scene.after.keys().chain(found.keys()) {
        if scene.after.get(path) != found.get(path) && !is_saved(path) {
            faults.push(format!("{path} is not mended: {}", said(&output)));
        }
    }
    for folder in [&chart, &folder.join("charts")] {
        for path in leftovers(folder) {
            faults.push(format!("{} is left", path.display()));
        }
    }
    faults
}

/// How many calls there may be; far more than there are.
const N_CALLS_MAX: usize = 2000;

/// Kills a build at every call and looks at what is there.
fn kill_everywhere(options: &[&str], is_sound: impl Fn(&Scene, &Tree) -> bool + Sync) {
    let scene = Scene::new(options);
    let mut n = 1;
    loop {
        let batch: Vec<usize> = (n..n + 16).collect();
        let results = parallel::map(batch, |n| {
            let folder = killed(&scene, options, n)?;
            let found = tree(&folder.path().join("charts/shop"));
            let mut faults = mended(&scene, folder.path(), options);
            if !is_sound(&scene, &found) {
                let odd = found.keys().filter(|path| {
                    let text = found.get(*path);
                    scene.before.get(*path) != text && scene.after.get(*path) != text
                });
                let odd: Vec<&String> = odd.collect();
                faults.push(format!(
                    "it left neither the old nor the new chart: {odd:?}"
                ));
            }
            let at = |fault| format!("killed at call {n}: {fault}");
            Some(faults.into_iter().map(at).collect::<Vec<_>>())
        });
        let is_over = results.iter().any(Option::is_none);
        parallel::report(results.into_iter().flatten().flatten().collect());
        if is_over {
            break;
        }
        n += 16;
        assert!(n < N_CALLS_MAX, "the build never ends");
    }
    assert!(n > 40, "it was killed {n} times only");
}

#[test]
fn a_killed_build_leaves_the_old_chart_or_the_new_one() {
    kill_everywhere(&[], |scene, found| {
        *found == scene.before || *found == scene.after
    });
}

#[test]
fn a_killed_build_that_merges_loses_no_edit() {
    kill_everywhere(&["--merge"], |scene, found| {
        *found == scene.before || *found == scene.after
    });
}

/// Where folders cannot change places, each file is the old or the new one.
#[test]
fn a_killed_build_in_place_leaves_whole_files() {
    kill_everywhere(&["-o", "."], |scene, found| {
        let whole = |(path, text): (&String, &String)| {
            [&scene.before, &scene.after]
                .iter()
                .any(|tree| tree.get(path) == Some(text))
        };
        found.iter().all(whole)
            && scene
                .before
                .keys()
                .filter(|path| scene.after.contains_key(*path))
                .all(|path| found.contains_key(path))
    });
}

/// What the system refuses leaves the old chart, with a name and a remedy.
#[test]
fn a_full_disk_leaves_the_old_chart() {
    let scene = Scene::new(&[]);
    let cases: Vec<(&str, usize)> = ["ENOSPC", "EROFS", "EACCES"]
        .into_iter()
        .flat_map(|error| [2, 4, 9, 15].map(|n| (error, n)))
        .collect();
    parallel::no_faults(cases, |(error, n)| {
        let folder = temporary();
        copy(scene.folder.path(), folder.path());
        // Everything that makes something fails from some point on.
        let calls = "write,mkdir,mkdirat,link,linkat,rename,renameat2";
        let inject = format!("inject={calls}:error={error}:when={n}+");
        let output = build(folder.path(), "new.toml", &[], &[inject]);
        let found = tree(&folder.path().join("charts/shop"));
        let mut faults = Vec::new();
        if found != scene.before && found != scene.after {
            faults.push("it left neither the old nor the new chart".to_owned());
        }
        if found == scene.before && output.status.code() != Some(3) {
            faults.push(format!(
                "it ended with {:?}: {}",
                output.status,
                said(&output)
            ));
        }
        faults.extend(mended(&scene, folder.path(), &[]));
        faults
            .into_iter()
            .map(|fault| format!("{error} from call {n} on: {fault}"))
            .collect()
    });
}
