//! Which variables a job may not change from within (docs/spec/local-apis.md §2.2).

/// How well a variable is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Nothing in a job changes it.
    Always,
    /// The job's own processes may change it; secrets may not.
    FromSecrets,
    /// Locked while checkout settings are the agent's alone.
    Checkout,
    /// Free.
    None,
}

/// Who may change checkout settings, as far as variables go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckoutOverride {
    /// The agent alone: mode `strict`.
    Strict,
    /// The job too: any other mode.
    Allowed,
}

impl Protection {
    /// Whether a job's own process may not change a variable of this protection.
    pub fn locks(self, mode: CheckoutOverride) -> bool {
        match self {
            Self::Always => true,
            Self::Checkout => mode == CheckoutOverride::Strict,
            Self::FromSecrets | Self::None => false,
        }
    }
}

/// How well the variable of this name is protected.
pub fn protection(name: &str) -> Protection {
    let listed = |list: &[&str]| list.iter().any(|&listed| same(listed, name));
    if listed(ALWAYS) {
        Protection::Always
    } else if listed(FROM_SECRETS) {
        Protection::FromSecrets
    } else if listed(CHECKOUT) {
        Protection::Checkout
    } else {
        Protection::None
    }
}

/// Windows knows no case in names.
fn same(listed: &str, name: &str) -> bool {
    if cfg!(windows) { listed.eq_ignore_ascii_case(name) } else { listed == name }
}

const ALWAYS: &[&str] = &[
    // The agent's identity and what it watches.
    "BUILDKITE_AGENT_ACCESS_TOKEN",
    "BUILDKITE_AGENT_DEBUG",
    "BUILDKITE_AGENT_ENDPOINT",
    "BUILDKITE_AGENT_JOB_TIMEOUT_FILE",
    "BUILDKITE_AGENT_PID",
    // The machine's folders.
    "BUILDKITE_BIN_PATH",
    "BUILDKITE_BUILD_PATH",
    "BUILDKITE_CONFIG_PATH",
    "BUILDKITE_GIT_MIRRORS_PATH",
    "BUILDKITE_HOOKS_PATH",
    "BUILDKITE_JOB_CONTEXT_DIR",
    "BUILDKITE_PLUGINS_PATH",
    // What the operator allows.
    "BUILDKITE_CHECKOUT_OVERRIDE_MODE",
    "BUILDKITE_COMMAND_EVAL",
    "BUILDKITE_LOCAL_HOOKS_ENABLED",
    "BUILDKITE_PLUGINS_ENABLED",
    "BUILDKITE_SSH_KEYSCAN",
    // What runs as the agent rather than as the job.
    "BUILDKITE_CONTAINER_COUNT",
    "BUILDKITE_HOOKS_SHELL",
    "BUILDKITE_KUBERNETES_EXEC",
    "BUILDKITE_SHELL",
    // Mirrors are shared with other jobs.
    "BUILDKITE_GIT_CLONE_MIRROR_FLAGS",
    "BUILDKITE_GIT_MIRRORS_LOCK_TIMEOUT",
    "BUILDKITE_GIT_MIRRORS_SKIP_UPDATE",
    "BUILDKITE_GIT_MIRROR_CHECKOUT_MODE",
    "BUILDKITE_GIT_REMOTE_MIRROR_URL",
    "BUILDKITE_GIT_SUBMODULE_CLONE_CONFIG",
];

const FROM_SECRETS: &[&str] = &[
    "BUILDKITE_ARTIFACT_PATHS",
    "BUILDKITE_ARTIFACT_UPLOAD_DESTINATION",
    "BUILDKITE_PLUGINS_ALWAYS_CLONE_FRESH",
    "BUILDKITE_REFSPEC",
    "BUILDKITE_REPO",
];

const CHECKOUT: &[&str] = &[
    "BUILDKITE_GIT_CHECKOUT_FLAGS",
    "BUILDKITE_GIT_CHECKOUT_TIMEOUT",
    "BUILDKITE_GIT_CLEAN_FLAGS",
    "BUILDKITE_GIT_CLONE_FLAGS",
    "BUILDKITE_GIT_COMMIT_VERIFICATION",
    "BUILDKITE_GIT_FETCH_FLAGS",
    "BUILDKITE_GIT_SKIP_FETCH_EXISTING_COMMITS",
    "BUILDKITE_GIT_SPARSE_CHECKOUT_MODE",
    "BUILDKITE_GIT_SPARSE_CHECKOUT_PATHS",
    "BUILDKITE_GIT_SUBMODULES",
    "BUILDKITE_SKIP_CHECKOUT",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_protected_by_list_and_mode() {
        assert_eq!(protection("BUILDKITE_SHELL"), Protection::Always);
        assert_eq!(protection("BUILDKITE_REPO"), Protection::FromSecrets);
        assert_eq!(protection("PATH"), Protection::None);
        let flags = protection("BUILDKITE_GIT_CLEAN_FLAGS");
        assert!(flags.locks(CheckoutOverride::Strict) && !flags.locks(CheckoutOverride::Allowed));
        assert!(!protection("BUILDKITE_REPO").locks(CheckoutOverride::Strict));
    }
}
