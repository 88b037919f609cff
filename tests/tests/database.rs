//! The chart's shell scripts against real servers: the same text that the pods
//! run, taken from the rendering, run by `/bin/sh`.
//!
//! Needs Debian's `postgresql` and `redis-server`; fails when they are missing.

use serde_json::Value;
use std::fs::{self, File};
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use taskspec_tests::chart::{Case, temporary};
use taskspec_tests::manifest::{self, Object};
use taskspec_tests::tools::{Helm, said, script};
use tempfile::TempDir;

const PASSWORD: &str = "correcthorsebatterystaple1234567";

/// A container's script with its variables.
struct Script {
    text: String,
    variables: Vec<(String, String)>,
}

/// The scripts of the chart: a container that begins with `/bin/sh -euc`.
struct Scripts(Vec<Object>);

impl Scripts {
    fn rendered(more: &[&str]) -> Self {
        let chart = Case::example("task-api-embedded").build();
        let text = chart
            .render(&Helm::newest(), "agent", &chart.variants()[0], more)
            .expect("the chart renders");
        Self(manifest::parse(&text).expect("the objects are YAML"))
    }

    fn of(&self, container: &str) -> Script {
        let pods = self.0.iter().filter_map(Object::pod);
        let found = pods.flat_map(|pod| pod.containers()).find(|found| {
            found["name"] == container
                && found["command"][0] == "/bin/sh"
                && found["command"][1] == "-euc"
        });
        let found = found.unwrap_or_else(|| panic!("no script in a container {container}"));
        let plain = |variable: &Value| {
            Some((
                variable["name"].as_str()?.to_owned(),
                variable["value"].as_str()?.to_owned(),
            ))
        };
        Script {
            text: found["command"][2].as_str().expect("a script").to_owned(),
            variables: found["env"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(plain)
                .collect(),
        }
    }
}

impl Script {
    fn run(&self, more: &[(&str, &str)]) -> Output {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-euc", &self.text])
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command
            .envs(self.variables.iter().cloned())
            .envs(more.iter().copied());
        command.output().expect("/bin/sh starts")
    }

    fn variable(&self, name: &str) -> String {
        self.variables
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.clone())
            .expect("the variable is set")
    }
}

