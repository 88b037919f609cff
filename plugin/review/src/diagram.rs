//! A picture of each environment: who is outside, what runs, what it needs.
//!
//! Environments that differ in numbers only share one picture.

mod layout;
mod svg;

use crate::site::Site;
use crate::words;
use layout::{Box, Line, Plan};
use serde::Serialize;
use std::collections::BTreeMap;
use taskspec_report::{Edge, EdgeKind, Landscape, Node, NodeKind};

/// More boxes than this are no picture any more.
const MOST_BOXES: usize = 60;

/// Most connections that the table beside a picture lists.
const MOST_ROWS: usize = 400;

/// A picture with the same facts as a table.
#[derive(Debug, Serialize)]
pub struct Diagram {
    /// Number of the picture, from 1.
    pub number: usize,
    /// Environments that look like this.
    pub environments: Vec<String>,
    /// The drawing; empty if there are too many boxes.
    pub svg: String,
    /// Why there is no drawing, or what its numbers mean.
    pub note: String,
    /// The same as a graph for Mermaid.
    pub mermaid: String,
    /// Who belongs to whom.
    pub rows: Vec<Row>,
    /// How many more there are.
    pub more: usize,
}

/// A connection in words.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Who.
    pub from: String,
    /// How.
    pub how: &'static str,
    /// To whom.
    pub to: String,
    /// Ports; empty for none or all.
    pub ports: String,
    /// What shows it.
    pub because: String,
}

/// The pictures of all environments.
pub fn diagrams(site: &Site<'_>, share: usize) -> Vec<Diagram> {
    let mut groups: Vec<(String, Vec<&Landscape>)> = Vec::new();
    for landscape in &site.review.landscapes {
        if !landscape.refused.is_empty() {
            continue;
        }
        let signature = signature(landscape);
        match groups.iter_mut().find(|(known, _)| *known == signature) {
            Some((_, members)) => members.push(landscape),
            None => groups.push((signature, vec![landscape])),
        }
    }
    let groups = groups.into_iter().enumerate();
    groups
        .map(|(index, (_, members))| diagram(index + 1, &members, MOST_ROWS / share))
        .collect()
}

/// What makes two pictures the same.
fn signature(landscape: &Landscape) -> String {
    let nodes = landscape
        .nodes
        .iter()
        .filter(|node| is_drawn(node) || node.kind == NodeKind::Test);
    let nodes: Vec<&str> = nodes.map(|node| node.id.as_str()).collect();
    let edges = landscape
        .edges
        .iter()
        .filter(|edge| edge.kind != EdgeKind::Reads);
    let edges: Vec<String> = edges
        .map(|edge| {
            format!(
                "{} {} {} {}",
                edge.from,
                edge.kind.name(),
                edge.to,
                edge.ports.join(",")
            )
        })
        .collect();
    format!("{}\n{}", nodes.join(" "), edges.join("\n"))
}

fn is_drawn(node: &Node) -> bool {
    !matches!(
        node.kind,
        NodeKind::Test | NodeKind::Volume | NodeKind::Secret
    )
}

fn diagram(number: usize, members: &[&Landscape], most: usize) -> Diagram {
    let first = members[0];
    let environments: Vec<String> = members
        .iter()
        .map(|one| words::environment(&one.environment).to_owned())
        .collect();
    let plan = plan(members);
    let too_many = plan.boxes.len() > MOST_BOXES;
    let title = format!(
        "What runs in {} and who connects to whom",
        words::joined(&environments)
    );
    let description = described(first);
    let mut note = String::new();
    if too_many {
        note = format!(
            "{} boxes are too many for a picture: the table has all connections.",
            plan.boxes.len()
        );
    } else if members.len() > 1 {
        note = format!(
            "Numbers with | between them are those of {}.",
            environments.join(" | ")
        );
    }
    let rows: Vec<Row> = first
        .edges
        .iter()
        .filter_map(|edge| row(first, edge))
        .collect();
    let more = rows.len().saturating_sub(most);
    Diagram {
        number,
        svg: if too_many {
            String::new()
        } else {
            svg::drawn(&layout::place(&plan), &title, &description, number)
        },
        mermaid: if too_many {
            String::new()
        } else {
            mermaid(&plan)
        },
        environments,
        note,
        rows: rows.into_iter().take(most).collect(),
        more,
    }
}

