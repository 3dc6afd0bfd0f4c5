//! What the job API needs of the executor that runs the job.

use std::collections::BTreeMap;
use std::path::Path;

use redkite_shell::OverrideMode;

/// A running job, as its own processes may look at it and change it (docs/spec/local-apis.md §3).
///
/// Requests are served one at a time, so an implementation sees no two calls at once from the job API; the
/// executor itself may be working meanwhile.
pub trait Job: Send + Sync + 'static {
    /// All variables of the job, as they are now.
    fn environment(&self) -> BTreeMap<String, String>;

    /// Who may change checkout settings.
    fn checkout_override(&self) -> OverrideMode;

    /// Gives a variable a value. Protected names never get here.
    fn set(&self, name: &str, value: &str);

    /// Removes a variable. Protected names never get here.
    fn unset(&self, name: &str);

    /// Remembers the directory for after the current hook; it need not exist.
    fn set_workdir(&self, directory: &Path);

    /// Hides a text, and its escaped form, in everything the job prints from now on. The text may be short.
    fn redact(&self, text: &str);

    /// Tells the control plane that the job will end with this status, retrying as the specification says, and
    /// returns when that is settled.
    fn promise_failure(&self, exit_status: i64, reason: &str) -> Declared;

    /// One line per request served, for the job's debug log.
    fn served(&self, _line: &str) {}
}

/// What the control plane said to a promised failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declared {
    /// It took the promise.
    Accepted {
        /// The status of its answer.
        upstream_status: u16,
    },
    /// It refused, or could not be reached.
    Refused {
        /// The status of its answer, if there was one.
        upstream_status: Option<u16>,
        /// Why.
        error: String,
    },
}

impl Declared {
    /// Whether a later declaration of the same status is answered with this one (§3.7): accepted, or refused in a
    /// way that trying again can't change.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::Accepted { .. } => true,
            Self::Refused { upstream_status: Some(status), .. } => {
                (400..500).contains(status) && *status != 429
            }
            Self::Refused { upstream_status: None, .. } => false,
        }
    }
}
