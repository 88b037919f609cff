use super::compare;
use taskspec_report::{Case, Change, Comparison, Effect, EffectKind, Examination, Rendering};

const SPEC: &str = r#"
spec = "taskspec/v1"
[intent]
name = "shop"
version = "1.0.0"
summary = "Sells things"
[workloads.web]
kind = "service"
image = "example/web"
port = 8080
[[criteria]]
id = "C1"
title = "It answers"
manual = "ask it"
[[decisions]]
id = "D1"
title = "Backups"
status = "deferred"
why = "Later."
"#;

fn examination(spec: &str, manifests: &str) -> Examination {
    Examination {
        spec: spec.to_owned(),
        chart: "shop".to_owned(),
        version: "1.0.0".to_owned(),
        renderings: vec![Rendering {
            case: Case {
                environment: String::new(),
                values: serde_json::Value::Null,
                longest_name: false,
            },
            release: "rel".to_owned(),
            namespace: "ns".to_owned(),
            manifests: Ok(manifests.to_owned()),
        }],
        ..Examination::default()
    }
}

fn compared(old: &str, new: &str) -> Comparison {
    compare(&examination(SPEC, old), &examination(SPEC, new)).unwrap()
}

fn effects(old: &str, new: &str) -> Vec<Effect> {
    let objects = compared(old, new).environments.remove(0).objects;
    objects
        .into_iter()
        .flat_map(|object| object.effects)
        .collect()
}

/// The change has an effect of this kind whose text names this.
fn has(old: &str, new: &str, kind: EffectKind, words: &str) {
    let found = effects(old, new);
    assert!(
        found
            .iter()
            .any(|one| one.kind == kind && one.text.contains(words)),
        "no {kind:?} with `{words}` in {found:#?}"
    );
}

/// The change has no effect of this kind.
fn has_not(old: &str, new: &str, kind: EffectKind) {
    let found = effects(old, new);
    assert!(found.iter().all(|one| one.kind != kind), "{found:#?}");
}

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: rel-shop, labels: {app.kubernetes.io/component: web}}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: web
          image: example/web:1
          readinessProbe: {httpGet: {path: /, port: 80}}
          resources: {limits: {memory: 1Gi}}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
";

const STATEFUL: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: rel-db}
spec:
  serviceName: rel-db
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: db:1}]}}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
";

const CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: rel-data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
";

const POLICY: &str = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: rel-shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: [{podSelector: {matchLabels: {app: gate}}}]
      ports: [{port: 80, protocol: TCP}]
";

const BUDGET: &str = "
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: rel-shop}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
";

fn with(documents: &[&str]) -> String {
    documents.join("\n---\n")
}

#[test]
fn what_cannot_be_changed_is_refused() {
    let immutable = |old: &str, from: &str, to: &str, words: &str| {
        has(old, &old.replace(from, to), EffectKind::Immutable, words);
    };
    immutable(
        DEPLOYMENT,
        "{app: web}",
        "{app: shop}",
        "selector of Deployment/rel-shop",
    );
    immutable(
        STATEFUL,
        "serviceName: rel-db",
        "serviceName: other",
        "serviceName",
    );
    immutable(STATEFUL, "Parallel", "OrderedReady", "podManagementPolicy");
    immutable(STATEFUL, "10Gi", "20Gi", "volumeClaimTemplates");
    immutable(CLAIM, "ReadWriteOnce", "ReadWriteMany", "accessModes");
    immutable(CLAIM, "10Gi", "5Gi", "shrink");
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: rel-job}\nspec: {template: {spec: {containers: [{name: a, image: a:1}]}}}\n";
    immutable(job, "a:1", "a:2", "pod template");
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: rel}\nspec: {clusterIP: None, loadBalancerClass: a}\n";
    immutable(service, "None", "\"\"", "clusterIP");
    immutable(service, "Class: a", "Class: b", "loadBalancerClass");
    let binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: rel}\nroleRef: {kind: Role, name: a}\n";
    immutable(binding, "name: a}", "name: b}", "roleRef");
    let map =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: rel}\nimmutable: true\ndata: {a: b}\n";
    immutable(map, "a: b", "a: c", "data of ConfigMap/rel");
    let hook = job.replace(
        "{name: rel-job}",
        "{name: rel-job, annotations: {helm.sh/hook: pre-upgrade}}",
    );
    has_not(&hook, &hook.replace("a:1", "a:2"), EffectKind::Immutable);
    has_not(CLAIM, &CLAIM.replace("10Gi", "20Gi"), EffectKind::Immutable);
    let plain = map.replace("immutable: true\n", "");
    has_not(
        &plain,
        &plain.replace("a: b", "a: c"),
        EffectKind::Immutable,
    );
}

