//! Writes YAML whose scalars mean the same to Go's reader, with comments.
//!
//! Takes ordered JSON values; gives block style, two spaces a level. Quoting is
//! serde-saphyr's, which survives the YAML 1.1 words and numbers that Helm's
//! reader still knows (`on`, `no`, `1_000`).

use serde_json::Value;

/// A text under construction.
#[derive(Default)]
pub struct Writer {
    text: String,
}

impl Writer {
    /// What was written.
    pub fn finish(self) -> String {
        self.text
    }

    /// An empty line.
    pub fn blank(&mut self) {
        self.text.push('\n');
    }

    /// Comment lines with a prefix such as `# ` or `# -- ` on the first one.
    pub fn comment(&mut self, depth: usize, first: &str, text: &str) {
        for (index, line) in text.lines().enumerate() {
            self.indent(depth);
            self.text.push_str(if index == 0 { first } else { "# " });
            self.text.push_str(line.trim());
            self.text.push('\n');
        }
    }

    /// `key:` of a map whose entries follow.
    pub fn open(&mut self, depth: usize, key: &str) {
        self.indent(depth);
        self.text.push_str(&scalar(key));
        self.text.push_str(":\n");
    }

    /// `key: value`, however deep the value is.
    pub fn pair(&mut self, depth: usize, key: &str, value: &Value) {
        self.indent(depth);
        self.text.push_str(&scalar(key));
        self.text.push(':');
        self.value(depth, value);
    }

    fn indent(&mut self, depth: usize) {
        for _ in 0..depth {
            self.text.push_str("  ");
        }
    }

    fn value(&mut self, depth: usize, value: &Value) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.text.push('\n');
                for (key, inner) in map {
                    self.pair(depth + 1, key, inner);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                self.text.push('\n');
                for item in items {
                    self.item(depth + 1, item);
                }
            }
            Value::String(text) if block(text) => {
                self.text.push_str(" |\n");
                for line in text.lines() {
                    self.indent(depth + 1);
                    self.text.push_str(line);
                    self.text.push('\n');
                }
            }
            other => {
                self.text.push(' ');
                self.text.push_str(&flat(other));
                self.text.push('\n');
            }
        }
    }

    /// `- item`; the first key of a map stands on the line of the dash.
    fn item(&mut self, depth: usize, item: &Value) {
        self.indent(depth);
        self.text.push('-');
        match item {
            Value::Object(map) if !map.is_empty() => {
                for (index, (key, inner)) in map.iter().enumerate() {
                    if index == 0 {
                        self.text.push(' ');
                        self.text.push_str(&scalar(key));
                        self.text.push(':');
                        self.value(depth + 1, inner);
                    } else {
                        self.pair(depth + 1, key, inner);
                    }
                }
            }
            other => self.value(depth, other),
        }
    }
}

/// Whether text reads the same as a block: whole printable lines, the first
/// not indented, none empty or ending in a space.
fn block(text: &str) -> bool {
    text.ends_with('\n')
        && !text.starts_with([' ', '\t'])
        && text.lines().all(|line| {
            !line.is_empty() && !line.ends_with([' ', '\t']) && !line.contains(char::is_control)
        })
}

/// A value without entries on one line.
fn flat(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => scalar(text),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
    }
}

/// Text as a YAML scalar on one line.
pub fn scalar(text: &str) -> String {
    let plain = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && text.len() > 5
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'/' | b'_'));
    if plain {
        // No YAML 1.1 word is that long; most scalars of a chart take this way.
        return text.to_owned();
    }
    let one_line = !text.is_empty()
        && !text
            .contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{85}'));
    let written = if one_line {
        serde_saphyr::to_string(&text).ok()
    } else {
        None
    };
    match written {
        Some(written) if written.trim_end().lines().count() == 1 => written.trim_end().to_owned(),
        _ => quoted(text),
    }
}

/// Text in double quotes with every unusual character escaped.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
