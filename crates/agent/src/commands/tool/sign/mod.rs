//! `tool sign`: signatures for steps that are not uploaded by a job (docs/spec/pipeline.md §18).

mod graphql;
mod stored;

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use redkite_pipeline::sign::{Signer, merge_pipeline_secrets, sign_pipeline};
use redkite_pipeline::{Pipeline, YamlIndent, documents, expansions, to_yaml};

use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::{GlobalOptions, SigningOptions};
use crate::stdin;

/// Sign the steps of a pipeline that no job uploads
///
/// Without a GraphQL token the pipeline is read from a file or from standard input and printed with its signatures.
/// With one, pipeline and repository are fetched, and with --update the signed pipeline is written back.
///
/// Nothing replaces variables in such a pipeline, so that it must not hold any.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Token of the GraphQL API; the stored pipeline is signed then
    #[arg(long, env = "BUILDKITE_GRAPHQL_TOKEN")]
    graphql_token: String,

    /// Write the signed steps back
    #[arg(long, env = "BUILDKITE_TOOL_SIGN_UPDATE")]
    update: bool,

    /// Don't ask before they are written back
    #[arg(long, env = "BUILDKITE_TOOL_SIGN_NO_CONFIRM")]
    no_confirm: bool,

    #[command(flatten)]
    signing: SigningOptions,

    /// The organisation of the stored pipeline
    #[arg(long, env = "BUILDKITE_ORGANIZATION_SLUG")]
    organization_slug: String,

    /// The stored pipeline
    #[arg(long, env = "BUILDKITE_PIPELINE_SLUG")]
    pipeline_slug: String,

    /// Address of the GraphQL API
    #[arg(long, env = "BUILDKITE_GRAPHQL_ENDPOINT", default_value = "https://graphql.buildkite.com/v1")]
    graphql_endpoint: String,

    /// The repository that the signatures are good for
    #[arg(long, env = "BUILDKITE_REPO")]
    repo: String,

    #[command(flatten)]
    global: GlobalOptions,

    /// File to read
    #[arg(value_name = "pipeline file")]
    file: Option<OsString>,
}

impl Command for Args {
    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let key = self.signing.key(&cx.environment)?;
        let done = if self.graphql_token.is_empty() {
            self.sign_given(&*key, cx)
        } else {
            stored::sign(&self, &*key, cx)
        };
        done.map_err(|failure| match failure {
            Failure::Message(message) => Failure::Message(format!("the pipeline is not signed: {message}")),
            other => other,
        })
    }
}

impl Args {
    /// A pipeline that is at hand.
    fn sign_given(&self, key: &dyn Signer, cx: &mut Context) -> Result<(), Failure> {
        if self.repo.is_empty() {
            return Err(Failure::new(
                "--repo says for which repository the signatures are good; or --graphql-token, to fetch both it and the pipeline",
            ));
        }
        let (name, text) = self.read()?;
        let mut pipeline = parsed(&text, &name)?;
        merge_pipeline_secrets(&mut pipeline);
        self.show_unsigned(&pipeline, cx)?;
        self.sign(&mut pipeline, key, &self.repo)?;
        Ok(cx.out.text(&to_yaml(&pipeline, YamlIndent::Two))?)
    }

    fn read(&self) -> Result<(String, String), Failure> {
        let (name, bytes) = match &self.file {
            Some(path) => {
                let bytes =
                    fs::read(path).or_fail(format!("opening the pipeline file {}", path.display()))?;
                let name = redkite_text::shown(Path::new(path).file_name().unwrap_or_default()).into_owned();
                (name, bytes)
            }
            None => match stdin::read_if_readable() {
                Some(bytes) => ("(stdin)".to_owned(), bytes.or_fail("reading standard input")?),
                None => {
                    return Err(Failure::new(
                        "there is no pipeline: name a file, or write it to standard input",
                    ));
                }
            },
        };
        Ok((name, redkite_text::shown_bytes(&bytes).into_owned()))
    }

    fn sign(&self, pipeline: &mut Pipeline, key: &dyn Signer, repository: &str) -> Result<(), Failure> {
        sign_pipeline(pipeline, key, repository, |payload| self.signing.note(key, payload))
            .or_fail("signing the steps")
    }

    fn show_unsigned(&self, pipeline: &Pipeline, cx: &mut Context) -> Result<(), Failure> {
        if self.global.diagnostics.debug {
            cx.out.text(&to_yaml(pipeline, YamlIndent::Two))?;
        }
        Ok(())
    }
}

/// The first document of `text`, which must not hold variables.
fn parsed(text: &str, name: &str) -> Result<Pipeline, Failure> {
    let found = expansions(text).or_fail("looking for variables")?;
    if !found.is_empty() {
        return Err(Failure::new(format!(
            "nothing will replace the variables of this pipeline, so that it can't be signed with them: {}",
            found.join(", ")
        )));
    }
    let what = format!("{name:?} holds no valid pipeline");
    let Some(document) = documents(text.as_bytes()).next() else {
        return Err(Failure::new(format!("{what}: it is empty")));
    };
    let parsed = document.or_fail(what)?;
    if let Some(warning) = parsed.warning {
        tracing::warn!("Not all of {name:?} is understood:\n{warning}");
    }
    Ok(parsed.pipeline)
}
