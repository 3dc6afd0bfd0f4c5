//! A copy of a mirror for one job (spec/checkout.md §10.4): its own mirror may be repacked under its feet.
use crate::classify::Operation;
use crate::command::{Args, Git};
use crate::directory;
use crate::error::CheckoutError;
use crate::paths::sanitised;
use redkite_shell::{Shell, quoted};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Makes a copy of `mirror` under `mirrors`; the directory is noted in `leftovers` for its removal.
pub(super) fn take(
    shell: &Shell,
    mirrors: &Path,
    mirror: &Path,
    repository: &OsStr,
    leftovers: &mut Vec<PathBuf>,
) -> Result<PathBuf, CheckoutError> {
    let base = mirrors.join("snapshots");
    directory::create(shell, &base)?;
    let snapshot = unique_directory(&base, &sanitised(&redkite_text::shown(repository)))
        .map_err(CheckoutError::file("creating snapshot directory in", &base))?;
    leftovers.push(snapshot.clone());
    shell.log().comment(format_args!("Creating mirror snapshot in {}", quoted(&snapshot)));
    let args = Args::new(["clone", "--mirror", "--"]).and([mirror, &snapshot]);
    Git::new(shell).run_as(Operation::Clone, args)?;
    Ok(snapshot)
}

/// A new directory whose name is `prefix` and digits, readable as any other.
fn unique_directory(base: &Path, prefix: &str) -> io::Result<PathBuf> {
    loop {
        let digits = getrandom::u32().map_err(io::Error::from)?;
        let path = base.join(format!("{prefix}{digits}"));
        match fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| path),
        }
    }
}
