//! Forms that Kubernetes demands of texts.

use serde_json::Value;

/// Whether a text has a form; none for a form that nobody knows.
pub fn valid(form: &str, text: &str) -> Option<bool> {
    Some(match form {
        "name" => text.len() <= 253 && text.split('.').all(word),
        "word" => text.len() <= 63 && word(text),
        "label" => text.is_empty() || text.len() <= 63 && ends(text) && text.bytes().all(inner),
        "port" => {
            let letters = text.bytes().any(|one| one.is_ascii_lowercase());
            text.len() <= 15 && letters && word(text) && !text.contains("--")
        }
        "key" => !text.is_empty() && text.len() <= 253 && text.bytes().all(inner),
        "schedule" => schedule(text),
        "json" => serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object()),
        _ => return None,
    })
}

/// Letters, digits and dashes, with neither end a dash.
fn word(text: &str) -> bool {
    let allowed = |one: u8| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-';
    ends(text) && text.bytes().all(allowed)
}

fn ends(text: &str) -> bool {
    let plain = |one: Option<u8>| one.is_some_and(|one| one.is_ascii_alphanumeric());
    plain(text.bytes().next()) && plain(text.bytes().next_back())
}

fn inner(one: u8) -> bool {
    one.is_ascii_alphanumeric() || b"-_.".contains(&one)
}

/// Five fields, or a word such as `@daily`.
fn schedule(text: &str) -> bool {
    const WORDS: [&str; 7] = [
        "hourly", "daily", "midnight", "weekly", "monthly", "yearly", "annually",
    ];
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    if let Some(name) = text.strip_prefix('@') {
        return WORDS.contains(&name);
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    let bounds: [(u32, u32, &[&str]); 5] = [
        (0, 59, &[]),
        (0, 23, &[]),
        (1, 31, &[]),
        (1, 12, &MONTHS),
        (0, 7, &DAYS),
    ];
    fields.len() == 5
        && fields
            .iter()
            .zip(bounds)
            .all(|(field, (low, high, names))| {
                field.split(',').all(|part| range(part, low, high, names))
            })
}

/// Such as `*`, `5`, `mon-fri` or `*/15`.
fn range(part: &str, low: u32, high: u32, names: &[&str]) -> bool {
    let (range, step) = part.split_once('/').unwrap_or((part, "1"));
    let number = |text: &str| {
        let named = names
            .iter()
            .position(|name| text.eq_ignore_ascii_case(name));
        let number = named
            .and_then(|at| u32::try_from(at).ok())
            .map(|at| at + low.min(1));
        number
            .or_else(|| text.parse().ok())
            .filter(|one| (low..=high).contains(one))
    };
    let whole = range == "*" || range == "?";
    let inside = match range.split_once('-') {
        Some((first, last)) => number(first)
            .zip(number(last))
            .is_some_and(|(first, last)| first <= last),
        None => number(range).is_some(),
    };
    (whole || inside) && step.parse::<u32>().is_ok_and(|step| step > 0)
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn texts_have_forms() {
        for (form, text, expected) in [
            ("name", "a.b-c", true),
            ("name", "a..b", false),
            ("word", "Agent", false),
            ("word", "a-", false),
            ("label", "", true),
            ("label", "1.0_b", true),
            ("label", "1.0+b", false),
            ("port", "8080", false),
            ("port", "web--x", false),
            ("port", "http", true),
            ("key", "a b", false),
            ("key", "A_b.c", true),
            ("schedule", "30 2 * * mon-fri", true),
            ("schedule", "*/15 0-6,22 1 jan ?", true),
            ("schedule", "0 24 * * *", false),
            ("schedule", "*/0 * * * *", false),
            ("schedule", "30 2 * *", false),
            ("schedule", "@sometimes", false),
            ("schedule", "@daily", true),
        ] {
            assert_eq!(valid(form, text), Some(expected), "{form} {text}");
        }
        assert_eq!(valid("poem", ""), None);
    }
}
