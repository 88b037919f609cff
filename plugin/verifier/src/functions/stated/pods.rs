//! What is said of pods: when they run, how they are replaced, who they are and where.

use super::{Facts, Stated, duration, pod_spec};
use serde_json::{Map, Value, json};
use taskspec_manifest::{Object, items, text};

/// Schedules, attempts and times of what ends.
pub fn runs(facts: &mut Facts<'_>) {
    for (stated, object) in facts.found() {
        let table = stated.table;
        if stated.stays() {
            continue;
        }
        let job = match stated.kind() {
            "cron" => "spec.jobTemplate.spec",
            _ => "spec",
        };
        if stated.kind() == "cron" {
            let concurrency = match text(&table["concurrency"]) {
                "allow" => "Allow",
                "replace" => "Replace",
                _ => "Forbid",
            };
            for (path, expected) in [
                ("schedule", table["schedule"].clone()),
                ("timeZone", or(&table["time-zone"], json!("Etc/UTC"))),
                ("concurrencyPolicy", json!(concurrency)),
                (
                    "startingDeadlineSeconds",
                    json!(stated.seconds("start-deadline", 300)),
                ),
                ("suspend", or(&table["suspend"], json!(false))),
            ] {
                facts.place(object, &format!("spec.{path}"), expected);
            }
        }
        for (path, key, default) in [
            ("backoffLimit", "retries", 3),
            ("parallelism", "parallelism", 1),
            ("completions", "completions", 1),
        ] {
            facts.place(
                object,
                &format!("{job}.{path}"),
                or(&table[key], json!(default)),
            );
        }
        let time = stated.seconds("timeout", 3600) + waits(object);
        facts.place(object, &format!("{job}.activeDeadlineSeconds"), json!(time));
        facts.place(
            object,
            &format!("{}.restartPolicy", pod_spec(object)),
            json!("Never"),
        );
        if stated.kind() == "job" {
            let mut expected: Vec<&str> = items(&table["on"]).map(text).collect();
            let mut found = object.hooks();
            expected.sort_unstable();
            found.sort_unstable();
            facts.add(
                object,
                "metadata.annotations",
                &json!(found),
                json!(expected),
            );
        }
    }
}

/// Seconds that the first containers of a pod may wait for others.
pub fn waits(object: &Object) -> i64 {
    let pod = super::object_pod(object);
    items(&pod["spec"]["initContainers"])
        .flat_map(|container| items(&container["env"]))
        .filter(|variable| variable["name"] == "WAIT_SECONDS")
        .filter_map(|variable| text(&variable["value"]).parse::<i64>().ok())
        .max()
        .unwrap_or(0)
}

fn or(value: &Value, default: Value) -> Value {
    if value.is_null() {
        default
    } else {
        value.clone()
    }
}

/// Whether a Deployment has a volume that one node mounts.
fn single(stated: &Stated<'_>) -> bool {
    let volumes = stated.table["volumes"].as_object().into_iter().flatten();
    volumes.into_iter().any(|(_, volume)| {
        volume["kind"] == "persistent"
            && matches!(
                text(&volume["access"]),
                "" | "ReadWriteOnce" | "ReadWriteOncePod"
            )
    })
}

pub fn rollout(facts: &mut Facts<'_>) {
    for (stated, object) in facts.found() {
        if !stated.stays() {
            continue;
        }
        let patched = &stated.table["patch"]["object"]["spec"];
        let rollout = &stated.table["rollout"];
        if stated.kind() == "stateful" {
            facts.place(object, "spec.updateStrategy.type", json!("RollingUpdate"));
            let parallel = rollout["parallel"] == true;
            let management = if parallel { "Parallel" } else { "OrderedReady" };
            facts.place(object, "spec.podManagementPolicy", json!(management));
        } else if patched["strategy"].is_null() {
            let recreate = match text(&rollout["strategy"]) {
                "" => single(&stated),
                stated => stated == "recreate",
            };
            if recreate {
                facts.place(object, "spec.strategy.type", json!("Recreate"));
            } else {
                facts.place(object, "spec.strategy.type", json!("RollingUpdate"));
                for (path, key, default) in [
                    ("maxSurge", "max-surge", json!("25%")),
                    ("maxUnavailable", "max-unavailable", json!(0)),
                ] {
                    let path = format!("spec.strategy.rollingUpdate.{path}");
                    facts.place(object, &path, or(&rollout[key], default));
                }
            }
        }
        if patched["minReadySeconds"].is_null() {
            let ready = duration(&rollout["min-ready"]).unwrap_or(5);
            facts.place(object, "spec.minReadySeconds", json!(ready));
        }
        stopping(facts, &stated, object);
    }
}

