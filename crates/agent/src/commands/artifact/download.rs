//! `artifact download` (docs/spec/artifacts.md §11).

use std::ffi::OsString;

use redkite_artifact::{Download, Duplicates, Traversal};

use super::QueryOptions;
use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions};

/// Download artifacts of the build into a folder
///
/// The query is a pattern on the artifacts' paths. Quote it, so that it gets here as it is. The folder must exist;
/// artifacts keep their own folders below it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,
    #[command(flatten)]
    query: QueryOptions,

    /// Fetch objects of S3 in one piece
    #[arg(long, env = "BUILDKITE_NO_S3_MULTIPART_DOWNLOAD")]
    no_s3_multipart_download: bool,

    /// A pattern
    #[arg(value_name = "artifact search query")]
    pattern: Option<String>,

    /// A folder
    #[arg(value_name = "artifact download path")]
    destination: Option<OsString>,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] =
        &["agent-access-token", "endpoint", "artifact search query", "artifact download path", "build"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let out_of_bounds = cx.experiment("allow-artifact-path-traversal");
        let download = Download {
            query: self.query.query(self.pattern.unwrap_or_default(), Duplicates::Excluded),
            destination: self.destination.unwrap_or_default(),
            directory: cx.directory(),
            traversal: if out_of_bounds { Traversal::Allowed } else { Traversal::Confined },
        };
        let client = self.api.client(&cx.environment);
        let variables = |name: &str| cx.environment.get(name);
        redkite_artifact::download(&client, &download, &variables).or_fail("failed to download artifacts")
    }
}
