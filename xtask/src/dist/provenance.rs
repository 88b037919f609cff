//! The `.prov` file by which Helm 4 verifies a plugin's archive: the plugin's
//! metadata and the archive's digest, clear-signed.

use crate::process;
use crate::workspace::VERSION;
use anyhow::{Context, Result, bail};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The text to sign. The digest stands under two names: Helm installs by the
/// file's, and `helm plugin list` looks for `<name>-<version>.tgz`.
pub fn statement(metadata: &str, name: &str, file_name: &str, digest: &str) -> String {
    format!(
        "{metadata}\n...\nfiles:\n  {file_name}: sha256:{digest}\n  \
         {name}-{VERSION}.tgz: sha256:{digest}\n"
    )
}

/// Clear-signs a statement with a key of the gpg on `PATH`.
pub fn sign(statement: &str, key: &str, file: &Path) -> Result<()> {
    let gpg = process::find("gpg")
        .context("no `gpg` on PATH to sign with; `apt-get install gnupg` installs it")?;
    let mut command = Command::new(gpg);
    command
        .args([
            "--batch",
            "--yes",
            "--armor",
            "--local-user",
            key,
            "--output",
        ])
        .arg(file)
        .arg("--clearsign")
        .stdin(Stdio::piped());
    let mut child = command.spawn().context("cannot start gpg")?;
    if let Some(mut input) = child.stdin.take() {
        input
            .write_all(statement.as_bytes())
            .context("gpg does not read what it shall sign")?;
    }
    let status = child.wait().context("gpg is gone")?;
    if !status.success() {
        bail!("gpg could not sign with the key `{key}` ({status}); `gpg -K` lists the keys");
    }
    Ok(())
}