#[test]
fn a_change_of_the_template_restarts_pods() {
    let newer = DEPLOYMENT.replace("web:1", "web:2");
    has(DEPLOYMENT, &newer, EffectKind::Restarts, "all 3 pods");
    has_not(
        DEPLOYMENT,
        &DEPLOYMENT.replace("replicas: 3", "replicas: 5"),
        EffectKind::Restarts,
    );
    has(
        STATEFUL,
        &STATEFUL.replace("db:1", "db:2"),
        EffectKind::Restarts,
        "the only pod",
    );
}

#[test]
fn data_that_is_lost_is_named() {
    has(CLAIM, "", EffectKind::LosesData, "deleted");
    let kept = CLAIM.replace(
        "rel-data}",
        "rel-data, annotations: {helm.sh/resource-policy: keep}}",
    );
    has(&kept, "", EffectKind::LosesData, "stays in the cluster");
    has(STATEFUL, "", EffectKind::LosesData, "no server reads");
    has(
        STATEFUL,
        &STATEFUL.replace("name: data", "name: more"),
        EffectKind::LosesData,
        "volume data",
    );
    has(
        STATEFUL,
        &STATEFUL.replace("10Gi", "1Gi"),
        EffectKind::LosesData,
        "shrinks from 10Gi to 1Gi",
    );
    has(
        CLAIM,
        &CLAIM.replace("10Gi", "1Gi"),
        EffectKind::LosesData,
        "shrinks",
    );
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: rel}\ndata: {a: YQ==}\n";
    has(secret, "", EffectKind::LosesData, "generated");
    let server = "# Source: shop/charts/redis/templates/d.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: rel-redis}\nspec: {template: {spec: {containers: []}}}\n";
    has(server, "", EffectKind::LosesData, "server of a dependency");
    has_not(DEPLOYMENT, "", EffectKind::LosesData);
    has_not(
        STATEFUL,
        &STATEFUL.replace("10Gi", "20Gi"),
        EffectKind::LosesData,
    );
}

#[test]
fn what_becomes_reachable_is_named() {
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: rel}\nspec: {rules: [{host: a.example.com, http: {paths: []}}]}\n";
    has("", ingress, EffectKind::Exposes, "a.example.com");
    has(
        ingress,
        &ingress.replace("a.ex", "b.ex"),
        EffectKind::Exposes,
        "b.example.com",
    );
    has_not(ingress, "", EffectKind::Exposes);
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: rel}\nspec: {type: ClusterIP}\n";
    for kind in ["LoadBalancer", "NodePort"] {
        let open = service.replace("ClusterIP", kind);
        has("", &open, EffectKind::Exposes, kind);
        has(service, &open, EffectKind::Exposes, kind);
    }
    let limited = "apiVersion: v1\nkind: Service\nmetadata: {name: rel}\nspec: {type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8]}\n";
    let open = limited.replace(", loadBalancerSourceRanges: [10.0.0.0/8]", "");
    has(limited, &open, EffectKind::Exposes, "every address");
}

#[test]
fn policies_that_open_are_named() {
    let closed = with(&[DEPLOYMENT, POLICY]);
    has(
        &closed,
        DEPLOYMENT,
        EffectKind::Exposes,
        "not limited any more",
    );
    has_not("", &closed, EffectKind::Exposes);
    has_not(DEPLOYMENT, &closed, EffectKind::Exposes);
    let wider = |from: &str, to: &str, words: &str| {
        has(
            &closed,
            &closed.replace(from, to),
            EffectKind::Exposes,
            words,
        );
    };
    wider("app: gate", "app: other", "from pods app=other");
    wider("port: 80, protocol", "port: 81, protocol", "port 81");
    wider(
        "[{podSelector: {matchLabels: {app: gate}}}]",
        "[]",
        "from anybody",
    );
    wider("[Ingress, Egress]", "[Ingress]", "where to");
    let nobody = closed.replace(
        "  ingress:\n    - from: [{podSelector: {matchLabels: {app: gate}}}]\n      ports: [{port: 80, protocol: TCP}]\n",
        "",
    );
    assert_ne!(nobody, closed);
    has_not(&closed, &nobody, EffectKind::Exposes);
}

