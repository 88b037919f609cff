//! What must be in the cluster before an installation: objects that the chart
//! names and does not make, and controllers whose objects it makes.

use super::Everywhere;
use super::context::{Context, IngressFacts, NeedFacts, SecretFacts};
use super::secret;
use taskspec_spec::Resolved;
use taskspec_spec::derived;
use taskspec_spec::model::{Document, Tls, Workload};
use taskspec_spec::types::{Scaler, SecretSource, VolumeKind};

/// The objects that each environment needs, each once.
pub fn objects(resolved: &Resolved, facts: &SecretFacts) -> Vec<NeedFacts> {
    let mut found = Found::default();
    if resolved.environments.is_empty() {
        of(&resolved.base, "", facts, &mut found);
    }
    for merged in &resolved.environments {
        of(&merged.document, &merged.name.value, facts, &mut found);
    }
    found.0
}

#[derive(Default)]
struct Found(Vec<NeedFacts>);

impl Found {
    fn add(&mut self, kind: &str, name: &str, why: &str, environment: &str) -> &mut NeedFacts {
        let known = self
            .0
            .iter()
            .position(|need| need.kind == kind && need.name == name);
        let index = known.unwrap_or_else(|| {
            self.0.push(NeedFacts {
                kind: kind.to_owned(),
                name: name.to_owned(),
                why: String::new(),
                keys: Vec::new(),
                form: "variables".to_owned(),
                environments: Vec::new(),
            });
            self.0.len() - 1
        });
        let need = &mut self.0[index];
        if !need.environments.iter().any(|known| known == environment) {
            need.environments.push(environment.to_owned());
        }
        if !need.why.split("; ").any(|known| known == why) {
            if !need.why.is_empty() {
                need.why += "; ";
            }
            need.why += why;
        }
        need
    }
}

fn of(document: &Document, environment: &str, facts: &SecretFacts, found: &mut Found) {
    for (name, workload) in document.workloads.iter() {
        if derived::is_enabled(workload) {
            of_workload(name, workload, environment, found);
        }
    }
    if let Some(migrations) = &document.migrations {
        sources(&migrations.env_from, "the migrations", environment, found);
    }
    for (_, dependency) in document.dependencies.iter() {
        if let Some(class) = &dependency.storage_class {
            found.add("StorageClass", &class.value.0, "volumes", environment);
        }
    }
    of_secrets(document, environment, facts, found);
    of_exposure(document, environment, found);
}

fn sources(
    stated: &[taskspec_spec::span::Spanned<taskspec_spec::model::EnvSource>],
    who: &str,
    environment: &str,
    found: &mut Found,
) {
    let why = format!("variables of {who}");
    for source in stated {
        if let Some(name) = &source.secret {
            found.add("Secret", &name.value.0, &why, environment);
        }
        if let Some(name) = &source.config {
            found.add("ConfigMap", &name.value.0, &why, environment);
        }
    }
}

fn of_workload(name: &str, workload: &Workload, environment: &str, found: &mut Found) {
    sources(&workload.env_from, name, environment, found);
    for (_, volume) in workload.volumes.iter() {
        let why = format!("a volume of {name}");
        let kind = match volume.kind.value {
            VolumeKind::Secret => "Secret",
            _ => "ConfigMap",
        };
        if let Some(source) = &volume.source {
            let need = found.add(kind, &source.value.0, &why, environment);
            if need.keys.is_empty() {
                need.form = "files".to_owned();
            }
        }
        if let Some(claim) = &volume.claim {
            found.add("PersistentVolumeClaim", &claim.value.0, &why, environment);
        }
        if let Some(class) = &volume.class {
            found.add("StorageClass", &class.value.0, "volumes", environment);
        }
    }
    if let Some(class) = workload
        .placement
        .as_ref()
        .and_then(|placement| placement.priority.as_ref())
    {
        found.add(
            "PriorityClass",
            &class.value.0,
            &format!("pods of {name}"),
            environment,
        );
    }
    for trigger in derived::scaling(workload)
        .into_iter()
        .flat_map(|scaling| &scaling.triggers)
    {
        if let Some(authentication) = &trigger.authentication {
            found.add(
                "TriggerAuthentication",
                &authentication.value.0,
                &format!("scaling of {name}"),
                environment,
            );
        }
    }
}

