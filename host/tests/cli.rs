//! The program as a person or a script meets it: arguments in, exit code and
//! both outputs out. The specification is the component's own first starter.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// An empty working folder with the program in it.
struct Workplace {
    folder: tempfile::TempDir,
}

struct Run {
    exit: i32,
    stdout: String,
    stderr: String,
}

impl Workplace {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// With a specification in `spec.toml`.
    fn with_spec() -> Self {
        let place = Self::new();
        place.run(&["init"]).succeeded();
        place
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_taskspec"));
        command.current_dir(self.folder.path()).args(arguments);
        for variable in [
            "HELM_PLUGIN_DIR",
            "HELM_DEBUG",
            "NO_COLOR",
            "CLICOLOR_FORCE",
        ] {
            command.env_remove(variable);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(arguments))
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        fs::write(self.path(path), bytes).unwrap();
    }
}

impl Run {
    fn of(command: &mut Command) -> Self {
        let output = command.stdin(Stdio::null()).output().unwrap();
        Self {
            exit: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    fn exits(self, exit: i32) -> Self {
        assert_eq!(self.exit, exit, "{}\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    fn succeeded(self) -> Self {
        self.exits(0)
    }

    #[track_caller]
    fn complains(self, part: &str) -> Self {
        assert!(
            self.stderr.contains(part),
            "no {part:?} in:\n{}",
            self.stderr
        );
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).expect(&self.stdout)
    }
}

#[test]
fn a_starter_becomes_a_chart() {
    let place = Workplace::with_spec();
    let run = place
        .run(&["build", "spec.toml", "-o", "chart"])
        .succeeded();
    assert!(run.stdout.contains(" in chart: "), "{}", run.stdout);
    assert!(place.path("chart/Chart.yaml").is_file());
    assert!(
        place
            .read("chart/taskspec.lock")
            .contains("\"Chart.yaml\": \"sha256:")
    );
    let again = place
        .run(&["build", "spec.toml", "-o", "chart"])
        .succeeded();
    assert!(again.stdout.contains(" unchanged"), "{}", again.stdout);
    assert!(!again.stdout.contains(" written"), "{}", again.stdout);
}

#[test]
fn the_default_folder_is_named_after_the_chart() {
    let place = Workplace::with_spec();
    let report = place
        .run(&["build", "spec.toml", "--message-format", "json"])
        .succeeded()
        .json();
    let name = report["chart"]["name"].as_str().unwrap();
    assert!(
        place
            .path("chart-out")
            .join(name)
            .join("Chart.yaml")
            .is_file()
    );
}

#[test]
fn a_specification_can_come_from_a_pipe() {
    let place = Workplace::with_spec();
    let spec = fs::File::open(place.path("spec.toml")).unwrap();
    let mut command = place.command(&["build", "-", "-o", "piped"]);
    let status = command.stdin(spec).stdout(Stdio::null()).status().unwrap();
    assert!(status.success());
    place
        .run(&["build", "spec.toml", "-o", "named"])
        .succeeded();
    assert_eq!(
        place.read("piped/taskspec.lock"),
        place.read("named/taskspec.lock")
    );
}

#[test]
fn an_edited_file_is_kept_until_forced() {
    let place = Workplace::with_spec();
    place
        .run(&["build", "spec.toml", "-o", "chart"])
        .succeeded();
    let generated = place.read("chart/Chart.yaml");
    place.put("chart/Chart.yaml", b"mine\n");
    place
        .run(&["build", "spec.toml", "-o", "chart"])
        .exits(1)
        .complains("Chart.yaml`: it was edited since taskspec wrote it")
        .complains("--force");
    assert_eq!(place.read("chart/Chart.yaml"), "mine\n");
    place
        .run(&["build", "spec.toml", "-o", "chart", "--force"])
        .succeeded()
        .complains("Chart.yaml.orig");
    assert_eq!(place.read("chart/Chart.yaml"), generated);
    assert_eq!(place.read("chart/Chart.yaml.orig"), "mine\n");
}

/// Templates that a person adds are that person's, whatever else the chart gains
/// or loses.
#[test]
fn files_in_templates_custom_survive_every_build() {
    let place = Workplace::with_spec();
    let build = ["build", "spec.toml", "-o", "chart"];
    place.run(&build).succeeded();
    let custom = [
        ("chart/templates/custom/banner.yaml", "banner: mine\r\n"),
        ("chart/templates/custom/more/_part.tpl", "no end of line"),
    ];
    for (path, text) in custom {
        fs::create_dir_all(place.path(path).parent().unwrap()).unwrap();
        place.put(path, text.as_bytes());
    }
    let service = "chart/templates/service.yaml";
    assert!(place.path(service).is_file());
    for (starter, has_service) in [("service", true), ("cron", false), ("service", true)] {
        place
            .run(&["init", "--from", starter, "--force"])
            .succeeded();
        for more in [&[][..], &["--force"], &["--message-format", "json"]] {
            let run = place.run(&[&build[..], more].concat()).succeeded();
            for output in [run.stdout, run.stderr, place.read("chart/taskspec.lock")] {
                assert!(!output.contains("custom"), "{starter} {more:?}: {output}");
            }
        }
        assert_eq!(place.path(service).is_file(), has_service, "{starter}");
        for (path, text) in custom {
            assert_eq!(place.read(path), text, "{starter}");
        }
    }
}

#[test]
fn a_faulty_specification_leaves_the_chart_as_it_is() {
    let place = Workplace::with_spec();
    place
        .run(&["build", "spec.toml", "-o", "chart"])
        .succeeded();
    let lock = place.read("chart/taskspec.lock");
    place.put("spec.toml", b"bad = [\n");
    let run = place.run(&["build", "spec.toml", "-o", "chart"]).exits(2);
    let last = run.stderr.lines().last().unwrap();
    assert!(
        last.starts_with("error: could not build spec.toml: "),
        "{}",
        run.stderr
    );
    assert_eq!(run.stdout, "");
    assert_eq!(place.read("chart/taskspec.lock"), lock);

    let report = place
        .run(&["build", "spec.toml", "--message-format", "json"])
        .exits(2)
        .json();
    assert_eq!(report["outcome"], "spec");
    assert_eq!(report["diagnostics"][0]["severity"], "error");
    assert_eq!(report["chart"], Value::Null);
}

#[test]
fn specifications_that_cannot_be_read_are_explained() {
    let place = Workplace::new();
    place
        .run(&["build", "none.toml"])
        .exits(3)
        .complains("cannot read `none.toml`");
    place
        .run(&["build", "."])
        .exits(2)
        .complains("no specification is in the folder `.`");
    place.put("latin1.toml", b"a = 1\nb = \"\xe9\"\n");
    place
        .run(&["build", "latin1.toml"])
        .exits(2)
        .complains("line 2 has the byte 0xe9 at offset 11");
    place.put("big.toml", &vec![b'#'; (4 << 20) + 1]);
    place
        .run(&["build", "big.toml"])
        .exits(2)
        .complains("more than 4 MiB");
    let report = place
        .run(&["build", "none.toml", "--message-format", "json"])
        .exits(3)
        .json();
    assert_eq!(report["outcome"], "world");
    assert!(
        report["error"]["message"]
            .as_str()
            .unwrap()
            .contains("none.toml")
    );
    assert!(!place.path("chart-out").exists());
}

#[test]
fn init_overwrites_nothing_by_itself() {
    let place = Workplace::with_spec();
    place.put("spec.toml", b"mine\n");
    place
        .run(&["init"])
        .exits(3)
        .complains("`spec.toml` exists already")
        .complains("--force");
    assert_eq!(place.read("spec.toml"), "mine\n");
    let run = place.run(&["init", "--force"]).succeeded();
    assert!(run.stdout.contains("spec.toml.orig"), "{}", run.stdout);
    assert_eq!(place.read("spec.toml.orig"), "mine\n");
    assert_eq!(
        place.run(&["init", "-"]).succeeded().stdout,
        place.read("spec.toml")
    );
}

#[test]
fn every_starter_can_be_had() {
    let place = Workplace::new();
    let list = place.run(&["init", "--list"]).succeeded().stdout;
    assert!(!list.is_empty());
    for name in list
        .lines()
        .filter_map(|line| line.split_whitespace().next())
    {
        let file = format!("{name}.toml");
        let run = place.run(&["init", "--from", name, &file]).succeeded();
        assert!(
            run.stdout.contains(&format!("taskspec build {file}")),
            "{}",
            run.stdout
        );
    }
    place
        .run(&["init", "--from", "no-such"])
        .exits(2)
        .complains("there is no starter `no-such`");
}

#[test]
fn codes_and_catalog_are_listed_and_shown() {
    let place = Workplace::new();
    for command in ["explain", "catalog"] {
        let list = place.run(&[command]).succeeded().stdout;
        let name = list
            .split_whitespace()
            .next()
            .expect("the list is not empty");
        let page = place.run(&[command, name]).succeeded().stdout;
        assert!(page.contains(name), "{page}");
        place
            .run(&[command, "no-such"])
            .exits(2)
            .complains("`no-such`");
    }
}

#[test]
fn the_schema_is_json() {
    let place = Workplace::new();
    let printed = place.run(&["schema"]).succeeded();
    assert!(printed.json().is_object());
    place.run(&["schema", "-o", "schema.json"]).succeeded();
    assert_eq!(place.read("schema.json"), printed.stdout);
}

#[test]
fn the_attestation_says_that_nothing_is_imported() {
    let place = Workplace::new();
    let attestation = place
        .run(&["attest", "--format", "json"])
        .succeeded()
        .json();
    assert_eq!(attestation["imports"], Value::Array(vec![]));
    assert_eq!(
        attestation["component"].as_str().unwrap().len(),
        "sha256:".len() + 64
    );
    assert_eq!(attestation["runner"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        attestation["wasmtime"].as_str().unwrap().split('.').count(),
        3
    );
    let text = place.run(&["attest"]).succeeded().stdout;
    assert!(text.contains("imports    none\n"), "{text}");
}

#[test]
fn completion_asks_the_component() {
    let place = Workplace::new();
    let codes = place.run(&["explain"]).succeeded().stdout.lines().count();
    let offered = place
        .run(&["__complete", "explain", "TS"])
        .succeeded()
        .stdout;
    assert_eq!(offered.lines().count(), codes + 1);
    assert!(offered.ends_with("\n:4\n"), "{offered}");
    assert_eq!(
        place.run(&["__complete", "build", ""]).succeeded().stdout,
        ":0\n"
    );
    place.run(&["completions", "bash"]).succeeded();
}

#[test]
fn help_uses_the_name_that_the_program_was_called_by() {
    let place = Workplace::new();
    let alone = place.run(&["build", "--help"]).succeeded().stdout;
    assert!(alone.contains("Usage: taskspec build"), "{alone}");
    let mut command = place.command(&["build", "--help"]);
    let plugin = Run::of(
        command
            .env("HELM_PLUGIN_DIR", "x")
            .env("HELM_PLUGIN_NAME", "taskspec"),
    );
    assert!(
        plugin.stdout.contains("Usage: helm taskspec build"),
        "{}",
        plugin.stdout
    );
    assert!(
        plugin.stdout.contains("  helm taskspec build spec.toml\n"),
        "{}",
        plugin.stdout
    );
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    let place = Workplace::new();
    place.run(&["bild"]).exits(2).complains("build");
    place.run(&["build"]).exits(2).complains("<SPEC>");
    place
        .run(&["build", "x", "--color", "bogus"])
        .exits(2)
        .complains("bogus");
    place.run(&[]).exits(2).complains("Usage: taskspec");
}

#[test]
fn colour_is_for_terminals_or_on_request() {
    let place = Workplace::new();
    place.put("bad.toml", b"bad = [\n");
    let stderr = |arguments: &[&str]| place.run(arguments).exits(2).stderr;
    assert!(!stderr(&["build", "bad.toml"]).contains('\x1b'));
    assert!(stderr(&["build", "bad.toml", "--color", "always"]).contains('\x1b'));
    let mut command = place.command(&["build", "bad.toml"]);
    assert!(
        Run::of(command.env("CLICOLOR_FORCE", "1"))
            .stderr
            .contains('\x1b')
    );
    assert!(
        !Run::of(command.env("NO_COLOR", "1"))
            .stderr
            .contains('\x1b')
    );
}

#[test]
fn helms_debug_option_shows_times() {
    let place = Workplace::with_spec();
    let mut command = place.command(&["build", "spec.toml", "--quiet"]);
    let run = Run::of(command.env("HELM_DEBUG", "true")).succeeded();
    assert!(run.stderr.contains("debug: read "), "{}", run.stderr);
    assert_eq!(run.stdout, "");
    assert!(!place.run(&["build", "spec.toml"]).stderr.contains("debug:"));
}

#[test]
fn a_memory_limit_that_nothing_starts_with_is_named() {
    let place = Workplace::with_spec();
    let run = place.run(&["build", "spec.toml", "--memory-limit", "1"]);
    assert_eq!(run.exit, 3, "{}", run.stderr);
    assert!(run.stderr.contains("`--memory-limit 2`"), "{}", run.stderr);
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let place = Workplace::with_spec();
    for arguments in [&["explain"][..], &["--help"], &["build", "spec.toml"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = place.command(arguments).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(
            !String::from_utf8_lossy(&output.stderr).contains("error"),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_specification_that_ends_early_is_faulty() {
    let place = Workplace::new();
    let mut command = place.command(&["build", "-"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"bad = [").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("<stdin>"));
}
