//! `meta-data set` (docs/spec/cli.md §18).

use redkite_api::wire::MetaData;
use redkite_api::{JobId, calls};

use super::is_blank;
use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions, RedactionOptions};

/// Set a value of the build's meta-data
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

    /// The job whose build is changed
    #[arg(long, env = "BUILDKITE_JOB_ID")]
    job: String,

    /// The key
    #[arg(value_name = "meta-data key")]
    key: Option<String>,

    /// The value
    #[arg(value_name = "meta-data value")]
    value: Option<String>,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint", "meta-data key", "job"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let key = self.key.unwrap_or_default();
        let value = cx.input.unless_given(self.value, "meta-data value")?;
        for (what, text) in [("key", &key), ("value", &value)] {
            if is_blank(text) {
                let message = format!("{what} cannot be empty, or composed of only whitespace characters");
                return Err(Failure::new(message));
            }
        }
        let value = self.redaction.clean("meta-data value", value, &cx.environment)?;
        let call = calls::meta_data::set(&JobId::from(self.job), &MetaData { key, value });
        self.api.client(&cx.environment).until(cx.halt.clone()).call(&call).or_fail("failed to set meta-data")
    }
}
