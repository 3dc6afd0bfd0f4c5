//! One job of a build: its row.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::definition::{AgentRules, Concurrency, Permutation, SoftFail};
use crate::facts::Person;
use crate::ids::{AgentId, BuildId, JobId, StepId};
use crate::state::{JobKind, JobState, SignalReason};
use crate::time::{Minutes, Time};

/// One job (spec/control-plane.md §2.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The step it belongs to.
    pub step: StepId,
    /// What it is.
    pub kind: JobKind,
    /// Its state.
    pub state: JobState,
    /// The label after matrix expansion.
    pub label: Option<String>,
    /// Its place in upload order over the whole build; a retry takes that of the job it replaces.
    pub order: u32,
    /// Which of the step's parallel jobs it is.
    pub parallel: Option<Parallel>,
    /// Its values of the step's matrix.
    pub matrix: Option<Permutation>,
    /// What it asks of agents, after matrix expansion.
    pub agents: AgentRules,
    /// Higher goes first.
    pub priority: i64,
    /// Its place in a concurrency group; the limit stays that of its creation (§3.12).
    pub concurrency: Option<Concurrency>,
    /// The group's order: creation of the build, or of the upload that brought the job.
    pub concurrency_since: Time,
    /// From when on it has a place in its group's queue.
    pub queues: Queues,
    /// Which failures count as passed.
    pub soft_fail: SoftFail,
    /// When it is stopped, counted from its start.
    pub timeout: Option<Timeout>,
    /// Which attempt it is.
    pub attempt: Attempt,
    /// Its agent, once it is offered to one.
    pub agent: Option<AgentId>,
    /// How it ended.
    pub exit: Option<Exit>,
    /// Whether its failure counts as passed.
    pub soft_failed: bool,
    /// The exit status it promised while running (§3.17).
    pub promise: Option<Promise>,
    /// Why it is broken: `conditional_failed`, `branch_mismatch`, or the text of `skip`.
    pub broken_reason: Option<String>,
    /// Who submitted it, for manual jobs.
    pub unblocked: Option<Unblocking>,
    /// The build it made, for trigger jobs.
    pub child: Option<BuildId>,
    /// When it is cancelled without the agent's answer, after a forced cancel.
    pub forced_at: Option<Time>,
    /// When things happened to it.
    pub times: Times,
}

/// Which of a step's parallel jobs a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parallel {
    /// From 0.
    pub index: u32,
    /// How many there are.
    pub total: u32,
}

/// From when on a job has a place in its concurrency group's queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queues {
    /// Since it exists, also while it waits for other steps: two steps of a group are a gate (§3.12 C2).
    #[default]
    FromCreation,
    /// Once it is ready: what it waits for is behind it in the queue, and would never run otherwise.
    OnceReady,
}

/// When a job is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeout {
    /// What counts now.
    pub current: Minutes,
    /// What it was at first; none when the job itself set it.
    pub initial: Option<Minutes>,
}

/// Which attempt of its work a job is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// How many came before it.
    pub count: u32,
    /// The job it repeats, and why.
    pub source: Option<(JobId, RetryKind)>,
    /// The job that repeats it, and why.
    pub retried_in: Option<(JobId, RetryKind)>,
    /// How many retries each rule, by its place in `retry.automatic`, has granted so far.
    pub granted: BTreeMap<u32, u32>,
}

/// Who asked for a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryKind {
    /// A rule of the step.
    Automatic,
    /// A person.
    Manual,
}

/// How a job ended (§2.5.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// The exit status; -1 when the agent was lost, or the process killed or never run.
    pub status: i32,
    /// The signal that killed it.
    pub signal: Option<String>,
    /// Why it was sent.
    pub reason: Option<SignalReason>,
}

impl Exit {
    /// The end of a job whose agent is gone.
    pub const fn lost() -> Self {
        Self { status: -1, signal: None, reason: None }
    }
}

/// An exit status a job has promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// The status.
    pub status: i32,
    /// When it was made.
    pub at: Time,
}

/// Who submitted a block or input step, and with which answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unblocking {
    /// Who.
    pub by: Option<Person>,
    /// Meta-data it wrote.
    pub meta_data: IndexMap<String, String>,
}

/// When things happened to a job (§2.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// The row was made.
    pub created_at: Time,
    /// Its place in the queue: that of the build, of the job that uploaded it, or of its retry.
    pub scheduled_at: Time,
    /// It became ready for an agent.
    pub runnable_at: Option<Time>,
    /// It began to wait for a place in its concurrency group.
    pub limited_at: Option<Time>,
    /// It was offered to an agent.
    pub assigned_at: Option<Time>,
    /// The agent took it.
    pub accepted_at: Option<Time>,
    /// It started.
    pub started_at: Option<Time>,
    /// It ran out of time.
    pub timing_out_at: Option<Time>,
    /// A stop was asked for.
    pub canceling_at: Option<Time>,
    /// It ended.
    pub finished_at: Option<Time>,
    /// It expired.
    pub expired_at: Option<Time>,
}

impl Times {
    /// A job made now.
    pub(crate) const fn new(created_at: Time, scheduled_at: Time) -> Self {
        Self {
            created_at,
            scheduled_at,
            runnable_at: None,
            limited_at: None,
            assigned_at: None,
            accepted_at: None,
            started_at: None,
            timing_out_at: None,
            canceling_at: None,
            finished_at: None,
            expired_at: None,
        }
    }
}

impl Job {
    /// Whether a newer attempt has taken its place.
    pub fn is_retried(&self) -> bool {
        self.attempt.retried_in.is_some()
    }

    /// The exit status that counts: the promised one when the final one would break the promise (§3.17).
    pub fn effective_exit_status(&self) -> Option<i32> {
        let exit = self.exit.as_ref()?;
        match self.promise {
            Some(promise) if exit.status == 0 || self.soft_fail.forgives(exit.status) => Some(promise.status),
            _ => Some(exit.status),
        }
    }

    /// Whether the job ended well: with success, or as wait and block steps do.
    pub fn has_passed(&self) -> bool {
        match self.state {
            JobState::Finished => self.effective_exit_status().unwrap_or(0) == 0,
            JobState::Unblocked => true,
            _ => false,
        }
    }

    /// Whether the job is a reason for its build to fail (§2.4.1 B1).
    pub fn is_hard_failure(&self) -> bool {
        if self.is_retried() || self.soft_failed {
            return false;
        }
        match self.state {
            JobState::Finished => !self.has_passed(),
            JobState::TimedOut | JobState::Expired => true,
            JobState::Canceled => matches!(self.kind, JobKind::Script | JobKind::Trigger | JobKind::Manual),
            _ => false,
        }
    }
}
