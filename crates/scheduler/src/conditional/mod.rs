//! The language of `if` (spec/control-plane.md §7).

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::facts::Facts;

/// A parsed condition; stored as its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Conditional {
    source: String,
}

/// What is wrong with a condition: `<kind>: <text>` (§7.8).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// It is no expression.
    #[error("parse: {0}")]
    Parse(String),
}

/// What a condition can ask about.
pub struct Scope<'a> {
    facts: &'a Facts,
}

impl<'a> Scope<'a> {
    /// The variables of a build whose pipeline has `env` at its top level.
    pub fn new(facts: &'a Facts, _env: &IndexMap<String, String>) -> Self {
        Self { facts }
    }

    /// The branch.
    pub fn branch(&self) -> &str {
        &self.facts.branch
    }
}

impl Conditional {
    /// Reads a condition.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Ok(Self { source: text.to_owned() })
    }

    /// Whether it holds.
    pub fn evaluate(&self, _scope: &Scope<'_>) -> Result<bool, Error> {
        Ok(true)
    }
}
