//! What an expression is worth.
//!
//! The reader is that of the `cel` crate. Its interpreter copies whole objects at
//! each field, call and step of a macro; here they are shared. Functions that are
//! not our own are still called through it.

use crate::functions::{self, Call, Scene};
use crate::written::{Macro, macro_of};
use kube_cel::KubeCelExt as _;
use kube_cel::cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, MapExpr, SelectExpr,
    operators,
};
use kube_cel::cel::objects::{Key, KeyRef, Map};
use kube_cel::cel::{Context, ExecutionError, ResolveResult, Value as Cel};
use regex::Regex;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// Functions that the crates bring.
static FOREIGN: LazyLock<Context<'static>> = LazyLock::new(|| Context::default().with_all());

/// Names before a dot that are no values but part of a function's name.
const SPACES: [&str; 3] = ["lists", "math", "sets"];

/// A scene with the variables that hold at a place of an expression.
#[derive(Debug)]
pub struct Scope<'a> {
    scene: &'a Scene,
    outer: Option<&'a Scope<'a>>,
    name: &'a str,
    value: Cel,
}

impl<'a> Scope<'a> {
    /// The variables of every expression.
    pub fn new(scene: &'a Scene) -> Self {
        Self {
            scene,
            outer: None,
            name: "",
            value: Cel::Null,
        }
    }

    /// These and one more.
    pub fn with(&'a self, name: &'a str, value: Cel) -> Scope<'a> {
        Scope {
            scene: self.scene,
            outer: Some(self),
            name,
            value,
        }
    }

    /// The scene.
    pub fn scene(&self) -> &'a Scene {
        self.scene
    }

    fn get(&self, name: &str) -> Option<Cel> {
        let mut here = Some(self);
        while let Some(scope) = here {
            if scope.name == name {
                return Some(scope.value.clone());
            }
            here = scope.outer;
        }
        let world = self.scene.world();
        let text = |text: &String| Some(Cel::String(Arc::new(text.clone())));
        match name {
            "environment" => text(&world.environment),
            "release" => text(&world.release),
            "namespace" => text(&world.namespace),
            "chart" => text(&world.chart),
            "spec" => Some(world.spec.clone()),
            _ => None,
        }
    }
}

/// The value of an expression.
///
/// # Errors
/// As in CEL: a missing key, an unknown name, values that do not go together.
pub fn evaluate(expression: &IdedExpr, scope: &Scope<'_>) -> ResolveResult {
    match &expression.expr {
        Expr::Literal(literal) => Ok(constant(literal)),
        Expr::Ident(name) => scope
            .get(name)
            .ok_or_else(|| ExecutionError::UndeclaredReference(Arc::new(name.clone()))),
        Expr::Select(select) => field(select, scope),
        Expr::Call(call) => called(call, scope),
        Expr::Comprehension(comprehension) => comprehended(comprehension, scope),
        Expr::List(list) => {
            let items = list.elements.iter().map(|item| evaluate(item, scope));
            Ok(Cel::List(Arc::new(items.collect::<Result<_, _>>()?)))
        }
        Expr::Map(map) => entries(map, scope),
        Expr::Struct(_) | Expr::Unspecified => Err(ExecutionError::NoSuchOverload),
    }
}

fn constant(literal: &LiteralValue) -> Cel {
    match literal {
        LiteralValue::Boolean(flag) => Cel::Bool(*flag.inner()),
        LiteralValue::Bytes(bytes) => Cel::Bytes(Arc::new(bytes.inner().to_vec())),
        LiteralValue::Double(number) => Cel::Float(*number.inner()),
        LiteralValue::Int(number) => Cel::Int(*number.inner()),
        LiteralValue::Null => Cel::Null,
        LiteralValue::String(text) => Cel::String(Arc::new(text.inner().to_owned())),
        LiteralValue::UInt(number) => Cel::UInt(*number.inner()),
    }
}

