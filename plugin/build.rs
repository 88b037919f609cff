//! Lists the files of the embedded subcharts, so that a new file needs no code.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let root =
        PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("embedded");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut list = String::from("const EMBEDDED: &[(&str, &str, &str)] = &[\n");
    for chart in sorted(&root)? {
        let mut files = Vec::new();
        walk(&chart, &mut files)?;
        for file in files {
            let name = chart
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let relative = file
                .strip_prefix(&chart)
                .unwrap_or(&file)
                .to_string_lossy()
                .replace('\\', "/");
            let path = format!("{name}/{relative}");
            let _ = writeln!(
                list,
                "    ({name:?}, {relative:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/embedded/\", {path:?}))),",
            );
        }
    }
    list.push_str("];\n");
    let out = PathBuf::from(std::env::var("OUT_DIR").unwrap_or_default()).join("embedded.rs");
    std::fs::write(out, list)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for path in sorted(folder)? {
        println!("cargo::rerun-if-changed={}", path.display());
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn sorted(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    Ok(paths)
}
