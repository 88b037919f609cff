//! What one container has of another: a workload of the one that it is like,
//! containers beside a workload and migrations of it. What it states itself wins.

use super::{Resolver, storage, variables};
use crate::lower::context::{FileFacts, Variables};
use std::collections::BTreeSet;
use taskspec_spec::codes;
use taskspec_spec::decode;
use taskspec_spec::derived;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::{EnvValue, Workload};
use taskspec_spec::span::{Span, Spanned};
use taskspec_spec::types::EnvName;

/// Variables as a specification states them.
pub type Env = decode::Map<EnvName, Spanned<EnvValue>>;

/// What states variables or files: in the base and in every environment, the
/// names with their places.
pub type Stated = Vec<Vec<(String, Span)>>;

/// Names with their places.
pub fn names<K, V>(stated: &decode::Map<K, V>) -> Vec<(String, Span)> {
    let all = stated.iter();
    all.map(|(name, _)| (name.value.clone(), name.span))
        .collect()
}

/// Names that something states although it has them from elsewhere, too; and
/// where, if it does in some environments only.
fn both(own: &Stated, is_shared: impl Fn(&str) -> bool) -> Vec<(String, Option<Span>)> {
    let mut all: Vec<(String, Option<Span>)> = Vec::new();
    for (name, span) in own.iter().flatten() {
        if is_shared(name) && !all.iter().any(|(known, _)| known == name) {
            let is_in = |one: &Vec<(String, Span)>| one.iter().any(|(other, _)| other == name);
            all.push((name.clone(), (!own.iter().all(is_in)).then_some(*span)));
        }
    }
    all
}

/// Adds the variables that it has from elsewhere to its own. `stated` are the
/// names of its own, `theirs` those that the other one, `whose`, states.
pub fn share(
    own: &mut Variables,
    mut shared: Variables,
    stated: &Stated,
    theirs: &Stated,
    whose: &str,
    sink: &mut Sink,
) {
    let is_theirs = |name: &str| {
        let mut all = theirs.iter().flatten();
        shared.has(name) || all.any(|(other, _)| other == name)
    };
    for (name, place) in both(stated, is_theirs) {
        match place {
            None => shared.remove(&name),
            Some(span) if own.has(&name) || shared.has(&name) => {
                sink.push(half_shared(&name, span, whose));
            }
            Some(_) => {}
        }
    }
    own.inherit(shared);
}

/// The workload that another one is `like`, in messages.
const MODEL: &str = "the workload that it is like";

fn half_shared(name: &str, span: Span, whose: &str) -> Diagnostic {
    Diagnostic::error(
        codes::FIXED_KEY,
        format!("`{name}` is its own in some environments and shared in others"),
    )
    .at(span, "its own here")
    .note(format!(
        "{whose} has it too, and all environments share the templates"
    ))
    .help("state it outside the environments, too")
}

impl Resolver<'_> {
    /// Variables that it states, in the base and in every environment.
    pub(super) fn stated_variables(&self) -> Stated {
        let all = self.variants.iter();
        all.map(|workload| names(&workload.env)).collect()
    }

    fn variables_of_model(&self) -> Stated {
        let all = self.models.iter();
        all.map(|workload| names(&workload.env)).collect()
    }

    /// Names of the variables that it has, whoever states them.
    pub(super) fn all_variables(&self) -> Stated {
        let mut all = self.stated_variables();
        all.extend(self.variables_of_model());
        all
    }

    /// Variables that do not stand in values, with those of its model.
    pub(super) fn variables(&self, sink: &mut Sink) -> Variables {
        let uses = derived::uses(self.base, self.workload);
        let mut own = variables::of(
            self.variants.iter().map(|workload| &workload.env),
            &uses,
            &self.workload.uses,
            self.context(),
            sink,
        );
        let shared = variables::of(
            self.models.iter().map(|model| &model.env),
            &[],
            &[],
            self.context(),
            &mut Sink::default(),
        );
        let (stated, theirs) = (self.stated_variables(), self.variables_of_model());
        share(&mut own, shared, &stated, &theirs, MODEL, sink);
        own
    }

    /// Plain variables of it or its model whose texts name other variables.
    pub(super) fn composed(&self, wired: &Variables) -> Vec<String> {
        let envs = || self.variants.iter().chain(&self.models).map(|one| &one.env);
        let is_known = |name: &str| wired.has(name) || envs().any(|env| env.get(name).is_some());
        let mut found: Vec<String> = Vec::new();
        for (name, value) in envs().flat_map(Env::iter) {
            let refers = text(&value.value).is_some_and(|text| named(text).any(is_known));
            // What it has from a Secret, its model may have as text.
            if refers && !wired.has(name) && !found.contains(&name.value) {
                found.push(name.value.clone());
            }
        }
        found
    }

    /// Files of the workload that it is like, without those that it has itself.
    pub(super) fn shared_files(
        &self,
        own: &[FileFacts],
        own_secrets: &[FileFacts],
        sink: &mut Sink,
    ) -> (Vec<FileFacts>, Vec<FileFacts>) {
        let models = &self.models;
        let (mut plain, mut secrets) =
            storage::files(models.iter().map(|w| &w.files), "shared-secret-file");
        let is_in = |list: &[FileFacts], path: &str| list.iter().any(|file| file.path == path);
        let files = |workloads: &[&Workload]| -> Stated {
            workloads.iter().map(|one| names(&one.files)).collect()
        };
        let theirs = files(models);
        let is_theirs = |path: &str| theirs.iter().flatten().any(|(other, _)| other == path);
        for (path, place) in both(&files(&self.variants), is_theirs) {
            let is_text = is_in(own, &path) && is_in(&plain, &path);
            if let Some(span) = place.filter(|_| !is_text) {
                sink.push(half_shared(&path, span, MODEL));
            }
        }
        // Which texts it has itself, the values say.
        plain.retain(|file| !is_in(own_secrets, &file.path));
        secrets.retain(|file| !is_in(own, &file.path) && !is_in(own_secrets, &file.path));
        (plain, secrets)
    }
}

/// Names of the variables that stand in values somewhere.
pub fn texts<'a>(envs: impl Iterator<Item = &'a Env>) -> BTreeSet<String> {
    let all = envs.flat_map(Env::iter);
    all.filter(|(_, value)| text(&value.value).is_some())
        .map(|(name, _)| name.value.clone())
        .collect()
}

/// The text of a variable that stands in values.
fn text(value: &EnvValue) -> Option<&str> {
    match value {
        EnvValue::Text(text) => Some(text),
        EnvValue::Plain(text) => Some(&text.value.0),
        _ => None,
    }
}

/// Variables that a text names as `$(NAME)`.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split("$(").skip(1);
    parts.filter_map(|rest| rest.split_once(')').map(|(name, _)| name))
}
