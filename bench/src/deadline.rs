//! Waiting for facts, never for long.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::BenchError;

/// Nothing that is measured takes longer.
pub(crate) const LONGEST: Duration = Duration::from_secs(300);

/// How often somebody who waits asks whether it is worth it.
const STILL: Duration = Duration::from_millis(500);

/// A value that can be waited on.
pub(crate) struct Watched<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> Watched<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changed: Condvar::new() }
    }

    /// Changes the value and wakes who waits on it.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    /// What `look` finds in the value, as soon as it finds something; `still` is asked now and then whether
    /// there is still something to wait for.
    pub(crate) fn wait<R>(
        &self,
        what: &'static str,
        still: impl Fn() -> Result<(), BenchError>,
        mut look: impl FnMut(&mut T) -> Option<R>,
    ) -> Result<R, BenchError> {
        let end = Instant::now() + LONGEST;
        let mut value = self.lock();
        loop {
            if let Some(found) = look(&mut value) {
                return Ok(found);
            }
            if Instant::now() > end {
                return Err(BenchError::Timeout(what));
            }
            still()?;
            value = self.changed.wait_timeout(value, STILL).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
