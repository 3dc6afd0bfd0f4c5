//! `pipeline upload`: steps for the running build (docs/spec/pipeline.md §1–§15).

mod changed;
mod git;
mod input;
mod process;
mod send;

use std::ffi::OsString;

use redkite_pipeline::{ChangedFiles, Precedence, Variables};
use redkite_redact::{NameCase, NamePatterns};

use crate::cli::{Command, Context};
use crate::environment::Environment;
use crate::failure::{Failure, chain};
use crate::options::{ApiOptions, GlobalOptions, RedactionOptions, SigningOptions};
use git::Git;
use process::{Destination, Run};

/// Add the steps of a pipeline file to the running build
///
/// Reads the named files, else standard input, else the one file among buildkite.yml, .buildkite/pipeline.yml and
/// the like. Each document becomes one upload: parsed, its variables replaced, then sent.
///
/// Variables are written $NAME or ${NAME}; ${NAME:-text} and ${NAME-text} give a default, ${NAME?text} insists,
/// ${NAME:0:7} takes a part, and $$ is a dollar sign.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Replace the steps that have not started, instead of adding to them
    #[arg(long, env = "BUILDKITE_PIPELINE_REPLACE")]
    replace: bool,

    /// The job that uploads; its build gets the steps
    #[arg(long, env = "BUILDKITE_JOB_ID", default_value = "")]
    job: String,

    /// Print the pipeline instead of uploading it
    #[arg(long, env = "BUILDKITE_PIPELINE_UPLOAD_DRY_RUN")]
    dry_run: bool,

    /// How a dry run prints: json or yaml
    #[arg(long, env = "BUILDKITE_PIPELINE_UPLOAD_DRY_RUN_FORMAT", default_value = "json")]
    format: String,

    /// Leave variables as they are written
    #[arg(long, env = "BUILDKITE_PIPELINE_NO_INTERPOLATION")]
    no_interpolation: bool,

    /// Refuse a pipeline that contains values of secret variables
    #[arg(long, env = "BUILDKITE_AGENT_PIPELINE_UPLOAD_REJECT_SECRETS")]
    reject_secrets: bool,

    /// Refuse a pipeline that parses with warnings
    #[arg(long, env = "BUILDKITE_AGENT_PIPELINE_UPLOAD_REJECT_PARSE_WARNINGS")]
    reject_parse_warnings: bool,

    /// Skip steps whose if_changed matches no changed file; otherwise if_changed is only removed
    #[arg(
        long,
        env = "BUILDKITE_AGENT_APPLY_IF_CHANGED,BUILDKITE_AGENT_APPLY_SKIP_IF_UNCHANGED",
        default_value_t = true,
        action = clap::ArgAction::Set
    )]
    apply_if_changed: bool,

    /// What the working directory is compared with to find the changed files
    #[arg(long, env = "BUILDKITE_GIT_DIFF_BASE")]
    git_diff_base: String,

    /// Fetch what it is compared with first
    #[arg(long, env = "BUILDKITE_FETCH_DIFF_BASE")]
    fetch_diff_base: bool,

    /// A file that lists the changed files, one a line, in the place of a comparison
    #[arg(long, env = "BUILDKITE_CHANGED_FILES_PATH")]
    changed_files_path: OsString,

    #[command(flatten)]
    signing: SigningOptions,

    #[command(flatten)]
    redaction: RedactionOptions,

    #[command(flatten)]
    api: ApiOptions,

    #[command(flatten)]
    global: GlobalOptions,

    /// Files to read
    #[arg(value_name = "upload paths")]
    files: Vec<OsString>,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let inputs = input::open(&self.files)?;
        let mut variables = Variables::new(cx.environment.texts(), NameCase::NATIVE);
        if !self.no_interpolation {
            resolve_commit(&mut variables, &cx.environment);
        }
        let patterns = self.redaction.redacted_vars.iter().filter(|pattern| !pattern.is_empty());
        let runtime_wins = cx.experiment("interpolation-prefers-runtime-env");
        let mut run = Run {
            destination: self.destination(&cx.environment)?,
            patterns: NamePatterns::new(patterns, NameCase::NATIVE),
            precedence: if runtime_wins { Precedence::Runtime } else { Precedence::Pipeline },
            changed: if self.apply_if_changed { ChangedFiles::NotAsked } else { ChangedFiles::Off },
            args: &self,
            cx,
            variables,
        };
        inputs.into_iter().try_for_each(|input| run.input(input))
    }
}

impl Args {
    fn destination(&self, environment: &Environment) -> Result<Destination, Failure> {
        match (self.dry_run, self.format.as_str()) {
            (false, _) => Ok(Destination::Server(Box::new(self.api.client(environment)))),
            (true, "json") => Ok(Destination::Json),
            (true, "yaml") => Ok(Destination::Yaml { printed: 0 }),
            (true, other) => Err(Failure::new(format!("a dry run prints json or yaml, not {other:?}"))),
        }
    }
}

/// `BUILDKITE_COMMIT` may be a name such as `HEAD`: what it stands for now is what the pipeline gets.
fn resolve_commit(variables: &mut Variables, environment: &Environment) {
    let Some(commit) = variables.get("BUILDKITE_COMMIT").map(str::to_owned) else { return };
    let resolved = Git::new(environment)
        .map_err(|error| chain(&error))
        .and_then(|git| git.capture(&["rev-parse", &commit]).map_err(|error| chain(&error)));
    match resolved {
        Ok(resolved) => {
            tracing::info!("BUILDKITE_COMMIT is {resolved:?} in this pipeline");
            variables.set("BUILDKITE_COMMIT", resolved);
        }
        Err(error) => {
            tracing::warn!("BUILDKITE_COMMIT stays {commit:?}, because it can't be resolved: {error}")
        }
    }
}
