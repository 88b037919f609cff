//! What a statement looks at, as its expressions tell.
//!
//! Judging everything again for each of thousands of damages would take long.
//! What an expression cannot see need not be judged. Functions that are not named here count as looking at
//! everything; what is skipped is never a guess.

use crate::rules::{JudgeData, Rule, Scope};
use crate::statements::{Form, Statement};
use crate::written::{Macro, macro_of};
use kube_cel::cel::Program;
use kube_cel::cel::common::ast::{Expr, IdedExpr, LiteralValue};
use std::collections::BTreeSet;

/// Kinds with pods.
const PODS: [&str; 7] = [
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "CronJob",
    "Job",
    "Pod",
];

/// Kinds that say something of pods.
const ABOUT_PODS: [&str; 5] = [
    "HorizontalPodAutoscaler",
    "ScaledObject",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "ConfigMap",
];

/// Functions of arguments alone.
const PURE: [&str; 31] = [
    "amount",
    "at",
    "contains",
    "distinct",
    "double",
    "endsWith",
    "every",
    "first",
    "image",
    "int",
    "join",
    "last",
    "lowerAscii",
    "nothings",
    "repeated",
    "valid",
    "matches",
    "max",
    "min",
    "pairs",
    "replace",
    "seconds",
    "share",
    "size",
    "sort",
    "split",
    "startsWith",
    "string",
    "substring",
    "sum",
    "trim",
];

/// What a statement looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Everything.
    All,
    /// Objects of these kinds.
    Kinds(BTreeSet<String>),
    /// Each object by itself.
    EachObject,
    /// Each object with pods by itself, and what says something of pods.
    EachPod,
}

/// Whether a kind has pods.
pub fn has_pods(kind: &str) -> bool {
    PODS.contains(&kind)
}

/// Whether objects of a kind say something of pods.
pub fn is_about_pods(kind: &str) -> bool {
    ABOUT_PODS.contains(&kind)
}

impl Reach {
    /// What a statement looks at.
    pub fn of(statement: &Statement<'_>) -> Self {
        match &statement.form {
            Form::Manual(_) => Self::Kinds(BTreeSet::new()),
            Form::Rule { rule, .. } => of_rule(rule),
            Form::Criterion { checks, test, .. } => {
                let texts = checks.iter().map(|check| check.that.as_str());
                let mut all = Self::of_texts(texts);
                if let (Self::Kinds(kinds), Some(_)) = (&mut all, test) {
                    kinds.extend(PODS.iter().map(|kind| (*kind).to_owned()));
                }
                all
            }
        }
    }

    fn of_texts<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut kinds = BTreeSet::new();
        for text in texts {
            let known = Program::compile(text)
                .ok()
                .and_then(|program| looked_at(program.expression(), &mut kinds));
            if known.is_none() {
                return Self::All;
            }
        }
        Self::Kinds(kinds)
    }
}

fn of_rule(rule: &Rule) -> Reach {
    if rule.data.scope != Scope::Environment {
        return Reach::All;
    }
    let each: Option<Vec<Reach>> = rule.data.judge.iter().map(by_itself).collect();
    if let Some(each) = each {
        let pods = each.contains(&Reach::EachPod);
        return if pods {
            Reach::EachPod
        } else {
            Reach::EachObject
        };
    }
    let texts = rule.data.judge.iter().flat_map(|judge| {
        let texts = [&judge.each, &judge.r#where, &judge.that];
        texts.into_iter().flatten().map(String::as_str)
    });
    Reach::of_texts(texts)
}

/// Whether entries are objects that are judged one by one.
fn by_itself(judge: &JudgeData) -> Option<Reach> {
    let list = Program::compile(judge.each.as_deref()?).ok()?;
    for text in [&judge.r#where, &judge.that].into_iter().flatten() {
        let program = Program::compile(text).ok()?;
        let mut kinds = BTreeSet::new();
        looked_at(program.expression(), &mut kinds)?;
        if !kinds.is_empty() {
            return None;
        }
    }
    source(list.expression())
}

/// The objects that a list is made of, one by one.
fn source(list: &IdedExpr) -> Option<Reach> {
    match &list.expr {
        Expr::Call(call) if call.target.is_none() => match call.func_name.as_str() {
            "objects" | "made" => Some(Reach::EachObject),
            "pods" | "workloads" => Some(Reach::EachPod),
            "every" => source(call.args.first()?),
            _ => None,
        },
        Expr::Comprehension(comprehension) => match macro_of(comprehension) {
            Macro::Filter(inner) => {
                let mut kinds = BTreeSet::new();
                looked_at(inner, &mut kinds)?;
                if kinds.is_empty() {
                    source(&comprehension.iter_range)
                } else {
                    None
                }
            }
            _ => None,
        },
        _ => None,
    }
}

/// Adds the kinds that an expression looks at; none if that cannot be known.
fn looked_at(expression: &IdedExpr, kinds: &mut BTreeSet<String>) -> Option<()> {
    match &expression.expr {
        Expr::Select(select) => looked_at(&select.operand, kinds)?,
        Expr::List(list) => {
            for element in &list.elements {
                looked_at(element, kinds)?;
            }
        }
        Expr::Call(call) => {
            let name = call.func_name.as_str();
            let is_operator = !name.starts_with(|c: char| c.is_ascii_alphabetic());
            match name {
                "object" | "objects" | "has" => match &call.args.first()?.expr {
                    Expr::Literal(LiteralValue::String(kind)) => {
                        kinds.insert(kind.inner().to_string());
                    }
                    _ => return None,
                },
                "workload" | "workloads" | "pods" => {
                    let all = PODS.iter().chain(&ABOUT_PODS);
                    kinds.extend(all.map(|kind| (*kind).to_owned()));
                }
                _ if is_operator || PURE.contains(&name) => {}
                _ => return None,
            }
            if let Some(target) = &call.target {
                looked_at(target, kinds)?;
            }
            for argument in &call.args {
                looked_at(argument, kinds)?;
            }
        }
        Expr::Comprehension(inner) => {
            for part in [
                &inner.iter_range,
                &inner.accu_init,
                &inner.loop_cond,
                &inner.loop_step,
                &inner.result,
            ] {
                looked_at(part, kinds)?;
            }
        }
        Expr::Ident(_) | Expr::Literal(_) => {}
        Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => return None,
    }
    Some(())
}
