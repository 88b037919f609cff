//! What the chart tells people to run: every command in the README parses and
//! names what the chart makes.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use taskspec_tests::chart::{Built, Case, Variant};
use taskspec_tests::manifest::{self, Object};
use taskspec_tests::parallel;
use taskspec_tests::tools::{Helm, said};

/// The texts of the `sh` blocks.
fn blocks(markdown: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in markdown.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language == "sh", String::new())),
            (Some(_), Some(_)) => blocks.extend(
                open.take()
                    .filter(|(shell, _)| *shell)
                    .map(|(_, text)| text),
            ),
            (Some((_, text)), None) => *text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block without an end");
    blocks
}

fn commands(chart: &Built) -> Vec<String> {
    blocks(chart.text("README.md"))
        .iter()
        .flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| !line.is_empty())
        .collect()
}

/// The word after an option.
fn option<'a>(command: &'a str, name: &str) -> Option<&'a str> {
    let mut words = command.split_whitespace();
    words.by_ref().find(|word| *word == name)?;
    words.next()
}

#[test]
fn every_block_is_a_script() {
    let mut faults = Vec::new();
    for chart in Case::all().iter().map(Case::build) {
        let blocks = blocks(chart.text("README.md"));
        assert!(blocks.len() >= 4, "{}: {} blocks", chart.case, blocks.len());
        for block in blocks {
            let output = Command::new("sh")
                .args(["-n", "-c", &block])
                .output()
                .expect("sh starts");
            if !output.status.success() {
                faults.push(format!("{}: {block}: {}", chart.case, said(&output)));
            }
        }
    }
    parallel::report(faults);
}

#[test]
fn every_command_names_a_release_its_namespace_and_its_values() {
    let mut faults = Vec::new();
    for chart in Case::all().iter().map(Case::build) {
        let known = releases(&chart);
        for command in commands(&chart) {
            let program = command.split_whitespace().next().unwrap_or_default();
            let cluster = program == "kubectl" && !command.contains("create namespace")
                || command.starts_with("helm test")
                || command.contains("helm upgrade");
            let namespace = option(&command, "--namespace").or(option(&command, "-n"));
            if cluster && namespace.is_none() {
                faults.push(format!("{}: no namespace: {command}", chart.case));
            }
            let alien =
                |name: &str| known.iter().all(|(_, known)| known != name) && name != "argocd";
            if let Some(name) = namespace.filter(|name| alien(name)) {
                faults.push(format!("{}: no release in {name}: {command}", chart.case));
            }
            if !["helm", "kubectl", "curl"].contains(&program) {
                faults.push(format!(
                    "{}: neither helm nor kubectl nor curl: {command}",
                    chart.case
                ));
            }
            faults.extend(helm_faults(&chart, &known, &command));
        }
        for environment in &chart.chart.environments {
            if !commands(&chart).contains(&environment.install) {
                faults.push(format!(
                    "{}: no command installs {}",
                    chart.case, environment.name
                ));
            }
        }
    }
    parallel::report(faults);
}

/// Releases with their namespaces: those of the environments, and one of the
/// defaults, which is called like the chart.
fn releases(chart: &Built) -> BTreeSet<(String, String)> {
    let name = &chart.chart.name;
    let environments = chart.chart.environments.iter();
    let environments = environments.map(|e| (e.release.clone(), e.namespace.clone()));
    environments.chain([(name.clone(), name.clone())]).collect()
}

