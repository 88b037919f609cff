//! How the number of pods follows the load.

use crate::decode::Map;
use crate::span::Spanned;
use crate::types::{
    Any, Duration, Flag, Line, MetricSource, Name, Percent, Positive, Scaler, ScalingTarget,
    SecretName, SelectPolicy, TriggerKey, Whole,
};

table! {
    /// How the number of pods follows the load.
    pub struct Scaling {
        /// Whether it is on. Default true.
        enabled: Option<Spanned<Flag>> = "enabled";
        /// Who scales: `hpa` (default), or `keda`, which must be installed in the cluster.
        by: Option<Spanned<Scaler>> = "by" fixed;
        /// Fewest pods. Default 2. KEDA may go down to 0.
        min: Option<Spanned<Whole>> = "min";
        /// Most pods.
        max: Spanned<Positive> = "max";
        /// CPU in percent of the request that the pods should have on average; `off` for none. Default 70 if nothing else is stated.
        cpu: Option<Spanned<ScalingTarget>> = "cpu";
        /// Memory in percent of the request; `off` for none.
        memory: Option<Spanned<ScalingTarget>> = "memory";
        /// Further metrics. `hpa` only.
        metrics: Vec<Spanned<Metric>> = "metrics";
        /// Further triggers. `keda` only.
        triggers: Vec<Spanned<Trigger>> = "triggers";
        /// How fast pods are added. Default: at once, at most doubling in 15s.
        up: Option<Spanned<Pace>> = "up";
        /// How fast pods are removed. Default: after 300s, at most half in 60s.
        down: Option<Spanned<Pace>> = "down";
        /// Time between looks at the triggers. `keda` only. Default 30s.
        poll: Option<Spanned<Duration>> = "poll";
        /// Time without work before the last pod goes. `keda` only. Default 300s.
        cooldown: Option<Spanned<Duration>> = "cooldown";
    }
}

table! {
    /// A metric of the cluster's metrics API.
    pub struct Metric {
        /// Where it comes from: `pods` (each pod has it), `external`, or the name of an object such as `Ingress/web`.
        from: Spanned<MetricSource> = "from";
        /// Name of the metric.
        name: Spanned<Line> = "name";
        /// Labels that select it.
        labels: Map<TriggerKey, Spanned<Line>> = "labels";
        /// Value per pod that is aimed at, such as `100` or `500m`.
        average: Option<Spanned<Line>> = "average";
        /// Value of the whole that is aimed at. Not for `pods`.
        total: Option<Spanned<Line>> = "total";
    }
}

table! {
    /// A trigger of KEDA.
    pub struct Trigger {
        /// Type, such as `redis`, `rabbitmq`, `kafka`, `prometheus` or `cron`.
        r#type: Spanned<Name> = "type";
        /// Its settings, as KEDA names them. No passwords.
        settings: Map<TriggerKey, Spanned<Any>> = "settings";
        /// Name of an existing TriggerAuthentication with its passwords.
        authentication: Option<Spanned<SecretName>> = "authentication";
    }
}

table! {
    /// How fast the number of pods changes.
    pub struct Pace {
        /// How long the load is watched before the number changes.
        window: Option<Spanned<Duration>> = "window";
        /// How much it may change in a time.
        steps: Vec<Spanned<Step>> = "steps";
        /// Which step counts: `max`, `min`, or `disabled` for no change in this direction. Default `max`.
        select: Option<Spanned<SelectPolicy>> = "select";
    }
}

table! {
    /// A change in a time: `percent` or `pods`.
    pub struct Step {
        /// Share of the pods.
        percent: Option<Spanned<Percent>> = "percent";
        /// Number of pods.
        pods: Option<Spanned<Positive>> = "pods";
        /// The time, 1s to 30m.
        period: Spanned<Duration> = "period";
    }
}
