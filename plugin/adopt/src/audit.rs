//! A chart held against a specification: what is there, what is missing.
//!
//! What the specification asks for is read from the chart that the compiler makes
//! of it, rendered; the other chart is rendered, too. Workloads are matched
//! tolerantly, by name, component or image; what counts are the parts.

mod beside;
mod whole;
mod workload;

use crate::names;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use taskspec_manifest::{Object, read, scalar, text};

/// How much of a part is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// All of it.
    Complete,
    /// Some of it.
    Incomplete,
    /// None of it.
    Missing,
}

/// How much it matters: high what keeps the application from running, being reached
/// or keeping its data and secrets; medium what makes it worse to operate; low what
/// only people read or watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// Without it nothing works, or data or secrets are lost.
    High,
    /// Without it operation is worse.
    Medium,
    /// Without it people know less.
    Low,
}

impl Status {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::Missing => "missing",
        }
    }
}

impl Priority {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// Parts and how much they matter.
const PRIORITIES: [(&str, Priority); 23] = [
    ("workload", Priority::High),
    ("container", Priority::High),
    ("variables", Priority::High),
    ("files", Priority::High),
    ("volumes", Priority::High),
    ("service", Priority::High),
    ("dependency", Priority::High),
    ("migrations", Priority::High),
    ("secrets", Priority::High),
    ("exposure", Priority::High),
    ("environment", Priority::High),
    ("resources", Priority::Medium),
    ("probes", Priority::Medium),
    ("scaling", Priority::Medium),
    ("disruption", Priority::Medium),
    ("network", Priority::Medium),
    ("security", Priority::Medium),
    ("rights", Priority::Medium),
    ("tests", Priority::Medium),
    ("values", Priority::Medium),
    ("schema", Priority::Medium),
    ("monitoring", Priority::Low),
    ("documents", Priority::Low),
];

/// A part that the specification asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of part: `workload`, `probes`, `resources`, …
    pub area: String,
    /// Which one, such as the workload's name.
    pub item: String,
    /// How much of it is there.
    pub status: Status,
    /// How much it matters.
    pub priority: Priority,
    /// What the chart has in its place; empty for nothing.
    pub found: String,
    /// What is not there or not so, with the environment where it is one's own.
    pub lacks: Vec<String>,
}

/// An environment with both renderings.
#[derive(Debug, Clone)]
pub struct Sides {
    /// Environment; empty for defaults.
    pub environment: String,
    /// Its values file in the chart; none if there is none.
    pub values: Option<String>,
    /// Release.
    pub release: String,
    /// What the compiler's chart renders to.
    pub expected: String,
    /// What the chart renders to, or what Helm said.
    pub actual: Result<String, String>,
}

/// What stands in the chart's folder.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    /// Paths of the compiler's chart.
    pub expected: Vec<String>,
    /// Paths that the chart has.
    pub actual: Vec<String>,
    /// Dependencies of the compiler's chart: what they are called and the chart's name.
    pub dependencies: Vec<(String, String)>,
    /// Those of the chart.
    pub given: Vec<(String, String)>,
}

/// Audits a chart.
pub fn audit(chart: &str, sides: &[Sides], folder: &Folder) -> Vec<Finding> {
    let mut rows = Rows::default();
    for side in sides {
        environment(&mut rows, chart, side, folder);
    }
    whole::files(&mut rows, folder);
    rows.finish()
}

/// Findings while they are collected.
#[derive(Default)]
struct Rows {
    all: Vec<(String, String, Vec<Seen>)>,
}

/// A part in one environment.
struct Seen {
    environment: String,
    missing: bool,
    found: String,
    lacks: Vec<String>,
}

