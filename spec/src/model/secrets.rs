//! Where passwords come from.

use crate::decode::{Fault, Map, Scalar};
use crate::shape::ScalarShape;
use crate::span::Spanned;
use crate::tree::Value;
use crate::types::{
    Any, Duration, Flag, RemoteKey, SecretDataKey, SecretKey, SecretName, SecretSource, StoreKind,
};

table! {
    /// Where passwords come from.
    pub struct Secrets {
        /// `generate` (default): the chart makes them at the first installation. `existing`: somebody else does. `external`: the External Secrets Operator reads them from a store.
        source: Option<Spanned<SecretSource>> = "source";
        /// Name of the existing Secret.
        name: Option<Spanned<SecretName>> = "name";
        /// Store that the External Secrets Operator reads.
        store: Option<Spanned<Store>> = "store";
        /// Where the store keeps the values, such as `secret/task-api`. Each key is a property of that name unless it says otherwise.
        remote: Option<Spanned<RemoteKey>> = "remote";
        /// How often the store is read again. Default 1h.
        refresh: Option<Spanned<Duration>> = "refresh";
        /// Whether pods restart when a Secret changes, by Stakater's Reloader, which must be installed. Default false.
        reload: Option<Spanned<Flag>> = "reload";
        /// Keys beyond the dependencies' passwords, for `{ secret = "…" }` in `env` and `files`.
        keys: Map<SecretKey, Spanned<SecretKeyRule>> = "keys";
    }
}

table! {
    /// A store of the External Secrets Operator.
    pub struct Store {
        /// Its name.
        name: Spanned<SecretName> = "name";
        /// `SecretStore` (default) or `ClusterSecretStore`.
        kind: Option<Spanned<StoreKind>> = "kind";
    }
}

table! {
    /// A secret value.
    pub struct SecretKeyRule {
        /// Number of random characters when the chart generates it, 16 to 128. Absent: only an existing or external Secret can hold it.
        generate: Option<Spanned<RandomLength>> = "generate" fixed;
        /// Who provides this one, if not the same as the others: `existing` or `external`.
        source: Option<Spanned<SecretSource>> = "source";
        /// Name of the existing Secret that holds this one.
        name: Option<Spanned<SecretName>> = "name";
        /// Key in that Secret. Default: the same.
        key: Option<Spanned<SecretDataKey>> = "key";
        /// Where the store keeps this one. Default: the chart's `remote`.
        remote: Option<Spanned<RemoteKey>> = "remote";
        /// Its property there. Default: the key.
        property: Option<Spanned<Any>> = "property";
        /// Whether losing it loses data, such as an encryption key: it is never made anew, and the README says how to back it up. Default false.
        irreplaceable: Option<Spanned<Flag>> = "irreplaceable" fixed;
        /// One line: what it is.
        summary: Option<Spanned<crate::types::Line>> = "summary" fixed;
    }
}

/// How many random characters a generated secret has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RandomLength(pub u32);

impl Scalar for RandomLength {
    const SHAPE: ScalarShape = ScalarShape {
        name: "a number of characters",
        hint: "from 16 to 128",
        json: r#"{"type":"integer","minimum":16,"maximum":128}"#,
    };
    fn read(value: &Value) -> Result<Self, Fault> {
        match value {
            Value::Integer(number @ 16..=128) => Ok(Self(u32::try_from(*number).unwrap_or(32))),
            Value::Integer(number) => Err(Fault::new(
                crate::codes::NUMBER,
                format!("{number} is out of range for {}", Self::SHAPE.name),
            )
            .help("write a number from 16 to 128")),
            other => Err(Fault::wrong_type(&Self::SHAPE, other)),
        }
    }
}

scalar!(RandomLength);
