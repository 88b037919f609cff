//! From a specification and renderings to a report.

use crate::data::to_cel;
use crate::evaluate::Scope;
use crate::expected;
use crate::expression::Judgement;
use crate::functions::Scene;
use crate::origin::Bindings;
use crate::rules::{self, Rule, Rules, about_all};
use crate::statements::{Check, Form, Statement, Statements, environments};
use crate::unseen::Unseen;
use crate::world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use taskspec_manifest::{Object, text};
use taskspec_report::{
    self as report, Case, Evidence, Examination, Plan, Rendering, RuleFile, Verdict,
};
use taskspec_spec::Resolved;
use taskspec_spec::tree::{self, Node};

/// Why a specification cannot be judged.
#[derive(Debug, Clone, PartialEq)]
pub enum Refused {
    /// Faults of its statements or of rule files.
    Faults(Vec<report::SpecFault>),
    /// The compiler refuses it, or renderings are missing or cannot be read.
    Input(String),
}

/// What has to be rendered to judge a specification.
///
/// # Errors
/// If the compiler would refuse it.
pub fn plan(spec: &str, own: &[RuleFile]) -> Result<Plan, String> {
    let resolved = resolve(spec)?;
    let read = Rules::read(own);
    let cases = read.and_then(|rules| {
        let statements = Statements::read(spec, &resolved, &rules)?;
        Ok(statements.cases)
    });
    Ok(match cases {
        Ok(cases) => Plan {
            cases,
            faults: Vec::new(),
        },
        Err(faults) => Plan {
            cases: Vec::new(),
            faults,
        },
    })
}

/// What the compiler makes of a specification.
///
/// # Errors
/// If it refuses it.
pub(crate) fn resolve(spec: &str) -> Result<Resolved, String> {
    let (resolved, diagnostics) = taskspec_spec::resolve(spec);
    resolved.ok_or_else(|| {
        let first = diagnostics.first();
        first.map_or_else(String::new, |one| format!("{}: {}", one.code, one.message))
    })
}

/// Judges every statement of a specification.
///
/// # Errors
/// If the specification cannot be judged, or a rendering of its plan is missing.
pub fn verify(examination: &Examination) -> Result<report::Report, Refused> {
    let resolved = resolve(&examination.spec).map_err(Refused::Input)?;
    let rules = Rules::read(&examination.rules).map_err(Refused::Faults)?;
    let statements =
        Statements::read(&examination.spec, &resolved, &rules).map_err(Refused::Faults)?;
    let worlds = worlds(&examination.chart, &examination.renderings, &resolved);
    let court = Court::new(worlds, &resolved);
    complete(&statements, examination)?;
    let mut compiled = as_compiled(examination, &resolved).map_err(Refused::Input)?;
    let unseen = Unseen::of(examination, &resolved, court.worlds());
    if let Some(compiled) = &mut compiled {
        unseen.spare_environments(compiled);
    }
    let judged = statements
        .all
        .iter()
        .map(|statement| {
            let mut judged = court.judge(statement);
            unseen.spare_environments(&mut judged);
            unseen.spare_dependencies(&mut judged);
            judged
        })
        .chain(compiled)
        .chain(readable(court.worlds()));
    let mut report = report::Report {
        format: report::FORMAT.to_owned(),
        chart: examination.chart.clone(),
        version: examination.version.clone(),
        renderings: court.rendered(),
        dependencies_skipped: examination.dependencies_skipped,
        statements: judged.collect(),
        tally: report::Tally::default(),
        strength: None,
    };
    report.count();
    Ok(report)
}

/// Whether every rendering is there that the statements need.
///
/// # Errors
/// If one is missing.
pub(crate) fn complete(
    statements: &Statements<'_>,
    examination: &Examination,
) -> Result<(), Refused> {
    let missing = |case: &&Case| !examination.renderings.iter().any(|one| one.case == **case);
    match statements.cases.iter().find(missing) {
        None => Ok(()),
        Some(case) => Err(Refused::Input(format!(
            "a rendering of `{}` with values {} is missing",
            case.environment, case.values
        ))),
    }
}

