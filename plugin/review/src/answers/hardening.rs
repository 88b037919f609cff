//! What hardens the chart: adopted, deferred, rejected or not stated.

use crate::point::{Point, State, gather};
use crate::site::Site;
use crate::words;
use serde::Serialize;
use taskspec_report::{Landscape, Node, NodeKind, Pods};

/// A topic and how it stands.
#[derive(Debug, Serialize)]
pub struct Hardening {
    /// What it is.
    pub topic: &'static str,
    /// `adopted`, `deferred`, `rejected`, `left out` or `not stated`.
    pub state: String,
    /// What the manifests have.
    pub found: Vec<Point>,
    /// What the author decided, and why; empty for nothing.
    pub why: String,
}

/// Something to do or check before production.
#[derive(Debug, Serialize)]
pub struct Task {
    /// What it is.
    pub what: &'static str,
    /// `in the chart`, `to do` or `not stated`.
    pub state: &'static str,
    /// What this chart says of it.
    pub text: String,
}

struct Topic {
    name: &'static str,
    words: &'static [&'static str],
    find: fn(&Landscape) -> Vec<String>,
}

const TOPICS: [Topic; 5] = [
    Topic {
        name: "Autoscaling",
        words: &["autoscal", "hpa", "scaling"],
        find: |landscape| {
            of_pods(landscape, |pods| {
                (!pods.scaler.is_empty())
                    .then(|| format!("{} ({})", words::pods(pods.least, pods.most), pods.scaler))
            })
        },
    },
    Topic {
        name: "Disruption budgets",
        words: &["disruption", "pdb"],
        find: |landscape| {
            of_pods(landscape, |pods| {
                (!pods.budget.is_empty()).then(|| pods.budget.clone())
            })
        },
    },
    Topic {
        name: "Network policies",
        words: &["network polic"],
        find: |landscape| {
            of_pods(landscape, |pods| match (pods.closed_in, pods.closed_out) {
                (true, true) => Some("closed in both directions".to_owned()),
                (true, false) => Some("closed to who connects".to_owned()),
                (false, true) => Some("closed in whom it connects to".to_owned()),
                (false, false) => None,
            })
        },
    },
    Topic {
        name: "Monitoring",
        words: &["monitor", "metric", "observab", "dashboard", "alert"],
        find: monitoring,
    },
    Topic {
        name: "Backup and recovery",
        words: &["backup", "disaster", "snapshot", "restore"],
        find: backup,
    },
];

/// Names of workloads with what is said of their pods, the same once.
fn of_pods(landscape: &Landscape, say: impl Fn(&Pods) -> Option<String>) -> Vec<String> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for node in landscape.of(NodeKind::Workload) {
        for said in node.pods.iter().filter_map(&say) {
            match groups.iter_mut().find(|(known, _)| *known == said) {
                Some((_, names)) => names.push(&node.label),
                None => groups.push((said, vec![&node.label])),
            }
        }
    }
    groups
        .into_iter()
        .map(|(said, names)| format!("{}: {said}", words::few(&names, 6)))
        .collect()
}

fn monitoring(landscape: &Landscape) -> Vec<String> {
    let mut found = of_pods(landscape, |pods| {
        (!pods.monitored.is_empty()).then(|| format!("metrics by {}", pods.monitored))
    });
    if let Some(n) = landscape.kinds.get("PrometheusRule") {
        found.push(words::counted(*n as u64, "PrometheusRule"));
    }
    found
}

/// Objects that back something up by their kind or name.
fn backup(landscape: &Landscape) -> Vec<String> {
    let is_backup = |id: &str| {
        let id = id.to_lowercase();
        id.contains("backup") || id.contains("snapshot")
    };
    let found = landscape.manifests.iter().filter(|one| is_backup(&one.id));
    found.map(|one| one.id.clone()).collect()
}

/// Each topic.
pub fn topics(site: &Site<'_>) -> Vec<Hardening> {
    let of = |topic: &Topic| {
        let found = gather(site, |landscape| {
            let said = (topic.find)(landscape);
            if said.is_empty() {
                return vec![Point::new(State::Gap, topic.name, "nothing")];
            }
            let points = said
                .into_iter()
                .map(|text| Point::new(State::Good, topic.name, text));
            points.collect()
        });
        let decided = site.topic(topic.words);
        let present = site
            .last()
            .is_some_and(|last| !(topic.find)(last).is_empty());
        let state = match (decided, present) {
            (Some(decided), _) => decided.status.clone(),
            (None, true) => "adopted".to_owned(),
            (None, false) => "not stated".to_owned(),
        };
        let mut why = decided
            .map(crate::site::Decided::quoted)
            .unwrap_or_default();
        let differs = match state.as_str() {
            "adopted" => !present,
            "not stated" => false,
            _ => present,
        };
        if differs && decided.is_some() {
            why += if present {
                " (the last environment has it nevertheless)"
            } else {
                " (the last environment has nothing of it)"
            };
        }
        Hardening {
            topic: topic.name,
            state,
            found,
            why,
        }
    };
    TOPICS.iter().map(of).collect()
}

