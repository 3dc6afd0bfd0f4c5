//! `resume`.

use redkite_api::calls;

use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions};

/// Resume the agent that runs this job, after a pause
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        self.api.client(&cx.environment).call(&calls::agent::resume()).or_fail("failed to resume agent")?;
        tracing::info!("Successfully resumed agent");
        Ok(())
    }
}
