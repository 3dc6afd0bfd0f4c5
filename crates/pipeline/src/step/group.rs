//! Groups of steps (spec/pipeline.md §8.8).

use super::{Rejected, Step, parse_steps};
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
    pub(super) fn parse(map: Map) -> Result<Self, Rejected> {
        let mut fields = Fields::new(&map);
        match Self::known(&mut fields) {
            Ok(step) => {
                let taken = fields.taken();
                Ok(Self { rest: convert::without(map, &taken), ..step })
            }
            Err(error) => Err(Rejected { error, map }),
        }
    }

    /// All but the rest.
    fn known(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let group = fields.convert(&["group", "label", "name"], |value| match value {
            Value::Null => Ok(None),
            other => convert::string(other).map(Some),
        })?;
        let key = fields.text(&["key", "id", "identifier"])?;
        let steps = fields.convert(&["steps"], children)?.unwrap_or_default();
        Ok(Self { group, key, steps, rest: Map::new() })
    }
}

/// A group takes only children that are understood: it falls back as a whole.
fn children(value: &Value) -> Result<Option<Vec<Step>>, FieldError> {
    match value {
        Value::Null => Ok(None),
        Value::List(items) => {
            let (steps, warnings) = parse_steps(items.clone())?;
            match Warning::joined(warnings) {
                None => Ok(Some(steps)),
                Some(warning) => Err(FieldError::Child(Box::new(warning))),
            }
        }
        other => Err(FieldError::Kind { wanted: "a list of steps", got: other.kind() }).in_field("steps"),
    }
}
