//! When pings are due: ticks at a steady period, each followed by a random part of one (spec/agent-api.md §10.2).

use crate::dispatch::Rhythm;
use std::time::Duration;
use tokio::time::Instant;

/// The ticks of one worker.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    period: Duration,
    last_tick: Instant,
}

impl Schedule {
    /// Ticks every `period`, which is above 0, from `now` on.
    pub(crate) fn new(period: Duration, now: Instant) -> Self {
        Self { period, last_tick: now }
    }

    /// When the next ping is due; `jitter` is below the period. Of ticks that were missed only one counts.
    pub(crate) fn next(&mut self, rhythm: Rhythm, now: Instant, jitter: Duration) -> Instant {
        let tick = self.last_tick + self.period;
        match rhythm {
            Rhythm::Restart => {
                self.last_tick = now;
                now + jitter
            }
            Rhythm::Tick if tick > now => {
                self.last_tick = tick;
                tick + jitter
            }
            Rhythm::Tick => {
                while self.last_tick + self.period <= now {
                    self.last_tick += self.period;
                }
                now + jitter
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_keep_the_rhythm() {
        let start = Instant::now();
        let at = |tenths: u64| start + Duration::from_millis(100 * tenths);
        let mut schedule = Schedule::new(Duration::from_secs(1), start);
        for (rhythm, now, jitter, expected) in [
            (Rhythm::Restart, 0, 4, 4),
            (Rhythm::Tick, 4, 9, 19),
            // The tick at 20 is next, also when the ping before it was late.
            (Rhythm::Tick, 19, 1, 21),
            (Rhythm::Tick, 21, 0, 30),
            // Ticks 40, 50 and 60 were missed: one ping at once, then tick 70.
            (Rhythm::Tick, 65, 2, 67),
            (Rhythm::Tick, 67, 0, 70),
            (Rhythm::Restart, 95, 3, 98),
            (Rhythm::Tick, 98, 0, 105),
        ] {
            let due = schedule.next(rhythm, at(now), Duration::from_millis(100 * jitter));
            assert_eq!((due - start).as_millis() / 100, u128::from(expected as u64), "{rhythm:?} at {now}");
        }
    }
}