fn helm_faults(chart: &Built, known: &BTreeSet<(String, String)>, command: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let words: Vec<&str> = command.split_whitespace().collect();
    let release = match words.as_slice() {
        ["helm", "upgrade", "--install", release, ..]
        | [
            "helm",
            "test" | "rollback" | "uninstall" | "status",
            release,
            ..,
        ]
        | ["helm", "get", "values", release, ..]
        | ["helm", "template", release, ".", ..] => *release,
        _ => return faults,
    };
    if release.len() > 53 {
        faults.push(format!(
            "{}: Helm refuses the release name in: {command}",
            chart.case
        ));
    }
    let pair = (
        release.to_owned(),
        option(command, "--namespace")
            .unwrap_or_default()
            .to_owned(),
    );
    if !known.contains(&pair) {
        faults.push(format!(
            "{}: no environment has {pair:?}: {command}",
            chart.case
        ));
    }
    // Without a values file: the defaults, as a release called like the chart.
    let defaults = pair == (chart.chart.name.clone(), chart.chart.name.clone());
    let file = option(command, "-f");
    if ["upgrade", "template"].contains(&words[1]) && !(defaults && file.is_none()) {
        let file = file.unwrap_or_default();
        if !chart
            .chart
            .environments
            .iter()
            .any(|e| e.values_file == file && e.namespace == pair.1)
        {
            faults.push(format!(
                "{}: {file} is not the environment's: {command}",
                chart.case
            ));
        }
    }
    faults
}

/// Objects that the commands name exist in the rendering of that release.
#[test]
fn every_object_in_a_command_exists() {
    let helm = Helm::newest();
    let charts: Vec<Built> = parallel::map(Case::all(), |case| case.build());
    let mut jobs: Vec<(&Built, Variant)> = Vec::new();
    for chart in &charts {
        jobs.extend(
            chart
                .variants()
                .into_iter()
                .filter(|variant| variant.release.is_some())
                .map(|variant| (chart, variant)),
        );
    }
    parallel::no_faults(jobs, |(chart, variant)| {
        let release = variant.release.clone().unwrap_or_default();
        let objects = match chart
            .render(&helm, &release, &variant, &[])
            .and_then(|text| manifest::parse(&text))
        {
            Ok(objects) => objects,
            Err(fault) => return vec![fault],
        };
        let namespace = chart
            .chart
            .environments
            .iter()
            .find(|e| e.name == variant.name)
            .map(|e| e.namespace.clone());
        let own = commands(chart)
            .into_iter()
            .filter(|command| option(command, "--namespace") == namespace.as_deref());
        let faults = own.flat_map(|command| {
            missing(&objects, &command)
                .into_iter()
                .map(move |what| format!("{what}: {command}"))
        });
        faults
            .map(|fault| format!("{} {}: {fault}", chart.case, variant.name))
            .collect()
    });
}

/// What a command names and the objects do not have.
fn missing(objects: &[Object], command: &str) -> Vec<String> {
    const KINDS: &[(&str, &str)] = &[
        ("deployment", "Deployment"),
        ("service", "Service"),
        ("job", "Job"),
        ("cronjob", "CronJob"),
        ("statefulset", "StatefulSet"),
        ("pod", "Pod"),
    ];
    let there = |kind: &str, name: &str| {
        objects
            .iter()
            .any(|object| object.kind() == kind && object.name() == name)
    };
    let words: Vec<&str> = command.split_whitespace().collect();
    let mut faults = Vec::new();
    for word in &words {
        for (prefix, kind) in KINDS {
            if let Some(name) = word.strip_prefix(&format!("{prefix}/"))
                && name != "NAME"
                && !there(kind, name)
            {
                faults.push(format!("no {kind} {name}"));
            }
        }
    }
    let bare = match words.as_slice() {
        ["kubectl", "logs", name, ..] if !name.starts_with("--") && !name.contains('/') => {
            Some(("Pod", *name))
        }
        ["kubectl", "describe", "deployment", name, ..] => Some(("Deployment", *name)),
        ["kubectl", "describe", "statefulset", name, ..] => Some(("StatefulSet", *name)),
        ["kubectl", "describe", "cronjob", name, ..] => Some(("CronJob", *name)),
        ["kubectl", "delete" | "describe", "secret", name, ..] => Some(("Secret", *name)),
        _ => None,
    };
    if let Some((kind, name)) = bare
        && !there(kind, name)
        && !(kind == "Secret"
            && objects.iter().any(|object| {
                object.text.contains(&format!("name: \"{name}\""))
                    || object.text.contains(&format!("name: {name}"))
            }))
    {
        faults.push(format!("no {kind} {name}"));
    }
    faults.extend(selector(objects, command));
    faults.extend(kinds(objects, &words, command));
    faults
}

