//! Handlers that note the signal and wake a waiting thread.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::{flag, low_level};

use crate::Signal;

/// What asks this process to stop.
const ASKING: [Signal; 4] = [Signal::HUP, Signal::INT, Signal::TERM, Signal::QUIT];

/// Installed handlers.
#[derive(Debug)]
pub(crate) struct Handlers {
    first: Arc<AtomicUsize>,
    woken: UnixStream,
    wake: UnixStream,
}

impl Handlers {
    pub(crate) fn install() -> io::Result<Self> {
        let (woken, wake) = UnixStream::pair()?;
        let first = Arc::new(AtomicUsize::new(0));
        let spent = Arc::new(AtomicBool::new(false));
        for signal in ASKING {
            let number = signal.number();
            // In this order: what was registered first acts first, so a second signal never gets further.
            flag::register_conditional_default(number, spent.clone())?;
            flag::register(number, spent.clone())?;
            flag::register_usize(number, first.clone(), number.unsigned_abs() as usize)?;
            low_level::pipe::register(number, wake.try_clone()?)?;
        }
        Ok(Self { first, woken, wake })
    }

    /// Waits for the first signal; `None` when it was told to stop waiting.
    pub(crate) fn wait(&self) -> Option<Signal> {
        let mut byte = [0];
        let mut woken = &self.woken;
        while matches!(woken.read(&mut byte), Err(error) if error.kind() == io::ErrorKind::Interrupted) {}
        match i32::try_from(self.first.load(Ordering::SeqCst)) {
            Ok(0) | Err(_) => None,
            Ok(number) => Some(Signal::from_number(number)),
        }
    }

    pub(crate) fn stop_waiting(&self) {
        // The other end is held by the same structure, so it is open.
        drop((&self.wake).write(&[0]));
    }
}

/// Handlers that note every signal, and end nothing.
#[derive(Debug)]
pub(crate) struct Swallowing {
    arrived: [Arc<AtomicBool>; 4],
    stopping: AtomicBool,
    woken: UnixStream,
    wake: UnixStream,
}

impl Swallowing {
    pub(crate) fn install() -> io::Result<Self> {
        let (woken, wake) = UnixStream::pair()?;
        let arrived: [Arc<AtomicBool>; 4] = Default::default();
        for (signal, arrived) in ASKING.iter().zip(&arrived) {
            flag::register(signal.number(), arrived.clone())?;
            low_level::pipe::register(signal.number(), wake.try_clone()?)?;
        }
        Ok(Self { arrived, stopping: AtomicBool::new(false), woken, wake })
    }

    /// Waits for signals and answers which there are; `None` when it was told to stop waiting.
    pub(crate) fn wait(&self) -> Option<Vec<Signal>> {
        let mut bytes = [0; 64];
        let mut woken = &self.woken;
        while matches!(woken.read(&mut bytes), Err(error) if error.kind() == io::ErrorKind::Interrupted) {}
        if self.stopping.load(Ordering::SeqCst) {
            return None;
        }
        let arrived =
            ASKING.iter().zip(&self.arrived).filter(|(_, arrived)| arrived.swap(false, Ordering::SeqCst));
        Some(arrived.map(|(signal, _)| *signal).collect())
    }

    pub(crate) fn stop_waiting(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        // The other end is held by the same structure, so it is open.
        drop((&self.wake).write(&[0]));
    }
}

pub(crate) fn die_by(signal: Signal) {
    // It fails only for a number that is no signal; the caller then exits in its own way.
    drop(low_level::emulate_default_handler(signal.number()));
}
