// One line a file of the folder `rules`; a test compares the two.
library! {
    "dependencies-in-release"
    "migrations-before-rollout"
    "no-dashboards"
    "no-gitops-objects"
    "no-plain-secrets"
    "no-service-mesh"
    "no-tls"
    "renders"
    "requests"
    "zero-downtime"
}
