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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_to_a_ping_is_an_instruction() {
        let job = || Some(JobId::from("J"));
        for (text, verb, expected) in [
            (r#"{}"#, Verb::CarryOn, None),
            (r#"{"action":"idle"}"#, Verb::CarryOn, None),
            (r#"{"action":"dance","job":{"id":"J"}}"#, Verb::CarryOn, job()),
            (r#"{"action":"","job":{"id":"J"}}"#, Verb::CarryOn, job()),
            (r#"{"job":{"id":""}}"#, Verb::CarryOn, None),
            (r#"{"job":null}"#, Verb::CarryOn, None),
            (r#"{"action":"pause"}"#, Verb::Pause, None),
            (r#"{"action":"pause","job":{"id":"J"}}"#, Verb::Pause, None),
            (r#"{"action":"disconnect","job":{"id":"J"}}"#, Verb::Disconnect, None),
        ] {
            let ping: Ping = serde_json::from_str(text).unwrap();
            assert_eq!(Action::from(ping), Action { verb, job: expected }, "{text}");
        }
    }
}
