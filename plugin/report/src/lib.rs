//! What the verifier is asked and what it answers, as data.
//!
//! The component takes and gives these types as JSON; the runner reads them
//! back. [`Report`] is also what `verify --format json` prints: a change of its
//! fields is a change of that format.

mod compare;
mod landscape;
mod question;
mod report;

pub use compare::{
    Change, Comparison, Difference, Effect, EffectKind, EnvironmentChange, FactChange,
    ObjectChange, StatementChange,
};
pub use landscape::{
    Amounts, Container, Edge, EdgeKind, Landscape, Manifest, Node, NodeKind, Pods, Port, Probe,
    Role, Totals, Variable, Wait,
};
pub use question::{Case, Environment, Examination, Plan, Rendering, RuleFile};
pub use report::{
    Check, Evidence, Fault, Kind, Place, Rendered, Report, SpecFault, Statement, Tally, Test,
    Verdict,
};

/// Version of the report's form.
pub const FORMAT: &str = "taskspec-report/v1";
