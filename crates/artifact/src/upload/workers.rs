//! The transfers of one batch, several at once, each tried again until it works or is given up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use redkite_api::Halt;
use redkite_api::policy::CONTENT_UPLOAD;
use redkite_api::wire::PartEtag;

use super::report::Report;
use super::{Figures, Pending, Uploader};
use crate::sizes::iec;
use crate::store::{Part, StoreError, Unit};

/// States are reported no more often.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// How one unit ended.
pub(super) struct Ended {
    /// Whose, by its place in the batch.
    pub(super) artifact: usize,
    pub(super) result: Result<Option<PartEtag>, StoreError>,
}

/// One unit of one artifact.
struct Work<'a> {
    artifact: usize,
    pending: &'a Pending<'a>,
    unit: &'a Unit,
    /// Given when another unit of the artifact has failed, or all is to stop: the rest is of no use.
    failed: &'a Halt,
}

/// Sends everything and reports it; what went wrong, in words.
pub(super) fn send(uploader: &Uploader<'_>, pending: &[Pending<'_>], figures: &mut Figures) -> Vec<String> {
    let failed: Vec<_> = pending.iter().map(|_| uploader.client.halt().below()).collect();
    let work: Vec<_> = (0..pending.len()).flat_map(|artifact| units(artifact, pending, &failed)).collect();
    let workers = uploader.concurrency().min(work.len());
    figures.work_units += work.len();
    figures.max_workers = figures.max_workers.max(workers);
    tracing::debug!("{} work units for {workers} workers", work.len());
    let next = AtomicUsize::new(0);
    let log = tracing::dispatcher::get_default(Clone::clone);
    // As long as the queue of work: nobody ever waits to say that something has ended.
    let (ended, results) = sync_channel(work.len());
    thread::scope(|scope| {
        for _ in 0..workers {
            let (ended, next, work, log) = (ended.clone(), &next, &work, &log);
            scope.spawn(move || {
                let _log = tracing::dispatcher::set_default(log);
                run(uploader, work, next, &ended);
            });
        }
        drop(ended);
        collect(uploader, pending, &results, figures)
    })
}

fn units<'a>(
    artifact: usize,
    pending: &'a [Pending<'a>],
    failed: &'a [Halt],
) -> impl Iterator<Item = Work<'a>> {
    let (pending, failed) = (&pending[artifact], &failed[artifact]);
    pending.units.iter().map(move |unit| Work { artifact, pending, unit, failed })
}

/// Takes work until there is none left.
fn run(uploader: &Uploader<'_>, work: &[Work<'_>], next: &AtomicUsize, ended: &SyncSender<Ended>) {
    while let Some(work) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
        if work.failed.is_given() {
            continue;
        }
        let result = work.attempts(uploader);
        if let Err(error) = &result {
            tracing::info!("Upload failed for {}: {error}", work.description());
            work.failed.give();
        }
        if ended.send(Ended { artifact: work.artifact, result }).is_err() {
            return;
        }
    }
}

/// Notes what ended and reports it, at most once a second and once at the end.
fn collect(
    uploader: &Uploader<'_>,
    pending: &[Pending<'_>],
    results: &Receiver<Ended>,
    figures: &mut Figures,
) -> Vec<String> {
    let mut report = Report::new(pending);
    let mut due = Instant::now() + REPORT_INTERVAL;
    loop {
        match results.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(ended) => report.note(ended),
            Err(RecvTimeoutError::Timeout) => {
                report.send(uploader, figures);
                due = Instant::now() + REPORT_INTERVAL;
            }
            Err(RecvTimeoutError::Disconnected) => {
                report.send(uploader, figures);
                return report.into_errors();
            }
        }
    }
}

impl Work<'_> {
    /// Tries until it works, another unit of the artifact fails, or there have been enough attempts.
    fn attempts(&self, uploader: &Uploader<'_>) -> Result<Option<PartEtag>, StoreError> {
        tracing::info!("Uploading {}", self.description());
        let attempts = CONTENT_UPLOAD.attempts;
        let mut attempt = 1;
        loop {
            let error = match uploader.store.send(&uploader.transfer, self.pending.found, self.unit) {
                Ok(etag) => return Ok(etag),
                Err(error) => error,
            };
            if attempt == attempts {
                tracing::warn!("{error} (Attempt {attempt}/{attempts})");
                return Err(error);
            }
            let wait = CONTENT_UPLOAD.wait_after(attempt - 1, 0.0);
            tracing::warn!("{error} (Attempt {attempt}/{attempts} Retrying in {wait:?})");
            if self.failed.wait(wait) {
                return Err(error);
            }
            attempt += 1;
        }
    }

    fn description(&self) -> String {
        let Pending { id, found, .. } = self.pending;
        match self.unit {
            Unit::Part(Part { number, of, offset, length, .. }) => {
                let (length, offset) = (iec(*length), iec(*offset));
                format!("{id} {} part {number}/{of} (~{length} starting at ~{offset})", found.path)
            }
            Unit::Whole | Unit::Form(_) => format!("{id} {} ({})", found.path, iec(found.size)),
        }
    }
}
