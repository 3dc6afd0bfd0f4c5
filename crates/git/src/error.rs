//! Why a checkout failed, and what that means for the next attempt and for the job's exit status.
use crate::classify::Class;
use crate::reaction::{Cause, Retried};
use redkite_process::Ending;
use redkite_shell::{CdError, RunError};
use redkite_text::Spoken;
use std::io;
use std::path::PathBuf;

/// The exit status of a job that could not get a mirror's lock (spec/checkout.md §5.1).
const LOCK_TIMEOUT_STATUS: i32 = 94;

/// A failure of a checkout or of a step of it.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// Something larger failed because of something smaller.
    #[error("{doing}: {source}")]
    During {
        /// The larger thing.
        doing: String,
        /// The smaller one.
        source: Box<CheckoutError>,
    },
    /// A git command of a kind that is told apart.
    #[error("{source}")]
    Git {
        /// What kind of failure.
        class: Class,
        /// Whether it was tried again already.
        retried: Retried,
        /// How the command ended.
        source: RunError,
    },
    /// Any other command.
    #[error(transparent)]
    Command(#[from] RunError),
    /// An attempt took longer than it may.
    #[error("checkout attempt timed out after {after}: {source}")]
    AttemptTimedOut {
        /// The time it had.
        after: Spoken,
        /// What that ended.
        source: Box<CheckoutError>,
    },
    /// Another process held a mirror's lock for too long.
    #[error("timed out acquiring {lock} lock: context deadline exceeded")]
    LockTimeout {
        /// `clone` or `update`.
        lock: &'static str,
    },
    /// The commit is not on its branch.
    #[error("commit verification failed: commit {commit:?} is not on branch {branch:?}")]
    NotOnBranch {
        /// The commit.
        commit: String,
        /// The branch.
        branch: String,
    },
    /// A file or directory could not be dealt with.
    #[error("{doing} {path:?}: {source}")]
    File {
        /// What was being done.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The checkout was left in a state that it must not be used in.
    #[error("{source}")]
    Unsafe {
        /// What was to repair it.
        source: Box<CheckoutError>,
    },
    /// A setting or a listing that can't be understood.
    #[error("{0}")]
    Invalid(String),
    /// Two things failed one after the other.
    #[error("{first}\n{second}")]
    Both {
        /// What failed first; it decides.
        first: Box<CheckoutError>,
        /// What failed then.
        second: Box<CheckoutError>,
    },
}

impl CheckoutError {
    /// What the failure comes down to.
    #[must_use]
    pub fn cause(&self) -> Cause {
        match self {
            Self::During { source, .. }
            | Self::AttemptTimedOut { source, .. }
            | Self::Both { first: source, .. } => source.cause(),
            Self::Git { source, .. } | Self::Command(source)
                if matches!(source.ending(), Some(Ending::Signalled(_))) =>
            {
                Cause::Signal
            }
            Self::Unsafe { .. } => Cause::Git(Class::FetchRetryClean, Retried::Not),
            Self::Git { class, retried, .. } => Cause::Git(*class, *retried),
            Self::Command(RunError::Cancelled | RunError::TimedOut) => Cause::Cancelled,
            Self::LockTimeout { .. } => Cause::LockTimeout,
            Self::NotOnBranch { .. } => Cause::NotOnBranch,
            Self::Command(_) | Self::File { .. } | Self::Invalid(_) => Cause::Other,
        }
    }

    /// The job's exit status (spec/checkout.md §5.5): −1 when a signal ended the command.
    #[must_use]
    pub fn exit_status(&self) -> i32 {
        match self {
            Self::During { source, .. }
            | Self::Unsafe { source }
            | Self::AttemptTimedOut { source, .. }
            | Self::Both { first: source, .. } => source.exit_status(),
            Self::Git { source, .. } | Self::Command(source) => source.code(),
            Self::LockTimeout { .. } => LOCK_TIMEOUT_STATUS,
            Self::NotOnBranch { .. } | Self::File { .. } | Self::Invalid(_) => 1,
        }
    }

    /// The class of the git command that failed, if it is told apart; one that a signal ended has a class, too.
    pub(crate) fn class(&self) -> Option<Class> {
        match self {
            Self::During { source, .. }
            | Self::AttemptTimedOut { source, .. }
            | Self::Both { first: source, .. } => source.class(),
            Self::Git { class, .. } => Some(*class),
            Self::Unsafe { .. } => Some(Class::FetchRetryClean),
            _ => None,
        }
    }

    /// The same failure of a command, of an operation that was tried often enough and counts as `class`.
    pub(crate) fn final_as(self, class: Class) -> Self {
        match self {
            Self::During { doing, source } => {
                Self::During { doing, source: Box::new(source.final_as(class)) }
            }
            Self::Git { source, .. } | Self::Command(source) => {
                Self::Git { class, retried: Retried::Inside, source }
            }
            other => other,
        }
    }

    /// For [`Result::map_err`]: an error of the file system.
    pub(crate) fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }
}

impl From<CdError> for CheckoutError {
    fn from(error: CdError) -> Self {
        Self::Invalid(error.to_string())
    }
}

/// Says what failed because of an error.
pub(crate) trait During<T> {
    /// Puts `doing` before the error.
    fn during(self, doing: impl Into<String>) -> Result<T, CheckoutError>;
}

impl<T, E: Into<CheckoutError>> During<T> for Result<T, E> {
    fn during(self, doing: impl Into<String>) -> Result<T, CheckoutError> {
        self.map_err(|source| CheckoutError::During { doing: doing.into(), source: Box::new(source.into()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redkite_process::Signal;

    fn git(class: Class, ending: Ending) -> CheckoutError {
        CheckoutError::Git { class, retried: Retried::Not, source: RunError::Failed(ending) }
    }

    #[test]
    fn the_innermost_failure_decides() {
        let error = Err::<(), _>(git(Class::Fetch, Ending::Exited(128)))
            .during("fetching refspecs [abc]")
            .during("fetching commit \"abc\"")
            .expect_err("it failed");
        assert_eq!(error.to_string(), "fetching commit \"abc\": fetching refspecs [abc]: exit status 128");
        assert_eq!((error.cause(), error.exit_status()), (Cause::Git(Class::Fetch, Retried::Not), 128));
    }

    #[test]
    fn what_was_tried_often_enough_is_final() {
        let listing = CheckoutError::Command(RunError::Failed(Ending::Exited(2)));
        let error =
            Err::<(), _>(listing).during("listing files").expect_err("it failed").final_as(Class::Lfs);
        assert_eq!(error.to_string(), "listing files: exit status 2");
        assert_eq!(error.cause(), Cause::Git(Class::Lfs, Retried::Inside));
    }

    #[test]
    fn signals_and_locks_have_their_own_status() {
        let killed = git(Class::Clone, Ending::Signalled(Signal::TERM));
        assert_eq!((killed.cause(), killed.exit_status()), (Cause::Signal, -1));
        let lock = CheckoutError::LockTimeout { lock: "clone" };
        assert_eq!((lock.cause(), lock.exit_status()), (Cause::LockTimeout, 94));
        let other = CheckoutError::Invalid("x".into());
        assert_eq!((other.cause(), other.exit_status()), (Cause::Other, 1));
        let cancelled = CheckoutError::Command(RunError::Cancelled);
        assert_eq!((cancelled.cause(), cancelled.exit_status()), (Cause::Cancelled, 1));
    }
}
