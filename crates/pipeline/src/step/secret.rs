//! Secrets that a step asks for (spec/pipeline.md §8.5).

use crate::convert::FieldError;
use crate::value::{Map, Value};

/// A secret that jobs get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Its name in the store.
    pub key: String,
    /// The variable it is put into; empty for none.
    pub environment_variable: String,
}

/// Reads the list form or the map form.
pub(crate) fn parse_secrets(value: &Value) -> Result<Vec<Secret>, FieldError> {
    match value {
        Value::List(items) => items.iter().map(element).collect(),
        Value::Map(map) => map.iter().map(|(variable, key)| pair(variable, key)).collect(),
        Value::Null => Err(FieldError::rule("there are no secrets in null")),
        other => Err(FieldError::Kind { wanted: "a list or a map of secrets", got: other.kind() }),
    }
}

fn element(value: &Value) -> Result<Secret, FieldError> {
    match value {
        Value::String(name) if name.is_empty() => Err(FieldError::rule("a secret's key is empty")),
        Value::String(name) => Ok(Secret { key: name.clone(), environment_variable: name.clone() }),
        Value::Map(map) => from_map(map),
        other => Err(FieldError::Kind { wanted: "a secret (a string or a map)", got: other.kind() }),
    }
}

fn from_map(map: &Map) -> Result<Secret, FieldError> {
    let key = match map.get("key") {
        Some(Value::String(key)) if !key.is_empty() => key.clone(),
        _ => return Err(FieldError::rule("a secret needs a \"key\", a string that is not empty")),
    };
    let environment_variable = match map.get("environment_variable") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(name)) => name.clone(),
        Some(other) => {
            let message = format!("\"environment_variable\" is the name of a variable, not {}", other.kind());
            return Err(FieldError::Rule(message));
        }
    };
    Ok(Secret { key, environment_variable })
}

fn pair(variable: &str, key: &Value) -> Result<Secret, FieldError> {
    if variable.is_empty() {
        return Err(FieldError::rule("the name of a secret's variable is empty"));
    }
    match key {
        Value::String(key) if key.is_empty() => Err(FieldError::rule("a secret's key is empty")),
        Value::String(key) => Ok(Secret { key: key.clone(), environment_variable: variable.to_owned() }),
        other => {
            let message = format!("the key of the secret for {variable:?} is {}, not a string", other.kind());
            Err(FieldError::Rule(message))
        }
    }
}
