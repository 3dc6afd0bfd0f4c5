//! When a message is sent again.

use std::time::Duration;

use crate::transport::SendError;

/// The first pause, and how it grows.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(5);

/// The pauses between the attempts at one message.
#[derive(Debug)]
pub(crate) struct Pauses(Duration);

impl Default for Pauses {
    fn default() -> Self {
        Self(FIRST)
    }
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Wait(Duration),
    GiveUp,
}

impl Pauses {
    /// What follows this failure when so much time is left. A process that is `closing` does not wait for a collector
    /// that isn't there: every command of a job would.
    pub(crate) fn after(&mut self, error: &SendError, left: Duration, closing: bool) -> Next {
        let absent = matches!(error, SendError::Connection { .. });
        if !error.is_outage() || (closing && absent) {
            return Next::GiveUp;
        }
        let pause = error.after().unwrap_or(self.0);
        self.0 = (self.0 * 2).min(LONGEST);
        if pause < left { Next::Wait(pause) } else { Next::GiveUp }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Duration = Duration::from_secs(10);

    fn check(error: &SendError, closing: bool, expected: Next) {
        assert_eq!(Pauses::default().after(error, LEFT, closing), expected, "{error}");
    }

    #[test]
    fn what_is_tried_again() {
        let url = || "u".to_owned();
        let status = |status, after| SendError::Status { url: url(), status, after };
        let grpc = |code| SendError::Grpc { url: url(), code, message: String::new() };
        check(&status(503, None), false, Next::Wait(FIRST));
        check(&status(503, None), true, Next::Wait(FIRST));
        check(&status(429, Some(Duration::from_secs(3))), false, Next::Wait(Duration::from_secs(3)));
        check(&status(429, Some(Duration::from_secs(30))), false, Next::GiveUp);
        check(&status(400, None), false, Next::GiveUp);
        check(&grpc(14), false, Next::Wait(FIRST));
        check(&grpc(3), false, Next::GiveUp);
        let refused = SendError::Connection { url: url(), reason: "refused".into() };
        check(&refused, false, Next::Wait(FIRST));
        check(&refused, true, Next::GiveUp);
    }

    #[test]
    fn pauses_grow() {
        let mut pauses = Pauses::default();
        let error = SendError::TimedOut { url: String::new() };
        let waits: Vec<Next> = (0..5).map(|_| pauses.after(&error, LEFT, false)).collect();
        let wait = |millis| Next::Wait(Duration::from_millis(millis));
        assert_eq!(waits, [wait(500), wait(1000), wait(2000), wait(4000), wait(5000)]);
    }
}
