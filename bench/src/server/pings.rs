//! How many pings a server answers: those of paused agents, which it answers at once.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::Numbers;
use super::agents::{self, joined};
use super::running::Server;
use crate::error::BenchError;

/// Agents that ping without a break.
const AGENTS: u32 = 32;

pub(super) fn measure(server: &Server, seconds: u64) -> Result<Numbers, BenchError> {
    let agents = agents::connect(server, AGENTS)?;
    let before = server.usage()?;
    let begin = Instant::now();
    let end = begin + Duration::from_secs(seconds);
    let pings: u32 = server.runtime.block_on(async {
        let mut open = JoinSet::new();
        for agent in agents {
            open.spawn(async move {
                agent.pause().await?;
                let mut count = 0_u32;
                while Instant::now() < end {
                    agent.ping().await?;
                    count += 1;
                }
                Ok(count)
            });
        }
        let mut sum = 0;
        while !open.is_empty() {
            sum += joined(open.join_next().await)?;
        }
        Ok::<u32, BenchError>(sum)
    })?;
    let taken = begin.elapsed().as_secs_f64();
    let cpu = server.usage()?.cpu_seconds - before.cpu_seconds;
    Ok(vec![
        (format!("pings, {AGENTS} agents without a break"), "/s", f64::from(pings) / taken),
        ("the same, CPU time".to_owned(), "ms per 1,000", cpu / f64::from(pings) * 1e6),
    ])
}
