//! Workloads: facts for their templates. Values of their own are in [`values`].

mod containers;
mod probes;
mod scaling;
mod sharing;
mod storage;
mod values;
mod variables;

pub use sharing::{Stated, names, share, texts};
pub use storage::writable;
pub use values::{amounts, run_seconds, values};
pub use variables::{Context as VariableContext, env_sources, of as variables, plain_env};

use super::context::{
    CallFacts, DependencyFacts, MigrationFacts, PortFacts, RuleFacts, WorkloadFacts,
};
use super::network::{self, Connections, Ports};
use super::{Everywhere, migration};
use taskspec_spec::check::names::values_key;
use taskspec_spec::derived;
use taskspec_spec::diagnostic::Sink;
use taskspec_spec::model::{AccessRule, Container, Document, Volume, Workload};
use taskspec_spec::span::Spanned;
use taskspec_spec::types::{
    Any, AppProtocol, Layout, MonitorKind, RolloutStrategy, Scaler, VolumeKind, WorkloadKind,
};

/// Facts of every workload.
pub fn resolve(
    everywhere: &Everywhere<'_>,
    dependencies: &[DependencyFacts],
    migration: Option<&MigrationFacts>,
    connections: &Connections,
    sink: &mut Sink,
) -> Vec<WorkloadFacts> {
    let base = everywhere.base;
    let places = Places::of(base);
    base.workloads
        .iter()
        .map(|(name, workload)| {
            let place = places.of_workload(name);
            let variants = everywhere.workload(name);
            let model = derived::model_of(base, workload).and(workload.like.as_ref());
            let models = model.map_or_else(Vec::new, |like| everywhere.workload(&like.value.0));
            let resolver = Resolver {
                base,
                places: &places,
                name,
                workload,
                variants,
                connects: everywhere.connections(name),
                models,
                dependencies,
                migration,
                connections,
            };
            resolver.facts(place, sink)
        })
        .collect()
}

/// Where workloads stand in the values and what their objects are called.
pub struct Places {
    layout: Layout,
    main: String,
}

/// Where one workload stands.
pub struct Place {
    /// How templates reach its values.
    pub v: String,
    /// The same in messages.
    pub p: String,
    /// Whether it is the main workload.
    pub main: bool,
    /// Whether its objects carry its name.
    pub named: bool,
}

impl Places {
    /// The places of a specification's workloads.
    pub fn of(base: &Document) -> Self {
        Self {
            layout: derived::layout(base),
            main: derived::main_workload(base).unwrap_or_default().to_owned(),
        }
    }

    /// The place of one workload.
    pub fn of_workload(&self, name: &str) -> Place {
        let main = self.main == name;
        let flat = main && self.layout == Layout::Flat;
        let key = values_key(name);
        Place {
            v: if flat {
                ".Values".to_owned()
            } else {
                format!(".Values.{key}")
            },
            p: if flat {
                String::new()
            } else {
                format!("{key}.")
            },
            main,
            named: !main || self.layout == Layout::Uniform,
        }
    }
}

/// Containers before or beside a workload.
type Containers = taskspec_spec::decode::Map<taskspec_spec::types::Name, Spanned<Container>>;

/// One workload with all that its facts depend on.
struct Resolver<'a> {
    base: &'a Document,
    places: &'a Places,
    name: &'a str,
    workload: &'a Workload,
    /// The workload in the base and in every environment.
    variants: Vec<&'a Workload>,
    /// Dependencies that it connects to somewhere.
    connects: Vec<String>,
    /// The workload that it is like, in the base and in every environment.
    models: Vec<&'a Workload>,
    dependencies: &'a [DependencyFacts],
    migration: Option<&'a MigrationFacts>,
    connections: &'a Connections,
}

