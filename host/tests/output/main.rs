//! What writing a chart does to its folder: which files are written, kept,
//! saved, removed or left alone.

#[cfg(unix)]
mod unix;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use taskspec::compiler::File;
use taskspec::failure::{Exit, Failure};
use taskspec::output::{
    self, Digest, Edits, FileState, LOCK_NAME, Origin, Reason, Request, Written,
};

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

fn generated(files: Files<'_>) -> Vec<File> {
    let file = |(path, contents): &(&str, &str)| File {
        path: (*path).into(),
        contents: (*contents).into(),
    };
    files.iter().map(file).collect()
}

fn origin(spec: &str) -> Origin {
    Origin {
        release: "1.2.3".to_owned(),
        component: Digest::of(b"component"),
        spec: Digest::of_text(spec),
        catalog: None,
    }
}

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
        self.build_with(files, Edits::Keep)
    }

    fn build_with(&self, files: Files<'_>, edits: Edits) -> Result<Written, Failure> {
        let files = generated(files);
        output::write(&Request {
            folder: &self.folder,
            files: &files,
            origin: &origin("spec"),
            edits,
        })
    }

    /// What `check` says: paths with reasons.
    fn check(&self, files: Files<'_>, spec: &str) -> Vec<(String, Vec<Reason>)> {
        let inspection = output::inspect(&Request {
            folder: &self.folder,
            files: &generated(files),
            origin: &origin(spec),
            edits: Edits::Keep,
        });
        let findings = inspection.unwrap().findings.into_iter();
        findings.map(|one| (one.path, one.reasons)).collect()
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
        all.retain(|path| !path.starts_with(".taskspec/") && path != ".taskspec");
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
    let written = chart.build_with(&FILES[..3], Edits::Replace).unwrap();
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
        let written = chart.build_with(FILES, Edits::Replace).unwrap();
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

    let written = chart.build_with(FILES, Edits::Replace).unwrap();
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

const VALUES: &str = "a: 1\nb: 2\nc: 3\nd: 4\n";

#[test]
fn line_endings_of_git_are_no_edits() {
    let chart = Chart::built(FILES);
    chart.put("values.yaml", "a: 1\r\n");
    let written = chart.build(FILES).unwrap();
    assert_eq!(state(&written, "values.yaml"), FileState::Unchanged);
    assert_eq!(chart.check(FILES, "spec"), []);
    let written = chart.build(&[FILES[0], ("values.yaml", "a: 2\n")]).unwrap();
    assert_eq!(state(&written, "values.yaml"), FileState::Written);
}

#[test]
fn edits_and_new_contents_are_merged() {
    let chart = Chart::built(&[("values.yaml", VALUES)]);
    chart.put("values.yaml", "a: 10\nb: 2\nc: 3\nd: 4\n");
    // A build in between does not lose what the edit started from.
    let new = "a: 1\nb: 2\nc: 3\nd: 40\n";
    let written = chart.build(&[("values.yaml", new)]).unwrap();
    assert_eq!(state(&written, "values.yaml"), FileState::KeptEdited);
    let edit = written.files[0].edit.as_ref().unwrap();
    assert_eq!(edit.before, VALUES);

    let merge = |text| {
        chart
            .build_with(&[("values.yaml", text)], Edits::Merge)
            .unwrap()
    };
    let written = merge(new);
    assert_eq!(state(&written, "values.yaml"), FileState::Merged);
    assert!(!written.has_findings());
    let merged = "a: 10\nb: 2\nc: 3\nd: 40\n";
    assert_eq!(chart.read("values.yaml"), merged);

    // The edit goes on being one, and merging again changes nothing.
    let old = chart.make_old();
    assert_eq!(state(&merge(new), "values.yaml"), FileState::Unchanged);
    assert_eq!(chart.modified("values.yaml"), old);
    let written = chart.build(&[("values.yaml", new)]).unwrap();
    assert_eq!(state(&written, "values.yaml"), FileState::KeptEdited);
    assert_eq!(chart.read("values.yaml"), merged);
}

#[test]
fn what_both_sides_changed_is_marked_and_saved() {
    let chart = Chart::built(FILES);
    chart.put("values.yaml", "a: 7\n");
    let files: Files<'_> = &[("values.yaml", "a: 2\n")];
    let written = chart.build_with(files, Edits::Merge).unwrap();
    assert_eq!(state(&written, "values.yaml"), FileState::Conflict);
    assert!(written.has_findings());
    assert_eq!(chart.read("values.yaml.orig"), "a: 7\n");
    let text = chart.read("values.yaml");
    for part in ["a: 7\n", "a: 1\n", "a: 2\n", "<<<<<<< edited by hand\n"] {
        assert!(text.contains(part), "{text}");
    }
    // Marks are not merged over.
    let written = chart.build_with(files, Edits::Merge).unwrap();
    assert_eq!(state(&written, "values.yaml"), FileState::KeptEdited);
    assert_eq!(chart.read("values.yaml"), text);
    chart.put("values.yaml", "a: 72\n");
    let written = chart.build_with(files, Edits::Merge).unwrap();
    assert_eq!(state(&written, "values.yaml"), FileState::Unchanged);
    assert_eq!(chart.read("values.yaml"), "a: 72\n");
}

#[test]
fn an_edit_is_not_merged_when_its_start_is_unknown() {
    let chart = Chart::built(FILES);
    chart.put("values.yaml", "a: 7\n");
    fs::remove_dir_all(chart.path(".taskspec")).unwrap();
    let files: Files<'_> = &[("values.yaml", "a: 2\n")];
    let written = chart.build_with(files, Edits::Merge).unwrap();
    assert_eq!(state(&written, "values.yaml"), FileState::KeptEdited);
    assert!(written.files.iter().any(|file| file.note.is_some()));
    assert_eq!(chart.read("values.yaml"), "a: 7\n");
}

#[test]
fn check_gives_each_file_its_reason() {
    let chart = Chart::built(FILES);
    assert_eq!(chart.check(FILES, "spec"), []);
    let path = |path: &str, reasons: &[Reason]| (path.to_owned(), reasons.to_vec());
    assert_eq!(
        chart.check(FILES, "another"),
        [path("taskspec.lock", &[Reason::SpecChanged])]
    );
    chart.put("values.yaml", "a: 7\n");
    chart.put("templates/mine.yaml", "kind: Secret\n");
    chart.put("templates/custom/mine.yaml", "kind: Secret\n");
    chart.put("LICENSE", "mine\n");
    fs::remove_file(chart.path("Chart.yaml")).unwrap();
    let new: Files<'_> = &[
        FILES[0],
        ("templates/new.yaml", "kind: Job\n"),
        ("templates/service.yaml", "kind: Service # other\n"),
        ("values.yaml", "a: 2\n"),
    ];
    let expected = [
        path("Chart.yaml", &[Reason::Missing]),
        path("templates/mine.yaml", &[Reason::Unknown]),
        path("templates/new.yaml", &[Reason::SpecChanged]),
        path("templates/service.yaml", &[Reason::SpecChanged]),
        path("templates/tests/connection.yaml", &[Reason::SpecChanged]),
        path("values.yaml", &[Reason::EditedByHand, Reason::SpecChanged]),
    ];
    assert_eq!(chart.check(new, "another"), expected);
    assert_eq!(chart.read("values.yaml"), "a: 7\n");
}

