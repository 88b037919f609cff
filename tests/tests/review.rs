//! The review of every example, as a document that somebody opens.

use scraper::{ElementRef, Html, Selector};
use std::collections::BTreeSet;
use taskspec_review::{Review, html, markdown};
use taskspec_tests::chart::Case;
use taskspec_tests::parallel;
use taskspec_tests::review::review;
use taskspec_tests::tools::Helm;

/// Bytes that a mailbox and a code host take without complaint.
const LARGEST: usize = 500_000;

/// `TASKSPEC_CASE=examples/task-api` looks at that one only; with
/// `TASKSPEC_REVIEWS=<folder>` the documents stay there to be looked at.
fn cases() -> Vec<Case> {
    let wanted = std::env::var("TASKSPEC_CASE").unwrap_or_default();
    let own = [
        "bare",
        "eleven",
        "exposure",
        "hostile-text",
        "kinds",
        "migrations-init",
        "scaling",
    ];
    let mut cases = Case::published();
    cases.extend(own.map(Case::own));
    cases.retain(|case| case.name.contains(&wanted));
    cases
}

fn helm() -> Helm {
    Helm::all().pop().expect("a Helm")
}

fn keep(name: &str, review: &Review) {
    if let Ok(folder) = std::env::var("TASKSPEC_REVIEWS") {
        let path = std::path::Path::new(&folder).join(name.replace('/', "-"));
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        std::fs::write(path.with_extension("html"), html(review)).expect("a file");
        std::fs::write(path.with_extension("md"), markdown(review)).expect("a file");
    }
}

fn select(query: &str) -> Selector {
    Selector::parse(query).expect("a selector")
}

/// What is wrong with a page.
fn faults(page: &str) -> Vec<String> {
    let document = Html::parse_document(page);
    let mut faults: Vec<String> = Vec::new();
    faults.extend(document.errors.iter().map(|fault| format!("HTML: {fault}")));
    if page.len() > LARGEST {
        faults.push(format!("{} bytes", page.len()));
    }
    faults.extend(links(&document));
    faults.extend(headings(&document));
    faults.extend(names(&document));
    faults
}

/// Links lead to the page itself, identifiers are there once, nothing is loaded.
fn links(document: &Html) -> Vec<String> {
    let mut faults = Vec::new();
    let mut known = BTreeSet::new();
    for element in document.select(&select("[id]")) {
        if !known.insert(element.attr("id").unwrap_or_default().to_owned()) {
            faults.push(format!("the identifier {:?} twice", element.attr("id")));
        }
    }
    for element in document.select(&select("*")) {
        let name = element.value().name();
        for (key, value) in element.value().attrs() {
            let is_link = [
                "href",
                "src",
                "srcset",
                "action",
                "data",
                "poster",
                "xlink:href",
            ]
            .contains(&key);
            match value.strip_prefix('#') {
                Some(target) if is_link && !known.contains(target) => {
                    faults.push(format!("{name} leads to {value}, which is not there"));
                }
                None if is_link => faults.push(format!("{name} has {key}={value}")),
                _ => {}
            }
            if key.starts_with("on") || key == "style" {
                faults.push(format!("{name} has the attribute {key}"));
            }
            if ["aria-labelledby", "aria-describedby", "for"].contains(&key) {
                let missing = value.split_whitespace().filter(|id| !known.contains(*id));
                faults.extend(missing.map(|id| format!("{name} {key} {id} is not there")));
            }
        }
    }
    for query in ["link", "img", "iframe", "object", "embed", "base", "form"] {
        if document.select(&select(query)).next().is_some() {
            faults.push(format!("there is a <{query}>"));
        }
    }
    if document.select(&select("script")).count() != 1 {
        faults.push("more or less than the one script".to_owned());
    }
    faults
}

/// One h1, and no level is left out.
fn headings(document: &Html) -> Vec<String> {
    let mut faults = Vec::new();
    let mut last = 0;
    for heading in document.select(&select("h1, h2, h3, h4, h5, h6")) {
        let level = heading.value().name()[1..].parse::<u32>().unwrap_or(0);
        if level > last + 1 || (level == 1) != (last == 0) {
            faults.push(format!("h{level} {:?} after h{last}", text(&heading)));
        }
        last = level;
    }
    if last == 0 {
        faults.push("no heading".to_owned());
    }
    faults
}

