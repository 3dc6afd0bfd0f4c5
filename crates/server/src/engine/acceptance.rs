//! A job goes to an agent: accept what was offered, or acquire by id (control-plane.md §8.5, §8.6).

use redkite_api::wire::Job as Payload;
use redkite_scheduler::build::Event as BuildEvent;
use redkite_scheduler::{AgentId, BuildId, JobId, JobState};

use super::{Change, Context, Failure, Wrong, payload};
use crate::store::{JobTokenRow, JobTokensTable};

/// `PUT jobs/{job}/accept`.
pub(crate) struct AcceptJob {
    /// Who accepts.
    pub agent: AgentId,
    /// What.
    pub job: JobId,
}

impl Change for AcceptJob {
    type Reply = Payload;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<Payload, Failure> {
        cx.world.agent_mut(self.agent)?;
        let build = cx.require_build_of(self.job).await?;
        cx.apply(build, BuildEvent::Accepted { job: self.job, agent: self.agent }).await?;
        cx.hand_over(build, self.job, self.agent).await
    }
}

/// `PUT jobs/{job}/acquire`.
pub(crate) struct AcquireJob {
    /// Who acquires.
    pub agent: AgentId,
    /// What.
    pub job: JobId,
}

impl Change for AcquireJob {
    type Reply = Payload;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<Payload, Failure> {
        cx.world.agent_mut(self.agent)?;
        let build = cx.require_build_of(self.job).await?;
        let state = cx.world.build(build).and_then(|build| build.job(self.job)).map(|job| job.state);
        if state.is_some_and(may_come) {
            return Err(Wrong::Locked
                .because("The job is waiting for something and can't be acquired yet")
                .into());
        }
        cx.apply(build, BuildEvent::Acquired { job: self.job, agent: self.agent }).await?;
        cx.hand_over(build, self.job, self.agent).await
    }
}

/// Whether the job can still become ready.
fn may_come(state: JobState) -> bool {
    matches!(
        state,
        JobState::Pending | JobState::Waiting | JobState::Blocked | JobState::Limiting | JobState::Limited
    )
}

impl Context<'_> {
    /// What the agent gets to know of its job. The token follows from the acceptance, so that a repeated
    /// accept has the same answer.
    async fn hand_over(&mut self, id: BuildId, job: JobId, agent: AgentId) -> Result<Payload, Failure> {
        let build = self.world.build(id).expect("the job's build is in memory");
        let accepted_at = build.job(job).and_then(|job| job.times.accepted_at).map_or(0, |at| at.as_millis());
        let token = self.settings.key.job_token(&job.to_string(), &format!("{agent} {accepted_at}"));
        let row = JobTokenRow {
            job: job.to_string(),
            build: id.to_string(),
            agent: agent.to_string(),
            ends_at: None,
        };
        JobTokensTable::insert(self.db().await?, &token.hash(), &row).await?;
        let build = self.world.build(id).expect("the job's build is in memory");
        let agent = self.world.agent(agent).expect("the agent was looked up");
        Ok(payload::payload(build, job, agent, &token))
    }
}
