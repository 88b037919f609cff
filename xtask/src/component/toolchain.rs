//! Which compiler builds the component.
//!
//! Two routes lead to `wasm32-unknown-unknown`: rustup's prebuilt target, or
//! Debian's `rustc-web` building the standard library itself. They give
//! different bytes, so the one that made the committed component is on record.

use crate::process;
use anyhow::{Context, Result, bail};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target of the component: its standard library imports nothing.
pub const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";

/// The Debian packages of [`Route::Debian`].
pub const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// A way to a standard library for the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Route {
    /// The `rustc` on `PATH`, whose toolchain has the target installed.
    Rustup,
    /// Debian's compiler, which builds the standard library from its sources.
    Debian,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rustup => "rustup",
            Self::Debian => "debian",
        })
    }
}

/// A compiler, a linker and how to call them.
#[derive(Debug, Clone)]
pub struct Toolchain {
    /// How the standard library is had.
    pub route: Route,
    /// The compiler.
    pub rustc: PathBuf,
    /// Its cargo.
    pub cargo: PathBuf,
    /// The linker, where the compiler does not bring its own.
    pub linker: Option<PathBuf>,
    /// Where the sources of the standard library are, in every spelling that
    /// a compiler may write into the artefact.
    pub std_sources: Vec<PathBuf>,
    /// What decides the bytes, as recorded beside the component.
    pub identity: Identity,
}

/// What decides the bytes of the component besides its sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// How the standard library is had.
    pub route: String,
    /// First line of `rustc -vV`.
    pub rustc: String,
    /// First line of the linker's version.
    pub linker: String,
}

impl Identity {
    /// The text of the record.
    pub fn to_text(&self) -> String {
        format!(
            "# What made the components; written by `cargo xtask component`.\n\
             route: {}\nrustc: {}\nlinker: {}\n",
            self.route, self.rustc, self.linker
        )
    }

    /// Reads the record; absent lines are empty and so equal nothing.
    pub fn from_text(text: &str) -> Self {
        let field = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            route: field("route"),
            rustc: field("rustc"),
            linker: field("linker"),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} route, {}, {}", self.route, self.rustc, self.linker)
    }
}

impl Toolchain {
    /// The forced route; else the recorded one when it is to be had here; else
    /// the first that is.
    pub fn choose(forced: Option<Route>, recorded: &Identity) -> Result<Self> {
        if let Some(route) = forced {
            return Self::by(route);
        }
        let mut routes = [Route::Rustup, Route::Debian];
        routes.sort_by_key(|route| route.to_string() != recorded.route);
        let mut reasons = Vec::new();
        for route in routes {
            match Self::by(route) {
                Ok(toolchain) => return Ok(toolchain),
                Err(reason) => reasons.push(format!("  {route}: {reason:#}")),
            }
        }
        bail!(
            "no compiler for {TARGET} here\n{}\nInstall either one:\n  \
             rustup target add {TARGET}\n  apt-get install {}",
            reasons.join("\n"),
            DEBIAN_PACKAGES.join(" ")
        )
    }

    fn by(route: Route) -> Result<Self> {
        match route {
            Route::Rustup => Self::rustup(),
            Route::Debian => Self::debian(),
        }
    }

    fn rustup() -> Result<Self> {
        let rustc = process::find("rustc").context("no `rustc` on PATH; install Rust")?;
        let cargo = process::find("cargo").context("no `cargo` on PATH; install Rust")?;
        let libdir = process::output(Command::new(&rustc).args([
            "--print",
            "target-libdir",
            "--target",
            TARGET,
        ]))?;
        if !Path::new(&libdir).is_dir() {
            bail!("{libdir} is missing; `rustup target add {TARGET}` installs it");
        }
        let linker = bundled_lld(&rustc)?;
        let linker_version = match &linker {
            Some(linker) => lld_version(linker)?,
            None => "the compiler's own".to_owned(),
        };
        Ok(Self {
            route: Route::Rustup,
            identity: Identity {
                route: Route::Rustup.to_string(),
                rustc: version(&rustc)?,
                linker: linker_version,
            },
            std_sources: std_sources(&rustc)?,
            linker: None,
            rustc,
            cargo,
        })
    }

    fn debian() -> Result<Self> {
        let (rustc, cargo) = (PathBuf::from(DEBIAN_RUSTC), PathBuf::from(DEBIAN_CARGO));
        let install = || format!("apt-get install {}", DEBIAN_PACKAGES.join(" "));
        for tool in [&rustc, &cargo] {
            if !process::is_executable(tool) {
                bail!("{} is missing; `{}` installs it", tool.display(), install());
            }
        }
        let std_sources = std_sources(&rustc)?;
        if !std_sources
            .iter()
            .any(|dir| dir.join("library/std").is_dir())
        {
            bail!(
                "the sources of the standard library are missing; `{}` installs them",
                install()
            );
        }
        let linker = find_lld(&rustc)?
            .context("no linker for WebAssembly; `apt-get install lld` or rustup brings one")?;
        Ok(Self {
            route: Route::Debian,
            identity: Identity {
                route: Route::Debian.to_string(),
                rustc: version(&rustc)?,
                linker: lld_version(&linker)?,
            },
            std_sources,
            linker: Some(linker),
            rustc,
            cargo,
        })
    }
}

fn version(rustc: &Path) -> Result<String> {
    let text = process::output(Command::new(rustc).arg("-vV"))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn sysroot(rustc: &Path) -> Result<PathBuf> {
    Ok(process::output(Command::new(rustc).args(["--print", "sysroot"]))?.into())
}

fn std_sources(rustc: &Path) -> Result<Vec<PathBuf>> {
    let sources = sysroot(rustc)?.join("lib/rustlib/src/rust");
    let mut spellings = vec![sources.clone()];
    // Debian's is a symbolic link.
    if let Ok(real) = sources.canonicalize()
        && real != sources
    {
        spellings.push(real);
    }
    Ok(spellings)
}

/// The `rust-lld` in the compiler's own sysroot.
fn bundled_lld(rustc: &Path) -> Result<Option<PathBuf>> {
    let text = process::output(Command::new(rustc).arg("-vV"))?;
    let host = text
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap_or_default();
    let lld = sysroot(rustc)?
        .join("lib/rustlib")
        .join(host)
        .join("bin/rust-lld");
    Ok(process::is_executable(&lld).then_some(lld))
}

/// Any LLD: the compiler's, that of the `rustc` on `PATH`, or the system's.
fn find_lld(rustc: &Path) -> Result<Option<PathBuf>> {
    if let Some(lld) = bundled_lld(rustc)? {
        return Ok(Some(lld));
    }
    if let Some(other) = process::find("rustc")
        && let Some(lld) = bundled_lld(&other)?
    {
        return Ok(Some(lld));
    }
    let system = ["rust-lld", "wasm-ld", "lld"];
    Ok(system.into_iter().find_map(process::find))
}

fn lld_version(lld: &Path) -> Result<String> {
    let text = process::output(Command::new(lld).args(["-flavor", "wasm", "--version"]))
        .or_else(|_| process::output(Command::new(lld).arg("--version")))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
