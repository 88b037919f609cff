//! Judges one expression: whether it is true, on what objects, and if not, why.

use crate::data::{entries, shown, to_json};
use crate::evaluate::{Scope, evaluate};
use crate::functions;
use crate::origin::{Bindings, Origin};
use crate::written::{Macro, macro_of, written};
use kube_cel::cel::common::ast::{Expr, IdedExpr, operators};
use kube_cel::cel::{ExecutionError, Program, Value as Cel};
use std::collections::BTreeSet;
use std::sync::Arc;
use taskspec_report::{Evidence, Fault};

/// Variables of every expression.
pub const VARIABLES: [&str; 5] = ["environment", "release", "namespace", "chart", "spec"];

/// Longest expression in bytes; the longest of the examples has 250.
const LONGEST: usize = 10_000;

/// Deepest nesting of brackets; each level takes some of the stack.
const DEEPEST: usize = 60;

/// What came of an expression.
#[derive(Debug, Clone, Default)]
pub struct Judgement {
    /// Parts that are true.
    pub evidence: Vec<Evidence>,
    /// Parts that are not; none if the expression holds.
    pub faults: Vec<Fault>,
}

/// A fault of the expression itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong.
    pub message: String,
    /// First byte in the expression.
    pub at: usize,
}

/// An expression that can be judged.
#[derive(Debug)]
pub struct Expression {
    program: Program,
}

impl Expression {
    /// Reads an expression. `variables` are those beyond [`VARIABLES`].
    ///
    /// # Errors
    /// If it is no CEL, or names what nobody knows.
    pub fn read(source: &str, variables: &[&str]) -> Result<Self, Unreadable> {
        bounded(source)?;
        let program = Program::compile(source).map_err(|found| {
            let first = found.errors.first();
            Unreadable {
                message: first.map_or_else(
                    || "it is no CEL".to_owned(),
                    |one| one.msg.trim_end_matches('.').to_owned(),
                ),
                at: first.map_or(0, |one| offset(source, one.pos)),
            }
        })?;
        let mut known: Vec<&str> = VARIABLES.to_vec();
        known.extend(variables);
        let mut strangers = Vec::new();
        names(program.expression(), &mut known, &mut strangers);
        match strangers.into_iter().next() {
            Some((name, message)) => Err(Unreadable {
                message,
                at: word(source, &name),
            }),
            None => Ok(Self { program }),
        }
    }

    /// Judges it in a scene. If `strict`, `all` over an empty list is a fault.
    pub fn judge(&self, scope: &Scope<'_>, bindings: &Bindings<'_>, strict: bool) -> Judgement {
        let judge = Judge {
            scope,
            bindings,
            strict,
        };
        let mut judgement = Judgement::default();
        judge.part(self.program.expression(), &mut judgement);
        judgement
    }

    /// Its value as text.
    ///
    /// # Errors
    /// What the interpreter says.
    pub fn text(&self, scope: &Scope<'_>) -> Result<String, String> {
        match evaluate(self.program.expression(), scope) {
            Ok(Cel::String(text)) => Ok(text.to_string()),
            Ok(other) => Ok(shown(&other)),
            Err(fault) => Err(said(&fault)),
        }
    }

    /// Its value as a list; entries of a map are maps with `key` and `value`.
    ///
    /// # Errors
    /// If it is none, or what the interpreter says.
    pub fn list(&self, scope: &Scope<'_>) -> Result<Arc<Vec<Cel>>, String> {
        match evaluate(self.program.expression(), scope) {
            Ok(Cel::List(items)) => Ok(items),
            Ok(Cel::Map(map)) => Ok(Arc::new(entries(&map))),
            Ok(other) => Err(format!("not a list: {}", shown(&other))),
            Err(fault) => Err(said(&fault)),
        }
    }

    /// Its value as true or false.
    ///
    /// # Errors
    /// If it is neither, or what the interpreter says.
    pub fn holds(&self, scope: &Scope<'_>) -> Result<bool, String> {
        match evaluate(self.program.expression(), scope) {
            Ok(Cel::Bool(flag)) => Ok(flag),
            Ok(other) => Err(format!("neither true nor false: {}", shown(&other))),
            Err(fault) => Err(said(&fault)),
        }
    }
}

