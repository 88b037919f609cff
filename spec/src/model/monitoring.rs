//! What watches the chart: monitors, alerts, dashboards.

use crate::decode::Map;
use crate::span::Spanned;
use crate::types::{
    Any, DashboardUnit, Duration, Flag, Label, LabelKey, Line, MonitorKind, Name, Severity, Text,
    TriggerKey, Url,
};

table! {
    /// What watches the chart.
    pub struct Monitoring {
        /// Whether it is on. Default true. Objects of the Prometheus Operator are left out on clusters without it.
        enabled: Option<Spanned<Flag>> = "enabled";
        /// How Prometheus finds the metrics: `service-monitor` (default), `pod-monitor` or `annotations`.
        by: Option<Spanned<MonitorKind>> = "by" fixed;
        /// Namespace that Prometheus runs in: the network policies let it through. Default: any namespace.
        namespace: Option<Spanned<Name>> = "namespace";
        /// Labels by which Prometheus selects monitors and rules, such as `release = "kube-prometheus-stack"`.
        labels: Map<LabelKey, Spanned<Label>> = "labels";
        /// Alerts by name.
        alerts: Map<Name, Spanned<Alert>> = "alerts" fixed;
        /// Grafana dashboards by name.
        dashboards: Map<Name, Spanned<Dashboard>> = "dashboards" fixed;
        /// Address of Prometheus that Grafana gets as a data source. Default: that of a Prometheus in the release, else none is made.
        data_source: Option<Spanned<Url>> = "data-source";
    }
}

table! {
    /// An alert.
    pub struct Alert {
        /// Expression (PromQL) that is true when something is wrong.
        expr: Spanned<Any> = "expr" fixed;
        /// How long it must be true. Default 5m.
        r#for: Option<Spanned<Duration>> = "for" fixed;
        /// `critical`, `warning` (default) or `info`.
        severity: Option<Spanned<Severity>> = "severity" fixed;
        /// One line: what is wrong. Prometheus' own templates are allowed.
        summary: Spanned<Line> = "summary" fixed;
        /// What to do about it.
        description: Option<Spanned<Text>> = "description" fixed;
        /// Page with the procedure.
        runbook: Option<Spanned<Url>> = "runbook" fixed;
        /// Further labels of the alert.
        labels: Map<TriggerKey, Spanned<Line>> = "labels" fixed;
    }
}

table! {
    /// A Grafana dashboard: `panels`, or `json` as Grafana exports it.
    pub struct Dashboard {
        /// Its title.
        title: Spanned<Line> = "title" fixed;
        /// Folder in Grafana. Default: none.
        folder: Option<Spanned<Line>> = "folder" fixed;
        /// Graphs, two a row.
        panels: Vec<Spanned<Panel>> = "panels" fixed;
        /// The whole dashboard as JSON.
        json: Option<Spanned<Any>> = "json" fixed;
    }
}

table! {
    /// A graph of a dashboard.
    pub struct Panel {
        /// Its title.
        title: Spanned<Line> = "title" fixed;
        /// Expression (PromQL).
        expr: Spanned<Any> = "expr" fixed;
        /// Unit: `short` (default), `percent`, `percentunit`, `s`, `ms`, `bytes`, `reqps` or `ops`.
        unit: Option<Spanned<DashboardUnit>> = "unit" fixed;
        /// Name of each line; Grafana's own marks are allowed.
        legend: Option<Spanned<Any>> = "legend" fixed;
    }
}
