//! Why a job's plugins could not be got ready.
use crate::archive::ArchiveError;
use crate::loaded::NoDirectory;
use crate::reference::LocationError;
use redkite_shell::{CdError, RunError};
use std::io;
use std::path::PathBuf;

/// A plugin that is not usable.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// Its files could not be got.
    #[error("failed to checkout plugin {name}: {source}")]
    Checkout {
        /// The plugin.
        name: String,
        /// What went wrong.
        source: FetchError,
    },
    /// Its configuration, or what it needs, is not right.
    #[error("{}", .0.join(", "))]
    Validation(Vec<String>),
    /// Its definition can't be read.
    #[error("reading the plugin definition {path:?}: {reason}")]
    Definition {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A vendored plugin's folder.
    #[error(
        "vendored plugin path {location:?} must be a directory within the checked-out repository: {source}"
    )]
    Vendored {
        /// As the job has it.
        location: String,
        /// What is wrong with it.
        source: NoDirectory,
    },
    /// A vendored plugin's hooks.
    #[error(
        "vendored plugin hooks path {path:?} must be a directory within the checked-out repository: {source}"
    )]
    VendoredHooks {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        source: NoDirectory,
    },
}

/// Why a plugin's files could not be got.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// There is nowhere to put them.
    #[error("can't checkout plugin without a `plugins-path`")]
    NoPluginsPath,
    /// The reference names no repository.
    #[error(transparent)]
    Location(#[from] LocationError),
    /// An archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A git command.
    #[error(transparent)]
    Command(#[from] RunError),
    /// A directory is not there.
    #[error(transparent)]
    Directory(#[from] CdError),
    /// A file or directory could not be dealt with.
    #[error("{doing} {path:?}: {source}")]
    File {
        /// What was being done.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There are no hooks in it.
    #[error("{path:?} was not a directory within the {name:?} plugin: {source}")]
    NoHooks {
        /// The plugin.
        name: String,
        /// Where they should be.
        path: PathBuf,
        /// What is wrong.
        source: NoDirectory,
    },
}

impl FetchError {
    /// For [`Result::map_err`]: an error of the file system.
    pub(crate) fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }
}

impl PluginError {
    /// The exit status of the job: that of the command that failed, or 1.
    #[must_use]
    pub fn exit_status(&self) -> i32 {
        match self {
            Self::Checkout { source: FetchError::Command(error), .. } => error.code(),
            _ => 1,
        }
    }
}
