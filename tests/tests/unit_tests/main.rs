//! The files of tests that charts carry: they are of helm-unittest's language,
//! pass on the chart that they come with, and fail on a damaged one where
//! `verify` does too.

mod interpreter;

use interpreter::{Outcome, run};
use serde_json::{Value, json};
use std::process::Command;
use taskspec_plugin::cel::{self, Binary, Expression, Node};
use taskspec_report::Statement;
use taskspec_tests::chart::{self, Built, Case, merged};
use taskspec_tests::parallel;
use taskspec_tests::tools::Helm;
use taskspec_tests::verify::{examination, judge};
use taskspec_verifier::expression;
use tempfile::TempDir;

/// The files of a chart.
fn files(chart: &Built) -> Vec<String> {
    let files = chart.chart.files.iter().map(|file| file.path.clone());
    files.filter(|path| path.starts_with("tests/")).collect()
}

fn outcomes(chart: &Built, helm: &Helm, file: &str) -> Vec<Outcome> {
    run(chart, helm, file, &|_| {}).unwrap_or_else(|fault| panic!("{}: {fault}", chart.case))
}

#[test]
fn every_file_passes_with_every_helm() {
    let helms = Helm::all();
    let charts = parallel::map(Case::all(), |case| case.build());
    let mut jobs = Vec::new();
    for chart in &charts {
        for file in files(chart) {
            jobs.extend(helms.iter().map(|helm| (chart, file.clone(), helm)));
        }
    }
    assert!(jobs.len() > 20 * helms.len(), "only {} files", jobs.len());
    parallel::no_faults(jobs, |(chart, file, helm)| {
        let all = outcomes(chart, helm, &file).into_iter();
        let failed = all.flat_map(|one| one.failed);
        failed
            .map(|fault| format!("{} {file}: {fault}", chart.case))
            .collect()
    });
}

/// Of a rendering without objects nothing holds but that they are absent.
#[test]
fn no_assert_passes_without_its_object() {
    let helm = Helm::newest();
    let charts = parallel::map(Case::all(), |case| case.build());
    parallel::no_faults(charts, |chart| {
        let mut faults = Vec::new();
        for file in files(&chart) {
            let tests = manifest_tests(&chart, &file);
            let all = run(&chart, &helm, &file, &|documents| documents.clear());
            let all = all.unwrap_or_else(|fault| panic!("{}: {fault}", chart.case));
            for (test, outcome) in tests.iter().zip(all) {
                let asserts = test["asserts"].as_array().into_iter().flatten();
                let absent = asserts
                    .filter(|assert| {
                        ["failedTemplate", "notFailedTemplate"]
                            .iter()
                            .any(|key| assert.get(key).is_some())
                            || assert["hasDocuments"]["count"] == 0
                            || (assert.get("notEqual").is_some()
                                && assert.get("documentSelector").is_none())
                    })
                    .count();
                if outcome.failed.len() + absent != outcome.n_asserts {
                    faults.push(format!("{} {file}: {}", chart.case, outcome.it));
                }
            }
        }
        faults
    });
}

fn manifest_tests(chart: &Built, file: &str) -> Vec<Value> {
    let suite = chart.data(file);
    suite["tests"].as_array().cloned().unwrap_or_default()
}

