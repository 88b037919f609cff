//! SARIF 2.1.0, which code hosts show beside the lines of a change.

use serde_json::{Value, json};
use taskspec_report::{Check, Fault, Place, Statement, Verdict};

use super::{Verified, fault, test, whereabouts};
use crate::report::Source;
use crate::report::sarif::{document, run, uri};

/// A run for each report.
pub(super) fn sarif(all: &[Verified<'_>]) -> String {
    let runs = all.iter().map(|one| {
        let rules: Vec<Value> = one.report.statements.iter().map(rule).collect();
        let statements = one.report.statements.iter().enumerate();
        let results: Vec<Value> = statements
            .flat_map(|(index, statement)| results(index, statement, one.source))
            .collect();
        run(&rules, &results)
    });
    let document = document(runs.collect());
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn rule(statement: &Statement) -> Value {
    let mut rule = json!({
        "id": statement.id,
        "shortDescription": { "text": statement.title },
        "properties": { "kind": statement.kind.name() },
    });
    if !statement.remedy.is_empty() {
        rule["help"] = json!({ "text": statement.remedy });
    }
    if !statement.why.is_empty() {
        rule["fullDescription"] = json!({ "text": statement.why });
    }
    rule
}

fn results(index: usize, statement: &Statement, source: &Source) -> Vec<Value> {
    let result = |kind: &str, level: &str, text: &str, locations: Value| {
        json!({
            "ruleId": statement.id,
            "ruleIndex": index,
            "kind": kind,
            "level": level,
            "message": { "text": text },
            "locations": locations,
        })
    };
    let own = || json!([place(statement.place, source, None)]);
    match statement.verdict {
        Verdict::Proven => vec![result("pass", "none", &statement.title, own())],
        Verdict::Manual => {
            let how = match statement.manual.trim() {
                "" => "a person decides this",
                how => how,
            };
            vec![result("review", "none", how, own())]
        }
        Verdict::Runtime => {
            let tests: Vec<String> = statement.tests.iter().map(test).collect();
            vec![result("open", "none", &tests.join("\n"), own())]
        }
        Verdict::Violated => {
            let found = statement.faults().map(|(check, found)| {
                let text = format!("{}: {}", whereabouts(check), fault(found));
                let at = place(
                    check.place.or(statement.place),
                    source,
                    Some((check, found)),
                );
                result("fail", "error", &text, json!([at]))
            });
            let failed = statement
                .tests
                .iter()
                .filter(|one| one.passed == Some(false));
            let failed = failed.map(|one| result("fail", "error", &test(one), own()));
            found.chain(failed).collect()
        }
    }
}

/// A line of the specification and a path of a manifest.
fn place(place: Option<Place>, source: &Source, found: Option<(&Check, &Fault)>) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(&source.name) } });
    if let Some(place) = place {
        physical["region"] = json!({ "startLine": place.line, "startColumn": place.column });
    }
    let mut location = json!({ "physicalLocation": physical });
    if let Some((check, found)) = found.filter(|(_, found)| !found.object.is_empty()) {
        let name = format!("{}/{}/{}", check.environment, found.object, found.path);
        location["logicalLocations"] = json!([{
            "fullyQualifiedName": name.trim_end_matches('/'),
            "kind": "object",
        }]);
    }
    location
}
