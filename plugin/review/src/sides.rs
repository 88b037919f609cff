//! Environments side by side.

use crate::site::Site;
use crate::words;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use taskspec_report::{Landscape, Node, NodeKind, Role};

/// A part of the table: a node, or the environment as a whole.
#[derive(Debug, Serialize)]
pub struct Group {
    /// What it is about.
    pub title: String,
    /// Its kind in words; empty for the environment as a whole.
    pub kind: &'static str,
    /// Its facts.
    pub rows: Vec<Row>,
}

/// A fact in every environment.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Which fact.
    pub what: String,
    /// What it is there, in the order of the environments; one cell if it is the same.
    pub cells: Vec<String>,
    /// Whether environments differ.
    pub differs: bool,
}

const NOTHING: &str = "–";

/// The groups of the table.
pub fn groups(site: &Site<'_>) -> Vec<Group> {
    let all = &site.review.landscapes;
    let mut groups = vec![whole(all)];
    for kind in [
        NodeKind::Workload,
        NodeKind::Job,
        NodeKind::Hook,
        NodeKind::Migration,
        NodeKind::Dependency,
        NodeKind::External,
        NodeKind::Exposure,
        NodeKind::Volume,
        NodeKind::Secret,
    ] {
        let ids: BTreeSet<&str> = all
            .iter()
            .flat_map(|landscape| landscape.of(kind))
            .map(|node| node.id.as_str())
            .collect();
        groups.extend(ids.into_iter().filter_map(|id| group(all, id)));
    }
    groups
}

fn whole(all: &[Landscape]) -> Group {
    let each =
        |what: &str, say: &dyn Fn(&Landscape) -> String| row(what, all.iter().map(say).collect());
    let rows = vec![
        each("release", &|one| one.release.clone()),
        each("namespace", &|one| one.namespace.clone()),
        each("Helm refused", &|one| one.refused.clone()),
        each("pods that stay", &|one| {
            words::range(one.totals.pods, one.totals.most_pods)
        }),
        each("CPU requested", &|one| {
            words::cores(one.totals.requests.cpu)
        }),
        each("CPU limit", &|one| words::cores(one.totals.limits.cpu)),
        each("memory requested", &|one| {
            words::bytes(one.totals.requests.memory)
        }),
        each("memory limit", &|one| {
            words::bytes(one.totals.limits.memory)
        }),
        each("storage claimed", &|one| words::bytes(one.totals.storage)),
        each("objects", &|one| {
            let kinds = one.kinds.iter().map(|(kind, n)| format!("{n} {kind}"));
            kinds.collect::<Vec<_>>().join(", ")
        }),
    ];
    Group {
        title: "The release as a whole".to_owned(),
        kind: "",
        rows: rows.into_iter().flatten().collect(),
    }
}

/// One row; none if no environment has anything to say.
fn row(what: &str, cells: Vec<String>) -> Option<Row> {
    if cells.iter().all(String::is_empty) {
        return None;
    }
    let differs = cells.iter().any(|cell| *cell != cells[0]);
    let shown = |cell: String| {
        if cell.is_empty() {
            NOTHING.to_owned()
        } else {
            cell
        }
    };
    let cells = if differs {
        cells.into_iter().map(shown).collect()
    } else {
        cells.into_iter().take(1).map(shown).collect()
    };
    Some(Row {
        what: what.to_owned(),
        cells,
        differs,
    })
}

