//! What is said of secrets and migrations.

use super::{Container, Facts, containers, duration, pod_spec};
use serde_json::{Value, json};
use taskspec_manifest::{Object, items, text};

/// Variables and files that take a key of a Secret.
pub fn keys(facts: &mut Facts<'_>) {
    for (stated, object) in facts.found() {
        let Some(container) = facts.container(object, stated.name) else {
            continue;
        };
        for (name, value) in stated.merged("env") {
            if let Some(key) = value["secret"].as_str() {
                reference(facts, &container, &name, key);
            }
        }
        uses(facts, &container, &stated.both("uses"));
    }
    existing(facts);
    external(facts);
}

/// Whether a variable takes the key from the Secret that has it.
fn reference(facts: &mut Facts<'_>, container: &Container<'_>, name: &str, key: &str) {
    let secrets = &facts.spec["secrets"];
    let stated = &secrets["keys"][key];
    let variable = items(&container.value["env"]).find(|one| one["name"] == name);
    let found = variable.map_or(Value::Null, |one| one["valueFrom"]["secretKeyRef"].clone());
    let path = format!("{}.env.{name}", container.path);
    let expected = stated["key"].as_str().unwrap_or(key);
    let elsewhere = stated["source"] == "existing"
        || stated["source"].is_null() && secrets["source"] == "existing";
    let expected = if elsewhere { expected } else { key };
    facts.add(container.object, &path, &found["key"], json!(expected));
    let secret = match &stated["name"] {
        Value::Null => &secrets["name"],
        own => own,
    };
    if let (Some(secret), true) = (secret.as_str(), elsewhere) {
        facts.add(container.object, &path, &found["name"], json!(secret));
    }
}

/// The variables with the addresses of what a workload uses.
fn uses(facts: &mut Facts<'_>, container: &Container<'_>, names: &[&Value]) {
    let engine = |name: &str| -> Option<&'static str> {
        let from = text(&facts.spec["dependencies"][name]["from"]);
        let has = |words: &[&str]| words.iter().any(|word| from.contains(word));
        if has(&["postgres", "timescale", "cnpg"]) {
            Some("DATABASE_URL")
        } else if has(&["redis", "valkey"]) {
            Some("REDIS_URL")
        } else {
            None
        }
    };
    let mut wanted = Vec::new();
    for name in names.iter().map(|name| text(name)) {
        let stated = facts.spec["dependencies"][name]["url-env"].as_str();
        let alone = |variable: &str| {
            names
                .iter()
                .filter(|other| engine(text(other)) == Some(variable))
                .count()
                == 1
        };
        let variable = stated.or_else(|| engine(name).filter(|variable| alone(variable)));
        wanted.extend(variable.map(str::to_owned));
    }
    for variable in wanted {
        let there = items(&container.value["env"]).find(|one| one["name"] == variable);
        let path = format!("{}.env.{variable}", container.path);
        let found = match there {
            Some(one) if one["valueFrom"]["secretKeyRef"].is_object() => "from a Secret",
            Some(_) => "text",
            None => "missing",
        };
        let expected = json!("from a Secret");
        facts.add(container.object, &path, &json!(found), expected);
    }
}

/// A Secret that somebody else makes is not made here.
fn existing(facts: &mut Facts<'_>) {
    let secrets = &facts.spec["secrets"];
    let name = &secrets["name"];
    if secrets["source"] != "existing" || !name.is_string() {
        return;
    }
    let made = facts.objects.iter();
    let made = made
        .filter(|object| object.kind() == "Secret" && object.is_own() && *name == object.name());
    for object in made {
        facts.add(object, "", &json!("there"), json!("missing"));
    }
}

