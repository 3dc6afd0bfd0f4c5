//! `artifact shasum` (docs/spec/artifacts.md §13).

use redkite_artifact::Duplicates;

use super::QueryOptions;
use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions};

/// Print the checksum of an artifact, as it was recorded when it was uploaded
///
/// The query must match exactly one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,

    /// Print the SHA-256 rather than the SHA-1
    #[arg(long)]
    sha256: bool,

    #[command(flatten)]
    query: QueryOptions,

    /// A pattern
    #[arg(value_name = "artifact search query")]
    pattern: Option<String>,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] =
        &["agent-access-token", "endpoint", "artifact search query", "build"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let query = self.query.query(self.pattern.unwrap_or_default(), Duplicates::Excluded);
        let found = redkite_artifact::search(&self.api.client(&cx.environment), &query);
        let found = found.or_fail("error searching for artifacts")?;
        let artifact = match found.as_slice() {
            [] => return Err(Failure::new("no artifacts matched the search query")),
            [artifact] => artifact,
            _ => {
                let message =
                    "multiple artifacts were found. try being more specific with the search or scope by step";
                return Err(Failure::new(message));
            }
        };
        tracing::debug!("Artifact {:?} found", artifact.path);
        if self.sha256 && artifact.sha256sum.is_empty() {
            return Err(Failure::new("sha-256 was requested but was not generated at upload time"));
        }
        let sum = if self.sha256 { &artifact.sha256sum } else { &artifact.sha1sum };
        Ok(cx.out.line(sum)?)
    }
}
