//! Volumes and what is mounted where.

use crate::container::{Place, own_secret, secret_key};
use crate::names;
use crate::quantity;
use crate::sketch::Scene;
use serde_json::{Map, Value, json};
use taskspec_manifest::{fields, items, scalar, text};

/// The volume's name in the draft if it became one, or why it cannot be said.
type Drawn = Result<Option<String>, String>;

/// Drafts the volumes of a workload: `spec` is that of its pods, `claims` the
/// templates of a StatefulSet.
pub fn draw(
    scene: &mut Scene<'_>,
    place: &Place<'_>,
    spec: &Value,
    claims: &Value,
    container: &Value,
) {
    let mut mounted = Vec::new();
    for mount in items(&container["volumeMounts"]) {
        let name = text(&mount["name"]);
        let path = format!("volumeMounts[{name}]");
        let volume = items(&spec["volumes"]).find(|one| text(&one["name"]) == name);
        let claim = items(claims).find(|one| text(&one["metadata"]["name"]) == name);
        let drawn = match (volume, claim) {
            (_, Some(claim)) => persistent(scene, place, mount, &claim["spec"], None),
            (Some(volume), None) => one(scene, place, mount, volume),
            (None, None) => Err("there is no such volume".to_owned()),
        };
        match drawn {
            Ok(Some(name)) => mounted.push(json!(name)),
            Ok(None) => {}
            Err(why) => scene.omit(&place.at, &place.id, &format!("{}.{path}", place.path), why),
        }
    }
    // A container beside the workload's own would get all volumes.
    if place.at.len() == 4 {
        let mut at = place.at.clone();
        at.push("mounts");
        scene.set(&at, Value::Array(mounted));
    }
}

fn one(scene: &mut Scene<'_>, place: &Place<'_>, mount: &Value, volume: &Value) -> Drawn {
    let part = text(&mount["subPath"]);
    if let Some(config) = volume.get("configMap") {
        return mounted_config(scene, place, mount, config);
    }
    if let Some(secret) = volume.get("secret") {
        return mounted_secret(scene, place, mount, secret);
    }
    if let Some(empty) = volume.get("emptyDir") {
        return scratch(scene, place, mount, empty);
    }
    if let Some(claim) = volume.get("persistentVolumeClaim") {
        if !part.is_empty() {
            return Err("only a whole volume can be mounted, no `subPath`".to_owned());
        }
        let name = text(&claim["claimName"]).to_owned();
        let own = scene.find("PersistentVolumeClaim", &name);
        let spec = own.map_or(Value::Null, |index| {
            scene.objects[index].value["spec"].clone()
        });
        if let Some(index) = own {
            scene.assign(index, place.at.get(1).copied().unwrap_or_default(), "claim");
        }
        let existing = own.is_none().then_some(name.as_str());
        return persistent(scene, place, mount, &spec, existing);
    }
    let kinds: Vec<&str> = fields(volume)
        .map(|(key, _)| key.as_str())
        .filter(|key| *key != "name")
        .collect();
    Err(format!(
        "the language has no volumes of the kind {}",
        kinds.join(", ")
    ))
}

fn add(
    scene: &mut Scene<'_>,
    place: &Place<'_>,
    mount: &Value,
    volume: Map<String, Value>,
) -> Drawn {
    let [table, workload, ..] = place.at[..] else {
        return Err("migrations have no volumes".to_owned());
    };
    let name = names::valid(text(&mount["name"])).unwrap_or_else(|| "volume".to_owned());
    let path = [table, workload, "volumes", &name];
    match scene.get(&path) {
        None => scene.set(&path, Value::Object(volume)),
        Some(known) if known["mount"] == volume["mount"] => {}
        Some(known) => {
            return Err(format!(
                "a volume is mounted at one path of a workload, and this one is at {}",
                text(&known["mount"])
            ));
        }
    }
    Ok(Some(name))
}

fn started(kind: &str, mount: &Value) -> Map<String, Value> {
    let mut volume = Map::new();
    volume.insert("kind".into(), json!(kind));
    volume.insert("mount".into(), mount["mountPath"].clone());
    volume
}

fn persistent(
    scene: &mut Scene<'_>,
    place: &Place<'_>,
    mount: &Value,
    spec: &Value,
    existing: Option<&str>,
) -> Drawn {
    let mut volume = started("persistent", mount);
    if let Some(claim) = existing {
        volume.insert("claim".into(), json!(claim));
    } else {
        let size = quantity::memory(&spec["resources"]["requests"]["storage"]);
        volume.insert("size".into(), json!(size.ok_or("its claim has no size")?));
    }
    if let Some(access) = items(&spec["accessModes"]).map(text).next()
        && access != "ReadWriteOnce"
    {
        volume.insert("access".into(), json!(access));
    }
    if let Some(class) = spec.get("storageClassName").and_then(Value::as_str) {
        volume.insert("class".into(), json!(class));
    }
    if mount["readOnly"] == true {
        volume.insert("read-only".into(), json!(true));
    }
    add(scene, place, mount, volume)
}

