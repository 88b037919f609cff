//! Workloads: what runs, how often, how it is reached and replaced.

use super::container::{Container, EnvSource, EnvValue, FileSource, Probes};
use super::network::{Egress, Peer};
use super::scaling::Scaling;
use crate::decode::{Decode, Map};
use crate::diagnostic::Sink;
use crate::shape::Shape;
use crate::span::Spanned;
use crate::tree::{Node, Value};
use crate::types::{
    AbsolutePath, AccessMode, AnnotationKey, Any, AppProtocol, Cidr, Concurrency, Cpu, CronTime,
    Duration, EnvName, Flag, Free, HookEvent, HttpPath, Image, Label, Line, Memory, Name, Port,
    PortName, Positive, Protocol, PullPolicy, RolloutStrategy, SecretName, ServiceType, Spread,
    Surge, TaintEffect, TrafficPolicy, UserId, VolumeKind, Whole, WorkloadKind,
};

table! {
    /// Something that runs.
    pub struct Workload {
        /// `service` answers on a port, `worker` works in the background, `stateful` keeps an identity and volumes for each pod, `cron` runs by the clock, `job` runs once.
        kind: Spanned<WorkloadKind> = "kind" fixed;
        /// Whether it is installed. Default true. The main workload always is.
        enabled: Option<Spanned<Flag>> = "enabled";
        /// Another workload whose image, variables, files and connections it shares.
        like: Option<Spanned<Name>> = "like" fixed;
        /// Image. Without a tag the application's version is used. Required unless `like` names a workload.
        image: Option<Spanned<Image>> = "image";
        /// When nodes pull the image: `IfNotPresent` (default), `Always` or `Never`.
        pull_policy: Option<Spanned<PullPolicy>> = "pull-policy";
        /// Program and arguments in place of the image's entry point.
        command: Vec<Spanned<Any>> = "command";
        /// Arguments in place of the image's.
        args: Vec<Spanned<Any>> = "args";
        /// Port that the container listens on, called `http`. A service needs it or `ports`.
        port: Option<Spanned<Port>> = "port" fixed;
        /// Ports by name: a number, or a table. The first is the main one unless `port` is given.
        ports: Map<PortName, Spanned<PortRule>> = "ports" fixed;
        /// How the workload is reached inside and outside the cluster.
        service: Option<Spanned<Service>> = "service";
        /// Number of pods. Default 1. Not used while `scaling` is on.
        replicas: Option<Spanned<Positive>> = "replicas";
        /// Largest number of pods that the chart's values accept. Default 1000.
        max_replicas: Option<Spanned<Positive>> = "max-replicas" fixed;
        /// How the number of pods follows the load.
        scaling: Option<Spanned<Scaling>> = "scaling";
        /// When a `cron` runs: five fields (minute, hour, day of month, month, day of week) or a word such as `@daily`.
        schedule: Option<Spanned<CronTime>> = "schedule";
        /// Time zone of the schedule, such as `Europe/Berlin`. Default `Etc/UTC`.
        time_zone: Option<Spanned<Line>> = "time-zone";
        /// What a `cron` does when the last run still goes on: `forbid` (default), `allow` or `replace`.
        concurrency: Option<Spanned<Concurrency>> = "concurrency";
        /// How late a run of a `cron` may start. Default 5m.
        start_deadline: Option<Spanned<Duration>> = "start-deadline";
        /// Whether a `cron` is paused. Default false.
        suspend: Option<Spanned<Flag>> = "suspend";
        /// Attempts of a `cron` or `job` after the first. Default 3.
        retries: Option<Spanned<Whole>> = "retries";
        /// Time that a run of a `cron` or `job` may take in all. Default 1h.
        timeout: Option<Spanned<Duration>> = "timeout";
        /// Pods of a `cron` or `job` that run at a time. Default 1.
        parallelism: Option<Spanned<Positive>> = "parallelism";
        /// Runs of a `cron` or `job` that must succeed. Default 1.
        completions: Option<Spanned<Positive>> = "completions";
        /// Events of the release that start a `job`: `post-install`, `post-upgrade`, `post-rollback`, `pre-rollback`, `pre-delete`. Default: once for each version of what it runs.
        on: Vec<Spanned<HookEvent>> = "on" fixed;
        /// CPU. Default request 100m, limit 1.
        cpu: Option<Spanned<CpuRange>> = "cpu";
        /// Memory. Default request and limit 256Mi.
        memory: Option<Spanned<MemoryRange>> = "memory";
        /// Space for logs and temporary files on the node. Default: no statement.
        ephemeral_storage: Option<Spanned<MemoryRange>> = "ephemeral-storage";
        /// Devices of the node by resource, such as `"nvidia.com/gpu" = 1`.
        devices: Map<AnnotationKey, Spanned<Positive>> = "devices";
        /// Environment variables: text, numbers, or a reference such as `{ secret = "…" }`.
        env: Map<EnvName, Spanned<EnvValue>> = "env";
        /// Existing Secrets and ConfigMaps, all of whose keys become variables: `{ secret = "…" }`, `{ config = "…" }`.
        env_from: Vec<Spanned<EnvSource>> = "env-from";
        /// Files by path: text, or `{ secret = "…" }` for a key of the chart's Secret.
        files: Map<AbsolutePath, Spanned<FileSource>> = "files";
        /// Dependencies whose connection URL the workload gets.
        uses: Vec<Spanned<Name>> = "uses" fixed;
        /// Workloads of this chart that it connects to. References in `env` are included.
        calls: Vec<Spanned<Name>> = "calls" fixed;
        /// Volumes by name.
        volumes: Map<Name, Spanned<Volume>> = "volumes";
        /// Health checks.
        probes: Option<Spanned<Probes>> = "probes";
        /// Metrics for Prometheus.
        metrics: Option<Spanned<Metrics>> = "metrics";
        /// Containers that run one after another before the workload starts.
        init: Map<Name, Spanned<Container>> = "init";
        /// Containers that run beside the workload, started before it and stopped after it.
        sidecars: Map<Name, Spanned<Container>> = "sidecars";
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
        /// How many pods a node drain may take away.
        disruption: Option<Spanned<Disruption>> = "disruption";
        /// How long a stopping pod keeps answering while load balancers forget it. Default 10s for a service, else 0s.
        drain: Option<Spanned<Duration>> = "drain";
        /// Program that runs in the container before it is told to stop, in place of `drain`.
        pre_stop: Vec<Spanned<Any>> = "pre-stop";
        /// How long a stopping pod may take in all. Default: drain + 30s.
        grace: Option<Spanned<Duration>> = "grace";
        /// Where pods go.
        placement: Option<Spanned<Placement>> = "placement";
        /// Identity towards the cluster, with its rights. Default: the chart's identity, which has none.
        account: Option<Spanned<WorkloadAccount>> = "account";
        /// Annotations of the pods.
        annotations: Map<AnnotationKey, Spanned<Any>> = "annotations";
        /// Who may connect: `release`, `namespace`, `cluster`, `internet`, or tables with `workload`, `namespace`, `labels` or `cidr`. Default: the workloads that call it and what exposes it; `namespace` if there is neither.
        allow_from: Vec<Spanned<Peer>> = "allow-from";
        /// Whom it may connect to beyond its dependencies, the workloads it calls and DNS.
        egress: Vec<Spanned<Egress>> = "egress";
        /// What is merged into the generated objects in the end.
        patch: Option<Spanned<Patch>> = "patch";
    }
}

