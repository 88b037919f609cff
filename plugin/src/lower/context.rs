//! What the chart's templates see: facts that are the same in every environment.

use serde::Serialize;
use std::rc::Rc;

use crate::api::Decision;
use crate::catalog::Entry;

/// Everything a template can ask for.
#[derive(Debug, Clone, Serialize)]
pub struct Context {
    /// The chart itself.
    pub chart: ChartFacts,
    /// Its workloads in the order of the specification.
    pub workloads: Vec<WorkloadFacts>,
    /// Its dependencies in the order of the specification.
    pub dependencies: Vec<DependencyFacts>,
    /// Its migrations.
    pub migration: Option<MigrationFacts>,
    /// Its Secret.
    pub secret: SecretFacts,
    /// What `helm test` asks beyond health checks.
    pub tests: Vec<TestFacts>,
    /// Time that an installation with the defaults may take, in whole minutes.
    pub timeout_minutes: u32,
    /// Its environments.
    pub environments: Vec<EnvironmentFacts>,
    /// Criteria, constraints and so on, for the README.
    pub statements: Vec<StatementFacts>,
    /// Images of clients.
    pub tools: Vec<ToolFacts>,
    /// Exposure through an Ingress.
    pub ingress: Option<IngressFacts>,
    /// Whether routes of the Gateway API lead to workloads.
    pub gateway: bool,
    /// What watches the chart.
    pub monitoring: MonitoringFacts,
    /// Whether the specification adds objects of its own.
    pub manifests: bool,
    /// Whether the specification adds values for templates of the user's own.
    pub custom: bool,
    /// What was chosen because the specification left it open.
    pub decisions: Vec<Decision>,
    /// Numbers of each workload in each environment.
    pub sizes: Vec<SizeFacts>,
    /// Objects that must be there before an installation.
    pub needs: Vec<NeedFacts>,
    /// Controllers that must be there.
    pub controllers: Vec<String>,
}

/// An object that must be there before an installation.
#[derive(Debug, Clone, Serialize)]
pub struct NeedFacts {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub why: String,
    /// Keys that it must have, where they are known.
    pub keys: Vec<String>,
    /// How a person makes a Secret: of `variables`, of `files`, or of a certificate (`tls`).
    pub form: String,
    /// Environments that need it.
    pub environments: Vec<String>,
}

/// Numbers of a workload in an environment, as they were checked.
#[derive(Debug, Clone, Serialize)]
pub struct SizeFacts {
    /// Environment.
    pub environment: String,
    /// Workload.
    pub workload: String,
    /// Pods: a number or a range.
    pub pods: String,
    /// Pods that a rollout adds, and pods that it may take away.
    pub rollout: String,
    /// Pods that a node drain may take away at a time.
    pub drain: String,
    /// CPU and memory set aside by all pods.
    pub requests: String,
    /// Seconds that a pod may take to start and to stop.
    pub times: String,
}

/// The chart itself.
#[derive(Debug, Clone, Serialize)]
pub struct ChartFacts {
    /// Name.
    pub name: String,
    /// Name as a key of values.
    pub key: String,
    /// Version.
    pub version: String,
    /// Version of the application.
    pub app_version: String,
    /// One line.
    pub summary: String,
    /// Several lines, possibly none.
    pub description: String,
    /// Layout of values and files.
    pub layout: String,
    /// Oldest minor version of Kubernetes.
    pub kubernetes_minor: u32,
    /// Who installs it: `helm`, `argocd` or `flux`.
    pub delivery: String,
    /// Maintainers.
    pub owners: Vec<OwnerFacts>,
    /// Web page, possibly empty.
    pub home: String,
    /// Sources.
    pub sources: Vec<String>,
    /// Keywords.
    pub keywords: Vec<String>,
    /// Icon, possibly empty.
    pub icon: String,
    /// SPDX identifier, possibly empty.
    pub license: String,
    /// What changed, as Artifact Hub reads it.
    pub changes: Vec<ChangeFacts>,
}

/// A change since the last version.
#[derive(Debug, Clone, Serialize)]
pub struct ChangeFacts {
    /// `added`, `changed` and so on.
    pub kind: String,
    /// One line.
    pub text: String,
}

