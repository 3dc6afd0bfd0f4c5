//! The states of builds, steps and jobs (spec/control-plane.md §2.4–2.6), and which of them end.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every value, in the order of the specification.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The word used on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }

            /// The value with this word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

states! {
    /// The state of a build (§2.4).
    BuildState {
        /// The row exists, its steps do not yet.
        Creating = "creating",
        /// Work is waiting for an agent, nothing has started.
        Scheduled = "scheduled",
        /// Something has started.
        Running = "running",
        /// A hard failure stands while other jobs can still run.
        Failing = "failing",
        /// Everything settled without a hard failure.
        Passed = "passed",
        /// Everything settled with one.
        Failed = "failed",
        /// Only open block and input steps, and what depends on them, are left.
        Blocked = "blocked",
        /// Cancelled, but an agent or a child build has still to stop.
        Canceling = "canceling",
        /// Cancelled.
        Canceled = "canceled",
        /// A newer build of the branch made it superfluous before it started.
        Skipped = "skipped",
        /// No step was to be run.
        NotRun = "not_run",
    }
}

impl BuildState {
    /// Whether the build has ended. `passed` and `failed` can be reopened by a manual retry.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Passed | Self::Failed | Self::Canceled | Self::Skipped | Self::NotRun)
    }

    /// Whether nothing can ever happen to the build again.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Canceled | Self::Skipped | Self::NotRun)
    }
}

states! {
    /// What a job is, with its name in the REST API (§2.5).
    JobKind {
        /// Runs on an agent.
        Script = "script",
        /// A wait step.
        Waiter = "waiter",
        /// A block or input step.
        Manual = "manual",
        /// Starts a build of another pipeline.
        Trigger = "trigger",
    }
}

states! {
    /// The state of a job (§2.5).
    JobState {
        /// The row exists, nothing was evaluated.
        Pending = "pending",
        /// Dependencies are unmet.
        Waiting = "waiting",
        /// A dependency failed; it will not run.
        WaitingFailed = "waiting_failed",
        /// Manual: waits for a person. Others: waits only for an open manual step.
        Blocked = "blocked",
        /// Was blocked when an earlier failure made it unreachable.
        BlockedFailed = "blocked_failed",
        /// A person submitted it.
        Unblocked = "unblocked",
        /// Was unblocked, then an earlier failure made continuing impossible.
        UnblockedFailed = "unblocked_failed",
        /// Its concurrency group has not been asked yet.
        Limiting = "limiting",
        /// Waits for a place in its concurrency group.
        Limited = "limited",
        /// Ready for an agent.
        Scheduled = "scheduled",
        /// Held by a stack.
        Reserved = "reserved",
        /// Offered to one agent.
        Assigned = "assigned",
        /// The agent took it and has not started it.
        Accepted = "accepted",
        /// Started.
        Running = "running",
        /// Ended with an exit status.
        Finished = "finished",
        /// Asked to stop.
        Canceling = "canceling",
        /// Stopped, or never begun.
        Canceled = "canceled",
        /// Over its time; the agent was told to stop it.
        TimingOut = "timing_out",
        /// Stopped because it was over its time.
        TimedOut = "timed_out",
        /// No agent took it in time.
        Expired = "expired",
        /// Removed by something outside the build.
        Skipped = "skipped",
        /// Its own `if`, `branches` or `skip` prevents it.
        Broken = "broken",
    }
}

impl JobState {
    /// Whether the job has ended. A retry is a new job; only `waiting_failed` and its siblings can be
    /// left again, when the failure behind them was retried and passed (§3.8 D10).
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Finished
                | Self::Canceled
                | Self::TimedOut
                | Self::Expired
                | Self::Skipped
                | Self::Broken
                | Self::WaitingFailed
                | Self::BlockedFailed
                | Self::Unblocked
                | Self::UnblockedFailed
        )
    }

    /// Whether an agent has the job in its hands.
    pub const fn is_held(self) -> bool {
        matches!(self, Self::Accepted | Self::Running | Self::Canceling | Self::TimingOut)
    }

    /// Whether the job can go on by itself: it is not waiting for other steps or for a person.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Limiting | Self::Limited | Self::Scheduled | Self::Reserved | Self::Assigned)
            || self.is_held()
    }
}

states! {
    /// The state of a step (§2.6).
    StepState {
        /// Broken or skipped.
        Ignored = "ignored",
        /// Dependencies are unmet.
        WaitingForDependencies = "waiting_for_dependencies",
        /// Runnable, no job started.
        Ready = "ready",
        /// An open block or input step.
        WaitingForInput = "waiting_for_input",
        /// A job is running.
        Running = "running",
        /// A job failed, others are unfinished.
        Failing = "failing",
        /// Cancelled.
        Canceled = "canceled",
        /// Settled.
        Finished = "finished",
    }
}

states! {
    /// How a step came out (§2.6).
    StepOutcome {
        /// Not known yet, or nothing to say.
        Neutral = "neutral",
        /// Every job exited with 0.
        Passed = "passed",
        /// The worst job failed softly.
        SoftFailed = "soft_failed",
        /// A job failed.
        HardFailed = "hard_failed",
        /// A job timed out, expired or was cancelled.
        Errored = "errored",
    }
}

states! {
    /// Why an agent says a process ended (spec/agent-api.md §11.5).
    SignalReason {
        /// The job was cancelled.
        Cancel = "cancel",
        /// The agent was stopped.
        AgentStop = "agent_stop",
        /// The agent's own rules refused the job.
        AgentRefused = "agent_refused",
        /// The agent cannot run this kind of job.
        AgentIncompatible = "agent_incompatible",
        /// The bootstrap could not be run.
        ProcessRunError = "process_run_error",
        /// The signature was missing or wrong.
        SignatureRejected = "signature_rejected",
        /// The stack could not provide an agent.
        StackError = "stack_error",
    }
}

states! {
    /// Where a build came from (§5.1).
    Source {
        /// A person, on a page or a command line.
        Ui = "ui",
        /// The REST API.
        Api = "api",
        /// A push or pull request.
        Webhook = "webhook",
        /// A trigger step of another build.
        TriggerJob = "trigger_job",
        /// A schedule.
        Schedule = "schedule",
        /// An incoming webhook of the pipeline itself.
        PipelineTrigger = "pipeline_trigger",
    }
}
