//! Standard input, for commands that read it when an argument is missing (docs/spec/cli.md §3, §18).

use std::io::{self, Read};

use thiserror::Error;

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod os;

/// Standard input could not be read.
#[derive(Debug, Error)]
#[error("failed to read from stdin")]
pub(crate) struct StdinError(#[from] io::Error);

/// Everything on standard input, if it is a pipe, file or socket; a terminal or the null device is not read.
pub(crate) fn read_if_readable() -> Option<io::Result<Vec<u8>>> {
    os::is_readable().then(|| {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    })
}

/// Whether somebody may have put something there: it is open and no terminal or other device.
pub(crate) fn is_readable() -> bool {
    os::is_readable()
}

/// All of standard input as text, even of a terminal.
pub(crate) fn text() -> Result<String, StdinError> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// The value that was given as an argument, or else all of standard input.
pub(crate) fn unless_given(argument: Option<String>, what: &str) -> Result<String, StdinError> {
    match argument {
        Some(value) => Ok(value),
        None => {
            tracing::info!("Reading {what} from STDIN");
            text()
        }
    }
}
