//! Asking again and again, until it works or takes too long.

use std::time::{Duration, Instant};

use crate::cli::GoDuration;
use crate::failure::Failure;

/// Between two questions.
const INTERVAL: Duration = Duration::from_millis(100);

/// How long to wait for a lock; 0 for ever.
#[derive(Debug, clap::Args)]
pub(super) struct WaitOptions {
    /// How long to wait; 0 for ever
    #[arg(long, env = "BUILDKITE_LOCK_WAIT_TIMEOUT", default_value = "0s")]
    lock_wait_timeout: GoDuration,
}

/// Asks until there is an answer.
pub(super) fn until<T>(
    options: &WaitOptions,
    what: &str,
    mut ask: impl FnMut() -> Result<Option<T>, Failure>,
) -> Result<T, Failure> {
    let too_late = || Failure::new(format!("{what}: context deadline exceeded"));
    if options.lock_wait_timeout.is_negative() {
        return Err(too_late());
    }
    let limit = options.lock_wait_timeout.as_std();
    let deadline = (!limit.is_zero()).then(|| Instant::now() + limit);
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        let left = deadline.map_or(INTERVAL, |deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return Err(too_late());
        }
        pause(left.min(INTERVAL));
    }
}

#[expect(clippy::disallowed_methods, reason = "locks can only be asked for, and a command has one thread")]
fn pause(wait: Duration) {
    std::thread::sleep(wait);
}
