//! Bytes that are too many for the database: log chunks and artifacts, as files of the data folder.
//! What a function here has returned is on the disk.

mod artifacts;
mod logs;

pub(crate) use artifacts::{ArtifactFiles, Incoming};
pub(crate) use logs::{LogFiles, Stored};

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// What the disk did not do.
#[derive(Debug, Error)]
#[error("{doing} {path}")]
pub struct BlobError {
    doing: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl BlobError {
    /// For `map_err`: names what was being done on which file.
    fn at(doing: &'static str, path: &std::path::Path) -> impl Fn(io::Error) -> Self {
        move |source| Self { doing, path: path.to_path_buf(), source }
    }
}
