//! `stop`.

use redkite_api::{calls, wire};

use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions};

/// Stop the agent that runs this job
///
/// The agent finishes the job it is running, and leaves. With --force it cancels the job.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,

    /// Cancel the running job rather than wait for its end
    #[arg(long)]
    force: bool,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let call = calls::agent::stop(&wire::Stop { force: self.force });
        self.api.client(&cx.environment).call(&call).or_fail("failed to stop agent")?;
        tracing::info!("Successfully stopped agent");
        Ok(())
    }
}
