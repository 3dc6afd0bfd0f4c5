//! One job's shell: its environment, its directory, its log.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redkite_process::{Context, Policy, Signal, Terminal};
use redkite_telemetry::Trace;

use crate::{Env, Log, cleaned};

/// What a [`Shell`] is made from.
#[derive(Debug)]
pub struct Setup {
    /// The environment of this process, under every child's (spec/job.md §4).
    pub base_env: Vec<(OsString, OsString)>,
    /// The directory to start in.
    pub directory: PathBuf,
    /// Where everything is written.
    pub log: Log,
    /// What ends the commands.
    pub context: Context,
    /// What their groups are sent when the context is over.
    pub signal: Signal,
    /// How long they may take to answer.
    pub grace: Duration,
    /// Whether commands get a terminal.
    pub terminal: Terminal,
    /// How much is shown.
    pub verbosity: Verbosity,
    /// What the work is recorded in.
    pub trace: Trace,
}

/// How much of its work a shell shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    /// What users look for.
    Normal,
    /// Also what is usually hidden (spec/job.md §22).
    Debug,
}

/// A directory that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to change working directory: directory does not exist")]
pub struct CdError {
    /// The directory.
    pub path: PathBuf,
}

/// One job's shell. Clones are the same shell; [`within`](Self::within) makes one that differs in what ends its
/// commands.
#[derive(Clone, Debug)]
pub struct Shell {
    state: Arc<State>,
    context: Context,
}

#[derive(Debug)]
struct State {
    base_env: Vec<(OsString, OsString)>,
    base_values: Env,
    env: Mutex<Env>,
    directory: Mutex<PathBuf>,
    log: Log,
    signal: Signal,
    grace: Duration,
    terminal: Terminal,
    verbosity: Verbosity,
    trace: Trace,
}

impl Shell {
    /// A shell whose environment is, to begin with, that of this process.
    pub fn new(setup: Setup) -> Self {
        let base_values: Env = setup.base_env.iter().map(|(name, value)| (name, value)).collect();
        let state = State {
            env: Mutex::new(base_values.clone()),
            base_values,
            base_env: setup.base_env,
            directory: Mutex::new(setup.directory),
            log: setup.log,
            signal: setup.signal,
            grace: setup.grace,
            terminal: setup.terminal,
            verbosity: setup.verbosity,
            trace: setup.trace,
        };
        Self { state: Arc::new(state), context: setup.context }
    }

    /// The same shell, whose commands end with `context`.
    #[must_use]
    pub fn within(&self, context: &Context) -> Self {
        Self { state: self.state.clone(), context: context.clone() }
    }

    /// What ends its commands.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Where its lines and its commands' output go.
    pub fn log(&self) -> &Log {
        &self.state.log
    }

    /// What its work is recorded in.
    pub fn trace(&self) -> &Trace {
        &self.state.trace
    }

    /// How much it shows.
    pub fn verbosity(&self) -> Verbosity {
        self.state.verbosity
    }

    /// Whether its commands get a terminal.
    pub fn terminal(&self) -> Terminal {
        self.state.terminal
    }

    /// The job's environment. Don't hold it while running a command: the job API waits for it.
    pub fn env(&self) -> MutexGuard<'_, Env> {
        self.state.env.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of a variable of the job; `None` when it is not set.
    pub fn get(&self, name: &str) -> Option<OsString> {
        self.env().get(name).map(OsStr::to_os_string)
    }

    /// Sets a variable of the job.
    pub fn set(&self, name: &str, value: impl Into<OsString>) {
        self.env().set(name, value);
    }

    /// Removes a variable of the job.
    pub fn unset(&self, name: &str) {
        self.env().remove(name);
    }

    /// Its working directory.
    pub fn directory(&self) -> PathBuf {
        self.state.directory.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes its working directory, with a prompt; a relative path is meant from the current one.
    pub fn cd(&self, path: &Path) -> Result<(), CdError> {
        let path = cleaned(&self.directory().join(path));
        self.log().prompt_of("cd", [&path]);
        if !path.exists() {
            return Err(CdError { path });
        }
        *self.state.directory.lock().unwrap_or_else(PoisonError::into_inner) = path;
        Ok(())
    }

    /// Where `program` is, as its commands find it; `None` when it is nowhere.
    pub fn find(&self, program: impl AsRef<OsStr>) -> Option<PathBuf> {
        crate::lookup::find(program.as_ref(), &self.env())
    }

    /// How long its commands may take to answer when they are asked to stop.
    pub fn grace(&self) -> Duration {
        self.state.grace
    }

    pub(crate) fn base_env(&self) -> &[(OsString, OsString)] {
        &self.state.base_env
    }

    /// Whether a variable still has the value it has in this process's environment.
    pub(crate) fn is_inherited(&self, name: &str, value: &OsStr) -> bool {
        self.state.base_values.get(name) == Some(value)
    }

    pub(crate) fn cancel_signal(&self) -> Signal {
        self.state.signal
    }

    pub(crate) fn policy(&self, terminal: Terminal) -> Policy {
        Policy::new(self.state.signal, self.state.grace, terminal)
    }
}
