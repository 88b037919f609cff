//! The model of a specification, version `taskspec/v1`.
//!
//! The doc comments of the fields are the reference and the JSON Schema's
//! descriptions: their first line says what the key means, then unit, range
//! and default.

mod container;
mod dependency;
mod exposure;
mod monitoring;
mod network;
mod scaling;
mod secrets;
mod statements;
mod workload;

pub use container::*;
pub use dependency::*;
pub use exposure::*;
pub use monitoring::*;
pub use network::*;
pub use scaling::*;
pub use secrets::*;
pub use statements::*;
pub use workload::*;

use crate::decode::{Decode, Map, Must};
use crate::diagnostic::Sink;
use crate::shape::Shape;
use crate::span::Spanned;
use crate::tree::{Node, Value};
use crate::types::{
    AnnotationKey, Any, CatalogName, ChangeKind, Delivery, EnvironmentName, FileName, Flag, Free,
    KubeVersion, Label, LabelKey, Language, Layout, Line, Name, Positive, SecretName, SemVer, Text,
    Url,
};

table! {
    /// A specification: what a deployment must be.
    pub struct Document {
        /// Version of the language: `taskspec/v1`.
        spec: Must<Spanned<Language>> = "spec" fixed;
        /// What the chart is for and what it is called.
        intent: Must<Spanned<Intent>> = "intent" fixed;
        /// How the chart's values and files are laid out.
        chart: Option<Spanned<ChartLayout>> = "chart" fixed;
        /// What the chart runs on and who installs it.
        platform: Option<Spanned<Platform>> = "platform";
        /// Labels of every object of the chart, never part of a selector.
        labels: Map<LabelKey, Spanned<Label>> = "labels";
        /// What runs, by name.
        workloads: Map<Name, Spanned<Workload>> = "workloads";
        /// Databases, caches and other servers, by name.
        dependencies: Map<Name, Spanned<Dependency>> = "dependencies";
        /// Catalog entries of one's own, by `source/chart`, in the form of `helm taskspec catalog`'s data.
        catalog: Map<CatalogName, Spanned<Free>> = "catalog" fixed;
        /// How the database schema is brought up to date.
        migrations: Option<Spanned<Migrations>> = "migrations";
        /// Where passwords come from.
        secrets: Option<Spanned<Secrets>> = "secrets";
        /// Exposure through an Ingress.
        ingress: Option<Spanned<Ingress>> = "ingress";
        /// Exposure through the Gateway API.
        gateway: Option<Spanned<Gateway>> = "gateway";
        /// The chart's network policies.
        network: Option<Spanned<Network>> = "network";
        /// What watches the chart.
        monitoring: Option<Spanned<Monitoring>> = "monitoring";
        /// Identity of the pods towards the cluster.
        account: Option<Spanned<Account>> = "account";
        /// Further Kubernetes objects, written as they are.
        manifests: Vec<Spanned<Free>> = "manifests";
        /// Further defaults of `values.yaml`, below keys that the chart has, or below `custom` for templates of your own.
        values: Option<Spanned<Free>> = "values";
        /// Environments, in ascending order. Each overrides facts by the same path.
        environments: Map<EnvironmentName, Spanned<Environment>> = "environments" fixed;
        /// What success is.
        criteria: Vec<Spanned<Criterion>> = "criteria" fixed;
        /// Rules the chart must keep.
        constraints: Vec<Spanned<ConstraintRule>> = "constraints" fixed;
        /// What the chart must not contain.
        non_goals: Vec<Spanned<NonGoal>> = "non-goals" fixed;
        /// What was considered, with the outcome and the reason.
        decisions: Vec<Spanned<Decision>> = "decisions" fixed;
    }
}

table! {
    /// What the chart is for and what it is called.
    pub struct Intent {
        /// Name of the chart: lower-case letters, digits and dashes, at most 30 characters.
        name: Spanned<Name> = "name" fixed;
        /// Version of the chart (SemVer). Raise it with every change.
        version: Spanned<SemVer> = "version" fixed;
        /// Version of the application. Default: the chart's version. Images without a tag use it.
        app_version: Option<Spanned<Line>> = "app-version" fixed;
        /// One line: what it does.
        summary: Spanned<Line> = "summary" fixed;
        /// Several lines for the chart's README.
        description: Option<Spanned<Text>> = "description" fixed;
        /// Who maintains it: names, or tables with `name`, `email` and `url`.
        owners: Vec<Spanned<Owner>> = "owners" fixed;
        /// Web page of the application.
        home: Option<Spanned<Url>> = "home" fixed;
        /// Where its source code is.
        sources: Vec<Spanned<Url>> = "sources" fixed;
        /// Words to find it by.
        keywords: Vec<Spanned<Line>> = "keywords" fixed;
        /// Address of an icon.
        icon: Option<Spanned<Url>> = "icon" fixed;
        /// Licence of the chart as an SPDX identifier, such as `Apache-2.0`.
        license: Option<Spanned<Line>> = "license" fixed;
        /// What changed in this version, one line each: plain text, or tables with `kind` and `text`. Artifact Hub shows it.
        changes: Vec<Spanned<Change>> = "changes" fixed;
    }
}

