//! The command line.
//!
//! Never define `-n`, `--namespace`, `--debug`, `--kube*`, `--registry-config`
//! or `--repository-*`: Helm takes these away before a plugin sees them, even
//! after `--`. Helm 4 also acts on `--color`, so its values are Helm's.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, value_parser};
use clap_complete::Shell;

use crate::limits::Limits;
use crate::rendering::Dependencies;
use crate::report::check::CheckFormat;
use crate::terminal::Color;

/// Builds Helm charts from reviewed TOML specifications
#[derive(Debug, Parser)]
#[command(name = "taskspec", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// When to use colour
    #[arg(
        long,
        global = true,
        value_name = "auto|always|never",
        display_order = 900,
        default_value = "auto",
        hide_possible_values = true
    )]
    pub color: Color,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build charts from specifications
    Build(Build),
    /// Say whether charts are what a build would make of them, and why not
    Check(Check),
    /// Say what changes between two specifications, in words and in files
    Diff(Diff),
    /// Pack a chart, the same bytes on every machine
    Package(Package),
    /// Decide every statement of a specification on rendered manifests
    Verify(Verify),
    /// Write the one document that a reviewer needs to approve
    Review(Review),
    /// Write a first specification
    Init(Init),
    /// Draft a specification from a chart that somebody wrote
    Adopt(Adopt),
    /// Hold a chart that somebody wrote against a specification
    Audit(Audit),
    /// Explain a diagnostic code, or list all codes
    Explain(Explain),
    /// Print the JSON Schema of the language, for editors
    Schema(Schema),
    /// Show a dependency that specifications can name, or list all
    Catalog(Catalog),
    /// Show a rule that constraints can name, or list all
    Rules(Rules),
    /// Say exactly which compiler this is
    Attest(Attest),
    /// Print a completion script for a shell
    Completions(Completions),
}

/// Specifications, and where their charts are.
#[derive(Debug, Args)]
pub(crate) struct Targets {
    /// Files, folders and patterns such as "services/*.toml"; `-` reads standard input
    #[arg(value_name = "SPEC", required = true)]
    pub specs: Vec<PathBuf>,

    /// The folder of one chart [default: the chart's name in --into]
    #[arg(short, long, value_name = "DIR", conflicts_with = "into")]
    pub output: Option<PathBuf>,

    /// Where charts have a folder each
    #[arg(long, value_name = "DIR", default_value = "chart-out")]
    pub into: PathBuf,

    /// A file with further catalog entries, in tables [entries."source/chart"]
    #[arg(long, value_name = "FILE")]
    pub catalog: Option<PathBuf>,

    #[command(flatten)]
    pub limits: LimitOptions,
}

#[derive(Debug, Args)]
pub(crate) struct Build {
    #[command(flatten)]
    pub targets: Targets,

    /// Replace files that were edited by hand, after saving them as <name>.orig
    #[arg(long)]
    pub force: bool,

    /// Apply to files that were edited by hand what changed in the generated ones
    #[arg(long, conflicts_with = "force")]
    pub merge: bool,

    /// Build again whenever a specification is saved
    #[arg(long, conflicts_with = "message_format")]
    pub watch: bool,

    /// Print warnings and errors only
    #[arg(short, long)]
    pub quiet: bool,

    /// Print for a person, or one JSON document on standard output
    #[arg(
        long,
        value_name = "human|json",
        default_value = "human",
        hide_possible_values = true
    )]
    pub message_format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub targets: Targets,

    /// Show how each file differs
    #[arg(long)]
    pub diff: bool,

    /// The form of the report
    #[arg(
        long,
        value_name = "human|json|sarif|github",
        default_value = "human",
        hide_possible_values = true
    )]
    pub format: CheckFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The older specification: a file, or REV:PATH of git; REV alone means NEW's path
    #[arg(value_name = "OLD")]
    pub old: String,

    /// The newer one: a file, or REV:PATH of git
    #[arg(value_name = "NEW")]
    pub new: String,

    /// Leave out how the chart's files differ
    #[arg(long)]
    pub brief: bool,

    /// End with exit code 1 if anything differs
    #[arg(long)]
    pub exit_code: bool,

    /// The form of the report
    #[arg(
        long,
        value_name = "markdown|json",
        default_value = "markdown",
        hide_possible_values = true
    )]
    pub format: DiffFormat,

    #[command(flatten)]
    pub subject: Subject,
}

/// The form of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For a person
    Markdown,
    /// For a program
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Package {
    /// The chart's folder
    pub chart: PathBuf,

    /// The folder for the archive [default: the working folder]
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Print for a person, or one JSON document on standard output
    #[arg(
        long,
        value_name = "human|json",
        default_value = "human",
        hide_possible_values = true
    )]
    pub message_format: Format,
}

