//! Managed git credentials: git asks the agent, and the agent the control plane (spec/checkout.md §18).
use crate::command::Args;
use crate::error::{CheckoutError, During};
use redkite_shell::{Command, Display, Shell};
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Which variable asked for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Managed {
    /// `BUILDKITE_USE_GITHUB_APP_GIT_CREDENTIALS`: all of GitHub's repositories, from the start.
    Legacy,
    /// `BUILDKITE_USE_REPOSITORY_PROVIDER_GIT_CREDENTIALS`: the job's own repository.
    Neutral,
}

/// Whether the job's own repository is still reached by ssh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// As its URL says.
    AsWritten,
    /// Over https with managed credentials, although its URL is an ssh one: its host need not be scanned.
    Rewritten,
}

const GITHUB_SSH: &str = "git@github.com:";

impl Managed {
    /// Which of the two is on, if any: only `true` counts, and the older one wins.
    #[must_use]
    pub fn of(shell: &Shell) -> Option<Self> {
        let on = |name: &str| shell.env().value(name) == "true";
        if on("BUILDKITE_USE_GITHUB_APP_GIT_CREDENTIALS") {
            Some(Self::Legacy)
        } else if on("BUILDKITE_USE_REPOSITORY_PROVIDER_GIT_CREDENTIALS") {
            Some(Self::Neutral)
        } else {
            None
        }
    }

    /// Before anything else of the job.
    ///
    /// # Errors
    /// When git can't be configured.
    pub fn begin(self, shell: &Shell, agent: &Path) -> Result<(), CheckoutError> {
        configure(shell, &["credential.useHttpPath".as_ref(), "true".as_ref()])
            .during("enabling git credential.useHttpPath")?;
        configure(shell, &["credential.helper".as_ref(), &helper(agent)])
            .during("configuring git credential.helper")?;
        if self == Self::Legacy {
            rewrite(shell)?;
        }
        Ok(())
    }

    /// When the repository is known, and whenever it may have changed.
    ///
    /// # Errors
    /// When git can't be configured.
    pub fn refresh(self, shell: &Shell, repository: &str) -> Result<Reach, CheckoutError> {
        if self == Self::Legacy || !repository.starts_with(GITHUB_SSH) {
            return Ok(Reach::AsWritten);
        }
        rewrite(shell)?;
        Ok(Reach::Rewritten)
    }
}

fn rewrite(shell: &Shell) -> Result<(), CheckoutError> {
    configure(shell, &["url.https://github.com/.insteadOf".as_ref(), GITHUB_SSH.as_ref()])
}

fn configure(shell: &Shell, setting: &[&OsStr]) -> Result<(), CheckoutError> {
    let words = Args::new(["config", "--global"]).and(setting.iter().copied());
    let command = Command::new("git", words.into_words()).display(Display::Debug);
    Ok(shell.run(&command)?)
}

/// The value of `credential.helper` that is this agent.
pub(crate) fn helper(agent: &Path) -> OsString {
    let agent = redkite_text::join(redkite_text::split(agent.as_os_str(), b'\''), r"'\''");
    redkite_text::join(["!'".as_ref(), agent.as_os_str(), "' git-credentials-helper".as_ref()], "")
}
