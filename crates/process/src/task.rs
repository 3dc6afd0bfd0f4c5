//! Work of this process that ends as a child would: on its own, or because its context is over.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use crate::Context;
use crate::cancel::{Bell, after};

/// How a task ended.
#[derive(Debug, PartialEq, Eq)]
pub enum TaskEnd<T> {
    /// On its own, with this result.
    Finished(T),
    /// With this result, after it was asked to stop.
    Interrupted(T),
    /// It was asked to stop and did not; its thread is left behind.
    Abandoned,
    /// It panicked.
    Panicked,
}

/// Does `work` on a thread called `name`. When `context` is over, `interrupt` asks it to stop; a task that has not
/// ended `patience` later is left behind, so nothing that it waits for can hold the caller up.
///
/// # Errors
/// When there can be no thread; nothing was done then.
pub fn run_task<T: Send + 'static>(
    name: &str,
    context: &Context,
    patience: Duration,
    work: impl FnOnce() -> T + Send + 'static,
    interrupt: impl FnOnce(),
) -> io::Result<TaskEnd<T>> {
    let bell = Arc::new(Bell::default());
    context.listen(&bell);
    let slot = Arc::new(Slot { result: Mutex::new(None), bell: bell.clone() });
    let filled = slot.clone();
    Builder::new().name(name.to_owned()).spawn(move || filled.fill(catch_unwind(AssertUnwindSafe(work))))?;
    if let Some(result) = slot.wait(|| context.ends_at()) {
        return Ok(result.map_or(TaskEnd::Panicked, TaskEnd::Finished));
    }
    interrupt();
    let limit = after(Instant::now(), patience);
    Ok(match slot.wait(|| Some(limit)) {
        None => TaskEnd::Abandoned,
        Some(result) => result.map_or(TaskEnd::Panicked, TaskEnd::Interrupted),
    })
}

/// Where a task leaves its result.
struct Slot<T> {
    result: Mutex<Option<std::thread::Result<T>>>,
    bell: Arc<Bell>,
}

impl<T> Slot<T> {
    fn fill(&self, result: std::thread::Result<T>) {
        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        self.bell.ring();
    }

    /// The result, unless it isn't there at the limit; the bell rings when the limit may have changed.
    fn wait(&self, limit: impl Fn() -> Option<Instant>) -> Option<std::thread::Result<T>> {
        loop {
            let rung = self.bell.count();
            let result = self.result.lock().unwrap_or_else(PoisonError::into_inner).take();
            let limit = limit();
            if result.is_some() || limit.is_some_and(|limit| limit <= Instant::now()) {
                return result;
            }
            self.bell.wait_past(rung, limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;
    use crate::Cancel;

    const LONG: Duration = Duration::from_secs(1000);

    /// Runs `work`, which gets the receiving end of what `interrupt` is given to send with.
    fn check(
        cancel: &Cancel,
        patience: Duration,
        work: impl FnOnce(Receiver<()>) -> u8 + Send + 'static,
        interrupt: impl FnOnce(&Sender<()>),
        expected: TaskEnd<u8>,
    ) {
        let (sender, receiver) = channel();
        let end =
            run_task("test", &Context::until(cancel), patience, || work(receiver), || interrupt(&sender));
        assert_eq!(end.expect("a thread"), expected);
    }

    #[test]
    fn a_task_ends_by_itself() {
        let never = |_: &Sender<()>| panic!("nobody asks for its end");
        check(&Cancel::new(), LONG, |_| 3, never, TaskEnd::Finished(3));
        check(&Cancel::new(), LONG, |_| panic!("a mistake"), never, TaskEnd::Panicked);
    }

    #[test]
    fn a_task_is_asked_to_stop_when_its_context_is_over() {
        let cancel = Cancel::new();
        let asks = cancel.clone();
        let waits = move |told: Receiver<()>| {
            asks.cancel();
            told.recv().map_or(0, |()| 4)
        };
        let tells = |sender: &Sender<()>| sender.send(()).expect("it waits");
        check(&cancel, LONG, waits, tells, TaskEnd::Interrupted(4));
    }

    #[test]
    fn a_task_that_hangs_is_left_behind() {
        let cancel = Cancel::new();
        let asks = cancel.clone();
        let hangs = move |told: Receiver<()>| {
            asks.cancel();
            told.recv().map_or(0, |()| 4)
        };
        check(&cancel, Duration::ZERO, hangs, |_| {}, TaskEnd::Abandoned);
    }
}
