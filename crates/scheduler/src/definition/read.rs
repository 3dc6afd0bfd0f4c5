//! Reading typed values out of a JSON mapping, with errors that name the step and the attribute.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::error::{DefinitionError, StepName};

/// One mapping of a document and the name under which messages speak of it.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    map: &'a Map<String, Value>,
    step: &'a StepName,
    path: &'a str,
}

type Read<T> = Result<T, DefinitionError>;

impl<'a> Reader<'a> {
    pub(super) fn new(map: &'a Map<String, Value>, step: &'a StepName) -> Self {
        Self { map, step, path: "" }
    }

    /// A mapping inside the step, whose keys are called `path.key` in messages.
    pub(super) fn nested(&self, map: &'a Map<String, Value>, path: &'a str) -> Self {
        Self { map, step: self.step, path }
    }

    pub(super) fn map(&self) -> &'a Map<String, Value> {
        self.map
    }

    pub(super) fn step(&self) -> &StepName {
        self.step
    }

    /// The value under the first of `keys` that is there and not null.
    pub(super) fn get(&self, keys: &[&str]) -> Option<&'a Value> {
        keys.iter().filter_map(|key| self.map.get(*key)).find(|value| !value.is_null())
    }

    /// The error that `keys` should have been `expected`.
    pub(super) fn bad(&self, keys: &[&str], expected: &str) -> DefinitionError {
        let used = keys.iter().find(|key| self.map.contains_key(**key)).unwrap_or(&keys[0]);
        let attribute =
            if self.path.is_empty() { (*used).to_owned() } else { format!("{}.{used}", self.path) };
        DefinitionError::BadAttribute { step: self.step.clone(), attribute, expected: expected.to_owned() }
    }

    pub(super) fn conflict(&self, problem: impl Into<String>) -> DefinitionError {
        DefinitionError::Conflict { step: self.step.clone(), problem: problem.into() }
    }

    pub(super) fn string(&self, keys: &[&str]) -> Read<Option<String>> {
        self.get(keys).map(|value| scalar(value).ok_or_else(|| self.bad(keys, "a string"))).transpose()
    }

    /// A boolean, or the strings `true` and `false` (§3.2).
    pub(super) fn boolean(&self, keys: &[&str]) -> Read<Option<bool>> {
        self.get(keys).map(|value| truth(value).ok_or_else(|| self.bad(keys, "true or false"))).transpose()
    }

    pub(super) fn integer(&self, keys: &[&str]) -> Read<Option<i64>> {
        self.get(keys).map(|value| integer(value).ok_or_else(|| self.bad(keys, "an integer"))).transpose()
    }

    pub(super) fn positive(&self, keys: &[&str]) -> Read<Option<u32>> {
        self.integer_in(keys, 1, i64::from(u32::MAX), "a positive integer")
    }

    pub(super) fn integer_in(&self, keys: &[&str], low: i64, high: i64, what: &str) -> Read<Option<u32>> {
        let Some(value) = self.get(keys) else { return Ok(None) };
        integer(value)
            .filter(|number| (low..=high).contains(number))
            .and_then(|number| u32::try_from(number).ok())
            .map(Some)
            .ok_or_else(|| self.bad(keys, what))
    }

    /// A string, or a list of strings.
    pub(super) fn strings(&self, keys: &[&str]) -> Read<Option<Vec<String>>> {
        let Some(value) = self.get(keys) else { return Ok(None) };
        one_or_many(value)
            .iter()
            .map(scalar)
            .collect::<Option<Vec<_>>>()
            .map(Some)
            .ok_or_else(|| self.bad(keys, "a string or a list of strings"))
    }

    /// A mapping of scalars, stringified; null is the empty string (§3.2).
    pub(super) fn variables(&self, keys: &[&str]) -> Read<IndexMap<String, String>> {
        let Some(value) = self.get(keys) else { return Ok(IndexMap::new()) };
        variables(value).ok_or_else(|| self.bad(keys, "a mapping of names to strings"))
    }
}

/// A list as it is, anything else as a list of one.
pub(super) fn one_or_many(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        other => std::slice::from_ref(other),
    }
}

/// A string, number or boolean as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A mapping of scalars as text; null as the empty string.
pub(super) fn variables(value: &Value) -> Option<IndexMap<String, String>> {
    let text = |value: &Value| if value.is_null() { Some(String::new()) } else { scalar(value) };
    value.as_object()?.iter().map(|(name, value)| Some((name.clone(), text(value)?))).collect()
}

/// A boolean, also as a word.
pub(super) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(word) => word.parse().ok(),
        _ => None,
    }
}

/// A whole number, also as text.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