impl Rows {
    fn see(
        &mut self,
        environment: &str,
        area: &str,
        item: &str,
        found: Option<String>,
        lacks: Vec<String>,
    ) {
        let seen = Seen {
            environment: environment.to_owned(),
            missing: found.is_none(),
            found: found.unwrap_or_default(),
            lacks,
        };
        match self.all.iter_mut().find(|(a, i, _)| a == area && i == item) {
            Some((_, _, all)) => all.push(seen),
            None => self
                .all
                .push((area.to_owned(), item.to_owned(), vec![seen])),
        }
    }

    fn finish(self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        for (area, item, seen) in self.all {
            let status = if seen.iter().all(|one| one.missing) {
                Status::Missing
            } else if seen.iter().any(|one| one.missing || !one.lacks.is_empty()) {
                Status::Incomplete
            } else {
                Status::Complete
            };
            let mut lacks: Vec<(String, Vec<&str>)> = Vec::new();
            for one in &seen {
                let mut said = one.lacks.clone();
                if one.missing && said.is_empty() && status == Status::Incomplete {
                    said.push("missing".to_owned());
                }
                for lack in said {
                    match lacks.iter_mut().find(|(known, _)| *known == lack) {
                        Some((_, places)) => places.push(&one.environment),
                        None => lacks.push((lack, vec![&one.environment])),
                    }
                }
            }
            let whole = seen.len().max(if area == "environment" { 1 } else { 0 });
            let lacks = lacks
                .into_iter()
                .map(|(lack, places)| {
                    if places.len() == whole || places == [""] {
                        lack
                    } else {
                        format!("{lack} ({})", places.join(", "))
                    }
                })
                .collect();
            let priority = PRIORITIES
                .iter()
                .find(|(name, _)| *name == area)
                .map_or(Priority::Medium, |(_, one)| *one);
            let found = seen
                .iter()
                .find(|one| !one.missing)
                .map(|one| one.found.clone());
            findings.push(Finding {
                area,
                item,
                status,
                priority,
                found: found.unwrap_or_default(),
                lacks,
            });
        }
        let rank = |finding: &Finding| {
            PRIORITIES
                .iter()
                .position(|(name, _)| *name == finding.area)
        };
        findings.sort_by_key(rank);
        findings
    }
}

/// Own objects that run.
fn workloads(objects: &[Object]) -> Vec<&Object> {
    let kinds = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"];
    objects
        .iter()
        .filter(|one| kinds.contains(&one.kind()) && !one.is_test())
        .collect()
}

fn environment(rows: &mut Rows, chart: &str, side: &Sides, folder: &Folder) {
    let name = side.environment.as_str();
    let (expected, _) = read(&side.expected, &[]);
    let expected: Vec<Object> = expected.into_iter().filter(Object::is_own).collect();
    let actual = match &side.actual {
        Ok(text) => read(text, &[]).0,
        Err(_) => Vec::new(),
    };
    let own: Vec<Object> = actual.iter().filter(|one| one.is_own()).cloned().collect();
    if !name.is_empty() {
        let mut lacks = Vec::new();
        if let Err(said) = &side.actual {
            lacks.push(format!(
                "Helm does not render it: {}",
                said.lines().next().unwrap_or_default()
            ));
        }
        if side.values.is_none() {
            lacks.push("no values file".to_owned());
        }
        rows.see(name, "environment", name, side.values.clone(), lacks);
    }
    let (wanted, given) = (workloads(&expected), workloads(&own));
    let pairs = pair(chart, &side.release, &wanted, &given);
    let labels = |objects: &[Object], known: &dyn Fn(&Object) -> String| -> Vec<(Value, String)> {
        workloads(objects)
            .into_iter()
            .filter_map(|one| Some((one.pod()?["metadata"]["labels"].clone(), known(one))))
            .collect()
    };
    let by_component = labels(&expected, &|one| names::component(one).to_owned());
    let matched = labels(&own, &|one| {
        let found = pairs
            .iter()
            .find(|(_, given)| given.is_some_and(|given| given.id() == one.id()));
        found.map_or_else(
            || one.name().to_owned(),
            |(wanted, _)| names::component(wanted).to_owned(),
        )
    });
    for (want, have) in &pairs {
        let component = names::component(want);
        if component == "migrate" {
            continue;
        }
        let context = Context {
            environment: name,
            component,
            expected: &expected,
            own: &own,
            by_component: &by_component,
            matched: &matched,
        };
        workload::part_of(rows, &context, want, *have);
    }
    whole::whole(rows, name, &expected, &own);
    whole::dependencies(rows, name, folder, &actual);
}

