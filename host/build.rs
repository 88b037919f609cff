//! Compiles the components to machine code for the target, so that the runner
//! needs no code generator and starts in under a millisecond.
//!
//! Takes `../plugin/taskspec-compiler.wasm` and `../plugin/taskspec-verifier.wasm`,
//! or the files that the environment variables `TASKSPEC_COMPONENT` and
//! `TASKSPEC_VERIFIER` name. Refuses anything that is not a component or that
//! imports something.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};
use wasmparser::{Encoding, Parser, Payload};
use wasmtime::Engine;

#[path = "src/engine_config.rs"]
mod engine_config;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/engine_config.rs");
    if let Err(message) = run() {
        println!("cargo::error={}", message.replace('\n', " "));
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let target = variable("TARGET");
    embed("compiler", "COMPONENT", &target, <[u8]>::to_vec)?;
    embed("verifier", "VERIFIER", &target, deflated)?;
    println!("cargo:rustc-env=TASKSPEC_TARGET={target}");
    println!("cargo:rustc-env=TASKSPEC_WASMTIME={}", wasmtime_version()?);
    Ok(())
}

/// In the format that `flate2` reads back. The compiler's code is executed where
/// it lies; the verifier's can wait until it is unpacked, and the program is
/// smaller by a third.
fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.expect("writing to memory does not fail")
}

/// Compiles a component; `key` is its part of the variables' names.
fn embed(
    name: &str,
    key: &str,
    target: &str,
    pack: impl Fn(&[u8]) -> Vec<u8>,
) -> Result<(), String> {
    let path = component_path(name, key);
    println!("cargo:rerun-if-changed={}", path.display());
    let wasm = fs::read(&path).map_err(|error| {
        format!(
            "cannot read the {name} component `{}`: {error}; run: cargo xtask component",
            path.display()
        )
    })?;
    require_no_imports(&wasm).map_err(|reason| format!("`{}`: {reason}", path.display()))?;

    let machine_code = compile(&wasm, target)
        .map_err(|error| format!("cannot compile the component for {target}: {error:#}"))?;
    let out = Path::new(&variable("OUT_DIR")).join(format!("{name}.cwasm"));
    fs::write(&out, pack(&machine_code)).map_err(|error| format!("{}: {error}", out.display()))?;

    let digest: String = Sha256::digest(&wasm)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    println!("cargo:rustc-env=TASKSPEC_{key}_SHA256={digest}");
    println!("cargo:rustc-env=TASKSPEC_{key}_SIZE={}", wasm.len());
    Ok(())
}

fn component_path(name: &str, key: &str) -> PathBuf {
    let variable = format!("TASKSPEC_{key}");
    println!("cargo:rerun-if-env-changed={variable}");
    match env::var_os(variable) {
        Some(path) => path.into(),
        None => manifest_dir().join(format!("../plugin/taskspec-{name}.wasm")),
    }
}

/// Errors unless the bytes are a component whose own import list is empty.
fn require_no_imports(wasm: &[u8]) -> Result<(), String> {
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(|error| format!("not WebAssembly: {error}"))? {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } if depth == 0 => {
                return Err("a core module, not a component; run: cargo xtask component".into());
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            // Imports of nested modules and components are satisfied inside.
            Payload::ComponentImportSection(imports) if depth == 0 => {
                if let Some(import) = imports.into_iter().next() {
                    let import = import.map_err(|error| error.to_string())?;
                    return Err(format!(
                        "the component imports `{}`, but must import nothing",
                        import.name.name
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Machine code for the plain base model of `target`: naming the target keeps
/// wasmtime from using whatever the building processor offers on top.
fn compile(wasm: &[u8], target: &str) -> wasmtime::Result<Vec<u8>> {
    let mut config = engine_config::engine_config();
    config.target(target)?;
    Engine::new(&config)?.precompile_component(wasm)
}

/// The wasmtime release that the workspace's lock file names.
fn wasmtime_version() -> Result<String, String> {
    let path = manifest_dir().join("../Cargo.lock");
    println!("cargo:rerun-if-changed={}", path.display());
    let lock = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    lock.lines()
        .skip_while(|line| *line != "name = \"wasmtime\"")
        .find_map(|line| line.strip_prefix("version = "))
        .map(|version| version.trim_matches('"').to_owned())
        .ok_or_else(|| format!("{} does not name wasmtime", path.display()))
}

fn manifest_dir() -> PathBuf {
    variable("CARGO_MANIFEST_DIR").into()
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}
