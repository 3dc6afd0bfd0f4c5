//! How commands and scripts are run: the job's environment and working directory, prompts, shells, capture.
//!
//! A [`Shell`] is one job's: clones share its environment, directory and log, and differ at most in the
//! [`Context`](redkite_process::Context) that ends what they run. Hooks and phases are not known here.

mod command;
mod env;
mod inside;
mod job_names;
mod lock;
mod log;
mod lookup;
mod path;
mod prompt;
mod protection;
mod run;
mod shell;
#[cfg(test)]
mod test_shell;
mod words;

#[cfg(unix)]
#[path = "unix.rs"]
mod os;
#[cfg(windows)]
#[path = "windows.rs"]
mod os;

pub use command::{Command, Display, Pty, Stderr};
pub use env::{Changed, Env, EnvDiff};
pub use inside::{Inside, InsideOutput};
pub use job_names::is_temporary_of;
pub use lock::{Lock, LockError};
pub use log::{Log, LogWriter, WarningId};
pub use path::cleaned;
pub use prompt::quoted;
pub use protection::{OverrideMode, Protection, UnknownOverrideMode};
pub use run::{RunError, Seen};
pub use shell::{CdError, Setup, Shell, Verbosity};
pub use words::{SplitError, quote_word, split_words};
