//! `GET ping`: an agent asks what to do (control-plane.md §8.4, §8.5).

use redkite_api::wire::{Ping, PingAction, PingJob};
use redkite_scheduler::{AgentId, JobId};
use tokio::sync::oneshot;

use super::agent::Connection;
use super::{Change, Context, Failure};

/// An agent's ping.
pub(crate) struct PingAgent(pub AgentId);

/// What to answer.
#[derive(Debug)]
pub(crate) enum Pinged {
    /// This, at once.
    Now(Ping),
    /// A job, if one comes while the caller is willing to wait; nothing to do otherwise.
    Wait(oneshot::Receiver<JobId>),
}

impl Change for PingAgent {
    type Reply = Pinged;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<Pinged, Failure> {
        let now = cx.now;
        let agent = cx.world.agent_mut(self.0)?;
        if agent.connection == Connection::Stopping {
            return Ok(Pinged::Now(action(PingAction::Disconnect, "This agent was told to stop")));
        }
        if let Some(pause) = agent.paused(now) {
            return Ok(Pinged::Now(action(PingAction::Pause, &pause.note)));
        }
        if let Some(job) = agent.job {
            let offered = cx.world.is_offered(job);
            return Ok(Pinged::Now(if offered { work(job) } else { Ping::default() }));
        }
        if !agent.is_idle(now) {
            return Ok(Pinged::Now(Ping::default()));
        }
        Ok(Pinged::Wait(cx.world.wait_for_job(self.0)))
    }
}

/// The answer that offers a job.
pub(crate) fn work(job: JobId) -> Ping {
    Ping { job: Some(PingJob { id: job.to_string().into() }), ..Ping::default() }
}

fn action(action: PingAction, message: &str) -> Ping {
    Ping { action, message: message.to_owned(), ..Ping::default() }
}
