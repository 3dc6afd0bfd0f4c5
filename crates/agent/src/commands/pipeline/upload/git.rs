//! Git, for one-shot commands: in the working directory, its complaints kept for the log.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redkite_process::{Cancel, Context, Signal, Terminal};
use redkite_shell::{Command, Log, RunError, Setup, Shell, Verbosity};

use crate::environment::Environment;

/// Runs git.
pub(super) struct Git {
    shell: Shell,
    complaints: Complaints,
}

/// A git command failed.
#[derive(Debug, thiserror::Error)]
#[error("git {args}: {source}")]
pub(super) struct GitError {
    args: String,
    /// What git wrote to standard error.
    pub(super) complaints: String,
    source: RunError,
}

impl Git {
    pub(super) fn new(environment: &Environment) -> io::Result<Self> {
        let complaints = Complaints::default();
        let shell = Shell::new(Setup {
            base_env: environment.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            directory: std::env::current_dir()?,
            log: Log::new(io::sink(), complaints.clone(), Vec::new()),
            context: Context::until(&Cancel::new()),
            signal: Signal::TERM,
            grace: Duration::ZERO,
            terminal: Terminal::None,
            verbosity: Verbosity::Normal,
            trace: Default::default(),
        });
        Ok(Self { shell, complaints })
    }

    /// What git prints.
    pub(super) fn capture(&self, args: &[&str]) -> Result<String, GitError> {
        self.complaints.take();
        self.shell.capture(&Command::new("git", args.iter().copied())).map_err(|source| GitError {
            args: args.join(" "),
            complaints: self.complaints.take(),
            source,
        })
    }
}

/// What git wrote to standard error.
#[derive(Clone, Default)]
struct Complaints(Arc<Mutex<Vec<u8>>>);

impl Complaints {
    fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }
}

impl Write for Complaints {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
