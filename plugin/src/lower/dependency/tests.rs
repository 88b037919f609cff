//! Dependencies that cannot work, and what is said about them.

/// Codes and messages of a specification with these dependencies.
fn found(dependencies: &str, secrets: &str) -> Vec<String> {
    let names = dependencies
        .lines()
        .filter_map(|line| line.strip_prefix("[dependencies.")?.strip_suffix(']'))
        .filter(|name| !name.contains('.'))
        .map(|name| format!("\"{name}\""))
        .collect::<Vec<_>>();
    let spec = format!(
        "spec = \"taskspec/v1\"\n[intent]\nname = \"shop\"\nversion = \"1.0.0\"\nsummary = \"Takes orders\"\n\
         [workloads.api]\nkind = \"service\"\nimage = \"example/api\"\nport = 8000\nuses = [{}]\n{dependencies}\n{secrets}",
        names.join(", ")
    );
    let compilation = crate::compile(&spec, &[]);
    let diagnostics = compilation.diagnostics.into_iter();
    diagnostics
        .map(|d| format!("{} {} {}", d.code, d.message, d.help.unwrap_or_default()))
        .collect()
}

#[test]
fn what_cannot_work_is_said_with_a_remedy() {
    let cases = [
        (
            "from = \"bitnami/redis\"\nversion = \"17.x.x\"\nmode = \"sentinel\"",
            "TS0026 `bitnami/redis` 17 cannot do `sentinel` behind one Service write version = \"18.x.x\"",
        ),
        (
            "from = \"bitnami/redis\"\nversion = \"20.x.x\"\nmode = \"sentinel\"\nreplicas = 1",
            "TS0026 `sentinel` needs 2 replicas or more write replicas = 2",
        ),
        (
            "from = \"cloudpirates/redis\"\nmode = \"sentinel\"",
            "TS0026 `cloudpirates/redis` offers no `sentinel` use bitnami/redis 18",
        ),
        (
            "from = \"cloudpirates/postgres\"\nmode = \"replication\"",
            "TS0026 `cloudpirates/postgres` has no mode `replication` it can be standalone",
        ),
        (
            "from = \"cloudpirates/redis\"\nmode = \"standalone\"\nreplicas = 2",
            "TS0026 a single server has no replicas",
        ),
        (
            "from = \"embedded/postgresql\"\nhost = \"db.example.com\"",
            "TS0025 `host` does not apply to `embedded/postgresql` remove it: the chart asks the dependency itself; for a server that runs elsewhere add external = true",
        ),
        (
            "from = \"embedded/postgresql\"\nexternal = true",
            "TS0026 the external server `db` needs a host",
        ),
        (
            "from = \"embedded/postgresql\"\nexternal = true\nhost = \"db.example.com\"",
            "TS0029 nobody can generate the password of the external server `db`",
        ),
        (
            "from = \"embedded/postgresql\"\nretention = \"3d\"",
            "TS0025 `retention` does not apply",
        ),
        (
            "from = \"cloudpirates/redis\"\nuser = \"me\"",
            "TS0025 `user` does not apply",
        ),
        (
            "from = \"cloudpirates/redis\"\nversion = \"1.x.x\"",
            "TS0026 the catalog does not know `cloudpirates/redis` 1 it knows 0, as of",
        ),
        (
            "from = \"neo4j/neo4j\"",
            "TS0026 `neo4j/neo4j` needs a version add version = \"2026.x.x\"",
        ),
        (
            "from = \"neo4j/neo4j\"\nversion = \"5.26.0\"\nmemory = { request = \"1Gi\", limit = \"2Gi\" }",
            "TS0026 `neo4j/neo4j` needs 2048Mi of memory",
        ),
        (
            "from = \"groundhog2k/postgres\"",
            "TS0029 `db` cannot take a generated Secret",
        ),
        (
            "from = \"grafana/grafana\"\nversion = \"10.5.15\"",
            "TS0027 `grafana/grafana` 10 is no longer maintained prefer grafana-community/grafana",
        ),
        (
            "from = \"embedded/postgresql\"\nsettings = { max_connections = 400 }",
            "TS0048 the connections of `db` may take more than its memory",
        ),
    ];
    for (dependency, expected) in cases {
        let found = found(&format!("[dependencies.db]\n{dependency}"), "");
        assert!(
            found.iter().any(|one| one.starts_with(expected)),
            "{dependency}: {found:#?}"
        );
    }
}

