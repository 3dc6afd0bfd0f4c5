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
mod git_credentials_helper;
mod job;
mod job_api;
mod kubernetes_bootstrap;
mod lock;
mod meta_data;
mod oidc;
mod pipeline;
mod redactor;
mod secret;
mod start;
mod step;
mod tool;
mod workdir;

#[cfg(test)]
pub(crate) mod reference;

use crate::cli::Category::{Agent, Internal, Job};
use crate::cli::{Entry, Group, command, group, hidden};

/// The first words that several commands share.
#[rustfmt::skip]
pub(crate) const GROUPS: &[Group] = &[
    group("tool", Agent, "Keys, and signing outside of builds"),
    group("annotation", Job, "Manage annotations"),
    group("artifact", Job, "Upload, find and fetch files of the build"),
    group("build", Job, "Manage the build"),
    group("job", Job, "Change the job, and say what will become of it"),
    group("env", Job, "Read and change the variables of the running job"),
    group("lock", Job, "Locks that the jobs on this machine share"),
    group("redactor", Job, "Hide secrets in the job's log"),
    group("meta-data", Job, "Read and set values that the jobs of a build share"),
    group("oidc", Job, "Tokens that say who this job is"),
    group("pipeline", Job, "Change the steps of the running build"),
    group("secret", Job, "Secrets of the cluster"),
    group("step", Job, "Read, change and cancel steps"),
    group("workdir", Job, "The directory of the running job"),
];

/// All commands.
#[rustfmt::skip]
pub(crate) const COMMANDS: &[Entry] = &[
    command::<start::Args>("start", Agent),
    command::<bootstrap::Args>("bootstrap", Internal),
    command::<kubernetes_bootstrap::Args>("kubernetes-bootstrap", Internal),
    command::<annotate::Args>("annotate", Job),
    command::<annotation::remove::Args>("annotation remove", Job),
    command::<artifact::upload::Args>("artifact upload", Job),
    command::<artifact::download::Args>("artifact download", Job),
    command::<artifact::search::Args>("artifact search", Job),
    command::<artifact::shasum::Args>("artifact shasum", Job),
    command::<build::cancel::Args>("build cancel", Job),
    command::<job::update::Args>("job update", Job),
    hidden::<job::promise_failure::Args>("job promise-failure"),
    command::<env::dump::Args>("env dump", Job),
    command::<env::get::Args>("env get", Job),
    command::<env::set::Args>("env set", Job),
    command::<env::unset::Args>("env unset", Job),
    command::<git_credentials_helper::Args>("git-credentials-helper", Internal),
    command::<lock::acquire::Args>("lock acquire", Job),
    command::<lock::do_once::Args>("lock do", Job),
    command::<lock::done::Args>("lock done", Job),
    command::<lock::get::Args>("lock get", Job),
    command::<lock::release::Args>("lock release", Job),
    command::<redactor::add::Args>("redactor add", Job),
    command::<meta_data::set::Args>("meta-data set", Job),
    command::<meta_data::set_batch::Args>("meta-data set-batch", Job),
    command::<meta_data::get::Args>("meta-data get", Job),
    command::<meta_data::exists::Args>("meta-data exists", Job),
    command::<meta_data::keys::Args>("meta-data keys", Job),
    command::<oidc::request_token::Args>("oidc request-token", Job),
    command::<agent::pause::Args>("pause", Job),
    command::<pipeline::upload::Args>("pipeline upload", Job),
    command::<agent::resume::Args>("resume", Job),
    command::<secret::get::Args>("secret get", Job),
    command::<step::get::Args>("step get", Job),
    command::<step::update::Args>("step update", Job),
    command::<step::cancel::Args>("step cancel", Job),
    command::<agent::stop::Args>("stop", Job),
    command::<tool::keygen::Args>("tool keygen", Agent),
    command::<tool::sign::Args>("tool sign", Agent),
    command::<workdir::set::Args>("workdir set", Job),
];