/// What is judged, and on what.
#[derive(Debug, Args)]
pub(crate) struct Subject {
    /// Judge the chart in this folder instead of building it in memory
    #[arg(long, value_name = "DIR")]
    pub chart: Option<PathBuf>,

    /// A folder with further rules, each a file <name>.toml
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,

    /// A file with further catalog entries, in tables [entries."source/chart"]
    #[arg(long, value_name = "FILE")]
    pub catalog: Option<PathBuf>,

    #[command(flatten)]
    pub dependencies: DependencyOptions,

    #[command(flatten)]
    pub limits: LimitOptions,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Files, folders and patterns such as "services/*.toml"; `-` reads standard input
    #[arg(value_name = "SPEC", required = true)]
    pub specs: Vec<PathBuf>,

    #[command(flatten)]
    pub subject: Subject,

    /// Also run `helm test` on this release and count what comes of it
    #[arg(long, value_name = "NAME")]
    pub release: Option<String>,

    /// The environment of that release [default: the one whose release is called so]
    #[arg(long, value_name = "NAME", requires = "release")]
    pub environment: Option<String>,

    /// Also break the manifests on purpose and tell who notices
    #[arg(long)]
    pub strength: bool,

    /// Also show what proves each statement
    #[arg(long)]
    pub evidence: bool,

    /// The form of the report
    #[arg(
        long,
        value_name = "human|json|junit|sarif|markdown",
        default_value = "human",
        hide_possible_values = true
    )]
    pub format: ReportFormat,

    /// Write the report to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Review {
    /// The specification; `-` reads standard input
    pub spec: PathBuf,

    #[command(flatten)]
    pub subject: Subject,

    /// Also show what changed since a specification: a file, or REV or REV:PATH of git
    #[arg(long, value_name = "FILE|REV[:PATH]")]
    pub against: Option<String>,

    /// Write one self-contained page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Write the Markdown to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For a person
    Human,
    /// For a program
    Json,
    /// For CI servers
    Junit,
    /// For code hosts
    Sarif,
    /// For pull requests
    Markdown,
}

#[derive(Debug, Args)]
pub(crate) struct Rules {
    /// A name such as zero-downtime; without one, all are listed
    pub name: Option<String>,

    /// A folder with further rules, each a file <name>.toml
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
}

/// What to do about dependencies that are not there.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct DependencyOptions {
    /// Let Helm fetch dependencies that are missing
    #[arg(long)]
    pub update_dependencies: bool,

    /// Judge the chart's own objects only
    #[arg(long, conflicts_with = "update_dependencies")]
    pub skip_dependencies: bool,
}

impl DependencyOptions {
    pub fn mode(self) -> Dependencies {
        match (self.update_dependencies, self.skip_dependencies) {
            (true, _) => Dependencies::Update,
            (_, true) => Dependencies::Skip,
            _ => Dependencies::Present,
        }
    }
}

/// Bounds that hardly anybody needs to move.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct LimitOptions {
    /// Memory that the compiler may use, in MiB
    #[arg(
        long,
        value_name = "MIB",
        default_value_t = 1024,
        hide_short_help = true,
        display_order = 800
    )]
    #[arg(value_parser = value_parser!(u32).range(1..=4096))]
    pub memory_limit: u32,

    /// Time that the compiler may take, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60,
        hide_short_help = true,
        display_order = 801
    )]
    #[arg(value_parser = value_parser!(u32).range(1..))]
    pub time_limit: u32,
}

impl LimitOptions {
    pub fn limits(&self) -> Limits {
        let bytes = u64::from(self.memory_limit) << 20;
        Limits {
            memory_bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
            time: Duration::from_secs(self.time_limit.into()),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The file to write; `-` writes to standard output
    #[arg(default_value = "spec.toml")]
    pub file: PathBuf,

    /// The starter to begin with [default: the first of --list]
    #[arg(long, value_name = "NAME")]
    pub from: Option<String>,

    /// List the starters
    #[arg(long, conflicts_with_all = ["from", "force", "file"])]
    pub list: bool,

    /// Replace a file that exists, after saving it as <name>.orig
    #[arg(long)]
    pub force: bool,

    /// Print errors only
    #[arg(short, long)]
    pub quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Adopt {
    /// The chart's folder
    pub chart: PathBuf,

    /// The specification to write; `-` writes to standard output
    #[arg(short, long, value_name = "FILE", default_value = "spec.toml")]
    pub output: PathBuf,

    /// Values of every environment, each file over those before it
    #[arg(long, value_name = "FILE")]
    pub values: Vec<PathBuf>,

    /// An environment and its values file, in ascending order
    #[arg(long, value_name = "NAME=FILE", value_parser = named_file)]
    pub environment: Vec<NamedFile>,

    /// The name of the release [default: <chart>-<environment>]
    #[arg(long, value_name = "NAME")]
    pub release: Option<String>,

    #[command(flatten)]
    pub dependencies: DependencyOptions,

    /// Replace a file that exists, after saving it as <name>.orig
    #[arg(long)]
    pub force: bool,

    /// Print for a person, or one JSON document on standard output
    #[arg(
        long,
        value_name = "human|json",
        default_value = "human",
        hide_possible_values = true
    )]
    pub format: Format,

    #[command(flatten)]
    pub limits: LimitOptions,
}

#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// The chart's folder
    pub chart: PathBuf,