/// A maintainer.
#[derive(Debug, Clone, Serialize)]
pub struct OwnerFacts {
    /// Name.
    pub name: String,
    /// E-mail address, possibly empty.
    pub email: String,
    /// Web page, possibly empty.
    pub url: String,
}

/// A workload.
#[derive(Debug, Clone, Serialize)]
pub struct WorkloadFacts {
    /// Name, also its component label.
    pub name: String,
    /// Key in the values.
    pub key: String,
    /// How templates reach its values: `.Values.agent`, or `.Values` in the flat layout.
    pub v: String,
    /// The same as messages name it: `agent.`, or nothing.
    pub p: String,
    /// Whether it is the main workload, which cannot be switched off.
    pub main: bool,
    /// Whether its objects carry its name behind the chart's.
    pub named: bool,
    /// Prefix of its template files, possibly empty.
    pub file_prefix: String,
    /// `service`, `worker`, `stateful`, `cron` or `job`.
    pub kind: String,
    /// Kind of the object that makes its pods.
    pub controller: String,
    /// Whether its pods run all the time.
    pub always: bool,
    /// Whether it answers through a Service.
    pub service: bool,
    /// Whether pods are all stopped before new ones start.
    pub recreate: bool,
    /// Whether the specification gives a command.
    pub command: bool,
    /// Whether the specification gives arguments.
    pub args: bool,
    /// Whether it has an image of its own.
    pub own_image: bool,
    /// How templates reach the values of its image.
    pub image_v: String,
    /// Workload whose image, variables and connections it shares; possibly none.
    pub like: String,
    /// How templates reach that workload's values.
    pub like_v: String,
    /// Variables that do not stand in its values.
    pub variables: Variables,
    /// Names of the dependencies that it connects to.
    pub connects: Vec<String>,
    /// Names of the dependencies in the release that its pods wait for.
    pub awaits: Vec<String>,
    /// Whether its pods wait for the migrated database where nothing migrates it.
    pub awaits_unmigrated: bool,
    /// Workloads that it connects to; pods of a stateful one also to each other.
    pub calls: Vec<CallFacts>,
    /// Workloads that connect to it.
    pub callers: Vec<String>,
    /// Workloads that connect to some of its ports.
    pub port_callers: Vec<CallFacts>,
    /// Whether peers of some environment name ports.
    pub extra_ingress: bool,
    /// Whether pods of a StatefulSet start at the same time.
    pub parallel: bool,
    /// Whether its pods connect to one another.
    pub among: bool,
    /// Names of the ports that an Ingress or a route leads to.
    pub exposed: Vec<String>,
    /// Whether its pods wait for the migrations.
    pub waits: bool,
    /// Whether its pods run the migrations in some environment.
    pub migrates: bool,
    /// Its probes: `startupProbe` and so on.
    pub probes: Vec<String>,
    /// Probes whose HTTP path the chart's tests ask, the best first; none when
    /// only the port can be tested.
    pub test_probes: Vec<String>,
    /// Port that the chart's tests ask; empty for none.
    pub test_port: String,
    /// Name in capitals, for variables of shell scripts.
    pub variable: String,
    /// Ports, the main one first.
    pub ports: Vec<PortFacts>,
    /// Volumes.
    pub volumes: Vec<VolumeFacts>,
    /// Whether a volume becomes a claim of its own.
    pub claims: bool,
    /// Whether each pod gets volumes of its own.
    pub templates: bool,
    /// Whether those outlive an uninstall.
    pub keeps: bool,
    /// Whether another workload shares its variables.
    pub is_model: bool,
    /// Name of the first port of its Service; empty for none.
    pub first_port: String,
    /// Files with plain text.
    pub files: Vec<FileFacts>,
    /// Files that hold a key of a Secret.
    pub secret_files: Vec<FileFacts>,
    /// Files with plain text of the workload that it is like.
    pub like_files: Vec<FileFacts>,
    /// Files of the workload that it is like, which hold a key of a Secret.
    pub like_secret_files: Vec<FileFacts>,
    /// Whether it or one of its containers has files with plain text.
    pub has_files: bool,
    /// How templates reach the texts of those files, each a value of its own.
    pub files_v: Vec<String>,
    /// Plain variables whose text names other variables, such as `$(HOST)`, here
    /// or in the workload that it is like.
    pub composed: Vec<String>,
    /// Containers that run before it.
    pub init: Vec<ContainerFacts>,
    /// Containers that run beside it.
    pub sidecars: Vec<ContainerFacts>,
    /// `hpa`, `keda` or nothing.
    pub scaling: String,
    /// Whether it has an identity of its own.
    pub account: bool,
    /// Rights in the namespace and in the cluster.
    pub rules: Vec<RuleFacts>,
    /// Rights in the whole cluster.
    pub cluster_rules: Vec<RuleFacts>,
    /// Whether its token is mounted.
    pub token: bool,
    /// Name of the port with metrics; empty for none.
    pub metrics_port: String,
    /// `service-monitor`, `pod-monitor`, `annotations` or nothing.
    pub monitor: String,
    /// Whether something is merged into its objects in the end.
    pub patched: bool,
    /// Events of the release that start it, joined by commas; possibly none.
    pub hooks: String,
}

