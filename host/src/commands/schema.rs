//! `schema`: the JSON Schema of the language.

use std::fs;

use crate::cli::Schema;
use crate::failure::Failure;

use super::Context;

pub(super) fn run(context: &Context, options: &Schema) -> Result<(), Failure> {
    let schema = context.compiler()?.schema()?;
    match &options.output {
        Some(path) => fs::write(path, schema).map_err(|error| Failure::io("write", path, &error)),
        None => context.terminal.print(&schema),
    }
}
