//! Health checks: names, values, and what a test asks.

use crate::lower::schemas;
use crate::values::{Entry, leaf};
use serde_json::{Map, Value, json};
use taskspec_spec::derived::{self, NamedPort};
use taskspec_spec::model::{GrpcService, Probe, Probes, Workload};
use taskspec_spec::span::Spanned;
use taskspec_spec::types::{Duration, Protocol};

/// The probes that a container has in some environment: `startupProbe` and so on.
pub fn names<'a>(all: impl Iterator<Item = &'a Spanned<Probes>>) -> Vec<String> {
    let mut has = [false; 3];
    for probes in all {
        has[0] |= probes.startup.is_some();
        has[1] |= probes.liveness.is_some();
        has[2] |= probes.readiness.is_some();
    }
    ["startupProbe", "livenessProbe", "readinessProbe"]
        .into_iter()
        .zip(has)
        .filter(|(_, has)| *has)
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// A probe that asks an HTTP path.
struct Asked<'a> {
    /// `readinessProbe` or `livenessProbe`.
    name: &'static str,
    /// Name of its port.
    port: Option<&'a str>,
}

/// The probes whose HTTP path a test may ask, the best first: those of the same
/// port that some environment has.
fn asked<'a>(variants: &[&'a Workload]) -> Vec<Asked<'a>> {
    type Part = fn(&Probes) -> Option<&Spanned<Probe>>;
    let ways: [(&str, Part); 2] = [
        ("readinessProbe", |probes| probes.readiness.as_ref()),
        ("livenessProbe", |probes| probes.liveness.as_ref()),
    ];
    let found = ways.into_iter().filter_map(|(name, part)| {
        let all = variants.iter();
        let mut all = all.filter_map(|workload| Some((workload, part(workload.probes.as_ref()?)?)));
        let (workload, probe) = all.find(|(_, probe)| probe.path.is_some())?;
        let stated = probe.port.as_ref().map(|port| port.value.0.as_str());
        let port = stated.or_else(|| derived::ports(workload).first().map(|port| port.name));
        Some(Asked { name, port })
    });
    let mut found: Vec<Asked<'_>> = found.collect();
    let port = found.first().and_then(|first| first.port);
    found.retain(|one| one.port == port);
    found
}

/// What a test asks: the probes whose HTTP path it may use and their port, or
/// only the first TCP port of the Service.
pub fn tested(workload: &Workload, variants: &[&Workload]) -> (Vec<String>, String) {
    if !derived::has_service(workload) {
        return Default::default();
    }
    let ports = derived::ports(workload);
    let mut reachable = ports
        .iter()
        .filter(|port| port.exposed && port.protocol == Protocol::Tcp)
        .map(|port| port.name);
    let probes = asked(variants);
    let probed = probes.first().and_then(|probe| probe.port);
    match probed.filter(|name| reachable.clone().any(|known| known == *name)) {
        Some(port) => {
            let names = probes.iter().map(|probe| probe.name.to_owned());
            (names.collect(), port.to_owned())
        }
        None => {
            let first = reachable.next().unwrap_or_default();
            (Vec::new(), first.to_owned())
        }
    }
}

/// The values of a container's probes. The first of its ports is the main one.
pub fn values(probes: &Probes, ports: &[NamedPort<'_>]) -> Vec<Entry> {
    [
        (
            "startupProbe",
            &probes.startup,
            30,
            "Holds the other probes back until the application has started; null for none",
        ),
        (
            "livenessProbe",
            &probes.liveness,
            3,
            "Restarts the container when it fails; null for none, httpGet: null to use another way",
        ),
        (
            "readinessProbe",
            &probes.readiness,
            3,
            "Takes the pod out of its Service while it fails; null for none",
        ),
    ]
    .into_iter()
    .filter_map(|(key, probe, failures, doc)| {
        let probe = probe.as_ref()?;
        Some(leaf(key, object(probe, failures, ports), schema(), doc))
    })
    .collect()
}

/// Places of probes that only other environments have.
pub fn absent(name: &str) -> Entry {
    leaf(
        name,
        Value::Null,
        schema(),
        "Health check as Kubernetes writes it; null for none",
    )
}

fn object(probe: &Probe, failures: u32, ports: &[NamedPort<'_>]) -> Value {
    let main = ports.first().map_or("http", |port| port.name);
    let port = probe.port.as_ref().map_or(main, |port| &port.value.0);
    let mut value = Map::new();
    if let Some(path) = &probe.path {
        value.insert("httpGet".into(), http_get(probe, &path.value.0, port));
    } else if let Some(service) = probe.grpc.as_ref().map(|grpc| &grpc.value)
        && *service != GrpcService::No
    {
        // Kubernetes takes only a number here.
        let number = ports
            .iter()
            .find(|known| known.name == port)
            .map_or(0, |known| known.container);
        let mut grpc = Map::from_iter([("port".to_owned(), json!(number))]);
        if let GrpcService::Service(name) = service {
            grpc.insert("service".into(), json!(name));
        }
        value.insert("grpc".into(), Value::Object(grpc));
    } else if probe.command.is_empty() {
        value.insert("tcpSocket".into(), json!({ "port": port }));
    } else {
        let words: Vec<&str> = probe
            .command
            .iter()
            .map(|word| word.value.0.as_str())
            .collect();
        value.insert("exec".into(), json!({ "command": words }));
    }
    let seconds = |duration: &Option<Spanned<Duration>>, default: u32| {
        json!(
            duration
                .as_ref()
                .map_or(default, |duration| duration.seconds)
        )
    };
    value.insert(
        "initialDelaySeconds".into(),
        seconds(&probe.initial_delay, 0),
    );
    value.insert("periodSeconds".into(), seconds(&probe.period, 10));
    value.insert("timeoutSeconds".into(), seconds(&probe.timeout, 3));
    value.insert(
        "failureThreshold".into(),
        json!(probe.failures.as_ref().map_or(failures, |f| f.0)),
    );
    if let Some(successes) = &probe.successes {
        value.insert("successThreshold".into(), json!(successes.0));
    }
    if let Some(grace) = &probe.grace {
        value.insert(
            "terminationGracePeriodSeconds".into(),
            json!(grace.seconds.max(1)),
        );
    }
    Value::Object(value)
}

fn http_get(probe: &Probe, path: &str, port: &str) -> Value {
    let mut get = Map::from_iter([
        ("path".to_owned(), json!(path)),
        ("port".to_owned(), json!(port)),
    ]);
    if let Some(scheme) = &probe.scheme {
        get.insert("scheme".into(), json!(scheme.value.word()));
    }
    if !probe.headers.is_empty() {
        let headers: Vec<Value> = probe
            .headers
            .iter()
            .map(|(name, value)| json!({ "name": name.value, "value": value.value.0 }))
            .collect();
        get.insert("httpHeaders".into(), json!(headers));
    }
    Value::Object(get)
}

fn schema() -> Value {
    let seconds = |lowest: u32| schemas::integer(lowest, 604_800);
    json!({
        "type": ["object", "null"],
        "properties": {
            "httpGet": { "type": ["object", "null"] },
            "tcpSocket": { "type": ["object", "null"] },
            "exec": { "type": ["object", "null"] },
            "grpc": { "type": ["object", "null"] },
            "initialDelaySeconds": seconds(0),
            "periodSeconds": seconds(1),
            "timeoutSeconds": seconds(1),
            "failureThreshold": seconds(1),
            "successThreshold": seconds(1),
            "terminationGracePeriodSeconds": seconds(1),
        },
        "additionalProperties": false,
    })
}
