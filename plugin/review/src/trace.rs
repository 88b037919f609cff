//! From each statement to what proves it, and to the lines it stands on.

use crate::site::{Site, one_line};
use crate::words;
use serde::Serialize;
use std::collections::BTreeMap;
use taskspec_report::{Check, Kind, Landscape, Manifest, Statement, Verdict};

/// Evidence that is shown of a statement.
const MOST_EVIDENCE: usize = 8;
/// Objects that are named as evidence of the same.
const MOST_OBJECTS: usize = 9;
/// Lines of a manifest that are shown.
const MOST_LINES: usize = 130;
/// Bytes of all manifests together.
const MOST_BYTES: usize = 130_000;
/// Bytes of the specification that are shown.
const MOST_SPEC: usize = 110_000;

/// A statement with everything that belongs to it.
#[derive(Debug, Serialize)]
pub struct Traced {
    /// Anchor of its row.
    pub anchor: String,
    /// Identifier.
    pub id: String,
    /// `criterion`, `constraint`, `non-goal` or `rule`.
    pub kind: &'static str,
    /// What it says.
    pub title: String,
    /// Why it matters; empty where nobody said.
    pub why: String,
    /// The rule that decides it; empty for none.
    pub rule: String,
    /// How it ended.
    pub verdict: &'static str,
    /// Its line in the specification; none for rules of every chart.
    pub line: Option<u32>,
    /// Whether that line is in the document.
    pub line_shown: bool,
    /// What proves it.
    pub evidence: Vec<Proof>,
    /// How much more there is.
    pub more: usize,
    /// What refutes it.
    pub faults: Vec<Refutation>,
    /// Tests in the cluster.
    pub tests: Vec<Tested>,
    /// How a person checks it; empty unless one does.
    pub manual: String,
    /// What to do if it is violated.
    pub remedy: String,
}

/// What proves a statement, the same once for several environments.
#[derive(Debug, Serialize)]
pub struct Proof {
    /// What holds; empty if it is the statement's title.
    pub that: String,
    /// Path in the object; empty for none.
    pub path: String,
    /// What stands there.
    pub found: String,
    /// The objects, one an environment.
    pub objects: Vec<Seen>,
    /// How many objects more there are.
    pub more: usize,
    /// Environments in which no single object shows it.
    pub places: Vec<String>,
}

impl Proof {
    fn add(&mut self, seen: Seen) {
        if !seen.object.is_empty() {
            if self.objects.len() >= MOST_OBJECTS {
                self.more += 1;
            } else if !self.objects.contains(&seen) {
                self.objects.push(seen);
            }
        } else if !seen.environment.is_empty() && !self.places.contains(&seen.environment) {
            self.places.push(seen.environment);
        }
    }
}

/// An object in an environment.
#[derive(Debug, Serialize, Clone, PartialEq)]
pub struct Seen {
    /// Environment; empty for all.
    pub environment: String,
    /// `Kind/name`; empty for several objects.
    pub object: String,
    /// Anchor of its text in the document; empty if it is not there.
    pub anchor: String,
}

/// What refutes a statement.
#[derive(Debug, Serialize)]
pub struct Refutation {
    /// What is wrong.
    pub message: String,
    /// Path in the object.
    pub path: String,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: String,
    /// Where.
    pub object: Seen,
}

/// A test in the cluster.
#[derive(Debug, Serialize)]
pub struct Tested {
    /// Environments.
    pub environments: String,
    /// What it tries to reach.
    pub reaches: String,
    /// What came of it.
    pub result: String,
}

/// The text of an object.
#[derive(Debug, Serialize)]
pub struct Excerpt {
    /// Its anchor.
    pub anchor: String,
    /// `Kind/name`.
    pub object: String,
    /// Environment.
    pub environment: String,
    /// The template it comes from.
    pub source: String,
    /// Its YAML.
    pub yaml: String,
    /// How many lines are left out.
    pub cut: usize,
}

