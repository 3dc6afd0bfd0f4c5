//! What is counted, and how Prometheus reads it (spec/agent.md §12.4).

use redkite_api::wire::Job;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Everything that is counted in this process.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) workers_started: Counter,
    pub(crate) workers_ended: Counter,
    pub(crate) pings_sent: Counter,
    pub(crate) pings_errors: Counter,
    pub(crate) jobs_started: Counter,
    pub(crate) jobs_ended: Counter,
    pub(crate) chunks_uploaded: Counter,
    pub(crate) log_bytes_uploaded: Counter,
    pub(crate) compressed_bytes_uploaded: Counter,
    pub(crate) chunks_errored: Counter,
    pub(crate) log_bytes_errored: Counter,
    pub(crate) ping_duration: Histogram,
    pub(crate) ping_wait: Histogram,
    pub(crate) upload_duration: Histogram,
    pub(crate) chunk_size: Histogram,
    actions: Mutex<BTreeMap<&'static str, u64>>,
    jobs: Mutex<BTreeMap<JobLabels, JobCounts>>,
}

/// By what jobs are told apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct JobLabels {
    priority: i64,
    queue: String,
}

#[derive(Clone, Copy, Debug, Default)]
struct JobCounts {
    started: u64,
    ended: u64,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

/// How often values were at most so large.
#[derive(Debug)]
pub(crate) struct Histogram {
    bounds: Vec<f64>,
    state: Mutex<(Vec<u64>, f64, u64)>,
}

impl JobLabels {
    pub(crate) fn of(job: &Job) -> Self {
        let queue = job.env.get("BUILDKITE_AGENT_META_DATA_QUEUE").cloned().unwrap_or_default();
        Self { priority: job.priority, queue }
    }
}

impl Counter {
    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Histogram {
    /// Bounds from `first` on, each `factor` times the one before.
    fn exponential(first: f64, factor: f64, count: usize) -> Self {
        Self::new(std::iter::successors(Some(first), |bound| Some(bound * factor)).take(count).collect())
    }

    fn new(bounds: Vec<f64>) -> Self {
        let state = Mutex::new((vec![0; bounds.len()], 0.0, 0));
        Self { bounds, state }
    }

    pub(crate) fn time(&self, duration: Duration) {
        self.observe(duration.as_secs_f64());
    }

    pub(crate) fn observe(&self, value: f64) {
        let mut state = lock(&self.state);
        for (count, bound) in state.0.iter_mut().zip(&self.bounds) {
            *count += u64::from(value <= *bound);
        }
        state.1 += value;
        state.2 += 1;
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let counter = Counter::default;
        Self {
            workers_started: counter(),
            workers_ended: counter(),
            pings_sent: counter(),
            pings_errors: counter(),
            jobs_started: counter(),
            jobs_ended: counter(),
            chunks_uploaded: counter(),
            log_bytes_uploaded: counter(),
            compressed_bytes_uploaded: counter(),
            chunks_errored: counter(),
            log_bytes_errored: counter(),
            ping_duration: Histogram::exponential(0.015_625, 2.0, 12),
            ping_wait: Histogram::new((1..=20).map(f64::from).collect()),
            upload_duration: Histogram::exponential(0.015_625, 2.0, 16),
            chunk_size: Histogram::exponential(256.0, 4.0, 10),
            actions: Mutex::default(),
            jobs: Mutex::default(),
        }
    }
}

impl Metrics {
    /// An instruction came; a plain one has no name.
    pub(crate) fn action(&self, name: &'static str) {
        *lock(&self.actions).entry(name).or_default() += 1;
    }

    /// A job was accepted.
    pub(crate) fn job_started(&self, labels: &JobLabels) {
        self.jobs_started.add(1);
        lock(&self.jobs).entry(labels.clone()).or_default().started += 1;
    }

    /// It is over.
    pub(crate) fn job_ended(&self, labels: &JobLabels) {
        self.jobs_ended.add(1);
        lock(&self.jobs).entry(labels.clone()).or_default().ended += 1;
    }

    /// The text that Prometheus reads.
    pub(super) fn text(&self) -> String {
        let mut out = Exposition::default();
        for (name, counter) in [
            ("workers_started_total", &self.workers_started),
            ("workers_ended_total", &self.workers_ended),
            ("pings_sent_total", &self.pings_sent),
            ("pings_errors_total", &self.pings_errors),
            ("jobs_started_total", &self.jobs_started),
            ("jobs_ended_total", &self.jobs_ended),
            ("logs_chunks_uploaded_total", &self.chunks_uploaded),
            ("logs_bytes_uploaded_total", &self.log_bytes_uploaded),
            ("logs_compressed_bytes_uploaded_total", &self.compressed_bytes_uploaded),
            ("logs_chunk_uploads_errored_total", &self.chunks_errored),
            ("logs_bytes_uploads_errored_total", &self.log_bytes_errored),
        ] {
            out.kind(name, "counter");
            out.sample(name, "", counter.get());
        }
        for (name, histogram) in [
            ("pings_duration_seconds_total", &self.ping_duration),
            ("pings_wait_duration_seconds_total", &self.ping_wait),
            ("logs_upload_duration_seconds_total", &self.upload_duration),
            ("logs_chunk_size_bytes", &self.chunk_size),
        ] {
            out.histogram(name, histogram);
        }
        out.kind("pings_actions_total", "counter");
        for (action, count) in lock(&self.actions).iter() {
            out.sample("pings_actions_total", &format!("{{action={}}}", quoted(action)), *count);
        }
        self.jobs_text(&mut out);
        out.0
    }

    fn jobs_text(&self, out: &mut Exposition) {
        type Value = fn(&JobCounts) -> u64;
        let rows: [(&str, &str, Value); 3] = [
            ("jobs_started_with_labels_total", "counter", |counts| counts.started),
            ("jobs_ended_with_labels_total", "counter", |counts| counts.ended),
            ("jobs_running", "gauge", |counts| counts.started - counts.ended),
        ];
        let jobs = lock(&self.jobs);
        for (name, kind, value) in rows {
            out.kind(name, kind);
            for (labels, counts) in jobs.iter() {
                let labels = format!("{{priority=\"{}\",queue={}}}", labels.priority, quoted(&labels.queue));
                out.sample(name, &labels, value(counts));
            }
        }
    }
}

/// The text format of Prometheus.
#[derive(Default)]
struct Exposition(String);

impl Exposition {
    fn kind(&mut self, name: &str, kind: &str) {
        let _ = writeln!(self.0, "# TYPE buildkite_agent_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "buildkite_agent_{name}{labels} {value}");
    }

    fn histogram(&mut self, name: &str, histogram: &Histogram) {
        self.kind(name, "histogram");
        let (counts, sum, total) = lock(&histogram.state).clone();
        let bucket = format!("{name}_bucket");
        for (bound, count) in histogram.bounds.iter().zip(counts) {
            self.sample(&bucket, &format!("{{le=\"{bound}\"}}"), count);
        }
        self.sample(&bucket, "{le=\"+Inf\"}", total);
        self.sample(&format!("{name}_sum"), "", sum);
        self.sample(&format!("{name}_count"), "", total);
    }
}

/// A label's value: the format knows three escapes, and takes everything else as it is.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
