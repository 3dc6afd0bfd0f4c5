//! What may happen to a worker at any time (spec/agent.md §10.3, §10.4, §11).

use crate::dispatch::Event;
use crate::idle::IdleMonitor;
use crate::settings::LONGEST;
use crate::stop::{StopListener, Urgency};
use crate::worker::Worker;
use std::time::Duration;
use tokio::time::Instant;

/// The stops, the end of the uptime and of the pool's patience, each once.
pub(crate) struct Interrupts<'a> {
    stop: StopListener,
    /// What was asked for so far.
    asked: Urgency,
    uptime: Option<Instant>,
    idle: &'a IdleMonitor,
}

impl<'a> Interrupts<'a> {
    pub(crate) fn new(worker: &'a Worker) -> Self {
        let uptime = worker.settings.lifetime.after_uptime.map(|uptime| Instant::now() + uptime.min(LONGEST));
        Self { stop: worker.stopper.listener(), asked: Urgency::None, uptime, idle: &worker.idle }
    }

    /// The next one; may be dropped and asked again.
    pub(crate) async fn next(&mut self) -> Event {
        /// Stands in for a time that is not set; the branch that waits for it is off.
        const NEVER: Duration = Duration::ZERO;
        let uptime = self.uptime.unwrap_or_else(|| Instant::now() + NEVER);
        tokio::select! {
            asked = self.stop.beyond(self.asked) => {
                self.asked = asked;
                if asked == Urgency::Forced { Event::ForcedStopAsked } else { Event::StopAsked }
            }
            () = tokio::time::sleep_until(uptime), if self.uptime.is_some() => {
                self.uptime = None;
                Event::UptimeOver
            }
            () = self.idle.over() => Event::PoolIdle,
        }
    }
}
