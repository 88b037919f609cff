//! The reference has every table and every key, and its links lead somewhere.

use std::collections::BTreeSet;
use taskspec_spec::model::Document;
use taskspec_spec::reference::reference;
use taskspec_spec::shape::{Shape, TableShape};

#[test]
fn every_key_of_every_table_is_described() {
    let page = reference();
    let mut tables = Vec::new();
    collect(&Shape::Table(&Document::SHAPE), &mut tables);
    assert!(tables.len() > 20, "only {} tables found", tables.len());
    for table in tables {
        let doc = table.doc.lines().next().unwrap_or("").trim();
        let described = page.split("\n## ").any(|section| {
            section.contains(doc)
                && table
                    .fields
                    .iter()
                    .all(|field| section.contains(&format!("| `{}` | ", field.key)))
        });
        assert!(described, "{} is not described", table.name);
    }
}

#[test]
fn headings_are_unique_and_links_lead_to_them() {
    let page = reference();
    let headings: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    let anchors: BTreeSet<String> = headings.iter().map(|heading| anchor(heading)).collect();
    assert_eq!(
        anchors.len(),
        headings.len(),
        "two headings have one anchor"
    );
    let links: Vec<&str> = page
        .split("](#")
        .skip(1)
        .filter_map(|after| after.split(')').next())
        .collect();
    assert!(links.len() > 20);
    for link in links {
        assert!(anchors.contains(link), "`{link}` leads nowhere");
    }
}

#[test]
fn the_example_resolves() {
    let page = reference();
    let example = page
        .split("```toml\n")
        .nth(1)
        .and_then(|after| after.split("```").next())
        .unwrap();
    let (resolved, diagnostics) = taskspec_spec::resolve(example);
    assert!(
        resolved.is_some() && diagnostics.is_empty(),
        "{diagnostics:#?}"
    );
}

#[test]
fn rows_have_four_cells_and_a_meaning() {
    for row in reference().lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{row}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{row}");
    }
}

fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .replace(' ', "-")
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        .collect()
}

fn collect(shape: &Shape, tables: &mut Vec<&'static TableShape>) {
    match shape {
        Shape::Table(table) => {
            if !tables.iter().any(|known| known.name == table.name) {
                tables.push(table);
                table
                    .fields
                    .iter()
                    .for_each(|field| collect(&(field.shape)(), tables));
            }
        }
        Shape::Map { value, .. } => collect(&value(), tables),
        Shape::List(item) => collect(&item(), tables),
        Shape::Either(forms) => forms.iter().for_each(|form| collect(&form(), tables)),
        Shape::Scalar(_) | Shape::Free => {}
    }
}
