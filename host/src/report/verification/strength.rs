//! What the statements would notice, for a person.

use taskspec_report::{Share, Strength, Unnoticed};

use super::location;
use crate::report::clean;

/// Suggestions that are shown: nobody adds more at once.
const N_SUGGESTIONS: usize = 8;

/// The shares, what nobody notices, and what to add.
pub fn strength(strength: &Strength) -> String {
    let mut text = format!(
        "\nstrength: {} of {} damages are noticed ({} %); by this specification's own statements {} %, by rules of every chart {} %\n",
        strength.all.noticed,
        strength.all.applied,
        strength.all.percent,
        strength.own.percent,
        strength.rules.percent
    );
    let blind = strength
        .kinds
        .iter()
        .filter(|kind| !kind.unnoticed.is_empty());
    for (number, kind) in blind.enumerate() {
        if number == 0 {
            text += "\nnot noticed\n";
        }
        let Share {
            applied, noticed, ..
        } = kind.share;
        text += &format!(
            "  {}: {} of {applied}",
            clean(&kind.title),
            applied - noticed
        );
        if let Some(place) = kind.unnoticed.first() {
            text += &format!(", such as {}", clean(&example(place)));
        }
        text += "\n";
    }
    let weak: Vec<&str> = strength.weak().map(|one| one.id.as_str()).collect();
    if !weak.is_empty() {
        text += &format!(
            "\nstatements that notice no damage: {}\n",
            clean(&weak.join(", "))
        );
    }
    if !strength.suggestions.is_empty() {
        text += "\nwhat would notice more; adapt and add to the specification\n";
    }
    for suggestion in strength.suggestions.iter().take(N_SUGGESTIONS) {
        let who = if suggestion.covered_by_rules {
            "only rules of every chart notice so far"
        } else {
            "nobody notices so far"
        };
        text += &format!("\n# {} damages that {who}\n", suggestion.notices);
        for line in suggestion.toml.trim().lines() {
            text += &format!("{}\n", clean(line));
        }
    }
    let n_more = strength.suggestions.len().saturating_sub(N_SUGGESTIONS);
    if n_more > 0 {
        text += &format!("\n{n_more} more; `--format json` has all\n");
    }
    text
}

/// A place and what was done there.
fn example(place: &Unnoticed) -> String {
    let mut text = location(&place.object, &place.path);
    if !place.environment.is_empty() {
        text = format!("{text} in {}", place.environment);
    }
    match (place.before.is_empty(), place.after.is_empty()) {
        (false, false) => format!("{text} ({} became {})", place.before, place.after),
        (false, true) => format!("{text} ({} taken away)", place.before),
        (true, false) => format!("{text} ({} added)", place.after),
        (true, true) => text,
    }
}
