//! The sockets a job can talk to: the job API of its own executor, and the locks of the agents on this machine.
//!
//! Here live the HTTP over those sockets, both ends of it, and the rules of what a job may change. What the
//! variables, redactors and directories of a job are is the executor's business, which implements [`Job`].

mod client;
mod http;
mod job;
mod server;

#[cfg_attr(unix, path = "socket_unix.rs")]
#[cfg_attr(windows, path = "socket_windows.rs")]
pub mod socket;

pub use client::{
    Changes, ClientError, JobApi, Locks, PromiseAnswer, SOCKET_VARIABLE, Swapped, TOKEN_VARIABLE,
};
pub use job::{Declared, Job};
pub use server::{AgentServer, JobServer, ServeError};

/// An error and its cause, on one line.
fn described(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
