//! An environment as a map, and what changed between two of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use crate::os;

/// Variables by name (spec/job.md §5.1). Names compare as the platform has it; values are the system's text, which need
/// not be UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Env(BTreeMap<String, OsString>);

impl Env {
    /// An environment without variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a variable that is set, possibly to nothing.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(&*os::name(name)).map(OsString::as_os_str)
    }

    /// The value of a variable, empty when it is not set.
    pub fn value(&self, name: &str) -> &OsStr {
        self.get(name).unwrap_or_default()
    }

    /// The same for what is text by nature.
    pub fn text(&self, name: &str) -> Cow<'_, str> {
        redkite_text::shown(self.value(name))
    }

    /// Whether the variable is set, possibly to nothing.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(&*os::name(name))
    }

    /// Sets a variable; answers its old value.
    pub fn set(&mut self, name: &str, value: impl Into<OsString>) -> Option<OsString> {
        self.0.insert(os::name(name).into_owned(), value.into())
    }

    /// Removes a variable; answers its old value.
    pub fn remove(&mut self, name: &str) -> Option<OsString> {
        self.0.remove(&*os::name(name))
    }

    /// All variables, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_os_str()))
    }

    /// All variables as text, for JSON and the like.
    pub fn texts(&self) -> impl Iterator<Item = (String, String)> {
        self.iter().map(|(name, value)| (name.to_owned(), redkite_text::shown(value).into_owned()))
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
            self.set(name, value);
        }
        for (name, change) in &diff.changed {
            self.set(name, &change.new);
        }
        diff.removed.iter().for_each(|name| drop(self.remove(name)));
    }
}

/// Entries without a name are dropped. Bytes of names that are not UTF-8 become U+FFFD: nothing of ours has such a name.
impl<N: AsRef<OsStr>, V: AsRef<OsStr>> FromIterator<(N, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(entries: I) -> Self {
        let mut env = Self::default();
        for (name, value) in entries {
            let name = redkite_text::shown(name.as_ref());
            if !name.is_empty() && !name.starts_with('=') {
                env.set(&name, value.as_ref());
            }
        }
        env
    }
}

/// Changes of an environment, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvDiff {
    /// New variables.
    pub added: BTreeMap<String, OsString>,
    /// Variables with another value.
    pub changed: BTreeMap<String, Changed>,
    /// Variables that are gone, by name.
    pub removed: Vec<String>,
}

/// A variable's two values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// What it was.
    pub old: OsString,
    /// What it is.
    pub new: OsString,
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
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        let changed = || self.changed.get(name).map(|change| &change.new);
        self.added.get(name).or_else(changed).map(OsString::as_os_str)
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
        assert_eq!(
            (diff.get("NEW"), diff.get("OTHER"), diff.get("GONE")),
            (Some("".as_ref()), Some("2".as_ref()), None)
        );
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

    #[cfg(unix)]
    proptest::proptest! {
        #[test]
        fn any_diff_leads_from_one_to_the_other(before in variables(), after in variables()) {
            let mut applied = before.clone();
            let diff = before.diff(&after);
            applied.apply(&diff);
            proptest::prop_assert_eq!(&applied, &after);
            let differs = |name: &&str| before.get(name) != after.get(name);
            proptest::prop_assert!(diff.names().all(|name| differs(&name)));
            let names = ["A", "B", "C", "D"];
            proptest::prop_assert_eq!(names.iter().filter(|name| differs(name)).count(), diff.names().count());
        }
    }

    /// Some of four variables, with any bytes that a variable can have.
    #[cfg(unix)]
    fn variables() -> impl proptest::strategy::Strategy<Value = Env> {
        use proptest::collection::{btree_map, vec};
        use proptest::strategy::Strategy;
        // Few different bytes, so that values are the same, or nearly, now and then.
        let byte = proptest::prop_oneof![1..=255_u8, 0xfd..=0xff_u8, b'a'..=b'b'];
        let values = btree_map("[A-D]", vec(byte, 0..4), 0..5);
        values.prop_map(|values| {
            values.into_iter().map(|(name, value)| (name, redkite_text::from_bytes(value))).collect()
        })
    }
}
