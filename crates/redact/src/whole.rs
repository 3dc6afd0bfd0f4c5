//! Redaction of whole values, and the search for secrets in a text (spec/redaction-and-logs.md §6.2, §9).

use std::collections::HashMap;

use crate::needle::Needle;
use crate::redactor::Redactor;
use crate::scanner::{NeedleId, Scanner};

/// A value that has been through the redactor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redacted {
    /// No secret occurs in it.
    Unchanged,
    /// What is left of it.
    Replaced(String),
}

/// Replaces every secret in `text`.
pub fn redact_whole<V: AsRef<[u8]>>(text: &str, secrets: impl IntoIterator<Item = V>) -> Redacted {
    let mut redactor = Redactor::with_secrets(secrets);
    let mut out = Vec::with_capacity(text.len());
    redactor.write(text.as_bytes(), |part| out.extend_from_slice(part));
    redactor.flush(|part| out.extend_from_slice(part));
    if out == text.as_bytes() {
        return Redacted::Unchanged;
    }
    Redacted::Replaced(String::from_utf8_lossy(&out).into_owned())
}

/// A search that tells whose values occur.
#[derive(Debug)]
pub struct SecretSearch<'a> {
    scanner: Scanner,
    needles: HashMap<Needle, NeedleId>,
    names: Vec<Vec<&'a str>>,
}

impl<'a> SecretSearch<'a> {
    /// Looks for the values of these names.
    pub fn new(secrets: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut search = Self { scanner: Scanner::new(), needles: HashMap::new(), names: Vec::new() };
        for (name, value) in secrets {
            Needle::of_value(value).for_each(|needle| search.add(name, needle));
        }
        search
    }

    fn add(&mut self, name: &'a str, needle: Needle) {
        if let Some(id) = self.scanner.add(needle.clone()) {
            self.needles.insert(needle.clone(), id);
            self.names.push(Vec::new());
        }
        self.names[self.needles[&needle]].push(name);
    }

    /// The names whose values occur in `text`, sorted.
    pub fn names_in(mut self, text: &[u8]) -> Vec<&'a str> {
        let mut found = Vec::new();
        self.scanner.scan(text, &mut |needle, _| found.extend_from_slice(&self.names[needle]));
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_values_are_redacted() {
        let check = |text: &str, expected: Redacted| {
            assert_eq!(redact_whole(text, ["hunter22", "l1\nl2"]), expected);
        };
        check("nothing here", Redacted::Unchanged);
        check("a hunter22 b", Redacted::Replaced("a [REDACTED] b".into()));
        check("hunter2", Redacted::Unchanged);
        check("l1\r\n  l2 l1\\nl2", Redacted::Replaced("[REDACTED] [REDACTED]".into()));
    }

    #[test]
    fn names_of_values_are_found() {
        let secrets = [("B", "same-value"), ("A", "same-value"), ("C", "other\"v"), ("D", "absent")];
        let search = SecretSearch::new(secrets.map(|(name, value)| (name, value.as_bytes())));
        assert_eq!(search.names_in(br#"{"x":"same-value","y":"other\"v"}"#), ["A", "B", "C"]);
    }
}