/// One workload while its parts are compared.
struct Context<'a> {
    environment: &'a str,
    component: &'a str,
    expected: &'a [Object],
    own: &'a [Object],
    by_component: &'a [(Value, String)],
    matched: &'a [(Value, String)],
}

type Pair<'a> = (&'a Object, Option<&'a Object>);

/// Workloads of the specification with those of the chart that mean the same.
fn pair<'a>(
    chart: &str,
    release: &str,
    wanted: &[&'a Object],
    given: &[&'a Object],
) -> Vec<Pair<'a>> {
    const ENOUGH: i32 = 5;
    let mut scores: Vec<(i32, usize, usize)> = Vec::new();
    for (number, want) in wanted.iter().enumerate() {
        for (place, have) in given.iter().enumerate() {
            scores.push((alike(chart, release, want, have), number, place));
        }
    }
    scores.sort_by_key(|(score, number, place)| (-score, *number, *place));
    let mut found: Vec<Option<usize>> = vec![None; wanted.len()];
    let mut taken = BTreeSet::new();
    for (score, number, place) in scores {
        if score >= ENOUGH && found[number].is_none() && taken.insert(place) {
            found[number] = Some(place);
        } else if found[number].is_some() {
            continue;
        }
    }
    wanted
        .iter()
        .zip(found)
        .map(|(want, place)| (*want, place.map(|place| given[place])))
        .collect()
}

/// How alike two workloads are.
fn alike(chart: &str, release: &str, want: &Object, have: &Object) -> i32 {
    let component = names::component(want);
    let stem = |object: &Object| {
        names::stem(names::without_digest(object.name()), release, chart).to_owned()
    };
    let (wanted, given) = (stem(want), stem(have));
    let mut score = 0;
    if want.kind() == have.kind() {
        score += 3;
    }
    if names::without_digest(want.name()) == names::without_digest(have.name()) || wanted == given {
        score += 6;
    }
    if names::component(have) == component || given == component {
        score += 6;
    } else if given.contains(component) || have.name().contains(component) {
        score += 3;
    }
    let image = |object: &Object| repository(text(&first(object)["image"])).to_owned();
    if !image(want).is_empty() && image(want) == image(have) {
        score += 2;
        if first(want)["command"] == first(have)["command"]
            && first(want)["args"] == first(have)["args"]
        {
            score += 2;
        }
    }
    score
}

fn first(object: &Object) -> &Value {
    object
        .pod()
        .map_or(&Value::Null, |pod| &pod["spec"]["containers"][0])
}

/// An image without its tag and digest.
fn repository(image: &str) -> &str {
    let plain = image.split('@').next().unwrap_or_default();
    match plain.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => plain,
    }
}

fn shown(value: &Value) -> String {
    scalar(value).unwrap_or_else(|| {
        if value.is_null() {
            "nothing".to_owned()
        } else {
            value.to_string()
        }
    })
}

/// The table in Markdown.
pub fn markdown(findings: &[Finding]) -> String {
    let mut said =
        "| status | priority | part | which | found | lacks |\n|---|---|---|---|---|---|\n"
            .to_owned();
    let cell = |text: &str| {
        text.replace('|', "\\|")
            .replace(['\n', '\r'], " ")
            .replace('<', "&lt;")
    };
    for one in findings {
        said += &format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            one.status.name(),
            one.priority.name(),
            one.area,
            cell(&one.item),
            cell(&one.found),
            cell(&one.lacks.join("; "))
        );
    }
    said
}
