//! Expressions as text.

use kube_cel::cel::common::ast::{
    CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators,
};

/// A macro that the parser has unfolded, with the condition or value it had.
pub enum Macro<'a> {
    /// `all`
    All(&'a IdedExpr),
    /// `exists`
    Exists(&'a IdedExpr),
    /// `exists_one`
    One(&'a IdedExpr),
    /// `filter`
    Filter(&'a IdedExpr),
    /// `map`
    Map(&'a IdedExpr),
    /// Another one.
    Other,
}

/// Which macro a comprehension was.
pub fn macro_of(comprehension: &ComprehensionExpr) -> Macro<'_> {
    let Expr::Call(step) = &comprehension.loop_step.expr else {
        return Macro::Other;
    };
    let Some(first) = step.args.first() else {
        return Macro::Other;
    };
    let last = step.args.last().unwrap_or(first);
    match (&comprehension.accu_init.expr, step.func_name.as_str()) {
        (Expr::Literal(LiteralValue::Boolean(_)), operators::LOGICAL_AND) => Macro::All(last),
        (Expr::Literal(LiteralValue::Boolean(_)), operators::LOGICAL_OR) => Macro::Exists(last),
        (Expr::Literal(LiteralValue::Int(_)), operators::CONDITIONAL) => Macro::One(first),
        (Expr::List(_), operators::CONDITIONAL) if keeps_entries(comprehension, step) => {
            Macro::Filter(first)
        }
        (Expr::List(_), operators::ADD) => match &last.expr {
            Expr::List(list) => list.elements.first().map_or(Macro::Other, Macro::Map),
            _ => Macro::Other,
        },
        _ => Macro::Other,
    }
}

/// Whether a step adds the entry itself; `map` with a condition adds something else.
fn keeps_entries(comprehension: &ComprehensionExpr, step: &CallExpr) -> bool {
    let added = step.args.get(1).map(|sum| &sum.expr);
    let Some(Expr::Call(sum)) = added else {
        return false;
    };
    let Some(Expr::List(list)) = sum.args.last().map(|one| &one.expr) else {
        return false;
    };
    let entry = list.elements.first().map(|one| &one.expr);
    matches!(entry, Some(Expr::Ident(name)) if *name == comprehension.iter_var)
}

/// An expression as text, without needless brackets.
pub fn written(expression: &IdedExpr) -> String {
    at(expression, 0)
}

/// How strongly an operator binds; 0 is weakest.
fn strength(name: &str) -> u8 {
    match name {
        operators::CONDITIONAL => 1,
        operators::LOGICAL_OR => 2,
        operators::LOGICAL_AND => 3,
        operators::EQUALS
        | operators::NOT_EQUALS
        | operators::GREATER
        | operators::GREATER_EQUALS
        | operators::LESS
        | operators::LESS_EQUALS
        | operators::IN => 4,
        operators::ADD | operators::SUBSTRACT => 5,
        operators::MULTIPLY | operators::DIVIDE | operators::MODULO => 6,
        operators::LOGICAL_NOT | operators::NEGATE => 7,
        _ => 8,
    }
}

/// As text where at least an operator of `outer` strength needs no brackets.
fn at(expression: &IdedExpr, outer: u8) -> String {
    match &expression.expr {
        Expr::Ident(name) => name.clone(),
        Expr::Literal(literal) => match literal {
            LiteralValue::String(text) => quoted(text.inner()),
            LiteralValue::Boolean(flag) => flag.inner().to_string(),
            LiteralValue::Int(number) => number.inner().to_string(),
            LiteralValue::UInt(number) => format!("{}u", number.inner()),
            LiteralValue::Double(number) => number.inner().to_string(),
            LiteralValue::Null => "null".to_owned(),
            LiteralValue::Bytes(_) => "b'…'".to_owned(),
        },
        Expr::List(list) => format!("[{}]", joined(&list.elements)),
        Expr::Select(select) if select.test => {
            format!("has({}.{})", at(&select.operand, 8), select.field)
        }
        Expr::Select(select) => format!("{}.{}", at(&select.operand, 8), select.field),
        Expr::Comprehension(comprehension) => {
            let range = at(&comprehension.iter_range, 8);
            let (name, inner) = match macro_of(comprehension) {
                Macro::All(inner) => ("all", inner),
                Macro::Exists(inner) => ("exists", inner),
                Macro::One(inner) => ("exists_one", inner),
                Macro::Filter(inner) => ("filter", inner),
                Macro::Map(inner) => ("map", inner),
                Macro::Other => return format!("{range}.(…)"),
            };
            format!(
                "{range}.{name}({}, {})",
                comprehension.iter_var,
                written(inner)
            )
        }
        Expr::Call(call) => {
            let name = call.func_name.as_str();
            let own = strength(name);
            let text = match (name, call.args.as_slice()) {
                (operators::INDEX, [of, index]) => format!("{}[{}]", at(of, 8), written(index)),
                (operators::LOGICAL_NOT, [inner]) => format!("!{}", at(inner, own)),
                (operators::NEGATE, [inner]) => format!("-{}", at(inner, own)),
                (operators::CONDITIONAL, [when, one, other]) => {
                    format!("{} ? {} : {}", at(when, 2), at(one, 2), at(other, 1))
                }
                (_, [left, right]) if own < 8 => {
                    let sign = if name == operators::IN {
                        "in"
                    } else {
                        name.trim_matches('_')
                    };
                    format!("{} {sign} {}", at(left, own), at(right, own + 1))
                }
                (_, arguments) => match &call.target {
                    Some(target) => format!("{}.{name}({})", at(target, 8), joined(arguments)),
                    None => format!("{name}({})", joined(arguments)),
                },
            };
            if own < outer {
                format!("({text})")
            } else {
                text
            }
        }
        Expr::Map(_) | Expr::Struct(_) => "{…}".to_owned(),
        Expr::Unspecified => String::new(),
    }
}

fn joined(expressions: &[IdedExpr]) -> String {
    let all: Vec<String> = expressions.iter().map(written).collect();
    all.join(", ")
}

fn quoted(text: &str) -> String {
    format!(
        "'{}'",
        text.replace('\\', "\\\\")
            .replace('\'', "\\'")
            .replace('\n', "\\n")
    )
}

#[cfg(test)]
mod tests {
    use super::written;
    use kube_cel::cel::Program;

    #[test]
    fn what_was_read_is_written() {
        for source in [
            "workload('a').replicas == 3",
            "has('Job', 'migrate') && !has(a.b.c)",
            "objects('A').all(o, o.x == 'it\\'s' || o.y in [1, 2u, -3, 1.5])",
            "x.exists(e, has(e.ports) && e.ports.exists_one(p, p.port == 1))",
            "x.filter(e, e > 1).map(e, e * (e + 1)).size() >= 1",
            "(a || b) && c",
            "a ? b : c ? d : e",
            "a['b/c'][0] == null",
            "!(a == b)",
            "sets.contains([1], [2])",
            "a - (b - c) < 'x'.size()",
        ] {
            let program = Program::compile(source).unwrap();
            assert_eq!(written(program.expression()), source);
        }
    }
}
