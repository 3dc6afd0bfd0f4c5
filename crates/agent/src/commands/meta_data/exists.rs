//! `meta-data exists` (docs/spec/cli.md §18).

use redkite_api::calls;

use super::ScopeOptions;
use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions};

/// The status of a key that is not there.
const MISSING: u8 = 100;

/// Exit with status 0 if a key of the build's meta-data exists, and with 100 if it doesn't
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,
    #[command(flatten)]
    scope: ScopeOptions,

    /// The key
    #[arg(value_name = "meta-data key")]
    key: Option<String>,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint", "meta-data key"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let call = calls::meta_data::exists(&self.scope.scope(), &self.key.unwrap_or_default());
        let answer = self.api.client(&cx.environment).until(cx.halt.clone()).call(&call);
        let answer = answer.or_fail("failed to see if meta-data exists")?;
        if answer.exists { Ok(()) } else { Err(Failure::Silent(MISSING)) }
    }
}
