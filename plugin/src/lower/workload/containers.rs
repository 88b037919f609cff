//! Containers before and beside a workload: facts and values.

use super::variables::{self, Context};
use super::{probes, storage};
use crate::lower::context::{ContainerFacts, PortFacts, WritableFacts};
use crate::lower::schemas::{self, Amounts};
use crate::values::{Entry, branch, leaf};
use serde_json::json;
use taskspec_spec::check::names::values_key;
use taskspec_spec::derived::NamedPort;
use taskspec_spec::diagnostic::Sink;
use taskspec_spec::model::{Container, Workload};
use taskspec_spec::span::Spanned;

/// Facts of one container.
#[allow(clippy::too_many_arguments)]
pub fn facts(
    name: &Spanned<String>,
    container: &Container,
    section: &str,
    image_v: &str,
    workload: &Workload,
    ports: &[PortFacts],
    context: Context<'_>,
    sink: &mut Sink,
) -> ContainerFacts {
    let key = values_key(name);
    let v = format!("{section}.{key}");
    let own_image = container.image.is_some();
    let mounts = match &container.mounts {
        Some(mounts) => mounts.0.iter().map(|name| name.value.0.clone()).collect(),
        None => workload
            .volumes
            .iter()
            .map(|(name, _)| name.value.clone())
            .collect(),
    };
    let (files, secret_files) = storage::files(
        std::iter::once(&container.files),
        &format!("{}-secret-file", name.value),
    );
    let writable =
        storage::directories(container.writable.iter().map(|path| path.value.0.as_str()));
    ContainerFacts {
        name: name.value.clone(),
        image_v: if own_image {
            format!("{v}.image")
        } else {
            image_v.to_owned()
        },
        command: !container.command.is_empty(),
        args: !container.args.is_empty(),
        shares_env: container
            .shares_env
            .as_ref()
            .map_or(!own_image, |flag| flag.0),
        variables: variables::of(std::iter::once(&container.env), &[], &[], context, sink),
        files,
        secret_files,
        mounts,
        ports: ports
            .iter()
            .filter(|port| port.sidecar == name.value)
            .cloned()
            .collect(),
        probes: probes::names(container.probes.iter()),
        user: container.user.as_ref().map_or(0, |user| user.0),
        writable: writable
            .into_iter()
            .enumerate()
            .map(|(index, path)| WritableFacts {
                volume: format!("{}-writable-{index}", name.value),
                path,
            })
            .collect(),
        key,
        v,
    }
}

/// The values of one container.
pub fn values(name: &Spanned<String>, container: &Container, ports: &[NamedPort<'_>]) -> Entry {
    let mut entries = Vec::new();
    if let Some(image) = &container.image {
        let policy = container
            .pull_policy
            .as_ref()
            .map_or("IfNotPresent", |policy| policy.value.word());
        entries.push(schemas::image(
            image,
            policy,
            "Tag; empty for the chart's appVersion",
        ));
    }
    for (key, words, doc) in [
        (
            "command",
            &container.command,
            "Program in place of the image's entry point",
        ),
        ("args", &container.args, "Arguments in place of the image's"),
    ] {
        if !words.is_empty() {
            let words: Vec<&str> = words.iter().map(|word| word.value.0.as_str()).collect();
            entries.push(leaf(key, json!(words), schemas::strings(), doc));
        }
    }
    entries.push(leaf(
        "env",
        variables::plain_env(&container.env),
        schemas::variables(),
        "Environment variables that are no secrets",
    ));
    if !container.files.is_empty() {
        entries.push(storage::files_value(&container.files));
    }
    if let Some(probes) = &container.probes {
        entries.extend(probes::values(probes, ports));
    }
    entries.push(
        Amounts::of(
            container.cpu.as_ref(),
            container.memory.as_ref(),
            ("50m", "500m"),
            "128Mi",
        )
        .entry(),
    );
    branch(
        &values_key(name),
        format!("The container {}", name.value),
        entries,
    )
}
