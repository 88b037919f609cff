//! `cargo xtask component`: builds compiler and verifier as WebAssembly components.
//!
//! The components are committed, so that building the runner needs no
//! WebAssembly toolchain. The same sources and toolchain give the same bytes in
//! any folder: one codegen unit, a locked dependency graph and remapped paths.

mod encode;
mod toolchain;

pub use toolchain::{DEBIAN_PACKAGES, Route};

use crate::workspace::Workspace;
use crate::{process, remap};
use anyhow::{Context, Result, bail};
use std::process::Command;
use std::{env, fs};
use toolchain::{Identity, TARGET, Toolchain};

/// A component and the crate that it is made of.
struct Component {
    /// Where it is committed.
    path: &'static str,
    package: &'static str,
}

const COMPONENTS: [Component; 2] = [
    Component {
        path: "plugin/taskspec-compiler.wasm",
        package: "taskspec-component",
    },
    Component {
        path: "plugin/taskspec-verifier.wasm",
        package: "taskspec-verifier-component",
    },
];

const RECORD: &str = "plugin/components.toolchain";

/// The crates of this workspace that the components are made of.
const OWN_CRATES: [&str; 6] = [
    "taskspec-spec",
    "taskspec-plugin",
    "taskspec-component",
    "taskspec-report",
    "taskspec-verifier",
    "taskspec-verifier-component",
];

/// Options of the task.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Fail if a committed component is not what the sources give.
    #[arg(long)]
    pub check: bool,
    /// Build with this toolchain instead of choosing one.
    #[arg(long, env = "TASKSPEC_COMPONENT_ROUTE")]
    pub route: Option<Route>,
}

/// Builds the components and writes them, or compares them with the committed ones.
pub fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let recorded = recorded(workspace)?;
    let toolchain = Toolchain::choose(args.route, &recorded)?;
    println!("component: building with {}", toolchain.identity);
    let modules = build(workspace, &toolchain)?;
    for (component, module) in COMPONENTS.iter().zip(modules) {
        let bytes = encode::encode(&module)?;
        encode::refuse_imports(&bytes)?;
        if args.check {
            check(workspace, component, &bytes, &toolchain.identity, &recorded)?;
        } else {
            write(workspace, component, &bytes)?;
        }
    }
    if !args.check {
        fs::write(workspace.path(RECORD), toolchain.identity.to_text())
            .with_context(|| format!("cannot write {RECORD}"))?;
    }
    Ok(())
}

/// Whether some toolchain here can build the components.
pub fn toolchain_problem(workspace: &Workspace) -> Result<Option<String>> {
    let recorded = recorded(workspace)?;
    Ok(Toolchain::choose(None, &recorded)
        .err()
        .map(|problem| format!("{problem:#}")))
}

fn recorded(workspace: &Workspace) -> Result<Identity> {
    let path = workspace.path(RECORD);
    if !path.exists() {
        return Ok(Identity::from_text(""));
    }
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {RECORD}"))?;
    Ok(Identity::from_text(&text))
}

fn write(workspace: &Workspace, component: &Component, bytes: &[u8]) -> Result<()> {
    let name = component.path;
    let path = workspace.path(name);
    let changed = fs::read(&path).ok().as_deref() != Some(bytes);
    if changed {
        fs::write(&path, bytes).with_context(|| format!("cannot write {name}"))?;
    }
    let state = if changed { "written" } else { "unchanged" };
    println!(
        "component: {name} {state}, {} bytes, no imports",
        bytes.len()
    );
    Ok(())
}

fn check(
    workspace: &Workspace,
    component: &Component,
    bytes: &[u8],
    identity: &Identity,
    recorded: &Identity,
) -> Result<()> {
    let name = component.path;
    let committed = fs::read(workspace.path(name))
        .with_context(|| format!("cannot read {name}; `cargo xtask component` makes it"))?;
    if identity != recorded {
        encode::refuse_imports(&committed).with_context(|| format!("{name} is unfit"))?;
        println!(
            "component: builds, no imports. Bytes NOT compared: the committed component was made \
             with\n  {recorded}\nand other compilers give other bytes. The tests compare what the \
             committed component does with the natively linked compiler instead."
        );
        return Ok(());
    }
    if committed != bytes {
        bail!(
            "{name} is stale: the sources give other bytes ({} instead of {}); run `cargo \
             xtask component` and commit the result",
            bytes.len(),
            committed.len()
        );
    }
    println!("component: {name} is what the sources give, byte for byte, no imports");
    Ok(())
}

/// Runs cargo and gives the core modules, in the order of [`COMPONENTS`].
fn build(workspace: &Workspace, toolchain: &Toolchain) -> Result<Vec<Vec<u8>>> {
    let target_dir = workspace.target.join("component");
    let call = |arguments: &[&str]| {
        let mut command = cargo(workspace, toolchain);
        command
            .args(arguments)
            .args(["--locked", "--target", TARGET]);
        command
    };
    let into = |command: &mut Command| {
        command
            .args(["--profile", "component", "--target-dir"])
            .arg(&target_dir);
    };
    // Fetched first, because the flags name the folders that fetching makes.
    process::run(&mut call(&["fetch", "--quiet"]))?;

    // Cargo goes by the times of files, which a copied checkout may have from
    // before. What is committed must not depend on that.
    let mut clean = call(&["clean", "--quiet"]);
    into(&mut clean);
    clean.args(OWN_CRATES.map(|name| format!("--package={name}")));
    process::run(&mut clean)?;

    let mut build = call(&["build"]);
    build.args(COMPONENTS.map(|component| format!("--package={}", component.package)));
    into(&mut build);
    let flags = remap::flags(workspace, &toolchain.std_sources, &target_dir)?;
    build.env(remap::VARIABLE, flags);
    if toolchain.route == Route::Debian {
        build
            .arg("-Zbuild-std=std,panic_abort")
            .env("RUSTC_BOOTSTRAP", "1");
    }
    if let Some(linker) = &toolchain.linker {
        build.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    process::run(&mut build)?;

    let folder = target_dir.join(TARGET).join("component");
    COMPONENTS
        .iter()
        .map(|component| {
            let file = format!("{}.wasm", component.package.replace('-', "_"));
            let module = folder.join(file);
            fs::read(&module).with_context(|| format!("cannot read {}", workspace.show(&module)))
        })
        .collect()
}

/// A cargo that sees none of the settings of the cargo around it.
fn cargo(workspace: &Workspace, toolchain: &Toolchain) -> Command {
    let mut command = Command::new(&toolchain.cargo);
    command.current_dir(&workspace.root);
    let kept = [
        "CARGO_HOME",
        "CARGO_HTTP_",
        "CARGO_NET_",
        "CARGO_REGISTR",
        "CARGO_SOURCE_",
        "CARGO_TERM_",
        "RUSTUP_",
    ];
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let ours = text.starts_with("CARGO") || text.starts_with("RUST");
        if ours && !kept.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command.env("RUSTC", &toolchain.rustc);
    command
}
