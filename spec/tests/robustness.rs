//! Whatever the text is, `resolve` answers: no panic, no overflow, and every
//! label within the text. The generator is small and always makes the same texts.

use taskspec_spec::resolve;

/// Resolves a text and checks what must hold for every answer.
fn check(text: &str) {
    let (resolved, diagnostics) = resolve(text);
    assert!(
        resolved.is_some() || !diagnostics.is_empty(),
        "no model and no reason for {text:?}"
    );
    for diagnostic in &diagnostics {
        assert!(!diagnostic.message.is_empty());
        let texts = diagnostic.labels.iter().map(|label| &label.text);
        let texts = texts.chain(&diagnostic.notes).chain(&diagnostic.help);
        for said in texts.chain(std::iter::once(&diagnostic.message)) {
            assert!(!said.chars().any(char::is_control), "{said:?}");
        }
        for label in &diagnostic.labels {
            let range = label.at.start as usize..label.at.end as usize;
            assert!(
                text.get(range).is_some(),
                "{diagnostic:?} is not a place of {text:?}"
            );
        }
    }
}

fn examples() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut texts: Vec<String> = paths
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    texts.push(SMALL.to_owned());
    texts
}

/// Short enough to be broken everywhere; uses most forms of the language.
const SMALL: &str = r#"spec = "taskspec/v1"
labels = { team = "a-b" }
[intent]
name = "shop"
version = "1.0.0"
summary = "Takes orders – 注文 🚢"
description = """
Mehrzeilig,
größer."""
owners = ["Jürgen", { name = "b" }]
[workloads.api]
kind = "service"
image = "example/api@sha256:0000000000000000000000000000000000000000000000000000000000000000"
port = 8_000
env = { A = 0x10, B = 'x', C = { label = "team" }, D = { secret = "api-key" } }
uses = ["db"]
probes.liveness = { path = "/live", period = "5s" }
rollout = { max-surge = "25%", deadline = "10m" }
allow-from = ["cluster", { cidr = "10.0.0.0/8" }]
[dependencies.db]
from = "bitnami/postgresql"
version = ">=12.0.0 <13.0.0"
values = { a = [1, 2.5, 1979-05-27, { b = true }] }
[secrets.keys]
api-key = { generate = 32 }
[environments.dev]
workloads.api.env.A = "dev"
dependencies.db.storage = "1Gi"
[[criteria]]
id = "C1"
title = "Works"
check = [{ in = ["dev"], that = "true" }]
"#;

#[test]
fn a_small_specification_resolves() {
    let (resolved, diagnostics) = resolve(SMALL);
    assert!(resolved.is_some(), "{diagnostics:#?}");
}

#[test]
fn every_truncation_is_answered() {
    for end in (0..SMALL.len()).filter(|end| SMALL.is_char_boundary(*end)) {
        check(&SMALL[..end]);
        check(&SMALL[end..]);
    }
    for text in examples() {
        for end in (0..text.len())
            .step_by(17)
            .filter(|end| text.is_char_boundary(*end))
        {
            check(&text[..end]);
        }
    }
}

#[test]
fn every_character_can_be_lost_doubled_or_replaced() {
    let others = [
        "", "\"", "'", "\\", "[", "]", "{", "}", "=", ".", ",", "#", "\n", "\r", "\0", "\u{7f}",
        "-", "9", "ß", "\u{feff}", "\u{202e}", "\"\"\"",
    ];
    for (at, c) in SMALL.char_indices() {
        let (before, after) = (&SMALL[..at], &SMALL[at + c.len_utf8()..]);
        // A fifth of them at each place: the neighbours take the rest.
        for other in others.iter().skip(at % 5).step_by(5) {
            check(&format!("{before}{other}{after}"));
        }
        check(&format!("{before}{c}{c}{after}"));
    }
}

