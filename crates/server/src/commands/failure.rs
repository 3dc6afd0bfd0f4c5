//! Why a command failed, and with which exit status: 1 when what was asked was not done, 2 when the
//! command could not begin.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use thiserror::Error;

use crate::admin::AdminError;
use crate::data_folder::DataFolderError;
use crate::plane::StartError;
use crate::run::{GuardError, RunError};
use crate::store::StoreError;

/// Why a command failed.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// The control plane did not start.
    #[error("the control plane could not start")]
    Start(#[from] StartError),
    /// The data folder can't be used.
    #[error("the data folder can't be used")]
    DataFolder(#[from] DataFolderError),
    /// The database can't be used.
    #[error("the database can't be used")]
    Store(#[from] StoreError),
    /// The server did not do it, or is not there.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// A run did not start.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The agents of a run could not be started or watched.
    #[error("the agents can't be run")]
    Guard(#[from] GuardError),
    /// A file that was named can't be read.
    #[error("reading {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The result can't be written.
    #[error("writing the result")]
    Write(#[source] io::Error),
    /// The runtime of a command can't be made.
    #[error("starting the asynchronous runtime")]
    Runtime(#[source] io::Error),
    /// What was named is not there.
    #[error("{0}")]
    NotFound(String),
    /// The plane has ended by itself.
    #[error("the control plane has stopped because of a defect; its log says why")]
    Stopped,
}

impl Failure {
    /// The exit status.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Admin(AdminError::Refused(_)) | Self::NotFound(_) | Self::Write(_) | Self::Stopped => {
                ExitCode::from(1)
            }
            _ => ExitCode::from(2),
        }
    }
}
