//! The sub-commands, and what they share.

use std::ffi::OsString;

use clap::FromArgMatches;

use crate::cli::{self, Cli, Command};
use crate::compiler::{Compiler, Entry};
use crate::failure::{Exit, Failure};
use crate::limits::Limits;
use crate::report::clean;
use crate::terminal::Terminal;
use crate::verifier::Verifier;

mod adopt;
mod attest;
mod audit;
mod build;
mod catalog;
mod check;
mod clock;
mod complete;
mod completions;
mod diff;
mod explain;
mod init;
mod many;
mod package;
mod review;
mod rules;
mod schema;
mod specification;
mod specs;
mod verify;
mod watch;

/// What every sub-command gets.
#[derive(Clone, Copy)]
struct Context {
    terminal: Terminal,
    /// How the program is called, such as `helm taskspec`.
    program: &'static str,
}

impl Context {
    /// The compiler, with a time limit that ends the process.
    fn compiler(&self) -> Result<Compiler, Failure> {
        let terminal = self.terminal;
        Compiler::load(Limits::default(), move |failure| terminal.abort(&failure))
    }

    /// The verifier, with a time limit that ends the process.
    fn verifier(&self, limits: Limits) -> Result<Verifier, Failure> {
        let terminal = self.terminal;
        Verifier::load(limits, move |failure| terminal.abort(&failure))
    }
}

/// Runs a whole command line, the program's name included.
pub(crate) fn run(arguments: Vec<OsString>) -> Exit {
    // Completion gets half of a command line, which is no fault.
    if arguments
        .get(1)
        .is_some_and(|argument| argument == "__complete")
    {
        return complete::run(&arguments[2..]);
    }
    let program = cli::program_name();
    let parsed = cli::command(program)
        .try_get_matches_from(arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // `--help` is such an error too. Nobody is left to tell when printing fails.
            let _ = error.print();
            return if error.exit_code() == 0 {
                Exit::Done
            } else {
                Exit::Spec
            };
        }
    };
    let context = Context {
        terminal: Terminal::new(cli.color),
        program,
    };
    dispatch(&context, &cli.command).unwrap_or_else(|failure| {
        context.terminal.report_failure(&failure);
        failure.exit
    })
}

fn dispatch(context: &Context, command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Build(options) => return build::run(context, options),
        Command::Check(options) => return check::run(context, options),
        Command::Diff(options) => return diff::run(context, options),
        Command::Package(options) => return package::run(context, options),
        Command::Verify(options) => return verify::run(context, options),
        Command::Review(options) => return review::run(context, options),
        Command::Adopt(options) => return adopt::run(context, options),
        Command::Audit(options) => return audit::run(context, options),
        Command::Init(options) => init::run(context, options),
        Command::Explain(options) => explain::run(context, options),
        Command::Schema(options) => schema::run(context, options),
        Command::Catalog(options) => catalog::run(context, options),
        Command::Rules(options) => rules::run(context, options),
        Command::Attest(options) => attest::run(context, options),
        Command::Completions(options) => completions::run(context, options),
    }
    .map(|()| Exit::Done)
}

/// Names with their summaries, in columns.
fn listing(entries: &[Entry]) -> String {
    let width = entries
        .iter()
        .map(|entry| entry.name.chars().count())
        .max()
        .unwrap_or_default();
    let rows = entries.iter().map(|entry| {
        let row = format!("{:width$}  {}", clean(&entry.name), clean(&entry.summary));
        format!("{}\n", row.trim_end())
    });
    rows.collect()
}

/// `name` is none of `entries`; `list` is the command that lists them.
fn unknown(noun: &str, name: &str, entries: &[Entry], list: &str) -> Failure {
    let failure = Failure::spec(format!("there is no {noun} `{name}`"));
    match nearest(name, entries) {
        Some(nearest) => failure
            .note(format!("`{list}` lists all"))
            .help(format!("did you mean `{nearest}`?")),
        None => failure.help(format!("`{list}` lists all")),
    }
}

fn nearest<'a>(name: &str, entries: &'a [Entry]) -> Option<&'a str> {
    let name = name.to_lowercase();
    let scored = entries.iter().map(|entry| {
        let whole = entry.name.to_lowercase();
        // `postgresql` is close to `bitnami/postgresql`.
        let last = whole.rsplit('/').next().unwrap_or_default();
        let score = strsim::jaro_winkler(&name, &whole).max(strsim::jaro_winkler(&name, last));
        (score, entry.name.as_str())
    });
    scored
        .filter(|(score, _)| *score > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        let entry = |name: &str, summary: &str| Entry {
            name: name.into(),
            summary: summary.into(),
        };
        vec![
            entry("bitnami/postgresql", "PostgreSQL"),
            entry("bitnami/redis", "Redis"),
            entry("x", ""),
        ]
    }

    #[test]
    fn names_are_listed_in_columns() {
        let expected = "\
bitnami/postgresql  PostgreSQL
bitnami/redis       Redis
x
";
        assert_eq!(listing(&entries()), expected);
        assert_eq!(listing(&[]), "");
    }

    #[test]
    fn a_misspelt_name_gets_a_suggestion() {
        assert_eq!(
            nearest("bitnami/postgre", &entries()),
            Some("bitnami/postgresql")
        );
        assert_eq!(nearest("Redis", &entries()), Some("bitnami/redis"));
        assert_eq!(nearest("kafka", &entries()), None);
        let failure = unknown("catalog entry", "redis", &entries(), "taskspec catalog");
        assert_eq!(
            failure.help.as_deref(),
            Some("did you mean `bitnami/redis`?")
        );
        assert_eq!(failure.exit, Exit::Spec);
    }
}
