//! Variables and files as containers have them in the end: what the kubelet
//! makes of ConfigMaps, of `env` and of texts that name other variables.

use serde_json::{Map, Value, json};
use taskspec_tests::chart::{Built, Case, Variant};
use taskspec_tests::manifest::{self, Object};
use taskspec_tests::tools::{Helm, workspace};

/// The rendering of one environment, or the default values.
fn rendered(chart: &Built, environment: &str) -> Vec<Object> {
    let variants = chart.variants();
    let is_it = |variant: &&Variant| variant.name == environment;
    let variant = variants.iter().find(is_it).expect("the environment exists");
    let text = chart.render(&Helm::newest(), "shop", variant, &[]);
    manifest::parse(&text.expect("the chart renders")).expect("the objects are YAML")
}

/// A container of the pods that a component's objects make.
fn container<'a>(objects: &'a [Object], component: &str, name: &str) -> &'a Value {
    let pods = objects.iter().filter(|one| one.component() == component);
    let containers = pods
        .filter_map(Object::pod)
        .flat_map(|pod| pod.containers());
    let mut found = containers.filter(|container| container["name"] == name);
    found.next().expect("the container is there")
}

fn items<'a>(container: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    container[key].as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// As the kubelet computes them: ConfigMaps first, then `env` from the top; a
/// text is expanded by what is known at that point.
fn variables(objects: &[Object], container: &Value) -> Map<String, Value> {
    let mut known = Map::new();
    for source in items(container, "envFrom") {
        let name = text(&source["configMapRef"]["name"]);
        let is_it = |one: &&Object| one.kind() == "ConfigMap" && one.name() == name;
        let map = objects.iter().find(is_it).expect("the ConfigMap is there");
        known.extend(map.value["data"].as_object().cloned().unwrap_or_default());
    }
    let mut names: Vec<&str> = Vec::new();
    for variable in items(container, "env") {
        let name = text(&variable["name"]);
        assert!(!names.contains(&name), "{name} stands twice");
        names.push(name);
        let from = &variable["valueFrom"];
        let value = if from["secretKeyRef"].is_object() {
            format!("secret {}", text(&from["secretKeyRef"]["key"]))
        } else if from["fieldRef"].is_object() {
            format!("field {}", text(&from["fieldRef"]["fieldPath"]))
        } else {
            expanded(text(&variable["value"]), &known)
        };
        known.insert(name.to_owned(), json!(value));
    }
    known
}

fn expanded(text: &str, known: &Map<String, Value>) -> String {
    let mut done = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("$(") {
        let named = after.split_once(')');
        let value = named.and_then(|(name, _)| known.get(name)?.as_str());
        done += before;
        match (named, value) {
            (Some((_, end)), Some(value)) => {
                done += value;
                rest = end;
            }
            _ => {
                done += "$(";
                rest = after;
            }
        }
    }
    done + rest
}

/// The texts of the files that it has, or the keys of the Secret.
fn files(objects: &[Object], component: &str, container: &Value) -> Map<String, Value> {
    let pods = objects.iter().filter(|one| one.component() == component);
    let pod = pods.filter_map(Object::pod).next().expect("there is a pod");
    let mut found = Map::new();
    for mount in items(container, "volumeMounts") {
        let mut volumes = items(pod.spec, "volumes");
        let volume = volumes.find(|volume| volume["name"] == mount["name"]);
        let volume = volume.expect("the volume is there");
        let value = if volume["secret"].is_object() {
            format!("secret {}", text(&volume["secret"]["items"][0]["key"]))
        } else if volume["configMap"].is_object() {
            let name = text(&volume["configMap"]["name"]);
            let is_it = |one: &&Object| one.kind() == "ConfigMap" && one.name() == name;
            let map = objects.iter().find(is_it).expect("the ConfigMap is there");
            text(&map.value["data"][text(&mount["subPath"])]).to_owned()
        } else {
            continue;
        };
        let path = text(&mount["mountPath"]).to_owned();
        assert_eq!(found.insert(path, json!(value)), None, "mounted twice");
    }
    found
}

fn chart() -> Built {
    let file = workspace().join("tests/alarms/variables.toml");
    Case::read("variables", &file).build()
}

/// Asserts some of the variables: a URL of the database is none of them.
fn have(objects: &[Object], component: &str, name: &str, expected: Value) {
    let mut found = variables(objects, container(objects, component, name));
    found.retain(|name, _| !name.contains("DATABASE"));
    assert_eq!(Value::Object(found), expected, "{component}/{name}");
}

#[test]
fn what_a_container_states_itself_wins() {
    let chart = chart();
    let objects = rendered(&chart, "defaults");
    for (component, name, expected) in [
        (
            "web",
            "web",
            json!({
                "ALL": "field metadata.name:1/info", "LEVEL": "info", "OWNER": "core",
                "POD": "field metadata.name", "SOURCE": "secret token",
                "URL": "field metadata.name:1",
            }),
        ),
        (
            "web",
            "side",
            json!({
                "ALL": "me:1/info", "LEVEL": "info", "OWNER": "sales", "POD": "me",
                "SOURCE": "secret other", "URL": "me:1",
            }),
        ),
        (
            "web",
            "first",
            json!({
                "ALL": "info", "LEVEL": "info", "OWNER": "core", "POD": "field metadata.name",
                "SOURCE": "info", "URL": "field metadata.name:1", "Z": "info",
            }),
        ),
        (
            "web",
            "alone",
            json!({ "A": "c", "B": "c", "C": "c", "TEAM": "core" }),
        ),
        (
            "worker",
            "worker",
            json!({
                "ALL": "plain/info", "LEVEL": "info", "NEXT": "info-2", "OWNER": "core",
                "POD": "mine", "SOURCE": "none", "URL": "plain",
            }),
        ),
        (
            "worker",
            "side",
            json!({
                "ALL": "secret other/info", "LEVEL": "info", "NEXT": "info-2", "OWNER": "core",
                "POD": "mine", "SOURCE": "none", "URL": "secret other",
            }),
        ),
        (
            "migrate",
            "migrate",
            json!({
                "ALL": "field metadata.name:1/secret other", "LEVEL": "secret other",
                "OWNER": "field metadata.name", "POD": "field metadata.name",
                "SOURCE": "text", "URL": "field metadata.name:1",
            }),
        ),
    ] {
        have(&objects, component, name, expected);
    }
}

#[test]
fn environments_change_texts_that_name_others() {
    let chart = chart();
    let objects = rendered(&chart, "dev");
    let of = |component| variables(&objects, container(&objects, component, component));
    assert_eq!(of("web")["ALL"], "field metadata.name:1/debug");
    assert_eq!(of("worker")["ALL"], "mine:2/debug");
    assert_eq!(of("worker")["NEXT"], "debug-2");
    let objects = rendered(&chart, "prod");
    let worker = variables(&objects, container(&objects, "worker", "worker"));
    assert_eq!(worker["ALL"], "own");
}

#[test]
fn files_of_a_container_replace_those_that_it_shares() {
    let objects = rendered(&chart(), "defaults");
    for (name, expected) in [
        (
            "web",
            json!({
                "/etc/shop/a": "a of web", "/etc/shop/b": "b of web",
                "/etc/shop/key": "secret token",
            }),
        ),
        (
            "side",
            json!({
                "/etc/shop/a": "a of side", "/etc/shop/b": "b of web",
                "/etc/shop/key": "secret other",
            }),
        ),
    ] {
        let found = files(&objects, "web", container(&objects, "web", name));
        assert_eq!(Value::Object(found), expected, "{name}");
    }
}
