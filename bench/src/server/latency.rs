//! How long a job waits though agents are idle: from the moment it could run to its start.

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Numbers;
use super::agents::{self, SimulatedAgent};
use super::running::Server;
use crate::deadline::LONGEST;
use crate::error::BenchError;
use crate::measure::{median, percentile};

/// Builds of one job, one after the other.
const BUILDS: usize = 30;

pub(super) fn measure(server: &Server, count: u32) -> Result<Numbers, BenchError> {
    let agents = agents::connect(server, count)?;
    // One report at a time is under way, since one job is.
    let (report, mut reports) = mpsc::channel(1);
    let mut open = JoinSet::new();
    for agent in agents {
        open.spawn_on(serve(agent, report.clone()), server.runtime.handle());
    }
    let mut waits = Vec::new();
    for _ in 0..BUILDS {
        server.create_build(1)?;
        let next = async { tokio::time::timeout(LONGEST, reports.recv()).await };
        let wait = server.runtime.block_on(next).map_err(|_| BenchError::Timeout("a job to start"))?;
        waits.push(wait.ok_or(BenchError::Task)??);
    }
    Ok(vec![
        (format!("latency queued to started, {count} agents, median"), "ms", median(&waits)),
        (format!("latency queued to started, {count} agents, 95 %"), "ms", percentile(&waits, 0.95)),
    ])
}

/// Takes jobs for ever and reports how long each has waited.
async fn serve(agent: SimulatedAgent, report: mpsc::Sender<Result<f64, BenchError>>) {
    loop {
        let wait = one(&agent).await;
        let broken = wait.is_err();
        if report.send(wait).await.is_err() || broken {
            return;
        }
    }
}

async fn one(agent: &SimulatedAgent) -> Result<f64, BenchError> {
    let held = agent.next_job().await?;
    let started = Timestamp::now();
    held.finish().await?;
    let runnable: Timestamp = held
        .job
        .runnable_at
        .parse()
        .map_err(|_| BenchError::Timeout("a job with the time at which it could run"))?;
    Ok(started.duration_since(runnable).as_secs_f64() * 1e3)
}
