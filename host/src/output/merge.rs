//! Hand edits and generated texts side by side: as a diff, or merged.

use diffy::{DiffOptions, IncompleteHunkStyle, MergeOptions, PatchFormatter};

/// Both sides of a conflict, as git marks them.
const MARKERS: [&str; 3] = ["<<<<<<< ", "=======", ">>>>>>> "];

/// What came of a three-way merge.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Merged {
    Clean(String),
    /// With the places marked where both sides changed the same lines.
    Conflict(String),
}

/// Applies to `edited` what happened from `base` to `generated`.
pub(super) fn merge(base: &str, edited: &str, generated: &str) -> Merged {
    // Both sides may have come to the same.
    if edited == generated {
        return Merged::Clean(generated.to_owned());
    }
    let mut options = MergeOptions::new();
    options.set_incomplete_hunk_style(IncompleteHunkStyle::Git);
    match options.merge(base, edited, generated) {
        Ok(text) => Merged::Clean(text),
        Err(text) => Merged::Conflict(named(&text)),
    }
}

/// Says what the sides are, in the words that messages have for them.
fn named(text: &str) -> String {
    let line = |line: &str| match line {
        "<<<<<<< ours" => "<<<<<<< edited by hand".to_owned(),
        "||||||| original" => "||||||| generated before".to_owned(),
        ">>>>>>> theirs" => ">>>>>>> generated now".to_owned(),
        other => other.to_owned(),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Whether somebody has still to decide a conflict in it.
pub(super) fn is_undecided(text: &str) -> bool {
    MARKERS
        .iter()
        .all(|marker| text.lines().any(|line| line.starts_with(marker)))
}

/// A unified diff of a file, `before` to `after`; none stands for no file. With
/// escape sequences for colour, which [`crate::report::clean`] would not leave
/// in the texts: give it clean ones for a terminal.
pub fn unified(path: &str, before: Option<&str>, after: Option<&str>, color: bool) -> String {
    let name = |side: &str, text: Option<&str>| match text {
        Some(_) => format!("{side}/{path}"),
        None => "/dev/null".to_owned(),
    };
    let mut options = DiffOptions::new();
    options.set_original_filename(name("a", before));
    options.set_modified_filename(name("b", after));
    let patch = options.create_patch(before.unwrap_or_default(), after.unwrap_or_default());
    let formatter = if color {
        PatchFormatter::new().with_color()
    } else {
        PatchFormatter::new()
    };
    formatter.fmt_patch(&patch).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_in_different_places_are_both_kept() {
        let base = "a: 1\nb: 2\nc: 3\nd: 4\n";
        let edited = "a: 10\nb: 2\nc: 3\nd: 4\n";
        let generated = "a: 1\nb: 2\nc: 3\nd: 40\ne: 5\n";
        let expected = "a: 10\nb: 2\nc: 3\nd: 40\ne: 5\n";
        assert_eq!(
            merge(base, edited, generated),
            Merged::Clean(expected.into())
        );
        assert_eq!(merge(base, edited, base), Merged::Clean(edited.into()));
    }

    #[test]
    fn changes_of_the_same_lines_are_marked_and_not_guessed() {
        let Merged::Conflict(text) = merge("a: 1\n", "a: 2", "a: 3\n") else {
            panic!("it was guessed");
        };
        let expected = "<<<<<<< edited by hand\na: 2\n||||||| generated before\na: 1\n=======\n\
                        a: 3\n>>>>>>> generated now\n";
        assert_eq!(text, expected);
        assert!(is_undecided(&text));
        assert!(!is_undecided("a: 2\n=======\n"));
    }

    /// A line that was removed on one side and stayed beside a new one on the
    /// other is a decision that nobody made yet.
    #[test]
    fn a_removed_line_beside_a_new_one_is_a_conflict() {
        let merged = merge("{\n    a\n}\n", "{\n}\n", "{\n    a\n    b\n}\n");
        assert!(matches!(merged, Merged::Conflict(_)), "{merged:?}");
    }

    #[test]
    fn a_diff_names_its_sides() {
        let text = unified("values.yaml", Some("a: 1\n"), Some("a: 2\n"), false);
        assert_eq!(
            text,
            "--- a/values.yaml\n+++ b/values.yaml\n@@ -1 +1 @@\n-a: 1\n+a: 2\n"
        );
        assert!(unified("x", None, Some("a\n"), false).starts_with("--- /dev/null\n+++ b/x\n"));
        assert!(unified("x", Some("a\n"), None, true).contains("\u{1b}["));
    }
}