/// The statement that a chart in a folder renders what the specification
/// compiles to; none where the compiler's own chart is judged.
fn as_compiled(
    examination: &Examination,
    resolved: &Resolved,
) -> Result<Option<report::Statement>, String> {
    let embedded = embedded(&resolved.tree);
    let mut checks = Vec::new();
    for expected in &examination.expected {
        let found = examination
            .renderings
            .iter()
            .find(|one| one.case == expected.case);
        let found = found.ok_or("a rendering of the chart is missing")?;
        // The longest names show nothing that the usual ones do not.
        if expected.case.longest_name {
            continue;
        }
        let (evidence, faults) = expected::compare(found, expected, &embedded);
        checks.push(report::Check {
            environment: expected.case.environment.clone(),
            values: expected.case.values.clone(),
            that: "the chart renders what the specification compiles to".to_owned(),
            place: None,
            evidence,
            faults,
        });
    }
    if checks.is_empty() {
        return Ok(None);
    }
    let violated = checks.iter().any(|check| !check.faults.is_empty());
    Ok(Some(report::Statement {
        id: "as-compiled".to_owned(),
        kind: report::Kind::Rule,
        title: "The chart renders what the specification compiles to".to_owned(),
        why: String::new(),
        rule: "as-compiled".to_owned(),
        verdict: if violated { Verdict::Violated } else { Verdict::Proven },
        place: None,
        checks,
        tests: Vec::new(),
        manual: String::new(),
        remedy: "state the change in the specification (`patches`, `manifests` and templates/custom are there for what it has no words for) and build the chart again".to_owned(),
    }))
}

/// The statement that everything in the renderings is an object of Kubernetes;
/// none where it is, as always in what the compiler writes.
fn readable(worlds: &[Arc<World>]) -> Option<report::Statement> {
    let plain = worlds.iter().filter(|world| !world.unreadable.is_empty());
    let checks: Vec<report::Check> = plain
        .map(|world| report::Check {
            environment: world.environment.clone(),
            values: world.values.clone(),
            that: "every document is an object of Kubernetes".to_owned(),
            place: None,
            evidence: Vec::new(),
            faults: world
                .unreadable
                .iter()
                .map(|message| report::Fault {
                    message: message.clone(),
                    object: String::new(),
                    path: String::new(),
                    found: String::new(),
                    expected: String::new(),
                })
                .collect(),
        })
        .collect();
    (!checks.is_empty()).then(|| report::Statement {
        id: "readable".to_owned(),
        kind: report::Kind::Rule,
        title: "Every document of a rendering is an object of Kubernetes".to_owned(),
        why: "What cannot be read is not judged, and Helm cannot install it.".to_owned(),
        rule: "readable".to_owned(),
        verdict: Verdict::Violated,
        place: None,
        checks,
        tests: Vec::new(),
        manual: String::new(),
        remedy: "give each document one `kind` and one `metadata.name`, and write no key twice"
            .to_owned(),
    })
}

/// Reads renderings. What is no manifest in them is kept in [`World::unreadable`].
pub fn worlds(chart: &str, renderings: &[Rendering], resolved: &Resolved) -> Vec<World> {
    let embedded = embedded(&resolved.tree);
    let read = |rendering: &Rendering| {
        let name = &rendering.case.environment;
        let (objects, unreadable) = match &rendering.manifests {
            Ok(text) => {
                let (objects, unreadable) = taskspec_manifest::read(text, &embedded);
                (Ok(objects), unreadable)
            }
            Err(refusal) => (Err(refusal.clone()), Vec::new()),
        };
        let mut world = World::new(objects);
        world.unreadable = unreadable;
        let merged = resolved
            .environments
            .iter()
            .find(|one| one.name.value == *name);
        let tree = merged.map_or(&resolved.tree, |merged| &merged.tree);
        world.spec = to_cel(&tree.to_json());
        world.environment.clone_from(name);
        world.values = rendering.case.values.clone();
        world.longest_name = rendering.case.longest_name;
        world.release.clone_from(&rendering.release);
        world.namespace.clone_from(&rendering.namespace);
        chart.clone_into(&mut world.chart);
        world
    };
    renderings.iter().map(read).collect()
}

/// Names of the dependencies that the compiler itself writes.
fn embedded(tree: &Node) -> Vec<String> {
    let json = tree.to_json();
    let dependencies = json["dependencies"].as_object().into_iter().flatten();
    dependencies
        .filter(|(_, one)| text(&one["from"]).starts_with("embedded/"))
        .map(|(name, _)| name.clone())
        .collect()
}

/// Renderings and what is known about them.
pub struct Court {
    scene: Scene,
    environments: Vec<String>,
}

impl Court {
    /// Prepares renderings of a specification.
    pub fn new(worlds: Vec<World>, resolved: &Resolved) -> Self {
        let mut known = BTreeSet::new();
        let mut plain = BTreeSet::new();
        let trees = resolved.environments.iter().map(|merged| &merged.tree);
        for tree in trees.chain([&resolved.tree]) {
            texts(tree, &mut known);
            variables(tree, &mut plain);
        }
        Self {
            scene: Scene {
                worlds: Arc::new(worlds.into_iter().map(Arc::new).collect()),
                current: 0,
                known: Arc::new(known),
                plain: Arc::new(plain),
            },
            environments: environments(resolved),
        }
    }

