//! An entry as a page for a person who is about to use it.

use super::{Catalog, Egress, Engine, Entry, Guard, Kind, Naming, State};
use std::fmt::Write as _;

/// The release name of the page's examples.
const RELEASE: &str = "my-release";

/// Modes in the order of the page.
const MODES: &[&str] = &["standalone", "replication", "sentinel"];

/// Facts of a specification with their default and meaning.
const FACTS: &[(&str, &str, &[&str])] = &[
    (
        "database",
        "the chart's name with underscores",
        &["database"],
    ),
    ("user", "the database's name", &["user"]),
    ("replicas", "0", &["replicas", "servers"]),
    ("storage", "8Gi", &["storage"]),
    ("storage-class", "the cluster's", &["storage-class"]),
    ("cpu, memory", "250m–1, 512Mi", &["resources"]),
    ("settings", "none", &["settings"]),
    ("retention", "15d", &["retention", "retention-size"]),
    ("metrics", "false", &["metrics"]),
    ("host", "required", &["host"]),
    ("port", "the protocol's", &["port"]),
];

impl Entry {
    /// The entry as a page in Markdown.
    pub fn page(&self, engine: &Engine) -> String {
        let mut page = format!("# {}\n\n{}: {}.\n", self.name, self.title, self.summary);
        self.state(&mut page);
        self.example(engine, &mut page);
        self.connection(engine, &mut page);
        self.facts(&mut page);
        self.credentials_and_network(engine, &mut page);
        let images = self.values.iter().filter(|value| value.image);
        let images: Vec<String> = images
            .map(|value| {
                let image = value.value.as_str().unwrap_or_default();
                format!("`{}` is `{image}`{}", value.path, majors(&value.majors))
            })
            .collect();
        list(&mut page, "Images that are replaced", &images);
        list(&mut page, "Needs in the cluster", &self.requires);
        list(&mut page, "Worth knowing", &self.notes);
        if !self.checked.is_empty() {
            let _ = write!(page, "\nFacts checked on {}.\n", self.checked);
        }
        page
    }

    fn state(&self, page: &mut String) {
        page.push('\n');
        match self.kind {
            Kind::Repository => {
                let _ = writeln!(page, "- chart `{}` of {}", self.chart, self.repository);
            }
            Kind::Embedded => page.push_str("- a chart inside the chart: no repository\n"),
            Kind::External => page.push_str("- runs elsewhere: nothing is installed\n"),
        }
        for group in self.majors.iter().filter(|_| self.kind == Kind::Repository) {
            let versions: Vec<String> = group.versions.iter().map(u64::to_string).collect();
            let versions = versions.join(", ");
            let _ = write!(
                page,
                "- version {versions}: {}, {}",
                group.state.word(),
                group.why
            );
            if !group.instead.is_empty() {
                let _ = write!(page, "; instead: {}", group.instead);
            }
            page.push('\n');
        }
        if self.kind == Kind::Repository && !self.version.is_empty() {
            let _ = writeln!(page, "- without `version` it is {}", self.version);
        }
    }

    /// A name that does not meet those of other dependencies.
    fn called(&self) -> &str {
        match self.kind {
            Kind::External => self.name.split('/').next_back().unwrap_or("server"),
            _ => &self.chart,
        }
    }

    fn example(&self, engine: &Engine, page: &mut String) {
        let _ = write!(
            page,
            "\n```toml\n[dependencies.{}]\nfrom = \"{}\"\n",
            self.called(),
            self.name
        );
        if self.kind == Kind::Repository && self.version.is_empty() {
            let current = self
                .majors
                .iter()
                .filter(|group| group.state == State::Current);
            let newest = current
                .chain(&self.majors)
                .find_map(|group| group.versions.last())
                .copied()
                .unwrap_or(1);
            let _ = writeln!(page, "version = \"{newest}.x.x\"");
        }
        let lines = [
            ("host", "host = \"server.example.com\""),
            ("database", "database = \"shop\""),
            ("user", "user = \"shop\""),
            ("storage", "storage = \"10Gi\""),
            ("retention", "retention = \"30d\""),
            (
                "resources",
                "memory = { request = \"1Gi\", limit = \"1Gi\" }",
            ),
        ];
        let minimum = self.minimum.mebibytes > 1024;
        let lines = lines.iter().filter(|(fact, _)| {
            self.takes(fact)
                && !(minimum && *fact == "resources")
                && !(self.kind == Kind::External && matches!(*fact, "database" | "user"))
        });
        for (_, line) in lines {
            let _ = writeln!(page, "{line}");
        }
        page.push_str("```\n");
        let _ = write!(
            page,
            "\nA workload that lists it in `uses` gets `{}`.\n",
            self.variable(engine)
        );
    }

    fn variable(&self, engine: &Engine) -> String {
        match (self.url_env.as_str(), engine.url_env.as_str()) {
            ("", "") => format!("{}_URL", self.called().to_uppercase().replace('-', "_")),
            ("", usual) => usual.to_owned(),
            (own, _) => own.to_owned(),
        }
    }

