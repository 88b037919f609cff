//! What somebody has to look at before anything else.

use crate::Weight;
use crate::site::{Site, one_line};
use crate::words;
use serde::Serialize;
use taskspec_report::{EffectKind, Verdict};

/// Something to look at.
#[derive(Debug, Serialize)]
pub struct Item {
    /// One word for what it is.
    pub what: String,
    /// How much it matters: `high`, `medium` or `low`.
    pub weight: &'static str,
    /// What it says.
    pub text: String,
    /// What to do; empty for nothing.
    pub help: String,
    /// Anchor of the place that says more; empty for none.
    pub link: String,
    /// What the link is called.
    pub link_text: String,
}

/// Most items of one kind that are listed; the rest is counted.
const MOST: usize = 40;

/// The list, what matters most first.
pub fn items(site: &Site<'_>, last_line: u32) -> Vec<Item> {
    let mut items = violated(site);
    for landscape in site
        .review
        .landscapes
        .iter()
        .filter(|one| !one.refused.is_empty())
    {
        items.push(plain(
            "not rendered",
            "high",
            format!(
                "{}: {}",
                words::environment(&landscape.environment),
                landscape.refused
            ),
        ));
    }
    items.extend(effects(site, EffectKind::LosesData, "high"));
    items.extend(effects(site, EffectKind::Immutable, "high"));
    items.extend(warnings(site, Weight::High, last_line));
    items.extend(effects(site, EffectKind::Exposes, "medium"));
    items.extend(effects(site, EffectKind::Weakens, "medium"));
    items.extend(warnings(site, Weight::Medium, last_line));
    if site.review.report.dependencies_skipped {
        items.push(plain(
            "not seen",
            "medium",
            "objects of the dependencies' charts were missing when the chart was rendered"
                .to_owned(),
        ));
    }
    items.extend(manual(site));
    items.extend(warnings(site, Weight::Low, last_line));
    items
}

fn plain(what: &str, weight: &'static str, text: String) -> Item {
    Item {
        what: what.to_owned(),
        weight,
        text,
        help: String::new(),
        link: String::new(),
        link_text: String::new(),
    }
}

fn violated(site: &Site<'_>) -> Vec<Item> {
    let all = site.review.report.statements.iter().enumerate();
    all.filter(|(_, statement)| statement.verdict == Verdict::Violated)
        .map(|(index, statement)| {
            let fault = statement.faults().next();
            let fault = fault.map_or_else(String::new, |(check, fault)| {
                format!(
                    ": {} ({})",
                    fault.message,
                    words::environment(&check.environment)
                )
            });
            Item {
                help: statement.remedy.clone(),
                link: format!("s{}", index + 1),
                link_text: statement.id.clone(),
                ..plain("violated", "high", format!("{}{fault}", statement.title))
            }
        })
        .collect()
}

/// Effects of a change, the same once for several environments.
fn effects(site: &Site<'_>, kind: EffectKind, weight: &'static str) -> Vec<Item> {
    let Some(comparison) = &site.review.comparison else {
        return Vec::new();
    };
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for (environment, _, effect) in comparison.effects(kind) {
        let place = words::environment(&environment.environment).to_owned();
        match found.iter_mut().find(|(text, _)| *text == effect.text) {
            Some((_, places)) => places.push(place),
            None => found.push((effect.text.clone(), vec![place])),
        }
    }
    let more = found.len().saturating_sub(MOST);
    let mut items: Vec<Item> = found
        .into_iter()
        .take(MOST)
        .map(|(text, places)| Item {
            help: format!("in {}", words::joined(&places)),
            ..plain(kind.name(), weight, text)
        })
        .collect();
    if more > 0 {
        items.push(plain(
            kind.name(),
            weight,
            format!("and {more} more: see what changes"),
        ));
    }
    items
}

fn warnings(site: &Site<'_>, weight: Weight, last_line: u32) -> Vec<Item> {
    let all = site
        .review
        .warnings
        .iter()
        .filter(|one| one.weight == weight);
    all.map(|warning| {
        let line = warning.line.filter(|line| *line <= last_line);
        Item {
            help: warning.help.clone(),
            link: line.map_or_else(String::new, |line| format!("L{line}")),
            link_text: line.map_or_else(String::new, |line| format!("line {line}")),
            ..plain(
                &format!("warning {}", warning.code),
                weight.name(),
                warning.message.clone(),
            )
        }
    })
    .collect()
}

/// What a person still has to do: manual statements, and tests that were not run.
fn manual(site: &Site<'_>) -> Vec<Item> {
    let all = site.review.report.statements.iter().enumerate();
    all.filter_map(|(index, statement)| {
        let text = match statement.verdict {
            Verdict::Manual => format!("{}: {}", statement.title, one_line(&statement.manual)),
            Verdict::Runtime if statement.tests.iter().any(|test| test.passed.is_none()) => {
                format!("{}: run helm test", statement.title)
            }
            _ => return None,
        };
        let what = if statement.verdict == Verdict::Manual {
            "by hand"
        } else {
            "by helm test"
        };
        Some(Item {
            link: format!("s{}", index + 1),
            link_text: statement.id.clone(),
            ..plain(what, "low", text)
        })
    })
    .collect()
}