/// What screen readers need.
fn names(document: &Html) -> Vec<String> {
    let mut faults = Vec::new();
    for table in document.select(&select("table")) {
        let caption = table.select(&select("caption")).next();
        if caption.is_none_or(|caption| text(&caption).is_empty()) {
            faults.push("a table without a caption".to_owned());
        }
        if table.select(&select("th:not([scope])")).next().is_some() {
            faults.push("a th without a scope".to_owned());
        }
    }
    for query in [
        "main",
        "header",
        "nav[aria-label]",
        "html[lang]",
        "title",
        "a.skip[href='#main']",
    ] {
        if document.select(&select(query)).count()
            != if query == "title" {
                1 + pictures(document) + boxes(document)
            } else {
                1
            }
        {
            faults.push(format!("{query} is not there once"));
        }
    }
    for query in [
        "svg:not([role='img'])",
        "svg:not([aria-labelledby])",
        "section:not([aria-labelledby])",
        "[tabindex='0']:not([aria-label])",
    ] {
        if document.select(&select(query)).next().is_some() {
            faults.push(format!("there is a {query}"));
        }
    }
    for query in ["a", "summary", "h1", "h2", "h3", "th"] {
        for element in document.select(&select(query)) {
            if text(&element).is_empty() {
                faults.push(format!("a {query} without text"));
            }
        }
    }
    let policy = document
        .select(&select("meta[http-equiv='Content-Security-Policy']"))
        .next();
    let policy = policy
        .and_then(|meta| meta.attr("content"))
        .unwrap_or_default();
    if !policy.contains("default-src 'none'") || policy.contains("unsafe") {
        faults.push(format!("the content security policy is {policy:?}"));
    }
    faults
}

fn pictures(document: &Html) -> usize {
    document.select(&select("svg > title")).count()
}

fn boxes(document: &Html) -> usize {
    document.select(&select("svg g > title")).count()
}

fn text(element: &ElementRef<'_>) -> String {
    element.text().collect::<String>().trim().to_owned()
}

#[test]
fn every_page_is_one_that_anybody_can_read() {
    let helm = helm();
    parallel::no_faults(cases(), |case| {
        let review = review(&case, &helm).review;
        keep(&case.name, &review);
        let found = faults(&html(&review)).into_iter();
        let mut found: Vec<String> = found
            .map(|fault| format!("{}: {fault}", case.name))
            .collect();
        let text = markdown(&review);
        if text.len() > LARGEST || !text.starts_with("# Review of ") {
            found.push(format!("{}: Markdown of {} bytes", case.name, text.len()));
        }
        found
    });
}

#[test]
fn the_same_review_is_the_same_text() {
    let helm = helm();
    let case = Case::example("task-api-embedded");
    let (one, other) = (review(&case, &helm).review, review(&case, &helm).review);
    assert_eq!(html(&one), html(&other));
    assert_eq!(markdown(&one), markdown(&other));
}

/// Text that would be code if a page took it for some.
const HOSTILE: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{ 7777 * 7777 }}{% x %}</style></title>";

#[test]
fn hostile_texts_stay_texts() {
    let helm = helm();
    let mut case = Case::example("task-api-embedded");
    let quoted = HOSTILE.replace('\\', "\\\\").replace('"', "\\\"");
    let marked = |word: &str| format!("\"{word} {quoted}\"");
    for (from, word) in [
        ("\"One helm install deploys the complete stack\"", "TITLE"),
        ("\"Pod disruption budget\"", "DECISION"),
        ("\"one small pod, verbose logs\"", "SUMMARY"),
        (
            "\"Production-ready Helm chart for Task API agent with PostgreSQL and Redis\"",
            "INTENT",
        ),
        ("\"A single cluster.\"", "WHY"),
        ("\"info\"", "VALUE"),
    ] {
        assert!(case.spec.contains(from), "{from}");
        case.spec = case.spec.replacen(from, &marked(word), 1);
    }
    let mut hostile = review(&case, &helm).review;
    hostile.spec_name = HOSTILE.to_owned();
    hostile.choices[0].reason = HOSTILE.to_owned();
    hostile.digests.chart = HOSTILE.to_owned();
    hostile.landscapes[0].nodes[0].label = HOSTILE.to_owned();
    hostile.landscapes[0].nodes[0].id = HOSTILE.to_owned();
    let page = html(&hostile);
    assert_eq!(faults(&page), Vec::<String>::new());
    let document = Html::parse_document(&page);
    let body = document.select(&select("body")).next().expect("a body");
    let shown = text(&body);
    for word in ["TITLE", "DECISION", "SUMMARY", "INTENT", "WHY"] {
        assert!(
            shown.contains(&format!("{word} <script>")),
            "{word} is not shown as it is"
        );
    }
    assert!(!shown.contains("60481729"), "a template was run");
    assert!(!markdown(&hostile).contains("\n<script>"));
}

