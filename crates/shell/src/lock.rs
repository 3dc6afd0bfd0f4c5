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
    // Closing the file is what gives the lock back.
    _file: File,
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
                Ok(()) => return Ok(Lock { _file: file }),
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