table! {
    /// A port.
    pub struct PortTable {
        /// Port of the container, from 1024.
        port: Spanned<Port> = "port" fixed;
        /// Port of the Service. Default: the container's.
        service: Option<Spanned<Port>> = "service" fixed;
        /// `TCP` (default) or `UDP`.
        protocol: Option<Spanned<Protocol>> = "protocol" fixed;
        /// Protocol above it, for proxies: `http`, `http2`, `grpc` or `tcp`.
        app_protocol: Option<Spanned<AppProtocol>> = "app-protocol" fixed;
        /// Whether the Service has it. Default true.
        expose: Option<Spanned<Flag>> = "expose" fixed;
    }
}

/// A port: its number, or a [`PortTable`].
#[derive(Debug, Clone)]
pub struct PortRule(pub PortTable);

impl Decode for PortRule {
    fn shape() -> Shape {
        Shape::Either(&[<Port as Decode>::shape, <PortTable as Decode>::shape])
    }
    fn decode(node: &Node, sink: &mut Sink) -> Option<Self> {
        if let Value::Table(_) = node.value {
            return PortTable::decode(node, sink).map(Self);
        }
        let port = Spanned::<Port>::decode(node, sink)?;
        Some(Self(PortTable {
            port,
            service: None,
            protocol: None,
            app_protocol: None,
            expose: None,
            parameters: Vec::new(),
            faulty: Vec::new(),
        }))
    }
}

