//! Parts of expressions, and the values in them.

use crate::cel::{Binary, Expression, Literal, Node};
use serde_json::{Value, json};

/// Both sides of every `&&`, for themselves.
pub(super) fn conjuncts<'n>(node: &'n Node, into: &mut Vec<&'n Node>) {
    match &node.expression {
        Expression::Binary(Binary::And, left, right) => {
            conjuncts(left, into);
            conjuncts(right, into);
        }
        _ => into.push(node),
    }
}

pub(super) fn name_of(node: &Node) -> Option<&str> {
    match &node.expression {
        Expression::Name(name) => Some(name),
        _ => None,
    }
}

pub(super) fn text(node: &Node) -> Option<&str> {
    match &node.expression {
        Expression::Literal(Literal::Text(text)) => Some(text),
        _ => None,
    }
}

/// A value that both languages compare alike. Fractions are not: 1.0 is 1 in CEL
/// only. Nor are texts of several lines, in which helm-unittest drops spaces.
pub(super) fn literal(node: &Node) -> Option<Value> {
    match &node.expression {
        Expression::Literal(Literal::Text(text)) if !text.contains('\n') => Some(json!(text)),
        Expression::Literal(Literal::Int(number)) => Some(json!(number)),
        Expression::Literal(Literal::Uint(number)) => Some(json!(i64::try_from(*number).ok()?)),
        Expression::Literal(Literal::Bool(flag)) => Some(json!(flag)),
        Expression::List(items) => {
            let items: Option<Vec<Value>> = items.iter().map(literal).collect();
            items.map(Value::Array)
        }
        _ => None,
    }
}

/// Text as a regular expression that finds just it.
pub(super) fn literal_pattern(text: &str) -> Option<String> {
    if text.is_empty() || text.contains(char::is_control) {
        return None;
    }
    let mut pattern = String::with_capacity(text.len());
    for sign in text.chars() {
        if "\\.+*?()|[]{}^$".contains(sign) {
            pattern.push('\\');
        }
        pattern.push(sign);
    }
    Some(pattern)
}

/// An expression with a value in the place of a name; nothing if something in it
/// gives the name another meaning.
pub(super) fn replaced(node: &Node, name: &str, value: &Node) -> Option<Node> {
    let inner = |node: &Node| replaced(node, name, value);
    let boxed = |node: &Node| inner(node).map(Box::new);
    let all = |nodes: &[Node]| nodes.iter().map(inner).collect::<Option<Vec<Node>>>();
    let expression = match &node.expression {
        Expression::Name(found) if found == name => return Some(value.clone()),
        same @ (Expression::Name(_) | Expression::Literal(_)) => same.clone(),
        Expression::Select(of, field) => Expression::Select(boxed(of)?, field.clone()),
        Expression::Index(of, index) => Expression::Index(boxed(of)?, boxed(index)?),
        Expression::Call(target, function, arguments) => {
            let bound = target.is_some() && arguments.first().and_then(name_of) == Some(name);
            if bound {
                return None;
            }
            let target = match target {
                Some(target) => Some(boxed(target)?),
                None => None,
            };
            Expression::Call(target, function.clone(), all(arguments)?)
        }
        Expression::List(items) => Expression::List(all(items)?),
        Expression::Unary(operator, of) => Expression::Unary(*operator, boxed(of)?),
        Expression::Binary(operator, left, right) => {
            Expression::Binary(*operator, boxed(left)?, boxed(right)?)
        }
        Expression::Choice(_) | Expression::Map(_) | Expression::Message(..) => return None,
    };
    Some(Node {
        expression,
        at: node.at.clone(),
    })
}
