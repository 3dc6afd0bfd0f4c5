//! `artifact …`: files that outlive the job that made them.

pub(crate) mod download;
pub(crate) mod search;
pub(crate) mod shasum;
pub(crate) mod upload;

use redkite_artifact::{Duplicates, Query, RetriedJobs};

/// Which artifacts a command is about.
#[derive(Debug, clap::Args)]
pub(crate) struct QueryOptions {
    /// Only those of one step: its key or label, or the id of a job
    #[arg(long)]
    step: String,

    /// The build
    #[arg(long, env = "BUILDKITE_BUILD_ID")]
    build: String,

    /// Those of jobs that were retried since, too
    #[arg(long, env = "BUILDKITE_AGENT_INCLUDE_RETRIED_JOBS")]
    include_retried_jobs: bool,
}

impl QueryOptions {
    fn query(self, pattern: String, duplicates: Duplicates) -> Query {
        let retried_jobs =
            if self.include_retried_jobs { RetriedJobs::Included } else { RetriedJobs::Excluded };
        Query { build: self.build.into(), pattern, step: self.step, retried_jobs, duplicates }
    }
}