/// A workload that another one connects to.
#[derive(Debug, Clone, Serialize)]
pub struct CallFacts {
    /// Its name.
    pub name: String,
    /// The ports that are open to the other one.
    pub ports: Vec<PortFacts>,
}

/// Variables of a container that do not stand in its values.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Variables {
    /// Keys of Secrets.
    pub secrets: Vec<SecretVariable>,
    /// Values of labels.
    pub labels: Vec<LabelVariable>,
    /// Fields of the pod.
    pub fields: Vec<FieldVariable>,
    /// Connections without a secret.
    pub computed: Vec<ComputedVariable>,
}

/// A variable that comes from a Secret.
#[derive(Debug, Clone, Serialize)]
pub struct SecretVariable {
    /// Name of the variable.
    pub variable: String,
    /// Key of the Secret.
    pub key: String,
    /// Helper that gives the Secret's name.
    pub name_helper: String,
    /// Helper that gives the key; empty if it is always `key`.
    pub key_helper: String,
    /// Dependency it belongs to, possibly none.
    pub dependency: String,
}

/// A variable that takes a label's value.
#[derive(Debug, Clone, Serialize)]
pub struct LabelVariable {
    /// Name of the variable.
    pub variable: String,
    /// Key of the label.
    pub label: String,
}

/// A workload whose variables the migrations share.
#[derive(Debug, Clone, Serialize)]
pub struct ModelFacts {
    /// Its name.
    pub name: String,
    /// How templates reach its values.
    pub v: String,
    /// Labels that are variables of it.
    pub labels: Vec<LabelVariable>,
    /// Plain variables of it that the migrations have from elsewhere.
    pub replaced: Vec<String>,
}

/// A variable that takes a field of the pod.
#[derive(Debug, Clone, Serialize)]
pub struct FieldVariable {
    /// Name of the variable.
    pub variable: String,
    /// Path of the field.
    pub field: String,
    /// Whether it is a request or limit of the container.
    pub resource: bool,
}

/// A variable whose value a helper computes.
#[derive(Debug, Clone, Serialize)]
pub struct ComputedVariable {
    /// Name of the variable.
    pub variable: String,
    /// Helper that gives it, or the host of a workload.
    pub helper: String,
    /// What of a workload: `host`, `port`, `address`, `peers` or `url`; empty for a dependency.
    pub part: String,
    /// How templates reach the workload's port.
    pub port: String,
    /// Scheme of the URL.
    pub scheme: String,
    /// Path at the end of the URL, possibly none.
    pub path: String,
    /// Pods that `peers` names.
    pub peers: Option<PeersFacts>,
}

/// The pods of a stateful workload.
#[derive(Debug, Clone, Serialize)]
pub struct PeersFacts {
    /// Helper that gives the headless Service.
    pub headless: String,
    /// How templates reach the number of pods, from the root.
    pub replicas: String,
    /// How templates reach the port of the container, from the root.
    pub port: String,
}

