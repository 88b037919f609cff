//! `completions`: the script that teaches a shell the command line.

use crate::cli::{self, Completions};
use crate::failure::Failure;

use super::Context;

pub(super) fn run(context: &Context, options: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    let mut command = cli::command("taskspec");
    clap_complete::generate(options.shell, &mut command, "taskspec", &mut script);
    context.terminal.print(&String::from_utf8_lossy(&script))
}
