//! Values that are one of a few words.

use super::text;
use crate::codes;
use crate::decode::{Fault, Scalar};
use crate::shape::ScalarShape;
use crate::suggest;
use crate::tree::Value;

macro_rules! choice {
    (
        $(#[doc = $doc:literal])+
        $Name:ident, $what:literal, $hint:literal, $json:literal,
        { $( $(#[doc = $variant_doc:literal])+ $Variant:ident = $word:literal, )+ }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $Name { $( $(#[doc = $variant_doc])+ $Variant, )+ }

        impl $Name {
            /// Every word of the choice.
            pub const WORDS: &[&str] = &[$($word),+];

            /// The word as written in a specification.
            pub fn word(self) -> &'static str {
                match self { $( Self::$Variant => $word, )+ }
            }
        }

        impl Scalar for $Name {
            const SHAPE: ScalarShape = ScalarShape { name: $what, hint: $hint, json: $json };

            fn read(value: &Value) -> Result<Self, Fault> {
                let word = text::<Self>(value)?;
                match word {
                    $( $word => Ok(Self::$Variant), )+
                    _ => Err(Fault::new(codes::CHOICE, format!("`{word}` is not {}", $what)).help(
                        suggest::did_you_mean(word, Self::WORDS.iter().copied()).unwrap_or_else(
                            || format!("choose {}", suggest::list(Self::WORDS.iter().copied()).replace(" and ", " or ")),
                        ),
                    )),
                }
            }
        }

        scalar!($Name);
    };
}

choice!(
    /// What a workload is.
    WorkloadKind, "a kind of workload", "such as \"service\"", r#"{"enum":["service","worker","stateful","cron","job"]}"#,
    {
        /// Answers requests on a port.
        Service = "service",
        /// Works in the background.
        Worker = "worker",
        /// Keeps an identity and volumes for each pod.
        Stateful = "stateful",
        /// Runs by the clock.
        Cron = "cron",
        /// Runs once.
        Job = "job",
    }
);
choice!(
    /// When a node pulls an image.
    PullPolicy, "a pull policy", "such as \"IfNotPresent\"", r#"{"enum":["IfNotPresent","Always","Never"]}"#,
    {
        /// When the node lacks it.
        IfNotPresent = "IfNotPresent",
        /// At every start.
        Always = "Always",
        /// Not at all: it must be on the node.
        Never = "Never",
    }
);
choice!(
    /// How a Service is reached.
    ServiceType, "a type of service", "such as \"ClusterIP\"", r#"{"enum":["ClusterIP","NodePort","LoadBalancer","headless"]}"#,
    {
        /// From inside the cluster.
        ClusterIP = "ClusterIP",
        /// Through a port of every node.
        NodePort = "NodePort",
        /// Through a load balancer of the platform.
        LoadBalancer = "LoadBalancer",
        /// By the addresses of its pods, without one of its own.
        Headless = "headless",
    }
);
choice!(
    /// How pods are replaced.
    RolloutStrategy, "a rollout strategy", "such as \"rolling-update\"", r#"{"enum":["rolling-update","recreate"]}"#,
    {
        /// New pods become ready before old ones stop.
        RollingUpdate = "rolling-update",
        /// Old pods stop before new ones start.
        Recreate = "recreate",
    }
);
choice!(
    /// Who installs the chart.
    Delivery, "a delivery tool", "such as \"helm\"", r#"{"enum":["helm","argocd","flux"]}"#,
    {
        /// A person or a pipeline that runs Helm.
        Helm = "helm",
        /// Argo CD, which renders without a cluster.
        ArgoCd = "argocd",
        /// Flux, whose helm-controller runs Helm in the cluster.
        Flux = "flux",
    }
);
choice!(
    /// Who creates the chart's Secret.
    SecretSource, "a source of secrets", "such as \"generate\"", r#"{"enum":["generate","existing","external"]}"#,
    {
        /// The chart, with random passwords at the first installation.
        Generate = "generate",
        /// Somebody else, before the installation.
        Existing = "existing",
        /// The External Secrets Operator, from a store.
        External = "external",
    }
);
choice!(
    /// How migrations run.
    Strategy, "a migration strategy", "such as \"auto\"", r#"{"enum":["auto","job","hook","init-container","none"]}"#,
    {
        /// The compiler chooses and says why.
        Auto = "auto",
        /// A Job of the release; pods wait until it has finished.
        Job = "job",
        /// A hook before installation and upgrade.
        Hook = "hook",
        /// An init container of the main workload.
        InitContainer = "init-container",
        /// Not at all.
        None = "none",
    }
);
choice!(
    /// What became of a suggestion.
    DecisionStatus, "a status of a decision", "such as \"adopted\"", r#"{"enum":["adopted","deferred","rejected"]}"#,
    {
        /// It is in the chart.
        Adopted = "adopted",
        /// Later.
        Deferred = "deferred",
        /// Not at all.
        Rejected = "rejected",
    }
);
choice!(
    /// How values and files are laid out.
    Layout, "a layout", "such as \"by-workload\"", r#"{"enum":["by-workload","flat","uniform"]}"#,
    {
        /// A section of values for each workload; the main one has the plain names.
        ByWorkload = "by-workload",
        /// The main workload's values stand at the top.
        Flat = "flat",
        /// Every file and object carries its workload's name.
        Uniform = "uniform",
    }
);
choice!(
    /// What a cron job does when its last run still goes on.
    Concurrency, "a rule for overlapping runs", "such as \"forbid\"", r#"{"enum":["forbid","allow","replace"]}"#,
    {
        /// The new run is left out.
        Forbid = "forbid",
        /// Both go on.
        Allow = "allow",
        /// The old run is stopped.
        Replace = "replace",
    }
);
choice!(
    /// An event of a release.
    HookEvent, "an event of the release", "such as \"post-install\"", r#"{"enum":["post-install","post-upgrade","post-rollback","pre-rollback","pre-delete"]}"#,
    {
        /// After the installation.
        PostInstall = "post-install",
        /// After an upgrade.
        PostUpgrade = "post-upgrade",
        /// After a rollback.
        PostRollback = "post-rollback",
        /// Before a rollback.
        PreRollback = "pre-rollback",
        /// Before an uninstall.
        PreDelete = "pre-delete",
    }
);
choice!(
    /// Protocol of a port.
    Protocol, "a protocol", "such as \"TCP\"", r#"{"enum":["TCP","UDP"]}"#,
    {
        /// Connections.
        Tcp = "TCP",
        /// Datagrams.
        Udp = "UDP",
    }
);
choice!(
    /// Protocol above TCP, as proxies know it.
    AppProtocol, "an application protocol", "such as \"http\"", r#"{"enum":["http","http2","grpc","tcp"]}"#,
    {
        /// HTTP/1.
        Http = "http",
        /// HTTP/2 without TLS.
        Http2 = "http2",
        /// gRPC.
        Grpc = "grpc",
        /// Anything else.
        Tcp = "tcp",
    }
);
choice!(
    /// Whether traffic from outside may go to other nodes.
    TrafficPolicy, "a traffic policy", "such as \"Cluster\"", r#"{"enum":["Cluster","Local"]}"#,
    {
        /// To any pod.
        Cluster = "Cluster",
        /// To pods of the node it arrived at.
        Local = "Local",
    }
);
choice!(
    /// What a volume is.
    VolumeKind, "a kind of volume", "such as \"persistent\"", r#"{"enum":["persistent","ephemeral","secret","config"]}"#,
    {
        /// Outlives its pods.
        Persistent = "persistent",
        /// Emptied with its pod.
        Ephemeral = "ephemeral",
        /// An existing Secret.
        Secret = "secret",
        /// An existing ConfigMap.
        Config = "config",
    }
);
choice!(
    /// Who may mount a persistent volume.
    AccessMode, "an access mode", "such as \"ReadWriteOnce\"", r#"{"enum":["ReadWriteOnce","ReadWriteOncePod","ReadWriteMany","ReadOnlyMany"]}"#,
    {
        /// The pods of one node.
        ReadWriteOnce = "ReadWriteOnce",
        /// One pod.
        ReadWriteOncePod = "ReadWriteOncePod",
        /// Any pod.
        ReadWriteMany = "ReadWriteMany",
        /// Any pod, for reading.
        ReadOnlyMany = "ReadOnlyMany",
    }
);
choice!(
    /// How pods spread.
    Spread, "a rule of spreading", "such as \"prefer\"", r#"{"enum":["prefer","require","off"]}"#,
    {
        /// If possible.
        Prefer = "prefer",
        /// Else a pod waits.
        Require = "require",
        /// Not at all.
        Off = "off",
    }
);
choice!(
    /// What a taint does.
    TaintEffect, "an effect of a taint", "such as \"NoSchedule\"", r#"{"enum":["NoSchedule","PreferNoSchedule","NoExecute"]}"#,
    {
        /// New pods stay away.
        NoSchedule = "NoSchedule",
        /// New pods stay away if possible.
        PreferNoSchedule = "PreferNoSchedule",
        /// Running pods leave, too.
        NoExecute = "NoExecute",
    }
);
choice!(
    /// Who scales.
    Scaler, "an autoscaler", "such as \"hpa\"", r#"{"enum":["hpa","keda"]}"#,
    {
        /// The HorizontalPodAutoscaler of Kubernetes.
        Hpa = "hpa",
        /// KEDA, which must be installed.
        Keda = "keda",
    }
);
choice!(
    /// Which step of scaling counts.
    SelectPolicy, "a selection of steps", "such as \"max\"", r#"{"enum":["max","min","disabled"]}"#,
    {
        /// The largest change.
        Max = "max",
        /// The smallest change.
        Min = "min",
        /// No change in this direction.
        Disabled = "disabled",
    }
);
choice!(
    /// What serves an Ingress.
    IngressController, "an Ingress controller", "such as \"ingress-nginx\"", r#"{"enum":["ingress-nginx","traefik","haproxy","other"]}"#,
    {
        /// The community's controller for nginx, retired in March 2026.
        IngressNginx = "ingress-nginx",
        /// Traefik.
        Traefik = "traefik",
        /// The HAProxy controller.
        Haproxy = "haproxy",
        /// Something else.
        Other = "other",
    }
);
choice!(
    /// How a path matches.
    PathType, "a type of path", "such as \"Prefix\"", r#"{"enum":["Prefix","Exact","ImplementationSpecific"]}"#,
    {
        /// The path and what is below.
        Prefix = "Prefix",
        /// The path alone.
        Exact = "Exact",
        /// As the controller says.
        ImplementationSpecific = "ImplementationSpecific",
    }
);
choice!(
    /// Kind of a store of secrets.
    StoreKind, "a kind of store", "such as \"SecretStore\"", r#"{"enum":["SecretStore","ClusterSecretStore"]}"#,
    {
        /// In the namespace.
        SecretStore = "SecretStore",
        /// For the whole cluster.
        ClusterSecretStore = "ClusterSecretStore",
    }
);
choice!(
    /// How Prometheus finds metrics.
    MonitorKind, "a way to find metrics", "such as \"service-monitor\"", r#"{"enum":["service-monitor","pod-monitor","annotations"]}"#,
    {
        /// Through Services, by the Prometheus Operator.
        ServiceMonitor = "service-monitor",
        /// Through pods, by the Prometheus Operator.
        PodMonitor = "pod-monitor",
        /// Through annotations of the pods.
        Annotations = "annotations",
    }
);
choice!(
    /// How bad an alert is.
    Severity, "a severity", "such as \"critical\"", r#"{"enum":["critical","warning","info"]}"#,
    {
        /// Somebody is called.
        Critical = "critical",
        /// Somebody looks during the day.
        Warning = "warning",
        /// For the record.
        Info = "info",
    }
);
choice!(
    /// Unit of a graph.
    DashboardUnit, "a unit", "such as \"short\"", r#"{"enum":["short","percent","percentunit","s","ms","bytes","reqps","ops"]}"#,
    {
        /// A plain number.
        Short = "short",
        /// 0 to 100.
        Percent = "percent",
        /// 0 to 1.
        PercentUnit = "percentunit",
        /// Seconds.
        Seconds = "s",
        /// Milliseconds.
        Milliseconds = "ms",
        /// Bytes.
        Bytes = "bytes",
        /// Requests a second.
        Requests = "reqps",
        /// Operations a second.
        Operations = "ops",
    }
);
choice!(
    /// A part of a connection.
    ConnectionPart, "a part of a connection", "such as \"url\"", r#"{"enum":["url","host","port","address","user","database","password","headless","peers"]}"#,
    {
        /// The whole URL.
        Url = "url",
        /// The host.
        Host = "host",
        /// The port.
        Port = "port",
        /// Host and port.
        Address = "address",
        /// The user.
        User = "user",
        /// The database.
        Database = "database",
        /// The password.
        Password = "password",
        /// The Service that names each pod.
        Headless = "headless",
        /// Host and port of each pod.
        Peers = "peers",
    }
);
choice!(
    /// Scheme of an HTTP probe.
    UrlScheme, "a scheme", "such as \"HTTP\"", r#"{"enum":["HTTP","HTTPS"]}"#,
    {
        /// Plain.
        Http = "HTTP",
        /// TLS without checking the certificate.
        Https = "HTTPS",
    }
);
choice!(
    /// What kind of change it is.
    ChangeKind, "a kind of change", "such as \"added\"", r#"{"enum":["added","changed","deprecated","removed","fixed","security"]}"#,
    {
        /// New.
        Added = "added",
        /// Different.
        Changed = "changed",
        /// On its way out.
        Deprecated = "deprecated",
        /// Gone.
        Removed = "removed",
        /// Mended.
        Fixed = "fixed",
        /// Closes a hole.
        Security = "security",
    }
);
choice!(
    /// How the servers of a dependency work together.
    DependencyMode, "a mode", "such as \"replication\"", r#"{"enum":["standalone","replication","sentinel"]}"#,
    {
        /// One server.
        Standalone = "standalone",
        /// A server that takes writes, and copies that follow it.
        Replication = "replication",
        /// The same, with sentinels that promote a copy when the first one fails.
        Sentinel = "sentinel",
    }
);
