//! Monitors, alerts and dashboards: facts, values, and the dashboards' JSON.

use super::Everywhere;
use super::context::{Context, DashboardFacts, DependencyFacts, MonitoringFacts, WorkloadFacts};
use super::schemas;
use crate::values::{Entry, branch, leaf};
use serde_json::{Map, Value, json};
use taskspec_spec::model::{Alert, Dashboard, Document, Monitoring, Panel};
use taskspec_spec::types::{DashboardUnit, Severity};

/// Facts of what watches the chart.
pub fn facts(
    everywhere: &Everywhere<'_>,
    workloads: &[WorkloadFacts],
    dependencies: &[DependencyFacts],
) -> MonitoringFacts {
    let base = everywhere.base.monitoring.as_ref();
    let measured = workloads.iter().any(|facts| !facts.metrics_port.is_empty());
    if !measured && !everywhere.any(|document| document.monitoring.is_some()) {
        return MonitoringFacts::default();
    }
    let alerts: Vec<String> = base
        .into_iter()
        .flat_map(|monitoring| monitoring.alerts.iter())
        .map(|(name, _)| name.value.clone())
        .collect();
    let dashboards = base
        .into_iter()
        .flat_map(|monitoring| monitoring.dashboards.iter())
        .map(|(name, dashboard)| DashboardFacts {
            name: name.value.clone(),
            folder: dashboard
                .folder
                .as_ref()
                .map(|folder| json!(folder.value.0).to_string())
                .unwrap_or_default(),
            json: board(&name.value, dashboard),
        })
        .collect();
    let server = dependencies
        .iter()
        .find(|facts| facts.in_release && facts.entry.takes("alerts"));
    MonitoringFacts {
        any: true,
        alert_server: server
            .filter(|_| !alerts.is_empty())
            .map(|facts| facts.name.clone())
            .unwrap_or_default(),
        monitors: workloads
            .iter()
            .any(|facts| matches!(facts.monitor.as_str(), "service-monitor" | "pod-monitor")),
        alerts,
        dashboards,
        data_source: everywhere.any(|document| {
            document
                .monitoring
                .as_ref()
                .is_some_and(|monitoring| monitoring.data_source.is_some())
        }),
    }
}

/// The values `monitoring`.
pub fn values(document: &Document, context: &Context) -> Option<Entry> {
    let facts = &context.monitoring;
    if !facts.any {
        return None;
    }
    let stated = document.monitoring.as_ref().map(|m| &m.value);
    let labels: Map<String, Value> = stated
        .into_iter()
        .flat_map(|monitoring| monitoring.labels.iter())
        .map(|(key, value)| (key.value.clone(), json!(value.value.0)))
        .collect();
    let mut entries = vec![leaf(
        "enabled",
        stated
            .and_then(|monitoring| monitoring.enabled.as_ref())
            .is_none_or(|flag| flag.0),
        schemas::boolean(),
        "Let Prometheus watch the chart; objects of its operator are left out on clusters without it",
    )];
    let rule = !facts.alerts.is_empty() && facts.alert_server.is_empty();
    if facts.monitors || rule {
        entries.push(leaf(
            "labels",
            Value::Object(labels),
            schemas::labels(),
            "Labels by which Prometheus selects monitors and rules",
        ));
    }
    if rule {
        entries.push(leaf(
            "alerts",
            alerts(stated),
            json!({ "type": "object", "additionalProperties": { "type": ["object", "null"] } }),
            "Alerts by name, as rules of Prometheus; null for none of that name",
        ));
    }
    if !facts.dashboards.is_empty() {
        entries.push(leaf(
            "dashboards",
            true,
            schemas::boolean(),
            "Make ConfigMaps with dashboards for Grafana's sidecar",
        ));
    }
    if facts.data_source {
        entries.push(leaf(
            "dataSource",
            stated
                .and_then(|monitoring| monitoring.data_source.as_ref())
                .map_or("", |url| &url.value.0),
            schemas::string(),
            "Address of Prometheus, as a data source for Grafana's sidecar; empty for none",
        ));
    }
    Some(branch("monitoring", "What watches the chart", entries))
}

