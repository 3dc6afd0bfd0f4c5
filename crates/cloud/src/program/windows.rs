//! The command interpreter of Windows.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::{Variables, filled};

/// What runs a line of the interpreter.
pub(super) fn shell(line: &str, variables: Variables<'_>) -> (PathBuf, Vec<OsString>) {
    let interpreter =
        filled(variables, "ComSpec").unwrap_or_else(|| r"C:\Windows\System32\cmd.exe".to_owned());
    (interpreter.into(), vec!["/C".into(), line.into()])
}
