//! The script around a shell hook that tells what the hook changed (spec/job.md §8.5).

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{Hook, os};

/// A wrapper's files, in a directory of their own that goes with this value.
#[derive(Debug)]
pub(crate) struct Wrapper {
    directory: TempDir,
    /// The script to run.
    pub(crate) script: PathBuf,
    /// Where the environment before the hook is written.
    pub(crate) before: PathBuf,
    /// Where the environment after the hook is written.
    pub(crate) after: PathBuf,
    /// Where the names of exported functions are written.
    pub(crate) functions: PathBuf,
}

/// The wrapper could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{what} {path}: {source}")]
pub struct WrapperError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl Wrapper {
    /// Writes the wrapper of a hook to a temporary folder, under a name with the job's mark; `agent` is the program
    /// whose `env dump` is used.
    pub(crate) fn write(
        hook: &Hook,
        shebang: Option<&OsStr>,
        agent: &Path,
        (temporary, mark): (&Path, &str),
    ) -> Result<Self, WrapperError> {
        let failed = |what, path: &Path| {
            let path = path.to_path_buf();
            move |source| WrapperError { what, path, source }
        };
        std::fs::create_dir_all(temporary).map_err(failed("creating the temporary directory", temporary))?;
        let directory = os::private_directory(&format!("buildkite-agent-hook-wrapper{mark}"), temporary)
            .map_err(failed("creating a directory in", temporary))?;
        let at = |name: &str| directory.path().join(name);
        let wrapper = Self {
            script: at(os::script_name(&hook.path)),
            before: at("hook-before-env"),
            after: at("hook-after-env"),
            functions: at("hook-functions"),
            directory,
        };
        for dump in [&wrapper.before, &wrapper.after] {
            os::write_private(dump, b"").map_err(failed("creating", dump))?;
        }
        let text = os::script(&wrapper, shebang, agent, &hook.path);
        os::write_executable(&wrapper.script, text.as_encoded_bytes())
            .map_err(failed("writing", &wrapper.script))?;
        Ok(wrapper)
    }

    /// Removes the files, unless the hook has.
    pub(crate) fn remove(self) -> io::Result<()> {
        match self.directory.close() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}