fn alerts(stated: Option<&Monitoring>) -> Value {
    let all: Map<String, Value> = stated
        .into_iter()
        .flat_map(|monitoring| monitoring.alerts.iter())
        .map(|(name, one)| (alert_name(name), alert(one)))
        .collect();
    Value::Object(all)
}

/// The alerts as groups of rules, as a server's own file has them; nothing if
/// there are none.
pub fn groups(document: &Document, chart: &str) -> Option<Value> {
    let stated = document.monitoring.as_ref().map(|m| &m.value)?;
    let rules: Vec<Value> = stated
        .alerts
        .iter()
        .map(|(name, one)| {
            let mut rule = Map::from_iter([("alert".to_owned(), json!(alert_name(name)))]);
            if let Value::Object(fields) = alert(one) {
                rule.extend(fields);
            }
            Value::Object(rule)
        })
        .collect();
    let off = stated.enabled.as_ref().is_some_and(|flag| !flag.0);
    (!rules.is_empty()).then(|| {
        if off {
            json!([])
        } else {
            json!([{ "name": chart, "rules": rules }])
        }
    })
}

/// `high-error-rate` as Prometheus' users write it: `HighErrorRate`.
fn alert_name(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect()
}

fn alert(stated: &Alert) -> Value {
    let severity = stated
        .severity
        .as_ref()
        .map_or(Severity::Warning, |severity| severity.value);
    let mut labels: Map<String, Value> =
        Map::from_iter([("severity".to_owned(), json!(severity.word()))]);
    for (key, value) in stated.labels.iter() {
        labels.insert(key.value.clone(), json!(value.value.0));
    }
    let mut annotations: Map<String, Value> =
        Map::from_iter([("summary".to_owned(), json!(stated.summary.value.0))]);
    if let Some(description) = &stated.description {
        annotations.insert("description".into(), json!(description.value.0.trim()));
    }
    if let Some(runbook) = &stated.runbook {
        annotations.insert("runbook_url".into(), json!(runbook.value.0));
    }
    let seconds = stated.r#for.as_ref().map_or(300, |time| time.seconds);
    json!({
        "expr": stated.expr.value.0.trim(),
        "for": format!("{seconds}s"),
        "labels": labels,
        "annotations": annotations,
    })
}

/// A dashboard as JSON: as stated, or made of its panels.
fn board(name: &str, dashboard: &Dashboard) -> String {
    let value = match &dashboard.json {
        Some(json) => serde_json::from_str(&json.value.0).unwrap_or(Value::Null),
        None => made(name, dashboard),
    };
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

fn made(name: &str, dashboard: &Dashboard) -> Value {
    let panels: Vec<Value> = dashboard
        .panels
        .iter()
        .enumerate()
        .map(|(index, one)| panel(index, one))
        .collect();
    json!({
        "uid": name,
        "title": dashboard.title.value.0,
        "schemaVersion": 39,
        "version": 1,
        "editable": false,
        "time": { "from": "now-6h", "to": "now" },
        "refresh": "1m",
        "templating": { "list": [{
            "name": "datasource",
            "label": "Data source",
            "type": "datasource",
            "query": "prometheus",
        }] },
        "panels": panels,
    })
}

/// Two panels a row, each half of Grafana's 24 columns wide.
fn panel(index: usize, panel: &Panel) -> Value {
    let unit = panel
        .unit
        .as_ref()
        .map_or(DashboardUnit::Short, |unit| unit.value);
    json!({
        "id": index + 1,
        "type": "timeseries",
        "title": panel.title.value.0,
        "datasource": { "type": "prometheus", "uid": "${datasource}" },
        "gridPos": { "h": 8, "w": 12, "x": (index % 2) * 12, "y": (index / 2) * 8 },
        "fieldConfig": { "defaults": { "unit": unit.word() }, "overrides": [] },
        "targets": [{
            "refId": "A",
            "expr": panel.expr.value.0.trim(),
            "legendFormat": panel.legend.as_ref().map_or("__auto", |legend| &legend.value.0),
        }],
    })
}
