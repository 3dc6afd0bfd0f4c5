//! What can be wrong with a condition.

use thiserror::Error;

/// What is wrong with a condition, as `<kind>: <text>` (spec/control-plane.md §7.8).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The text is no expression.
    #[error("parse: {0}")]
    Parse(String),
    /// The expression asks for something that does not exist or does not fit.
    #[error("validation: {0}")]
    Validation(String),
    /// Its value could not be found.
    #[error("evaluation: {0}")]
    Evaluation(String),
    /// Its value is neither true nor false.
    #[error("result: {0}")]
    Result(String),
}

pub(super) fn parse<T>(text: impl Into<String>) -> Result<T, Error> {
    Err(Error::Parse(text.into()))
}

pub(super) fn validation<T>(text: impl Into<String>) -> Result<T, Error> {
    Err(Error::Validation(text.into()))
}

pub(super) fn evaluation<T>(text: impl Into<String>) -> Result<T, Error> {
    Err(Error::Evaluation(text.into()))
}
