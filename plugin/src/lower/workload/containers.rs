//! Containers before and beside a workload: facts and values.

use super::variables::{self, Context};
use super::{probes, sharing, storage};
use crate::lower::context::{ContainerFacts, PortFacts, Variables, WritableFacts};
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

/// One container of a workload as it is stated.
pub struct Stated<'a> {
    /// Its name.
    pub name: &'a str,
    /// It outside the environments.
    pub container: &'a Container,
    /// The same, and it in every environment.
    pub variants: Vec<&'a Container>,
    /// The workload outside the environments.
    pub workload: &'a Workload,
}

/// What a workload has that its containers have, too, or may have.
pub struct Shared<'a> {
    /// How templates reach the values of the workload's image.
    pub image_v: &'a str,
    /// Variables that do not stand in values.
    pub variables: &'a Variables,
    /// Plain variables that name others.
    pub composed: &'a [String],
    /// Names of all variables.
    pub stated: sharing::Stated,
    /// Its ports and those of its containers.
    pub ports: Vec<PortFacts>,
}

/// Facts of one container. `section`: how templates reach the containers' values.
pub fn facts(
    stated: &Stated<'_>,
    section: &str,
    shared: &Shared<'_>,
    context: Context<'_>,
    sink: &mut Sink,
) -> ContainerFacts {
    let Stated {
        name,
        container,
        ref variants,
        workload,
    } = *stated;
    let key = values_key(name);
    let v = format!("{section}.{key}");
    let any = |test: fn(&Container) -> bool| variants.iter().any(|variant| test(variant));
    let other_image = any(|container| container.image.is_some());
    // When nodes pull an image is stated with the image.
    let own_image = other_image || any(|container| container.pull_policy.is_some());
    image_of_one_environment(container, variants, sink);
    let shares_env = container
        .shares_env
        .as_ref()
        .map_or(!other_image, |flag| flag.0);
    let envs = || variants.iter().map(|variant| &variant.env);
    let mut variables = variables::of(envs(), &[], &[], context, sink);
    let mut composed = Vec::new();
    if shares_env {
        let theirs = shared.variables.clone();
        let own = envs().map(sharing::names).collect();
        let whose = "the workload of the container";
        sharing::share(&mut variables, theirs, &own, &shared.stated, whose, sink);
        composed = shared.composed.to_vec();
        composed.retain(|name| !variables.has(name));
    }
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
        &format!("{name}-secret-file"),
    );
    let writable =
        storage::directories(container.writable.iter().map(|path| path.value.0.as_str()));
    ContainerFacts {
        name: name.to_owned(),
        image_v: if own_image {
            format!("{v}.image")
        } else {
            shared.image_v.to_owned()
        },
        own_image,
        command: any(|container| !container.command.is_empty()),
        args: any(|container| !container.args.is_empty()),
        shares_env,
        variables,
        composed,
        files,
        secret_files,
        mounts,
        ports: shared
            .ports
            .iter()
            .filter(|port| port.sidecar == name)
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
                volume: format!("{name}-writable-{index}"),
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
