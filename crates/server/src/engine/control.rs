//! People and jobs control agents: pause, resume, stop (control-plane.md §8.8).

use redkite_scheduler::AgentId;

use super::agent::{Connection, Pause};
use super::{Change, Context, Failure};

/// `POST pause`.
pub(crate) struct PauseAgent {
    /// The agent.
    pub agent: AgentId,
    /// A reason for people.
    pub note: String,
    /// When it ends by itself; 0 for the default.
    pub minutes: i64,
}

impl Change for PauseAgent {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        let pause = Pause::new(self.note.clone(), self.minutes, cx.now);
        cx.world.agent_mut(self.agent)?.pause = Some(pause);
        cx.after.awaited.push(self.agent);
        cx.save_agent(self.agent).await
    }
}

/// `POST resume`.
pub(crate) struct ResumeAgent(pub AgentId);

impl Change for ResumeAgent {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        cx.world.agent_mut(self.0)?.pause = None;
        cx.after.awaited.push(self.0);
        cx.save_agent(self.0).await
    }
}

/// `POST stop`.
pub(crate) struct StopAgent {
    /// The agent.
    pub agent: AgentId,
    /// Whether its job goes on.
    pub job: RunningJob,
}

/// What a stop does to the agent's job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunningJob {
    /// It runs to its end.
    Finishes,
    /// Its whole build is cancelled.
    Canceled,
}

impl Change for StopAgent {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        let agent = cx.world.agent_mut(self.agent)?;
        agent.connection = Connection::Stopping;
        let job = agent.job;
        cx.after.awaited.push(self.agent);
        cx.save_agent(self.agent).await?;
        match (self.job, job) {
            (RunningJob::Canceled, Some(job)) => cx.cancel_build_of(job, "the agent was stopped").await,
            _ => Ok(()),
        }
    }
}
