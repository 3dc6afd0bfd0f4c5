//! How a job is stopped (cli.json, flag set `cancel`).

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
