//! What is missing for security and reliability.

use crate::point::{Point, State, gather, merge_subjects};
use crate::site::Site;
use crate::words;
use taskspec_report::{Landscape, Node, NodeKind, Pods, Role};

/// Gaps in every environment.
pub fn points(site: &Site<'_>) -> Vec<Point> {
    let mut found = merge_subjects(gather(site, |landscape| of(site, landscape)));
    found.sort_by_key(|point| point.state);
    found
}

fn of(site: &Site<'_>, landscape: &Landscape) -> Vec<Point> {
    let mut found = Vec::new();
    for node in landscape.of(NodeKind::Workload) {
        for pods in &node.pods {
            numbers(site, landscape, node, pods, &mut found);
            checks(node, pods, &mut found);
            closed(site, node, pods, &mut found);
            container_facts(node, pods, &mut found);
        }
    }
    for kind in [
        NodeKind::Job,
        NodeKind::Hook,
        NodeKind::Migration,
        NodeKind::Test,
    ] {
        for node in landscape.of(kind) {
            for pods in &node.pods {
                closed(site, node, pods, &mut found);
                container_facts(node, pods, &mut found);
            }
        }
    }
    for node in landscape.of(NodeKind::Dependency) {
        dependency(site, landscape, node, &mut found);
    }
    around(site, landscape, &mut found);
    images(landscape, &mut found);
    found
}

fn numbers(
    site: &Site<'_>,
    landscape: &Landscape,
    node: &Node,
    pods: &Pods,
    found: &mut Vec<Point>,
) {
    let gap = |text: String| Point::new(State::Gap, node.label.clone(), text);
    let open = |text: String| Point::new(State::Open, node.label.clone(), text);
    if site.is_last(landscape) {
        match (pods.least, pods.most) {
            (0, _) => found.push(open(
                "may go down to no pod: the first request or job waits for a start".to_owned(),
            )),
            (1, 1) => found.push(gap(format!(
                "one pod only: while it is replaced or its node is gone there is none{}",
                site.aside(&["replica"])
            ))),
            (1, most) => found.push(gap(format!("may shrink to one pod (of {most})"))),
            _ => {}
        }
        if pods.scaler.is_empty() {
            found.push(open(format!(
                "no autoscaler: the number is fixed at {}{}",
                pods.least,
                site.aside(&["autoscal", "scaling"])
            )));
        }
    }
    if pods.least > 1 && pods.budget.is_empty() {
        found.push(gap(format!(
            "no disruption budget: a node drain may take all {} pods at once{}",
            pods.least,
            site.aside(&["disruption"])
        )));
    }
    if pods.least > 1 && pods.spread.is_empty() {
        found.push(open("nothing keeps its pods on different nodes".to_owned()));
    }
    if pods.monitored.is_empty() {
        found.push(open(format!(
            "nobody collects its metrics{}",
            site.aside(&["monitor", "metric", "observab"])
        )));
    }
}

fn checks(node: &Node, pods: &Pods, found: &mut Vec<Point>) {
    let Some(main) = words::main(pods) else {
        return;
    };
    if main.readiness.is_none() && !main.ports.is_empty() {
        found.push(Point::new(
            State::Gap,
            node.label.clone(),
            "no readiness check: it gets connections before it can answer",
        ));
    }
    if main.liveness.is_none() {
        found.push(Point::new(
            State::Open,
            node.label.clone(),
            "no liveness check: a process that hangs is not restarted",
        ));
    }
}

fn closed(site: &Site<'_>, node: &Node, pods: &Pods, found: &mut Vec<Point>) {
    let aside = site.aside(&["network polic"]);
    let text = match (pods.closed_in, pods.closed_out) {
        (true, true) => return,
        (false, false) => "no network policy limits who connects to it, nor whom it connects to",
        (false, true) => "no network policy limits who connects to it",
        (true, false) => "no network policy limits whom it connects to",
    };
    found.push(Point::new(
        State::Gap,
        node.label.clone(),
        format!("{text}{aside}"),
    ));
}

fn container_facts(node: &Node, pods: &Pods, found: &mut Vec<Point>) {
    let gap = |text: String| Point::new(State::Gap, node.label.clone(), text);
    if !pods.open.is_empty() {
        found.push(gap(words::few(&pods.open, 6)));
    }
    let unlimited: Vec<&str> = pods
        .containers
        .iter()
        .filter(|container| !container.limits.contains_key("memory"))
        .map(|container| container.name.as_str())
        .collect();
    if !unlimited.is_empty() {
        found.push(gap(format!(
            "no memory limit on {}: a leak takes the node's memory",
            words::joined(&unlimited)
        )));
    }
}