/// The specification with its lines.
#[derive(Debug, Serialize)]
pub struct Lines {
    /// Number and text.
    pub lines: Vec<(u32, String)>,
    /// How many lines are left out.
    pub cut: usize,
}

/// Statements and the manifests that they name.
pub struct Trace {
    /// Every statement.
    pub statements: Vec<Traced>,
    /// Texts of objects.
    pub excerpts: Vec<Excerpt>,
    /// How many objects are named but not shown.
    pub hidden: usize,
    /// The specification.
    pub spec: Lines,
}

impl Trace {
    /// Follows every statement.
    pub fn of(site: &Site<'_>, share: usize) -> Self {
        let (excerpts, hidden) = excerpts(site, MOST_BYTES / share);
        let anchors: BTreeMap<(String, String), String> = excerpts
            .iter()
            .map(|one| {
                (
                    (one.environment.clone(), one.object.clone()),
                    one.anchor.clone(),
                )
            })
            .collect();
        let spec = lines(&site.review.spec, MOST_SPEC / share);
        let last = spec.lines.last().map_or(0, |(number, _)| *number);
        let statements = site.review.report.statements.iter().enumerate();
        Self {
            statements: statements
                .map(|(index, one)| traced(index, one, &anchors, last))
                .collect(),
            excerpts,
            hidden,
            spec,
        }
    }
}

/// The lines of the specification, as many as the document can hold.
fn lines(spec: &str, most: usize) -> Lines {
    let (mut shown, mut bytes, mut cut) = (Vec::new(), 0, 0);
    for (number, line) in (1..).zip(spec.lines()) {
        bytes += line.len() + 40;
        if bytes > most {
            cut += 1;
        } else {
            shown.push((number, line.to_owned()));
        }
    }
    Lines { lines: shown, cut }
}

/// Objects that evidence names: what is refuted first, production before the others.
fn excerpts(site: &Site<'_>, most: usize) -> (Vec<Excerpt>, usize) {
    let mut wanted: Vec<(String, String)> = Vec::new();
    let statements = &site.review.report.statements;
    let mut push = |check: &Check, object: &str| {
        let key = (check.environment.clone(), object.to_owned());
        if !object.is_empty() && !wanted.contains(&key) {
            wanted.push(key);
        }
    };
    for check in statements.iter().flat_map(|one| &one.checks) {
        check
            .faults
            .iter()
            .for_each(|fault| push(check, &fault.object));
    }
    let last = site.last().map(|last| last.environment.as_str());
    for own in [true, false] {
        for is_last in [true, false] {
            let stated = statements
                .iter()
                .filter(|one| (one.kind != Kind::Rule) == own);
            for check in stated.flat_map(|one| &one.checks) {
                if (Some(check.environment.as_str()) == last) == is_last {
                    let evidence = check.evidence.iter().take(MOST_EVIDENCE);
                    evidence.for_each(|one| push(check, &one.object));
                }
            }
        }
    }
    let (mut shown, mut bytes, mut hidden) = (Vec::new(), 0, 0);
    for (environment, object) in wanted {
        let Some((landscape, manifest)) = manifest(site, &environment, &object) else {
            continue;
        };
        let excerpt = excerpt(shown.len(), &environment, landscape, manifest);
        if bytes + excerpt.yaml.len() > most {
            hidden += 1;
            continue;
        }
        bytes += excerpt.yaml.len();
        shown.push(excerpt);
    }
    (shown, hidden)
}

fn manifest<'a>(
    site: &Site<'a>,
    environment: &str,
    object: &str,
) -> Option<(&'a Landscape, &'a Manifest)> {
    let of_environment = |one: &&Landscape| one.environment == environment;
    let landscapes = &site.review.landscapes;
    let landscape = landscapes
        .iter()
        .find(of_environment)
        .or_else(|| site.last())?;
    let found = landscape.manifests.iter().find(|one| one.id == object)?;
    Some((landscape, found))
}

