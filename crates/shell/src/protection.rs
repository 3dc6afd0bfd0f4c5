//! Which variables a job may not change (spec/job.md §5.3).

use std::fmt;

use crate::os;

/// Who may set a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// The agent alone.
    AgentOnly,
    /// The agent and what runs in the job, but not a step's secrets.
    NotBySecrets,
    /// As the [`OverrideMode`] says.
    Checkout,
    /// Everybody.
    None,
}

/// Who may change checkout settings (`--checkout-override-mode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OverrideMode {
    /// The agent alone.
    Strict,
    /// Also what runs in the job.
    #[default]
    FromJob,
    /// Also a step's secrets.
    None,
}

/// A mode that isn't one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid checkout-override mode {0:?}, must be one of [strict from-job none]")]
pub struct UnknownOverrideMode(pub String);

impl std::str::FromStr for OverrideMode {
    type Err = UnknownOverrideMode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "strict" => Ok(Self::Strict),
            // Set to nothing is not set.
            "from-job" | "" => Ok(Self::FromJob),
            "none" => Ok(Self::None),
            _ => Err(UnknownOverrideMode(text.to_owned())),
        }
    }
}

/// As on the command line.
impl fmt::Display for OverrideMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Strict => "strict",
            Self::FromJob => "from-job",
            Self::None => "none",
        })
    }
}

use Protection::{AgentOnly, Checkout, NotBySecrets};

/// Every variable that is not everybody's.
const TABLE: &[(&str, Protection)] = &[
    ("BUILDKITE_AGENT_ACCESS_TOKEN", AgentOnly),
    ("BUILDKITE_AGENT_DEBUG", AgentOnly),
    ("BUILDKITE_AGENT_ENDPOINT", AgentOnly),
    ("BUILDKITE_AGENT_JOB_TIMEOUT_FILE", AgentOnly),
    ("BUILDKITE_AGENT_PID", AgentOnly),
    ("BUILDKITE_BIN_PATH", AgentOnly),
    ("BUILDKITE_BUILD_PATH", AgentOnly),
    ("BUILDKITE_CHECKOUT_OVERRIDE_MODE", AgentOnly),
    ("BUILDKITE_COMMAND_EVAL", AgentOnly),
    ("BUILDKITE_CONFIG_PATH", AgentOnly),
    ("BUILDKITE_CONTAINER_COUNT", AgentOnly),
    ("BUILDKITE_GIT_CLONE_MIRROR_FLAGS", AgentOnly),
    ("BUILDKITE_GIT_MIRRORS_LOCK_TIMEOUT", AgentOnly),
    ("BUILDKITE_GIT_MIRRORS_PATH", AgentOnly),
    ("BUILDKITE_GIT_MIRRORS_SKIP_UPDATE", AgentOnly),
    ("BUILDKITE_GIT_MIRROR_CHECKOUT_MODE", AgentOnly),
    ("BUILDKITE_GIT_REMOTE_MIRROR_URL", AgentOnly),
    ("BUILDKITE_GIT_SUBMODULE_CLONE_CONFIG", AgentOnly),
    ("BUILDKITE_HOOKS_PATH", AgentOnly),
    ("BUILDKITE_HOOKS_SHELL", AgentOnly),
    ("BUILDKITE_JOB_CONTEXT_DIR", AgentOnly),
    ("BUILDKITE_KUBERNETES_EXEC", AgentOnly),
    ("BUILDKITE_LOCAL_HOOKS_ENABLED", AgentOnly),
    ("BUILDKITE_PLUGINS_ENABLED", AgentOnly),
    ("BUILDKITE_PLUGINS_PATH", AgentOnly),
    ("BUILDKITE_SHELL", AgentOnly),
    ("BUILDKITE_SSH_KEYSCAN", AgentOnly),
    ("BUILDKITE_ARTIFACT_PATHS", NotBySecrets),
    ("BUILDKITE_ARTIFACT_UPLOAD_DESTINATION", NotBySecrets),
    ("BUILDKITE_PLUGINS_ALWAYS_CLONE_FRESH", NotBySecrets),
    ("BUILDKITE_REFSPEC", NotBySecrets),
    ("BUILDKITE_REPO", NotBySecrets),
    ("BUILDKITE_GIT_CHECKOUT_FLAGS", Checkout),
    ("BUILDKITE_GIT_CHECKOUT_TIMEOUT", Checkout),
    ("BUILDKITE_GIT_CLEAN_FLAGS", Checkout),
    ("BUILDKITE_GIT_CLONE_FLAGS", Checkout),
    ("BUILDKITE_GIT_COMMIT_VERIFICATION", Checkout),
    ("BUILDKITE_GIT_FETCH_FLAGS", Checkout),
    ("BUILDKITE_GIT_SKIP_FETCH_EXISTING_COMMITS", Checkout),
    ("BUILDKITE_GIT_SPARSE_CHECKOUT_MODE", Checkout),
    ("BUILDKITE_GIT_SPARSE_CHECKOUT_PATHS", Checkout),
    ("BUILDKITE_GIT_SUBMODULES", Checkout),
    ("BUILDKITE_SKIP_CHECKOUT", Checkout),
];

impl Protection {
    /// How the variable `name` is protected.
    pub fn of(name: &str) -> Self {
        let name = os::name(name);
        TABLE.iter().find(|(entry, _)| *entry == name).map_or(Self::None, |(_, protection)| *protection)
    }

    /// Whether hooks and the job API may change it.
    pub fn is_mutable_in_job(self, mode: OverrideMode) -> bool {
        match self {
            AgentOnly => false,
            Checkout => mode != OverrideMode::Strict,
            NotBySecrets | Self::None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_set_what() {
        use OverrideMode::{FromJob, Strict};
        for (name, protection, from_job, strict) in [
            ("BUILDKITE_SHELL", AgentOnly, false, false),
            ("BUILDKITE_REPO", NotBySecrets, true, true),
            ("BUILDKITE_SKIP_CHECKOUT", Checkout, true, false),
            ("BUILDKITE_COMMAND", Protection::None, true, true),
            ("PATH", Protection::None, true, true),
        ] {
            let found = Protection::of(name);
            assert_eq!(found, protection, "{name}");
            assert_eq!(
                (found.is_mutable_in_job(FromJob), found.is_mutable_in_job(Strict)),
                (from_job, strict)
            );
        }
    }

    #[test]
    fn modes_by_name() {
        for mode in [OverrideMode::Strict, OverrideMode::FromJob, OverrideMode::None] {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        assert_eq!("".parse(), Ok(OverrideMode::FromJob));
        let error = "x".parse::<OverrideMode>().expect_err("no such mode");
        let text = r#"invalid checkout-override mode "x", must be one of [strict from-job none]"#;
        assert_eq!(error.to_string(), text);
    }
}
