//! `cargo xtask dist`: what people install.
//!
//! Takes the release runner and the plugin's files, gives an installable folder
//! and a per-platform archive with its digest and, when a key is named, its
//! provenance. The same program gives the same archive on every machine.

mod archive;
mod platform;
mod provenance;

use crate::workspace::{VERSION, Workspace};
use crate::{digest, process, remap};
use anyhow::{Context, Result, bail};
use platform::Platform;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Name of the plugin, of its folder and of its program.
const NAME: &str = "taskspec";

/// What the plugin's folder holds besides the program; the last two once they exist.
const FILES: [&str; 5] = [
    "plugin.yaml",
    "completion.yaml",
    "plugin.complete",
    "LICENSE",
    "README.md",
];
const REQUIRED: usize = 3;

/// Options of the task.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Platform to build for, as a target triple; this machine's if absent
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// Folder that gets the results [default: dist in the checkout]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Package this program instead of building one
    #[arg(long, value_name = "FILE")]
    runner: Option<PathBuf>,
    /// Sign the archive with this key of the gpg on PATH
    #[arg(long, value_name = "KEY")]
    sign: Option<String>,
}

/// Makes the folder, the archive and what vouches for it.
pub fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let triple = match &args.target {
        Some(triple) => triple.clone(),
        None => platform::host()?,
    };
    let platform = Platform::of(&triple)?;
    let runner = match &args.runner {
        Some(runner) => runner.clone(),
        None => build(workspace, &triple, &platform)?,
    };
    let output = args
        .output
        .clone()
        .unwrap_or_else(|| workspace.path("dist"));
    let folder = output.join(NAME);
    fill(workspace, &folder, &runner, &platform)?;
    println!("dist: {}/", workspace.show(&folder));
    let file_name = format!("{NAME}-{VERSION}-{}-{}.tgz", platform.os, platform.arch);
    pack(
        workspace,
        &folder,
        &output.join(file_name),
        args.sign.as_deref(),
    )
}

/// Makes the archive of a folder and, beside it, what vouches for it.
fn pack(workspace: &Workspace, folder: &Path, archive: &Path, key: Option<&str>) -> Result<()> {
    let bytes = archive::pack(folder, NAME, archive::modification_time()?)?;
    let digest = digest::sha256(&bytes);
    let file_name = archive.file_name().unwrap_or_default().to_string_lossy();
    let beside = |suffix: &str| archive.with_file_name(format!("{file_name}{suffix}"));
    write(archive, &bytes)?;
    write(
        &beside(".sha256"),
        format!("{digest}  {file_name}\n").as_bytes(),
    )?;
    println!(
        "dist: {} ({} bytes, sha256 {digest})",
        workspace.show(archive),
        bytes.len()
    );

    let provenance = beside(".prov");
    if let Some(key) = key {
        let metadata = fs::read_to_string(folder.join("plugin.yaml"))?;
        let statement = provenance::statement(&metadata, NAME, &file_name, &digest);
        provenance::sign(&statement, key, &provenance)?;
        println!("dist: {}", workspace.show(&provenance));
    } else if provenance.exists() {
        // It would vouch for another archive.
        fs::remove_file(&provenance).context("cannot remove an old .prov")?;
    }
    Ok(())
}

/// Builds the release runner with no folder of this machine in it.
fn build(workspace: &Workspace, triple: &str, platform: &Platform) -> Result<PathBuf> {
    process::run(
        workspace
            .cargo("fetch")
            .args(["--locked", "--quiet", "--target", triple]),
    )?;
    let rustc = process::find("rustc").context("no `rustc` on PATH; install Rust")?;
    let sysroot = process::output(Command::new(rustc).args(["--print", "sysroot"]))?;
    let std_sources = [Path::new(&sysroot).join("lib/rustlib/src/rust")];
    // The target is always named: flags then leave build scripts alone.
    process::run(
        workspace
            .cargo_build(NAME)
            .args(["--release", "--target", triple])
            .env(
                remap::VARIABLE,
                remap::flags(workspace, &std_sources, &workspace.target)?,
            ),
    )
    .with_context(|| format!("is the target installed? `rustup target add {triple}`"))?;
    Ok(workspace
        .target
        .join(triple)
        .join("release")
        .join(platform.program(NAME)))
}

/// Makes the plugin's folder anew.
fn fill(workspace: &Workspace, folder: &Path, runner: &Path, platform: &Platform) -> Result<()> {
    if folder.exists() {
        if !folder.join("plugin.yaml").exists() && fs::read_dir(folder)?.next().is_some() {
            bail!(
                "{} holds something else; name another folder with -o",
                folder.display()
            );
        }
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let programs = folder.join("bin");
    fs::create_dir_all(&programs).with_context(|| format!("cannot make {}", folder.display()))?;
    for (index, name) in FILES.into_iter().enumerate() {
        let source = workspace.path(name);
        if index < REQUIRED || source.exists() {
            write(&folder.join(name), &read(&source)?)?;
        }
    }
    process::make_executable(&folder.join("plugin.complete"))?;
    let program = programs.join(platform.program(NAME));
    write(&program, &read(runner)?)?;
    process::make_executable(&program)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugin_has_the_workspace_version() {
        let manifest = include_str!("../../plugin.yaml");
        let version = format!("version: \"{VERSION}\"");
        assert!(
            manifest.lines().any(|line| line == version),
            "plugin.yaml lacks `{version}`"
        );
    }

    /// Helm 3.17 ignores entries without `os` and refuses `args`; Helm 4
    /// refuses `command` beside `platformCommand`.
    #[test]
    fn the_plugin_suits_every_helm() {
        let manifest = include_str!("../../plugin.yaml");
        let count = |key: &str| manifest.matches(key).count();
        assert_eq!(count("- os: "), count("command: "));
        assert_eq!(count("- os: "), count("arch: "));
        assert_eq!(count("args:") + count("apiVersion:") + count("Hooks:"), 0);
        assert!(!manifest.lines().any(|line| line.starts_with("command:")));
    }

    #[test]
    fn the_plugin_names_every_platform_that_dist_knows() {
        let manifest = include_str!("../../plugin.yaml");
        for platform in platform::ALL {
            let entry = format!("  - os: {}\n    arch: {}\n", platform.os, platform.arch);
            assert!(manifest.contains(&entry), "plugin.yaml lacks {entry}");
        }
    }
}