#[test]
fn dependencies_that_meet_are_refused() {
    let twins = [
        (
            "from = \"cloudpirates/redis\"",
            "from = \"bitnami/redis\"\nversion = \"20.0.0\"\nurl-env = \"B_URL\"",
            "TS0035",
        ),
        (
            "from = \"neo4j/neo4j\"\nversion = \"5.26.0\"",
            "from = \"neo4j/neo4j\"\nversion = \"5.26.0\"\nurl-env = \"B_URL\"",
            "TS0035",
        ),
        (
            "from = \"embedded/valkey\"",
            "from = \"cloudpirates/redis\"",
            "TS0021",
        ),
    ];
    for (first, second, code) in twins {
        let found = found(
            &format!("[dependencies.a-one]\n{first}\n[dependencies.b-two]\n{second}"),
            "",
        );
        assert!(
            found.iter().any(|one| one.starts_with(code)),
            "{second}: {found:#?}"
        );
    }
}

#[test]
fn a_group_of_servers_agrees_by_more_than_half() {
    let spec = |replicas: u32| {
        format!(
            "spec = \"taskspec/v1\"\n[intent]\nname = \"shop\"\nversion = \"1.0.0\"\nsummary = \"Takes orders\"\n\
         [workloads.api]\nkind = \"service\"\nimage = \"example/api\"\nport = 8000\nuses = [\"cache\"]\n\
         [dependencies.cache]\nfrom = \"bitnami/redis\"\nversion = \"20.0.0\"\nmode = \"sentinel\"\nreplicas = {replicas}\n"
        )
    };
    for (replicas, quorum) in [(2, 2), (3, 3), (4, 3), (5, 4)] {
        let chart = crate::compile(&spec(replicas), &[]).chart.unwrap();
        let values = chart
            .files
            .iter()
            .find(|file| file.path == "values.yaml")
            .unwrap();
        assert!(
            values
                .contents
                .contains(&format!("\n    quorum: {quorum}\n")),
            "{replicas}"
        );
        assert!(
            values
                .contents
                .contains(&format!("\n    replicaCount: {}\n", replicas + 1)),
            "{replicas}"
        );
    }
}

/// A release with Prometheus and Grafana.
const WATCHED: &str = "[dependencies.prometheus]\nfrom = \"prometheus-community/prometheus\"\n\
     [dependencies.grafana]\nfrom = \"grafana-community/grafana\"\n";

#[test]
fn rules_of_the_releases_prometheus_do_not_know_its_namespace() {
    let alert = |expression: &str| {
        let monitoring = format!(
            "[monitoring.alerts.gone]\nexpr = '{expression}'\nsummary = \"Nobody answers\"\n"
        );
        found(WATCHED, &monitoring)
    };
    let said = alert("up{namespace=\"$namespace\"} == 0");
    assert!(
        said.iter()
            .any(|one| one.starts_with("TS0047 the rules of `prometheus` cannot know")),
        "{said:#?}"
    );
    assert_eq!(alert("up == 0"), Vec::<String>::new());
}

#[test]
fn grafana_finds_the_prometheus_of_its_release() {
    let spec = format!(
        "spec = \"taskspec/v1\"\n[intent]\nname = \"shop\"\nversion = \"1.0.0\"\nsummary = \"Takes orders\"\n\
         [workloads.api]\nkind = \"service\"\nimage = \"example/api\"\nport = 8000\n{WATCHED}"
    );
    let chart = crate::compile(&spec, &[]).chart.unwrap();
    let text = |path: &str| {
        let mut files = chart.files.iter();
        let file = files.find(|file| file.path == path).unwrap();
        file.contents.as_str()
    };
    let source = text("templates/datasource.yaml");
    assert!(
        source.contains("include \"shop.prometheus.url\""),
        "{source}"
    );
    let policies = text("templates/networkpolicy-dependencies.yaml");
    let guard = policies
        .split("---")
        .find(|one| one.contains("dependency prometheus."))
        .unwrap();
    assert!(
        guard.contains("include \"shop.grafana.podLabels\""),
        "{guard}"
    );
    // Nothing uses its address, so nothing is said of a variable.
    assert!(!text("values.yaml").contains("PROMETHEUS_URL"));
}
