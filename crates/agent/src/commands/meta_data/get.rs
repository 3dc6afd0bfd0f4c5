//! `meta-data get` (docs/spec/cli.md §18).

use redkite_api::calls;

use super::ScopeOptions;
use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions};

/// Print a value of the build's meta-data
///
/// The value is printed as it is, without a newline at its end.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,

    /// What to print if there is no such key
    #[arg(long)]
    default: Option<String>,

    #[command(flatten)]
    scope: ScopeOptions,

    /// The key
    #[arg(value_name = "meta-data key")]
    key: Option<String>,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint", "meta-data key"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let key = self.key.unwrap_or_default();
        let call = calls::meta_data::get(&self.scope.scope(), &key);
        let value = match (self.api.client(&cx.environment).call(&call), self.default) {
            (Err(error), Some(default)) if error.is_not_found() => {
                tracing::warn!(
                    "No meta-data value exists with key {key:?}, returning the supplied default {default:?}"
                );
                default
            }
            (answer, _) => answer.or_fail("failed to get meta-data")?.value,
        };
        Ok(cx.out.text(&value)?)
    }
}
