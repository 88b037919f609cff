//! The checks of renderings notice what they are for: a good rendering has no
//! fault, each mutation of it has the fault that it was made for.

use serde_json::{Value, json};
use taskspec_tests::chart::Case;
use taskspec_tests::manifest::{self, Object};
use taskspec_tests::structure::Rendering;
use taskspec_tests::tools::Helm;

fn good() -> Vec<Object> {
    let chart = Case::example("task-api-embedded").build();
    let more = ["--set", "agent.replicaCount=2"];
    let text = chart
        .render(&Helm::newest(), "agent", &chart.variants()[0], &more)
        .expect("the chart renders");
    manifest::parse(&text).expect("the objects are YAML")
}

fn faults(objects: &[Object]) -> Vec<String> {
    Rendering {
        objects,
        from_repositories: &[],
        existing: Vec::new(),
        off: Vec::new(),
    }
    .faults()
}

/// Sets what a JSON pointer names in the first object of a kind whose name ends so.
type Mutation = (
    &'static str,
    &'static str,
    &'static str,
    fn() -> Value,
    &'static str,
);

/// Kind, end of the name, place, new value, the fault that must be found.
const MUTATIONS: &[Mutation] = &[
    (
        "Deployment",
        "",
        "/metadata/namespace",
        || json!("default"),
        "not in the release's namespace",
    ),
    (
        "Deployment",
        "",
        "/metadata/labels/app.kubernetes.io~1version",
        || json!("1.0.0+b"),
        "no valid value",
    ),
    (
        "Deployment",
        "",
        "/metadata/labels/app.kubernetes.io~1component",
        || json!(true),
        "is no text",
    ),
    (
        "Service",
        "agent-task-api",
        "/metadata/name",
        || json!("x".repeat(64)),
        "is no name",
    ),
    (
        "StatefulSet",
        "redis",
        "/metadata/name",
        || json!("x".repeat(53)),
        "is no name",
    ),
    (
        "Service",
        "agent-redis",
        "/metadata/name",
        || json!("agent-task-api"),
        "made twice",
    ),
    (
        "Deployment",
        "",
        "/spec/template/spec/automountServiceAccountToken",
        || json!(true),
        "mounts the token",
    ),
    (
        "Job",
        "",
        "/spec/template/spec/enableServiceLinks",
        || json!(true),
        "enableServiceLinks",
    ),
    (
        "Pod",
        "",
        "/spec/securityContext/runAsNonRoot",
        || json!(false),
        "may run as root",
    ),
    (
        "Pod",
        "",
        "/spec/securityContext/seccompProfile",
        || json!({}),
        "no seccomp profile",
    ),
    (
        "Deployment",
        "",
        "/spec/template/spec/securityContext/runAsUser",
        || json!(0),
        "runs as user 0",
    ),
    (
        "Deployment",
        "",
        "/spec/template/spec/hostNetwork",
        || json!(true),
        "hostNetwork",
    ),
    (
        "Deployment",
        "",
        "/spec/template/spec/volumes/0",
        || json!({ "name": "writable-0", "hostPath": { "path": "/" } }),
        "not allowed",
    ),
    (
        "Deployment",
        "",
        "/spec/template/spec/containers/0/securityContext/capabilities/drop",
        || json!([]),
        "keeps capabilities",
    ),
    (
        "Job",
        "",
        "/spec/template/spec/initContainers/1/securityContext/allowPrivilegeEscalation",
        || json!(true),
        "escalate",
    ),
    (
        "Job",
        "",
        "/spec/template/spec/initContainers/0/resources/limits",
        || json!({}),
        "no cpu limits",
    ),
    (
        "StatefulSet",
        "postgresql",
        "/spec/template/spec/containers/0/image",
        || json!("postgres:latest"),
        "fixed version",
    ),
    (
        "Deployment",
        "",
        "/spec/template/spec/initContainers/0/env/1/value",
        || json!(5),
        "is no text",
    ),
    (
        "Deployment",
        "",
        "/spec/template/spec/serviceAccountName",
        || json!("nobody"),
        "ServiceAccount nobody does not exist",
    ),
    (
        "Deployment",
        "",
        "/spec/template/spec/containers/0/envFrom/0/configMapRef/name",
        || json!("none"),
        "ConfigMap none does not exist",
    ),
    (
        "Deployment",
        "",
        "/spec/template/spec/containers/0/env/0/valueFrom/secretKeyRef/key",
        || json!("none"),
        "has no key none",
    ),
    (
        "Job",
        "",
        "/spec/template/spec/initContainers/1/env/0/valueFrom/secretKeyRef/name",
        || json!("none"),
        "Secret none does not exist",
    ),
    (
        "Deployment",
        "",
        "/spec/template/spec/volumes",
        || json!([]),
        "mounted but not there",
    ),
    (
        "StatefulSet",
        "redis",
        "/spec/serviceName",
        || json!("agent-redis"),
        "no headless Service",
    ),
    (
        "Service",
        "agent-task-api",
        "/spec/selector/app.kubernetes.io~1component",
        || json!("none"),
        "selects no pod",
    ),
    (
        "Service",
        "agent-task-api",
        "/spec/selector",
        || json!({ "app.kubernetes.io/instance": "agent" }),
        "not one component",
    ),
    (
        "Service",
        "agent-task-api",
        "/spec/ports/0/targetPort",
        || json!("https"),
        "has no port \"https\"",
    ),
    (
        "Deployment",
        "",
        "/spec/selector/matchLabels",
        || json!({ "app.kubernetes.io/name": "task-api" }),
        "its selector takes",
    ),
    (
        "Job",
        "",
        "/spec/template/metadata/labels/app.kubernetes.io~1component",
        || json!("agent"),
        "its selector takes",
    ),
    (
        "PodDisruptionBudget",
        "",
        "/spec/selector/matchLabels",
        || json!({}),
        "not one component",
    ),
    (
        "PodDisruptionBudget",
        "",
        "/spec/maxUnavailable",
        || json!(0),
        "a disruption budget of 0",
    ),
    (
        "Deployment",
        "",
        "/spec/replicas",
        || json!(1),
        "a disruption budget for one replica",
    ),
    (
        "NetworkPolicy",
        "agent-task-api",
        "/spec/podSelector",
        || json!({}),
        "not one component",
    ),
    (
        "NetworkPolicy",
        "agent-task-api",
        "/spec/ingress/0/ports/0/port",
        || json!("https"),
        "has no port https",
    ),
    (
        "NetworkPolicy",
        "agent-task-api",
        "/spec/egress",
        || json!([]),
        "may not connect to StatefulSet/agent-postgresql",
    ),
    (
        "NetworkPolicy",
        "agent-redis",
        "/spec/ingress",
        || json!([]),
        "may not connect to StatefulSet/agent-redis",
    ),
    (
        "NetworkPolicy",
        "connection-test",
        "/spec/egress",
        || json!([]),
        "may not connect to Deployment/agent-task-api",
    ),
    (
        "Secret",
        "",
        "/data/database-url",
        || json!("cG9zdGdyZXNxbDovL3U6cEBzQGg6NTQzMi9k"),
        "is no URL",
    ),
    // postgresql://u:correcthorsebattery@elsewhere:5432/d
    (
        "Secret",
        "",
        "/data/database-url",
        || json!("cG9zdGdyZXNxbDovL3U6Y29ycmVjdGhvcnNlYmF0dGVyeUBlbHNld2hlcmU6NTQzMi9k"),
        "leads to elsewhere",
    ),
    (
        "Secret",
        "",
        "/data/redis-password",
        || json!("not base64"),
        "no base64",
    ),
    // task-api-1.0.0, which stands in labels
    (
        "Secret",
        "",
        "/data/redis-password",
        || json!("dGFzay1hcGktMS4wLjA="),
        "holds redis-password",
    ),
    (
        "Deployment",
        "",
        "/spec/strategy/rollingUpdate/maxSurge",
        || json!(0),
        "no pod could be replaced",
    ),
    (
        "Deployment",
        "",
        "/spec/strategy",
        || json!({ "type": "PreparingUpdate" }),
        "has no strategy",
    ),
    (
        "Deployment",
        "",
        "/spec/progressDeadlineSeconds",
        || json!(30),
        "still wait",
    ),
    (
        "Deployment",
        "",
        "/spec/template/spec/terminationGracePeriodSeconds",
        || json!(1),
        "not more than its drain",
    ),
    (
        "Job",
        "",
        "/spec/template/spec/restartPolicy",
        || json!("OnFailure"),
        "restarts in place",
    ),
    (
        "Pod",
        "",
        "/spec/restartPolicy",
        || json!("Always"),
        "a bare pod",
    ),
    (
        "Deployment",
        "",
        "/spec/template/spec/nodeSelector",
        || Value::Null,
        "nothing at",
    ),
];

