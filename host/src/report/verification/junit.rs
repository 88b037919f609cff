//! JUnit's XML, which CI servers show as tests: a statement is a test case.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use taskspec_report::{Report, Statement, Verdict};

use super::{Verified, evidence, fault, location, test, whereabouts};
use crate::report::Source;

/// A test suite for each report.
pub(super) fn junit(all: &[Verified<'_>]) -> String {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail.
    let _ = write(all, &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned() + "\n"
}

fn write(all: &[Verified<'_>], bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut writer = Writer::new_with_indent(bytes, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let counts = Counts::of(all);
    writer
        .create_element("testsuites")
        .with_attributes(counts.attributes("taskspec"))
        .write_inner_content(|writer| all.iter().try_for_each(|one| suite(one, writer)))?;
    Ok(())
}

fn suite(one: &Verified<'_>, writer: &mut Writer<&mut Vec<u8>>) -> io::Result<()> {
    let Verified { report, source } = *one;
    let name = plain(&report.chart);
    let counts = Counts::of(&[*one]);
    writer
        .create_element("testsuite")
        .with_attributes(counts.attributes(&name))
        .write_inner_content(|writer| {
            let mut statements = report.statements.iter();
            statements.try_for_each(|statement| case(report, source, statement, writer))
        })?;
    Ok(())
}

/// Numbers as attributes.
struct Counts {
    tests: String,
    failures: String,
    skipped: String,
}

impl Counts {
    fn of(all: &[Verified<'_>]) -> Self {
        let sum = |count: fn(&Report) -> usize| {
            let counts = all.iter().map(|one| count(one.report));
            counts.sum::<usize>().to_string()
        };
        Self {
            tests: sum(|report| report.statements.len()),
            failures: sum(|report| report.tally.violated),
            skipped: sum(|report| report.tally.manual + report.tally.runtime),
        }
    }

    fn attributes<'a>(&'a self, name: &'a str) -> [(&'static str, &'a str); 5] {
        [
            ("name", name),
            ("tests", &self.tests),
            ("failures", &self.failures),
            ("errors", "0"),
            ("skipped", &self.skipped),
        ]
    }
}

fn case(
    report: &Report,
    source: &Source,
    statement: &Statement,
    writer: &mut Writer<&mut Vec<u8>>,
) -> io::Result<()> {
    let name = plain(&format!("{} {}", statement.id, statement.title));
    let class = plain(&format!("{}.{}", report.chart, statement.kind.name()));
    let line = statement.place.map(|place| place.line.to_string());
    let file = plain(&source.name);
    let mut attributes = vec![("name", name.as_str()), ("classname", class.as_str())];
    if let Some(line) = &line {
        attributes.extend([("file", file.as_str()), ("line", line.as_str())]);
    }
    let element = writer
        .create_element("testcase")
        .with_attributes(attributes);
    element.write_inner_content(|writer| {
        match statement.verdict {
            Verdict::Violated => {
                let faults = statement.faults().map(|(check, found)| {
                    let place = location(&found.object, &found.path);
                    format!("{} {place}: {}", whereabouts(check), fault(found))
                });
                let mut lines: Vec<String> = faults.collect();
                let failed = statement
                    .tests
                    .iter()
                    .filter(|one| one.passed == Some(false));
                lines.extend(failed.map(|one| format!("{}\n{}", test(one), one.said)));
                lines.push(format!("remedy: {}", statement.remedy));
                let first = plain(lines.first().map_or("", String::as_str));
                writer
                    .create_element("failure")
                    .with_attributes([("message", first.as_str()), ("type", "violated")])
                    .write_text_content(BytesText::new(&plain(&lines.join("\n"))))?;
            }
            Verdict::Runtime | Verdict::Manual => {
                let tests = statement.tests.iter().map(test);
                let how: Vec<String> = tests.chain([statement.manual.clone()]).collect();
                let how = format!("{}: {}", statement.verdict.name(), how.join("\n").trim());
                writer
                    .create_element("skipped")
                    .with_attribute(("message", plain(&how).as_str()))
                    .write_empty()?;
            }
            Verdict::Proven => {}
        }
        let proof = statement.checks.iter().flat_map(|check| {
            let line = move |one| format!("{}: {}", whereabouts(check), evidence(one));
            check.evidence.iter().map(line)
        });
        let proof: Vec<String> = proof.collect();
        if !proof.is_empty() {
            writer
                .create_element("system-out")
                .write_text_content(BytesText::new(&plain(&proof.join("\n"))))?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Without characters that XML cannot hold.
fn plain(text: &str) -> String {
    let allowed = |c: &char| matches!(*c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(allowed).collect()
}
