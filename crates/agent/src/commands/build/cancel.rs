//! `build cancel` (docs/spec/cli.md §18).

use redkite_api::{BuildId, calls};

use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions};

/// Cancel a build, by default the one this job belongs to
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,

    /// The build
    #[arg(long, env = "BUILDKITE_BUILD_ID")]
    build: String,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint", "build"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let call = calls::build::cancel(&BuildId::from(self.build));
        let cancelled = self.api.client(&cx.environment).call(&call).or_fail("failed to cancel build")?;
        tracing::info!("Successfully cancelled build {}", cancelled.uuid);
        Ok(())
    }
}
