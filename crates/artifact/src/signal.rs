//! A word that one thread gives and others wait for.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Given once, never taken back.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    given: Mutex<bool>,
    changed: Condvar,
}

impl Signal {
    pub(crate) fn give(&self) {
        *self.given.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_given(&self) -> bool {
        *self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for it, at most `limit`. Whether it was given.
    pub(crate) fn wait(&self, limit: Duration) -> bool {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(given, limit, |given| !*given);
        waited.map_or_else(|error| *error.into_inner().0, |(given, _)| *given)
    }
}