/// Refuses what would exhaust the stack of the parser.
fn bounded(source: &str) -> Result<(), Unreadable> {
    if source.len() > LONGEST {
        return Err(Unreadable {
            message: format!("it has more than {LONGEST} bytes; make several checks of it"),
            at: 0,
        });
    }
    let mut depth = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    let mut signs = 0_usize;
    for (at, sign) in source.char_indices() {
        signs = if "!-?".contains(sign) {
            signs + 1
        } else if sign == ' ' {
            signs
        } else {
            0
        };
        match (quote, sign) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == sign => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(sign),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if quote.is_none() && (depth > DEEPEST || signs > DEEPEST) {
            return Err(Unreadable {
                message: format!("it is nested more than {DEEPEST} deep"),
                at,
            });
        }
    }
    Ok(())
}

/// Byte of a line and column, both from 1.
fn offset(source: &str, (line, column): (isize, isize)) -> usize {
    let line = usize::try_from(line).unwrap_or(1).max(1);
    let column = usize::try_from(column).unwrap_or(1).max(1);
    let before: usize = source
        .split_inclusive('\n')
        .take(line - 1)
        .map(str::len)
        .sum();
    let rest = source[before..].split('\n').next().unwrap_or_default();
    let inside = rest
        .char_indices()
        .nth(column - 1)
        .map_or(rest.len(), |(at, _)| at);
    before + inside
}

/// First place of a name as a whole word.
fn word(source: &str, name: &str) -> usize {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    source
        .match_indices(name)
        .find(|(at, _)| {
            let before = source[..*at].chars().next_back();
            let after = source[at + name.len()..].chars().next();
            !before.is_some_and(|c| part(c) || c == '\'' || c == '"') && !after.is_some_and(part)
        })
        .map_or(0, |(at, _)| at)
}

