//! What one job is told to do, typed (spec/job.md §1).

use std::ffi::OsString;
use std::path::PathBuf;

use redkite_process::Terminal;
use redkite_shell::{OverrideMode, Verbosity};

/// Everything that is fixed when the job starts, and what the rest begins with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the job is.
    pub identity: Identity,
    /// Its source.
    pub source: Source,
    /// The command's text.
    pub command: OsString,
    /// `BUILDKITE_PLUGINS`.
    pub plugins: String,
    /// `BUILDKITE_SECRETS_CONFIG`.
    pub secrets: String,
    /// Where things are.
    pub paths: Paths,
    /// What this agent lets jobs do.
    pub rules: Rules,
    /// Which parts of the job this process does.
    pub parts: Parts,
    /// The command's shell, as words.
    pub shell: OsString,
    /// The shell of hooks, as words; empty for the one that each names.
    pub hooks_shell: OsString,
    /// Whether children get a terminal.
    pub terminal: Terminal,
    /// How much is shown.
    pub verbosity: Verbosity,
    /// Patterns of the names of variables whose values are secrets.
    pub redacted_vars: Vec<String>,
    /// What of the checkout no hook can change.
    pub checkout: CheckoutSettings,
    /// Experiments that matter here.
    pub experiments: Experiments,
    /// What hooks can change.
    pub live: Live,
}

/// Names of the job and of what it belongs to.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The job's id.
    pub job: String,
    /// The agent's name.
    pub agent: String,
    /// The organization's slug.
    pub organization: String,
    /// The pipeline's slug.
    pub pipeline: String,
}

/// Which commit, of what. The repository and the refspec are [`Live`].
#[derive(Clone, Debug)]
pub struct Source {
    /// A commit, a ref or `HEAD`.
    pub commit: String,
    /// The branch.
    pub branch: String,
    /// The tag of a tag build.
    pub tag: String,
    /// A number, or `false`.
    pub pull_request: String,
    /// Whether a pull request's merge is built instead of its head.
    pub pull_request_merge: bool,
    /// The pipeline's provider.
    pub provider: String,
}

/// Where things are. Empty paths are not set.
#[derive(Clone, Debug)]
pub struct Paths {
    /// This program, as jobs can call it.
    pub agent: PathBuf,
    /// The directory of this program, which is put at the end of `PATH`.
    pub bin: PathBuf,
    /// Below it are checkouts.
    pub build: PathBuf,
    /// The agent's hooks.
    pub hooks: PathBuf,
    /// More of the agent's hooks.
    pub additional_hooks: Vec<PathBuf>,
    /// Below it are plugins.
    pub plugins: PathBuf,
    /// For temporary files.
    pub temporary: PathBuf,
    /// The home directory of this process's user.
    pub home: Option<PathBuf>,
}

/// What this agent lets jobs do.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Commands that are no files of the repository.
    pub command_eval: bool,
    /// Plugins.
    pub plugins: bool,
    /// Hooks of the repository.
    pub local_hooks: bool,
    /// Plugin configurations are checked.
    pub plugin_validation: bool,
    /// Only the first plugin's `checkout` and `command` hooks count.
    pub strict_single_hooks: bool,
    /// Who may change checkout settings.
    pub override_mode: OverrideMode,
}

/// A part of a job that a process can be told to do (`--phases`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Plugins are got and take part.
    Plugin,
    /// The source is got.
    Checkout,
    /// The command is run.
    Command,
}

/// A part that isn't one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid phase {0:?}")]
pub struct UnknownPart(pub String);

/// The parts of a job that this process does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts(Vec<Part>);

impl Parts {
    /// The parts with these names; all of them when there are none.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownPart> {
        let parse = |name: &str| match name {
            "plugin" => Ok(Part::Plugin),
            "checkout" => Ok(Part::Checkout),
            "command" => Ok(Part::Command),
            _ => Err(UnknownPart(name.to_owned())),
        };
        let parts: Vec<Part> = names.into_iter().map(parse).collect::<Result<_, _>>()?;
        if parts.is_empty() {
            return Ok(Self(vec![Part::Plugin, Part::Checkout, Part::Command]));
        }
        Ok(Self(parts))
    }

    /// Whether this process does the part.
    pub fn include(&self, part: Part) -> bool {
        self.0.contains(&part)
    }
}

