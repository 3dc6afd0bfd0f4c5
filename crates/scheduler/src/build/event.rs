//! What can happen to a build.

use indexmap::IndexMap;

use super::job::Exit;
use crate::definition::Pipeline;
use crate::facts::Person;
use crate::ids::{AgentId, BuildId, JobId, StepId};
use crate::time::{Minutes, Time};

/// Everything that can happen to a build after its creation. One event is one transaction of the store:
/// load the build, [`apply`](super::Build::apply), write the rows named in the [`Changes`](super::Changes).
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A running job brought more steps (§4).
    Uploaded {
        /// The running job.
        job: JobId,
        /// What it brought.
        pipeline: Pipeline,
        /// Whether steps that have not started go away.
        mode: UploadMode,
    },
    /// A place in the job's concurrency group is free ([`crate::concurrency`] decides).
    SlotGranted {
        /// The job.
        job: JobId,
    },
    /// No place is free; the job has been told so (`limiting` → `limited`).
    SlotRefused {
        /// The job.
        job: JobId,
    },
    /// The job was offered to an agent, by a ping or a stream.
    Assigned {
        /// The job.
        job: JobId,
        /// The agent.
        agent: AgentId,
    },
    /// The agent took the job it was offered.
    Accepted {
        /// The job.
        job: JobId,
        /// The agent.
        agent: AgentId,
    },
    /// An agent took a job by its id, without an offer (§8.6).
    Acquired {
        /// The job.
        job: JobId,
        /// The agent.
        agent: AgentId,
    },
    /// The agent has started the job.
    Started {
        /// The job.
        job: JobId,
        /// The agent's own time, if it told one; later than now counts as now.
        at: Option<Time>,
    },
    /// The job ended, as its agent reports it.
    Finished {
        /// The job.
        job: JobId,
        /// How.
        exit: Exit,
        /// The agent's own time, if it told one; later than now counts as now.
        at: Option<Time>,
    },
    /// The running job declares that it will fail (§3.17).
    Promised {
        /// The job.
        job: JobId,
        /// With this status, more than 0.
        status: i32,
    },
    /// The running job changes its own timeout (§3.14).
    TimeoutChanged {
        /// The job.
        job: JobId,
        /// To this many minutes after its start.
        timeout: Minutes,
    },
    /// A person submitted a block or input step (§3.5).
    Unblocked {
        /// The manual job.
        job: JobId,
        /// Who; none when nobody is logged in.
        by: Option<Person>,
        /// Answers by field key.
        fields: IndexMap<String, Answer>,
    },
    /// Cancel the whole build (§5.5).
    CancelAsked {
        /// Why, in words.
        reason: Option<String>,
        /// Who.
        by: Option<Person>,
    },
    /// The build is superfluous before it started (§5.4).
    SkipAsked,
    /// Cancel one job.
    JobCancelAsked {
        /// The job.
        job: JobId,
    },
    /// Cancel the jobs of a step; with a grace period, without waiting for agents longer than that.
    StepCancelAsked {
        /// The step.
        step: StepId,
        /// Whether and when agents are not waited for.
        force: Force,
    },
    /// A person wants a job run again (§3.16).
    RetryAsked {
        /// The job.
        job: JobId,
    },
    /// The agent that holds or was offered the job is gone (§2.7).
    AgentGone {
        /// The job.
        job: JobId,
        /// How it went.
        how: Gone,
    },
    /// A job's place in the queue changes.
    Reprioritized {
        /// The job.
        job: JobId,
        /// Its new priority.
        priority: i64,
    },
    /// `step update`: the step's label or priority changes.
    StepChanged {
        /// The step.
        step: StepId,
        /// What changes.
        change: StepChange,
    },
    /// The build a trigger job asked for exists.
    ChildCreated {
        /// The trigger job.
        job: JobId,
        /// The new build.
        build: BuildId,
    },
    /// The build a trigger job asked for could not be made.
    ChildRefused {
        /// The trigger job.
        job: JobId,
    },
    /// The build of a trigger job that waits for it has ended.
    ChildEnded {
        /// The trigger job.
        job: JobId,
        /// How.
        ending: ChildEnding,
    },
    /// The commit is known now (§5.2).
    CommitResolved {
        /// The full SHA.
        commit: String,
        /// Its message, for builds without one.
        message: Option<String>,
        /// Its author, for builds without one.
        author: Option<Person>,
    },
    /// A moment that [`Build::next_due`](super::Build::next_due) named has come, or any other: what is due
    /// at `now` happens, nothing else does.
    Tick,
}

/// Whether an upload adds or replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadMode {
    /// Adds steps.
    Adds,
    /// Takes out what has not started, then adds.
    Replaces,
}

/// An answer to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Text, or one choice.
    One(String),
    /// Several choices.
    Many(Vec<String>),
}

/// Whether a cancel waits for agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// As long as they take.
    WaitsForAgents,
    /// At most so many seconds.
    After {
        /// The seconds.
        seconds: u32,
    },
}

/// How an agent went away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// It stopped sending heartbeats.
    Lost,
    /// It said goodbye with the job unfinished.
    Disconnected,
}

/// What `step update` changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepChange {
    /// The label.
    Label(String),
    /// The priority, of jobs without an agent and of retries.
    Priority(i64),
}

/// How the build of a trigger job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChildEnding {
    /// It passed, or blocked with `blocked_state: passed`.
    Passed,
    /// It failed.
    Failed,
    /// Somebody cancelled it.
    Canceled,
    /// A newer build of its branch skipped or cancelled it.
    Superseded,
}
