//! The shell of a Unix.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::Variables;

/// What runs a line of the shell.
pub(super) fn shell(line: &str, _: Variables<'_>) -> (PathBuf, Vec<OsString>) {
    ("/bin/sh".into(), vec!["-c".into(), line.into()])
}
