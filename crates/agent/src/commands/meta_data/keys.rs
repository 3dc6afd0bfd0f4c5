//! `meta-data keys` (docs/spec/cli.md §18).

use redkite_api::calls;

use super::ScopeOptions;
use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions};

/// Print the keys of the build's meta-data, one per line
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,
    #[command(flatten)]
    scope: ScopeOptions,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let call = calls::meta_data::keys(&self.scope.scope());
        let keys = self.api.client(&cx.environment).call(&call).or_fail("failed to find meta-data keys")?;
        let lines: String = keys.unwrap_or_default().iter().map(|key| format!("{key}\n")).collect();
        Ok(cx.out.text(&lines)?)
    }
}
