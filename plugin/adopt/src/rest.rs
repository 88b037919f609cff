//! What is left: dependencies, hooks, tests, and objects that stay as they are.

use crate::container::{self, Place, has_password};
use crate::names;
use crate::quantity;
use crate::sketch::{Scene, without_nulls};
use serde_json::{Map, Value, json};
use taskspec_manifest::{Object, fields, is_empty, items, number, scalar, text};
use taskspec_spec::check::secrets::looks_secret;

/// Charts that this one depends on, as far as the catalog knows them.
pub fn dependencies(scene: &mut Scene<'_>, sources: &[String]) {
    let chart = scene.chart;
    for dependency in &chart.dependencies {
        let called = dependency.alias.as_deref().unwrap_or(&dependency.name);
        let id = format!("Chart.yaml/{}", dependency.name);
        let from = catalog_name(&dependency.repository, &dependency.name, chart.generated);
        let known = scene.chart.catalog.contains(&from);
        let path = format!("dependencies[{called}]");
        if !known {
            scene.omit(&["dependencies"], &id, &path, "the catalog has no such chart: describe it in `[catalog]`, or keep it a release of its own");
            continue;
        }
        let on = chart.dependencies_skipped
            || sources.iter().any(|source| {
                [called, dependency.name.as_str()]
                    .iter()
                    .any(|name| source.contains(&format!("/charts/{name}/")))
            });
        if !on {
            scene.omit(
                &["dependencies"],
                &id,
                &path,
                format!("these values switch it off; `from = \"{from}\"` would bring it"),
            );
            continue;
        }
        // In a release called like the chart, both would have one name.
        let name = names::valid(called).unwrap_or_else(|| "server".to_owned());
        let name = if chart.name.contains(&name) {
            format!("{name}-server")
        } else {
            name
        };
        scene.set(&["dependencies", &name, "from"], json!(from));
        if !from.starts_with("embedded/") && !dependency.version.is_empty() {
            scene.set(
                &["dependencies", &name, "version"],
                json!(dependency.version),
            );
        }
        scene.omit(
            &["dependencies", &name],
            &id,
            &path,
            format!("values below `{called}` are not taken over: say `database`, `user`, `storage` and the like here, and `uses = [\"{name}\"]` at the workloads that connect to it"),
        );
    }
}

/// Name in the catalog: the repository's last part and the chart's name.
fn catalog_name(repository: &str, name: &str, generated: bool) -> String {
    let owner = repository
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    let owner = match owner {
        "" if generated => "embedded",
        "bitnamicharts" => "bitnami",
        owner => owner.trim_end_matches(".github.io"),
    };
    format!("{owner}/{name}")
}

/// Jobs that run before the release: migrations, mostly.
pub fn migrations(scene: &mut Scene<'_>) {
    for index in scene.free("Job") {
        let object = scene.objects[index].clone();
        let before = object
            .hooks()
            .iter()
            .any(|hook| ["pre-install", "pre-upgrade"].contains(hook));
        if !before || object.is_test() || !is_migration(&object) {
            continue;
        }
        let databases: Vec<String> = scene
            .get(&["dependencies"])
            .into_iter()
            .flat_map(fields)
            .filter(|(_, one)| {
                ["postgres", "timescale", "mysql", "mariadb"]
                    .iter()
                    .any(|word| text(&one["from"]).contains(word))
            })
            .map(|(name, _)| name.clone())
            .collect();
        let [database] = databases.as_slice() else {
            scene.decide(
                &object.id(),
                "it stays as it is",
                "it looks like a migration before the release; `[migrations]` with `uses = [\"…\"]` makes one that waits for its database",
            );
            continue;
        };
        scene.assign(index, "", "migration");
        migration(scene, &object, database);
    }
}

fn is_migration(object: &Object) -> bool {
    let spec = object.pod().map_or(&Value::Null, |pod| &pod["spec"]);
    let words = items(&spec["containers"])
        .flat_map(|one| items(&one["command"]).chain(items(&one["args"])))
        .map(text);
    words.chain([object.name()]).any(|word| {
        ["migrat", "alembic", "flyway", "liquibase", "prisma"]
            .iter()
            .any(|tool| word.to_lowercase().contains(tool))
    })
}

