//! `cargo xtask component`: builds the compiler as a WebAssembly component.
//!
//! The component is committed, so that building the runner needs no
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

const COMPONENT: &str = "plugin/taskspec-compiler.wasm";
const RECORD: &str = "plugin/taskspec-compiler.toolchain";

/// The crates of this workspace that the component is made of.
const OWN_CRATES: [&str; 3] = ["taskspec-spec", "taskspec-plugin", "taskspec-component"];

/// Options of the task.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Fail if the committed component is not what the sources give.
    #[arg(long)]
    pub check: bool,
    /// Build with this toolchain instead of choosing one.
    #[arg(long, env = "TASKSPEC_COMPONENT_ROUTE")]
    pub route: Option<Route>,
}

/// Builds the component and writes it, or compares it with the committed one.
pub fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let recorded = recorded(workspace)?;
    let toolchain = Toolchain::choose(args.route, &recorded)?;
    println!("component: building with {}", toolchain.identity);
    let module = build(workspace, &toolchain)?;
    let component = encode::encode(&module)?;
    encode::refuse_imports(&component)?;
    if args.check {
        check(workspace, &component, &toolchain.identity, &recorded)
    } else {
        write(workspace, &component, &toolchain.identity)
    }
}

/// Whether some toolchain here can build the component.
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

fn write(workspace: &Workspace, component: &[u8], identity: &Identity) -> Result<()> {
    let path = workspace.path(COMPONENT);
    let changed = fs::read(&path).ok().as_deref() != Some(component);
    if changed {
        fs::write(&path, component).with_context(|| format!("cannot write {COMPONENT}"))?;
    }
    fs::write(workspace.path(RECORD), identity.to_text())
        .with_context(|| format!("cannot write {RECORD}"))?;
    let state = if changed { "written" } else { "unchanged" };
    println!(
        "component: {COMPONENT} {state}, {} bytes, no imports",
        component.len()
    );
    Ok(())
}

fn check(
    workspace: &Workspace,
    component: &[u8],
    identity: &Identity,
    recorded: &Identity,
) -> Result<()> {
    let committed = fs::read(workspace.path(COMPONENT))
        .with_context(|| format!("cannot read {COMPONENT}; `cargo xtask component` makes it"))?;
    if identity != recorded {
        encode::refuse_imports(&committed).with_context(|| format!("{COMPONENT} is unfit"))?;
        println!(
            "component: builds, no imports. Bytes NOT compared: the committed component was made \
             with\n  {recorded}\nand other compilers give other bytes. The tests compare what the \
             committed component does with the natively linked compiler instead."
        );
        return Ok(());
    }
    if committed != component {
        bail!(
            "{COMPONENT} is stale: the sources give other bytes ({} instead of {}); run `cargo \
             xtask component` and commit the result",
            component.len(),
            committed.len()
        );
    }
    println!("component: {COMPONENT} is what the sources give, byte for byte, no imports");
    Ok(())
}

/// Runs cargo and gives the core module.
fn build(workspace: &Workspace, toolchain: &Toolchain) -> Result<Vec<u8>> {
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

    let mut build = call(&["build", "--package", "taskspec-component"]);
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

    let module = target_dir
        .join(TARGET)
        .join("component/taskspec_component.wasm");
    fs::read(&module).with_context(|| format!("cannot read {}", workspace.show(&module)))
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
