//! Interpolation of strings wherever they are in a value (spec/pipeline.md §10.2).

use indexmap::IndexMap;

use super::entries::expand_entries;
use super::grammar::{self, InterpolationError};
use super::variables::Variables;
use crate::value::{Map, Value};

/// Replaces variables in place.
#[derive(Clone, Copy)]
pub(super) struct Expander<'a>(pub(super) &'a Variables);

type Done = Result<(), InterpolationError>;

impl Expander<'_> {
    pub(super) fn string(self, text: &mut String) -> Done {
        if let Some(expanded) = grammar::expand(text, self.0)? {
            *text = expanded;
        }
        Ok(())
    }

    pub(super) fn option(self, text: &mut Option<String>) -> Done {
        text.as_mut().map_or(Ok(()), |text| self.string(text))
    }

    pub(super) fn strings(self, texts: &mut [String]) -> Done {
        texts.iter_mut().try_for_each(|text| self.string(text))
    }

    pub(super) fn value(self, value: &mut Value) -> Done {
        match value {
            Value::String(text) => self.string(text),
            Value::List(items) => items.iter_mut().try_for_each(|item| self.value(item)),
            Value::Map(map) => self.map(map),
            _ => Ok(()),
        }
    }

    /// Keys and values, at every depth.
    pub(super) fn map(self, map: &mut Map) -> Done {
        self.entries(map, |value| self.value(value))
    }

    pub(super) fn string_map(self, map: &mut IndexMap<String, String>) -> Done {
        self.entries(map, |text| self.string(text))
    }

    /// Keys, and values by `expand`.
    pub(super) fn entries<V>(
        self,
        map: &mut IndexMap<String, V>,
        mut expand: impl FnMut(&mut V) -> Done,
    ) -> Done {
        if map.keys().all(|key| memchr::memchr(b'$', key.as_bytes()).is_none()) {
            return map.values_mut().try_for_each(expand);
        }
        expand_entries(map, |key, value| {
            self.string(key)?;
            expand(value)
        })
    }
}
