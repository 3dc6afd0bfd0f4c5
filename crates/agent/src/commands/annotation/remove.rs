//! `annotation remove` (docs/spec/cli.md §18).

use redkite_api::{JobId, calls};

use crate::cli::{Command, Context};
use crate::commands::annotate::scope;
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions};

/// Remove an annotation of the build
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,

    /// Which annotation to remove
    #[arg(long, env = "BUILDKITE_ANNOTATION_CONTEXT", default_value = "default")]
    context: String,

    /// What it is about: build or job
    #[arg(long, env = "BUILDKITE_ANNOTATION_SCOPE", default_value = "build")]
    scope: String,

    /// The job that asks for it
    #[arg(long, env = "BUILDKITE_JOB_ID")]
    job: String,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint", "context", "job"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let scope = scope(&self.scope)?.unwrap_or_default();
        let call = calls::annotation::remove(&JobId::from(self.job), &self.context, scope);
        self.api.client(&cx.environment).call(&call).or_fail("failed to remove annotation")?;
        tracing::debug!("Successfully removed annotation");
        Ok(())
    }
}