    fn rendered(&self) -> Vec<report::Rendered> {
        let plain = self
            .environments
            .iter()
            .filter_map(|name| self.scene.named(name));
        plain
            .map(|world| {
                let objects = world.all().unwrap_or_default();
                let own = objects.iter().filter(|object| object.is_own()).count();
                report::Rendered {
                    environment: world.environment.clone(),
                    release: world.release.clone(),
                    namespace: world.namespace.clone(),
                    own_objects: own,
                    dependency_objects: objects.len() - own,
                }
            })
            .collect()
    }

    /// Names of the environments.
    pub(crate) fn environments(&self) -> &[String] {
        &self.environments
    }

    /// All renderings.
    pub(crate) fn worlds(&self) -> &[Arc<World>] {
        &self.scene.worlds
    }

    /// The same with other worlds, about one environment only.
    pub(crate) fn about(&self, environment: &str, worlds: Vec<Arc<World>>) -> Self {
        Self {
            scene: Scene {
                worlds: Arc::new(worlds),
                ..self.scene.clone()
            },
            environments: vec![environment.to_owned()],
        }
    }

    /// The scene of a rendering.
    pub(crate) fn scene(&self, wanted: impl Fn(&World) -> bool) -> Option<Scene> {
        let current = self.scene.worlds.iter().position(|world| wanted(world))?;
        Some(Scene {
            current,
            ..self.scene.clone()
        })
    }

    /// Judges a statement.
    pub fn judge(&self, statement: &Statement<'_>) -> report::Statement {
        let mut judged = report::Statement {
            id: statement.id.clone(),
            kind: statement.kind,
            title: statement.title.clone(),
            why: statement.why.clone(),
            rule: String::new(),
            verdict: Verdict::Manual,
            place: statement.place,
            checks: Vec::new(),
            tests: Vec::new(),
            manual: String::new(),
            remedy: String::new(),
        };
        match &statement.form {
            Form::Manual(how) => judged.manual.clone_from(how),
            Form::Rule { rule, given } => {
                judged.rule.clone_from(&rule.name);
                judged.remedy.clone_from(&rule.data.remedy);
                judged.checks = self.by_rule(rule, given, statement.place);
            }
            Form::Criterion {
                checks,
                test,
                manual,
            } => {
                judged.checks = checks
                    .iter()
                    .flat_map(|check| self.by_check(check))
                    .collect();
                if let Some(reaches) = test {
                    self.by_test(reaches, statement.place, &mut judged);
                }
                judged.manual = manual.clone().unwrap_or_default();
                "change what the specification says of the object, or the criterion"
                    .clone_into(&mut judged.remedy);
            }
        }
        judged.verdict = verdict(&judged, &statement.form);
        judged
    }

    pub(crate) fn by_rule(
        &self,
        rule: &Rule,
        given: &Value,
        place: Option<report::Place>,
    ) -> Vec<report::Check> {
        let given = to_cel(given);
        let check = |environment: &str, judgement: Judgement| report::Check {
            environment: environment.to_owned(),
            values: Value::Null,
            that: rule.data.title.clone(),
            place,
            evidence: judgement.evidence,
            faults: judgement.faults,
        };
        let longest = rule.data.scope == rules::Scope::LongestName;
        let environments = match rule.data.scope {
            rules::Scope::Once => &self.environments[..1],
            rules::Scope::Environment | rules::Scope::LongestName => &self.environments[..],
        };
        environments
            .iter()
            .map(|environment| {
                let scene = self.scene(|world| {
                    world.environment == *environment
                        && world.values.is_null()
                        && world.longest_name == longest
                });
                let judgement = scene.map_or_else(missing, |scene| rule.judge(&scene, &given));
                match rule.data.scope {
                    rules::Scope::Once => check("", judgement),
                    rules::Scope::Environment | rules::Scope::LongestName => {
                        check(environment, judgement)
                    }
                }
            })
            .collect()
    }

    fn by_check(&self, check: &Check) -> Vec<report::Check> {
        let environments = check.environments.iter();
        environments
            .map(|environment| self.check_in(check, environment))
            .collect()
    }