/// Kinds that a command takes by labels and that have no object with them.
fn kinds(objects: &[Object], words: &[&str], command: &str) -> Vec<String> {
    let asked = match words {
        ["kubectl", "rollout", "restart" | "status", kinds, ..] => *kinds,
        ["kubectl", "describe", kind @ ("hpa" | "jobs"), ..] => *kind,
        ["kubectl", "delete", kinds @ "pvc", ..] => *kinds,
        _ => return Vec::new(),
    };
    let Some(selector) = option(command, "--selector") else {
        return Vec::new();
    };
    let labelled = |labels: &Value| {
        selector.split(',').all(|pair| {
            pair.split_once('=')
                .is_some_and(|(key, value)| labels[key] == value)
        })
    };
    let taken = |kind: &str| {
        objects.iter().any(|object| match kind {
            // A StatefulSet gives its claims the labels that it selects by.
            "pvc" => {
                let spec = &object.value["spec"];
                object.kind() == "PersistentVolumeClaim"
                    && labelled(&object.value["metadata"]["labels"])
                    || object.kind() == "StatefulSet"
                        && spec["volumeClaimTemplates"].is_array()
                        && labelled(&spec["selector"]["matchLabels"])
            }
            kind => {
                let kind = match kind {
                    "hpa" => "HorizontalPodAutoscaler",
                    "jobs" => "Job",
                    "deployment" => "Deployment",
                    "statefulset" => "StatefulSet",
                    other => other,
                };
                object.kind() == kind && labelled(&object.value["metadata"]["labels"])
            }
        })
    };
    let absent = asked.split(',').filter(|kind| !taken(kind));
    absent
        .map(|kind| format!("no {kind} is {selector}"))
        .collect()
}

/// A selector that takes nothing.
fn selector(objects: &[Object], command: &str) -> Option<String> {
    let selector = option(command, "--selector").or(option(command, "-l"))?;
    let taken = objects.iter().filter_map(Object::pod).any(|pod| {
        selector.split(',').all(|pair| {
            pair.split_once('=')
                .is_some_and(|(key, value)| pod.labels[key] == value)
        })
    });
    (!taken).then(|| format!("no pod is {selector}"))
}

/// What the text says of an object is only said where one is rendered, with the
/// defaults or in an environment.
#[test]
fn texts_speak_of_what_is_there() {
    type There = fn(&Object) -> bool;
    const CLAIMS: &[(&str, There)] = &[
        ("it goes with the release |", |o| {
            o.kind() == "ExternalSecret"
        }),
        ("store must hold:", |o| o.kind() == "ExternalSecret"),
        ("with random values at the first installation", |o| {
            o.kind() == "Secret"
        }),
        ("kubectl rollout restart", |o| {
            ["Deployment", "StatefulSet"].contains(&o.kind())
        }),
        ("a volume that a StatefulSet makes", |o| {
            o.kind() == "StatefulSet" && o.value["spec"]["volumeClaimTemplates"].is_array()
        }),
        ("kubectl describe hpa", |o| {
            o.kind() == "HorizontalPodAutoscaler"
        }),
        ("A Job fails:", |o| o.kind() == "Job"),
        ("the migration Job,", |o| o.kind() == "Job"),
        ("| Disruption budgets |", |o| {
            o.is_own() && ["Deployment", "StatefulSet"].contains(&o.kind())
        }),
        ("A health check fails:", |o| {
            o.is_own() && ["Deployment", "StatefulSet"].contains(&o.kind())
        }),
    ];
    let helm = Helm::newest();
    parallel::no_faults(Case::all(), |case| {
        let chart = case.build();
        let readme = chart.text("README.md");
        let mut objects = Vec::new();
        for variant in chart.variants() {
            let release = variant.release.clone().unwrap_or("agent".to_owned());
            let rendered = chart.render(&helm, &release, &variant, &[]);
            match rendered.and_then(|text| manifest::parse(&text)) {
                Ok(found) => objects.extend(found),
                Err(fault) => return vec![fault],
            }
        }
        let untrue = CLAIMS
            .iter()
            .filter(|(text, there)| readme.contains(text) && !objects.iter().any(there));
        untrue
            .map(|(text, _)| format!("{}: nothing of the kind: {text}", chart.case))
            .collect()
    });
}

