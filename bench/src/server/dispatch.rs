//! How many jobs go through a server: offered, accepted, started and finished.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use tokio::task::JoinSet;

use super::Numbers;
use super::agents::{self, SimulatedAgent, joined};
use super::running::Server;
use crate::error::BenchError;

/// Agents that do nothing else.
const AGENTS: u32 = 32;
/// Jobs of the one build they share.
const JOBS: u32 = 2_000;

pub(super) fn measure(server: &Server) -> Result<Numbers, BenchError> {
    let agents = agents::connect(server, AGENTS)?;
    server.create_build(JOBS)?;
    let left = Arc::new(AtomicU32::new(JOBS));
    let before = server.usage()?;
    let begin = Instant::now();
    server.runtime.block_on(async {
        let mut open = JoinSet::new();
        for agent in agents {
            open.spawn(work(agent, Arc::clone(&left)));
        }
        while !open.is_empty() {
            joined(open.join_next().await)?;
        }
        Ok::<(), BenchError>(())
    })?;
    let taken = begin.elapsed().as_secs_f64();
    let cpu = server.usage()?.cpu_seconds - before.cpu_seconds;
    Ok(vec![
        (format!("jobs dispatched, {JOBS} of one build to {AGENTS} agents"), "/s", f64::from(JOBS) / taken),
        ("the same, CPU time".to_owned(), "ms per job", cpu / f64::from(JOBS) * 1e3),
    ])
}

/// Takes jobs until all are taken. Each is counted before it is asked for, so that nobody asks in vain.
async fn work(agent: SimulatedAgent, left: Arc<AtomicU32>) -> Result<(), BenchError> {
    let one_less = |count: u32| count.checked_sub(1);
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok() {
        agent.next_job().await?.finish().await?;
    }
    Ok(())
}
