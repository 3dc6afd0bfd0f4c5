//! `job update` (docs/spec/cli.md §18).

use redkite_api::{JobId, calls};

use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions, RedactionOptions};

/// Change an attribute of a job, for instance its timeout
///
/// The value is the second argument, or else all of standard input. Values of secret variables are replaced
/// before it is sent.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,
    #[command(flatten)]
    redaction: RedactionOptions,

    /// The job
    #[arg(long, env = "BUILDKITE_JOB_ID")]
    job: String,

    /// Which attribute
    attribute: Option<String>,

    /// Its new value
    value: Option<String>,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint", "attribute", "job"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let value = cx.input.unless_given(self.value, "value")?;
        let value = self.redaction.clean("job value", value, &cx.environment)?;
        let call = calls::job::update(&JobId::from(self.job), &self.attribute.unwrap_or_default(), &value);
        self.api.client(&cx.environment).call(&call).or_fail("failed to update job")?;
        Ok(())
    }
}