fn entries(map: &MapExpr, scope: &Scope<'_>) -> ResolveResult {
    let mut all = HashMap::with_capacity(map.entries.len());
    for entry in &map.entries {
        let EntryExpr::MapEntry(entry) = &entry.expr else {
            return Err(ExecutionError::NoSuchOverload);
        };
        let key: Key = evaluate(&entry.key, scope)?
            .try_into()
            .map_err(ExecutionError::UnsupportedKeyType)?;
        all.insert(key, evaluate(&entry.value, scope)?);
    }
    Ok(Cel::Map(Map { map: Arc::new(all) }))
}

/// A field of a map, or whether it is there. Nothing else has fields: both are
/// false then, as the crate has it.
fn field(select: &SelectExpr, scope: &Scope<'_>) -> ResolveResult {
    let Cel::Map(map) = evaluate(&select.operand, scope)? else {
        return Ok(Cel::Bool(false));
    };
    let found = map.get(&KeyRef::String(&select.field));
    if select.test {
        return Ok(Cel::Bool(found.is_some()));
    }
    found
        .cloned()
        .ok_or_else(|| ExecutionError::NoSuchKey(Arc::new(select.field.clone())))
}

fn called(call: &CallExpr, scope: &Scope<'_>) -> ResolveResult {
    let name = call.func_name.as_str();
    if let Some(found) = operator(name, &call.args, scope) {
        return found;
    }
    let arguments = || -> Result<Vec<Cel>, ExecutionError> {
        call.args.iter().map(|one| evaluate(one, scope)).collect()
    };
    let target = match &call.target {
        None => None,
        Some(target) => match &target.expr {
            Expr::Ident(space) if SPACES.contains(&space.as_str()) => {
                return foreign(&format!("{space}.{name}"), None, arguments()?);
            }
            _ => Some(evaluate(target, scope)?),
        },
    };
    if let Some(body) = functions::body(name) {
        let args = arguments()?;
        return body(&Call {
            name,
            scene: scope.scene,
            target,
            args,
        });
    }
    let args = arguments()?;
    match usual(name, target.as_ref(), &args) {
        Some(found) => Ok(found),
        None => foreign(name, target, args),
    }
}

/// What most calls of the crates' functions come to, without copying lists for them.
fn usual(name: &str, target: Option<&Cel>, args: &[Cel]) -> Option<Cel> {
    let all: Vec<&Cel> = target.into_iter().chain(args).collect();
    Some(match (name, all.as_slice()) {
        ("size", [Cel::List(items)]) => Cel::Int(i64::try_from(items.len()).ok()?),
        ("size", [Cel::Map(map)]) => Cel::Int(i64::try_from(map.map.len()).ok()?),
        ("size", [Cel::String(text)]) => Cel::Int(i64::try_from(text.len()).ok()?),
        ("replace", [Cel::String(text), Cel::String(from), Cel::String(to)]) => {
            Cel::String(Arc::new(text.replace(from.as_str(), to)))
        }
        ("split", [Cel::String(text), Cel::String(separator)]) => {
            let parts = text.split(separator.as_str());
            let parts = parts.map(|part| Cel::String(Arc::new(part.to_owned())));
            Cel::List(Arc::new(parts.collect()))
        }
        ("reverse", [Cel::List(items)]) => {
            Cel::List(Arc::new(items.iter().rev().cloned().collect()))
        }
        ("matches", [Cel::String(text), Cel::String(pattern)]) => {
            Cel::Bool(read(pattern)?.is_match(text))
        }
        ("findAll", [Cel::String(text), Cel::String(pattern)]) => {
            let pattern = read(pattern)?;
            let all = pattern.find_iter(text).map(|one| one.as_str().to_owned());
            Cel::List(Arc::new(
                all.map(|one| Cel::String(Arc::new(one))).collect(),
            ))
        }
        ("string", [Cel::String(text)]) => Cel::String(Arc::clone(text)),
        ("string", [Cel::Int(number)]) => Cel::String(Arc::new(number.to_string())),
        ("contains", [Cel::List(items), item]) => Cel::Bool(items.contains(item)),
        ("contains", [Cel::String(text), Cel::String(part)]) => {
            Cel::Bool(text.contains(part.as_str()))
        }
        ("startsWith", [Cel::String(text), Cel::String(part)]) => {
            Cel::Bool(text.starts_with(part.as_str()))
        }
        ("endsWith", [Cel::String(text), Cel::String(part)]) => {
            Cel::Bool(text.ends_with(part.as_str()))
        }
        _ => return None,
    })
}

