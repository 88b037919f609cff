//! Where things are in this checkout, and its cargo.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Version of the workspace, and so of everything that is released.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The paths that the tasks share.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The checkout's top folder.
    pub root: PathBuf,
    /// Cargo's target folder of this checkout.
    pub target: PathBuf,
}

impl Workspace {
    /// Finds the checkout that this `cargo xtask` was called in.
    pub fn find() -> Self {
        // Cargo sets the variable for `cargo run`; the built-in path serves a
        // binary that is called directly.
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir
            .parent()
            .map_or_else(|| PathBuf::from("."), Path::to_path_buf);
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |dir| root.join(dir));
        Self { root, target }
    }

    /// A path in the checkout.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A path as a message shows it: relative to the checkout where possible.
    pub fn show<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }

    /// The cargo that runs this task, about to work on the checkout.
    pub fn cargo(&self, subcommand: &str) -> Command {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = Command::new(cargo);
        command.current_dir(&self.root).arg(subcommand);
        // What cargo told this task about itself is not for others to see.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            let of_this_task = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];
            if of_this_task.iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(&name);
            }
        }
        command
    }

    /// A build of the checkout: locked, and into [`Self::target`] whatever the
    /// configuration says, so that the results are found.
    pub fn cargo_build(&self, package: &str) -> Command {
        let mut command = self.cargo("build");
        command
            .args(["--locked", "--package", package, "--target-dir"])
            .arg(&self.target);
        command
    }
}