/// Values that break a criterion of an example, in the environment that breaks.
fn damages() -> Vec<(&'static str, &'static str, Value, &'static [&'static str])> {
    vec![
        (
            "task-api",
            "prod",
            json!({"agent": {"replicaCount": 4}}),
            &["C1", "C3"],
        ),
        (
            "task-api",
            "dev",
            json!({"agent": {"env": {"LOG_LEVEL": "info"}}}),
            &["C3"],
        ),
        (
            "task-api-embedded",
            "staging",
            json!({"agent": {"replicaCount": 5}}),
            &["C3"],
        ),
        (
            "task-api-embedded",
            "prod",
            json!({"redis": {"enabled": false}}),
            &["C1"],
        ),
        (
            "task-api-embedded",
            "prod",
            json!({"migration": {"enabled": false}}),
            &["C1"],
        ),
        (
            "ai-agent-connector",
            "production",
            json!({"autoscaling": {"maxReplicas": 10}}),
            &["C3"],
        ),
        (
            "ai-agent-connector",
            "production",
            json!({"podDisruptionBudget": {"enabled": false}}),
            &["C5"],
        ),
        (
            "ai-agent-connector",
            "development",
            json!({"replicaCount": 2}),
            &["C4"],
        ),
        (
            "ai-agent-connector",
            "production",
            json!({"startupProbe": {"failureThreshold": 3}}),
            &["C2"],
        ),
        (
            "ape-2026",
            "production",
            json!({"api": {"autoscaling": {"targetCPUUtilizationPercentage": 50}}}),
            &["C2"],
        ),
        (
            "ape-2026",
            "production",
            json!({"ingress": {"clusterIssuer": "other"}}),
            &["C5"],
        ),
        (
            "trevor",
            "dev",
            json!({"worker": {"terminationGracePeriodSeconds": 60}}),
            &["C6"],
        ),
        (
            "trevor",
            "prod",
            json!({"worker": {"enabled": false}}),
            &["C5", "C6"],
        ),
        ("trevor", "dev", json!({"replicaCount": 2}), &["C5"]),
        (
            "trevor",
            "prod",
            json!({"migration": {"strategy": "init-container"}}),
            &["C3"],
        ),
    ]
}

#[test]
fn a_damaged_chart_fails_where_verify_says_so() {
    let helm = Helm::newest();
    parallel::no_faults(damages(), |(name, environment, damage, broken)| {
        let case = Case::example(name);
        let built = case.build();
        let file = format!("values-{environment}.yaml");
        let values = merged(&built.data(&file), &damage);
        chart::write(&built.path().join(&file), &values.to_string());
        let report = judge(&examination(&built, &case.spec, &helm));
        // Of what does not render, verify says that once.
        let is_open = |one: &Statement| {
            one.faults().next().is_some() || one.manual.starts_with("Not judged, since Helm")
        };
        let mut faults = Vec::new();
        for statement in report
            .statements
            .iter()
            .filter(|one| broken.contains(&one.id.as_str()))
        {
            if !is_open(statement) {
                faults.push(format!(
                    "{name}: {damage} does not violate {}",
                    statement.id
                ));
            }
            let file = format!("tests/{}_test.yaml", statement.id.to_lowercase());
            if !files(&built).contains(&file) {
                faults.push(format!("{name}: there is no {file}"));
            }
        }
        for file in files(&built) {
            let id = file
                .trim_start_matches("tests/")
                .trim_end_matches("_test.yaml");
            let failed: Vec<String> = outcomes(&built, &helm, &file)
                .into_iter()
                .flat_map(|one| one.failed)
                .collect();
            let statement = report
                .statements
                .iter()
                .find(|one| one.id.eq_ignore_ascii_case(id));
            let violated = statement.is_some_and(is_open);
            let expected = broken.iter().any(|one| one.eq_ignore_ascii_case(id));
            if expected && failed.is_empty() {
                faults.push(format!("{name}: {damage} passes {file}"));
            }
            if !failed.is_empty() && !violated {
                faults.push(format!(
                    "{name}: {damage} fails {file}, not verify: {failed:?}"
                ));
            }
        }
        faults
    });
}

/// Both sides of every `&&`.
fn parts(node: &Node) -> usize {
    match &node.expression {
        Expression::Binary(Binary::And, left, right) => parts(left) + parts(right),
        _ => 1,
    }
}