/// A regular expression, read once; none if it is none, which the crate says.
fn read(pattern: &str) -> Option<Regex> {
    thread_local! {
        static READ: RefCell<HashMap<String, Regex>> = RefCell::default();
    }
    READ.with_borrow_mut(|read| {
        if let Some(known) = read.get(pattern) {
            return Some(known.clone());
        }
        let new = Regex::new(pattern).ok()?;
        read.insert(pattern.to_owned(), new.clone());
        Some(new)
    })
}

/// A function of the crates.
fn foreign(name: &str, target: Option<Cel>, args: Vec<Cel>) -> ResolveResult {
    let variable = |name: String| IdedExpr {
        id: 0,
        expr: Expr::Ident(name),
    };
    let mut context = FOREIGN.new_inner_scope();
    let target = target.map(|value| {
        context.add_variable_from_value("target", value);
        Box::new(variable("target".to_owned()))
    });
    let args = args.into_iter().enumerate().map(|(index, value)| {
        let name = format!("argument{index}");
        context.add_variable_from_value(name.clone(), value);
        variable(name)
    });
    let args = args.collect();
    let call = Expr::Call(CallExpr {
        func_name: name.to_owned(),
        target,
        args,
    });
    Cel::resolve(&IdedExpr { id: 0, expr: call }, &context)
}

/// Whether a value is true.
fn truth(value: ResolveResult) -> Result<bool, ExecutionError> {
    match value? {
        Cel::Bool(flag) => Ok(flag),
        _ => Err(ExecutionError::NoSuchOverload),
    }
}

/// What an operator gives; none if it is a function.
fn operator(name: &str, args: &[IdedExpr], scope: &Scope<'_>) -> Option<ResolveResult> {
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return None;
    }
    let of = |index: usize| evaluate(&args[index], scope);
    Some(match (name, args.len()) {
        (operators::CONDITIONAL, 3) => match truth(of(0)) {
            Ok(true) => of(1),
            Ok(false) => of(2),
            Err(fault) => Err(fault),
        },
        (operators::LOGICAL_AND, 2) => either(false, of(0), || of(1)),
        (operators::LOGICAL_OR, 2) => either(true, of(0), || of(1)),
        (operators::LOGICAL_NOT, 1) => truth(of(0)).map(|flag| Cel::Bool(!flag)),
        (operators::NOT_STRICTLY_FALSE, 1) => Ok(Cel::Bool(truth(of(0)).unwrap_or(true))),
        (operators::NEGATE, 1) => of(0).and_then(negative),
        (_, 2) => match (of(0), of(1)) {
            (Ok(left), Ok(right)) => binary(name, left, right),
            (Err(fault), _) | (_, Err(fault)) => Err(fault),
        },
        _ => Err(ExecutionError::NoSuchOverload),
    })
}

/// `&&` and `||`: what one side decides, a fault of the left one does not hide.
fn either(decides: bool, left: ResolveResult, right: impl Fn() -> ResolveResult) -> ResolveResult {
    let left = truth(left);
    if left == Ok(decides) {
        return Ok(Cel::Bool(decides));
    }
    let right = right()?;
    match (left, right) {
        (Ok(_), Cel::Bool(right)) => Ok(Cel::Bool(right)),
        (Err(_), Cel::Bool(right)) if right == decides => Ok(Cel::Bool(decides)),
        (Err(fault), _) => Err(fault),
        (Ok(_), _) => Err(ExecutionError::NoSuchOverload),
    }
}

fn negative(value: Cel) -> ResolveResult {
    match value {
        Cel::Int(number) => number
            .checked_neg()
            .map(Cel::Int)
            .ok_or(ExecutionError::NoSuchOverload),
        Cel::Float(number) => Ok(Cel::Float(-number)),
        _ => Err(ExecutionError::NoSuchOverload),
    }
}

