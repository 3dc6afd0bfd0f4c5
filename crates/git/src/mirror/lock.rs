//! The locks of a mirror (spec/checkout.md §10.2).
use crate::error::CheckoutError;
use redkite_shell::{Lock, LockError, RunError, Shell, Verbosity, quoted};
use redkite_telemetry::SpanStart;
use std::path::Path;
use std::time::{Duration, Instant};

/// Takes the lock called `name` at `path`, waiting for `timeout` at most.
pub(super) fn acquire(
    shell: &Shell,
    name: &'static str,
    path: &Path,
    timeout: Duration,
) -> Result<Lock, CheckoutError> {
    let start = SpanStart::step(format!("git.mirror.lock_wait.{name}"));
    shell.trace().within(start, |span| {
        let lock = wait(shell, name, path, timeout);
        let timed_out = matches!(lock, Err(CheckoutError::LockTimeout { .. }));
        span.set("git.timed_out", timed_out.to_string());
        lock
    })
}

fn wait(shell: &Shell, name: &'static str, path: &Path, timeout: Duration) -> Result<Lock, CheckoutError> {
    if shell.verbosity() == Verbosity::Debug {
        shell.log().comment(format_args!("Acquiring mirror repository {name} lock"));
    }
    let end = Instant::now().checked_add(timeout);
    let patience = end.map_or_else(|| shell.context().clone(), |end| shell.context().with_deadline(end));
    shell.lock(path, &patience).map_err(|error| match error {
        LockError::Over(_) if shell.context().is_over() => given_up(shell, name),
        LockError::Over(_) => CheckoutError::LockTimeout { lock: name },
        LockError::File { path, source } => {
            shell.log().comment(format_args!("Could not acquire lock on {} ({source})", quoted(&path)));
            CheckoutError::Invalid(format!("unable to acquire {name} lock: {source}"))
        }
    })
}

/// The job or the attempt is over before the time for the lock is.
fn given_up(shell: &Shell, name: &str) -> CheckoutError {
    let over = RunError::over(shell.context());
    let doing = match over {
        RunError::TimedOut => format!("timed out acquiring {name} lock"),
        _ => format!("unable to acquire {name} lock"),
    };
    CheckoutError::During { doing, source: Box::new(over.into()) }
}
