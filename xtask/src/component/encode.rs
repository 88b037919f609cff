//! From a core module to the component, and what must be true of it.

use anyhow::{Context, Result, bail};
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

/// Wraps the core module that cargo built into a validated component.
pub fn encode(module: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)
        .context("the module does not carry a contract")?
        .encode()
        .context("cannot encode the component; an import of the module is the usual reason")
}

/// Fails if the component imports anything: it would no longer be a pure function.
pub fn refuse_imports(component: &[u8]) -> Result<()> {
    let names = imports(component)?;
    if names.is_empty() {
        return Ok(());
    }
    bail!(
        "the component has imports: {}\nIt must stay a pure function; find the crate that brought them \
         with `cargo tree --target {}`",
        names.join(", "),
        super::toolchain::TARGET
    )
}

/// Names of what the outermost component imports.
fn imports(component: &[u8]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.context("the component is malformed")? {
            // Modules and components inside have sections of their own.
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    names.push(import?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(names)
}
