//! The folders of an agent (cli.json, flag set `paths`).

use std::ffi::OsString;
use std::path::PathBuf;

use crate::cli::FilePath;

/// Folders that `start` and `bootstrap` share. `build-path` is apart: only `start` insists on it.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PathOptions {
    /// Folder of the agent's hooks
    #[arg(long, env = "BUILDKITE_HOOKS_PATH")]
    pub(crate) hooks_path: FilePath,

    /// More folders of agent hooks
    #[arg(long, env = "BUILDKITE_ADDITIONAL_HOOKS_PATHS", value_delimiter = ',')]
    pub(crate) additional_hooks_paths: Vec<OsString>,

    #[command(flatten)]
    pub(crate) sockets: SocketOptions,

    /// Folder into which plugins are cloned
    #[arg(long, env = "BUILDKITE_PLUGINS_PATH")]
    pub(crate) plugins_path: FilePath,
}

/// Where the agent's sockets are.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SocketOptions {
    /// Folder of the agent's sockets
    #[arg(long, env = "BUILDKITE_SOCKETS_PATH", default_value = default_sockets_path().into_os_string())]
    pub(crate) sockets_path: FilePath,
}

/// Below `$HOME`, or else the temporary directory: whoever starts agents and calls them without a home finds them
/// there, whatever the user database says.
#[expect(clippy::disallowed_methods, reason = "the default is made before an environment is passed around")]
pub(crate) fn default_sockets_path() -> PathBuf {
    if std::env::var_os("HOME").is_some_and(|home| !home.is_empty()) {
        PathBuf::from("$HOME").join(".buildkite-agent/sockets")
    } else {
        std::env::temp_dir().join("buildkite-sockets")
    }
}
