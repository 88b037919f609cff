//! What the specifications of the examples would notice if their charts broke.
//!
//! `TASKSPEC_STRENGTH=1 cargo test --test strength -- --nocapture` prints what
//! nobody notices.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;
use taskspec_report::{Examination, Strength};
use taskspec_spec::resolve;
use taskspec_tests::chart::Case;
use taskspec_tests::parallel;
use taskspec_tests::tools::Helm;
use taskspec_tests::verify::{examination, judge};
use taskspec_verifier::strength::damage::catalogue;

const EXAMPLES: [&str; 1] = ["ai-agent-connector"];

fn examined(name: &str) -> Examination {
    let case = Case::example(name);
    let helm = Helm::all().pop().expect("a Helm");
    examination(&case.build(), &case.spec, &helm)
}

fn tried(examination: &Examination) -> Strength {
    taskspec_verifier::strength::tried(examination, 1, false)
        .unwrap_or_else(|refused| panic!("{refused:?}"))
}

fn print(name: &str, strength: &Strength) {
    println!(
        "\n{name}: {} of {} damages noticed ({} %), {} % by the specification's own statements, {} % by rules",
        strength.all.noticed,
        strength.all.applied,
        strength.all.percent,
        strength.own.percent,
        strength.rules.percent
    );
    for kind in &strength.kinds {
        if let Some(first) = kind.unnoticed.first() {
            println!(
                "  {} ({} of {} unnoticed): {} {} {}: {} -> {}",
                kind.name,
                kind.unnoticed.len(),
                kind.share.applied,
                first.environment,
                first.object,
                first.path,
                first.before,
                first.after
            );
        }
    }
    for weak in strength.weak() {
        println!("  {} notices nothing: {}", weak.id, weak.title);
    }
}

/// What has to be true of every answer.
fn faults(name: &str, examination: &Examination, strength: &Strength) -> Vec<String> {
    let mut faults = Vec::new();
    let applied: usize = strength.kinds.iter().map(|kind| kind.share.applied).sum();
    if applied != strength.all.applied || applied == 0 {
        faults.push(format!("{name}: {applied} damages do not add up"));
    }
    for share in [strength.own, strength.rules] {
        if share.noticed > strength.all.noticed {
            faults.push(format!("{name}: {share:?} is more than all"));
        }
    }
    for kind in &strength.kinds {
        if kind.by.is_empty() != (kind.share.noticed == 0) {
            faults.push(format!("{name}: nobody or somebody notices {}", kind.name));
        }
    }
    let helped: BTreeSet<&String> = strength
        .suggestions
        .iter()
        .filter(|suggestion| !suggestion.covered_by_rules)
        .flat_map(|suggestion| &suggestion.kinds)
        .collect();
    for kind in &strength.kinds {
        if !kind.unnoticed.is_empty() && !helped.contains(&kind.name) {
            faults.push(format!("{name}: nothing is suggested for {}", kind.name));
        }
    }
    faults.extend(suggestions_fit(name, examination, strength));
    faults
}

/// A specification with its suggestions is right, and they are proven.
fn suggestions_fit(name: &str, examination: &Examination, strength: &Strength) -> Vec<String> {
    let mut improved = examination.clone();
    for suggestion in &strength.suggestions {
        improved.spec += "\n";
        improved.spec += &suggestion.toml;
    }
    let (resolved, diagnostics) = resolve(&improved.spec);
    if resolved.is_none() {
        return vec![format!("{name}: {:#?}", diagnostics.first())];
    }
    let report = judge(&improved);
    taskspec_tests::verify::faults(&report)
}

#[test]
fn the_examples_are_tried_twice_with_the_same_result() {
    parallel::no_faults(EXAMPLES.to_vec(), |name| {
        let examination = examined(name);
        let started = Instant::now();
        let once = tried(&examination);
        let took = started.elapsed();
        println!("{name}: {took:?}");
        if std::env::var("TASKSPEC_STRENGTH").is_ok() {
            print(name, &once);
        }
        let mut faults = faults(name, &examination, &once);
        if once != tried(&examination) {
            faults.push(format!("{name}: two trials differ"));
        }
        let text = serde_json::to_string(&once).expect("it is JSON");
        if serde_json::from_str::<Strength>(&text).ok().as_ref() != Some(&once) {
            faults.push(format!("{name}: JSON does not hold it"));
        }
        faults
    });
}

#[test]
fn what_is_skipped_would_notice_nothing() {
    let examination = examined("trevor");
    let judged = |whole| taskspec_verifier::strength::tried(&examination, 1, whole);
    assert_eq!(judged(false), judged(true));
}

#[test]
fn each_kind_of_damage_fits_somewhere() {
    let cases = Case::all();
    let helm = Helm::all().pop().expect("a Helm");
    let fits: BTreeMap<String, usize> = parallel::map(cases, |case| {
        let examination = examination(&case.build(), &case.spec, &helm);
        let mut fits = BTreeMap::new();
        for rendering in &examination.renderings {
            let Ok(text) = &rendering.manifests else {
                continue;
            };
            let objects = taskspec_manifest::parse(text, &[]).expect("manifests");
            for damage in catalogue().expect("a catalogue") {
                *fits.entry(damage.name.clone()).or_default() += damage.places(&objects).len();
            }
        }
        fits
    })
    .into_iter()
    .fold(BTreeMap::new(), |mut all, one: BTreeMap<String, usize>| {
        for (name, n_places) in one {
            *all.entry(name).or_default() += n_places;
        }
        all
    });
    let nowhere = fits.iter().filter(|(_, n_places)| **n_places == 0);
    parallel::report(
        nowhere
            .map(|(name, _)| format!("{name} fits nowhere"))
            .collect(),
    );
}
