//! Faults of the TOML itself, in words that help, and what they hide.
//!
//! Takes the parser's faults, gives diagnostics. A line that could not be read
//! leaves a gap in the tree; [`without_consequences`] removes the findings that
//! such a gap may have caused, so that every finding shown is a fault.

use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::span::Span;
use std::collections::BTreeSet;

/// The diagnostics of everything the parser could not read.
pub(crate) fn faults<'a>(
    text: &str,
    faults: impl Iterator<Item = (&'a str, Option<Span>)>,
) -> Vec<Diagnostic> {
    let lines = Lines::of(text);
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    // The header whose repetition was reported: its keys are then repeated too.
    let mut repeated_block: Option<usize> = None;
    let mut said_once: BTreeSet<&str> = BTreeSet::new();
    for (message, span) in faults {
        let at = lines.inside(span.unwrap_or_default());
        if message == "duplicate key" {
            let header = lines.header_above(at);
            if header.is_some() && header == repeated_block {
                continue;
            }
            repeated_block = header.filter(|line| *line == lines.line(at.start));
        }
        let once = message.starts_with("carriage return") || message == "recursion limit";
        if once && !said_once.insert(message) {
            continue;
        }
        diagnostics.push(fault(message, at, text));
    }
    match other_language(text) {
        Some(language) if !diagnostics.is_empty() => vec![language],
        _ => diagnostics,
    }
}

fn fault(message: &str, at: Span, text: &str) -> Diagnostic {
    let piece = slice(text, at).trim();
    let first = message.split(", expected ").next().unwrap_or(message);
    let closing = message.rsplit('`').nth(1).unwrap_or("");
    let (said, help) = match first {
        "duplicate key" => (
            format!("`{piece}` is given twice"),
            "remove one of the two, or merge them".to_owned(),
        ),
        "cannot extend value of type inline table with a dotted key"
        | "cannot extend value of type array with a dotted key" => (
            format!("`{piece}` already has its whole value"),
            "add the key inside the braces or brackets where the value stands".to_owned(),
        ),
        "string values must be quoted" => (
            first.to_owned(),
            format!("write \"{}\"", piece.replace(['"', '\\'], "")),
        ),
        "key with no value" => (first.to_owned(), "write key = value".to_owned()),
        "missing value for key" | "missing value" => (
            "the key has no value".to_owned(),
            "write key = value".to_owned(),
        ),
        "invalid unquoted key" => (
            format!("a key with `{piece}` in it needs quotes"),
            "put the key in quotes, or use letters, digits, `-` and `_`".to_owned(),
        ),
        "carriage return must be followed by newline" => (
            "a line ends with a carriage return alone".to_owned(),
            "save the file with the line ends of Unix or Windows".to_owned(),
        ),
        "cannot recurse further; max recursion depth met" | "recursion limit" => (
            "the value is nested too deeply".to_owned(),
            "at most 80 levels are read".to_owned(),
        ),
        "unclosed table" | "unclosed array table" | "unclosed array" | "unclosed inline table" => {
            (first.to_owned(), format!("close it with `{closing}`"))
        }
        "invalid basic string"
        | "invalid literal string"
        | "invalid multi-line basic string"
        | "invalid multi-line literal string" => string_fault(message, piece, closing),
        "invalid float" | "invalid integer" | "invalid datetime" | "invalid date-time" => (
            "this is not a number".to_owned(),
            "put text such as a version or a quantity in quotes".to_owned(),
        ),
        _ => (
            if message.is_empty() {
                "this is not TOML".to_owned()
            } else {
                message.to_owned()
            },
            "see https://toml.io for the syntax".to_owned(),
        ),
    };
    Diagnostic::error(codes::SYNTAX, said).at(at, "").help(help)
}

fn string_fault(message: &str, piece: &str, closing: &str) -> (String, String) {
    let control = piece.is_empty() || piece.chars().all(char::is_control);
    if message.contains("non-double-quote visible") || message.contains("non-single-quote visible")
    {
        let help = "write it as an escape such as \\t in a text with double quotes, or remove it";
        return (
            "a character that TOML does not allow stands in the text".to_owned(),
            help.to_owned(),
        );
    }
    if control && matches!(closing, "\"" | "'" | "\"\"\"" | "'''") {
        let multi = message.contains("multi-line");
        let quote = if multi {
            closing.repeat(3 / closing.len())
        } else {
            closing.to_owned()
        };
        let more = if multi {
            ""
        } else {
            "; a text of several lines stands between `\"\"\"` and `\"\"\"`"
        };
        return (
            "the text has no end".to_owned(),
            format!("close it with `{quote}`{more}"),
        );
    }
    (
        message.to_owned(),
        "see https://toml.io for the syntax; a text in single quotes takes a backslash as it is"
            .to_owned(),
    )
}

