//! Every chart renders with every Helm, in every environment, under awkward
//! release names, to the same objects, and the objects hold together.
//!
//! The whole matrix runs: specifications × (defaults + environments) × Helm
//! versions × release names. A rendering takes a fraction of a second, so
//! nothing is sampled; `helm lint --strict`, which does not depend on the
//! release name, runs once for each Helm and environment.

use serde_json::{Value, json};
use taskspec_tests::chart::{Built, Case, Variant};
use taskspec_tests::existing;
use taskspec_tests::manifest::{self, Object};
use taskspec_tests::parallel;
use taskspec_tests::text;
use taskspec_tests::tools::{Helm, said};

/// Release names besides the one of the README: a digit first, a name that
/// contains a dependency's, the longest that Helm accepts.
const RELEASES: &[&str] = &[
    "agent-prod",
    "redis-x",
    "123",
    "r23456789-123456789-123456789-123456789-123456789-123",
];

fn built() -> Vec<Built> {
    parallel::map(Case::all(), |case| case.build())
}

/// The release names of one variant. A name that holds a whole chart name
/// becomes the full name of the objects.
fn releases(chart: &Built, variant: &Variant) -> Vec<String> {
    let mut names: Vec<String> = RELEASES.iter().map(|name| (*name).to_owned()).collect();
    names.push(chart.chart.name.clone());
    names.extend(variant.release.clone());
    if chart.chart.name == "e" {
        names.push("1e3".to_owned());
    }
    names.sort();
    names.dedup();
    names
}

#[test]
fn every_rendering_is_the_same_with_every_helm_and_holds_together() {
    let charts = built();
    let helms = Helm::all();
    let mut jobs = Vec::new();
    for chart in &charts {
        for variant in chart.variants() {
            for release in releases(chart, &variant) {
                jobs.push((chart, variant.clone(), release));
            }
        }
    }
    parallel::no_faults(jobs, |(chart, variant, release)| {
        let place = format!("{} {} release {release}", chart.case, variant.name);
        let faults = rendering(chart, &helms, &variant, &release);
        faults
            .into_iter()
            .map(|fault| format!("{place}: {fault}"))
            .collect()
    });
}

