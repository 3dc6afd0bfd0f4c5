//! `artifact upload` (docs/spec/artifacts.md §2).

use std::ffi::OsString;

use redkite_api::JobId;
use redkite_artifact::{
    Figures, LinkArtifacts, Links, Parts, Reading, Selection, Separators, Upload, processors,
};
use redkite_telemetry::Span;

use crate::cli::{Command, Context, Deprecation, home_directory};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions};

/// Upload files as artifacts of this job
///
/// The first argument lists paths and patterns, separated by semicolons. Quote it, so that the patterns get here:
///
///     buildkite-agent artifact upload "log/**/*.log;coverage/*.html"
///
/// In a pattern, * and ? stand for parts of a name, ** for anything, folders included, {a,b} for either, and [abc]
/// for one of these characters. Folders are not uploaded by their name. It is no error if nothing matches.
///
/// The second argument names another store than the default one: s3://…, gs://…, rt://… or an Azure container.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,

    /// The job that owns the artifacts
    #[arg(long, env = "BUILDKITE_JOB_ID")]
    job: String,

    /// Content type of all of them, rather than by the name of each
    #[arg(long, env = "BUILDKITE_ARTIFACT_CONTENT_TYPE")]
    content_type: String,

    /// Take the paths as they are, not as patterns
    #[arg(long, env = "BUILDKITE_AGENT_ARTIFACT_LITERAL")]
    literal: bool,

    /// What separates the paths; empty for a single one
    #[arg(long, env = "BUILDKITE_AGENT_ARTIFACT_DELIMITER", default_value = ";")]
    delimiter: String,

    /// Look into folders behind symbolic links, too
    #[arg(long, env = "BUILDKITE_AGENT_ARTIFACT_GLOB_RESOLVE_FOLLOW_SYMLINKS")]
    glob_resolve_follow_symlinks: bool,

    /// Leave out files that are symbolic links
    #[arg(long, env = "BUILDKITE_ARTIFACT_UPLOAD_SKIP_SYMLINKS")]
    upload_skip_symlinks: bool,

    /// Old name of glob-resolve-follow-symlinks
    #[arg(long, env = "BUILDKITE_AGENT_ARTIFACT_SYMLINKS")]
    follow_symlinks: bool,

    /// The most transfers at once; 0 for as many as there are processors
    #[arg(long, env = "BUILDKITE_ARTIFACT_UPLOAD_CONCURRENCY", default_value_t = i64::try_from(processors()).unwrap_or(1))]
    concurrency: i64,

    /// Never upload a file in parts
    #[arg(long, env = "BUILDKITE_NO_MULTIPART_ARTIFACT_UPLOAD")]
    no_multipart_artifact_upload: bool,

    /// Paths and patterns
    #[arg(value_name = "upload paths")]
    pattern: Option<OsString>,

    /// Another store
    destination: Option<String>,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint", "upload paths", "job"];
    const DEPRECATED: &'static [Deprecation] =
        &[Deprecation::Renamed { old: "follow-symlinks", new: "glob-resolve-follow-symlinks" }];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let client = self.api.client(&cx.environment).until(cx.halt.clone());
        let upload = self.upload(cx);
        let variables = |name: &str| cx.environment.get(name);
        let done = redkite_artifact::upload(&client, &upload, &variables);
        if let Some(figures) = done.or_fail("failed to upload artifacts")? {
            show(&cx.span, &figures);
        }
        Ok(())
    }
}

/// The figures of an upload, as its trace has them (docs/spec/artifacts.md §4).
fn show(span: &Span, figures: &Figures) {
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    for (key, count) in [
        ("artifact.count", figures.artifacts),
        ("artifact.batch_count", figures.batches),
        ("artifact.work_unit_count", figures.work_units),
        ("artifact.max_workers", figures.max_workers),
        ("artifact.state_update_count", figures.state_updates),
    ] {
        span.set(key, number(count));
    }
    span.set("artifact.bytes", i64::try_from(figures.bytes).unwrap_or(i64::MAX));
    for (key, time) in [
        ("artifact.collect_ms", figures.collect),
        ("artifact.create_ms", figures.create),
        ("artifact.upload_ms", figures.upload),
        ("artifact.state_update_ms", figures.state_update),
    ] {
        span.set(key, i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
    }
}

impl Args {
    fn upload(self, cx: &Context) -> Upload {
        let destination = || cx.environment.get("BUILDKITE_ARTIFACT_UPLOAD_DESTINATION").unwrap_or_default();
        let links = if self.glob_resolve_follow_symlinks { Links::Followed } else { Links::Kept };
        let globs = || Reading::Globs { links, home: home_directory(&cx.environment).into() };
        let skips = self.upload_skip_symlinks;
        let slashes = cx.experiment("normalised-upload-paths");
        Upload {
            job: JobId::from(self.job),
            destination: self.destination.unwrap_or_else(destination),
            concurrency: usize::try_from(self.concurrency).unwrap_or(0),
            parts: if self.no_multipart_artifact_upload { Parts::Forbidden } else { Parts::Allowed },
            selection: Selection {
                list: self.pattern.unwrap_or_default(),
                delimiter: self.delimiter,
                reading: if self.literal { Reading::Literal } else { globs() },
                links_as_artifacts: if skips { LinkArtifacts::Skipped } else { LinkArtifacts::Uploaded },
                content_type: self.content_type,
                separators: if slashes { Separators::Slashes } else { Separators::Native },
                directory: cx.directory(),
            },
        }
    }
}
