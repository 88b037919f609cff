//! SARIF 2.1.0, which code hosts show beside the lines of a change.

use serde_json::{Value, json};
use taskspec_report::{Check, Fault, Place, Report, Statement, Verdict};

use super::{fault, test, whereabouts};
use crate::report::Source;

/// The report as one run.
pub fn sarif(report: &Report, source: &Source) -> String {
    let rules: Vec<Value> = report.statements.iter().map(rule).collect();
    let results: Vec<Value> = report
        .statements
        .iter()
        .enumerate()
        .flat_map(|(index, statement)| results(index, statement, source))
        .collect();
    let document = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "taskspec",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
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

/// A path as a relative reference: what is no plain character is encoded.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri += &format!("%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_are_references() {
        assert_eq!(uri("a b/é.toml"), "a%20b/%C3%A9.toml");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }
}
