//! What is inside a container: variables, files, health checks; and the
//! containers before and beside a workload.

use super::workload::{CpuRange, MemoryRange, PortRule};
use crate::codes;
use crate::decode::{Decode, Map};
use crate::diagnostic::{Diagnostic, Sink};
use crate::shape::{ScalarShape, Shape};
use crate::span::Spanned;
use crate::tree::{Node, Value};
use crate::types::{
    AbsolutePath, Any, ConnectionPart, Duration, EnvName, FieldPath, Flag, HeaderName, HttpPath,
    Image, LabelKey, Line, Name, PortName, Positive, PullPolicy, SecretKey, SecretName, UrlScheme,
    UserId,
};

/// The value of an environment variable.
#[derive(Debug, Clone)]
pub enum EnvValue {
    /// Plain text; numbers and booleans become text.
    Text(String),
    /// Plain text that only looks like a secret.
    Plain(Spanned<Any>),
    /// The value of a label of the specification.
    Label(Spanned<LabelKey>),
    /// A key of the chart's Secret.
    Secret(Spanned<SecretKey>),
    /// A field of the pod.
    Field(Spanned<FieldPath>),
    /// A part of a dependency's connection.
    Dependency(DependencyReference),
    /// Where another workload of the chart is reached.
    Workload(WorkloadReference),
}

table! {
    /// A variable whose name or value looks like a secret and is none.
    pub struct PlainValue {
        /// Its text.
        plain: Spanned<Any> = "plain";
    }
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

table! {
    /// A variable that takes a field of its pod.
    pub struct FieldReference {
        /// Such as `metadata.name`, `status.podIP` or `limits.memory`.
        field: Spanned<FieldPath> = "field";
    }
}

table! {
    /// A variable that takes a part of a dependency's connection.
    pub struct DependencyReference {
        /// Name in `dependencies`.
        dependency: Spanned<Name> = "dependency";
        /// `url` (default), `host`, `port`, `address` (host and port), `user`, `database` or `password`.
        part: Option<Spanned<ConnectionPart>> = "part";
    }
}

table! {
    /// A variable that says where another workload of the chart is reached.
    pub struct WorkloadReference {
        /// Name in `workloads`.
        workload: Spanned<Name> = "workload";
        /// Name of its port. Default: the main port.
        port: Option<Spanned<PortName>> = "port";
        /// `url` (default), `host`, `port` or `address` (host and port); of a stateful workload also `headless` (the Service below which each pod has a name) and `peers` (host and port of every pod, with commas between).
        part: Option<Spanned<ConnectionPart>> = "part";
        /// Path at the end of the URL.
        path: Option<Spanned<HttpPath>> = "path";
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
            <PlainValue as Decode>::shape,
            <LabelReference as Decode>::shape,
            <SecretReference as Decode>::shape,
            <FieldReference as Decode>::shape,
            <DependencyReference as Decode>::shape,
            <WorkloadReference as Decode>::shape,
        ])
    }

    fn decode(node: &Node, sink: &mut Sink) -> Option<Self> {
        match &node.value {
            Value::String(_) => Any::decode(node, sink).map(|text| Self::Text(text.0)),
            Value::Integer(number) => Some(Self::Text(number.to_string())),
            // `1.10` and `1.1` are one number but two texts.
            Value::Float(_) => {
                sink.push(
                    Diagnostic::error(
                        codes::WRONG_TYPE,
                        "a number with a fraction has several spellings",
                    )
                    .at(node.span, "which one does the program get?")
                    .help("put it in quotes"),
                );
                None
            }
            Value::Boolean(flag) => Some(Self::Text(flag.to_string())),
            Value::Table(table) => reference(table, node, sink),
            Value::Datetime(_) | Value::Array(_) => {
                sink.push(no_variable(node));
                None
            }
        }
    }
}

fn reference(table: &crate::tree::Table, node: &Node, sink: &mut Sink) -> Option<EnvValue> {
    let says = |key: &str| table.get(key).is_some();
    if says("secret") {
        return SecretReference::decode(node, sink).map(|one| EnvValue::Secret(one.secret));
    }
    if says("plain") {
        return PlainValue::decode(node, sink).map(|one| EnvValue::Plain(one.plain));
    }
    if says("label") {
        return LabelReference::decode(node, sink).map(|one| EnvValue::Label(one.label));
    }
    if says("field") {
        return FieldReference::decode(node, sink).map(|one| EnvValue::Field(one.field));
    }
    if says("dependency") {
        return DependencyReference::decode(node, sink).map(EnvValue::Dependency);
    }
    if says("workload") {
        return WorkloadReference::decode(node, sink).map(EnvValue::Workload);
    }
    sink.push(no_variable(node));
    None
}

fn no_variable(node: &Node) -> Diagnostic {
    Diagnostic::error(
        codes::WRONG_TYPE,
        format!("expected {}, found {}", PLAIN.name, node.value.kind()),
    )
    .at(node.span, format!("expected {}", PLAIN.name))
    .help("write text in quotes, or a table with one of `secret`, `label`, `field`, `dependency` and `workload`")
}

table! {
    /// An existing Secret or ConfigMap, all of whose keys become variables.
    pub struct EnvSource {
        /// Name of a Secret.
        secret: Option<Spanned<SecretName>> = "secret";
        /// Name of a ConfigMap.
        config: Option<Spanned<SecretName>> = "config";
    }
}

