//! What writing a chart does to its folder: which files are written, kept,
//! saved, removed or left alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use taskspec::compiler::File;
use taskspec::failure::{Exit, Failure};
use taskspec::output::{self, Digest, FileState, LOCK_NAME, Request, Written};

/// A folder for charts, removed at the end.
struct Chart {
    _parent: tempfile::TempDir,
    folder: PathBuf,
}

type Files<'a> = &'a [(&'a str, &'a str)];

const FILES: Files<'static> = &[
    ("Chart.yaml", "name: x\n"),
    ("templates/service.yaml", "kind: Service\n"),
    ("templates/tests/connection.yaml", "kind: Pod\n"),
    ("values.yaml", "a: 1\n"),
];

impl Chart {
    fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("chart-out/x");
        Self {
            _parent: parent,
            folder,
        }
    }

    fn built(files: Files<'_>) -> Self {
        let chart = Self::new();
        chart.build(files).unwrap();
        chart
    }

    fn build(&self, files: Files<'_>) -> Result<Written, Failure> {
        self.build_with(files, false)
    }

    fn build_with(&self, files: Files<'_>, force: bool) -> Result<Written, Failure> {
        let files: Vec<File> = files
            .iter()
            .map(|(path, contents)| File {
                path: (*path).into(),
                contents: (*contents).into(),
            })
            .collect();
        output::write(&Request {
            folder: &self.folder,
            files: &files,
            spec: &Digest::of(b"spec"),
            component: &Digest::of(b"component"),
            force,
        })
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    fn put(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    /// Every file and folder, relative and sorted.
    fn entries(&self) -> Vec<String> {
        fn walk(root: &Path, at: &Path, all: &mut Vec<String>) {
            for entry in fs::read_dir(at).unwrap() {
                let path = entry.unwrap().path();
                all.push(
                    path.strip_prefix(root)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .replace('\\', "/"),
                );
                if path.is_dir() && !path.is_symlink() {
                    walk(root, &path, all);
                }
            }
        }
        let mut all = Vec::new();
        walk(&self.folder, &self.folder, &mut all);
        all.sort();
        all
    }

    /// Gives every file a time long ago, by which writing is noticed.
    fn make_old(&self) -> SystemTime {
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        for path in self.entries() {
            if self.path(&path).is_file() {
                fs::File::options()
                    .write(true)
                    .open(self.path(&path))
                    .unwrap()
                    .set_modified(old)
                    .unwrap();
            }
        }
        old
    }

    fn modified(&self, path: &str) -> SystemTime {
        fs::metadata(self.path(path)).unwrap().modified().unwrap()
    }

    fn locked(&self, path: &str) -> Option<String> {
        let lock: serde_json::Value = serde_json::from_str(&self.read(LOCK_NAME)).unwrap();
        lock["files"]
            .get(path)
            .map(|digest| digest.as_str().unwrap().to_owned())
    }
}

fn state(written: &Written, path: &str) -> FileState {
    written
        .files
        .iter()
        .find(|file| file.path == path)
        .expect(path)
        .state
}

#[test]
fn a_new_chart_is_written_with_its_lock() {
    let chart = Chart::new();
    let written = chart.build(FILES).unwrap();
    assert!(
        written
            .files
            .iter()
            .all(|file| file.state == FileState::Written)
    );
    let expected = [
        "Chart.yaml",
        LOCK_NAME,
        "templates",
        "templates/service.yaml",
        "templates/tests",
        "templates/tests/connection.yaml",
        "values.yaml",
    ];
    assert_eq!(chart.entries(), expected);
    assert_eq!(chart.read("templates/service.yaml"), "kind: Service\n");
    assert_eq!(
        chart.locked("values.yaml").unwrap(),
        Digest::of(b"a: 1\n").to_string()
    );
}

#[test]
fn the_same_chart_again_touches_nothing() {
    let chart = Chart::built(FILES);
    let old = chart.make_old();
    let written = chart.build(FILES).unwrap();
    assert!(
        written
            .files
            .iter()
            .all(|file| file.state == FileState::Unchanged)
    );
    for path in chart
        .entries()
        .iter()
        .filter(|path| chart.path(path).is_file())
    {
        assert_eq!(chart.modified(path), old, "{path}");
    }
}

#[test]
fn only_what_changed_is_written() {
    let chart = Chart::built(FILES);
    let old = chart.make_old();
    let written = chart.build(&[FILES[0], ("values.yaml", "a: 2\n")]).unwrap();
    assert_eq!(state(&written, "values.yaml"), FileState::Written);
    assert_eq!(chart.read("values.yaml"), "a: 2\n");
    assert_eq!(state(&written, "Chart.yaml"), FileState::Unchanged);
    assert_eq!(chart.modified("Chart.yaml"), old);
}

#[test]
fn files_that_the_chart_lost_go_with_their_empty_folders() {
    let chart = Chart::built(FILES);
    chart.put("templates/custom.yaml", "mine\n");
    let written = chart.build(&[FILES[0], FILES[3]]).unwrap();
    assert_eq!(
        state(&written, "templates/service.yaml"),
        FileState::Removed
    );
    let expected = [
        "Chart.yaml",
        LOCK_NAME,
        "templates",
        "templates/custom.yaml",
        "values.yaml",
    ];
    assert_eq!(chart.entries(), expected);
    assert_eq!(chart.locked("templates/service.yaml"), None);
}

#[test]
fn a_file_that_was_deleted_by_hand_comes_back() {
    let chart = Chart::built(FILES);
    fs::remove_dir_all(chart.path("templates")).unwrap();
    let written = chart.build(FILES).unwrap();
    assert_eq!(
        state(&written, "templates/service.yaml"),
        FileState::Written
    );
    assert_eq!(chart.read("templates/service.yaml"), "kind: Service\n");
}

#[test]
fn an_edited_file_is_kept_and_stays_recognised() {
    let chart = Chart::built(FILES);
    chart.put("values.yaml", "a: 7 # mine\n");
    for contents in ["a: 1\n", "a: 2\n", "a: 3\n", "a: 3\n"] {
        let written = chart.build(&[FILES[0], ("values.yaml", contents)]).unwrap();
        assert_eq!(state(&written, "values.yaml"), FileState::KeptEdited);
        assert_eq!(written.kept().count(), 1);
        assert_eq!(chart.read("values.yaml"), "a: 7 # mine\n");
        let generated = Digest::of(contents.as_bytes()).to_string();
        assert_eq!(chart.locked("values.yaml").unwrap(), generated);
    }
    // Whoever takes over the generated contents has no edit any more.
    chart.put("values.yaml", "a: 3\n");
    let written = chart.build(&[FILES[0], ("values.yaml", "a: 4\n")]).unwrap();
    assert_eq!(state(&written, "values.yaml"), FileState::Written);
}

#[test]
fn an_edited_file_that_the_chart_lost_is_kept() {
    let chart = Chart::built(FILES);
    chart.put("values.yaml", "mine\n");
    for _ in 0..2 {
        let written = chart.build(&FILES[..3]).unwrap();
        assert_eq!(state(&written, "values.yaml"), FileState::KeptObsolete);
        assert_eq!(chart.read("values.yaml"), "mine\n");
    }
    let written = chart.build_with(&FILES[..3], true).unwrap();
    assert_eq!(state(&written, "values.yaml"), FileState::Removed);
    assert!(!chart.path("values.yaml").exists());
    assert_eq!(chart.read("values.yaml.orig"), "mine\n");
    assert_eq!(chart.locked("values.yaml"), None);
}

#[test]
fn force_saves_what_it_replaces_and_never_a_saved_file() {
    let chart = Chart::built(FILES);
    for (n, name) in [
        "values.yaml.orig",
        "values.yaml.orig.1",
        "values.yaml.orig.2",
    ]
    .iter()
    .enumerate()
    {
        chart.put("values.yaml", &format!("edit {n}\n"));
        let written = chart.build_with(FILES, true).unwrap();
        let file = written
            .files
            .iter()
            .find(|file| file.path == "values.yaml")
            .unwrap();
        assert_eq!(file.state, FileState::Written);
        assert_eq!(file.saved_as.as_deref(), Some(*name));
        assert_eq!(chart.read("values.yaml"), "a: 1\n");
        assert_eq!(chart.read(name), format!("edit {n}\n"));
    }
    assert_eq!(chart.read("values.yaml.orig"), "edit 0\n");
}

#[test]
fn somebody_elses_file_is_kept_and_never_becomes_ours() {
    let chart = Chart::new();
    chart.put("values.yaml", "theirs\n");
    chart.put("Chart.yaml", "name: x\n");
    chart.put("README.md", "theirs\n");
    for _ in 0..2 {
        let written = chart.build(FILES).unwrap();
        assert_eq!(state(&written, "values.yaml"), FileState::KeptForeign);
        assert_eq!(state(&written, "Chart.yaml"), FileState::Unchanged);
        assert_eq!(chart.locked("values.yaml"), None);
    }
    // The chart does not have it any more: nothing to say about it.
    let written = chart.build(&FILES[..3]).unwrap();
    assert_eq!(written.kept().count(), 0);
    assert_eq!(chart.read("values.yaml"), "theirs\n");

    let written = chart.build_with(FILES, true).unwrap();
    assert_eq!(state(&written, "values.yaml"), FileState::Written);
    assert_eq!(chart.read("values.yaml.orig"), "theirs\n");
    assert_eq!(chart.read("README.md"), "theirs\n");
}

#[test]
fn unsafe_paths_write_nothing() {
    let chart = Chart::new();
    for path in ["../escape", "/tmp/escape", "a\\b", "taskspec.lock"] {
        let failure = chart.build(&[FILES[0], (path, "x")]).unwrap_err();
        assert_eq!(failure.exit, Exit::Bug);
        assert!(!chart.folder.exists());
    }
}

#[test]
fn a_file_in_the_place_of_a_folder_is_named() {
    let chart = Chart::new();
    chart.put("templates", "a file\n");
    let failure = chart.build(FILES).unwrap_err();
    assert_eq!(failure.exit, Exit::World);
    assert!(
        failure.message.contains("templates` is not a folder"),
        "{}",
        failure.message
    );
    assert_eq!(chart.entries(), ["templates"]);

    let chart = Chart::new();
    fs::create_dir_all(chart.path("values.yaml")).unwrap();
    let failure = chart.build(FILES).unwrap_err();
    assert!(
        failure.message.contains("values.yaml` is not a file"),
        "{}",
        failure.message
    );
}

#[test]
fn a_chart_folder_that_is_a_file_is_named() {
    let chart = Chart::new();
    fs::create_dir_all(chart.folder.parent().unwrap()).unwrap();
    fs::write(&chart.folder, "a file\n").unwrap();
    let failure = chart.build(FILES).unwrap_err();
    assert_eq!(failure.exit, Exit::World);
    assert!(
        failure.message.contains("is not a folder"),
        "{}",
        failure.message
    );
}

#[test]
fn a_damaged_lock_stops_the_build() {
    let chart = Chart::built(FILES);
    let elsewhere = chart.folder.parent().unwrap().join("victim");
    fs::write(&elsewhere, "v").unwrap();
    let digest = Digest::of(b"v");
    let escaping =
        format!(r#"{{"format":1,"component":"","spec":"","files":{{"../victim":"{digest}"}}}}"#);
    for text in ["<<<<<<< HEAD\n", "{}", &escaping] {
        chart.put(LOCK_NAME, text);
        let failure = chart.build(FILES).unwrap_err();
        assert_eq!(failure.exit, Exit::World);
        assert!(
            failure.message.contains("taskspec.lock` is damaged"),
            "{}",
            failure.message
        );
        assert!(elsewhere.exists());
        assert_eq!(chart.read(LOCK_NAME), text);
    }
}

#[test]
fn what_a_killed_build_left_is_cleared_away() {
    let chart = Chart::built(FILES);
    chart.put(".taskspec-tmp-0/1", "half");
    chart.put(".taskspec-tmp-0/taskspec.lock", "{ \"form");
    chart.put(".taskspec-tmp-held", "");
    chart.build(&[FILES[0]]).unwrap();
    assert_eq!(chart.entries(), ["Chart.yaml", LOCK_NAME]);
}

#[test]
fn files_that_a_killed_build_had_moved_are_no_edits() {
    // A build with other files was killed after two of three moves.
    let next = Chart::built(&[FILES[0], ("new.yaml", "n\n"), ("values.yaml", "a: 2\n")]);
    let chart = Chart::built(FILES);
    chart.put(".taskspec-tmp-3/taskspec.lock", &next.read(LOCK_NAME));
    chart.put("values.yaml", "a: 2\n");
    chart.put("new.yaml", "n\n");

    let written = chart.build(&[FILES[0], ("values.yaml", "a: 3\n")]).unwrap();
    assert_eq!(written.kept().count(), 0);
    assert_eq!(state(&written, "values.yaml"), FileState::Written);
    assert_eq!(state(&written, "new.yaml"), FileState::Removed);
    assert_eq!(chart.entries(), ["Chart.yaml", LOCK_NAME, "values.yaml"]);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn nothing_is_written_through_symbolic_links() {
        for (link, target) in [
            ("templates", "outside"),
            ("values.yaml", "outside/values.yaml"),
        ] {
            let chart = Chart::new();
            let parent = chart.folder.parent().unwrap().to_owned();
            fs::create_dir_all(parent.join("outside")).unwrap();
            fs::write(parent.join("outside/values.yaml"), "theirs\n").unwrap();
            fs::create_dir_all(&chart.folder).unwrap();
            symlink(parent.join(target), chart.path(link)).unwrap();

            for force in [false, true] {
                let failure = chart.build_with(FILES, force).unwrap_err();
                assert_eq!(failure.exit, Exit::World);
                let expected = format!("{link}` is a symbolic link");
                assert!(failure.message.contains(&expected), "{}", failure.message);
            }
            assert_eq!(chart.entries(), [link]);
            assert_eq!(fs::read_dir(parent.join("outside")).unwrap().count(), 1);
            assert_eq!(
                fs::read_to_string(parent.join("outside/values.yaml")).unwrap(),
                "theirs\n"
            );
        }
    }

    #[test]
    fn nothing_is_removed_through_symbolic_links() {
        let chart = Chart::built(FILES);
        let outside = chart.folder.parent().unwrap().join("outside");
        fs::rename(chart.path("templates"), &outside).unwrap();
        symlink(&outside, chart.path("templates")).unwrap();
        let failure = chart.build(&[FILES[0]]).unwrap_err();
        assert!(
            failure.message.contains("templates` is a symbolic link"),
            "{}",
            failure.message
        );
        assert!(outside.join("service.yaml").exists());
    }

    #[test]
    fn the_chart_folder_itself_may_be_a_link() {
        let chart = Chart::new();
        let real = chart.folder.parent().unwrap().join("real");
        fs::create_dir_all(&real).unwrap();
        symlink(&real, &chart.folder).unwrap();
        chart.build(FILES).unwrap();
        assert!(real.join("Chart.yaml").exists());
    }

    #[test]
    fn a_second_build_of_the_folder_is_refused() {
        let chart = Chart::built(FILES);
        let held = fs::File::open(&chart.folder).unwrap();
        held.lock().unwrap();
        let failure = chart.build(&[FILES[0]]).unwrap_err();
        assert_eq!(failure.exit, Exit::World);
        assert!(
            failure.message.contains("another build is writing"),
            "{}",
            failure.message
        );
        assert!(failure.help.is_some());
        assert!(chart.path("values.yaml").exists());
        drop(held);
        chart.build(&[FILES[0]]).unwrap();
    }

    #[test]
    fn permissions_of_a_replaced_file_stay() {
        let chart = Chart::built(FILES);
        fs::set_permissions(chart.path("values.yaml"), fs::Permissions::from_mode(0o640)).unwrap();
        chart.build(&[FILES[0], ("values.yaml", "a: 2\n")]).unwrap();
        let mode = fs::metadata(chart.path("values.yaml"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o640);
    }

    #[test]
    fn a_read_only_folder_is_named_and_left_alone() {
        let chart = Chart::built(FILES);
        fs::set_permissions(&chart.folder, fs::Permissions::from_mode(0o555)).unwrap();
        let is_root = fs::File::create(chart.path("probe")).is_ok();
        if !is_root {
            let failure = chart.build(&[FILES[0]]).unwrap_err();
            assert_eq!(failure.exit, Exit::World);
            assert!(
                failure.message.contains("chart-out/x"),
                "{}",
                failure.message
            );
            assert!(failure.help.is_some());
            assert_eq!(chart.read("values.yaml"), "a: 1\n");
        }
        fs::set_permissions(&chart.folder, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Root may write everywhere, but nobody can make folders here.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_place_that_takes_no_folder_is_named() {
        let mut chart = Chart::new();
        chart.folder = "/proc/taskspec/chart".into();
        let failure = chart.build(FILES).unwrap_err();
        assert_eq!(failure.exit, Exit::World);
        assert!(
            failure.message.contains("/proc/taskspec/chart"),
            "{}",
            failure.message
        );
    }
}
