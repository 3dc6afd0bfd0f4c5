//! Reading a pattern (docs/spec/artifacts.md §3.2, §3.3).

use std::iter::Peekable;
use std::str::Chars;

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A character that stands for itself; `/` among them.
    Literal(char),
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
        members: Vec<char>,
    },
    /// Begins alternatives.
    Open,
    /// Separates alternatives, or stands for itself where there are none.
    Comma,
    /// Ends alternatives, or stands for itself where there are none.
    Close,
}

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
    pub fn literal(&self) -> Option<char> {
        match self {
            Self::Literal(c) => Some(*c),
            _ => None,
        }
    }
}

/// The tokens of a pattern, with `~/` at its start replaced and directories that may be none made so.
pub fn tokens(pattern: &str, home: &str) -> Result<Vec<Token>, PatternError> {
    let wrong = |reason| PatternError { pattern: pattern.to_owned(), reason };
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

fn read(pattern: &str) -> Result<Vec<Token>, Reason> {
    let mut chars = pattern.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            '\\' if !cfg!(windows) => Token::Literal(chars.next().unwrap_or('\\')),
            '\\' => Token::Literal('/'),
            '?' => Token::One,
            '*' if chars.next_if_eq(&'*').is_some() => Token::Deep,
            '*' => Token::Run,
            '{' => Token::Open,
            ',' => Token::Comma,
            '}' => Token::Close,
            '[' if chars.peek().is_some() => class(&mut chars)?,
            other => Token::Literal(other),
        });
    }
    Ok(tokens)
}

fn class(chars: &mut Peekable<Chars<'_>>) -> Result<Token, Reason> {
    let negated = chars.next_if_eq(&'^').is_some();
    let unterminated = if negated { Reason::NegatedClass } else { Reason::Class };
    let mut members = Vec::new();
    loop {
        match chars.next().ok_or(unterminated)? {
            ']' => return Ok(Token::Class { negated, members }),
            '\\' if !cfg!(windows) => members.push(chars.next().ok_or(unterminated)?),
            other => members.push(other),
        }
    }
}

/// Replaces `~` by the home directory where the pattern begins with `~/`, which no backslash prevents.
fn with_home(tokens: Vec<Token>, pattern: &str, home: &str) -> Vec<Token> {
    let begins = pattern.trim_start_matches('\\').starts_with('~');
    if !begins || tokens.first() != Some(&Token::Literal('~')) || tokens.get(1) != Some(&Token::Literal('/'))
    {
        return tokens;
    }
    home.chars().map(Token::Literal).chain(tokens.into_iter().skip(1)).collect()
}

/// Lets `**/` at the start, and `/**/`, stand for no directory at all.
///
/// The scan is the reference's: a slash that ended one match begins no other, and a token at which a match was given
/// up isn't looked at again.
fn rewritten(tokens: Vec<Token>) -> Vec<Token> {
    const SLASH: Token = Token::Literal('/');
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
