//! Files for nobody but the agent's user.
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

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