    /// The specification that it should meet
    #[arg(long, value_name = "SPEC")]
    pub spec: PathBuf,

    /// An environment's values file [default: found by its name]
    #[arg(long, value_name = "NAME=FILE", value_parser = named_file)]
    pub environment: Vec<NamedFile>,

    /// A folder with further rules, each a file <name>.toml
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,

    /// A file with further catalog entries, in tables [entries."source/chart"]
    #[arg(long, value_name = "FILE")]
    pub catalog: Option<PathBuf>,

    #[command(flatten)]
    pub dependencies: DependencyOptions,

    /// The form of the report
    #[arg(
        long,
        value_name = "human|json|markdown",
        default_value = "human",
        hide_possible_values = true
    )]
    pub format: AuditFormat,

    /// Write the report to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    #[command(flatten)]
    pub limits: LimitOptions,
}

/// The form of an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuditFormat {
    /// For a person
    Human,
    /// For a program
    Json,
    /// For pull requests
    Markdown,
}

/// An environment and its values file.
#[derive(Debug, Clone)]
pub(crate) struct NamedFile {
    pub name: String,
    pub file: PathBuf,
}

fn named_file(text: &str) -> Result<NamedFile, String> {
    let (name, file) = text
        .split_once('=')
        .filter(|(name, file)| !name.is_empty() && !file.is_empty())
        .ok_or("write NAME=FILE, such as prod=values-prod.yaml")?;
    Ok(NamedFile {
        name: name.to_owned(),
        file: PathBuf::from(file),
    })
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A code such as TS0012; without one, all codes are listed
    pub code: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Catalog {
    /// A name such as bitnami/postgresql; without one, all are listed
    pub name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Attest {
    /// Print for a person, or as JSON
    #[arg(
        long,
        value_name = "human|json",
        default_value = "human",
        hide_possible_values = true
    )]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub shell: Shell,
}

/// For whom to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a person
    Human,
    /// For a program
    Json,
}

/// Texts below the options, by sub-command; `$BIN` is how it is called.
const AFTER_HELP: [(&str, &str); 15] = [
    ("build", include_str!("help/build.txt")),
    ("check", include_str!("help/check.txt")),
    ("diff", include_str!("help/diff.txt")),
    ("package", include_str!("help/package.txt")),
    ("verify", include_str!("help/verify.txt")),
    ("review", include_str!("help/review.txt")),
    ("rules", include_str!("help/rules.txt")),
    ("init", include_str!("help/init.txt")),
    ("adopt", include_str!("help/adopt.txt")),
    ("audit", include_str!("help/audit.txt")),
    ("explain", include_str!("help/explain.txt")),
    ("schema", include_str!("help/schema.txt")),
    ("catalog", include_str!("help/catalog.txt")),
    ("attest", include_str!("help/attest.txt")),
    ("completions", include_str!("help/completions.txt")),
];

/// How the program is called: by itself, or as a plugin of Helm.
pub fn program_name() -> &'static str {
    let is_ours = env::var_os("HELM_PLUGIN_NAME").is_none_or(|name| name == "taskspec");
    if is_ours && env::var_os("HELM_PLUGIN_DIR").is_some() {
        "helm taskspec"
    } else {
        "taskspec"
    }
}

/// The whole command line, with `program` in its texts.
pub fn command(program: &str) -> clap::Command {
    let text = |text: &str| text.trim_end().replace("$BIN", program);
    let command = Cli::command()
        .bin_name(program)
        .after_help(text(include_str!("help/taskspec.txt")));
    AFTER_HELP.iter().fold(command, |command, (name, help)| {
        command.mut_subcommand(name, |sub| sub.after_help(text(help)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command("taskspec").debug_assert();
    }

    #[test]
    fn every_command_has_examples() {
        for sub in command("helm taskspec").get_subcommands() {
            let help = sub
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(help.contains("helm taskspec "), "{}", sub.get_name());
        }
    }

    #[test]
    fn no_option_is_one_that_helm_swallows() {
        let swallowed = |long: &str| {
            long == "namespace"
                || long == "debug"
                || long == "registry-config"
                || long.starts_with("kube")
                || long.starts_with("repository-")
        };
        for sub in command("taskspec").get_subcommands() {
            for option in sub.get_arguments() {
                assert_ne!(option.get_short(), Some('n'), "{}", sub.get_name());
                assert!(
                    !option.get_long().is_some_and(swallowed),
                    "{}",
                    option.get_id()
                );
            }
        }
    }
}