fn scratch(scene: &mut Scene<'_>, place: &Place<'_>, mount: &Value, empty: &Value) -> Drawn {
    let path = text(&mount["mountPath"]);
    let size = quantity::memory(&empty["sizeLimit"]);
    let in_memory = text(&empty["medium"]) == "Memory";
    // Every container can write there anyway.
    if path == "/tmp" && size.is_none() && !in_memory {
        return Ok(None);
    }
    if !text(&mount["subPath"]).is_empty() {
        return Err("only a whole volume can be mounted, no `subPath`".to_owned());
    }
    let mut volume = started("ephemeral", mount);
    if let Some(size) = size {
        volume.insert("size".into(), json!(size));
    }
    if in_memory {
        volume.insert("in-memory".into(), json!(true));
    }
    add(scene, place, mount, volume)
}

fn mounted_config(
    scene: &mut Scene<'_>,
    place: &Place<'_>,
    mount: &Value,
    config: &Value,
) -> Drawn {
    let name = text(&config["name"]).to_owned();
    let Some(index) = scene.find("ConfigMap", &name) else {
        if !text(&mount["subPath"]).is_empty() || config["items"].is_array() {
            return Err(format!(
                "single keys of a ConfigMap that the chart does not make ({name}) cannot be mounted"
            ));
        }
        let mut volume = started("config", mount);
        volume.insert("source".into(), json!(name));
        return add(scene, place, mount, volume);
    };
    scene.assign(index, "", "config");
    let object = scene.objects[index].value.clone();
    if fields(&object["binaryData"]).next().is_some() {
        return Err(
            "files that are no text cannot be said: make a ConfigMap of their own and mount it"
                .to_owned(),
        );
    }
    for (path, key) in files(mount, config, &object["data"]) {
        let Some(content) = scalar(&object["data"][&key]) else {
            continue;
        };
        let value = if crate::container::has_password(&content) {
            let own = format!("{}-secrets", scene.chart.name);
            let secret = secret_key(scene, &own, &key);
            scene.omit(
                &["secrets", "keys", &secret],
                &format!("ConfigMap/{name}"),
                &format!("data.{key}"),
                format!("it has a password in plain text and is not copied: put the file into a Secret `{own}` with the key `{key}`"),
            );
            json!({ "secret": secret })
        } else {
            json!(content)
        };
        let mut at = place.at.clone();
        at.extend(["files", path.as_str()]);
        scene.set(&at, value);
    }
    Ok(None)
}

/// Paths in the container and the keys of a ConfigMap or Secret that stand there.
fn files(mount: &Value, source: &Value, data: &Value) -> Vec<(String, String)> {
    let (path, part) = (text(&mount["mountPath"]), text(&mount["subPath"]));
    let listed: Vec<(String, String)> = items(&source["items"])
        .map(|one| (text(&one["path"]).to_owned(), text(&one["key"]).to_owned()))
        .collect();
    let all: Vec<(String, String)> = if listed.is_empty() {
        fields(data)
            .map(|(key, _)| (key.clone(), key.clone()))
            .collect()
    } else {
        listed
    };
    if part.is_empty() {
        let folder = path.trim_end_matches('/');
        return all
            .into_iter()
            .map(|(file, key)| (format!("{folder}/{file}"), key))
            .collect();
    }
    let key = all
        .into_iter()
        .find(|(file, _)| file == part)
        .map(|(_, key)| key);
    vec![(path.to_owned(), key.unwrap_or_else(|| part.to_owned()))]
}

fn mounted_secret(
    scene: &mut Scene<'_>,
    place: &Place<'_>,
    mount: &Value,
    source: &Value,
) -> Drawn {
    let secret = text(&source["secretName"]).to_owned();
    let part = text(&mount["subPath"]);
    if part.is_empty() && !source["items"].is_array() {
        let mut volume = started("secret", mount);
        volume.insert("source".into(), json!(secret));
        let at = place.at.clone();
        own_secret(scene, &secret, &at);
        return add(scene, place, mount, volume);
    }
    for (path, key) in files(mount, source, &Value::Null) {
        let declared = secret_key(scene, &secret, &key);
        let mut at = place.at.clone();
        at.extend(["files", path.as_str()]);
        scene.set(&at, json!({ "secret": declared }));
    }
    Ok(None)
}