/// A server with its files; stopped at the end.
struct Server {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = self.process.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end && !matches!(self.process.try_wait(), Ok(Some(_))) {
            thread::sleep(Duration::from_millis(50));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// Newest PostgreSQL of Debian.
fn postgresql(program: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .expect("PostgreSQL is missing; run: apt-get install postgresql");
    let mut programs: Vec<PathBuf> = versions
        .filter_map(|entry| Some(entry.ok()?.path().join("bin").join(program)))
        .filter(|path| path.is_file())
        .collect();
    programs.sort();
    programs
        .pop()
        .expect("PostgreSQL is missing; run: apt-get install postgresql")
}

/// PostgreSQL refuses to run as root.
fn unprivileged(program: &Path) -> Command {
    if id("-u") != 0 {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

fn id(argument: &str) -> u32 {
    let output = Command::new("id")
        .arg(argument)
        .output()
        .expect("id starts");
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .expect("a number")
}

fn start_postgresql() -> Server {
    let folder = temporary();
    if id("-u") == 0 {
        let user = Command::new("id")
            .args(["-u", "postgres"])
            .output()
            .expect("id starts");
        let user = String::from_utf8_lossy(&user.stdout)
            .trim()
            .parse()
            .expect("there is a user postgres");
        chown(folder.path(), Some(user), None).expect("the folder can be given away");
    }
    let (data, password) = (folder.path().join("data"), folder.path().join("password"));
    fs::write(&password, PASSWORD).expect("the file can be written");
    fs::set_permissions(&password, fs::Permissions::from_mode(0o644))
        .expect("the file can be opened up");
    let mut initdb = unprivileged(&postgresql("initdb"));
    initdb.current_dir("/").args([
        "--auth=scram-sha-256",
        "--username=agent_user",
        "--no-sync",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
    ]);
    let output = initdb
        .arg("--pwfile")
        .arg(&password)
        .arg("--pgdata")
        .arg(&data)
        .output()
        .expect("initdb starts");
    assert!(output.status.success(), "{}", said(&output));
    let port = free_port();
    let mut server = unprivileged(&postgresql("postgres"));
    server.current_dir("/").arg("-D").arg(&data).args([
        "-h",
        "127.0.0.1",
        "-c",
        "fsync=off",
        "-p",
        &port.to_string(),
        "-k",
    ]);
    let log = File::create(folder.path().join("log")).expect("a log");
    let process = server
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("postgres starts");
    let server = Server {
        process,
        port,
        folder,
    };
    until_ready(&server, || {
        Command::new(postgresql("pg_isready"))
            .args(["-h", "127.0.0.1", "-p", &port.to_string()])
            .output()
            .is_ok_and(|o| o.status.success())
    });
    server
}

fn until_ready(server: &Server, ready: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !ready() {
        let mut log = String::new();
        if let Ok(mut file) = File::open(server.folder.path().join("log")) {
            let _ = file.read_to_string(&mut log);
        }
        assert!(Instant::now() < end, "the server does not answer: {log}");
        thread::sleep(Duration::from_millis(100));
    }
}

fn database_url(port: u16, password: &str) -> String {
    format!("postgresql://agent_user:{password}@127.0.0.1:{port}/postgres")
}

/// Debian's client is older: it has another name and no time limit (`-t 10`).
const CLIENT: &str = "[ \"$1\" = -t ] && shift 2\nexec redis-cli \"$@\"";

/// A path with the chart's client.
fn clients() -> TempDir {
    let folder = temporary();
    script(&folder.path().join("valkey-cli"), CLIENT);
    folder
}

fn start_redis() -> Server {
    let (folder, port) = (temporary(), free_port());
    let log = File::create(folder.path().join("log")).expect("a log");
    let mut server = Command::new("redis-server");
    server
        .args([
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--requirepass",
            PASSWORD,
            "--port",
            &port.to_string(),
        ])
        .current_dir(folder.path());
    let process = server
        .stdout(log)
        .spawn()
        .expect("redis-server is missing; run: apt-get install redis-server");
    let server = Server {
        process,
        port,
        folder,
    };
    until_ready(&server, || TcpStream::connect(("127.0.0.1", port)).is_ok());
    server
}

fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}

fn fails(output: &Output) {
    assert_eq!(
        output.status.code().filter(|code| *code > 0 && *code < 126),
        output.status.code(),
        "{}",
        said(output)
    );
    assert!(!output.status.success(), "{}", said(output));
    assert!(
        !said(output).contains(PASSWORD),
        "the password is in the log: {}",
        said(output)
    );
}

#[test]
fn pods_wait_for_exactly_the_migration_that_they_need() {
    let server = start_postgresql();
    let scripts = Scripts::rendered(&[]);
    let url = database_url(server.port, PASSWORD);
    let (record, wait) = (scripts.of("record"), scripts.of("wait-for-migrations"));
    let waiting =
        |wait: &Script| wait.run(&[("MIGRATED_DATABASE_URL", &url), ("WAIT_SECONDS", "0")]);

    succeeds(
        &scripts
            .of("wait-for-database")
            .run(&[("DATABASE_URL", &url), ("WAIT_SECONDS", "10")]),
    );
    fails(&waiting(&wait));
    succeeds(&record.run(&[("DATABASE_URL", &url)]));
    succeeds(&record.run(&[("DATABASE_URL", &url)]));
    succeeds(&waiting(&wait));

    // Another image: another mark, which nobody has left yet.
    let next = Scripts::rendered(&["--set", "migration.image.tag=v2"]);
    assert_ne!(
        wait.variable("MARK"),
        next.of("wait-for-migrations").variable("MARK")
    );
    fails(&waiting(&next.of("wait-for-migrations")));
    succeeds(&next.of("record").run(&[("DATABASE_URL", &url)]));
    succeeds(&waiting(&next.of("wait-for-migrations")));
    succeeds(&waiting(&wait));
}

/// The mark is text to SQL, whatever it holds.
#[test]
fn a_mark_is_data() {
    let server = start_postgresql();
    let scripts = Scripts::rendered(&[]);
    let url = database_url(server.port, PASSWORD);
    let mark = "x'; drop schema task_api_chart cascade; --";
    succeeds(
        &scripts
            .of("record")
            .run(&[("DATABASE_URL", &url), ("MARK", mark)]),
    );
    let waiting = |mark| {
        scripts.of("wait-for-migrations").run(&[
            ("MIGRATED_DATABASE_URL", &url),
            ("WAIT_SECONDS", "0"),
            ("MARK", mark),
        ])
    };
    succeeds(&waiting(mark));
    fails(&waiting("x"));
}

#[test]
fn waiting_ends_in_time_without_a_server() {
    let scripts = Scripts::rendered(&[]);
    let url = database_url(free_port(), PASSWORD);
    for (container, variable) in [
        ("wait-for-database", "DATABASE_URL"),
        ("wait-for-migrations", "MIGRATED_DATABASE_URL"),
    ] {
        let start = Instant::now();
        fails(
            &scripts
                .of(container)
                .run(&[(variable, &url), ("WAIT_SECONDS", "1")]),
        );
        assert!(
            start.elapsed() < Duration::from_secs(15),
            "{container} took {:?}",
            start.elapsed()
        );
    }
    fails(&scripts.of("record").run(&[("DATABASE_URL", &url)]));
}

#[test]
fn waiting_takes_a_server_that_comes_late() {
    let scripts = Scripts::rendered(&[]);
    let server = start_postgresql();
    let url = database_url(server.port, PASSWORD);
    let (record, wait) = (scripts.of("record"), scripts.of("wait-for-migrations"));
    thread::scope(|scope| {
        let waiting =
            scope.spawn(|| wait.run(&[("MIGRATED_DATABASE_URL", &url), ("WAIT_SECONDS", "60")]));
        thread::sleep(Duration::from_secs(1));
        succeeds(&record.run(&[("DATABASE_URL", &url)]));
        succeeds(&waiting.join().expect("the wait ends"));
    });
}

#[test]
fn the_database_test_notices_a_wrong_password_and_a_missing_server() {
    let server = start_postgresql();
    let test = Scripts::rendered(&[]).of("postgresql");
    let run = |url: String| test.run(&[("URL", &url), ("PGCONNECT_TIMEOUT", "5")]);
    let output = run(database_url(server.port, PASSWORD));
    succeeds(&output);
    assert!(
        said(&output).contains("PostgreSQL connection successful!"),
        "{}",
        said(&output)
    );
    for wrong in [
        database_url(server.port, "wrong"),
        database_url(free_port(), PASSWORD),
        database_url(server.port, PASSWORD).replace("/postgres", "/missing"),
    ] {
        let output = run(wrong);
        fails(&output);
        assert!(!said(&output).contains("successful"), "{}", said(&output));
    }
}

#[test]
fn the_cache_test_notices_a_wrong_password_and_a_missing_server() {
    let (server, clients) = (start_redis(), clients());
    let test = Scripts::rendered(&[]).of("redis");
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", clients.path().display());
    let run = |port: u16, password: &str| {
        test.run(&[
            ("URL", &format!("redis://:{password}@127.0.0.1:{port}/0")),
            ("PATH", &path),
        ])
    };
    let output = run(server.port, PASSWORD);
    succeeds(&output);
    assert!(
        said(&output).contains("Redis connection successful!"),
        "{}",
        said(&output)
    );
    for output in [run(server.port, "wrong"), run(free_port(), PASSWORD)] {
        fails(&output);
        assert!(!said(&output).contains("successful"), "{}", said(&output));
    }
}

/// Every script of every chart is a program to dash, and stops at a failing line.
#[test]
fn every_script_parses_and_stops_at_the_first_failure() {
    for case in Case::all() {
        let chart = case.build();
        let text = chart
            .render(&Helm::newest(), "agent", &chart.variants()[0], &[])
            .expect("the chart renders");
        let objects = manifest::parse(&text).expect("the objects are YAML");
        let pods = objects
            .iter()
            .filter(|object| object.is_own())
            .filter_map(Object::pod);
        for container in pods
            .flat_map(|pod| pod.containers())
            .filter(|container| container["command"][0] == "/bin/sh")
        {
            let place = format!("{} {}", case.name, container["name"]);
            assert_eq!(container["command"][1], "-euc", "{place}");
            let script = container["command"][2].as_str().expect("a script");
            let output = Command::new("sh")
                .args(["-n", "-c", script])
                .output()
                .expect("sh starts");
            assert!(output.status.success(), "{place}: {}", said(&output));
        }
    }
}
