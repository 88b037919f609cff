//! Monitors, alerts and dashboards: something is watched, and can be.

use crate::codes;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Dashboard, Document};
use crate::span::Spanned;

/// Checks the monitoring of one environment.
pub(super) fn check(document: &Document, sink: &mut Sink) {
    let Some(monitoring) = &document.monitoring else {
        return;
    };
    let workloads = document.workloads.iter();
    let measured = workloads.filter(|(_, w)| w.metrics.is_some()).count() > 0
        || document
            .dependencies
            .iter()
            .any(|(_, d)| d.metrics.as_ref().is_some_and(|flag| flag.0));
    let says_more = !monitoring.alerts.declares_nothing()
        || !monitoring.dashboards.declares_nothing()
        || monitoring.data_source.is_some();
    if !measured && !says_more {
        sink.push(
            Diagnostic::warning(codes::MONITORING, "nothing is monitored")
                .at(monitoring.span, "no metrics, alerts or dashboards")
                .help("add metrics = {} to a workload whose port answers /metrics"),
        );
    }
    for (_, dashboard) in monitoring.dashboards.iter() {
        self::dashboard(dashboard, sink);
    }
}

fn dashboard(dashboard: &Spanned<Dashboard>, sink: &mut Sink) {
    if dashboard.has_fault_in(&["panels", "json"]) {
        return;
    }
    match (&dashboard.json, dashboard.panels.first()) {
        (None, None) => sink.push(
            Diagnostic::error(codes::MONITORING, "the dashboard shows nothing")
                .at(dashboard.span, "neither `panels` nor `json`")
                .help("add panels = [{ title = \"Requests\", expr = \"…\" }], or the JSON that Grafana exports"),
        ),
        (Some(json), Some(panel)) => sink.push(
            Diagnostic::error(codes::MONITORING, "the dashboard is stated twice")
                .at(json.span, "whole")
                .at(panel.span, "by panels")
                .help("remove one of them"),
        ),
        (Some(json), None) => {
            let parsed = serde_json::from_str::<serde_json::Value>(&json.value.0);
            if !parsed.is_ok_and(|value| value.is_object()) {
                sink.push(
                    Diagnostic::error(codes::MONITORING, "the dashboard is not valid JSON")
                        .at(json.span, "no JSON object")
                        .help("paste what Grafana exports into '''…'''"),
                );
            }
        }
        (None, Some(_)) => {}
    }
}
