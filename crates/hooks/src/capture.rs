//! What a shell hook changed: two dumps of its environment, compared (spec/job.md §8.7).

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use redkite_shell::{Env, EnvDiff};

use crate::declarations::{self, DeclarationError};

/// The hook's status, which its wrapper exports for the dump.
pub(crate) const STATUS: &str = "BUILDKITE_HOOK_EXIT_STATUS";
/// The directory in which the hook ended, which its wrapper exports for the dump.
pub(crate) const DIRECTORY: &str = "BUILDKITE_HOOK_WORKING_DIR";

/// A dump that is no environment.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The file cannot be read.
    #[error("reading the environment in {path}: {source}")]
    Read {
        /// The dump.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not what a shell writes.
    #[error("understanding the environment in {path}: {source}")]
    Declarations {
        /// The dump.
        path: PathBuf,
        /// What is wrong with it.
        source: DeclarationError,
    },
    /// It is not what `env dump` writes.
    #[error("understanding the environment in {path}: {source}")]
    Json {
        /// The dump.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// The environment in a dump; `None` when the file is empty.
pub(crate) fn read(path: &Path) -> Result<Option<Env>, CaptureError> {
    let failed = |source| CaptureError::Read { path: path.to_path_buf(), source };
    let bytes = std::fs::read(path).map_err(failed)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    // The form `nul`, the only one that ends so.
    if bytes.ends_with(b"\0") {
        return Ok(Some(
            redkite_text::unpacked(&bytes)
                .filter(|(name, _)| is_shells(&redkite_text::shown(name)))
                .collect(),
        ));
    }
    let path = || path.to_path_buf();
    if !bytes.starts_with(b"{") {
        let variables = declarations::parse(&bytes)
            .map_err(|source| CaptureError::Declarations { path: path(), source })?;
        return Ok(Some(variables.into_iter().collect()));
    }
    let parsed: Result<BTreeMap<String, String>, _> = serde_json::from_slice(&bytes);
    let variables = parsed.map_err(|source| CaptureError::Json { path: path(), source })?;
    Ok(Some(variables.into_iter().filter(|(name, _)| is_shells(name)).collect()))
}

/// Whether a shell can have changed a variable of this name: others pass through it, and not every form of dump
/// has them.
fn is_shells(name: &str) -> bool {
    let is_function = name.starts_with("BASH_FUNC_");
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_function || (is_name && !name.starts_with(|first: char| first.is_ascii_digit()))
}

/// What changed between the dumps, without what the wrapper itself exported, and where the hook ended.
pub(crate) fn compare(before: &Env, after: &Env) -> (EnvDiff, Option<PathBuf>) {
    let mut diff = before.diff(after);
    let directory = diff.get(DIRECTORY).map(PathBuf::from);
    for own in [STATUS, DIRECTORY, "_"] {
        diff.forget(own);
    }
    (diff, directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrappers_own_variables_are_no_changes() {
        let env = |entries: &[(&str, &str)]| -> Env { entries.iter().copied().collect() };
        let before = env(&[("A", "1"), ("_", "x")]);
        let after = env(&[("A", "2"), ("_", "y"), (STATUS, "0"), (DIRECTORY, "/tmp"), ("NEW", "a\nb")]);
        let (diff, directory) = compare(&before, &after);
        assert_eq!(diff.names().collect::<Vec<_>>(), ["NEW", "A"]);
        assert_eq!(directory, Some("/tmp".into()));
    }
}
