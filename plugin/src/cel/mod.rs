//! Reads expressions of CEL as a tree: what the checks of criteria are written in.
//!
//! Takes text, gives a tree whose nodes know their place, or the byte where it
//! stops being CEL. Never judges and never panics. Macros are method calls here,
//! and words that CEL reserves are names, as the verifier has it. The verifier has the whole language; it is too big for a
//! compiler that only has to recognise some forms.

mod token;

use std::ops::Range;
use token::{Lexer, Token};

/// Longest expression in bytes, as the verifier takes it.
const LONGEST: usize = 10_000;

/// Deepest nesting: each level takes some of the stack. The verifier takes 60
/// brackets, and the outermost expression has none.
const DEEPEST: usize = 61;

/// Most links of a chain such as `a.b.c` or `a + b + c`, which is a tree of that depth.
const CHAINED: usize = 500;

/// An expression with its place in the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub expression: Expression,
    /// Its bytes in the text.
    pub at: Range<usize>,
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A value as it stands.
    Literal(Literal),
    /// A name.
    Name(String),
    /// `of.field`.
    Select(Box<Node>, String),
    /// `of[index]`.
    Index(Box<Node>, Box<Node>),
    /// `name(…)`, or `target.name(…)`.
    Call(Option<Box<Node>>, String, Vec<Node>),
    /// `[…]`.
    List(Vec<Node>),
    /// `{key: value}`.
    Map(Vec<(Node, Node)>),
    /// `type.name{field: value}`.
    Message(String, Vec<(String, Node)>),
    /// `!x` or `-x`.
    Unary(Unary, Box<Node>),
    /// `x + y` and its like.
    Binary(Binary, Box<Node>, Box<Node>),
    /// `x ? y : z`.
    Choice(Box<[Node; 3]>),
}

/// A value as it stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// `1`
    Int(i64),
    /// `1u`
    Uint(u64),
    /// `1.0`
    Double(f64),
    /// `'text'`
    Text(String),
    /// `b'bytes'`
    Bytes(Vec<u8>),
}

/// An operator before its operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unary {
    /// `!`
    Not,
    /// `-`
    Minus,
}

/// An operator between its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `in`
    In,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    By,
    /// `%`
    Rest,
}

impl Binary {
    /// How tightly it holds its operands.
    fn strength(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal
            | Self::NotEqual
            | Self::Less
            | Self::LessEqual
            | Self::Greater
            | Self::GreaterEqual
            | Self::In => 3,
            Self::Plus | Self::Minus => 4,
            Self::Times | Self::By | Self::Rest => 5,
        }
    }
}

/// Why a text is no expression: the first byte that does not belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable(pub usize);

/// Reads an expression.
///
/// # Errors
/// If the text is no CEL, or too long or too deep.
pub fn read(text: &str) -> Result<Node, Unreadable> {
    if text.len() > LONGEST {
        return Err(Unreadable(LONGEST));
    }
    let tokens = Lexer::new(text).all()?;
    let mut reader = Reader {
        tokens,
        next: 0,
        depth: 0,
        end: text.len(),
    };
    let node = reader.expression()?;
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.lost()),
    }
}

