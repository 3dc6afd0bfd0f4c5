//! How a repository is checked out (cli.json, flag set `checkout`).

use std::ffi::OsString;

use crate::cli::FilePath;

/// The checkout options of `start`, which hands them to jobs, and of `bootstrap`, which obeys them.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct CheckoutOptions {
    /// Check out no code at all
    #[arg(long, env = "BUILDKITE_SKIP_CHECKOUT")]
    pub(crate) skip_checkout: bool,

    /// Who may change checkout settings: strict (the agent alone), from-job or none
    #[arg(long, env = "BUILDKITE_CHECKOUT_OVERRIDE_MODE", default_value = "from-job")]
    pub(crate) checkout_override_mode: String,

    /// Flags of git checkout
    #[arg(long, env = "BUILDKITE_GIT_CHECKOUT_FLAGS", default_value = "-f")]
    pub(crate) git_checkout_flags: OsString,

    /// Flags of git clone
    #[arg(long, env = "BUILDKITE_GIT_CLONE_FLAGS", default_value = "-v")]
    pub(crate) git_clone_flags: OsString,

    /// Flags of git clone when it makes a mirror
    #[arg(long, env = "BUILDKITE_GIT_CLONE_MIRROR_FLAGS", default_value = "-v")]
    pub(crate) git_clone_mirror_flags: OsString,

    /// Flags of git clean
    #[arg(long, env = "BUILDKITE_GIT_CLEAN_FLAGS", default_value = "-ffxdq")]
    pub(crate) git_clean_flags: OsString,

    /// Whether the commit must be on the branch: empty for no check, warn or strict
    #[arg(long, env = "BUILDKITE_GIT_COMMIT_VERIFICATION")]
    pub(crate) git_commit_verification: String,

    /// Flags of git fetch
    #[arg(long, env = "BUILDKITE_GIT_FETCH_FLAGS", default_value = "-v --prune")]
    pub(crate) git_fetch_flags: OsString,

    /// Folders to check out; none means all
    #[arg(long, env = "BUILDKITE_GIT_SPARSE_CHECKOUT_PATHS", value_delimiter = ',')]
    pub(crate) git_sparse_checkout_paths: Vec<OsString>,

    /// How those folders are meant: cone or no-cone
    #[arg(long, env = "BUILDKITE_GIT_SPARSE_CHECKOUT_MODE", default_value = "cone")]
    pub(crate) git_sparse_checkout_mode: String,

    /// Folder of local mirrors; without it there are none
    #[arg(long, env = "BUILDKITE_GIT_MIRRORS_PATH")]
    pub(crate) git_mirrors_path: FilePath,

    /// How a clone uses a mirror: reference or dissociate
    #[arg(long, env = "BUILDKITE_GIT_MIRROR_CHECKOUT_MODE", default_value = "reference")]
    pub(crate) git_mirror_checkout_mode: String,

    /// Seconds to wait for the lock of a mirror
    #[arg(long, env = "BUILDKITE_GIT_MIRRORS_LOCK_TIMEOUT", default_value_t = 300)]
    pub(crate) git_mirrors_lock_timeout: i64,

    /// Don't update a mirror that has the commit
    #[arg(long, env = "BUILDKITE_GIT_MIRRORS_SKIP_UPDATE")]
    pub(crate) git_mirrors_skip_update: bool,

    /// Seconds that one attempt may take; 0 for as long as it takes
    #[arg(long, env = "BUILDKITE_GIT_CHECKOUT_TIMEOUT", default_value_t = 0)]
    pub(crate) git_checkout_timeout: i64,

    /// Don't fetch when the commit is there already
    #[arg(long, env = "BUILDKITE_GIT_SKIP_FETCH_EXISTING_COMMITS")]
    pub(crate) git_skip_fetch_existing_commits: bool,

    /// How often a checkout is tried
    #[arg(long, env = "BUILDKITE_CHECKOUT_ATTEMPTS", default_value_t = 6)]
    pub(crate) checkout_attempts: i64,
}
