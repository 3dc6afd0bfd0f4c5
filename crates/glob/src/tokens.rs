//! Reading a pattern (docs/spec/artifacts.md §3.2, §3.3).

use std::iter::Peekable;

use crate::Symbol;

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A character that stands for itself; `/` among them.
    Literal(Symbol),
    /// One character but `/`.
    One,
    /// Any number of characters but `/`.
    Run,
    /// Any number of any characters.
    Deep,
    /// One of the characters, or none of them.
    Class {
        /// Whether it is one of all others.
        negated: bool,
        /// The characters.
        members: Vec<Symbol>,
    },
    /// Begins alternatives.
    Open,
    /// Separates alternatives, or stands for itself where there are none.
    Comma,
    /// Ends alternatives, or stands for itself where there are none.
    Close,
}

const SLASH: Token = Token::Literal(Symbol::Char('/'));

/// A pattern that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid glob pattern {pattern:?}: {reason}")]
pub struct PatternError {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// `{` without `}`.
    #[error("unterminated alternation - missing closing brace")]
    Alternation,
    /// `[` without `]`.
    #[error("unterminated char class - missing closing square bracket")]
    Class,
    /// `[^` without `]`.
    #[error("unterminated negated char class - missing closing square bracket")]
    NegatedClass,
}

impl Token {
    /// Whether a pattern with it names more than one path; separators of alternatives count even outside of any.
    pub fn is_special(&self) -> bool {
        !matches!(self, Self::Literal(_))
    }

    /// The character it stands for, if it stands for one alone.
    pub fn literal(&self) -> Option<Symbol> {
        match self {
            Self::Literal(symbol) => Some(*symbol),
            _ => None,
        }
    }
}

/// The tokens of a pattern, with `~/` at its start replaced and directories that may be none made so.
pub fn tokens(pattern: &[u8], home: &[u8]) -> Result<Vec<Token>, PatternError> {
    let wrong = |reason| PatternError { pattern: redkite_text::shown_bytes(pattern).into_owned(), reason };
    let read = read(pattern).map_err(wrong)?;
    let depth = read.iter().fold(0_usize, |depth, token| match token {
        Token::Open => depth + 1,
        Token::Close => depth.saturating_sub(1),
        _ => depth,
    });
    if depth > 0 {
        return Err(wrong(Reason::Alternation));
    }
    Ok(rewritten(with_home(read, pattern, home)))
}

fn read(pattern: &[u8]) -> Result<Vec<Token>, Reason> {
    let mut symbols = Symbol::of(pattern).peekable();
    let mut tokens = Vec::new();
    while let Some(symbol) = symbols.next() {
        let Symbol::Char(c) = symbol else {
            tokens.push(Token::Literal(symbol));
            continue;
        };
        tokens.push(match c {
            '\\' if !cfg!(windows) => Token::Literal(symbols.next().unwrap_or(symbol)),
            '\\' => SLASH,
            '?' => Token::One,
            '*' if symbols.next_if_eq(&symbol).is_some() => Token::Deep,
            '*' => Token::Run,
            '{' => Token::Open,
            ',' => Token::Comma,
            '}' => Token::Close,
            '[' if symbols.peek().is_some() => class(&mut symbols)?,
            _ => Token::Literal(symbol),
        });
    }
    Ok(tokens)
}

fn class(symbols: &mut Peekable<impl Iterator<Item = Symbol>>) -> Result<Token, Reason> {
    let negated = symbols.next_if_eq(&Symbol::Char('^')).is_some();
    let unterminated = if negated { Reason::NegatedClass } else { Reason::Class };
    let mut members = Vec::new();
    loop {
        match symbols.next().ok_or(unterminated)? {
            Symbol::Char(']') => return Ok(Token::Class { negated, members }),
            Symbol::Char('\\') if !cfg!(windows) => members.push(symbols.next().ok_or(unterminated)?),
            other => members.push(other),
        }
    }
}

/// Replaces `~` by the home directory where the pattern begins with `~/`, which no backslash prevents.
fn with_home(tokens: Vec<Token>, pattern: &[u8], home: &[u8]) -> Vec<Token> {
    const TILDE: Token = Token::Literal(Symbol::Char('~'));
    let begins = pattern.iter().find(|byte| **byte != b'\\') == Some(&b'~');
    if !begins || !tokens.starts_with(&[TILDE, SLASH]) {
        return tokens;
    }
    Symbol::of(home).map(Token::Literal).chain(tokens.into_iter().skip(1)).collect()
}

/// Lets `**/` at the start, and `/**/`, stand for no directory at all.
///
/// The scan is the reference's: a slash that ended one match begins no other, and a token at which a match was given
/// up isn't looked at again.
fn rewritten(tokens: Vec<Token>) -> Vec<Token> {
    const OPTIONAL: [Token; 5] = [Token::Open, Token::Comma, Token::Deep, SLASH, Token::Close];
    let mut out = Vec::with_capacity(tokens.len() + OPTIONAL.len());
    let mut rest = tokens.as_slice();
    if let [Token::Deep, SLASH, after @ ..] = rest {
        out.extend(OPTIONAL);
        rest = after;
    }
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        out.push(token.clone());
        if *token != SLASH {
            continue;
        }
        match rest {
            [Token::Deep, SLASH, after @ ..] => {
                out.extend(OPTIONAL);
                rest = after;
            }
            // Given up at the first or at the second token after the slash: those are passed over.
            [Token::Deep, given_up, after @ ..] => {
                out.extend([Token::Deep, given_up.clone()]);
                rest = after;
            }
            [given_up, after @ ..] => {
                out.push(given_up.clone());
                rest = after;
            }
            [] => {}
        }
    }
    out
}
