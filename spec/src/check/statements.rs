//! Criteria, constraints, non-goals and decisions say something, once each.

use crate::codes;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::Document;
use crate::span::{Span, Spanned};
use crate::types::Identifier;
use std::collections::BTreeMap;

/// Checks the statements, which are the same in every environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    identifiers(document, sink);
    for criterion in &document.criteria {
        let absent =
            criterion.check.is_empty() && criterion.test.is_none() && criterion.manual.is_none();
        if absent && !criterion.has_fault_in(&["check", "test", "manual"]) {
            sink.push(
                Diagnostic::error(codes::NOTHING_TO_CHECK, format!("nothing says how `{}` is checked", criterion.id.value.0))
                    .at(criterion.id.span, "neither check, test nor manual")
                    .help("add [[criteria.check]] with `that`, or test = { from = \"…\", reaches = [\"…\"] }, or manual = \"how a person checks it\""),
            );
        }
        if let Some(test) = &criterion.test
            && test.reaches.is_empty()
            && !test.has_fault_in(&["reaches"])
        {
            sink.push(
                Diagnostic::error(codes::NOTHING_TO_CHECK, "the test reaches nothing")
                    .at(test.span, "needs `reaches`")
                    .help("name dependencies or workloads that must answer: reaches = [\"postgresql\"]"),
            );
        }
    }
}

fn identifiers(document: &Document, sink: &mut Sink) {
    let all = document
        .criteria
        .iter()
        .map(|statement| &statement.id)
        .chain(document.constraints.iter().map(|statement| &statement.id))
        .chain(document.non_goals.iter().map(|statement| &statement.id))
        .chain(document.decisions.iter().map(|statement| &statement.id));
    let mut all: Vec<&Spanned<Identifier>> = all.collect();
    all.sort_by_key(|id| id.span);
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for Spanned {
        value: Identifier(id),
        span,
    } in all
    {
        if let Some(first) = seen.get(id.as_str()) {
            sink.push(
                Diagnostic::error(
                    codes::DUPLICATE,
                    format!("two statements are called `{id}`"),
                )
                .at(*span, "again")
                .at(*first, "first")
                .help("give each statement an identifier of its own"),
            );
        } else {
            seen.insert(id, *span);
        }
    }
}
