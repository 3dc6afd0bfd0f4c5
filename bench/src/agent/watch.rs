//! What an agent and the bootstrap of its job use while the job runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::error::BenchError;
use crate::process::{child_of, memory_mib, own_cpu_seconds};

/// How often the processes are looked at; so much of the bootstrap's last work may be missed.
const PERIOD: Duration = Duration::from_millis(20);

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// CPU time, which the kernel has at hand.
    CpuTime,
    /// Also the memory: the kernel walks the process's pages for it, which slows down what is watched.
    Memory,
}

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
    /// Its memory at each look, where memory is looked at.
    pub(super) memory_mib: Vec<f64>,
    /// How often it was looked at.
    looks: u64,
    first: Option<f64>,
}

impl Watcher {
    pub(super) fn start(agent: u32, look: Look) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let stop = Arc::clone(&stop);
            move || watch(agent, look, &stop)
        });
        Self { stop, thread }
    }

    /// Ends the watch. Fails when no bootstrap was seen.
    pub(super) fn stop(self) -> Result<Seen, BenchError> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        let seen = self.thread.join().map_err(|_| BenchError::Task)?;
        match seen.bootstrap.looks {
            0 => Err(BenchError::Timeout("the bootstrap to be seen")),
            _ => Ok(seen),
        }
    }
}

fn watch(agent: u32, look: Look, stop: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    let mut bootstrap = None;
    // What an agent has used before its job is not the job's; what a bootstrap has used is.
    seen.bootstrap.first = Some(0.0);
    loop {
        let is_last = stop.load(Ordering::Relaxed);
        seen.agent.look(agent, look);
        bootstrap = bootstrap.or_else(|| child_of(agent));
        if let Some(pid) = bootstrap {
            seen.bootstrap.look(pid, look);
        }
        if is_last {
            return seen;
        }
        std::thread::park_timeout(PERIOD);
    }
}

impl Process {
    fn look(&mut self, pid: u32, look: Look) {
        // A process that has ended is not to be seen any more.
        let Ok(cpu_seconds) = own_cpu_seconds(pid) else { return };
        self.cpu_seconds = cpu_seconds - *self.first.get_or_insert(cpu_seconds);
        self.looks += 1;
        if look == Look::Memory {
            self.memory_mib.extend(memory_mib(pid));
        }
    }
}