fn migration(scene: &mut Scene<'_>, object: &Object, database: &str) {
    let job = &object.value["spec"];
    let spec = object.pod().map_or(Value::Null, |pod| pod["spec"].clone());
    let main = &spec["containers"][0];
    let place = Place {
        at: vec!["migrations"],
        id: object.id(),
        path: "spec.template.spec.containers[0]".to_owned(),
        main: false,
        ports: &[],
    };
    container::draw(scene, &place, main);
    scene.set(&["migrations", "uses"], json!([database]));
    scene.set(&["migrations", "shares-env"], json!(false));
    if let Some(retries) = number(&job["backoffLimit"]) {
        scene.set(&["migrations", "retries"], json!(retries));
    }
    if let Some(time) = quantity::seconds(&job["activeDeadlineSeconds"]) {
        scene.set(&["migrations", "timeout"], json!(time));
    }
    if items(&spec["containers"]).count() > 1 || !is_empty(&spec["initContainers"]) {
        scene.omit(
            &["migrations"],
            &object.id(),
            "spec.template.spec",
            "migrations have one container",
        );
    }
}

/// Pods that `helm test` starts.
pub fn tests(scene: &mut Scene<'_>) {
    let mut number = 0;
    for index in 0..scene.objects.len() {
        let object = scene.objects[index].clone();
        if scene.taken[index] || !object.is_test() {
            continue;
        }
        let reached = reached(scene, &object);
        let Some(first) = reached.first().cloned() else {
            continue;
        };
        scene.assign(index, "", "test");
        number += 1;
        let criterion = json!({
            "id": format!("C{number}"),
            "title": format!("{} answers", reached.join(", ")),
            "why": "the chart had a test for it",
            "test": { "from": first, "reaches": reached },
        });
        let mut list = scene
            .get(&["criteria"])
            .cloned()
            .unwrap_or_else(|| json!([]));
        let known = items(&list).any(|one| one["test"] == criterion["test"]);
        if let Some(list) = list.as_array_mut()
            && !known
        {
            list.push(criterion);
        }
        scene.set(&["criteria"], list);
    }
}

/// Workloads whose Services a test names.
fn reached(scene: &Scene<'_>, object: &Object) -> Vec<String> {
    let spec = object.pod().map_or(&Value::Null, |pod| &pod["spec"]);
    let mut words: Vec<&str> = Vec::new();
    for one in items(&spec["containers"]) {
        words.extend(items(&one["command"]).chain(items(&one["args"])).map(text));
        words.extend(items(&one["env"]).map(|one| text(&one["value"])));
    }
    let mut found = Vec::new();
    for role in scene.roles.iter().filter(|role| role.part == "service") {
        let names_it = |word: &&str| {
            let mut parts = word.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            parts.any(|part| part == role.name)
        };
        if words.iter().any(names_it) && !found.contains(&role.workload) {
            found.push(role.workload.clone());
        }
    }
    found
}

/// Everything that has no role yet stays as it is, but for Secrets.
pub fn manifests(scene: &mut Scene<'_>) {
    let mut list = Vec::new();
    for index in 0..scene.objects.len() {
        if scene.taken[index] {
            continue;
        }
        let object = scene.objects[index].clone();
        let id = object.id();
        if object.kind() == "Secret"
            && !(is_empty(&object.value["data"]) && is_empty(&object.value["stringData"]))
        {
            let name = object.name().to_owned();
            container::own_secret(scene, &name, &["secrets"]);
            continue;
        }
        if leaves(&object.value).any(has_password) {
            scene.assign(index, "", "secret");
            scene.omit(&["manifests"], &id, "", "it has a password in plain text and is not copied: make it yourself, or take the password from a Secret");
            continue;
        }
        let mut value = without_nulls(&object.value);
        let chart = scene.chart.name.clone();
        hide(&mut value, &chart, &mut |name, secret| {
            scene.omit(&["manifests"], &id, &format!("env[{name}]"), format!("its value stood in plain text in the chart and is not copied: put it into a Secret `{secret}` with the key `{name}`"));
        });
        select(scene, &mut value);
        strip(&mut value);
        list.push(value);
        scene.assign(index, "", "raw");
    }
    if !list.is_empty() {
        scene.set(&["manifests"], Value::Array(list));
    }
}

/// An object as it stays, without values of secrets; none where that cannot be.
pub fn raw(object: &Object, chart: &str) -> Option<Value> {
    if object.kind() == "Secret" || leaves(&object.value).any(has_password) {
        return None;
    }
    let mut value = without_nulls(&object.value);
    hide(&mut value, chart, &mut |_, _| ());
    strip(&mut value);
    Some(value)
}

/// Every text in a value.
fn leaves(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::String(text) => Box::new(std::iter::once(text.as_str())),
        Value::Array(list) => Box::new(list.iter().flat_map(leaves)),
        Value::Object(map) => Box::new(map.values().flat_map(leaves)),
        _ => Box::new(std::iter::empty()),
    }
}