#[test]
fn a_chart_that_was_never_built_is_missing() {
    let chart = Chart::new();
    let findings = chart.check(FILES, "spec");
    assert_eq!(findings.len(), FILES.len());
    assert!(findings.iter().all(|(_, why)| why == &[Reason::Missing]));
    assert!(!chart.folder.exists());
}

const DEPENDING: Files<'static> = &[(
    "Chart.yaml",
    "name: x\ndependencies:\n  - name: redis\n    version: 17.x.x\n    repository: https://r\n",
)];

#[test]
fn the_lock_names_what_helm_resolved_and_notices_another_archive() {
    let chart = Chart::built(DEPENDING);
    let locked = || {
        let lock: serde_json::Value = serde_json::from_str(&chart.read(LOCK_NAME)).unwrap();
        lock["dependencies"][0].clone()
    };
    assert_eq!(locked()["wanted"], "17.x.x");
    assert!(locked().get("version").is_none());
    let resolved = "dependencies:\n- name: redis\n  version: 17.1.2\n  repository: https://r\n\
                    digest: sha256:0\ngenerated: \"2026-01-01\"\n";
    chart.put("Chart.lock", resolved);
    chart.put("charts/redis-17.1.2.tgz", "archive");
    chart.build(DEPENDING).unwrap();
    assert_eq!(locked()["version"], "17.1.2");
    let digest = Digest::of(b"archive").to_string();
    assert_eq!(locked()["digest"], digest.as_str());

    // Elsewhere the archive is not there, which is no change.
    fs::remove_file(chart.path("charts/redis-17.1.2.tgz")).unwrap();
    assert_eq!(chart.check(DEPENDING, "spec"), []);
    chart.put("charts/redis-17.1.2.tgz", "another");
    let path = "charts/redis-17.1.2.tgz".to_owned();
    assert_eq!(
        chart.check(DEPENDING, "spec"),
        [(path, vec![Reason::ArchiveChanged])]
    );
    let written = chart.build(DEPENDING).unwrap();
    assert!(written.has_findings());
    assert_eq!(locked()["digest"], digest.as_str());
    let written = chart.build_with(DEPENDING, Edits::Replace).unwrap();
    assert!(!written.has_findings());
    assert_eq!(
        locked()["digest"],
        Digest::of(b"another").to_string().as_str()
    );
}

#[test]
fn helms_own_form_of_its_lock_is_no_edit() {
    let lock = |time: &str, style: &str| {
        format!("dependencies:{style}- name: redis\ndigest: sha256:0\ngenerated: \"{time}\"\n")
    };
    let ours = lock("1970-01-01T00:00:00Z", "\n  ");
    let chart = Chart::built(&[("Chart.lock", &ours)]);
    chart.put("Chart.lock", &lock("2026-01-01T00:00:00Z", "\n"));
    let written = chart.build(&[("Chart.lock", &ours)]).unwrap();
    assert_eq!(state(&written, "Chart.lock"), FileState::Unchanged);
    let other = ours.replace("redis", "valkey");
    let written = chart.build(&[("Chart.lock", &other)]).unwrap();
    assert_eq!(state(&written, "Chart.lock"), FileState::Written);
}

