//! Values files of environments: they hold only what differs, merging loses
//! nothing, and numbers keep their spelling on the way.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use taskspec_tests::chart::{Built, Case, Variant, copy, merged, temporary, write};
use taskspec_tests::manifest::{self, Object};
use taskspec_tests::parallel;
use taskspec_tests::tools::{Helm, said};

fn all() -> Vec<Built> {
    parallel::map(Case::all(), |case| case.build())
}

/// What a values file says again, or removes although it is not there.
fn repeats(base: &Value, over: &Value, path: &str, found: &mut Vec<String>) {
    match (base.as_object(), over.as_object()) {
        (Some(low), Some(high)) => {
            for (key, value) in high {
                match low.get(key) {
                    Some(below) => repeats(below, value, &format!("{path}.{key}"), found),
                    None if value.is_null() => found.push(format!("{path}.{key} removes nothing")),
                    None => {}
                }
            }
        }
        _ if base == over => found.push(format!("{path} says the same again")),
        _ => {}
    }
}

#[test]
fn a_values_file_of_an_environment_holds_only_what_differs() {
    let mut faults = Vec::new();
    for chart in all() {
        let base = chart.data("values.yaml");
        for environment in &chart.chart.environments {
            let mut found = Vec::new();
            repeats(&base, &chart.data(&environment.values_file), "", &mut found);
            faults.extend(
                found
                    .into_iter()
                    .map(|fault| format!("{} {}: {fault}", chart.case, environment.name)),
            );
        }
    }
    parallel::report(faults);
}

/// Writing an environment's facts into the specification itself gives the same
/// values as merging its file: nothing is lost on the way.
#[test]
fn merging_equals_building_for_the_environment_alone() {
    for name in ["task-api", "task-api-embedded"] {
        let case = Case::example(name);
        let chart = case.build();
        let base = chart.data("values.yaml");
        let mut prod = case.spec.clone();
        for (from, to) in [
            ("replicas = 1\nmax", "replicas = 3\nmax"),
            (
                "cpu = { request = \"500m\", limit = \"1\" }\nmemory = { request = \"512Mi\", limit = \"1Gi\" }\nuses",
                "cpu = { request = \"500m\", limit = \"2\" }\nmemory = { request = \"1Gi\", limit = \"2Gi\" }\nuses",
            ),
            (
                "LOG_LEVEL = \"info\"\nWORKER_THREADS = 4",
                "LOG_LEVEL = \"warn\"\nWORKER_THREADS = 8",
            ),
            (
                "storage = \"10Gi\"\nmetrics = true",
                "storage = \"50Gi\"\nreplicas = 2\nmetrics = true",
            ),
            (
                "user = \"agent_user\"\nstorage = \"10Gi\"\n\n",
                "user = \"agent_user\"\nstorage = \"50Gi\"\n\n",
            ),
            (
                "storage = \"1Gi\"\nreplicas = 1",
                "storage = \"10Gi\"\nreplicas = 2",
            ),
            (
                "from = \"embedded/valkey\"\nstorage = \"1Gi\"",
                "from = \"embedded/valkey\"\nstorage = \"10Gi\"",
            ),
            (
                "source = \"generate\"",
                "source = \"existing\"\nname = \"task-api-credentials\"",
            ),
        ] {
            prod = prod.replacen(from, to, 1);
        }
        let alone = Case {
            name: format!("{name} as prod"),
            spec: prod,
        }
        .build();
        assert_eq!(
            merged(&base, &chart.data("values-prod.yaml")),
            alone.data("values.yaml"),
            "{name}"
        );
    }
}

fn object<'a>(objects: &'a [Object], kind: &str) -> &'a Value {
    &objects
        .iter()
        .find(|object| object.kind() == kind && object.is_own())
        .expect("the object is there")
        .value
}

