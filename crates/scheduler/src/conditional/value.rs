//! Values of expressions, and the types they are checked by (spec/control-plane.md §7.3, §7.4).

use std::fmt;

/// A value while a condition is evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Number(i64),
    Text(String),
    /// Elements may be null.
    Array(Vec<Option<String>>),
}

impl Value {
    pub(super) fn text(value: Option<impl Into<String>>) -> Self {
        value.map_or(Self::Null, |text| Self::Text(text.into()))
    }

    /// The same, blank being null.
    pub(super) fn presence(value: Option<&str>) -> Self {
        Self::text(value.filter(|text| !text.trim().is_empty()))
    }

    pub(super) fn boolean(value: Option<bool>) -> Self {
        value.map_or(Self::Null, Self::Boolean)
    }

    pub(super) fn list(items: &[String]) -> Self {
        Self::Array(items.iter().cloned().map(Some).collect())
    }

    pub(super) const fn is_true(&self) -> bool {
        !matches!(self, Self::Null | Self::Boolean(false))
    }
}

/// What an expression can be, known before it is evaluated. Every variable may be null besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Boolean,
    Number,
    Text,
    Regex,
    Array,
    Enumeration(&'static Enumeration),
}

/// Text restricted to some words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Enumeration {
    /// The variable, as messages quote it.
    pub(super) name: &'static str,
    /// What messages call a value of it.
    pub(super) noun: &'static str,
    pub(super) words: &'static [&'static str],
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean => f.write_str("boolean"),
            Self::Number => f.write_str("number"),
            Self::Text => f.write_str("string"),
            Self::Regex => f.write_str("regular expression"),
            Self::Array => f.write_str("string array"),
            Self::Enumeration(of) => write!(f, "{} enumeration value", of.noun),
        }
    }
}
