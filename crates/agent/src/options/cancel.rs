//! How a job is stopped (cli.json, flag set `cancel`).

use std::time::Duration;

use crate::failure::Failure;

/// The cancel options of `start` and `bootstrap`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct CancelOptions {
    /// Signal that asks a job to stop
    #[arg(long, env = "BUILDKITE_CANCEL_SIGNAL", default_value = "SIGTERM")]
    pub(crate) cancel_signal: String,

    /// Seconds a cancelled job gets to end and upload artifacts
    #[arg(long, env = "BUILDKITE_CANCEL_GRACE_PERIOD", default_value_t = 10)]
    pub(crate) cancel_grace_period: i64,

    /// Seconds between the signal and SIGKILL; negative ones are added to the cancel grace period
    #[arg(long, env = "BUILDKITE_SIGNAL_GRACE_PERIOD_SECONDS", default_value_t = -1)]
    pub(crate) signal_grace_period_seconds: i64,
}

impl CancelOptions {
    /// How long a process may take to answer the cancel signal (docs/spec/job.md §14.1): as given, or so much less
    /// than the cancel grace period.
    ///
    /// # Errors
    /// When it does not end before the cancel grace period.
    pub(crate) fn signal_grace(&self) -> Result<Duration, Failure> {
        let (cancel, given) = (self.cancel_grace_period, self.signal_grace_period_seconds);
        let effective = if given < 0 { cancel.saturating_add(given) } else { given };
        let refused = |how: &str| {
            Failure::new(format!(
                "cancel-grace-period ({cancel}) must be {how} signal-grace-period-seconds ({given})"
            ))
        };
        let seconds = u64::try_from(effective).map_err(|_| refused("at least as big as"))?;
        if effective >= cancel {
            return Err(refused("greater than"));
        }
        Ok(Duration::from_secs(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grace(cancel: i64, signal: i64) -> Result<Duration, Failure> {
        let cancel_signal = String::new();
        CancelOptions { cancel_signal, cancel_grace_period: cancel, signal_grace_period_seconds: signal }
            .signal_grace()
    }

    #[test]
    fn the_signal_grace_period_ends_first() {
        let check = |cancel, signal, seconds| {
            assert_eq!(grace(cancel, signal).expect("it fits"), Duration::from_secs(seconds));
        };
        check(10, -1, 9);
        check(10, 3, 3);
        check(2, -2, 0);
    }

    #[test]
    fn a_longer_one_is_refused() {
        let check = |cancel, signal, text: &str| match grace(cancel, signal) {
            Err(Failure::Message(message)) => assert!(message.contains(text), "{message}"),
            other => panic!("{other:?}"),
        };
        check(1, -2, "cancel-grace-period (1) must be at least as big as signal-grace-period-seconds (-2)");
        check(5, 5, "cancel-grace-period (5) must be greater than signal-grace-period-seconds (5)");
    }
}