/// What a file holds.
#[derive(Debug, Clone)]
pub enum FileSource {
    /// Text.
    Text(String),
    /// A key of the chart's Secret.
    Secret(Spanned<SecretKey>),
}

impl Decode for FileSource {
    fn shape() -> Shape {
        Shape::Either(&[<Any as Decode>::shape, <SecretReference as Decode>::shape])
    }
    fn decode(node: &Node, sink: &mut Sink) -> Option<Self> {
        if let Value::Table(_) = node.value {
            return SecretReference::decode(node, sink).map(|one| Self::Secret(one.secret));
        }
        Any::decode(node, sink).map(|text| Self::Text(text.0))
    }
}

table! {
    /// Health checks of a container.
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
    /// One health check: `path`, `command`, `tcp` or `grpc`.
    pub struct Probe {
        /// HTTP path that answers with a status from 200 to 399.
        path: Option<Spanned<HttpPath>> = "path";
        /// Program that exits with 0.
        command: Vec<Spanned<Any>> = "command";
        /// Whether it is enough that the port accepts a connection.
        tcp: Option<Spanned<Flag>> = "tcp";
        /// Whether the port answers gRPC's health protocol: `true`, or the name of a service.
        grpc: Option<Spanned<GrpcService>> = "grpc";
        /// Name of the port. Default: the main port.
        port: Option<Spanned<PortName>> = "port";
        /// `HTTP` (default) or `HTTPS`, whose certificate is not checked.
        scheme: Option<Spanned<UrlScheme>> = "scheme";
        /// Headers of the HTTP request.
        headers: Map<HeaderName, Spanned<Line>> = "headers";
        /// Time before the first check. Default 0s.
        initial_delay: Option<Spanned<Duration>> = "initial-delay";
        /// Time between checks, from 1s. Default 10s.
        period: Option<Spanned<Duration>> = "period";
        /// Time that one check may take, from 1s. Default 3s.
        timeout: Option<Spanned<Duration>> = "timeout";
        /// Failures in a row that count. Default 3; 30 for startup.
        failures: Option<Spanned<Positive>> = "failures";
        /// Successes in a row that count. Default 1; only readiness may have more.
        successes: Option<Spanned<Positive>> = "successes";
        /// Grace period of a container that this check restarts. Default: the pod's.
        grace: Option<Spanned<Duration>> = "grace";
    }
}

/// Whether a probe asks gRPC's health protocol, and of which service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrpcService {
    /// Not.
    No,
    /// The server as a whole.
    Server,
    /// One service.
    Service(String),
}

const GRPC: ScalarShape = ScalarShape {
    name: "true or the name of a gRPC service",
    hint: "such as true or \"orders.v1.Orders\"",
    json: r#"{"type":["boolean","string"]}"#,
};

impl crate::decode::Scalar for GrpcService {
    const SHAPE: ScalarShape = GRPC;
    fn read(value: &Value) -> Result<Self, crate::decode::Fault> {
        match value {
            Value::Boolean(false) => Ok(Self::No),
            Value::Boolean(true) => Ok(Self::Server),
            Value::String(_) => Line::read(value).map(|line| Self::Service(line.0)),
            other => Err(crate::decode::Fault::wrong_type(&Self::SHAPE, other)),
        }
    }
}

scalar!(GrpcService);

table! {
    /// A container before or beside a workload.
    pub struct Container {
        /// Image. Default: the workload's.
        image: Option<Spanned<Image>> = "image";
        /// When nodes pull the image. Default `IfNotPresent`.
        pull_policy: Option<Spanned<PullPolicy>> = "pull-policy";
        /// Program and arguments in place of the image's entry point.
        command: Vec<Spanned<Any>> = "command";
        /// Arguments in place of the image's.
        args: Vec<Spanned<Any>> = "args";
        /// Environment variables, as for a workload.
        env: Map<EnvName, Spanned<EnvValue>> = "env";
        /// Files by path, as for a workload.
        files: Map<AbsolutePath, Spanned<FileSource>> = "files";
        /// Whether it has the workload's variables, connections and files too. Default: if it has the workload's image.
        shares_env: Option<Spanned<Flag>> = "shares-env" fixed;
        /// Volumes of the workload that it mounts. Default: all.
        mounts: Option<Spanned<Mounts>> = "mounts" fixed;
        /// Ports by name: a number, or a table. Only for sidecars.
        ports: Map<PortName, Spanned<PortRule>> = "ports" fixed;
        /// Health checks. Only for sidecars.
        probes: Option<Spanned<Probes>> = "probes";
        /// CPU. Default request 50m, limit 500m.
        cpu: Option<Spanned<CpuRange>> = "cpu";
        /// Memory. Default request and limit 128Mi.
        memory: Option<Spanned<MemoryRange>> = "memory";
        /// User ID of the process. Default: the workload's.
        user: Option<Spanned<UserId>> = "user" fixed;
        /// Directories that the process may write to. Default `/tmp`. Emptied with the pod.
        writable: Vec<Spanned<AbsolutePath>> = "writable" fixed;
    }
}

/// Names of volumes.
#[derive(Debug, Clone)]
pub struct Mounts(pub Vec<Spanned<Name>>);

impl Decode for Mounts {
    fn shape() -> Shape {
        Shape::List(<Name as Decode>::shape)
    }
    fn decode(node: &Node, sink: &mut Sink) -> Option<Self> {
        <Vec<Spanned<Name>> as crate::decode::Field>::decode(node, sink).map(Self)
    }
}
