//! Every command of the program, one line each, in the order of the help page.
//!
//! A new command is a file that implements [`Command`](crate::cli::Command) for its `Args`, its `mod` line, and a
//! line in [`COMMANDS`].

mod agent;
mod annotate;
mod annotation;
mod artifact;
mod bootstrap;
mod build;
mod env;
mod meta_data;
mod pipeline;
mod step;

use crate::cli::Category::{Internal, Job};
use crate::cli::{Entry, Group, command, group};

/// The first words that several commands share.
#[rustfmt::skip]
pub(crate) const GROUPS: &[Group] = &[
    group("annotation", Job, "Manage annotations"),
    group("artifact", Job, "Upload, find and fetch files of the build"),
    group("build", Job, "Manage the build"),
    group("env", Job, "Read and change the variables of the running job"),
    group("meta-data", Job, "Read and set values that the jobs of a build share"),
    group("pipeline", Job, "Change the steps of the running build"),
    group("step", Job, "Read, change and cancel steps"),
];

/// All commands.
#[rustfmt::skip]
pub(crate) const COMMANDS: &[Entry] = &[
    command::<bootstrap::Args>("bootstrap", Internal),
    command::<annotate::Args>("annotate", Job),
    command::<annotation::remove::Args>("annotation remove", Job),
    command::<artifact::upload::Args>("artifact upload", Job),
    command::<artifact::download::Args>("artifact download", Job),
    command::<artifact::search::Args>("artifact search", Job),
    command::<artifact::shasum::Args>("artifact shasum", Job),
    command::<build::cancel::Args>("build cancel", Job),
    command::<env::dump::Args>("env dump", Job),
    command::<meta_data::set::Args>("meta-data set", Job),
    command::<meta_data::set_batch::Args>("meta-data set-batch", Job),
    command::<meta_data::get::Args>("meta-data get", Job),
    command::<meta_data::exists::Args>("meta-data exists", Job),
    command::<meta_data::keys::Args>("meta-data keys", Job),
    command::<agent::pause::Args>("pause", Job),
    command::<pipeline::upload::Args>("pipeline upload", Job),
    command::<agent::resume::Args>("resume", Job),
    command::<step::get::Args>("step get", Job),
    command::<step::update::Args>("step update", Job),
    command::<step::cancel::Args>("step cancel", Job),
    command::<agent::stop::Args>("stop", Job),
];
