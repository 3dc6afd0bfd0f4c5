//! An object of known fields and the rest, in the order of a form (spec/pipeline.md §8, §12.2).

use std::borrow::Cow;

use super::canonical::Form;
use super::natural;
use super::view::View;
use crate::value::{Map, Value};

/// Builds an object: known fields are added in YAML's order.
pub(super) struct Object<'a> {
    known: Vec<(Cow<'a, str>, View<'a>)>,
    form: Form,
}

impl<'a> Object<'a> {
    pub(super) fn new(form: Form) -> Self {
        Self { known: Vec::new(), form }
    }

    /// Adds a field unless it is absent.
    pub(super) fn field(mut self, name: &'static str, value: Option<View<'a>>) -> Self {
        self.known.extend(value.map(|value| (Cow::Borrowed(name), value)));
        self
    }

    /// Adds a string field unless it is absent or empty.
    pub(super) fn text(self, name: &'static str, text: Option<&'a String>) -> Self {
        self.field(name, text.filter(|text| !text.is_empty()).map(|text| View::Text(text)))
    }

    /// Adds a list of strings unless it is empty.
    pub(super) fn texts(self, name: &'static str, texts: &'a [String]) -> Self {
        self.field(name, (!texts.is_empty()).then(|| View::texts(texts)))
    }

    /// The object without anything else.
    pub(super) fn alone(self) -> View<'a> {
        self.with(std::iter::empty())
    }

    /// The object with everything else in it; known fields win.
    pub(super) fn with_rest(self, rest: &'a Map) -> View<'a> {
        self.with(rest.iter().map(|(key, value)| (Cow::Borrowed(key.as_str()), View::Value(value))))
    }

    fn with(self, others: impl Iterator<Item = (Cow<'a, str>, View<'a>)>) -> View<'a> {
        let Self { mut known, form } = self;
        let count = known.len();
        for (key, value) in others {
            if !known[..count].iter().any(|(name, _)| *name == key) {
                known.push((key, value));
            }
        }
        match form {
            Form::Json => known.sort_unstable_by(|(a, _), (b, _)| a.cmp(b)),
            Form::Yaml => known[count..].sort_unstable_by(|(a, _), (b, _)| natural::compare(a, b)),
        }
        View::Map(known)
    }
}

/// A map without known fields, sorted.
pub(super) fn sorted<'a>(entries: impl Iterator<Item = (&'a String, View<'a>)>, form: Form) -> View<'a> {
    Object::new(form).with(entries.map(|(key, value)| (Cow::Borrowed(key.as_str()), value)))
}

/// A value whose maps are sorted at every depth.
pub(super) fn sorted_deeply(value: &Value, form: Form) -> View<'_> {
    match value {
        Value::List(items) => View::List(items.iter().map(|item| sorted_deeply(item, form)).collect()),
        Value::Map(map) => sorted(map.iter().map(|(key, value)| (key, sorted_deeply(value, form))), form),
        other => View::Value(other),
    }
}