#[test]
fn every_line_can_be_lost_doubled_or_moved() {
    for text in examples() {
        let lines: Vec<&str> = text.lines().collect();
        for at in 0..lines.len() {
            let mut fewer = lines.clone();
            let line = fewer.remove(at);
            check(&fewer.join("\n"));
            let mut moved = fewer;
            moved.insert((at * 7) % lines.len(), line);
            check(&moved.join("\r\n"));
            let mut more = lines.clone();
            more.insert(at, line);
            check(&more.join("\n"));
        }
    }
}

#[test]
fn every_value_can_be_of_another_type() {
    let values = [
        "1",
        "-9223372036854775808",
        "1e400",
        "nan",
        "true",
        "\"\"",
        "\"{{ .Values.x }}\"",
        "[]",
        "[[], [[]]]",
        "{}",
        "{ a.b.c = 1 }",
        "1979-05-27T07:32:00Z",
        "99999999999999999999",
        "\"0\"",
        "\"9999999999999999999h\"",
        "\"184467440737095516160Pi\"",
    ];
    for text in examples() {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some((key, _)) = line.split_once(" = ") else {
                continue;
            };
            for value in values.iter().skip(at % 4).step_by(4) {
                let other = format!("{key} = {value}");
                let mut changed = lines.clone();
                changed[at] = &other;
                check(&changed.join("\n"));
            }
        }
    }
}

#[test]
fn random_mixtures_are_answered() {
    let texts = examples();
    let pieces: Vec<&str> = texts
        .iter()
        .flat_map(|text| text.split_inclusive(['\n', ' ', '"', '.']))
        .collect();
    // xorshift64*: the same mixtures in every run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |most: usize| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % most
    };
    for _ in 0..1500 {
        let mixture: String = (0..below(60))
            .map(|_| pieces[below(pieces.len())])
            .collect();
        check(&mixture);
        let mut lines: Vec<&str> = SMALL.lines().collect();
        for _ in 0..=below(4) {
            let (from, to) = (below(lines.len()), below(lines.len()));
            lines[to] = lines[from];
        }
        check(&lines.join("\n"));
    }
}

#[test]
fn depth_does_not_overflow() {
    let head = &SMALL[..SMALL.find("[dependencies").unwrap()];
    for depth in [79, 80, 81, 1_000, 100_000] {
        check(&format!(
            "{head}x = {}{}\n",
            "[".repeat(depth),
            "]".repeat(depth)
        ));
        check(&format!(
            "{head}x = {}1{}\n",
            "{ a = ".repeat(depth),
            " }".repeat(depth)
        ));
        check(&format!("{head}{}a = 1\n", "a.".repeat(depth)));
        check(&format!("{head}[{}a]\nb = 1\n", "a.".repeat(depth)));
        check(&format!("{head}[[{}a]]\nb = 1\n", "a.".repeat(depth)));
        check(&format!("{head}{}\n", "[".repeat(depth)));
        check(&"{".repeat(depth));
    }
    // Half of the levels each by headers and by braces.
    check(&format!(
        "{head}[{}a]\nb = {}1{}\n",
        "a.".repeat(75),
        "{ a = ".repeat(75),
        " }".repeat(75)
    ));
}

#[test]
fn size_is_limited() {
    let text = format!("{SMALL}\n# {}", "x".repeat(taskspec_spec::MAX_BYTES));
    let (resolved, diagnostics) = resolve(&text);
    assert!(resolved.is_none());
    assert_eq!(
        diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(),
        ["TS0038"]
    );
}

#[test]
fn environments_are_limited() {
    let many: String = (0..20_000)
        .map(|number| format!("[environments.e{number}]\n"))
        .collect();
    let (resolved, diagnostics) = resolve(&format!("{SMALL}\n{many}"));
    assert!(resolved.is_none());
    assert_eq!(
        diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(),
        ["TS0038"]
    );
}

#[test]
fn findings_are_limited() {
    let names: String = (0..50_000)
        .map(|number| format!("\"x{number}\", "))
        .collect();
    let text = SMALL.replace("uses = [\"db\"]", &format!("uses = [{names}]"));
    let (resolved, diagnostics) = resolve(&text);
    assert!(resolved.is_none());
    assert!(
        (1_000..20_000).contains(&diagnostics.len()),
        "{}",
        diagnostics.len()
    );
}