/// Collects names that nobody knows, each with a message.
fn names<'a>(
    expression: &'a IdedExpr,
    known: &mut Vec<&'a str>,
    strangers: &mut Vec<(String, String)>,
) {
    match &expression.expr {
        Expr::Ident(name) => {
            if !known.contains(&name.as_str()) {
                strangers.push((name.clone(), stranger(name)));
            }
        }
        Expr::Select(select) => names(&select.operand, known, strangers),
        Expr::List(list) => {
            for element in &list.elements {
                names(element, known, strangers);
            }
        }
        Expr::Call(call) => {
            let name = call.func_name.as_str();
            let mut whole = name.to_owned();
            if let Some(target) = &call.target {
                match &target.expr {
                    Expr::Ident(space) if functions::is_known(&format!("{space}.{name}")) => {
                        whole = format!("{space}.{name}");
                    }
                    _ => names(target, known, strangers),
                }
            }
            let is_operator = !name.starts_with(|c: char| c.is_ascii_alphabetic());
            if !is_operator && !functions::is_known(&whole) {
                let nearest = functions::nearest(&whole);
                let advice =
                    nearest.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                strangers.push((
                    name.to_owned(),
                    format!("there is no function `{whole}`{advice}"),
                ));
            }
            for argument in &call.args {
                names(argument, known, strangers);
            }
        }
        Expr::Comprehension(inner) => {
            names(&inner.iter_range, known, strangers);
            let before = known.len();
            known.push(&inner.iter_var);
            known.extend(inner.iter_var2.as_deref());
            known.push(&inner.accu_var);
            for part in [
                &inner.accu_init,
                &inner.loop_cond,
                &inner.loop_step,
                &inner.result,
            ] {
                names(part, known, strangers);
            }
            known.truncate(before);
        }
        Expr::Map(_) | Expr::Struct(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

fn stranger(name: &str) -> String {
    if functions::is_known(name) {
        return format!("`{name}` is a function: write {name}(…)");
    }
    format!("nobody knows `{name}`; text stands in quotes")
}

/// What the interpreter says, in words.
pub fn said(fault: &ExecutionError) -> String {
    match fault {
        ExecutionError::NoSuchKey(key) => format!("there is no `{key}`"),
        ExecutionError::FunctionError { message, .. } => message.clone(),
        ExecutionError::IndexOutOfBounds(index) => {
            format!("the list has no entry {}", shown(index))
        }
        ExecutionError::ValuesNotComparable(one, other) => {
            format!("{} cannot be compared with {}", shown(one), shown(other))
        }
        ExecutionError::UnsupportedBinaryOperator(_, one, other) => {
            format!("{} and {} do not go together", shown(one), shown(other))
        }
        other => other.to_string(),
    }
}

struct Judge<'a> {
    scope: &'a Scope<'a>,
    bindings: &'a Bindings<'a>,
    strict: bool,
}

impl Judge<'_> {
    /// Judges both sides of every `&&` for itself.
    fn part(&self, expression: &IdedExpr, into: &mut Judgement) {
        if let Expr::Call(call) = &expression.expr
            && call.func_name == operators::LOGICAL_AND
        {
            for side in &call.args {
                self.part(side, into);
            }
            return;
        }
        self.scope.scene().world().touched();
        let value = evaluate(expression, self.scope);
        let objects = self.scope.scene().world().touched();
        match value {
            Ok(Cel::Bool(true)) => match self.vacuous(expression) {
                Some(message) => into.faults.push(self.fault(expression, &objects, message)),
                None => self.prove(expression, &objects, into),
            },
            Ok(Cel::Bool(false)) => into.faults.push(self.why_false(expression, &objects)),
            Ok(other) => {
                let message = format!(
                    "{} is neither true nor false: {}",
                    written(expression),
                    shown(&other)
                );
                into.faults.push(self.fault(expression, &objects, message));
            }
            Err(fault) => {
                let message = format!("{}: {}", written(expression), said(&fault));
                let mut found = self.fault(expression, &objects, message);
                if let ExecutionError::NoSuchKey(_) = fault {
                    found.found = "missing".to_owned();
                }
                into.faults.push(found);
            }
        }
    }

    /// Where a part looks.
    fn origin(&self, expression: &IdedExpr) -> Option<Origin> {
        Origin::of(expression, self.scope, self.bindings)
    }

    fn prove(&self, expression: &IdedExpr, objects: &BTreeSet<String>, into: &mut Judgement) {
        let that = written(expression);
        let (found, _) = self.sides(expression);
        match self.origin(expression) {
            Some(origin) => into.evidence.push(Evidence {
                that,
                object: origin.object,
                path: origin.path,
                found,
            }),
            None if objects.is_empty() => into.evidence.push(Evidence {
                that,
                object: String::new(),
                path: String::new(),
                found,
            }),
            None => into.evidence.extend(objects.iter().map(|object| Evidence {
                that: that.clone(),
                object: object.clone(),
                path: String::new(),
                found: found.clone(),
            })),
        }
    }

    /// A fault with its place and the two sides.
    fn fault(&self, expression: &IdedExpr, objects: &BTreeSet<String>, message: String) -> Fault {
        let (found, expected) = self.sides(expression);
        let origin = self.origin(expression).unwrap_or_default();
        let alone = || match objects.len() {
            1 => objects.first().cloned().unwrap_or_default(),
            _ => String::new(),
        };
        Fault {
            message,
            object: if origin.object.is_empty() {
                alone()
            } else {
                origin.object
            },
            path: origin.path,
            found,
            expected,
        }
    }

    /// What the part found, and what it should have.
    fn sides(&self, expression: &IdedExpr) -> (String, String) {
        let value = |part: &IdedExpr| {
            evaluate(part, self.scope).map_or_else(|fault| said(&fault), |value| shown(&value))
        };
        match &expression.expr {
            Expr::Select(select) if select.test => {
                let there = evaluate(expression, self.scope);
                let word = match there {
                    Ok(Cel::Bool(true)) => "there",
                    _ => "missing",
                };
                (word.to_owned(), "there".to_owned())
            }
            Expr::Call(call) => {
                let word = match call.func_name.as_str() {
                    operators::EQUALS => "",
                    operators::NOT_EQUALS => "not ",
                    operators::GREATER_EQUALS => "at least ",
                    operators::LESS_EQUALS => "at most ",
                    operators::GREATER => "more than ",
                    operators::LESS => "less than ",
                    operators::IN => "one of ",
                    operators::LOGICAL_NOT => {
                        let inner = call.args.first();
                        let test = inner.is_some_and(
                            |inner| matches!(&inner.expr, Expr::Select(select) if select.test),
                        );
                        return match (test, inner) {
                            (true, Some(inner)) => (self.sides(inner).0, "missing".to_owned()),
                            _ => Default::default(),
                        };
                    }
                    _ => return Default::default(),
                };
                let [left, right] = call.args.as_slice() else {
                    return Default::default();
                };
                let expected = evaluate(right, self.scope);
                let expected =
                    expected.map_or_else(|_| String::new(), |one| format!("{word}{}", shown(&one)));
                (value(left), expected)
            }
            _ => Default::default(),
        }
    }

    /// `all` over nothing proves nothing.
    fn vacuous(&self, expression: &IdedExpr) -> Option<String> {
        let Expr::Comprehension(comprehension) = &expression.expr else {
            return None;
        };
        if !self.strict || !matches!(macro_of(comprehension), Macro::All(_)) {
            return None;
        }
        match evaluate(&comprehension.iter_range, self.scope) {
            Ok(Cel::List(items)) if items.is_empty() => Some(format!(
                "there is nothing to judge: {} is empty",
                written(&comprehension.iter_range)
            )),
            _ => None,
        }
    }

    /// Why a part is false, where more can be said than its two sides.
    fn why_false(&self, expression: &IdedExpr, objects: &BTreeSet<String>) -> Fault {
        let that = written(expression);
        let message = match &expression.expr {
            Expr::Call(call) if call.func_name == operators::LOGICAL_NOT => call
                .args
                .first()
                .map(|inner| format!("{} is true", written(inner)))
                .unwrap_or_default(),
            Expr::Call(call) if call.func_name == "has" && call.args.len() == 2 => {
                let text = |index: usize| match evaluate(&call.args[index], self.scope) {
                    Ok(Cel::String(text)) => text.to_string(),
                    _ => String::new(),
                };
                let found = self.scope.scene().world().one(&text(0), &text(1));
                found.err().unwrap_or_default()
            }
            Expr::Call(call) if call.func_name == operators::LOGICAL_OR => {
                let parts: Vec<String> = call.args.iter().map(written).collect();
                format!("none is true: {}", parts.join("; "))
            }
            Expr::Comprehension(comprehension) => match macro_of(comprehension) {
                Macro::All(condition) => {
                    let (range, variable) = (&comprehension.iter_range, &comprehension.iter_var);
                    return self
                        .first_fault(range, variable, condition)
                        .unwrap_or_else(|| {
                            self.fault(expression, objects, format!("{that} is false"))
                        });
                }
                _ => format!("no entry does: {that}"),
            },
            _ => String::new(),
        };
        let mut fault = self.fault(expression, objects, message);
        if fault.message.is_empty() {
            fault.message = if fault.expected.is_empty() {
                format!("{that} is false")
            } else {
                that
            };
        }
        fault
    }

    /// The first entry for which `all` is false, and what is false of it.
    fn first_fault(&self, range: &IdedExpr, variable: &str, condition: &IdedExpr) -> Option<Fault> {
        let Ok(Cel::List(items)) = evaluate(range, self.scope) else {
            return None;
        };
        let list = self.origin(range);
        for (index, item) in items.iter().enumerate() {
            let inner = self.scope.with(variable, item.clone());
            let origin = Origin::of_value(item)
                .or_else(|| Some(list.clone()?.entry(index)))
                .unwrap_or_default();
            let bindings = self.bindings.with(variable, origin);
            let judge = Judge {
                scope: &inner,
                bindings: &bindings,
                strict: self.strict,
            };
            let mut judgement = Judgement::default();
            judge.part(condition, &mut judgement);
            if let Some(mut fault) = judgement.faults.into_iter().next() {
                if fault.object.is_empty() {
                    let name = to_json(item);
                    let name = name["metadata"]["name"].as_str().or(name["name"].as_str());
                    let name = name.map_or_else(|| shown(item), str::to_owned);
                    fault.message = format!("{name}: {}", fault.message);
                }
                return Some(fault);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(source: &str) -> Unreadable {
        Expression::read(source, &[]).expect_err(source)
    }

    #[test]
    fn faults_name_their_place() {
        assert_eq!(refused("workload('a').replicas = 3").at, 23);
        let name = refused("workload(agent).replicas == 3");
        assert_eq!((name.at, name.message.contains("quotes")), (9, true));
        let call = refused("1 == 1 &&\n worklod('a').replicas == 3");
        assert_eq!(call.at, 11);
        assert!(
            call.message.contains("did you mean `workload`?"),
            "{}",
            call.message
        );
        assert!(refused("object == 1").message.contains("write object(…)"));
        assert_eq!(refused("").at, 0);
    }

    #[test]
    fn hostile_expressions_are_refused() {
        for source in [
            "(".repeat(5000),
            "[".repeat(100) + &"]".repeat(100),
            "!".repeat(9000) + "true",
            "a".repeat(LONGEST + 1),
        ] {
            assert!(Expression::read(&source, &[]).is_err());
        }
    }

    #[test]
    fn macros_bring_their_own_names() {
        for source in [
            "objects('A').all(o, o.metadata.name == 'x')",
            "objects('A').exists(o, o.spec.map(p, p.x).size() == 1) && sets.contains([1], [1])",
            "math.greatest([1, 2]) == 2 && given.x == 1",
        ] {
            assert!(Expression::read(source, &["given"]).is_ok(), "{source}");
        }
    }
}
