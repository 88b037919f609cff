//! Every code has a page whose examples do what the page says. The codes that
//! only the compiler gives are checked by the tests that cross the crates.

use taskspec_spec::codes::{self, Code};
use taskspec_spec::diagnostic::Severity;

/// Codes that the compiler gives for facts of its catalog, and the verifier for expressions.
const BY_OTHERS: &[&str] = &[
    "TS0012", "TS0021", "TS0026", "TS0027", "TS0028", "TS0048", "TS0049", "TS0050", "TS0051",
];

/// Codes that no example of a specification can give.
const WITHOUT_EXAMPLE: &[&str] = &["TS0003", "TS0038"];

const SECTIONS: &[&str] = &["What", "Why", "Wrong", "Right"];

#[test]
fn pages_have_their_heading_and_sections() {
    for code in codes::ALL {
        let heading = format!("# {}: {}\n", code.id, code.title);
        assert!(
            code.page.starts_with(&heading),
            "{}: the page starts with {heading:?}",
            code.id
        );
        let sections: Vec<&str> = code
            .page
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .collect();
        assert_eq!(sections, SECTIONS, "{}", code.id);
        for section in SECTIONS {
            assert!(
                !text(code, section).trim().is_empty(),
                "{}: `{section}` is empty",
                code.id
            );
        }
        assert!(
            code.page.ends_with('\n') && !code.page.ends_with("\n\n"),
            "{}",
            code.id
        );
        let longest = code
            .page
            .lines()
            .map(|line| line.chars().count())
            .max()
            .unwrap_or(0);
        assert!(
            longest <= 100,
            "{}: a line of {longest} characters",
            code.id
        );
    }
}

#[test]
fn ids_are_in_order_and_found() {
    for (number, code) in codes::ALL.iter().enumerate() {
        // TS0039 is retired: a code is never used again.
        let retired = usize::from(number >= 38);
        assert_eq!(code.id, format!("TS{:04}", number + 1 + retired));
        assert_eq!(codes::find(&code.id.to_lowercase()), Some(code));
    }
    assert_eq!(codes::find("TS9999"), None);
}

#[test]
fn examples_do_what_the_page_says() {
    for code in codes::ALL {
        let (wrong, right) = (example(code, "Wrong"), example(code, "Right"));
        if WITHOUT_EXAMPLE.contains(&code.id) {
            assert!(
                wrong.is_none() && right.is_none(),
                "{} has no example",
                code.id
            );
            continue;
        }
        let wrong = wrong.unwrap_or_else(|| panic!("{} has no wrong example", code.id));
        let right = right.unwrap_or_else(|| panic!("{} has no right example", code.id));
        let (resolved, found) = taskspec_spec::resolve(right);
        assert!(
            resolved.is_some(),
            "{}: the right example has errors: {found:#?}",
            code.id
        );
        assert!(
            found.iter().all(|d| d.code != code.id),
            "{}: the right example gives the code",
            code.id
        );
        let (_, found) = taskspec_spec::resolve(wrong);
        if BY_OTHERS.contains(&code.id) {
            assert!(
                found.iter().all(|d| d.severity != Severity::Error),
                "{}: {found:#?}",
                code.id
            );
        } else {
            let ids: Vec<&str> = found.iter().map(|d| d.code).collect();
            assert_eq!(
                ids,
                [code.id],
                "{}: the wrong example gives other findings",
                code.id
            );
        }
    }
}

/// What stands below a section's header.
fn text(code: &Code, section: &str) -> &'static str {
    let header = format!("\n## {section}\n");
    let after = code.page.split_once(&header).map_or("", |(_, after)| after);
    after
        .split_once("\n## ")
        .map_or(after, |(before, _)| before)
}

/// The one specification of a section.
fn example(code: &Code, section: &str) -> Option<&'static str> {
    let mut blocks = text(code, section).split("```toml\n").skip(1);
    let block = blocks.next()?;
    assert!(
        blocks.next().is_none(),
        "{}: `{section}` has several examples",
        code.id
    );
    block.split_once("```").map(|(example, _)| example)
}
