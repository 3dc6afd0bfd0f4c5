//! The language of `if` (spec/control-plane.md §7): text to tree, checked before it is evaluated.

mod check;
mod environment;
mod error;
mod evaluate;
mod lexer;
mod parser;
mod pattern;
mod scope;
mod template;
#[cfg(test)]
mod tests;
mod value;
mod variables;

pub use error::Error;
pub use scope::Scope;

use serde::{Deserialize, Serialize};

use parser::Expression;
use value::Value;

/// A condition that was parsed and checked; stored as its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Conditional {
    source: String,
    /// None for text of nothing but white space, which is only found wrong when it is evaluated (§7.2).
    expression: Option<Expression>,
}

impl Eq for Conditional {}

impl Conditional {
    /// Reads and checks a condition.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let source = text.to_owned();
        if text.trim().is_empty() {
            return Ok(Self { source, expression: None });
        }
        let expression = parser::expression(text)?;
        check::check(&expression)?;
        Ok(Self { source, expression: Some(expression) })
    }

    /// Whether it holds.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<bool, Error> {
        let Some(expression) = &self.expression else { return error::parse("empty expression") };
        match evaluate::evaluate(expression, scope)? {
            Value::Boolean(holds) => Ok(holds),
            Value::Null => Ok(false),
            _ => Err(Error::Result("the condition is neither true nor false".to_owned())),
        }
    }

    /// Its text.
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl TryFrom<String> for Conditional {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

impl From<Conditional> for String {
    fn from(condition: Conditional) -> Self {
        condition.source
    }
}
