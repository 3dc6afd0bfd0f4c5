//! Locks between processes (spec/job.md §4, "cross-process lock").

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use redkite_process::Context;

use crate::{RunError, Shell, os};

/// How often a lock that is taken is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Closing the file would not do: a child that is just being started, by another thread, has a copy of it until its
/// program begins, and with the copy the lock.
impl Drop for Lock {
    fn drop(&mut self) {
        // A lock that can't be given back goes with the file.
        self.file.unlock().ok();
    }
}

/// A lock that was not got.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The lock file cannot be opened or locked.
    #[error("opening the lock file {path}: {source}")]
    File {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The time was up, or the job was cancelled, before the other process gave it back.
    #[error("{0}")]
    Over(RunError),
}

impl Shell {
    /// Locks `path` against other processes: the file `PATH` + `f`. Waits, with comments, until the lock is free
    /// or `context` is over.
    pub fn lock(&self, path: &Path, context: &Context) -> Result<Lock, LockError> {
        let mut name = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).into_os_string();
        name.push("f");
        let file_path = PathBuf::from(name);
        let failed = |source| LockError::File { path: file_path.clone(), source };
        let file = os::private(OpenOptions::new().create(true).truncate(false).write(true)).open(&file_path);
        let file = file.map_err(failed)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { file }),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
                Err(TryLockError::WouldBlock) => {}
            }
            let shown = file_path.display();
            self.log()
                .comment(format_args!("Could not acquire lock on \"{shown}\" (locked by another process)"));
            self.log().comment("Trying again in 1s...");
            if !context.sleep(PAUSE) {
                return Err(LockError::Over(RunError::over(context)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::Verbosity;
    use crate::test_shell::TestShell;

    #[test]
    fn a_lock_that_is_given_back_is_free_whoever_has_a_copy_of_its_file() {
        let root = tempfile::tempdir().expect("a directory");
        let shell = TestShell::new(Verbosity::Normal).shell;
        let at_once = shell.context().with_deadline(Instant::now());
        let lock = || shell.lock(&root.path().join("lock"), &at_once);
        let held = lock().expect("nobody has it");
        let copy_of_a_child = held.file.try_clone().expect("copied");
        assert!(matches!(lock(), Err(LockError::Over(_))));
        drop(held);
        lock().expect("it is free");
        drop(copy_of_a_child);
    }
}
