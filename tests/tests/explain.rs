//! The examples of every `explain` page, through the whole compiler: the wrong
//! one gives the page's code, the right one a chart.

use taskspec_verifier::plan;

use taskspec_plugin::{Compilation, Severity, codes, compile, explain};

/// Codes that no example of a specification can give.
const WITHOUT_EXAMPLE: &[&str] = &["TS0003", "TS0038"];

/// Codes that only `verify` gives.
const BY_THE_VERIFIER: &[&str] = &["TS0049", "TS0050", "TS0051"];

#[test]
fn every_code_has_a_page_and_only_they() {
    let codes = codes();
    assert!(!codes.is_empty());
    for code in &codes {
        let page = explain(&code.name).unwrap_or_else(|| panic!("{} has no page", code.name));
        assert!(
            page.starts_with(&format!("# {}: {}\n", code.name, code.summary)),
            "{}",
            code.name
        );
        assert_eq!(
            explain(&code.name.to_lowercase()),
            Some(page),
            "case does not count"
        );
    }
    assert_eq!(explain("TS9999"), None);
    assert_eq!(explain(""), None);
}

#[test]
fn an_unknown_setting_gives_its_code() {
    let (_, right) = examples("TS0001").unwrap();
    let compilation = compile(&right, &[("colour".to_owned(), "blue".to_owned())]);
    assert!(compilation.chart.is_none());
    assert!(
        gives(&compilation, "TS0003"),
        "{:#?}",
        compilation.diagnostics
    );
}

#[test]
fn examples_do_what_the_page_says() {
    let mut faults = Vec::new();
    for code in codes() {
        let Some((wrong, right)) = examples(&code.name) else {
            assert!(
                WITHOUT_EXAMPLE.contains(&code.name.as_str()),
                "{} has no examples",
                code.name
            );
            continue;
        };
        if BY_THE_VERIFIER.contains(&code.name.as_str()) {
            let given = |spec: &str| {
                let plan = plan(spec, &[]).expect("the compiler takes it");
                let codes = plan.faults.into_iter().map(|fault| fault.code);
                codes.collect::<Vec<_>>()
            };
            assert_eq!(given(&wrong), [code.name.as_str()], "wrong");
            assert!(given(&right).is_empty(), "{}: right", code.name);
            continue;
        }
        let refused = compile(&wrong, &[]);
        if !gives(&refused, &code.name) {
            faults.push(format!("{}, wrong: {:#?}", code.name, refused.diagnostics));
        }
        let errors = refused
            .diagnostics
            .iter()
            .any(|d| d.severity == Severity::Error);
        if refused.chart.is_some() == errors {
            faults.push(format!(
                "{}, wrong: a chart exactly if there is no error",
                code.name
            ));
        }
        let accepted = compile(&right, &[]);
        if accepted.chart.is_none() || gives(&accepted, &code.name) {
            faults.push(format!("{}, right: {:#?}", code.name, accepted.diagnostics));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn gives(compilation: &Compilation, code: &str) -> bool {
    compilation
        .diagnostics
        .iter()
        .any(|diagnostic| diagnostic.code == code)
}

/// The wrong and the right specification of a page.
fn examples(code: &str) -> Option<(String, String)> {
    let page = explain(code)?;
    let (_, after) = page.split_once("\n## Wrong\n")?;
    let (wrong, right) = after.split_once("\n## Right\n")?;
    Some((block(wrong)?, block(right)?))
}

fn block(text: &str) -> Option<String> {
    let (_, after) = text.split_once("```toml\n")?;
    after.split_once("```").map(|(block, _)| block.to_owned())
}