fn excerpt(
    number: usize,
    environment: &str,
    landscape: &Landscape,
    manifest: &Manifest,
) -> Excerpt {
    let all: Vec<&str> = manifest.yaml.trim_end().lines().collect();
    let shown = all.len().min(MOST_LINES);
    let _ = landscape;
    Excerpt {
        anchor: format!("m{}", number + 1),
        object: manifest.id.clone(),
        environment: environment.to_owned(),
        source: manifest.source.clone(),
        yaml: all[..shown].join("\n"),
        cut: all.len() - shown,
    }
}

fn traced(
    index: usize,
    statement: &Statement,
    anchors: &BTreeMap<(String, String), String>,
    last_line: u32,
) -> Traced {
    let seen = |check: &Check, object: &str| Seen {
        environment: check.environment.clone(),
        object: object.to_owned(),
        anchor: anchors
            .get(&(check.environment.clone(), object.to_owned()))
            .cloned()
            .unwrap_or_default(),
    };
    let mut evidence = proofs(statement, &seen);
    let more = evidence.len().saturating_sub(MOST_EVIDENCE);
    evidence.truncate(MOST_EVIDENCE);
    let faults = statement.faults().map(|(check, fault)| Refutation {
        message: fault.message.clone(),
        path: fault.path.clone(),
        found: fault.found.clone(),
        expected: fault.expected.clone(),
        object: seen(check, &fault.object),
    });
    let line = statement.place.map(|place| place.line);
    Traced {
        anchor: format!("s{}", index + 1),
        id: statement.id.clone(),
        kind: statement.kind.name(),
        title: statement.title.clone(),
        why: one_line(&statement.why),
        rule: statement.rule.clone(),
        verdict: statement.verdict.name(),
        line,
        line_shown: line.is_some_and(|line| line <= last_line),
        evidence,
        more,
        faults: faults.collect(),
        tests: tests(statement),
        manual: statement.manual.clone(),
        remedy: if statement.verdict == Verdict::Violated {
            statement.remedy.clone()
        } else {
            String::new()
        },
    }
}

/// Evidence of all environments, what is the same once.
fn proofs(statement: &Statement, seen: &impl Fn(&Check, &str) -> Seen) -> Vec<Proof> {
    let mut found: Vec<(String, Proof)> = Vec::new();
    for check in statement
        .checks
        .iter()
        .filter(|check| check.faults.is_empty())
    {
        for evidence in &check.evidence {
            let that = if evidence.that == statement.title {
                ""
            } else {
                evidence.that.as_str()
            };
            let key = format!("{that}\n{}\n{}", evidence.path, evidence.found);
            let seen = seen(check, &evidence.object);
            match found.iter_mut().find(|(known, _)| *known == key) {
                Some((_, proof)) => proof.add(seen),
                None => {
                    let mut proof = Proof {
                        that: that.to_owned(),
                        path: evidence.path.clone(),
                        found: evidence.found.clone(),
                        objects: Vec::new(),
                        more: 0,
                        places: Vec::new(),
                    };
                    proof.add(seen);
                    found.push((key, proof));
                }
            }
        }
    }
    found.into_iter().map(|(_, proof)| proof).collect()
}

/// The tests of a statement, what is the same once.
fn tests(statement: &Statement) -> Vec<Tested> {
    let mut found: Vec<(String, String, Vec<&str>)> = Vec::new();
    for test in &statement.tests {
        let result = match test.passed {
            None => "not run".to_owned(),
            Some(true) => "passed".to_owned(),
            Some(false) => format!("failed: {}", one_line(&test.said)),
        };
        let reaches = words::joined(&test.reaches);
        let environment = words::environment(&test.environment);
        match found
            .iter_mut()
            .find(|one| one.0 == reaches && one.1 == result)
        {
            Some((_, _, all)) => all.push(environment),
            None => found.push((reaches, result, vec![environment])),
        }
    }
    found
        .into_iter()
        .map(|(reaches, result, all)| Tested {
            environments: words::joined(&all),
            reaches,
            result,
        })
        .collect()
}