impl Resolver<'_> {
    fn any(&self, test: impl Fn(&Workload) -> bool) -> bool {
        self.variants.iter().any(|workload| test(workload))
    }

    fn facts(&self, place: Place, sink: &mut Sink) -> WorkloadFacts {
        let workload = self.workload;
        let kind = workload.kind.value;
        let like = workload
            .like
            .as_ref()
            .map(|name| name.value.0.clone())
            .unwrap_or_default();
        let like_v = if like.is_empty() {
            String::new()
        } else {
            self.places.of_workload(&like).v
        };
        let own_image = has_image(&self.variants);
        let image_v = image_v(self.places, self.name, &self.variants);
        let connects = self.connects.clone();
        let (files, secret_files) =
            storage::files(self.variants.iter().map(|w| &w.files), "secret-file");
        let (like_files, like_secret_files) = self.shared_files(&files, &secret_files, sink);
        let variables = self.variables(sink);
        let composed = self.composed(&variables);
        let shared = containers::Shared {
            image_v: &image_v,
            variables: &variables,
            composed: &composed,
            stated: self.all_variables(),
            ports: ports(workload, &place),
        };
        let section = |name: &str| format!("{}.{name}", place.v);
        let init = self.containers(&section("initContainers"), |w| &w.init, &shared, sink);
        let sidecars = self.containers(&section("sidecars"), |w| &w.sidecars, &shared, sink);
        let inner = sidecars.iter().chain(&init);
        let with_files = inner.filter(|container| !container.files.is_empty());
        let own_files = (!files.is_empty()).then_some(&place.v).into_iter();
        let files_v: Vec<String> = own_files
            .chain(with_files.map(|container| &container.v))
            .map(|v| format!("{v}.files"))
            .collect();
        let (test_probes, test_port) = probes::tested(workload, &self.variants);
        let account = workload.account.as_ref();
        WorkloadFacts {
            name: self.name.to_owned(),
            key: values_key(self.name),
            main: place.main,
            named: place.named,
            file_prefix: if place.named {
                format!("{}-", self.name)
            } else {
                String::new()
            },
            kind: kind.word().to_owned(),
            controller: controller(kind).to_owned(),
            always: derived::runs_always(workload),
            service: derived::has_service(workload),
            recreate: derived::strategy(workload) == RolloutStrategy::Recreate,
            command: self.any(|workload| !workload.command.is_empty()),
            args: self.any(|workload| !workload.args.is_empty()),
            own_image,
            like,
            like_v,
            composed,
            variables,
            awaits: self.awaits(&connects),
            awaits_unmigrated: self.awaits_unmigrated(&connects),
            connects,
            calls: self.calls(),
            callers: self.callers(),
            port_callers: self.port_callers(),
            extra_ingress: self.any(|workload| {
                let peers = workload.allow_from.iter();
                let mut by_port = peers.filter(|one| network::by_port(workload, &one.value));
                by_port.next().is_some()
            }),
            among: self.connections.among(self.name),
            exposed: self.connections.exposed(self.name),
            waits: self.waits(),
            parallel: workload
                .rollout
                .as_ref()
                .and_then(|rollout| rollout.parallel.as_ref())
                .is_some_and(|flag| flag.0),
            migrates: self.migration.is_some_and(|m| m.carrier == self.name),
            probes: probes::names(self.variants.iter().filter_map(|w| w.probes.as_ref())),
            test_probes,
            test_port,
            variable: self.name.to_ascii_uppercase().replace('-', "_"),
            ports: ports(workload, &place),
            volumes: storage::volumes(workload),
            claims: kind != WorkloadKind::Stateful && persistent(workload).next().is_some(),
            templates: kind == WorkloadKind::Stateful && persistent(workload).next().is_some(),
            keeps: persistent(workload)
                .any(|volume| volume.keep.as_ref().is_none_or(|flag| flag.0)),
            is_model: self.base.workloads.iter().any(|(_, other)| {
                other
                    .like
                    .as_ref()
                    .is_some_and(|like| like.value.0 == self.name)
            }),
            first_port: derived::ports(workload)
                .into_iter()
                .find(|port| port.exposed)
                .map(|port| port.name.to_owned())
                .unwrap_or_default(),
            has_files: !files_v.is_empty(),
            files_v,
            files,
            secret_files,
            like_files,
            like_secret_files,
            init,
            sidecars,
            scaling: self.scaling(),
            account: account.is_some(),
            rules: account.map_or_else(Vec::new, |account| rules(&account.rules)),
            cluster_rules: account.map_or_else(Vec::new, |account| rules(&account.cluster_rules)),
            token: account.is_some_and(|account| {
                account.token.as_ref().map_or(
                    !account.rules.is_empty() || !account.cluster_rules.is_empty(),
                    |flag| flag.0,
                )
            }),
            metrics_port: self.metrics_port(),
            monitor: self.monitor(),
            patched: self.any(|workload| workload.patch.is_some()),
            hooks: workload
                .on
                .iter()
                .map(|event| event.value.word())
                .collect::<Vec<_>>()
                .join(","),
            image_v,
            v: place.v,
            p: place.p,
        }
    }

    /// Workloads that connect to the ports of its Service.
    fn callers(&self) -> Vec<String> {
        let callers = self.connections.callers(self.name).into_iter();
        callers
            .filter(|(name, ports)| ports.is_none() && name != self.name)
            .map(|(name, _)| name)
            .collect()
    }

    /// Workloads that connect to some ports.
    fn port_callers(&self) -> Vec<CallFacts> {
        let callers = self.connections.callers(self.name).into_iter();
        callers
            .filter(|(name, _)| name != self.name)
            .filter_map(|(name, numbers)| {
                let numbers = Some(numbers?);
                let ports = self.open_ports(self.name, &numbers);
                Some(CallFacts { name, ports })
            })
            .collect()
    }

    /// The ports of a workload with these numbers, or those of its Service.
    fn open_ports(&self, name: &str, numbers: &Ports) -> Vec<PortFacts> {
        let Some(workload) = self.base.workloads.get(name) else {
            return Vec::new();
        };
        let facts = ports(workload, &self.places.of_workload(name));
        let stated = derived::ports(workload);
        facts
            .into_iter()
            .zip(stated)
            .filter(|(fact, port)| match numbers {
                Some(numbers) => numbers.contains(&port.container),
                None => fact.exposed,
            })
            .map(|(fact, _)| fact)
            .collect()
    }

    /// Workloads that it connects to, with their ports.
    fn calls(&self) -> Vec<CallFacts> {
        let called = self.connections.calls(self.name).into_iter();
        let mut found: Vec<CallFacts> = called
            .filter(|(name, _)| name != self.name)
            .map(|(name, numbers)| CallFacts {
                ports: self.open_ports(&name, &numbers),
                name,
            })
            .collect();
        if self.connections.among(self.name) {
            found.push(CallFacts {
                ports: ports(self.workload, &self.places.of_workload(self.name)),
                name: self.name.to_owned(),
            });
        }
        found.retain(|called| !called.ports.is_empty());
        found
    }

    fn context(&self) -> variables::Context<'_> {
        variables::Context {
            base: self.base,
            places: self.places,
            dependencies: self.dependencies,
        }
    }

    fn containers(
        &self,
        section: &str,
        stated: fn(&Workload) -> &Containers,
        shared: &containers::Shared<'_>,
        sink: &mut Sink,
    ) -> Vec<super::context::ContainerFacts> {
        stated(self.workload)
            .iter()
            .map(|(name, container)| {
                let variants = self.variants.iter();
                let variants = variants.filter_map(|workload| stated(workload).get(&name.value));
                let container = containers::Stated {
                    name: &name.value,
                    container,
                    variants: variants.map(|variant| &variant.value).collect(),
                    workload: self.workload,
                };
                containers::facts(&container, section, shared, self.context(), sink)
            })
            .collect()
    }

    /// Servers of the release that have to answer before the pods start. The
    /// migrated database is awaited by waiting for the migrations.
    fn awaits(&self, connects: &[String]) -> Vec<String> {
        self.servers(connects)
            .filter(|name| !self.migrated(name))
            .map(str::to_owned)
            .collect()
    }

    /// Whether the migrated database has to answer before the pods start where
    /// the migrations are off.
    fn awaits_unmigrated(&self, connects: &[String]) -> bool {
        self.servers(connects).any(|name| self.migrated(name))
    }

    /// Servers of the release that the workload connects to.
    fn servers(&self, connects: &[String]) -> impl Iterator<Item = &str> {
        let inside = self.dependencies.iter().filter(|facts| facts.in_release);
        inside
            .map(|facts| facts.name.as_str())
            .filter(|name| connects.iter().any(|known| known == name))
    }

    /// Whether waiting for the migrations is waiting for this server.
    fn migrated(&self, server: &str) -> bool {
        let migration = self.migration.filter(|_| self.waits());
        migration.is_some_and(|migration| migration.database == server)
    }

    fn waits(&self) -> bool {
        let Some(migration) = self.migration.filter(|migration| migration.marks) else {
            return false;
        };
        // Also one that only takes the host needs the tables.
        self.connects.contains(&migration.database)
    }

    fn scaling(&self) -> String {
        let stated = self.variants.iter().find_map(|w| w.scaling.as_ref());
        match stated {
            None => String::new(),
            Some(scaling) => scaling
                .by
                .as_ref()
                .map_or(Scaler::Hpa, |by| by.value)
                .word()
                .to_owned(),
        }
    }

    fn metrics_port(&self) -> String {
        let Some(metrics) = self.variants.iter().find_map(|w| w.metrics.as_ref()) else {
            return String::new();
        };
        metrics.port.as_ref().map_or_else(
            || {
                derived::ports(self.workload)
                    .first()
                    .map(|port| port.name.to_owned())
                    .unwrap_or_default()
            },
            |port| port.value.0.clone(),
        )
    }

    /// What finds the metrics. A port without a Service is found through its pods.
    fn monitor(&self) -> String {
        let port = self.metrics_port();
        if port.is_empty() {
            return String::new();
        }
        let stated = self
            .base
            .monitoring
            .as_ref()
            .and_then(|monitoring| monitoring.by.as_ref())
            .map_or(MonitorKind::ServiceMonitor, |by| by.value);
        let behind_service = derived::has_service(self.workload)
            && derived::ports(self.workload)
                .iter()
                .any(|known| known.name == port && known.exposed);
        match stated {
            MonitorKind::ServiceMonitor if !behind_service => MonitorKind::PodMonitor,
            other => other,
        }
        .word()
        .to_owned()
    }
}