/// A port of a workload's pods.
#[derive(Debug, Clone, Serialize)]
pub struct PortFacts {
    /// Its name.
    pub name: String,
    /// Key in the values.
    pub key: String,
    /// Whether it is the main port.
    pub main: bool,
    /// Sidecar that listens on it; empty for the workload itself.
    pub sidecar: String,
    /// `TCP` or `UDP`.
    pub protocol: String,
    /// Protocol above it as `appProtocol` names it; possibly none.
    pub app_protocol: String,
    /// Whether the Service has it.
    pub exposed: bool,
    /// How templates reach the container's port.
    pub container_v: String,
    /// How templates reach the Service's port.
    pub service_v: String,
}

/// A volume of a workload.
#[derive(Debug, Clone, Serialize)]
pub struct VolumeFacts {
    /// Its name.
    pub name: String,
    /// Key in the values.
    pub key: String,
    /// `persistent`, `ephemeral`, `secret` or `config`.
    pub kind: String,
    /// Directory in the container.
    pub mount: String,
    /// Whether it can only be read.
    pub read_only: bool,
    /// Whether it is in memory.
    pub in_memory: bool,
    /// Whether its claim outlives an uninstall.
    pub keep: bool,
}

/// A file of a workload.
#[derive(Debug, Clone, Serialize)]
pub struct FileFacts {
    /// Its path in the container.
    pub path: String,
    /// Key in the ConfigMap or Secret.
    pub key: String,
    /// Name of the volume.
    pub volume: String,
    /// Helper that gives the Secret's name; empty for plain text.
    pub name_helper: String,
    /// Helper that gives the Secret's key; empty if it is always `key`.
    pub key_helper: String,
}

/// A container before or beside a workload.
#[derive(Debug, Clone, Serialize)]
pub struct ContainerFacts {
    /// Its name.
    pub name: String,
    /// Key in the values.
    pub key: String,
    /// How templates reach its values.
    pub v: String,
    /// Whether it has an image of its own.
    pub own_image: bool,
    /// How templates reach the values of its image.
    pub image_v: String,
    /// Whether the specification gives a command.
    pub command: bool,
    /// Whether the specification gives arguments.
    pub args: bool,
    /// Whether it has the workload's variables too.
    pub shares_env: bool,
    /// Its variables that do not stand in its values, and those that it shares.
    pub variables: Variables,
    /// Plain variables that it shares and that name others.
    pub composed: Vec<String>,
    /// Its files with plain text.
    pub files: Vec<FileFacts>,
    /// Its files that hold a key of a Secret.
    pub secret_files: Vec<FileFacts>,
    /// Names of the volumes that it mounts.
    pub mounts: Vec<String>,
    /// Names of its ports.
    pub ports: Vec<PortFacts>,
    /// Its probes.
    pub probes: Vec<String>,
    /// User ID; 0 for the pod's.
    pub user: u32,
    /// Directories that it may write to.
    pub writable: Vec<WritableFacts>,
}

/// A directory that a container may write to.
#[derive(Debug, Clone, Serialize)]
pub struct WritableFacts {
    /// Name of the volume.
    pub volume: String,
    /// The directory.
    pub path: String,
}

/// A right.
#[derive(Debug, Clone, Serialize)]
pub struct RuleFacts {
    /// API groups as YAML.
    pub groups: String,
    /// Resources as YAML.
    pub resources: String,
    /// Verbs as YAML.
    pub verbs: String,
    /// Names of single objects as YAML; empty for all.
    pub names: String,
}

