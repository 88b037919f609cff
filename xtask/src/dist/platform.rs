//! Target triples and what Helm calls their platforms.

use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// A platform in Go's, and so Helm's, words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platform {
    /// `linux`, `darwin` or `windows`.
    pub os: &'static str,
    /// `amd64` or `arm64`.
    pub arch: &'static str,
}

/// Every platform that `plugin.yaml` has an entry for.
pub const ALL: [Platform; 5] = [
    Platform {
        os: "linux",
        arch: "amd64",
    },
    Platform {
        os: "linux",
        arch: "arm64",
    },
    Platform {
        os: "darwin",
        arch: "amd64",
    },
    Platform {
        os: "darwin",
        arch: "arm64",
    },
    Platform {
        os: "windows",
        arch: "amd64",
    },
];

impl Platform {
    /// The platform of a target triple.
    pub fn of(triple: &str) -> Result<Self> {
        let arch = match triple.split('-').next() {
            Some("x86_64") => "amd64",
            Some("aarch64") => "arm64",
            _ => "",
        };
        let known = ["linux", "darwin", "windows"];
        let os = known
            .into_iter()
            .find(|os| triple.contains(&format!("-{os}")));
        let platform = ALL
            .into_iter()
            .find(|known| known.arch == arch && Some(known.os) == os);
        match platform {
            Some(platform) => Ok(platform),
            None => bail!("plugin.yaml has no entry for {triple}"),
        }
    }

    /// File name of a program.
    pub fn program(self, name: &str) -> PathBuf {
        if self.os == "windows" {
            PathBuf::from(format!("{name}.exe"))
        } else {
            PathBuf::from(name)
        }
    }
}

/// The triple of this machine's compiler.
pub fn host() -> Result<String> {
    let text = crate::process::output(Command::new("rustc").arg("-vV"))?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` names no host")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::Platform;

    #[test]
    fn triples_have_platforms() {
        let expect = |triple, os, arch| {
            assert_eq!(
                Platform::of(triple).ok(),
                Some(Platform { os, arch }),
                "{triple}"
            );
        };
        expect("x86_64-unknown-linux-gnu", "linux", "amd64");
        expect("aarch64-unknown-linux-musl", "linux", "arm64");
        expect("aarch64-apple-darwin", "darwin", "arm64");
        expect("x86_64-pc-windows-msvc", "windows", "amd64");
        assert!(Platform::of("riscv64gc-unknown-linux-gnu").is_err());
        assert!(Platform::of("aarch64-pc-windows-msvc").is_err());
    }
}
