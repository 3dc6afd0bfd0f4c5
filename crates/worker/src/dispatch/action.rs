//! What the control plane asks for, whichever way it came.

use redkite_api::JobId;
use redkite_api::wire::{Ping, PingAction};

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    /// What to do.
    pub(crate) verb: Verb,
    /// The job to run, if there is one.
    pub(crate) job: Option<JobId>,
}

/// What an instruction asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Be idle, or run the job.
    CarryOn,
    /// Run nothing, stay connected.
    Pause,
    /// Leave.
    Disconnect,
}

impl Action {
    /// Nothing to do.
    pub(crate) const IDLE: Self = Self { verb: Verb::CarryOn, job: None };
}

impl From<Ping> for Action {
    fn from(ping: Ping) -> Self {
        let verb = match ping.action {
            PingAction::CarryOn => Verb::CarryOn,
            PingAction::Pause => Verb::Pause,
            PingAction::Disconnect => Verb::Disconnect,
        };
        let job = ping.job.map(|job| job.id).filter(|id| !id.as_str().is_empty());
        Self { verb, job: job.filter(|_| verb == Verb::CarryOn) }
    }
}
