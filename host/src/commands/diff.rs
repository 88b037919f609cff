//! `diff`: what changes between two specifications, in words and in files.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;

use serde::Serialize;
use serde_json::{Value, json};
use taskspec_report::{Change, Comparison, Report, Verdict};

use crate::cli::{Diff, DiffFormat};
use crate::compiler::Chart;
use crate::failure::{Exit, Failure};
use crate::output::unified;
use crate::report::{clean, counted};

use super::Context;
use super::specification::revision;
use super::verify::judge;

/// A file of the chart that differs.
struct FileChange<'a> {
    path: &'a str,
    change: Change,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

/// Builds both, compares, reports.
pub(super) fn run(context: &Context, options: &Diff) -> Result<Exit, Failure> {
    if options.subject.chart.is_some() {
        return Err(Failure::spec("`--chart` is no option of `diff`")
            .help("`check --diff` compares a chart in a folder"));
    }
    let new = revision(&options.new, Path::new(path_of(&options.old)))?;
    let old = revision(&options.old, Path::new(path_of(&options.new)))?;
    let judged = thread::scope(|scope| {
        let before = scope.spawn(|| judge(context, &options.subject, &old));
        let after = judge(context, &options.subject, &new);
        (before.join(), after)
    });
    let (Ok(before), after) = judged else {
        return Err(Failure::bug("internal error: a thread panicked"));
    };
    let (Some(before), Some(after)) = (before?, after?) else {
        return Ok(Exit::Spec);
    };
    let verdicts = verdicts(&before.report, &after.report);
    let mut verifier = context.verifier(options.subject.limits.limits())?;
    let mut comparison = verifier.compare(&before.examination, &after.examination)?;
    comparison.against = old.name.clone();
    let files = files(&before.chart, &after.chart);
    let text = match options.format {
        DiffFormat::Markdown => {
            let mut text = taskspec_review::changes(&comparison) + &turned(&verdicts);
            if !options.brief {
                text += &in_words(&files);
            }
            text
        }
        DiffFormat::Json => {
            let mut document = document(&comparison, &files, options.brief);
            document["old"] = json!(old.name);
            document["new"] = json!(new.name);
            document["verdicts"] = json!(verdicts);
            serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
        }
    };
    context.terminal.print(&text)?;
    let differs = !files.is_empty() || old.text != new.text;
    Ok(match options.exit_code && differs {
        true => Exit::Findings,
        false => Exit::Done,
    })
}

/// The path of a side, which a revision alone takes from the other one.
fn path_of(side: &str) -> &str {
    match side.split_once(':') {
        Some((_, path)) if !Path::new(side).exists() => path,
        _ => side,
    }
}

/// The files that differ, by path.
fn files<'a>(before: &'a Chart, after: &'a Chart) -> Vec<FileChange<'a>> {
    let mut all: BTreeMap<&str, (Option<&str>, Option<&str>)> = BTreeMap::new();
    for file in &before.files {
        all.entry(&file.path).or_default().0 = Some(&file.contents);
    }
    for file in &after.files {
        all.entry(&file.path).or_default().1 = Some(&file.contents);
    }
    let changes = all
        .into_iter()
        .filter(|(_, (before, after))| before != after);
    changes
        .map(|(path, (before, after))| FileChange {
            path,
            change: match (before, after) {
                (None, _) => Change::Added,
                (_, None) => Change::Removed,
                _ => Change::Changed,
            },
            before,
            after,
        })
        .collect()
}

fn in_words(files: &[FileChange<'_>]) -> String {
    if files.is_empty() {
        return "\n## Files of the chart\n\nNo file differs.\n".to_owned();
    }
    let mut text = format!(
        "\n## Files of the chart\n\n{} differ.\n\n",
        counted(files.len(), "file")
    )
    .replace("1 file differ.", "1 file differs.");
    for file in files {
        text += &format!("- **{}** `{}`\n", file.change.name(), clean(file.path));
    }
    for file in files {
        let [before, after] = [file.before, file.after].map(|text| text.map(clean));
        let diff = unified(file.path, before.as_deref(), after.as_deref(), true);
        // A text with a fence in it needs a longer one around it.
        let fence = "`".repeat(longest_run(&diff).max(2) + 1);
        text += &format!("\n{fence}diff\n{diff}{fence}\n");
    }
    text
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or_default()
}

fn document(comparison: &Comparison, files: &[FileChange<'_>], brief: bool) -> Value {
    let files = files.iter().map(|file| {
        let mut value = json!({ "path": file.path, "change": file.change });
        if !brief {
            value["diff"] = json!(unified(file.path, file.before, file.after, false));
        }
        value
    });
    json!({
        "format": 1,
        "comparison": comparison,
        "files": files.collect::<Vec<Value>>(),
    })
}

/// A statement that both have and that ends otherwise.
#[derive(Serialize)]
struct Turned<'a> {
    id: &'a str,
    title: &'a str,
    before: Verdict,
    after: Verdict,
}

fn verdicts<'a>(before: &Report, after: &'a Report) -> Vec<Turned<'a>> {
    let turned = after.statements.iter().filter_map(|now| {
        let mut all = before.statements.iter();
        let then = all.find(|one| one.id == now.id && one.kind == now.kind)?;
        (then.verdict != now.verdict).then_some(Turned {
            id: &now.id,
            title: &now.title,
            before: then.verdict,
            after: now.verdict,
        })
    });
    turned.collect()
}

fn turned(verdicts: &[Turned<'_>]) -> String {
    if verdicts.is_empty() {
        return String::new();
    }
    let rows = verdicts.iter().map(|one| {
        let (before, after) = (one.before.name(), one.after.name());
        format!(
            "- **{after}** (was {before}): {} {}\n",
            clean(one.id),
            clean(one.title)
        )
    });
    let rows: String = rows.collect();
    format!("\n### Verdicts that turn\n\n{rows}")
}
