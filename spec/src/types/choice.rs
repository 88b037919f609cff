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
    WorkloadKind, "a kind of workload", "such as \"service\"", r#"{"enum":["service","worker"]}"#,
    {
        /// Answers requests on a port.
        Service = "service",
        /// Works without a port.
        Worker = "worker",
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
    ServiceType, "a type of service", "such as \"ClusterIP\"", r#"{"enum":["ClusterIP","NodePort","LoadBalancer"]}"#,
    {
        /// From inside the cluster.
        ClusterIP = "ClusterIP",
        /// Through a port of every node.
        NodePort = "NodePort",
        /// Through a load balancer of the platform.
        LoadBalancer = "LoadBalancer",
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
    SecretSource, "a source of secrets", "such as \"generate\"", r#"{"enum":["generate","existing"]}"#,
    {
        /// The chart, with random passwords at the first installation.
        Generate = "generate",
        /// Somebody else, before the installation.
        Existing = "existing",
    }
);
choice!(
    /// How migrations run.
    Strategy, "a migration strategy", "such as \"auto\"", r#"{"enum":["auto","job","hook"]}"#,
    {
        /// The compiler chooses and says why.
        Auto = "auto",
        /// A Job of the release; pods wait until it has finished.
        Job = "job",
        /// A hook before installation and upgrade.
        Hook = "hook",
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