/// What of the checkout no hook can change.
#[derive(Clone, Debug)]
pub struct CheckoutSettings {
    /// Mirrors on this host; empty for none.
    pub mirrors_path: PathBuf,
    /// Seconds to wait for a mirror's lock.
    pub mirrors_lock_timeout: i64,
    /// The job's remote mirror; empty for none.
    pub remote_mirror_url: String,
    /// Whether hosts are added to `known_hosts`.
    pub keyscan: bool,
    /// How often it is attempted; 0 or less for the default.
    pub attempts: i64,
}

/// Experiments that change what a job does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Experiments {
    /// Plugins can be zip archives.
    pub zip_plugins: bool,
    /// `BUILDKITE_COMMIT` becomes what was checked out.
    pub resolve_commit: bool,
}

/// Settings that hooks and the job API can change through their variables (spec/job.md §5.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// `BUILDKITE_REPO`.
    pub repository: OsString,
    /// `BUILDKITE_REFSPEC`.
    pub refspec: String,
    /// `BUILDKITE_GIT_SUBMODULES`.
    pub submodules: bool,
    /// `BUILDKITE_GIT_LFS_ENABLED`.
    pub lfs: bool,
    /// `BUILDKITE_CLEAN_CHECKOUT`.
    pub clean_checkout: bool,
    /// `BUILDKITE_SKIP_CHECKOUT`.
    pub skip_checkout: bool,
    /// `BUILDKITE_GIT_SPARSE_CHECKOUT_PATHS`.
    pub sparse_paths: Vec<OsString>,
    /// `BUILDKITE_GIT_SPARSE_CHECKOUT_MODE`.
    pub sparse_mode: String,
    /// `BUILDKITE_GIT_SKIP_FETCH_EXISTING_COMMITS`.
    pub skip_fetch: bool,
    /// `BUILDKITE_GIT_CHECKOUT_TIMEOUT`, in seconds.
    pub checkout_timeout: i64,
    /// `BUILDKITE_GIT_CHECKOUT_FLAGS`.
    pub checkout_flags: OsString,
    /// `BUILDKITE_GIT_CLONE_FLAGS`.
    pub clone_flags: OsString,
    /// `BUILDKITE_GIT_FETCH_FLAGS`.
    pub fetch_flags: OsString,
    /// `BUILDKITE_GIT_CLONE_MIRROR_FLAGS`.
    pub clone_mirror_flags: OsString,
    /// `BUILDKITE_GIT_MIRROR_CHECKOUT_MODE`.
    pub mirror_mode: String,
    /// `BUILDKITE_GIT_CLEAN_FLAGS`.
    pub clean_flags: OsString,
    /// `BUILDKITE_GIT_SSH_KEY`.
    pub ssh_key: String,
    /// `BUILDKITE_GIT_COMMIT_VERIFICATION`.
    pub verification: String,
    /// `BUILDKITE_GIT_SUBMODULE_CLONE_CONFIG`.
    pub submodule_configuration: Vec<OsString>,
    /// `BUILDKITE_PLUGINS_ALWAYS_CLONE_FRESH`.
    pub plugins_always_fresh: bool,
    /// `BUILDKITE_GIT_MIRRORS_SKIP_UPDATE`.
    pub mirrors_skip_update: bool,
    /// `BUILDKITE_ARTIFACT_PATHS`.
    pub artifact_paths: OsString,
    /// `BUILDKITE_ARTIFACT_UPLOAD_DESTINATION`.
    pub artifact_destination: OsString,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_by_name() {
        let all = Parts::parse([]).expect("none means all");
        assert!(all.include(Part::Plugin) && all.include(Part::Checkout) && all.include(Part::Command));
        let some = Parts::parse(["command", "plugin"]).expect("both exist");
        assert!(!some.include(Part::Checkout));
        assert_eq!(Parts::parse(["x"]), Err(UnknownPart("x".into())));
    }
}