table! {
    /// A person or team.
    pub struct Person {
        /// Name.
        name: Spanned<Line> = "name" fixed;
        /// E-mail address.
        email: Option<Spanned<Line>> = "email" fixed;
        /// Web page.
        url: Option<Spanned<Url>> = "url" fixed;
    }
}

/// A maintainer: a name, or a [`Person`].
#[derive(Debug, Clone)]
pub struct Owner(pub Person);

impl Decode for Owner {
    fn shape() -> Shape {
        Shape::Either(&[<Line as Decode>::shape, <Person as Decode>::shape])
    }
    fn decode(node: &Node, sink: &mut Sink) -> Option<Self> {
        if let Value::Table(_) = node.value {
            return Person::decode(node, sink).map(Self);
        }
        let name = Spanned::<Line>::decode(node, sink)?;
        Some(Self(Person {
            name,
            email: None,
            url: None,
            parameters: Vec::new(),
            faulty: Vec::new(),
        }))
    }
}

table! {
    /// A change since the last version.
    pub struct ChangeTable {
        /// `added`, `changed` (default), `deprecated`, `removed`, `fixed` or `security`.
        kind: Option<Spanned<ChangeKind>> = "kind" fixed;
        /// What changed.
        text: Spanned<Line> = "text" fixed;
    }
}

/// A change: one line, or a [`ChangeTable`].
#[derive(Debug, Clone)]
pub struct Change(pub ChangeTable);

impl Decode for Change {
    fn shape() -> Shape {
        Shape::Either(&[<Line as Decode>::shape, <ChangeTable as Decode>::shape])
    }
    fn decode(node: &Node, sink: &mut Sink) -> Option<Self> {
        if let Value::Table(_) = node.value {
            return ChangeTable::decode(node, sink).map(Self);
        }
        let text = Spanned::<Line>::decode(node, sink)?;
        Some(Self(ChangeTable {
            kind: None,
            text,
            parameters: Vec::new(),
            faulty: Vec::new(),
        }))
    }
}

table! {
    /// How the chart's values and files are laid out.
    pub struct ChartLayout {
        /// `by-workload` (default): each workload has a section of values; the main one has the plain file names. `flat`: the main workload's values stand at the top. `uniform`: no workload is the main one, every file and object carries its workload's name.
        layout: Option<Spanned<Layout>> = "layout" fixed;
        /// Main workload. Default: the first service, else the first workload.
        main: Option<Spanned<Name>> = "main" fixed;
    }
}

table! {
    /// What the chart runs on and who installs it.
    pub struct Platform {
        /// Oldest version of Kubernetes, from `1.30`. Default: what the chart's objects need.
        kubernetes: Option<Spanned<KubeVersion>> = "kubernetes" fixed;
        /// Who installs the chart: `helm` (default), `argocd` or `flux`.
        delivery: Option<Spanned<Delivery>> = "delivery" fixed;
        /// Number of nodes that the pods can run on. With it, what cannot be placed is an error.
        nodes: Option<Spanned<Positive>> = "nodes";
    }
}

table! {
    /// Identity of the pods towards the cluster. It has no rights and no token.
    pub struct Account {
        /// Whether the chart makes a service account. Default true.
        create: Option<Spanned<Flag>> = "create";
        /// Its name. Default: the chart's full name.
        name: Option<Spanned<SecretName>> = "name";
        /// Its annotations, for example of a cloud's workload identity.
        annotations: Map<AnnotationKey, Spanned<Any>> = "annotations";
    }
}

table! {
    /// An environment: where it is installed, and what differs there.
    /// Every other key overrides the fact at the same path of the specification.
    pub struct Environment (open) {
        /// Namespace in the commands of the README. Default: the environment's name.
        namespace: Option<Spanned<Name>> = "namespace" fixed;
        /// Release name in the commands of the README. Default: `<chart>-<environment>`.
        release: Option<Spanned<Name>> = "release" fixed;
        /// Name of its values file. Default: `values-<environment>.yaml`.
        values_file: Option<Spanned<FileName>> = "values-file" fixed;
        /// One line: what it is for.
        summary: Option<Spanned<Line>> = "summary" fixed;
    }
}