#[test]
fn a_comparison_says_what_changes_and_what_that_does() {
    let helm = helm();
    let old = Case::example("task-api-embedded");
    let mut new = old.clone();
    for (from, to) in [
        ("port = 8000", "port = 8001"),
        ("replicas = 3", "replicas = 2"),
        (
            "dependencies.postgresql.storage = \"50Gi\"",
            "dependencies.postgresql.storage = \"20Gi\"",
        ),
        ("title = \"Service mesh\"", "title = \"No service mesh\""),
    ] {
        assert!(new.spec.contains(from), "{from}");
        new.spec = new.spec.replacen(from, to, 1);
    }
    new.spec = new.spec.replace(
        "workload('agent').replicas == 3",
        "workload('agent').replicas == 2",
    );
    let before = review(&old, &helm).examination;
    let mut reviewed = review(&new, &helm);
    let mut comparison = taskspec_verifier::compare(&before, &reviewed.examination)
        .expect("both are specifications");
    comparison.against = "the revision main".to_owned();
    reviewed.review.comparison = Some(comparison);
    keep("compared", &reviewed.review);
    let page = html(&reviewed.review);
    assert_eq!(faults(&page), Vec::<String>::new());
    let text = markdown(&reviewed.review);
    for wanted in [
        "Compared with the revision main",
        "non-goal N2: No service mesh",
        "shrinks from 50Gi to 20Gi",
        "the volumeClaimTemplates of StatefulSet/agent-prod-postgresql cannot be changed",
        "has at least 2 pods instead of 3",
        "are replaced",
    ] {
        assert!(text.contains(wanted), "no `{wanted}`");
    }
    let same = taskspec_verifier::compare(&before, &before).expect("a specification");
    assert!(same.facts.is_empty() && same.statements.is_empty());
    assert!(same.environments.iter().all(|one| one.objects.is_empty()));
}

#[test]
fn a_hundred_workloads_fit() {
    use std::fmt::Write as _;
    let mut spec = String::from(
        "spec = \"taskspec/v1\"\n[intent]\nname = \"many\"\nversion = \"1.0.0\"\nsummary = \"Many\"\n[dependencies.db]\nfrom = \"embedded/postgresql\"\n",
    );
    for index in 0..100 {
        let _ = write!(
            spec,
            "[workloads.w{index}]\nkind = \"service\"\nimage = \"example/w{index}\"\nport = 8080\nuses = [\"db\"]\n{}\n\
             [workloads.w{index}.env]\nLEVEL = \"info\"\n[workloads.w{index}.probes]\nreadiness = {{ path = \"/\" }}\n",
            if index > 0 {
                format!("calls = [\"w{}\"]", index / 3)
            } else {
                String::new()
            },
        );
    }
    for environment in ["dev", "staging", "prod"] {
        let _ = writeln!(spec, "[environments.{environment}]");
        for index in 0..100 {
            let _ = write!(
                spec,
                "[environments.{environment}.workloads.w{index}]\nreplicas = 2\nenv.LEVEL = \"{environment}\"\n"
            );
        }
    }
    for index in 0..100 {
        let _ = write!(
            spec,
            "[[criteria]]\nid = \"C{index}\"\ntitle = \"w{index} runs\"\n[[criteria.check]]\nthat = \"workload('w{index}').replicas == 2\"\n"
        );
    }
    let case = Case {
        name: "many".to_owned(),
        spec,
    };
    let review = review(&case, &helm()).review;
    keep(&case.name, &review);
    let page = html(&review);
    assert_eq!(faults(&page), Vec::<String>::new());
    assert!(
        markdown(&review).len() < LARGEST,
        "{}",
        markdown(&review).len()
    );
}