#[test]
fn protections_that_go_are_named() {
    let weaker = |from: &str, to: &str, words: &str| {
        has(
            DEPLOYMENT,
            &DEPLOYMENT.replace(from, to),
            EffectKind::Weakens,
            words,
        );
    };
    weaker(
        "runAsNonRoot: true",
        "runAsNonRoot: false",
        "may run as root",
    );
    weaker("drop: [ALL]", "drop: []", "keeps capabilities");
    weaker(
        "capabilities: {drop",
        "privileged: true\n            capabilities: {drop",
        "is privileged",
    );
    weaker(
        "automountServiceAccountToken: false",
        "hostNetwork: true",
        "token",
    );
    weaker(
        "automountServiceAccountToken: false",
        "hostNetwork: true",
        "node's network",
    );
    weaker(
        "          readinessProbe: {httpGet: {path: /, port: 80}}\n",
        "",
        "no readiness check",
    );
    weaker("limits: {memory: 1Gi}", "limits: {}", "no limit of memory");
    weaker("replicas: 3", "replicas: 2", "at least 2 pods instead of 3");
    has_not(
        DEPLOYMENT,
        &DEPLOYMENT.replace("replicas: 3", "replicas: 4"),
        EffectKind::Weakens,
    );
    let guarded = with(&[DEPLOYMENT, BUDGET]);
    has(
        &guarded,
        DEPLOYMENT,
        EffectKind::Weakens,
        "all pods of Deployment/rel-shop at once",
    );
    has(
        &guarded,
        &guarded.replace("maxUnavailable: 1", "maxUnavailable: 2"),
        EffectKind::Weakens,
        "2 pods at a time instead of 1",
    );
    let scaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: rel}\nspec: {minReplicas: 4, maxReplicas: 9, scaleTargetRef: {name: other}}\n";
    has(
        scaler,
        &scaler.replace("minReplicas: 4", "minReplicas: 2"),
        EffectKind::Weakens,
        "at least 2 pods instead of 4",
    );
}

#[test]
fn the_same_has_no_difference() {
    let all = with(&[DEPLOYMENT, STATEFUL, CLAIM, POLICY, BUDGET]);
    let same = compared(&all, &all.replace("memory: 1Gi", "memory: 1024Mi"));
    let environment = &same.environments[0];
    assert_eq!((environment.objects.len(), environment.unchanged), (0, 5));
    assert!(same.facts.is_empty() && same.statements.is_empty());
}

#[test]
fn values_of_secrets_and_labels_of_versions_are_no_difference() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: rel, labels: {helm.sh/chart: a-1}}\ndata: {a: YQ==}\n";
    let other = secret.replace("YQ==", "Yg==").replace("a-1", "a-2");
    let found = compared(secret, &other);
    assert_eq!(found.environments[0].relabelled, 1);
    assert!(found.environments[0].objects.is_empty());
}

#[test]
fn jobs_named_after_a_digest_replace_each_other() {
    let job = |digest: &str, image: &str| {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: rel-migrate-{digest}}}\nspec: {{template: {{spec: {{containers: [{{name: a, image: {image}}}]}}}}}}\n"
        )
    };
    let found = compared(&job("aaaaaaaa", "a:1"), &job("bbbbbbbb", "a:2"));
    let object = &found.environments[0].objects[0];
    assert_eq!(object.replaces, "Job/rel-migrate-aaaaaaaa");
    assert_eq!(object.effects, []);
    assert_eq!(
        object.differences[0].path,
        "spec.template.spec.containers[a].image"
    );
}

#[test]
fn statements_facts_and_environments_are_compared() {
    let newer = SPEC
        .replace("It answers", "It answers fast")
        .replace("port = 8080", "port = 8081")
        .replace("[[decisions]]\nid = \"D1\"", "[[decisions]]\nid = \"D2\"");
    let found = compare(
        &examination(SPEC, DEPLOYMENT),
        &examination(&newer, DEPLOYMENT),
    )
    .unwrap();
    let changes: Vec<(&str, Change)> = found
        .statements
        .iter()
        .map(|one| (one.id.as_str(), one.change))
        .collect();
    assert_eq!(
        changes,
        [
            ("C1", Change::Changed),
            ("D2", Change::Added),
            ("D1", Change::Removed)
        ]
    );
    let difference = &found.statements[0].differences[0];
    assert_eq!(
        (difference.path.as_str(), difference.new.as_deref()),
        ("title", Some("It answers fast"))
    );
    assert_eq!(found.facts.len(), 1);
    assert_eq!(found.facts[0].difference.path, "workloads.web.port");
    let renamed = Examination {
        renderings: vec![Rendering {
            release: "other".to_owned(),
            ..examination(SPEC, DEPLOYMENT).renderings.remove(0)
        }],
        ..examination(SPEC, DEPLOYMENT)
    };
    let found = compare(&examination(SPEC, DEPLOYMENT), &renamed).unwrap();
    assert!(found.environments[0].notes[0].contains("new installation"));
}
