//! The runner's `--help`, and what can be read out of it.

use crate::{process, runner};
use anyhow::{Result, bail};
use std::path::Path;

/// What `--help` prints for the program or one of its sub-commands.
pub struct Help {
    subcommand: Option<String>,
    /// The text, without blanks at the ends of lines.
    pub text: String,
}

/// The program's help and then that of each sub-command, in its order.
pub fn read_all(runner: &Path) -> Result<Vec<Help>> {
    let main = Help::read(runner, None)?;
    let subcommands = main.subcommands();
    if subcommands.is_empty() {
        bail!("`{} --help` names no sub-command", runner.display());
    }
    let mut helps = vec![main];
    for subcommand in subcommands {
        helps.push(Help::read(runner, Some(subcommand))?);
    }
    Ok(helps)
}

impl Help {
    fn read(runner: &Path, subcommand: Option<String>) -> Result<Self> {
        let mut command = runner::call(runner);
        command.args(&subcommand).arg("--help").env("NO_COLOR", "1");
        let printed = process::output(&mut command)?;
        let lines: Vec<_> = printed.lines().map(str::trim_end).collect();
        Ok(Self {
            subcommand,
            text: lines.join("\n"),
        })
    }

    /// Name of the sub-command; none for the program itself.
    pub fn subcommand(&self) -> Option<&str> {
        self.subcommand.as_deref()
    }

    /// Names in the list of sub-commands.
    fn subcommands(&self) -> Vec<String> {
        self.section("Commands:")
            .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
            // `help` repeats what `--help` says.
            .filter(|name| !name.is_empty() && *name != "help")
            .map(str::to_owned)
            .collect()
    }

    /// Names of the options, short ones first as they are printed, without dashes.
    pub fn flags(&self) -> Vec<&str> {
        self.section("Options:")
            .map(str::trim_start)
            .filter(|line| line.starts_with('-'))
            .flat_map(|line| line.split("  ").next().unwrap_or_default().split(", "))
            .filter_map(|option| option.split([' ', '=', '[']).next())
            .map(|option| option.trim_start_matches('-'))
            .filter(|name| !name.is_empty())
            .collect()
    }

    /// The lines below a heading, up to the next text that is not indented.
    fn section(&self, heading: &str) -> impl Iterator<Item = &str> {
        self.text
            .lines()
            .skip_while(move |line| *line != heading)
            .skip(1)
            .take_while(|line| line.is_empty() || line.starts_with(' '))
    }
}

#[cfg(test)]
mod tests {
    use super::Help;

    const TEXT: &str = "\
Builds charts

Usage: x <COMMAND>

Commands:
  build  Build a chart
  help   Print this

Options:
  -o, --output <DIR>
          The folder - see `--force`

      --force           Replace
  -h, --help            Print help

Examples:
  x --not-an-option
";

    #[test]
    fn names_are_read() {
        let help = Help {
            subcommand: None,
            text: TEXT.to_owned(),
        };
        assert_eq!(help.subcommands(), ["build"]);
        assert_eq!(help.flags(), ["o", "output", "force", "h", "help"]);
    }
}
