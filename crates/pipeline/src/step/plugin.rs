//! Plugins of a step (spec/pipeline.md §8.2).

use crate::convert::FieldError;
use crate::value::Value;

/// A plugin and its configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Plugin {
    /// As it was written; [`full_source`](super::full_source) is how it is uploaded.
    pub source: String,
    /// As it was written; null for none.
    pub config: Value,
}

pub(super) fn parse(value: &Value) -> Result<Vec<Plugin>, FieldError> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Map(_) => element(value),
        Value::List(items) => {
            items.iter().map(element).collect::<Result<Vec<_>, _>>().map(|all| all.concat())
        }
        other => Err(FieldError::Kind { wanted: "a list of plugins", got: other.kind() }),
    }
}

fn element(value: &Value) -> Result<Vec<Plugin>, FieldError> {
    match value {
        Value::String(source) => Ok(vec![Plugin { source: source.clone(), config: Value::Null }]),
        Value::Map(map) => Ok(map
            .iter()
            .map(|(source, config)| Plugin { source: source.clone(), config: config.clone() })
            .collect()),
        other => Err(FieldError::Kind { wanted: "a plugin (a string or a map)", got: other.kind() }),
    }
}
