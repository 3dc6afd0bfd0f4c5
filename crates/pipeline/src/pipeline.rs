//! A pipeline and how it is read from a document (spec/pipeline.md §6).

use indexmap::IndexMap;

use crate::convert::{self, FieldError, Fields, InField};
use crate::step::{Checkout, Secret, Step, parse_checkout, parse_secrets, parse_steps};
use crate::value::{Map, Value};
use crate::warning::Warning;

/// A pipeline as it is uploaded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pipeline {
    /// Its steps.
    pub steps: Vec<Step>,
    /// Variables for all jobs, in the order in which they are interpolated.
    pub env: Option<IndexMap<String, String>>,
    /// Secrets for all command steps.
    pub secrets: Vec<Secret>,
    /// Checkout settings for all command steps.
    pub checkout: Option<Checkout>,
    /// Everything else, as it was written.
    pub rest: Map,
}

impl Pipeline {
    /// Reads a document that was parsed already; the second value is what is odd about it.
    pub fn from_value(document: Value) -> Result<(Self, Option<Warning>), FieldError> {
        match document {
            Value::Map(map) => Self::from_map(map),
            Value::List(items) => {
                let (steps, warnings) = parse_steps(items)?;
                Ok((Self { steps, ..Self::default() }, Warning::joined(warnings)))
            }
            other => Err(FieldError::NotAPipeline(other.kind())),
        }
    }

    fn from_map(mut map: Map) -> Result<(Self, Option<Warning>), FieldError> {
        let (steps, warning) = steps(map.get_mut("steps").map(std::mem::take))?;
        let mut fields = Fields::new(&map);
        fields.take(&["steps"]);
        let env = fields.convert(&["env"], convert::string_map)?;
        let secrets =
            fields.convert(&["secrets"], |value| parse_secrets(value).map(Some))?.unwrap_or_default();
        let checkout = fields.convert(&["checkout"], parse_checkout)?;
        let taken = fields.taken();
        Ok((Self { steps, env, secrets, checkout, rest: convert::without(map, &taken) }, warning))
    }
}

fn steps(value: Option<Value>) -> Result<(Vec<Step>, Option<Warning>), FieldError> {
    match value {
        None => Ok((Vec::new(), Some(Warning::new("the pipeline has no steps")))),
        Some(Value::Null) => Ok((Vec::new(), None)),
        Some(Value::List(items)) => {
            let (steps, warnings) = parse_steps(items).in_field("steps")?;
            let heading = "in \"steps\"";
            Ok((steps, (!warnings.is_empty()).then(|| Warning::with(heading, warnings))))
        }
        Some(other) => Err(FieldError::Kind { wanted: "a list of steps", got: other.kind() }.inside("steps")),
    }
}
