//! `artifact search` (docs/spec/artifacts.md §12).

use redkite_artifact::{Duplicates, Format};

use super::QueryOptions;
use crate::cli::{Command, Context};
use crate::failure::Failure;
use crate::options::{ApiOptions, GlobalOptions};

/// Print which artifacts of the build match a pattern
///
/// Each is printed in the form of --format, in which these stand for what is known of it:
///
///   %i  id               %p  path
///   %c  creation time    %j  id of the job
///   %s  size in bytes    %u  URL to download it from
///   %S  SHA-1            %T  SHA-256
///
/// and \n, \t and the like for characters that are hard to type. No newline is added.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,
    #[command(flatten)]
    query: QueryOptions,

    /// It is no error if nothing matches
    #[arg(long)]
    allow_empty_results: bool,

    /// How each artifact is printed
    #[arg(long, default_value = "%j %p %c\\n")]
    format: String,

    /// A pattern
    #[arg(value_name = "artifact search query")]
    pattern: Option<String>,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] =
        &["agent-access-token", "endpoint", "artifact search query", "build"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let format = Format::parse(&self.format)?;
        let pattern = self.pattern.unwrap_or_default();
        let query = self.query.query(pattern.clone(), Duplicates::Included);
        let found = redkite_artifact::search(&self.api.client(&cx.environment), &query)?;
        if found.is_empty() && !self.allow_empty_results {
            return Err(Failure::new(format!("no matches found for {pattern:?}")));
        }
        if found.is_empty() {
            tracing::info!("No matches found for {pattern:?}");
        }
        let printed: Vec<u8> = found.iter().flat_map(|artifact| format.fill(artifact)).collect();
        Ok(cx.out.bytes(&printed)?)
    }
}
