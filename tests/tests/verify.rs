//! What the verifier says about charts that are right.

use taskspec_tests::chart::Case;
use taskspec_tests::parallel;
use taskspec_tests::tools::Helm;
use taskspec_tests::verify::{examination, faults, judge};

/// `TASKSPEC_CASE=examples/task-api` looks at that one only.
fn cases() -> Vec<Case> {
    let wanted = std::env::var("TASKSPEC_CASE").unwrap_or_default();
    let mut cases = Case::all();
    cases.retain(|case| case.name.contains(&wanted));
    cases
}

#[test]
fn no_statement_of_a_built_chart_is_violated() {
    let helm = Helm::all().pop().expect("a Helm");
    parallel::no_faults(cases(), |case| {
        let report = judge(&examination(&case.build(), &case.spec, &helm));
        let faults = faults(&report).into_iter();
        faults
            .map(|fault| format!("{}: {fault}", case.name))
            .collect()
    });
}
