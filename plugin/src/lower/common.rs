//! Facts and values of the chart as a whole.

use super::context::{
    ChangeFacts, ChartFacts, Context, DependencyFacts, OwnerFacts, StatementFacts, TestFacts,
    ToolFacts,
};
use super::{exposure, monitoring, schemas, secret};
use crate::api::Decision;
use crate::catalog::Catalog;
use crate::values::{Entry, branch, leaf, open_branch};
use serde_json::{Map, Value, json};
use taskspec_spec::Resolved;
use taskspec_spec::check::names::values_key;
use taskspec_spec::derived;
use taskspec_spec::model::{Criterion, Document, Intent};
use taskspec_spec::types::{ChangeKind, Delivery, SecretSource};

/// Oldest Kubernetes that knows every field of the chart: the preStop hook's
/// native sleep is on by default since 1.30 (KEP-3960).
const KUBERNETES_MINOR: u32 = 30;

/// Facts of the chart.
pub fn chart(resolved: &Resolved) -> ChartFacts {
    let intent = &resolved.intent;
    let platform = resolved.base.platform.as_ref();
    let minor = platform
        .and_then(|p| p.kubernetes.as_ref())
        .map_or(KUBERNETES_MINOR, |k| k.value.minor);
    let delivery = platform
        .and_then(|p| p.delivery.as_ref())
        .map_or(Delivery::Helm, |d| d.value);
    let text = |line: &Option<taskspec_spec::span::Spanned<taskspec_spec::types::Line>>| {
        line.as_ref()
            .map(|line| line.value.0.clone())
            .unwrap_or_default()
    };
    let url = |url: &Option<taskspec_spec::span::Spanned<taskspec_spec::types::Url>>| {
        url.as_ref()
            .map(|url| url.value.0.clone())
            .unwrap_or_default()
    };
    ChartFacts {
        name: intent.name.value.0.clone(),
        key: values_key(&intent.name),
        layout: derived::layout(&resolved.base).word().to_owned(),
        changes: changes(intent),
        version: intent.version.text.clone(),
        app_version: intent
            .app_version
            .as_ref()
            .map_or_else(|| intent.version.text.clone(), |v| v.value.0.clone()),
        summary: intent.summary.value.0.clone(),
        description: intent
            .description
            .as_ref()
            .map(|d| d.value.0.trim().to_owned())
            .unwrap_or_default(),
        kubernetes_minor: minor,
        delivery: delivery.word().to_owned(),
        owners: intent
            .owners
            .iter()
            .map(|owner| OwnerFacts {
                name: owner.value.0.name.value.0.clone(),
                email: text(&owner.value.0.email),
                url: url(&owner.value.0.url),
            })
            .collect(),
        home: url(&intent.home),
        sources: intent
            .sources
            .iter()
            .map(|source| source.value.0.clone())
            .collect(),
        keywords: intent
            .keywords
            .iter()
            .map(|word| word.value.0.clone())
            .collect(),
        icon: url(&intent.icon),
        license: text(&intent.license),
    }
}

fn changes(intent: &Intent) -> Vec<ChangeFacts> {
    intent
        .changes
        .iter()
        .map(|change| ChangeFacts {
            kind: change
                .value
                .0
                .kind
                .as_ref()
                .map_or(ChangeKind::Changed, |kind| kind.value)
                .word()
                .to_owned(),
            text: change.value.0.text.value.0.clone(),
        })
        .collect()
}

