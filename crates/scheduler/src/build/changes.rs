//! What an event changed: the rows to write, and what the rest of the server has to do.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::ids::{BuildId, JobId, StepId};
use crate::state::{BuildState, JobState, StepOutcome, StepState};
use crate::time::Time;

/// The outcome of one event. The store writes the rows named here in one transaction.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Whether the build's own row ([`Head`](super::Head)) changed.
    pub head: bool,
    /// Steps whose rows changed or are new.
    pub steps: BTreeSet<StepId>,
    /// Jobs whose rows changed or are new.
    pub jobs: BTreeSet<JobId>,
    /// State changes in the order in which they happened, for live views and webhooks.
    pub transitions: Vec<Transition>,
    /// Entries of the jobs' timelines.
    pub timeline: Vec<JobEvent>,
    /// What is to be done besides writing rows.
    pub effects: Vec<Effect>,
}

/// Something went from one state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// The build did.
    Build {
        /// From.
        from: BuildState,
        /// To.
        to: BuildState,
    },
    /// A step did.
    Step {
        /// Which.
        step: StepId,
        /// From.
        from: StepState,
        /// To.
        to: StepState,
        /// Its outcome now.
        outcome: StepOutcome,
    },
    /// A job did; a new job comes from `pending`.
    Job {
        /// Which.
        job: JobId,
        /// From.
        from: JobState,
        /// To.
        to: JobState,
    },
}

/// What the server has to do in or after the transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Write build meta-data (answers of a block or input step).
    SetMetaData(IndexMap<String, String>),
    /// Members of this concurrency group changed state: run [`crate::concurrency::grants`] over it.
    ScanConcurrencyGroup(String),
    /// A job became ready for an agent: wake those who wait for work.
    JobReady(JobId),
    /// A trigger job wants a build: answer with `ChildCreated` or `ChildRefused`.
    CreateChild(JobId),
    /// The child of a trigger job is to be cancelled.
    CancelChild(JobId, BuildId),
}

/// One entry of a job's timeline (§2.5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobEvent {
    /// The job.
    pub job: JobId,
    /// What happened.
    pub kind: JobEventKind,
    /// When.
    pub at: Time,
}

/// What happened to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the word of §2.5.2")]
pub enum JobEventKind {
    Scheduled,
    Limited,
    Assigned,
    AssignedExpired,
    Accepted,
    AcceptedExpired,
    Started,
    Changed,
    Reprioritized,
    BuildStepUploadCreated,
    PromisedExitStatus,
    Cancelation,
    Canceled,
    TimedOut,
    Finished,
    Expired,
    AgentLost,
    AgentDisconnected,
    Retried,
    RetryFailed,
    Unblocked,
}

impl JobEventKind {
    /// The word of §2.5.2.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Limited => "LIMITED",
            Self::Assigned => "ASSIGNED",
            Self::AssignedExpired => "ASSIGNED_EXPIRED",
            Self::Accepted => "ACCEPTED",
            Self::AcceptedExpired => "ACCEPTED_EXPIRED",
            Self::Started => "STARTED",
            Self::Changed => "CHANGED",
            Self::Reprioritized => "REPRIORITIZED",
            Self::BuildStepUploadCreated => "BUILD_STEP_UPLOAD_CREATED",
            Self::PromisedExitStatus => "PROMISED_EXIT_STATUS",
            Self::Cancelation => "CANCELATION",
            Self::Canceled => "CANCELED",
            Self::TimedOut => "TIMED_OUT",
            Self::Finished => "FINISHED",
            Self::Expired => "EXPIRED",
            Self::AgentLost => "AGENT_LOST",
            Self::AgentDisconnected => "AGENT_DISCONNECTED",
            Self::Retried => "RETRIED",
            Self::RetryFailed => "RETRY_FAILED",
            Self::Unblocked => "UNBLOCKED",
        }
    }
}