fn set(value: &mut Value, pointer: &str, new: Value) {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = value
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("{pointer} is not there"));
    match parent {
        Value::Array(list) => list[key.parse::<usize>().expect("an index")] = new,
        other => other[key.replace("~1", "/")] = new,
    }
}

#[test]
fn every_mutation_is_noticed() {
    let good = good();
    assert_eq!(faults(&good), Vec::<String>::new());
    let mut missed = Vec::new();
    for (kind, end, pointer, new, expected) in MUTATIONS {
        let mut objects = good.clone();
        let object = objects
            .iter_mut()
            .find(|object| object.kind() == *kind && object.name().ends_with(end));
        set(
            &mut object.unwrap_or_else(|| panic!("no {kind} {end}")).value,
            pointer,
            new(),
        );
        let found = faults(&objects);
        if !found.iter().any(|fault| fault.contains(expected)) {
            missed.push(format!(
                "{kind} {end} {pointer}: expected `{expected}`, found {found:?}"
            ));
        }
    }
    taskspec_tests::parallel::report(missed);
}

/// Waiting for a mark that nobody leaves, and a hook before its objects.
#[test]
fn order_is_noticed() {
    let mut objects = good();
    objects.retain(|object| object.kind() != "Job");
    assert!(
        faults(&objects)
            .iter()
            .any(|fault| fault.contains("which nobody leaves"))
    );

    let mut objects = good();
    let job = objects
        .iter_mut()
        .find(|object| object.kind() == "Job")
        .expect("there is a Job");
    job.value["metadata"]["annotations"] = json!({ "helm.sh/hook": "pre-install,pre-upgrade" });
    assert!(
        faults(&objects)
            .iter()
            .any(|fault| fault.contains("does not exist yet when the hook runs"))
    );
}
