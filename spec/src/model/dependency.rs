//! Databases, caches and other servers, and how a database's schema is
//! brought up to date.

use super::container::{EnvSource, EnvValue};
use super::network::Egress;
use super::workload::{CpuRange, MemoryRange};
use crate::decode::Map;
use crate::span::Spanned;
use crate::types::{
    AbsolutePath, Any, CatalogName, Constraint, DependencyMode, Duration, EnvName, Flag, Free,
    Host, Image, Line, Memory, Name, Port, Retention, SettingName, SettingValue, SqlName, Strategy,
    UserId, Whole,
};

table! {
    /// A database or cache.
    pub struct Dependency {
        /// Catalog entry: `embedded/…` needs no repository, `external/…` no chart.
        from: Spanned<CatalogName> = "from" fixed;
        /// Version or range of the chart. Default: the exact version that the catalog names, if it names one.
        version: Option<Spanned<Constraint>> = "version" fixed;
        /// Name of the database. Default: the chart's name with underscores.
        database: Option<Spanned<SqlName>> = "database";
        /// User of the database. Default: the database's name.
        user: Option<Spanned<SqlName>> = "user";
        /// Size of the volume. Default 8Gi.
        storage: Option<Spanned<Memory>> = "storage";
        /// Storage class of the volume. Default: the cluster's.
        storage_class: Option<Spanned<Line>> = "storage-class";
        /// How the servers work together: `standalone`, `replication` or `sentinel`. Default: `replication` with replicas, else `standalone`.
        mode: Option<Spanned<DependencyMode>> = "mode";
        /// Replicas beside the server that takes writes. Default 0; 1 with `replication`, 2 with `sentinel`.
        replicas: Option<Spanned<Whole>> = "replicas";
        /// Settings of the server, as its own documentation names them.
        settings: Map<SettingName, Spanned<SettingValue>> = "settings";
        /// How long data is kept, such as `15d`.
        retention: Option<Spanned<Retention>> = "retention";
        /// CPU of each server. Default request 250m, limit 1.
        cpu: Option<Spanned<CpuRange>> = "cpu";
        /// Memory of each server. Default request and limit 512Mi.
        memory: Option<Spanned<MemoryRange>> = "memory";
        /// Whether an exporter for Prometheus runs beside the server. Default false.
        metrics: Option<Spanned<Flag>> = "metrics";
        /// Variable that carries the connection URL. Default: as the catalog says, such as DATABASE_URL.
        url_env: Option<Spanned<EnvName>> = "url-env" fixed;
        /// Whether this environment has its server elsewhere, at `host`, and none in the release. Default false.
        external: Option<Spanned<Flag>> = "external";
        /// Host of an external server.
        host: Option<Spanned<Host>> = "host";
        /// Port of an external server. Default: the protocol's.
        port: Option<Spanned<Port>> = "port";
        /// Further values of the dependency's chart, as its own documentation names them.
        values: Option<Spanned<Free>> = "values";
    }
}

table! {
    /// How the database schema is brought up to date.
    pub struct Migrations {
        /// Image. Without a tag the application's version is used. Default: the main workload's.
        image: Option<Spanned<Image>> = "image";
        /// Program and arguments. It must be safe to run again.
        command: Vec<Spanned<Any>> = "command";
        /// Dependencies whose connection URL it gets; the first one is the database.
        uses: Vec<Spanned<Name>> = "uses" fixed;
        /// `auto` (default), `job`, `hook`, `init-container` or `none`.
        strategy: Option<Spanned<Strategy>> = "strategy";
        /// Time it may take in all. Default 5m.
        timeout: Option<Spanned<Duration>> = "timeout";
        /// Attempts after the first. Default 3.
        retries: Option<Spanned<Whole>> = "retries";
        /// Environment variables, as for a workload.
        env: Map<EnvName, Spanned<EnvValue>> = "env";
        /// Existing Secrets and ConfigMaps, all of whose keys become variables.
        env_from: Vec<Spanned<EnvSource>> = "env-from";
        /// Whether it has the variables, the user and the group of the workload whose image it runs. Default: if it has no image of its own.
        shares_env: Option<Spanned<Flag>> = "shares-env" fixed;
        /// CPU. Default request 100m, limit 500m.
        cpu: Option<Spanned<CpuRange>> = "cpu";
        /// Memory. Default request and limit 256Mi.
        memory: Option<Spanned<MemoryRange>> = "memory";
        /// User ID of the process. Default: the workload's with `shares-env`, else 10001.
        user: Option<Spanned<UserId>> = "user";
        /// Group ID of the process. Default: the workload's with `shares-env`, else the user ID.
        group: Option<Spanned<UserId>> = "group";
        /// Directories that the process may write to. Default `/tmp`.
        writable: Vec<Spanned<AbsolutePath>> = "writable";
        /// Whom it may connect to beyond its dependencies and DNS.
        egress: Vec<Spanned<Egress>> = "egress";
    }
}