    /// Judges an expression in one environment.
    pub(crate) fn check_in(&self, check: &Check, environment: &str) -> report::Check {
        let scene = self.scene(|world| {
            world.environment == environment && world.values == check.values && !world.longest_name
        });
        let judgement = scene.map_or_else(missing, |scene| {
            let scope = Scope::new(&scene);
            check.expression.judge(&scope, &Bindings::default(), true)
        });
        report::Check {
            environment: environment.to_owned(),
            values: check.values.clone(),
            that: check.that.clone(),
            place: Some(check.place),
            evidence: judgement.evidence,
            faults: judgement.faults,
        }
    }

    /// Finds the pods of `helm test` that try what a criterion asks for.
    pub(crate) fn by_test(
        &self,
        reaches: &[String],
        place: Option<report::Place>,
        judged: &mut report::Statement,
    ) {
        for environment in &self.environments {
            let Some(world) = self.scene.named(environment) else {
                continue;
            };
            let objects = world.all().unwrap_or_default();
            let tests: Vec<&Object> = objects
                .iter()
                .filter(|object| object.hooks().contains(&"test") && object.is_own())
                .collect();
            let untried: Vec<&String> = reaches
                .iter()
                .filter(|name| !tests.iter().any(|test| tries(test, name)))
                .collect();
            for test in tests
                .iter()
                .filter(|test| reaches.iter().any(|name| tries(test, name)))
            {
                judged.tests.push(report::Test {
                    environment: environment.clone(),
                    pod: test.name().to_owned(),
                    reaches: reaches
                        .iter()
                        .filter(|name| tries(test, name))
                        .cloned()
                        .collect(),
                    passed: None,
                    said: String::new(),
                });
            }
            let mut judgement = Judgement::default();
            for name in untried {
                judgement
                    .faults
                    .push(about_all(format!("no helm test tries to reach `{name}`")));
            }
            if judgement.faults.is_empty() {
                judgement.evidence = tests
                    .iter()
                    .map(|test| Evidence {
                        that: format!("helm test tries to reach {}", reaches.join(", ")),
                        object: test.id(),
                        path: String::new(),
                        found: String::new(),
                    })
                    .collect();
            }
            judged.checks.push(report::Check {
                environment: environment.clone(),
                values: Value::Null,
                that: format!("helm test tries to reach {}", reaches.join(", ")),
                place,
                evidence: judgement.evidence,
                faults: judgement.faults,
            });
        }
    }
}

fn missing() -> Judgement {
    Judgement {
        evidence: Vec::new(),
        faults: vec![about_all("this rendering is missing".to_owned())],
    }
}

/// Whether a test's pod names what it should reach.
fn tries(test: &Object, name: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace('_', "-");
    let name = plain(name);
    let text = plain(&json!(test.pod().map(|pod| &pod["spec"])).to_string());
    let part = |c: char| c.is_ascii_alphanumeric();
    text.match_indices(&name).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(part)
            && !text[at + name.len()..].chars().next().is_some_and(part)
    })
}

/// A statement is only as good as its weakest part.
fn verdict(judged: &report::Statement, form: &Form<'_>) -> Verdict {
    let violated = judged.checks.iter().any(|check| !check.faults.is_empty());
    if violated {
        return Verdict::Violated;
    }
    match form {
        Form::Criterion {
            manual: Some(_), ..
        }
        | Form::Manual(_) => Verdict::Manual,
        Form::Criterion { test: Some(_), .. } => Verdict::Runtime,
        Form::Criterion { .. } | Form::Rule { .. } => Verdict::Proven,
    }
}

/// Every text of a tree.
fn texts(node: &Node, into: &mut BTreeSet<String>) {
    match &node.value {
        tree::Value::String(text) => {
            into.insert(text.clone());
        }
        tree::Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        tree::Value::Table(table) => {
            for entry in &table.entries {
                texts(&entry.node, into);
            }
        }
        _ => {}
    }
}

/// Whether a variable is given as text, also as one among other facts of it.
fn stated_text(value: &tree::Value) -> bool {
    match value {
        tree::Value::Table(table) => table.get("value").is_some() || table.get("plain").is_some(),
        _ => true,
    }
}

/// Variables that a specification gives a text.
fn variables(node: &Node, into: &mut BTreeSet<String>) {
    match &node.value {
        tree::Value::Array(items) => items.iter().for_each(|item| variables(item, into)),
        tree::Value::Table(table) => {
            for entry in &table.entries {
                match (&entry.key[..], &entry.node.value) {
                    ("env", tree::Value::Table(inner)) => into.extend(
                        inner
                            .entries
                            .iter()
                            .filter(|one| stated_text(&one.node.value))
                            .map(|one| one.key.clone()),
                    ),
                    _ => variables(&entry.node, into),
                }
            }
        }
        _ => {}
    }
}
