//! `workdir set` (docs/spec/cli.md §18).

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::cli::{Command, Context, absolute};
use crate::commands::job_api;
use crate::failure::{Failure, OrFail};
use crate::options::GlobalOptions;
use crate::output::Form;

/// Set the directory of the job's later phases
///
/// For hooks that are no shell scripts: those just change directory.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,

    /// plain, quiet, or json
    #[arg(long, env = "BUILDKITE_AGENT_WORKDIR_SET_OUTPUT_FORMAT", default_value = "plain")]
    output_format: String,

    /// The directory
    path: Vec<OsString>,
}

impl Command for Args {
    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let [path] = self.path.as_slice() else {
            let count = self.path.len();
            return Err(Failure::new(format!(
                "expected exactly one argument (the working directory), got {count}"
            )));
        };
        let directory = absolute(path);
        let metadata = directory.metadata();
        if !metadata.or_fail(format!("checking working directory {directory:?}"))?.is_dir() {
            return Err(Failure::new(format!("working directory {directory:?} is not a directory")));
        }
        let set = job_api::of_this_job(cx)?.set_workdir(&redkite_text::shown(directory.as_os_str()));
        let set = set.or_fail("couldn't set the working directory of the job executor")?;
        match self.output_format.as_str() {
            "quiet" => Ok(()),
            "plain" => Ok(cx.out.line(&set)?),
            "json" => cx.out.json(&BTreeMap::from([("workdir", set)]), Form::Compact),
            other => Err(Failure::new(format!("invalid output format {other:?}"))),
        }
    }
}