/// The list for production, from the last environment.
pub fn checklist(site: &Site<'_>) -> Vec<Task> {
    let Some(last) = site.last().filter(|last| last.refused.is_empty()) else {
        return Vec::new();
    };
    let workloads: Vec<&Node> = last.of(NodeKind::Workload).collect();
    let every = |test: fn(&Pods) -> bool| workloads.iter().flat_map(|node| &node.pods).all(test);
    let some = |test: fn(&Pods) -> bool| workloads.iter().flat_map(|node| &node.pods).any(test);
    let said = |topic: usize| (TOPICS[topic].find)(last).join("; ");
    let task = |what, state, text: String| Task { what, state, text };
    let in_chart = |yes: bool| if yes { "in the chart" } else { "not stated" };
    let secrets: Vec<String> = last
        .of(NodeKind::Secret)
        .filter(|node| node.object.is_empty())
        .map(|node| node.label.clone())
        .collect();
    let images: Vec<&str> = workloads
        .iter()
        .flat_map(|node| &node.pods)
        .filter_map(words::main)
        .map(|main| main.image.as_str())
        .collect();
    let hosts: Vec<&Node> = last.of(NodeKind::Exposure).collect();
    let limited = every(|pods| {
        pods.containers
            .iter()
            .all(|one| one.limits.contains_key("memory"))
    });
    let scaled = some(|pods| !pods.scaler.is_empty());
    let budgets = every(|pods| pods.least < 2 || !pods.budget.is_empty());
    let spread = every(|pods| pods.least < 2 || !pods.spread.is_empty());
    let secured = hosts
        .iter()
        .all(|node| !node.facts.iter().any(|fact| fact == "no TLS"));
    let has_tests = last.of(NodeKind::Test).next().is_some();
    let mut tasks = vec![
        match secrets.as_slice() {
            [] => task(
                "Create Secrets",
                "in the chart",
                "none has to be there beforehand".to_owned(),
            ),
            names => task(
                "Create Secrets",
                "to do",
                format!("{} must be there first", words::joined(names)),
            ),
        },
        task("Build and push images", "to do", words::few(&images, 6)),
        task(
            "Set requests and limits",
            in_chart(limited),
            format!(
                "{} CPU and {} of memory requested, limits {} and {}",
                words::cores(last.totals.requests.cpu),
                words::bytes(last.totals.requests.memory),
                words::cores(last.totals.limits.cpu),
                words::bytes(last.totals.limits.memory)
            ),
        ),
        task(
            "Autoscaling: fewest and most pods",
            in_chart(scaled),
            said(0),
        ),
    ];
    tasks.push(if hosts.is_empty() {
        task(
            "TLS of the Ingress",
            "not stated",
            "nothing is exposed by this chart".to_owned(),
        )
    } else {
        let names: Vec<&str> = hosts.iter().map(|node| words::called(node)).collect();
        task(
            "TLS of the Ingress",
            in_chart(secured),
            words::few(&names, 6),
        )
    });
    tasks.extend([
        task("Keep pods apart", in_chart(spread), String::new()),
        task(
            "Network policies",
            in_chart(every(|pods| pods.closed_in && pods.closed_out)),
            said(2),
        ),
        task(
            "Monitoring",
            in_chart(some(|pods| !pods.monitored.is_empty())),
            said(3),
        ),
        task(
            "Backup",
            in_chart(!backup(last).is_empty()),
            site.topic(TOPICS[4].words)
                .map(crate::site::Decided::quoted)
                .unwrap_or_default(),
        ),
        task("Disruption budgets", in_chart(budgets), said(1)),
        task(
            "Run helm test",
            if has_tests { "to do" } else { "not stated" },
            format!("helm test {}", last.release),
        ),
        task(
            "Watch it scale",
            if scaled { "to do" } else { "not stated" },
            if scaled {
                String::new()
            } else {
                "nothing scales by itself".to_owned()
            },
        ),
        task(
            "Load test",
            "not stated",
            site.topic(&["load test"])
                .map(crate::site::Decided::quoted)
                .unwrap_or_default(),
        ),
    ]);
    tasks
}