#[test]
fn locks_of_the_first_format_go_on() {
    let chart = Chart::built(FILES);
    let mut lock: serde_json::Value = serde_json::from_str(&chart.read(LOCK_NAME)).unwrap();
    let object = lock.as_object_mut().unwrap();
    object.insert("format".into(), 1.into());
    object.remove("release");
    object.remove("dependencies");
    chart.put(LOCK_NAME, &lock.to_string());
    fs::remove_dir_all(chart.path(".taskspec")).unwrap();
    let new: Files<'_> = &[FILES[0], ("values.yaml", "a: 2\n")];
    let written = chart.build(new).unwrap();
    assert_eq!(state(&written, "values.yaml"), FileState::Written);
    assert_eq!(
        state(&written, "templates/service.yaml"),
        FileState::Removed
    );
}

/// Whoever takes an edit back has none any more, whatever was built meanwhile.
#[test]
fn an_edit_that_was_undone_is_none() {
    let chart = Chart::built(FILES);
    chart.put("values.yaml", "a: 7\n");
    let new: Files<'_> = &[FILES[0], ("values.yaml", "a: 2\n")];
    chart.build(new).unwrap();
    let reasons = chart.check(new, "spec");
    let expected = vec![Reason::EditedByHand, Reason::NotMerged];
    assert_eq!(reasons, [("values.yaml".to_owned(), expected)]);
    chart.put("values.yaml", "a: 1\n");
    let written = chart.build(new).unwrap();
    assert_eq!(state(&written, "values.yaml"), FileState::Written);
    assert_eq!(chart.read("values.yaml"), "a: 2\n");
}

#[test]
fn what_helm_resolved_since_the_build_is_no_drift() {
    let chart = Chart::built(DEPENDING);
    let resolved = "dependencies:\n- name: redis\n  version: 17.1.2\n  repository: https://r\n\
                    digest: sha256:0\ngenerated: \"2026-01-01\"\n";
    chart.put("Chart.lock", resolved);
    chart.put("charts/redis-17.1.2.tgz", "archive");
    assert_eq!(chart.check(DEPENDING, "spec"), []);
}

#[cfg(unix)]
#[test]
fn pipes_and_links_in_the_chart_are_unknown_and_not_read() {
    use std::os::unix::fs::symlink;
    let chart = Chart::built(FILES);
    fs::create_dir_all(chart.path("../outside")).unwrap();
    fs::write(chart.path("../outside/x.yaml"), "secret\n").unwrap();
    symlink("../outside", chart.path("crds")).unwrap();
    symlink("../../outside/x.yaml", chart.path("templates/link.yaml")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(chart.path("templates/pipe.yaml"))
        .status();
    assert!(made.unwrap().success());
    let inspection = output::inspect(&Request {
        folder: &chart.folder,
        files: &generated(FILES),
        origin: &origin("spec"),
        edits: Edits::Keep,
    });
    let findings = inspection.unwrap().findings;
    let paths: Vec<&str> = findings.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(
        paths,
        ["crds", "templates/link.yaml", "templates/pipe.yaml"]
    );
    assert!(findings.iter().all(|one| one.found.is_none()));
}

/// What is read-only in a chart does not stop the next builds.
#[cfg(unix)]
#[test]
fn a_read_only_folder_of_others_is_taken_over() {
    use std::os::unix::fs::PermissionsExt;
    let chart = Chart::built(FILES);
    chart.put("docs/mine.txt", "mine\n");
    let read_only = fs::Permissions::from_mode(0o555);
    fs::set_permissions(chart.path("docs"), read_only).unwrap();
    for contents in ["a: 2\n", "a: 3\n"] {
        let written = chart.build(&[("values.yaml", contents)]).unwrap();
        assert_eq!(written.leftovers, Vec::<PathBuf>::new());
        assert_eq!(chart.read("docs/mine.txt"), "mine\n");
    }
    let beside = fs::read_dir(chart.folder.parent().unwrap()).unwrap();
    assert_eq!(beside.count(), 1);
    fs::set_permissions(chart.path("docs"), fs::Permissions::from_mode(0o755)).unwrap();
}

/// A program that another thread starts meanwhile has every open file for a
/// moment, and must not keep the folder held with it.
#[cfg(unix)]
#[test]
fn a_program_that_starts_meanwhile_holds_nothing() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let chart = Chart::built(FILES);
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                let ended = std::process::Command::new("true").status();
                assert!(ended.unwrap().success());
            }
        });
        let refused = (0..300).find_map(|n| {
            let contents = format!("a: {n}\n");
            chart.build(&[("values.yaml", &contents)]).err()
        });
        is_done.store(true, Ordering::Relaxed);
        assert!(refused.is_none(), "{refused:?}");
    });
}
