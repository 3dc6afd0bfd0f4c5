//! The records on their way to the collector. The job waits for one that is slow, not for one that is gone.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use opentelemetry::trace::SpanContext;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use tokio::sync::watch;

use super::RecordKind;
use super::assembler::{Assembler, Line};
use crate::transport::{Destination, SendError, Transport};

/// Records that may wait. When there are more, the job waits.
const WAITING: usize = 1024;
/// Records, and bytes of them, in one request at most.
const BATCH: usize = 512;
const BATCH_BYTES: usize = 1 << 20;

/// The export of the job's log.
#[derive(Debug)]
pub(crate) struct JobLog {
    kind: RecordKind,
    mirrors: Mutex<Vec<Arc<Mutex<Assembler>>>>,
    /// `None` once the mirrors are detached.
    records: Mutex<Option<SyncSender<LogRecord>>>,
    shared: Arc<Shared>,
    done: Mutex<Receiver<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Nothing arrives: nobody waits for it.
    outage: AtomicBool,
    /// Whether a failure was said.
    said: AtomicBool,
    /// Records that were lost.
    lost: AtomicU64,
}

impl JobLog {
    /// Starts the thread that sends.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub(crate) fn start(
        kind: RecordKind,
        destination: Destination,
        closing: watch::Receiver<Option<Instant>>,
    ) -> std::io::Result<Self> {
        let (records, queue) = sync_channel(WAITING);
        let (finished, done) = sync_channel(1);
        let shared = Arc::new(Shared::default());
        let sender = Sender { kind: kind.clone(), destination, closing, shared: shared.clone() };
        // It ends with the queue; `wait_until` waits for that.
        std::thread::Builder::new().name("job-log-export".into()).spawn(move || {
            sender.run(&queue);
            let _ = finished.send(());
        })?;
        Ok(Self {
            kind,
            mirrors: Mutex::default(),
            records: Mutex::new(Some(records)),
            shared,
            done: Mutex::new(done),
        })
    }

    /// Makes a stream's unfinished line known.
    pub(super) fn mirror(&self, lines: Arc<Mutex<Assembler>>) {
        self.mirrors.lock().unwrap_or_else(PoisonError::into_inner).push(lines);
    }

    /// Exports lines; waits when too many are on their way.
    pub(super) fn emit(&self, lines: Vec<Line>, span: Option<&SpanContext>) {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(records) = records else { return };
        for line in lines {
            let record = self.kind.record(line, span);
            let sent = if self.shared.outage.load(Ordering::Relaxed) {
                !matches!(records.try_send(record), Err(TrySendError::Full(_)))
            } else {
                records.send(record).is_ok()
            };
            self.shared.lost.fetch_add(u64::from(!sent), Ordering::Relaxed);
        }
    }

    /// Exports what has no line end yet.
    pub(crate) fn flush_lines(&self, span: Option<&SpanContext>) {
        let mirrors = self.mirrors.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let flushed =
            |mirror: &Arc<Mutex<Assembler>>| mirror.lock().unwrap_or_else(PoisonError::into_inner).flush();
        let lines: Vec<Line> = mirrors.iter().filter_map(flushed).collect();
        if !lines.is_empty() {
            self.emit(lines, span);
        }
    }

    /// From here on nothing more is mirrored.
    pub(crate) fn detach(&self) {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Waits for what is on its way, and says what was lost.
    pub(crate) fn wait_until(&self, end: Instant) {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let left = end.saturating_duration_since(Instant::now());
        if done.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("Failed to flush the OTLP job log exporter: not everything was sent in time");
        }
        match self.shared.lost.load(Ordering::Relaxed) {
            0 => {}
            lost => tracing::warn!("{lost} lines of the job's log were not exported"),
        }
    }
}

/// The side of the queue that sends.
struct Sender {
    kind: RecordKind,
    destination: Destination,
    closing: watch::Receiver<Option<Instant>>,
    shared: Arc<Shared>,
}

impl Sender {
    fn run(self, queue: &Receiver<LogRecord>) {
        let mut transport = None;
        let mut held = None;
        while let Some(batch) = next_batch(queue, &mut held) {
            let count = batch.len();
            match self.send(&mut transport, batch) {
                Ok(()) => self.shared.outage.store(false, Ordering::Relaxed),
                Err(error) => self.failed(&error, count),
            }
        }
    }

    fn send(&self, transport: &mut Option<Transport>, batch: Vec<LogRecord>) -> Result<(), SendError> {
        let made = match transport.take() {
            Some(made) => made,
            None => Transport::new(self.destination.clone(), self.closing.clone())?,
        };
        transport.insert(made).send(&self.kind.request(batch), &[])
    }

    fn failed(&self, error: &SendError, count: usize) {
        let hopeless = error.is_outage() || matches!(error, SendError::Client { .. });
        self.shared.outage.store(hopeless, Ordering::Relaxed);
        self.shared.lost.fetch_add(count as u64, Ordering::Relaxed);
        if !self.shared.said.swap(true, Ordering::Relaxed) {
            tracing::warn!("Failed to export the job's log: {error}");
        }
    }
}

/// Waits for a record, and takes what has come with it. `held` is one that did not fit the batch before.
fn next_batch(queue: &Receiver<LogRecord>, held: &mut Option<LogRecord>) -> Option<Vec<LogRecord>> {
    let first = held.take().or_else(|| queue.recv().ok())?;
    let mut bytes = size(&first);
    let mut batch = vec![first];
    while batch.len() < BATCH {
        let Ok(record) = queue.try_recv() else { break };
        bytes += size(&record);
        if bytes > BATCH_BYTES {
            *held = Some(record);
            break;
        }
        batch.push(record);
    }
    Some(batch)
}

fn size(record: &LogRecord) -> usize {
    prost::Message::encoded_len(record)
}
