//! What `adopt` says: at the top of the draft, to a person, to a program.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use taskspec_adopt::faithful::{Faithfulness, Fate};
use taskspec_adopt::{Chart as Metadata, Decision, Draft, Omission};

use crate::cli::{Adopt, Format};
use crate::commands::Context;
use crate::failure::Failure;
use crate::report::clean;

/// Differences of an object that are shown to a person.
const SHOWN: usize = 3;

/// Files of a chart that look like values of environments, by the environment's name.
fn unread(chart: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(chart).into_iter().flatten().flatten();
    let mut found: Vec<(String, String)> = entries
        .filter_map(|entry| {
            let file = entry.file_name().to_string_lossy().into_owned();
            let stem = file.strip_suffix(".yaml").or(file.strip_suffix(".yml"))?;
            let name = stem
                .strip_prefix("values")?
                .trim_start_matches(['-', '.', '_']);
            (!name.is_empty()).then(|| (name.to_owned(), file.clone()))
        })
        .collect();
    found.sort();
    found
}

/// Lines at the top of the draft.
pub(super) fn head(
    metadata: &Metadata,
    draft: &Draft,
    proof: Result<&Faithfulness, &Failure>,
) -> Vec<String> {
    let mut lines = vec![format!(
        "Drafted by `taskspec adopt` from the chart {} {}. Read it before you build on it.",
        metadata.name, metadata.version
    )];
    match proof {
        Ok(proof) => {
            lines.push(format!("{}.", counted(proof)));
            for fate in proof
                .objects
                .iter()
                .filter(|fate| !fate.differences.is_empty())
            {
                lines.push(format!(
                    "differs: {}: {}",
                    place(fate),
                    short(&fate.differences)
                ));
            }
            if !proof.immutable.is_empty() {
                lines.push(format!(
                    "Selectors cannot change: delete {} with `--cascade=orphan` before the first upgrade (docs/adopting.md).",
                    proof.immutable.join(", ")
                ));
            }
        }
        Err(failure) => lines.push(format!(
            "It was not compared with the chart: {}",
            failure.message
        )),
    }
    let left = draft.omissions.len();
    if left > 0 {
        lines.push(format!("{left} remarks below tell what is not taken over."));
    }
    lines
}

fn counted(proof: &Faithfulness) -> String {
    let mut said = format!(
        "{} of {} objects reproduced",
        proof.reproduced(),
        proof.objects.len()
    );
    if !proof.withheld.is_empty() {
        said += &format!("; {} left to you", proof.withheld.join(", "));
    }
    said
}

fn place(fate: &Fate) -> String {
    if fate.environment.is_empty() {
        fate.object.clone()
    } else {
        format!("{} ({})", fate.object, fate.environment)
    }
}

/// The first differences, in one line.
fn short(differences: &[String]) -> String {
    let mut shown: Vec<String> = differences
        .iter()
        .take(SHOWN)
        .map(|one| one.chars().take(160).collect())
        .collect();
    if differences.len() > SHOWN {
        shown.push(format!("and {} more", differences.len() - SHOWN));
    }
    shown.join("; ")
}

/// What a run ends with.
pub(super) struct Done<'a> {
    pub draft: &'a Draft,
    pub text: &'a str,
    pub proof: Result<&'a Faithfulness, &'a Failure>,
    pub saved_as: Option<PathBuf>,
}

/// The same for a program.
#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    spec: &'a str,
    omissions: &'a [Omission],
    decisions: &'a [Decision],
    roles: &'a [taskspec_adopt::Role],
    refused: &'a [String],
    reproduced: Option<usize>,
    comparison: Option<&'a Faithfulness>,
    not_compared: Option<&'a str>,
}

impl Done<'_> {
    pub(super) fn report(&self, context: &Context, options: &Adopt) -> Result<(), Failure> {
        if options.format == Format::Json {
            let document = Document {
                format: "taskspec-adopt/v1",
                spec: self.text,
                omissions: &self.draft.omissions,
                decisions: &self.draft.decisions,
                roles: &self.draft.roles,
                refused: &self.draft.refused,
                reproduced: self.proof.ok().map(Faithfulness::reproduced),
                comparison: self.proof.ok(),
                not_compared: self.proof.err().map(|failure| failure.message.as_str()),
            };
            let text = serde_json::to_string_pretty(&document)
                .map_err(|error| Failure::bug(format!("cannot write the report: {error}")))?;
            return context.terminal.print(&format!("{text}\n"));
        }
        let said = self.human(context, options);
        if options.output == Path::new("-") {
            context.terminal.print_error(&said);
            return context.terminal.print(self.text);
        }
        context.terminal.print(&said)
    }

    fn human(&self, context: &Context, options: &Adopt) -> String {
        let file = options.output.display();
        let mut said = String::new();
        if let Some(saved_as) = &self.saved_as {
            said += &format!("Saved the old {file} as {}\n", saved_as.display());
        }
        if options.output != Path::new("-") {
            said += &format!("Wrote {file}\n");
        }
        match self.proof {
            Ok(proof) => said += &self.compared(proof),
            Err(failure) => {
                said += &format!("Not compared: {}\n", clean(&failure.message));
                for note in &failure.notes {
                    said += &format!("  {}\n", clean(note));
                }
            }
        }
        if !self.draft.omissions.is_empty() {
            said += &format!(
                "\n{} remarks in the draft tell what is not taken over\n",
                self.draft.omissions.len()
            );
        }
        if options.environment.is_empty() {
            for (name, file) in unread(&options.chart) {
                said += &format!(
                    "{} is not read; `--environment {}={}` makes it an environment\n",
                    clean(&file),
                    clean(&name),
                    clean(&file)
                );
            }
        }
        for refused in &self.draft.refused {
            said += &format!(
                "Taken out, because the compiler does not take it: {}\n",
                clean(refused)
            );
        }
        if options.output != Path::new("-") {
            said += &format!("\nNext\n  {} build {file}\n", context.program);
        }
        said
    }

    fn compared(&self, proof: &Faithfulness) -> String {
        let mut said = clean(&counted(proof));
        let differing: Vec<&Fate> = proof
            .objects
            .iter()
            .filter(|fate| !fate.differences.is_empty())
            .collect();
        said += if differing.is_empty() {
            "\n"
        } else {
            "; these differ:\n"
        };
        for fate in differing {
            said += &format!(
                "  {}: {}\n",
                clean(&place(fate)),
                clean(&short(&fate.differences))
            );
        }
        if !proof.added.is_empty() {
            said += &format!("New beside them: {}\n", clean(&proof.added.join(", ")));
        }
        if !proof.immutable.is_empty() {
            said += &format!(
                "Before the first upgrade in place, delete {} with --cascade=orphan: selectors cannot change\n",
                clean(&proof.immutable.join(", "))
            );
        }
        said
    }
}
