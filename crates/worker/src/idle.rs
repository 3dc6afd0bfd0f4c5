//! When a whole pool has had nothing to do for long enough (spec/agent.md §10.3).

use crate::settings::LONGEST;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// What one worker is up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    /// With a job, paused, or not asked yet.
    Busy,
    Idle {
        since: Instant,
    },
    Ended,
}

/// What all workers of a pool are up to.
#[derive(Debug)]
struct Moods {
    workers: Vec<Mood>,
    timeout: Duration,
}

impl Moods {
    /// When the pool has been idle for long enough; `None` while somebody is busy.
    fn over_at(&self) -> Option<Instant> {
        if self.workers.contains(&Mood::Busy) {
            return None;
        }
        let idle = self.workers.iter().filter_map(|mood| match mood {
            Mood::Idle { since } => Some(*since + self.timeout),
            Mood::Busy | Mood::Ended => None,
        });
        idle.max()
    }

    /// Whether that is news.
    fn set(&mut self, worker: usize, mood: Mood) -> bool {
        match (self.workers[worker], mood) {
            // Idleness counts from its beginning.
            (Mood::Idle { .. }, Mood::Idle { .. }) => false,
            (old, new) if old == new => false,
            _ => {
                self.workers[worker] = mood;
                true
            }
        }
    }
}

/// Shared by the workers of a pool; without a timeout it never says anything.
#[derive(Debug)]
pub(crate) struct IdleMonitor {
    moods: Option<Mutex<Moods>>,
    changed: Notify,
}

impl IdleMonitor {
    pub(crate) fn new(workers: usize, timeout: Option<Duration>) -> Self {
        let moods = timeout.map(|timeout| {
            Mutex::new(Moods { workers: vec![Mood::Busy; workers], timeout: timeout.min(LONGEST) })
        });
        Self { moods, changed: Notify::new() }
    }

    pub(crate) fn busy(&self, worker: usize) {
        self.set(worker, Mood::Busy);
    }

    pub(crate) fn idle(&self, worker: usize) {
        self.set(worker, Mood::Idle { since: Instant::now() });
    }

    pub(crate) fn ended(&self, worker: usize) {
        self.set(worker, Mood::Ended);
    }

    /// Waits until every worker has been idle, or gone, for long enough.
    pub(crate) async fn over(&self) {
        loop {
            let changed = self.changed.notified();
            let over_at = self.lock().and_then(|moods| moods.over_at());
            match over_at {
                None => changed.await,
                Some(at) => tokio::select! {
                    () = tokio::time::sleep_until(at) => return,
                    () = changed => {}
                },
            }
        }
    }

    fn set(&self, worker: usize, mood: Mood) {
        // Everybody waits for news; without any, a thousand workers aren't woken by each other's pings.
        if self.lock().is_some_and(|mut moods| moods.set(worker, mood)) {
            self.changed.notify_waiters();
        }
    }

    fn lock(&self) -> Option<MutexGuard<'_, Moods>> {
        self.moods.as_ref().map(|moods| moods.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_worker_to_idle_sets_the_clock() {
        let start = Instant::now();
        let at = |seconds| Mood::Idle { since: start + Duration::from_secs(seconds) };
        for (workers, over_at) in [
            (vec![Mood::Busy, at(0)], None),
            (vec![at(1), at(3)], Some(13)),
            (vec![at(1), Mood::Ended], Some(11)),
            (vec![Mood::Ended, Mood::Ended], None),
        ] {
            let moods = Moods { workers: workers.clone(), timeout: Duration::from_secs(10) };
            let over_at = over_at.map(|seconds| start + Duration::from_secs(seconds));
            assert_eq!(moods.over_at(), over_at, "{workers:?}");
        }
    }

    #[test]
    fn idleness_counts_from_its_beginning() {
        let start = Instant::now();
        let at = |seconds| Mood::Idle { since: start + Duration::from_secs(seconds) };
        let mut moods = Moods { workers: vec![Mood::Busy], timeout: Duration::ZERO };
        moods.set(0, at(1));
        moods.set(0, at(2));
        assert_eq!(moods.workers, [at(1)]);
        moods.set(0, Mood::Busy);
        moods.set(0, at(3));
        assert_eq!(moods.workers, [at(3)]);
    }

    #[test]
    fn only_news_wake_the_others() {
        let now = Instant::now();
        let mut moods = Moods { workers: vec![Mood::Busy; 2], timeout: Duration::ZERO };
        let idle = Mood::Idle { since: now };
        for (mood, is_news) in
            [(Mood::Busy, false), (idle, true), (idle, false), (Mood::Busy, true), (Mood::Ended, true)]
        {
            assert_eq!(moods.set(0, mood), is_news, "{mood:?}");
        }
    }
}
