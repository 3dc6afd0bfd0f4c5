//! The end of a job that could not even be made ready: its log says why.

use super::runner::{JobContext, JobError, client_of};
use crate::log::{Copies, JobFields, JobLog, LogLimits, Uploaded, Uploader};
use crate::settings::StdoutCopy;
use jiff::Timestamp;
use redkite_api::calls;
use redkite_api::wire::{Finish, Job, SignalReason, Start};
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
            let fields = JobFields::of(job);
            let Ok(copies) = Copies::new(StdoutCopy::Off, fields, None) else { return };
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
    let finish = Finish {
        exit_status: "-1".to_owned(),
        signal: None,
        signal_reason: Some(SignalReason::ProcessRunError),
        finished_at: Some(Timestamp::now()),
        chunks_failed_count: i64::try_from(uploaded.failed).unwrap_or(i64::MAX),
        ignore_agent_in_dispatches: false,
    };
    if let Err(error) = client.call(&calls::job::finish(&job.id, &finish)).await {
        tracing::error!("Couldn't mark job as finished: {error}");
    }
}
