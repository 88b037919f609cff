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
    /// Its environments.
    pub environments: Vec<EnvironmentFacts>,
    /// Criteria, constraints and so on, for the README.
    pub statements: Vec<StatementFacts>,
    /// Images of clients.
    pub tools: Vec<ToolFacts>,
    /// What was chosen because the specification left it open.
    pub decisions: Vec<Decision>,
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
    /// Whether it carries the chart's own name.
    pub main: bool,
    /// Prefix of its template files: empty for the main workload.
    pub file_prefix: String,
    /// Whether it answers on a port.
    pub service: bool,
    /// Whether pods are all stopped before new ones start.
    pub recreate: bool,
    /// Whether the specification gives a command.
    pub command: bool,
    /// Whether the specification gives arguments.
    pub args: bool,
    /// Connection URLs and secrets it gets as variables.
    pub secrets: Vec<SecretVariable>,
    /// Variables that take a label's value.
    pub labels: Vec<LabelVariable>,
    /// Names of the dependencies it uses.
    pub uses: Vec<String>,
    /// Whether its pods wait for the migrations.
    pub waits: bool,
    /// Whether it has a startup, liveness or readiness probe.
    pub probes: Vec<String>,
    /// Probe whose HTTP path the chart's tests ask; empty when only the port can be tested.
    pub test_probe: String,
    /// Name in capitals, for variables of shell scripts.
    pub variable: String,
}

/// A variable that comes from the chart's Secret, or the URL of a dependency.
#[derive(Debug, Clone, Serialize)]
pub struct SecretVariable {
    /// Name of the variable.
    pub variable: String,
    /// Key of the Secret.
    pub key: String,
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
    /// The value as text.
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
    /// `job` or `hook`.
    pub strategy: String,
    /// Why.
    pub reason: String,
    /// Dependency that is migrated.
    pub database: String,
    /// Key of the Secret with the database's URL.
    pub url_key: String,
    /// Variables that come from the Secret.
    pub secrets: Vec<SecretVariable>,
    /// Variables that take a label's value.
    pub labels: Vec<LabelVariable>,
    /// Names of the dependencies it uses.
    pub uses: Vec<String>,
    /// Whether the specification gives a command.
    pub command: bool,
    /// Name of the database schema with the marker of finished migrations.
    pub marker_schema: String,
    /// Longest wait for the database and the migrations over all environments, in seconds.
    pub longest_seconds: u32,
    /// Whether a finished Job removes itself.
    pub expires: bool,
}

/// The chart's Secret.
#[derive(Debug, Clone, Serialize)]
pub struct SecretFacts {
    /// Whether the chart has one at all.
    pub any: bool,
    /// Whether some environment generates it.
    pub generated: bool,
    /// Random keys.
    pub random: Vec<RandomFacts>,
    /// Every key with its meaning.
    pub keys: Vec<SecretKeyFacts>,
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
    /// Its meaning.
    pub doc: String,
    /// What it looks like.
    pub example: String,
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
    /// How the time adds up.
    pub timeout_reason: String,
    /// Name of its existing Secret; empty when the chart generates it.
    pub existing_secret: String,
    /// Name with a capital.
    pub heading: String,
    /// Facts per workload and dependency, as one line.
    pub what: String,
    /// Host of each dependency, in their order.
    pub hosts: Vec<String>,
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