fn dependency(site: &Site<'_>, landscape: &Landscape, node: &Node, found: &mut Vec<Point>) {
    let (least, _) = node.replicas();
    let embedded = node.origin.starts_with("embedded/");
    if site.is_last(landscape) && least == 1 {
        let whose = if embedded {
            "the embedded server is"
        } else {
            "the server is"
        };
        found.push(Point::new(
            State::Gap,
            node.label.clone(),
            format!(
                "{whose} a single one: while its pod is replaced or its node is gone there is none{}",
                site.aside(&["replicated", "replication", "failover", "high availab"])
            ),
        ));
    }
    let open: Vec<String> = node
        .pods
        .iter()
        .flat_map(|pods| pods.open.clone())
        .collect();
    if !open.is_empty() {
        found.push(Point::new(
            State::Gap,
            node.label.clone(),
            words::few(&open, 4),
        ));
    }
    let exposed = node
        .pods
        .iter()
        .any(|pods| !pods.containers.is_empty() && !pods.closed_in);
    if exposed {
        found.push(Point::new(
            State::Gap,
            node.label.clone(),
            "no network policy limits who connects to it",
        ));
    }
}

/// Secrets, exposures, volumes and tests.
fn around(site: &Site<'_>, landscape: &Landscape, found: &mut Vec<Point>) {
    for node in landscape.of(NodeKind::Secret) {
        if node.origin.starts_with("generated") && site.is_last(landscape) {
            found.push(Point::new(
                State::Gap,
                format!("Secret {}", node.label),
                "its values are in the cluster only: whoever deletes it, or the namespace, loses them",
            ));
        }
    }
    for node in landscape.of(NodeKind::Exposure) {
        for (fact, state, text) in [
            (
                "no TLS",
                State::Gap,
                "no certificate: traffic from outside is not encrypted by this chart",
            ),
            (
                "from anywhere",
                State::Open,
                "takes connections from every address",
            ),
        ] {
            if node.facts.iter().any(|one| one == fact) {
                let aside = if fact == "no TLS" {
                    site.aside(&["tls"])
                } else {
                    String::new()
                };
                found.push(Point::new(
                    state,
                    node.label.clone(),
                    format!("{text}{aside}"),
                ));
            }
        }
    }
    let kept: Vec<&str> = landscape
        .of(NodeKind::Volume)
        .map(|node| node.label.as_str())
        .collect();
    if !kept.is_empty() {
        let topic = site.topic(&["backup", "disaster", "snapshot", "restore"]);
        let text = match topic {
            Some(decided) => format!(
                "{}: nothing in the chart does it; {}",
                words::few(&kept, 6),
                decided.quoted()
            ),
            None => format!(
                "{}: how it is backed up is not stated",
                words::few(&kept, 6)
            ),
        };
        found.push(Point::new(State::Gap, "backup", text));
    }
    if landscape.of(NodeKind::Test).next().is_none() {
        found.push(Point::new(State::Gap, "helm test", "the chart has no test"));
    }
}

/// Images whose content may change under the same name.
fn images(landscape: &Landscape, found: &mut Vec<Point>) {
    let own = landscape
        .nodes
        .iter()
        .filter(|node| node.kind != NodeKind::Dependency);
    let mut loose = Vec::new();
    let (mut by_tag, mut all) = (0, 0);
    for container in own
        .flat_map(|node| &node.pods)
        .flat_map(|pods| &pods.containers)
    {
        if container.role == Role::Init {
            continue;
        }
        all += 1;
        let image = container.image.as_str();
        let tag = image.rsplit('/').next().unwrap_or_default().split_once(':');
        if image.contains('@') {
            continue;
        }
        by_tag += 1;
        if tag.is_none_or(|(_, tag)| tag == "latest") && !loose.contains(&image) {
            loose.push(image);
        }
    }
    if !loose.is_empty() {
        found.push(Point::new(
            State::Gap,
            "images",
            format!("{} has no fixed version", words::joined(&loose)),
        ));
    }
    if by_tag > 0 {
        found.push(Point::new(
            State::Open,
            "images",
            format!("{by_tag} of {all} containers name their image by a tag, not by a digest"),
        ));
    }
}
