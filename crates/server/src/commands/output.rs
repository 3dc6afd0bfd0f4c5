//! What commands print: results on standard output, complaints on standard error.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write};

use serde::Serialize;

use super::Failure;
use crate::failure_text::describe;

/// Prints a line of the result.
pub(super) fn line(text: impl Display) -> Result<(), Failure> {
    writeln!(io::stdout(), "{text}").map_err(Failure::Write)
}

/// Prints bytes of the result as they are.
pub(super) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(Failure::Write)
}

/// Prints the result for programs.
pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).expect("results have only text keys");
    line(text)
}

/// Tells the person something that is not part of the result.
pub(super) fn note(text: impl Display) {
    // Nobody can be told that nobody can be told.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Says why the command failed.
pub(super) fn complain(error: &dyn Error) {
    note(format_args!("redkite: {}", describe(error)));
}
