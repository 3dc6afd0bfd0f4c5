//! What a step caches (spec/pipeline.md §8.4).

use crate::convert::{self, FieldError, Fields};
use crate::value::{Map, Value};

/// Cache settings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cache {
    /// No caching at all.
    pub disabled: bool,
    /// The name of the cache.
    pub name: Option<String>,
    /// What is cached.
    pub paths: Vec<String>,
    /// How big the volume is.
    pub size: Option<String>,
    /// Everything else, as it was written.
    pub rest: Map,
}

pub(super) fn parse(value: &Value) -> Result<Option<Cache>, FieldError> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(enabled) => Ok(Some(Cache { disabled: !enabled, ..Cache::default() })),
        Value::String(_) | Value::List(_) => {
            let paths = convert::strings(value)?.unwrap_or_default();
            Ok(Some(Cache { paths, ..Cache::default() }))
        }
        Value::Map(map) => from_map(map).map(Some),
        other => Err(FieldError::Kind {
            wanted: "cache settings (a string, list, map or boolean)",
            got: other.kind(),
        }),
    }
}

fn from_map(map: &Map) -> Result<Cache, FieldError> {
    let mut fields = Fields::new(map);
    Ok(Cache {
        disabled: fields.convert(&["disabled"], convert::boolean)?.unwrap_or_default(),
        name: fields.text(&["name"])?,
        paths: fields.convert(&["paths"], convert::strings)?.unwrap_or_default(),
        size: fields.text(&["size"])?,
        rest: fields.rest(),
    })
}
