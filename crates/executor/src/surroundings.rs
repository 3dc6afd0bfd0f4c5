//! What a job needs from the rest of the program, and what it offers to it.

use std::error::Error;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use redkite_git::metadata::MetaData;
use redkite_shell::{OverrideMode, RunError, Shell};

/// The rest of the program, as a job sees it.
pub trait Surroundings: MetaData {
    /// Starts the server that the job's processes can talk to.
    ///
    /// # Errors
    /// Any error ends the bootstrap before anything of the job has run.
    fn start_job_api(&mut self, side: JobSide) -> Result<JobApi, Box<dyn Error + Send + Sync>>;

    /// Stops it. What it is doing may be finished.
    ///
    /// # Errors
    /// It could not be stopped in an orderly way.
    fn stop_job_api(&mut self) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// Uploads artifacts; what it has to say goes into the shell's log.
    ///
    /// # Errors
    /// Whatever keeps an artifact from being uploaded.
    fn upload(&mut self, shell: &Shell, upload: &Upload) -> Result<(), RunError>;
}

/// Artifacts to upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Globs, separated by `;`.
    pub paths: OsString,
    /// Where to; empty for the server's own store.
    pub destination: OsString,
}

/// What became of the request for a job API.
#[derive(Debug)]
pub enum JobApi {
    /// It runs.
    Started(ApiAccess),
    /// The agent is configured to do without.
    Disabled,
    /// The platform has nothing to build it on.
    Unavailable,
}

/// How the job's processes reach the job API.
#[derive(Debug)]
pub struct ApiAccess {
    /// The socket's path.
    pub socket: PathBuf,
    /// The token that they must show.
    pub token: String,
}

/// What the job API can see and change of a running job.
#[derive(Clone, Debug)]
pub struct JobSide {
    /// The job's environment and log.
    pub shell: Shell,
    /// Who may change checkout settings.
    pub override_mode: OverrideMode,
    pub(crate) pending: PendingDirectory,
}

impl JobSide {
    /// Sets the directory that the job changes to after the next hook that is no shell hook
    /// (spec/job.md §8.6).
    pub fn set_directory(&self, directory: PathBuf) {
        self.pending.set(directory);
    }
}

/// A directory that waits for the end of a hook.
#[derive(Clone, Debug, Default)]
pub(crate) struct PendingDirectory(Arc<Mutex<Option<PathBuf>>>);

impl PendingDirectory {
    fn set(&self, directory: PathBuf) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(directory);
    }

    pub(crate) fn take(&self) -> Option<PathBuf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