/// A specification written in YAML or JSON, told by its first line of content.
fn other_language(text: &str) -> Option<Diagnostic> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (line, start) = text
        .split_inclusive('\n')
        .scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some((line, start))
        })
        .find(|(line, _)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))?;
    let content = line.trim();
    let key = content.split(':').next().unwrap_or("");
    let plain_key = !key.is_empty()
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    let language = if content.starts_with('{') {
        "JSON"
    } else if content == "---" || (plain_key && content.len() > key.len() && !content.contains('='))
    {
        "YAML"
    } else {
        return None;
    };
    let span = Span::from(start..start + line.trim_end().len());
    Some(
        Diagnostic::error(codes::SYNTAX, format!("this looks like {language}; a specification is TOML"))
            .at(span, "")
            .help("write key = value and [table] headers; `helm taskspec init` writes a specification to start from"),
    )
}

/// Codes of findings about something absent, which a line that could not be
/// read may have held.
const ABSENCES: &[&str] = &[
    codes::LANGUAGE.id,
    codes::MISSING_KEY.id,
    codes::DANGLING.id,
    codes::NOTHING_TO_OVERRIDE.id,
    codes::PROBE.id,
    codes::SECRET_SOURCE.id,
    codes::NOTHING_TO_CHECK.id,
];

/// The findings without those that a syntax fault may have caused.
pub(crate) fn without_consequences(text: &str, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let syntax = |d: &Diagnostic| d.code == codes::SYNTAX.id;
    if !found.iter().any(syntax) {
        return found;
    }
    let lines = Lines::of(text);
    let mut unreadable = BTreeSet::new();
    for span in found
        .iter()
        .filter(|d| syntax(d))
        .flat_map(|d| &d.labels)
        .map(|label| label.at)
    {
        unreadable.extend(lines.line(span.start)..=lines.line(span.end.max(span.start + 1) - 1));
        if lines.is_header(lines.line(span.start)) {
            unreadable.extend(lines.block(lines.line(span.start)));
        }
    }
    found.retain(|d| {
        let touched = d.labels.first().is_some_and(|label| {
            let range = lines.line(label.at.start)..=lines.line(label.at.end);
            unreadable.range(range).next().is_some()
        });
        syntax(d) || !(touched || ABSENCES.contains(&d.code))
    });
    found
}

fn slice(text: &str, span: Span) -> &str {
    text.get(span.start as usize..span.end as usize)
        .unwrap_or("")
}

/// Where the lines of a text start, and which of them are headers.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    headers: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let ends = text
            .bytes()
            .enumerate()
            .filter(|(_, b)| *b == b'\n')
            .map(|(at, _)| at + 1);
        let starts: Vec<usize> = std::iter::once(0).chain(ends).collect();
        let header = |start: usize| {
            text[start..]
                .trim_start_matches([' ', '\t'])
                .starts_with('[')
        };
        let headers = (0..starts.len())
            .filter(|line| header(starts[*line]))
            .collect();
        Self {
            text,
            starts,
            headers,
        }
    }

    /// The span within the text, on whole characters.
    fn inside(&self, span: Span) -> Span {
        let clamp = |at: u32| {
            let mut at = (at as usize).min(self.text.len());
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = clamp(span.start);
        Span::from(start..clamp(span.end).max(start))
    }

    /// Number of the line that holds an offset, from 0.
    fn line(&self, at: u32) -> usize {
        self.starts
            .partition_point(|start| *start <= at as usize)
            .saturating_sub(1)
    }

    fn is_header(&self, line: usize) -> bool {
        self.headers.binary_search(&line).is_ok()
    }

    /// The header of the block that holds a place.
    fn header_above(&self, at: Span) -> Option<usize> {
        let line = self.line(at.start);
        let above = self.headers.partition_point(|header| *header <= line);
        self.headers[..above].last().copied()
    }

    /// The lines from a header to the next one.
    fn block(&self, header: usize) -> std::ops::Range<usize> {
        let next = self.headers.partition_point(|line| *line <= header);
        header..self.headers.get(next).copied().unwrap_or(self.starts.len())
    }
}
