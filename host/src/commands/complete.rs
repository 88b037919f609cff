//! `__complete`: Helm's dynamic completion.
//!
//! Takes the sub-command, its arguments and the word to complete. Prints one
//! `value<TAB>description` a line and, last, whether the shell may offer files:
//! `:0` yes, `:4` no. Helm filters nothing, so that only values with the right
//! beginning are printed. Never fails: half of a command line is no fault.

use std::any::TypeId;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process;

use clap::{Arg, ArgAction, Command};

use crate::cli;
use crate::compiler::{Compiler, Entry};
use crate::failure::{Exit, Failure};
use crate::limits::Limits;
use crate::report::clean;
use crate::terminal::Terminal;

/// What fits at a place of the command line.
enum Candidates {
    Values(Vec<Entry>),
    Files,
}

pub(super) fn run(arguments: &[OsString]) -> Exit {
    let words: Vec<String> = arguments
        .iter()
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let text = complete(&words, &compiler_names);
    let _ = Terminal::default().print(&text);
    Exit::Done
}

/// Asks the compiler for the values of an argument that has such.
fn compiler_names(command: &str, argument: &str) -> Vec<Entry> {
    let ask = || -> Result<Vec<Entry>, Failure> {
        let mut compiler = Compiler::load(Limits::default(), |_| process::exit(0))?;
        match (command, argument) {
            ("explain", "code") => compiler.codes(),
            ("catalog", "name") => compiler.catalog(),
            ("init", "from") => compiler.starters(),
            _ => Ok(Vec::new()),
        }
    };
    ask().unwrap_or_default()
}

fn complete(words: &[String], names: &dyn Fn(&str, &str) -> Vec<Entry>) -> String {
    let mut root = cli::command("taskspec");
    root.build();
    let (word, before) = match words.split_last() {
        Some((word, before)) => (word.as_str(), before),
        None => ("", &[][..]),
    };
    let place = Place::find(&root, before);
    let (prefix, candidates) = place.candidates(word, names);
    let Candidates::Values(values) = candidates else {
        return ":0\n".to_owned();
    };
    let mut text = String::new();
    for entry in values
        .iter()
        .filter(|entry| entry.name.starts_with(&word[prefix.len()..]))
    {
        let summary = clean(&entry.summary).replace(['\n', '\t'], " ");
        let line = format!("{prefix}{}\t{summary}", entry.name);
        text += &format!("{}\n", line.trim_end());
    }
    text + ":4\n"
}

/// Where on the command line the word stands.
struct Place<'a> {
    command: &'a Command,
    is_root: bool,
    /// The option whose value the word is.
    option: Option<&'a Arg>,
    n_positionals: usize,
    options_are_over: bool,
}

impl<'a> Place<'a> {
    fn find(root: &'a Command, before: &[String]) -> Self {
        let mut place = Self {
            command: root,
            is_root: true,
            option: None,
            n_positionals: 0,
            options_are_over: false,
        };
        for word in before {
            place.pass(word);
        }
        place
    }

    fn pass(&mut self, word: &str) {
        if self.option.take().is_some() {
            return;
        }
        if !self.options_are_over && word.len() > 1 && word.starts_with('-') {
            self.options_are_over = word == "--";
            self.option = self.option_with_value(word);
        } else if self.is_root {
            if let Some(command) = self.command.find_subcommand(word) {
                self.command = command;
                self.is_root = false;
            }
        } else {
            self.n_positionals += 1;
        }
    }

