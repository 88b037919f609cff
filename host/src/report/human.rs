//! Diagnostics and failures in rustc's form. The text is styled; whoever
//! prints it strips that where no colour is wanted.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::{LineIndex, Source, clean, without_c1};
use crate::compiler::{Diagnostic, Label, Severity};
use crate::failure::Failure;

/// Diagnostics that are shown. A person does not read more, and each costs time
/// by the distance between its labels.
const N_SHOWN_MAX: usize = 500;

/// Diagnostics with the lines they are about, a blank line after each. When
/// there are too many, errors come first and the rest is counted.
pub fn diagnostics(source: &Source, diagnostics: &[Diagnostic]) -> String {
    let mut shown: Vec<&Diagnostic> = diagnostics.iter().collect();
    let n_hidden = shown.len().saturating_sub(N_SHOWN_MAX);
    if n_hidden > 0 {
        shown.sort_by_key(|diagnostic| diagnostic.severity != Severity::Error);
        shown.truncate(N_SHOWN_MAX);
    }
    let index = LineIndex::new(&source.text);
    let renderer = Renderer::styled();
    let mut text: String = shown
        .into_iter()
        .map(|diagnostic| renderer.render(&[group(source, &index, diagnostic)]) + "\n\n")
        .collect();
    if n_hidden > 0 {
        text += &note(&format!(
            "{n_hidden} more are not shown; `--message-format json` has all"
        ));
    }
    text
}

/// A failure of the run.
pub fn failure(failure: &Failure) -> String {
    with_remarks(
        Level::ERROR,
        &failure.message,
        &failure.notes,
        failure.help.as_deref(),
    )
}

/// A line on what all of it amounts to.
pub fn error(message: &str) -> String {
    with_remarks(Level::ERROR, message, &[], None)
}

/// A remark on the chart's folder that somebody should look at.
pub fn warning(message: &str, help: Option<&str>) -> String {
    with_remarks(Level::WARNING, message, &[], help)
}

/// A remark on the chart's folder.
pub fn note(message: &str) -> String {
    with_remarks(Level::NOTE, message, &[], None)
}

fn with_remarks(level: Level<'_>, message: &str, notes: &[String], help: Option<&str>) -> String {
    let group = Group::with_title(level.primary_title(clean(message)));
    Renderer::styled().render(&[remarks(group, notes, help)]) + "\n"
}

fn remarks<'a>(mut group: Group<'a>, notes: &[String], help: Option<&str>) -> Group<'a> {
    for note in notes {
        group = group.element(Level::NOTE.message(clean(note)));
    }
    match help {
        Some(help) => group.element(Level::HELP.message(clean(help))),
        None => group,
    }
}

fn group<'a>(source: &'a Source, index: &LineIndex<'a>, diagnostic: &'a Diagnostic) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut title = level.primary_title(clean(&diagnostic.message));
    if !diagnostic.code.is_empty() {
        title = title.id(clean(&diagnostic.code));
    }
    let mut group = Group::with_title(title);
    if !diagnostic.labels.is_empty() {
        group = group.element(snippet(source, index, &diagnostic.labels));
    }
    remarks(group, &diagnostic.notes, diagnostic.help.as_deref())
}

