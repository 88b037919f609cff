//! Containers before and beside a workload: facts and values.

use super::variables::{self, Context};
use super::{probes, storage};
use crate::lower::context::{ContainerFacts, PortFacts, WritableFacts};
use crate::lower::schemas::{self, Amounts};
use crate::values::{Entry, branch, leaf};
use serde_json::json;
use taskspec_spec::check::names::values_key;
use taskspec_spec::codes;
use taskspec_spec::derived::NamedPort;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::{Container, Workload};
use taskspec_spec::span::Spanned;
use taskspec_spec::types::Image;

/// Facts of one container. `variants`: it in the base and in every environment.
#[allow(clippy::too_many_arguments)]
pub fn facts(
    name: &Spanned<String>,
    container: &Container,
    variants: &[&Container],
    section: &str,
    image_v: &str,
    workload: &Workload,
    ports: &[PortFacts],
    context: Context<'_>,
    sink: &mut Sink,
) -> ContainerFacts {
    let key = values_key(name);
    let v = format!("{section}.{key}");
    let any = |test: fn(&Container) -> bool| variants.iter().any(|variant| test(variant));
    let own_image = any(|container| container.image.is_some());
    image_of_one_environment(container, variants, sink);
    let mounts = match &container.mounts {
        Some(mounts) => mounts.0.iter().map(|name| name.value.0.clone()).collect(),
        None => workload
            .volumes
            .iter()
            .map(|(name, _)| name.value.clone())
            .collect(),
    };
    let (files, secret_files) = storage::files(
        variants.iter().map(|variant| &variant.files),
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
        own_image,
        command: any(|container| !container.command.is_empty()),
        args: any(|container| !container.args.is_empty()),
        shares_env: container
            .shares_env
            .as_ref()
            .map_or(!own_image, |flag| flag.0),
        variables: variables::of(
            variants.iter().map(|variant| &variant.env),
            &[],
            &[],
            context,
            sink,
        ),
        files,
        secret_files,
        mounts,
        ports: ports
            .iter()
            .filter(|port| port.sidecar == name.value)
            .cloned()
            .collect(),
        probes: probes::names(
            variants
                .iter()
                .filter_map(|variant| variant.probes.as_ref()),
        ),
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

/// Whether a container shares the variables of its workload follows from its
/// image, in all environments alike: an image that only some state decides
/// nothing.
fn image_of_one_environment(container: &Container, variants: &[&Container], sink: &mut Sink) {
    if container.image.is_some() || container.shares_env.is_some() {
        return;
    }
    if let Some(image) = variants.iter().find_map(|variant| variant.image.as_ref()) {
        sink.push(
            Diagnostic::error(
                codes::FIXED_KEY,
                "a container has an image of its own in environments only",
            )
            .at(image.span, "an image of its own here")
            .note("a container with the workload's image has its variables and files too, and all environments share the templates")
            .help("state an image outside the environments, or whether it shares the variables: shares-env = true or false"),
        );
    }
}

/// The values of one container. It may run the workload's image, by its policy.
pub fn values(
    name: &Spanned<String>,
    container: &Container,
    facts: &ContainerFacts,
    (shared, shared_policy): (Option<&Spanned<Image>>, &str),
    ports: &[NamedPort<'_>],
) -> Entry {
    let mut entries = Vec::new();
    let image = container.image.as_ref().or(shared);
    if let Some(image) = image.filter(|_| facts.own_image) {
        let usual = match container.image {
            Some(_) => "IfNotPresent",
            None => shared_policy,
        };
        let policy = container.pull_policy.as_ref();
        let policy = policy.map_or(usual, |policy| policy.value.word());
        entries.push(schemas::image(
            image,
            policy,
            "Tag; empty for the chart's appVersion",
        ));
    }
    for (key, stated, words, doc) in [
        (
            "command",
            facts.command,
            &container.command,
            "Program in place of the image's entry point",
        ),
        (
            "args",
            facts.args,
            &container.args,
            "Arguments in place of the image's",
        ),
    ] {
        if stated {
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
    if !facts.files.is_empty() {
        entries.push(storage::files_value(&container.files));
    }
    let stated = container.probes.as_ref();
    let stated = stated.map_or_else(Vec::new, |probes| probes::values(probes, ports));
    for probe in &facts.probes {
        let known = stated.iter().find(|entry| entry.key == *probe);
        entries.push(known.cloned().unwrap_or_else(|| probes::absent(probe)));
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
