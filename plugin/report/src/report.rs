//! What the verifier answers.

use crate::strength::Strength;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How a statement ends. There is nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Shown to be true on rendered manifests.
    Proven,
    /// Shown to be false.
    Violated,
    /// Decided by `helm test` in a cluster.
    Runtime,
    /// Decided by a person.
    Manual,
}

impl Verdict {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Violated => "violated",
            Self::Runtime => "runtime",
            Self::Manual => "manual",
        }
    }
}

/// What kind of statement it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// What success is.
    Criterion,
    /// What the chart must keep.
    Constraint,
    /// What the chart must not contain.
    NonGoal,
    /// What every chart must keep.
    Rule,
}

impl Kind {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Criterion => "criterion",
            Self::Constraint => "constraint",
            Self::NonGoal => "non-goal",
            Self::Rule => "rule",
        }
    }
}

/// A place in the specification's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Place {
    /// First byte, from 0.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
    /// Line of the first byte, from 1.
    pub line: u32,
    /// Column of the first byte in characters, from 1.
    pub column: u32,
}

/// A fault of a statement or of a rule file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SpecFault {
    /// Code such as `TS0049`; `explain` has its page.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// Where; none for faults of rule files.
    pub place: Option<Place>,
    /// What to do.
    pub help: String,
}

/// What proves a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Evidence {
    /// Part of the check that is true, or what was found in words.
    pub that: String,
    /// Object, such as `Deployment/rel-task-api`; empty where it is about several.
    pub object: String,
    /// Path in the object; empty where there is none.
    pub path: String,
    /// What stands there.
    pub found: String,
}

/// What refutes a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fault {
    /// What is wrong, in one line.
    pub message: String,
    /// Object, such as `Deployment/rel-task-api`; empty where there is none.
    pub object: String,
    /// Path in the object; empty where there is none.
    pub path: String,
    /// What stands there.
    pub found: String,
    /// What should; empty where it cannot be said.
    pub expected: String,
}

/// One check in one rendering.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Check {
    /// Environment; empty for checks over all of them.
    pub environment: String,
    /// Values beyond those of the environment; null for none.
    pub values: Value,
    /// The expression, or what the rule says.
    pub that: String,
    /// Where it stands in the specification.
    pub place: Option<Place>,
    /// What proves it.
    pub evidence: Vec<Evidence>,
    /// What refutes it; none if it holds.
    pub faults: Vec<Fault>,
}

/// A runtime test of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Test {
    /// Environment.
    pub environment: String,
    /// The test: the pod of `helm test`.
    pub pod: String,
    /// What it tries to reach.
    pub reaches: Vec<String>,
    /// What came of it: true if it passed, false if not, none if it was not run.
    pub passed: Option<bool>,
    /// What Helm said when it failed.
    #[serde(default)]
    pub said: String,
}

/// A statement and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Statement {
    /// Identifier, such as `C1`; for rules of every chart their name.
    pub id: String,
    /// What kind it is.
    pub kind: Kind,
    /// What it says, in one line.
    pub title: String,
    /// Why it matters; empty where nobody said.
    pub why: String,
    /// The rule that decides it; empty for criteria.
    pub rule: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Where it stands in the specification; none for rules of every chart.
    pub place: Option<Place>,
    /// Its checks, by rendering.
    pub checks: Vec<Check>,
    /// Its runtime tests.
    pub tests: Vec<Test>,
    /// How a person checks it; empty unless a person does.
    pub manual: String,
    /// What to do when it is violated.
    pub remedy: String,
}

/// A rendering that was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rendered {
    /// Name of the environment; empty for the chart's defaults.
    pub environment: String,
    /// Name of the release.
    pub release: String,
    /// Its namespace.
    pub namespace: String,
    /// Number of objects of the chart itself.
    pub own_objects: usize,
    /// Number of objects of its dependencies.
    pub dependency_objects: usize,
}

/// How many statements ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tally {
    /// Proven statements.
    pub proven: usize,
    /// Violated ones.
    pub violated: usize,
    /// Those that `helm test` decides.
    pub runtime: usize,
    /// Those that a person decides.
    pub manual: usize,
}

/// Every statement of a specification and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// Version of this form: [`crate::FORMAT`].
    pub format: String,
    /// Name of the chart.
    pub chart: String,
    /// Version of the chart.
    pub version: String,
    /// The renderings without further values.
    pub renderings: Vec<Rendered>,
    /// Whether objects of the dependencies' charts were missing.
    pub dependencies_skipped: bool,
    /// Every statement, in the order of the text; rules of every chart last.
    pub statements: Vec<Statement>,
    /// How many ended how.
    pub tally: Tally,
    /// What the statements would notice, if somebody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<Strength>,
}

impl Report {
    /// Counts again, after verdicts changed.
    pub fn count(&mut self) {
        let mut tally = Tally::default();
        for statement in &self.statements {
            match statement.verdict {
                Verdict::Proven => tally.proven += 1,
                Verdict::Violated => tally.violated += 1,
                Verdict::Runtime => tally.runtime += 1,
                Verdict::Manual => tally.manual += 1,
            }
        }
        self.tally = tally;
    }

    /// Enters what came of the tests of one environment: whether each passed, and
    /// what was said. A criterion whose test failed is violated; one is proven when
    /// its tests of every environment passed.
    pub fn tested(&mut self, environment: &str, outcome: impl Fn(&Test) -> (bool, String)) {
        for statement in &mut self.statements {
            for test in &mut statement.tests {
                if test.environment == environment {
                    let (passed, said) = outcome(test);
                    test.passed = Some(passed);
                    test.said = said;
                }
            }
            let tests = &statement.tests;
            if tests.iter().any(|test| test.passed == Some(false)) {
                statement.verdict = Verdict::Violated;
                "`helm test --logs` shows what the test found".clone_into(&mut statement.remedy);
            } else if statement.verdict == Verdict::Runtime
                && !tests.is_empty()
                && tests.iter().all(|test| test.passed == Some(true))
            {
                statement.verdict = Verdict::Proven;
            }
        }
        self.count();
    }

    /// Whether nothing is violated.
    pub fn holds(&self) -> bool {
        self.tally.violated == 0
    }
}

impl Statement {
    /// Everything that refutes it, with the check that found it.
    pub fn faults(&self) -> impl Iterator<Item = (&Check, &Fault)> {
        self.checks
            .iter()
            .flat_map(|check| check.faults.iter().map(move |fault| (check, fault)))
    }
}
