//! Five cases that people ask about.

use crate::point::{Point, State, gather};
use crate::site::{Site, text};
use crate::words;
use taskspec_report::{EdgeKind, Landscape, Node, NodeKind};

const NETWORK: &str = "Network failure";
const MIGRATION: &str = "A migration fails during an upgrade";
const ROTATION: &str = "A secret is rotated";
const EVICTION: &str = "Pods are evicted";
const EXHAUSTION: &str = "Resources run out";

/// The five cases in every environment.
pub fn points(site: &Site<'_>) -> Vec<Point> {
    gather(site, |landscape| {
        let mut found = network(landscape);
        found.extend(migration(landscape));
        found.extend(rotation(landscape));
        found.extend(eviction(landscape));
        found.extend(exhaustion(site, landscape));
        found
    })
}

/// Several nodes of which the same is true in one sentence.
fn grouped(subject: &str, state: State, facts: Vec<(String, String)>) -> Vec<Point> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (name, fact) in facts {
        match groups.iter_mut().find(|(known, _)| *known == fact) {
            Some((_, names)) => names.push(name),
            None => groups.push((fact, vec![name])),
        }
    }
    groups
        .into_iter()
        .map(|(fact, names)| {
            Point::new(state, subject, format!("{}: {fact}", words::few(&names, 6)))
        })
        .collect()
}

fn network(landscape: &Landscape) -> Vec<Point> {
    let waits = landscape.nodes.iter().flat_map(|node| {
        node.pods
            .iter()
            .filter(|pods| !pods.waits.is_empty())
            .map(|pods| {
                let longest = pods.waits.iter().filter_map(|wait| wait.seconds).max();
                let shown: Vec<String> = pods
                    .waits
                    .iter()
                    .map(|wait| without_release(landscape, &wait.what))
                    .collect();
                let limit = longest.map_or_else(String::new, |n| {
                    format!(", each up to {}", words::seconds(n))
                });
                (
                    node.label.clone(),
                    format!("new pods wait for {}{limit}", words::joined(&shown)),
                )
            })
    });
    let mut found = grouped(NETWORK, State::Good, waits.collect());
    let checks = landscape.of(NodeKind::Workload).flat_map(|node| {
        node.pods.iter().filter_map(|pods| {
            let probe = words::main(pods)?.readiness.as_ref()?;
            Some((
                node.label.clone(),
                format!(
                    "a check that gets no answer within {} counts as failed; after {} of them the pod gets no connections",
                    words::seconds(probe.timeout),
                    probe.failures
                ),
            ))
        })
    });
    found.extend(grouped(NETWORK, State::Fact, checks.collect()));
    if landscape.of(NodeKind::Workload).next().is_some() {
        found.push(Point::new(
            State::Open,
            NETWORK,
            "whether the programs open lost connections again is not stated",
        ));
    }
    found
}

