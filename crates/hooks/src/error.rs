//! Why a hook failed, and the exit status that this gives the job.

use redkite_process::Ending;
use redkite_shell::{RunError, SplitError};

use crate::capture::CaptureError;
use crate::kind::KindError;
use crate::wrapper::WrapperError;

/// A hook that failed. `hook` is its scope and name, `kind` is `shell`, `script` or `binary`.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// Its file cannot be looked into.
    #[error("determining hook type for {hook:?} hook: {source}")]
    Kind {
        /// The hook.
        hook: String,
        /// What is wrong.
        source: KindError,
    },
    /// It ran and failed.
    #[error("running {hook:?} shell hook: the {hook} hook exited with status {}", .ending.code())]
    Failed {
        /// The hook.
        hook: String,
        /// How it ended.
        ending: Ending,
    },
    /// It ran, by its interpreter or by itself, and failed; or it did not run at all.
    #[error("running {hook:?} {kind} hook: {source}")]
    Run {
        /// The hook.
        hook: String,
        /// What kind of hook.
        kind: &'static str,
        /// What happened.
        source: RunError,
    },
    /// Its wrapper cannot be written.
    #[error("running {hook:?} shell hook: {source}")]
    Wrapper {
        /// The hook.
        hook: String,
        /// What went wrong.
        source: WrapperError,
    },
    /// It ran, but what it changed is not known.
    #[error("running {hook:?} shell hook: failed to get environment: {source}")]
    Capture {
        /// The hook.
        hook: String,
        /// What is wrong.
        source: CaptureError,
    },
    /// There is nothing to run it with.
    #[error("running {hook:?} shell hook: {source}")]
    NoShell {
        /// The hook.
        hook: String,
        /// What is missing.
        source: NoShell,
    },
    /// The shell for hooks is set to something that names no program.
    #[error("running {hook:?} shell hook: the shell for hooks, {setting:?}, names no program{}", why(.source))]
    HooksShell {
        /// The hook.
        hook: String,
        /// The setting.
        setting: String,
        /// What is wrong with its quotes, if that is it.
        source: Option<SplitError>,
    },
    /// The platform cannot run it.
    #[error("the {hook} hook begins with {shebang:?}, but scripts with an interpreter cannot be run here")]
    Unsupported {
        /// The hook.
        hook: String,
        /// Its first line.
        shebang: String,
    },
}

/// A shell that isn't there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoShell {
    /// Neither bash nor another POSIX shell.
    #[error("error finding a shell, needed to run scripts: neither bash nor sh is in $PATH")]
    Posix,
    /// PowerShell.
    #[error("error finding pwsh, needed to run .ps1 scripts: it is not in $PATH")]
    PowerShell,
}

fn why(source: &Option<SplitError>) -> String {
    source.as_ref().map_or_else(String::new, |error| format!(": {error}"))
}

impl HookError {
    /// How the hook ended, if it ran.
    pub fn ending(&self) -> Option<Ending> {
        match self {
            Self::Failed { ending, .. } => Some(*ending),
            Self::Run { source, .. } => source.ending(),
            _ => None,
        }
    }

    /// The exit status that it stands for: the hook's own, −1 for a signal, 1 when it did not run.
    pub fn code(&self) -> i32 {
        self.ending().map_or(1, Ending::code)
    }

    /// Whether it is the status of a shell hook (spec/job.md §6: only that becomes the status of a failed
    /// set-up).
    pub fn is_shell_status(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}
