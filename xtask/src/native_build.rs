//! `cargo xtask native-build`: the compiler without component and runner.
//!
//! The yardstick of `cargo xtask bench`: same compiler, linked natively, files
//! written plainly.

use crate::tree;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;

/// Options of the task.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The specification
    spec: PathBuf,
    /// The chart's folder
    out: PathBuf,
}

/// Compiles the specification and writes the chart's files.
pub fn run(args: &Args) -> Result<()> {
    let text = fs::read_to_string(&args.spec)
        .with_context(|| format!("cannot read {}", args.spec.display()))?;
    let compilation = taskspec_plugin::compile(&text, &[]);
    let Some(chart) = compilation.chart else {
        let messages: Vec<_> = compilation
            .diagnostics
            .iter()
            .map(|diagnostic| format!("\n  {}: {}", diagnostic.code, diagnostic.message))
            .collect();
        bail!(
            "{} gives no chart{}",
            args.spec.display(),
            messages.concat()
        );
    };
    for file in &chart.files {
        tree::write(&args.out.join(&file.path), file.contents.as_bytes())?;
    }
    Ok(())
}