/// Where a store keeps what is asked of it.
fn external(facts: &mut Facts<'_>) {
    let secrets = &facts.spec["secrets"];
    let all = facts.objects.iter();
    for object in all.filter(|object| object.kind() == "ExternalSecret" && object.is_own()) {
        if object.label("helm.sh/chart").is_empty() {
            continue;
        }
        let store = &secrets["store"];
        if store.is_object() {
            facts.place(object, "spec.secretStoreRef.name", store["name"].clone());
            let kind = store["kind"].as_str().unwrap_or("SecretStore");
            facts.place(object, "spec.secretStoreRef.kind", json!(kind));
            let refresh = duration(&secrets["refresh"]).unwrap_or(3600);
            let found = duration(&object.value["spec"]["refreshInterval"]);
            facts.add(
                object,
                "spec.refreshInterval",
                &json!(found),
                json!(refresh),
            );
        }
        for (index, entry) in items(&object.value["spec"]["data"]).enumerate() {
            let stated = &secrets["keys"][text(&entry["secretKey"])];
            let path = format!("spec.data[{index}].remoteRef");
            let remote = if stated["remote"].is_null() {
                &secrets["remote"]
            } else {
                &stated["remote"]
            };
            if remote.is_string() {
                facts.add(object, &path, &entry["remoteRef"]["key"], remote.clone());
            }
            if stated["property"].is_string() {
                facts.add(
                    object,
                    &path,
                    &entry["remoteRef"]["property"],
                    stated["property"].clone(),
                );
            } else {
                let key = &entry["secretKey"];
                facts.add(object, &path, &entry["remoteRef"]["property"], key.clone());
            }
        }
    }
}

/// The container that migrates, wherever it runs.
fn migrating<'a>(facts: &Facts<'a>) -> Vec<Container<'a>> {
    let own = facts
        .objects
        .iter()
        .filter(|object| object.is_own() && !object.hooks().contains(&"test"));
    own.filter_map(|object| facts.container(object, "migrate"))
        .filter(|container| {
            let table =
                &facts.spec["workloads"][container.object.label("app.kubernetes.io/component")];
            table["init"]["migrate"].is_null()
        })
        .collect()
}

/// What the migrations run, how long and in which way.
pub fn migrations(facts: &mut Facts<'_>) {
    let table = &facts.spec["migrations"];
    if !table.is_object() || table["strategy"] == "none" {
        for container in migrating(facts) {
            if facts.spec["workloads"]["migrate"].is_null() {
                facts.add(
                    container.object,
                    &container.path,
                    &json!("migrates"),
                    json!("missing"),
                );
            }
        }
        return;
    }
    let found = migrating(facts);
    if found.is_empty() {
        return facts.missing("a container `migrate`");
    }
    for container in &found {
        facts.inside(container, "command", table["command"].clone());
        if let Some(image) = table["image"].as_str() {
            let image = containers::image(facts, image);
            facts.inside(container, "image", json!(image));
        }
        containers::amounts(facts, container, table, ["100m", "500m", "256Mi", "256Mi"]);
        let wanted = table["env"].as_object().cloned().unwrap_or_default();
        containers::variables_of(facts, container, &wanted);
        inherited(facts, container);
        way(facts, container.object);
        if container.object.kind() == "Job" {
            job(facts, container.object);
        }
    }
}

/// Migrations in the image of a workload have its variables, unless `shares-env`
/// says otherwise: as many faults as of the workload that they are most like.
fn inherited(facts: &mut Facts<'_>, container: &Container<'_>) {
    let table = &facts.spec["migrations"];
    let shares = table["shares-env"].as_bool();
    let mut workloads = facts.spec["workloads"].as_object().into_iter().flatten();
    // The workload may be one that is off.
    let is_unsure = workloads.any(|(_, one)| one["enabled"] == false);
    if is_unsure || !shares.unwrap_or(table["image"].is_null()) {
        return;
    }
    let models: Vec<Container<'_>> = facts
        .found()
        .into_iter()
        .filter_map(|(stated, object)| facts.container(object, stated.name))
        .filter(|model| model.value["image"] == container.value["image"])
        .collect();
    let lacks = models.iter().map(|model| lacking(facts, container, model));
    let closest = lacks.min_by_key(Vec::len).unwrap_or_default();
    for (place, found, expected) in closest {
        let path = format!("{}.{place}", container.path);
        facts.add(container.object, &path, &found, expected);
    }
}

