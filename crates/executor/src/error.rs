//! Why a phase failed, and which exit status that gives the job.

use std::path::PathBuf;

use redkite_hooks::HookError;
use redkite_plugin::{ParseError, PluginError};
use redkite_shell::RunError;

use crate::checkout::CheckoutPhaseError;
use crate::secrets::SecretsError;

/// A phase that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PhaseError {
    /// A hook.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// The repository has a hook, and this agent runs none.
    #[error("refusing to run {}, local hooks are disabled", .0.display())]
    LocalHooksDisabled(PathBuf),
    /// There is nowhere to check out to.
    #[error("must set either a BUILDKITE_BUILD_PATH or a BUILDKITE_BUILD_CHECKOUT_PATH")]
    NoCheckoutPath,
    /// The job's secrets.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// This agent runs no plugins.
    #[error("plugins have been disabled on this agent with `{0}`")]
    PluginsDisabled(&'static str),
    /// The list of plugins makes no sense.
    #[error(transparent)]
    PluginList(#[from] ParseError),
    /// A plugin.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// git, or what is done for it.
    #[error(transparent)]
    Checkout(#[from] CheckoutPhaseError),
    /// A command of ours: the upload of artifacts, the removal of containers.
    #[error(transparent)]
    Command(RunError),
}

impl PhaseError {
    /// The exit status that it stands for.
    pub(crate) fn code(&self) -> i32 {
        match self {
            Self::Hook(error) => error.code(),
            Self::Command(error) => error.code(),
            Self::Plugin(error) => error.exit_status(),
            Self::Checkout(CheckoutPhaseError::Git(error)) => error.exit_status(),
            Self::Checkout(CheckoutPhaseError::Credentials(error)) => error.exit_status(),
            _ => 1,
        }
    }

    /// The exit status that it stands for in set-up, where only shell hooks have one (spec/job.md §6).
    pub(crate) fn set_up_code(&self) -> Option<i32> {
        match self {
            Self::Hook(error) if error.is_shell_status() => Some(error.code()),
            _ => None,
        }
    }
}
