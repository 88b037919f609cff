//! Volumes, files and writable directories of a workload: facts and values.

use crate::lower::context::{FileFacts, VolumeFacts};
use crate::lower::{schemas, secret};
use crate::values::{Entry, branch, leaf};
use serde_json::{Map, Value, json};
use taskspec_spec::check::names::values_key;
use taskspec_spec::decode;
use taskspec_spec::derived::file_key;
use taskspec_spec::model::{FileSource, Volume, Workload};
use taskspec_spec::span::Spanned;
use taskspec_spec::types::{AbsolutePath, AccessMode, VolumeKind};

/// Files by path.
pub type Files = decode::Map<AbsolutePath, Spanned<FileSource>>;

/// Facts of a workload's volumes.
pub fn volumes(workload: &Workload) -> Vec<VolumeFacts> {
    workload
        .volumes
        .iter()
        .map(|(name, volume)| {
            let kind = volume.kind.value;
            let object = matches!(kind, VolumeKind::Secret | VolumeKind::Config);
            VolumeFacts {
                name: name.value.clone(),
                key: values_key(name),
                kind: kind.word().to_owned(),
                mount: volume.mount.value.0.clone(),
                read_only: volume.read_only.as_ref().map_or(object, |flag| flag.0),
                in_memory: volume.in_memory.as_ref().is_some_and(|flag| flag.0),
                keep: volume.keep.as_ref().is_none_or(|flag| flag.0),
            }
        })
        .collect()
}

/// Values of one volume.
fn volume_values(name: &Spanned<String>, volume: &Volume) -> Entry {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let size = volume.size.as_ref().map(|size| size.text.as_str());
    let source = volume.source.as_ref().map(|source| source.value.0.as_str());
    let entries = match volume.kind.value {
        VolumeKind::Persistent => vec![
            leaf(
                "size",
                size.unwrap_or("1Gi"),
                schemas::quantity(),
                "Size of the volume",
            ),
            leaf(
                "accessMode",
                volume
                    .access
                    .as_ref()
                    .map_or(AccessMode::ReadWriteOnce, |access| access.value)
                    .word(),
                json!({ "enum": AccessMode::WORDS }),
                "Who may mount the volume",
            ),
            leaf(
                "storageClass",
                text(volume.class.as_ref().map(|class| class.value.0.as_str())),
                schemas::string(),
                "Storage class; empty for the cluster's default, - for none",
            ),
            leaf(
                "existingClaim",
                text(volume.claim.as_ref().map(|claim| claim.value.0.as_str())),
                schemas::string(),
                "Existing claim in place of a new one",
            ),
        ],
        VolumeKind::Ephemeral => vec![leaf(
            "sizeLimit",
            text(size),
            json!({ "anyOf": [schemas::quantity(), { "const": "" }] }),
            "Largest size of the volume; empty for no limit of its own",
        )],
        VolumeKind::Secret => vec![leaf(
            "secretName",
            text(source),
            json!({ "type": "string", "minLength": 1 }),
            "Existing Secret",
        )],
        VolumeKind::Config => vec![leaf(
            "configMapName",
            text(source),
            json!({ "type": "string", "minLength": 1 }),
            "Existing ConfigMap",
        )],
    };
    branch(
        &values_key(name),
        format!("The volume at {}", volume.mount.value.0),
        entries,
    )
}

/// Values of volumes and files. `text_files`: whether some environment has
/// files of plain text.
pub fn values(workload: &Workload, text_files: bool) -> Vec<Entry> {
    let mut entries = Vec::new();
    if text_files {
        entries.push(files_value(&workload.files));
    }
    if !workload.volumes.is_empty() {
        let volumes = workload
            .volumes
            .iter()
            .map(|(name, volume)| volume_values(name, volume))
            .collect();
        entries.push(branch("volumes", "Volumes", volumes));
    }
    entries
}

/// Files with plain text as a value.
pub fn files_value(files: &Files) -> Entry {
    leaf(
        "files",
        Value::Object(texts(files)),
        json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        "Text of each file by its path; they become a ConfigMap",
    )
}

fn texts(files: &Files) -> Map<String, Value> {
    files
        .iter()
        .filter_map(|(path, source)| match &source.value {
            FileSource::Text(text) => Some((path.value.clone(), json!(text))),
            FileSource::Secret(_) => None,
        })
        .collect()
}

/// Files of plain text and files that hold secrets, over all environments.
/// `volume` starts the names of their volumes.
pub fn files<'a>(
    variants: impl Iterator<Item = &'a Files>,
    volume: &str,
) -> (Vec<FileFacts>, Vec<FileFacts>) {
    let (mut plain, mut secrets) = (Vec::<FileFacts>::new(), Vec::<FileFacts>::new());
    for files in variants {
        for (path, source) in files.iter() {
            let known = |list: &[FileFacts]| list.iter().any(|file| file.path == path.value);
            if known(&plain) || known(&secrets) {
                continue;
            }
            let mut file = FileFacts {
                path: path.value.clone(),
                key: file_key(&path.value),
                volume: String::new(),
                name_helper: String::new(),
                key_helper: String::new(),
            };
            match &source.value {
                FileSource::Text(_) => plain.push(file),
                FileSource::Secret(key) => {
                    let variable = secret::variable_of_key(&key.value.0);
                    file.volume = format!("{volume}-{}", secrets.len());
                    file.key = variable.key;
                    file.name_helper = variable.name_helper;
                    file.key_helper = variable.key_helper;
                    secrets.push(file);
                }
            }
        }
    }
    (plain, secrets)
}

/// The temporary directory and what is stated, each once.
pub fn directories<'a>(stated: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut paths = vec!["/tmp".to_owned()];
    for path in stated {
        let path = path.trim_end_matches('/');
        if !paths.iter().any(|known| known == path) {
            paths.push(path.to_owned());
        }
    }
    paths
}

/// Directories that a process may write to: the temporary one and what is stated.
pub fn writable<'a>(stated: impl Iterator<Item = &'a str>) -> Entry {
    leaf(
        "writableDirectories",
        json!(directories(stated)),
        schemas::directories(),
        "Directories that the process may write to; emptied with the pod",
    )
}
