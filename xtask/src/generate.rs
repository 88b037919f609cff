//! `cargo xtask gen`: what is written from the code rather than by hand.
//!
//! Takes what the compiler's library says of itself and what the runner's
//! `--help` says, gives the reference pages in `docs/` and `completion.yaml`.

mod help;

use crate::digest::sha256;
use crate::runner::{self, Profile};
use crate::tree;
use crate::workspace::Workspace;
use anyhow::{Result, bail};
use help::Help;
use std::fmt::Write;
use std::fs;
use taskspec_plugin::Entry;

/// How a generated Markdown page begins.
const HEAD: &str = "<!-- Written by `cargo xtask gen`. -->\n\n";

/// Options of the task.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Fail if a generated file is not up to date
    #[arg(long)]
    pub check: bool,
}

/// Writes the generated files, or compares them with the committed ones.
pub fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let runner = runner::build(workspace, Profile::Dev)?;
    let helps = help::read_all(&runner)?;
    let files = [
        ("docs/diagnostics.md", diagnostics()),
        ("docs/catalog.md", catalog()),
        ("docs/language.md", language()),
        (
            "docs/taskspec.schema.json",
            with_newline(taskspec_plugin::schema()),
        ),
        ("docs/rules.md", rules()),
        ("docs/expressions.md", expressions()),
        ("docs/report.schema.json", report_schema()),
        ("docs/cli.md", command_line(&helps)),
        ("completion.yaml", completion(&helps)),
        ("tests/corpus.txt", corpus(workspace)?),
    ];
    let mut stale = Vec::new();
    for (path, contents) in &files {
        let place = workspace.path(path);
        if fs::read_to_string(&place).is_ok_and(|found| found == *contents) {
            continue;
        }
        stale.push(*path);
        if !args.check {
            tree::write(&place, contents.as_bytes())?;
            println!("gen: {path} written");
        }
    }
    if args.check && !stale.is_empty() {
        bail!("{} not up to date; run `cargo xtask gen`", stale.join(", "));
    }
    println!("gen: {} files are up to date", files.len());
    Ok(())
}

/// The digest of every file of every chart that the repository has a
/// specification for: a change of the compiler shows here byte for byte.
fn corpus(workspace: &Workspace) -> Result<String> {
    let mut text = String::from(
        "# Written by `cargo xtask gen`. Digests of generated files: whatever changes here changes\n\
         # charts of users, and CHANGELOG.md says under \"Output\" what and why.\n",
    );
    for (folder, inner) in [
        ("spec/examples", ""),
        ("plugin/starters", ""),
        ("tests/charts", "spec.toml"),
    ] {
        let mut paths = Vec::new();
        for entry in fs::read_dir(workspace.path(folder))? {
            let path = entry?.path();
            paths.push(if inner.is_empty() {
                path
            } else {
                path.join(inner)
            });
        }
        paths.sort();
        for path in paths {
            let spec = fs::read_to_string(&path)?;
            let Some(chart) = taskspec_plugin::compile(&spec, &[]).chart else {
                bail!("{} gives no chart", path.display());
            };
            let named = match inner {
                "" => path.as_path(),
                _ => path.parent().unwrap_or(&path),
            };
            let name = named.file_stem().unwrap_or_default().to_string_lossy();
            for file in &chart.files {
                let digest = &sha256(file.contents.as_bytes())[..16];
                writeln!(text, "{digest} {folder}/{name} {}", file.path)?;
            }
        }
    }
    Ok(text)
}

fn diagnostics() -> String {
    let mut page = format!(
        "{HEAD}# Diagnostics\n\nEvery finding about a specification has a code. \
         `helm taskspec explain CODE` prints its page.\n\n"
    );
    page.push_str(&table("Code", "Title", &taskspec_plugin::codes()));
    page
}

fn language() -> String {
    format!(
        "{HEAD}{}",
        with_newline(taskspec_spec::reference::reference())
    )
}

