//! `meta-data set-batch` (docs/spec/cli.md §18).

use redkite_api::wire::{MetaData, MetaDataBatch};
use redkite_api::{JobId, calls};

use super::is_blank;
use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions, RedactionOptions};

/// Set several values of the build's meta-data at once
///
/// Either all are set or none. Values of secret variables are replaced before they are sent.
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

    /// Keys with their values
    #[arg(value_name = "key=value")]
    items: Vec<String>,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint", "job"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        if self.items.is_empty() {
            return Err(Failure::new("at least one key=value argument is required"));
        }
        let items = self.items.iter().map(|item| read(item));
        let mut items = items.collect::<Result<Vec<_>, _>>()?;
        for item in &mut items {
            item.value =
                self.redaction.clean("meta-data value", std::mem::take(&mut item.value), &cx.environment)?;
        }
        let call = calls::meta_data::set_batch(&JobId::from(self.job), &MetaDataBatch { items });
        self.api.client(&cx.environment).call(&call).or_fail("failed to set meta-data batch")
    }
}

fn read(argument: &str) -> Result<MetaData, Failure> {
    let refused = |why: &str| Failure::new(format!("invalid argument {argument:?}: {why}"));
    let (key, value) = argument.split_once('=').ok_or_else(|| refused("must be in key=value format"))?;
    for (what, text) in [("key", key), ("value", value)] {
        if is_blank(text) {
            return Err(refused(&format!(
                "{what} cannot be empty, or composed of only whitespace characters"
            )));
        }
    }
    Ok(MetaData { key: key.to_owned(), value: value.to_owned() })
}