table! {
    /// How a workload is reached.
    pub struct Service {
        /// `ClusterIP` (default), `NodePort`, `LoadBalancer` or `headless`.
        r#type: Option<Spanned<ServiceType>> = "type";
        /// Port of the Service for the main port. Default: the container's.
        port: Option<Spanned<Port>> = "port";
        /// Port of every node, 30000 to 32767, for the main port. Default: the cluster chooses.
        node_port: Option<Spanned<Port>> = "node-port";
        /// Class of the load balancer.
        load_balancer_class: Option<Spanned<Line>> = "load-balancer-class";
        /// Addresses that may use the load balancer. Default: all.
        source_ranges: Vec<Spanned<Cidr>> = "source-ranges";
        /// Whether traffic from outside may go to other nodes: `Cluster` (default) or `Local`, which keeps the client's address.
        traffic_policy: Option<Spanned<TrafficPolicy>> = "traffic-policy";
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

table! {
    /// A volume and where it is mounted.
    pub struct Volume {
        /// `persistent`, `ephemeral`, `secret` or `config`.
        kind: Spanned<VolumeKind> = "kind" fixed;
        /// Directory in the container.
        mount: Spanned<AbsolutePath> = "mount" fixed;
        /// Size of a persistent volume, or limit of an ephemeral one.
        size: Option<Spanned<Memory>> = "size";
        /// Who may mount a persistent volume: `ReadWriteOnce` (default), `ReadWriteOncePod`, `ReadWriteMany` or `ReadOnlyMany`.
        access: Option<Spanned<AccessMode>> = "access";
        /// Storage class of a persistent volume. Default: the cluster's.
        class: Option<Spanned<Line>> = "class";
        /// Whether a persistent volume outlives an uninstall. Default true.
        keep: Option<Spanned<Flag>> = "keep" fixed;
        /// Existing claim in place of a new one.
        claim: Option<Spanned<SecretName>> = "claim";
        /// Whether an ephemeral volume is in memory, within the container's limit. Default false.
        in_memory: Option<Spanned<Flag>> = "in-memory" fixed;
        /// Name of the existing Secret or ConfigMap.
        source: Option<Spanned<SecretName>> = "source";
        /// Whether it can only be read. Default true for `secret` and `config`.
        read_only: Option<Spanned<Flag>> = "read-only" fixed;
    }
}

table! {
    /// Metrics of a workload.
    pub struct Metrics {
        /// Name of the port. Default: the main port.
        port: Option<Spanned<PortName>> = "port" fixed;
        /// HTTP path. Default `/metrics`.
        path: Option<Spanned<HttpPath>> = "path";
        /// Time between scrapes. Default 30s.
        interval: Option<Spanned<Duration>> = "interval";
    }
}

table! {
    /// How pods are replaced at an upgrade.
    pub struct Rollout {
        /// `rolling-update` or `recreate`. Default: rolling-update, or recreate if a volume can only be mounted once.
        strategy: Option<Spanned<RolloutStrategy>> = "strategy" fixed;
        /// Pods above the number of replicas. Default "25%": one of up to four.
        max_surge: Option<Spanned<Surge>> = "max-surge";
        /// Pods below the number of replicas. Default 0: no downtime.
        max_unavailable: Option<Spanned<Surge>> = "max-unavailable";
        /// How long a new pod must be ready before it counts. Default 5s.
        min_ready: Option<Spanned<Duration>> = "min-ready";
        /// Whether pods of a stateful workload start at the same time. Default false: one after another, each when the one before it is ready.
        parallel: Option<Spanned<Flag>> = "parallel" fixed;
        /// When a rollout without progress counts as failed. Default 10m.
        deadline: Option<Spanned<Duration>> = "deadline";
    }
}

table! {
    /// How many pods a node drain may take away.
    pub struct Disruption {
        /// Pods that may be missing at a time, or a share such as `25%`. Default 1.
        max_unavailable: Option<Spanned<Surge>> = "max-unavailable";
    }
}

table! {
    /// Where pods go.
    pub struct Placement {
        /// Spread over zones: `prefer` (default), `require` or `off`.
        zones: Option<Spanned<Spread>> = "zones";
        /// Spread over nodes: `prefer` (default), `require` or `off`.
        nodes: Option<Spanned<Spread>> = "nodes";
        /// Labels that a node must have.
        node_labels: Map<AnnotationKey, Spanned<Label>> = "node-labels";
        /// Taints of nodes that the pods tolerate.
        tolerations: Vec<Spanned<Toleration>> = "tolerations";
        /// Priority class.
        priority: Option<Spanned<SecretName>> = "priority";
        /// Affinity as Kubernetes writes it, for what the other keys cannot say.
        affinity: Option<Spanned<Free>> = "affinity";
    }
}

table! {
    /// A taint that pods tolerate.
    pub struct Toleration {
        /// Key of the taint. Default: every taint.
        key: Option<Spanned<AnnotationKey>> = "key";
        /// Value of the taint. Default: any.
        value: Option<Spanned<Label>> = "value";
        /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`. Default: all.
        effect: Option<Spanned<TaintEffect>> = "effect";
        /// How long a pod stays after a `NoExecute` taint. Default: for good.
        stays: Option<Spanned<Duration>> = "stays";
    }
}

table! {
    /// Identity of a workload towards the cluster.
    pub struct WorkloadAccount {
        /// Annotations, for example of a cloud's workload identity.
        annotations: Map<AnnotationKey, Spanned<Any>> = "annotations";
        /// What it may do in its namespace.
        rules: Vec<Spanned<AccessRule>> = "rules" fixed;
        /// What it may do in the whole cluster.
        cluster_rules: Vec<Spanned<AccessRule>> = "cluster-rules" fixed;
        /// Whether the token is mounted. Default: if there are rules.
        token: Option<Spanned<Flag>> = "token" fixed;
    }
}

table! {
    /// A right.
    pub struct AccessRule {
        /// API groups. Default: the core group.
        groups: Vec<Spanned<Any>> = "groups" fixed;
        /// Resources, such as `pods` or `pods/log`.
        resources: Vec<Spanned<Any>> = "resources" fixed;
        /// What it may do, such as `get`, `list` and `watch`.
        verbs: Vec<Spanned<Any>> = "verbs" fixed;
        /// Names of single objects. Default: all.
        names: Vec<Spanned<Any>> = "names" fixed;
    }
}

table! {
    /// What is merged into the generated objects in the end, as Kubernetes writes it. Lists are replaced whole.
    pub struct Patch {
        /// Into the Deployment, StatefulSet, CronJob or Job.
        object: Option<Spanned<Free>> = "object";
        /// Into the pods.
        pod: Option<Spanned<Free>> = "pod";
        /// Into the workload's container.
        container: Option<Spanned<Free>> = "container";
        /// Into the Service.
        service: Option<Spanned<Free>> = "service";
    }
}
