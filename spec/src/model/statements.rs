//! What a specification states and the chart is measured by.

use crate::span::Spanned;
use crate::types::{
    Condition, DecisionStatus, EnvironmentName, Free, Identifier, Line, Name, Text,
};

table! {
    /// A statement of what success is: `check`, `test` or `manual`.
    pub struct Criterion {
        /// Identifier, such as `C1`.
        id: Spanned<Identifier> = "id" fixed;
        /// What must be true, in one line.
        title: Spanned<Line> = "title" fixed;
        /// Why it matters.
        why: Option<Spanned<Text>> = "why" fixed;
        /// Expressions over the rendered manifests.
        check: Vec<Spanned<Check>> = "check" fixed;
        /// A test at run time: becomes part of `helm test`.
        test: Option<Spanned<RuntimeTest>> = "test" fixed;
        /// How a person checks it.
        manual: Option<Spanned<Text>> = "manual" fixed;
    }
}

table! {
    /// An expression over rendered manifests.
    pub struct Check {
        /// Environments it holds in. Default: all.
        r#in: Vec<Spanned<EnvironmentName>> = "in" fixed;
        /// The expression (CEL).
        that: Spanned<Condition> = "that" fixed;
        /// Further values that it is rendered with.
        values: Option<Spanned<Free>> = "values" fixed;
    }
}

table! {
    /// A test at run time.
    pub struct RuntimeTest {
        /// Workload that needs the connections: it has to name them in `uses`, `calls`, `env` or `egress`.
        from: Spanned<Name> = "from" fixed;
        /// Dependencies and workloads that must answer.
        reaches: Vec<Spanned<Name>> = "reaches" fixed;
    }
}

table! {
    /// A rule the chart must keep. Further keys are the rule's parameters.
    pub struct ConstraintRule (open) {
        /// Identifier, such as `K1`.
        id: Spanned<Identifier> = "id" fixed;
        /// What must be true, in one line.
        title: Option<Spanned<Line>> = "title" fixed;
        /// Name of the rule.
        rule: Spanned<Name> = "rule" fixed;
        /// Why it matters.
        why: Option<Spanned<Text>> = "why" fixed;
    }
}

table! {
    /// Something the chart must not contain.
    pub struct NonGoal {
        /// Identifier, such as `N1`.
        id: Spanned<Identifier> = "id" fixed;
        /// What is left out, in one line.
        title: Spanned<Line> = "title" fixed;
        /// Name of the rule that proves its absence.
        rule: Option<Spanned<Name>> = "rule" fixed;
        /// Who takes care of it instead.
        why: Option<Spanned<Text>> = "why" fixed;
    }
}

table! {
    /// A suggestion with its outcome.
    pub struct Decision {
        /// Identifier, such as `D1`.
        id: Spanned<Identifier> = "id" fixed;
        /// What was suggested, in one line.
        title: Spanned<Line> = "title" fixed;
        /// `adopted`, `deferred` or `rejected`.
        status: Spanned<DecisionStatus> = "status" fixed;
        /// Why.
        why: Spanned<Text> = "why" fixed;
    }
}