/// Whether the values of a workload have an image. When nodes pull an image is
/// stated with the image.
fn has_image(variants: &[&Workload]) -> bool {
    let mut all = variants.iter();
    all.any(|one| one.image.is_some() || one.pull_policy.is_some())
}

/// How templates reach the image of a workload: its own, or that of the one it
/// is like. `variants`: it in the base and in every environment.
pub fn image_v(places: &Places, name: &str, variants: &[&Workload]) -> String {
    let like = variants.iter().find_map(|one| one.like.as_ref());
    let holder = match like {
        Some(like) if !has_image(variants) => &like.value.0,
        _ => name,
    };
    format!("{}.image", places.of_workload(holder).v)
}

/// Facts of a workload's ports, the main one first.
pub fn ports(workload: &Workload, place: &Place) -> Vec<PortFacts> {
    let service = derived::has_service(workload);
    derived::ports(workload)
        .into_iter()
        .enumerate()
        .map(|(index, port)| {
            let main = index == 0 && port.sidecar.is_none();
            let key = values_key(port.name);
            let (container_v, service_v) = if main {
                (
                    format!("{}.containerPort", place.v),
                    format!("{}.service.port", place.v),
                )
            } else {
                (
                    format!("{}.ports.{key}.containerPort", place.v),
                    format!("{}.ports.{key}.servicePort", place.v),
                )
            };
            PortFacts {
                name: port.name.to_owned(),
                key,
                main,
                sidecar: port.sidecar.unwrap_or_default().to_owned(),
                protocol: port.protocol.word().to_owned(),
                app_protocol: port
                    .app_protocol
                    .map(app_protocol)
                    .unwrap_or_default()
                    .to_owned(),
                exposed: port.exposed && service,
                container_v,
                service_v,
            }
        })
        .collect()
}

