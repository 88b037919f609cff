//! `rules`: what constraints and non-goals can name.

use crate::cli::Rules;
use crate::failure::Failure;
use crate::limits::Limits;

use super::verify::rule_files;
use super::{Context, listing, unknown};

pub(super) fn run(context: &Context, options: &Rules) -> Result<(), Failure> {
    let own = rule_files(options.rules.as_deref())?;
    let terminal = context.terminal;
    let mut verifier = context.verifier(Limits::default())?;
    let Some(name) = &options.name else {
        return terminal.print(&listing(&verifier.rules(&own)?));
    };
    match verifier.rule_page(name, &own)? {
        Some(page) => terminal.print(&page),
        None => {
            let list = format!("{} rules", context.program);
            Err(unknown("rule", name, &verifier.rules(&own)?, &list))
        }
    }
}