/// Budgets are claimed for exactly the workloads that have one.
#[test]
fn budgets_are_named_as_they_are() {
    let readme = |name: &str| Case::example(name).build().text("README.md").to_owned();
    let row = |text: &str| {
        let found = text.lines().find(|line| line.starts_with("| Disruption"));
        found.unwrap_or_default().to_owned()
    };
    assert_eq!(
        row(&readme("trevor")),
        "| Disruption budgets | trevor (in prod), worker (in prod); none for the single pod of trevor (in dev), worker (in dev) |"
    );
    let crons = Case::read(
        "starters/cron",
        &taskspec_tests::tools::workspace().join("plugin/starters/cron.toml"),
    );
    assert_eq!(row(crons.build().text("README.md")), "");
}

/// Values that the text names stand in the table of values.
#[test]
fn named_values_exist() {
    let mut faults = Vec::new();
    for chart in Case::all().iter().map(Case::build) {
        let readme = chart.text("README.md");
        let parts = readme.split('`').skip(1).step_by(2);
        let named = parts.filter(|part| {
            let path = part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
            let ends = [".digest", ".tag", ".storageClass", ".enabled", ".strategy"];
            path && ends.iter().any(|end| part.ends_with(end)) && !part.starts_with("image.")
        });
        for path in named {
            if !readme.contains(&format!("\n| `{path}` |")) {
                faults.push(format!("{}: no value {path}", chart.case));
            }
        }
    }
    parallel::report(faults);
}

/// `helm dependency build` refuses repositories that Helm does not know.
#[test]
fn repositories_are_added_before_a_locked_build() {
    let mut faults = Vec::new();
    for chart in Case::all().iter().map(Case::build) {
        let commands = commands(&chart);
        let Some(build) = commands.iter().position(|c| c == "helm dependency build") else {
            continue;
        };
        let metadata = chart.data("Chart.yaml");
        let dependencies = metadata["dependencies"].as_array().into_iter().flatten();
        for url in dependencies.filter_map(|one| one["repository"].as_str()) {
            let added = commands[..build]
                .iter()
                .any(|c| c.starts_with("helm repo add ") && c.ends_with(&format!(" {url}")));
            if url.starts_with("http") && !added {
                faults.push(format!("{}: {url} is not added", chart.case));
            }
        }
    }
    parallel::report(faults);
}

/// Empty lines come alone, and code has no backslashes of the text around it.
#[test]
fn the_layout_is_clean() {
    let mut faults = Vec::new();
    for chart in Case::all().iter().map(Case::build) {
        let readme = chart.text("README.md");
        if readme.contains("\n\n\n") || readme.ends_with("\n\n") {
            faults.push(format!("{}: two empty lines", chart.case));
        }
        for line in readme.lines() {
            let longest = line.split('|').map(str::len).max().unwrap_or_default();
            let code = line.split('`').skip(1).step_by(2);
            if code.into_iter().any(|code| code.contains("\\_")) {
                faults.push(format!("{}: a backslash in code: {line}", chart.case));
            }
            if line.starts_with("| `") && longest > 400 {
                faults.push(format!("{}: a long cell: {line}", chart.case));
            }
        }
    }
    parallel::report(faults);
}

