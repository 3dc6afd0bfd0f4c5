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
        .unwrap_or_else(|error| redkite_text::shown_bytes(error.as_bytes()).into_owned()))
}

/// What a command reads when an argument is missing.
#[derive(Debug, Default)]
pub(crate) enum Input {
    /// This process's standard input.
    #[default]
    Standard,
    /// These bytes in its place.
    Given(Vec<u8>),
}

impl Input {
    /// The value that was given as an argument, or else all of the input.
    pub(crate) fn unless_given(&self, argument: Option<String>, what: &str) -> Result<String, StdinError> {
        if let Some(value) = argument {
            return Ok(value);
        }
        tracing::info!("Reading {what} from STDIN");
        match self {
            Self::Standard => text(),
            Self::Given(bytes) => Ok(redkite_text::shown_bytes(bytes).into_owned()),
        }
    }
}
