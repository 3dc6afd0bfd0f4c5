//! The environment redkite was called in: read once, passed on from there.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

/// Variables that tie git to one repository, as a git hook that calls redkite has them. Neither our git nor the
/// jobs' may see them.
const GIT_LOCAL: [&str; 14] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_WORK_TREE",
];

/// Variables of a process, in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment(Vec<(OsString, OsString)>);

impl Environment {
    /// This process's.
    pub(crate) fn of_this_process() -> Self {
        Self::new(std::env::vars_os())
    }

    /// `variables`, without those that belong to one git repository.
    pub(crate) fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let local = |name: &OsStr| GIT_LOCAL.iter().any(|local| name == *local);
        Self(variables.into_iter().filter(|(name, _)| !local(name)).collect())
    }

    /// A variable's value; an empty one counts as none.
    pub(crate) fn value(&self, name: &str) -> Option<&OsStr> {
        let found = self.0.iter().rev().find(|(of, _)| of == name);
        found.map(|(_, value)| value.as_os_str()).filter(|value| !value.is_empty())
    }

    /// This environment and one variable more.
    pub(crate) fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        let name = name.into();
        self.0.retain(|(of, _)| *of != name);
        self.0.push((name, value.into()));
        self
    }

    /// This environment and settings for git, after those that it has already (git-config(1), `GIT_CONFIG_COUNT`).
    pub(crate) fn with_git_settings(mut self, settings: Vec<(String, String)>) -> Self {
        if settings.is_empty() {
            return self;
        }
        let count = self.value("GIT_CONFIG_COUNT").and_then(|count| count.to_str()?.parse::<usize>().ok());
        let mut count = count.unwrap_or(0);
        for (key, value) in settings {
            self = self.with(format!("GIT_CONFIG_KEY_{count}"), key);
            self = self.with(format!("GIT_CONFIG_VALUE_{count}"), value);
            count += 1;
        }
        self.with("GIT_CONFIG_COUNT", count.to_string())
    }

    /// This environment without the variables whose name `unwanted` picks.
    pub(crate) fn without(mut self, unwanted: impl Fn(&OsStr) -> bool) -> Self {
        self.0.retain(|(name, _)| !unwanted(name));
        self
    }

    /// The variables that are text, for interpolation.
    pub(crate) fn text(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)))
    }

    /// All variables, for a process to be started.
    pub(crate) fn variables(&self) -> Vec<(OsString, OsString)> {
        self.0.clone()
    }

    /// The program of that name in `PATH`.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        let path = self.value("PATH")?;
        std::env::split_paths(path).map(|folder| folder.join(name)).find(|file| is_executable(file))
    }
}

/// Whether a file is there that somebody may execute.
pub(crate) fn is_executable(file: &std::path::Path) -> bool {
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_for_git_come_after_those_that_are_there() {
        let settings = || vec![("a.b".to_owned(), "c".to_owned())];
        for (count, key, expected) in [
            (None, "GIT_CONFIG_KEY_0", "1"),
            (Some(""), "GIT_CONFIG_KEY_0", "1"),
            (Some("2"), "GIT_CONFIG_KEY_2", "3"),
        ] {
            let env = Environment::new(count.map(|count| ("GIT_CONFIG_COUNT".into(), count.into())));
            let env = env.with_git_settings(settings());
            assert_eq!(env.value(key), Some("a.b".as_ref()), "{count:?}");
            assert_eq!(env.value("GIT_CONFIG_COUNT"), Some(expected.as_ref()), "{count:?}");
        }
        assert_eq!(Environment::default().with_git_settings(Vec::new()).variables(), []);
    }
}
