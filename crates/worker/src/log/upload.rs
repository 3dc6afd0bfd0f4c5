//! The reading end of a job's log: flushes at intervals, three uploads at once.

use super::header_times;
use super::job_log::JobLog;
use crate::random;
use crate::status::Metrics;
use redkite_api::JobId;
use redkite_api::calls;
use redkite_api::calls::job::LogChunk;
use redkite_api::client::Client;
use redkite_api::wire::Job;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Flushes in a row before the phase is chosen anew, so that the jobs of a fleet don't stay in step. Nothing is flushed
/// in one more interval, so that the new phase doesn't bring two flushes in less than an interval.
const FLUSHES_IN_PHASE: u32 = 32;

/// The limits that a job sets for its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogLimits {
    /// Bytes of a chunk.
    pub(crate) max_chunk: usize,
    /// Between two flushes.
    pub(crate) interval: Duration,
    /// Bytes of the log.
    pub(crate) max_log: u64,
}

impl LogLimits {
    /// Those of a job; `None` when it has no size for chunks, so that its log can't be sent.
    pub(crate) fn of(job: &Job) -> Option<Self> {
        const GIB: u64 = 1 << 30;
        let max_chunk = usize::try_from(job.chunks_max_size_bytes).ok().filter(|max| *max > 0)?;
        let interval = u64::try_from(job.chunks_interval_seconds).ok().filter(|interval| *interval > 0);
        let max_log = if job.log_max_size_bytes == 0 { GIB } else { job.log_max_size_bytes };
        let interval = Duration::from_secs(interval.unwrap_or(1));
        Some(Self { max_chunk, interval, max_log })
    }
}

/// What became of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Uploaded {
    /// Chunks that are lost.
    pub(crate) failed: u64,
}

/// What is uploaded, and how.
pub(crate) struct Uploader<'a> {
    pub(crate) client: &'a Client,
    pub(crate) job: &'a JobId,
    pub(crate) log: &'a JobLog,
    pub(crate) metrics: &'a Metrics,
}

impl Uploader<'_> {
    /// Uploads the log until it was closed and nothing of it is left. Flushing begins with `running`; the log is
    /// closed when `ended` comes.
    pub(crate) async fn run(
        &self,
        interval: Duration,
        running: &CancellationToken,
        ended: &CancellationToken,
    ) -> Uploaded {
        let closed = CancellationToken::new();
        let header_times = async {
            if let Some(pending) = self.log.header_times() {
                header_times::send(self.client, self.job, pending, &closed).await;
            }
        };
        let flushes = async {
            tokio::select! {
                () = flush_regularly(self.log, interval, running) => {}
                () = ended.cancelled() => {}
            }
            self.log.close();
            closed.cancel();
        };
        let chunks = || self.upload_chunks();
        let ((), first, second, third, ()) =
            tokio::join!(flushes, chunks(), chunks(), chunks(), header_times);
        Uploaded { failed: first + second + third }
    }

    /// Uploads one chunk after another; answers how many are lost.
    async fn upload_chunks(&self) -> u64 {
        let mut failed = 0;
        while let Some(chunk) = self.log.queue().next().await {
            failed += u64::from(!self.upload_chunk(chunk).await);
        }
        failed
    }

    /// Whether it arrived.
    async fn upload_chunk(&self, chunk: LogChunk) -> bool {
        let (sequence, size, compressed) = (chunk.sequence, chunk.size, chunk.gzip.len() as u64);
        let started = Instant::now();
        let result = self.client.call(&calls::job::chunk(self.job, chunk)).await;
        let metrics = self.metrics;
        metrics.upload_duration.time(started.elapsed());
        #[expect(clippy::cast_precision_loss, reason = "a chunk is far smaller than 2⁵² bytes")]
        metrics.chunk_size.observe(size as f64);
        let Err(error) = result else {
            metrics.chunks_uploaded.add(1);
            metrics.log_bytes_uploaded.add(size);
            metrics.compressed_bytes_uploaded.add(compressed);
            return true;
        };
        metrics.chunks_errored.add(1);
        metrics.log_bytes_errored.add(size);
        tracing::error!(
            "Giving up on uploading chunk {sequence}, this will result in only a partial build log on Buildkite: \
             {error}"
        );
        false
    }
}

/// Flushes the log every interval, as soon as the job is `running`.
async fn flush_regularly(log: &JobLog, interval: Duration, running: &CancellationToken) {
    running.cancelled().await;
    let mut phases = tokio::time::interval(interval * (FLUSHES_IN_PHASE + 1));
    loop {
        phases.tick().await;
        tokio::time::sleep(random::part_of(interval)).await;
        let mut ticks = tokio::time::interval(interval);
        for _ in 0..FLUSHES_IN_PHASE {
            ticks.tick().await;
            log.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Copies, JobFields};
    use crate::settings::Timestamps;

    /// spec/agent.md §17.4.
    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn flushes_come_once_an_interval_and_change_their_phase() {
        const INTERVAL: Duration = Duration::from_secs(10);
        let log = JobLog::new(Timestamps::None, Copies::none(JobFields::default()), 1000, 1000);
        let (running, begin) = (CancellationToken::new(), tokio::time::Instant::now());
        let flushes = async {
            let mut times = Vec::new();
            while times.len() < 100 {
                log.line("more");
                log.queue().next().await;
                times.push(begin.elapsed().as_millis());
            }
            times
        };
        let start = async {
            tokio::time::sleep(INTERVAL).await;
            running.cancel();
            std::future::pending::<()>().await;
        };
        let times = tokio::select! {
            times = flushes => times,
            () = flush_regularly(&log, INTERVAL, &running) => unreachable!("it goes on for ever"),
            () = start => unreachable!("it waits for ever"),
        };
        for (phase, times) in times.chunks(32).enumerate() {
            let first = (1 + phase as u128 * 33) * 10_000;
            // The clock of the runtime has milliseconds, and rounds up.
            assert!((first..first + 10_002).contains(&times[0]), "{phase}: {times:?}");
            assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 10_000), "{phase}: {times:?}");
        }
    }

    #[test]
    fn limits_have_defaults_but_for_chunks() {
        let job = |chunk, interval, log| Job {
            chunks_max_size_bytes: chunk,
            chunks_interval_seconds: interval,
            log_max_size_bytes: log,
            ..Job::default()
        };
        let limits = |job: &Job| LogLimits::of(job).map(|l| (l.max_chunk, l.interval.as_secs(), l.max_log));
        assert_eq!(limits(&job(100, 3, 5)), Some((100, 3, 5)));
        assert_eq!(limits(&job(100, 0, 0)), Some((100, 1, 1 << 30)));
        assert_eq!(limits(&job(0, 1, 1)), None);
    }
}