/// A dependency.
#[derive(Debug, Clone, Serialize)]
pub struct DependencyFacts {
    /// Name in the specification: alias of the subchart and key of its values.
    pub name: String,
    /// How templates reach its values: `.Values.redis`, or `(index .Values "my-redis")`.
    pub v: String,
    /// The same from a helper that takes the context as `.context`.
    pub context_v: String,
    /// How templates reach its subchart.
    pub subchart: String,
    /// Catalog entry.
    pub from: String,
    /// Protocol.
    pub engine: String,
    /// Name of the protocol for people.
    pub engine_title: String,
    /// `repository`, `embedded` or `external`.
    pub kind: String,
    /// Whether it is part of the release.
    pub in_release: bool,
    /// Whether the chart's own policy guards it.
    pub guarded: bool,
    /// Name of its chart.
    pub chart: String,
    /// Version or range of its chart.
    pub version: String,
    /// Whether the version is exact.
    pub exact: bool,
    /// Address of its repository, possibly empty.
    pub repository: String,
    /// TCP port of its Service.
    pub port: u16,
    /// TCP port of its container.
    pub container_port: u16,
    /// Host of an external server.
    pub host: String,
    /// Template that asks the subchart for its host; empty to compute it.
    pub host_template: String,
    /// Whether that template leaves out the suffix of the writing Service.
    pub suffix_apart: bool,
    /// How the chart names its objects: `standard` or `release`.
    pub naming: String,
    /// Suffix of the writing Service when the host is computed.
    pub service: String,
    /// The same with replicas.
    pub service_replicated: String,
    /// How templates reach the architecture below its values, if the suffix depends on it.
    pub architecture_access: String,
    /// How templates reach its user below its values, or nothing.
    pub user_access: String,
    /// How templates reach its database below its values, or nothing.
    pub database_access: String,
    /// User that the chart allows only, or nothing.
    pub user: String,
    /// Database that the chart allows only, or nothing.
    pub database: String,
    /// What of it a variable can take: `url`, `host`, `port`, and `user`,
    /// `database` and purposes of passwords where there are any.
    pub parts: Vec<String>,
    /// Variable that carries its URL.
    pub url_env: String,
    /// Key of the Secret that carries its URL.
    pub url_key: String,
    /// Form of the URL, with `%s` for each part.
    pub url_format: String,
    /// Parts of the URL, in order.
    pub url_parts: Vec<String>,
    /// The URL as an example.
    pub url_example: String,
    /// Whether the chart knows every part of the URL but the password.
    pub url_known: bool,
    /// Whether the URL has a password in it; else it is a plain variable.
    pub url_is_secret: bool,
    /// Helper, without the chart's name, that gives the name of the Secret with the URL.
    pub url_secret_helper: String,
    /// Template, in the dependency's context, of the Secret that an operator makes, or nothing.
    pub operator_secret: String,
    /// Keys of the Secret that carry its passwords, by purpose.
    pub passwords: Vec<PasswordFacts>,
    /// Keys of the Secret that follow from passwords, or are always the same.
    pub derived: Vec<DerivedFacts>,
    /// Key below `clients` of the program that tests it.
    pub client: String,
    /// How it is tested: `psql`, `redis`, `http` or `tcp`.
    pub test: String,
    /// Major version when the constraint names one.
    pub major: Option<u64>,
    /// Modes of all environments.
    pub modes: Vec<String>,
    /// TCP port of the exporter; 0 for none.
    pub metrics_port: u16,
    /// How templates reach the switch of the exporter, or nothing.
    pub metrics_access: String,
    /// Components of the release that may connect.
    pub clients: Vec<String>,
    /// Whether its server runs elsewhere in some environment.
    pub movable: bool,
    /// How templates reach where that is.
    pub elsewhere_v: String,
    /// Whether a variable takes its password.
    pub password_wanted: bool,
    /// Whether some of them are workloads or migrations.
    pub used: bool,
    /// Other dependencies of the release that connect to it.
    pub reached_by: Vec<String>,
    /// Other dependencies of the release that it connects to.
    pub reaches: Vec<String>,
    /// Variables that take its host, each as `NAME of workload`; empty ones
    /// would be the result of switching it off.
    pub host_variables: Vec<String>,
    /// Selector of its volume claims, such as `app=shop-neo4j`, where they lack
    /// the label `app.kubernetes.io/instance`; empty where they have it. It
    /// holds for every release of the chart in a namespace.
    pub claim_selector: String,
    /// Labels of its pods, with templates in its context; empty for the usual ones.
    pub pod_labels: Vec<PodLabelFacts>,
    /// TCP ports that are open to every namespace.
    pub open_ports: Vec<u16>,
    /// Whether its servers may connect anywhere.
    pub open_egress: bool,
    /// TCP ports on which its servers may connect anywhere.
    pub egress_ports: Vec<u16>,
    /// Longest name of its objects.
    pub longest_name: u32,
    /// Values that the wiring cannot serve.
    pub refuse: Vec<RefusalFacts>,
    /// The catalog entry's advice.
    pub notes: Vec<String>,
    /// What must be in the cluster before.
    pub requires: Vec<String>,
    /// Whether images are replaced by those of a frozen repository.
    pub frozen: bool,
    /// The catalog entry.
    #[serde(skip)]
    pub entry: Rc<Entry>,
}