/// Whole numbers keep their digits however they arrive.
#[test]
fn numbers_in_variables_keep_their_spelling() {
    let chart = Case::example("task-api-embedded").build();
    for helm in Helm::all() {
        let values = json!({ "agent": { "env": { "FILE": 1_000_000, "BIG": 9_007_199_254_740_991_i64, "NO": false } }, "migration": { "env": { "FILE": 12_345_678 } } });
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        write(file.path(), &values.to_string());
        let path = file.path().display().to_string();
        let more = [
            "--values",
            &path,
            "--set",
            "agent.env.SET=1000000,agent.env.HALF=0.5",
            "--set-string",
            "agent.env.TEXT=1000000",
        ];
        let text = chart
            .render(&helm, "agent", &chart.variants()[0], &more)
            .expect("the chart renders");
        let objects = manifest::parse(&text).expect("the objects are YAML");
        let data = objects
            .iter()
            .find(|o| o.kind() == "ConfigMap" && !o.value["data"]["FILE"].is_null())
            .expect("a ConfigMap");
        let expected = BTreeMap::from([
            ("FILE", "1000000"),
            ("BIG", "9007199254740991"),
            ("NO", "false"),
            ("SET", "1000000"),
            ("TEXT", "1000000"),
            ("HALF", "0.5"),
        ]);
        for (key, value) in expected {
            assert_eq!(
                data.value["data"][key], value,
                "Helm {} {key}",
                helm.version
            );
        }
        let job = object(&objects, "Job").to_string();
        assert!(job.contains("\"12345678\""), "Helm {}: {job}", helm.version);
    }
}

/// A chart of charts takes it as a dependency, with `global` and a condition.
#[test]
fn the_chart_works_inside_another_chart() {
    let charts = [
        Case::example("task-api-embedded").build(),
        Case::own("outside").build(),
        Case::own("bare").build(),
    ];
    for chart in &charts {
        let name = &chart.chart.name;
        let folder = temporary();
        let umbrella = folder.path().join("umbrella");
        let metadata = format!(
            "apiVersion: v2\nname: umbrella\nversion: 0.1.0\ndependencies:\n  - name: {name}\n    version: \"*\"\n    repository: \"\"\n    condition: {name}.enabled\n"
        );
        write(&umbrella.join("Chart.yaml"), &metadata);
        write(&umbrella.join("templates/none.txt"), "");
        write(
            &umbrella.join("values.yaml"),
            &format!(
                "global:\n  imageRegistry: mirror.example.com\n  more: {{}}\n{name}:\n  enabled: true\n"
            ),
        );
        copy(&chart.path(), &umbrella.join("charts").join(name));
        for helm in Helm::all() {
            let render = |more: &[&str]| {
                let mut command = helm.command();
                command
                    .args(["template", "r"])
                    .arg(&umbrella)
                    .args(["--namespace", "ns"])
                    .args(more);
                command.output().expect("Helm starts")
            };
            let output = render(&[]);
            assert!(
                output.status.success(),
                "{name} Helm {}: {}",
                helm.version,
                said(&output)
            );
            let objects = manifest::parse(&String::from_utf8_lossy(&output.stdout))
                .expect("the objects are YAML");
            let images: Vec<String> = objects
                .iter()
                .filter_map(Object::pod)
                .flat_map(|pod| pod.containers())
                .map(|c| c["image"].to_string())
                .collect();
            assert!(
                !images.is_empty()
                    && images
                        .iter()
                        .all(|image| image.starts_with("\"mirror.example.com/")),
                "{images:?}"
            );
            let off = render(&["--set", &format!("{name}.enabled=false")]);
            assert!(
                off.status.success()
                    && manifest::parse(&String::from_utf8_lossy(&off.stdout))
                        .is_ok_and(|objects| objects.is_empty()),
                "{}",
                said(&off)
            );
        }
    }
}

/// The default of a variant is what the README's commands render.
#[test]
fn environments_say_what_was_asked() {
    let chart = Case::example("task-api").build();
    let helm = Helm::newest();
    for (name, replicas, cpu, memory, level, threads) in [
        ("dev", 1, "100m", "256Mi", "debug", "1"),
        ("staging", 2, "250m", "512Mi", "info", "2"),
        ("prod", 3, "500m", "1Gi", "warn", "8"),
    ] {
        let variants = chart.variants();
        let variant: &Variant = variants
            .iter()
            .find(|variant| variant.name == name)
            .expect("the environment is there");
        let release = variant.release.clone().expect("the README names a release");
        let text = chart
            .render(&helm, &release, variant, &[])
            .expect("the chart renders");
        let objects = manifest::parse(&text).expect("the objects are YAML");
        let spec = &object(&objects, "Deployment")["spec"];
        let requests = &spec["template"]["spec"]["containers"][0]["resources"]["requests"];
        assert_eq!(
            *spec.pointer("/replicas").expect("replicas"),
            json!(replicas),
            "{name}"
        );
        assert_eq!(*requests, json!({ "cpu": cpu, "memory": memory }), "{name}");
        let data = &object(&objects, "ConfigMap")["data"];
        assert_eq!(
            (data["LOG_LEVEL"].as_str(), data["WORKER_THREADS"].as_str()),
            (Some(level), Some(threads)),
            "{name}"
        );
    }
}

