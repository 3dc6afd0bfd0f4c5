//! `annotate`: what a build shows above its jobs (docs/spec/cli.md §18).

use redkite_api::wire::{Annotation, AnnotationScope};
use redkite_api::{JobId, calls};

use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{ApiOptions, GlobalOptions, RedactionOptions};
use crate::stdin;

/// The largest body the service takes.
const LARGEST_BODY: usize = 1 << 20;

/// Create, change or restyle an annotation of the build
///
/// The body is Markdown: the argument, or else standard input. Without either, only style and priority of an
/// annotation that exists are changed. Annotations are told apart by their context: the same context again
/// replaces the body, or adds to it with --append.
///
/// Values of secret variables are replaced before the body is sent.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,
    #[command(flatten)]
    redaction: RedactionOptions,

    /// Which annotation this is about
    #[arg(long, env = "BUILDKITE_ANNOTATION_CONTEXT")]
    context: String,

    /// How it looks: success, info, warning or error
    #[arg(long, env = "BUILDKITE_ANNOTATION_STYLE")]
    style: String,

    /// Add to the body that is there
    #[arg(long, env = "BUILDKITE_ANNOTATION_APPEND")]
    append: bool,

    /// Its place among the others, 1 to 10; higher ones come first
    #[arg(long, env = "BUILDKITE_ANNOTATION_PRIORITY", default_value_t = 3)]
    priority: i64,

    /// The job it belongs to
    #[arg(long, env = "BUILDKITE_JOB_ID")]
    job: String,

    /// What it is about: build or job
    #[arg(long, env = "BUILDKITE_ANNOTATION_SCOPE", default_value = "build")]
    scope: String,

    /// The body
    #[arg(value_name = "annotation body")]
    body: Option<String>,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint", "job"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let body = match self.body.filter(|body| !body.is_empty()) {
            Some(body) => body,
            None if stdin::is_readable() => {
                tracing::info!("Reading annotation body from STDIN");
                stdin::text()?
            }
            None => String::new(),
        };
        let body = self.redaction.clean("annotation body", body, &cx.environment)?;
        if body.len() > LARGEST_BODY {
            let size = body.len();
            return Err(Failure::new(format!(
                "annotation body size ({size}B) exceeds maximum ({LARGEST_BODY}B)"
            )));
        }
        let annotation = Annotation {
            body,
            context: self.context,
            style: self.style,
            append: self.append,
            priority: self.priority,
            scope: scope(&self.scope)?,
        };
        let call = calls::annotation::create(&JobId::from(self.job), &annotation);
        self.api.client(&cx.environment).call(&call).or_fail("failed to annotate build")?;
        tracing::debug!("Successfully annotated build");
        Ok(())
    }
}

/// The scope by its name; none if it is empty.
pub(super) fn scope(name: &str) -> Result<Option<AnnotationScope>, Failure> {
    match name {
        "" => Ok(None),
        "build" => Ok(Some(AnnotationScope::Build)),
        "job" => Ok(Some(AnnotationScope::Job)),
        other => Err(Failure::new(format!("invalid annotation scope {other:?}, must be build or job"))),
    }
}
