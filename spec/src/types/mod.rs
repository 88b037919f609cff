//! The single values of the language: names, quantities, durations, versions,
//! references and choices. Each knows how it reads, what is wrong with a bad
//! one and its JSON Schema.

mod choice;
mod image;
mod name;
mod quantity;
mod setting;
mod text;
mod version;
mod workload;

pub use choice::{
    AccessMode, AppProtocol, ChangeKind, Concurrency, ConnectionPart, DashboardUnit,
    DecisionStatus, Delivery, DependencyMode, HookEvent, IngressController, Layout, MonitorKind,
    PathType, Protocol, PullPolicy, RolloutStrategy, Scaler, SecretSource, SelectPolicy,
    ServiceType, Severity, Spread, StoreKind, Strategy, TaintEffect, TrafficPolicy, UrlScheme,
    VolumeKind, WorkloadKind,
};
pub use image::Image;
pub use name::{
    AnnotationKey, EnvName, EnvironmentName, Identifier, Label, LabelKey, Name, SecretKey,
    SecretName, SqlName,
};
pub use quantity::{Cpu, Duration, Memory, Port, Positive, Surge, UserId, Whole};
pub use setting::{Retention, SettingName, SettingValue};
pub use text::{
    AbsolutePath, Any, CatalogName, Cidr, Condition, FileName, Flag, Free, Host, HttpPath,
    Language, Line, Text, Url,
};
pub use version::{Constraint, KubeVersion, SemVer};
pub use workload::{
    CronTime, FieldPath, HeaderName, MetricSource, PathTarget, Percent, PortName, RateLimit,
    RemoteKey, ScalingTarget, SecretDataKey, TriggerKey, WildcardHost,
};

use crate::decode::{Fault, Scalar};
use crate::tree::Value;

/// The text of a value, or the fault of its type.
fn text<T: Scalar>(value: &Value) -> Result<&str, Fault> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(Fault::wrong_type(&T::SHAPE, other)),
    }
}

/// The whole number of a value within a range, or the fault.
fn whole<T: Scalar>(value: &Value, lowest: i64, highest: i64) -> Result<i64, Fault> {
    let Value::Integer(number) = value else {
        return Err(Fault::wrong_type(&T::SHAPE, value));
    };
    if (lowest..=highest).contains(number) {
        Ok(*number)
    } else {
        Err(Fault::new(
            crate::codes::NUMBER,
            format!("{number} is out of range for {}", T::SHAPE.name),
        )
        .help(format!("write a whole number from {lowest} to {highest}")))
    }
}
