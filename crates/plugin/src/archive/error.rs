//! Why an archive is no plugin.
use redkite_shell::RunError;
use std::io;
use std::path::PathBuf;

/// An archive that could not be got or unpacked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The experiment is off.
    #[error("zip plugins require the \"zip-plugins\" experiment to be enabled")]
    Refused,
    /// A version that is no digest.
    #[error("unsupported version format {0:?}: expected \"sha256:<hex>\"")]
    Version(String),
    /// A scheme that nothing is known of.
    #[error("scheme {0} is not supported")]
    Scheme(String),
    /// An address that is none.
    #[error("{0:?} is not a URL")]
    Url(String),
    /// The server's answer.
    #[error("HTTP request failed with status {code}: {code} {reason}")]
    Status {
        /// Its number.
        code: u16,
        /// Its words.
        reason: &'static str,
    },
    /// No answer.
    #[error("downloading the archive: {0}")]
    Transport(Box<ureq::Error>),
    /// The job ended meanwhile.
    #[error(transparent)]
    Over(RunError),
    /// The archive is another than the one that was asked for.
    #[error("SHA256 verification failed: expected {expected}, got {found}")]
    Digest {
        /// As the version has it.
        expected: String,
        /// What came.
        found: String,
    },
    /// What is in it can't be unpacked.
    #[error("extracting the archive: {0}")]
    Contents(String),
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
}

impl ArchiveError {
    /// For [`Result::map_err`]: an error of the file system.
    pub(super) fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }
}
