//! `skip` (spec/control-plane.md §3.9): a step that is shown and not run.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::DefinitionError;
use super::read::Reader;

/// That a step is to be skipped, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// The text that was given instead of `true`.
    pub reason: Option<String>,
}

/// The longest reason.
const MAX_REASON: usize = 70;

impl Skip {
    pub(super) fn read(reader: &Reader<'_>) -> Result<Option<Self>, DefinitionError> {
        const KEYS: &[&str] = &["skip"];
        Self::from_value(reader.get(KEYS))
            .ok_or_else(|| reader.bad(KEYS, "true, false or a reason of at most 70 characters"))
    }

    /// Outer `None`: not a value `skip` can have. Inner: not skipped.
    pub(super) fn from_value(value: Option<&Value>) -> Option<Option<Self>> {
        match value {
            None | Some(Value::Null) => Some(None),
            Some(Value::Bool(flag)) => Some(flag.then_some(Self { reason: None })),
            Some(Value::String(text)) => match text.as_str() {
                "" | "false" => Some(None),
                "true" => Some(Some(Self { reason: None })),
                text if text.chars().count() <= MAX_REASON => {
                    Some(Some(Self { reason: Some(text.to_owned()) }))
                }
                _ => None,
            },
            Some(_) => None,
        }
    }
}
