//! What each worker of a pool is up to, for whoever asks.

use super::metrics::Metrics;
use redkite_api::{AgentId, JobId};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// All workers of a process, and what was counted.
#[derive(Debug, Default)]
pub(crate) struct Board {
    pub(crate) metrics: Metrics,
    workers: Mutex<Vec<Arc<WorkerStatus>>>,
    recent: Arc<Recent>,
}

/// The last things that went wrong in any worker.
#[derive(Debug, Default)]
struct Recent(Mutex<VecDeque<Trouble>>);

/// How many are kept; the same one in a row counts once.
const RECENT: usize = 20;
/// How much of a text is kept.
const LONGEST_TEXT: usize = 500;

/// Something that went wrong.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub(super) at: Instant,
    pub(super) worker: String,
    pub(super) text: String,
    pub(super) times: u64,
}

/// How a worker learns of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Link {
    /// It doesn't yet.
    #[default]
    Connecting,
    /// By pings.
    Polling,
    /// By the stream.
    Streaming,
    /// Not at the moment: the last ping failed, or the stream is not there.
    Unreachable,
    /// It has ended.
    Gone,
}

/// A job as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) id: JobId,
    pub(crate) label: String,
    pub(crate) url: String,
    pub(crate) since: Instant,
}

/// One worker, by its place in the pool.
#[derive(Debug)]
pub(crate) struct WorkerStatus {
    pub(crate) id: AgentId,
    pub(crate) name: String,
    /// How often it asks for work.
    pub(super) ping_interval: Duration,
    state: Mutex<State>,
    recent: Arc<Recent>,
}

/// What changes about a worker.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) job: Option<Shown>,
    pub(crate) link: Link,
    pub(crate) paused: bool,
    pub(crate) last_ping: Option<Instant>,
    pub(crate) last_heartbeat: Option<Instant>,
    /// Why the last heartbeat failed, if it did.
    pub(crate) heartbeat_error: Option<String>,
}

impl Board {
    /// Adds the next worker, which pings once in each interval.
    pub(crate) fn add(&self, id: AgentId, name: String, ping_interval: Duration) -> Arc<WorkerStatus> {
        let recent = self.recent.clone();
        let worker = Arc::new(WorkerStatus { id, name, ping_interval, state: Mutex::default(), recent });
        self.lock().push(worker.clone());
        worker
    }

    /// All workers, in their order.
    pub(super) fn workers(&self) -> Vec<Arc<WorkerStatus>> {
        self.lock().clone()
    }

    /// What went wrong lately, the oldest first.
    pub(super) fn troubles(&self) -> Vec<Trouble> {
        self.recent.lock().iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<WorkerStatus>>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn add(&self, worker: &str, text: &str) {
        let mut recent = self.lock();
        let text: String = text.chars().take(LONGEST_TEXT).collect();
        let (worker, at) = (worker.to_owned(), Instant::now());
        let known = recent.iter().position(|trouble| trouble.worker == worker && trouble.text == text);
        let times = known.and_then(|place| recent.remove(place)).map_or(1, |trouble| trouble.times + 1);
        if recent.len() == RECENT {
            recent.pop_front();
        }
        recent.push_back(Trouble { at, worker, text, times });
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Trouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WorkerStatus {
    /// Something went wrong that an operator may want to know.
    pub(crate) fn trouble(&self, text: &str) {
        self.recent.add(&self.name, text);
    }

    /// How the worker learns of work now.
    pub(crate) fn link(&self, link: Link) {
        self.lock().link = link;
    }

    /// The stream is not there; pings, where there are any, say for themselves how they fare.
    pub(crate) fn stream_broke(&self, why: &str) {
        self.trouble(why);
        let mut state = self.lock();
        if matches!(state.link, Link::Streaming | Link::Connecting) {
            state.link = Link::Unreachable;
        }
    }

    /// Whether the worker is to wait.
    pub(crate) fn paused(&self, paused: bool) {
        self.lock().paused = paused;
    }

    /// A heartbeat arrived.
    pub(crate) fn heartbeat(&self) {
        let mut state = self.lock();
        state.last_heartbeat = Some(Instant::now());
        state.heartbeat_error = None;
    }

    /// A heartbeat did not arrive.
    pub(crate) fn heartbeat_failed(&self, error: String) {
        self.trouble(&format!("heartbeat failed: {error}"));
        self.lock().heartbeat_error = Some(error);
    }

    /// A ping was answered.
    pub(crate) fn pinged(&self) {
        self.lock().last_ping = Some(Instant::now());
    }

    /// The worker has a job, or none any more.
    pub(crate) fn has_job(&self, job: Option<Shown>) {
        self.lock().job = job;
    }

    /// What the worker is up to.
    pub(crate) fn state(&self) -> State {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
