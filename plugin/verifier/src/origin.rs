//! Where in the manifests an expression looks.

use crate::evaluate::{Scope, evaluate};
use kube_cel::cel::Value as Cel;
use kube_cel::cel::common::ast::{Expr, IdedExpr, operators};
use kube_cel::cel::objects::Key;
use std::fmt::Write as _;
use std::sync::Arc;

/// An object and a path in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// `Kind/name`.
    pub object: String,
    /// Path such as `spec.template.spec.containers[0].image`; empty for the whole object.
    pub path: String,
    /// Where its pods are described, if this is a workload as expressions see
    /// it rather than the object itself.
    view: Option<String>,
    /// Whether a function found this place: fields of its finding are no places.
    fixed: bool,
}

/// Where the variables of macros and rules come from.
#[derive(Debug, Default)]
pub struct Bindings<'a> {
    outer: Option<&'a Bindings<'a>>,
    name: String,
    origin: Origin,
}

impl<'a> Bindings<'a> {
    /// These and one more.
    pub fn with(&'a self, name: &str, origin: Origin) -> Bindings<'a> {
        Bindings {
            outer: Some(self),
            name: name.to_owned(),
            origin,
        }
    }

    fn get(&self, name: &str) -> Option<&Origin> {
        if self.name == name {
            return Some(&self.origin);
        }
        self.outer?.get(name)
    }
}

impl Origin {
    /// Where an expression looks first; none if that is no object.
    pub fn of(expression: &IdedExpr, scope: &Scope<'_>, bindings: &Bindings<'_>) -> Option<Self> {
        match &expression.expr {
            Expr::Ident(name) => bindings
                .get(name)
                .filter(|origin| !origin.object.is_empty())
                .cloned(),
            Expr::Select(select) => Self::of(&select.operand, scope, bindings)
                .map(|origin| origin.field(&select.field))
                .or_else(|| Self::of_result(expression, scope)),
            Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
                (operators::INDEX, [of, index]) => {
                    let place = Self::of(of, scope, bindings);
                    match (place, evaluate(index, scope)) {
                        (Some(origin), Ok(Cel::Int(number))) => {
                            Some(origin.entry(usize::try_from(number).unwrap_or(0)))
                        }
                        (Some(origin), Ok(Cel::String(key))) => Some(origin.field(&key)),
                        _ => Self::of_result(expression, scope),
                    }
                }
                ("object" | "workload", _) => Self::of_result(expression, scope),
                (_, arguments) => call
                    .target
                    .iter()
                    .map(|target| &**target)
                    .chain(arguments)
                    .find_map(|part| Self::of(part, scope, bindings)),
            },
            Expr::Comprehension(inner) => Self::of(&inner.iter_range, scope, bindings),
            Expr::List(list) => list
                .elements
                .iter()
                .find_map(|part| Self::of(part, scope, bindings)),
            _ => None,
        }
    }

    fn of_result(expression: &IdedExpr, scope: &Scope<'_>) -> Option<Self> {
        Self::of_value(&evaluate(expression, scope).ok()?)
    }

    /// The object that a value is, or the workload that it describes.
    pub fn of_value(value: &Cel) -> Option<Self> {
        let Cel::Map(map) = value else {
            return None;
        };
        let text = |map: &kube_cel::cel::objects::Map, name: &str| match map.map.get(&key(name)) {
            Some(Cel::String(text)) => Some(text.to_string()),
            _ => None,
        };
        if let (Some(object), Some(pods)) = (text(map, "id"), text(map, "podPath")) {
            return Some(Self {
                object,
                path: String::new(),
                view: Some(pods),
                fixed: false,
            });
        }
        // References that functions found name their object and path.
        if let (Some(object), Some(path)) = (text(map, "object"), text(map, "path")) {
            return Some(Self {
                object,
                path,
                view: None,
                fixed: true,
            });
        }
        let kind = text(map, "kind")?;
        let Some(Cel::Map(metadata)) = map.map.get(&key("metadata")) else {
            return None;
        };
        let name = text(metadata, "name")?;
        Some(Self {
            object: format!("{kind}/{name}"),
            path: String::new(),
            view: None,
            fixed: false,
        })
    }

    /// A field below.
    pub fn field(mut self, name: &str) -> Self {
        if self.fixed {
            return self;
        }
        let Some(pods) = self.view.take() else {
            push(&mut self.path, name);
            return self;
        };
        let spec = if pods.is_empty() {
            "spec".to_owned()
        } else {
            format!("{pods}.spec")
        };
        self.path = match name {
            "replicas" | "mostReplicas" => "spec.replicas".to_owned(),
            "pod" => pods,
            "container" => format!("{spec}.containers[0]"),
            "containers" | "allContainers" | "sidecars" => format!("{spec}.containers"),
            "init" => format!("{spec}.initContainers"),
            "env" => format!("{spec}.containers[0].env"),
            "hooks" => "metadata.annotations[\"helm.sh/hook\"]".to_owned(),
            _ => String::new(),
        };
        self
    }

    /// An entry of the list here.
    pub fn entry(mut self, index: usize) -> Self {
        let _ = write!(self.path, "[{index}]");
        self
    }
}

fn key(name: &str) -> Key {
    Key::String(Arc::new(name.to_owned()))
}

/// The path of a field below a path.
pub fn below(path: &str, name: &str) -> String {
    let mut path = path.to_owned();
    push(&mut path, name);
    path
}

/// Adds a field to a path; names that are no words stand in brackets.
fn push(path: &mut String, name: &str) {
    let plain = name
        .chars()
        .all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if !plain {
        let _ = write!(path, "[\"{name}\"]");
    } else if path.is_empty() {
        path.push_str(name);
    } else {
        let _ = write!(path, ".{name}");
    }
}
