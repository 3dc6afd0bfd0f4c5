//! An environment as a map, and what changed between two of them.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use crate::os;

/// Variables by name (spec/job.md §5.1). Names compare as the platform has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// An environment without variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a variable that is set, possibly to nothing.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(&*os::name(name)).map(String::as_str)
    }

    /// The value of a variable, empty when it is not set.
    pub fn value(&self, name: &str) -> &str {
        self.get(name).unwrap_or("")
    }

    /// Whether the variable is set, possibly to nothing.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(&*os::name(name))
    }

    /// Sets a variable; answers its old value.
    pub fn set(&mut self, name: &str, value: impl Into<String>) -> Option<String> {
        self.0.insert(os::name(name).into_owned(), value.into())
    }

    /// Removes a variable; answers its old value.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        self.0.remove(&*os::name(name))
    }

    /// All variables, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What has to be done to `self` to get `after`.
    pub fn diff(&self, after: &Self) -> EnvDiff {
        let mut diff = EnvDiff::default();
        for (name, value) in after.iter() {
            match self.get(name) {
                None => drop(diff.added.insert(name.to_owned(), value.to_owned())),
                Some(old) if old != value => {
                    let change = Changed { old: old.to_owned(), new: value.to_owned() };
                    diff.changed.insert(name.to_owned(), change);
                }
                Some(_) => {}
            }
        }
        diff.removed = self.iter().filter(|(name, _)| !after.contains(name)).map(|(n, _)| n.into()).collect();
        diff
    }

    /// Applies changes.
    pub fn apply(&mut self, diff: &EnvDiff) {
        for (name, value) in &diff.added {
            self.set(name, value.as_str());
        }
        for (name, change) in &diff.changed {
            self.set(name, change.new.as_str());
        }
        diff.removed.iter().for_each(|name| drop(self.remove(name)));
    }
}

/// Entries without a name are dropped; bytes that are not UTF-8 become U+FFFD.
impl<N: AsRef<OsStr>, V: AsRef<OsStr>> FromIterator<(N, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(entries: I) -> Self {
        let mut env = Self::default();
        for (name, value) in entries {
            let name = name.as_ref().to_string_lossy();
            if !name.is_empty() && !name.starts_with('=') {
                env.set(&name, value.as_ref().to_string_lossy());
            }
        }
        env
    }
}

/// Changes of an environment, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvDiff {
    /// New variables.
    pub added: BTreeMap<String, String>,
    /// Variables with another value.
    pub changed: BTreeMap<String, Changed>,
    /// Variables that are gone, by name.
    pub removed: Vec<String>,
}

/// A variable's two values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
}

impl EnvDiff {
    /// Drops the changes of one variable; answers whether there were any.
    pub fn forget(&mut self, name: &str) -> bool {
        let before = self.removed.len();
        self.removed.retain(|removed| removed != name);
        self.added.remove(name).is_some()
            || self.changed.remove(name).is_some()
            || before != self.removed.len()
    }

    /// The new value of a variable that was added or changed.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.added.get(name).or_else(|| self.changed.get(name).map(|change| &change.new)).map(String::as_str)
    }

    /// All names: added, changed, removed.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.added.keys().chain(self.changed.keys()).chain(&self.removed).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(entries: &[(&str, &str)]) -> Env {
        entries.iter().copied().collect()
    }

    #[test]
    fn a_diff_leads_from_one_to_the_other() {
        let before = env(&[("SAME", "1"), ("OTHER", "1"), ("GONE", "1")]);
        let after = env(&[("SAME", "1"), ("OTHER", "2"), ("NEW", "")]);
        let mut diff = before.diff(&after);
        assert_eq!(diff.names().collect::<Vec<_>>(), ["NEW", "OTHER", "GONE"]);
        assert_eq!((diff.get("NEW"), diff.get("OTHER"), diff.get("GONE")), (Some(""), Some("2"), None));
        let mut applied = before.clone();
        applied.apply(&diff);
        assert_eq!(applied, after);
        assert!(diff.forget("GONE") && diff.forget("NEW") && !diff.forget("SAME"));
        assert_eq!(diff.names().collect::<Vec<_>>(), ["OTHER"]);
    }

    #[test]
    fn nameless_entries_are_dropped() {
        assert_eq!(env(&[("", "x"), ("=C:", "x"), ("A", "")]), env(&[("A", "")]));
    }
}
