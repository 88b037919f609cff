//! What the verifier is asked and what it answers, as data.
//!
//! The component takes and gives these types as JSON; the runner reads them
//! back. [`Report`] is also what `verify --format json` prints: a change of its
//! fields is a change of that format.

mod question;
mod report;

pub use question::{Case, Environment, Examination, Plan, Rendering, RuleFile};
pub use report::{
    Check, Evidence, Fault, Kind, Place, Rendered, Report, SpecFault, Statement, Tally, Test,
    Verdict,
};

/// Version of the report's form.
pub const FORMAT: &str = "taskspec-report/v1";

/// JSON Schema (2020-12) of [`Report`].
#[cfg(feature = "schema")]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}
