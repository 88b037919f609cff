//! The language reference in Markdown, made from the same shapes that the
//! decoder uses: one section a table, in the order of a specification.

use crate::model::{Document, Environment};
use crate::shape::{FieldShape, ScalarShape, Shape, TableShape};
use crate::suggest::list;
use std::fmt::Write as _;

const INTRODUCTION: &str = include_str!("reference.md");

/// The reference page.
pub fn reference() -> String {
    let mut sections = Vec::new();
    collect(&mut sections, &Document::SHAPE, &Path::default());
    let mut page = INTRODUCTION.to_owned();
    for section in &sections {
        section.write(&sections, &mut page);
    }
    page
}

/// Where a table stands.
#[derive(Clone, Default)]
struct Path {
    /// Such as `workloads.NAME.probes`.
    keys: String,
    /// Whether it is one of a list.
    listed: bool,
    /// The only key of a table that is one form of a value: `{ secret = … }`.
    form: Option<&'static str>,
    /// Whether no environment may override what stands here.
    fixed: bool,
}

impl Path {
    fn below(&self, key: &str) -> Self {
        let dot = if self.keys.is_empty() { "" } else { "." };
        Self {
            keys: format!("{}{dot}{key}", self.keys),
            listed: false,
            form: None,
            fixed: self.fixed,
        }
    }

    /// As TOML has it.
    fn header(&self) -> String {
        let last = self.keys.rsplit('.').next().unwrap_or_default();
        match (self.form, self.listed) {
            (Some(key), _) => ["`", last, " = { ", key, " = … }`"].concat(),
            (None, _) if self.keys.is_empty() => "The file".to_owned(),
            (None, false) => format!("`[{}]`", self.keys),
            (None, true) => format!("`[[{}]]`", self.keys),
        }
    }
}

/// A table, described once for all the places it may stand at.
struct Section {
    table: &'static TableShape,
    paths: Vec<Path>,
}

/// The tables in reading order: each before those inside of it.
fn collect(sections: &mut Vec<Section>, table: &'static TableShape, path: &Path) {
    if let Some(known) = sections
        .iter_mut()
        .find(|section| section.table.name == table.name)
    {
        known.paths.push(path.clone());
        return;
    }
    sections.push(Section {
        table,
        paths: vec![path.clone()],
    });
    for field in table.fields {
        let below = Path {
            fixed: path.fixed || field.fixed,
            ..path.below(field.key)
        };
        inside(sections, &(field.shape)(), &below);
    }
}

fn inside(sections: &mut Vec<Section>, shape: &Shape, path: &Path) {
    match shape {
        Shape::Table(table) => collect(sections, table, path),
        Shape::Map { key, value, .. } => inside(sections, &value(), &path.below(placeholder(key))),
        Shape::List(item) => inside(
            sections,
            &item(),
            &Path {
                listed: true,
                ..path.clone()
            },
        ),
        Shape::Either(forms) => {
            let forms: Vec<Shape> = forms.iter().map(|form| form()).collect();
            let several =
                |form: &&Shape| matches!(form, Shape::Table(table) if table.fields.len() > 1);
            let alone = forms.iter().filter(several).count() < 2;
            for form in &forms {
                // Tables at one place are told apart by their first key.
                let first = match form {
                    Shape::Table(TableShape { fields: [only], .. }) => Some(only.key),
                    Shape::Table(TableShape {
                        fields: [first, ..],
                        ..
                    }) if !alone => Some(first.key),
                    _ => None,
                };
                inside(
                    sections,
                    form,
                    &Path {
                        form: first,
                        ..path.clone()
                    },
                );
            }
        }
        Shape::Scalar(_) | Shape::Free => {}
    }
}

/// The word in capitals for a name that the author chooses.
fn placeholder(key: &ScalarShape) -> &'static str {
    match key.name {
        "a variable's name" => "VARIABLE",
        "an environment's name" => "ENVIRONMENT",
        name if name.ends_with("key") => "KEY",
        _ => "NAME",
    }
}

impl Section {
    fn heading(&self) -> String {
        self.paths.first().map(Path::header).unwrap_or_default()
    }

    fn write(&self, all: &[Self], page: &mut String) {
        let mut text = format!(
            "\n## {}\n\n{}\n",
            self.heading(),
            lines(self.table.doc).join(" ")
        );
        let others = self
            .paths
            .iter()
            .map(Path::header)
            .filter(|header| *header != self.heading());
        let others: Vec<String> = others.collect();
        if !others.is_empty() {
            let _ = writeln!(text, "\nThe same at {}.", others.join(", "));
        }
        if self.table.name == Environment::SHAPE.name {
            let sections = Document::SHAPE.fields.iter().filter(|field| !field.fixed);
            let _ = writeln!(
                text,
                "\nIt may override {}.",
                list(sections.map(|field| field.key))
            );
        }
        text.push_str("\n| key | value | meaning | per environment |\n|---|---|---|---|\n");
        for field in self.table.fields {
            text.push_str(&row(field, self.differs(field), all));
        }
        page.push_str(&text);
    }

    /// Whether a key may differ between environments, in a word.
    fn differs(&self, field: &FieldShape) -> &'static str {
        if self.table.name == Environment::SHAPE.name {
            "its own"
        } else if field.fixed || self.paths.iter().all(|path| path.fixed) {
            "fixed"
        } else {
            "yes"
        }
    }
}

fn row(field: &FieldShape, differs: &str, all: &[Section]) -> String {
    let required = if field.required { ", **required**" } else { "" };
    let value = value(&(field.shape)(), all);
    let meaning = lines(field.doc).join(" ");
    format!(
        "| `{}` | {}{required} | {} | {differs} |\n",
        field.key,
        cell(&value),
        cell(&meaning)
    )
}

/// What a key holds, in words; tables link to their sections.
fn value(shape: &Shape, all: &[Section]) -> String {
    match shape {
        Shape::Table(table) => link(table, all),
        Shape::Map {
            key, value: inner, ..
        } => format!("{}, by {}", value(&inner(), all), placeholder(key)),
        Shape::List(item) => format!("list: {}", value(&item(), all)),
        Shape::Scalar(scalar) => single(scalar),
        Shape::Either(forms) => {
            let forms: Vec<String> = forms.iter().map(|form| value(&form(), all)).collect();
            forms.join(", or ")
        }
        Shape::Free => "any value".to_owned(),
    }
}

fn link(table: &TableShape, all: &[Section]) -> String {
    let section = all.iter().find(|section| section.table.name == table.name);
    section.map_or_else(
        || "table".to_owned(),
        |section| {
            let form = section.paths.first().and_then(|path| path.form);
            let shown = form.map_or("table".to_owned(), |key| ["`{ ", key, " = … }`"].concat());
            format!("[{shown}](#{})", anchor(&section.heading()))
        },
    )
}

/// The words of a choice, else the name and what it looks like.
fn single(scalar: &ScalarShape) -> String {
    let schema: serde_json::Value = serde_json::from_str(scalar.json).unwrap_or_default();
    let words: Vec<String> = schema["enum"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|word| word.as_str().map(|word| format!("`\"{word}\"`")))
        .collect();
    if words.is_empty() {
        format!("{} {}", scalar.name, scalar.hint)
    } else {
        words.join(", ")
    }
}

/// How a heading is linked to, as GitHub and GitLab make it.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c })
        .collect::<String>()
        .to_lowercase()
}

fn lines(doc: &str) -> Vec<&str> {
    doc.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