struct Reader {
    tokens: Vec<(Token, Range<usize>)>,
    next: usize,
    depth: usize,
    end: usize,
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(token, _)| token)
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(known)) if *known == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        self.next += usize::from(found);
        found
    }

    fn need(&mut self, sign: &str) -> Result<(), Unreadable> {
        if self.take(sign) {
            Ok(())
        } else {
            Err(self.lost())
        }
    }

    fn lost(&self) -> Unreadable {
        Unreadable(self.start())
    }

    /// First byte of what comes next.
    fn start(&self) -> usize {
        self.tokens
            .get(self.next)
            .map_or(self.end, |(_, at)| at.start)
    }

    /// A node from a byte to the end of what was taken last.
    fn node(&self, start: usize, expression: Expression) -> Node {
        let last = self
            .next
            .checked_sub(1)
            .and_then(|last| self.tokens.get(last));
        let end = last.map_or(start, |(_, at)| at.end);
        Node {
            expression,
            at: start..end,
        }
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<T, Unreadable> {
        if self.depth >= DEEPEST {
            return Err(self.lost());
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    fn expression(&mut self) -> Result<Node, Unreadable> {
        self.deeper(|reader| {
            let start = reader.start();
            let condition = reader.binary(1)?;
            if !reader.take("?") {
                return Ok(condition);
            }
            let yes = reader.binary(1)?;
            reader.need(":")?;
            let no = reader.expression()?;
            let parts = Box::new([condition, yes, no]);
            Ok(reader.node(start, Expression::Choice(parts)))
        })
    }

    /// Operators that hold at least as tightly as `strength`, all to the left.
    fn binary(&mut self, strength: u8) -> Result<Node, Unreadable> {
        let start = self.start();
        let mut left = self.unary()?;
        for _ in 0..CHAINED {
            let Some(operator) = self.operator().filter(|one| one.strength() >= strength) else {
                return Ok(left);
            };
            self.next += 1;
            let right = self.binary(operator.strength() + 1)?;
            let both = Expression::Binary(operator, Box::new(left), Box::new(right));
            left = self.node(start, both);
        }
        Err(self.lost())
    }

    fn operator(&self) -> Option<Binary> {
        let Some(Token::Sign(sign)) = self.peek() else {
            return None;
        };
        Some(match *sign {
            "||" => Binary::Or,
            "&&" => Binary::And,
            "==" => Binary::Equal,
            "!=" => Binary::NotEqual,
            "<" => Binary::Less,
            "<=" => Binary::LessEqual,
            ">" => Binary::Greater,
            ">=" => Binary::GreaterEqual,
            "in" => Binary::In,
            "+" => Binary::Plus,
            "-" => Binary::Minus,
            "*" => Binary::Times,
            "/" => Binary::By,
            "%" => Binary::Rest,
            _ => return None,
        })
    }

    /// `!` and `-`, each repeated but never mixed, as the grammar has it.
    fn unary(&mut self) -> Result<Node, Unreadable> {
        for (sign, operator) in [("!", Unary::Not), ("-", Unary::Minus)] {
            let mut starts = Vec::new();
            while self.is(sign) {
                if starts.len() >= DEEPEST {
                    return Err(self.lost());
                }
                starts.push(self.start());
                self.next += 1;
            }
            if starts.is_empty() {
                continue;
            }
            let mut node = match (operator, self.negative()) {
                (Unary::Minus, Some(number)) => {
                    let start = starts.pop().unwrap_or_default();
                    let number = self.node(start, Expression::Literal(number));
                    self.member(number)?
                }
                _ => self.primary_and_members()?,
            };
            for start in starts.into_iter().rev() {
                node = self.node(start, Expression::Unary(operator, Box::new(node)));
            }
            return Ok(node);
        }
        self.primary_and_members()
    }

    /// Takes a number that a minus stands before, as the negative one.
    fn negative(&mut self) -> Option<Literal> {
        let number = match self.peek()? {
            Token::Digits(number) => Literal::Int(0_i64.checked_sub_unsigned(*number)?),
            Token::Literal(Literal::Double(number)) => Literal::Double(-number),
            _ => return None,
        };
        self.next += 1;
        Some(number)
    }

    fn primary_and_members(&mut self) -> Result<Node, Unreadable> {
        let first = self.primary()?;
        self.member(first)
    }

    /// What follows a primary: fields, calls and indices.
    fn member(&mut self, first: Node) -> Result<Node, Unreadable> {
        let start = first.at.start;
        let mut node = first;
        for _ in 0..CHAINED {
            let expression = if self.take(".") {
                let (name, quoted) = match self.peek() {
                    Some(Token::Name(name)) => (name.clone(), false),
                    Some(Token::Quoted(name)) => (name.clone(), true),
                    _ => return Err(self.lost()),
                };
                self.next += 1;
                if !quoted && self.take("(") {
                    let arguments = self.list(")")?;
                    if is_wrong_macro(true, &name, &arguments) {
                        return Err(Unreadable(start));
                    }
                    Expression::Call(Some(Box::new(node)), name, arguments)
                } else {
                    Expression::Select(Box::new(node), name)
                }
            } else if self.take("[") {
                let index = self.expression()?;
                self.need("]")?;
                Expression::Index(Box::new(node), Box::new(index))
            } else if self.is("{")
                && let Some(name) = dotted(&node)
            {
                self.next += 1;
                Expression::Message(name, self.several("}", Self::assignment)?)
            } else {
                return Ok(node);
            };
            node = self.node(start, expression);
        }
        Err(self.lost())
    }

    fn primary(&mut self) -> Result<Node, Unreadable> {
        let start = self.start();
        if self.take("(") {
            let inner = self.expression()?;
            self.need(")")?;
            return Ok(self.node(start, inner.expression));
        }
        if self.take("[") {
            let items = self.several("]", Self::expression)?;
            return Ok(self.node(start, Expression::List(items)));
        }
        if self.take("{") {
            let entries = self.several("}", Self::entry)?;
            return Ok(self.node(start, Expression::Map(entries)));
        }
        let rooted = self.take(".");
        let token = self.peek().cloned().ok_or(self.lost())?;
        let expression = match token {
            Token::Literal(literal) if !rooted => Expression::Literal(literal),
            Token::Digits(number) if !rooted => {
                let number = i64::try_from(number).map_err(|_| self.lost())?;
                Expression::Literal(Literal::Int(number))
            }
            Token::Name(name) => {
                self.next += 1;
                if self.take("(") {
                    let arguments = self.list(")")?;
                    if is_wrong_macro(false, &name, &arguments) {
                        return Err(Unreadable(start));
                    }
                    return Ok(self.node(start, Expression::Call(None, name, arguments)));
                }
                return Ok(self.node(start, Expression::Name(name)));
            }
            _ => return Err(self.lost()),
        };
        self.next += 1;
        Ok(self.node(start, expression))
    }

    /// Arguments up to a sign, without a comma before it.
    fn list(&mut self, end: &str) -> Result<Vec<Node>, Unreadable> {
        let mut items = Vec::new();
        if self.take(end) {
            return Ok(items);
        }
        loop {
            items.push(self.expression()?);
            if self.take(end) {
                return Ok(items);
            }
            self.need(",")?;
        }
    }

    /// Items up to a sign, perhaps with a comma before it: even without an item.
    fn several<T>(
        &mut self,
        end: &str,
        mut item: impl FnMut(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<Vec<T>, Unreadable> {
        let mut items = Vec::new();
        while !(self.is(end) || items.is_empty() && self.is(",")) {
            items.push(item(self)?);
            if !self.is(",") {
                break;
            }
            self.next += 1;
            if self.is(end) {
                break;
            }
        }
        if items.is_empty() {
            self.take(",");
        }
        self.need(end)?;
        Ok(items)
    }

    fn entry(&mut self) -> Result<(Node, Node), Unreadable> {
        let key = self.expression()?;
        self.need(":")?;
        Ok((key, self.expression()?))
    }

    fn assignment(&mut self) -> Result<(String, Node), Unreadable> {
        let (Some(Token::Name(name)) | Some(Token::Quoted(name))) = self.peek().cloned() else {
            return Err(self.lost());
        };
        self.next += 1;
        self.need(":")?;
        Ok((name, self.expression()?))
    }
}

/// Whether a call is a macro that is given what it cannot take: `has` a field,
/// the others a name first.
fn is_wrong_macro(target: bool, name: &str, arguments: &[Node]) -> bool {
    let first = arguments.first().map(|node| &node.expression);
    match (target, name, arguments.len()) {
        (false, "has", 1) => !matches!(first, Some(Expression::Select(..))),
        (true, "all" | "exists" | "exists_one" | "filter" | "map", 2) | (true, "map", 3) => {
            !matches!(first, Some(Expression::Name(_)))
        }
        _ => false,
    }
}

/// A name with dots, as the type of a message is written.
fn dotted(node: &Node) -> Option<String> {
    match &node.expression {
        Expression::Name(name) => Some(name.clone()),
        Expression::Select(of, field) => Some(format!("{}.{field}", dotted(of)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
