//! The variables this process was started with, read once.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// A snapshot of the process environment (the only place of the program where it is read), or what stands for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// What the operating system handed to this process.
    pub(crate) fn of_this_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// The value of `name`, if the variable exists at all; it may be empty.
    pub(crate) fn value(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// The same for what is text by nature: bytes that are none are replaced.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.value(name).map(|value| redkite_text::shown(value).into_owned())
    }

    /// Every variable, in the order of the names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// Every variable as text, bytes that are none replaced.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (String, String)> {
        let text = |text: &OsStr| redkite_text::shown(text).into_owned();
        self.iter().map(move |(name, value)| (text(name), text(value)))
    }
}

/// What clouds' settings are read from.
impl redkite_cloud::Environ for Environment {
    fn get(&self, name: &str) -> Option<String> {
        self.get(name)
    }

    fn all(&self) -> Vec<(OsString, OsString)> {
        self.0.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// Of a repeated name, the last value counts.
impl FromIterator<(OsString, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
