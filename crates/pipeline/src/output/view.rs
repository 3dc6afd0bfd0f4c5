//! What is about to be written: borrowed from a pipeline where possible, in its final order.

use std::borrow::Cow;

use crate::value::{Map, Value};

/// A value that is about to be written.
pub(crate) enum View<'a> {
    /// As it was read.
    Value(&'a Value),
    Null,
    Bool(bool),
    Int(i64),
    Text(&'a str),
    List(Vec<View<'a>>),
    Map(Vec<(Cow<'a, str>, View<'a>)>),
}

impl<'a> View<'a> {
    /// A list of strings.
    pub(super) fn texts(texts: &'a [String]) -> Self {
        Self::List(texts.iter().map(|text| View::Text(text)).collect())
    }

    /// A map of strings, in its order.
    pub(super) fn text_map(map: &'a indexmap::IndexMap<String, String>) -> Self {
        Self::Map(map.iter().map(|(key, value)| (key.into(), View::Text(value))).collect())
    }

    /// Whether it is a map without entries.
    pub(crate) fn is_empty_map(&self) -> bool {
        match self {
            Self::Value(Value::Map(map)) => map.is_empty(),
            Self::Map(entries) => entries.is_empty(),
            _ => false,
        }
    }

    /// The same as a value of its own.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Value(value) => (*value).clone(),
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(number) => Value::Int(*number),
            Self::Text(text) => Value::from(*text),
            Self::List(items) => Value::List(items.iter().map(Self::to_value).collect()),
            Self::Map(entries) => Value::Map(
                entries.iter().map(|(key, value)| (key.to_string(), value.to_value())).collect::<Map>(),
            ),
        }
    }
}