fn binary(name: &str, left: Cel, right: Cel) -> ResolveResult {
    match name {
        operators::EQUALS => Ok(Cel::Bool(left == right)),
        operators::NOT_EQUALS => Ok(Cel::Bool(left != right)),
        operators::LESS => compared(left, right, Ordering::is_lt),
        operators::LESS_EQUALS => compared(left, right, Ordering::is_le),
        operators::GREATER => compared(left, right, Ordering::is_gt),
        operators::GREATER_EQUALS => compared(left, right, Ordering::is_ge),
        operators::IN => match right {
            Cel::List(items) => Ok(Cel::Bool(items.contains(&left))),
            Cel::Map(map) => {
                let key = KeyRef::try_from(&left).map_err(ExecutionError::UnsupportedKeyType)?;
                Ok(Cel::Bool(map.get(&key).is_some()))
            }
            _ => Err(ExecutionError::NoSuchOverload),
        },
        operators::INDEX => entry(&left, &right),
        operators::ADD => left + right,
        operators::SUBSTRACT => left - right,
        operators::MULTIPLY => left * right,
        operators::DIVIDE => left / right,
        operators::MODULO => left % right,
        _ => Err(ExecutionError::NoSuchOverload),
    }
}

fn compared(left: Cel, right: Cel, holds: impl Fn(Ordering) -> bool) -> ResolveResult {
    match left.partial_cmp(&right) {
        Some(order) => Ok(Cel::Bool(holds(order))),
        None => Err(ExecutionError::ValuesNotComparable(left, right)),
    }
}

/// An entry of a list or map.
fn entry(of: &Cel, index: &Cel) -> ResolveResult {
    match of {
        Cel::List(items) => {
            let place = match index {
                Cel::Int(number) => usize::try_from(*number).ok(),
                Cel::UInt(number) => usize::try_from(*number).ok(),
                _ => return Err(ExecutionError::UnsupportedListIndex(index.clone())),
            };
            let found = place.and_then(|place| items.get(place));
            found
                .cloned()
                .ok_or_else(|| ExecutionError::IndexOutOfBounds(index.clone()))
        }
        Cel::Map(map) => {
            let key = KeyRef::try_from(index).map_err(ExecutionError::UnsupportedKeyType)?;
            let missing = || match index {
                Cel::String(key) => ExecutionError::NoSuchKey(Arc::clone(key)),
                other => ExecutionError::no_such_key(&crate::data::shown(other)),
            };
            map.get(&key).cloned().ok_or_else(missing)
        }
        _ => Err(ExecutionError::NoSuchOverload),
    }
}

/// The entries that a macro goes through: those of a list, or the keys of a map,
/// sorted so that the first fault is always the same.
fn range(expression: &IdedExpr, scope: &Scope<'_>) -> Result<Arc<Vec<Cel>>, ExecutionError> {
    match evaluate(expression, scope)? {
        Cel::List(items) => Ok(items),
        Cel::Map(map) => {
            let mut keys: Vec<&Key> = map.map.keys().collect();
            keys.sort();
            Ok(Arc::new(keys.into_iter().map(Cel::from).collect()))
        }
        _ => Err(ExecutionError::NoSuchOverload),
    }
}

