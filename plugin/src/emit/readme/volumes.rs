//! Volumes: which there are, and what becomes of them.

use super::effective::Effective;
use crate::lower::{Context, DependencyFacts, WorkloadFacts};
use serde::Serialize;

/// Names of workloads and servers by the fate of their volumes.
#[derive(Serialize)]
pub struct Volumes {
    /// All that have some.
    pub all: String,
    /// Those whose volumes outlive an uninstall.
    kept: String,
    /// Those whose volumes go with the release.
    lost: String,
    /// Those whose claims a StatefulSet makes, which cannot be changed in it.
    fixed: String,
    /// Values of classes that must let several nodes write, where none is named.
    shared: String,
}

/// Whether a server of the release has a volume that outlives it: charts with
/// a StatefulSet leave its claims, one with a Deployment takes its own along
/// unless Helm is told to leave it, and an operator removes what it made.
pub fn outlives(facts: &DependencyFacts) -> bool {
    let told = facts.entry.values.iter().any(|value| {
        value.path.contains("resource-policy")
            || value.value.to_string().contains("resource-policy")
    });
    has(facts) && facts.operator_secret.is_empty() && (facts.engine != "http" || told)
}

fn has(facts: &DependencyFacts) -> bool {
    facts.in_release && facts.entry.takes("storage")
}

/// Facts of all volumes.
pub fn volumes(context: &Context, values: &[Effective]) -> Volumes {
    let servers = || context.dependencies.iter().filter(|facts| has(facts));
    let own = || {
        let workloads = context.workloads.iter();
        workloads.filter(|facts| facts.claims || facts.templates)
    };
    let names = |servers: &mut dyn Iterator<Item = &DependencyFacts>,
                 own: &mut dyn Iterator<Item = &WorkloadFacts>| {
        let servers = servers.map(|facts| facts.name.as_str());
        let own = own.map(|facts| facts.name.as_str());
        servers.chain(own).collect::<Vec<_>>().join(", ")
    };
    Volumes {
        all: names(&mut servers(), &mut own()),
        kept: names(
            &mut servers().filter(|facts| outlives(facts)),
            &mut own().filter(|facts| facts.keeps),
        ),
        lost: names(
            &mut servers().filter(|facts| !outlives(facts)),
            &mut own().filter(|facts| !facts.keeps),
        ),
        fixed: names(
            &mut servers()
                .filter(|facts| facts.engine != "http" && facts.operator_secret.is_empty()),
            &mut own().filter(|facts| facts.templates),
        ),
        shared: shared(context, values),
    }
}

fn shared(context: &Context, values: &[Effective]) -> String {
    let mut found = Vec::new();
    for facts in &context.workloads {
        for volume in facts.volumes.iter().filter(|one| one.kind == "persistent") {
            let path = format!("{}volumes.{}", facts.p, volume.key);
            let open = |values: &Effective| {
                values.text(&format!("{path}.accessMode")) == "ReadWriteMany"
                    && values.text(&format!("{path}.storageClass")).is_empty()
                    && values.text(&format!("{path}.existingClaim")).is_empty()
            };
            if values.iter().any(open) {
                found.push(format!("{path}.storageClass"));
            }
        }
    }
    super::markdown::codes(found.iter().map(String::as_str))
}