/// Tests that criteria ask for.
pub fn tests(base: &Document) -> Vec<TestFacts> {
    base.criteria
        .iter()
        .filter_map(|criterion| {
            let test = criterion.test.as_ref()?;
            Some(TestFacts {
                id: criterion.id.value.0.clone(),
                title: criterion.title.value.0.clone(),
                reached: test
                    .reaches
                    .iter()
                    .map(|name| name.value.0.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            })
        })
        .collect()
}

/// Images of the clients that wait for, migrate and test servers.
pub fn tools(dependencies: &[DependencyFacts], catalog: &Catalog) -> Vec<ToolFacts> {
    let mut keys: Vec<&str> = Vec::new();
    let wanted = dependencies.iter().map(|facts| facts.client.as_str());
    // Workloads are tested by HTTP, after the servers.
    for key in wanted.filter(|key| *key != "http").chain(["http"]) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys.into_iter()
        .filter_map(|key| {
            let client = catalog.engines.clients.get(key)?;
            Some(ToolFacts {
                key: key.to_owned(),
                doc: client.doc.clone(),
                registry: client.registry.clone(),
                repository: client.repository.clone(),
                tag: client.tag.clone(),
            })
        })
        .collect()
}

/// Statements for the README.
pub fn statements(base: &Document) -> Vec<StatementFacts> {
    let text = |text: &Option<taskspec_spec::span::Spanned<taskspec_spec::types::Text>>| {
        text.as_ref()
            .map(|text| text.value.0.trim().to_owned())
            .unwrap_or_default()
    };
    let mut all = Vec::new();
    for criterion in &base.criteria {
        all.push(StatementFacts {
            id: criterion.id.value.0.clone(),
            kind: "criterion".into(),
            title: criterion.title.value.0.clone(),
            how: checked_by(criterion),
            why: text(&criterion.why),
        });
    }
    for constraint in &base.constraints {
        let rule = constraint.rule.value.0.clone();
        all.push(StatementFacts {
            id: constraint.id.value.0.clone(),
            kind: "constraint".into(),
            title: constraint
                .title
                .as_ref()
                .map_or_else(|| rule.clone(), |title| title.value.0.clone()),
            how: format!("rule {rule}"),
            why: text(&constraint.why),
        });
    }
    for goal in &base.non_goals {
        all.push(StatementFacts {
            id: goal.id.value.0.clone(),
            kind: "non-goal".into(),
            title: goal.title.value.0.clone(),
            how: goal.rule.as_ref().map_or_else(
                || "stated".to_owned(),
                |rule| format!("rule {}", rule.value.0),
            ),
            why: text(&goal.why),
        });
    }
    for decision in &base.decisions {
        all.push(StatementFacts {
            id: decision.id.value.0.clone(),
            kind: "decision".into(),
            title: decision.title.value.0.clone(),
            how: decision.status.value.word().into(),
            why: decision.why.value.0.trim().to_owned(),
        });
    }
    all
}

fn checked_by(criterion: &Criterion) -> String {
    let mut ways = Vec::new();
    if !criterion.check.is_empty() {
        let number = criterion.check.len();
        ways.push(format!(
            "{number} check{} of the manifests",
            if number == 1 { "" } else { "s" }
        ));
    }
    if criterion.test.is_some() {
        ways.push("helm test".to_owned());
    }
    if let Some(manual) = &criterion.manual {
        ways.push(format!("by hand: {}", manual.value.0.trim()));
    }
    ways.join("; ")
}

/// Values that every chart has.
pub fn values(document: &Document, context: &Context) -> Vec<Entry> {
    let labels: Map<String, Value> = document
        .labels
        .iter()
        .map(|(key, value)| (key.value.clone(), json!(value.value.0)))
        .collect();
    let mut global = vec![
        leaf(
            "imageRegistry",
            "",
            schemas::string(),
            "Registry of all images, in place of each image's own",
        ),
        leaf(
            "imagePullSecrets",
            json!([]),
            schemas::pull_secrets(),
            "Secrets for pulling images, shared with the dependencies",
        ),
    ];
    if context.secret.any {
        let doc = if context.secret.generated {
            "Existing Secret with the keys of the README; empty for one that the chart generates"
        } else {
            "Existing Secret with the keys of the README"
        };
        global.push(branch(
            &context.chart.key,
            "Shared with the dependencies of this chart",
            vec![leaf(
                "existingSecret",
                secret::existing_name(document),
                json!({ "type": "string", "maxLength": 253 }),
                doc,
            )],
        ));
    }
    vec![
        open_branch(
            "global",
            "Values that Helm passes to dependencies too",
            global,
        ),
        leaf(
            "nameOverride",
            "",
            json!({ "type": "string", "maxLength": 63 }),
            "Name in place of the chart's, in names and labels",
        ),
        leaf(
            "fullnameOverride",
            "",
            json!({ "type": "string", "maxLength": 63 }),
            "Full name of the chart's objects",
        ),
        leaf(
            "commonLabels",
            Value::Object(labels),
            schemas::labels(),
            "Labels of all objects, never part of a selector",
        ),
        leaf(
            "commonAnnotations",
            json!({}),
            schemas::annotations(),
            "Annotations of all objects",
        ),
        leaf(
            "imagePullSecrets",
            json!([]),
            schemas::pull_secrets(),
            "Secrets for pulling this chart's images",
        ),
        service_account(document),
        network_policy(document, context),
    ]
}

fn service_account(document: &Document) -> Entry {
    let stated = document.account.as_ref();
    let annotations: Map<String, Value> = stated
        .into_iter()
        .flat_map(|account| account.annotations.iter())
        .map(|(key, value)| (key.value.clone(), json!(value.value.0)))
        .collect();
    branch(
        "serviceAccount",
        "Identity of the pods towards the cluster; no token is mounted",
        vec![
            leaf(
                "create",
                stated
                    .and_then(|account| account.create.as_ref())
                    .is_none_or(|flag| flag.0),
                schemas::boolean(),
                "Create a service account",
            ),
            leaf(
                "name",
                stated
                    .and_then(|account| account.name.as_ref())
                    .map_or("", |name| &name.value.0),
                schemas::string(),
                "Name of the service account; empty for the chart's full name",
            ),
            leaf(
                "annotations",
                Value::Object(annotations),
                schemas::annotations(),
                "Annotations of the service account",
            ),
        ],
    )
}

fn network_policy(document: &Document, context: &Context) -> Entry {
    let stated = document.network.as_ref();
    let labels: Map<String, Value> = stated
        .into_iter()
        .flat_map(|network| network.dns_labels.iter())
        .map(|(key, value)| (key.value.clone(), json!(value.value.0)))
        .collect();
    let labels = if labels.is_empty() {
        json!({ "k8s-app": "kube-dns" })
    } else {
        Value::Object(labels)
    };
    let addresses: Vec<&str> = stated
        .into_iter()
        .flat_map(|network| &network.dns_addresses)
        .map(|address| address.value.0.as_str())
        .collect();
    let ports: Vec<u16> = stated
        .into_iter()
        .flat_map(|network| &network.dns_ports)
        .map(|port| port.value.0)
        .collect();
    let mut entries = vec![leaf(
        "enabled",
        stated
            .and_then(|network| network.enabled.as_ref())
            .is_none_or(|flag| flag.0),
        schemas::boolean(),
        "Close the network but for what is needed",
    )];
    if context.ingress.is_some() || context.gateway {
        entries.push(leaf(
            "ingressNamespace",
            exposure::namespace(document),
            schemas::string(),
            "Namespace of what lets people in; empty for any namespace",
        ));
    }
    if context
        .workloads
        .iter()
        .any(|facts| !facts.metrics_port.is_empty())
        || context.dependencies.iter().any(monitoring::exported)
    {
        entries.push(leaf(
            "monitoringNamespace",
            document
                .monitoring
                .as_ref()
                .and_then(|monitoring| monitoring.namespace.as_ref())
                .map_or("", |namespace| &namespace.value.0),
            schemas::string(),
            if context.monitoring.scraper_alone {
                "Namespace of a further Prometheus; empty for none besides that of the release"
            } else {
                "Namespace that Prometheus runs in; empty for any namespace"
            },
        ));
    }
    entries.push(branch(
        "dns",
        "Where names are resolved",
        vec![
            leaf(
                "namespace",
                stated
                    .and_then(|network| network.dns_namespace.as_ref())
                    .map_or("kube-system", |namespace| &namespace.value.0),
                json!({ "type": "string", "minLength": 1 }),
                "Namespace of the cluster's DNS",
            ),
            leaf(
                "podLabels",
                labels,
                schemas::annotations(),
                "Labels of its pods",
            ),
            leaf(
                "cidrs",
                if addresses.is_empty() {
                    json!(["169.254.20.10/32"])
                } else {
                    json!(addresses)
                },
                schemas::strings(),
                "Addresses that resolve names besides those pods, such as the node-local cache",
            ),
            leaf(
                "ports",
                if ports.is_empty() {
                    json!([53])
                } else {
                    json!(ports)
                },
                json!({ "type": "array", "items": schemas::integer(1, 65535) }),
                "Ports of its pods; OpenShift's listen on 5353",
            ),
        ],
    ));
    branch(
        "networkPolicy",
        "Network policies, one per component",
        entries,
    )
}

/// Values of `helm test`.
pub fn test_values() -> Entry {
    branch(
        "tests",
        "Tests run by `helm test`",
        vec![
            leaf("enabled", true, schemas::boolean(), "Make the test pod"),
            leaf(
                "timeout",
                120,
                schemas::integer(1, 3600),
                "Seconds that the tests may take",
            ),
            leaf(
                "nodeSelector",
                json!({}),
                schemas::annotations(),
                "Labels that a node of the test pod must have",
            ),
            leaf(
                "tolerations",
                json!([]),
                schemas::objects(),
                "Taints that the test pod tolerates",
            ),
        ],
    )
}

/// Values of the clients' images.
pub fn client_values(context: &Context) -> Entry {
    let wait = leaf(
        "wait",
        true,
        schemas::boolean(),
        "Let pods wait until the servers of the release answer",
    );
    let waits = context
        .workloads
        .iter()
        .any(|facts| !facts.awaits.is_empty() || facts.awaits_unmigrated);
    let clients = context.tools.iter().map(|tool| {
        let image = taskspec_spec::types::Image {
            registry: tool.registry.clone(),
            repository: tool.repository.clone(),
            tag: tool.tag.clone(),
            digest: String::new(),
        };
        branch(
            &tool.key,
            tool.doc.clone(),
            vec![schemas::image(&image, "IfNotPresent", "Tag")],
        )
    });
    let entries = waits.then_some(wait).into_iter().chain(clients).collect();
    branch(
        "clients",
        "Small clients that wait for servers and test them",
        entries,
    )
}

/// What was chosen because the specification left it open.
pub fn decisions(resolved: &Resolved, context: &Context) -> Vec<Decision> {
    let decision = |subject: &str, choice: String, reason: String| Decision {
        subject: subject.to_owned(),
        choice,
        reason,
    };
    let mut made = Vec::new();
    if let Some(migration) = &context.migration {
        made.push(decision(
            "migrations.strategy",
            migration.strategy.clone(),
            migration.reason.clone(),
        ));
    }
    if context.secret.any {
        made.push(secret_decision(resolved));
    }
    for (facts, (_, workload)) in context.workloads.iter().zip(resolved.base.workloads.iter()) {
        if let Some(volume) = derived::single_mount(workload)
            && facts.always
            && workload
                .rollout
                .as_ref()
                .is_none_or(|rollout| rollout.strategy.is_none())
        {
            made.push(decision(
                &format!("workloads.{}.rollout.strategy", facts.name),
                "recreate".to_owned(),
                format!(
                    "a new pod could not mount the volume `{}` before the old one is gone",
                    volume.value
                ),
            ));
        }
    }
    if resolved
        .base
        .platform
        .as_ref()
        .is_none_or(|platform| platform.kubernetes.is_none())
    {
        made.push(decision(
            "platform.kubernetes",
            format!("1.{} or newer", context.chart.kubernetes_minor),
            if context.workloads.iter().any(|facts| facts.always) {
                "draining pods use the native sleep of the preStop hook".to_owned()
            } else {
                "the oldest version that charts of taskspec are made for".to_owned()
            },
        ));
    }
    for facts in context.dependencies.iter().filter(|facts| facts.frozen) {
        made.push(decision(
            &format!("dependencies.{}.images", facts.name),
            "docker.io/bitnamilegacy".to_owned(),
            "the images of this version exist only there, without updates".to_owned(),
        ));
    }
    for facts in context
        .dependencies
        .iter()
        .filter(|facts| facts.in_release && !facts.exact)
    {
        made.push(decision(
            &format!("dependencies.{}.version", facts.name),
            format!("{} without Chart.lock", facts.version),
            "a range is resolved by `helm dependency update`; an exact version would be locked"
                .to_owned(),
        ));
    }
    made.extend(open_network(&context.dependencies));
    made
}

fn secret_decision(resolved: &Resolved) -> Decision {
    let of = |wanted: SecretSource| -> Vec<&str> {
        resolved
            .environments
            .iter()
            .filter(|merged| secret::source(&merged.document) == wanted)
            .map(|merged| merged.name.value.as_str())
            .collect()
    };
    let sources = [
        (SecretSource::Generate, "generated"),
        (SecretSource::Existing, "existing"),
        (SecretSource::External, "external"),
    ];
    let base = secret::source(&resolved.base);
    let used: Vec<(SecretSource, &str, Vec<&str>)> = sources
        .into_iter()
        .map(|(source, word)| (source, word, of(source)))
        .filter(|(source, _, names)| {
            !names.is_empty() || (resolved.environments.is_empty() && *source == base)
        })
        .collect();
    let choice = match &used[..] {
        [(_, word, _)] => (*word).to_owned(),
        several => several
            .iter()
            .map(|(_, word, names)| format!("{word} in {}", names.join(", ")))
            .collect::<Vec<_>>()
            .join("; "),
    };
    let reason = used
        .iter()
        .map(|(source, _, _)| match source {
            SecretSource::Generate => {
                "random at the first installation, kept at upgrades and after an uninstall"
            }
            SecretSource::Existing => "a named Secret must be there first",
            SecretSource::External => "the External Secrets Operator reads a store",
        })
        .collect::<Vec<_>>()
        .join("; ");
    Decision {
        subject: "secrets.source".to_owned(),
        choice,
        reason,
    }
}

/// External servers have no address that a network policy could name.
fn open_network(dependencies: &[DependencyFacts]) -> Option<Decision> {
    let outside: Vec<String> = dependencies
        .iter()
        .filter(|facts| !facts.in_release)
        .map(|facts| format!("port {} for {}", facts.port, facts.name))
        .collect();
    (!outside.is_empty()).then(|| Decision {
        subject: "networkPolicy".to_owned(),
        choice: format!("any address on {}", outside.join(", ")),
        reason:
            "a network policy cannot name a host; narrow it with `egress` to the server's addresses"
                .to_owned(),
    })
}
