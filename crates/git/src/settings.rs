//! What a checkout is told to do (spec/checkout.md §2). Hooks may change some of it, so the executor hands over the
//! values of the moment.
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Everything the checkout of one job depends on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the source comes from; empty for a job without a repository.
    pub repository: OsString,
    /// What to check out.
    pub source: Source,
    /// The user's git flags, unsplit.
    pub flags: Flags,
    /// Mirrors on this host; `None` when there is no mirrors path.
    pub mirrors: Option<Mirrors>,
    /// The job's remote mirror.
    pub remote_mirror: RemoteMirrorSource,
    /// Submodules.
    pub submodules: Submodules,
    /// The part of the tree that is wanted.
    pub sparse: SparseWish,
    /// A commit that is there is not fetched.
    pub skip_fetch_existing: bool,
    /// Git LFS is wanted.
    pub lfs: bool,
    /// A private key for git's ssh; empty for none.
    pub ssh_key: String,
    /// Whether the commit must be on its branch.
    pub verification: Verification,
    /// Whether hosts are added to `known_hosts`.
    pub keyscan: Keyscan,
    /// The home directory of the agent's user, where `known_hosts` is.
    pub home: Option<PathBuf>,
    /// The directory is removed first.
    pub clean: bool,
    /// How often the checkout is attempted; 0 stands for the default.
    pub attempts: u32,
    /// The time one attempt may take.
    pub timeout: Option<Duration>,
    /// The command phase follows in this process, so a snapshot of a mirror can be removed at its end.
    pub command_follows: bool,
    /// Experiment `resolve-commit-after-checkout`.
    pub resolve_commit: bool,
    /// The running agent's executable.
    pub agent: PathBuf,
    /// The pipeline's slug, for the name of the key's directory.
    pub pipeline: String,
}

/// Which commit, of what.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// An object id, a ref, or `HEAD` for the tip of the branch.
    pub commit: String,
    /// The branch.
    pub branch: String,
    /// The tag of a tag build.
    pub tag: String,
    /// Refspecs to fetch instead of anything else.
    pub refspec: String,
    /// A number, or `false`; empty counts as a pull request.
    pub pull_request: String,
    /// Which of a pull request's refs is fetched.
    pub pull_request_ref: PullRequestRef,
    /// The pipeline's provider.
    pub provider: String,
}

impl Source {
    /// The tip of the branch is wanted, whatever it is.
    #[must_use]
    pub fn is_head(&self) -> bool {
        self.commit == "HEAD"
    }
}

/// The two refs that GitHub keeps for a pull request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PullRequestRef {
    /// What was pushed.
    #[default]
    Head,
    /// What merging it would give.
    Merge,
}

/// Flags as they were given; each is split into words where it is used.
#[derive(Clone, Debug)]
pub struct Flags {
    /// `git clone`.
    pub clone: OsString,
    /// `git fetch`.
    pub fetch: OsString,
    /// `git checkout`.
    pub checkout: OsString,
    /// `git clean`.
    pub clean: OsString,
    /// `git clone --mirror`.
    pub clone_mirror: OsString,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            clone: "-v".into(),
            fetch: "-v --prune".into(),
            checkout: "-f".into(),
            clean: "-ffxdq".into(),
            clone_mirror: "-v".into(),
        }
    }
}

/// Mirrors on this host.
#[derive(Clone, Debug)]
pub struct Mirrors {
    /// Where they lie.
    pub path: PathBuf,
    /// How checkouts use them.
    pub mode: MirrorMode,
    /// How long to wait for each lock.
    pub lock_timeout: Duration,
    /// Mirrors are used as they are.
    pub skip_update: bool,
}

/// How a checkout uses its mirror.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MirrorMode {
    /// It borrows the mirror's objects for good.
    #[default]
    Reference,
    /// It copies them.
    Dissociate,
}

impl MirrorMode {
    /// As on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Dissociate => "dissociate",
        }
    }
}

impl std::str::FromStr for MirrorMode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        match text {
            "reference" => Ok(Self::Reference),
            "dissociate" => Ok(Self::Dissociate),
            _ => Err(UnknownMode {
                what: "git mirror checkout",
                text: text.to_owned(),
                of: "dissociate reference",
            }),
        }
    }
}

/// A mode that isn't one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {what} mode {text:?}, must be one of [{of}]")]
pub struct UnknownMode {
    what: &'static str,
    text: String,
    of: &'static str,
}

/// The time that a fetch of one commit from a remote mirror may take (spec/checkout.md §11.3, §11.5).
const REMOTE_MIRROR_LIMIT: Duration = Duration::from_secs(30);

/// The remote mirror that came with the job.
#[derive(Clone, Debug)]
pub struct RemoteMirrorSource {
    /// Empty for none.
    pub url: String,
    /// The repository when the bootstrap started; a hook may have changed it since.
    pub repository_at_start: OsString,
    /// How long one fetch from it may take.
    pub limit: Duration,
}

impl Default for RemoteMirrorSource {
    fn default() -> Self {
        Self { url: Default::default(), repository_at_start: Default::default(), limit: REMOTE_MIRROR_LIMIT }
    }
}

/// What is done about submodules.
#[derive(Clone, Debug)]
pub struct Submodules {
    /// They are checked out.
    pub enabled: bool,
    /// `key=value` for `git -c` while they are updated.
    pub configuration: Vec<OsString>,
}

/// The part of the tree that is wanted, as given.
#[derive(Clone, Debug, Default)]
pub struct SparseWish {
    /// Not yet trimmed; empty ones don't count.
    pub paths: Vec<OsString>,
    /// `cone`, `no-cone` or empty; anything else fails the checkout.
    pub mode: String,
}

/// What a commit that is not on its branch leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verification {
    /// Nobody looks.
    #[default]
    Off,
    /// A warning.
    Warn,
    /// The job fails.
    Strict,
}

impl Verification {
    /// Any text but the empty one and `strict` means a warning.
    #[must_use]
    pub fn from_setting(text: &str) -> Self {
        match text {
            "" => Self::Off,
            "strict" => Self::Strict,
            _ => Self::Warn,
        }
    }
}

/// Whether ssh hosts are scanned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keyscan {
    /// Always.
    #[default]
    On,
    /// Not for the job's own repository, which managed credentials reach over https.
    NotForRepository,
    /// Never.
    Off,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_or_refused() {
        assert_eq!("reference".parse(), Ok(MirrorMode::Reference));
        assert_eq!("dissociate".parse(), Ok(MirrorMode::Dissociate));
        let error = "x".parse::<MirrorMode>().expect_err("no such mode").to_string();
        assert_eq!(error, "invalid git mirror checkout mode \"x\", must be one of [dissociate reference]");
        assert!("".parse::<MirrorMode>().is_err());
    }

    #[test]
    fn any_other_verification_is_a_warning() {
        let check = |text, mode| assert_eq!(Verification::from_setting(text), mode);
        check("", Verification::Off);
        check("strict", Verification::Strict);
        check("warn", Verification::Warn);
        check("Strict", Verification::Warn);
    }
}
