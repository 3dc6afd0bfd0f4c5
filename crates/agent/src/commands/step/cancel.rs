//! `step cancel` (docs/spec/cli.md §18).

use redkite_api::wire::StepCancel;
use redkite_api::{BuildId, StepRef, calls};

use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions};

/// Cancel the jobs of a step that have not ended
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,

    /// The step: its id, or its key
    #[arg(long, env = "BUILDKITE_STEP_ID")]
    step: String,

    /// The build in which a key is looked up
    #[arg(long, env = "BUILDKITE_BUILD_ID", hide = true)]
    build: String,

    /// After the grace period, take the jobs for cancelled whatever their agents do
    #[arg(long, env = "BUILDKITE_STEP_CANCEL_FORCE")]
    force: bool,

    /// Seconds before force is used
    #[arg(
        long,
        env = "BUILDKITE_STEP_CANCEL_FORCE_GRACE_PERIOD_SECONDS,BUILDKITE_CANCEL_GRACE_PERIOD",
        default_value_t = 10
    )]
    force_grace_period_seconds: i64,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint", "step"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        if self.force_grace_period_seconds < 0 {
            return Err(Failure::new("the value of force-grace-period-seconds must not be negative"));
        }
        let cancel = StepCancel {
            build_id: BuildId::from(self.build),
            force: self.force,
            force_grace_period: self.force_grace_period_seconds,
        };
        let call = calls::step::cancel(&StepRef::from(self.step), &cancel);
        let cancelled = self.api.client(&cx.environment).call(&call).or_fail("failed to cancel step")?;
        tracing::info!("Successfully cancelled step: {}", cancelled.uuid);
        Ok(())
    }
}
