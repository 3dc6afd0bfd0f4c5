//! Finding a program in the agent's own `PATH`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Where `program` is; a name without separator that isn't found stays as it is, so that starting it says so.
pub(crate) fn program(program: &OsStr, variables: &[(OsString, OsString)]) -> PathBuf {
    let path = Path::new(program);
    if path.components().count() > 1 {
        return path.to_owned();
    }
    in_path(program, variables).unwrap_or_else(|| path.to_owned())
}

/// The first runnable file of that name in `PATH`.
pub(crate) fn in_path(name: &OsStr, variables: &[(OsString, OsString)]) -> Option<PathBuf> {
    let path = variables
        .iter()
        .rev()
        .find(|(variable, _)| crate::os::is_path_variable(variable))
        .map(|(_, value)| value)?;
    let mut candidates = std::env::split_paths(path).flat_map(|folder| crate::os::names_of(&folder, name));
    candidates.find(|candidate| crate::os::is_runnable(candidate))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_up_and_paths_are_not() {
        let variables = [("PATH".into(), "/nowhere:/bin:/usr/bin".into())];
        let at = |name: &str| program(name.as_ref(), &variables);
        assert!(at("sh").is_absolute());
        assert_eq!(at("./x/y"), Path::new("./x/y"));
        assert_eq!(at("no-such-program"), Path::new("no-such-program"));
    }
}
