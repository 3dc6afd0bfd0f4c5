//! `step update` (docs/spec/cli.md §18).

use redkite_api::wire::StepUpdate;
use redkite_api::{StepRef, calls};
use uuid::Uuid;

use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions, RedactionOptions};

/// Change an attribute of a step, for instance its label
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

    /// The step: its id, or its key
    #[arg(long, env = "BUILDKITE_STEP_ID")]
    step: String,

    /// The build in which a key is looked up
    #[arg(long, env = "BUILDKITE_BUILD_ID")]
    build: String,

    /// Add to the attribute's value
    #[arg(long, env = "BUILDKITE_STEP_UPDATE_APPEND")]
    append: bool,

    /// Which attribute
    attribute: Option<String>,

    /// Its new value
    value: Option<String>,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint", "attribute", "step"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let value = cx.input.unless_given(self.value, "value")?;
        let update = StepUpdate {
            idempotency_uuid: Uuid::new_v4(),
            build_id: super::build(self.build),
            attribute: self.attribute.unwrap_or_default(),
            value: self.redaction.clean("step value", value, &cx.environment)?,
            append: self.append,
        };
        let call = calls::step::update(&StepRef::from(self.step), &update);
        self.api.client(&cx.environment).call(&call).or_fail("failed to change step")
    }
}