fn rendering(chart: &Built, helms: &[Helm], variant: &Variant, release: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut first: Option<(String, Vec<Value>)> = None;
    for helm in helms {
        let objects = match chart.render(helm, release, variant, &[]).and_then(|text| {
            faults.extend(
                text::misread(&text)
                    .into_iter()
                    .map(|line| format!("read as no text: {line}")),
            );
            manifest::parse(&text)
        }) {
            Ok(objects) => objects,
            // Names in charts of others grow with the release; ours refuses before they burst.
            Err(fault)
                if release == RELEASES[3]
                    && !chart.from_repositories().is_empty()
                    && fault.contains("/validate.yaml") =>
            {
                continue;
            }
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        let comparable = comparable(&objects);
        match &first {
            None => {
                faults.extend(chart.faults(&existing::values(chart, variant), &objects));
                first = Some((helm.version.clone(), comparable));
            }
            Some((version, other)) if *other != comparable => {
                faults.push(format!(
                    "Helm {version} and {} render different objects",
                    helm.version
                ));
            }
            Some(_) => {}
        }
    }
    faults
}

/// Objects in a fixed order, without the random values of the chart's Secret.
fn comparable(objects: &[Object]) -> Vec<Value> {
    let mut values: Vec<(String, Value)> = objects
        .iter()
        .map(|object| {
            let mut value = object.value.clone();
            if let (Some(data), "Secret") = (value["data"].as_object_mut(), object.kind()) {
                data.values_mut().for_each(|value| *value = json!("random"));
            }
            (object.id(), value)
        })
        .collect();
    values.sort_by(|a, b| a.0.cmp(&b.0));
    values.into_iter().map(|(_, value)| value).collect()
}

#[test]
fn lint_finds_nothing() {
    let charts = built();
    let mut jobs = Vec::new();
    for helm in Helm::all() {
        for chart in &charts {
            jobs.extend(
                chart
                    .variants()
                    .into_iter()
                    .map(|variant| (helm.clone(), chart, variant)),
            );
        }
    }
    parallel::no_faults(jobs, |(helm, chart, variant)| {
        let mut command = helm.command();
        command
            .current_dir(chart.path())
            .args(["lint", "--strict", "."]);
        for file in &variant.files {
            command.args(["--values", file]);
        }
        let output = command.output().expect("Helm starts");
        let fault = format!(
            "{} {} Helm {}: {}",
            chart.case,
            variant.name,
            helm.version,
            said(&output)
        );
        if output.status.success() {
            Vec::new()
        } else {
            vec![fault]
        }
    });
}

/// Release names that hold the names of chart and dependency: either every
/// object has a name of its own, or the chart refuses the name.
#[test]
fn a_release_name_never_gives_two_objects_one_name() {
    let helm = Helm::newest();
    let charts: Vec<Built> = ["task-api", "task-api-embedded"]
        .iter()
        .map(|name| Case::example(name).build())
        .collect();
    let names = [
        "task-api-redis",
        "task-api-postgresql",
        "postgresql",
        "redis",
        "redis-postgresql",
        "my-task-api-redis-1",
    ];
    let jobs: Vec<(&Built, &str)> = charts
        .iter()
        .flat_map(|chart| names.map(|name| (chart, name)))
        .collect();
    parallel::no_faults(jobs, |(chart, release)| {
        let variant = &chart.variants()[0];
        let values = existing::values(chart, variant);
        let found = match chart.render(&helm, release, variant, &[]) {
            Ok(text) => manifest::parse(&text).map_or_else(
                |fault| vec![fault],
                |objects| chart.faults(&values, &objects),
            ),
            Err(fault) if fault.contains("templates/validate.yaml") => Vec::new(),
            Err(fault) => vec![fault],
        };
        found
            .into_iter()
            .map(|fault| format!("{} release {release}: {fault}", chart.case))
            .collect()
    });
}

/// What the charts' READMEs offer to switch.
const TOGGLES: &[(&str, &[&str])] = &[
    (
        "task-api",
        &[
            "postgresql.architecture=replication,postgresql.readReplicas.replicaCount=2",
            "postgresql.architecture=standalone,redis.architecture=standalone",
            "redis.architecture=replication,redis.replica.replicaCount=3",
            "postgresql.fullnameOverride=pg,redis.fullnameOverride=cache",
            "nameOverride=agent",
            "fullnameOverride=agent",
            "networkPolicy.enabled=false",
            "tests.enabled=false,migration.enabled=false,serviceAccount.create=false",
            "agent.replicaCount=5,agent.podDisruptionBudget.maxUnavailable=50%",
        ],
    ),
    (
        "trevor",
        &[
            "ingress.enabled=true",
            "ingress.enabled=false",
            "networkPolicy.enabled=true",
            "networkPolicy.enabled=false",
            "autoscaling.enabled=true",
            "autoscaling.enabled=false,replicaCount=3",
            "worker.enabled=false",
            "worker.replicaCount=2",
            "migration.enabled=false",
            "migration.strategy=init-container",
            "migration.strategy=hook",
            "metrics.enabled=false",
            "monitoring.enabled=false",
            "tests.enabled=false",
            "serviceAccount.create=false",
        ],
    ),
    (
        "ape-2026",
        &[
            "ingress.enabled=false",
            "networkPolicy.enabled=false",
            "api.autoscaling.enabled=false",
            "api.autoscaling.minReplicas=1,api.autoscaling.maxReplicas=1",
            "api.metrics.enabled=false",
            "migration.enabled=false",
            "monitoring.enabled=false",
            "prometheus.enabled=false",
            "grafana.enabled=false",
            "neo4j.enabled=false",
            "externalSecret.enabled=true",
            "tests.enabled=false",
            "serviceAccount.create=false",
        ],
    ),
];

/// Each toggle alone, and with each other that does not set the same.
fn combinations(toggles: &[&str]) -> Vec<String> {
    let keys = |settings: &str| -> Vec<String> {
        let pairs = settings.split(',').filter_map(|one| one.split_once('='));
        pairs.map(|(key, _)| key.to_owned()).collect()
    };
    let mut all: Vec<String> = toggles.iter().map(|one| (*one).to_owned()).collect();
    for (place, one) in toggles.iter().enumerate() {
        let others = toggles[place + 1..].iter();
        let others = others.filter(|other| keys(other).iter().all(|key| !keys(one).contains(key)));
        all.extend(others.map(|other| format!("{one},{other}")));
    }
    all
}

/// Toggles alone in every environment, and each with each other in the defaults.
#[test]
fn toggles_leave_objects_that_hold_together() {
    let charts: Vec<(Built, &[&str])> = TOGGLES
        .iter()
        .map(|(name, toggles)| (Case::example(name).build(), *toggles))
        .collect();
    let mut jobs = Vec::new();
    for (chart, toggles) in &charts {
        for variant in chart.variants() {
            let all = match variant.name.as_str() {
                "defaults" => combinations(toggles),
                _ => toggles.iter().map(|one| (*one).to_owned()).collect(),
            };
            jobs.extend(
                all.into_iter()
                    .map(|settings| (chart, variant.clone(), settings)),
            );
        }
    }
    parallel::no_faults(jobs, |(chart, variant, settings)| {
        toggled(chart, &variant, &settings)
    });
}

/// Faults of a rendering with settings. The chart may say that two of them do
/// not go together.
fn toggled(chart: &Built, variant: &Variant, settings: &str) -> Vec<String> {
    // A release name that holds a dependency's is the awkward one.
    let objects = chart
        .render(&Helm::newest(), "redis-x", variant, &["--set", settings])
        .and_then(|text| manifest::parse(&text));
    let values = existing::set(existing::values(chart, variant), settings);
    let found = match objects {
        Ok(objects) => chart.faults(&values, &objects),
        Err(fault) if fault.contains("pods of trevor would migrate at the same time") => Vec::new(),
        Err(fault) => vec![fault],
    };
    found
        .into_iter()
        .map(|fault| format!("{} {} {settings}: {fault}", chart.case, variant.name))
        .collect()
}

/// Network policies find a server's pods by its name, which has to stay.
#[test]
fn a_dependency_keeps_its_name() {
    let chart = Case::example("task-api").build();
    for dependency in ["postgresql", "redis"] {
        let setting = format!("{dependency}.nameOverride=other");
        let rendered = chart.render(
            &Helm::newest(),
            "agent",
            &chart.variants()[0],
            &["--set", &setting],
        );
        assert!(rendered.is_err_and(|fault| fault.contains(&format!("{dependency}.nameOverride"))));
    }
}

/// A Job cannot be changed: its name changes with what it runs, and only then.
#[test]
fn the_migration_job_is_named_after_what_it_runs() {
    let helm = Helm::newest();
    for name in ["task-api", "task-api-embedded"] {
        let chart = Case::example(name).build();
        let job = |more: &[&str]| {
            let text = chart
                .render(&helm, "agent", &chart.variants()[0], more)
                .expect("the chart renders");
            let objects = manifest::parse(&text).expect("the objects are YAML");
            objects
                .iter()
                .find(|object| object.kind() == "Job")
                .expect("there is a Job")
                .name()
                .to_owned()
        };
        let usual = job(&[]);
        for other in [
            "migration.image.tag=v9",
            "migration.env.A=b",
            "migration.command={a,b}",
            "clients.postgresql.image.tag=17.0",
            "migration.resources.limits.cpu=2",
        ] {
            assert_ne!(job(&["--set", other]), usual, "{name}: {other}");
        }
        for same in [
            "agent.replicaCount=2",
            "agent.image.tag=v9",
            "tests.enabled=false",
            "commonAnnotations.a=b",
            "agent.env.X=y",
        ] {
            assert_eq!(job(&["--set", same]), usual, "{name}: {same}");
        }
    }
}

/// A label may not hold a `+`, which a version may.
#[test]
fn a_version_with_build_metadata_is_a_label_and_a_tag() {
    let spec = Case::own("bare")
        .spec
        .replace("version = \"0.1.0\"", "version = \"1.0.0+build.5\"");
    let chart = Case {
        name: "bare with build metadata".to_owned(),
        spec,
    }
    .build();
    let text = chart
        .render(&Helm::newest(), "agent", &chart.variants()[0], &[])
        .expect("the chart renders");
    let objects = manifest::parse(&text).expect("the objects are YAML");
    let deployment = objects
        .iter()
        .find(|object| object.kind() == "Deployment")
        .expect("there is a Deployment");
    assert_eq!(
        deployment.value["metadata"]["labels"]["app.kubernetes.io/version"],
        "1.0.0_build.5"
    );
    let image = &deployment.value["spec"]["template"]["spec"]["containers"][0]["image"];
    assert!(
        image
            .as_str()
            .is_some_and(|image| image.ends_with(":1.0.0_build.5")),
        "{image}"
    );
}

/// Workloads called like the chart's own parts would share their selectors.
#[test]
fn a_workload_cannot_take_the_name_of_a_part_of_the_chart() {
    let spec = Case::example("task-api-embedded").spec;
    for name in [
        "migrate",
        "connection-test",
        "redis",
        "postgresql",
        "redis-headless",
        "postgresql-headless",
    ] {
        let more =
            format!("\n[workloads.{name}]\nkind = \"service\"\nimage = \"a/b\"\nport = 9000\n");
        let spec = spec.replace(
            "\n[dependencies.postgresql]\n",
            &format!("{more}\n[dependencies.postgresql]\n"),
        );
        let compilation = taskspec_plugin::compile(&spec, &[]);
        assert!(compilation.chart.is_none(), "a workload `{name}` compiles");
    }
}
