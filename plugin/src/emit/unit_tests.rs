//! `tests/<criterion>_test.yaml` in the format of helm-unittest.

use crate::api::File;
use crate::lower::{Assert, Job, Plan, Select, Suite};
use crate::yaml::Writer;
use serde_json::{Map, Value, json};

/// A file for each criterion that the format can say something of.
pub fn files(plan: &Plan) -> Vec<File> {
    let suites = plan.suites.iter();
    suites
        .filter_map(|suite| {
            Some(File {
                path: suite.path.clone()?,
                contents: file(plan, suite),
            })
        })
        .collect()
}

fn file(plan: &Plan, suite: &Suite) -> String {
    let mut writer = Writer::default();
    writer.comment(
        0,
        "# ",
        "Made by taskspec from a criterion of the specification, for `helm unittest .`.",
    );
    if !suite.left_out.is_empty() {
        let heading = "What this format cannot say needs: helm taskspec verify";
        writer.comment(0, "# ", heading);
        for part in &suite.left_out {
            writer.comment(0, "#   ", part);
        }
    }
    let mut kinds = plan.context.statements.iter();
    if kinds.any(|statement| statement.kind == "constraint") {
        let line = "Constraints are proven by `helm taskspec verify` alone.";
        writer.comment(0, "# ", line);
    }
    writer.pair(0, "suite", &json!(format!("{}: {}", suite.id, suite.title)));
    writer.pair(0, "capabilities", &capabilities(plan));
    let jobs: Vec<Value> = suite.jobs.iter().map(job).collect();
    writer.pair(0, "tests", &Value::Array(jobs));
    writer.finish()
}

/// The oldest Kubernetes that the chart is for, with what its templates ask for.
fn capabilities(plan: &Plan) -> Value {
    let context = &plan.context;
    let mut apis: Vec<&str> = Vec::new();
    let mut ask = |wanted: bool, api| {
        if wanted {
            apis.push(api);
        }
    };
    let monitored = |monitor: &str| context.workloads.iter().any(|w| w.monitor == monitor);
    let rules = !context.monitoring.alerts.is_empty() && context.monitoring.alert_server.is_empty();
    ask(
        monitored("pod-monitor"),
        "monitoring.coreos.com/v1/PodMonitor",
    );
    ask(rules, "monitoring.coreos.com/v1/PrometheusRule");
    ask(
        monitored("service-monitor"),
        "monitoring.coreos.com/v1/ServiceMonitor",
    );
    let mut all = Map::new();
    all.insert("majorVersion".into(), json!(1));
    all.insert("minorVersion".into(), json!(context.chart.kubernetes_minor));
    if !apis.is_empty() {
        all.insert("apiVersions".into(), json!(apis));
    }
    Value::Object(all)
}

fn job(job: &Job) -> Value {
    let mut all = Map::new();
    all.insert("it".into(), json!(job.it));
    if !job.values_file.is_empty() {
        all.insert("values".into(), json!([format!("../{}", job.values_file)]));
    }
    if !job.set.is_empty() {
        all.insert("set".into(), Value::Object(job.set.clone()));
    }
    let release = json!({ "name": job.release, "namespace": job.namespace });
    all.insert("release".into(), release);
    let asserts: Vec<Value> = job.asserts.iter().map(assert).collect();
    all.insert("asserts".into(), Value::Array(asserts));
    Value::Object(all)
}

fn assert(assert: &Assert) -> Value {
    let mut all = Map::new();
    all.insert(assert.claim.into(), Value::Object(assert.arguments.clone()));
    if !assert.template.is_empty() {
        all.insert("template".into(), json!(assert.template));
    }
    match &assert.select {
        Select::All => {}
        Select::First => {
            all.insert("documentIndex".into(), json!(0));
        }
        Select::With { path, value, many } => {
            let mut select = Map::new();
            select.insert("path".into(), json!(path));
            select.insert("value".into(), json!(value));
            if *many {
                select.insert("matchMany".into(), json!(true));
            }
            all.insert("documentSelector".into(), Value::Object(select));
        }
    }
    Value::Object(all)
}
