//! What is Windows's own about jobs.

use std::io;
use std::path::Path;

use tempfile::TempDir;

/// Between the directories of `PATH`.
pub(crate) const PATH_SEPARATOR: &str = ";";

/// Every file can be executed.
pub(crate) fn make_executable(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A directory of the job's own.
pub(crate) fn private_directory(prefix: &str, parent: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(prefix).tempdir_in(parent)
}
