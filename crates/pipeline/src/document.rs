//! From text to pipelines (spec/pipeline.md §4.1, §6).

use crate::convert::FieldError;
use crate::pipeline::Pipeline;
use crate::value::Value;
use crate::warning::Warning;
use crate::yaml::{Composer, DecodeError, SyntaxError, decode};

/// A text holds no pipeline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It is not the YAML (or JSON) of pipelines.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// It is, but a value in it means nothing.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A field has a value that it can't have.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// There is no document in it.
    #[error("the input holds no document")]
    Empty,
}

/// A pipeline, and what is odd about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The pipeline.
    pub pipeline: Pipeline,
    /// Why it might not do what its author wants.
    pub warning: Option<Warning>,
}

/// The pipelines of an input, parsed one after the other. After an error there are no more.
pub struct Documents(State);

enum State {
    Open(Box<Composer>),
    Failed(Option<SyntaxError>),
}

/// The documents of `input`, YAML or JSON. An input of white space and comments holds none.
pub fn documents(input: &[u8]) -> Documents {
    Documents(match Composer::new(input) {
        Ok(composer) => State::Open(Box::new(composer)),
        Err(error) => State::Failed(Some(error)),
    })
}

/// The first document of `input`.
pub fn parse(input: &[u8]) -> Result<Parsed, ParseError> {
    documents(input).next().unwrap_or(Err(ParseError::Empty))
}

impl Documents {
    /// The next document as it is, before anything is made of it.
    pub fn next_value(&mut self) -> Option<Result<Value, ParseError>> {
        let composer = match &mut self.0 {
            State::Open(composer) => composer,
            State::Failed(error) => return error.take().map(|error| Err(error.into())),
        };
        let root = match composer.next_document()? {
            Ok(root) => root,
            Err(error) => return Some(Err(error.into())),
        };
        Some(decode(composer.nodes(), root).map_err(ParseError::from))
    }
}

impl Iterator for Documents {
    type Item = Result<Parsed, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        let parsed = self.next_value()?.and_then(|document| {
            let (pipeline, warning) = Pipeline::from_value(document)?;
            Ok(Parsed { pipeline, warning })
        });
        Some(parsed)
    }
}
