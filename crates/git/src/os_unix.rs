//! Files for nobody but the agent's user.
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Makes a directory, and those above it, with mode 0700.
pub(crate) fn private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Opens a file to append to, made with mode 0600.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// The program that asks a host for its keys.
pub(crate) fn keyscan_program(shell: &redkite_shell::Shell) -> Option<String> {
    shell.find("ssh-keyscan").map(|_| "ssh-keyscan".to_owned())
}

/// Makes a new directory with mode 0700 in `parent`, whose name is `prefix` and something random.
pub(crate) fn unique_private_directory(parent: &Path, prefix: &str) -> io::Result<PathBuf> {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    Ok(tempfile::Builder::new().prefix(prefix).permissions(mode).tempdir_in(parent)?.keep())
}
