//! `step get` (docs/spec/cli.md §18).

use redkite_api::wire::StepExport;
use redkite_api::{StepRef, calls};

use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions};

/// Print an attribute of a step, or all of it
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
    #[arg(long, env = "BUILDKITE_BUILD_ID")]
    build: String,

    /// Form of the output: empty for plain text, or json
    #[arg(long, env = "BUILDKITE_STEP_GET_FORMAT")]
    format: String,

    /// Which attribute; without it, all of the step
    #[arg(value_name = "step attribute")]
    attribute: Option<String>,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint", "step"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let export = StepExport {
            attribute: self.attribute.unwrap_or_default(),
            build_id: super::build(self.build),
            format: self.format,
        };
        let call = calls::step::export(&StepRef::from(self.step), &export);
        let answer = self.api.client(&cx.environment).call(&call).or_fail("failed to get step")?;
        Ok(cx.out.line(&answer.output)?)
    }
}
