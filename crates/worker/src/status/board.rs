//! What each worker of a pool is up to, for whoever asks.

use super::metrics::Metrics;
use redkite_api::{AgentId, JobId};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// All workers of a process, and what was counted.
#[derive(Debug, Default)]
pub(crate) struct Board {
    pub(crate) metrics: Metrics,
    workers: Mutex<Vec<Arc<WorkerStatus>>>,
}

/// One worker, by its place in the pool.
#[derive(Debug)]
pub(crate) struct WorkerStatus {
    pub(crate) id: AgentId,
    pub(crate) name: String,
    state: Mutex<State>,
}

/// What changes about a worker.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) job: Option<JobId>,
    pub(crate) last_ping: Option<Instant>,
    pub(crate) last_heartbeat: Option<Instant>,
    /// Why the last heartbeat failed, if it did.
    pub(crate) heartbeat_error: Option<String>,
}

impl Board {
    /// Adds the next worker.
    pub(crate) fn add(&self, id: AgentId, name: String) -> Arc<WorkerStatus> {
        let worker = Arc::new(WorkerStatus { id, name, state: Mutex::default() });
        self.lock().push(worker.clone());
        worker
    }

    /// All workers, in their order.
    pub(super) fn workers(&self) -> Vec<Arc<WorkerStatus>> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<WorkerStatus>>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WorkerStatus {
    /// A heartbeat arrived.
    pub(crate) fn heartbeat(&self) {
        let mut state = self.lock();
        state.last_heartbeat = Some(Instant::now());
        state.heartbeat_error = None;
    }

    /// A heartbeat did not arrive.
    pub(crate) fn heartbeat_failed(&self, error: String) {
        self.lock().heartbeat_error = Some(error);
    }

    /// A ping was answered.
    pub(crate) fn pinged(&self) {
        self.lock().last_ping = Some(Instant::now());
    }

    /// The worker has a job, or none any more.
    pub(crate) fn has_job(&self, job: Option<JobId>) {
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
