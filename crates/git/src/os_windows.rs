//! Files for nobody but the agent's user; their folder's access list sees to that here.
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Makes a directory, and those above it.
pub(crate) fn private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(path)
}

/// Opens a file to append to, made if it isn't there.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// The program that asks a host for its keys: from `PATH`, or from where Git for Windows keeps it.
pub(crate) fn keyscan_program(shell: &redkite_shell::Shell) -> Option<PathBuf> {
    if shell.find("ssh-keyscan").is_some() {
        return Some("ssh-keyscan".into());
    }
    let own = shell.capture(&redkite_shell::Command::new("git", ["--exec-path"])).ok()?;
    ["../../../usr/bin", "../../bin"].iter().find_map(|folder| {
        let program = Path::new(&own).join(folder).join("ssh-keyscan.exe");
        program.exists().then_some(program)
    })
}

/// Makes a new directory in `parent`, whose name is `prefix` and something random.
pub(crate) fn unique_private_directory(parent: &Path, prefix: &str) -> io::Result<PathBuf> {
    Ok(tempfile::Builder::new().prefix(prefix).tempdir_in(parent)?.keep())
}