/// The labels on no more of the text than they need, so that many diagnostics
/// of a large specification do not each walk through all of it.
fn snippet<'a>(
    source: &'a Source,
    index: &LineIndex<'a>,
    labels: &'a [Label],
) -> Snippet<'a, Annotation<'a>> {
    let ranges: Vec<Range<usize>> = labels
        .iter()
        .map(|label| range(&source.text, label))
        .collect();
    let start = ranges
        .iter()
        .map(|range| range.start)
        .min()
        .unwrap_or_default();
    let end = ranges
        .iter()
        .map(|range| range.end)
        .max()
        .unwrap_or_default();
    let (line, offset, lines) = index.lines_around(start, end);
    let annotations = labels.iter().zip(ranges).map(|(label, range)| {
        let kind = if label.primary {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let text = (!label.text.is_empty()).then(|| clean(&label.text));
        kind.span(range.start - offset..range.end - offset)
            .label(text)
    });
    Snippet::source(without_c1(lines))
        .line_start(line)
        .path(clean(&source.name))
        .annotations(annotations)
}

/// The label's place, moved into the text and onto characters if it is not.
fn range(text: &str, label: &Label) -> Range<usize> {
    let [start, end] =
        [label.at.start, label.at.end].map(|offset| usize::try_from(offset).unwrap_or(usize::MAX));
    let start = text.floor_char_boundary(start);
    start..text.ceil_char_boundary(end).max(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compiler::Span;

    fn source(text: &str) -> Source {
        Source {
            name: "spec.toml".into(),
            text: text.into(),
        }
    }

    fn label(start: u32, end: u32, text: &str) -> Label {
        Label {
            at: Span { start, end },
            text: text.into(),
            primary: true,
        }
    }

    fn diagnostic(labels: Vec<Label>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            code: "TS0012".into(),
            message: "unknown dependency `bitnami/postgre`".into(),
            labels,
            notes: vec!["`taskspec explain TS0012` says more".into()],
            help: Some("did you mean `bitnami/postgresql`?".into()),
        }
    }

    fn plain(source: &Source, all: &[Diagnostic]) -> String {
        anstream::adapter::strip_str(&diagnostics(source, all)).to_string()
    }

    #[test]
    fn a_diagnostic_shows_its_line() {
        let source = source("# first\r\n# größe\r\nfrom = \"bitnami/postgre\"\r\n");
        let start = u32::try_from(source.text.find("\"bit").unwrap()).unwrap();
        let all = [diagnostic(vec![label(
            start,
            start + 17,
            "not in the catalog",
        )])];
        let expected = "\
error[TS0012]: unknown dependency `bitnami/postgre`
 --> spec.toml:3:8
  |
3 | from = \"bitnami/postgre\"
  |        ^^^^^^^^^^^^^^^^^ not in the catalog
  |
  = note: `taskspec explain TS0012` says more
  = help: did you mean `bitnami/postgresql`?

";
        assert_eq!(plain(&source, &all), expected);
    }

    #[test]
    fn columns_agree_with_the_machine_readable_ones() {
        let source = source("é日 = bad");
        let start = source.text.find("bad").unwrap();
        let position = LineIndex::new(&source.text).position(start);
        let start = u32::try_from(start).unwrap();
        let text = plain(&source, &[diagnostic(vec![label(start, start + 3, "")])]);
        assert!(
            text.contains(&format!(
                "spec.toml:{}:{}\n",
                position.line, position.column
            )),
            "{text}"
        );
    }

    #[test]
    fn no_span_can_break_the_rendering() {
        for text in ["", "a", "ä\n", "日本\r\n\r\n", "\n\n"] {
            let source = source(text);
            for start in 0..8 {
                for end in [0, 1, 2, 5, u32::MAX] {
                    let labels = vec![label(start, end, "here"), label(u32::MAX, 0, "")];
                    assert!(plain(&source, &[diagnostic(labels)]).contains("TS0012"));
                }
            }
        }
    }

    #[test]
    fn too_many_diagnostics_are_counted_and_errors_shown_first() {
        let mut all = vec![diagnostic(vec![]); N_SHOWN_MAX + 2];
        for diagnostic in &mut all[..=N_SHOWN_MAX] {
            diagnostic.severity = Severity::Warning;
        }
        let text = plain(&source(""), &all);
        assert!(text.starts_with("error[TS0012]"), "{text}");
        assert_eq!(text.matches("[TS0012]").count(), N_SHOWN_MAX);
        assert!(text.ends_with("note: 2 more are not shown; `--message-format json` has all\n"));
    }

    #[test]
    fn text_of_the_specification_cannot_drive_the_terminal() {
        let source = source("key = \"\x1b[2J\u{9b}2J\"");
        let mut finding = diagnostic(vec![label(6, 9, "\x1b]0;title\x07")]);
        finding.message = "\x1b[31mred".into();
        finding.notes = vec!["\x1b[1mbold".into()];
        let text = diagnostics(&source, &[finding]);
        let stripped = anstream::adapter::strip_str(&text).to_string();
        assert!(stripped.contains("␛[2J·2J"), "{stripped}");
        assert!(
            stripped.contains("␛[31mred") && stripped.contains("␛[1mbold"),
            "{stripped}"
        );
        assert!(
            !stripped.contains('\x1b') && !stripped.contains('\x07'),
            "{stripped}"
        );
    }

    #[test]
    fn a_failure_lists_notes_and_help() {
        let shown = failure(&Failure::world("no space").note("why").help("free some"));
        let text = anstream::adapter::strip_str(&shown).to_string();
        assert_eq!(
            text,
            "error: no space\n |\n = note: why\n = help: free some\n"
        );
    }
}
