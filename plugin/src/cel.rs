//! Reads expressions of CEL as a tree: what the checks of criteria are written in.
//!
//! Takes text, gives a tree whose nodes know their place, or the byte where it
//! stops being CEL. Never judges and never panics. Macros are method calls here,
//! and words that CEL reserves are names, as the verifier has it. The verifier has the whole language; it is too big for a
//! compiler that only has to recognise some forms.

use std::ops::Range;

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
    let tokens = Lexer { text, at: 0 }.all()?;
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

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name(String),
    /// A field in backticks.
    Quoted(String),
    Literal(Literal),
    /// A whole number: its digits may only fit with a minus before them.
    Digits(u64),
    Sign(&'static str),
}

/// Signs, the longer ones first.
const SIGNS: &[&str] = &[
    "||", "&&", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",",
    "(", ")", "[", "]", "{", "}",
];

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn all(mut self) -> Result<Vec<(Token, Range<usize>)>, Unreadable> {
        let mut tokens = Vec::new();
        loop {
            self.skip();
            let start = self.at;
            let Some(first) = self.rest().chars().next() else {
                return Ok(tokens);
            };
            let token = self.token(first)?;
            tokens.push((token, start..self.at));
        }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Takes the bytes for which a test holds.
    fn while_(&mut self, test: impl Fn(u8) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.bytes().take_while(|byte| test(*byte)).count();
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn skip(&mut self) {
        loop {
            self.while_(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c));
            if !self.rest().starts_with("//") {
                return;
            }
            self.while_(|byte| byte != b'\n');
        }
    }

    fn token(&mut self, first: char) -> Result<Token, Unreadable> {
        let rest = self.rest();
        let second = rest.as_bytes().get(1).copied().unwrap_or_default();
        if first.is_ascii_digit() || (first == '.' && second.is_ascii_digit()) {
            return self.number();
        }
        if let Some((raw, bytes, quote)) = opening(rest) {
            self.at += quote;
            return self.quoted(raw, bytes);
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let word = self.while_(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            return Ok(match word {
                "true" => Token::Literal(Literal::Bool(true)),
                "false" => Token::Literal(Literal::Bool(false)),
                "null" => Token::Literal(Literal::Null),
                "in" => Token::Sign("in"),
                word => Token::Name(word.to_owned()),
            });
        }
        if first == '`' {
            return self.field();
        }
        let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
        let sign = sign.ok_or(Unreadable(self.at))?;
        self.at += sign.len();
        Ok(Token::Sign(sign))
    }

    /// A field's name in backticks.
    fn field(&mut self) -> Result<Token, Unreadable> {
        let start = self.at;
        self.at += 1;
        let name = self.while_(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/' | b' ')
        });
        if name.is_empty() || !self.rest().starts_with('`') {
            return Err(Unreadable(start));
        }
        self.at += 1;
        Ok(Token::Quoted(name.to_owned()))
    }

    fn number(&mut self) -> Result<Token, Unreadable> {
        let start = self.at;
        let wrong = Unreadable(start);
        let rest = self.rest();
        if rest.starts_with("0x") {
            self.at += 2;
            let digits = self.while_(|byte| byte.is_ascii_hexdigit());
            let number = u64::from_str_radix(digits, 16).map_err(|_| wrong)?;
            return self.whole(number);
        }
        self.while_(|byte| byte.is_ascii_digit());
        let mut fraction = false;
        let bytes = self.rest().as_bytes();
        if bytes.first() == Some(&b'.') && bytes.get(1).is_some_and(u8::is_ascii_digit) {
            fraction = true;
            self.at += 1;
            self.while_(|byte| byte.is_ascii_digit());
        }
        let bytes = self.rest().as_bytes();
        if matches!(bytes.first(), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(1), Some(b'+' | b'-')));
            if bytes.get(1 + sign).is_some_and(u8::is_ascii_digit) {
                fraction = true;
                self.at += 1 + sign;
                self.while_(|byte| byte.is_ascii_digit());
            }
        }
        let written = self.text.get(start..self.at).unwrap_or_default();
        if fraction {
            let number: f64 = written.parse().map_err(|_| wrong)?;
            return Ok(Token::Literal(Literal::Double(number)));
        }
        let number: u64 = written.parse().map_err(|_| wrong)?;
        self.whole(number)
    }

    fn whole(&mut self, number: u64) -> Result<Token, Unreadable> {
        if self.rest().starts_with(['u', 'U']) {
            self.at += 1;
            return Ok(Token::Literal(Literal::Uint(number)));
        }
        Ok(Token::Digits(number))
    }

    /// A text whose prefix is read already.
    fn quoted(&mut self, raw: bool, bytes: bool) -> Result<Token, Unreadable> {
        let start = self.at;
        let rest = self.rest();
        let quote = rest.chars().next().unwrap_or('\'');
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        let long = rest.starts_with(&triple);
        let end = if long { triple } else { quote.to_string() };
        self.at += end.len();
        let mut out: Vec<u8> = Vec::new();
        loop {
            let rest = self.rest();
            if rest.starts_with(&end) {
                self.at += end.len();
                break;
            }
            let Some(sign) = rest.chars().next() else {
                return Err(Unreadable(start));
            };
            if !long && matches!(sign, '\n' | '\r') {
                return Err(Unreadable(self.at));
            }
            if sign == '\\' && !raw {
                self.escape(bytes, &mut out)?;
            } else {
                self.at += sign.len_utf8();
                out.extend(sign.encode_utf8(&mut [0; 4]).bytes());
            }
        }
        if bytes {
            return Ok(Token::Literal(Literal::Bytes(out)));
        }
        match String::from_utf8(out) {
            Ok(text) => Ok(Token::Literal(Literal::Text(text))),
            Err(_) => Err(Unreadable(start)),
        }
    }

    /// What a backslash and the signs after it stand for.
    fn escape(&mut self, bytes: bool, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let wrong = Unreadable(self.at);
        let kind = self.rest().as_bytes().get(1).copied().ok_or(wrong)?;
        let simple = match kind {
            b'a' => Some(0x07),
            b'b' => Some(0x08),
            b'f' => Some(0x0c),
            b'n' => Some(b'\n'),
            b'r' => Some(b'\r'),
            b't' => Some(b'\t'),
            b'v' => Some(0x0b),
            b'\\' | b'?' | b'"' | b'\'' | b'`' => Some(kind),
            _ => None,
        };
        if let Some(byte) = simple {
            self.at += 2;
            out.push(byte);
            return Ok(());
        }
        let (skipped, digits, radix) = match kind {
            b'x' | b'X' => (2, 2, 16),
            b'u' if !bytes => (2, 4, 16),
            b'U' if !bytes => (2, 8, 16),
            b'0'..=b'3' => (1, 3, 8),
            _ => return Err(wrong),
        };
        let digits = self.rest().get(skipped..skipped + digits).ok_or(wrong)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong);
        }
        let code = u32::from_str_radix(digits, radix).map_err(|_| wrong)?;
        self.at += skipped + digits.len();
        match u8::try_from(code) {
            Ok(byte) if bytes => out.push(byte),
            _ => {
                let sign = char::from_u32(code).ok_or(wrong)?;
                out.extend(sign.encode_utf8(&mut [0; 4]).bytes());
            }
        }
        Ok(())
    }
}

