//! A word that one thread gives and others heed: between attempts, while waiting, between chunks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Given once, never taken back. Clones are the same word.
#[derive(Clone, Debug, Default)]
pub struct Halt {
    given: Arc<AtomicBool>,
    /// Whose words count here, too.
    above: Vec<Arc<AtomicBool>>,
    /// One for a word and all below it.
    bell: Arc<Bell>,
}

#[derive(Debug, Default)]
struct Bell {
    lock: Mutex<()>,
    rung: Condvar,
}

impl Halt {
    /// A word of its own that is also given when this one is.
    #[must_use]
    pub fn below(&self) -> Self {
        let above = self.above.iter().chain([&self.given]).cloned().collect();
        Self { given: Arc::default(), above, bell: self.bell.clone() }
    }

    /// Gives it, and wakes everybody who waits for it.
    pub fn give(&self) {
        let _held = self.bell.lock();
        self.given.store(true, Ordering::Release);
        self.bell.rung.notify_all();
    }

    /// Whether it, or one above it, was given.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.given.load(Ordering::Acquire) || self.above.iter().any(|given| given.load(Ordering::Acquire))
    }

    /// Waits for it, at most `limit`. Whether it was given.
    pub fn wait(&self, limit: Duration) -> bool {
        let held = self.bell.lock();
        let waited = self.bell.rung.wait_timeout_while(held, limit, |()| !self.is_given());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.is_given()
    }
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, ()> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(1000);

    #[test]
    fn a_word_counts_below_and_not_above() {
        let all = Halt::default();
        let (one, other) = (all.below(), all.below());
        let part = one.below();
        one.give();
        assert_eq!([&all, &one, &other, &part].map(Halt::is_given), [false, true, false, true]);
        assert!(!other.wait(Duration::ZERO));
        all.give();
        assert!(other.wait(LONG) && part.wait(LONG));
    }

    #[test]
    fn those_who_wait_below_are_woken() {
        let all = Halt::default();
        let below = all.below().below();
        let waiter = std::thread::spawn(move || below.wait(LONG));
        all.clone().give();
        assert!(waiter.join().expect("the waiter does not panic"));
    }
}