/// How a pod ends.
fn stopping(facts: &mut Facts<'_>, stated: &Stated<'_>, object: &Object) {
    let table = stated.table;
    let stops = items(&table["pre-stop"]).next().is_some();
    let served = stated.kind() == "service"
        || stated.kind() == "stateful" && stated.ports().iter().any(|port| port.exposed);
    let drain = match (stops, served) {
        (true, _) => 0,
        (false, true) => stated.seconds("drain", 10),
        (false, false) => stated.seconds("drain", 0),
    };
    let spec = pod_spec(object);
    if table["patch"]["pod"]["terminationGracePeriodSeconds"].is_null() {
        let grace = stated.seconds("grace", drain + 30);
        facts.place(
            object,
            &format!("{spec}.terminationGracePeriodSeconds"),
            json!(grace),
        );
    }
    let expected = match (stops, drain) {
        (true, _) => json!({ "preStop": { "exec": { "command": table["pre-stop"] } } }),
        (false, 0) => Value::Null,
        (false, drain) => json!({ "preStop": { "sleep": { "seconds": drain } } }),
    };
    let pods = super::object_pod(object);
    let index = items(&pods["spec"]["containers"]).position(|one| one["name"] == stated.name);
    let path = format!("{spec}.containers[{}].lifecycle", index.unwrap_or(0));
    let found = &pods["spec"]["containers"][index.unwrap_or(0)]["lifecycle"];
    facts.add(object, &path, found, expected);
}

/// Users, tokens and rights.
pub fn identity(facts: &mut Facts<'_>) {
    for (stated, object) in facts.found() {
        let spec = pod_spec(object);
        let table = stated.table;
        let user = or(stated.shared("user"), json!(10001));
        let group = or(stated.shared("group"), user.clone());
        for (key, expected) in [
            ("runAsUser", user),
            ("runAsGroup", group.clone()),
            ("fsGroup", group),
        ] {
            facts.place(object, &format!("{spec}.securityContext.{key}"), expected);
        }
        let account = &table["account"];
        let rights = items(&account["rules"])
            .chain(items(&account["cluster-rules"]))
            .count()
            > 0;
        let token = account["token"].as_bool().unwrap_or(rights);
        facts.place(
            object,
            &format!("{spec}.automountServiceAccountToken"),
            json!(token),
        );
        if let Some(container) = facts.container(object, stated.name) {
            let root = or(stated.shared("read-only-root"), json!(true));
            facts.inside(&container, "securityContext.readOnlyRootFilesystem", root);
        }
        rules(facts, &stated, object);
    }
    let account = &facts.spec["account"];
    if let Some(name) = account["name"].as_str() {
        for (stated, object) in facts.found() {
            if stated.table["account"].is_null() {
                let path = format!("{}.serviceAccountName", pod_spec(object));
                facts.place(object, &path, json!(name));
            }
        }
    }
}

fn rules(facts: &mut Facts<'_>, stated: &Stated<'_>, object: &Object) {
    for (key, kind) in [("rules", "Role"), ("cluster-rules", "ClusterRole")] {
        let expected: Vec<Value> = items(&stated.table["account"][key])
            .map(|rule| {
                let groups = or(&rule["groups"], json!([""]));
                json!([groups, rule["resources"], rule["verbs"], rule["names"]])
            })
            .collect();
        let roles = facts.of_component(kind, stated.name);
        let found: Vec<Value> = roles
            .iter()
            .flat_map(|role| items(&role.value["rules"]))
            .map(|rule| {
                json!([
                    rule["apiGroups"],
                    rule["resources"],
                    rule["verbs"],
                    rule["resourceNames"]
                ])
            })
            .collect();
        let place = roles.first().copied().unwrap_or(object);
        facts.add(place, "rules", &json!(found), json!(expected));
    }
}

