//! Why the plane did not start, and why it did not do what it was asked.

use std::io;
use std::net::SocketAddr;

use thiserror::Error;

use crate::blobs::BlobError;
use crate::data_folder::DataFolderError;
use crate::store::StoreError;

/// Why the control plane did not start. Each names the thing that is in the way.
#[derive(Debug, Error)]
pub enum StartError {
    /// The data folder is in use, or can't be written.
    #[error(transparent)]
    DataFolder(#[from] DataFolderError),
    /// The database is damaged, or of a newer version.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address is taken or not ours.
    #[error("listening on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The reason.
        source: io::Error,
    },
    /// Remains of broken uploads could not be removed.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// The file through which commands find the server could not be written.
    #[error("writing {path}")]
    Admin {
        /// The file.
        path: std::path::PathBuf,
        /// The reason.
        source: io::Error,
    },
}

/// Why the plane did not do what it was asked. The texts are for people.
#[derive(Debug, Error)]
pub enum PlaneError {
    /// There is no such thing.
    #[error("{what}")]
    NotFound {
        /// What was looked for, as a sentence.
        what: String,
    },
    /// The pipeline is not valid: what is wrong, and in which step.
    #[error("{0}")]
    Invalid(String),
    /// The thing is not in a state for this.
    #[error("{0}")]
    Refused(String),
    /// A fault of the plane itself, e.g. a full disk; asking again may help.
    #[error("the control plane could not do it: {0}")]
    Fault(String),
    /// The plane is shutting down.
    #[error("the control plane has stopped")]
    Stopped,
}
