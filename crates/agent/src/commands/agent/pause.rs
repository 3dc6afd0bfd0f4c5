//! `pause`.

use redkite_api::{calls, wire};

use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions};

/// Pause the agent that runs this job
///
/// It stays connected but takes no new jobs until it is resumed, or until the time is up.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,

    /// Why, for those who find it paused
    #[arg(long, env = "BUILDKITE_AGENT_PAUSE_NOTE")]
    note: String,

    /// Minutes after which it resumes by itself
    #[arg(long, env = "BUILDKITE_AGENT_PAUSE_TIMEOUT_MINUTES", default_value_t = 0)]
    timeout_in_minutes: i64,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let pause = wire::Pause { note: self.note, timeout_in_minutes: self.timeout_in_minutes };
        self.api
            .client(&cx.environment)
            .call(&calls::agent::pause(&pause))
            .or_fail("failed to pause agent")?;
        tracing::info!("Successfully paused agent");
        Ok(())
    }
}
