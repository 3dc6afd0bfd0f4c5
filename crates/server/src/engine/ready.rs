//! Jobs that wait for an agent, in the order in which they are given out (control-plane.md §8.3).

use std::collections::{BTreeMap, HashMap};

use redkite_scheduler::build::Job;
use redkite_scheduler::dispatch::Rank;
use redkite_scheduler::{BuildId, JobId, JobState};

use super::agent::DEFAULT_QUEUE;

#[derive(Debug, Clone, Copy)]
struct Waiting {
    build: BuildId,
    job: JobId,
}

/// Jobs that wait for an agent, by queue.
#[derive(Debug, Default)]
pub(crate) struct ReadyJobs {
    queues: HashMap<String, BTreeMap<Rank, Waiting>>,
    places: HashMap<JobId, (String, Rank)>,
}

impl ReadyJobs {
    /// Brings one job up to date; answers the queue it is new in.
    pub(super) fn update(&mut self, build: BuildId, job: &Job) -> Option<String> {
        self.remove(job.id);
        if job.state != JobState::Scheduled {
            return None;
        }
        let queue = job.agents.queue().unwrap_or(DEFAULT_QUEUE).to_owned();
        let rank = Rank::new(job.priority, job.times.scheduled_at, job.order, job.id);
        self.queues.entry(queue.clone()).or_default().insert(rank, Waiting { build, job: job.id });
        self.places.insert(job.id, (queue.clone(), rank));
        Some(queue)
    }

    /// Takes a job out.
    pub(super) fn remove(&mut self, job: JobId) {
        let Some((queue, rank)) = self.places.remove(&job) else { return };
        if let Some(jobs) = self.queues.get_mut(&queue) {
            jobs.remove(&rank);
            if jobs.is_empty() {
                self.queues.remove(&queue);
            }
        }
    }

    /// Whether no job of a queue waits.
    pub(super) fn is_empty(&self, queue: &str) -> bool {
        !self.queues.contains_key(queue)
    }

    /// The jobs of a queue, the first to go first.
    pub(super) fn in_queue(&self, queue: &str) -> impl Iterator<Item = (BuildId, JobId)> {
        self.queues.get(queue).into_iter().flatten().map(|(_, waiting)| (waiting.build, waiting.job))
    }
}
