//! `init`: a first specification.

use std::path::Path;

use crate::cli::Init;
use crate::compiler::{Compiler, Entry};
use crate::failure::Failure;
use crate::output;

use super::{Context, listing, unknown};

pub(super) fn run(context: &Context, options: &Init) -> Result<(), Failure> {
    let mut compiler = context.compiler()?;
    let starters = compiler.starters()?;
    if options.list {
        return context.terminal.print(&listing(&starters));
    }
    let name = chosen(&starters, options.from.as_deref())?;
    let text = text(context, &mut compiler, &starters, name)?;
    if options.file == Path::new("-") {
        return context.terminal.print(&text);
    }
    let saved_as = output::write_file(&options.file, &text, options.force)?;
    if options.quiet {
        return Ok(());
    }
    let file = options.file.display();
    let mut done = String::new();
    if let Some(saved_as) = saved_as {
        done += &format!("Saved the old {file} as {}\n", saved_as.display());
    }
    done += &format!("Wrote {file} from the starter `{name}`\n");
    done += &format!("\nNext\n  {} build {file}\n", context.program);
    context.terminal.print(&done)
}

/// The wanted starter, or the first.
fn chosen<'a>(starters: &'a [Entry], from: Option<&'a str>) -> Result<&'a str, Failure> {
    match (from, starters) {
        (Some(name), _) => Ok(name),
        (None, [first, ..]) => Ok(&first.name),
        (None, []) => Err(Failure::bug("internal error: the compiler has no starter")),
    }
}

fn text(
    context: &Context,
    compiler: &mut Compiler,
    starters: &[Entry],
    name: &str,
) -> Result<String, Failure> {
    let list = format!("{} init --list", context.program);
    compiler
        .starter(name)?
        .ok_or_else(|| unknown("starter", name, starters, &list))
}
