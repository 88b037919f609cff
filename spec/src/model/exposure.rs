//! How people outside the cluster reach workloads: Ingress and Gateway API.

use crate::decode::Map;
use crate::span::Spanned;
use crate::types::{
    AnnotationKey, Any, Flag, HttpPath, IngressController, Line, Name, PathTarget, PathType,
    RateLimit, SecretName, WildcardHost,
};

table! {
    /// Exposure through an Ingress.
    pub struct Ingress {
        /// Whether it is on. Default true.
        enabled: Option<Spanned<Flag>> = "enabled";
        /// Class, such as `nginx` or `traefik`. Default: the cluster's default class.
        class: Option<Spanned<SecretName>> = "class";
        /// What serves it: `ingress-nginx`, `traefik`, `haproxy` or `other` (default). Needed for `rate-limit`.
        controller: Option<Spanned<IngressController>> = "controller" fixed;
        /// Namespace that the controller's pods run in: the network policies let them through. Default: any namespace.
        namespace: Option<Spanned<Name>> = "namespace";
        /// Requests that one client may make, such as `100/m` or `20/s`.
        rate_limit: Option<Spanned<RateLimit>> = "rate-limit";
        /// Annotations for the controller.
        annotations: Map<AnnotationKey, Spanned<Any>> = "annotations";
        /// Where the certificates come from.
        tls: Option<Spanned<Tls>> = "tls";
        /// Hosts.
        hosts: Map<WildcardHost, Spanned<HostRule>> = "hosts";
    }
}

table! {
    /// Where certificates come from: `issuer`, `cluster-issuer`, `secret` or `controller = true`.
    pub struct Tls {
        /// Issuer of cert-manager in the namespace.
        issuer: Option<Spanned<SecretName>> = "issuer";
        /// ClusterIssuer of cert-manager.
        cluster_issuer: Option<Spanned<SecretName>> = "cluster-issuer";
        /// Secret with the certificate: an existing one, or with an issuer the one it makes. Default: named after the chart and the host.
        secret: Option<Spanned<SecretName>> = "secret";
        /// Whether the controller has a certificate of its own for every host; it then counts, whatever `secret` says.
        controller: Option<Spanned<Flag>> = "controller";
    }
}

table! {
    /// A host and what its paths lead to.
    pub struct HostRule {
        /// Paths and workloads, such as `{ "/" = "web", "/api" = "api:http" }`. Default: `/` to the main workload.
        paths: Map<HttpPath, Spanned<PathTarget>> = "paths";
        /// How paths match: `Prefix` (default), `Exact` or `ImplementationSpecific`.
        path_type: Option<Spanned<PathType>> = "path-type";
        /// Certificate of this host in place of the Ingress'.
        tls: Option<Spanned<Tls>> = "tls";
    }
}

table! {
    /// Exposure through the Gateway API.
    pub struct Gateway {
        /// Whether it is on. Default true.
        enabled: Option<Spanned<Flag>> = "enabled";
        /// Gateways that the routes belong to.
        parents: Vec<Spanned<ParentGateway>> = "parents";
        /// Namespace that the gateway's pods run in: the network policies let them through. Default: the first parent's, else any namespace.
        namespace: Option<Spanned<Name>> = "namespace";
        /// Annotations of the routes.
        annotations: Map<AnnotationKey, Spanned<Any>> = "annotations";
        /// Hosts.
        hosts: Map<WildcardHost, Spanned<RouteRule>> = "hosts";
    }
}

table! {
    /// A Gateway.
    pub struct ParentGateway {
        /// Its name.
        name: Spanned<SecretName> = "name";
        /// Its namespace. Default: the release's.
        namespace: Option<Spanned<Name>> = "namespace";
        /// Its listener. Default: all.
        listener: Option<Spanned<Line>> = "listener";
    }
}

table! {
    /// A host and what its paths lead to.
    pub struct RouteRule {
        /// Paths and workloads, such as `{ "/" = "web", "/api" = "api:http" }`. Default: `/` to the main workload.
        paths: Map<HttpPath, Spanned<PathTarget>> = "paths";
    }
}
