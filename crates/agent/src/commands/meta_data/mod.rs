//! `meta-data …`: values that the jobs of a build leave for each other.

pub(crate) mod exists;
pub(crate) mod get;
pub(crate) mod keys;
pub(crate) mod set;
pub(crate) mod set_batch;

use redkite_api::calls::meta_data::Scope;

/// Whose values a command reads.
#[derive(Debug, clap::Args)]
pub(crate) struct ScopeOptions {
    /// The job whose build is read
    #[arg(long, env = "BUILDKITE_JOB_ID")]
    job: String,

    /// The build to read; it wins over the job
    #[arg(long, env = "BUILDKITE_METADATA_BUILD_ID")]
    build: String,
}

impl ScopeOptions {
    fn scope(self) -> Scope {
        if self.build.is_empty() { Scope::Job(self.job.into()) } else { Scope::Build(self.build.into()) }
    }
}

/// Whether a key or value holds nothing but blanks.
fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}