/// Whether a text starts here: raw, bytes, and how long the prefix is.
fn opening(rest: &str) -> Option<(bool, bool, usize)> {
    let bytes = rest.as_bytes();
    let is_bytes = matches!(bytes.first(), Some(b'b' | b'B'));
    let at = usize::from(is_bytes);
    let raw = matches!(bytes.get(at), Some(b'r' | b'R'));
    let at = at + usize::from(raw);
    matches!(bytes.get(at), Some(b'"' | b'\'')).then_some((raw, is_bytes, at))
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
mod tests {
    use super::*;

    /// A tree in brackets, so that expectations are short.
    fn shape(node: &Node) -> String {
        let all = |nodes: &[Node]| {
            let shapes: Vec<String> = nodes.iter().map(shape).collect();
            shapes.join(" ")
        };
        match &node.expression {
            Expression::Literal(literal) => format!("{literal:?}"),
            Expression::Name(name) => name.clone(),
            Expression::Select(of, field) => format!("({}.{field})", shape(of)),
            Expression::Index(of, index) => format!("({}[{}])", shape(of), shape(index)),
            Expression::Call(None, name, arguments) => format!("({name}: {})", all(arguments)),
            Expression::Call(Some(target), name, arguments) => {
                format!("({} {name}: {})", shape(target), all(arguments))
            }
            Expression::List(items) => format!("[{}]", all(items)),
            Expression::Map(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("{}={}", shape(key), shape(value)))
                    .collect();
                format!("{{{}}}", entries.join(" "))
            }
            Expression::Message(name, fields) => format!("{name}{{{}}}", fields.len()),
            Expression::Unary(operator, of) => format!("({operator:?} {})", shape(of)),
            Expression::Binary(operator, left, right) => {
                format!("({} {operator:?} {})", shape(left), shape(right))
            }
            Expression::Choice(parts) => format!("({} ? {})", shape(&parts[0]), all(&parts[1..])),
        }
    }

    fn check(text: &str, expected: &str) {
        let node = read(text).unwrap_or_else(|fault| panic!("{text}: byte {}", fault.0));
        assert_eq!(shape(&node), expected, "{text}");
        assert_eq!(node.at, 0..text.len(), "{text}");
    }

    #[test]
    fn operators_hold_as_the_grammar_says() {
        check("1 + 2 * 3", "(Int(1) Plus (Int(2) Times Int(3)))");
        check("1 - 2 - 3", "((Int(1) Minus Int(2)) Minus Int(3))");
        check("a && b || c && d", "((a And b) Or (c And d))");
        check("a == 1 && !b", "((a Equal Int(1)) And (Not b))");
        check("!!a", "(Not (Not a))");
        check("-a.b", "(Minus (a.b))");
        check("a in [1, 2,]", "(a In [Int(1) Int(2)])");
        check("a ? b : c ? d : e", "(a ? b (c ? d e))");
    }

    #[test]
    fn members_are_fields_calls_and_indices() {
        check(
            "object('A', \"b\").spec.tls[0]['x']",
            "(((((object: Text(\"A\") Text(\"b\")).spec).tls)[Int(0)])[Text(\"x\")])",
        );
        check(
            "l.all(x, x.size() > 0)",
            "(l all: x ((x size: ) Greater Int(0)))",
        );
        check("{'a': 1, 2: [b]}", "{Text(\"a\")=Int(1) Int(2)=[b]}");
        check("a.b{c: 1}", "a.b{1}");
        check("a.`b-c/d`", "(a.b-c/d)");
        check(".a.b", "(a.b)");
    }

    #[test]
    fn literals_are_read_with_their_escapes() {
        check("-9223372036854775808", "Int(-9223372036854775808)");
        check("0x1F", "Int(31)");
        check("7u", "Uint(7)");
        check("1.5e3", "Double(1500.0)");
        check(".5", "Double(0.5)");
        check("r'a\\n'", "Text(\"a\\\\n\")");
        check("'\\x41\\101\\u0042\\U00000043'", "Text(\"AABC\")");
        check("'''a\n'b'''", "Text(\"a\\n'b\")");
        check("b'\\xff'", "Bytes([255])");
        check("'{x}\\''", "Text(\"{x}'\")");
    }

    #[test]
    fn what_is_no_expression_is_refused_where_it_ends() {
        for (text, at) in [
            ("", 0),
            ("a b", 2),
            ("a +", 3),
            ("'a", 0),
            ("'a\nb'", 2),
            ("f(a,)", 4),
            ("a[", 2),
            ("has(a)", 0),
            ("a.all(1, b)", 0),
            ("9223372036854775808", 0),
            ("'\\q'", 1),
            ("a # b", 2),
            ("a.1", 1),
        ] {
            assert_eq!(read(text), Err(Unreadable(at)), "{text}");
        }
    }

    #[test]
    fn no_text_makes_it_panic() {
        let deep = "(".repeat(5_000);
        assert!(read(&deep).is_err());
        assert!(read(&format!("{}a{}", "(".repeat(50), ")".repeat(50))).is_ok());
        assert!(read(&"-".repeat(9_000)).is_err());
        assert!(read(&format!("a{}", ".b".repeat(4_000))).is_err());
        assert!(read(&vec!["a"; 2_000].join("||")).is_err());
        assert!(read(&"a".repeat(LONGEST + 1)).is_err());
        // Every prefix, and every text with one byte taken out.
        let text = "object('Ä', \"\\u00e4\").a[0] >= -1.5e3 ? {1u: b'\\x01'} : r'''x''' in [.y]";
        for (at, sign) in text.char_indices() {
            let _ = read(&text[..at]);
            let _ = read(&text[at..]);
            let _ = read(&format!("{}{}", &text[..at], &text[at + sign.len_utf8()..]));
        }
    }
}