fn described(landscape: &Landscape) -> String {
    let mut parts = Vec::new();
    for (kind, what) in [
        (NodeKind::Exposure, "exposure"),
        (NodeKind::Workload, "workload"),
        (NodeKind::Job, "job"),
        (NodeKind::Migration, "migration"),
        (NodeKind::Dependency, "dependency in the release"),
        (NodeKind::External, "server outside"),
        (NodeKind::Peer, "peer"),
    ] {
        let names: Vec<&str> = landscape.of(kind).map(words::called).collect();
        if !names.is_empty() {
            parts.push(format!("{what}: {}", words::few(&names, 8)));
        }
    }
    format!(
        "From left to right: {}. The table below the picture lists every connection.",
        parts.join("; ")
    )
}

fn row(landscape: &Landscape, edge: &Edge) -> Option<Row> {
    let name = |id: &str| {
        let node = landscape.node(id)?;
        Some(format!("{} ({})", node.label, node.kind.name()))
    };
    // Names of objects begin with the release's, which differs between environments.
    let release = format!("/{}-", landscape.release);
    let because: Vec<String> = edge
        .because
        .iter()
        .map(|one| one.replace(&release, "/"))
        .collect();
    Some(Row {
        from: name(&edge.from)?,
        how: edge.kind.name(),
        to: name(&edge.to)?,
        ports: edge.ports.join(", "),
        because: words::few(&because, 6),
    })
}

/// The boxes and lines of a picture.
fn plan(members: &[&Landscape]) -> Plan {
    let first = members[0];
    let mut indices: BTreeMap<&str, usize> = BTreeMap::new();
    let mut boxes = Vec::new();
    for node in first.nodes.iter().filter(|node| is_drawn(node)) {
        indices.insert(&node.id, boxes.len());
        let versions: Vec<&Node> = members
            .iter()
            .filter_map(|one| one.node(&node.id))
            .collect();
        boxes.push(Box {
            kind: node.kind,
            inbound: node.id.starts_with("peer/from/"),
            title: node.label.clone(),
            lines: lines(members, node, &versions),
        });
    }
    let mut found: Vec<Line> = Vec::new();
    for edge in &first.edges {
        if !matches!(edge.kind, EdgeKind::Connects | EdgeKind::Exposes) {
            continue;
        }
        let ends = (
            indices.get(edge.from.as_str()),
            indices.get(edge.to.as_str()),
        );
        if let (Some(&from), Some(&to)) = ends {
            found.push(Line {
                from,
                to,
                label: edge.ports.join(", "),
                is_brief: matches!(
                    boxes[from].kind,
                    NodeKind::Migration | NodeKind::Hook | NodeKind::Job
                ),
            });
        }
    }
    let beside = first.of(NodeKind::Test).map(|node| {
        let tried: Vec<&str> = first
            .edges
            .iter()
            .filter(|edge| edge.from == node.id && edge.kind == EdgeKind::Connects)
            .filter_map(|edge| first.node(&edge.to))
            .map(words::called)
            .collect();
        let mut lines = vec!["helm test".to_owned()];
        if !tried.is_empty() {
            lines.push(format!("tries {}", words::few(&tried, 3)));
        }
        Box {
            kind: NodeKind::Test,
            inbound: false,
            title: node.label.clone(),
            lines,
        }
    });
    Plan {
        boxes,
        lines: found,
        beside: beside.collect(),
    }
}