#[test]
fn most_checks_of_the_examples_are_said() {
    let (mut said, mut unsaid) = (0, 0);
    for name in [
        "ai-agent-connector",
        "ape-2026",
        "task-api",
        "task-api-embedded",
        "trevor",
    ] {
        let case = Case::example(name);
        let (resolved, _) = taskspec_spec::resolve(&case.spec);
        let criteria = resolved.expect("the example is right").base.criteria;
        let checks = criteria.iter().flat_map(|one| one.check.iter());
        let all: usize = checks
            .map(|check| parts(&cel::read(&check.that.value.0).expect("it is CEL")))
            .sum();
        let built = case.build();
        let left: usize = files(&built)
            .iter()
            .map(|file| {
                let lines = built.text(file).lines();
                lines.filter(|line| line.starts_with("#   ")).count()
            })
            .sum();
        // Criteria without a file.
        let silent: usize = criteria
            .iter()
            .filter(|one| {
                let file = format!("tests/{}_test.yaml", one.id.value.0.to_lowercase());
                !files(&built).contains(&file)
            })
            .flat_map(|one| one.check.iter())
            .map(|check| parts(&cel::read(&check.that.value.0).expect("it is CEL")))
            .sum();
        println!(
            "{name}: {} of {all} parts of checks are said",
            all - left - silent
        );
        said += all - left - silent;
        unsaid += left + silent;
    }
    println!("{said} of {}", said + unsaid);
    assert!(said > 2 * unsaid, "{said} said, {unsaid} not");
}

/// Whether the verifier takes a text as CEL; names are another matter.
fn verifier_reads(text: &str) -> bool {
    match expression::Expression::read(text, &[]) {
        Ok(_) => true,
        Err(fault) => ["nobody knows", "is a function", "there is no function"]
            .iter()
            .any(|words| fault.message.contains(words)),
    }
}

