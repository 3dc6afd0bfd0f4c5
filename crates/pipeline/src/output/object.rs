//! An object of known fields and the rest, in the order of a form (spec/pipeline.md §8, §12.2).

use super::canonical::Form;
use super::natural;
use crate::value::{Map, Value};

/// Builds an object: known fields are added in YAML's order.
pub(super) struct Object {
    known: Map,
    form: Form,
}

impl Object {
    pub(super) fn new(form: Form) -> Self {
        Self { known: Map::new(), form }
    }

    /// Adds a field unless it is absent.
    pub(super) fn field(mut self, name: &str, value: Option<Value>) -> Self {
        if let Some(value) = value {
            self.known.insert(name.to_owned(), value);
        }
        self
    }

    /// Adds a string field unless it is absent or empty.
    pub(super) fn text(self, name: &str, text: Option<&String>) -> Self {
        self.field(name, text.filter(|text| !text.is_empty()).map(Value::from))
    }

    /// Adds a list of strings unless it is empty.
    pub(super) fn texts(self, name: &str, texts: &[String]) -> Self {
        self.field(name, (!texts.is_empty()).then(|| Value::strings(texts)))
    }

    /// The object with everything else in it; known fields win.
    pub(super) fn with_rest(self, rest: &Map) -> Value {
        let mut others: Map = rest.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        others.retain(|key, _| !self.known.contains_key(key));
        let mut object = self.known;
        match self.form {
            Form::Json => {
                object.extend(others);
                object.sort_unstable_keys();
            }
            Form::Yaml => {
                others.sort_unstable_by(|a, _, b, _| natural::compare(a, b));
                object.extend(others);
            }
        }
        Value::Map(object)
    }
}

/// A map without known fields, sorted.
pub(super) fn sorted(entries: impl IntoIterator<Item = (String, Value)>, form: Form) -> Value {
    Object::new(form).with_rest(&entries.into_iter().collect())
}

/// A value whose maps are sorted at every depth.
pub(super) fn sorted_deeply(value: &Value, form: Form) -> Value {
    match value {
        Value::List(items) => Value::List(items.iter().map(|item| sorted_deeply(item, form)).collect()),
        Value::Map(map) => {
            sorted(map.iter().map(|(key, value)| (key.clone(), sorted_deeply(value, form))), form)
        }
        other => other.clone(),
    }
}
