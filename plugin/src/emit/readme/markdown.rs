//! Text as Markdown.

/// Text in which nothing becomes markup, a table cell or HTML but code between
/// backticks, which stays as it is.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '`' {
            let fence = rest.len() - rest.trim_start_matches('`').len();
            match code_end(&rest[fence..], fence) {
                Some(length) => {
                    let span = &rest[..fence + length + fence];
                    out.push_str(&cell(span));
                    rest = &rest[span.len()..];
                }
                None => {
                    out.push_str(&"\\`".repeat(fence));
                    rest = &rest[fence..];
                }
            }
            continue;
        }
        match c {
            '\\' | '*' | '_' | '[' | ']' | '|' | '#' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\n' => out.push(' '),
            c => out.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// Length of the code before a run of exactly `fence` backticks.
fn code_end(text: &str, fence: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let start = at + found;
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        if run == fence {
            return Some(start);
        }
        at = start + run;
    }
    None
}

/// One line; a bar would end a table's cell, also inside backticks.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Text as code, whatever backticks it has.
pub fn code(text: &str) -> String {
    let text = cell(text);
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    if longest == 0 {
        return format!("`{text}`");
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence} {text} {fence}")
}

/// Names as one text: `a`, `b`.
pub fn codes<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let all: Vec<String> = names.into_iter().map(code).collect();
    all.join(", ")
}

/// Never two empty lines in a row, none at the end: what a template leaves out
/// takes its empty line along. Blocks of code stay as they are.
pub fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut inside, mut empty) = (false, true);
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        }
        let blank = line.trim().is_empty() && !inside;
        if !(blank && empty) {
            out.push_str(line);
            out.push('\n');
        }
        empty = blank;
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::{code, escape, tidy};

    #[test]
    fn code_between_backticks_stays() {
        assert_eq!(escape("set `NEO4J_URI` now_"), "set `NEO4J_URI` now\\_");
        assert_eq!(escape("`a|b` | c"), "`a\\|b` \\| c");
        assert_eq!(escape("a ` b_"), "a \\` b\\_");
        assert_eq!(escape("``a`b_`` <b>"), "``a`b_`` &lt;b&gt;");
    }

    #[test]
    fn code_has_longer_fences_than_its_text() {
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code("a`b"), "`` a`b ``");
    }

    #[test]
    fn empty_lines_come_alone() {
        assert_eq!(
            tidy("a\n\n\nb\n```\nc\n\n\nd\n```\n\n"),
            "a\n\nb\n```\nc\n\n\nd\n```\n"
        );
    }
}