#[test]
fn both_readers_take_the_same_texts() {
    let mut texts: Vec<String> = include_str!("expressions.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .map(|line| line.replace("⏎", "\n"))
        .collect();
    for case in Case::all() {
        let (resolved, _) = taskspec_spec::resolve(&case.spec);
        let criteria = resolved.map(|resolved| resolved.base.criteria);
        let checks = criteria.iter().flatten().flat_map(|one| one.check.iter());
        texts.extend(checks.map(|check| check.that.value.0.clone()));
    }
    let whole: Vec<String> = texts.clone();
    for text in whole {
        // What is left of it without one sign, and up to one sign.
        for (at, sign) in text.char_indices() {
            texts.push(text[..at].to_owned());
            texts.push(format!("{}{}", &text[..at], &text[at + sign.len_utf8()..]));
        }
    }
    texts.sort();
    texts.dedup();
    let n_texts = texts.len();
    let differ = parallel::map(texts, |text| {
        let (own, other) = (cel::read(&text).is_ok(), verifier_reads(&text));
        (own != other).then(|| format!("{text:?}: compiler {own}, verifier {other}"))
    });
    let differ: Vec<String> = differ.into_iter().flatten().collect();
    // CEL has these, the verifier's library does not.
    for text in ["\"\"\"a\"b\"\"\"", r"'\X41'", r"br'\d'"] {
        assert_eq!(
            (cel::read(text).is_ok(), verifier_reads(text)),
            (true, false),
            "{text}"
        );
    }
    assert!(
        differ.is_empty(),
        "{} of {n_texts} differ:\n{}",
        differ.len(),
        differ.join("\n")
    );
}

#[test]
fn a_packaged_chart_has_no_files_of_tests_but_its_test_of_helm() {
    for helm in Helm::all() {
        let built = Case::example("task-api-embedded").build();
        assert!(!files(&built).is_empty());
        let folder = TempDir::new().expect("a temporary folder");
        let output = helm
            .command()
            .args(["package", "."])
            .arg("--destination")
            .arg(folder.path())
            .current_dir(built.path())
            .output()
            .expect("Helm starts");
        assert!(output.status.success(), "Helm {}: {output:?}", helm.version);
        let archive = folder.path().join("task-api-1.0.0.tgz");
        let listed = Command::new("tar")
            .arg("tzf")
            .arg(archive)
            .output()
            .expect("tar starts");
        let names = String::from_utf8_lossy(&listed.stdout).into_owned();
        assert!(
            names.contains("/templates/tests/test-connection.yaml"),
            "{names}"
        );
        assert!(
            !names.contains("task-api/tests/"),
            "Helm {}: {names}",
            helm.version
        );
    }
}

/// Texts of a specification stay data in a file of tests.
#[test]
fn hostile_texts_stay_texts() {
    let case = Case::example("task-api");
    let title = "{{ fail \"x\" }}: # 'no' \\\" - [a]";
    let spec = case
        .spec
        .replace("One helm install deploys the complete stack", &title.replace('\\', "\\\\").replace('"', "\\\""))
        .replace(
            "that = \"workload('agent').replicas == 3\"",
            "that = \"\"\"\nworkload('agent').env['LOG_LEVEL'] != '{{ no }}: # x' &&\n  spec == {'{{ a': 1} # '\"\"\"",
        );
    let case = Case {
        name: "hostile".to_owned(),
        spec: spec.replace("spec == {'{{ a': 1} # '", "spec == {'{{ a': 1}"),
    };
    let built = case.build();
    let suite = built.data("tests/c1_test.yaml");
    assert_eq!(suite["suite"], format!("C1: {title}"));
    let text = suite.to_string();
    assert!(text.contains("{{ no }}: # x"), "{text}");
    assert!(
        built
            .text("tests/c1_test.yaml")
            .contains("#   in prod: spec == {'{{ a': 1}\n")
    );
    for outcome in outcomes(&built, &Helm::newest(), "tests/c1_test.yaml") {
        assert_eq!(outcome.failed, Vec::<String>::new());
    }
}

/// Expressions over the production of an example, true and false ones. What the
/// files say of them is what `verify` says.
const SAID: &[(&str, &str, &[&str])] = &[
    (
        "task-api-embedded",
        "prod",
        &[
            "workload('agent').replicas > 2",
            "workload('agent').replicas > 3",
            "4 > workload('agent').replicas",
            "workload('agent').mostReplicas < 3",
            "workload('agent').replicas != 3",
            "workload('agent').replicas >= 3 && 3 <= workload('agent').replicas",
            "workload('agent').name.endsWith('agent-prod')",
            "workload('agent').name.startsWith('no.e')",
            "workload('agent').kind in ['Deployment', 'StatefulSet']",
            "workload('agent').kind in ['Job']",
            "workload('agent').env['LOG_LEVEL'] in ['info', 'warn', 'warning']",
            "workload('agent').env['NOT_THERE'] == 'x' || true",
            "workload('agent').object.metadata.namespace == 'ns'",
            "'app.kubernetes.io/name' in workload('agent').object.metadata.labels",
            "'app.kubernetes.io/nothing' in workload('agent').object.metadata.labels",
            "workload('agent').container.ports.size() == 1",
            "workload('agent').container.ports.size() > 1",
            "workload('agent').container.ports.size() >= 1",
            "workload('agent').containers[0].name == 'agent'",
            "workload('agent').containers[1].name == 'agent'",
            "workload('agent').init.size() == 0",
            "workload('agent').init.size() > 0",
            "workload('agent').container.securityContext.readOnlyRootFilesystem",
            "!workload('agent').container.securityContext.readOnlyRootFilesystem",
            "!workload('agent').container.securityContext.allowPrivilegeEscalation",
            "'ALL' in workload('agent').container.securityContext.capabilities.drop",
            "'NET_ADMIN' in workload('agent').container.securityContext.capabilities.drop",
            "has(workload('agent').container.livenessProbe)",
            "has(workload('agent').container.nothing)",
            "!has(workload('agent').container.nothing)",
            "!has(workload('agent').container.nothing.inside)",
            "!has(object('Deployment', 'agent').spec.replicas)",
            "workload('agent').container.nothing == 1",
            "workload('agent').container.nothing != 1",
            "workload('postgresql').kind == 'StatefulSet'",
            "workload('postgresql').replicas == 2",
            "workload('redis').container.securityContext.runAsNonRoot",
            "has('StatefulSet', 'redis') && has('Service', 'agent')",
            "has('PodDisruptionBudget', 'agent')",
            "!has('PodDisruptionBudget', 'agent')",
            "!has('NetworkPolicy', 'agent')",
            "has('Job', 'migrate')",
            "!has('Job', 'migrate')",
            "object('Job', 'migrate').spec.backoffLimit >= 0",
            "object('PodDisruptionBudget', 'agent').spec.maxUnavailable == 1",
            "object('NetworkPolicy', 'agent').spec.policyTypes == ['Ingress', 'Egress']",
            "object('NetworkPolicy', 'agent').spec.policyTypes == ['Egress']",
            "'Egress' in object('NetworkPolicy', 'agent').spec.policyTypes",
            "object('Service', 'agent').spec.ports.exists(p, p.name == 'http' && p.protocol == 'TCP')",
            "object('Service', 'agent').spec.ports.exists(p, p.name == 'grpc')",
            "object('Service', 'agent').spec.ports.exists(p, has(p.nodePort))",
            "['agent', 'nobody'].all(name, has('Deployment', name))",
            "['Deployment', 'Service'].all(kind, has(kind, 'agent'))",
            "objects('Deployment').size() == 1",
            "objects('Deployment').size() == 2",
            "objects('Deployment').size() > 0",
            "objects('Deployment')[0].spec.replicas == 3",
            "objects('Ingress').size() == 0",
            "objects('ConfigMap').size() == 0",
            "refused()",
            "!refused()",
        ],
    ),
    (
        "trevor",
        "prod",
        &[
            "workload('trevor').replicas == 2 || true",
            "workload('worker').env['LOG_LEVEL'] == workload('trevor').env['LOG_LEVEL']",
            "workload('worker').replicas >= 2",
            "object('Job', 'migrate').metadata.annotations['helm.sh/hook'] == 'pre-install,pre-upgrade'",
            "object('Job', 'migrate').metadata.annotations['helm.sh/hook'].startsWith('post')",
            "!has('Ingress', 'trevor')",
            "has('Ingress', 'trevor')",
            "!has('Job', 'migrate')",
            "has('ServiceMonitor', 'trevor')",
            "objects('Deployment').size() == 2",
        ],
    ),
];

#[test]
fn what_is_said_of_an_expression_is_what_verify_says() {
    let helm = Helm::newest();
    let mut n_said = 0;
    for (name, environment, expressions) in SAID {
        let mut case = Case::example(name);
        for (number, expression) in expressions.iter().enumerate() {
            case.spec += &format!(
                "\n[[criteria]]\nid = \"X{number}\"\ntitle = \"X\"\n[[criteria.check]]\nin = [\"{environment}\"]\nthat = {expression:?}\n"
            );
        }
        let built = case.build();
        let mut examination = examination(&built, &case.spec, &helm);
        // The namespace of the files is that of the environment.
        for rendering in &mut examination.renderings {
            let namespace = format!("namespace: {:?}", rendering.case.environment);
            if let Ok(text) = &mut rendering.manifests {
                *text = text.replace("namespace: \"ns\"", &namespace);
            }
        }
        let report = judge(&examination);
        let jobs: Vec<(usize, &&str)> = expressions.iter().enumerate().collect();
        let results = parallel::map(jobs, |(number, expression)| {
            let id = format!("X{number}");
            let statement = report.statements.iter().find(|one| one.id == id);
            let statement = statement.expect("verify judges every criterion");
            let holds = statement.faults().next().is_none();
            let file = format!("tests/{}_test.yaml", id.to_lowercase());
            if !files(&built).contains(&file) {
                return (false, None);
            }
            let whole = !built.text(&file).contains("#   ");
            let mut all = outcomes(&built, &helm, &file).into_iter();
            let passes = all.all(|one| one.failed.is_empty());
            let fault = (whole && passes != holds)
                .then(|| format!("{name}: {expression}: verify {holds}, the file {passes}"));
            (whole, fault)
        });
        n_said += results.iter().filter(|(said, _)| *said).count();
        for ((said, _), expression) in results.iter().zip(expressions.iter()) {
            println!(
                "{} {name}: {expression}",
                if *said { "said  " } else { "unsaid" }
            );
        }
        parallel::report(results.into_iter().filter_map(|(_, fault)| fault).collect());
    }
    assert!(n_said >= 60, "only {n_said} are said");
}
