//! `package`: a chart becomes an archive.

use std::path::Path;

use crate::cli::{Format, Package};
use crate::failure::{Exit, Failure};
use crate::output::{self, Digest};
use crate::package;
use crate::report::{self, clean, counted};

use super::Context;

/// Packs the chart if it is what was built.
pub(super) fn run(context: &Context, options: &Package) -> Result<Exit, Failure> {
    let (inspection, generated) = output::drift(&options.chart)?;
    if !inspection.findings.is_empty() {
        let terminal = context.terminal;
        for finding in &inspection.findings {
            let words: Vec<&str> = finding.reasons.iter().map(|one| one.words()).collect();
            let path = options.chart.join(&finding.path);
            let message = format!("`{}`: {}", path.display(), words.join(", "));
            let remedy = finding.reasons.first().map(|reason| reason.remedy());
            terminal.print_error(&report::warning(&message, remedy));
        }
        let n = counted(inspection.findings.len(), "file");
        let failure = Failure::world(format!(
            "`{}` is not packed: {n} {} not what taskspec built",
            options.chart.display(),
            if inspection.findings.len() == 1 {
                "is"
            } else {
                "are"
            },
        ))
        .help("`check --diff` shows how they differ; `helm package` packs any chart");
        terminal.report_failure(&failure);
        return Ok(Exit::Findings);
    }
    let folder = options.output.as_deref().unwrap_or(Path::new(""));
    let whole = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path));
    let place = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    if let (Ok(place), Ok(chart)) = (whole(place), whole(&options.chart))
        && place.starts_with(&chart)
    {
        return Err(
            Failure::spec("the archive would be in the chart that it is made of")
                .help("choose a folder outside of the chart with `-o`"),
        );
    }
    let archive = package::pack(&options.chart, &generated)?;
    let path = package::write(&archive, folder)?;
    let digest = Digest::of(&archive.bytes);
    let text = match options.message_format {
        Format::Human => format!(
            "wrote {}, {}, {digest}\n",
            clean(&path.display().to_string()),
            counted(archive.n_files, "file")
        ),
        Format::Json => {
            let document = serde_json::json!({
                "format": 1,
                "name": archive.name,
                "version": archive.version,
                "path": path.display().to_string(),
                "files": archive.n_files,
                "digest": digest.to_string(),
            });
            serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
        }
    };
    context.terminal.print(&text)?;
    Ok(Exit::Done)
}
