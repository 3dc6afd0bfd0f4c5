//! A plane of just enough to measure an agent: it hands out jobs, takes logs and artifacts, and notes when.

mod artifacts;
mod jobs;
mod routes;

pub(crate) use jobs::{Ended, Order};

use std::collections::{HashMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::sync::oneshot;

use crate::deadline::Watched;
use crate::error::BenchError;
use crate::process::Running;

/// The plane, served by a thread of its own.
pub(crate) struct Plane {
    address: SocketAddr,
    facts: Arc<Watched<Facts>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the plane knows.
#[derive(Default)]
pub(crate) struct Facts {
    /// Jobs nobody has yet.
    waiting: VecDeque<Order>,
    /// Jobs an agent has, by id.
    taken: HashMap<String, Taken>,
    /// Jobs that have ended and were not looked at.
    ended: Vec<Ended>,
    /// How often each agent, by token, has asked for work.
    pings: HashMap<String, u64>,
    /// Bytes of artifacts received.
    artifact_bytes: u64,
}

/// A job an agent has.
pub(crate) struct Taken {
    order: Order,
    accepted: Option<Instant>,
    log_bytes: u64,
}

impl Plane {
    /// A plane on a free port of this machine, which has agents ping every `ping_interval` seconds.
    pub(crate) fn start(ping_interval: u32) -> Result<Self, BenchError> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(BenchError::Plane)?;
        listener.set_nonblocking(true).map_err(BenchError::Plane)?;
        let address = listener.local_addr().map_err(BenchError::Plane)?;
        let facts = Arc::new(Watched::new(Facts::default()));
        let router = routes::router(routes::Shared { facts: Arc::clone(&facts), address, ping_interval });
        let (stop, stopped) = oneshot::channel();
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(BenchError::Plane)?;
        let thread = std::thread::spawn(move || {
            runtime.block_on(async move {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                tokio::select! {
                    _ = axum::serve(listener, router) => {}
                    _ = stopped => {}
                }
            });
        });
        Ok(Self { address, facts, stop: Some(stop), thread: Some(thread) })
    }

    /// What agents and commands get as their endpoint.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}/v3", self.address)
    }

    /// Waits until `agents` agents have asked for work `times` times each; counting begins now.
    pub(crate) fn wait_for_new_pings(
        &self,
        process: &Running,
        agents: usize,
        times: u64,
    ) -> Result<(), BenchError> {
        self.facts.change(|facts| facts.pings.clear());
        let still = || process.still_runs();
        self.facts.wait("agents to ask for work", still, |facts| {
            (facts.pings.values().filter(|count| **count >= times).count() >= agents).then_some(())
        })
    }

    /// Has a job run and waits for its end.
    pub(crate) fn run(&self, process: &Running, order: Order) -> Result<Ended, BenchError> {
        let id = order.id.clone();
        // What an agent that broke down has left is not for the next one.
        self.facts.change(|facts| facts.waiting = VecDeque::from([order]));
        let still = || process.still_runs();
        self.facts.wait("a job to end", still, |facts| {
            let place = facts.ended.iter().position(|ended| ended.id == id)?;
            Some(facts.ended.swap_remove(place))
        })
    }

    /// Bytes of artifacts received since this was last asked.
    pub(crate) fn take_artifact_bytes(&self) -> u64 {
        self.facts.change(|facts| std::mem::take(&mut facts.artifact_bytes))
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
