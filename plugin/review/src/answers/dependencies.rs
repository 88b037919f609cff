//! Where servers run, who runs them, and how the schema follows.

use crate::point::{Point, State, gather};
use crate::site::Site;
use crate::words;
use taskspec_report::{EdgeKind, Landscape, Node, NodeKind};

/// The pattern of each dependency, then that of the migrations.
pub fn points(site: &Site<'_>) -> Vec<Point> {
    gather(site, |landscape| {
        let mut found = Vec::new();
        for kind in [NodeKind::Dependency, NodeKind::External] {
            for node in landscape.of(kind) {
                found.push(Point::new(
                    State::Fact,
                    node.label.clone(),
                    pattern(landscape, node),
                ));
            }
        }
        found.extend(migrations(site, landscape));
        found
    })
}

fn pattern(landscape: &Landscape, node: &Node) -> String {
    let (least, most) = node.replicas();
    let operated = node
        .pods
        .iter()
        .any(|pods| pods.rollout == "by its operator");
    let mut text = match node.kind {
        NodeKind::External if node.facts.iter().any(|fact| fact == "named by a variable") => {
            "outside the release: only a variable names it".to_owned()
        }
        NodeKind::External => format!(
            "outside the release{}: somebody else runs it",
            match node.origin.as_str() {
                "" => String::new(),
                host => format!(", at {host}"),
            }
        ),
        _ if operated => format!(
            "{} made by an operator from {}",
            servers(least, most),
            node.object
        ),
        _ if node.origin.starts_with("embedded/") => {
            format!(
                "{} in the release, from templates that the compiler wrote ({})",
                servers(least, most),
                node.origin
            )
        }
        _ => format!(
            "{} in the release, from the chart {}",
            servers(least, most),
            shown(&node.origin)
        ),
    };
    let volumes: Vec<String> = linked(landscape, &node.id, EdgeKind::Mounts)
        .map(|volume| {
            let kept = volume.facts.iter().any(|fact| fact.starts_with("kept"));
            let fate = if kept {
                "kept when the release goes"
            } else {
                "deleted with the release"
            };
            format!("{} ({fate})", volume.label)
        })
        .collect();
    if node.kind == NodeKind::Dependency {
        if volumes.is_empty() && !operated {
            text += "; its data ends with its pods: it has no volume";
        } else if !volumes.is_empty() {
            text += &format!("; volumes: {}", words::few(&volumes, 4));
        }
    }
    let users: Vec<&str> = users(landscape, node).map(words::called).collect();
    text += &match users.as_slice() {
        [] => "; who uses it is not stated".to_owned(),
        users => format!("; used by {}", words::few(users, 8)),
    };
    text
}

/// Nodes that connect to another one, tests left out.
pub fn users<'a>(landscape: &'a Landscape, node: &'a Node) -> impl Iterator<Item = &'a Node> {
    landscape
        .edges
        .iter()
        .filter(|edge| edge.kind == EdgeKind::Connects && edge.to == node.id)
        .filter_map(|edge| landscape.node(&edge.from))
        .filter(|user| !matches!(user.kind, NodeKind::Test | NodeKind::Peer))
}

/// Nodes that a node leads to.
pub fn linked<'a>(
    landscape: &'a Landscape,
    from: &'a str,
    kind: EdgeKind,
) -> impl Iterator<Item = &'a Node> {
    landscape
        .edges
        .iter()
        .filter(move |edge| edge.kind == kind && edge.from == from)
        .filter_map(|edge| landscape.node(&edge.to))
}

fn servers(least: u64, most: u64) -> String {
    if least == most {
        words::counted(least, "server")
    } else {
        format!("{} servers", words::range(least, most))
    }
}

fn shown(origin: &str) -> &str {
    if origin.is_empty() {
        "of a repository"
    } else {
        origin
    }
}

fn migrations(site: &Site<'_>, landscape: &Landscape) -> Vec<Point> {
    let chosen = site.review.choices.iter().find(|choice| {
        choice.subject.ends_with("migrations.strategy") || choice.subject == "migrations.strategy"
    });
    let why = chosen.map_or_else(String::new, |choice| {
        format!(
            ". Chosen by the compiler: {} - {}",
            choice.choice, choice.reason
        )
    });
    let found = landscape.of(NodeKind::Migration).map(|node| {
        let before: Vec<&str> = linked(landscape, &node.id, EdgeKind::Before)
            .map(words::called)
            .collect();
        let how = match node.pods.first() {
            None => format!("as {}: every new pod runs it", words::joined(&node.facts)),
            Some(pods) if pods.when.contains("pre-") => format!(
                "as a hook ({}): Helm waits for it before it changes anything else",
                pods.when
            ),
            Some(pods) => format!(
                "as a {}, {}",
                pods.object.split('/').next().unwrap_or("Job"),
                pods.when
            ),
        };
        let before = match before.as_slice() {
            [] => String::new(),
            some => format!("; ends before {} starts", words::few(some, 6)),
        };
        Point::new(State::Fact, "migrations", format!("{how}{before}{why}"))
    });
    found.collect()
}