/// Takes passwords out of variables; `told` hears the variable and the Secret that
/// has to have it.
fn hide(value: &mut Value, chart: &str, told: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|one| hide(one, chart, told)),
        Value::Object(map) => {
            let name = map.get("name").map(text).unwrap_or_default().to_owned();
            let written = map.get("value").and_then(scalar).unwrap_or_default();
            if looks_secret(&name) && !written.is_empty() && written.parse::<f64>().is_err() {
                let secret = format!("{chart}-secrets");
                let reference = json!({ "secretKeyRef": { "name": secret, "key": name } });
                map.remove("value");
                map.insert("valueFrom".into(), reference);
                told(&name, &secret);
            }
            map.values_mut().for_each(|one| hide(one, chart, told));
        }
        _ => {}
    }
}

/// Lets what selects a workload's pods select those of the new chart.
fn select(scene: &Scene<'_>, value: &mut Value) {
    let path = match text(&value["kind"]) {
        "Service" => "/spec/selector",
        "NetworkPolicy" => "/spec/podSelector/matchLabels",
        "PodDisruptionBudget" | "PodMonitor" => "/spec/selector/matchLabels",
        _ => return,
    };
    let Some(selector) = value.pointer(path) else {
        return;
    };
    let Some(number) = scene.selected(selector) else {
        return;
    };
    let fresh = scene.selector(&scene.workloads[number].name);
    if let Some(selector) = value.pointer_mut(path) {
        *selector = fresh;
    }
}

/// Takes away labels that follow the old chart's version.
fn strip(value: &mut Value) {
    let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
        labels.retain(|key, _| {
            ![
                "helm.sh/chart",
                "chart",
                "heritage",
                "app.kubernetes.io/version",
                "app.kubernetes.io/managed-by",
            ]
            .contains(&key.as_str())
        });
    }
    let empty: Vec<String> = metadata
        .iter()
        .filter(|(_, value)| is_empty(value))
        .map(|(key, _)| key.clone())
        .collect();
    for key in empty {
        metadata.remove(&key);
    }
}

/// Facts of `Chart.yaml`.
pub fn intent(scene: &mut Scene<'_>) {
    let chart = scene.chart;
    let mut said = Map::new();
    let name = chart.spec_name();
    if name != chart.name {
        scene.omit(
            &["intent"],
            "Chart.yaml",
            "name",
            format!("`{}` is no name that the language takes", chart.name),
        );
    }
    said.insert("name".into(), json!(name));
    said.insert("version".into(), json!(chart.version));
    if !chart.app_version().is_empty() && chart.app_version() != chart.version {
        said.insert("app-version".into(), json!(chart.app_version()));
    }
    let summary: String = chart
        .description
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let summary = if summary.is_empty() {
        format!("The chart {}, adopted", chart.name)
    } else {
        summary
    };
    said.insert("summary".into(), json!(summary));
    for (key, value) in [("home", &chart.home), ("icon", &chart.icon)] {
        if !value.is_empty() {
            said.insert(key.into(), json!(value));
        }
    }
    for (key, list) in [("sources", &chart.sources), ("keywords", &chart.keywords)] {
        if !list.is_empty() {
            said.insert(key.into(), json!(list));
        }
    }
    let owners: Vec<Value> = chart
        .maintainers
        .iter()
        .filter(|one| !one.name.is_empty())
        .map(|one| {
            let mut owner = Map::new();
            owner.insert("name".into(), json!(one.name));
            for (key, value) in [("email", &one.email), ("url", &one.url)] {
                if !value.is_empty() {
                    owner.insert(key.into(), json!(value));
                }
            }
            if owner.len() == 1 {
                json!(one.name)
            } else {
                Value::Object(owner)
            }
        })
        .collect();
    if !owners.is_empty() {
        said.insert("owners".into(), Value::Array(owners));
    }
    scene.set(&["intent"], Value::Object(said));
}

/// How the names of the new chart become those of the old one.
pub fn naming(scene: &mut Scene<'_>) {
    let Some(main) = scene.workloads.first() else {
        return;
    };
    if scene.get(&["chart", "layout"]).is_some() {
        return;
    }
    let name = scene.objects[main.object].name().to_owned();
    let full = names::full_name(&scene.release, &scene.chart.name);
    if name == full || name.len() > 53 || scene.objects[main.object].kind() == "Job" {
        return;
    }
    let rest = name
        .strip_prefix(&format!("{}-", scene.release))
        .map(str::to_owned);
    match rest {
        Some(rest) if !scene.release.contains(&rest) => {
            scene.set(&["values", "nameOverride"], json!(rest))
        }
        _ => scene.set(&["values", "fullnameOverride"], json!(name)),
    }
}
