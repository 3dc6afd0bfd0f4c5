//! What a field makes of a value that has another kind (spec/pipeline.md §5).

use crate::number;
use crate::value::{Kind, Map, Value};

/// A value can't take its place in a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The field, and why.
    #[error("{field:?}: {source}")]
    Field {
        /// The key, or the number of the element.
        field: String,
        /// What is wrong inside.
        source: Box<FieldError>,
    },
    /// The kind does not fit.
    #[error("it takes {wanted}, not {got}")]
    Kind {
        /// What the field takes.
        wanted: &'static str,
        /// What was there.
        got: Kind,
    },
    /// The document is neither a map nor a list.
    #[error("a pipeline is a map or a list of steps, not {0}")]
    NotAPipeline(Kind),
    /// A rule of the field is broken.
    #[error("{0}")]
    Rule(String),
    /// A child of a group has an error, or a warning, which a group does not bear.
    #[error("{0}")]
    Child(Box<crate::warning::Warning>),
}

impl FieldError {
    pub(crate) fn rule(text: impl Into<String>) -> Self {
        Self::Rule(text.into())
    }

    /// The same error, seen from the object that has this field.
    pub(crate) fn inside(self, field: impl Into<String>) -> Self {
        Self::Field { field: field.into(), source: Box::new(self) }
    }
}

/// Names the field in an error.
pub(crate) trait InField<T> {
    fn in_field(self, field: &str) -> Result<T, FieldError>;
}

impl<T> InField<T> for Result<T, FieldError> {
    fn in_field(self, field: &str) -> Self {
        self.map_err(|error| error.inside(field))
    }
}

/// Conversion `S`: a scalar as text.
pub(crate) fn string(value: &Value) -> Result<String, FieldError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Int(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Float(number) => Ok(number::as_string(*number)),
        Value::Null => Ok(String::new()),
        other => Err(FieldError::Kind { wanted: "a string", got: other.kind() }),
    }
}

/// Conversion `L`: a list of strings; `None` for null.
pub(crate) fn strings(value: &Value) -> Result<Option<Vec<String>>, FieldError> {
    match value {
        Value::Null => Ok(None),
        Value::List(items) => items.iter().map(string).collect::<Result<_, _>>().map(Some),
        Value::String(_) | Value::Int(_) | Value::Float(_) | Value::Bool(_) => Ok(Some(vec![string(value)?])),
        other => Err(FieldError::Kind { wanted: "a string or a list of strings", got: other.kind() }),
    }
}

/// A boolean, nothing else; `None` for null.
pub(crate) fn boolean(value: &Value) -> Result<Option<bool>, FieldError> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(value) => Ok(Some(*value)),
        other => Err(FieldError::Kind { wanted: "a boolean", got: other.kind() }),
    }
}

/// A whole number, nothing else; `None` for null.
pub(crate) fn integer(value: &Value) -> Result<Option<i64>, FieldError> {
    match value {
        Value::Null => Ok(None),
        Value::Int(number) => Ok(Some(*number)),
        other => Err(FieldError::Kind { wanted: "a whole number", got: other.kind() }),
    }
}

/// A string, nothing else; `None` for null.
pub(crate) fn strict_string(value: &Value) -> Result<Option<String>, FieldError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        other => Err(FieldError::Kind { wanted: "a string", got: other.kind() }),
    }
}

/// A map; `None` for null.
pub(crate) fn map(value: &Value) -> Result<Option<&Map>, FieldError> {
    match value {
        Value::Null => Ok(None),
        Value::Map(map) => Ok(Some(map)),
        other => Err(FieldError::Kind { wanted: "a map", got: other.kind() }),
    }
}

/// A map of strings in its order; `None` for null.
pub(crate) fn string_map(value: &Value) -> Result<Option<indexmap::IndexMap<String, String>>, FieldError> {
    let Some(map) = map(value)? else { return Ok(None) };
    let entries = map.iter().map(|(key, value)| Ok((key.clone(), string(value).in_field(key)?)));
    entries.collect::<Result<_, _>>().map(Some)
}

/// The fields of an object: those that are asked for, and the rest.
pub(crate) struct Fields<'a> {
    map: &'a Map,
    taken: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(map: &'a Map) -> Self {
        Self { map, taken: Vec::new() }
    }

    /// The value of the first of `names` that is present, even as null. The other names stay in the rest.
    pub(crate) fn take(&mut self, names: &[&'static str]) -> Option<&'a Value> {
        let (name, value) = names.iter().find_map(|name| Some((name, self.map.get(*name)?)))?;
        self.taken.push(name);
        Some(value)
    }

    /// Takes a field and converts it; the error names it.
    pub(crate) fn convert<T>(
        &mut self,
        names: &[&'static str],
        convert: impl FnOnce(&'a Value) -> Result<Option<T>, FieldError>,
    ) -> Result<Option<T>, FieldError> {
        let Some(value) = self.take(names) else { return Ok(None) };
        convert(value).in_field(names[0])
    }

    /// A string field by conversion `S`; an empty one counts as absent.
    pub(crate) fn text(&mut self, names: &[&'static str]) -> Result<Option<String>, FieldError> {
        self.convert(names, |value| string(value).map(|text| Some(text).filter(|text| !text.is_empty())))
    }

    /// The names of those that were taken, to be [taken away](without) from the map.
    pub(crate) fn taken(self) -> Vec<&'static str> {
        self.taken
    }

    /// Everything that was not taken, in its order.
    pub(crate) fn rest(self) -> Map {
        let rest = self.map.iter().filter(|(key, _)| !self.taken.contains(&key.as_str()));
        rest.map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

/// The map without some of its fields, in its order.
pub(crate) fn without(mut map: Map, taken: &[&'static str]) -> Map {
    map.retain(|key, _| !taken.contains(&key.as_str()));
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_become_strings() {
        let check = |value: Value, expected: &str| assert_eq!(string(&value).as_deref(), Ok(expected));
        check(Value::Int(-3), "-3");
        check(Value::Float(1e6), "1e+06");
        check(Value::Bool(true), "true");
        check(Value::Null, "");
        assert!(string(&Value::Uint(1 << 63)).is_err());
        assert!(string(&Value::Timestamp(String::new())).is_err());
        assert!(string(&Value::List(vec![])).is_err());
    }

    #[test]
    fn scalars_become_lists() {
        assert_eq!(strings(&Value::Null), Ok(None));
        assert_eq!(strings(&Value::Int(1)), Ok(Some(vec!["1".into()])));
        assert_eq!(strings(&Value::List(vec![Value::Null])), Ok(Some(vec![String::new()])));
        assert!(strings(&Value::List(vec![Value::List(vec![])])).is_err());
    }
}