/// What stands below the name in a box.
fn lines(members: &[&Landscape], node: &Node, versions: &[&Node]) -> Vec<String> {
    let each = |say: &dyn Fn(&Node) -> String| -> String {
        let said: Vec<String> = versions.iter().map(|one| say(one)).collect();
        match said.first() {
            Some(first) if said.iter().all(|one| one == first) => first.clone(),
            Some(_) => said.join(" | "),
            None => String::new(),
        }
    };
    let mut lines = Vec::new();
    match node.kind {
        NodeKind::Peer => lines.push(if node.id.starts_with("peer/from/") {
            "may connect".to_owned()
        } else {
            "outside the release".to_owned()
        }),
        NodeKind::Exposure => {
            lines.push(node.origin.clone());
            lines.extend(node.facts.first().cloned());
        }
        NodeKind::External => {
            lines.push("outside the release".to_owned());
            if node.origin != node.label {
                lines.push(node.origin.clone());
            }
        }
        NodeKind::Migration | NodeKind::Hook | NodeKind::Job => {
            lines.push(node.kind.name().to_owned());
            match node.pods.first() {
                Some(pods) => lines.push(pods.when.clone()),
                None => lines.extend(node.facts.first().cloned()),
            }
            let before: Vec<&str> = members[0]
                .edges
                .iter()
                .filter(|edge| edge.kind == EdgeKind::Before && edge.from == node.id)
                .filter_map(|edge| members[0].node(&edge.to))
                .map(words::called)
                .collect();
            if !before.is_empty() {
                lines.push(format!("before {}", words::few(&before, 2)));
            }
        }
        _ => {
            let replicas = each(&|one| {
                let (least, most) = one.replicas();
                if least == most {
                    least.to_string()
                } else {
                    format!("{least}–{most}")
                }
            });
            let noun = if replicas == "1" { "pod" } else { "pods" };
            lines.push(format!("{} · {replicas} {noun}", node.kind.name()));
            if node.kind == NodeKind::Dependency {
                lines.push(node.origin.clone());
            } else {
                let image = each(&|one| {
                    let main = one.pods.first().and_then(words::main);
                    main.map_or("", |main| main.image.rsplit('/').next().unwrap_or_default())
                        .to_owned()
                });
                lines.push(image);
            }
            for (resource, word) in [("cpu", "CPU"), ("memory", "memory")] {
                let requested = each(&|one| {
                    let main = one.pods.first().and_then(words::main);
                    let stated = main.and_then(|main| main.requests.get(resource));
                    stated.cloned().unwrap_or_default()
                });
                if !requested.is_empty() {
                    lines.push(format!("{word} {requested}"));
                }
            }
            let volumes = volumes(members, node);
            if !volumes.is_empty() {
                lines.push(format!("keeps {volumes}"));
            }
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// Sizes of a node's volumes in each environment.
fn volumes(members: &[&Landscape], node: &Node) -> String {
    let sizes = members.iter().map(|landscape| {
        let mounted = landscape
            .edges
            .iter()
            .filter(|edge| edge.kind == EdgeKind::Mounts && edge.from == node.id)
            .filter_map(|edge| landscape.node(&edge.to));
        let sizes: Vec<String> = mounted.filter_map(size).collect();
        sizes.join(" + ")
    });
    let sizes: Vec<String> = sizes.collect();
    match sizes.first() {
        Some(first) if sizes.iter().all(|one| one == first) => first.clone(),
        Some(_) => sizes.join(" | "),
        None => String::new(),
    }
}

/// The size of a volume, which is its first fact if it is known.
fn size(volume: &Node) -> Option<String> {
    let first = volume.facts.first()?;
    first
        .starts_with(|c: char| c.is_ascii_digit())
        .then(|| first.clone())
}

/// The same graph for code hosts that draw Mermaid.
fn mermaid(plan: &Plan) -> String {
    let mut text = String::from("flowchart LR\n");
    for (index, node) in plan.boxes.iter().enumerate() {
        let label = format!(
            "{} - {}",
            node.title,
            node.lines.first().map_or("", String::as_str)
        );
        text += &format!("  n{index}[\"{}\"]\n", harmless(&label));
    }
    for line in &plan.lines {
        let arrow = if line.is_brief { "-.->" } else { "-->" };
        let label = if line.label.is_empty() {
            String::new()
        } else {
            format!("|\"{}\"|", harmless(&line.label))
        };
        text += &format!("  n{} {arrow}{label} n{}\n", line.from, line.to);
    }
    text
}

/// Text that Mermaid takes as text: everything else by its number.
fn harmless(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() || " .,:/_-".contains(c) {
            safe.push(c);
        } else {
            safe += &format!("#{};", u32::from(c));
        }
    }
    safe
}