/// What only one environment has: in the others pods wait all the same, and no
/// empty ConfigMap or list of claims is left.
#[test]
fn what_one_environment_has_leaves_nothing_in_the_others() {
    let chart = Case::own("apart").build();
    let helm = &Helm::all()[0];
    let objects = |environment: &str| {
        let variants = chart.variants();
        let variant = variants.iter().find(|one| one.name == environment);
        let variant = variant.expect("the environment is known");
        let text = chart
            .render(helm, "shop", variant, &[])
            .expect("it renders");
        manifest::parse(&text).expect("the objects are YAML")
    };
    let (dev, prod) = (objects("dev"), objects("prod"));
    let pods = |objects: &[Object], name: &str| {
        let found = objects
            .iter()
            .find(|object| object.name() == name && !object.value["spec"]["template"].is_null());
        found.expect("the workload is there").value["spec"]["template"]["spec"].clone()
    };
    let names = |list: &Value| -> Vec<String> {
        let items = list.as_array().into_iter().flatten();
        let names = items.map(|one| one["name"].as_str().unwrap_or_default().to_owned());
        names.collect()
    };

    for workload in ["shop", "shop-worker"] {
        let (dev, prod) = (pods(&dev, workload), pods(&prod, workload));
        assert_eq!(names(&dev["initContainers"]), ["wait-for-servers"]);
        assert_eq!(
            dev["initContainers"][0]["env"][0]["value"],
            json!("shop-postgresql:5432")
        );
        assert_eq!(names(&prod["initContainers"]), ["wait-for-migrations"]);
        // The worker shares what the API has, files as well.
        let with_files = |pods: &Value| -> bool {
            names(&pods["volumes"])
                .iter()
                .any(|one| one.ends_with("files"))
        };
        assert!(!with_files(&dev), "{workload}");
        assert!(with_files(&prod), "{workload}");
        let mounts = prod["containers"][0]["volumeMounts"].as_array();
        assert!(
            mounts
                .into_iter()
                .flatten()
                .any(|mount| mount["mountPath"] == "/etc/app/shop.conf"),
            "{workload}"
        );
    }
    let config = |objects: &[Object]| objects.iter().any(|one| one.name() == "shop-files");
    assert!(!config(&dev));
    assert!(config(&prod));

    let search = |objects: &[Object]| {
        let found = objects
            .iter()
            .find(|one| one.kind() == "StatefulSet" && one.name() == "shop-search");
        found.expect("the search is there").value["spec"].clone()
    };
    let spec = search(&dev);
    assert!(spec.get("volumeClaimTemplates").is_none(), "{spec}");
    assert!(spec.get("persistentVolumeClaimRetentionPolicy").is_none());
    assert_eq!(
        search(&prod)["volumeClaimTemplates"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );

    let ingress = prod.iter().find(|one| one.kind() == "Ingress");
    assert_eq!(
        ingress.expect("there is an Ingress").value["metadata"]["annotations"]["traefik.ingress.kubernetes.io/router.middlewares"],
        json!("ns-shop-rate-limit@kubernetescrd,infra-headers@kubernetescrd")
    );
}

/// Whether a container shares variables follows from its image, and that cannot
/// follow from an image of one environment.
#[test]
fn an_image_of_a_container_in_one_environment_says_what_it_shares() {
    let spec = |shares: &str| {
        format!(
            r#"
spec = "taskspec/v1"

[intent]
name = "shop"
version = "1.0.0"
summary = "Takes orders"

[workloads.api]
kind = "service"
image = "example/api:1.0.1"
port = 8000

[workloads.api.init.prepare]
command = ["prepare"]
{shares}

[environments.dev.workloads.api.init.prepare]
image = "example/prepare:2"
args = ["--fast"]

[environments.prod]
"#
        )
    };
    let refused = taskspec_plugin::compile(&spec(""), &[]);
    assert!(refused.chart.is_none());
    let said: Vec<&str> = refused.diagnostics.iter().map(|one| one.code).collect();
    assert_eq!(said, ["TS0018"]);
    let case = Case {
        name: "prepare".to_owned(),
        spec: spec("shares-env = true"),
    };
    let chart = case.build();
    for (environment, image, args) in [
        ("dev", "example/prepare:2", json!(["--fast"])),
        ("prod", "example/api:1.0.1", Value::Null),
    ] {
        let variants = chart.variants();
        let variant = variants.iter().find(|one| one.name == environment);
        let text = chart
            .render(&Helm::newest(), "shop", variant.expect("known"), &[])
            .expect("it renders");
        let objects = manifest::parse(&text).expect("the objects are YAML");
        let pod = &object(&objects, "Deployment")["spec"]["template"]["spec"];
        let prepare = &pod["initContainers"][0];
        assert_eq!(prepare["image"], json!(image));
        assert_eq!(prepare["args"], args);
        assert_eq!(prepare["envFrom"], pod["containers"][0]["envFrom"]);
    }
}

/// A specification with a worker that is `like` the API.
fn like(api: &str, worker: &str, environments: &str) -> String {
    format!(
        r#"
spec = "taskspec/v1"

[intent]
name = "shop"
version = "1.0.0"
summary = "Takes orders"

[workloads.api]
kind = "service"
image = "example/api"
port = 8000
{api}

[workloads.worker]
like = "api"
kind = "worker"
command = ["work"]
{worker}

[secrets.keys]
one = {{ generate = 16 }}
two = {{ generate = 16 }}

{environments}
"#
    )
}

/// Templates can lead a variable or a file to one thing only.
#[test]
fn what_differs_between_environments_and_cannot_is_refused() {
    let secret = "env.KEY = { secret = \"one\" }";
    for (spec, said) in [
        (
            like(
                secret,
                "",
                "[environments.dev.workloads.api]\nenv.KEY = { secret = \"two\" }",
            ),
            "`KEY` leads elsewhere in another environment",
        ),
        (
            like(
                secret,
                "",
                "[environments.dev.workloads.worker]\nenv.KEY = \"text\"",
            ),
            "`KEY` is its own in some environments and shared in others",
        ),
        (
            like(
                "files.\"/etc/a\" = \"text\"",
                "",
                "[environments.dev.workloads.worker]\nfiles.\"/etc/a\" = { secret = \"one\" }",
            ),
            "`/etc/a` is its own in some environments and shared in others",
        ),
        (
            like(
                &format!("{secret}\nsidecars.side.command = [\"run\"]"),
                "",
                "[environments.dev.workloads.api.sidecars.side]\nenv.KEY = \"text\"",
            ),
            "`KEY` is its own in some environments and shared in others",
        ),
    ] {
        let refused = taskspec_plugin::compile(&spec, &[]);
        assert!(refused.chart.is_none(), "{said}");
        let messages: Vec<&str> = refused
            .diagnostics
            .iter()
            .map(|one| one.message.as_str())
            .collect();
        assert_eq!(messages, [said]);
    }
}

/// What a workload states itself wins over what it shares.
#[test]
fn what_a_workload_states_itself_wins_over_what_it_shares() {
    let spec = like(
        "env.KEY = { secret = \"one\" }\nfiles.\"/etc/a\" = \"shared\"\nfiles.\"/etc/b\" = \"shared\"",
        "env.KEY = \"plain\"",
        "[environments.dev]\n[environments.prod.workloads.worker]\nfiles.\"/etc/a\" = \"own\"",
    );
    let case = Case {
        name: "like".to_owned(),
        spec,
    };
    let chart = case.build();
    for (environment, own) in [("dev", false), ("prod", true)] {
        let variants = chart.variants();
        let variant = variants.iter().find(|one| one.name == environment);
        let text = chart
            .render(&Helm::newest(), "shop", variant.expect("known"), &[])
            .expect("it renders");
        let objects = manifest::parse(&text).expect("the objects are YAML");
        let worker = objects
            .iter()
            .find(|one| one.kind() == "Deployment" && one.name() == "shop-worker");
        let worker = &worker.expect("a worker").value;
        let container = &worker["spec"]["template"]["spec"]["containers"][0];
        let env = container["env"].as_array().into_iter().flatten();
        assert!(env.clone().all(|one| one["name"] != "KEY"), "{container}");
        let mounts = container["volumeMounts"].as_array().into_iter().flatten();
        let volume = |path: &str| {
            let mut mounts = mounts.clone().filter(|mount| mount["mountPath"] == path);
            mounts.next().map(|mount| mount["name"].clone())
        };
        let expected = if own { "files" } else { "shared-files" };
        assert_eq!(volume("/etc/a"), Some(json!(expected)), "{environment}");
        assert_eq!(volume("/etc/b"), Some(json!("shared-files")));
    }
}
