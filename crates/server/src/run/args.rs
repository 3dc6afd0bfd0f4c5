//! What can be said to `redkite run`.

use std::num::NonZeroU32;
use std::path::PathBuf;

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
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = pair)]
    pub(super) env: Vec<(String, String)>,

    /// Meta-data that the build starts with (may be repeated)
    #[arg(long = "meta-data", value_name = "KEY=VALUE", value_parser = pair)]
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
    #[arg(long, value_name = "NUMBER")]
    pub(super) agents: Option<NonZeroU32>,

    /// The folder for builds, logs, artifacts and checkouts; by default the state folder of this user
    #[arg(long, value_name = "FOLDER")]
    pub(super) data: Option<PathBuf>,

    /// Print events as lines of JSON (docs/run.md)
    #[arg(long)]
    pub(super) json: bool,
}

/// `NAME=VALUE`; the value may be empty, the name may not.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it has to be NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs() {
        for (text, expected) in [
            ("A=b", Some(("A", "b"))),
            ("A=", Some(("A", ""))),
            ("A=b=c", Some(("A", "b=c"))),
            ("A", None),
            ("=b", None),
        ] {
            let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(pair(text).ok(), expected, "{text}");
        }
    }
}