pub fn placement(facts: &mut Facts<'_>) {
    for (stated, object) in facts.found() {
        let spec = pod_spec(object);
        let placement = &stated.table["placement"];
        if stated.table["patch"]["pod"].is_object() {
            continue;
        }
        facts.place(
            object,
            &format!("{spec}.nodeSelector"),
            placement["node-labels"].clone(),
        );
        facts.place(
            object,
            &format!("{spec}.priorityClassName"),
            placement["priority"].clone(),
        );
        facts.place(
            object,
            &format!("{spec}.affinity"),
            placement["affinity"].clone(),
        );
        let tolerations: Vec<Value> = items(&super::object_pod(object)["spec"]["tolerations"])
            .map(|one| {
                json!([
                    one["key"],
                    one["value"],
                    one["effect"],
                    one["tolerationSeconds"]
                ])
            })
            .collect();
        let expected: Vec<Value> = items(&placement["tolerations"])
            .map(|one| {
                json!([
                    one["key"],
                    one["value"],
                    one["effect"],
                    duration(&one["stays"])
                ])
            })
            .collect();
        facts.add(
            object,
            &format!("{spec}.tolerations"),
            &json!(tolerations),
            json!(expected),
        );
        if stated.stays() {
            spread(facts, object, placement);
        }
    }
}

fn spread(facts: &mut Facts<'_>, object: &Object, placement: &Value) {
    let pods = super::object_pod(object);
    for (key, topology) in [
        ("nodes", "kubernetes.io/hostname"),
        ("zones", "topology.kubernetes.io/zone"),
    ] {
        let found = items(&pods["spec"]["topologySpreadConstraints"])
            .find(|one| one["topologyKey"] == topology)
            .map_or(Value::Null, |one| {
                json!([one["whenUnsatisfiable"], one["maxSkew"]])
            });
        let expected = match text(&placement[key]) {
            "off" => Value::Null,
            "require" => json!(["DoNotSchedule", 1]),
            _ => json!(["ScheduleAnyway", 1]),
        };
        let path = format!("{}.topologySpreadConstraints", pod_spec(object));
        facts.add(object, &path, &found, expected);
    }
    if object.kind() != "Deployment" {
        return;
    }
    // A rollout counts the pods of its own revision only.
    let all = items(&pods["spec"]["topologySpreadConstraints"]).enumerate();
    for (index, one) in all {
        let path = format!(
            "{}.topologySpreadConstraints[{index}].matchLabelKeys",
            pod_spec(object)
        );
        let expected = json!(["pod-template-hash"]);
        facts.add(object, &path, &one["matchLabelKeys"], expected);
    }
}

