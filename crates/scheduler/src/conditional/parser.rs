//! Tokens to a tree (spec/control-plane.md §7.2).

use super::error::{Error, parse};
use super::lexer::{self, Token};
use super::pattern::Pattern;
use super::template::Template;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Variable(String),
    Integer(i64),
    Text(Template),
    Regex(Pattern),
    Shell(Template),
    Boolean(bool),
    Null,
    Not(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    Ternary(Box<[Expression; 3]>),
    Array(Vec<Expression>),
    Call(String, Vec<Expression>),
}

/// An operator between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Matches,
    MatchesNot,
    Includes,
}

/// How deep expressions may be nested, and how many operators may follow each other.
const MAX_DEPTH: usize = 100;

/// The tree of a text.
pub(super) fn expression(text: &str) -> Result<Expression, Error> {
    let tokens = lexer::tokens(text)?;
    if tokens.is_empty() {
        return parse("empty expression");
    }
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), depth: 0 };
    let expression = parser.ternary()?;
    match parser.tokens.next() {
        None => Ok(expression),
        Some(_) => parse("unexpected token after expression"),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
}

impl Parser {
    fn takes(&mut self, operator: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Operator(found) if *found == operator)).is_some()
    }

    fn expect(&mut self, operator: &str) -> Result<(), Error> {
        if self.takes(operator) { Ok(()) } else { parse(format!("expected `{operator}`")) }
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth == MAX_DEPTH {
            return parse("the expression is nested too deeply");
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn ternary(&mut self) -> Result<Expression, Error> {
        self.deeper(|parser| {
            let condition = parser.binary(0)?;
            if !parser.takes("?") {
                return Ok(condition);
            }
            let yes = parser.ternary()?;
            parser.expect(":")?;
            let no = parser.ternary()?;
            Ok(Expression::Ternary(Box::new([condition, yes, no])))
        })
    }

    /// One level of [`LEVELS`], left associative.
    fn binary(&mut self, level: usize) -> Result<Expression, Error> {
        let Some(operators) = LEVELS.get(level) else { return self.prefix() };
        let mut left = self.binary(level + 1)?;
        let mut count = 0;
        while let Some((_, operator)) = operators.iter().find(|(word, _)| self.takes(word)) {
            count += 1;
            if count > MAX_DEPTH {
                return parse("the expression has too many operators in a row");
            }
            let right = self.binary(level + 1)?;
            left = Expression::Binary(*operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn prefix(&mut self) -> Result<Expression, Error> {
        if self.takes("!") {
            return self.deeper(|parser| Ok(Expression::Not(Box::new(parser.prefix()?))));
        }
        self.call()
    }

    fn call(&mut self) -> Result<Expression, Error> {
        let mut callee = self.primary()?;
        while self.takes("(") {
            let Expression::Variable(name) = callee else { return parse("only a name can be called") };
            callee = Expression::Call(name, self.list(")")?);
        }
        Ok(callee)
    }

    /// Expressions between commas, up to `end`.
    fn list(&mut self, end: &str) -> Result<Vec<Expression>, Error> {
        let mut items = Vec::new();
        if self.takes(end) {
            return Ok(items);
        }
        loop {
            items.push(self.ternary()?);
            if !self.takes(",") {
                self.expect(end)?;
                return Ok(items);
            }
        }
    }

    fn primary(&mut self) -> Result<Expression, Error> {
        Ok(match self.tokens.next() {
            Some(Token::Identifier(name)) => Expression::Variable(name),
            Some(Token::Integer(number)) => Expression::Integer(number),
            Some(Token::Text(text)) => Expression::Text(text),
            Some(Token::Regex(pattern)) => Expression::Regex(pattern),
            Some(Token::Shell(expansion)) => Expression::Shell(expansion),
            Some(Token::Boolean(value)) => Expression::Boolean(value),
            Some(Token::Null) => Expression::Null,
            Some(Token::Operator("(")) => {
                let inner = self.ternary()?;
                self.expect(")")?;
                inner
            }
            Some(Token::Operator("[")) => Expression::Array(self.list("]")?),
            Some(Token::Operator(operator)) => return parse(format!("unexpected `{operator}`")),
            None => return parse("unexpected end of expression"),
        })
    }
}

/// Operators from the loosest to the tightest.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("||", Operator::Or)],
    &[("&&", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("=~", Operator::Matches),
        ("!~", Operator::MatchesNot),
        ("includes", Operator::Includes),
    ],
];
