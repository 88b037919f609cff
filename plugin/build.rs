//! Lists the files of the embedded subcharts and of the catalog, so that a new
//! file needs no code.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(std::env::var("OUT_DIR").unwrap_or_default());
    std::fs::write(out.join("embedded.rs"), embedded(&root.join("embedded"))?)?;
    std::fs::write(out.join("catalog.rs"), catalog(&root.join("catalog"))?)
}

/// Chart, path and text of each file of the embedded subcharts.
fn embedded(root: &Path) -> std::io::Result<String> {
    println!("cargo::rerun-if-changed={}", root.display());
    let mut list = String::from("const EMBEDDED: &[(&str, &str, &str)] = &[\n");
    for chart in sorted(root)? {
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
    Ok(list)
}

/// Name and text of each entry of the catalog, and the text of the protocols.
fn catalog(root: &Path) -> std::io::Result<String> {
    println!("cargo::rerun-if-changed={}", root.display());
    let mut entries = Vec::new();
    for path in sorted(root)? {
        println!("cargo::rerun-if-changed={}", path.display());
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = std::fs::read_to_string(&path)?;
        let name = text
            .lines()
            .find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
        if let Some(name) = name {
            entries.push(format!(
                "    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/catalog/\", {file:?}))),\n"
            ));
        }
    }
    entries.sort();
    let mut list = String::from("const SOURCES: &[(&str, &str)] = &[\n");
    list.extend(entries);
    list.push_str("];\n");
    list.push_str(
        "const ENGINES: &str = include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/catalog/engines.toml\"));\n",
    );
    Ok(list)
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