/// Labels of every object of the chart, and annotations of pods.
pub fn labels(facts: &mut Facts<'_>) {
    let stated = facts.spec["labels"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    for object in facts.objects.iter().filter(|object| object.is_own()) {
        if object.label("helm.sh/chart").is_empty() {
            continue;
        }
        for (key, value) in &stated {
            let found = object.value["metadata"]["labels"][key].clone();
            facts.add(object, "metadata.labels", &found, value.clone());
            if let Some(pod) = object.pod().filter(|_| object.kind() != "Pod") {
                let found = pod["metadata"]["labels"][key].clone();
                let path = format!("{}.metadata.labels", super::pod_path(object));
                facts.add(object, &path, &found, value.clone());
            }
        }
    }
    for (stated, object) in facts.found() {
        let found = &super::object_pod(object)["metadata"]["annotations"];
        let path = format!("{}.metadata.annotations", super::pod_path(object));
        for (key, value) in stated.table["annotations"]
            .as_object()
            .into_iter()
            .flatten()
        {
            facts.add(object, &path, &found[key], value.clone());
        }
    }
}

/// Sizes, classes and modes of volumes, and sizes of the dependencies' ones.
pub fn storage(facts: &mut Facts<'_>) {
    for (stated, object) in facts.found() {
        for (name, volume) in stated.table["volumes"].as_object().into_iter().flatten() {
            match text(&volume["kind"]) {
                "persistent" if volume["claim"].is_null() => {
                    claim(facts, &stated, object, name, volume);
                }
                "ephemeral" => ephemeral(facts, object, name, volume),
                _ => {}
            }
        }
    }
    dependencies(facts);
}

fn claim(facts: &mut Facts<'_>, stated: &Stated<'_>, object: &Object, name: &str, volume: &Value) {
    let path = "spec.volumeClaimTemplates";
    let templates = items(&object.value["spec"]["volumeClaimTemplates"]);
    let inside = templates
        .into_iter()
        .find(|one| one["metadata"]["name"] == name);
    let end = format!("-{}-{name}", stated.name);
    let claims = facts.objects.iter().find(|one| {
        one.kind() == "PersistentVolumeClaim" && one.is_own() && one.name().ends_with(&end)
    });
    let (place, path, spec) = match (inside, claims) {
        (Some(template), _) => (object, path, &template["spec"]),
        (None, Some(claim)) => (claim, "spec", &claim.value["spec"]),
        (None, None) if stated.kind() != "stateful" && volume["size"].is_string() => {
            // A long release shortens the name.
            let shortened = facts.of_component("PersistentVolumeClaim", stated.name);
            match shortened[..] {
                [one] => (one, "spec", &one.value["spec"]),
                _ => return,
            }
        }
        (None, None) => return facts.missing(&format!("claim {name} of {}", object.id())),
    };
    let modes = json!([or(&volume["access"], json!("ReadWriteOnce"))]);
    for (key, found, expected) in [
        (
            "resources.requests.storage",
            &spec["resources"]["requests"]["storage"],
            volume["size"].clone(),
        ),
        ("accessModes", &spec["accessModes"], modes),
        (
            "storageClassName",
            &spec["storageClassName"],
            volume["class"].clone(),
        ),
    ] {
        facts.add(place, &format!("{path}.{key}"), found, expected);
    }
}

fn ephemeral(facts: &mut Facts<'_>, object: &Object, name: &str, volume: &Value) {
    let pods = super::object_pod(object);
    let found = items(&pods["spec"]["volumes"]).find(|one| one["name"] == name);
    let found = found.map_or(Value::Null, |one| one["emptyDir"].clone());
    let mut expected = Map::new();
    if !volume["size"].is_null() {
        expected.insert("sizeLimit".into(), volume["size"].clone());
    }
    if volume["in-memory"] == true {
        expected.insert("medium".into(), json!("Memory"));
    }
    let path = format!("{}.volumes", pod_spec(object));
    facts.add(object, &path, &found, Value::Object(expected));
}

/// What is said of servers that the compiler itself describes.
fn dependencies(facts: &mut Facts<'_>) {
    let all = facts.spec["dependencies"].as_object().into_iter().flatten();
    for (name, table) in all {
        if !text(&table["from"]).starts_with("embedded/") || table["external"] == true {
            continue;
        }
        let inside = format!("/charts/{name}/");
        let object = facts
            .objects
            .iter()
            .find(|object| object.kind() == "StatefulSet" && object.source.contains(&inside));
        let Some(object) = object else {
            facts.missing(&format!("StatefulSet of {name}"));
            continue;
        };
        let replicas = table["replicas"].as_i64().unwrap_or(0);
        facts.place(object, "spec.replicas", json!(1 + replicas));
        let claims = &object.value["spec"]["volumeClaimTemplates"][0]["spec"];
        let path = "spec.volumeClaimTemplates[0].spec";
        let size = or(&table["storage"], json!("8Gi"));
        let found = &claims["resources"]["requests"]["storage"];
        facts.add(
            object,
            &format!("{path}.resources.requests.storage"),
            found,
            size,
        );
        let found = &claims["storageClassName"];
        facts.add(
            object,
            &format!("{path}.storageClassName"),
            found,
            table["storage-class"].clone(),
        );
        let container = super::Container {
            object,
            path: format!("{}.containers[0]", pod_spec(object)),
            value: &super::object_pod(object)["spec"]["containers"][0],
        };
        let defaults = ["250m", "1", "512Mi", "512Mi"];
        super::containers::amounts(facts, &container, table, defaults);
        settings(facts, object, table);
    }
}

/// The names that a server is set up with.
fn settings(facts: &mut Facts<'_>, object: &Object, table: &Value) {
    let pods = super::object_pod(object);
    let containers =
        items(&pods["spec"]["initContainers"]).chain(items(&pods["spec"]["containers"]));
    let variables: Vec<&Value> = containers.flat_map(|one| items(&one["env"])).collect();
    for (key, variable) in [("database", "APP_DATABASE"), ("user", "APP_USERNAME")] {
        let found = variables.iter().find(|one| one["name"] == variable);
        if let (Some(found), Some(expected)) = (found, table[key].as_str()) {
            let path = format!("{}.initContainers", pod_spec(object));
            facts.add(object, &path, &found["value"], json!(expected));
        }
    }
}
