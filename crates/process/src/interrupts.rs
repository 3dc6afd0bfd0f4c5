//! Signals that ask this process to stop: the first is handed on, a second one kills.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::{Signal, os};

/// Handlers for SIGHUP, SIGINT, SIGTERM and SIGQUIT (spec/job.md §14.2), and the thread that waits for one.
#[derive(Debug)]
pub struct Interrupts {
    handlers: Arc<os::Handlers>,
    received: Arc<Mutex<Option<Signal>>>,
    waiter: Option<JoinHandle<()>>,
}

/// Handlers could not be installed.
#[derive(Debug, thiserror::Error)]
#[error("installing the signal handlers")]
pub struct InterruptsError(#[from] io::Error);

impl Interrupts {
    /// Calls `on_first`, on a thread of its own, when the first of them arrives. The second one has its default
    /// effect.
    pub fn install(on_first: impl FnOnce(Signal) + Send + 'static) -> Result<Self, InterruptsError> {
        let handlers = Arc::new(os::Handlers::install()?);
        let received = Arc::new(Mutex::new(None));
        let (waiting, slot) = (handlers.clone(), received.clone());
        let waiter = std::thread::spawn(move || {
            if let Some(signal) = waiting.wait() {
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(signal);
                on_first(signal);
            }
        });
        Ok(Self { handlers, received, waiter: Some(waiter) })
    }

    /// Which signal arrived, if one did.
    pub fn received(&self) -> Option<Signal> {
        *self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops waiting, after the callback when it has begun; answers which signal arrived, if one did.
    pub fn finish(mut self) -> Option<Signal> {
        self.handlers.stop_waiting();
        if let Some(waiter) = self.waiter.take() {
            // A callback that panicked has said so; the signal counts nevertheless.
            drop(waiter.join());
        }
        self.received()
    }
}

/// Handlers for the same signals that hand none of them on: who ends this process says so in another way.
#[derive(Debug)]
pub struct Swallowed {
    handlers: Arc<os::Swallowing>,
    waiter: Option<JoinHandle<()>>,
}

impl Swallowed {
    /// Calls `on_each`, on a thread of its own, for every signal that arrives; several of one kind may count as one.
    pub fn install(on_each: impl Fn(Signal) + Send + 'static) -> Result<Self, InterruptsError> {
        let handlers = Arc::new(os::Swallowing::install()?);
        let waiting = handlers.clone();
        let waiter = std::thread::spawn(move || {
            while let Some(signals) = waiting.wait() {
                signals.into_iter().for_each(&on_each);
            }
        });
        Ok(Self { handlers, waiter: Some(waiter) })
    }
}

impl Drop for Swallowed {
    fn drop(&mut self) {
        self.handlers.stop_waiting();
        // A callback that panicked has said so.
        drop(self.waiter.take().map(JoinHandle::join));
    }
}

/// Has this process die by `signal`, with the signal's default effect. Returns only where that is not possible.
pub fn die_by(signal: Signal) {
    os::die_by(signal);
}