    /// Form of the URL and hosts by mode.
    fn connection(&self, engine: &Engine, page: &mut String) {
        let form = if self.url.is_empty() {
            &engine.url
        } else {
            &self.url
        };
        let form = form.replace(['{', '}'], "");
        let _ = writeln!(page, "Its form is `{form}`.");
        if self.kind == Kind::External {
            return;
        }
        let base = match self.naming {
            Naming::Standard => format!("{RELEASE}-{}", self.called()),
            Naming::Release => RELEASE.to_owned(),
        };
        let port = if self.port == 0 {
            engine.port
        } else {
            self.port
        };
        page.push_str("\n| mode | what | host, in the release `my-release` |\n|---|---|---|\n");
        let modes = MODES
            .iter()
            .filter_map(|word| Some((*word, self.modes.get(*word)?)));
        for (word, mode) in modes {
            if !mode.refused.is_empty() {
                let _ = writeln!(page, "| {word} | not offered: {} | |", mode.refused);
                continue;
            }
            let mut what = mode.doc.clone();
            if mode.least > 0 {
                let _ = write!(what, "; `replicas` is at least {}", mode.least);
            }
            if !mode.not_in.is_empty() {
                let _ = write!(what, "; not{}", majors(&mode.not_in));
            }
            let mut host = format!("`{base}{}:{port}`", mode.service);
            if !mode.read.is_empty() {
                let _ = write!(host, ", reads from `{base}{}:{port}`", mode.read);
            }
            let _ = writeln!(page, "| {word} | {what} | {host} |");
        }
        if self.modes.is_empty() {
            let _ = writeln!(
                page,
                "| standalone | one server | `{base}{}:{port}` |",
                self.service
            );
        }
    }

    fn facts(&self, page: &mut String) {
        let mut rows = String::new();
        for (key, default, facts) in FACTS {
            let paths: Vec<String> = self
                .values
                .iter()
                .filter(|value| facts.contains(&value.fact.as_str()))
                .map(|value| format!("`{}`", value.path))
                .collect();
            if paths.is_empty() {
                continue;
            }
            let default = match *key {
                "cpu, memory" if self.minimum.mebibytes > 0 => format!(
                    "{}m–1, {}Mi",
                    self.minimum.millicores, self.minimum.mebibytes
                ),
                "user" | "database" if self.kind == Kind::External => "none".to_owned(),
                "settings" => self.settings_default(),
                _ => (*default).to_owned(),
            };
            let mut paths = paths;
            paths.dedup();
            let _ = writeln!(rows, "| {key} | {default} | {} |", paths.join(", "));
        }
        if !rows.is_empty() {
            page.push_str("\n| fact | default | value of the chart |\n|---|---|---|\n");
            page.push_str(&rows);
        }
    }

    /// What stands in the settings when nothing is said.
    fn settings_default(&self) -> String {
        let memory = match self.settings.memory.as_str() {
            "" => None,
            name => Some(format!("`{name}` 75 % of the memory limit")),
        };
        let base = self.settings.base.iter().map(|(name, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            format!("`{name} {text}`")
        });
        let all: Vec<String> = memory.into_iter().chain(base).collect();
        if all.is_empty() {
            "none".to_owned()
        } else {
            all.join(", ")
        }
    }

    fn credentials_and_network(&self, engine: &Engine, page: &mut String) {
        let called = self.called();
        let mut lines = Vec::new();
        let credentials = &self.credentials;
        if !credentials.operator_secret.is_empty() {
            lines.push(format!(
                "the operator makes a Secret; the URL is its key `{}`",
                credentials.operator_key
            ));
        }
        let keys = credentials
            .passwords
            .iter()
            .map(|purpose| format!("`{called}-{purpose}`"));
        let derived = credentials
            .derived
            .iter()
            .map(|derived| match derived.key.as_str() {
                "" => format!("`{called}-{}`", derived.purpose),
                key => format!("`{key}`"),
            });
        let keys: Vec<String> = keys.chain(derived).collect();
        if !keys.is_empty() {
            lines.push(format!("keys of the chart's Secret: {}", keys.join(", ")));
        }
        if self.takes("secret-name") {
            lines.push("only with `secrets.source = \"existing\"`".to_owned());
        }
        if !credentials.user.is_empty() {
            lines.push(format!("the user is `{}`", credentials.user));
        }
        list(page, "Credentials", &lines);
        if self.kind == Kind::External {
            return;
        }
        let port = match self.network.container_port {
            0 if self.port > 0 => self.port,
            0 => engine.port,
            port => port,
        };
        let mut lines = vec![match self.network.guard {
            Guard::Parent => {
                format!("the chart's policy admits the workloads that use it to port {port}")
            }
            Guard::Own => format!("its own policy admits the workloads that use it to port {port}"),
            Guard::None => "no policy guards it".to_owned(),
        }];
        if self.metrics_port > 0 {
            lines.push(format!(
                "with `metrics`, Prometheus may read port {}: that of the release, else any namespace or the one of `monitoring.namespace`",
                self.metrics_port
            ));
        }
        for role in &self.network.reaches {
            lines.push(format!("its servers reach the {role} of the release"));
        }
        if self.network.egress == Egress::Any {
            lines.push("its servers may connect anywhere".to_owned());
        }
        list(page, "Network", &lines);
    }
}

fn majors(majors: &[u64]) -> String {
    match (majors.first(), majors.last()) {
        (Some(first), Some(last)) if first == last => format!(" in version {first}"),
        (Some(first), Some(last)) => format!(" in versions {first} to {last}"),
        _ => String::new(),
    }
}

fn list(page: &mut String, heading: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(page, "\n{heading}:\n\n");
    for line in lines {
        let _ = writeln!(page, "- {line}");
    }
}

impl Catalog {
    /// The page of an entry.
    pub fn page(&self, name: &str) -> Option<String> {
        let entry = self.find(name)?;
        Some(entry.page(self.engine(&entry)?))
    }
}
