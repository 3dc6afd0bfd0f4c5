//! What a hook is: a file, for a moment of the job, in a scope.

use std::fmt;
use std::path::PathBuf;

/// The moments of a job that have hooks, in their order (spec/job.md §8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HookName {
    /// Before everything else.
    Environment,
    /// Before the checkout.
    PreCheckout,
    /// Instead of the checkout.
    Checkout,
    /// After the checkout.
    PostCheckout,
    /// Before the command.
    PreCommand,
    /// Instead of the command.
    Command,
    /// After the command.
    PostCommand,
    /// Before artifacts are uploaded.
    PreArtifact,
    /// After artifacts were uploaded.
    PostArtifact,
    /// At the end of the job.
    PreExit,
}

impl HookName {
    /// The hook's file name, without an extension.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::PreCheckout => "pre-checkout",
            Self::Checkout => "checkout",
            Self::PostCheckout => "post-checkout",
            Self::PreCommand => "pre-command",
            Self::Command => "command",
            Self::PostCommand => "post-command",
            Self::PreArtifact => "pre-artifact",
            Self::PostArtifact => "post-artifact",
            Self::PreExit => "pre-exit",
        }
    }
}

impl fmt::Display for HookName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whose hook it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The build machine's.
    Agent,
    /// The repository's.
    Repository,
    /// A plugin's, by its display name (spec/job.md §9.3).
    Plugin(String),
}

impl Scope {
    /// The kind of scope, as hooks see it in `BUILDKITE_HOOK_SCOPE`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Repository => "repository",
            Self::Plugin(_) => "plugin",
        }
    }
}

/// `agent`, `plugin docker`.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plugin(name) if !name.is_empty() => write!(f, "plugin {name}"),
            scope => f.write_str(scope.kind()),
        }
    }
}

/// One hook to run.
#[derive(Clone, Debug)]
pub struct Hook {
    /// For which moment it is.
    pub name: HookName,
    /// Whose it is.
    pub scope: Scope,
    /// Its file.
    pub path: PathBuf,
    /// Variables that only this hook gets: a plugin's configuration.
    pub variables: Vec<(String, String)>,
}

/// `agent pre-command`, as headings and errors name it.
impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.scope, self.name)
    }
}
