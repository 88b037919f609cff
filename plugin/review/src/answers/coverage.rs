//! What no statement looks at.

use crate::point::{Point, State, merge_subjects};
use crate::site::{Site, items, text};
use crate::words;
use std::collections::{BTreeMap, BTreeSet};
use taskspec_report::{Kind, Node, NodeKind, Statement};

/// Kinds of nodes that statements should look at.
const SUBJECTS: [NodeKind; 8] = [
    NodeKind::Workload,
    NodeKind::Job,
    NodeKind::Hook,
    NodeKind::Migration,
    NodeKind::Dependency,
    NodeKind::External,
    NodeKind::Exposure,
    NodeKind::Volume,
];

/// A check whose evidence names more objects is about the chart as a whole.
const MOST_OBJECTS: usize = 5;

/// Subjects without a statement, environments without one, and what is covered.
pub fn points(site: &Site<'_>) -> Vec<Point> {
    let own: Vec<&Statement> = site
        .review
        .report
        .statements
        .iter()
        .filter(|statement| statement.kind != Kind::Rule)
        .collect();
    let mut points = Vec::new();
    if own.is_empty() {
        points.push(Point::new(
            State::Gap,
            "statements",
            "the specification states no criterion, constraint or non-goal",
        ));
    }
    let given = parameters(site);
    let mut covered: BTreeMap<NodeKind, Vec<String>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for landscape in &site.review.landscapes {
        for node in landscape
            .nodes
            .iter()
            .filter(|one| SUBJECTS.contains(&one.kind))
        {
            if !seen.insert(node.id.clone()) {
                continue;
            }
            let by = named_by(site, &own, &given, node);
            if by.is_empty() {
                points.push(Point::new(
                    State::Gap,
                    node.label.clone(),
                    format!("no statement names this {}", node.kind.name()),
                ));
            } else {
                let shown = format!("{} ({})", node.label, words::few(&by, 4));
                covered.entry(node.kind).or_default().push(shown);
            }
        }
    }
    points = merge_subjects(points);
    points.extend(environments(site, &own));
    if !own.iter().any(|one| !one.tests.is_empty()) {
        points.push(Point::new(
            State::Gap,
            "helm test",
            "no criterion is decided by a test in the cluster",
        ));
    }
    for (kind, names) in covered {
        points.push(Point::new(
            State::Good,
            format!("named: {}", kind.name()),
            words::few(&names, 12),
        ));
    }
    points
}

/// Texts of each constraint's parameters, by the statement's identifier.
fn parameters(site: &Site<'_>) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for key in ["criteria", "constraints", "non-goals"] {
        for entry in items(&site.tree[key]) {
            let id = text(&entry["id"]).to_owned();
            let fields = entry.as_object().into_iter().flatten();
            let plain =
                fields.filter(|(key, _)| !["id", "title", "why", "manual"].contains(&key.as_str()));
            let texts = plain.map(|(_, value)| value.to_string());
            found.entry(id).or_default().extend(texts);
        }
    }
    found
}

/// Statements that look at a node: in words, or at one of its objects.
fn named_by(
    site: &Site<'_>,
    own: &[&Statement],
    given: &BTreeMap<String, Vec<String>>,
    node: &Node,
) -> Vec<String> {
    let objects: BTreeSet<&str> = site
        .review
        .landscapes
        .iter()
        .filter_map(|landscape| landscape.node(&node.id))
        .flat_map(|node| {
            node.pods
                .iter()
                .map(|pods| pods.object.as_str())
                .chain([node.object.as_str()])
        })
        .filter(|object| !object.is_empty())
        .collect();
    let looks = |statement: &&&Statement| {
        let worded = given
            .get(&statement.id)
            .is_some_and(|texts| texts.iter().any(|text| words::names(text, &node.label)));
        // A check of everything is no statement on one thing.
        let broad = statement.kind == Kind::NonGoal
            || statement.checks.iter().any(|check| {
                let named: BTreeSet<&str> = check
                    .evidence
                    .iter()
                    .map(|one| one.object.as_str())
                    .collect();
                named.len() > MOST_OBJECTS
            });
        let seen = !broad
            && statement.checks.iter().any(|check| {
                let evidence = check.evidence.iter().map(|one| &one.object);
                let faults = check.faults.iter().map(|one| &one.object);
                evidence
                    .chain(faults)
                    .any(|object| objects.contains(object.as_str()))
            });
        let tried = statement
            .tests
            .iter()
            .any(|test| test.reaches.contains(&node.label));
        worded || seen || tried
    };
    own.iter().filter(looks).map(|one| one.id.clone()).collect()
}

/// Environments that no check names and none includes.
fn environments(site: &Site<'_>, own: &[&Statement]) -> Vec<Point> {
    let checked: BTreeSet<&str> = own
        .iter()
        .flat_map(|statement| &statement.checks)
        .map(|check| check.environment.as_str())
        .collect();
    let whole = checked.contains("");
    site.review
        .landscapes
        .iter()
        .filter(|one| !whole && !checked.contains(one.environment.as_str()))
        .map(|one| {
            Point::new(
                State::Gap,
                words::environment(&one.environment),
                "no check looks at this environment",
            )
        })
        .collect()
}