/// A wait without the release's name, which differs between environments.
fn without_release(landscape: &Landscape, what: &str) -> String {
    if let Some((kind, _)) = what.split_once('/') {
        let node = landscape.nodes.iter().find(|node| node.object == what);
        return node.map_or_else(
            || what.to_owned(),
            |node| format!("the {kind} {}", node.label),
        );
    }
    what.split_whitespace()
        .map(|part| {
            part.strip_prefix(&format!("{}-", landscape.release))
                .unwrap_or(part)
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn migration(landscape: &Landscape) -> Vec<Point> {
    let mut found = Vec::new();
    for node in landscape.of(NodeKind::Migration) {
        let waiting: Vec<&Node> = landscape
            .edges
            .iter()
            .filter(|edge| edge.kind == EdgeKind::Before && edge.from == node.id)
            .filter_map(|edge| landscape.node(&edge.to))
            .collect();
        let names: Vec<&str> = waiting.iter().map(|node| words::called(node)).collect();
        let who = if names.is_empty() {
            "the workloads".to_owned()
        } else {
            words::few(&names, 6)
        };
        let text = match node.pods.first() {
            None => format!(
                "the new pods of {who} do not start; the old ones keep running, as far as the rollout leaves them ({})",
                waiting
                    .first()
                    .and_then(|node| node.pods.first())
                    .map_or("not stated", |pods| pods.rollout.as_str())
            ),
            Some(pods) => {
                let tries = pods
                    .retries
                    .map_or_else(String::new, |n| format!("it is tried {n} times more"));
                let limit = pods.deadline.map_or_else(
                    || ", without a limit of time".to_owned(),
                    |n| format!(", {} in all", words::seconds(n)),
                );
                if pods.when.contains("pre-upgrade") {
                    format!(
                        "{tries}{limit}; then Helm stops the upgrade before it changes anything: {who} goes on as it was"
                    )
                } else {
                    let patience = waiting
                        .iter()
                        .flat_map(|node| &node.pods)
                        .flat_map(|pods| &pods.waits)
                        .filter(|wait| wait.what == pods.object)
                        .find_map(|wait| wait.seconds);
                    let patience = patience.map_or_else(String::new, |n| {
                        format!(" up to {} and fail", words::seconds(n))
                    });
                    let rollout = waiting.first().and_then(|node| node.pods.first());
                    let rollout = rollout.map_or("not stated", |pods| pods.rollout.as_str());
                    format!(
                        "{tries}{limit}; meanwhile the new pods of {who} wait{patience}; the old ones go on ({rollout}). What a half-finished migration left in the database is not undone"
                    )
                }
            }
        };
        found.push(Point::new(State::Fact, MIGRATION, text));
    }
    if found.is_empty() {
        found.push(Point::new(
            State::Fact,
            MIGRATION,
            "the chart has no migrations",
        ));
    }
    found
}

fn rotation(landscape: &Landscape) -> Vec<Point> {
    let mut found = Vec::new();
    for node in landscape.of(NodeKind::Secret) {
        let source = format!(
            "Secret {}, {}",
            node.label,
            node.origin.replace(": somebody else makes it", "")
        );
        let readers: Vec<(String, String)> = landscape
            .edges
            .iter()
            .filter(|edge| edge.kind == EdgeKind::Reads && edge.to == node.id)
            .filter_map(|edge| landscape.node(&edge.from))
            .filter(|reader| matches!(reader.kind, NodeKind::Workload | NodeKind::Dependency))
            .flat_map(|reader| {
                reader.pods.iter().map(move |pods| {
                    let fact = match pods.reloads.as_str() {
                        "always" => "the pods are replaced when it changes (Reloader)",
                        "upgrade" => "the pods are replaced at the next helm upgrade if the chart made the change; else somebody restarts them",
                        _ => "the pods read it at their start: somebody restarts them",
                    };
                    (reader.label.clone(), fact.to_owned())
                })
            })
            .collect();
        let mut seen = Vec::new();
        let readers = readers.into_iter().filter(|one| {
            let fresh = !seen.contains(one);
            seen.push(one.clone());
            fresh
        });
        let points = grouped(ROTATION, State::Fact, readers.collect());
        found.extend(points.into_iter().map(|point| Point {
            text: format!("{source}, read by {}", point.text),
            ..point
        }));
    }
    if found.is_empty() {
        found.push(Point::new(State::Fact, ROTATION, "no pod reads a Secret"));
    }
    found
}

fn eviction(landscape: &Landscape) -> Vec<Point> {
    let nodes = landscape
        .of(NodeKind::Workload)
        .chain(landscape.of(NodeKind::Dependency));
    let facts = nodes.flat_map(|node| {
        node.pods
            .iter()
            .filter(|pods| !pods.containers.is_empty())
            .map(|pods| {
                let mut parts = vec![words::pods(pods.least, pods.most)];
                parts.push(match pods.budget.as_str() {
                    "" if pods.least > 1 => "no budget: a drain may take all".to_owned(),
                    "" => "no budget, and it could not help: there is one pod".to_owned(),
                    budget => budget.to_owned(),
                });
                parts.push(format!("{} to stop", words::seconds(pods.grace)));
                if !pods.spread.is_empty() {
                    let keys: Vec<&str> = pods
                        .spread
                        .iter()
                        .map(|key| key.rsplit('/').next().unwrap_or(key))
                        .collect();
                    parts.push(format!("spread over {}", words::joined(&keys)));
                }
                parts.push(match pods.priority.as_str() {
                    "" => "no priority class".to_owned(),
                    name => format!("priority {name}"),
                });
                (node.label.clone(), parts.join(", "))
            })
    });
    let mut facts: Vec<(String, String)> = facts.collect();
    facts.dedup();
    grouped(EVICTION, State::Fact, facts)
}

fn exhaustion(site: &Site<'_>, landscape: &Landscape) -> Vec<Point> {
    let memory = landscape.of(NodeKind::Workload).flat_map(|node| {
        node.pods.iter().filter_map(|pods| {
            let main = words::main(pods)?;
            let fact = match (main.limits.get("memory"), main.limits.get("cpu")) {
                (Some(memory), Some(cpu)) => {
                    format!("restarted above {memory} of memory, slowed down above {cpu} CPU")
                }
                (Some(memory), None) => {
                    format!("restarted above {memory} of memory, CPU not limited")
                }
                (None, _) => "memory not limited".to_owned(),
            };
            let more = if pods.scaler.is_empty() {
                format!("stays at {}", words::pods(pods.least, pods.most))
            } else {
                format!("grows to {} pods ({})", pods.most, pods.scaler)
            };
            Some((node.label.clone(), format!("{fact}; under load it {more}")))
        })
    });
    let mut found = grouped(EXHAUSTION, State::Fact, memory.collect());
    let volumes: Vec<String> = landscape
        .of(NodeKind::Volume)
        .map(|node| node.label.clone())
        .collect();
    if !volumes.is_empty() {
        found.push(Point::new(
            State::Open,
            EXHAUSTION,
            format!("volumes have a fixed size: {}; who enlarges them, and what warns before they are full, is {}", words::few(&volumes, 6), warned(landscape)),
        ));
    }
    let open = landscape.of(NodeKind::Workload).filter_map(|node| {
        let paths: Vec<&str> = node
            .pods
            .iter()
            .flat_map(|pods| &pods.unlimited)
            .map(String::as_str)
            .collect();
        let sized = node.pods.iter().all(|pods| {
            words::main(pods).is_some_and(|main| main.limits.contains_key("ephemeral-storage"))
        });
        (!paths.is_empty() && !sized).then(|| {
            (
                node.label.clone(),
                format!(
                    "{} has no size: what is written there fills the node",
                    words::joined(&paths)
                ),
            )
        })
    });
    found.extend(grouped(EXHAUSTION, State::Open, open.collect()));
    for node in landscape.of(NodeKind::Dependency) {
        let policy =
            text(site.fact(&["dependencies", &node.label, "settings", "maxmemory-policy"]));
        if !policy.is_empty() {
            found.push(Point::new(
                State::Fact,
                EXHAUSTION,
                format!(
                    "{}: at its memory limit it follows maxmemory-policy {policy}",
                    node.label
                ),
            ));
        }
    }
    found
}

/// Whether an alert of the chart looks at volumes.
fn warned(landscape: &Landscape) -> String {
    let alert = landscape
        .manifests
        .iter()
        .find(|manifest| manifest.yaml.contains("kubelet_volume_stats"));
    alert.map_or_else(
        || "not stated".to_owned(),
        |manifest| {
            format!(
                "not stated, but {} has an alert",
                manifest.id.split('/').next().unwrap_or_default()
            )
        },
    )
}