    fn option_with_value(&self, word: &str) -> Option<&'a Arg> {
        let found = self
            .command
            .get_arguments()
            .find(|argument| match word.strip_prefix("--") {
                Some(long) => argument.get_long() == Some(long),
                None => argument
                    .get_short()
                    .is_some_and(|short| word.ends_with(short)),
            });
        found.filter(|argument| argument.get_action().takes_values())
    }

    /// What fits here, and how much of the word stands before it.
    fn candidates<'w>(
        &self,
        word: &'w str,
        names: &dyn Fn(&str, &str) -> Vec<Entry>,
    ) -> (&'w str, Candidates) {
        if let Some(option) = self.option {
            return ("", self.values(option, names));
        }
        if !self.options_are_over && word.starts_with('-') && word.len() > 1 {
            let Some(at) = word.find('=') else {
                return ("", self.options());
            };
            return match self.option_with_value(&word[..at]) {
                Some(option) => (&word[..=at], self.values(option, names)),
                None => ("", Candidates::Values(Vec::new())),
            };
        }
        if self.is_root {
            return ("", self.subcommands());
        }
        let mut positionals = self.command.get_positionals();
        let last = self.command.get_positionals().last();
        // The last one may take many words.
        let many = last.filter(|one| matches!(one.get_action(), ArgAction::Append));
        match positionals.nth(self.n_positionals).or(many) {
            Some(argument) => ("", self.values(argument, names)),
            None => ("", Candidates::Values(Vec::new())),
        }
    }

    fn values(&self, argument: &Arg, names: &dyn Fn(&str, &str) -> Vec<Entry>) -> Candidates {
        let id = argument.get_id().as_str();
        let is_path = argument.get_value_parser().type_id() == TypeId::of::<PathBuf>();
        // A side of `diff` may be a revision, which is seldom worth asking git for.
        if is_path || matches!(id, "old" | "new" | "against") {
            return Candidates::Files;
        }
        let possible = argument.get_possible_values();
        if possible.is_empty() {
            return Candidates::Values(names(self.command.get_name(), id));
        }
        let values = possible
            .iter()
            .map(|value| entry(value.get_name(), value.get_help().map(ToString::to_string)));
        Candidates::Values(values.collect())
    }

    fn options(&self) -> Candidates {
        let shown = self
            .command
            .get_arguments()
            .filter(|argument| !argument.is_hide_set());
        let options = shown.filter_map(|argument| {
            let long = argument.get_long()?;
            Some(entry(
                &format!("--{long}"),
                argument.get_help().map(ToString::to_string),
            ))
        });
        Candidates::Values(options.collect())
    }

    fn subcommands(&self) -> Candidates {
        let shown = self
            .command
            .get_subcommands()
            .filter(|command| !command.is_hide_set());
        let commands = shown.map(|command| {
            entry(
                command.get_name(),
                command.get_about().map(ToString::to_string),
            )
        });
        Candidates::Values(commands.collect())
    }
}

fn entry(name: &str, summary: Option<String>) -> Entry {
    Entry {
        name: name.to_owned(),
        summary: summary.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(line: &[&str]) -> String {
        let words: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        complete(&words, &|command, argument| {
            let entry = |name: &str| entry(name, Some(format!("{command} {argument}")));
            match (command, argument) {
                ("explain", "code") => vec![entry("TS0001"), entry("TS0012")],
                ("catalog", "name") => vec![entry("bitnami/redis"), entry("embedded/valkey")],
                ("init", "from") => vec![entry("basic")],
                _ => vec![],
            }
        })
    }

    #[test]
    fn names_come_from_the_compiler_and_are_filtered() {
        let all = "TS0001\texplain code\nTS0012\texplain code\n:4\n";
        assert_eq!(completed(&["explain", "TS"]), all);
        assert_eq!(
            completed(&["explain", "TS001"]),
            "TS0012\texplain code\n:4\n"
        );
        assert_eq!(
            completed(&["catalog", "b"]),
            "bitnami/redis\tcatalog name\n:4\n"
        );
        assert_eq!(completed(&["init", "--from", ""]), "basic\tinit from\n:4\n");
        assert_eq!(
            completed(&["init", "--from=b"]),
            "--from=basic\tinit from\n:4\n"
        );
        assert_eq!(completed(&["explain", "TS0001", ""]), ":4\n");
    }

    #[test]
    fn files_are_left_to_the_shell() {
        for line in [
            &["build", ""][..],
            &["build", "x", "-o", ""],
            &["build", "x", "y", ""],
            &["verify", "--chart", ""],
            &["diff", "main", ""],
            &["init", "s"],
            &["schema", "--output", ""],
        ] {
            assert_eq!(completed(line), ":0\n", "{line:?}");
        }
    }

    #[test]
    fn sub_commands_and_options_come_from_the_command_line() {
        assert!(completed(&["ex"]).starts_with("explain\tExplain a diagnostic code"));
        assert!(completed(&[]).contains("build\t") && completed(&[""]).ends_with(":4\n"));
        let options = completed(&["build", "--m"]);
        assert!(
            options.contains("--message-format\t") && !options.contains("--quiet"),
            "{options}"
        );
        assert!(completed(&["build", "--"]).contains("--color\t"));
        assert!(completed(&["build", "--message-format", "j"]).starts_with("json\t"));
        assert!(completed(&["--color", "n"]).starts_with("never\t"));
        assert!(completed(&["completions", "z"]).starts_with("zsh"));
    }

    #[test]
    fn nonsense_gives_nothing() {
        for line in [
            &["nonsense", "x", ""][..],
            &["build", "--nonsense=", ""],
            &["", "", ""],
            &["-", "="],
        ] {
            assert!(
                completed(line).ends_with("\n") || completed(line).starts_with(':'),
                "{line:?}"
            );
        }
    }
}
