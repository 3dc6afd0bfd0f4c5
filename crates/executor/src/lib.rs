//! The bootstrap: the phases of one job, in order.
//!
//! [`run`] does one job's work as [`phase::ORDER`] lists it. What it is told to do is [`settings`]; what it needs
//! from the rest of the program is a [`Surroundings`]. What git does is in `redkite-git`, how a hook is run in
//! `redkite-hooks`: here is only what happens when, and what its failure means.

mod artifacts;
mod batch;
mod changes;
mod checkout;
mod command;
mod credentials;
mod default_command;
mod docker;
mod error;
mod git_settings;
mod hook_runner;
mod job;
mod outcome;
mod phase;
mod plugins;
mod redaction;
mod refresh;
mod run;
mod secrets;
pub mod settings;
mod setup;
mod surroundings;
mod teardown;

#[cfg(unix)]
#[path = "unix.rs"]
mod os;
#[cfg(windows)]
#[path = "windows.rs"]
mod os;

pub use outcome::Outcome;
pub use run::{Host, Notice, run};
pub use surroundings::{ApiAccess, JobApi, JobSide, Surroundings, Upload};
