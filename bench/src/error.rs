//! What can go wrong while measuring.

use std::io;
use std::path::PathBuf;

use redkite_api::ApiError;
use thiserror::Error;

/// Why something was not measured.
#[derive(Debug, Error)]
pub(crate) enum BenchError {
    /// A program could not be started.
    #[error("starting {program}")]
    Start {
        /// Its path.
        program: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A program did not do what it was to do.
    #[error("{program} {what} ended with {status}: {output}")]
    Failed {
        /// Its path.
        program: PathBuf,
        /// Its arguments.
        what: String,
        /// How it ended.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// A job of the measurement failed.
    #[error("the measured job ended with exit status {exit_status}")]
    Job {
        /// As the agent reported it.
        exit_status: String,
    },
    /// Something was waited for in vain.
    #[error("waiting for {0}")]
    Timeout(&'static str),
    /// A file for the measurement could not be made.
    #[error("making {path}")]
    Fixture {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The system does not tell about a process.
    #[error("reading what process {pid} uses")]
    Usage {
        /// The process.
        pid: u32,
        /// The reason.
        source: io::Error,
    },
    /// The plane of the measurement could not be started.
    #[error("starting the plane")]
    Plane(#[source] io::Error),
    /// The server refused a simulated agent.
    #[error("a simulated agent: {0}")]
    Agent(&'static str, #[source] Box<ApiError>),
    /// A task of the measurement ended by a panic.
    #[error("a task of the measurement ended early")]
    Task,
    /// The table could not be printed.
    #[error("printing the table")]
    Output(#[source] io::Error),
}

/// The error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
