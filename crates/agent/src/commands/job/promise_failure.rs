//! `job promise-failure` (docs/spec/cli.md §18).

use redkite_api::wire::PromisedFailure;
use redkite_api::{JobId, calls};
use redkite_local::PromiseAnswer;

use crate::cli::{Command, Context};
use crate::commands::job_api;
use crate::failure::{Failure, chain};
use crate::options::{ApiOptions, GlobalOptions, RedactionOptions};

const CONFLICT: u16 = 409;
const UNPROCESSABLE: u16 = 422;

/// Announce that this job will fail, while it still runs
///
/// The argument is the exit status it will have.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,
    #[command(flatten)]
    redaction: RedactionOptions,

    /// Why, for people
    #[arg(long)]
    reason: String,

    /// A positive number
    #[arg(value_name = "exit status")]
    exit_status: Option<String>,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint", "exit status"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let exit_status = exit_status(&self.exit_status.unwrap_or_default())?;
        let job = cx.environment.get("BUILDKITE_JOB_ID").filter(|job| !job.is_empty());
        let job = job
            .ok_or_else(|| Failure::new("BUILDKITE_JOB_ID must be set: this command works only in a job"))?;
        let reason = self.redaction.clean("reason", self.reason, &cx.environment)?;
        if let Some(answer) = by_job_api(cx, exit_status, &reason) {
            return settled(&answer, exit_status, &job);
        }
        let call =
            calls::job::promise_failure(&JobId::from(job.as_str()), &PromisedFailure { exit_status, reason });
        match self.api.client(&cx.environment).call(&call) {
            Ok(()) => declared(exit_status, &job),
            Err(error) => {
                return Err(refused(error.status().map(|status| status.as_u16()), &error.to_string()));
            }
        }
        Ok(())
    }
}

fn exit_status(text: &str) -> Result<i64, Failure> {
    match text.parse() {
        Ok(status) if status > 0 => Ok(status),
        Ok(_) => Err(Failure::new("exit status must be a positive integer")),
        Err(_) => Err(Failure::new(format!("exit status must be an integer: {text:?}"))),
    }
}

/// The job's own executor knows what was declared before; without it the server is asked directly.
fn by_job_api(cx: &Context, exit_status: i64, reason: &str) -> Option<PromiseAnswer> {
    let job = match job_api::connect(cx) {
        Ok(job) => job,
        Err(error) => {
            tracing::debug!("No Job API, declaring directly: {}", chain(&error));
            return None;
        }
    };
    let answer = job.promise_failure(exit_status, reason);
    answer
        .inspect_err(|error| tracing::warn!("The Job API failed, declaring directly: {}", chain(error)))
        .ok()
}

fn settled(answer: &PromiseAnswer, exit_status: i64, job: &str) -> Result<(), Failure> {
    if !answer.accepted {
        let reason = if answer.error.is_empty() {
            "buildkite API rejected the promised failure"
        } else {
            &answer.error
        };
        return Err(refused(answer.upstream_status, reason));
    }
    if answer.outcome == "debounced" {
        tracing::debug!("Exit status {exit_status} had been promised before");
    } else {
        declared(exit_status, job);
    }
    Ok(())
}

fn declared(exit_status: i64, job: &str) {
    tracing::info!("Declared promised exit status {exit_status} for job {job}");
}

fn refused(status: Option<u16>, reason: &str) -> Failure {
    let what = match status {
        Some(CONFLICT) => "a different promised exit status has already been declared for this job",
        Some(UNPROCESSABLE) => "the job is no longer running and cannot accept a promised failure",
        _ => "failed to declare promised job failure",
    };
    Failure::new(format!("{what}: {reason}"))
}
