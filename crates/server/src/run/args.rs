//! What can be said to `redkite run`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::pair::{key_value, name_value};

/// Run a pipeline on this machine: its steps, on real agents, from the repository around the current directory.
///
/// Exit status: 0 the build passed, 1 it failed, 2 it could not start, 130 it was interrupted.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// The pipeline file; by default what standard input holds, else the one that `buildkite-agent pipeline
    /// upload` would find, such as .buildkite/pipeline.yml
    pub(super) pipeline: Option<PathBuf>,

    /// Build the working tree as it is, with changed and new files, instead of the last commit
    #[arg(long)]
    pub(super) dirty: bool,

    /// The branch that the build says it is of; by default the one checked out
    #[arg(long, value_name = "NAME")]
    pub(super) branch: Option<String>,

    /// The build's message; by default that of the last commit
    #[arg(long, value_name = "TEXT")]
    pub(super) message: Option<String>,

    /// A variable for every job (may be repeated)
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = name_value)]
    pub(super) env: Vec<(String, String)>,

    /// Meta-data that the build starts with (may be repeated)
    #[arg(long = "meta-data", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(super) meta_data: Vec<(String, String)>,

    /// Run only this step and what it depends on (may be repeated)
    #[arg(long = "step", value_name = "KEY")]
    pub(super) steps: Vec<String>,

    /// Open block and input steps with the default values of their fields: all of them, or the one with this
    /// key (may be repeated)
    #[arg(long = "unblock", value_name = "all|KEY")]
    pub(super) unblock: Vec<String>,

    /// Start although a step depends on a key that no step has: a job will upload it
    #[arg(long)]
    pub(super) allow_missing_keys: bool,

    /// How many jobs run at the same time; by default as many as there are processor cores
    #[arg(long, value_name = "NUMBER", value_parser = count)]
    pub(super) agents: Option<NonZeroU32>,

    /// The folder for builds, logs, artifacts and checkouts; by default the state folder of this user
    #[arg(long, value_name = "FOLDER")]
    pub(super) data: Option<PathBuf>,

    /// Print events as lines of JSON (docs/run.md)
    #[arg(long)]
    pub(super) json: bool,
}

fn count(text: &str) -> Result<NonZeroU32, String> {
    text.parse().map_err(|_| "it has to be a whole number, at least 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        for (text, expected) in
            [("1", Some(1)), ("12", Some(12)), ("0", None), ("-1", None), ("two", None), ("", None)]
        {
            assert_eq!(count(text).ok().map(NonZeroU32::get), expected, "{text:?}");
        }
    }
}
