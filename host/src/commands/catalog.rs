//! `catalog`: the dependencies that a specification can name.

use crate::cli::Catalog;
use crate::failure::Failure;

use super::{Context, listing, unknown};

pub(super) fn run(context: &Context, options: &Catalog) -> Result<(), Failure> {
    let mut compiler = context.compiler()?;
    let Some(name) = &options.name else {
        return context.terminal.print(&listing(&compiler.catalog()?));
    };
    match compiler.catalog_page(name)? {
        Some(page) => context.terminal.print(&page),
        None => {
            let list = format!("{} catalog", context.program);
            Err(unknown("catalog entry", name, &compiler.catalog()?, &list))
        }
    }
}
