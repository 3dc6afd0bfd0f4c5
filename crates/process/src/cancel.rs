//! Asking for an end: a cancellation that any number of runs can listen to, and until when a run may go on.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Longer than any job; still a moment that clocks know.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The moment `duration` after `instant`; grace periods come from people and may exceed what clocks can hold.
pub(crate) fn after(instant: Instant, duration: Duration) -> Instant {
    instant + duration.min(FOR_EVER)
}

/// A cancellation: once asked for, it stays. Clones are the same cancellation.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Mutex<CancelState>>);

#[derive(Debug, Default)]
struct CancelState {
    at: Option<Instant>,
    listeners: Vec<Weak<Bell>>,
}

impl Cancel {
    /// A cancellation nobody has asked for yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for the end. Only the first time counts.
    pub fn cancel(&self) {
        let listeners = {
            let mut state = self.lock();
            state.at.get_or_insert_with(Instant::now);
            std::mem::take(&mut state.listeners)
        };
        listeners.iter().filter_map(Weak::upgrade).for_each(|bell| bell.ring());
    }

    /// When it was asked for, if it was.
    pub fn at(&self) -> Option<Instant> {
        self.lock().at
    }

    /// Whether it was asked for.
    pub fn is_cancelled(&self) -> bool {
        self.at().is_some()
    }

    /// Has `bell` rung when it is asked for.
    pub fn listen(&self, bell: &Arc<Bell>) {
        let mut state = self.lock();
        state.listeners.retain(|listener| listener.strong_count() > 0);
        if state.at.is_none() {
            state.listeners.push(Arc::downgrade(bell));
        }
    }

    fn lock(&self) -> MutexGuard<'_, CancelState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until when something may run: until a cancellation, some time after it, or a fixed moment
/// (spec/job.md §14.3).
#[derive(Clone, Debug)]
pub struct Context {
    cancel: Cancel,
    grace: Duration,
    not_before: Option<Instant>,
    deadline: Option<Instant>,
    patience: Option<Duration>,
}

impl Context {
    /// Ends at the moment of `cancel`.
    pub fn until(cancel: &Cancel) -> Self {
        Self {
            cancel: cancel.clone(),
            grace: Duration::ZERO,
            not_before: None,
            deadline: None,
            patience: None,
        }
    }

    /// Ends `grace` after the moment of `cancel`.
    pub fn grace_after(cancel: &Cancel, grace: Duration) -> Self {
        Self { grace, ..Self::until(cancel) }
    }

    /// As [`Context::grace_after`], but when the cancellation came before now, the time counts from now.
    pub fn grace_from_now(cancel: &Cancel, grace: Duration) -> Self {
        Self { not_before: Some(Instant::now()), ..Self::grace_after(cancel, grace) }
    }

    /// The same, but over at `deadline` at the latest.
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> Self {
        let deadline = self.deadline.map_or(deadline, |earlier| earlier.min(deadline));
        Self { deadline: Some(deadline), ..self.clone() }
    }

    /// The same, but who still runs so long after the cancellation is killed, whatever time to answer is left; and
    /// once it is over, nobody outlives the leader of their group.
    #[must_use]
    pub fn killing_after(&self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self.clone() }
    }

    /// When those are killed, as far as is known now.
    pub fn kills_at(&self) -> Option<Instant> {
        self.cancel.at().zip(self.patience).map(|(at, patience)| after(at, patience))
    }

    /// When it is over, as far as is known now.
    pub fn ends_at(&self) -> Option<Instant> {
        let cancelled = self.cancel.at().map(|at| after(at.max(self.not_before.unwrap_or(at)), self.grace));
        match (cancelled, self.deadline) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.ends_at().is_some_and(|end| end <= Instant::now())
    }

    /// Whether it was cancelled so long ago that `grace` after its end is used up, too, or its patience.
    pub fn is_beyond(&self, grace: Duration) -> bool {
        if self.kills_at().is_some_and(|moment| moment <= Instant::now()) {
            return true;
        }
        let cancelled = self.ends_at().filter(|_| !self.is_past_deadline());
        cancelled.is_some_and(|end| after(end, grace) <= Instant::now())
    }

    /// Whether it is over because of its deadline, not because of the cancellation.
    pub fn is_past_deadline(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Waits for `duration`, or until it is over; answers whether it may go on.
    pub fn sleep(&self, duration: Duration) -> bool {
        let bell = Arc::new(Bell::default());
        self.listen(&bell);
        let until = after(Instant::now(), duration);
        while !self.is_over() && Instant::now() < until {
            let seen = bell.count();
            let end = self.ends_at().map_or(until, |end| end.min(until));
            bell.wait_past(seen, Some(end));
        }
        !self.is_over()
    }

    pub(crate) fn listen(&self, bell: &Arc<Bell>) {
        self.cancel.listen(bell);
    }
}

/// Something a thread waits at until one of several things has happened.
#[derive(Debug, Default)]
pub struct Bell {
    rung: Mutex<u64>,
    changed: Condvar,
}

impl Bell {
    /// Wakes everybody who waits.
    pub fn ring(&self) {
        *self.lock() += 1;
        self.changed.notify_all();
    }

    /// How often it has rung.
    pub fn count(&self) -> u64 {
        *self.lock()
    }

    /// Waits until it has rung more than `seen` times, or until `deadline`.
    pub fn wait_past(&self, seen: u64, deadline: Option<Instant>) {
        let mut rung = self.lock();
        while *rung == seen {
            let Some(deadline) = deadline else {
                rung = self.changed.wait(rung).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            rung = self.changed.wait_timeout(rung, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(1000);

    #[test]
    fn a_context_ends_with_its_cancellation() {
        let cancel = Cancel::new();
        let context = Context::until(&cancel);
        assert!(!context.is_over());
        cancel.cancel();
        assert!(context.is_over() && context.is_beyond(Duration::ZERO) && !context.is_beyond(GRACE));
        assert!(!context.is_past_deadline());
    }

    #[test]
    fn grace_counts_from_the_cancellation_or_from_now() {
        let cancel = Cancel::new();
        let before = Context::grace_after(&cancel, GRACE);
        cancel.cancel();
        let after = Context::grace_from_now(&cancel, GRACE);
        assert_eq!(before.ends_at(), cancel.at().map(|at| at + GRACE));
        assert!(after.ends_at() >= before.ends_at());
        assert!(!before.is_over());
    }

    #[test]
    fn patience_counts_from_the_cancellation() {
        let cancel = Cancel::new();
        let context = Context::grace_after(&cancel, GRACE).killing_after(Duration::ZERO);
        assert_eq!(context.kills_at(), None);
        cancel.cancel();
        assert!(context.kills_at() == cancel.at() && context.is_beyond(GRACE) && !context.is_over());
    }

    #[test]
    fn the_earlier_of_deadline_and_cancellation_counts() {
        let cancel = Cancel::new();
        let now = Instant::now();
        let context = Context::grace_after(&cancel, GRACE).with_deadline(now);
        assert!(context.is_over() && context.is_past_deadline() && !context.is_beyond(Duration::ZERO));
        assert!(!context.with_deadline(now + GRACE).sleep(GRACE));
    }

    #[test]
    fn a_cancellation_wakes_a_sleeper() {
        let cancel = Cancel::new();
        let context = Context::until(&cancel);
        let sleeper = std::thread::spawn(move || context.sleep(GRACE));
        cancel.cancel();
        assert!(!sleeper.join().expect("the sleeper does not panic"));
    }
}