/// Artifact Hub reads changes and images from annotations.
#[test]
fn annotations_name_changes_and_images() {
    let chart = Case::example("trevor").build();
    let annotations = &chart.data("Chart.yaml")["annotations"];
    let listed = |key: &str| -> Value {
        let text = annotations[key].as_str().unwrap_or_default();
        manifest::yaml(text).expect("an annotation is YAML")
    };
    let changes = listed("artifacthub.io/changes");
    assert_eq!(changes.as_array().map(Vec::len), Some(5));
    assert_eq!(changes[4]["kind"], "fixed");
    let images = listed("artifacthub.io/images");
    assert_eq!(images[0]["image"], "ghcr.io/example/trevor:0.11.0");
}

/// Links to files of the chart, and headings that links lead to.
#[test]
fn links_lead_somewhere() {
    let mut faults = Vec::new();
    for chart in Case::all().iter().map(Case::build) {
        let readme = chart.text("README.md");
        let headings: BTreeSet<String> = readme
            .lines()
            .filter_map(|line| line.strip_prefix('#'))
            .map(|title| {
                title
                    .trim_start_matches('#')
                    .trim()
                    .to_lowercase()
                    .replace(' ', "-")
            })
            .collect();
        for target in readme
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let found = match target.strip_prefix('#') {
                Some(heading) => headings.contains(heading),
                None => {
                    target.contains("://")
                        || chart.chart.files.iter().any(|file| file.path == target)
                }
            };
            if !found && !target.starts_with("javascript:") {
                faults.push(format!("{}: {target} leads nowhere", chart.case));
            }
        }
    }
    parallel::report(faults);
}

/// Notes show what runs under which name. Helm 3 wants a cluster even for
/// `--dry-run=client`, so the notes are rendered through a copy among the
/// templates there.
#[test]
fn notes_render_with_every_helm() {
    let mut jobs = Vec::new();
    for case in Case::all() {
        jobs.extend(Helm::all().into_iter().map(|helm| (case.clone(), helm)));
    }
    parallel::no_faults(jobs, |(case, helm)| {
        let chart = case.build();
        let notes: PathBuf = chart.path().join("templates/NOTES.txt");
        let shown = chart.path().join("templates/notes-shown.yaml");
        let source = std::fs::read_to_string(&notes).expect("the notes are there");
        let indented = format!(
            "{{{{- define \"notes.shown\" }}}}{source}{{{{ end }}}}notes: {{{{ include \"notes.shown\" . | toJson }}}}\n"
        );
        std::fs::write(&shown, indented).expect("the notes can be copied");
        let mut faults = Vec::new();
        for variant in chart.variants() {
            let release = variant
                .release
                .clone()
                .unwrap_or_else(|| "agent".to_owned());
            let place = format!("{} {} Helm {}", case.name, variant.name, helm.version);
            let objects = match chart
                .render(&helm, &release, &variant, &[])
                .and_then(|text| manifest::parse(&text))
            {
                Ok(objects) => objects,
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            };
            let notes = objects
                .iter()
                .find_map(|object| object.value["notes"].as_str())
                .unwrap_or_default();
            if !notes.contains(&release) || notes.contains("<no value>") || notes.contains("%!") {
                faults.push(format!("{place}: {notes}"));
            }
            for line in notes
                .lines()
                .map(str::trim)
                .filter(|line| line.starts_with("kubectl ") || line.starts_with("helm "))
            {
                let what = missing(&objects, line);
                faults.extend(
                    what.into_iter()
                        .map(|what| format!("{place}: {what}: {line}")),
                );
                if option(line, "--namespace") != Some("ns") {
                    faults.push(format!("{place}: no namespace: {line}"));
                }
            }
        }
        faults
    });
}

/// Helm 4 shows them without a cluster.
#[test]
fn helm_4_shows_the_notes() {
    let chart = Case::example("task-api-embedded").build();
    for helm in Helm::all()
        .into_iter()
        .filter(|helm| helm.version.starts_with("4."))
    {
        let mut command = helm.command();
        let output = command
            .args(["install", "agent"])
            .arg(chart.path())
            .args(["--dry-run=client", "--namespace", "ns"])
            .output();
        let output = output.expect("Helm starts");
        assert!(
            output.status.success() && said(&output).contains("helm test agent --namespace ns"),
            "{}",
            said(&output)
        );
    }
}