fn comprehended(comprehension: &ComprehensionExpr, scope: &Scope<'_>) -> ResolveResult {
    let items = range(&comprehension.iter_range, scope)?;
    let variable = comprehension.iter_var.as_str();
    let inner = |item: &Cel| scope.with(variable, item.clone());
    match macro_of(comprehension) {
        Macro::All(condition) => {
            for item in items.iter() {
                if !truth(evaluate(condition, &inner(item)))? {
                    return Ok(Cel::Bool(false));
                }
            }
            Ok(Cel::Bool(true))
        }
        Macro::Exists(condition) => {
            for item in items.iter() {
                if truth(evaluate(condition, &inner(item)))? {
                    return Ok(Cel::Bool(true));
                }
            }
            Ok(Cel::Bool(false))
        }
        Macro::One(condition) => {
            let mut n_found = 0;
            for item in items.iter() {
                n_found += usize::from(truth(evaluate(condition, &inner(item)))?);
            }
            Ok(Cel::Bool(n_found == 1))
        }
        Macro::Filter(condition) => {
            let mut kept = Vec::new();
            for item in items.iter() {
                if truth(evaluate(condition, &inner(item)))? {
                    kept.push(item.clone());
                }
            }
            Ok(Cel::List(Arc::new(kept)))
        }
        Macro::Map(value) => {
            let all = items.iter().map(|item| evaluate(value, &inner(item)));
            Ok(Cel::List(Arc::new(all.collect::<Result<_, _>>()?)))
        }
        Macro::Other => folded(comprehension, &items, scope),
    }
}

/// Any other macro, step by step.
fn folded(comprehension: &ComprehensionExpr, items: &[Cel], scope: &Scope<'_>) -> ResolveResult {
    let mut so_far = evaluate(&comprehension.accu_init, scope)?;
    for item in items {
        let outer = scope.with(&comprehension.accu_var, so_far.clone());
        if !truth(evaluate(&comprehension.loop_cond, &outer))? {
            break;
        }
        let inner = outer.with(&comprehension.iter_var, item.clone());
        so_far = evaluate(&comprehension.loop_step, &inner)?;
    }
    let scope = scope.with(&comprehension.accu_var, so_far);
    evaluate(&comprehension.result, &scope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;
    use kube_cel::cel::Program;

    /// The crate's interpreter and this one say the same, also of what is wrong.
    #[test]
    fn values_are_those_of_the_crate() {
        let scene = Scene {
            worlds: Arc::new(vec![Arc::new(World::new(Ok(Vec::new())))]),
            current: 0,
            known: Arc::default(),
            plain: Arc::default(),
        };
        for source in [
            "{'a': {'b': [1, 2]}}.a.b[1]",
            "has({'a': null}.a.b) || has({'a': 1}.b)",
            "{'a': 1}.b",
            "[1, 2][5]",
            "null.a",
            "1 / 0 > 1 || true",
            "1 / 0 > 1 && false",
            "false || 1 / 0 > 1",
            "'a' in {'a': 1} && 2 in [1, 2] && !('b' in {'a': 1})",
            "[1, 2, 3].all(x, x > 1) || [1, 2].exists(x, x == 2)",
            "[1, 2, 3].exists_one(x, x > 2)",
            "[1, 2, 3].filter(x, x > 1).map(x, x * 2)",
            "[1, 2, 3].map(x, x > 1, x * 2)",
            "{'b': 1}.all(key, key.startsWith('b'))",
            "[1].all(x, x.y)",
            "true ? 1 : 1 / 0",
            "-(3 - 5) % 2 == 0 && 7.5 / 2.5 >= 3.0",
            "'a,b'.split(',') + ['c'].reverse()",
            "'abc'.matches('^a.c$') && 'a1b2'.findAll('[0-9]') == ['1', '2']",
            "'aba'.replace('a', 'c') + string(1) + 'x'.size().string()",
            "[[1], [2]].flatten().sum() + [1, 1].distinct().size()",
            "math.greatest([1, 3, 2]) == 3 && sets.contains([1, 2], [1])",
            "quantity('1Gi').isGreaterThan(quantity('1Mi'))",
            "size([1]) + size({'a': 1}) + size('abc')",
            "'a' + 1",
            "nothing(1)",
        ] {
            let program = Program::compile(source).expect(source);
            let expected = Cel::resolve(program.expression(), &FOREIGN);
            let found = evaluate(program.expression(), &Scope::new(&scene));
            assert_eq!(found.is_ok(), expected.is_ok(), "{source}: {found:?}");
            if let (Ok(found), Ok(expected)) = (found, expected) {
                assert_eq!(found, expected, "{source}");
            }
        }
    }
}
