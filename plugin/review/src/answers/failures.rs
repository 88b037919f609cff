//! What happens when a server or the way to a workload is away.

use super::dependencies::{linked, users};
use crate::point::{Point, State, gather};
use crate::site::Site;
use crate::words;
use taskspec_report::{EdgeKind, Landscape, Node, NodeKind, Pods};

/// For each dependency, each server outside and each exposure.
pub fn points(site: &Site<'_>) -> Vec<Point> {
    gather(site, |landscape| {
        let mut found = Vec::new();
        for kind in [NodeKind::Dependency, NodeKind::External] {
            for node in landscape.of(kind) {
                found.extend(server(landscape, node));
            }
        }
        for node in landscape.of(NodeKind::Exposure) {
            found.extend(exposure(landscape, node));
        }
        found
    })
}

/// The server itself, then those who need it.
fn server(landscape: &Landscape, node: &Node) -> Vec<Point> {
    let subject = format!("{} is away", node.label);
    let mut found = Vec::new();
    match (node.kind, node.replicas().0) {
        (NodeKind::External, _) => found.push(Point::new(
            State::Open,
            subject.clone(),
            "it is outside the release: how it comes back is not stated",
        )),
        (_, 1) => found.push(Point::new(State::Fact, subject.clone(), alone(node))),
        (_, n) => found.push(Point::new(
            State::Fact,
            subject.clone(),
            format!(
                "{n} pods of its chart; whether another one takes over is the server's own matter{}",
                if node.pods.len() > 1 { format!(" ({} objects)", node.pods.len()) } else { String::new() }
            ),
        )),
    }
    let mut who: Vec<(String, Vec<&str>)> = Vec::new();
    for user in users(landscape, node) {
        for text in user
            .pods
            .iter()
            .map(|pods| needs(landscape, node, user, pods))
        {
            match who.iter_mut().find(|(known, _)| *known == text) {
                Some((_, names)) => names.push(&user.label),
                None => who.push((text, vec![&user.label])),
            }
        }
    }
    for (text, names) in who {
        found.push(Point::new(
            State::Fact,
            subject.clone(),
            format!("{}: {text}", words::few(&names, 6)),
        ));
    }
    found
}

/// A server with one pod.
fn alone(node: &Node) -> String {
    let Some(pods) = node.pods.first() else {
        return "one server".to_owned();
    };
    let Some(main) = words::main(pods) else {
        return "one server, made by an operator".to_owned();
    };
    let mut text = "its only pod: the cluster starts it again".to_owned();
    if let Some(liveness) = &main.liveness {
        text += &format!(
            "; one that hangs is restarted after {}",
            words::seconds(words::patience(liveness))
        );
    }
    if let Some(startup) = &main.startup {
        text += &format!(
            "; a start may take {}",
            words::seconds(words::patience(startup))
        );
    }
    text
}

/// What the pods that need a server do without it.
fn needs(landscape: &Landscape, server: &Node, user: &Node, pods: &Pods) -> String {
    let mut parts = Vec::new();
    match waited(landscape, server, pods) {
        Some(Some(seconds)) => parts.push(format!(
            "a new pod waits for it up to {}, then fails and is tried again",
            words::seconds(seconds)
        )),
        Some(None) => parts.push("a new pod waits for it".to_owned()),
        None => parts.push("a new pod does not wait for it".to_owned()),
    }
    if user.kind != NodeKind::Workload {
        if let Some(retries) = pods.retries {
            parts.push(format!("a run that fails is tried {retries} times more"));
        }
        return parts.join("; ");
    }
    let main = words::main(pods);
    match main.and_then(|one| one.readiness.as_ref()) {
        Some(probe) => parts.push(format!(
            "a pod whose check {} fails for {} gets no connections until it succeeds; whether that check asks {} is not stated",
            probe.asks,
            words::seconds(words::patience(probe)),
            server.label
        )),
        None => parts.push("without a readiness check it stays reachable and answers as it can".to_owned()),
    }
    if let Some(probe) = main.and_then(|one| one.liveness.as_ref()) {
        parts.push(format!(
            "a container whose check {} fails for {} restarts",
            probe.asks,
            words::seconds(words::patience(probe))
        ));
    }
    parts.join("; ")
}

/// Whether new pods wait for a server, and how long.
fn waited(landscape: &Landscape, server: &Node, pods: &Pods) -> Option<Option<u64>> {
    let prefix = format!("{}-", landscape.release);
    let names: Vec<&str> = server
        .pods
        .iter()
        .filter_map(|one| one.object.split('/').nth(1))
        .chain([server.origin.as_str(), server.label.as_str()])
        .filter(|name| !name.is_empty())
        .collect();
    let is_database = ["postgres", "timescale", "cluster"].iter().any(|word| {
        server.origin.contains(word) || server.facts.iter().any(|fact| fact.contains(word))
    });
    let begins = |what: &str| {
        what.split_whitespace().any(|part| {
            let host = part.strip_prefix(&prefix).unwrap_or(part);
            let rest = host.strip_prefix(server.label.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', ':', '.']))
        })
    };
    let meant = |what: &str| {
        names.iter().any(|name| words::names(what, name))
            || begins(what)
            // The compiler's waits for the database and for its migrations name neither.
            || is_database && (what == "database" || what.contains("migrat"))
    };
    let found: Vec<Option<u64>> = pods
        .waits
        .iter()
        .filter(|wait| meant(&wait.what))
        .map(|wait| wait.seconds)
        .collect();
    if found.is_empty() {
        return None;
    }
    Some(found.into_iter().flatten().max())
}

fn exposure(landscape: &Landscape, node: &Node) -> Vec<Point> {
    let subject = format!("pods behind {} are away", node.label);
    linked(landscape, &node.id, EdgeKind::Exposes)
        .flat_map(|target| target.pods.iter().map(move |pods| (target, pods)))
        .map(|(target, pods)| {
            let mut parts = vec![format!(
                "it leads to {} ({})",
                target.label,
                words::pods(pods.least, pods.most)
            )];
            parts.push(match pods.budget.as_str() {
                "" if pods.least > 1 => "a node drain may take all of them: there is no budget".to_owned(),
                "" => "a node drain takes the only one".to_owned(),
                budget => format!("in a node drain {budget}"),
            });
            let readiness = words::main(pods).and_then(|one| one.readiness.as_ref());
            parts.push(match readiness {
                Some(probe) => format!(
                    "one that fails {} for {} gets no requests",
                    probe.asks,
                    words::seconds(words::patience(probe))
                ),
                None => "one that does not answer keeps getting requests: no readiness check".to_owned(),
            });
            parts.push(format!("an upgrade goes {}", rollout(pods)));
            parts.push("with none ready, callers get the error of what exposes it: no fallback is in the chart".to_owned());
            Point::new(State::Fact, subject.clone(), parts.join("; "))
        })
        .collect()
}

fn rollout(pods: &Pods) -> &str {
    if pods.rollout.is_empty() {
        "as its operator decides"
    } else {
        &pods.rollout
    }
}
