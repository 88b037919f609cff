//! Monitors, alerts and dashboards: facts, values, and the dashboards' JSON.

use super::context::{Context, DashboardFacts, DependencyFacts, MonitoringFacts, WorkloadFacts};
use super::schemas;
use super::{Everywhere, capital};
use crate::catalog::PROMETHEUS;
use crate::values::{Entry, branch, leaf};
use serde_json::{Map, Value, json};
use taskspec_spec::Resolved;
use taskspec_spec::codes;
use taskspec_spec::diagnostic::{Diagnostic, Sink};
use taskspec_spec::model::{Alert, Dashboard, Document, Monitoring, Panel};
use taskspec_spec::types::{DashboardUnit, MonitorKind, Severity};

/// Facts of what watches the chart.
pub fn facts(
    resolved: &Resolved,
    everywhere: &Everywhere<'_>,
    workloads: &[WorkloadFacts],
    dependencies: &[DependencyFacts],
) -> MonitoringFacts {
    let base = everywhere.base.monitoring.as_ref();
    let measured = workloads.iter().any(|facts| !facts.metrics_port.is_empty());
    let prometheus = prometheus(dependencies);
    let source = prometheus
        .filter(|facts| facts.url_known && (!facts.reached_by.is_empty() || base.is_some()));
    let stated = everywhere.any(|document| document.monitoring.is_some());
    if !measured && !stated && source.is_none() {
        return MonitoringFacts::default();
    }
    let scraper = prometheus.filter(|_| measured || dependencies.iter().any(exported));
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
            namespaced: uses_namespace(dashboard),
            json: board(&resolved.intent.name.value.0, &name.value, dashboard),
        })
        .collect();
    let name =
        |facts: Option<&DependencyFacts>| facts.map(|facts| facts.name.clone()).unwrap_or_default();
    MonitoringFacts {
        any: true,
        alert_server: name(alert_server(dependencies).filter(|_| !alerts.is_empty())),
        scraper: name(scraper),
        scraper_alone: scraper.is_some()
            && base
                .and_then(|monitoring| monitoring.by.as_ref())
                .is_some_and(|by| by.value == MonitorKind::Annotations),
        data_server: name(source),
        monitors: workloads
            .iter()
            .any(|facts| matches!(facts.monitor.as_str(), "service-monitor" | "pod-monitor")),
        alerts,
        dashboards,
        data_source: source.is_some()
            || everywhere.any(|document| {
                document
                    .monitoring
                    .as_ref()
                    .is_some_and(|monitoring| monitoring.data_source.is_some())
            }),
    }
}

/// The server of the release that collects metrics.
fn prometheus(dependencies: &[DependencyFacts]) -> Option<&DependencyFacts> {
    dependencies
        .iter()
        .find(|facts| facts.in_release && facts.entry.role == PROMETHEUS)
}

/// The server of the release that takes alerts as rules of its own.
fn alert_server(dependencies: &[DependencyFacts]) -> Option<&DependencyFacts> {
    dependencies
        .iter()
        .find(|facts| facts.in_release && facts.entry.takes("alerts"))
}

/// Whether a dependency can have an exporter that the chart guards.
pub fn exported(facts: &DependencyFacts) -> bool {
    facts.in_release && facts.guarded && facts.metrics_port > 0 && !facts.metrics_access.is_empty()
}

/// Variable of a dashboard's or an alert's expression: the release's namespace.
const NAMESPACE: &str = "$namespace";

/// What the template of a dashboard replaces by the release's namespace.
const RELEASE_NAMESPACE: &str = "RELEASE_NAMESPACE";

/// Rules that are values of a subchart cannot know the namespace.
pub fn check(base: &Document, dependencies: &[DependencyFacts], sink: &mut Sink) {
    let Some(server) = alert_server(dependencies) else {
        return;
    };
    let alerts = base.monitoring.iter().flat_map(|m| m.alerts.iter());
    for (_, alert) in alerts.filter(|(_, alert)| alert.expr.value.0.contains(NAMESPACE)) {
        sink.push(
            Diagnostic::error(
                codes::MONITORING,
                format!("the rules of `{}` cannot know the namespace", server.name),
            )
            .at(alert.expr.span, "`$namespace` would stay as it is")
            .help("select by a label of the pods, such as app_kubernetes_io_name=\"shop\", or by none")
            .note("rules of a Prometheus in the release are values of its chart, which no template fills"),
        );
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
            if facts.data_server.is_empty() {
                "Address of Prometheus, as a data source for Grafana's sidecar; empty for none"
            } else {
                "Address of Prometheus, as a data source for Grafana's sidecar; empty for that of the release"
            },
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
    name.split('-').map(capital).collect()
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

/// Whether a panel asks for the release's namespace.
fn uses_namespace(dashboard: &Dashboard) -> bool {
    let mut panels = dashboard.panels.iter();
    panels.any(|panel| panel.expr.value.0.contains(NAMESPACE))
}

/// Longest identifier of a dashboard.
const UID_LENGTH: usize = 40;

/// Identifier of a dashboard, which all charts of a Grafana share. Of a long
/// one the end remains: it tells the dashboards of a chart apart.
fn uid(chart: &str, name: &str) -> String {
    let full = format!("{chart}-{name}");
    let start = full.len().saturating_sub(UID_LENGTH);
    full[start..].trim_start_matches('-').to_owned()
}

/// A dashboard as JSON: as stated, or made of its panels.
fn board(chart: &str, name: &str, dashboard: &Dashboard) -> String {
    let value = match &dashboard.json {
        Some(json) => serde_json::from_str(&json.value.0).unwrap_or(Value::Null),
        None => made(&uid(chart, name), dashboard),
    };
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

fn made(uid: &str, dashboard: &Dashboard) -> Value {
    let panels: Vec<Value> = dashboard
        .panels
        .iter()
        .enumerate()
        .map(|(index, one)| panel(index, one))
        .collect();
    json!({
        "uid": uid,
        "title": dashboard.title.value.0,
        "schemaVersion": 39,
        "version": 1,
        "editable": false,
        "time": { "from": "now-6h", "to": "now" },
        "refresh": "1m",
        "templating": { "list": variables(dashboard) },
        "panels": panels,
    })
}

/// What can be chosen above a dashboard.
fn variables(dashboard: &Dashboard) -> Vec<Value> {
    let source = json!({
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
    });
    let namespace = json!({
        "name": "namespace",
        "label": "Namespace",
        "type": "query",
        "datasource": { "type": "prometheus", "uid": "${datasource}" },
        "query": { "query": "label_values(up, namespace)", "refId": "namespace" },
        "definition": "label_values(up, namespace)",
        "current": { "text": RELEASE_NAMESPACE, "value": RELEASE_NAMESPACE },
        "refresh": 1,
        "sort": 1,
    });
    let wanted = uses_namespace(dashboard).then_some(namespace);
    std::iter::once(source).chain(wanted).collect()
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
