//! The page as text. Every text of a specification or a manifest is data: the
//! writer of each form escapes it, templates cannot forget to.

use crate::changes::Changes;
use crate::page::Page;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value, context};
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("../templates/style.css");
const SCRIPT: &str = include_str!("../templates/script.js");

/// The page as HTML.
pub fn html(page: &Page<'_>) -> String {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    );
    let mut engine = engine();
    engine.set_formatter(|out, state, value| put(out, state, value, escaped));
    engine.add_filter("ticked", |text: String| {
        let code = |part: &str| format!("<code>{}</code>", escaped(part));
        Value::from_safe_string(ticked(&text, escaped, code))
    });
    let context = context! {
        page => Serde(page),
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        policy => policy,
    };
    rendered(&engine, "review.html", context)
}

/// The page as Markdown.
pub fn markdown(page: &Page<'_>) -> String {
    in_markdown("review.md", context! { page => Serde(page) })
}

/// The part on changes as Markdown.
pub fn changes(changes: &Changes) -> String {
    in_markdown("changes.md", context! { changes => Serde(changes) })
}

fn in_markdown(name: &str, context: Value) -> String {
    let mut engine = engine();
    engine.set_formatter(|out, state, value| put(out, state, value, plain));
    engine.add_filter("ticked", |text: String| {
        Value::from_safe_string(ticked(&text, plain, code))
    });
    engine.add_filter("code", |text: String| Value::from_safe_string(code(&text)));
    engine.add_filter("fence", |text: String| fence(&text));
    let text = rendered(&engine, name, context);
    // Loops leave runs of blank lines; fenced texts keep theirs.
    squeezed(&text)
}

fn engine() -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| AutoEscape::Html);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    match syntax {
        Ok(syntax) => engine.set_syntax(syntax),
        Err(fault) => panic!("{fault:#}"),
    }
    for (name, source) in [
        ("review.html", include_str!("../templates/review.html")),
        ("parts.html", include_str!("../templates/parts.html")),
        ("review.md", include_str!("../templates/review.md")),
        ("changes.md", include_str!("../templates/changes.md")),
    ] {
        // The templates are part of the program: a test renders each.
        engine
            .add_template(name, source)
            .unwrap_or_else(|fault| panic!("{name}: {fault:#}"));
    }
    engine
}

fn rendered(engine: &Environment<'_>, name: &str, context: Value) -> String {
    let template = engine.get_template(name);
    let text = template.and_then(|template| template.render(context));
    text.unwrap_or_else(|fault| panic!("{name}: {fault:#}"))
}

/// Writes a value; what is marked as safe stays as it is.
fn put(
    out: &mut Output<'_>,
    _state: &mut State<'_, '_>,
    value: &Value,
    escape: fn(&str) -> String,
) -> Result<(), Error> {
    let text = value.to_string();
    let text = if value.is_safe() { text } else { escape(&text) };
    out.write_str(&text).map_err(Error::from)
}

/// Text of an HTML document, in elements and in attributes.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Control characters are no text of a document.
            c if c.is_control() && c != '\n' && c != '\t' => safe.push('\u{fffd}'),
            // Those that turn the direction of what follows would hide what is there.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// Text of a Markdown document in one line, also within tables.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut last = ' ';
    for c in text.chars() {
        let c = if c.is_whitespace() { ' ' } else { c };
        if c == ' ' && last == ' ' {
            continue;
        }
        match c {
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '$' => {
                safe.push('\\');
                safe.push(c);
            }
            c if c.is_control() => safe.push('\u{fffd}'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
        last = c;
    }
    safe
}

/// A text in which what stands between two backticks is code.
fn ticked(text: &str, escape: fn(&str) -> String, code: fn(&str) -> String) -> String {
    if text.matches('`').count() % 2 == 1 {
        return escape(text);
    }
    let parts = text.split('`').enumerate();
    parts
        .map(|(index, part)| match index % 2 {
            1 if !part.trim().is_empty() => code(part),
            _ => escape(part),
        })
        .collect()
}

/// Text between as many backticks as it needs, in one line.
fn code(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // A bar ends a cell of a table even within code.
    let line = line.replace('|', "\\|");
    let ticks = "`".repeat(longest(&line) + 1);
    let pad = if line.starts_with('`') || line.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{ticks}{pad}{line}{pad}{ticks}")
}

/// A fence that a text does not close.
fn fence(text: &str) -> String {
    "`".repeat(longest(text).max(2) + 1)
}

/// Length of the longest run of backticks.
fn longest(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or(0)
}

/// At most one blank line in a row outside of fences.
fn squeezed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<String> = None;
    let mut blank = true;
    for line in text.lines() {
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        match &open {
            Some(fence) if line.trim_end() == fence => open = None,
            Some(_) => {}
            None if ticks.len() >= 3 => open = Some(ticks),
            None if line.trim().is_empty() => {
                if blank {
                    continue;
                }
                blank = true;
                out.push('\n');
                continue;
            }
            None => {}
        }
        blank = false;
        out.push_str(line);
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// SHA-256 as the content security policy writes it.
fn digest(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in Sha256::digest(text.as_bytes()).chunks(3) {
        let mut bits = 0_u32;
        for place in 0..3 {
            bits = bits << 8 | u32::from(chunk.get(place).copied().unwrap_or(0));
        }
        for place in 0..4 {
            if place <= chunk.len() {
                let six = bits >> (18 - 6 * place) & 63;
                encoded.push(char::from(DIGITS[six as usize]));
            } else {
                encoded.push('=');
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(
            escaped("<b a=\"x\">'&\u{202e}\u{7}"),
            "&lt;b a=&quot;x&quot;&gt;&#39;&amp;\u{fffd}\u{fffd}"
        );
        assert_eq!(plain("a|b\n# <c> _d_"), "a\\|b \\# &lt;c> \\_d\\_");
        assert_eq!(code("a ` b"), "``a ` b``");
        assert_eq!(code("`a`"), "`` `a` ``");
        assert_eq!(fence("```\nx"), "````");
    }

    #[test]
    fn digests_are_base64() {
        assert_eq!(digest(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn blank_lines_are_squeezed_outside_of_fences() {
        assert_eq!(
            squeezed("a\n\n\nb\n```\n\n\n```\n\n\n"),
            "a\n\nb\n```\n\n\n```\n"
        );
    }
}
