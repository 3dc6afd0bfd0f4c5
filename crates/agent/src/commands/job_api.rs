//! The job API, as commands find it: with words for those who call them elsewhere (docs/spec/cli.md §14).

use redkite_local::{ClientError, JobApi};

use crate::cli::Context;
use crate::failure::{Failure, chain};

/// The job API for commands about the running job's own state.
pub(super) fn of_this_job(cx: &Context) -> Result<JobApi, Failure> {
    connect(cx).map_err(|error| {
        Failure::new(format!(
            "could not create Job API client: {}\n\
             This command works only within a hook, plugin or command of a job,\n\
             under an agent from v3.64.0 on whose job API is not switched off",
            chain(&error)
        ))
    })
}

/// The job API, or why there is none.
pub(super) fn connect(cx: &Context) -> Result<JobApi, ClientError> {
    JobApi::of_this_job(|name| cx.environment.value(name).map(Into::into))
}

/// The job API for commands that hide what they are about to print; `option` and `variable` let them print it anyway.
pub(super) fn for_redaction(cx: &Context, option: &str, variable: &str) -> Result<JobApi, Failure> {
    connect(cx).map_err(|error| {
        Failure::new(format!(
            "automatic secret redaction requires the Job API, but the Job API client could not be created \
             (error: {}). Nothing was printed, because it could show up in the job's log. \
             To print it all the same, use --{option} or set {variable}",
            chain(&error)
        ))
    })
}

/// A failure to hide something. What exactly failed could tell more than it should, so only --debug shows it.
pub(super) fn not_hidden(what: &str, error: &ClientError) -> Failure {
    if tracing::enabled!(tracing::Level::DEBUG) { Failure::new(chain(error)) } else { Failure::new(what) }
}
