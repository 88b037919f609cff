//! Reviews made natively from specifications, as the runner will make them.

use crate::chart::Case;
use crate::tools::Helm;
use crate::verify::{examination, judge};
use taskspec_plugin::{Diagnostic, Severity};
use taskspec_report::Examination;
use taskspec_review::{Choice, Digests, Review, Warning, Weight};

/// A review with the examination that it was made from.
pub struct Reviewed {
    /// The review.
    pub review: Review,
    /// What the verifier was asked.
    pub examination: Examination,
}

/// Builds, renders, judges and draws a specification.
///
/// # Panics
/// If one of them fails.
pub fn review(case: &Case, helm: &Helm) -> Reviewed {
    let compilation = taskspec_plugin::compile(&case.spec, &[]);
    let built = case.build();
    let examination = examination(&built, &case.spec, helm);
    let landscapes = taskspec_verifier::landscape(&examination)
        .unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
    let choices = built.chart.decisions.iter().map(|one| Choice {
        subject: one.subject.clone(),
        choice: one.choice.clone(),
        reason: one.reason.clone(),
    });
    let review = Review {
        spec_name: format!("{}.toml", case.name),
        spec: case.spec.clone(),
        report: judge(&examination),
        landscapes,
        choices: choices.collect(),
        warnings: compilation
            .diagnostics
            .iter()
            .map(|one| warning(&case.spec, one))
            .collect(),
        digests: Digests {
            spec: "0".repeat(64),
            compiler: "1".repeat(64),
            verifier: "2".repeat(64),
            chart: "3".repeat(64),
        },
        comparison: None,
    };
    Reviewed {
        review,
        examination,
    }
}

fn warning(spec: &str, diagnostic: &Diagnostic) -> Warning {
    let label = diagnostic.labels.first();
    let line = label.map(|label| {
        let before = spec.get(..label.at.start as usize).unwrap_or_default();
        u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX)
    });
    Warning {
        code: diagnostic.code.to_string(),
        weight: match diagnostic.severity {
            Severity::Error => Weight::High,
            Severity::Warning => Weight::Medium,
            Severity::Note => Weight::Low,
        },
        message: diagnostic.message.clone(),
        line,
        help: diagnostic.help.clone().unwrap_or_default(),
    }
}
