//! File modes, of which this platform has none.
use std::io;
use std::path::Path;
use tempfile::TempDir;

/// Nothing: what runs is decided by a file's name here.
#[expect(clippy::unnecessary_wraps, reason = "the other platform's can fail")]
pub(crate) fn set_mode(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// A new directory in `parent`.
pub(crate) fn private_directory(prefix: &str, parent: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(prefix).tempdir_in(parent)
}
