//! Groups of steps (spec/pipeline.md §8.8).

use super::{Step, parse_steps};
use crate::convert::{self, FieldError, Fields, InField};
use crate::value::{Map, Value};
use crate::warning::Warning;

/// A step that holds other steps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GroupStep {
    /// What the group is called; `None` is written as null.
    pub group: Option<String>,
    /// What other steps call it.
    pub key: Option<String>,
    /// The steps it holds.
    pub steps: Vec<Step>,
    /// Everything else, as it was written.
    pub rest: Map,
}

impl GroupStep {
    pub(crate) fn parse(map: &Map) -> Result<Self, FieldError> {
        let mut fields = Fields::new(map);
        let group = fields.convert(&["group", "label", "name"], |value| match value {
            Value::Null => Ok(None),
            other => convert::string(other).map(Some),
        })?;
        let key = fields.text(&["key", "id", "identifier"])?;
        let steps = fields.convert(&["steps"], children)?.unwrap_or_default();
        Ok(Self { group, key, steps, rest: fields.rest() })
    }
}

/// A group takes only children that are understood: it falls back as a whole.
fn children(value: &Value) -> Result<Option<Vec<Step>>, FieldError> {
    match value {
        Value::Null => Ok(None),
        Value::List(items) => {
            let (steps, warnings) = parse_steps(items)?;
            match Warning::joined(warnings) {
                None => Ok(Some(steps)),
                Some(warning) => Err(FieldError::Child(Box::new(warning))),
            }
        }
        other => Err(FieldError::Kind { wanted: "a list of steps", got: other.kind() }).in_field("steps"),
    }
}