/// What a container of the migrations lacks of the variables of a workload:
/// where, what is there, what should be.
fn lacking(
    facts: &Facts<'_>,
    container: &Container<'_>,
    model: &Container<'_>,
) -> Vec<(String, Value, Value)> {
    let own = facts.spec["migrations"]["env"].as_object();
    let is_own = |name: &str| own.is_some_and(|own| own.contains_key(name));
    let mut lacks = Vec::new();
    let known = facts.world.environment_of(container.value);
    let plain = facts.world.environment_of(model.value);
    for (name, value) in plain.as_object().into_iter().flatten() {
        if !is_own(name) && known[name] != *value {
            lacks.push((format!("env.{name}"), known[name].clone(), value.clone()));
        }
    }
    let is_hook = !container.object.hooks().is_empty();
    let taken = items(&model.value["env"]).filter(|one| one["valueFrom"].is_object());
    for one in taken.filter(|one| !is_own(text(&one["name"]))) {
        let all = items(&container.value["env"]);
        // The last one of a name counts.
        let found = all.filter(|other| other["name"] == one["name"]).last();
        let found = found.map_or(Value::Null, |found| source(found, is_hook));
        let expected = source(one, is_hook);
        if found != expected {
            lacks.push((format!("env.{}", text(&one["name"])), found, expected));
        }
    }
    for one in items(&model.value["envFrom"]).filter(|one| one["secretRef"].is_object()) {
        if !items(&container.value["envFrom"]).any(|other| other == one) {
            lacks.push(("envFrom".to_owned(), json!("missing"), one.clone()));
        }
    }
    lacks
}

/// Where a variable comes from. A hook brings a Secret of its own, with the same keys.
fn source(variable: &Value, is_hook: bool) -> Value {
    let mut source = variable["valueFrom"].clone();
    let reference = source.pointer_mut("/secretKeyRef");
    if let (true, Some(Value::Object(reference))) = (is_hook, reference) {
        reference.remove("name");
    }
    source
}

/// Whether they run as the strategy says.
fn way(facts: &mut Facts<'_>, object: &Object) {
    let found = match (object.kind(), object.hooks().is_empty()) {
        ("Job", true) => "job",
        ("Job", false) => "hook",
        _ => "init-container",
    };
    let stated = text(&facts.spec["migrations"]["strategy"]);
    if !["", "auto"].contains(&stated) {
        facts.add(object, "", &json!(found), json!(stated));
    }
    if found == "hook" {
        let annotations = &object.value["metadata"]["annotations"];
        let mut events = object.hooks();
        events.sort_unstable();
        let expected = json!(["pre-install", "pre-upgrade"]);
        facts.add(object, "metadata.annotations", &json!(events), expected);
        let policy = &annotations["helm.sh/hook-delete-policy"];
        facts.add(
            object,
            "metadata.annotations",
            policy,
            json!("before-hook-creation"),
        );
    }
}

fn job(facts: &mut Facts<'_>, object: &Object) {
    let table = &facts.spec["migrations"];
    let retries = table["retries"].as_i64().unwrap_or(3);
    facts.place(object, "spec.backoffLimit", json!(retries));
    let time = duration(&table["timeout"]).unwrap_or(300) + super::pods::waits(object);
    facts.place(object, "spec.activeDeadlineSeconds", json!(time));
    let spec = pod_spec(object);
    facts.place(object, &format!("{spec}.restartPolicy"), json!("Never"));
    if let Some(user) = table["user"].as_i64() {
        facts.place(
            object,
            &format!("{spec}.securityContext.runAsUser"),
            json!(user),
        );
    }
}
