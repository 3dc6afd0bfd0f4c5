//! The end of a job that could not even be made ready: its log says why.

use super::finish::Verdict;
use super::runner::{JobContext, JobError, LastJob, client_of};
use crate::log::{Copies, JobFields, JobLog, LogLimits, Uploaded, Uploader};
use jiff::Timestamp;
use redkite_api::calls;
use redkite_api::wire::{Job, SignalReason, Start};
use tokio_util::sync::CancellationToken;

/// Tells the server that `job` ended with -1, and in the job's log why.
pub(super) async fn end(job: &Job, context: &JobContext<'_>, error: &JobError) {
    let client = client_of(job, context.client);
    let now = Timestamp::now();
    // A job that was begun already, or is over, is no reason to be silent about its end.
    if let Err(error) = client.call(&calls::job::start(&job.id, &Start { started_at: now })).await {
        tracing::warn!("Buildkite rejected the call to start the job ({error})");
    }
    let uploaded = match LogLimits::of(job) {
        Some(limits) => {
            let copies = Copies::none(JobFields::of(job));
            let timestamps = context.settings.job.log.timestamps;
            let log = JobLog::new(timestamps, copies, limits.max_chunk, limits.max_log);
            log.line(&format!("+++ The agent could not run this job\n{error}"));
            let over = CancellationToken::new();
            over.cancel();
            let uploader = Uploader { client: &client, job: &job.id, log: &log, metrics: context.metrics };
            uploader.run(limits.interval, &over, &over).await
        }
        None => Uploaded { failed: 0 },
    };
    // What the worker will do next is not decided by a job that was not run.
    let verdict = Verdict::none(SignalReason::ProcessRunError);
    verdict.tell(&client, job, Timestamp::now(), uploaded, LastJob::No).await;
}