fn catalog() -> String {
    let entries = taskspec_plugin::catalog();
    let mut page = format!(
        "{HEAD}# Dependencies\n\nWhat a specification can name in `from`. `helm taskspec catalog \
         NAME` prints one of these pages.\n\n"
    );
    page.push_str(&table("Name", "What it is", &entries));
    for entry in entries {
        if let Some(text) = taskspec_plugin::catalog_page(&entry.name) {
            page.push('\n');
            page.push_str(&with_newline(deeper(&text)));
        }
    }
    page
}

fn rules() -> String {
    let entries: Vec<Entry> = taskspec_verifier::rules(&[])
        .into_iter()
        .map(|(name, summary)| Entry { name, summary })
        .collect();
    let mut page = format!(
        "{HEAD}# Rules\n\nWhat constraints and non-goals can name in `rule`, and what every chart \
         is judged by. `helm taskspec rules NAME` prints one of these pages, `--rules DIR` adds \
         an organisation's own ([criteria.md](criteria.md)).\n\n"
    );
    page.push_str(&table("Rule", "What must be true", &entries));
    for entry in entries {
        if let Some(text) = taskspec_verifier::rule_page(&entry.name, &[]) {
            page.push('\n');
            page.push_str(&with_newline(deeper(&text)));
        }
    }
    page
}

fn expressions() -> String {
    let mut page = format!("{HEAD}{}", include_str!("generate/expressions.md"));
    page.push_str("| Function | What it gives |\n| --- | --- |\n");
    for function in taskspec_verifier::functions::FUNCTIONS {
        let doc = function.doc.replace('|', "\\|");
        let _ = writeln!(page, "| `{}` | {doc} |", function.call);
    }
    page
}

fn report_schema() -> String {
    let schema = serde_json::to_string_pretty(&taskspec_report::schema());
    with_newline(schema.unwrap_or_default())
}

/// A page whose headings are one level deeper, to stand below another's title.
fn deeper(page: &str) -> String {
    let mut in_code = false;
    let mut text = String::new();
    for line in page.lines() {
        in_code ^= line.starts_with("```");
        if line.starts_with('#') && !in_code {
            text.push('#');
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn table(name: &str, summary: &str, entries: &[Entry]) -> String {
    let mut text = format!("| {name} | {summary} |\n| --- | --- |\n");
    for entry in entries {
        let summary = entry.summary.replace('|', "\\|");
        // Writing into a `String` never fails.
        let _ = writeln!(text, "| `{}` | {summary} |", entry.name);
    }
    text
}

fn command_line(helps: &[Help]) -> String {
    let mut page = format!("{HEAD}# Command line\n\nAs a plugin, `taskspec` is `helm taskspec`.\n");
    for help in helps {
        let subcommand = help.subcommand().map(|name| format!(" {name}"));
        let subcommand = subcommand.unwrap_or_default();
        let _ = write!(
            page,
            "\n## taskspec{subcommand}\n\n```text\n{}\n```\n",
            help.text
        );
    }
    page
}

/// The static half of completion in Helm; `plugin.complete` is the other.
fn completion(helps: &[Help]) -> String {
    let mut text = String::from("# Written by `cargo xtask gen`.\nname: taskspec\n");
    for help in helps {
        let flags = help.flags().join(", ");
        let _ = match help.subcommand() {
            None => write!(text, "flags: [{flags}]\ncommands:\n"),
            Some(name) => writeln!(text, "  - name: {name}\n    flags: [{flags}]"),
        };
    }
    text
}

fn with_newline(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn headings_move_down_but_comments_in_code_stay() {
        let page = "# A\ntext\n```toml\n# not a heading\n```\n## B\n";
        let deeper = "## A\ntext\n```toml\n# not a heading\n```\n### B\n";
        assert_eq!(super::deeper(page), deeper);
    }
}
