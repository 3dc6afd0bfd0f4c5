//! Panics are ours alone: what one breaks is told and ended in order, and everything else goes on.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// What a panic said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Panic(String);

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "internal error: {}", self.0)
    }
}

impl Panic {
    fn of(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        Self(text.or(payload.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned())
    }
}

/// What a future comes to, or how it broke. A broken one is not polled again, only dropped.
pub(crate) async fn survive<T>(future: impl Future<Output = T>) -> Result<T, Panic> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Err(payload) => Poll::Ready(Err(Panic::of(&*payload))),
    })
    .await
}

/// Where a test may have somebody break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// While a job is made ready.
    Prepare,
    /// In the thread of `pre-bootstrap`.
    PreBootstrap,
    /// While the job's process runs.
    Running,
    /// While a job's end is told.
    Finish,
    /// In the worker, while its job runs.
    Dispatch,
    /// In the worker, before anything else.
    Connect,
}

/// Breaks here if a test wants `who` to.
#[cfg(not(test))]
pub(crate) const fn point(_: Place, _: &str) {}

#[cfg(test)]
pub(crate) use injected::{inject, point};

#[cfg(test)]
mod injected {
    use super::Place;
    use std::sync::{Mutex, PoisonError};

    static WANTED: Mutex<Vec<(Place, String)>> = Mutex::new(Vec::new());

    /// Has `who`, a job or an agent, break at `place`, once.
    pub(crate) fn inject(place: Place, who: &str) {
        WANTED.lock().unwrap_or_else(PoisonError::into_inner).push((place, who.to_owned()));
    }

    pub(crate) fn point(place: Place, who: &str) {
        let mut wanted = WANTED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = wanted.iter().position(|(at, name)| *at == place && name == who) {
            wanted.swap_remove(found);
            drop(wanted);
            panic!("injected into {who}");
        }
    }
}
