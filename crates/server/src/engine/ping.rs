//! `GET ping`: an agent asks what to do (control-plane.md §8.4, §8.5).

use redkite_api::wire::{Ping, PingAction, PingJob};
use redkite_scheduler::{AgentId, JobId, Time};
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
    /// Nothing to do. When this receives something while the caller is willing to wait, it asks again.
    Wait(oneshot::Receiver<()>),
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
        Ok(Pinged::Wait(cx.world.wait_for_news(self.0)))
    }
}

/// A streaming agent asks what to do, and to be told when that changes.
pub(crate) struct WatchAgent(pub AgentId);

/// What a streaming agent is to do now.
#[derive(Debug)]
pub(crate) struct Standing {
    /// The instruction.
    pub instruction: Instruction,
    /// When it ends by itself.
    pub until: Option<Time>,
    /// Receives something when there is news, and ends when somebody else waits for this agent's.
    pub news: oneshot::Receiver<()>,
}

/// What an agent is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Instruction {
    /// It may be given a job.
    Idle,
    /// It has a job in its hands, or wants none.
    Busy,
    /// This job is offered to it.
    Job(JobId),
    /// It runs nothing, for this reason.
    Pause(String),
    /// It is to leave.
    Disconnect,
}

impl Change for WatchAgent {
    type Reply = Standing;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<Standing, Failure> {
        let now = cx.now;
        let agent = cx.world.agent_mut(self.0)?;
        let (pause, job, idle) = (agent.paused(now).cloned(), agent.job, agent.is_idle(now));
        let instruction = match (agent.connection, &pause, job) {
            (Connection::Stopping, _, None) => Instruction::Disconnect,
            (_, Some(pause), _) => Instruction::Pause(pause.note.clone()),
            (_, None, Some(job)) if cx.world.is_offered(job) => Instruction::Job(job),
            (_, None, None) if idle => Instruction::Idle,
            _ => Instruction::Busy,
        };
        Ok(Standing {
            instruction,
            until: pause.map(|pause| pause.until),
            news: cx.world.wait_for_news(self.0),
        })
    }
}

/// The answer that offers a job.
fn work(job: JobId) -> Ping {
    Ping { job: Some(PingJob { id: job.to_string().into() }), ..Ping::default() }
}

fn action(action: PingAction, message: &str) -> Ping {
    Ping { action, message: message.to_owned(), ..Ping::default() }
}