/// A label of a dependency's pods.
#[derive(Debug, Clone, Serialize)]
pub struct PodLabelFacts {
    /// Its key.
    pub key: String,
    /// Its value, or a template in the dependency's context.
    pub value: String,
}

/// A value of a dependency that the wiring cannot serve.
#[derive(Debug, Clone, Serialize)]
pub struct RefusalFacts {
    /// Its path.
    pub path: Vec<String>,
    /// The value as text; empty for any.
    pub value: String,
    /// Why not.
    pub why: String,
}

/// A password of a dependency.
#[derive(Debug, Clone, Serialize)]
pub struct PasswordFacts {
    /// `password`, `admin-password` or `replication-password`.
    pub purpose: String,
    /// Key of the Secret.
    pub key: String,
}

/// A key of the Secret that follows from a password, or is always the same.
#[derive(Debug, Clone, Serialize)]
pub struct DerivedFacts {
    /// Key of the Secret.
    pub key: String,
    /// Its text; `%s` stands for the password.
    pub form: String,
    /// Whether the form has a password in it.
    pub has_password: bool,
    /// Its meaning.
    pub doc: String,
}

/// The migrations.
#[derive(Debug, Clone, Serialize)]
pub struct MigrationFacts {
    /// Strategies of all environments: `job`, `hook`, `init-container`.
    pub strategies: Vec<String>,
    /// The first of them.
    pub strategy: String,
    /// Why.
    pub reason: String,
    /// Whether new pods wait for a mark in the database.
    pub marks: bool,
    /// Dependency that is migrated.
    pub database: String,
    /// Key of the Secret with the database's URL.
    pub url_key: String,
    /// Variables that do not stand in its values.
    pub variables: Variables,
    /// Workloads whose variables they share; each wins over those before it.
    pub models: Vec<ModelFacts>,
    /// Names of the dependencies that it may connect to.
    pub connects: Vec<String>,
    /// Workloads that it may connect to, with their ports.
    pub calls: Vec<CallFacts>,
    /// Names of the dependencies it uses.
    pub uses: Vec<String>,
    /// Whether the specification gives a command.
    pub command: bool,
    /// Whether some environment has an image of its own for them.
    pub own_image: bool,
    /// How templates reach the values of its image.
    pub image_v: String,
    /// Workload whose pods run them in the strategy `init-container`; possibly none.
    pub carrier: String,
    /// Name of the database schema with the marker of finished migrations.
    pub marker_schema: String,
    /// Whether the database is part of the release.
    pub database_in_release: bool,
}

/// The chart's Secret.
#[derive(Debug, Clone, Serialize)]
pub struct SecretFacts {
    /// Whether the chart has one at all.
    pub any: bool,
    /// Whether some environment generates it.
    pub generated: bool,
    /// Whether some environment reads it from a store.
    pub external: bool,
    /// Whether pods restart when a Secret changes.
    pub reload: bool,
    /// Random keys.
    pub random: Vec<RandomFacts>,
    /// Every key with its meaning.
    pub keys: Vec<SecretKeyFacts>,
    /// Keys that have a source of their own in some environment.
    pub own: Vec<OwnKeyFacts>,
    /// Whether such a key comes from a store.
    pub own_external: bool,
}

/// A key with a source of its own.
#[derive(Debug, Clone, Serialize)]
pub struct OwnKeyFacts {
    /// The key.
    pub key: String,
    /// How templates reach its values.
    pub v: String,
}

/// A random key of the Secret.
#[derive(Debug, Clone, Serialize)]
pub struct RandomFacts {
    /// The key.
    pub key: String,
    /// Number of characters.
    pub length: u32,
}

