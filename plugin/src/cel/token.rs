//! Tokens of CEL: from text to words, values and signs with their places.

use super::{Literal, Unreadable};
use std::ops::Range;

/// A word, a value or a sign.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A name.
    Name(String),
    /// A field in backticks.
    Quoted(String),
    /// A value as it stands.
    Literal(Literal),
    /// A whole number: its digits may only fit with a minus before them.
    Digits(u64),
    /// An operator or a bracket, also `in`.
    Sign(&'static str),
}

/// Signs, the longer ones first.
const SIGNS: &[&str] = &[
    "||", "&&", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",",
    "(", ")", "[", "]", "{", "}",
];

/// Takes a text apart.
pub struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// All of them, each with its bytes.
    pub fn all(mut self) -> Result<Vec<(Token, Range<usize>)>, Unreadable> {
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
