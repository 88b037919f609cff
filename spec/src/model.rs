//! The model of a specification, version `taskspec/v1`.
//!
//! The doc comments of the fields are the reference and the JSON Schema's
//! descriptions: their first line says what the key means, then unit, range
//! and default.

use crate::decode::{Decode, Map, Must};
use crate::diagnostic::Sink;
use crate::shape::{ScalarShape, Shape};
use crate::span::Spanned;
use crate::tree::{Node, Value};
use crate::types::{
    AbsolutePath, AnnotationKey, Any, CatalogName, Cidr, Condition, Constraint, Cpu,
    DecisionStatus, Delivery, DependencyMode, Duration, EnvName, EnvironmentName, FileName, Flag,
    Free, Host, HttpPath, Identifier, Image, KubeVersion, Label, LabelKey, Language, Line, Memory,
    Name, Port, Positive, PullPolicy, Retention, RolloutStrategy, SecretKey, SecretSource, SemVer,
    ServiceType, SettingName, SettingValue, SqlName, Strategy, Surge, Text, Url, UserId, Whole,
    WorkloadKind,
};

table! {
    /// A specification: what a deployment must be.
    pub struct Document {
        /// Version of the language: `taskspec/v1`.
        spec: Must<Spanned<Language>> = "spec" fixed;
        /// What the chart is for and what it is called.
        intent: Must<Spanned<Intent>> = "intent" fixed;
        /// What the chart runs on and who installs it.
        platform: Option<Spanned<Platform>> = "platform" fixed;
        /// Labels of every object of the chart, never part of a selector.
        labels: Map<LabelKey, Spanned<Label>> = "labels";
        /// What runs, by name. The first service is the main workload.
        workloads: Map<Name, Spanned<Workload>> = "workloads";
        /// Databases and caches, by name.
        dependencies: Map<Name, Spanned<Dependency>> = "dependencies";
        /// Catalog entries of one's own, by `source/chart`, in the form of `helm taskspec catalog`'s data.
        catalog: Map<CatalogName, Spanned<Free>> = "catalog" fixed;
        /// How the database schema is brought up to date.
        migrations: Option<Spanned<Migrations>> = "migrations";
        /// Where passwords come from.
        secrets: Option<Spanned<Secrets>> = "secrets";
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
    /// What the chart runs on and who installs it.
    pub struct Platform {
        /// Oldest version of Kubernetes, from `1.30`. Default: what the chart's objects need.
        kubernetes: Option<Spanned<KubeVersion>> = "kubernetes" fixed;
        /// Who installs the chart: `helm` (default), `argocd` or `flux`.
        delivery: Option<Spanned<Delivery>> = "delivery" fixed;
    }
}

table! {
    /// Something that runs.
    pub struct Workload {
        /// `service` answers on a port, `worker` has none.
        kind: Spanned<WorkloadKind> = "kind" fixed;
        /// Image. Without a tag the application's version is used.
        image: Spanned<Image> = "image";
        /// When nodes pull the image: `IfNotPresent` (default), `Always` or `Never`.
        pull_policy: Option<Spanned<PullPolicy>> = "pull-policy";
        /// Program and arguments in place of the image's entry point.
        command: Vec<Spanned<Any>> = "command";
        /// Arguments in place of the image's.
        args: Vec<Spanned<Any>> = "args";
        /// Port that the container listens on, from 1024. Required for a service.
        port: Option<Spanned<Port>> = "port" fixed;
        /// How the workload is reached inside and outside the cluster.
        service: Option<Spanned<Service>> = "service";
        /// Number of pods. Default 1.
        replicas: Option<Spanned<Positive>> = "replicas";
        /// Largest number of pods that the chart's values accept. Default 1000.
        max_replicas: Option<Spanned<Positive>> = "max-replicas" fixed;
        /// CPU. Default request 100m, limit 1.
        cpu: Option<Spanned<CpuRange>> = "cpu";
        /// Memory. Default request and limit 256Mi.
        memory: Option<Spanned<MemoryRange>> = "memory";
        /// Space for logs and temporary files on the node. Default: no statement.
        ephemeral_storage: Option<Spanned<MemoryRange>> = "ephemeral-storage";
        /// Environment variables: text, numbers, `{ label = "…" }` or `{ secret = "…" }`.
        env: Map<EnvName, Spanned<EnvValue>> = "env";
        /// Dependencies whose connection URL the workload gets.
        uses: Vec<Spanned<Name>> = "uses" fixed;
        /// Health checks.
        probes: Option<Spanned<Probes>> = "probes";
        /// User ID of the process. Default 10001.
        user: Option<Spanned<UserId>> = "user";
        /// Group ID of the process and of its volumes. Default: the user ID.
        group: Option<Spanned<UserId>> = "group";
        /// Whether the image's file system is read-only. Default true.
        read_only_root: Option<Spanned<Flag>> = "read-only-root";
        /// Directories that the process may write to. Default `/tmp`. Emptied with the pod.
        writable: Vec<Spanned<AbsolutePath>> = "writable";
        /// How pods are replaced at an upgrade.
        rollout: Option<Spanned<Rollout>> = "rollout";
        /// How long a stopping pod keeps answering while load balancers forget it. Default 10s for a service, 0s for a worker.
        drain: Option<Spanned<Duration>> = "drain";
        /// How long a stopping pod may take in all. Default: drain + 30s.
        grace: Option<Spanned<Duration>> = "grace";
        /// Who may connect: `release`, `namespace` (default), `cluster`, or tables with `namespace`, `labels` or `cidr`.
        allow_from: Vec<Spanned<Peer>> = "allow-from";
        /// Whom it may connect to beyond its dependencies and DNS.
        egress: Vec<Spanned<Egress>> = "egress";
    }
}

table! {
    /// How a workload is reached.
    pub struct Service {
        /// `ClusterIP` (default), `NodePort` or `LoadBalancer`.
        r#type: Option<Spanned<ServiceType>> = "type";
        /// Port of the Service. Default: the workload's port.
        port: Option<Spanned<Port>> = "port";
        /// Annotations of the Service, for load balancers.
        annotations: Map<AnnotationKey, Spanned<Any>> = "annotations";
    }
}

table! {
    /// CPU of a container.
    pub struct CpuRange {
        /// What is set aside, such as `500m`.
        request: Spanned<Cpu> = "request";
        /// What it may use at most.
        limit: Spanned<Cpu> = "limit";
    }
}

table! {
    /// Memory of a container, or space on the node.
    pub struct MemoryRange {
        /// What is set aside, such as `512Mi`.
        request: Spanned<Memory> = "request";
        /// What it may use at most.
        limit: Spanned<Memory> = "limit";
    }
}

/// The value of an environment variable.
#[derive(Debug, Clone, PartialEq)]
pub enum EnvValue {
    /// Plain text; numbers and booleans become text.
    Text(String),
    /// The value of a label of the specification.
    Label(Spanned<LabelKey>),
    /// A key of the chart's Secret.
    Secret(Spanned<SecretKey>),
}

table! {
    /// A variable that takes the value of a label.
    pub struct LabelReference {
        /// Key in `labels`.
        label: Spanned<LabelKey> = "label";
    }
}

table! {
    /// A variable that takes a key of the chart's Secret.
    pub struct SecretReference {
        /// Key in `secrets.keys`.
        secret: Spanned<SecretKey> = "secret";
    }
}

const PLAIN: ScalarShape = ScalarShape {
    name: "a variable's value",
    hint: "such as \"info\", 4 or true",
    json: r#"{"type":["string","integer","boolean"]}"#,
};

impl Decode for EnvValue {
    fn shape() -> Shape {
        Shape::Either(&[
            || Shape::Scalar(&PLAIN),
            <LabelReference as Decode>::shape,
            <SecretReference as Decode>::shape,
        ])
    }

    fn decode(node: &Node, sink: &mut Sink) -> Option<Self> {
        match &node.value {
            Value::String(_) => Any::decode(node, sink).map(|text| Self::Text(text.0)),
            Value::Integer(number) => Some(Self::Text(number.to_string())),
            // `1.10` and `1.1` are one number but two texts.
            Value::Float(_) => {
                sink.push(
                    crate::diagnostic::Diagnostic::error(
                        crate::codes::WRONG_TYPE,
                        "a number with a fraction has several spellings",
                    )
                    .at(node.span, "which one does the program get?")
                    .help("put it in quotes"),
                );
                None
            }
            Value::Boolean(flag) => Some(Self::Text(flag.to_string())),
            Value::Table(table) if table.get("secret").is_some() => {
                SecretReference::decode(node, sink).map(|reference| Self::Secret(reference.secret))
            }
            Value::Table(table) if table.get("label").is_some() => {
                LabelReference::decode(node, sink).map(|reference| Self::Label(reference.label))
            }
            Value::Datetime(_) | Value::Array(_) | Value::Table(_) => {
                sink.push(
                    crate::diagnostic::Diagnostic::error(
                        crate::codes::WRONG_TYPE,
                        format!("expected {}, found {}", PLAIN.name, node.value.kind()),
                    )
                    .at(node.span, format!("expected {}", PLAIN.name))
                    .help("write text in quotes, { label = \"…\" } or { secret = \"…\" }"),
                );
                None
            }
        }
    }
}

table! {
    /// Health checks of a workload.
    pub struct Probes {
        /// Restarts the container when it fails. Should not ask dependencies.
        liveness: Option<Spanned<Probe>> = "liveness";
        /// Takes the pod out of its Service while it fails.
        readiness: Option<Spanned<Probe>> = "readiness";
        /// Holds the other two back until it succeeds.
        startup: Option<Spanned<Probe>> = "startup";
    }
}

table! {
    /// One health check: `path`, `command` or `tcp`.
    pub struct Probe {
        /// HTTP path that answers with a status from 200 to 399.
        path: Option<Spanned<HttpPath>> = "path";
        /// Program that exits with 0.
        command: Vec<Spanned<Any>> = "command";
        /// Whether it is enough that the port accepts a connection.
        tcp: Option<Spanned<Flag>> = "tcp";
        /// Time before the first check. Default 0s.
        initial_delay: Option<Spanned<Duration>> = "initial-delay";
        /// Time between checks, from 1s. Default 10s.
        period: Option<Spanned<Duration>> = "period";
        /// Time that one check may take, from 1s. Default 3s.
        timeout: Option<Spanned<Duration>> = "timeout";
        /// Failures in a row that count. Default 3; 30 for startup.
        failures: Option<Spanned<Positive>> = "failures";
    }
}

table! {
    /// How pods are replaced at an upgrade.
    pub struct Rollout {
        /// `rolling-update` (default) or `recreate`.
        strategy: Option<Spanned<RolloutStrategy>> = "strategy";
        /// Pods above the number of replicas. Default 1.
        max_surge: Option<Spanned<Surge>> = "max-surge";
        /// Pods below the number of replicas. Default 0: no downtime.
        max_unavailable: Option<Spanned<Surge>> = "max-unavailable";
        /// How long a new pod must be ready before it counts. Default 5s.
        min_ready: Option<Spanned<Duration>> = "min-ready";
        /// When a rollout without progress counts as failed. Default 10m.
        deadline: Option<Spanned<Duration>> = "deadline";
    }
}

table! {
    /// A peer of the network policy.
    pub struct PeerTable {
        /// Namespace by name.
        namespace: Option<Spanned<Name>> = "namespace";
        /// Labels of the peer's pods.
        labels: Map<PodLabelKey, Spanned<Label>> = "labels";
        /// Range of addresses.
        cidr: Option<Spanned<Cidr>> = "cidr";
    }
}

/// A key of a label of somebody else's pods: prefixes of Kubernetes are fine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodLabelKey(pub String);

impl crate::decode::Scalar for PodLabelKey {
    const SHAPE: ScalarShape = LabelKey::SHAPE;
    fn read(value: &Value) -> Result<Self, crate::decode::Fault> {
        AnnotationKey::read(value).map(|key| Self(key.0))
    }
}

impl crate::decode::Key for PodLabelKey {
    const OPEN: bool = true;
}

/// Who is on the other end of a connection.
#[derive(Debug, Clone)]
pub enum Peer {
    /// Pods of this release.
    Release,
    /// Pods of the release's namespace.
    Namespace,
    /// Pods of any namespace.
    Cluster,
    /// Public addresses.
    Internet,
    /// As the table says.
    Table(PeerTable),
}

const PEER_WORDS: &[&str] = &["release", "namespace", "cluster", "internet"];

const PEER: ScalarShape = ScalarShape {
    name: "a peer",
    hint: "such as \"namespace\" or { namespace = \"gateway\" }",
    json: r#"{"enum":["release","namespace","cluster","internet"]}"#,
};

impl Decode for Peer {
    fn shape() -> Shape {
        Shape::Either(&[|| Shape::Scalar(&PEER), <PeerTable as Decode>::shape])
    }

    fn decode(node: &Node, sink: &mut Sink) -> Option<Self> {
        match &node.value {
            Value::Table(_) => PeerTable::decode(node, sink).map(Self::Table),
            Value::String(word) => {
                match word.as_str() {
                    "release" => Some(Self::Release),
                    "namespace" => Some(Self::Namespace),
                    "cluster" => Some(Self::Cluster),
                    "internet" => Some(Self::Internet),
                    other => {
                        let help = crate::suggest::did_you_mean(other, PEER_WORDS.iter().copied())
                        .unwrap_or_else(|| format!("choose {}, or write a table with `namespace`, `labels` or `cidr`", crate::suggest::list(PEER_WORDS.iter().copied()).replace(" and ", ", ")));
                        sink.push(
                            crate::diagnostic::Diagnostic::error(
                                crate::codes::CHOICE,
                                format!("`{other}` is not a peer"),
                            )
                            .at(node.span, "not a peer")
                            .help(help),
                        );
                        None
                    }
                }
            }
            _ => {
                crate::decode::wrong_type(PEER.name, node, sink);
                None
            }
        }
    }
}

table! {
    /// A connection to somebody outside the chart.
    pub struct Egress {
        /// `namespace`, `cluster`, `internet`, or a table with `namespace`, `labels` or `cidr`.
        to: Spanned<Peer> = "to";
        /// TCP ports.
        ports: Vec<Spanned<Port>> = "ports";
    }
}

table! {
    /// A database or cache.
    pub struct Dependency {
        /// Catalog entry: `embedded/…` needs no repository, `external/…` no chart.
        from: Spanned<CatalogName> = "from" fixed;
        /// Version or range of the chart. Default: the exact version that the catalog names, if it names one.
        version: Option<Spanned<Constraint>> = "version" fixed;
        /// Name of the database. Default: the chart's name with underscores.
        database: Option<Spanned<SqlName>> = "database";
        /// User of the database. Default: the database's name.
        user: Option<Spanned<SqlName>> = "user";
        /// Size of the volume. Default 8Gi.
        storage: Option<Spanned<Memory>> = "storage";
        /// Storage class of the volume. Default: the cluster's.
        storage_class: Option<Spanned<Line>> = "storage-class";
        /// How the servers work together: `standalone`, `replication` or `sentinel`. Default: `replication` with replicas, else `standalone`.
        mode: Option<Spanned<DependencyMode>> = "mode";
        /// Replicas beside the server that takes writes. Default 0; 1 with `replication`, 2 with `sentinel`.
        replicas: Option<Spanned<Whole>> = "replicas";
        /// Settings of the server, as its own documentation names them.
        settings: Map<SettingName, Spanned<SettingValue>> = "settings";
        /// How long data is kept, such as `15d`.
        retention: Option<Spanned<Retention>> = "retention";
        /// CPU of each server. Default request 250m, limit 1.
        cpu: Option<Spanned<CpuRange>> = "cpu";
        /// Memory of each server. Default request and limit 512Mi.
        memory: Option<Spanned<MemoryRange>> = "memory";
        /// Whether an exporter for Prometheus runs beside the server. Default false.
        metrics: Option<Spanned<Flag>> = "metrics";
        /// Variable that carries the connection URL. Default: as the catalog says, such as DATABASE_URL.
        url_env: Option<Spanned<EnvName>> = "url-env" fixed;
        /// Host of an external server.
        host: Option<Spanned<Host>> = "host";
        /// Port of an external server. Default: the protocol's.
        port: Option<Spanned<Port>> = "port";
        /// Further values of the dependency's chart, as its own documentation names them.
        values: Option<Spanned<Free>> = "values";
    }
}

table! {
    /// How the database schema is brought up to date.
    pub struct Migrations {
        /// Image. Without a tag the application's version is used.
        image: Spanned<Image> = "image";
        /// Program and arguments. It must be safe to run again.
        command: Vec<Spanned<Any>> = "command";
        /// Dependencies whose connection URL it gets; the first one is the database.
        uses: Vec<Spanned<Name>> = "uses" fixed;
        /// `auto` (default), `job` or `hook`.
        strategy: Option<Spanned<Strategy>> = "strategy" fixed;
        /// Time it may take in all. Default 5m.
        timeout: Option<Spanned<Duration>> = "timeout";
        /// Attempts after the first. Default 3.
        retries: Option<Spanned<Whole>> = "retries";
        /// Environment variables, as for a workload.
        env: Map<EnvName, Spanned<EnvValue>> = "env";
        /// CPU. Default request 100m, limit 500m.
        cpu: Option<Spanned<CpuRange>> = "cpu";
        /// Memory. Default request and limit 256Mi.
        memory: Option<Spanned<MemoryRange>> = "memory";
        /// User ID of the process. Default 10001.
        user: Option<Spanned<UserId>> = "user";
        /// Group ID of the process. Default: the user ID.
        group: Option<Spanned<UserId>> = "group";
        /// Directories that the process may write to. Default `/tmp`.
        writable: Vec<Spanned<AbsolutePath>> = "writable";
        /// Whom it may connect to beyond its dependencies and DNS.
        egress: Vec<Spanned<Egress>> = "egress";
    }
}

table! {
    /// Where passwords come from.
    pub struct Secrets {
        /// `generate` (default): the chart makes them at the first installation. `existing`: somebody else does.
        source: Option<Spanned<SecretSource>> = "source";
        /// Name of the existing Secret.
        name: Option<Spanned<SecretName>> = "name";
        /// Keys beyond the dependencies' passwords, for `env = { X = { secret = "…" } }`.
        keys: Map<SecretKey, Spanned<SecretKeyRule>> = "keys" fixed;
    }
}

/// A name of a Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretName(pub String);

impl crate::decode::Scalar for SecretName {
    const SHAPE: ScalarShape = ScalarShape {
        name: "a Secret's name",
        hint: "such as \"task-api-credentials\"",
        json: r#"{"type":"string","pattern":"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"}"#,
    };
    fn read(value: &Value) -> Result<Self, crate::decode::Fault> {
        let Value::String(text) = value else {
            return Err(crate::decode::Fault::wrong_type(&Self::SHAPE, value));
        };
        let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let valid = text.len() <= 253
            && text.starts_with(edge)
            && text.ends_with(edge)
            && text.chars().all(|c| edge(c) || matches!(c, '-' | '.'));
        if valid {
            Ok(Self(text.clone()))
        } else {
            Err(crate::decode::Fault::new(
                crate::codes::NAME,
                format!("`{text}` is not a Secret's name"),
            )
            .help("use lower-case letters, digits, `-` and `.`, such as \"task-api-credentials\""))
        }
    }
}

scalar!(SecretName, PodLabelKey);

table! {
    /// A key of the chart's Secret.
    pub struct SecretKeyRule {
        /// Number of random characters when the chart generates it, 16 to 128. Absent: only an existing Secret can hold it.
        generate: Option<Spanned<RandomLength>> = "generate";
    }
}

/// How many random characters a generated secret has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RandomLength(pub u32);

impl crate::decode::Scalar for RandomLength {
    const SHAPE: ScalarShape = ScalarShape {
        name: "a number of characters",
        hint: "from 16 to 128",
        json: r#"{"type":"integer","minimum":16,"maximum":128}"#,
    };
    fn read(value: &Value) -> Result<Self, crate::decode::Fault> {
        match value {
            Value::Integer(number @ 16..=128) => Ok(Self(u32::try_from(*number).unwrap_or(32))),
            Value::Integer(number) => Err(crate::decode::Fault::new(
                crate::codes::NUMBER,
                format!("{number} is out of range for {}", Self::SHAPE.name),
            )
            .help("write a number from 16 to 128")),
            other => Err(crate::decode::Fault::wrong_type(&Self::SHAPE, other)),
        }
    }
}

scalar!(RandomLength);

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

table! {
    /// A statement of what success is: `check`, `test` or `manual`.
    pub struct Criterion {
        /// Identifier, such as `C1`.
        id: Spanned<Identifier> = "id" fixed;
        /// What must be true, in one line.
        title: Spanned<Line> = "title" fixed;
        /// Why it matters.
        why: Option<Spanned<Text>> = "why" fixed;
        /// Expressions over the rendered manifests.
        check: Vec<Spanned<Check>> = "check" fixed;
        /// A test at run time: becomes part of `helm test`.
        test: Option<Spanned<RuntimeTest>> = "test" fixed;
        /// How a person checks it.
        manual: Option<Spanned<Text>> = "manual" fixed;
    }
}

table! {
    /// An expression over rendered manifests.
    pub struct Check {
        /// Environments it holds in. Default: all.
        r#in: Vec<Spanned<EnvironmentName>> = "in" fixed;
        /// The expression (CEL).
        that: Spanned<Condition> = "that" fixed;
        /// Further values that it is rendered with.
        values: Option<Spanned<Free>> = "values" fixed;
    }
}

table! {
    /// A test at run time.
    pub struct RuntimeTest {
        /// Workload whose network position the test takes.
        from: Spanned<Name> = "from" fixed;
        /// Dependencies and workloads that must answer.
        reaches: Vec<Spanned<Name>> = "reaches" fixed;
    }
}

table! {
    /// A rule the chart must keep. Further keys are the rule's parameters.
    pub struct ConstraintRule (open) {
        /// Identifier, such as `K1`.
        id: Spanned<Identifier> = "id" fixed;
        /// What must be true, in one line.
        title: Option<Spanned<Line>> = "title" fixed;
        /// Name of the rule.
        rule: Spanned<Name> = "rule" fixed;
        /// Why it matters.
        why: Option<Spanned<Text>> = "why" fixed;
    }
}

table! {
    /// Something the chart must not contain.
    pub struct NonGoal {
        /// Identifier, such as `N1`.
        id: Spanned<Identifier> = "id" fixed;
        /// What is left out, in one line.
        title: Spanned<Line> = "title" fixed;
        /// Name of the rule that proves its absence.
        rule: Option<Spanned<Name>> = "rule" fixed;
        /// Who takes care of it instead.
        why: Option<Spanned<Text>> = "why" fixed;
    }
}

table! {
    /// A suggestion with its outcome.
    pub struct Decision {
        /// Identifier, such as `D1`.
        id: Spanned<Identifier> = "id" fixed;
        /// What was suggested, in one line.
        title: Spanned<Line> = "title" fixed;
        /// `adopted`, `deferred` or `rejected`.
        status: Spanned<DecisionStatus> = "status" fixed;
        /// Why.
        why: Spanned<Text> = "why" fixed;
    }
}
