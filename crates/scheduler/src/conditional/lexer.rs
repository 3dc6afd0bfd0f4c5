//! Text to tokens (spec/control-plane.md §7.1).

use super::error::{Error, parse};
use super::pattern::Pattern;
use super::template::{self, Template};

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// An operator, a bracket, a comma, or the word `includes`.
    Operator(&'static str),
    Identifier(String),
    Integer(i64),
    /// A quoted string.
    Text(Template),
    Regex(Pattern),
    /// A shell expansion standing alone.
    Shell(Template),
    Boolean(bool),
    Null,
}

/// Longer ones first.
const OPERATORS: &[&str] = &["==", "!=", "=~", "!~", "&&", "||", "!", "?", ":", "(", ")", "[", "]", ","];

/// Every token of `text`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Error> {
    let mut rest = text;
    let mut found = Vec::new();
    loop {
        rest = skip_blank(rest);
        if rest.is_empty() {
            return Ok(found);
        }
        let (token, after) = token(rest)?;
        found.push(token);
        rest = after;
    }
}

/// White space and comments.
fn skip_blank(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches([' ', '\t', '\n', '\r']);
        match text.strip_prefix("//") {
            Some(comment) => text = comment.find('\n').map_or("", |end| &comment[end..]),
            None => return text,
        }
    }
}

fn token(text: &str) -> Result<(Token, &str), Error> {
    if let Some(operator) = OPERATORS.iter().find(|operator| text.starts_with(**operator)) {
        return Ok((Token::Operator(operator), &text[operator.len()..]));
    }
    match text.as_bytes()[0] {
        b'\'' => single_quoted(text),
        b'"' => {
            let (content, rest) = quoted(text, '"')?;
            Ok((Token::Text(Template::parse(content, template::Quotes::Kept)?), rest))
        }
        b'/' => regex(text),
        b'$' => {
            let (expansion, rest) = template::standalone(text)?;
            Ok((Token::Shell(expansion), rest))
        }
        b'0'..=b'9' => integer(text),
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => word(text),
        _ => illegal(text),
    }
}

fn illegal<T>(text: &str) -> Result<T, Error> {
    let shown: String = text.chars().take(1).collect();
    parse(format!("illegal token `{shown}`"))
}

fn integer(text: &str) -> Result<(Token, &str), Error> {
    let (digits, rest) = split_where(text, |c| !c.is_ascii_digit());
    let (digits, base) = match digits.strip_prefix('0') {
        Some(octal) if !octal.is_empty() => (octal, 8),
        _ => (digits, 10),
    };
    match i64::from_str_radix(digits, base) {
        Ok(number) => Ok((Token::Integer(number), rest)),
        Err(_) => parse(format!("`{digits}` is not an integer in base {base}")),
    }
}

/// A dotted name, or one of the words that mean something.
fn word(text: &str) -> Result<(Token, &str), Error> {
    let (name, rest) = split_where(text, |c| !c.is_ascii_alphanumeric() && c != '_' && c != '.');
    if name.ends_with('.') || name.contains("..") {
        return parse(format!("invalid dotted identifier: {name}"));
    }
    let token = match name {
        "true" => Token::Boolean(true),
        "false" => Token::Boolean(false),
        "null" => Token::Null,
        "includes" => Token::Operator("includes"),
        name => Token::Identifier(name.to_owned()),
    };
    Ok((token, rest))
}

/// The content of a quoted string, with its escapes, and what follows the closing quote.
fn quoted(text: &str, quote: char) -> Result<(&str, &str), Error> {
    let content = &text[quote.len_utf8()..];
    let mut escaped = false;
    for (place, c) in content.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Ok((&content[..place], &content[place + c.len_utf8()..])),
            _ => {}
        }
    }
    illegal(text)
}

fn single_quoted(text: &str) -> Result<(Token, &str), Error> {
    let (content, rest) = quoted(text, '\'')?;
    let mut literal = String::new();
    let mut chars = content.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(next @ ('\\' | '\''))) => {
                literal.push(*next);
                chars.next();
            }
            _ => literal.push(c),
        }
    }
    Ok((Token::Text(Template::literal(literal)), rest))
}

fn regex(text: &str) -> Result<(Token, &str), Error> {
    let (pattern, rest) = quoted(text, '/')?;
    let (flags, rest) = split_where(rest, |c| !c.is_ascii_alphabetic() && c != '_');
    Ok((Token::Regex(Pattern::new(pattern, flags)?), rest))
}

fn split_where(text: &str, end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(end).unwrap_or(text.len()))
}
