//! What follows a failed checkout attempt (spec/checkout.md §5.1): a table, no effects.
use crate::classify::Class;

/// What is known of a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What the attempt failed of.
    pub cause: Cause,
    /// Whether the attempt's deadline had passed.
    pub deadline: Deadline,
    /// Whether the job is being cancelled.
    pub job: Job,
    /// Whether keeping the directory has not helped.
    pub(crate) history: History,
}

/// What is known from the attempt before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum History {
    /// Nothing that matters.
    None,
    /// It failed in the same way, and another attempt follows.
    Repeated,
}

/// What an attempt failed of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The commit is not on its branch, and that is fatal.
    NotOnBranch,
    /// A command was ended by a signal.
    Signal,
    /// A mirror's lock was not to be had.
    LockTimeout,
    /// A git command that is told apart.
    Git(Class, Retried),
    /// The operation itself was cancelled.
    Cancelled,
    /// Anything else.
    Other,
}

/// Whether the failing operation has already been tried several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retried {
    /// Once only.
    Not,
    /// As often as makes sense; the outer loop doesn't try it again.
    Inside,
}

/// The attempt's own time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    /// There is none, or it has not been reached.
    Ahead,
    /// It ended the attempt.
    Passed,
}

/// The job around the checkout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Goes on.
    Running,
    /// Is being cancelled.
    Cancelled,
}

/// What to say, whether to remove the directory, and whether to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reaction {
    /// The warning.
    pub say: Say,
    /// Whether the checkout directory is removed and made anew.
    pub wipe: bool,
    /// Whether another attempt follows, if any are left.
    pub retry: bool,
}

/// The warning after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Say {
    /// It failed, with the error.
    Failed,
    /// It failed, with the error and which attempt it was.
    FailedAttempt,
    /// A signal ended it.
    Interrupted,
    /// A lock was not to be had.
    NoLock,
    /// It was cancelled.
    Cancelled,
    /// The job was cancelled around it.
    JobCancelled,
}

/// The reaction to a failed attempt; the first row that fits counts.
#[must_use]
pub(crate) const fn react(failure: Failure) -> Reaction {
    use Say as S;
    const fn row(say: Say, wipe: bool, retry: bool) -> Reaction {
        Reaction { say, wipe, retry }
    }
    match (failure.cause, failure.deadline, failure.job) {
        (Cause::NotOnBranch, _, _) => row(S::Failed, false, false),
        (_, Deadline::Passed, Job::Running) => row(S::FailedAttempt, true, true),
        (Cause::Signal, _, _) => row(S::Interrupted, false, false),
        (Cause::LockTimeout, _, _) => row(S::NoLock, false, false),
        // Before cancellation: what is unsafe to keep goes even when the job is being cancelled.
        (Cause::Git(Class::FetchRetryClean, Retried::Not), _, _) => row(S::FailedAttempt, true, true),
        (Cause::Git(Class::FetchRetryClean, Retried::Inside), _, _) => row(S::Failed, true, false),
        (Cause::Cancelled, _, _) => row(S::Cancelled, false, false),
        (_, _, Job::Cancelled) => row(S::JobCancelled, false, false),
        (Cause::Git(class, Retried::Not), _, _) => {
            row(S::FailedAttempt, class.wipes() || outlives_attempts(class, failure.history), true)
        }
        (Cause::Git(class, Retried::Inside), _, _) => row(S::Failed, class.wipes(), false),
        (Cause::Other, _, _) => row(S::FailedAttempt, true, true),
    }
}

/// A checkout or fetch that fails again in the directory that was kept for it, for want of an object or for a ref in
/// the way, would do so for ever. The reference agent lets it (spec/README.md, fact 10).
const fn outlives_attempts(class: Class, history: History) -> bool {
    matches!(class, Class::Checkout | Class::Fetch) && matches!(history, History::Repeated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cause: Cause, say: Say, wipe: bool, retry: bool) {
        let failure = Failure { cause, deadline: Deadline::Ahead, job: Job::Running, history: History::None };
        assert_eq!(react(failure), Reaction { say, wipe, retry }, "{cause:?}");
    }

    #[test]
    fn each_cause_has_its_row() {
        use Cause as C;
        use Retried::{Inside, Not};
        check(C::NotOnBranch, Say::Failed, false, false);
        check(C::Signal, Say::Interrupted, false, false);
        check(C::LockTimeout, Say::NoLock, false, false);
        check(C::Cancelled, Say::Cancelled, false, false);
        check(C::Other, Say::FailedAttempt, true, true);
        check(C::Git(Class::FetchRetryClean, Not), Say::FailedAttempt, true, true);
        check(C::Git(Class::FetchRetryClean, Inside), Say::Failed, true, false);
        check(C::Git(Class::Clone, Not), Say::FailedAttempt, true, true);
        check(C::Git(Class::FetchBadReference, Not), Say::FailedAttempt, false, true);
        check(C::Git(Class::FetchBadReference, Inside), Say::Failed, false, false);
        check(C::Git(Class::Lfs, Inside), Say::Failed, false, false);
    }

    #[test]
    fn a_deadline_counts_only_while_the_job_goes_on() {
        let passed = |job| {
            react(Failure { cause: Cause::Signal, deadline: Deadline::Passed, job, history: History::None })
        };
        assert_eq!(passed(Job::Running), Reaction { say: Say::FailedAttempt, wipe: true, retry: true });
        assert_eq!(passed(Job::Cancelled).say, Say::Interrupted);
    }

    #[test]
    fn what_fails_again_in_the_same_way_is_not_kept() {
        let again = |class, history| {
            let cause = Cause::Git(class, Retried::Not);
            react(Failure { cause, deadline: Deadline::Ahead, job: Job::Running, history }).wipe
        };
        assert!(!again(Class::Checkout, History::None) && again(Class::Checkout, History::Repeated));
        assert!(!again(Class::Fetch, History::None) && again(Class::Fetch, History::Repeated));
        assert!(!again(Class::FetchBadReference, History::Repeated));
    }

    #[test]
    fn a_cancelled_job_still_removes_what_is_unsafe() {
        let cancelled = |cause| {
            react(Failure { cause, deadline: Deadline::Ahead, job: Job::Cancelled, history: History::None })
        };
        assert!(cancelled(Cause::Git(Class::FetchRetryClean, Retried::Not)).wipe);
        assert_eq!(cancelled(Cause::Git(Class::Clone, Retried::Not)).say, Say::JobCancelled);
        assert_eq!(cancelled(Cause::Other), Reaction { say: Say::JobCancelled, wipe: false, retry: false });
    }
}
