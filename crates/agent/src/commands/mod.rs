//! Every command of the program, one line each, in the order of the help page.
//!
//! A new command is a file that implements [`Command`](crate::cli::Command) for its `Args`, its `mod` line, and a
//! line in [`COMMANDS`].

mod env;
mod pipeline;

use crate::cli::Category::{Agent, Internal, Job};
use crate::cli::{Entry, Group, command, group, hidden};

/// The first words that several commands share.
#[rustfmt::skip]
pub(crate) const GROUPS: &[Group] = &[
    group("env", Job, "Read and change the variables of the running job"),
    group("pipeline", Job, "Change the steps of the running build"),
];

/// All commands.
#[rustfmt::skip]
pub(crate) const COMMANDS: &[Entry] = &[
    command::<env::dump::Args>("env dump", Job),
    command::<pipeline::upload::Args>("pipeline upload", Job),
];