fn group(all: &[Landscape], id: &str) -> Option<Group> {
    let first = all.iter().find_map(|landscape| landscape.node(id))?;
    let each = |what: &str, say: &dyn Fn(&Landscape, &Node) -> String| {
        let cells = all.iter().map(|landscape| {
            let node = landscape.node(id);
            node.map_or_else(String::new, |node| say(landscape, node))
        });
        row(what, cells.collect())
    };
    let mut rows = vec![
        each("there", &|_, _| "yes".to_owned()).filter(|row| row.differs),
        each("pods", &|_, node| match node.pods.as_slice() {
            [] => String::new(),
            _ => {
                let (least, most) = node.replicas();
                words::range(least, most)
            }
        }),
        each("scaling", &|_, node| {
            of_pods(node, |pods| pods.scaler.clone())
        }),
        each("images", &|_, node| images(node)),
    ];
    for (what, resource, is_limit) in [
        ("CPU requested", "cpu", false),
        ("CPU limit", "cpu", true),
        ("memory requested", "memory", false),
        ("memory limit", "memory", true),
    ] {
        rows.push(each(what, &|_, node| resources(node, resource, is_limit)));
    }
    rows.push(each("when", &|_, node| {
        of_pods(node, |pods| pods.when.clone())
    }));
    rows.push(each("budget", &|_, node| {
        of_pods(node, |pods| pods.budget.clone())
    }));
    rows.push(each("network policy", &|_, node| {
        of_pods(node, |pods| match (pods.closed_in, pods.closed_out) {
            _ if pods.containers.is_empty() => String::new(),
            (true, true) => "in and out".to_owned(),
            (true, false) => "in".to_owned(),
            (false, true) => "out".to_owned(),
            (false, false) => "none".to_owned(),
        })
    }));
    rows.push(each("from", &|_, node| node.origin.clone()));
    rows.push(each("facts", &|_, node| node.facts.join(", ")));
    let mut rows: Vec<Row> = rows.into_iter().flatten().collect();
    rows.extend(variables(all, id));
    Some(Group {
        title: first.label.clone(),
        kind: first.kind.name(),
        rows,
    })
}

/// What the objects of a node say, each thing once.
fn of_pods(node: &Node, say: impl Fn(&taskspec_report::Pods) -> String) -> String {
    let mut said: Vec<String> = Vec::new();
    for text in node.pods.iter().map(say) {
        if !text.is_empty() && !said.contains(&text) {
            said.push(text);
        }
    }
    said.join("; ")
}

fn images(node: &Node) -> String {
    let mut all: Vec<&str> = Vec::new();
    for container in node.pods.iter().flat_map(|pods| &pods.containers) {
        if container.role != Role::Init && !all.contains(&container.image.as_str()) {
            all.push(&container.image);
        }
    }
    all.join(", ")
}

fn resources(node: &Node, resource: &str, is_limit: bool) -> String {
    of_pods(node, |pods| {
        let main = words::main(pods);
        let stated = main.map(|main| {
            if is_limit {
                &main.limits
            } else {
                &main.requests
            }
        });
        stated
            .and_then(|stated| stated.get(resource).cloned())
            .unwrap_or_default()
    })
}

/// Variables whose values are not the same everywhere.
fn variables(all: &[Landscape], id: &str) -> Vec<Row> {
    let known: Vec<BTreeMap<String, String>> = all
        .iter()
        .map(|landscape| {
            let node = landscape.node(id);
            let containers = node.into_iter().flat_map(|node| &node.pods);
            let containers = containers.flat_map(|pods| &pods.containers);
            let main = containers.filter(|container| container.role == Role::Main);
            let release = format!("{}-", landscape.release);
            main.flat_map(|container| &container.variables)
                .map(|variable| {
                    // Names of objects begin with the release's: no difference that matters.
                    let value = variable.value.replace(&release, "(release)-");
                    (variable.name.clone(), value)
                })
                .collect()
        })
        .collect();
    let there: Vec<usize> = (0..all.len())
        .filter(|at| all[*at].node(id).is_some())
        .collect();
    let names: BTreeSet<&String> = known.iter().flat_map(BTreeMap::keys).collect();
    names
        .into_iter()
        .filter(|name| {
            let mut values = there.iter().map(|at| known[*at].get(*name));
            let first = values.next();
            values.any(|value| Some(value) != first)
        })
        .filter_map(|name| {
            let cells = known
                .iter()
                .map(|one| one.get(name).cloned().unwrap_or_default());
            row(&format!("variable {name}"), cells.collect())
        })
        .collect()
}
