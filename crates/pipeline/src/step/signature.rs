//! A step's signature (spec/pipeline.md §8.1, §14.3).

use crate::convert::{self, FieldError, Fields};
use crate::value::Value;

/// What vouches for a step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signature {
    /// The algorithm of the key.
    pub algorithm: String,
    /// Which fields are signed; `None` is written as null.
    pub signed_fields: Option<Vec<String>>,
    /// The detached JWS.
    pub value: String,
}

pub(super) fn parse(value: &Value) -> Result<Option<Signature>, FieldError> {
    let Some(map) = convert::map(value)? else { return Ok(None) };
    let mut fields = Fields::new(map);
    Ok(Some(Signature {
        algorithm: fields.text(&["algorithm"])?.unwrap_or_default(),
        signed_fields: fields.convert(&["signed_fields"], convert::strings)?,
        value: fields.text(&["value"])?.unwrap_or_default(),
    }))
}
