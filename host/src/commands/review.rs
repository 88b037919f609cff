//! `review`: one document for whoever approves a specification.

use std::fs;
use std::path::Path;

use taskspec_report::Comparison;
use taskspec_review::{Choice, Digests, Review as Document, Warning, Weight};

use crate::cli::{Review, Subject};
use crate::compiler::{self, Chart, Diagnostic, Severity};
use crate::failure::{Exit, Failure};
use crate::output::Digest;
use crate::report::{LineIndex, Source};
use crate::verifier;

use super::Context;
use super::specification::{name, read, revision};
use super::verify::{Judged, judge};

/// Judges, and writes the document.
pub(super) fn run(context: &Context, options: &Review) -> Result<Exit, Failure> {
    let source = read(&options.spec, &name(&options.spec))?;
    let Some(judged) = judge(context, &options.subject, &source)? else {
        return Ok(Exit::Spec);
    };
    let comparison = match &options.against {
        Some(against) => match compare(context, options, against, &judged)? {
            Some(comparison) => Some(comparison),
            None => return Ok(Exit::Spec),
        },
        None => None,
    };
    let mut verifier = context.verifier(options.subject.limits.limits())?;
    let landscapes = verifier.landscape(&judged.examination)?;
    drop(verifier);
    let document = Document {
        spec_name: source.name.clone(),
        spec: source.text.clone(),
        report: judged.report,
        landscapes,
        choices: judged.chart.decisions.iter().map(choice).collect(),
        warnings: judged
            .remarks
            .iter()
            .map(|one| warning(one, &source))
            .collect(),
        digests: digests(&source, &judged.chart),
        comparison,
    };
    if let Some(path) = &options.html {
        write(path, &taskspec_review::html(&document))?;
        context
            .terminal
            .print_error(&format!("wrote {}\n", path.display()));
    }
    match &options.output {
        Some(path) => write(path, &taskspec_review::markdown(&document))?,
        None if options.html.is_some() => {}
        None => context
            .terminal
            .print(&taskspec_review::markdown(&document))?,
    }
    Ok(Exit::Done)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::io("write", path, &error))
}

/// What changed since an older specification; none if that one has faults, which
/// are printed then.
fn compare(
    context: &Context,
    options: &Review,
    against: &str,
    judged: &Judged,
) -> Result<Option<Comparison>, Failure> {
    let old = revision(against, &options.spec)?;
    let subject = Subject {
        // A folder holds today's chart, not the older one's.
        chart: None,
        rules: options.subject.rules.clone(),
        catalog: options.subject.catalog.clone(),
        ..options.subject
    };
    let Some(before) = judge(context, &subject, &old)? else {
        return Ok(None);
    };
    let mut verifier = context.verifier(options.subject.limits.limits())?;
    let mut comparison = verifier.compare(&before.examination, &judged.examination)?;
    comparison.against = old.name;
    Ok(Some(comparison))
}

fn choice(decision: &compiler::Decision) -> Choice {
    Choice {
        subject: decision.subject.clone(),
        choice: decision.choice.clone(),
        reason: decision.reason.clone(),
    }
}

fn warning(diagnostic: &Diagnostic, source: &Source) -> Warning {
    let index = LineIndex::new(&source.text);
    let label = diagnostic.labels.first();
    let line = label.map(|label| {
        let offset = usize::try_from(label.at.start).unwrap_or_default();
        u32::try_from(index.position(offset).line).unwrap_or(u32::MAX)
    });
    Warning {
        code: diagnostic.code.clone(),
        weight: match diagnostic.severity {
            Severity::Error => Weight::High,
            Severity::Warning => Weight::Medium,
            Severity::Note => Weight::Low,
        },
        message: diagnostic.message.clone(),
        line,
        help: diagnostic.help.clone().unwrap_or_default(),
    }
}

/// What exactly is approved. The chart's digest is that of a list with a line
/// for each file, by path: its digest, two spaces and the path, as `sha256sum`
/// prints them.
fn digests(source: &Source, chart: &Chart) -> Digests {
    let hex = |digest: Digest| digest.to_string().trim_start_matches("sha256:").to_owned();
    let mut list = String::new();
    for file in &chart.files {
        list += &format!(
            "{}  {}\n",
            hex(Digest::of(file.contents.as_bytes())),
            file.path
        );
    }
    Digests {
        spec: hex(Digest::of(source.text.as_bytes())),
        compiler: compiler::component::SHA256.to_owned(),
        verifier: verifier::component::SHA256.to_owned(),
        chart: hex(Digest::of(list.as_bytes())),
    }
}