fn of_secrets(document: &Document, environment: &str, facts: &SecretFacts, found: &mut Found) {
    let existing = secret::existing_name(document);
    if facts.any && !existing.is_empty() {
        found.add("Secret", &existing, "passwords and URLs", environment);
    }
    let Some(secrets) = &document.secrets else {
        return;
    };
    let mut stored = secret::source(document) == SecretSource::External;
    for (key, rule) in secrets.keys.iter() {
        stored |= rule
            .source
            .as_ref()
            .is_some_and(|source| source.value == SecretSource::External);
        if let Some(name) = &rule.name {
            let there = rule.key.as_ref().map_or(&key.value, |key| &key.value.0);
            let need = found.add(
                "Secret",
                &name.value.0,
                "read by the workloads",
                environment,
            );
            need.form = "variables".to_owned();
            if !need.keys.contains(there) {
                need.keys.push(there.clone());
            }
        }
    }
    if let (true, Some(store)) = (stored, &secrets.store) {
        let kind = store
            .kind
            .as_ref()
            .map_or("SecretStore", |kind| kind.value.word());
        found.add(kind, &store.name.value.0, "secrets", environment);
    }
}

fn of_exposure(document: &Document, environment: &str, found: &mut Found) {
    let on = document
        .ingress
        .as_ref()
        .filter(|ingress| ingress.enabled.as_ref().is_none_or(|flag| flag.0));
    if let Some(ingress) = on {
        if let Some(class) = &ingress.class {
            found.add("IngressClass", &class.value.0, "the Ingress", environment);
        }
        let own = ingress
            .hosts
            .iter()
            .filter_map(|(_, rule)| rule.tls.as_ref());
        for tls in ingress.tls.iter().chain(own) {
            certificate(tls, environment, found);
        }
    }
    let on = document
        .gateway
        .as_ref()
        .filter(|gateway| gateway.enabled.as_ref().is_none_or(|flag| flag.0));
    for parent in on.into_iter().flat_map(|gateway| &gateway.parents) {
        let space = parent
            .namespace
            .as_ref()
            .map_or_else(String::new, |space| format!(" in {}", space.value.0));
        found.add(
            "Gateway",
            &parent.name.value.0,
            &format!("routes belong to it{space}"),
            environment,
        );
    }
}

fn certificate(tls: &Tls, environment: &str, found: &mut Found) {
    let issued = tls.issuer.is_some() || tls.cluster_issuer.is_some();
    if let Some(issuer) = &tls.issuer {
        found.add("Issuer", &issuer.value.0, "certificates", environment);
    }
    if let Some(issuer) = &tls.cluster_issuer {
        found.add(
            "ClusterIssuer",
            &issuer.value.0,
            "certificates",
            environment,
        );
    }
    if let (false, Some(secret)) = (issued, &tls.secret) {
        found
            .add("Secret", &secret.value.0, "a certificate", environment)
            .form = "tls".to_owned();
    }
}

/// Controllers whose objects the chart makes, beyond Kubernetes itself.
pub fn controllers(everywhere: &Everywhere<'_>, context: &Context) -> Vec<String> {
    let mut all = Vec::new();
    let mut add = |needed: bool, name: &str| {
        if needed {
            all.push(name.to_owned());
        }
    };
    let keda = |workload: &Workload| {
        workload
            .scaling
            .as_ref()
            .and_then(|scaling| scaling.by.as_ref())
            .is_some_and(|by| by.value == Scaler::Keda)
    };
    let issuer = |tls: &Tls| tls.issuer.is_some() || tls.cluster_issuer.is_some();
    add(
        context.workloads.iter().any(|facts| facts.scaling == "hpa"),
        "the metrics server, for autoscaling",
    );
    add(
        everywhere.any(|document| document.workloads.iter().any(|(_, one)| keda(one))),
        "KEDA, for autoscaling",
    );
    add(
        context.secret.external || context.secret.own_external,
        "the External Secrets Operator with its API `external-secrets.io/v1`",
    );
    if let Some(ingress) = &context.ingress {
        add(true, ingress_controller(ingress));
    }
    add(
        everywhere.any(|document| {
            document
                .ingress
                .as_ref()
                .and_then(|ingress| ingress.tls.as_ref())
                .is_some_and(|tls| issuer(tls))
        }),
        "cert-manager, for certificates",
    );
    add(
        context.gateway,
        "an implementation of the Gateway API (`gateway.networking.k8s.io/v1`)",
    );
    add(
        context.secret.reload,
        "Stakater's Reloader, for restarts when a Secret changes",
    );
    all
}

/// What has to be there for the Ingress and what the chart makes beside it.
fn ingress_controller(facts: &IngressFacts) -> &'static str {
    match (facts.controller.as_str(), facts.limited) {
        ("traefik", true) => {
            "Traefik 3 as Ingress controller with its CRDs (`traefik.io/v1alpha1`), set up so that it sees the clients' addresses: the rate limit counts by them"
        }
        ("traefik", false) => "Traefik as Ingress controller",
        ("ingress-nginx", _) => "ingress-nginx as Ingress controller",
        ("haproxy", _) => "HAProxy as Ingress controller",
        _ => "an Ingress controller",
    }
}
