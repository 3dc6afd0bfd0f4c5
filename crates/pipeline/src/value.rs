//! What a document consists of (spec/pipeline.md §4.3–§4.5): values whose maps remember the order of keys.

use indexmap::IndexMap;

/// A map in the order of its keys.
pub type Map = IndexMap<String, Value>;

/// A parsed value.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that fits in 64 bits with a sign.
    Int(i64),
    /// A whole number that only fits without a sign.
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(String),
    /// A date or a time, in its RFC 3339 form.
    Timestamp(String),
    /// A list.
    List(Vec<Value>),
    /// A map.
    Map(Map),
}

/// What sort of value something is, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// See [`Value::Null`].
    Null,
    /// See [`Value::Bool`].
    Bool,
    /// See [`Value::Int`].
    Int,
    /// See [`Value::Uint`].
    Uint,
    /// See [`Value::Float`].
    Float,
    /// See [`Value::String`].
    String,
    /// See [`Value::Timestamp`].
    Timestamp,
    /// See [`Value::List`].
    List,
    /// See [`Value::Map`].
    Map,
}

impl Value {
    /// What sort of value this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Uint(_) => Kind::Uint,
            Self::Float(_) => Kind::Float,
            Self::String(_) => Kind::String,
            Self::Timestamp(_) => Kind::Timestamp,
            Self::List(_) => Kind::List,
            Self::Map(_) => Kind::Map,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::String(text.clone())
    }
}

/// A value that came as JSON; numbers without a fraction are whole.
impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(value),
            Json::Number(number) => from_number(&number),
            Json::String(text) => Self::String(text),
            Json::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Json::Object(map) => {
                Self::Map(map.into_iter().map(|(key, value)| (key, Self::from(value))).collect())
            }
        }
    }
}

fn from_number(number: &serde_json::Number) -> Value {
    /// Beyond this a double does not tell neighbouring whole numbers apart.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match (number.as_i64(), number.as_u64(), number.as_f64().unwrap_or_default()) {
        (Some(whole), _, _) => Value::Int(whole),
        (None, Some(whole), _) => Value::Uint(whole),
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and small enough")]
        (None, None, float) if float.fract() == 0.0 && float.abs() <= EXACT => Value::Int(float as i64),
        (None, None, float) => Value::Float(float),
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Int => "a whole number",
            Self::Uint => "a whole number beyond 63 bits",
            Self::Float => "a number",
            Self::String => "a string",
            Self::Timestamp => "a date or time",
            Self::List => "a list",
            Self::Map => "a map",
        })
    }
}
