//! A job that was started, until its process, what may stop it and the upload of its log are over; and what is saved
//! of it should something of ours break meanwhile.

use super::cancel::Watch;
use super::finish::{Outcome, Stop};
use super::runner::Prepared;
use super::work::{Stages, Work};
use crate::log::{JobLog, Uploaded, Uploader};
use crate::survive::Panic;
use jiff::Timestamp;
use redkite_process::Cancel;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long the process of a runner that broke may take beyond its grace to be gone.
const GONE_AT_LAST: Duration = Duration::from_secs(5);

/// A started job.
pub(super) struct Running<'a> {
    prepared: &'a Prepared<'a>,
    log: Arc<JobLog>,
    /// Between two flushes of its log.
    interval: Duration,
    cancel: Cancel,
    started_at: Timestamp,
    stages: Stages,
    /// Nothing more will be logged.
    ended: CancellationToken,
}

/// The end of a job's process, before its log is complete.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) at: Timestamp,
    /// Since the job was started.
    pub(super) took: Duration,
}

impl Ended {
    fn now(outcome: Outcome, started_at: Timestamp) -> Self {
        let at = Timestamp::now();
        Self { outcome, at, took: at.duration_since(started_at).unsigned_abs() }
    }
}

impl<'a> Running<'a> {
    /// A job whose work `cancel` ends.
    pub(super) fn new(
        prepared: &'a Prepared<'a>,
        log: Arc<JobLog>,
        interval: Duration,
        cancel: Cancel,
        started_at: Timestamp,
    ) -> Self {
        let (stages, ended) = (Stages::default(), CancellationToken::new());
        Self { prepared, log, interval, cancel, started_at, stages, ended }
    }

    /// Sees `work`, what may stop it, and the upload of its log to their ends.
    pub(super) async fn see_to_its_end(&self, work: Work) -> (Ended, Option<Stop>, Uploaded) {
        let context = self.prepared.context;
        let done = async {
            let outcome = match self.prepared.gate(&self.log).pass().await {
                Err(refusal) => Outcome::Refused(refusal),
                Ok(()) => work.run(self.log.clone(), self.stages.clone(), context.span.clone()).await,
            };
            self.ended.cancel();
            Ended::now(outcome, self.started_at)
        };
        let watch = Watch {
            client: &self.prepared.client,
            job: &self.prepared.job.id,
            interval: context.job_status_interval,
            grace: context.settings.job.cancel.signal_grace(),
            cancel: &self.cancel,
            files: &self.prepared.files,
            running: &self.stages.running,
            ended: &self.ended,
        };
        let uploader = self.uploader();
        let upload = uploader.run(self.interval, &self.stages.running, &self.ended);
        tokio::join!(done, watch.until_ended(context.stop.clone()), upload)
    }

    /// Ends the work of a runner that broke, and saves what there is of its log.
    pub(super) async fn rescue(&self, panic: &Panic) -> (Ended, Uploaded) {
        self.cancel.cancel();
        let closing = CancellationToken::new();
        let end = async {
            if self.stages.running.is_cancelled() {
                let grace = self.prepared.context.settings.job.cancel.signal_grace() + GONE_AT_LAST;
                let _ = tokio::time::timeout(grace, self.stages.gone.cancelled()).await;
            }
            self.log.line(&format!("+++ The agent could not run this job to its end\n{panic}"));
            closing.cancel();
        };
        let uploader = self.uploader();
        let upload = uploader.run(self.interval, &self.stages.running, &closing);
        let ((), uploaded) = tokio::join!(end, upload);
        (Ended::now(Outcome::NotStarted, self.started_at), uploaded)
    }

    fn uploader(&self) -> Uploader<'_> {
        let Prepared { context, job, client, .. } = self.prepared;
        Uploader { client, job: &job.id, log: &self.log, metrics: context.metrics }
    }
}