fn persistent(workload: &Workload) -> impl Iterator<Item = &Volume> {
    workload
        .volumes
        .iter()
        .map(|(_, volume)| &volume.value)
        .filter(|volume| volume.kind.value == VolumeKind::Persistent)
}

fn controller(kind: WorkloadKind) -> &'static str {
    match kind {
        WorkloadKind::Service | WorkloadKind::Worker => "Deployment",
        WorkloadKind::Stateful => "StatefulSet",
        WorkloadKind::Cron => "CronJob",
        WorkloadKind::Job => "Job",
    }
}

/// As `appProtocol` of a Service names it (KEP-3726).
fn app_protocol(protocol: AppProtocol) -> &'static str {
    match protocol {
        AppProtocol::Http => "http",
        AppProtocol::Http2 => "kubernetes.io/h2c",
        AppProtocol::Grpc => "grpc",
        AppProtocol::Tcp => "tcp",
    }
}

fn rules(stated: &[Spanned<AccessRule>]) -> Vec<RuleFacts> {
    let list = |words: &[Spanned<Any>]| {
        let words: Vec<&str> = words.iter().map(|word| word.value.0.as_str()).collect();
        serde_json::json!(words).to_string()
    };
    stated
        .iter()
        .map(|rule| RuleFacts {
            groups: if rule.groups.is_empty() {
                "[\"\"]".to_owned()
            } else {
                list(&rule.groups)
            },
            resources: list(&rule.resources),
            verbs: list(&rule.verbs),
            names: if rule.names.is_empty() {
                String::new()
            } else {
                list(&rule.names)
            },
        })
        .collect()
}

/// Seconds that pods of the workload wait before their containers start.
pub fn waiting(
    facts: &WorkloadFacts,
    document: &Document,
    migration: Option<&MigrationFacts>,
) -> u32 {
    let servers = if facts.awaits.is_empty() && !facts.awaits_unmigrated {
        0
    } else {
        migration::DATABASE_SECONDS
    };
    let strategy = migration.map_or("none", |facts| migration::strategy_in(document, facts));
    // A hook has finished before any pod starts.
    let in_pods = matches!(strategy, "job" | "init-container");
    match &document.migrations {
        Some(migrations) if in_pods && (facts.waits || facts.migrates) => {
            servers.max(migration::DATABASE_SECONDS + migration::timeout_seconds(migrations))
        }
        _ => servers,
    }
}
