//! A running job: start, state, timeout, promise, finish (agent-api.md §11, §13.11, §13.12).

use redkite_scheduler::build::{Event as BuildEvent, Exit, Job};
use redkite_scheduler::{AgentId, BuildId, JobId, JobState, Minutes, SignalReason, Time};

use super::agent::Dispatch;
use super::{Change, Context, Failure, Wrong};

/// Finds the build of a job that an agent has or had; for agents that call with their session token.
pub(crate) struct HeldJob {
    /// The agent.
    pub agent: AgentId,
    /// The job.
    pub job: JobId,
}

impl Change for HeldJob {
    type Reply = BuildId;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<BuildId, Failure> {
        let build = cx.require_build_of(self.job).await?;
        let job = cx.world.build(build).and_then(|build| build.job(self.job));
        if job.is_some_and(|job| job.agent == Some(self.agent)) {
            return Ok(build);
        }
        Err(Wrong::Forbidden.because("This job is not the agent's").into())
    }
}

/// `PUT jobs/{job}/start`.
pub(crate) struct StartJob {
    /// The job.
    pub job: JobId,
    /// The agent's own time.
    pub at: Option<Time>,
}

impl Change for StartJob {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        let build = cx.require_build_of(self.job).await?;
        let (state, started) = cx.job(build, self.job)?;
        match (state, started) {
            // The first answer was lost; the agent learns from the state what has happened since.
            (state, true) if state.is_held() => Ok(()),
            // The agent drops a job that was cancelled before its start, and never reports its end. What is
            // written by this refusal is wanted.
            (JobState::Canceling, false) => {
                let exit = Exit { status: -1, signal: None, reason: Some(SignalReason::Cancel) };
                cx.apply(build, BuildEvent::Finished { job: self.job, exit, at: None }).await?;
                Err(Wrong::Unprocessable.because("The job was canceled before it started").into())
            }
            _ => cx.apply(build, BuildEvent::Started { job: self.job, at: self.at }).await,
        }
    }
}

/// `GET jobs/{job}`.
pub(crate) struct JobStateNow(pub JobId);

impl Change for JobStateNow {
    type Reply = JobState;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<JobState, Failure> {
        let build = cx.require_build_of(self.0).await?;
        Ok(cx.job(build, self.0)?.0)
    }
}

/// `PUT jobs/{job}/finish`.
pub(crate) struct FinishJob {
    /// The job.
    pub job: JobId,
    /// How it ended.
    pub exit: Exit,
    /// The agent's own time.
    pub at: Option<Time>,
    /// Whether the agent wants more.
    pub dispatch: Dispatch,
}

impl Change for FinishJob {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        let build = cx.require_build_of(self.job).await?;
        let job = cx.world.build(build).and_then(|build| build.job(self.job));
        let (agent, repeated) = match job {
            Some(job) => (job.agent, job.state.is_terminal() && job.exit.as_ref() == Some(&self.exit)),
            None => (None, false),
        };
        if !repeated {
            let event = BuildEvent::Finished { job: self.job, exit: self.exit.clone(), at: self.at };
            cx.apply(build, event).await?;
        }
        match agent {
            Some(agent) => self.note_in_agent(agent, cx).await,
            None => Ok(()),
        }
    }
}

impl FinishJob {
    /// The agent may be gone meanwhile; that does not matter to its job.
    async fn note_in_agent(&self, id: AgentId, cx: &mut Context<'_>) -> Result<(), Failure> {
        let now = cx.now;
        let Ok(agent) = cx.world.agent_mut(id) else { return Ok(()) };
        if self.exit.status == 0 {
            agent.last_job_finished_at = Some(now);
        }
        if self.dispatch == Dispatch::Ignored {
            agent.dispatch = Dispatch::Ignored;
        }
        cx.save_agent(id).await
    }
}

/// `PUT jobs/{job}/promise_failure`.
pub(crate) struct PromiseFailure {
    /// The job.
    pub job: JobId,
    /// The least it will end with.
    pub status: i32,
}

impl Change for PromiseFailure {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        let build = cx.require_build_of(self.job).await?;
        cx.apply(build, BuildEvent::Promised { job: self.job, status: self.status }).await
    }
}

/// `PUT jobs/{job}` with `timeout_in_minutes`.
pub(crate) struct UpdateTimeout {
    /// The job.
    pub job: JobId,
    /// Counted from its start.
    pub timeout: Minutes,
}

impl Change for UpdateTimeout {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        let build = cx.require_build_of(self.job).await?;
        cx.apply(build, BuildEvent::TimeoutChanged { job: self.job, timeout: self.timeout }).await
    }
}

impl Context<'_> {
    /// A job's state, and whether it has started.
    fn job(&self, build: BuildId, id: JobId) -> Result<(JobState, bool), Failure> {
        let state = |job: &Job| (job.state, job.times.started_at.is_some());
        let job = self.world.build(build).and_then(|build| build.job(id)).map(state);
        job.ok_or_else(|| Wrong::NotFound.because("No job found").into())
    }
}