/// A key of the Secret.
#[derive(Debug, Clone, Serialize)]
pub struct SecretKeyFacts {
    /// The key.
    pub key: String,
    /// What an existing Secret calls it: names in backticks.
    pub shown: String,
    /// Its meaning.
    pub doc: String,
    /// What it looks like.
    pub example: String,
    /// Whether a store holds it: the others are made of those.
    pub stored: bool,
    /// Whether losing it loses data.
    pub irreplaceable: bool,
}

/// What a criterion's test asks.
#[derive(Debug, Clone, Serialize)]
pub struct TestFacts {
    /// Identifier of the criterion.
    pub id: String,
    /// Title of the criterion.
    pub title: String,
    /// What must answer, as one text.
    pub reached: String,
}

/// An environment.
#[derive(Debug, Clone, Serialize)]
pub struct EnvironmentFacts {
    /// Name.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Namespace in commands.
    pub namespace: String,
    /// Release name in commands.
    pub release: String,
    /// Name of the main workload's objects in this release.
    pub fullname: String,
    /// Its values file.
    pub values_file: String,
    /// Time that an installation may take, in whole minutes.
    pub timeout_minutes: u32,
    /// The same while autoscalers run the most pods; 0 if that is no longer.
    pub timeout_most: u32,
    /// How the time adds up.
    pub timeout_reason: String,
    /// Name with a capital.
    pub heading: String,
    /// Facts per workload and dependency, as one line.
    pub what: String,
    /// Host of each dependency, in their order.
    pub hosts: Vec<String>,
    /// Name of that store, possibly none.
    pub store: String,
    /// Addresses that people use.
    pub urls: Vec<String>,
    /// How migrations run, as in [`MigrationFacts`]; empty if they do not.
    pub migrates: String,
}

/// Exposure through an Ingress.
#[derive(Debug, Clone, Serialize)]
pub struct IngressFacts {
    /// `ingress-nginx`, `traefik`, `haproxy` or `other`.
    pub controller: String,
    /// Whether some environment limits rates.
    pub limited: bool,
}

/// What watches the chart.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MonitoringFacts {
    /// Whether anything does.
    pub any: bool,
    /// Whether there are ServiceMonitors or PodMonitors.
    pub monitors: bool,
    /// Names of the alerts.
    pub alerts: Vec<String>,
    /// Dependency that takes the alerts; empty if the Prometheus Operator does.
    pub alert_server: String,
    /// Dependency that collects metrics; empty if none of the release does.
    pub scraper: String,
    /// Whether that one alone reads the chart's metrics, not one of another namespace.
    pub scraper_alone: bool,
    /// Dependency whose address is the data source where none is stated; possibly none.
    pub data_server: String,
    /// Dashboards.
    pub dashboards: Vec<DashboardFacts>,
    /// Whether Grafana gets a data source.
    pub data_source: bool,
}

/// A dashboard of Grafana.
#[derive(Debug, Clone, Serialize)]
pub struct DashboardFacts {
    /// Its name, also that of its file.
    pub name: String,
    /// Folder in Grafana, quoted for YAML; possibly none.
    pub folder: String,
    /// Whether it has a variable that starts with the release's namespace.
    pub namespaced: bool,
    /// The whole dashboard as JSON.
    #[serde(skip)]
    pub json: String,
}

/// A statement of the specification.
#[derive(Debug, Clone, Serialize)]
pub struct StatementFacts {
    /// Identifier.
    pub id: String,
    /// `criterion`, `constraint`, `non-goal` or `decision`.
    pub kind: String,
    /// One line.
    pub title: String,
    /// How it is checked, or the outcome.
    pub how: String,
    /// Why, possibly empty.
    pub why: String,
}

/// An image of a client.
#[derive(Debug, Clone, Serialize)]
pub struct ToolFacts {
    /// Key below `clients`.
    pub key: String,
    /// What it is for.
    pub doc: String,
    /// Registry.
    pub registry: String,
    /// Repository.
    pub repository: String,
    /// Tag.
    pub tag: String,
}
