//! `attest`: exactly which compiler this is.

use serde::Serialize;

use crate::cli::{Attest, Format};
use crate::compiler::component;
use crate::failure::Failure;

use super::Context;

/// The JSON form. `format` changes when a key changes its meaning or goes away.
#[derive(Serialize)]
struct Attestation {
    format: u32,
    /// Digest of the component's bytes.
    component: String,
    /// Size of the component in bytes.
    size: u64,
    /// Read from the component itself, not assumed.
    imports: Vec<String>,
    compiler: String,
    language: String,
    runner: &'static str,
    target: &'static str,
    wasmtime: &'static str,
}

pub(super) fn run(context: &Context, options: &Attest) -> Result<(), Failure> {
    let mut compiler = context.compiler()?;
    let description = compiler.describe()?;
    let attestation = Attestation {
        format: 1,
        component: format!("sha256:{}", component::SHA256),
        size: component::SIZE.parse().unwrap_or_default(),
        imports: compiler.imports(),
        compiler: description.version,
        language: description.language,
        runner: env!("CARGO_PKG_VERSION"),
        target: component::TARGET,
        wasmtime: component::WASMTIME,
    };
    context.terminal.print(&match options.format {
        Format::Human => attestation.text(),
        // Strings, numbers and lists always have a JSON form.
        Format::Json => serde_json::to_string_pretty(&attestation).unwrap_or_default() + "\n",
    })
}

impl Attestation {
    fn text(&self) -> String {
        let imports = if self.imports.is_empty() {
            "none".into()
        } else {
            self.imports.join(", ")
        };
        let rows = [
            ("component", self.component.clone()),
            ("size", format!("{} bytes", self.size)),
            ("imports", imports),
            ("compiler", self.compiler.clone()),
            ("language", self.language.clone()),
            ("runner", format!("{}, {}", self.runner, self.target)),
            ("wasmtime", self.wasmtime.into()),
        ];
        rows.iter()
            .map(|(name, value)| format!("{name:10} {value}\n"))
            .collect()
    }
}
