//! The programs that judge charts. `cargo xtask tools` fetches them into
//! `.tools/`; a test that needs a missing one fails and says so.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The workspace's root.
pub fn workspace() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder
        .parent()
        .map(Path::to_path_buf)
        .unwrap_or_default()
}

/// A program below `.tools/`.
///
/// # Panics
/// If it is not there.
pub fn program(path: &str) -> PathBuf {
    let program = workspace().join(".tools").join(path);
    assert!(
        program.is_file(),
        ".tools/{path} is missing; run: cargo xtask tools"
    );
    program
}

/// The program that people call, with the component in it.
///
/// # Panics
/// If `TASKSPEC_RUNNER` does not name it.
pub fn runner() -> PathBuf {
    let runner = env::var_os("TASKSPEC_RUNNER").map(PathBuf::from);
    runner
        .filter(|program| program.is_file())
        .expect("TASKSPEC_RUNNER names no program; run: cargo xtask test")
}

/// Makes a program that does what some shell says, and returns its path.
///
/// Another process writes it: a program that a test beside this one is just
/// starting has a copy of every file that is open here for a moment, and what
/// is open for writing cannot be run.
///
/// # Panics
/// If it cannot be written.
pub fn script(path: &Path, shell: &str) -> PathBuf {
    let mut writer = Command::new("sh");
    writer
        .args([
            "-c",
            r##"printf '#!/bin/sh\n%s\n' "$2" >"$1" && chmod 755 "$1""##,
        ])
        .arg("sh")
        .arg(path)
        .arg(shell);
    let status = writer.status().expect("a shell can be run");
    assert!(status.success(), "{} can be written", path.display());
    path.to_owned()
}

/// One version of Helm.
#[derive(Debug, Clone)]
pub struct Helm {
    /// Such as `4.3.1`.
    pub version: String,
    program: PathBuf,
}

impl Helm {
    /// Every pinned version, oldest first.
    ///
    /// # Panics
    /// If one is missing.
    pub fn all() -> Vec<Self> {
        let list = fs::read_to_string(workspace().join("tests/tools/helm.txt"))
            .expect("tests/tools/helm.txt is readable");
        let mut versions: Vec<String> = list
            .lines()
            .filter_map(|line| line.split_once("# helm "))
            .map(|(_, version)| version.trim().to_owned())
            .collect();
        // The packaged binaries are for one platform; elsewhere people bring their own.
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            versions.retain(|version| {
                workspace()
                    .join(format!(".tools/helm-{version}/helm"))
                    .is_file()
            });
        }
        assert!(
            !versions.is_empty(),
            "no Helm in .tools; run: cargo xtask tools"
        );
        versions.sort_by_key(|version| {
            version
                .split('.')
                .map(|part| part.parse().unwrap_or(0))
                .collect::<Vec<u32>>()
        });
        versions
            .into_iter()
            .map(|version| Self {
                program: program(&format!("helm-{version}/helm")),
                version,
            })
            .collect()
    }

    /// The newest pinned version.
    pub fn newest() -> Self {
        Self::all().pop().expect("there is at least one Helm")
    }

    /// Where it is.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The same version by another program, such as one that stands in for a cluster.
    #[must_use]
    pub fn with_program(self, program: PathBuf) -> Self {
        Self { program, ..self }
    }

    /// A call that sees neither the developer's repositories nor a cluster.
    pub fn command(&self) -> Command {
        let home = workspace().join(".tools/home");
        let mut command = Command::new(&self.program);
        for (variable, folder) in [
            ("HELM_CACHE_HOME", "cache"),
            ("HELM_CONFIG_HOME", "config"),
            ("HELM_DATA_HOME", "data"),
        ] {
            command.env(variable, home.join(folder));
        }
        command
            .env("KUBECONFIG", home.join("no-cluster"))
            .env_remove("HELM_NAMESPACE");
        command
    }

    /// Runs `helm ARGUMENTS`.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Output {
        self.command()
            .args(arguments)
            .output()
            .expect("Helm starts")
    }
}

/// Both outputs of a program as text.
pub fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
