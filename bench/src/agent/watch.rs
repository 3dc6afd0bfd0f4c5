//! What an agent and the bootstrap of its job use while the job runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::error::BenchError;
use crate::process::{child_of, own_usage};

/// How often the processes are looked at; so much of the bootstrap's last work may be missed.
const LOOK: Duration = Duration::from_millis(20);

/// Looks at an agent, and its first child, until told to stop.
pub(super) struct Watcher {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) agent: Process,
    pub(super) bootstrap: Process,
}

/// One process, without its children.
#[derive(Debug, Default)]
pub(super) struct Process {
    /// CPU time since the watch began.
    pub(super) cpu_seconds: f64,
    /// Its memory at each look.
    pub(super) memory_mib: Vec<f64>,
    first: Option<f64>,
}

impl Watcher {
    pub(super) fn start(agent: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let stop = Arc::clone(&stop);
            move || watch(agent, &stop)
        });
        Self { stop, thread }
    }

    /// Ends the watch. Fails when no bootstrap was seen.
    pub(super) fn stop(self) -> Result<Seen, BenchError> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        let seen = self.thread.join().map_err(|_| BenchError::Task)?;
        match seen.bootstrap.memory_mib.is_empty() {
            true => Err(BenchError::Timeout("the bootstrap to be seen")),
            false => Ok(seen),
        }
    }
}

fn watch(agent: u32, stop: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    let mut bootstrap = None;
    // What an agent has used before its job is not the job's; what a bootstrap has used is.
    seen.bootstrap.first = Some(0.0);
    loop {
        let is_last = stop.load(Ordering::Relaxed);
        seen.agent.look(agent);
        bootstrap = bootstrap.or_else(|| child_of(agent));
        if let Some(pid) = bootstrap {
            seen.bootstrap.look(pid);
        }
        if is_last {
            return seen;
        }
        std::thread::park_timeout(LOOK);
    }
}

impl Process {
    fn look(&mut self, pid: u32) {
        // A process that has ended is not to be seen any more.
        let Ok(usage) = own_usage(pid) else { return };
        let first = *self.first.get_or_insert(usage.cpu_seconds);
        self.cpu_seconds = usage.cpu_seconds - first;
        self.memory_mib.push(usage.memory_mib);
    }
}
