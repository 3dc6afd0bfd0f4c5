//! The variables that interpolation knows (spec/pipeline.md §10.4).

use std::collections::HashMap;

use redkite_redact::NameCase;

/// Variables by name.
#[derive(Debug, Clone)]
pub struct Variables {
    values: HashMap<String, String>,
    case: NameCase,
}

impl Variables {
    /// These variables; a later one of the same name wins.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>, case: NameCase) -> Self {
        let mut all = Self { values: HashMap::new(), case };
        variables.into_iter().for_each(|(name, value)| all.set(&name, value));
        all
    }

    /// No variables at all.
    pub fn none() -> Self {
        Self { values: HashMap::new(), case: NameCase::Exact }
    }

    /// The value of a variable; `None` if it is unset.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = match self.case {
            NameCase::Exact => self.values.get(name),
            NameCase::Upper => self.values.get(&name.to_uppercase()),
        };
        value.map(String::as_str)
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: String) {
        let name = match self.case {
            NameCase::Exact => name.to_owned(),
            NameCase::Upper => name.to_uppercase(),
        };
        self.values.insert(name, value);
    }

    /// All variables, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}
