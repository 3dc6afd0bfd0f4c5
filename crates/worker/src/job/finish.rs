//! How a job ended, on the wire: the one place that knows (spec/agent-api.md §11.5, agent.md §18.3).

use super::runner::LastJob;
use crate::log::Uploaded;
use jiff::Timestamp;
use redkite_api::calls;
use redkite_api::client::Client;
use redkite_api::wire::{Finish, Job, SignalReason};
use redkite_process::Ending;

/// The status of a bootstrap that could not set the job up: the job's command never ran.
const SET_UP_FAILED: i32 = 125;

/// What became of a job's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There was none: the job was refused.
    Refused(Refusal),
    /// There was none: it could not be started.
    NotStarted,
    /// It ended.
    Ended(Ending),
}

/// Why a job was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A rule or hook of this agent forbids it.
    Agent,
    /// Its signature is missing or wrong.
    Signature,
}

/// Why a job was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The control plane says so.
    Canceled,
    /// The control plane says that it took too long.
    TimedOut,
    /// The control plane doesn't take our token any more.
    TokenRefused,
    /// The agent is being stopped.
    AgentEnds,
}

/// Whether a cancelled job may end with 0 (experiment `override-zero-exit-on-cancel`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ZeroOnCancel {
    /// It may.
    Kept,
    /// It ends with 1 then.
    Overridden,
}

/// The members of a finish call that say how a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) exit_status: i32,
    pub(crate) signal: Option<String>,
    pub(crate) reason: Option<SignalReason>,
}

impl Verdict {
    /// There is no status of a command to report.
    pub(crate) fn none(reason: SignalReason) -> Self {
        Self { exit_status: -1, signal: None, reason: Some(reason) }
    }

    /// Tells the server that `job` ended so at that moment.
    pub(super) async fn tell(
        &self,
        client: &Client,
        job: &Job,
        finished_at: Timestamp,
        uploaded: Uploaded,
        last_job: LastJob,
    ) {
        let finish = Finish {
            exit_status: self.exit_status.to_string(),
            signal: self.signal.clone(),
            signal_reason: self.reason,
            finished_at: Some(finished_at),
            chunks_failed_count: i64::try_from(uploaded.failed).unwrap_or(i64::MAX),
            ignore_agent_in_dispatches: last_job == LastJob::Yes,
        };
        if let Err(error) = client.call(&calls::job::finish(&job.id, &finish)).await {
            tracing::error!("Couldn't mark job as finished: {error}");
        }
    }
}

/// What is reported of a job.
pub(crate) fn verdict(outcome: Outcome, stop: Option<Stop>, zero: ZeroOnCancel) -> Verdict {
    let ending = match outcome {
        Outcome::Refused(Refusal::Agent) => return Verdict::none(SignalReason::AgentRefused),
        Outcome::Refused(Refusal::Signature) => return Verdict::none(SignalReason::SignatureRejected),
        Outcome::NotStarted => {
            return Verdict::none(stop.map_or(SignalReason::ProcessRunError, Stop::reason));
        }
        Outcome::Ended(ending) => ending,
    };
    let reason = stop.map(Stop::reason);
    let signal = ending.signal().map(redkite_process::Signal::name);
    match ending {
        Ending::Exited(SET_UP_FAILED) => Verdict::none(reason.unwrap_or(SignalReason::ProcessRunError)),
        Ending::Exited(0) if zero == ZeroOnCancel::Overridden && reason == Some(SignalReason::Cancel) => {
            Verdict { exit_status: 1, signal, reason }
        }
        ending => Verdict { exit_status: ending.code(), signal, reason },
    }
}

impl Stop {
    /// As the control plane is told.
    pub(crate) fn reason(self) -> SignalReason {
        match self {
            Self::Canceled | Self::TimedOut | Self::TokenRefused => SignalReason::Cancel,
            Self::AgentEnds => SignalReason::AgentStop,
        }
    }

    /// As the operator is told.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Canceled => "job cancelled on Buildkite",
            Self::TimedOut => "job timed out on Buildkite",
            Self::TokenRefused => "access token is invalid",
            Self::AgentEnds => "agent is stopping",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redkite_process::Signal;

    fn check(outcome: Outcome, stop: Option<Stop>, expected: &str) {
        check_with(outcome, stop, ZeroOnCancel::Kept, expected);
    }

    fn check_with(outcome: Outcome, stop: Option<Stop>, zero: ZeroOnCancel, expected: &str) {
        let verdict = verdict(outcome, stop, zero);
        let reason = verdict.reason.map(|reason| serde_json::to_string(&reason).unwrap());
        let words = [Some(verdict.exit_status.to_string()), verdict.signal, reason];
        let words: Vec<_> = words.into_iter().flatten().collect();
        assert_eq!(words.join(" ").replace('"', ""), expected, "{outcome:?} {stop:?}");
    }

    #[test]
    fn every_end_has_its_verdict() {
        let exited = |status| Outcome::Ended(Ending::Exited(status));
        let killed = |signal| Outcome::Ended(Ending::Signalled(signal));
        check(exited(0), None, "0");
        check(exited(42), None, "42");
        check(exited(125), None, "-1 process_run_error");
        check(killed(Signal::TERM), None, "-1 SIGTERM");
        check(Outcome::NotStarted, None, "-1 process_run_error");
        check(Outcome::NotStarted, Some(Stop::AgentEnds), "-1 agent_stop");
        check(Outcome::Refused(Refusal::Agent), None, "-1 agent_refused");
        check(Outcome::Refused(Refusal::Signature), None, "-1 signature_rejected");
        check(exited(0), Some(Stop::Canceled), "0 cancel");
        check(exited(9), Some(Stop::TimedOut), "9 cancel");
        check(exited(9), Some(Stop::TokenRefused), "9 cancel");
        check(exited(125), Some(Stop::AgentEnds), "-1 agent_stop");
        check(killed(Signal::KILL), Some(Stop::Canceled), "-1 SIGKILL cancel");
        check(killed(Signal::TERM), Some(Stop::AgentEnds), "-1 SIGTERM agent_stop");
        check(Outcome::Refused(Refusal::Agent), Some(Stop::Canceled), "-1 agent_refused");
    }

    #[test]
    fn zero_is_overridden_only_for_cancelled_jobs() {
        let zero = Outcome::Ended(Ending::Exited(0));
        check_with(zero, Some(Stop::Canceled), ZeroOnCancel::Overridden, "1 cancel");
        check_with(zero, Some(Stop::AgentEnds), ZeroOnCancel::Overridden, "0 agent_stop");
        check_with(zero, None, ZeroOnCancel::Overridden, "0");
    }
}
