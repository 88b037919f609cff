//! What the verifier is asked and what it answers, as data.
//!
//! The component takes and gives these types as JSON; the runner reads them
//! back. [`Report`] is also what `verify --format json` prints: a change of its
//! fields is a change of that format.

mod compare;
mod landscape;
mod question;
mod report;
mod strength;

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
pub use strength::{DamageKind, Share, Strength, Suggestion, Unnoticed, Watch};

/// Version of the report's form.
pub const FORMAT: &str = "taskspec-report/v1";

/// Version of the form of [`Strength`].
pub const STRENGTH_FORMAT: &str = "taskspec-strength/v1";

/// JSON Schema (2020-12) of [`Report`].
#[cfg(feature = "schema")]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}
