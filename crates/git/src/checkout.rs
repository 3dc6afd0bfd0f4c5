//! The default checkout: attempts, and what each failure leads to (spec/checkout.md §5).
use crate::attempt::Attempt;
use crate::error::CheckoutError;
use crate::fetch::pause;
use crate::reaction::{Deadline, Failure, History, Job, Reaction, Say, react};
use crate::retry::{Policy, Try, random};
use crate::settings::Settings;
use crate::sparse::Mode;
use crate::{directory, lfs};
use redkite_shell::Shell;
use redkite_text::Spoken;
use std::path::PathBuf;
use std::time::Instant;

/// How often a checkout is attempted unless the job says otherwise.
pub const DEFAULT_ATTEMPTS: u32 = 6;

/// Checks the job's source out into the checkout directory, which exists and is the current one. Directories that
/// must go when the job has ended are added to `leftovers`, also when the checkout fails.
///
/// # Errors
/// When the last attempt, or one that none may follow, failed.
pub fn check_out(
    shell: &Shell,
    settings: &Settings,
    leftovers: &mut Vec<PathBuf>,
) -> Result<(), CheckoutError> {
    if settings.repository.is_empty() {
        shell.log().comment("Skipping checkout, BUILDKITE_REPO is empty");
        return Ok(());
    }
    if settings.lfs {
        lfs::probe(shell)?;
    }
    Mode::parse(&settings.sparse.mode)?;
    let attempts = if settings.attempts == 0 { DEFAULT_ATTEMPTS } else { settings.attempts };
    let mut before = None;
    for attempt in Policy::checkout(attempts).tries(random) {
        let Err(failed) = limited_attempt(shell, settings, leftovers, attempt.number) else { return Ok(()) };
        let class = failed.error.class();
        let repeated = class.is_some() && class == before && !attempt.is_last();
        before = class;
        let history = if repeated { History::Repeated } else { History::None };
        let (error, reaction) = handle(shell, failed, attempt, history);
        if !reaction.retry || attempt.is_last() {
            return Err(error);
        }
        pause(shell, attempt.pause)?;
    }
    Ok(())
}

/// A failed attempt, and whether its own time limit ended it.
struct Failed {
    error: CheckoutError,
    deadline: Deadline,
}

fn limited_attempt(
    shell: &Shell,
    settings: &Settings,
    leftovers: &mut Vec<PathBuf>,
    number: u32,
) -> Result<(), Failed> {
    // A limit beyond what a clock can show is none.
    let end = settings.timeout.and_then(|limit| Some((limit, Instant::now().checked_add(limit)?)));
    let Some((limit, end)) = end else {
        let attempt = Attempt { shell, settings, leftovers, number };
        return attempt.run().map_err(|error| Failed { error, deadline: Deadline::Ahead });
    };
    let context = shell.context().with_deadline(end);
    let limited = shell.within(&context);
    let result = Attempt { shell: &limited, settings, leftovers, number }.run();
    result.map_err(|error| {
        if !context.is_past_deadline() || shell.context().is_over() {
            return Failed { error, deadline: Deadline::Ahead };
        }
        let error = CheckoutError::AttemptTimedOut { after: Spoken(limit), source: Box::new(error) };
        Failed { error, deadline: Deadline::Passed }
    })
}

/// Says what failed and does what has to be done about it; answers the error that counts from here on.
fn handle(shell: &Shell, failed: Failed, attempt: Try, history: History) -> (CheckoutError, Reaction) {
    let Failed { error, deadline } = failed;
    let job = if shell.context().is_over() { Job::Cancelled } else { Job::Running };
    let reaction = react(Failure { cause: error.cause(), deadline, job, history });
    let log = shell.log();
    match reaction.say {
        Say::Failed => log.warning(format_args!("Checkout failed! {error}")),
        Say::FailedAttempt => log.warning(format_args!("Checkout failed! {error} ({attempt})")),
        Say::Interrupted => log.warning("Checkout was interrupted by a signal"),
        Say::NoLock => log.warning(format_args!(
            "Checkout could not acquire the {} lock before timing out",
            lock_name(&error)
        )),
        Say::Cancelled => log.warning("Checkout was cancelled"),
        Say::JobCancelled => log.warning("Checkout was cancelled due to context cancellation"),
    }
    if !reaction.wipe {
        return (error, reaction);
    }
    match wipe(shell) {
        Ok(()) => (error, reaction),
        Err(error) => (error, Reaction { retry: true, ..reaction }),
    }
}

/// Removes the directory and makes it anew; not to be able to remove it is only worth a warning.
fn wipe(shell: &Shell) -> Result<(), CheckoutError> {
    if let Err(error) = directory::remove(shell) {
        shell.log().warning(format_args!(
            "Failed to remove checkout dir while cleaning up after a checkout error: {error}"
        ));
    }
    directory::ensure(shell).map(drop)
}

fn lock_name(error: &CheckoutError) -> &'static str {
    match error {
        CheckoutError::LockTimeout { lock } => lock,
        CheckoutError::During { source, .. } | CheckoutError::Both { first: source, .. } => lock_name(source),
        _ => "mirror",
    }
}
