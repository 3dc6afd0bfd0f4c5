//! What is Unix's own about jobs.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

/// Between the directories of `PATH`.
pub(crate) const PATH_SEPARATOR: &str = ":";

/// Lets the owner execute a file.
pub(crate) fn make_executable(path: &Path) -> io::Result<()> {
    let mut permissions = path.metadata()?.permissions();
    if permissions.mode() & 0o100 == 0 {
        permissions.set_mode(permissions.mode() | 0o100);
        std::fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

/// A directory that nobody else can look into.
pub(crate) fn private_directory(prefix: &str, parent: &Path) -> io::Result<TempDir> {
    let private = std::fs::Permissions::from_mode(0o700);
    tempfile::Builder::new().prefix(prefix).permissions(private).tempdir_in(parent)
}
